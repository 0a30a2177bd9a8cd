"""Pooling layers: the largest or the mean element of each window.

They take `(N, C, H, W)` or `(C, H, W)`, in 1-d `(N, C, L)` or `(C, L)`. Along an axis of length
`L` there are `floor((L + 2 padding - dilation (kernel_size - 1) - 1) / stride) + 1` windows; with
`ceil_mode` it is rounded up, unless the last window would start behind the input.

Sizes are integers, or in 2-d pairs `(rows, columns)`; `stride` defaults to `kernel_size`. Padding
counts as -inf for the maximum, as 0 for the mean, and is at most half of the window. The first
maximum of a window, row by row, has its gradient.

Raises `ValueError` for sizes out of range, `ShapeError` for inputs of other shapes or smaller than
a window, and `DTypeError` for images of integers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from autograd import AutogradError, DTypeError, ShapeError, Tensor
from autograd.ops import adaptive_avg_pool, avg_pool, max_pool
from autograd.typing import ArrayLike

from .module import Module
from .sizes import per_axis

Size = int | Sequence[int]


def max_pool1d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Any:
    """Return the largest element of each window of sequences.

    Args:
        input: `(N, C, L)`, or `(C, L)` for one sequence.
        kernel_size: The size of the windows.
        stride: The step from one window to the next (default: `kernel_size`).
        padding: The number of elements added on both sides.
        dilation: The distance of a window's elements.
        ceil_mode: Whether the last window may reach beyond the end.

    Raises:
        ValueError: A size is out of range.
        ShapeError: `input` has another shape, or is smaller than a window.

    Example:
        >>> nn.functional.max_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[3., 2.]])
    """
    kernel = per_axis("max_pool1d", "kernel_size", kernel_size, 1, 1)
    return max_pool(input, kernel, stride, padding, dilation, ceil_mode)


def max_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
) -> Any:
    """Return the largest element of each window of images.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one image.
        kernel_size: The size of the windows.
        stride: The step from one window to the next (default: `kernel_size`).
        padding: The number of elements added on both sides.
        dilation: The distance of a window's elements.
        ceil_mode: Whether the last window may reach beyond the end.

    Raises:
        ValueError: A size is out of range.
        ShapeError: `input` has another shape, or is smaller than a window.

    Example:
        >>> nn.functional.max_pool2d(np.array([[[1.0, 3.0], [2.0, 0.0]]]), 2)
        array([[[3.]]])
    """
    kernel = per_axis("max_pool2d", "kernel_size", kernel_size, 2, 1)
    return max_pool(input, kernel, stride, padding, dilation, ceil_mode)


def avg_pool1d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Return the mean of each window of sequences.

    Args:
        input: `(N, C, L)`, or `(C, L)` for one sequence.
        kernel_size: The size of the windows.
        stride: The step from one window to the next (default: `kernel_size`).
        padding: The number of elements added on both sides.
        ceil_mode: Whether the last window may reach beyond the end.
        count_include_pad: Whether padding counts as elements of the mean.

    Raises:
        ValueError: A size is out of range.
        ShapeError: `input` has another shape, or is smaller than a window.

    Example:
        >>> nn.functional.avg_pool1d(np.array([[1.0, 3.0, 2.0, 0.0]]), 2)
        array([[2., 1.]])
    """
    kernel = per_axis("avg_pool1d", "kernel_size", kernel_size, 1, 1)
    return avg_pool(input, kernel, stride, padding, ceil_mode, count_include_pad)


