"""Axes and shapes, and the only place that undoes a broadcast.

All of it is plain NumPy on its arguments: it runs on arrays and, when a gradient is itself
recorded, on Tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .errors import ShapeError
from .typing import Array

Axes = int | Sequence[int] | None


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum `g` over the axes along which NumPy stretched an array of `shape`.

    With `g` of shape (4, 3) and `shape` (3,) or (1, 3), each of the three entries was used four
    times, and its gradient is the sum of four.

    Returns:
        An array of exactly `shape`.

    Example:
        >>> autograd.broadcasting.unbroadcast(np.ones((4, 3)), (3,))
        array([4., 4., 4.])
    """
    if g.shape == shape:
        return g  # a sum over no axes would copy it
    extra = g.ndim - len(shape)
    stretched = tuple(extra + i for i, n in enumerate(shape) if n == 1 and g.shape[extra + i] != 1)
    g = np.sum(g, axis=(*range(extra), *stretched), keepdims=True)
    return np.reshape(g, shape)


def per_axis(
    function: str, name: str, value: int | Sequence[int], axes: int, least: int
) -> tuple[int, ...]:
    """Expand an option to one integer for each axis.

    Args:
        function: The function that has the option, for the message.
        name: The name of the option.
        value: One integer for all axes, or a sequence with one for each.
        axes: The number of axes.
        least: The smallest value allowed.

    Raises:
        ValueError: The number of values is wrong, or one is below `least` or not an integer.

    Example:
        >>> autograd.broadcasting.per_axis("conv", "stride", 2, axes=2, least=1)
        (2, 2)
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
    """Convert `axis` to a tuple of distinct numbers in 0..ndim-1; None means all axes.

    Raises:
        ShapeError: An axis is out of range or repeated; the message names `function`.

    Example:
        >>> autograd.broadcasting.normalize_axes("sum", (-1, 0), 3)
        (2, 0)
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
    """Return `shape` with the reduced axes at length one, as with `keepdims=True`.

    Example:
        >>> autograd.broadcasting.reduced_shape((4, 3), 0)
        (1, 3)
    """
    axes = normalize_axes("reduction", axis, len(shape))
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def reduced_size(shape: tuple[int, ...], axis: Axes) -> int:
    """Count the elements of an array of `shape` that are reduced to one.

    Example:
        >>> autograd.broadcasting.reduced_size((4, 3), 0)
        4
    """
    if axis is None:
        return math.prod(shape)
    return math.prod([shape[a] for a in normalize_axes("reduction", axis, len(shape))])


def unreduce(r: Array, shape: tuple[int, ...], axis: Axes) -> Array:
    """Reshape the result of a reduction, or its cotangent, to broadcast against `shape`.

    Example:
        >>> autograd.broadcasting.unreduce(np.ones(3), (4, 3), 0).shape
        (1, 3)
    """
    return r.reshape(reduced_shape(shape, axis))
