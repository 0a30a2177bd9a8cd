"""The functions behind the layers, under PyTorch's names: `import nn.functional as F`.

Most are the engine's own operations. They take tensors or arrays; on arrays they return arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.ops import linear, relu, sigmoid, silu

from .convolution import conv1d, conv2d, conv_transpose2d
from .dropout import dropout
from .embedding import embedding
from .losses import (
    binary_cross_entropy_with_logits,
    cosine_embedding_loss,
    cross_entropy,
    hinge_embedding_loss,
    hinge_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    smooth_l1_loss,
)
from .normalization import batch_norm, group_norm, layer_norm
from .pooling import adaptive_avg_pool2d, avg_pool1d, avg_pool2d, max_pool1d, max_pool2d

__all__ = [
    "adaptive_avg_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "binary_cross_entropy_with_logits",
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "cosine_embedding_loss",
    "cross_entropy",
    "dropout",
    "elu",
    "embedding",
    "gelu",
    "group_norm",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "max_pool1d",
    "max_pool2d",
    "mse_loss",
    "nll_loss",
    "relu",
    "sigmoid",
    "silu",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "tanh",
]


def leaky_relu(input: Any, negative_slope: float = 0.01) -> Any:
    """`input` where it is positive, otherwise `negative_slope * input` (its slope at 0, too)."""
    return autograd.ops.leaky_relu(input, negative_slope=negative_slope)


def elu(input: Any, alpha: float = 1.0) -> Any:
    """`input` where it is positive, otherwise `alpha * (exp(input) - 1)`. Clevert et al., 2016."""
    return autograd.ops.elu(input, alpha=alpha)


def gelu(input: Any, approximate: str = "none") -> Any:
    """`input` times the probability that a standard normal number is below it.

    `approximate='tanh'` takes a formula with tanh for that probability, right to 0.0005. Raises
    `ValueError` for anything but this and 'none'. Hendrycks and Gimpel, 2016.
    """
    if approximate == "none":
        return autograd.ops.gelu(input)
    if approximate == "tanh":
        return autograd.ops.gelu(input, "tanh")
    raise ValueError(f"gelu: approximate (={approximate!r}) must be 'none' or 'tanh'")


def softplus(input: Any, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """`log(1 + exp(beta * input)) / beta`, a smooth ReLU.

    Where `beta * input` exceeds `threshold` it is `input`, as in PyTorch; `autograd.ops.softplus`
    is exact there, too. Raises `ValueError` unless `beta` is positive.
    """
    if not beta > 0:
        raise ValueError(f"softplus: beta (={beta}) must be positive")
    scaled = input if beta == 1 else input * beta
    soft = autograd.ops.softplus(scaled)
    return np.where(scaled > threshold, input, soft if beta == 1 else soft / beta)


def tanh(input: Any) -> Any:
    """The hyperbolic tangent, element by element."""
    return np.tanh(input)


def softmax(input: Any, dim: int = -1) -> Any:
    """exp(input) / sum(exp(input)) along the axis `dim`."""
    return autograd.ops.softmax(input, axis=dim)


def log_softmax(input: Any, dim: int = -1) -> Any:
    """log(softmax(input)) along the axis `dim`."""
    return autograd.ops.log_softmax(input, axis=dim)
