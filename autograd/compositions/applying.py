"""Functions that call the user's own: what these do with Tensors is differentiated."""

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import as_array
from ..broadcasting import normalize_axes
from ..errors import ShapeError
from ..registry import implements
from ..rules.indexing import updated
from ..typing import Array, ArrayLike


@implements(np.apply_along_axis)
def apply_along_axis(
    func1d: Callable[..., Array], axis: int, arr: Array, *args: Any, **kwargs: Any
) -> Array:
    """Call `func1d` once for each row."""
    axis %= arr.ndim
    rows = np.reshape(np.moveaxis(arr, axis, -1), (-1, arr.shape[axis]))
    results = np.stack([func1d(row, *args, **kwargs) for row in rows])
    others = tuple(n for i, n in enumerate(arr.shape) if i != axis)
    results = np.reshape(results, (*others, *results.shape[1:]))
    inner = results.ndim - len(others)
    where = range(len(others), len(others) + inner)
    return np.moveaxis(results, tuple(where), tuple(range(axis, axis + inner)))


@implements(np.apply_over_axes)
def apply_over_axes(func: Callable[[Array, int], Array], a: Array, axes: ArrayLike) -> Array:
    """Call `func(a, axis)` for one axis after another; reduced axes stay, with length 1."""
    for axis in np.ravel(axes).tolist():
        (axis,) = normalize_axes("apply_over_axes", axis, a.ndim)
        result = func(a, axis)
        if result.ndim == a.ndim - 1:
            result = np.expand_dims(result, axis)
        if result.ndim != a.ndim:
            raise ShapeError(
                f"apply_over_axes: func made shape {result.shape} of {a.shape}; it must reduce the "
                f"axis that it is given, and no other"
            )
        a = result
    return a


@implements(np.piecewise, of_sequences=True)
def piecewise(
    x: Array,
    condlist: ArrayLike | Sequence[ArrayLike],
    funclist: Sequence[Callable[..., Array] | ArrayLike],
    *args: Any,
    **kw: Any,
) -> Array:
    """Call each function on the elements that it is for, and on no others."""
    masks = _masks(x, condlist)
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


def _masks(x: Array, condlist: Any) -> list[Array]:
    """The conditions of `piecewise`, which may be a single one without a list around it."""
    if _is_scalar(condlist) or (x.ndim and _is_scalar(condlist[0])):
        condlist = [condlist]
    return [np.logical_and(as_array(c, x), True) for c in condlist]


def _is_scalar(condition: Any) -> bool:
    return not isinstance(condition, list | tuple) and np.ndim(condition) == 0
