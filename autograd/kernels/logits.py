"""Affine maps, which make logits, and softmax and its relatives, stable at +-1000."""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import constant, refuse_none, wide
from ..broadcasting import Axes, unreduce
from ..errors import DTypeError, ShapeError
from ..typing import Array, ArrayLike


def _shifted(function: str, x: Array, axis: int) -> tuple[Array, DTypeLike]:
    """`x` less its largest elements along `axis`, wide enough for their sum, and its dtype."""
    dtype = x.dtype
    if dtype.kind not in "fc":
        raise DTypeError(
            f"{function} got an input of dtype {dtype}; convert it to floats first, for example "
            f"with x.astype(np.float32)"
        )
    x = wide(x)
    return x - x.max(axis=axis, keepdims=True), dtype


def total(*factors: Array, axis: int) -> Array:
    """Sum the product of one or two arrays along an axis, which is kept with length one.

    Along the last axis einsum is three times as fast as a sum.
    """
    if axis not in (-1, factors[0].ndim - 1):
        product = factors[0] * factors[1] if len(factors) > 1 else factors[0]
        return np.sum(product, axis=axis, keepdims=True)
    found = np.einsum("...i,...i->..." if len(factors) > 1 else "...i->...", *factors)
    return found[..., None]


def softmax(x: ArrayLike, axis: int = -1) -> Array:
    """Return `exp(x) / sum(exp(x))` along an axis: positive numbers that sum to 1.

    Args:
        x: Floats of any shape.
        axis: Along which to sum.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.softmax(np.array([0.0, np.log(3.0)]))
        array([0.25, 0.75])
    """
    y, dtype = _shifted("softmax", x, axis)
    np.exp(y, out=y)
    y /= total(y, axis=axis)
    return y.astype(dtype, copy=False)


def log_softmax(x: ArrayLike, axis: int = -1) -> Array:
    """Return `log(softmax(x))` along an axis, exact where the softmax itself would be 0.

    Args:
        x: Floats of any shape.
        axis: Along which to sum.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.log_softmax(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """
    y, dtype = _shifted("log_softmax", x, axis)
    y -= np.log(total(np.exp(y), axis=axis))
    return y.astype(dtype, copy=False)


def logsumexp(x: ArrayLike, axis: Axes = None, keepdims: bool = False) -> Array:
    """Return `log(sum(exp(x)))` over some axes.

    Of nothing but -inf it is -inf, with gradient 0. Beside one inf the gradient of all other
    elements is 0; where several are inf, their gradient is NaN.

    Args:
        x: Numbers of any shape.
        axis: One or several axes; all of them by default.
        keepdims: Whether the axes stay, with length one.

    Returns:
        An array of the dtype of `x`, without the axes.

    Example:
        >>> autograd.ops.logsumexp(np.array([1000.0, 1000.0]))
        array(1000.69314718)
    """
    a: Array = wide(x)
    largest = np.max(a, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), largest, 0)
    sums = np.sum(np.exp(a - shift), axis=axis, keepdims=True)
    with np.errstate(divide="ignore"):  # log(0) = -inf is the answer
        y = np.log(sums) + shift
    y = y if a is x else y.astype(np.float16)
    return y if keepdims else np.squeeze(y, axis=axis)


def shares(y: Array, x: Array, axis: Axes) -> Array:
    """Return `exp(x - y)`, the derivatives of `y = logsumexp(x)`, also at infinities."""
    x, y = wide(x), unreduce(wide(y), x.shape, axis)
    if not np.all(np.isfinite(y)):
        largest = x == np.inf
        alone = np.sum(largest, axis=axis, keepdims=True) == 1
        x = np.where(largest, np.where(alone, 0, np.nan), np.where(y == np.inf, -np.inf, x))
        y = np.where(np.isinf(y), 0, y)  # -inf - -inf is NaN; exp(-inf - 0) is the 0 we want
    return np.exp(x - y)


def linear(x: ArrayLike, weight: ArrayLike, bias: ArrayLike | None = None) -> Array:
    """Return `x @ weight.T + bias`.

    Args:
        x: `(..., in_features)`.
        weight: `(out_features, in_features)`.
        bias: `(out_features,)`, or None.

    Returns:
        An array `(..., out_features)`.

    Raises:
        ShapeError: The shapes do not agree.

    Example:
        >>> autograd.ops.linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0]]), np.array([0.5]))
        array([11.5])
    """
    return _linear(x, weight, bias)


def _linear(x: Array, weight: Array, bias: Array) -> Array:
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


def cross_entropy(logits: ArrayLike, labels: ArrayLike) -> Array:
    """Return the mean negative log-likelihood of labels under `softmax(logits)`.

    Args:
        logits: Floats `(N, C)`, or `(C,)` for a single label.
        labels: Integers `(N,)` from 0 to C - 1: a constant.

    Returns:
        An array without axes, of the dtype of the logits.

    Raises:
        ShapeError: The shapes do not agree, or the batch is empty.
        DTypeError: The labels are not integers, or the logits are.
        ValueError: A label is out of range.

    Example:
        >>> autograd.ops.cross_entropy(np.zeros((3, 4)), np.array([0, 3, 3]))
        np.float64(1.3862943611198906)
    """
    return cross_entropy_and_probabilities(logits, labels)[0]


def cross_entropy_and_probabilities(logits: Array, labels: Array) -> tuple[Array, Array]:
    refuse_none("cross_entropy", logits=logits, labels=labels)
    labels = _checked_labels(logits, np.asarray(labels))
    probabilities, dtype = _shifted("cross_entropy", logits, -1)
    true = probabilities[_entries(constant(labels, logits))]
    np.exp(probabilities, out=probabilities)
    sums = probabilities.sum(axis=-1, keepdims=True)
    probabilities /= sums
    losses = np.log(sums[..., 0]) - true
    return (losses.sum() / losses.size).astype(dtype, copy=False), probabilities


def _checked_labels(logits: Array, labels: Array) -> Array:
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
    return labels


def _entries(labels: Array) -> tuple[Array, ...]:
    """The index of every label's entry in an array of classes."""
    return (np.arange(len(labels)), labels) if labels.ndim else (labels,)


def less_at_labels(probabilities: Array, labels: Array, scale: Array) -> Array:
    """Return `(probabilities - one_hot(labels)) * scale`."""
    out = probabilities * scale
    out[_entries(labels)] -= scale
    return out


def one_hot(labels: Array, classes: int) -> Array:
    """Compare each label with the numbers of all classes."""
    return labels[..., None] == constant(np.arange(classes), labels)
