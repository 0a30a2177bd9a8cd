"""Losses that measure how far numbers are from their targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import rule

from .base import Loss, checked, reduced, refuse_nothing


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`(input - target) ** 2`, reduced."""
    input, target = checked("mse_loss", input, target=target)
    if reduction == "mean":
        return _mse(input, target)
    error = input - target
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
)
_mse.name = "mse_loss"


class MSELoss(Loss):
    """`mse_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return mse_loss(input, target, self.reduction)


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`|input - target|`, reduced. The gradient is 0 where they are equal."""
    input, target = checked("l1_loss", input, target=target)
    return reduced("l1_loss", np.abs(input - target), reduction)


class L1Loss(Loss):
    """`l1_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return l1_loss(input, target, self.reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """`e**2 / 2` for errors e up to `delta`, and from there on `delta * (|e| - delta / 2)`.

    Raises `ValueError` unless `delta` is positive. Huber, 1964.
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta (={delta}) must be positive")
    input, target = checked("huber_loss", input, target=target)
    return reduced("huber_loss", _huber(input - target, delta), reduction)


def _huber(error: Any, delta: float) -> Any:
    near = np.clip(error, -delta, delta)
    return near * (error - near / 2)


class HuberLoss(Loss):
    """`huber_loss` as a module."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return huber_loss(input, target, self.reduction, self.delta)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss(..., delta=beta) / beta`; with `beta=0`, `l1_loss`.

    Raises `ValueError` for a negative `beta`. Girshick, 2015, equation 3.
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta (={beta}) must not be negative")
    input, target = checked("smooth_l1_loss", input, target=target)
    error = input - target
    losses = _huber(error, beta) / beta if beta else np.abs(error)
    return reduced("smooth_l1_loss", losses, reduction)


class SmoothL1Loss(Loss):
    """`smooth_l1_loss` as a module."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        return smooth_l1_loss(input, target, self.reduction, self.beta)
