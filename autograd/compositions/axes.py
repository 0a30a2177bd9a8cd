"""Axes: arrays that gain, exchange or stretch them."""

from collections.abc import Callable, Sequence

import numpy as np

from ..broadcasting import normalize_axes
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike

Shape = tuple[int, ...]


def with_axes(a: ArrayLike, n: int, shape: Callable[[Shape], Shape]) -> Array:
    """Reshape `a` as `shape` says if it has fewer than `n` axes, or is not an array yet."""
    return a if getattr(a, "ndim", -1) >= n else np.reshape(a, shape(np.shape(a)))


def at_least(n: int, a: ArrayLike) -> Array:
    return with_axes(a, n, lambda shape: (1,) * (n - len(shape)) + shape)


def at_least_3d(a: ArrayLike) -> Array:
    return with_axes(a, 3, lambda shape: (1,) * (2 - len(shape)) + shape + (1,) * (len(shape) < 3))


def _one_or_all(arrays: Sequence[Array]) -> Array | tuple[Array, ...]:
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


@implements(np.atleast_1d)
def atleast_1d(*arys: ArrayLike) -> Array | tuple[Array, ...]:
    return _one_or_all([at_least(1, a) for a in arys])


@implements(np.atleast_2d)
def atleast_2d(*arys: ArrayLike) -> Array | tuple[Array, ...]:
    return _one_or_all([at_least(2, a) for a in arys])


@implements(np.atleast_3d)
def atleast_3d(*arys: ArrayLike) -> Array | tuple[Array, ...]:
    return _one_or_all([at_least_3d(a) for a in arys])


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: ArrayLike) -> tuple[Array, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@implements(np.rollaxis)
def rollaxis(a: Array, axis: int, start: int) -> Array:
    (axis,) = normalize_axes("rollaxis", axis, a.ndim)
    if not -a.ndim <= start <= a.ndim:
        raise ShapeError(
            f"rollaxis: start={start} is out of range for {a.ndim} "
            f"dimensions; use {-a.ndim} to {a.ndim}"
        )
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@implements(np.matrix_transpose)
def matrix_transpose(x: Array) -> Array:
    if x.ndim < 2:
        raise ShapeError(
            f"matrix_transpose: x must have two axes or more, got shape {x.shape}; reshape it first"
        )
    return np.swapaxes(x, -1, -2)
