"""The rules of every network function.

The functions themselves are kernels; what people call is in `autograd/ops.py`. A rule longer than a
line is a function right above its entry.
"""

import math
from typing import Any

import numpy as np

from ..arrays import constant, wide
from ..broadcasting import unbroadcast, unreduce
from ..kernels import activations, convolution, embedding, logits, normalization, pooling
from ..kernels.activations import CUBIC, FLAT, exp_limit, within
from ..kernels.embedding import Gradient
from ..kernels.logits import less_at_labels, one_hot, shares, total
from ..kernels.normalization import Statistics, per_channel
from ..registry import rule
from ..typing import Array
from .indexing import scatter

TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)


def _product(fresh: Array, *factors: Array) -> Array:
    """Multiply a new array by others, in place."""
    for factor in factors:
        fresh *= factor
    return fresh


# -- activations --------------------------------------------------------------------------------


def _leaky_slope(x: Array, negative_slope: float, like: Array) -> Array:
    """Return the slope at each element: NaN where `x` is."""
    slope = np.where(x > 0, 1.0, np.where(x <= 0, negative_slope, np.nan))
    return slope.astype(like.dtype)


def _elu_vjp(g: Array, _: None, x: Array, alpha: float = 1.0) -> Array:
    slope = alpha * np.exp(activations.clipped(x, -math.inf, 0))
    if alpha != 1:
        slope = slope + (x > 0).astype(g.dtype) * (1 - alpha)
    return g * slope


def _silu_vjp(g: Array, _: None, x: Array, s: Array = None) -> Array:
    limit = exp_limit(x)
    s = sigmoid(x) * (x > -limit) if s is None else s
    slope = _product(1 - s, within(x, limit))
    slope += 1
    return _product(slope, s, g)


def _gelu_vjp(g: Array, _: None, x: Array, p: Array = None) -> Array:
    p = (1 + erf(x * math.sqrt(0.5))) / 2 if p is None else p
    x = within(x, FLAT)
    return g * (p + x * np.exp(x * x * -0.5) / math.sqrt(2 * math.pi))


def _gelu_tanh_vjp(g: Array, _: None, x: Array, t: Array = None) -> Array:
    x = within(x, FLAT)
    t = np.tanh(CUBIC * x * (1 + 0.044715 * x * x)) if t is None else t
    return g * (1 + t + x * (1 - t * t) * (CUBIC * (1 + 3 * 0.044715 * x * x))) / 2


# fmt: off
gated: Any    = rule(activations.gated, lambda h, _, __, y: gated.apply(h, y),
                                        lambda h, *_: np.zeros_like(h))
relu          = rule(activations.relu,  lambda g, y, _: gated.apply(g, y))
leaky_relu    = rule(activations.leaky_relu,
                     lambda g, _, x, negative_slope=0.01: g * _leaky_slope(x, negative_slope, g))
elu           = rule(activations.elu,        _elu_vjp)
sigmoid       = rule(activations.sigmoid,    lambda g, y, _: _product(1 - y, y, g))
softplus      = rule(activations.softplus,   lambda g, _, x: g * sigmoid(x))
silu          = rule(activations.silu,       _silu_vjp, residual="s",
                     forward=activations.silu_and_gate)
erf           = rule(activations.erf,
                     lambda g, _, x: g * np.exp(-np.square(within(x, FLAT))) * TWO_BY_ROOT_PI)
gelu: Any     = rule(activations.gelu,       _gelu_vjp, residual="p")
gelu_tanh: Any = rule(activations.gelu_tanh,  _gelu_tanh_vjp, residual="t")
# fmt: on

# -- softmax and its relatives, affine maps -----------------------------------------------------


def _log_softmax_vjp(g: Array, y: Array, _: None, axis: int = -1) -> Array:
    gx = _product(np.exp(wide(y)), -total(wide(g), axis=axis))
    gx += g
    return gx


def _rows(x: Array) -> Array:
    return x if x.ndim == 2 else np.reshape(x, (-1, x.shape[-1]))


def _cross_entropy_vjp(
    g: Array, _: None, logits: Array, labels: Array, probabilities: Array = None
) -> Array:
    scale = wide(g) / max(np.size(labels), 1)
    labels = constant(labels, logits)
    if probabilities is None:
        return (softmax(logits) - one_hot(labels, logits.shape[-1])) * scale
    return less_at_labels(probabilities, labels, scale)


# fmt: off
softmax       = rule(logits.softmax,
                     lambda g, y, _, axis=-1: _product(g - total(wide(g), wide(y), axis=axis), y))
log_softmax   = rule(logits.log_softmax, _log_softmax_vjp)
logsumexp     = rule(logits.logsumexp,
     lambda g, y, x, axis=None, keepdims=False: unreduce(g, x.shape, axis) * shares(y, x, axis))
linear        = rule(logits.linear,
                     lambda g, _, __, weight, *___: g @ weight,
                     lambda g, _, x, *__: _rows(g).T @ _rows(x),
                     lambda g, *_: g.sum(axis=tuple(range(g.ndim - 1))))
cross_entropy = rule(logits.cross_entropy, _cross_entropy_vjp, None, residual="probabilities",
                     forward=logits.cross_entropy_and_probabilities)
# fmt: on

# -- embeddings ---------------------------------------------------------------------------------


