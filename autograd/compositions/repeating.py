"""Repeating elements and arrays."""

import math

import numpy as np

from ..broadcasting import normalize_axes
from ..registry import implements
from ..typing import Array, ArrayLike
from .axes import at_least


@implements(np.tile)
def tile(A: ArrayLike, reps: ArrayLike) -> Array:  # noqa: N803 - NumPy's name
    times = tuple(np.ravel(reps).tolist())
    a = at_least(len(times), A)
    times = (1,) * (a.ndim - len(times)) + times
    pairs = tuple(zip(times, a.shape, strict=True))
    once = np.reshape(a, sum(((1, n) for _, n in pairs), ()))
    return np.reshape(np.broadcast_to(once, sum(pairs, ())), tuple(r * n for r, n in pairs))


@implements(np.repeat)
def repeat(a: Array, repeats: ArrayLike, axis: int | None) -> Array:
    if axis is None:
        a, axis = np.ravel(a), 0
    (axis,) = normalize_axes("repeat", axis, a.ndim)
    if np.ndim(repeats):
        return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)
    before, n, after = a.shape[:axis], a.shape[axis], a.shape[axis + 1 :]
    each = np.broadcast_to(np.expand_dims(a, axis + 1), (*before, n, repeats, *after))
    return np.reshape(each, (*before, n * repeats, *after))


@implements(np.resize)
def resize(a: ArrayLike, new_shape: ArrayLike) -> Array:
    shape = tuple(np.ravel(new_shape).tolist())
    flat, size = np.ravel(a), math.prod(shape)
    if flat.size == 0:
        return np.zeros_like(a, shape=shape)
    return np.reshape(np.tile(flat, -(-size // flat.size))[:size], shape)
