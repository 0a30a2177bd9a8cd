"""Choosing elements: by position, by mask, by order, and between the points of a table.

The positions are constants, found on the values at hand. `sort` and `partition` give every
element's gradient to where it stood, ties in the order that the sort left them. `interp` takes
the slope on the right of a point of its table, and that of the last segment at its end.

`put`, `place`, `putmask`, `copyto` and `put_along_axis` change their first argument, as
`t[...] = value` does: not a leaf, and never a plain array by the values of a recorded tensor.
"""

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import as_array
from ..broadcasting import normalize_axes
from ..errors import NotDifferentiableError, ShapeError
from ..registry import implements
from .indexing import scatter, updated
from .refused import refuse_out

# -- by position --------------------------------------------------------------------------------


def _in_range(function: str, indices: Any, n: int, mode: str) -> Any:
    """Positions as `mode` reads those out of range; "raise" leaves them to the indexing."""
    indices = as_array(indices)
    if indices.dtype == np.bool_:  # which count as 0 and 1 here, and would be a mask in an index
        indices = indices.astype(np.intp)
    if mode not in ("raise", "wrap", "clip"):
        raise ValueError(f"{function}: mode must be 'raise', 'wrap' or 'clip', got {mode!r}")
    if mode == "raise":
        return indices
    return indices % n if mode == "wrap" else np.clip(indices, 0, n - 1)


@implements(np.take)
def take(
    a: Any, indices: Any, axis: int | None = None, out: Any = None, mode: str = "raise"
) -> Any:
    refuse_out("take", out)
    if axis is None:
        a, axis = np.ravel(a), 0
    a = as_array(a)
    (axis,) = normalize_axes("take", axis, a.ndim)
    return a[(slice(None),) * axis + (_in_range("take", indices, a.shape[axis], mode),)]


def _along_axis(function: str, shape: tuple[int, ...], indices: Any, axis: int) -> tuple[Any, ...]:
    """The index that `take_along_axis` stands for: `indices` on one axis, all of the others."""
    indices = as_array(indices)
    if indices.ndim != len(shape):
        raise ShapeError(
            f"{function}: indices (shape {indices.shape}) need as many axes as the array "
            f"(shape {shape}); use np.expand_dims"
        )
    (axis,) = normalize_axes(function, axis, len(shape))
    index = list(np.ix_(*map(np.arange, shape)))
    index[axis] = indices
    return tuple(index)


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    if axis is None:
        arr, axis = np.ravel(arr), 0
    return arr[_along_axis("take_along_axis", arr.shape, indices, axis)]


@implements(np.compress)
def compress(condition: Any, a: Any, axis: int | None = None, out: Any = None) -> Any:
    refuse_out("compress", out)
    return np.take(a, np.flatnonzero(condition), axis)


@implements(np.extract)
def extract(condition: Any, arr: Any) -> Any:
    return np.take(arr, np.flatnonzero(condition))


# -- by choice ----------------------------------------------------------------------------------


@implements(np.choose, of_sequences=True)
def choose(a: Any, choices: Sequence[Any], out: Any = None, mode: str = "raise") -> Any:
    refuse_out("choose", out)
    which, *arrays = np.broadcast_arrays(_in_range("choose", a, len(choices), mode), *choices)
    if np.any(which < 0) or np.any(which >= len(arrays)):
        raise ValueError(
            f"choose: a must lie in 0..{len(arrays) - 1} for {len(arrays)} choices; got "
            f"{which.min()} to {which.max()}; mode='wrap' and mode='clip' take any"
        )
    return take_along_axis(np.stack(arrays), which[None], 0)[0]


@implements(np.select, of_sequences=True)
def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """`np.select`. Like `where` it evaluates all choices: 0 times an infinite slope is NaN."""
    result = default
    for condition, choice in reversed(list(zip(condlist, choicelist, strict=True))):
        result = np.where(condition, choice, result)
    return result


@implements(np.piecewise, of_sequences=True)
def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """`np.piecewise`: each function is called on the elements that it is for, and on no others."""
    if not isinstance(condlist, list | tuple) and np.ndim(condlist) == 0:
        condlist = [condlist]
    elif x.ndim and not isinstance(condlist[0], list | tuple) and np.ndim(condlist[0]) == 0:
        condlist = [condlist]  # a single mask
    masks = [np.logical_and(as_array(c, x), True) for c in condlist]
    if len(masks) == len(funclist) - 1:
        masks.append(~functools.reduce(np.logical_or, masks))
    if len(masks) != len(funclist):
        raise ValueError(
            f"piecewise: funclist has {len(funclist)} entries for {len(masks)} conditions; give "
            f"one for each, and one more for all other elements if there are any"
        )
    y = np.where(False, x, 0)
    for mask, function in zip(masks, funclist, strict=True):
        part = x[mask]
        if part.size:
            value = function(part, *args, **kw) if callable(function) else function
            y = updated(y, value, index=mask)
    return y


