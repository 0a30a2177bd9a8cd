"""Choosing elements: by position, by mask, and among several arrays.

The positions are constants, found from the values at hand.
"""

from collections.abc import Sequence

import numpy as np

from ..arrays import as_array
from ..broadcasting import normalize_axes
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike


def in_range(function: str, indices: ArrayLike, n: int, mode: str) -> Array:
    """Positions as `mode` reads those out of range; "raise" leaves them to the indexing."""
    places = as_array(indices)
    if places.dtype == np.bool_:  # which count as 0 and 1 here, and would be a mask in an index
        places = places.astype(np.intp)
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"{function}: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    if mode == "raise":
        return places
    return places % n if mode == "wrap" else np.clip(places, 0, n - 1)


@implements(np.take)
def take(a: Array, indices: ArrayLike, axis: int | None, mode: str) -> Array:
    if axis is None:
        a, axis = np.ravel(a), 0
    a = as_array(a)
    (axis,) = normalize_axes("take", axis, a.ndim)
    return a[(slice(None),) * axis + (in_range("take", indices, a.shape[axis], mode),)]


def index_along(
    function: str, shape: tuple[int, ...], indices: ArrayLike, axis: int
) -> tuple[Array, ...]:
    """The index that `take_along_axis` stands for: `indices` on one axis, all of the others."""
    places = as_array(indices)
    if places.ndim != len(shape):
        raise ShapeError(
            f"{function}: indices (shape {places.shape}) need as many axes as the array "
            f"(shape {shape}); use np.expand_dims"
        )
    (axis,) = normalize_axes(function, axis, len(shape))
    index: list[Array] = list(np.ix_(*map(np.arange, shape)))
    index[axis] = places
    return tuple(index)


@implements(np.take_along_axis)
def take_along_axis(arr: Array, indices: ArrayLike, axis: int | None) -> Array:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return arr[index_along("take_along_axis", arr.shape, indices, axis)]


@implements(np.compress)
def compress(condition: ArrayLike, a: ArrayLike, axis: int | None) -> Array:
    return np.take(a, np.flatnonzero(condition), axis)


@implements(np.extract)
def extract(condition: ArrayLike, arr: ArrayLike) -> Array:
    return np.take(arr, np.flatnonzero(condition))


@implements(np.choose, of_sequences=True)
def choose(a: ArrayLike, choices: Sequence[ArrayLike], mode: str) -> Array:
    which, *arrays = np.broadcast_arrays(in_range("choose", a, len(choices), mode), *choices)
    if np.any(which < 0) or np.any(which >= len(arrays)):
        raise ValueError(
            f"choose: a must lie in 0..{len(arrays) - 1} for {len(arrays)} choices; got "
            f"{which.min()} to {which.max()}; mode='wrap' and mode='clip' take any"
        )
    return take_along_axis(np.stack(arrays), which[None], 0)[0]


@implements(np.select, of_sequences=True)
def select(
    condlist: Sequence[ArrayLike], choicelist: Sequence[ArrayLike], default: ArrayLike
) -> Array:
    """Evaluate all choices, as `where` does: 0 times an infinite slope is NaN."""
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = np.where(condition, choice, result)
    return result
