"""The functions behind the layers, under PyTorch's names: `import nn.functional as F`.

Most are the engine's own operations. They take tensors or arrays; on arrays they return arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import cross_entropy, linear, relu, sigmoid, softplus

from .losses import mse_loss

__all__ = [
    "cross_entropy",
    "embedding",
    "linear",
    "log_softmax",
    "mse_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows `input` (integers) of the table `weight`; see `autograd.embedding`.

    The row `padding_idx` (a negative one counts from the end) gets no gradient.
    """
    if padding_idx is not None and padding_idx < 0:
        padding_idx += np.shape(weight)[0]
    return autograd.embedding(weight, input, padding_idx)


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, element by element."""
    return np.tanh(x)


def softmax(x: Any, dim: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along the axis `dim`."""
    return autograd.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """log(softmax(x)) along the axis `dim`."""
    return autograd.log_softmax(x, axis=dim)