def avg_pool2d(
    input: ArrayLike,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """Return the mean of each window of images.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one image.
        kernel_size: The size of the windows.
        stride: The step from one window to the next (default: `kernel_size`).
        padding: The number of elements added on both sides.
        ceil_mode: Whether the last window may reach beyond the end.
        count_include_pad: Whether padding counts as elements of the mean.

    Raises:
        ValueError: A size is out of range.
        ShapeError: `input` has another shape, or is smaller than a window.

    Example:
        >>> nn.functional.avg_pool2d(np.array([[[1.0, 3.0], [2.0, 0.0]]]), 2)
        array([[[1.5]]])
    """
    kernel = per_axis("avg_pool2d", "kernel_size", kernel_size, 2, 1)
    return avg_pool(input, kernel, stride, padding, ceil_mode, count_include_pad)


def adaptive_avg_pool2d(input: ArrayLike, output_size: int | Sequence[int | None] | None) -> Any:
    """Return the means of `output_size` parts of each image.

    Args:
        input: `(N, C, H, W)`, or `(C, H, W)` for one image.
        output_size: The number of parts: an integer for both axes, or a pair; None keeps an axis.

    Raises:
        ValueError: `output_size` is none of these.

    Example:
        >>> nn.functional.adaptive_avg_pool2d(np.ones((1, 2, 5, 7)), 3).shape
        (1, 2, 3, 3)
    """
    return adaptive_avg_pool(input, _output_sizes("adaptive_avg_pool2d", output_size))


def _output_sizes(owner: str, output_size: Any) -> tuple[int | None, ...]:
    sizes = tuple(output_size) if isinstance(output_size, Sequence) else (output_size,) * 2
    known = [1 if size is None else size for size in sizes]
    if len(sizes) == 2:
        per_axis(owner, "output_size", known, 2, 1)
        return sizes
    raise ValueError(
        f"{owner}: output_size (={output_size!r}) must be an integer or a pair of integers, None "
        f"for an axis that stays as it is"
    )


class _Pool(Module):
    """The sizes of a pooling layer, checked, and its errors, which name the layer."""

    axes: int
    function: Callable[..., Any]

    def __init__(
        self, kernel_size: Size, stride: Size | None, padding: Size, dilation: Size = 1
    ) -> None:
        name = type(self).__name__
        kernel = per_axis(name, "kernel_size", kernel_size, self.axes, 1)
        if stride is not None:
            per_axis(name, "stride", stride, self.axes, 1)
        paddings = per_axis(name, "padding", padding, self.axes, 0)
        dilations = per_axis(name, "dilation", dilation, self.axes, 1)
        for k, p, d in zip(kernel, paddings, dilations, strict=True):
            if 2 * p > d * (k - 1) + 1:
                raise ValueError(
                    f"{name}: padding (={padding}) must be at most half of the window; pad less, "
                    f"or enlarge kernel_size (={kernel_size})"
                )
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding

    def _options(self) -> dict[str, Any]:
        raise NotImplementedError

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = _naming(self, type(self).function, x, self.kernel_size, **self._options())
        return result

    def extra_repr(self) -> str:
        """The sizes that were given, and options that are not at their defaults."""
        options = {"kernel_size": self.kernel_size, **self._options()}
        usual = {"padding": 0, "dilation": 1, "ceil_mode": False, "count_include_pad": True}
        return ", ".join(f"{k}={v}" for k, v in options.items() if usual.get(k) != v)


def _naming(module: Module, function: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Call `function`, and let its complaints about the input name the layer."""
    try:
        return function(*args, **options)
    except (ShapeError, DTypeError) as error:
        kind: type[AutogradError] = type(error)
        raise kind(f"{module!r}: {error}") from None


class _MaxPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        dilation: Size = 1,
        *,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__(kernel_size, stride, padding, dilation)
        self.dilation = dilation
        self.ceil_mode = ceil_mode

    def _options(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "dilation": self.dilation,
            "ceil_mode": self.ceil_mode,
        }


class MaxPool1d(_MaxPool):
    """The largest element of each window of a sequence.

    The sizes and errors are those that the head of this file describes.

    Example:
        >>> nn.MaxPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[3., 2.]])
    """

    axes = 1
    function = max_pool1d


class MaxPool2d(_MaxPool):
    """The largest element of each window of an image.

    The sizes and errors are those that the head of this file describes.

    Example:
        >>> nn.MaxPool2d(2)(np.array([[[1.0, 3.0], [2.0, 0.0]]]))
        array([[[3.]]])
    """

    axes = 2
    function = max_pool2d


class _AvgPool(_Pool):
    def __init__(
        self,
        kernel_size: Size,
        stride: Size | None = None,
        padding: Size = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__(kernel_size, stride, padding)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def _options(self) -> dict[str, Any]:
        return {
            "stride": self.stride,
            "padding": self.padding,
            "ceil_mode": self.ceil_mode,
            "count_include_pad": self.count_include_pad,
        }


class AvgPool1d(_AvgPool):
    """The mean of each window of a sequence; padding counts unless `count_include_pad=False`.

    Example:
        >>> nn.AvgPool1d(2)(np.array([[1.0, 3.0, 2.0, 0.0]]))
        array([[2., 1.]])
    """

    axes = 1
    function = avg_pool1d


class AvgPool2d(_AvgPool):
    """The mean of each window of an image; padding counts unless `count_include_pad=False`.

    Example:
        >>> nn.AvgPool2d(2)(np.array([[[1.0, 3.0], [2.0, 0.0]]]))
        array([[[1.5]]])
    """

    axes = 2
    function = avg_pool2d


class AdaptiveAvgPool2d(Module):
    """The means of `output_size` parts of an image, whatever the size of the image.

    Part `i` of `n` of an axis of length `L` goes from `floor(i L / n)` to `ceil((i + 1) L / n)`.

    Args:
        output_size: The number of parts: an integer for both axes, or a pair; None keeps an axis.

    Raises:
        ValueError: `output_size` is none of these.

    Example:
        >>> nn.AdaptiveAvgPool2d(1)(np.ones((1, 2, 5, 7))).shape
        (1, 2, 1, 1)
    """

    def __init__(self, output_size: int | Sequence[int | None] | None) -> None:
        _output_sizes("AdaptiveAvgPool2d", output_size)
        self.output_size = output_size

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = _naming(self, adaptive_avg_pool2d, x, self.output_size)
        return result

    def extra_repr(self) -> str:
        return f"output_size={self.output_size}"
