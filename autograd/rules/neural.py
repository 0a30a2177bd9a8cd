"""What networks need and NumPy lacks, besides activations. Each is one node, stable at +-1000.

`logsumexp` of nothing but -inf is -inf, with gradient 0. Beside one inf all others have gradient 0;
of several that are inf nobody knows which is the largest, and their gradient is NaN.
"""

from typing import Any

import numpy as np

from ..arrays import constant, refuse_none, wide
from ..broadcasting import Axes, unreduce
from ..errors import DTypeError, ShapeError
from ..registry import rule
from .reductions import mean_of


def _shifted(function: str, x: Any, axis: int) -> Any:
    """`x` less its largest elements along `axis`, as a new array, wide enough for their sum."""
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"{function} got an input of dtype {x.dtype}; convert it to floats first, for example "
            f"with x.astype(np.float32)"
        )
    x = wide(x)
    return x - x.max(axis=axis, keepdims=True)


def _total(*factors: Any, axis: int) -> Any:
    """The sum of the product along an axis, kept with length one.

    Along the last axis einsum is three times as fast as a sum.
    """
    if axis not in (-1, factors[0].ndim - 1):
        product = factors[0] * factors[1] if len(factors) > 1 else factors[0]
        return np.sum(product, axis=axis, keepdims=True)
    total = np.einsum("...i,...i->..." if len(factors) > 1 else "...i->...", *factors)
    return total[..., None]


def _softmax(x: Any, axis: int = -1) -> Any:
    y = _shifted("softmax", x, axis)
    np.exp(y, out=y)
    y /= _total(y, axis=axis)
    return y.astype(x.dtype, copy=False)


def _softmax_vjp(g: Any, y: Any, _: Any, axis: int = -1) -> Any:
    g, y = wide(g), wide(y)
    gx = g - _total(g, y, axis=axis)
    gx *= y
    return gx


def _log_softmax(x: Any, axis: int = -1) -> Any:
    y = _shifted("log_softmax", x, axis)
    y -= np.log(_total(np.exp(y), axis=axis))
    return y.astype(x.dtype, copy=False)


def _log_softmax_vjp(g: Any, y: Any, _: Any, axis: int = -1) -> Any:
    gx, g = np.exp(wide(y)), wide(g)
    gx *= -_total(g, axis=axis)
    gx += g
    return gx


def _logsumexp(x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    given, x = x, wide(x)
    largest = np.max(x, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0)
    total = np.sum(np.exp(x - shift), axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # log(0) = -inf is the answer
        y = np.log(total) + shift
    y = y if x is given else y.astype(given.dtype)
    return y if keepdims else np.squeeze(y, axis=axis)


def _logsumexp_vjp(g: Any, y: Any, x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    x, y = wide(x), unreduce(wide(y), x.shape, axis)
    if not np.all(np.isfinite(y)):
        largest = x == np.inf
        alone = np.sum(largest, axis=axis, keepdims=True) == 1
        x = np.where(largest, np.where(alone, 0, np.nan), np.where(y == np.inf, -np.inf, x))
        y = np.where(np.isinf(y), 0, y)  # -inf - -inf is NaN; exp(-inf - 0) is the 0 we want
    return unreduce(g, x.shape, axis) * np.exp(x - y)


def _linear(x: Any, weight: Any, bias: Any = None) -> Any:
    try:
        y = x @ weight.T
    except ValueError:
        raise ShapeError(
            f"linear: the last axis of x must have in_features (={weight.shape[-1]}) elements, as "
            f"weight {weight.shape} says; x has shape {x.shape}"
        ) from None
    if bias is None:
        return y
    if bias.shape != weight.shape[:1]:
        raise ShapeError(
            f"linear: bias must have shape (out_features,) = {weight.shape[:1]}, as weight "
            f"{weight.shape} says; got {bias.shape}"
        )
    if y.dtype != bias.dtype:
        return y + bias
    y += bias
    return y


def _linear_weight_vjp(g: Any, _: Any, x: Any, *__: Any) -> Any:
    if x.ndim != 2:
        x, g = np.reshape(x, (-1, x.shape[-1])), np.reshape(g, (-1, g.shape[-1]))
    return g.T @ x


def _linear_bias_vjp(g: Any, *_: Any) -> Any:
    return g.sum(axis=tuple(range(g.ndim - 1)))


def _cross_entropy(logits: Any, labels: Any) -> tuple[Any, Any]:
    refuse_none("cross_entropy", logits=logits, labels=labels)
    labels = np.asarray(labels)
    classes = logits.shape[-1] if logits.ndim else 0
    if logits.ndim not in (1, 2) or labels.shape != logits.shape[:-1]:
        raise ShapeError(
            f"cross_entropy: logits of shape (N, C) go with labels of shape (N,); got "
            f"{logits.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise DTypeError(
            f"cross_entropy: labels must be integers, the indices of the classes; got dtype "
            f"{labels.dtype}"
        )
    if labels.size == 0:
        raise ShapeError("cross_entropy: got an empty batch, whose mean is not defined")
    if labels.min() < 0 or labels.max() >= classes:
        raise ValueError(
            f"cross_entropy: labels must lie in 0..{classes - 1} for {classes} classes; got "
            f"{labels.min()} to {labels.max()}"
        )
    probabilities = _shifted("cross_entropy", logits, -1)
    true = probabilities[_positions(constant(labels, logits))]
    np.exp(probabilities, out=probabilities)
    total = probabilities.sum(axis=-1, keepdims=True)
    probabilities /= total
    loss = np.log(total[..., 0]) - true
    return mean_of(loss).astype(logits.dtype, copy=False), probabilities


def _positions(labels: Any) -> tuple[Any, ...]:
    """The index of every label's entry in an array of classes."""
    return (np.arange(len(labels)), labels) if labels.ndim else (labels,)


def _cross_entropy_vjp(g: Any, _: Any, logits: Any, labels: Any, probabilities: Any = None) -> Any:
    scale = wide(g) / max(np.size(labels), 1)
    labels = constant(labels, logits)
    if probabilities is None:
        hit = labels[..., None] == constant(np.arange(logits.shape[-1]), labels)
        return (softmax(logits) - hit) * scale
    gradient = probabilities * scale
    gradient[_positions(labels)] -= scale
    return gradient


# fmt: off

#: exp(x) / sum(exp(x)) along `axis`.
softmax = rule(_softmax, _softmax_vjp)

#: log(softmax(x)) along `axis`.
log_softmax = rule(_log_softmax, _log_softmax_vjp)

#: log(sum(exp(x))) over the axes `axis`.
logsumexp = rule(_logsumexp, _logsumexp_vjp)

#: x @ weight.T + bias, for `x` of shape (..., in_features), `weight` (out_features, in_features)
#: and `bias` (out_features,) or None.
linear = rule(_linear, lambda g, _, __, weight, *___: g @ weight,
                       _linear_weight_vjp,
                       _linear_bias_vjp)

#: The mean negative log-likelihood of integer `labels` (N,) under softmax(`logits`), (N, C).
cross_entropy = rule(_cross_entropy, _cross_entropy_vjp, None, residual="probabilities")

# fmt: on
