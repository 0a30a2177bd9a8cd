"""The methods of ufuncs: `reduce`, `accumulate`, `reduceat`, `outer` and `at`.

They are written in terms of the plain calls, so that every ufunc with a gradient has them, at any
order. At ties `maximum.accumulate` and `minimum.accumulate` give the whole gradient to the first of
equal elements; `maximum.reduce` is `np.max`, which shares it; all others do what the ufunc itself
does with two equal operands.
"""

import math
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from ..arrays import as_array, constant, part
from ..broadcasting import normalize_axes
from ..errors import DTypeError
from ..registry import REGISTRY
from ..rules.indexing import updated
from ..rules.ufuncs import added
from ..typing import Array
from .ufunc_arguments import call


def outer(ufunc: np.ufunc, x: Array, y: Array, **options: Any) -> Array:
    """`ufunc.outer`: every element of one input with every element of the other."""
    return call(ufunc, np.reshape(x, np.shape(x) + (1,) * np.ndim(y)), y, **options)


# -- reduce -------------------------------------------------------------------------------------

#: NumPy's own names of `np.add.reduce` and its kind.
_REDUCTIONS: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
}

#: Others whose operands may meet in any order, with the number that changes nothing.
_NEUTRAL: dict[np.ufunc, float] = {
    np.hypot: 0.0,
    np.logaddexp: -math.inf,
    np.logaddexp2: -math.inf,
    np.fmax: math.nan,
    np.fmin: math.nan,
}


def reduce(
    ufunc: np.ufunc,
    array: Array,
    axis: Any = 0,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Array = True,
) -> Array:
    """`ufunc.reduce`."""
    array = array if dtype is None else array.astype(dtype)
    if ufunc in _REDUCTIONS:
        options = {"axis": axis, "keepdims": keepdims, "initial": initial}
        if where is not True:  # True alone is no option: the plain rule will do
            options["where"] = where
        return REGISTRY[_REDUCTIONS[ufunc]](array, **options)
    name = f"{ufunc.__name__}.reduce"
    axes = normalize_axes(name, None if array.ndim == 0 else axis, array.ndim)
    if len(axes) > 1 and ufunc not in _NEUTRAL:
        raise ValueError(
            f"{name}: its operands must meet in order, so it takes a single axis; got axis={axis} "
            f"for an array of shape {array.shape}"
        )
    rest = tuple(i for i in range(array.ndim) if i not in axes)
    rows = _in_front(array, axes, rest)
    if where is not True:
        where = _in_front(np.broadcast_to(where, array.shape), axes, rest)
    has_initial = initial is not None and initial is not np._NoValue
    if where is not True and not has_initial and ufunc.identity is None:
        raise ValueError(f"{name}: where= needs initial=, the result where nothing is chosen")
    if not has_initial and len(rows) == 0 and (ufunc.identity is None or initial is None):
        raise ValueError(
            f"{name}: nothing to reduce along axis={axis} of shape {array.shape}; pass initial="
        )
    if has_initial or len(rows) == 0:
        rows, where = _with_start(initial if has_initial else ufunc.identity, rows, where)
    result = (_pairwise if ufunc in _NEUTRAL else _in_order)(ufunc, rows, where)
    shape = tuple(1 if i in axes else n for i, n in enumerate(array.shape))
    return np.reshape(result, shape if keepdims else [array.shape[i] for i in rest])


def _with_start(initial: Array, rows: Array, where: Array) -> tuple[Array, Array]:
    """Put a row of the initial value before the others."""
    first = as_array(initial, rows).astype(rows.dtype)
    rows = np.concatenate((np.broadcast_to(first, (1, *rows.shape[1:])), rows))
    if where is not True:
        where = np.concatenate((np.ones((1, *where.shape[1:]), bool), where))
    return rows, where


def _in_front(x: Array, axes: tuple[int, ...], rest: tuple[int, ...]) -> Array:
    """Join the axes to reduce to one, the first."""
    moved = np.transpose(x, axes + rest)
    return np.reshape(moved, (math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes) :]))


def _pairwise(ufunc: np.ufunc, rows: Array, where: Array) -> Array:
    if where is not True:
        rows = np.where(where, rows, _NEUTRAL[ufunc])
    while len(rows) > 1:
        half = len(rows) // 2
        rows = np.concatenate((ufunc(rows[:half], rows[half : 2 * half]), rows[2 * half :]))
    return rows[0]


def _in_order(ufunc: np.ufunc, rows: Array, where: Array) -> Array:
    result = rows[0]
    for i in range(1, len(rows)):
        step = ufunc(result, rows[i])
        result = step if where is True else np.where(where[i], step, result)
    return result


# -- accumulate ---------------------------------------------------------------------------------


