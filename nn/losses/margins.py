"""Losses that are 0 beyond a margin, for targets 1 and -1."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ShapeError, Tensor
from autograd.numpy import asarray
from autograd.ops import relu

from .base import Loss, checked, reduced


def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`max(0, 1 - target * input)`, for targets 1 and -1.

    Raises `ValueError` for other targets. The gradient is 0 at the kink.
    """
    input, target = checked("hinge_loss", input, target=target)
    _check_signs("hinge_loss", target)
    return reduced("hinge_loss", relu(1 - target * input), reduction)


class HingeLoss(Loss):
    """`hinge_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_loss(input, target, self.reduction)


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """`input`, a distance, where `target` is 1; `max(0, margin - input)` where it is -1.

    Raises `ValueError` for other targets. The gradient is 0 at the kink.
    """
    input, target = checked("hinge_embedding_loss", input, target=target)
    near = _check_signs("hinge_embedding_loss", target)
    return reduced("hinge_embedding_loss", np.where(near, input, relu(margin - input)), reduction)


class HingeEmbeddingLoss(Loss):
    """`hinge_embedding_loss` as a module."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_embedding_loss(input, target, self.margin, self.reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """`1 - cos(input1, input2)` where `target` is 1; `max(0, cos - margin)` where it is -1.

    Inputs `(N, D)` with targets `(N,)`, or vectors `(D,)` with one target. Raises `ValueError` for
    other targets. The gradient is 0 at the kink.
    """
    function = "cosine_embedding_loss"
    input1, input2 = checked(function, input1, input2=input2)
    if input1.ndim not in (1, 2) or np.shape(target) != input1.shape[:-1]:
        raise ShapeError(
            f"{function}: inputs of shape (N, D) go with targets of shape (N,); got {input1.shape} "
            f"and {np.shape(target)}"
        )
    near = _check_signs(function, target)
    # PyTorch's guard against vectors of zeros.
    squares = [(x * x).sum(axis=-1) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(axis=-1) / np.sqrt(squares[0] * squares[1])
    return reduced(function, np.where(near, 1 - cosine, relu(cosine - margin)), reduction)


class CosineEmbeddingLoss(Loss):
    """`cosine_embedding_loss` as a module."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
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
