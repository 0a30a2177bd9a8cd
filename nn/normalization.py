"""Normalisation layers.

`BatchNorm` takes the mean and variance of each channel over the batch while training, and running
averages of them while evaluating; `LayerNorm` and `GroupNorm` take those of each example, always.
`eps` is added to the variance, which is the biased one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd import ShapeError, Tensor, ops

from .module import Buffer, Module, Parameter
from .sizes import check_sizes


def batch_norm(
    input: Any,
    running_mean: Any,
    running_var: Any,
    weight: Any = None,
    bias: Any = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """`input` `(N, C, ...)` with each channel normalised; the other arrays are `(C,)` or None.

    With `training`, by the mean and variance of the batch, of which running averages (arrays or
    tensors) are kept in place: `running = (1 - momentum) * running + momentum * batch`, with the
    unbiased variance. An empty batch leaves them alone. Otherwise by the running averages.

    Raises `ShapeError` for a training batch of one value per channel, whose variance means
    nothing, and `ValueError` where there are no running averages to evaluate with.
    """
    shape = np.shape(input)
    running = [_array(running_mean), _array(running_var)]
    size = math.prod(shape)
    if training and size:
        count = size // shape[1] if len(shape) > 1 else 1
        if count == 1:
            raise ShapeError(
                f"batch_norm: training needs more than one value per channel, and the input has "
                f"shape {shape}; use larger batches, or evaluation mode"
            )
        if running[0] is None and running[1] is None:
            return ops.batch_norm(input, None, None, weight, bias, eps=eps)
        y, moments = ops.batch_norm(input, None, None, weight, bias, eps=eps, return_moments=True)
        moments[1] *= count / (count - 1)
        for average, new in zip(running, moments, strict=True):
            if average is not None:
                average *= 1 - momentum
                average += momentum * new
        return y
    mean, var = running
    if mean is None or var is None:
        if size:
            raise ValueError(
                "batch_norm: evaluation needs running_mean and running_var; pass both, or "
                "training=True"
            )
        mean, var = np.zeros(shape[1:2]), np.ones(shape[1:2])
    return ops.batch_norm(input, mean, var, weight, bias, eps=eps)


def _array(x: Any) -> Any:
    return x.data if isinstance(x, Tensor) else x


def layer_norm(
    input: Any,
    normalized_shape: int | Sequence[int],
    weight: Any = None,
    bias: Any = None,
    eps: float = 1e-5,
) -> Any:
    """`input` normalised over its last axes, which have `normalized_shape`; see `LayerNorm`."""
    return ops.layer_norm(input, _shape(normalized_shape), weight, bias, eps)


def _shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, Sequence) else (shape,)


def group_norm(
    input: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """`input` `(N, C, ...)` normalised in groups of channels; see `GroupNorm`."""
    return ops.group_norm(input, num_groups, weight, bias, eps)


class _BatchNorm(Module):
    """Each channel with mean 0 and variance 1, then times `weight` plus `bias`, both `(C,)`.

    `momentum`: the share of the newest batch in the running averages; None averages all batches
    alike. `affine=False` leaves out weight and bias; `track_running_stats=False` the averages, so
    that evaluation normalises by the batch as well.
    State: `weight`, `bias`, `running_mean`, `running_var`, `num_batches_tracked`.

    Raises `ValueError` for `num_features` below 1, and `ShapeError` for inputs of another shape
    and for training on one value per channel.
    """

    shapes: dict[int, str]  #: the inputs that are taken, by their number of axes

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        check_sizes(type(self).__name__, num_features=num_features)
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.weight = Parameter(np.ones(num_features), dtype=dtype) if affine else None
        self.bias = Parameter(np.zeros(num_features), dtype=dtype) if affine else None
        self.running_mean = self.running_var = self.num_batches_tracked = None
        if track_running_stats:
            self.running_mean = Buffer(np.zeros(num_features), dtype=dtype)
            self.running_var = Buffer(np.ones(num_features), dtype=dtype)
            self.num_batches_tracked = Buffer(0, dtype=np.int64)

    def forward(self, x: Any) -> Tensor:
        shape = np.shape(x)
        name = type(self).__name__
        if len(shape) not in self.shapes or shape[1] != self.num_features:
            raise ShapeError(
                f"{name}(num_features={self.num_features}) got an input of shape {shape}; it takes "
                f"{' or '.join(self.shapes.values())} with C = {self.num_features}"
            )
        tracking = self.num_batches_tracked is not None
        momentum = self.momentum
        if self.training and 0 not in shape:
            if math.prod(shape) == shape[1]:
                raise ShapeError(
                    f"{name}: training needs more than one value per channel, and the input has "
                    f"shape {shape}; use larger batches (DataLoader: drop_last=True), or eval()"
                )
            if self.num_batches_tracked is not None:
                self.num_batches_tracked.data[...] += 1
                if momentum is None:
                    momentum = 1 / self.num_batches_tracked.item()
        result: Tensor = batch_norm(
            x,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not tracking,
            0.0 if momentum is None else momentum,
            self.eps,
        )
        return result

    def extra_repr(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class BatchNorm1d(_BatchNorm):
    __doc__ = f"Batch normalisation of `(N, C)` or `(N, C, L)`.\n\n    {_BatchNorm.__doc__}"
    shapes = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    __doc__ = f"Batch normalisation of images `(N, C, H, W)`.\n\n    {_BatchNorm.__doc__}"
    shapes = {4: "(N, C, H, W)"}


class LayerNorm(Module):
    """Each example with mean 0 and variance 1 over its last axes, of shape `normalized_shape`.

    Then times `weight` plus `bias`, both of `normalized_shape`. `elementwise_affine=False` leaves
    out both, `bias=False` the second.

    Raises `ValueError` for sizes below 1, and `ShapeError` for inputs whose last axes differ.
    """

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.normalized_shape = _shape(normalized_shape)
        if not self.normalized_shape or min(self.normalized_shape) < 1:
            raise ValueError(
                f"LayerNorm: normalized_shape (={normalized_shape}) must hold sizes of at least 1"
            )
        self.eps = eps
        ones = np.ones(self.normalized_shape)
        self.weight = Parameter(ones, dtype=dtype) if elementwise_affine else None
        self.bias = Parameter(ones * 0, dtype=dtype) if elementwise_affine and bias else None

    def forward(self, x: Any) -> Tensor:
        shape = self.normalized_shape
        if np.shape(x)[-len(shape) :] != shape:
            raise ShapeError(
                f"LayerNorm(normalized_shape={shape}) got an input of shape {np.shape(x)}, whose "
                f"last axes differ; mend normalized_shape, or reshape the input"
            )
        result: Tensor = layer_norm(x, shape, self.weight, self.bias, self.eps)
        return result

    def extra_repr(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Module):
    """Each group of channels of each example with mean 0 and variance 1.

    Takes `(N, C, ...)` with C = `num_channels`, in `num_groups` groups of neighbours; then times
    `weight` plus `bias`, both `(C,)`, which `affine=False` leaves out.

    Raises `ValueError` where `num_channels` is no multiple of `num_groups`, and `ShapeError` for
    inputs of another number of channels.
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        check_sizes("GroupNorm", num_groups=num_groups, num_channels=num_channels)
        if num_channels % num_groups:
            raise ValueError(
                f"GroupNorm: num_channels (={num_channels}) must be a multiple of "
                f"num_groups (={num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.weight = Parameter(np.ones(num_channels), dtype=dtype) if affine else None
        self.bias = Parameter(np.zeros(num_channels), dtype=dtype) if affine else None

    def forward(self, x: Any) -> Tensor:
        shape = np.shape(x)
        if len(shape) < 2 or shape[1] != self.num_channels:
            raise ShapeError(
                f"GroupNorm(num_channels={self.num_channels}) got an input of shape {shape}; it "
                f"takes (N, C, ...) with C = {self.num_channels}"
            )
        result: Tensor = group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
        return result

    def extra_repr(self) -> str:
        return f"{self.num_groups} groups of {self.num_channels} channels, eps={self.eps}"
