"""Statistics: averages, covariances, quantiles, and the reductions that skip NaN.

Largest and smallest elements share the gradient equally where several tie. Medians and quantiles
follow the sort: they give it to the one or two elements that they read. `nanstd` has gradient 0
where it is 0, and no second derivative there: that is NaN. A NaN that is skipped has gradient 0.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import as_array, constant, inverse_order, on_host
from ..broadcasting import Axes, normalize_axes, reduced_shape, reduced_size
from ..errors import NotDifferentiableError, ShapeError
from ..registry import implements, rule
from .elementwise import kink
from .reductions import _extremum_vjp
from .refused import refuse_out

# fmt: off
rule(np.amax,   _extremum_vjp)
rule(np.amin,   _extremum_vjp)
rule(np.nanmax, _extremum_vjp)  # a NaN is not equal to the largest element, and gets nothing
rule(np.nanmin, _extremum_vjp)
# fmt: on


@implements(np.ptp)
def ptp(a: Any, axis: Axes = None, out: Any = None, keepdims: bool = False) -> Any:
    refuse_out("ptp", out)
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


# -- averages -----------------------------------------------------------------------------------


@implements(np.average)
def average(
    a: Any,
    axis: Axes = None,
    weights: Any = None,
    returned: bool = False,
    *,
    keepdims: bool = False,
) -> Any:
    a = as_array(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        if not returned:
            return mean
        return mean, np.full_like(mean, reduced_size(a.shape, axis), shape=mean.shape)
    weights = _aligned("average", as_array(weights, a), a.shape, axis)
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    total = total.astype(np.result_type(a.dtype, weights.dtype, 0.0))
    if np.any(total == 0):
        raise ZeroDivisionError(
            f"average: weights of shape {weights.shape} sum to 0 along axis={axis}, so they cannot "
            f"be normalised; use np.sum(a * weights)"
        )
    mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape)) if returned else mean


def _aligned(function: str, weights: Any, shape: tuple[int, ...], axis: Axes) -> Any:
    """Weights with as many axes as what they are for; they are given for all, or for `axis`."""
    if weights.shape == shape:
        return weights
    axes = normalize_axes(function, axis, len(shape))
    if axis is None or weights.shape != tuple(shape[i] for i in axes):
        raise ShapeError(
            f"{function}: weights of shape {weights.shape} match neither the array, of shape "
            f"{shape}, nor its axis={axis}; name the axis that they are for"
        )
    weights = np.transpose(weights, inverse_order(axes))
    return np.reshape(weights, [n if i in axes else 1 for i, n in enumerate(shape)])


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """`np.cov`, with its rule for dtypes: float64 unless `dtype` says otherwise."""
    samples = [as_array(s) for s in (m, y) if s is not None]
    for s in samples:
        if s.ndim > 2:
            raise ShapeError(
                f"cov: observations must have one or two axes, got shape {s.shape}; reshape them"
            )
    dtype = np.result_type(*samples, np.float64) if dtype is None else dtype
    rows = [np.atleast_2d(s).astype(dtype) for s in samples]
    if not rowvar and samples[0].ndim != 1:
        rows[0] = rows[0].T
    if not rowvar and y is not None and rows[1].shape[0] != 1:
        rows[1] = rows[1].T
    x = np.concatenate(rows)
    if ddof is None:
        ddof = 0 if bias else 1
    w = _weights_of_observations(x, fweights, aweights)
    mean = np.average(x, axis=1, weights=w, keepdims=True)
    x = x - mean
    if w is None:
        degrees: Any = x.shape[1] - ddof
        weighted = x
    else:
        total = np.sum(w)
        degrees = total - (ddof if aweights is None else ddof * np.sum(w * aweights) / total)
        weighted = x * w
    product = x @ (np.conj(weighted).T if x.dtype.kind == "c" else weighted.T)
    return np.squeeze((product / np.maximum(degrees, 0)).astype(product.dtype))


def _weights_of_observations(x: Any, fweights: Any, aweights: Any) -> Any:
    n = x.shape[1]
    given = [as_array(w, x) for w in (fweights, aweights) if w is not None]
    if not given:
        return None
    for w in given:
        if w.shape != (n,) or np.any(w < 0):
            raise ShapeError(
                f"cov: weights must be of shape ({n},), one per observation, and none negative; "
                f"got shape {w.shape}, from {np.min(w, initial=0)}"
            )
    if fweights is not None and np.any(given[0] != np.rint(given[0])):
        raise TypeError(
            "cov: fweights must be whole numbers, for they count; for others use aweights"
        )
    return given[0] * 1.0 if len(given) == 1 else given[0] * given[1]


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    variance = np.diag(c)
    deviation = np.sqrt(np.real(variance) if c.dtype.kind == "c" else variance)
    c = c / deviation[:, None] / deviation
    return c if c.dtype.kind == "c" else np.clip(c, -1, 1)


# -- quantiles ----------------------------------------------------------------------------------


@implements(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """`np.quantile`, by any method; `q` and `weights` are constants."""
    refuse_out("quantile", out)
    return _quantile(np.quantile, a, q, axis, keepdims, method, weights)


@implements(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """`np.percentile`, by any method; `q` and `weights` are constants."""
    refuse_out("percentile", out)
    return _quantile(np.percentile, a, q, axis, keepdims, method, weights)


@implements(np.median)
def median(
    a: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    refuse_out("median", out)
    return _quantile(np.median, a, 0.5, axis, keepdims)


@implements(np.nanquantile)
def nanquantile(
    a: Any,
    q: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    refuse_out("nanquantile", out)
    return _quantile(np.nanquantile, a, q, axis, keepdims, method, weights)


@implements(np.nanpercentile)
def nanpercentile(
    a: Any,
    q: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    refuse_out("nanpercentile", out)
    return _quantile(np.nanpercentile, a, q, axis, keepdims, method, weights)


@implements(np.nanmedian)
def nanmedian(
    a: Any,
    axis: Axes = None,
    out: Any = None,
    overwrite_input: bool = False,
    keepdims: bool = False,
) -> Any:
    refuse_out("nanmedian", out)
    return _quantile(np.nanmedian, a, 0.5, axis, keepdims)


def _quantile(
    function: Callable[..., Any],
    a: Any,
    q: Any,
    axis: Axes,
    keepdims: bool,
    method: str = "linear",
    weights: Any = None,
) -> Any:
    """The elements at the places of the quantiles `q` in sorted order, or the line between two."""
    # A float32 stays one, unless an array of quantiles comes in with a wider dtype.
    weak = type(q) in (int, float)
    a, q = as_array(a), on_host(q)
    if a.dtype.kind == "c" and function not in (np.median, np.nanmedian):
        raise TypeError(f"{function.__name__}: a must be an array of real numbers, got {a.dtype}")
    skip_nan = function.__name__.startswith("nan")
    if a.size == 0:  # NumPy's value, or its error; it depends on nothing
        given = () if function in (np.median, np.nanmedian) else (q,)
        how = {"method": method} if given else {}
        nothing = np.zeros(a.shape, a.dtype)
        value = function(nothing, *given, axis=axis, keepdims=keepdims, **how)
        return constant(value, a) + np.sum(a)
    wide = np.result_type(a.dtype, 0.0) if weak else np.result_type(a.dtype, q.dtype, 0.0)
    axes = normalize_axes(function.__name__, axis, a.ndim)
    kept = tuple(i for i in range(a.ndim) if i not in axes)
    lengths = tuple(a.shape[i] for i in kept)
    n = math.prod(a.shape[i] for i in axes)
    rows = np.reshape(np.transpose(a, kept + axes), (*lengths, n))

    valid = np.sum(~np.isnan(rows), axis=-1)  # NaNs are sorted to the end
    find = np.percentile if function in (np.percentile, np.nanpercentile) else np.quantile
    order = np.argsort(rows, axis=-1)
    if weights is None:
        places = _places(valid if skip_nan else np.full_like(valid, n), q, find, method)
    else:
        weights = _constant_weights(find.__name__, weights, a)
        weights = _aligned(find.__name__, weights, a.shape, axis)
        weights = np.transpose(np.broadcast_to(weights, a.shape), kept + axes)
        weights = np.reshape(weights, rows.shape)
        if skip_nan:
            weights = np.where(np.isnan(rows) & (valid > 0)[..., None], 0, weights)
        # NumPy's own weighted quantiles of 0, 1, ..., n-1 are the places in the sort.
        ranks = np.argsort(order, axis=-1)
        places = find(ranks, constant(np.ravel(q), ranks), axis=-1, weights=weights, method=method)
        places = np.moveaxis(places, 0, -1).astype(float)

    def at(places: Any) -> Any:
        return np.take_along_axis(rows, np.take_along_axis(order, places.astype(int), -1), -1)

    result = at(np.floor(places))
    share = places % 1
    if np.any(share):
        result = result * (1 - share).astype(wide) + at(np.ceil(places)) * share.astype(wide)
    lost = valid == 0 if skip_nan else valid < n
    if np.any(lost):
        result = result * np.where(lost[..., None], math.nan, 1).astype(result.dtype)
    shape = reduced_shape(a.shape, axes) if keepdims else lengths
    return np.reshape(np.moveaxis(result, -1, 0), q.shape + shape)


def _constant_weights(function: str, weights: Any, a: Any) -> Any:
    if not hasattr(weights, "requires_grad"):
        return as_array(weights, a)
    if weights.requires_grad:
        raise NotDifferentiableError(
            f"{function}: weights= has no gradient, for what is picked jumps with them; pass "
            f"weights.data"
        )
    return weights.data


def _places(counts: Any, q: Any, find: Callable[..., Any], method: str) -> Any:
    """Where the quantiles stand among so many sorted elements: 1.5 is half-way from [1] to [2].

    In sorted order the element at place i of 0, 1, ..., n-1 is i, so NumPy's own quantiles of
    those numbers are the places, whatever the method.
    """
    distinct, which = np.unique(counts, return_inverse=True)
    table = [find(np.arange(max(n, 1)), np.ravel(q), method=method) for n in distinct.tolist()]
    return constant(np.stack(table).astype(float), counts)[np.reshape(which, np.shape(counts))]


# -- reductions that skip NaN -------------------------------------------------------------------


def _without_nan(a: Any, fill: float) -> Any:
    return np.where(np.isnan(a), fill, a)


@implements(np.nansum)
def nansum(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = np._NoValue,
) -> Any:
    refuse_out("nansum", out)
    a = _without_nan(a, 0)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@implements(np.nanprod)
def nanprod(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    initial: Any = np._NoValue,
    where: Any = np._NoValue,
) -> Any:
    refuse_out("nanprod", out)
    a = _without_nan(a, 1)
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


def _known(a: Any, where: Any) -> Any:
    """Where `a` holds numbers, and is chosen."""
    known = ~np.isnan(a)
    return known if where is True else known & as_array(where, a)


@implements(np.nanmean)
def nanmean(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: bool = False,
    *,
    where: Any = True,
) -> Any:
    refuse_out("nanmean", out)
    return mean_of_known(a, _known(a, where), axis, dtype, keepdims)


@implements(np.nanvar)
def nanvar(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    refuse_out("nanvar", out)
    ddof = degrees_lost("nanvar", ddof, correction)
    total, count = spread_of_known(a, _known(a, where), axis, dtype, keepdims, mean)
    degrees = count - ddof
    return (total / np.where(degrees > 0, degrees, math.nan)).astype(total.dtype)


@implements(np.nanstd)
def nanstd(
    a: Any,
    axis: Axes = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    ddof = degrees_lost("nanstd", ddof, correction)
    variance = nanvar(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean)
    if mean is not None:
        return _deviation(variance)
    return root(variance, np.sum(_known(a, where), axis=axis, keepdims=keepdims))


def mean_of_known(a: Any, known: Any, axis: Axes, dtype: Any, keepdims: bool) -> Any:
    """The mean of the elements that are `known`, an array of booleans of the same shape."""
    total = np.sum(np.where(known, a, 0), axis=axis, dtype=dtype, keepdims=keepdims)
    count = np.sum(known, axis=axis, keepdims=keepdims)
    return (total / count).astype(total.dtype)  # float16 cannot hold large counts


def spread_of_known(
    a: Any, known: Any, axis: Axes, dtype: Any, keepdims: bool, mean: Any = None
) -> tuple[Any, Any]:
    """The squared distances from the mean of those that are `known`: their sum and their number."""
    known = np.broadcast_to(as_array(known, a), a.shape)
    if mean is None:
        mean = mean_of_known(a, known, axis, dtype, keepdims=True)
    centred = np.where(known, a - as_array(mean, a), 0)
    is_complex = centred.dtype.kind == "c"
    square = np.real(centred * np.conj(centred)) if is_complex else centred * centred
    total = np.sum(square, axis=axis, dtype=dtype, keepdims=keepdims)
    return total, np.sum(known, axis=axis, keepdims=keepdims)


def degrees_lost(function: str, ddof: float, correction: float | None) -> float:
    """`ddof`, or its other name in the array API standard."""
    if correction is None:
        return ddof
    if ddof != 0:
        raise ValueError(
            f"{function}: ddof={ddof} and correction={correction} are two names of one number; "
            f"give one of them"
        )
    return correction


def root(variance: Any, count: Any) -> Any:
    """The standard deviation of so many elements: that of one is 0, or NaN, whatever it is."""
    alone = count <= 1
    return np.where(alone, variance, _deviation(np.where(alone, 1, variance)))


#: The square root, with gradient 0 at 0 and, as of `std`, no second derivative there.
_deviation = rule(
    lambda variance: np.sqrt(variance),
    lambda g, y, _: g / np.where(y == 0, math.inf, 2 * y) + kink(y),
)
_deviation.name = "nanstd"
