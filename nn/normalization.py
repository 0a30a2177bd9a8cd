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
from autograd.typing import Array, ArrayLike

from .module import Buffer, Module, Parameter
from .sizes import check_sizes


def batch_norm(
    input: ArrayLike,
    running_mean: Array | None,
    running_var: Array | None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Any:
    """Normalise each channel, then multiply by `weight` and add `bias`.

    Args:
        input: `(N, C, ...)`.
        running_mean: Averages `(C,)`, arrays or tensors, which training updates in place:
            `running = (1 - momentum) * running + momentum * batch`. Or None.
        running_var: The same of the unbiased variances. An empty batch changes neither.
        weight: `(C,)`, or None.
        bias: `(C,)`, or None.
        training: Whether to normalise by the mean and variance of the batch; otherwise by the
            running averages.
        momentum: The share of the newest batch in the running averages, from 0 to 1.
        eps: Added to the variance.

    Raises:
        ShapeError: A training batch has one value per channel, whose variance means nothing.
        ValueError: There are no running averages to evaluate with.

    Example:
        >>> nn.functional.batch_norm(np.array([[1.0], [3.0]]), None, None, training=True).round(3)
        array([[-1.],
               [ 1.]])
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
    input: ArrayLike,
    normalized_shape: int | Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Any:
    """Normalise each example over its last axes, then multiply by `weight` and add `bias`.

    Args:
        input: `(..., *normalized_shape)`.
        normalized_shape: The lengths of the axes to normalise over.
        weight: An array of that shape, or None.
        bias: An array of that shape, or None.
        eps: Added to the variance.

    Raises:
        ShapeError: The last axes of `input` differ.

    Example:
        >>> nn.functional.layer_norm(np.array([[1.0, 3.0]]), 2).round(3)
        array([[-1.,  1.]])
    """
    return ops.layer_norm(input, _shape(normalized_shape), weight, bias, eps)


def _shape(shape: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(shape) if isinstance(shape, Sequence) else (shape,)


def group_norm(
    input: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Any:
    """Normalise each group of channels of each example, then multiply by `weight` and add `bias`.

    Args:
        input: `(N, C, ...)`.
        num_groups: The number of groups, which divides C.
        weight: `(C,)`, or None.
        bias: `(C,)`, or None.
        eps: Added to the variance.

    Raises:
        ShapeError: The shapes do not go together.

    Example:
        >>> nn.functional.group_norm(np.array([[1.0, 3.0]]), 1).round(3)
        array([[-1.,  1.]])
    """
    return ops.group_norm(input, num_groups, weight, bias, eps)


class _BatchNorm(Module):
    """Each channel gets mean 0 and variance 1, then is multiplied by `weight` and added to `bias`.

    Training normalises by the batch, evaluation by running averages. The state consists of
    `weight`, `bias`, `running_mean`, `running_var` and `num_batches_tracked`.

    Args:
        num_features: The number of channels, C.
        eps: Added to the variance.
        momentum: The share of the newest batch in the running averages; None averages all batches
            alike.
        affine: Whether there are `weight` and `bias`, both `(C,)`.
        track_running_stats: Whether there are running averages; without, evaluation normalises by
            the batch as well.
        dtype: The dtype of parameters and averages.

    Raises:
        ValueError: `num_features` is below 1.
        ShapeError: An input has another shape, or one value per channel while training.
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

    def forward(self, x: ArrayLike) -> Tensor:
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
    __doc__ = f"""Batch normalisation of `(N, C)` or `(N, C, L)`.

    {_BatchNorm.__doc__}
    Example:
        >>> nn.BatchNorm1d(1)(Tensor([[1.0], [3.0]], dtype=np.float32)).data.round(3).tolist()
        [[-1.0], [1.0]]
    """
    shapes = {2: "(N, C)", 3: "(N, C, L)"}


class BatchNorm2d(_BatchNorm):
    __doc__ = f"""Batch normalisation of images `(N, C, H, W)`.

    {_BatchNorm.__doc__}
    Example:
        >>> nn.BatchNorm2d(3)(np.ones((2, 3, 4, 4), np.float32)).shape
        (2, 3, 4, 4)
    """
    shapes = {4: "(N, C, H, W)"}


class LayerNorm(Module):
    """Normalisation of each example over its last axes, with a weight and a bias of their shape.

    Args:
        normalized_shape: The lengths of the axes to normalise over.
        eps: Added to the variance.
        elementwise_affine: Whether there are `weight` and `bias`.
        bias: Whether there is a `bias`.
        dtype: The dtype of the parameters.

    Raises:
        ValueError: A length is below 1.
        ShapeError: The last axes of an input differ.

    Example:
        >>> nn.LayerNorm(2)(Tensor([[1.0, 3.0]], dtype=np.float32)).data.round(3)
        array([[-1.,  1.]], dtype=float32)
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

    def forward(self, x: ArrayLike) -> Tensor:
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
    """Normalisation of each group of channels of each example, `(N, C, ...)`.

    Args:
        num_groups: The number of groups of neighbouring channels.
        num_channels: C, a multiple of `num_groups`.
        eps: Added to the variance.
        affine: Whether there are `weight` and `bias`, both `(C,)`.
        dtype: The dtype of the parameters.

    Raises:
        ValueError: `num_channels` is not a multiple of `num_groups`.
        ShapeError: An input has another number of channels.

    Example:
        >>> nn.GroupNorm(1, 2)(Tensor([[1.0, 3.0]], dtype=np.float32)).data.round(3)
        array([[-1.,  1.]], dtype=float32)
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

    def forward(self, x: ArrayLike) -> Tensor:
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
