"""Diagonals: reading, summing and building them."""

import numpy as np
from numpy.typing import DTypeLike

from ..broadcasting import normalize_axes
from ..registry import implements
from ..rules.indexing import scatter
from ..typing import Array, ArrayLike


def _places(rows: int, columns: int, offset: int) -> tuple[Array, Array]:
    """The row and the column of each element on a diagonal."""
    row, column = max(-offset, 0), max(offset, 0)
    along = np.arange(max(min(rows - row, columns - column), 0))
    return along + row, along + column


@implements(np.diagonal)
def diagonal(a: Array, offset: int, axis1: int, axis2: int) -> Array:
    axes = normalize_axes("diagonal", (axis1, axis2), a.ndim)
    a = np.moveaxis(a, axes, (-2, -1))
    rows, columns = a.shape[-2:]
    return a[(..., *_places(rows, columns, offset))]


@implements(np.trace)
def trace(a: Array, offset: int, axis1: int, axis2: int, dtype: DTypeLike | None) -> Array:
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@implements(np.diag)
def diag(v: Array, k: int) -> Array:
    if v.ndim != 1:
        return diagonal(v, k)
    n = v.size + abs(k)
    return scatter(v, index=_places(n, n, k), shape=(n, n))


@implements(np.diagflat)
def diagflat(v: ArrayLike, k: int) -> Array:
    return diag(np.ravel(v), k)
