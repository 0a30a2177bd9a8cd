"""The functions behind the layers, under PyTorch's names: `import nn.functional as F`.

Most are the engine's own operations. They take tensors or arrays; on arrays they return arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

import autograd
from autograd import ShapeError, cross_entropy, linear, relu, sigmoid, softplus

from .losses import mse_loss

__all__ = [
    "conv1d",
    "conv2d",
    "conv_transpose2d",
    "cross_entropy",
    "linear",
    "log_softmax",
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


Sizes = int | Sequence[int]


def conv1d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """`autograd.conv` with one spatial axis: (N, C, L) or (C, L), weight (O, C / groups, K)."""
    _check_axes("conv1d", weight, 1)
    return autograd.conv(input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """`autograd.conv` with two spatial axes: (N, C, H, W), weight (O, C / groups, KH, KW)."""
    _check_axes("conv2d", weight, 2)
    return autograd.conv(input, weight, bias, stride, padding, dilation, groups)


def conv_transpose2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """`autograd.conv_transpose`: (N, C, H, W), weight (C, O / groups, KH, KW)."""
    _check_axes("conv_transpose2d", weight, 2)
    return autograd.conv_transpose(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _check_axes(function: str, weight: Any, axes: int) -> None:
    if np.ndim(weight) != axes + 2:
        raise ShapeError(
            f"{function}: weight must have {axes + 2} axes, {axes} of them spatial; got shape "
            f"{np.shape(weight)}"
        )
