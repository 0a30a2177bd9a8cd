"""Axes and shapes: the only place where a broadcast is undone.

Everything here is plain NumPy on its array arguments, so it runs on arrays and, when a
gradient is itself recorded, on Tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .errors import ShapeError

Axes = int | Sequence[int] | None


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """Sum `g` over the axes along which NumPy stretched an array of `shape` to reach it.

    With `g` of shape (4, 3) and `shape` (3,) or (1, 3), each of the three entries was used
    four times, so its gradient is the sum of four: the result has exactly `shape`.
    """
    if g.shape == shape:
        return g  # a sum over no axes would copy it
    extra = g.ndim - len(shape)
    stretched = tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    g = np.sum(g, axis=(*range(extra), *stretched), keepdims=True)
    return np.reshape(g, shape)


def per_axis(function: str, name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """An option as one integer for each of so many axes.

    Raises `ValueError`, naming `function` and the option, for a wrong number of them, for one
    below `least`, and for what is no integer.
    """
    values = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(values) != axes or any(
        not isinstance(v, int | np.integer) or isinstance(v, bool) or v < least for v in values
    ):
        raise ValueError(
            f"{function}: {name} (={value!r}) must be an integer of at least {least}, or "
            f"{axes} of them, one for each axis"
        )
    return tuple(map(int, values))


def normalize_axes(function: str, axis: Axes, ndim: int) -> tuple[int, ...]:
    """`axis` as a tuple of distinct numbers in 0..ndim-1; None means all of them.

    Raises `ShapeError`, naming `function`, where an axis is out of range or repeated.
    """
    if axis is None:
        return tuple(range(ndim))
    if isinstance(axis, int) and -ndim <= axis < ndim:  # the usual case, at once
        return (axis % ndim,)
    axes = tuple(axis) if isinstance(axis, Sequence) else (axis,)
    for a in axes:
        if not -ndim <= a < ndim:
            raise ShapeError(
                f"{function}: axis {a} is out of range for an array of {ndim} dimensions; "
                f"use {-ndim} to {ndim - 1}"
            )
    positive = tuple(a % ndim for a in axes)
    if len(set(positive)) != len(positive):
        raise ShapeError(f"{function}: axis={axis} names an axis twice")
    return positive


def reduced_shape(shape: tuple[int, ...], axis: Axes) -> tuple[int, ...]:
    """`shape` with the reduced axes kept at length one, as `keepdims=True` would leave it."""
    axes = normalize_axes("reduction", axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def reduced_size(shape: tuple[int, ...], axis: Axes) -> int:
    """How many elements of an array of `shape` meet in one element of the reduction."""
    if axis is None:
        return math.prod(shape)
    return math.prod([shape[a] for a in normalize_axes("reduction", axis, len(shape))])


def unreduce(r: Any, shape: tuple[int, ...], axis: Axes) -> Any:
    """Reshape a reduction's result (or its cotangent) so that it broadcasts against `shape`."""
    return r.reshape(reduced_shape(shape, axis))
