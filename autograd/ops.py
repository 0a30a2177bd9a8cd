"""The functions of neural networks, on arrays and on Tensors: `from autograd.ops import relu`.

NumPy lacks them, and composed of NumPy's functions they would be slow or lose digits; each is one
node of the graph, with a rule in `autograd/rules/networks.py`.

    activations     relu, leaky_relu, elu, sigmoid, softplus, silu, gelu; erf
    classifiers     linear, softmax, log_softmax, logsumexp, cross_entropy
    images          conv, conv_transpose, max_pool, avg_pool, adaptive_avg_pool
    normalisation   batch_norm, layer_norm, group_norm
    tables          embedding

On arrays they return arrays; with a Tensor among their arguments, a Tensor. Where `nn.functional`
has a function of the same name, positional arguments mean the same.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arrays import as_array, refuse_none
from .errors import ShapeError
from .kernels import convolution, normalization, pooling
from .kernels import embedding as tables
from .kernels.convolution import Sizes
from .operands import argument
from .rules import networks
from .rules.networks import (
    cross_entropy,
    elu,
    erf,
    leaky_relu,
    linear,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from .tensor import Tensor
from .typing import Array, ArrayLike

__all__ = [
    "adaptive_avg_pool",
    "avg_pool",
    "batch_norm",
    "conv",
    "conv_transpose",
    "cross_entropy",
    "elu",
    "embedding",
    "erf",
    "gelu",
    "group_norm",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "relu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
]


def gelu(x: ArrayLike, approximate: str = "none") -> Array:
    """Return `x` times the probability that a standard normal number is below it.

    Hendrycks and Gimpel, 2016 (arXiv:1606.08415).

    Args:
        x: Real numbers of any shape.
        approximate: 'none', or 'tanh' for a formula with tanh that is right to 0.0005.

    Returns:
        An array of the shape of `x`.

    Raises:
        ValueError: `approximate` is neither.

    Example:
        >>> autograd.ops.gelu(np.array([-1.0, 0.0, 1.0]))
        array([-0.15865525,  0.        ,  0.84134475])
        >>> autograd.ops.gelu(np.array([-1.0, 0.0, 1.0]), approximate="tanh")
        array([-0.15880801,  0.        ,  0.84119199])
    """
    if approximate == "none":
        return networks.gelu(x)
    if approximate == "tanh":
        return networks.gelu_tanh(x)
    raise ValueError(f"gelu: approximate (={approximate!r}) must be 'none' or 'tanh'")


# -- convolution --------------------------------------------------------------------------------


def conv(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Array:
    """Return the products of every window of `x` with kernels, summed over channels.

    As everywhere in deep learning the kernel is not rotated. There may be any number of spatial
    axes.

    Args:
        x: Images `(N, C, *size)`, or one image `(C, *size)`.
        weight: `(O, C / groups, *kernel)`.
        bias: `(O,)`, or None.
        stride: From window to window; like `dilation` a number, or one for each spatial axis.
        padding: Zeros at both ends of each axis; or "valid" (none), or "same": the result is as
            large as the input (stride 1 only; an odd zero is put at the end).
        dilation: The distance between the elements that meet neighbours in the kernel.
        groups: Into how many parts inputs and outputs are split that do not see each other.

    Returns:
        `(N, O, *out)`, where `out = (size + 2 padding - dilation (kernel - 1) - 1) // stride + 1`.

    Raises:
        ShapeError: Images, kernels, bias and groups do not agree, or a kernel is too large.
        ValueError: `padding` is another word, or a size is out of range.

    Example:
        >>> autograd.ops.conv(np.array([[1.0, 2.0, 4.0]]), np.array([[[-1.0, 1.0]]]))
        array([[1., 2.]])
    """
    images, kernels, windows, single = convolution.checked(
        "conv", x, weight, stride, padding, dilation, groups
    )
    convolution.check_conv(images.shape, kernels.shape, windows)
    convolution.check_bias("conv", bias, kernels.shape[0])
    y = networks.convolve(images, kernels, bias, windows=windows)
    return y[0] if single else y


def conv_transpose(
    x: ArrayLike,
    weight: ArrayLike,
    bias: ArrayLike | None = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Array:
    """Spread every element of `x` over a window of the result: the adjoint of `conv`.

    Args:
        x: Images `(N, C, *size)`, or one image `(C, *size)`.
        weight: `(C, O / groups, *kernel)`.
        bias: `(O,)`, or None.
        stride: From window to window; all sizes are a number, or one for each spatial axis.
        padding: The zeros that `conv` would pad with: so much is cut off at both ends.
        output_padding: Tells apart the sizes that `conv` with this stride takes to `size`; smaller
            than the stride.
        groups: Into how many parts inputs and outputs are split.
        dilation: As in `conv`.

    Returns:
        `(N, O, *out)`, where
        `out = (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.

    Raises:
        ShapeError: The shapes and groups do not agree.
        ValueError: A size is out of range, or not a number.

    Example:
        >>> autograd.ops.conv_transpose(np.array([[1.0, 2.0]]), np.array([[[1.0, 10.0]]]))
        array([[ 1., 12., 20.]])
    """
    if isinstance(padding, str):
        raise ValueError(f"conv_transpose: padding (={padding!r}) must be numbers")
    images, kernels, windows, single = convolution.checked(
        "conv_transpose", x, weight, stride, padding, dilation, groups
    )
    size = convolution.transposed_size(images.shape, kernels.shape, windows, output_padding)
    convolution.check_bias("conv_transpose", bias, kernels.shape[1] * groups)
    y = networks.convolve_transposed(images, kernels, size=size, windows=windows)
    if bias is not None:
        y = y + np.reshape(bias, (-1, *[1] * len(size)))
    return y[0] if single else y


# -- pooling ------------------------------------------------------------------------------------


def max_pool(
    x: ArrayLike,
    kernel_size: Sequence[int],
    stride: Sizes | None = None,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    ceil_mode: bool = False,
) -> Array:
    """Return the largest element of each window over the last axes.

    The gradient goes to the first maximum of a window, in row-major order. A NaN is larger than any
    number, and of several the last is picked.

    Args:
        x: Floats `(N, C, ...)` or `(C, ...)`.
        kernel_size: The size of a window along each of the last axes.
        stride: From window to window; `kernel_size` by default.
        padding: Elements of -inf at both ends, at most half of a window.
        dilation: The distance between the elements of a window.
        ceil_mode: Whether there is one more window where the last one would lose elements.

    Returns:
        An array with the memory layout of `x`.

    Raises:
        ValueError: A size is out of range, or the padding more than half a window.
        ShapeError: No window fits, or one is nothing but padding.
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.max_pool(np.array([[1.0, 3.0, 2.0, 0.0]]), (2,))
        array([[3., 2.]])
    """
    windows = pooling.windows_of("max_pool", x, kernel_size, stride, padding, dilation, ceil_mode)
    return networks.largest(x, windows=windows)


def avg_pool(
    x: ArrayLike,
    kernel_size: Sequence[int],
    stride: Sizes | None = None,
    padding: Sizes = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Array:
    """Return the mean of each window over the last axes.

    Args:
        x: Floats `(N, C, ...)` or `(C, ...)`.
        kernel_size: The size of a window along each of the last axes.
        stride: From window to window; `kernel_size` by default.
        padding: Zeros at both ends, at most half of a window.
        ceil_mode: Whether there is one more window where the last one would lose elements.
        count_include_pad: Whether the zeros of the padding count as elements.

    Returns:
        An array with the memory layout of `x`.

    Raises:
        ValueError: A size is out of range, or the padding more than half a window.
        ShapeError: No window fits, or one is nothing but padding.
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.avg_pool(np.array([[1.0, 3.0, 2.0, 0.0]]), (2,))
        array([[2., 1.]])
    """
    windows = pooling.windows_of(
        "avg_pool", x, kernel_size, stride, padding, 1, ceil_mode, count_include_pad
    )
    return networks.mean(x, windows=windows)


def adaptive_avg_pool(x: ArrayLike, output_size: Sequence[int | None]) -> Array:
    """Return the means of windows that divide each of the last axes into so many parts.

    Part `i` of `n` of an axis of length `L` goes from `floor(i L / n)` to `ceil((i + 1) L / n)`;
    neighbours may overlap by one.

    Args:
        x: Floats `(N, C, ...)` or `(C, ...)`.
        output_size: The number of parts of each of the last axes; None keeps the axis.

    Returns:
        An array with the memory layout of `x`.

    Raises:
        ValueError: A size is below 1.
        ShapeError: The images are empty.
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.adaptive_avg_pool(np.array([[1.0, 3.0, 2.0, 0.0]]), (1,))
        array([[1.5]])
    """
    windows = pooling.adaptive_windows(x, output_size)
    return networks.mean(x, windows=windows)


# -- normalisation ------------------------------------------------------------------------------


def batch_norm(
    x: ArrayLike,
    mean: ArrayLike | None = None,
    var: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    *,
    eps: float = 1e-5,
    return_moments: bool = False,
) -> Array:
    """Return each channel with mean 0 and variance 1, times `weight` plus `bias`.

    Ioffe and Szegedy, 2015 (arXiv:1502.03167).

    Args:
        x: Floats `(N, C, ...)`.
        mean: `(C,)`, a constant. Without it and `var`, the statistics are those of the batch, and
            the gradient of `x` takes account of it.
        var: `(C,)`, a constant.
        weight: `(C,)`, or None.
        bias: `(C,)`, or None.
        eps: Added to the variance.
        return_moments: Whether to return `(y, moments)`. The moments, an array `(2, C)` without a
            gradient, are the mean and the biased variance.

    Returns:
        An array of the shape, dtype and memory layout of `x`.

    Raises:
        ShapeError: The shapes do not agree, or a batch without elements has no mean.
        DTypeError: `x` holds integers, or only one of `mean` and `var` is given.

    Example:
        >>> autograd.ops.batch_norm(np.array([[1.0], [3.0]]), eps=0.0)
        array([[-1.],
               [ 1.]])
        >>> autograd.ops.batch_norm(np.array([[1.0], [3.0]]), [2.0], [4.0], eps=0.0)
        array([[-0.5],
               [ 0.5]])
    """
    refuse_none("batch_norm", x=x)
    x = x if isinstance(x, Tensor) else as_array(argument(x, "batch_norm", "x"))
    array: Array = getattr(x, "_array", x)
    if mean is None and var is None:
        normalization.check_batch(array, weight=weight, bias=bias)
        statistics = normalization.batch_statistics(array)
        y = networks.batch_norm(x, weight, bias, eps=eps, statistics=statistics)
    else:
        refuse_none("batch_norm", mean=mean, var=var)
        mean, var = (_plain(argument(v, "batch_norm"), array) for v in (mean, var))
        normalization.check_batch(array, weight=weight, bias=bias, mean=mean, var=var)
        statistics = normalization.given_statistics(mean, var, array)
        y = networks.fixed_norm(x, weight, bias, eps=eps, statistics=statistics)
    if not return_moments:
        return y
    moments = np.empty_like(array, shape=(2, array.shape[1]))
    moments[0], moments[1] = statistics.pivot + statistics.rest, statistics.var
    return y, moments


def _plain(x: ArrayLike, like: Array) -> Array:
    """A constant as an array; a Tensor that requires a gradient refuses to be one."""
    return np.asarray(x) if isinstance(x, Tensor) else as_array(x, like)


def layer_norm(
    x: ArrayLike,
    normalized_shape: int | Sequence[int],
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    """Return each example with mean 0 and variance 1 over its last axes, times weight plus bias.

    Ba et al., 2016 (arXiv:1607.06450).

    Args:
        x: Floats `(..., *normalized_shape)`.
        normalized_shape: The lengths of the last axes.
        weight: Of `normalized_shape`, or None.
        bias: Of `normalized_shape`, or None.
        eps: Added to the (biased) variance.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        ShapeError: The shapes do not agree, or one is empty.
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.layer_norm(np.array([[1.0, 3.0]]), 2, eps=0.0)
        array([[-1.,  1.]])
    """
    refuse_none("layer_norm", x=x, normalized_shape=normalized_shape)
    x = argument(x, "layer_norm", "x")
    if isinstance(normalized_shape, int):
        normalized_shape = (normalized_shape,)
    shape = tuple(normalized_shape)
    if not shape or np.shape(x)[-len(shape) :] != shape or 0 in shape:
        raise ShapeError(
            f"layer_norm: the last axes of x must be normalized_shape (={shape}), without zeros; "
            f"x has shape {np.shape(x)}"
        )
    parameters = {"weight": weight, "bias": bias}
    normalization.check_parameters("layer_norm", x, shape, parameters)
    return networks.normalize(x, weight, bias, axes=len(shape), eps=eps)


def group_norm(
    x: ArrayLike,
    num_groups: int,
    weight: ArrayLike | None = None,
    bias: ArrayLike | None = None,
    eps: float = 1e-5,
) -> Array:
    """Return each group of channels with mean 0 and variance 1, times `weight` plus `bias`.

    Wu and He, 2018 (arXiv:1803.08494).

    Args:
        x: Floats `(N, C, ...)`.
        num_groups: Divides C; neighbouring channels form a group.
        weight: `(C,)`, or None.
        bias: `(C,)`, or None.
        eps: Added to the (biased) variance.

    Returns:
        An array of the shape and dtype of `x`.

    Raises:
        ShapeError: C is not a multiple of `num_groups`, a group is empty, or the shapes do not
            agree.
        DTypeError: `x` holds integers.

    Example:
        >>> autograd.ops.group_norm(np.array([[1.0, 3.0, 10.0, 30.0]]), 2, eps=0.0)
        array([[-1.,  1., -1.,  1.]])
    """
    refuse_none("group_norm", x=x, num_groups=num_groups)
    x = argument(x, "group_norm", "x")
    shape = np.shape(x)
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups or 0 in shape[1:]:
        raise ShapeError(
            f"group_norm takes an input of shape (N, C, ...), where C is a multiple of num_groups "
            f"(={num_groups}); got shape {shape}"
        )
    normalization.check_parameters("group_norm", x, shape[1:2], {"weight": weight, "bias": bias})
    groups = (num_groups, shape[1] // num_groups)
    parameters = [
        None if p is None else np.reshape(p, (*groups, *(1,) * (len(shape) - 2)))
        for p in (weight, bias)
    ]
    grouped = np.reshape(x, (shape[0], *groups, *shape[2:]))
    return np.reshape(networks.normalize(grouped, *parameters, axes=len(shape) - 1, eps=eps), shape)


# -- tables -------------------------------------------------------------------------------------


def embedding(indices: ArrayLike, weight: ArrayLike, padding_idx: int | None = None) -> Array:
    """Return the rows of a table that have these numbers.

    `backward()` leaves a `RowGradient` in a leaf of which only rows were read; in all other cases
    the gradient is an ordinary array.

    Args:
        indices: Integers of any shape, from 0 to `len(weight) - 1`: a constant.
        weight: The table, `(rows, ...)`.
        padding_idx: The number of a row that gets no gradient.

    Returns:
        An array of shape `indices.shape + weight.shape[1:]`.

    Raises:
        DTypeError: The indices are not integers.
        ShapeError: `weight` has no axes.
        ValueError: An index or `padding_idx` is out of range; negative ones are.

    Example:
        >>> autograd.ops.embedding([2, 0], np.array([[1.0], [2.0], [3.0]]))
        array([[3.],
               [1.]])
    """
    refuse_none("embedding", indices=indices, weight=weight)
    indices = np.asarray(argument(indices, "embedding", "indices"))
    tables.check(weight, indices, padding_idx)
    sparse = getattr(weight, "is_leaf", False)
    return networks.lookup(weight, indices=indices, padding_idx=padding_idx, sparse=sparse)
