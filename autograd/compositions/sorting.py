"""Sorting, and counting by bins.

The gradient of `sort` and `partition` goes to the place that each element came from, ties in the
order that the sort left them.
"""

from collections.abc import Sequence

import numpy as np

from ..arrays import as_array
from ..registry import implements
from ..rules.indexing import scatter
from ..typing import Array, ArrayLike


@implements(np.sort)
def sort(a: ArrayLike, axis: int | None, kind: str | None, stable: bool | None) -> Array:
    if axis is None:
        a, axis = np.ravel(a), 0
    return np.take_along_axis(a, np.argsort(a, axis, kind, stable=stable), axis)


@implements(np.partition)
def partition(a: ArrayLike, kth: int | Sequence[int], axis: int | None, kind: str) -> Array:
    if axis is None:
        a, axis = np.ravel(a), 0
    return np.take_along_axis(a, np.argpartition(a, kth, axis, kind), axis)


@implements(np.bincount)
def bincount(x: ArrayLike, weights: Array | None = None, minlength: int = 0) -> Array:
    if weights is None:
        return np.bincount(as_array(x), minlength=minlength)
    n = max(minlength, np.max(x, initial=-1) + 1)
    wide = weights * np.float64(1)  # the dtype of NumPy's sums
    return scatter(wide, index=as_array(x), shape=(int(n),))
