"""The functions behind the layers, under PyTorch's names: `import nn.functional as F`.

Most are the engine's own operations. They take tensors or arrays; on arrays they return arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd import cross_entropy, linear, relu, sigmoid, softplus

from .convolution import conv1d, conv2d, conv_transpose2d
from .dropout import dropout
from .losses import mse_loss
from .normalization import batch_norm, group_norm, layer_norm
from .pooling import adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "cross_entropy",
    "dropout",
    "group_norm",
    "layer_norm",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "relu",
    "sigmoid",
    "softmax",
    "softplus",
    "tanh",
]


def tanh(x: Any) -> Any:
    """The hyperbolic tangent, element by element."""
    return np.tanh(x)


def softmax(x: Any, dim: int = -1) -> Any:
    """exp(x) / sum(exp(x)) along the axis `dim`."""
    return autograd.softmax(x, axis=dim)


def log_softmax(x: Any, dim: int = -1) -> Any:
    """log(softmax(x)) along the axis `dim`."""
    return autograd.log_softmax(x, axis=dim)
