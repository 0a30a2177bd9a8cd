"""Losses: each is one number, the mean over the batch."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import ShapeError, Tensor, cross_entropy, rule

from .module import Module


def mse_loss(input: Any, target: Any) -> Any:
    """The mean of `(input - target) ** 2` over all elements; both have the same shape.

    Raises `ShapeError` for different shapes. NumPy would broadcast (N, 1) against (N,) to
    (N, N), which trains something else and tells nobody.
    """
    shapes = np.shape(input), np.shape(target)
    if shapes[0] != shapes[1]:
        raise ShapeError(
            f"mse_loss: input has shape {shapes[0]} and target has shape {shapes[1]}; reshape one "
            f"of them to the other's shape"
        )
    return _mse(input, target)


def _mean_square(input: Any, target: Any) -> Any:
    error = input - target
    return (error * error).sum() / max(error.size, 1)


# One node in place of three, for this is the last step of many small networks.
_mse = rule(
    _mean_square,
    lambda g, _, x, target: (x - target) * (g * (2 / max(x.size, 1))),
    lambda g, _, x, target: (target - x) * (g * (2 / max(x.size, 1))),
)
_mse.name = "mse_loss"


class MSELoss(Module):
    """`mse_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Tensor:
        result: Tensor = mse_loss(input, target)
        return result


class CrossEntropyLoss(Module):
    """The mean negative log-likelihood of labels `(N,)` under softmax(`input`), `(N, C)`.

    Labels are integers from 0 to C - 1. Give it logits, not probabilities.
    """

    def forward(self, input: Any, target: Any) -> Tensor:
        result: Tensor = cross_entropy(input, target)
        return result
