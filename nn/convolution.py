"""Convolution layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import ShapeError, Tensor
from autograd.typing import ArrayLike

from . import init
from .module import Module, Parameter
from .sizes import check_sizes, per_axis

Sizes = int | Sequence[int]


def conv1d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Convolve sequences with the kernels in `weight`; see `autograd.ops.conv`.

    Args:
        input: `(N, C, L)`, or `(C, L)` for one sequence.
        weight: `(O, C / groups, K)`.
        bias: `(O,)`, or None.
        stride: The step from one window to the next.
        padding: The number of zeros on both sides, "same" or "valid".
        dilation: The distance of a window's elements.
        groups: The number of groups of channels that do not mix.

    Raises:
        ShapeError: `weight` does not have three axes, or the shapes do not go together.

    Example:
        >>> nn.functional.conv1d(np.arange(4.0)[None], np.ones((1, 1, 2)))
        array([[1., 3., 5.]])
    """
    _check_axes("conv1d", weight, 1)
    return autograd.ops.conv(input, weight, bias, stride, padding, dilation, groups)


def conv2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """Convolve images with the kernels in `weight`; see `autograd.ops.conv`.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one image.
        weight: `(O, C / groups, KH, KW)`.
        bias: `(O,)`, or None.
        stride: The step from one window to the next, for both axes or as a pair.
        padding: The number of zeros on both sides, "same" or "valid".
        dilation: The distance of a window's elements.
        groups: The number of groups of channels that do not mix.

    Raises:
        ShapeError: `weight` does not have four axes, or the shapes do not go together.

    Example:
        >>> nn.functional.conv2d(np.ones((1, 1, 4, 4)), np.ones((2, 1, 3, 3))).shape
        (1, 2, 2, 2)
    """
    _check_axes("conv2d", weight, 2)
    return autograd.ops.conv(input, weight, bias, stride, padding, dilation, groups)


def conv_transpose2d(
    input: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """Spread every element over a window, as the gradient of `conv2d` does.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one image.
        weight: `(C, O / groups, KH, KW)`.
        bias: `(O,)`, or None.
        stride: The step from one window to the next.
        padding: The number of rows and columns to cut off on both sides.
        output_padding: The number of rows and columns to add at the end.
        groups: The number of groups of channels that do not mix.
        dilation: The distance of a window's elements.

    Raises:
        ShapeError: `weight` does not have four axes, or the shapes do not go together.

    Example:
        >>> x, weight = np.ones((1, 1, 2, 2)), np.ones((1, 3, 2, 2))
        >>> nn.functional.conv_transpose2d(x, weight, stride=2).shape
        (1, 3, 4, 4)
    """
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

    def forward(self, x: ArrayLike) -> Tensor:
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
    """A convolution of sequences, `(N, C, L)` to `(N, O, L_out)`; see `Conv2d`.

    Example:
        >>> nn.Conv1d(2, 4, 3)(np.ones((1, 2, 8), np.float32)).shape
        (1, 4, 6)
    """

    axes = 1

    def _convolve(self, x: Any) -> Tensor:
        result: Tensor = conv1d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
        return result


class Conv2d(_Convolution):
    """A convolution of images, `(N, C, H, W)` to `(N, O, H_out, W_out)`.

    `weight`, `(out_channels, in_channels / groups, *kernel_size)`, and `bias`, `(out_channels,)`,
    start as U(-b, b), b = 1 / sqrt(fan-in).

    Args:
        in_channels: The number of channels of an input, a multiple of `groups`.
        out_channels: The number of channels of an output, a multiple of `groups`.
        kernel_size: The size of the windows: an integer, or one for each spatial axis.
        stride: The step from one window to the next, likewise.
        padding: The number of zeros on both sides, likewise; or "same" or "valid".
        dilation: The distance of a window's elements, likewise.
        groups: The number of groups of channels that do not mix.
        bias: Whether there is a bias; without, `bias` is None.
        dtype: The dtype of the parameters.
        generator: The source of their first values (default: a fresh one).

    Raises:
        ValueError: A size is below 1, or `groups` does not divide the channels.
        TypeError: A size is not an integer.
        ShapeError: An input does not fit.

    Example:
        >>> nn.Conv2d(3, 8, 3, padding="same")(np.ones((1, 3, 5, 5), np.float32)).shape
        (1, 8, 5, 5)
    """

    axes = 2

    def _convolve(self, x: Any) -> Tensor:
        result: Tensor = conv2d(
            x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups
        )
        return result


class ConvTranspose2d(_Convolution):
    """A transposed convolution, which enlarges images.

    `weight` is `(in_channels, out_channels / groups, *kernel_size)`; the arguments and errors are
    those of `Conv2d`, besides `output_padding`, the number of rows and columns to add at the end.

    Example:
        >>> nn.ConvTranspose2d(3, 8, 2, stride=2)(np.ones((1, 3, 5, 5), np.float32)).shape
        (1, 8, 10, 10)
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
