"""Averages, covariances and correlations."""

from typing import Any

import numpy as np

from ..arrays import as_array, inverse_order
from ..broadcasting import Axes, normalize_axes, reduced_size
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array


@implements(np.ptp)
def ptp(a: Array, axis: Axes, keepdims: bool) -> Array:
    return np.max(a, axis=axis, keepdims=keepdims) - np.min(a, axis=axis, keepdims=keepdims)


@implements(np.average)
def average(a: Array, axis: Axes, weights: Array, returned: bool, *, keepdims: bool) -> Any:
    a = as_array(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        if not returned:
            return mean
        return mean, np.full_like(mean, reduced_size(a.shape, axis), shape=mean.shape)
    weights = aligned("average", as_array(weights, a), a.shape, axis)
    total = np.sum(weights, axis=axis, keepdims=keepdims)
    total = total.astype(np.result_type(a.dtype, weights.dtype, 0.0))
    if np.any(total == 0):
        raise ZeroDivisionError(
            f"average: weights of shape {weights.shape} sum to 0 along axis={axis}, so they cannot "
            f"be normalised; use np.sum(a * weights)"
        )
    mean = np.sum(a * weights, axis=axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape)) if returned else mean


def aligned(function: str, weights: Array, shape: tuple[int, ...], axis: Axes) -> Array:
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
    m: Array,
    y: Array,
    rowvar: bool,
    bias: bool,
    ddof: int | None,
    fweights: Array,
    aweights: Array,
    *,
    dtype: Any,
) -> Array:
    x = _observations(m, y, rowvar, dtype)
    if ddof is None:
        ddof = 0 if bias else 1
    w = _weights_of_observations(x, fweights, aweights)
    x = x - np.average(x, axis=1, weights=w, keepdims=True)
    if w is None:
        degrees: Array = x.shape[1] - ddof
        weighted = x
    else:
        total = np.sum(w)
        degrees = total - (ddof if aweights is None else ddof * np.sum(w * aweights) / total)
        weighted = x * w
    product = x @ (np.conj(weighted).T if x.dtype.kind == "c" else weighted.T)
    return np.squeeze((product / np.maximum(degrees, 0)).astype(product.dtype))


def _observations(m: Array, y: Array, rowvar: bool, dtype: Any) -> Array:
    """Return one row for each variable: of float64, as NumPy has it, unless `dtype` is given."""
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
    return np.concatenate(rows)


def _weights_of_observations(x: Array, fweights: Array, aweights: Array) -> Array:
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
def corrcoef(x: Array, y: Array, rowvar: bool, *, dtype: Any) -> Array:
    c = cov(x, y, rowvar, dtype=dtype)
    if c.ndim == 0:
        return c / c
    variance = np.diag(c)
    deviation = np.sqrt(np.real(variance) if c.dtype.kind == "c" else variance)
    c = c / deviation[:, None] / deviation
    return c if c.dtype.kind == "c" else np.clip(c, -1, 1)
