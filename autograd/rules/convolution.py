"""Convolution and its two adjoints. Nothing is kept for them but the arrays they are given.

A convolution multiplies every window of the input with the kernel. (As everywhere in deep
learning the kernel is not rotated; a mathematician calls this a correlation.) The windows, which
overlap, are copied out as the rows of a matrix, and one matrix product does the rest: Chellapilla
et al., High performance convolutional neural networks for document processing, 2006. A few images
are taken at a time, so that their windows are multiplied while they are in the processor's cache.

It is linear in the input and in the kernel. With its two adjoints it is closed under
differentiation: each is the gradient of the others, at every order.

    y = convolve(x, w)               the layer
    x = convolve_transposed(y, w)    its gradient for the input: every element of y spreads over
                                     the window it came from. (For stride 1 that is a convolution
                                     with the kernel rotated by 180 degrees.)
    w = correlate(y, x)              its gradient for the kernel, which is not rotated

Images are (N, C, *size), with any number of spatial axes. In memory the channels of the results
stand last, so that windows are copied in long runs; other operations keep that order, and an
input in another one is copied.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ..arrays import refuse_none
from ..broadcasting import per_axis
from ..errors import ShapeError
from ..op import Op
from ..registry import rule

Sizes = int | Sequence[int]


class Windows(NamedTuple):
    """Where the windows of a convolution lie: one entry for each spatial axis."""

    stride: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  #: zeros before and after
    dilation: tuple[int, ...]
    groups: int

    def spans(self, kernel: tuple[int, ...]) -> tuple[int, ...]:
        """From the first to the last element that a window reads."""
        return tuple(d * (k - 1) + 1 for d, k in zip(self.dilation, kernel, strict=True))

    def padded(self, size: tuple[int, ...]) -> tuple[int, ...]:
        return tuple(n + low + high for n, (low, high) in zip(size, self.padding, strict=True))

    def reached_from(self, place: tuple[int, ...], counts: tuple[int, ...]) -> tuple[slice, ...]:
        """The elements of the padded input that meet the element `place` of the kernel."""
        entries = zip(place, self.dilation, self.stride, counts, strict=True)
        return tuple(slice(d * i, d * i + s * (n - 1) + 1, s) for i, d, s, n in entries)

    def counts(self, size: tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
        """How many windows fit along each axis: the size of the output."""
        sizes = zip(self.padded(size), self.spans(kernel), self.stride, strict=True)
        return tuple((n - span) // s + 1 for n, span, s in sizes)


def conv(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Any:
    """The products of every window of `x` with the kernels in `weight`, summed over channels.

    `x`: (N, C, *size), or (C, *size) for one image; `weight`: (O, C / groups, *kernel); `bias`:
    (O,) or None. One or more spatial axes; the result is (N, O, *out), where
    `out = (size + 2 padding - dilation (kernel - 1) - 1) // stride + 1`.

    `stride`, `padding`, `dilation`: a number, or one for each spatial axis. `padding` may be
    "valid" (none) or "same" (the result is as large as the input; stride 1 only; where an odd
    number of zeros is needed the additional one is at the end). `groups`: inputs and outputs are
    split into so many parts that do not see each other.

    Raises `ShapeError` for shapes, groups and kernels that do not fit each other or the image.
    """
    x, weight, windows, single = _checked("conv", x, weight, stride, padding, dilation, groups)
    shape, kernel = x.shape, weight.shape
    if shape[1] != kernel[1] * groups or kernel[0] % groups:
        raise ShapeError(
            f"conv: the weight (out, in / groups, *kernel) = {kernel} with groups={groups} goes "
            f"with images of {kernel[1] * groups} channels and an out that groups divides; x has "
            f"shape {shape}, with {shape[1]} channels"
        )
    _check_bias("conv", bias, kernel[0])
    for n, span in zip(windows.padded(shape[2:]), windows.spans(kernel[2:]), strict=True):
        if span > n:
            raise ShapeError(
                f"conv: the kernel {kernel[2:]} with dilation {windows.dilation} spans {span} "
                f"elements, but the image {shape[2:]} has {n} with its padding; pad it, or take a "
                f"smaller kernel"
            )
    y = convolve(x, weight, bias, windows=windows)
    return y[0] if single else y


def conv_transpose(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    groups: int = 1,
    dilation: Sizes = 1,
) -> Any:
    """Spread every element of `x` over a window of the result: the adjoint of `conv`.

    `x`: (N, C, *size), or (C, *size) for one image; `weight`: (C, O / groups, *kernel); `bias`:
    (O,) or None. The result is (N, O, *out), where
    `out = (size - 1) stride - 2 padding + dilation (kernel - 1) + output_padding + 1`.

    `stride`, `padding`, `output_padding` and `dilation`: a number, or one for each spatial axis.
    `output_padding`, smaller than the stride, tells apart the sizes that `conv` with this stride
    takes to `size`. Raises `ShapeError` for what does not fit.
    """
    if isinstance(padding, str):
        raise ValueError(f"conv_transpose: padding (={padding!r}) must be numbers")
    x, weight, windows, single = _checked(
        "conv_transpose", x, weight, stride, padding, dilation, groups
    )
    shape, kernel = x.shape, weight.shape
    if shape[1] != kernel[0] or kernel[0] % groups:
        raise ShapeError(
            f"conv_transpose: the weight (in, out / groups, *kernel) = {kernel} goes with images "
            f"of {kernel[0]} channels, which groups (={groups}) must divide; x has shape {shape}, "
            f"with {shape[1]} channels"
        )
    _check_bias("conv_transpose", bias, kernel[1] * groups)
    more = per_axis("conv_transpose", "output_padding", output_padding, len(kernel) - 2, 0)
    size = tuple(
        (n - 1) * s - low - high + span + extra
        for n, s, (low, high), span, extra in zip(
            shape[2:], windows.stride, windows.padding, windows.spans(kernel[2:]), more, strict=True
        )
    )
    if any(extra >= s for extra, s in zip(more, windows.stride, strict=True)) or min(size) < 1:
        raise ShapeError(
            f"conv_transpose: output_padding {more} must be smaller than the stride "
            f"{windows.stride}, and the size of the result, here {size}, at least 1"
        )
    y = convolve_transposed(x, weight, size=size, windows=windows)
    if bias is not None:
        y = y + np.reshape(bias, (-1, *[1] * len(size)))
    return y[0] if single else y


def _checked(
    function: str,
    x: Any,
    weight: Any,
    stride: Sizes,
    padding: Sizes | str,
    dilation: Sizes,
    groups: int,
) -> tuple[Any, Any, Windows, bool]:
    """`x` with a batch axis, `weight`, where the windows lie, and whether `x` had no batch axis."""
    refuse_none(function, x=x, weight=weight)
    x, weight = (np.asarray(a) if isinstance(a, list | tuple) else a for a in (x, weight))
    axes = np.ndim(weight) - 2
    if axes < 1 or np.ndim(x) not in (axes + 1, axes + 2) or 0 in weight.shape:
        raise ShapeError(
            f"{function}: x must have the axes (N, channels, *size) or (channels, *size), and "
            f"weight as many spatial axes, none of them empty; got {np.shape(x)} and "
            f"{np.shape(weight)}"
        )
    if groups < 1:
        raise ValueError(f"{function}: groups (={groups}) must be at least 1")
    stride = per_axis(function, "stride", stride, axes, 1)
    dilation = per_axis(function, "dilation", dilation, axes, 1)
    if isinstance(padding, str):
        if padding not in ("same", "valid") or (padding == "same" and set(stride) != {1}):
            raise ValueError(
                f"{function}: padding (={padding!r}) must be numbers, 'valid', or, with stride 1, "
                f"'same'; the stride is {stride}"
            )
        total = [
            d * (k - 1) if padding == "same" else 0
            for d, k in zip(dilation, weight.shape[2:], strict=True)
        ]
        sides = tuple((n // 2, n - n // 2) for n in total)
    else:
        sides = tuple((p, p) for p in per_axis(function, "padding", padding, axes, 0))
    single = np.ndim(x) == axes + 1
    x = np.expand_dims(x, 0) if single else x
    return x, weight, Windows(stride, sides, dilation, groups), single


def _check_bias(function: str, bias: Any, outputs: int) -> None:
    if bias is not None and np.shape(bias) != (outputs,):
        raise ShapeError(f"{function}: bias must have shape ({outputs},); got {np.shape(bias)}")


# -- on arrays ----------------------------------------------------------------------------------

_BLOCK = 1 << 21  # bytes of windows at a time: about a processor's second-level cache
_FEW = 8  # channels; runs along the width are longer than runs along so few


def _convolve(x: Any, weight: Any, bias: Any = None, windows: Any = None) -> Any:
    kernel, groups = weight.shape[2:], windows.groups
    counts = windows.counts(x.shape[2:], kernel)
    dtype = np.result_type(*(a for a in (x, weight, bias) if a is not None))
    out = _empty(x, (len(x), *counts, len(weight)), dtype)
    # (groups * outputs, channels, *kernel) -> (groups, kernel * channels, outputs)
    columns = np.moveaxis(weight.reshape(groups, -1, *weight.shape[1:]), (1, 2), (-1, -2))
    columns = columns.reshape(groups, -1, columns.shape[-1])

    for block, rows in _windows_by_row(x, kernel, windows, dtype):
        y = out[block]
        _multiply(rows, columns, y.reshape(-1, y.shape[-1]))
        if bias is not None:
            y += bias
    return np.moveaxis(out, -1, 1)


def _correlate(g: Any, x: Any, kernel: Any = None, windows: Any = None) -> Any:
    groups = windows.groups
    outputs, channels = g.shape[1] // groups, x.shape[1] // groups
    dtype = np.result_type(g, x)
    shape = (groups, math.prod(kernel) * channels, outputs)
    g = np.moveaxis(g, 1, -1)
    total = _zeros(g, shape, dtype)
    for block, rows in _windows_by_row(x, kernel, windows, dtype):
        total += np.swapaxes(rows, 1, 2) @ _by_group(g[block], groups)
    total = np.moveaxis(total.reshape(groups, *kernel, channels, outputs), (-1, -2), (1, 2))
    return total.reshape(-1, channels, *kernel).copy()


def _convolve_transposed(g: Any, weight: Any, size: Any = None, windows: Any = None) -> Any:
    groups = windows.groups
    channels, padded = groups * weight.shape[1], windows.padded(size)
    dtype = np.result_type(g, weight)
    # (groups * outputs, channels, *kernel) -> (*kernel, groups, outputs, channels)
    taps = weight.reshape(groups, -1, *weight.shape[1:])
    taps = np.moveaxis(taps, (0, 1, 2), (-3, -2, -1)).copy()  # in memory, too
    g = np.moveaxis(g, 1, -1)
    x = _zeros(g, (len(g), *padded, channels), dtype)
    _add_windows(x, g, taps, windows)
    inside = (slice(low, low + n) for (low, _), n in zip(windows.padding, size, strict=True))
    return np.moveaxis(x[(slice(None), *inside)], -1, 1)


def _add_windows(x: Any, g: Any, taps: Any, windows: Windows) -> None:
    """Add every element of `g`, times the kernel, to its window of `x`; channels are last."""
    counts, size = g.shape[1:-1], x.shape[1:-1]
    groups, channels = windows.groups, x.shape[-1]
    # With stride 1, and zeros put where windows would leave the image, neighbours in g are
    # neighbours in x: what one element of the kernel adds to an image is added in one run.
    in_runs = set(windows.stride) == {1}
    places = (counts[0], *size[1:]) if in_runs else counts
    run = 1 + int(np.ravel_multi_index(tuple(n - 1 for n in counts), places))
    bytes_for_one = math.prod(places) * (g.shape[-1] + 2 * channels) * x.dtype.itemsize
    step = _images_in_a_block(g, bytes_for_one)
    stage = _zeros(g, (step, *places, g.shape[-1]), x.dtype)
    part = _empty(g, (step, math.prod(places), channels), x.dtype)
    for start in range(0, len(g), step):
        block = x[start : start + step]
        stage, part = stage[: len(block)], part[: len(block)]
        stage[(slice(None), *map(slice, counts))] = g[start : start + step]
        rows = _by_group(stage, groups)
        for place in np.ndindex(*taps.shape[:-3]):
            _multiply(rows, taps[place], part.reshape(-1, channels))
            if in_runs:
                corner = tuple(i * d for i, d in zip(place, windows.dilation, strict=True))
                first = int(np.ravel_multi_index(corner, size))
                reached = block.reshape(len(block), -1, channels)[:, first : first + run]
                np.add(reached, part[:, :run], out=reached)
            else:
                reached = block[(slice(None), *windows.reached_from(place, counts))]
                np.add(reached, part.reshape(reached.shape), out=reached)


def _windows_by_row(
    x: Any, kernel: tuple[int, ...], windows: Windows, dtype: Any
) -> Iterator[tuple[tuple[slice, slice], Any]]:
    """A few images at a time, or some lines of one: which, and their windows as rows of a matrix.

    There is a matrix for each group: (groups, positions, kernel * channels). The next one takes
    its memory.
    """
    groups, channels = windows.groups, x.shape[1] // windows.groups
    x = np.moveaxis(x, 1, -1)
    size, axes = x.shape[1:-1], len(kernel)
    counts = windows.counts(size, kernel)
    width = math.prod(kernel) * channels
    line = math.prod(counts[1:]) * width * groups * dtype.itemsize
    step = _images_in_a_block(x, counts[0] * line)
    lines = min(counts[0], max(1, _BLOCK // max(line, 1)))

    source = x
    flags = getattr(x, "flags", None)
    staged = any(map(any, windows.padding)) or flags is None or not flags.c_contiguous
    if staged:  # with a border of zeros, and with the channels last
        source = _zeros(x, (step, *windows.padded(size), x.shape[-1]), x.dtype)
        inside = tuple(
            slice(low, low + n) for (low, _), n in zip(windows.padding, size, strict=True)
        )
    views = sliding_window_view(source, windows.spans(kernel), tuple(range(1, 1 + axes)))
    every = [slice(None), *(slice(None, None, s) for s in windows.stride), slice(None)]
    views = views[(*every, *(slice(None, None, d) for d in windows.dilation))]
    views = views.reshape(*views.shape[: 1 + axes], groups, channels, *kernel)
    order = (1 + axes, *range(1 + axes), *range(3 + axes, 3 + 2 * axes), 2 + axes)
    views = np.transpose(views, order)  # (groups, images, *counts, *kernel, channels)

    if channels < _FEW:
        shape = (groups, *kernel, channels, step, lines, *counts[1:])
        buffer = _empty(x, shape, dtype)
        buffer = np.moveaxis(buffer, range(2 + axes, 3 + 2 * axes), range(1, 2 + axes))
    else:
        buffer = _empty(x, (groups, step, lines, *counts[1:], *kernel, channels), dtype)
    for start in range(0, len(x), step):
        images = slice(start, start + step)
        left = len(x) - start
        if staged:
            source[(slice(left), *inside)] = x[images]
        here = views[:, :left] if staged else views[:, images]
        for top in range(0, counts[0], lines):
            part = buffer[:, :left, : counts[0] - top]
            part[...] = here[:, :, top : top + lines]
            yield (images, slice(top, top + lines)), part.reshape(groups, -1, width)


def _empty(like: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return np.empty_like(like, shape=shape, dtype=dtype, order="C")


def _zeros(like: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return np.zeros_like(like, shape=shape, dtype=dtype, order="C")


def _images_in_a_block(x: Any, bytes_for_one: int) -> int:
    return max(1, min(len(x), _BLOCK // max(bytes_for_one, 1)))


def _by_group(images: Any, groups: int) -> Any:
    """The channels at every position, as rows: (groups, positions, channels of a group)."""
    return np.swapaxes(images.reshape(-1, groups, images.shape[-1] // groups), 0, 1)


def _multiply(rows: Any, columns: Any, out: Any) -> None:
    """Write `rows @ columns` of each group into its columns of `out`."""
    groups = len(rows)
    if groups > 1:
        out.reshape(len(out), groups, -1)[...] = np.swapaxes(rows @ columns, 0, 1)
    else:
        np.matmul(rows[0], columns[0], out=out)


def _sum_by_channel(g: Any) -> Any:
    """As a product with ones, three times as fast as adding row to row."""
    rows = np.moveaxis(g, 1, -1).reshape(-1, g.shape[1])
    return np.ones_like(rows, shape=len(rows)) @ rows


# -- the rules ----------------------------------------------------------------------------------

convolve: Op = rule(
    _convolve,
    lambda g, _, _x, weight, *__, windows=None: convolve_transposed(
        g, weight, size=_x.shape[2:], windows=windows
    ),
    lambda g, _, x, _weight, *__, windows=None: correlate(
        g, x, kernel=_weight.shape[2:], windows=windows
    ),
    lambda g, *_, windows=None: _sum_by_channel(g),
)
convolve_transposed: Op = rule(
    _convolve_transposed,
    lambda g, _, __, weight, size=None, windows=None: convolve(g, weight, None, windows=windows),
    lambda g, _, y, _weight, size=None, windows=None: correlate(
        y, g, kernel=_weight.shape[2:], windows=windows
    ),
)
correlate: Op = rule(
    _correlate,
    lambda g, _, __, x, kernel=None, windows=None: convolve(x, g, None, windows=windows),
    lambda g, _, y, _x, kernel=None, windows=None: convolve_transposed(
        y, g, size=_x.shape[2:], windows=windows
    ),
)
