"""Convolution layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import ShapeError, Tensor

from . import init
from .module import Module, Parameter
from .sizes import check_sizes, per_axis

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
    """`autograd.ops.conv` with one spatial axis: (N, C, L) or (C, L), weight (O, C / groups, K)."""
    _check_axes("conv1d", weight, 1)
    return autograd.ops.conv(input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """`autograd.ops.conv` with two spatial axes: (N, C, H, W), weight (O, C / groups, KH, KW)."""
    _check_axes("conv2d", weight, 2)
    return autograd.ops.conv(input, weight, bias, stride, padding, dilation, groups)


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
    """`autograd.ops.conv_transpose`: (N, C, H, W), weight (C, O / groups, KH, KW)."""
    _check_axes("conv_transpose2d", weight, 2)
    return autograd.ops.conv_transpose(
        input, weight, bias, stride, padding, output_padding, groups, dilation
    )


def _check_axes(function: str, weight: Any, axes: int) -> None:
    if np.ndim(weight) != axes + 2:
        raise ShapeError(
            f"{function}: weight must have {axes + 2} axes, {axes} of them spatial; got shape "
            f"{np.shape(weight)}"
        )


class _Convolution(Module):
    """What convolutions have in common: their settings, the parameters and how these start."""

    axes: int

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes | str = 0,
        dilation: Sizes = 1,
        groups: int = 1,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        name = type(self).__name__
        kernel = per_axis(name, "kernel_size", kernel_size, self.axes, 1)
        per_axis(name, "stride", stride, self.axes, 1)
        per_axis(name, "dilation", dilation, self.axes, 1)
        if not isinstance(padding, str):
            per_axis(name, "padding", padding, self.axes, 0)
        check_sizes(name, in_channels=in_channels, out_channels=out_channels, groups=groups)
        if in_channels % groups or out_channels % groups:
            raise ValueError(
                f"{name}: in_channels (={in_channels}) and out_channels (={out_channels}) must be "
                f"multiples of groups (={groups})"
            )
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = kernel
        self.stride = stride
        self.padding: Any = padding
        self.dilation = dilation
        self.groups = groups
        generator = np.random.default_rng(generator)
        self.weight = Parameter(np.empty(self._weight_shape(), dtype), dtype=dtype)
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=generator)
        self.bias: Parameter | None = None
        if bias:
            bound = 1 / math.sqrt(math.prod(self.weight.shape[1:]))
            self.bias = Parameter(np.empty(out_channels, dtype), dtype=dtype)
            init.uniform_(self.bias, -bound, bound, generator=generator)

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.out_channels, self.in_channels // self.groups, *self.kernel_size)

    def forward(self, x: Any) -> Tensor:
        try:
            return self._convolve(x)
        except ShapeError as error:
            raise ShapeError(f"{type(self).__name__}({self.extra_repr()}): {error}") from None

    def _convolve(self, x: Any) -> Tensor:
        raise NotImplementedError

    def extra_repr(self) -> str:
        kernel = "x".join(map(str, self.kernel_size))
        settings = [f"{self.in_channels} -> {self.out_channels}, {kernel}"]
        for name, usual in (("stride", 1), ("padding", 0), ("dilation", 1), ("groups", 1)):
            value = getattr(self, name)
            if value != usual:
                settings.append(f"{name}={value}")
        if self.bias is None:
            settings.append("bias=False")
        return ", ".join(settings)


class Conv1d(_Convolution):
    """`functional.conv1d` with its own parameters: (N, C, L) to (N, O, L_out).

    See `Conv2d`; there is one spatial axis instead of two.
    """

    axes = 1

    def _convolve(self, x: Any) -> Tensor:
        result: Tensor = conv1d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
        return result


class Conv2d(_Convolution):
    """`functional.conv2d` with its own parameters: (N, C, H, W) to (N, O, H_out, W_out).

    `weight`: `(out_channels, in_channels / groups, *kernel_size)`, `bias`: `(out_channels,)` or
    None. Both start as U(-b, b), b = 1 / sqrt(fan-in), drawn from `generator`. `kernel_size`,
    `stride`, `padding` and `dilation`: a number, or a tuple with one for each spatial axis;
    `padding` may also be "same" or "valid".

    Raises `ValueError` for sizes below 1 or groups that do not divide the channels, `TypeError`
    for sizes that are no integers, and `ShapeError` for an input that does not fit.
    """

    axes = 2

    def _convolve(self, x: Any) -> Tensor:
        result: Tensor = conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
        return result


class ConvTranspose2d(_Convolution):
    """`functional.conv_transpose2d` with its own parameters; it enlarges images.

    `weight`: `(in_channels, out_channels / groups, *kernel_size)`; all else as in `Conv2d`, with
    `output_padding` for the size of the output.
    """

    axes = 2

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Sizes,
        stride: Sizes = 1,
        padding: Sizes = 0,
        output_padding: Sizes = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Sizes = 1,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        self.output_padding = output_padding
        super().__init__(
            in_channels,
            out_channels,
            kernel_size,
            stride,
            padding,
            dilation,
            groups,
            bias,
            dtype=dtype,
            generator=generator,
        )

    def _weight_shape(self) -> tuple[int, ...]:
        return (self.in_channels, self.out_channels // self.groups, *self.kernel_size)

    def _convolve(self, x: Any) -> Tensor:
        result: Tensor = conv_transpose2d(
            x,
            self.weight,
            self.bias,
            self.stride,
            self.padding,
            self.output_padding,
            self.groups,
            self.dilation,
        )
        return result
