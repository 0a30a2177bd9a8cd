"""The functions behind the layers, under PyTorch's names: `import nn.functional as F`.

Most are the engine's own operations. They take tensors or arrays; on arrays they return arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd
from autograd.ops import linear, relu, sigmoid, silu
from autograd.typing import Array, ArrayLike

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


def leaky_relu(input: ArrayLike, negative_slope: float = 0.01) -> Any:
    """Return `input` where it is positive, otherwise `negative_slope * input`.

    Args:
        input: Real numbers of any shape.
        negative_slope: The slope for negative numbers, and at 0.

    Example:
        >>> nn.functional.leaky_relu(np.array([-2.0, 3.0]), 0.1)
        array([-0.2,  3. ])
    """
    return autograd.ops.leaky_relu(input, negative_slope=negative_slope)


def elu(input: ArrayLike, alpha: float = 1.0) -> Any:
    """Return `input` where it is positive, otherwise `alpha * (exp(input) - 1)`.

    Clevert, Unterthiner and Hochreiter, 2016.

    Args:
        input: Real numbers of any shape.
        alpha: The negative of the limit at minus infinity.

    Example:
        >>> nn.functional.elu(np.array([-1.0, 3.0])).round(3)
        array([-0.632,  3.   ])
    """
    return autograd.ops.elu(input, alpha=alpha)


def gelu(input: ArrayLike, approximate: str = "none") -> Any:
    """Multiply `input` by the probability that a standard normal number is below it.

    Hendrycks and Gimpel, 2016.

    Args:
        input: Real numbers of any shape.
        approximate: "tanh" computes the probability by a formula with tanh, right to 0.0005;
            "none" computes it exactly.

    Raises:
        ValueError: `approximate` is neither.

    Example:
        >>> nn.functional.gelu(np.array([-1.0, 3.0])).round(3)
        array([-0.159,  2.996])
    """
    if approximate == "none":
        return autograd.ops.gelu(input)
    if approximate == "tanh":
        return autograd.ops.gelu(input, "tanh")
    raise ValueError(f"gelu: approximate (={approximate!r}) must be 'none' or 'tanh'")


def softplus(input: ArrayLike, beta: float = 1.0, threshold: float = 20.0) -> Any:
    """Compute `log(1 + exp(beta * input)) / beta`, a smooth ReLU.

    Args:
        input: Real numbers of any shape.
        beta: The sharpness of the bend, above 0.
        threshold: Where `beta * input` exceeds it, the result is `input`, as in PyTorch;
            `autograd.ops.softplus` is exact there, too.

    Raises:
        ValueError: `beta` is not positive.

    Example:
        >>> nn.functional.softplus(np.array([-1.0, 30.0])).round(3)
        array([ 0.313, 30.   ])
    """
    if not beta > 0:
        raise ValueError(f"softplus: beta (={beta}) must be positive")
    x: Array = input
    scaled = x if beta == 1 else x * beta
    soft = autograd.ops.softplus(scaled)
    return np.where(scaled > threshold, x, soft if beta == 1 else soft / beta)


def tanh(input: ArrayLike) -> Any:
    """Compute the hyperbolic tangent of each element.

    Example:
        >>> nn.functional.tanh(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.762])
    """
    return np.tanh(input)


def softmax(input: ArrayLike, dim: int = -1) -> Any:
    """Compute `exp(input) / sum(exp(input))` along an axis.

    Args:
        input: Logits of any shape.
        dim: The axis, counted from the end if negative.

    Example:
        >>> nn.functional.softmax(np.array([0.0, 0.0]))
        array([0.5, 0.5])
    """
    return autograd.ops.softmax(input, axis=dim)


def log_softmax(input: ArrayLike, dim: int = -1) -> Any:
    """Compute the logarithm of `softmax(input)` along an axis, without overflow.

    Args:
        input: Logits of any shape.
        dim: The axis, counted from the end if negative.

    Example:
        >>> nn.functional.log_softmax(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """
    return autograd.ops.log_softmax(input, axis=dim)
