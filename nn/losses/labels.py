"""Losses for classifiers: how likely the labels are."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import DTypeError, ShapeError, Tensor
from autograd.numpy import asarray
from autograd.ops import log_softmax

from ..module import Buffer
from .base import Loss, checked, factor, reduced


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The negative log-likelihood of `target` under softmax(`input`).

    `input`: logits `(N, C)`, or `(C,)` for a single one, or `(N, C, d1, ...)`. `target`: labels
    from 0 to C - 1, of the input's shape without the axis of classes; or probabilities of all
    classes, of the input's shape. `weight`: `(C,)`, a factor for each class. Labels equal to
    `ignore_index` count for nothing. `label_smoothing`: from 0 to 1, the share of the target that
    is spread evenly over all classes (Szegedy et al., 2016).

    The mean is over labels, each counting as much as its weight; with probabilities, over N, d1...

    Raises `ValueError` for a label outside 0..C-1, and for the mean where all are ignored.
    """
    plain = weight is None and reduction == "mean" and not label_smoothing
    if plain and ignore_index < 0:
        try:  # one node; what it refuses, such as labels to be ignored, is looked into below
            return autograd.ops.cross_entropy(input, target)
        except (AttributeError, TypeError, ValueError):
            pass
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing (={label_smoothing}) must be in 0..1")
    (input,) = checked("cross_entropy", input)
    if input.ndim and np.shape(target) == input.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    rows, labels, counts = _rows_and_labels("cross_entropy", input, target, ignore_index)
    if plain and counts.any():
        kept = rows if counts.all() else rows[counts.reshape(-1)]
        return autograd.ops.cross_entropy(kept, labels[counts])
    rows = log_softmax(rows)
    return _of_labels("cross_entropy", rows, labels, counts, weight, reduction, label_smoothing)


class CrossEntropyLoss(Loss):
    """`cross_entropy` as a module. Give it logits, not probabilities.

    `weight` is a buffer: it is saved with the module.
    """

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """The negative of each label's entry in `input`, which holds log-probabilities.

    Shapes, weights and errors are those of `cross_entropy`, which is this after `log_softmax`.
    """
    (input,) = checked("nll_loss", input)
    rows, labels, counts = _rows_and_labels("nll_loss", input, target, ignore_index)
    return _of_labels("nll_loss", rows, labels, counts, weight, reduction)


class NLLLoss(Loss):
    """`nll_loss` as a module. `weight` is a buffer: it is saved with the module."""

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
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
