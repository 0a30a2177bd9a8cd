"""Reductions with `where=`, `initial=`, `mean=` and `correction=`.

Elements that `where` leaves out have gradient 0, whatever they are. `initial` counts as one more
element: it has a gradient where it is a Tensor, and shares it where it ties for the largest.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_array
from ..broadcasting import Axes, reduced_size
from ..registry import extends
from ..rules.reductions import EXTREMA_FROM, deviation
from ..typing import Array


def _mask(function: str, where: Array, a: Array) -> Array:
    """`where` as booleans, in the shape of the array that is reduced."""
    where = as_array(where, a) if hasattr(where, "ndim") else as_array(where, a).astype(bool)
    if where.dtype.kind != "b":
        raise TypeError(
            f"{function}: where= must be an array of booleans, got dtype {where.dtype}; write "
            f"where=mask.astype(bool)"
        )
    return np.logical_and(np.broadcast_to(where, a.shape), True)


def _start(function: str, initial: Any, dtype: np.dtype[Any], like: Array) -> Array:
    """`initial`, in the dtype of the result."""
    initial = as_array(initial, like)
    if initial.ndim or (initial.dtype.kind == "c") > (dtype.kind == "c"):
        raise TypeError(
            f"{function}: initial= must be a single number that fits into {dtype}, got shape "
            f"{initial.shape} and dtype {initial.dtype}"
        )
    return initial.astype(dtype)


def _need_start(function: str, a: Array, axis: Axes, where: Array) -> None:
    """Raise where the reduction of nothing has no value."""
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


def _of_chosen(
    plain: Callable[..., Any], with_start: np.ufunc, neutral: float
) -> Callable[..., Array]:
    name = plain.__name__

    def reduction(
        a: Array,
        axis: Axes = None,
        dtype: Any = None,
        keepdims: bool = False,
        initial: Any = np._NoValue,
        where: Any = True,
    ) -> Array:
        a = as_array(a)
        if initial is None:
            _need_start(name, a, axis, where)
        if where is not True:
            a = np.where(_mask(name, where, a), a, neutral)
        y = plain(a, axis=axis, dtype=dtype, keepdims=keepdims)
        if initial is None or initial is np._NoValue:
            return y
        return with_start(y, _start(name, initial, y.dtype, a))

    return reduction


extends(np.sum)(_of_chosen(np.sum, np.add, 0))
extends(np.prod)(_of_chosen(np.prod, np.multiply, 1))

# -- means and variances -----------------------------------------------------------------------


def mean_of_known(a: Array, known: Array, axis: Axes, dtype: Any, keepdims: bool) -> Array:
    """Average the elements that are `known`, an array of booleans of the same shape."""
    total = np.sum(np.where(known, a, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    count = np.sum(known, axis=axis, keepdims=keepdims)
    return (total / count).astype(total.dtype)  # float16 cannot hold large counts


def spread_of_known(
    a: Array, known: Array, axis: Axes, dtype: Any, keepdims: bool, mean: Array = None
) -> tuple[Any, Any]:
    """Sum the squared distances of the `known` elements from their mean; count the elements."""
    known = np.broadcast_to(as_array(known, a), a.shape)
    if mean is None:
        mean = mean_of_known(a, known, axis, dtype, keepdims=True)
    centred = np.where(known, a - as_array(mean, a), 0)
    is_complex = centred.dtype.kind == "c"
    square = np.real(centred * np.conj(centred)) if is_complex else centred * centred
    total = np.sum(square, axis=axis, dtype=dtype, keepdims=keepdims)
    return total, np.sum(known, axis=axis, keepdims=keepdims)


def degrees_lost(function: str, ddof: float, correction: float | None) -> float:
    """`ddof`, or `correction`, its name in the array API standard."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise ValueError(
            f"{function}: ddof={ddof} and correction={correction} are two names of one number; "
            f"give one of them"
        )
    return correction


def root(variance: Array, count: Array) -> Array:
    """The standard deviation of `count` elements; that of a single one is constant, 0 or NaN."""
    alone = count <= 1
    return np.where(alone, variance, deviation(np.where(alone, 1, variance)))


@extends(np.mean)
def _mean(
    a: Array, axis: Axes = None, dtype: Any = None, keepdims: bool = False, where: Any = True
) -> Array:
    a = as_array(a)
    if where is True:
        return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)
    y = mean_of_known(a, _mask("mean", where, a), axis, _sum_dtype(a, dtype), keepdims)
    return _narrowed(y, a, dtype)


def _sum_dtype(a: Array, dtype: Any) -> Any:
    """The dtype to sum in: float32 for float16, float64 for integers."""
    if dtype is not None or a.dtype.kind == "c":
        return dtype
    if a.dtype.kind != "f":
        return np.dtype(np.float64)
    return np.dtype(np.float32) if a.dtype == np.float16 else None


def _narrowed(y: Array, a: Array, dtype: Any) -> Array:
    """A result that was summed in float32, in the float16 of `a`."""
    return y.astype(a.dtype) if dtype is None and a.dtype == np.float16 else y


@extends(np.var)
def _var(
    a: Array,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Array = None,
    correction: float | None = None,
) -> Array:
    a, ddof = as_array(a), degrees_lost("var", ddof, correction)
    if where is True and mean is None:
        return np.var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)
    known = True if where is True else _mask("var", where, a)
    total, count = spread_of_known(a, known, axis, _sum_dtype(a, dtype), keepdims, mean)
    return _narrowed(total / np.maximum(count - ddof, 0).astype(total.dtype), a, dtype)


@extends(np.std)
def _std(
    a: Array,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    where: Any = True,
    mean: Array = None,
    correction: float | None = None,
) -> Array:
    a, ddof = as_array(a), degrees_lost("std", ddof, correction)
    if where is True and mean is None:
        return np.std(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims)
    variance = _var(a, axis, dtype, ddof, keepdims, where, mean)
    if mean is not None:
        return deviation(variance)
    return root(variance, np.sum(_mask("std", where, a), axis=axis, keepdims=keepdims))


# -- the largest and the smallest ---------------------------------------------------------------


def _extremum(function: Callable[..., Any]) -> Callable[..., Any]:
    name = function.__name__

    def extremum(
        a: Array,
        axis: Axes = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
    ) -> Array:
        a = as_array(a)
        if initial is None:
            _need_start(name, a, axis, where)
            return function(a, axis=axis, keepdims=keepdims)
        initial = _start(name, initial, a.dtype, a)
        if where is not True:
            where = _mask(name, where, a)
        return EXTREMA_FROM[function](a, initial, axis=axis, keepdims=keepdims, where=where)

    return extremum


for _function in EXTREMA_FROM:
    extends(_function)(_extremum(_function))
