"""Putting arrays together from parts, taking them apart, and moving elements about.

All of it is linear: a gradient moves back by the way the element came, and adds up where an
element was used several times. `pad` with "maximum" or "minimum" shares equally among ties.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import as_array, constant, part
from ..broadcasting import normalize_axes
from ..errors import NotDifferentiableError, ShapeError
from ..op import Op, joined
from ..registry import implements, rule
from .indexing import scatter, updated
from .refused import refuse_out

# -- joining ------------------------------------------------------------------------------------


def _with_axes(a: Any, n: int, shape: Callable[[tuple[int, ...]], tuple[int, ...]]) -> Any:
    """`a`, reshaped as `shape` says where it has less than `n` axes, or is no array yet."""
    return a if getattr(a, "ndim", -1) >= n else np.reshape(a, shape(np.shape(a)))


def _at_least(n: int, a: Any) -> Any:
    return _with_axes(a, n, lambda shape: (1,) * (n - len(shape)) + shape)


def _at_least_3d(a: Any) -> Any:
    return _with_axes(a, 3, lambda shape: (1,) * (2 - len(shape)) + shape + (1,) * (len(shape) < 3))


def _one_or_all(arrays: Sequence[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else tuple(arrays)


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    return _one_or_all([_at_least(1, a) for a in arys])


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    return _one_or_all([_at_least(2, a) for a in arys])


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    return _one_or_all([_at_least_3d(a) for a in arys])


@implements(np.hstack, of_sequences=True)
def hstack(tup: Sequence[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = [_at_least(1, joined(a)) for a in tup]
    axis = 0 if arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


@implements(np.vstack, of_sequences=True)
def vstack(tup: Sequence[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    arrays = [_at_least(2, joined(a)) for a in tup]
    return np.concatenate(arrays, 0, dtype=dtype, casting=casting)


@implements(np.dstack, of_sequences=True)
def dstack(tup: Sequence[Any]) -> Any:
    return np.concatenate([_at_least_3d(joined(a)) for a in tup], 2)


@implements(np.column_stack, of_sequences=True)
def column_stack(tup: Sequence[Any]) -> Any:
    return np.concatenate([_with_axes(joined(a), 2, _as_column) for a in tup], 1)


def _as_column(shape: tuple[int, ...]) -> tuple[int, ...]:
    return shape if len(shape) > 1 else (math.prod(shape), 1)


@implements(np.block, of_sequences=True)
def block(arrays: Any) -> Any:
    depth = _depth(arrays)
    ndim = max([depth, *map(np.ndim, _innermost(arrays))])
    return _joined(arrays, -depth, ndim)


def _joined(x: Any, axis: int, ndim: int) -> Any:
    if isinstance(x, list):
        return np.concatenate([_joined(part, axis + 1, ndim) for part in x], axis)
    return _at_least(ndim, x)


def _depth(arrays: Any) -> int:
    if not isinstance(arrays, list):
        return 0
    depths = set(map(_depth, arrays))
    if len(depths) != 1:
        what = f"lists nested {sorted(depths)} deep side by side" if depths else "an empty list"
        raise ValueError(f"block: got {what}; nest all evenly, as in [[a, b], [c]]")
    return 1 + depths.pop()


def _innermost(arrays: Any) -> list[Any]:
    if not isinstance(arrays, list):
        return [arrays]
    return [a for part in arrays for a in _innermost(part)]


@implements(np.append)
def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    return np.concatenate((arr, values), axis)


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    arr, values = as_array(arr), as_array(values)
    (axis,) = normalize_axes("insert", axis, arr.ndim)
    n = arr.shape[axis]
    values = _at_least(arr.ndim, values).astype(arr.dtype)
    if not isinstance(obj, slice) and np.ndim(obj) == 0:  # NumPy's rule for a single place
        values = np.moveaxis(values, 0, axis)
    places = np.insert(np.arange(n), obj, 0).size - n
    if places == 1:
        places = values.shape[axis]
    values = np.broadcast_to(values, (*arr.shape[:axis], places, *arr.shape[axis + 1 :]))
    order = np.insert(np.arange(n), obj, n + np.arange(places))
    return np.take(np.concatenate((arr, values), axis), order, axis)


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return np.take(arr, np.delete(np.arange(np.shape(arr)[axis]), obj), axis)


# -- filling -------------------------------------------------------------------------------------


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
) -> Any:
    new = np.zeros_like(a, dtype, order, subok, shape)
    if new.dtype.kind in "fc":
        return updated(new, fill_value, index=...)
    new[...] = fill_value  # which raises where that would take a tensor out of its graph
    return new


# -- repeating ----------------------------------------------------------------------------------


@implements(np.tile)
def tile(A: Any, reps: Any) -> Any:  # noqa: N803 - NumPy's name
    reps = tuple(np.ravel(reps).tolist())
    a = _at_least(len(reps), A)
    reps = (1,) * (a.ndim - len(reps)) + reps
    pairs = tuple(zip(reps, a.shape, strict=True))
    once = np.reshape(a, sum(((1, n) for _, n in pairs), ()))
    return np.reshape(np.broadcast_to(once, sum(pairs, ())), tuple(r * n for r, n in pairs))


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    if axis is None:
        a, axis = np.ravel(a), 0
    (axis,) = normalize_axes("repeat", axis, a.ndim)
    if np.ndim(repeats):
        return np.take(a, np.repeat(np.arange(a.shape[axis]), repeats), axis)
    before, n, after = a.shape[:axis], a.shape[axis], a.shape[axis + 1 :]
    each = np.broadcast_to(np.expand_dims(a, axis + 1), (*before, n, repeats, *after))
    return np.reshape(each, (*before, n * repeats, *after))


@implements(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    new_shape = tuple(np.ravel(new_shape).tolist())
    flat, size = np.ravel(a), math.prod(new_shape)
    if flat.size == 0:
        return np.zeros_like(a, shape=new_shape)
    return np.reshape(np.tile(flat, -(-size // flat.size))[:size], new_shape)


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any) -> tuple[Any, ...]:
    shape = np.broadcast_shapes(*map(np.shape, args))
    return tuple(np.broadcast_to(a, shape) for a in args)


@implements(np.meshgrid)
def meshgrid(
    *xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy"
) -> tuple[Any, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[1::-1]
    lines = [
        np.reshape(x, [-1 if i == axis else 1 for i in range(len(xi))])
        for x, axis in zip(xi, axes, strict=True)
    ]
    return tuple(lines) if sparse else broadcast_arrays(*lines)


@implements(np.ix_)
def ix_(*args: Any) -> tuple[Any, ...]:
    """`np.ix_`: also of values, which stay in their graph."""
    lines = [as_array(a) for a in args]
    for x in lines:
        if x.ndim != 1:
            raise ShapeError(f"ix_: takes vectors, got shape {x.shape}; ravel it first")
    lines = [np.flatnonzero(x) if x.dtype.kind == "b" else x for x in lines]
    lines = [x if x.size else x.astype(np.intp) for x in lines]
    n = len(lines)
    return tuple(np.reshape(x, (-1,) + (1,) * (n - 1 - i)) for i, x in enumerate(lines))


# -- padding ------------------------------------------------------------------------------------

Pairs = list[list[Any]]

_STATISTICS = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}


@implements(np.pad)
def pad(
    array: Any,
    pad_width: Any,
    mode: Any = "constant",
    *,
    constant_values: Any = None,
    end_values: Any = None,
    stat_length: Any = None,
    reflect_type: str | None = None,
) -> Any:
    """`np.pad`, in all modes but "empty" and functions; what it pads with is a constant."""
    if callable(mode) or mode == "empty":
        raise NotDifferentiableError(
            f"pad: mode={mode!r} has no gradient; use mode='constant' and write into the result, "
            f"or np.concatenate"
        )
    ndim = array.ndim
    options = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    options = {k: v for k, v in options.items() if v is not None}
    np.pad(np.zeros((1,) * ndim), 0, mode, **options)  # raises for options of other modes
    widths = _pairs(pad_width, ndim)
    if mode == "constant":
        shape = tuple(n + sum(width) for n, width in zip(array.shape, widths, strict=True))
        inner = tuple(slice(w[0], w[0] + n) for n, w in zip(array.shape, widths, strict=True))
        if not np.any(options.get("constant_values", 0)):
            return scatter(array, index=inner, shape=shape)
        frame = np.pad(constant(np.zeros(array.shape), array, array.dtype), widths, **options)
        return updated(frame, array, index=inner)
    ends = _pairs(0 if end_values is None else end_values, ndim)
    lengths = _pairs(stat_length, ndim)
    for axis, width in enumerate(widths):
        if not any(width):
            continue
        if mode in _STATISTICS:
            array = _pad_statistic(array, axis, width, lengths[axis], _STATISTICS[mode])
        elif mode == "linear_ramp":
            array = _pad_ramp(array, axis, width, ends[axis])
        else:
            array = _pad_mirror(array, axis, width, mode, reflect_type == "odd")
    return array


def _pairs(value: Any, ndim: int) -> Pairs:
    """For each axis, what holds before it and after it, in all the forms that `pad` takes."""
    if isinstance(value, dict):
        pairs: Pairs = [[0, 0] for _ in range(ndim)]
        for axis, pair in value.items():
            pairs[axis] = np.broadcast_to(pair, 2).tolist()
        return pairs
    return np.broadcast_to(value, (ndim, 2)).tolist()


def _along(axis: int, weights: Any, x: Any) -> Any:
    """A vector of constants, in the dtype of `x` and shaped to lie along one of its axes."""
    return constant(np.reshape(weights, (-1,) + (1,) * (x.ndim - 1 - axis)), x, x.dtype)


def _pad_mirror(x: Any, axis: int, width: Sequence[int], mode: str, odd: bool) -> Any:
    """The modes that fetch elements: NumPy says which, by padding their numbers."""
    n = x.shape[axis]
    y = np.take(x, np.pad(np.arange(n), width, mode), axis)
    if not odd:
        return y
    # Where an even reflection is turned around, an odd one has 2 last - y; and it is the higher
    # by 2 (last - first) at each further period.
    period = max(2 * n - 2, 1) if mode == "reflect" else 2 * n
    turns, place = np.divmod(np.arange(-width[0], n + width[1]), period)
    first, last = part(x, axis, 0, 1), part(x, axis, n - 1, n)
    mirrored = place >= n
    return (
        y * _along(axis, 1 - 2 * mirrored, x)
        + last * _along(axis, 2 * mirrored, x)
        + (last - first) * _along(axis, 2 * turns, x)
    )


def _pad_ramp(x: Any, axis: int, width: Sequence[int], ends: Sequence[float]) -> Any:
    def ramp(edge: Any, w: int, end: float, turned: bool) -> Any:
        share = np.arange(w) / max(w, 1)
        return end + (edge - end) * _along(axis, share[::-1] if turned else share, x)

    left = ramp(part(x, axis, 0, 1), width[0], ends[0], False)
    right = ramp(part(x, axis, -1, None), width[1], ends[1], True)
    return np.concatenate((left, x, right), axis)


def _pad_statistic(
    x: Any, axis: int, width: Sequence[int], lengths: Sequence[Any], statistic: Any
) -> Any:
    n = x.shape[axis]
    first, last = (n if length is None else min(length, n) for length in lengths)

    def constant(part: Any, w: int) -> Any:
        value = statistic(part, axis=axis, keepdims=True)
        return np.broadcast_to(value, (*x.shape[:axis], w, *x.shape[axis + 1 :]))

    left = constant(part(x, axis, 0, first), width[0])
    right = constant(part(x, axis, n - last, n), width[1])
    return np.concatenate((left, x, right), axis)


@implements(np.trim_zeros)
def trim_zeros(filt: Any, trim: str = "fb", axis: Any = None) -> Any:
    """`np.trim_zeros`; which elements are zero is taken as fixed."""
    marks = (filt != 0) * 1
    options = {} if axis is None else {"axis": axis}
    kept: list[slice] = []
    for i, n in enumerate(marks.shape):
        start = n - np.trim_zeros(marks, "f", **options).shape[i] if "f" in trim.lower() else 0
        stop = np.trim_zeros(marks, "b", **options).shape[i] if "b" in trim.lower() else n
        kept.append(slice(start, stop))
    return filt[tuple(kept)]


# -- moving -------------------------------------------------------------------------------------

# fmt: off
rule(np.flip,   lambda g, *_, axis=None: np.flip(g, axis))
rule(np.fliplr, lambda g, *_: np.fliplr(g))
rule(np.flipud, lambda g, *_: np.flipud(g))
rule(np.rot90,  lambda g, *_, k=1, axes=(0, 1): np.rot90(g, -k, axes))
rule(np.roll,   lambda g, *_, shift=0, axis=None: np.roll(g, np.negative(shift).tolist(), axis))
rule(np.copy,   lambda g, *_, order="K", subok=False: g)

# A vector is stretched to a matrix before it loses a triangle: hence elementwise.
rule(np.tril,   lambda g, *_, k=0: np.tril(g, k), elementwise=True)
rule(np.triu,   lambda g, *_, k=0: np.triu(g, k), elementwise=True)
# fmt: on


@implements(np.astype)
def astype(x: Any, dtype: Any, *, copy: bool = True) -> Any:
    return x.astype(dtype, copy=copy)


@implements(np.rollaxis)
def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    (axis,) = normalize_axes("rollaxis", axis, a.ndim)
    if not -a.ndim <= start <= a.ndim:
        raise ShapeError(
            f"rollaxis: start={start} is out of range for {a.ndim} "
            f"dimensions; use {-a.ndim} to {a.ndim}"
        )
    start = start + a.ndim if start < 0 else start
    return np.moveaxis(a, axis, start - 1 if axis < start else start)


@implements(np.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    if x.ndim < 2:
        raise ShapeError(
            f"matrix_transpose: x must have two axes or more, got shape {x.shape}; reshape it first"
        )
    return np.swapaxes(x, -1, -2)


# -- windows ------------------------------------------------------------------------------------


def _overlap(g: Any, shape: tuple[int, ...], window: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    """An array of zeros to which every window is added where it was read."""
    x = np.zeros_like(g, shape=shape)
    for place in np.ndindex(*window):
        index = [slice(0, n) for n in g.shape[: len(shape)]]
        for a, i in zip(axes, place, strict=True):  # an axis may have several windows
            index[a] = slice(index[a].start + i, index[a].stop + i)
        x[tuple(index)] += g[(..., *place)]
    return x


def _windows(x: Any, window: tuple[int, ...], axes: tuple[int, ...]) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, window, axes)


# fmt: off
windows: Op = rule(
    _windows,
    lambda g, _, _x, window=None, axes=None: overlap(g, shape=_x.shape, window=window, axes=axes))
overlap: Op = rule(
    _overlap,
    lambda g, *_, shape=None, window=None, axes=None: windows(g, window=window, axes=axes))
# fmt: on
windows.name = "sliding_window_view"


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Any, window_shape: Any, axis: Any = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """`np.lib.stride_tricks.sliding_window_view`: a view that cannot be written to."""
    if writeable:
        raise NotDifferentiableError(
            "sliding_window_view: writeable=True would change elements of several windows at once; "
            "leave it out, and write into the array itself"
        )
    window = tuple(np.ravel(window_shape).tolist())
    axes = range(x.ndim) if axis is None else np.ravel(axis).tolist()
    if len(axes) != len(window):
        raise ShapeError(
            f"sliding_window_view: window_shape={window_shape} has {len(window)} lengths for "
            f"{len(axes)} axes of shape {x.shape}; give one for each, or name the axes"
        )
    axes = tuple(normalize_axes("sliding_window_view", a, x.ndim)[0] for a in axes)
    return windows(x, window=window, axes=axes)


# -- splitting ----------------------------------------------------------------------------------


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return _split("hsplit", ary, indices_or_sections, 1, 1 if ary.ndim > 1 else 0)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return _split("vsplit", ary, indices_or_sections, 2, 0)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    return _split("dsplit", ary, indices_or_sections, 3, 2)


def _split(name: str, ary: Any, indices_or_sections: Any, least: int, axis: int) -> list[Any]:
    if ary.ndim < least:
        raise ShapeError(
            f"{name}: ary must have {least} or more axes, got shape {ary.shape}; use np.split"
        )
    return np.split(ary, indices_or_sections, axis)


def unstack(x: Any, *, axis: int = 0) -> tuple[Any, ...]:
    return tuple(np.moveaxis(x, axis, 0))


if hasattr(np, "unstack"):  # since NumPy 2.1
    unstack = implements(np.unstack)(unstack)


# -- diagonals ----------------------------------------------------------------------------------


def _diagonal_places(rows: int, columns: int, offset: int) -> tuple[Any, Any]:
    """The row and the column of each element on a diagonal."""
    row, column = max(-offset, 0), max(offset, 0)
    along = np.arange(max(min(rows - row, columns - column), 0))
    return along + row, along + column


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    axes = normalize_axes("diagonal", (axis1, axis2), a.ndim)
    a = np.moveaxis(a, axes, (-2, -1))
    rows, columns = a.shape[-2:]
    return a[(..., *_diagonal_places(rows, columns, offset))]


@implements(np.trace)
def trace(
    a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None
) -> Any:
    refuse_out("trace", out)
    return np.sum(diagonal(a, offset, axis1, axis2), axis=-1, dtype=dtype)


@implements(np.diag)
def diag(v: Any, k: int = 0) -> Any:
    if v.ndim != 1:
        return diagonal(v, k)
    n = v.size + abs(k)
    return scatter(v, index=_diagonal_places(n, n, k), shape=(n, n))


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> Any:
    return diag(np.ravel(v), k)


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """`np.fill_diagonal`: changes `a`, as `a[...] = ` does."""
    places = np.zeros(a.shape, bool)
    np.fill_diagonal(places, True, wrap)
    where = np.nonzero(places)
    a[where] = np.resize(val, where[0].size)


@implements(np.vander)
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    if x.ndim != 1:
        raise ShapeError(f"vander: x must have one axis, got shape {x.shape}; ravel it first")
    powers = np.arange(x.size if N is None else N)
    wide = x.astype(np.promote_types(x.dtype, int))  # NumPy's choice: float32 becomes float64
    return wide[:, None] ** constant(powers if increasing else powers[::-1], x)
