"""Medians, percentiles and quantiles, with and without NaN.

They give the gradient to the one or two elements that they read: ties follow the sort. `q` and
`weights` are constants.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_array, constant, on_host
from ..broadcasting import Axes, normalize_axes, reduced_shape
from ..errors import NotDifferentiableError
from ..registry import implements
from ..typing import Array
from .statistics import aligned


def _median(function: Callable[..., Any]) -> Callable[..., Array]:
    def median(a: Array, axis: Axes, overwrite_input: bool, keepdims: bool) -> Array:
        return _at(function, a, 0.5, axis, keepdims)

    return median


def _quantile(function: Callable[..., Any]) -> Callable[..., Array]:
    def quantile(
        a: Array,
        q: Any,
        axis: Axes,
        overwrite_input: bool,
        method: str,
        keepdims: bool,
        *,
        weights: Any,
    ) -> Array:
        if np.iscomplexobj(a):
            raise TypeError(
                f"{function.__name__}: a must be an array of real numbers, got {a.dtype}"
            )
        return _at(function, a, q, axis, keepdims, method, weights)

    return quantile


_MEDIANS: tuple[Callable[..., Any], ...] = np.median, np.nanmedian

for _function in _MEDIANS:
    implements(_function)(_median(_function))
for _function in (np.quantile, np.percentile, np.nanquantile, np.nanpercentile):
    implements(_function)(_quantile(_function))


def _at(
    function: Callable[..., Any],
    a: Array,
    q: Any,
    axis: Axes,
    keepdims: bool,
    method: str = "linear",
    weights: Any = None,
) -> Array:
    """Return the elements at the places of `q` in sorted order, or between two of them."""
    name = function.__name__
    skip_nan = name.startswith("nan")
    find = np.percentile if name.endswith("percentile") else np.quantile
    a, quantiles = as_array(a), on_host(q)
    if a.size == 0:
        return _of_nothing(function, a, quantiles, axis, keepdims, method)
    axes = normalize_axes(name, axis, a.ndim)
    rows = _last_and_joined(a, axes)
    order = np.argsort(rows, axis=-1)
    valid = np.sum(~np.isnan(rows), axis=-1)  # NaNs are sorted to the end
    if weights is None:
        counts = valid if skip_nan else np.full_like(valid, rows.shape[-1])
        places = _places(counts, quantiles, find, method)
    else:
        weights = aligned(find.__name__, _constant(find.__name__, weights, a), a.shape, axis)
        weights = _last_and_joined(np.broadcast_to(weights, a.shape), axes)
        if skip_nan:
            weights = np.where(np.isnan(rows) & (valid > 0)[..., None], 0, weights)
        # NumPy's own weighted quantiles of 0, 1, ..., n-1 are the places in the sort.
        ranks = np.argsort(order, axis=-1)
        at = constant(np.ravel(quantiles), ranks)
        places = find(ranks, at, axis=-1, weights=weights, method=method)
        places = np.moveaxis(places, 0, -1).astype(float)
    # A float32 stays one, unless an array of quantiles comes in with a wider dtype.
    dtypes = (a.dtype,) if type(q) in (int, float) else (a.dtype, quantiles.dtype)
    result = _interpolated(rows, order, places, np.result_type(*dtypes, 0.0))
    lost = valid == 0 if skip_nan else valid < rows.shape[-1]
    if np.any(lost):
        result = result * np.where(lost[..., None], math.nan, 1).astype(result.dtype)
    shape = reduced_shape(a.shape, axes) if keepdims else rows.shape[:-1]
    return np.reshape(np.moveaxis(result, -1, 0), quantiles.shape + shape)


def _of_nothing(
    function: Callable[..., Any], a: Array, q: Any, axis: Axes, keepdims: bool, method: str
) -> Array:
    """Return NumPy's value for an array without elements, or raise its error."""
    nothing = np.zeros(a.shape, a.dtype)
    if function in _MEDIANS:
        value = function(nothing, axis=axis, keepdims=keepdims)
    else:
        value = function(nothing, q, axis=axis, keepdims=keepdims, method=method)
    return constant(value, a) + np.sum(a)  # which is 0, and makes it depend on `a`


def _last_and_joined(x: Array, axes: tuple[int, ...]) -> Array:
    """Move `axes` to the end, and join them to one."""
    kept = tuple(i for i in range(x.ndim) if i not in axes)
    n = math.prod(x.shape[i] for i in axes)
    return np.reshape(np.transpose(x, kept + axes), (*(x.shape[i] for i in kept), n))


def _places(counts: Array, q: Any, find: Callable[..., Any], method: str) -> Array:
    """Return where `q` are among so many sorted elements: 1.5 is half-way from [1] to [2].

    In sorted order the element at place i of 0, 1, ..., n-1 is i, so NumPy's own quantiles of
    those numbers are the places, whatever the method.
    """
    distinct, which = np.unique(counts, return_inverse=True)
    table = [find(np.arange(max(n, 1)), np.ravel(q), method=method) for n in distinct.tolist()]
    return constant(np.stack(table).astype(float), counts)[np.reshape(which, np.shape(counts))]


def _interpolated(rows: Array, order: Array, places: Array, dtype: Any) -> Array:
    """Return the sorted elements at `places`, on the line between two where these are fractions."""

    def at(places: Array) -> Array:
        return np.take_along_axis(rows, np.take_along_axis(order, places.astype(int), -1), -1)

    result = at(np.floor(places))
    share = places % 1
    if np.any(share):
        result = result * (1 - share).astype(dtype) + at(np.ceil(places)) * share.astype(dtype)
    return result


def _constant(function: str, weights: Any, a: Array) -> Array:
    if not hasattr(weights, "requires_grad"):
        return as_array(weights, a)
    if weights.requires_grad:
        raise NotDifferentiableError(
            f"{function}: weights= has no gradient, for what is picked jumps with them; pass "
            f"weights.data"
        )
    return weights.data
