"""Joining arrays: end to end, side by side, in blocks; inserting and deleting elements."""

import math
from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import as_array
from ..broadcasting import normalize_axes
from ..op import joined
from ..registry import implements
from ..rules.shapes import join
from ..typing import Array, ArrayLike
from .axes import Shape, at_least, at_least_3d, with_axes

Nested: TypeAlias = "ArrayLike | list[Nested]"


@implements(np.concatenate, of_sequences=True)
def concatenate(
    arrays: Sequence[ArrayLike],
    axis: int | None = 0,
    *,
    dtype: DTypeLike | None = None,
    casting: str = "same_kind",
) -> Array:
    if not hasattr(arrays, "__len__"):  # NumPy hands over a generator
        raise TypeError(
            f"concatenate: arrays must be a list or a tuple, got a {type(arrays).__name__}; write "
            f"np.concatenate(list(...))"
        )
    y = join(*map(np.ravel, arrays)) if axis is None else join(*arrays, axis=axis)
    return _cast("concatenate", y, dtype, casting)


@implements(np.stack, of_sequences=True)
def stack(arrays: Sequence[ArrayLike], axis: int, dtype: DTypeLike | None, casting: str) -> Array:
    arrays = [joined(a) for a in arrays]
    (axis,) = normalize_axes("stack", axis, np.ndim(arrays[0]) + 1)
    y = join(*(np.expand_dims(a, axis) for a in arrays), axis=axis)
    return _cast("stack", y, dtype, casting)


def _cast(function: str, y: Array, dtype: DTypeLike | None, casting: str) -> Array:
    if dtype is None:
        return y
    if not np.can_cast(y.dtype, dtype, casting):
        raise TypeError(
            f"{function}: {y.dtype} cannot become {np.dtype(dtype)} under casting={casting!r}; "
            f"convert the arrays first, with astype"
        )
    return y.astype(dtype)


@implements(np.hstack, of_sequences=True)
def hstack(tup: Sequence[ArrayLike], dtype: DTypeLike | None, casting: str) -> Array:
    arrays = [at_least(1, joined(a)) for a in tup]
    axis = 0 if arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


@implements(np.vstack, of_sequences=True)
def vstack(tup: Sequence[ArrayLike], dtype: DTypeLike | None, casting: str) -> Array:
    arrays = [at_least(2, joined(a)) for a in tup]
    return np.concatenate(arrays, 0, dtype=dtype, casting=casting)


@implements(np.dstack, of_sequences=True)
def dstack(tup: Sequence[ArrayLike]) -> Array:
    return np.concatenate([at_least_3d(joined(a)) for a in tup], 2)


@implements(np.column_stack, of_sequences=True)
def column_stack(tup: Sequence[ArrayLike]) -> Array:
    return np.concatenate([with_axes(joined(a), 2, _as_column) for a in tup], 1)


def _as_column(shape: Shape) -> Shape:
    return shape if len(shape) > 1 else (math.prod(shape), 1)


# -- in blocks ----------------------------------------------------------------------------------


@implements(np.block, of_sequences=True)
def block(arrays: Nested) -> Array:
    depth = _depth(arrays)
    ndim = max([depth, *map(np.ndim, _innermost(arrays))])
    return _joined(arrays, -depth, ndim)


def _joined(x: Nested, axis: int, ndim: int) -> Array:
    if isinstance(x, list):
        return np.concatenate([_joined(part, axis + 1, ndim) for part in x], axis)
    return at_least(ndim, x)


def _depth(arrays: Nested) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = set(map(_depth, arrays))
    if len(depths) != 1:
        found = f"lists nested {sorted(depths)} deep side by side" if depths else "an empty list"
        raise ValueError(f"block: got {found}; nest all evenly, as in [[a, b], [c]]")
    return 1 + depths.pop()


def _innermost(arrays: Nested) -> list[ArrayLike]:
    if not isinstance(arrays, list):
        return [arrays]
    return [a for part in arrays for a in _innermost(part)]


# -- more or fewer elements ---------------------------------------------------------------------


@implements(np.append)
def append(arr: ArrayLike, values: ArrayLike, axis: int | None) -> Array:
    return np.concatenate((arr, values), axis)


@implements(np.insert)
def insert(arr: ArrayLike, obj: slice | ArrayLike, values: ArrayLike, axis: int | None) -> Array:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    a, new = as_array(arr), as_array(values)
    (axis,) = normalize_axes("insert", axis, a.ndim)
    n = a.shape[axis]
    new = at_least(a.ndim, new).astype(a.dtype)
    if not isinstance(obj, slice) and np.ndim(obj) == 0:  # NumPy's rule for a single place
        new = np.moveaxis(new, 0, axis)
    places = np.insert(np.arange(n), obj, 0).size - n
    if places == 1:
        places = new.shape[axis]
    new = np.broadcast_to(new, (*a.shape[:axis], places, *a.shape[axis + 1 :]))
    order = np.insert(np.arange(n), obj, n + np.arange(places))
    return np.take(np.concatenate((a, new), axis), order, axis)


@implements(np.delete)
def delete(arr: ArrayLike, obj: slice | ArrayLike, axis: int | None) -> Array:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return np.take(arr, np.delete(np.arange(np.shape(arr)[axis]), obj), axis)
