"""Losses for targets that are probabilities."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import Tensor, rule
from autograd.ops import sigmoid

from ..module import Buffer
from .base import Loss, checked, factor, reduced, refuse_nothing


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """The negative log-likelihood of `target` under sigmoid(`input`), for each element.

    `target`: probabilities from 0 to 1. `weight`: a factor for each loss; `pos_weight`: one for
    the part of it that belongs to the target 1. Both broadcast to the input's shape.
    """
    function = "binary_cross_entropy_with_logits"
    input, target = checked(function, input, target=target)
    if pos_weight is None:
        losses = _bce(input, target)
    else:
        pos_weight = factor(function, "pos_weight", pos_weight, input)
        positive = autograd.ops.softplus(-input) * (target * pos_weight)
        losses = positive + autograd.ops.softplus(input) * (1 - target)
    if weight is not None:
        losses = losses * factor(function, "weight", weight, input)
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
)
_bce.name = "binary_cross_entropy_with_logits"


class BCEWithLogitsLoss(Loss):
    """`binary_cross_entropy_with_logits` as a module.

    `weight` and `pos_weight` are buffers: they are saved with the module.
    """

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        reduction: str = "mean",
        pos_weight: ArrayLike | Tensor | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.pos_weight = None if pos_weight is None else Buffer(pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """`target * (log(target) - input)`: how far a distribution is from what `input` says.

    `input`: log-probabilities. `target`: probabilities, which may be 0; with `log_target`, their
    logarithms. The sum over classes is the divergence, so that 'batchmean' (the sum over all
    elements, divided by the length of the first axis) is its mean; 'mean' is over all elements.

    Raises `ValueError` for a negative probability. Kullback and Leibler, 1951.
    """
    input, target = checked("kl_div", input, target=target)
    if log_target:
        losses = np.exp(target) * (target - input)
    else:
        values = target.data if isinstance(target, Tensor) else target
        if np.any(values < 0):
            raise ValueError(
                f"kl_div: target holds the probability {values.min()}; pass log_target=True for "
                f"logarithms"
            )
        losses = target * (np.log(np.where(values == 0, 1, target)) - input)
    if reduction != "batchmean":
        return reduced("kl_div", losses, reduction, also="'batchmean', ")
    refuse_nothing("kl_div", losses)
    return losses.sum() / (losses.shape[0] if losses.ndim else 1)


class KLDivLoss(Loss):
    """`kl_div` as a module."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return kl_div(input, target, self.reduction, self.log_target)
