"""Functions that change their first argument, as `t[...] = value` does.

It must not be a leaf. If it is a plain array, the values must not be those of a recorded tensor.
`autograd/protocols.py` lists these functions, to say in an error which of them was called.
"""

import numpy as np

from ..arrays import as_array
from ..registry import implements
from ..typing import Array, ArrayLike
from .selection import in_range, index_along


@implements(np.put)
def put(a: Array, ind: ArrayLike, v: ArrayLike, mode: str) -> None:
    places = np.ravel(in_range("put", ind, a.size, mode))
    if np.size(v):
        places = np.where(places < 0, places + a.size, places)
        a[np.unravel_index(places, a.shape)] = np.resize(v, places.size)


@implements(np.place)
def place(arr: Array, mask: ArrayLike, vals: ArrayLike) -> None:
    chosen = np.reshape(as_array(mask), arr.shape).astype(bool)
    if np.size(vals) == 0 and np.any(chosen):
        raise ValueError(
            f"place: vals is empty, but mask selects {np.count_nonzero(chosen)} elements; pass one "
            f"or more"
        )
    arr[chosen] = np.resize(vals, np.count_nonzero(chosen))


@implements(np.putmask)
def putmask(a: Array, mask: ArrayLike, values: ArrayLike) -> None:
    chosen = np.reshape(as_array(mask), a.shape).astype(bool)
    if np.size(values):
        a[chosen] = np.resize(values, a.shape)[chosen]


@implements(np.copyto)
def copyto(dst: Array, src: ArrayLike, casting: str = "same_kind", where: ArrayLike = True) -> None:
    if not np.can_cast(np.result_type(src), dst.dtype, casting):
        raise TypeError(
            f"copyto: {np.result_type(src)} cannot become {dst.dtype} under casting={casting!r}; "
            f"convert src first, with astype"
        )
    dst[...] = src if where is True else np.where(where, src, dst)


@implements(np.put_along_axis)
def put_along_axis(arr: Array, indices: ArrayLike, values: ArrayLike, axis: int | None) -> None:
    if axis is None:
        put(arr, indices, values)
    else:
        arr[index_along("put_along_axis", arr.shape, indices, axis)] = values


@implements(np.fill_diagonal)
def fill_diagonal(a: Array, val: ArrayLike, wrap: bool) -> None:
    places = np.zeros(a.shape, bool)
    np.fill_diagonal(places, True, wrap)
    where = np.nonzero(places)
    a[where] = np.resize(val, where[0].size)
