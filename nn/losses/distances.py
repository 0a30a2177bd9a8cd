"""Losses that measure how far numbers are from their targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import rule
from autograd.typing import ArrayLike

from .base import Loss, checked, reduced, refuse_nothing


def mse_loss(input: ArrayLike, target: ArrayLike, reduction: str = "mean") -> Any:
    """Compute the squared error, `(input - target) ** 2`.

    Args:
        input: Real numbers of any shape.
        target: Numbers of the same shape.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: `reduction` is not one of these.

    Example:
        >>> nn.functional.mse_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(2.0)
    """
    x, t = checked("mse_loss", input, target=target)
    if reduction == "mean":
        return _mse(x, t)
    error = x - t
    return reduced("mse_loss", error * error, reduction)


def _mean_square(input: Any, target: Any) -> Any:
    error = input - target
    refuse_nothing("mse_loss", error)
    return (error * error).sum() / error.size


# One node in place of three, for this is the last step of many small networks.
_mse = rule(
    _mean_square,
    lambda g, _, x, target: (x - target) * (g * (2 / x.size)),
    lambda g, _, x, target: (target - x) * (g * (2 / x.size)),
    name="mse_loss",
)


class MSELoss(Loss):
    """The loss `nn.functional.mse_loss` as a module.

    Args:
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.MSELoss()(Tensor([1.0, 2.0]), [1.0, 4.0])
        Tensor(2.)
    """

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return mse_loss(input, target, self.reduction)


def l1_loss(input: ArrayLike, target: ArrayLike, reduction: str = "mean") -> Any:
    """Compute the absolute error, `|input - target|`; its gradient is 0 where they are equal.

    Args:
        input: Real numbers of any shape.
        target: Numbers of the same shape.
        reduction: "mean", "sum", or "none" for the loss of each element.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: `reduction` is not one of these.

    Example:
        >>> nn.functional.l1_loss(np.array([1.0, 2.0]), np.array([1.0, 4.0]))
        np.float64(1.0)
    """
    x, t = checked("l1_loss", input, target=target)
    return reduced("l1_loss", np.abs(x - t), reduction)


class L1Loss(Loss):
    """The loss `nn.functional.l1_loss` as a module.

    Args:
        reduction: "mean", "sum" or "none".

    Example:
        >>> nn.L1Loss()(Tensor([1.0, 2.0]), [1.0, 4.0])
        Tensor(1.)
    """

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return l1_loss(input, target, self.reduction)


def huber_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    delta: float = 1.0,
) -> Any:
    """Compute `e**2 / 2` for errors e up to `delta`, then `delta * (|e| - delta / 2)`.

    Huber, 1964.

    Args:
        input: Real numbers of any shape.
        target: Numbers of the same shape.
        reduction: "mean", "sum", or "none" for the loss of each element.
        delta: The size of the errors from which on the loss grows linearly, above 0.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: `delta` is not positive, or `reduction` not one of these.

    Example:
        >>> nn.functional.huber_loss(np.array([1.0, 4.0]), np.array([0.5, 0.0]), "none")
        array([0.125, 3.5  ])
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta (={delta}) must be positive")
    x, t = checked("huber_loss", input, target=target)
    return reduced("huber_loss", _huber(x - t, delta), reduction)


def _huber(error: Any, delta: float) -> Any:
    near = np.clip(error, -delta, delta)
    return near * (error - near / 2)


class HuberLoss(Loss):
    """The loss `nn.functional.huber_loss` as a module.

    Args:
        reduction: "mean", "sum" or "none".
        delta: The size of the errors from which on the loss grows linearly, above 0.

    Example:
        >>> nn.HuberLoss("none")(np.array([1.0, 4.0]), np.array([0.5, 0.0]))
        array([0.125, 3.5  ])
    """

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return huber_loss(input, target, self.reduction, self.delta)


def smooth_l1_loss(
    input: ArrayLike,
    target: ArrayLike,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Any:
    """Compute `huber_loss` with `delta=beta`, divided by `beta`; for 0, `l1_loss`.

    Girshick, 2015, equation 3.

    Args:
        input: Real numbers of any shape.
        target: Numbers of the same shape.
        reduction: "mean", "sum", or "none" for the loss of each element.
        beta: The size of the errors from which on the loss grows linearly, at least 0.

    Raises:
        ShapeError: The shapes differ, or the mean of nothing is asked for.
        ValueError: `beta` is negative, or `reduction` not one of these.

    Example:
        >>> nn.functional.smooth_l1_loss(np.array([1.0, 4.0]), np.array([0.5, 0.0]), "none")
        array([0.125, 3.5  ])
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta (={beta}) must not be negative")
    x, t = checked("smooth_l1_loss", input, target=target)
    error = x - t
    losses = _huber(error, beta) / beta if beta else np.abs(error)
    return reduced("smooth_l1_loss", losses, reduction)


class SmoothL1Loss(Loss):
    """The loss `nn.functional.smooth_l1_loss` as a module.

    Args:
        reduction: "mean", "sum" or "none".
        beta: The size of the errors from which on the loss grows linearly, at least 0.

    Example:
        >>> nn.SmoothL1Loss("none")(np.array([1.0, 4.0]), np.array([0.5, 0.0]))
        array([0.125, 3.5  ])
    """

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: ArrayLike, target: ArrayLike) -> Any:
        return smooth_l1_loss(input, target, self.reduction, self.beta)
