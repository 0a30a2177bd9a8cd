"""Large arrays a few images at a time, in the layout they have in memory."""

from collections.abc import Iterator

import numpy as np

from ..typing import Array

_BLOCK = 2**20  # bytes: with what is computed from them they about fill a processor's L2 cache


def blocks(x: Array) -> Iterator[slice]:
    """Slices of the first axis of `x` that are small enough for the cache."""
    size = max(x.size // max(len(x), 1) * x.itemsize, 1)
    step = max(_BLOCK // size, 1)
    return (slice(i, i + step) for i in range(0, len(x), step))


def laid_out(x: Array, like: Array) -> Array:
    """A copy of `x` with the order of axes in memory that `like` has."""
    y = np.empty_like(like, shape=x.shape, dtype=x.dtype)
    y[...] = x
    return y


def layout_of(x: Array) -> Array:
    """A small array that has the order of the axes of `x` in memory."""
    return np.empty_like(x, shape=(2,) * x.ndim, dtype=np.uint8)
