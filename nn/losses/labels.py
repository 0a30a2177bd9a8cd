"""Losses for classifiers: how likely the labels are."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import DTypeError, ShapeError, Tensor
from autograd.numpy import asarray
from autograd.ops import log_softmax
from autograd.typing import ArrayLike

from ..module import Buffer
from .base import Loss, checked, factor, reduced


def cross_entropy(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """Compute the negative log-likelihood of `target` under softmax(`input`).

    The mean is over labels, each counting as much as its weight, or over all probabilities.

    Args:
        input: Logits `(N, C)`, or `(C,)` for a single one, or `(N, C, d1, ...)`.
        target: Labels from 0 to C - 1, of the input's shape without the axis of classes; or
            probabilities of all classes, of the input's shape.
        weight: A factor for each class, `(C,)`.
        ignore_index: Labels that count for nothing.
        reduction: "mean", "sum", or "none" for the loss of each label.
        label_smoothing: The share of the target that is spread evenly over all classes, from 0 to 1
            (Szegedy et al., 2016).

    Raises:
        ShapeError: The shapes do not go together.
        ValueError: A label is outside 0 to C - 1, or the mean of no labels is asked for.

    Example:
        >>> nn.functional.cross_entropy(Tensor([[2.0, 0.0], [0.0, 2.0]]), [0, 1]).item()
        0.126928011042972...
    """
    plain = weight is None and reduction == "mean" and not label_smoothing
    if plain and ignore_index < 0:
        try:  # one node; what it refuses, such as labels to be ignored, is looked into below
            return autograd.ops.cross_entropy(input, target)
        except (AttributeError, TypeError, ValueError):
            pass
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing (={label_smoothing}) must be in 0..1")
    (x,) = checked("cross_entropy", input)
    if x.ndim and np.shape(target) == x.shape:
        return _of_probabilities(x, target, weight, ignore_index, reduction, label_smoothing)
    rows, labels, counts = _rows_and_labels("cross_entropy", x, target, ignore_index)
    if plain and counts.any():
        kept = rows if counts.all() else rows[counts.reshape(-1)]
        return autograd.ops.cross_entropy(kept, labels[counts])
    rows = log_softmax(rows)
    return _of_labels("cross_entropy", rows, labels, counts, weight, reduction, label_smoothing)


class CrossEntropyLoss(Loss):
    """The loss `nn.functional.cross_entropy` as a module.

    It takes logits, not probabilities.

    Args:
        weight: A factor for each class, `(C,)`; a buffer, which is saved with the module.
        ignore_index: Labels that count for nothing.
        reduction: "mean", "sum" or "none".
        label_smoothing: The share of the target that is spread evenly, from 0 to 1.

    Example:
        >>> nn.CrossEntropyLoss()(Tensor([[2.0, 0.0], [0.0, 2.0]]), [0, 1]).item()
        0.126928011042972...
    """

    def __init__(
        self,
        weight: ArrayLike | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


def nll_loss(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """Return the negative of each label's entry in `input`, which holds log-probabilities.

    `cross_entropy` is this after `log_softmax`.

    Args:
        input: Log-probabilities `(N, C)`, or `(C,)` for a single one, or `(N, C, d1, ...)`.
        target: Labels from 0 to C - 1, of the input's shape without the axis of classes.
        weight: A factor for each class, `(C,)`.
        ignore_index: Labels that count for nothing.
        reduction: "mean", "sum", or "none" for the loss of each label.

    Raises:
        ShapeError: The shapes do not go together.
        ValueError: A label is outside 0 to C - 1, or the mean of no labels is asked for.

    Example:
        >>> nn.functional.nll_loss(np.log([[0.25, 0.75]]), [1]).round(3)
        np.float64(0.288)
    """
    (x,) = checked("nll_loss", input)
    rows, labels, counts = _rows_and_labels("nll_loss", x, target, ignore_index)
    return _of_labels("nll_loss", rows, labels, counts, weight, reduction)


class NLLLoss(Loss):
    """The loss `nn.functional.nll_loss` as a module.

    Args:
        weight: A factor for each class, `(C,)`; a buffer, which is saved with the module.
        ignore_index: Labels that count for nothing.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.NLLLoss()(np.log([[0.25, 0.75]]), [1]).round(3)
        np.float64(0.288)
    """

    def __init__(
        self,
        weight: ArrayLike | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


def _rows_and_labels(
    function: str, input: Any, labels: Any, ignore_index: int
) -> tuple[Any, Any, Any]:
    """The input as `(M, C)`, the labels as an array, and which of them are not to be ignored."""
    labels = labels.data if isinstance(labels, Tensor) else asarray(labels)
    axis = min(input.ndim - 1, 1)
    if input.ndim == 0 or labels.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ShapeError(
            f"{function}: an input of shape (N, C, d1, ...) goes with labels of shape (N, d1, ...)"
            f"; got {input.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise DTypeError(
            f"{function}: labels must be integers, the indices of the classes; got dtype "
            f"{labels.dtype}"
        )
    counts = labels != ignore_index
    classes = input.shape[axis]
    wrong = labels[counts & ((labels < 0) | (labels >= classes))]
    if wrong.size:
        raise ValueError(
            f"{function}: labels must lie in 0..{classes - 1} for {classes} classes, or be the "
            f"ignore_index (={ignore_index}); got {wrong[0]}"
        )
    return _rows(input), labels, counts


def _rows(x: Any) -> Any:
    """`(N, C, d1, ...)` as `(N * d1 * ..., C)`."""
    if x.ndim < 3:
        return x if x.ndim == 2 else x.reshape(1, -1)
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def _of_labels(
    function: str,
    rows: Any,
    labels: Any,
    counts: Any,
    weight: Any,
    reduction: str,
    label_smoothing: float = 0.0,
) -> Any:
    """The losses of log-probabilities `rows`, `(M, C)`."""
    flat = np.where(counts, labels, 0).reshape(-1)
    shares = counts.reshape(-1).astype(rows.dtype)  # of each label in the mean
    weighted = rows
    if weight is not None:
        weight = _class_weights(function, weight, rows)
        shares = shares * weight[flat]
        weighted = rows * weight
    losses = -rows[np.arange(flat.size), flat] * shares
    if label_smoothing:
        even = -weighted.sum(axis=1) * counts.reshape(-1) * (label_smoothing / rows.shape[1])
        losses = losses * (1 - label_smoothing) + even
    if reduction != "mean" or labels.size == 0:
        return reduced(function, losses.reshape(labels.shape), reduction)
    total = shares.sum()
    if total == 0:
        raise ValueError(
            f"{function}: every label is the ignore_index, or of a class of weight 0, so that "
            f"there is no mean; skip this batch, or use reduction='sum'"
        )
    return losses.sum() / total


def _class_weights(function: str, weight: Any, rows: Any) -> Any:
    if np.shape(weight) != rows.shape[1:]:
        raise ShapeError(
            f"{function}: weight must have one factor for each of the {rows.shape[1]} classes; got "
            f"shape {np.shape(weight)}"
        )
    return factor(function, "weight", weight, rows)


def _of_probabilities(
    input: Any,
    target: Any,
    weight: Any,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Any:
    if not hasattr(target, "dtype"):
        target = np.asarray(target)
    if target.dtype.kind != "f":
        raise DTypeError(
            f"cross_entropy: a target of the input's shape {input.shape} holds probabilities, but "
            f"its dtype is {target.dtype}; labels have no axis of classes"
        )
    if ignore_index >= 0:
        raise ValueError(
            f"cross_entropy: ignore_index (={ignore_index}) is for labels, but the target of shape "
            f"{input.shape} holds probabilities"
        )
    rows, goal = log_softmax(_rows(input)), _rows(target)
    if label_smoothing:
        goal = goal * (1 - label_smoothing) + label_smoothing / rows.shape[1]
    losses = rows * goal
    if weight is not None:
        losses = losses * _class_weights("cross_entropy", weight, rows)
    shape = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    return reduced("cross_entropy", -losses.sum(axis=1).reshape(shape), reduction)