def accumulate(ufunc: np.ufunc, array: Array, axis: int = 0, dtype: Any = None) -> Array:
    """`ufunc.accumulate`."""
    if array.ndim == 0:
        raise TypeError(f"{ufunc.__name__}.accumulate: takes an array with axes, got a scalar")
    if ufunc in (np.add, np.multiply):
        function = np.cumsum if ufunc is np.add else np.cumprod
        return function(array, axis=axis) if dtype is None else function(array, axis, dtype)
    (axis,) = normalize_axes(f"{ufunc.__name__}.accumulate", axis, array.ndim)
    array = array if dtype is None else array.astype(dtype)
    n = array.shape[axis]
    if ufunc in (np.maximum, np.minimum):
        return np.take_along_axis(array, _places_of_records(ufunc, array, axis), axis)
    if ufunc in _NEUTRAL:  # each element with the one so far before it, then twice as far, ...
        distance = 1
        while distance < n:
            met = ufunc(part(array, axis, None, -distance), part(array, axis, distance, None))
            array = np.concatenate((part(array, axis, 0, distance), met), axis)
            distance *= 2
        return array
    steps = [part(array, axis, 0, 1)] if n else []
    for i in range(1, n):
        steps.append(ufunc(steps[-1], part(array, axis, i, i + 1)))
    return np.concatenate(steps, axis) if steps else array


def _places_of_records(ufunc: np.ufunc, x: Array, axis: int) -> Array:
    """Find the largest (smallest) element so far, the first of equal ones; a NaN wins."""
    beats = np.greater if ufunc is np.maximum else np.less
    n = x.shape[axis]
    line = np.reshape(np.arange(n), (-1,) + (1,) * (x.ndim - 1 - axis))
    places = np.zeros_like(x, dtype=int) + constant(line, x)
    distance = 1
    while distance < n:
        best = np.take_along_axis(x, places, axis)
        former, latter = part(best, axis, None, -distance), part(best, axis, distance, None)
        keeps = beats(latter, former) | (np.isnan(latter) & ~np.isnan(former))
        met = np.where(
            keeps, part(places, axis, distance, None), part(places, axis, None, -distance)
        )
        places = np.concatenate((part(places, axis, 0, distance), met), axis)
        distance *= 2
    return places


# -- reduceat -----------------------------------------------------------------------------------


def reduceat(
    ufunc: np.ufunc, array: Array, indices: Any, axis: int = 0, dtype: Any = None
) -> Array:
    """`ufunc.reduceat`: one reduction for each stretch between two indices."""
    (axis,) = normalize_axes(f"{ufunc.__name__}.reduceat", axis, array.ndim)
    n = array.shape[axis]
    starts = np.asarray(indices, dtype=np.intp)
    if starts.ndim != 1 or np.any(starts < 0) or np.any(starts >= n):
        raise IndexError(
            f"{ufunc.__name__}.reduceat: indices must be a list of numbers from 0 to {n - 1}, got "
            f"{indices!r}"
        )
    bounds = [*starts.tolist(), n]
    parts = [
        reduce(ufunc, part(array, axis, i, max(j, i + 1)), axis, dtype, keepdims=True)
        for i, j in pairwise(bounds)
    ]
    return np.concatenate(parts, axis) if parts else part(array, axis, 0, 0)


# -- at -----------------------------------------------------------------------------------------


def at(ufunc: np.ufunc, array: Array, indices: Any, *values: Array) -> Array:
    """Return a new array with what `ufunc.at(array, indices, *values)` leaves in `array`.

    An element that is named several times is changed as often: first all that are named once or
    more, then all that are named twice or more, and so on.
    """
    if ufunc in (np.add, np.subtract):
        value = as_array(values[0], array)
        _fits(ufunc, value, array)
        value = value.astype(array.dtype)
        return added(array, value if ufunc is np.add else -value, index=indices)
    places = np.reshape(np.arange(array.size), array.shape)[indices]
    values = tuple(np.ravel(np.broadcast_to(v, places.shape)) for v in values)
    flat, places = np.ravel(array), np.ravel(places)
    times = _times_named(places)
    for k in range(int(np.max(times, initial=-1)) + 1):
        now = np.flatnonzero(times == k)
        changed = ufunc(flat[places[now]], *(v[now] for v in values))
        _fits(ufunc, changed, array)
        flat = updated(flat, changed, index=places[now])
    return np.reshape(flat, array.shape)


def _fits(ufunc: np.ufunc, values: Array, array: Array) -> None:
    if not np.can_cast(values.dtype, array.dtype, "same_kind"):
        raise DTypeError(
            f"{ufunc.__name__}.at: {values.dtype} values do not fit into a tensor of dtype "
            f"{array.dtype}; convert it first, t = t.astype({values.dtype})"
        )


def _times_named(places: Array) -> Array:
    """Count how often each place was named before: [5, 2, 5, 5] gives [0, 0, 1, 2]."""
    order = np.argsort(places, kind="stable")
    there = places[order]
    new = np.concatenate(([True], there[1:] != there[:-1]))[: places.size]
    starts = np.maximum.accumulate(np.where(new, np.arange(places.size), 0))
    times = np.empty_like(order)
    times[order] = np.arange(places.size) - starts
    return times


METHODS: dict[str, Callable[..., Any]] = {
    "__call__": call,
    "reduce": reduce,
    "accumulate": accumulate,
    "reduceat": reduceat,
    "outer": outer,
}