# -- by order -----------------------------------------------------------------------------------


@implements(np.sort)
def sort(
    a: Any, axis: int | None = -1, kind: Any = None, order: Any = None, *, stable: Any = None
) -> Any:
    _refuse_fields("sort", order)
    if axis is None:
        a, axis = np.ravel(a), 0
    return take_along_axis(a, np.argsort(a, axis, kind, stable=stable), axis)


@implements(np.partition)
def partition(
    a: Any, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: Any = None
) -> Any:
    _refuse_fields("partition", order)
    if axis is None:
        a, axis = np.ravel(a), 0
    return take_along_axis(a, np.argpartition(a, kth, axis, kind), axis)


def _refuse_fields(function: str, order: Any) -> None:
    if order is not None:
        raise NotDifferentiableError(
            f"{function}: order={order!r} names fields, which a tensor does not have; leave it out"
        )


# -- in a table ---------------------------------------------------------------------------------


@implements(np.interp)
def interp(
    x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None
) -> Any:
    """`np.interp`, differentiable by `x`, `xp`, `fp`, `left` and `right`; float64, as NumPy's."""
    like = next((a for a in (x, xp, fp) if hasattr(a, "ndim")), 0)
    x, xp, fp = (as_array(a, like) for a in (x, xp, fp))
    x, xp = x.astype(np.float64), xp.astype(np.float64)
    fp = fp.astype(np.result_type(fp, np.float64))
    if xp.ndim != 1 or xp.shape != fp.shape or xp.size == 0:
        raise ShapeError(
            f"interp: xp and fp must be of one shape (n,), n > 0; got {xp.shape} and {fp.shape}"
        )
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, abs(period))
        left = right = None
    before, after = x < xp[0], x > xp[-1]
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(xp.size - 2, 0))
    j = np.minimum(i + 1, xp.size - 1)
    width = xp[j] - xp[i]
    slope = (fp[j] - fp[i]) / np.where(width == 0, 1, width)
    inside = np.where(before | after, xp[i], x)  # what lies outside may be infinite
    y = fp[i] + slope * (inside - xp[i])
    y = np.where(before, fp[0] if left is None else left, y)
    return np.where(after, fp[-1] if right is None else right, y)


def _periodic(x: Any, xp: Any, fp: Any, period: float) -> tuple[Any, Any, Any]:
    """The table over one period, with the points that are next to it on either side."""
    if period == 0:
        raise ValueError("interp: period must not be 0; leave it out where nothing repeats")
    x, xp = x % period, xp % period
    order = np.argsort(xp)
    xp, fp = xp[order], fp[order]
    xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
    return x, xp, np.concatenate((fp[-1:], fp, fp[:1]))


# -- in place -----------------------------------------------------------------------------------


@implements(np.put)
def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    ind = np.ravel(_in_range("put", ind, a.size, mode))
    if np.size(v):
        a[np.unravel_index(np.where(ind < 0, ind + a.size, ind), a.shape)] = np.resize(v, ind.size)


@implements(np.place)
def place(arr: Any, mask: Any, vals: Any) -> None:
    mask = np.reshape(as_array(mask), arr.shape).astype(bool)
    if np.size(vals) == 0 and np.any(mask):
        raise ValueError(
            f"place: vals is empty, but mask selects {np.count_nonzero(mask)} elements; pass one "
            f"or more"
        )
    arr[mask] = np.resize(vals, np.count_nonzero(mask))


@implements(np.putmask)
def putmask(a: Any, mask: Any, values: Any) -> None:
    mask = np.reshape(as_array(mask), a.shape).astype(bool)
    if np.size(values):
        a[mask] = np.resize(values, a.shape)[mask]


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    if not np.can_cast(np.result_type(src), dst.dtype, casting):
        raise TypeError(
            f"copyto: {np.result_type(src)} cannot become {dst.dtype} under casting={casting!r}; "
            f"convert src first, with astype"
        )
    dst[...] = src if where is True else np.where(where, src, dst)


@implements(np.put_along_axis)
def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    if axis is None:
        put(arr, indices, values)
    else:
        arr[_along_axis("put_along_axis", arr.shape, indices, axis)] = values


@implements(np.bincount)
def bincount(x: Any, weights: Any = None, minlength: int = 0) -> Any:
    """Sums of `weights` at the places `x`; their gradient picks from the sums' cotangent."""
    if weights is None:
        return np.bincount(as_array(x), minlength=minlength)
    n = max(minlength, np.max(x, initial=-1) + 1)
    wide = weights * np.float64(1)  # the dtype of NumPy's sums
    return scatter(wide, index=as_array(x), shape=(int(n),))
