"""Losses for targets that are probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import Tensor, rule
from autograd.ops import sigmoid
from autograd.typing import ArrayLike

from ..module import Buffer
from .base import Loss, checked, factor, reduced, refuse_nothing


def binary_cross_entropy_with_logits(
    input: ArrayLike,
    target: ArrayLike,
    weight: ArrayLike | None = None,
    reduction: str = "mean",
    pos_weight: ArrayLike | None = None,
) -> Any:
    """Compute the negative log-likelihood of `target` under sigmoid(`input`), for each element.

    Args:
        input: Logits of any shape.
        target: Probabilities from 0 to 1, of the same shape.
        weight: A factor for each loss; broadcasts to the shape of `input`.
        reduction: "mean", "sum", or "none" for the loss of each element.
        pos_weight: A factor for the part of each loss that belongs to the target 1, likewise.

    Raises:
        ShapeError: The shapes do not go together, or the mean of nothing is asked for.
        ValueError: `reduction` is not one of these.

    Example:
        >>> nn.functional.binary_cross_entropy_with_logits(np.array([2.0, -2.0]), [1, 0]).round(3)
        np.float64(0.127)
    """
    function = "binary_cross_entropy_with_logits"
    x, t = checked(function, input, target=target)
    if pos_weight is None:
        losses = _bce(x, t)
    else:
        pos_weight = factor(function, "pos_weight", pos_weight, x)
        positive = autograd.ops.softplus(-x) * (t * pos_weight)
        losses = positive + autograd.ops.softplus(x) * (1 - t)
    if weight is not None:
        losses = losses * factor(function, "weight", weight, x)
    return reduced(function, losses, reduction)


def _binary_cross_entropy(x: Any, target: Any) -> Any:
    losses = np.log1p(np.exp(-np.abs(x)))
    losses += np.maximum(x, 0)
    losses -= x * target
    return losses


_bce = rule(
    _binary_cross_entropy,
    lambda g, _, x, target: g * (sigmoid(x) - target),
    lambda g, _, x, __: -g * x,
    name="binary_cross_entropy_with_logits",
)


class BCEWithLogitsLoss(Loss):
    """The loss `nn.functional.binary_cross_entropy_with_logits` as a module.

    Args:
        weight: A factor for each loss; a buffer, which is saved with the module.
        reduction: "mean", "sum" or "none".
        pos_weight: A factor for the target 1; a buffer, too.

    Example:
        >>> nn.BCEWithLogitsLoss()(np.array([2.0, -2.0]), [1, 0]).round(3)
        np.float64(0.127)
    """

    def __init__(
        self,
        weight: ArrayLike | None = None,
        reduction: str = "mean",
        pos_weight: ArrayLike | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.pos_weight = None if pos_weight is None else Buffer(pos_weight)

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


def kl_div(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    log_target: bool = False,
) -> Any:
    """Compute `target * (log(target) - input)`, the divergence of `input` from `target`.

    Kullback and Leibler, 1951. The sum over the classes is the divergence. So "batchmean", the sum
    over all elements divided by the length of the first axis, is the mean of the divergences;
    "mean" is over all elements.

    Args:
        input: Log-probabilities of any shape.
        target: Probabilities of the same shape, which may be 0.
        reduction: "batchmean", "mean", "sum", or "none" for each element.
        log_target: Whether `target` holds logarithms.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: A probability is negative, or `reduction` is not one of these.

    Example:
        >>> nn.functional.kl_div(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]]), "batchmean").round(3)
        np.float64(0.693)
    """
    x, t = checked("kl_div", input, target=target)
    if log_target:
        losses = np.exp(t) * (t - x)
    else:
        values = t.data if isinstance(t, Tensor) else t
        if np.any(values < 0):
            raise ValueError(
                f"kl_div: target holds the probability {values.min()}; pass log_target=True for "
                f"logarithms"
            )
        losses = t * (np.log(np.where(values == 0, 1, t)) - x)
    if reduction != "batchmean":
        return reduced("kl_div", losses, reduction, also="'batchmean', ")
    refuse_nothing("kl_div", losses)
    return losses.sum() / (losses.shape[0] if losses.ndim else 1)


class KLDivLoss(Loss):
    """The loss `nn.functional.kl_div` as a module.

    Args:
        reduction: "batchmean", "mean", "sum" or "none".
        log_target: Whether targets hold logarithms.

    Example:
        >>> nn.KLDivLoss("batchmean")(np.log([[0.5, 0.5]]), np.array([[1.0, 0.0]])).round(3)
        np.float64(0.693)
    """

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return kl_div(input, target, self.reduction, self.log_target)
