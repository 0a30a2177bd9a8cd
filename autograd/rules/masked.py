"""What reductions do with `where=`, `initial=`, `mean=` and `correction=`.

Elements that `where` leaves out have gradient 0, whatever they are. `initial` counts as one more
element: it has a gradient where it is a Tensor, and shares it where it ties for the largest.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_array
from ..broadcasting import Axes, reduced_size, unreduce
from ..registry import extends, rule
from .statistics import _deviation, degrees_lost, mean_of_known, root, spread_of_known


def _mask(function: str, where: Any, a: Any) -> Any:
    """`where`, as NumPy reads it, of the shape of the array that is reduced."""
    where = as_array(where, a) if hasattr(where, "ndim") else as_array(where, a).astype(bool)
    if where.dtype.kind != "b":
        raise TypeError(
            f"{function}: where= must be an array of booleans, got dtype {where.dtype}; write "
            f"where=mask.astype(bool)"
        )
    return np.logical_and(np.broadcast_to(where, a.shape), True)


def _start(function: str, initial: Any, dtype: np.dtype[Any], like: Any) -> Any:
    """`initial`, in the dtype of the result."""
    initial = as_array(initial, like)
    if initial.ndim or (initial.dtype.kind == "c") > (dtype.kind == "c"):
        raise TypeError(
            f"{function}: initial= must be a single number that fits into {dtype}, got shape "
            f"{initial.shape} and dtype {initial.dtype}"
        )
    return initial.astype(dtype)


def _need_start(function: str, a: Any, axis: Axes, where: Any) -> None:
    """Raise where nothing is reduced, and there is no value to say for it."""
    if where is not True:
        raise ValueError(
            f"{function}: where= needs initial=, the value where nothing is chosen, for example "
            f"initial=-np.inf"
        )
    if reduced_size(a.shape, axis) == 0:
        raise ValueError(
            f"{function}: no elements along axis={axis} of shape {a.shape}; pass initial=, the "
            f"value of nothing"
        )


# -- sums and products --------------------------------------------------------------------------


@extends(np.sum)
def _sum(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Any:
    a = as_array(a)
    if initial is None:
        _need_start("sum", a, axis, where)
    if where is not True:
        a = np.where(_mask("sum", where, a), a, 0)
    y = np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims)
    given = initial is not None and initial is not np._NoValue
    return y + _start("sum", initial, y.dtype, a) if given else y


@extends(np.prod)
def _prod(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = True,
) -> Any:
    a = as_array(a)
    if initial is None:
        _need_start("prod", a, axis, where)
    if where is not True:
        a = np.where(_mask("prod", where, a), a, 1)
    y = np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims)
    given = initial is not None and initial is not np._NoValue
    return y * _start("prod", initial, y.dtype, a) if given else y


# -- averages -----------------------------------------------------------------------------------


@extends(np.mean)
def _mean(
    a: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Any:
    a = as_array(a)
    if where is True:
        return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)
    wide = _wide(a, dtype)
    y = mean_of_known(a, _mask("mean", where, a), axis, wide, keepdims)
    return y.astype(a.dtype) if wide is not dtype and a.dtype.kind == "f" else y


def _wide(a: Any, dtype: Any) -> Any:
    """The dtype to sum in: float32 for float16, float64 for integers."""
    if dtype is not None or a.dtype.kind == "c":
        return dtype
    if a.dtype.kind != "f":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if a.dtype.itemsize == 2 else None


@extends(np.var)
def _var(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    a, ddof = as_array(a), degrees_lost("var", ddof, correction)
    if where is True and mean is None:
        return np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)
    wide = _wide(a, dtype)
    known = True if where is True else _mask("var", where, a)
    total, count = spread_of_known(a, known, axis, wide, keepdims, mean)
    y = total / np.maximum(count - ddof, 0).astype(total.dtype)
    return y.astype(a.dtype) if wide is not dtype and a.dtype.kind == "f" else y


@extends(np.std)
def _std(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    a, ddof = as_array(a), degrees_lost("std", ddof, correction)
    if where is True and mean is None:
        return np.std(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)
    variance = _var(a, axis, dtype, ddof, keepdims, where, mean)
    if mean is not None:
        return _deviation(variance)
    return root(variance, np.sum(_mask("std", where, a), axis=axis, keepdims=keepdims))


# -- the largest and the smallest ---------------------------------------------------------------


def _extremum(function: Callable[..., Any]) -> Callable[..., Any]:
    """`np.max` and its kind of the elements that are chosen, and of an initial value."""
    name = function.__name__

    def forward(
        x: Any, initial: Any, axis: Axes = None, keepdims: bool = False, where: Any = True
    ) -> Any:
        return function(x, axis=axis, keepdims=keepdims, initial=initial, where=where)

    operation = rule(forward, _element_vjp, _initial_vjp)
    operation.name = name

    def extremum(
        a: Any,
        axis: Axes = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Any:
        a = as_array(a)
        if initial is None:
            _need_start(name, a, axis, where)
            return function(a, axis=axis, keepdims=keepdims)
        initial = _start(name, initial, a.dtype, a)
        if where is not True:
            where = _mask(name, where, a)
        return operation(a, initial, axis=axis, keepdims=keepdims, where=where)

    return extremum


def _shares(g: Any, y: Any, x: Any, initial: Any, axis: Axes, where: Any) -> tuple[Any, Any, Any]:
    """Which elements are the largest, whether the initial value is, and what each of them gets."""
    hit = (x == unreduce(y, x.shape, axis)) & where
    count = np.sum(hit, axis=axis)
    first = initial == np.reshape(y, count.shape)
    ties = count + first  # none where the largest is NaN: nobody knows which element is
    share = np.reshape(g, count.shape) / np.where(ties, ties, np.nan)
    return hit, first, share.astype(g.dtype)


def _element_vjp(
    g: Any,
    y: Any,
    x: Any,
    initial: Any,
    axis: Axes = None,
    keepdims: bool = False,
    where: Any = True,
) -> Any:
    hit, _, share = _shares(g, y, x, initial, axis, where)
    return np.where(where, hit * unreduce(share, x.shape, axis), 0)


def _initial_vjp(
    g: Any,
    y: Any,
    x: Any,
    initial: Any,
    axis: Axes = None,
    keepdims: bool = False,
    where: Any = True,
) -> Any:
    _, first, share = _shares(g, y, x, initial, axis, where)
    return np.sum(first * share)


for _function in (np.max, np.min, np.nanmax, np.nanmin):
    extends(_function)(_extremum(_function))
if np.amax is not np.max:  # two functions of the same: NumPy dispatches each
    for _function in (np.amax, np.amin):
        extends(_function)(_extremum(_function))
