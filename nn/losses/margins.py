"""Losses that are 0 beyond a margin, for targets 1 and -1."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ShapeError, Tensor
from autograd.numpy import asarray
from autograd.ops import relu
from autograd.typing import ArrayLike

from .base import Loss, checked, reduced


def hinge_loss(input: ArrayLike, target: ArrayLike, reduction: str = "mean") -> Any:
    """Compute `max(0, 1 - target * input)`; its gradient is 0 at the kink.

    Args:
        input: Real numbers of any shape.
        target: 1 or -1 for each element.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: A target is neither 1 nor -1, or `reduction` not one of these.

    Example:
        >>> nn.functional.hinge_loss(np.array([0.5, 2.0]), np.array([1, -1]), "none")
        array([0.5, 3. ])
    """
    x, t = checked("hinge_loss", input, target=target)
    _check_signs("hinge_loss", t)
    return reduced("hinge_loss", relu(1 - t * x), reduction)


class HingeLoss(Loss):
    """The loss `nn.functional.hinge_loss` as a module.

    Args:
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.HingeLoss("none")(np.array([0.5, 2.0]), np.array([1, -1]))
        array([0.5, 3. ])
    """

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return hinge_loss(input, target, self.reduction)


def hinge_embedding_loss(
    input: ArrayLike, target: ArrayLike, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """Return the distances `input` for targets 1, and `max(0, margin - input)` for targets -1.

    The gradient is 0 at the kink.

    Args:
        input: Real numbers of any shape.
        target: 1 or -1 for each element.
        reduction: "mean", "sum", or "none" for the loss of each element.
        margin: The distance from which on targets -1 cost nothing.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: A target is neither 1 nor -1, or `reduction` not one of these.

    Example:
        >>> nn.functional.hinge_embedding_loss(
        ...     np.array([0.5, 0.25]), np.array([1, -1]), reduction="none"
        ... )
        array([0.5 , 0.75])
    """
    x, t = checked("hinge_embedding_loss", input, target=target)
    near = _check_signs("hinge_embedding_loss", t)
    return reduced("hinge_embedding_loss", np.where(near, x, relu(margin - x)), reduction)


class HingeEmbeddingLoss(Loss):
    """The loss `nn.functional.hinge_embedding_loss` as a module.

    Args:
        margin: The distance from which on targets -1 cost nothing.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.HingeEmbeddingLoss(reduction="none")(np.array([0.5, 0.25]), np.array([1, -1]))
        array([0.5 , 0.75])
    """

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return hinge_embedding_loss(input, target, self.margin, self.reduction)


def cosine_embedding_loss(
    input1: ArrayLike,
    input2: ArrayLike,
    target: ArrayLike,
    margin: float = 0.0,
    reduction: str = "mean",
) -> Any:
    """Compute `1 - cos(input1, input2)` for targets 1, and `max(0, cos - margin)` for targets -1.

    The gradient is 0 at the kink.

    Args:
        input1: Vectors `(N, D)`, or one, `(D,)`.
        input2: Vectors of the same shape.
        target: 1 or -1 for each pair, `(N,)`, or one number.
        margin: The cosine up to which targets -1 cost nothing.
        reduction: "mean", "sum", or "none" for the loss of each pair.

    Raises:
        ShapeError: The shapes do not go together.
        ValueError: A target is neither 1 nor -1, or `reduction` not one of these.

    Example:
        >>> nn.functional.cosine_embedding_loss(np.eye(2), np.ones((2, 2)), [1, 1]).round(3)
        np.float64(0.293)
    """
    function = "cosine_embedding_loss"
    a, b = checked(function, input1, input2=input2)
    if a.ndim not in (1, 2) or np.shape(target) != a.shape[:-1]:
        raise ShapeError(
            f"{function}: inputs of shape (N, D) go with targets of shape (N,); got {a.shape} "
            f"and {np.shape(target)}"
        )
    near = _check_signs(function, target)
    # PyTorch's guard against vectors of zeros.
    squares = [(x * x).sum(axis=-1) + 1e-12 for x in (a, b)]
    cosine = (a * b).sum(axis=-1) / np.sqrt(squares[0] * squares[1])
    return reduced(function, np.where(near, 1 - cosine, relu(cosine - margin)), reduction)


class CosineEmbeddingLoss(Loss):
    """The loss `nn.functional.cosine_embedding_loss` as a module.

    Args:
        margin: The cosine up to which targets -1 cost nothing.
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.CosineEmbeddingLoss()(np.eye(2), np.ones((2, 2)), [1, 1]).round(3)
        np.float64(0.293)
    """

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: ArrayLike, input2: ArrayLike, target: ArrayLike) -> Any:
        return cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)


def _check_signs(function: str, target: Any) -> Any:
    """Where the target is 1; an error where it is neither that nor -1."""
    values = target.data if isinstance(target, Tensor) else asarray(target)
    near = values == 1
    if not np.all(near | (values == -1)):
        raise ValueError(
            f"{function}: targets must be 1 or -1; got {values[~(near | (values == -1))][0]}"
        )
    return near