def _lookup_vjp(
    g: Array,
    _: None,
    _weight: Array,
    indices: Array = None,
    padding_idx: int | None = None,
    sparse: bool = False,
    gradient: Gradient | None = None,
) -> Array:
    if padding_idx is not None:
        kept = np.reshape(indices != padding_idx, indices.shape + (1,) * (_weight.ndim - 1))
        g = np.where(constant(kept, g), g, 0)
    if gradient is None:
        return scatter(g, index=indices, shape=_weight.shape)
    rows = indices.ravel()
    return gradient(rows, np.reshape(g, rows.shape + _weight.shape[1:]), _weight.shape)


lookup = rule(embedding.embedding, _lookup_vjp, residual="gradient")

# -- convolution: closed under differentiation --------------------------------------------------

# fmt: off
convolve: Any = rule(
    convolution.convolve,
    lambda g, _, _x, w, *_b, windows=None: convolve_transposed(g, w, _x.shape[2:], windows),
    lambda g, _, x, _w, *_b, windows=None: correlate(g, x, _w.shape[2:], windows),
    lambda g, *_, windows=None: convolution.sum_by_channel(g))
convolve_transposed: Any = rule(
    convolution.convolve_transposed,
    lambda g, _, _y, w, size=None, windows=None: convolve(g, w, None, windows),
    lambda g, _, y, _w, size=None, windows=None: correlate(y, g, _w.shape[2:], windows))
correlate: Any = rule(
    convolution.correlate,
    lambda g, _, _y, x, kernel=None, windows=None: convolve(x, g, None, windows),
    lambda g, _, y, _x, kernel=None, windows=None: convolve_transposed(y, g, _x.shape[2:], windows))

# -- pooling: each is linear in the cotangent ---------------------------------------------------

largest: Any = rule(
    pooling.largest, lambda g, *_, windows=None, where=None: put_back(g, where, windows),
    residual="where", name="max_pool")
put_back: Any = rule(
    pooling.put_back, lambda g, *_, where=None, windows=None: pick(g, where, windows))
pick: Any = rule(
    pooling.pick, lambda g, *_, where=None, windows=None: put_back(g, where, windows))

mean: Any = rule(
    pooling.mean, lambda g, *_, windows=None, layout=None: share(g, windows, layout),
    residual="layout", name="avg_pool")
share: Any = rule(
    pooling.share, lambda g, *_, windows=None, layout=None: mean(g, windows))
# fmt: on

# -- normalisation ------------------------------------------------------------------------------


def _normalized_vjp(
    g: Array, x: Array, weight: Array, axes: tuple[int, ...], eps: float
) -> tuple[Array, Array]:
    """The gradient of `x` for statistics over `axes`, and `g` times what is normalised."""
    centred = x - np.mean(x, axis=axes, keepdims=True)
    scale = 1 / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)
    y = centred * scale
    h = g if weight is None else g * weight
    along = y * np.mean(h * y, axis=axes, keepdims=True)
    return scale * (h - np.mean(h, axis=axes, keepdims=True) - along), g * y


def _batch_norm(
    x: Array, weight: Array, bias: Array, eps: float, statistics: Statistics | None = None
) -> tuple[Array, Statistics]:
    statistics = statistics or normalization.batch_statistics(x)
    y = normalization.normalize_channels(x, weight, bias, statistics, eps)
    return y, statistics._replace(centred=None)  # it became the result


def _batch_norm_vjp(
    g: Array,
    _: None,
    x: Array,
    weight: Array,
    __: None,
    eps: float = 1e-5,
    statistics: Statistics | None = None,
) -> tuple[Array, Array, Array]:
    if statistics is not None:
        return normalization.batch_norm_gradients(g, x, weight, statistics, eps)
    shape, axes = per_channel(x)
    weight = None if weight is None else np.reshape(weight, shape)
    gx, gy = _normalized_vjp(g, x, weight, axes, eps)
    return gx, np.sum(gy, axis=axes), np.sum(g, axis=axes)


def _scaled_weight(x: Array, weight: Array, statistics: Statistics, eps: float) -> Array:
    scale = (1 / np.sqrt(statistics.var + eps)).astype(x.dtype)
    return np.reshape(scale if weight is None else scale * weight, per_channel(x)[0])


def _fixed_weight_vjp(
    g: Array, _: None, x: Array, *__: None, statistics: Statistics, eps: float = 1e-5
) -> Array:
    shape, axes = per_channel(x)
    centred = x - np.reshape(statistics.pivot, shape).astype(x.dtype)
    return np.sum(g * (centred * _scaled_weight(x, None, statistics, eps)), axis=axes)


def _normalize_vjp(
    g: Array,
    _: None,
    x: Array,
    weight: Array,
    _bias: Array,
    axes: int = 1,
    eps: float = 1e-5,
    moments: tuple[Array, Array] | None = None,
) -> tuple[Array, Array | None, Array]:
    if moments is not None:
        return normalization.normalize_gradients(g, x, weight, _bias.shape, axes, moments)
    gx, gy = _normalized_vjp(g, x, weight, tuple(range(-axes, 0)), eps)
    gw = None if weight is None else unbroadcast(gy, weight.shape)
    return gx, gw, unbroadcast(g, _bias.shape)


# fmt: off
batch_norm: Any = rule(_batch_norm, joint=_batch_norm_vjp, residual="statistics")
fixed_norm     = rule(normalization.normalize_channels,
     lambda g, _, _x, w, __, statistics=None, eps=1e-5: g * _scaled_weight(_x, w, statistics, eps),
     _fixed_weight_vjp,
     lambda g, *_, statistics=None, eps=1e-5: np.sum(g, axis=per_channel(g)[1]),
     name="fixed_norm")
normalize: Any = rule(normalization.normalize, joint=_normalize_vjp, residual="moments")
# fmt: on
