"""Pooling: the largest or the mean element of each window over the last axes.

Max pooling picks the first maximum of a window, in row-major order; padding counts as -inf. A NaN
is larger than any number, and of several the last is picked. All gradients are linear in the
cotangent and only move numbers about, so derivatives of any order are at hand.

Results have the memory layout of the input. Images are worked through a few at a time, so that
what is intermediate stays in the cache.
"""

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from ..arrays import constant, refuse_none
from ..broadcasting import per_axis
from ..errors import DTypeError, ShapeError
from ..op import Op
from ..registry import rule

# -- windows along one axis ---------------------------------------------------------------------


class Windows(NamedTuple):
    """Where the windows along one axis lie.

    `steps`: for each place in a window, the slice of the outputs whose window has an input there,
    and the slice of these inputs; None where the windows are not evenly spaced. `spans`: start
    and end of each window, without padding. `sizes`: what each window's sum is divided by.
    `firsts`: the first place in each window that is no padding, None if there is none. `overlap`:
    an input may be in several windows; `gaps`: some may be in none.
    """

    length: int
    steps: tuple[tuple[slice, slice], ...] | None
    spans: tuple[tuple[int, int], ...]
    sizes: tuple[int, ...]
    firsts: tuple[int | None, ...]
    overlap: bool
    gaps: bool


@functools.lru_cache(256)  # a network meets the same few at every step
def _even_windows(
    length: int,
    kernel: int,
    stride: int,
    padding: int,
    dilation: int,
    ceil_mode: bool,
    count_padding: bool,
) -> Windows:
    reach = dilation * (kernel - 1) + 1
    room = length + 2 * padding - reach
    count = (-(-room // stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (count - 1) * stride >= length + padding:
        count -= 1  # the last window would start in the padding behind the axis
    count = max(count, 0)
    steps, spans, sizes = [], [], []
    for k in range(kernel):
        first = k * dilation - padding  # the place of this element in the first window
        low = max(0, -(first // stride))
        high = min(count, (length - 1 - first) // stride + 1)
        high = max(high, low)
        start = first + low * stride
        steps.append((slice(low, high), slice(start, start + (high - low) * stride, stride)))
    for i in range(count):
        start = i * stride - padding
        end = min(start + reach, length + padding)
        spans.append((max(start, 0), min(end, length)))
        sizes.append(end - start if count_padding else spans[-1][1] - spans[-1][0])
    outputs = [to for to, _ in steps]
    firsts = tuple(
        next((k for k, to in enumerate(outputs) if to.start <= i < to.stop), None)
        for i in range(count)
    )
    overlap = reach > stride
    gaps = overlap or sum(to.stop - to.start for to in outputs) < length
    return Windows(length, tuple(steps), tuple(spans), tuple(sizes), firsts, overlap, gaps)


@functools.lru_cache(256)
def _adaptive_windows(length: int, count: int) -> Windows:
    if length % count == 0:
        return _even_windows(length, length // count, length // count, 0, 1, False, True)
    spans = tuple((i * length // count, -(-(i + 1) * length // count)) for i in range(count))
    sizes = tuple(end - start for start, end in spans)
    return Windows(length, None, spans, sizes, (0,) * count, True, True)


def _axes(function: str, name: str, value: Any) -> int:
    """Over how many axes to pool: an option says it that has a number for each."""
    if not isinstance(value, Sequence):
        raise TypeError(
            f"{function}: {name} (={value!r}) must have a number for each axis that is pooled, as "
            f"(2, 2) has for images"
        )
    return len(value)


def _windows(
    function: str,
    x: Any,
    kernel_size: Sequence[int],
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    count_padding: bool = True,
) -> tuple[Windows, ...]:
    """The windows along each of the last axes of `x`, or an error that says what does not fit."""
    axes = _axes(function, "kernel_size", kernel_size)
    kernel = per_axis(function, "kernel_size", kernel_size, axes, 1)
    strides = kernel if stride is None else per_axis(function, "stride", stride, axes, 1)
    paddings = per_axis(function, "padding", padding, axes, 0)
    dilations = per_axis(function, "dilation", dilation, axes, 1)
    reach = tuple(d * (k - 1) + 1 for d, k in zip(dilations, kernel, strict=True))
    if any(2 * p > r for p, r in zip(paddings, reach, strict=True)):
        raise ValueError(
            f"{function}: padding (={paddings}) must be at most half of the window, which reaches "
            f"over {reach} elements; pad less, or enlarge kernel_size (={kernel})"
        )
    shape = _check_images(function, x, axes)
    windows = tuple(
        _even_windows(*sizes, bool(ceil_mode), bool(count_padding))
        for sizes in zip(shape, kernel, strides, paddings, dilations, strict=True)
    )
    for axis, w in enumerate(windows):
        if not w.firsts or None in w.firsts:
            raise ShapeError(
                f"{function}: a window that reaches over {reach} elements does not fit into "
                f"images of {shape} with padding {paddings} (axis {axis - axes} of shape "
                f"{np.shape(x)}); use a smaller kernel_size (={kernel}), or larger images"
            )
    return windows


def _check_images(function: str, x: Any, axes: int) -> tuple[int, ...]:
    """The lengths of the last `axes` axes of `x`, which has one or two axes before them."""
    refuse_none(function, x=x)
    shape = np.shape(x)
    if len(shape) not in (axes + 1, axes + 2):
        last = ("L",) if axes == 1 else ("H", "W")[-axes:] if axes == 2 else ("...",)
        raise ShapeError(
            f"{function} takes an input of shape (N, C, {', '.join(last)}) or "
            f"(C, {', '.join(last)}); got shape {shape}"
        )
    dtype = np.result_type(x)
    if dtype.kind != "f":
        raise DTypeError(
            f"{function} got an input of dtype {dtype}; convert it to floats first, for example "
            f"with x.astype(np.float32)"
        )
    return shape[-axes:]


def _firsts(windows: tuple[Windows, ...], like: Any) -> Any:
    """For each window, the number of its first place that is no padding."""
    if not any(any(w.firsts) for w in windows):
        return 0
    place = np.zeros((), int)
    for w in windows:
        place = place[..., None] * len(w.steps or ()) + np.array(w.firsts)
    return constant(place, like, like.dtype)


Places = list[tuple[tuple[Any, ...], tuple[Any, ...]]]


def _places(windows: tuple[Windows, ...]) -> Places:
    """For each place in a window, row by row, the indices of outputs and of their inputs."""
    return [
        ((..., *(to for to, _ in step)), (..., *(source for _, source in step)))
        for step in itertools.product(*(w.steps or () for w in windows))
    ]


# -- memory -------------------------------------------------------------------------------------

_BLOCK = 2**20  # bytes: with what is computed from them they about fill a processor's L2 cache


def blocks(x: Any) -> Iterator[slice]:
    """Slices of the first axis of `x` that are small enough for the cache."""
    size = max(x.size // max(len(x), 1) * x.itemsize, 1)
    step = max(_BLOCK // size, 1)
    return (slice(i, i + step) for i in range(0, len(x), step))


def laid_out(x: Any, like: Any) -> Any:
    """A copy of `x` with the order of axes in memory that `like` has."""
    y = np.empty_like(like, shape=x.shape, dtype=x.dtype)
    y[...] = x
    return y


def layout_of(x: Any) -> Any:
    """A small array that has the order of the axes of `x` in memory."""
    return np.empty_like(x, shape=(2,) * x.ndim, dtype=np.uint8)


def _add_to(x: Any, index: Any, values: Any) -> None:
    """`x[index] += values` for slices, without Python's second copy of the result into `x`."""
    part = x[index]
    np.add(part, values, out=part)


def _pooled_shape(shape: tuple[int, ...], windows: tuple[Windows, ...]) -> tuple[int, ...]:
    return (*shape[: -len(windows)], *(len(w.spans) for w in windows))


def _unpooled_shape(shape: tuple[int, ...], windows: tuple[Windows, ...]) -> tuple[int, ...]:
    return (*shape[: -len(windows)], *(w.length for w in windows))


# -- the largest element ------------------------------------------------------------------------


def _largest(x: Any, windows: tuple[Windows, ...]) -> tuple[Any, Any]:
    """The maximum of each window, and its place in the window: a byte, in all but huge windows."""
    places = _places(windows)
    y = np.empty_like(x, shape=_pooled_shape(x.shape, windows))
    where = np.empty_like(y, dtype=np.min_scalar_type(len(places) - 1))
    firsts = _firsts(windows, where)
    unpadded = not any(any(w.firsts) for w in windows)
    for block in blocks(x):
        xb, yb, wb = x[block], y[block], where[block]
        v, place = np.empty_like(yb), np.empty_like(wb)
        wb[...] = firsts
        yb[...] = xb[places[0][1]] if unpadded else -np.inf
        for k, (to, source) in enumerate(places):
            if k == 0 and unpadded:
                continue
            if v[to].size < v.size:
                v[...] = -np.inf
            v[to] = xb[source]
            # Later places have larger numbers: no masked copy is needed, which is slow.
            np.multiply(v > yb, k, out=place, dtype=where.dtype)
            np.maximum(place, wb, out=wb)
            np.maximum(v, yb, out=yb)
        if yb.size and np.isnan(yb.max()):
            for k, (to, source) in enumerate(places):
                np.copyto(wb[to], k, where=np.isnan(xb[source]))
    return y, where


def _pick(x: Any, where: Any, windows: tuple[Windows, ...]) -> Any:
    """The element of each window at the place that `where` has for it."""
    y = np.empty_like(where, dtype=x.dtype)
    for k, (to, source) in enumerate(_places(windows)):
        np.copyto(y[to], x[source], where=where[to] == k)
    return y


def _put_back(g: Any, where: Any, windows: tuple[Windows, ...]) -> Any:
    """The transpose of `_pick`: zeros, with each of `g` added at the place it was picked from."""
    x = np.empty_like(where, shape=_unpooled_shape(g.shape, windows), dtype=g.dtype)
    overlap, gaps = any(w.overlap for w in windows), any(w.gaps for w in windows)
    for block in blocks(x):
        xb, wb = x[block], where[block]
        gb = laid_out(g[block], wb)
        hit, part = np.empty_like(wb, dtype=bool), np.empty_like(gb)
        if gaps:
            xb[...] = 0
        for k, (to, source) in enumerate(_places(windows)):
            np.equal(wb, k, out=hit)
            part[...] = hit
            if overlap:
                part *= gb
                _add_to(xb, source, part[to])
            else:
                np.multiply(gb[to], part[to], out=xb[source])
    return x


largest: Op = rule(
    _largest,
    lambda g, *_, windows=None, where=None: put_back(g, where=where, windows=windows),
    residual="where",
)
put_back: Op = rule(
    _put_back,
    lambda g, *_, windows=None, where=None: pick(g, where=where, windows=windows),
)
pick: Op = rule(
    _pick,
    lambda g, *_, windows=None, where=None: put_back(g, where=where, windows=windows),
)
largest.name = "max_pool"


def max_pool(
    x: Any,
    kernel_size: Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    dilation: int | Sequence[int] = 1,
    ceil_mode: bool = False,
) -> Any:
    """The largest element of each window over the last `len(kernel_size)` axes of `x`.

    `x`: `(N, C, ...)` or `(C, ...)`. The options are those of PyTorch's `max_pool2d`; `stride`
    defaults to `kernel_size`. The head of this file tells which element of a window has the
    gradient.

    Raises `ValueError` for sizes out of range and for padding of more than half a window,
    `ShapeError` where no window fits or one is nothing but padding, `DTypeError` for integers.
    """
    windows = _windows("max_pool", x, kernel_size, stride, padding, dilation, ceil_mode)
    return largest(x, windows=windows)


# -- the mean -----------------------------------------------------------------------------------


def _along(axis: int, part: slice) -> tuple[Any, ...]:
    """The index of `part` of an axis that is counted from the end."""
    return (..., part, *(slice(None),) * (-1 - axis))


def _resized(x: Any, axis: int, length: int) -> Any:
    """An array like `x` with another length of one axis; its elements are not set."""
    shape = list(x.shape)
    shape[axis] = length
    return np.empty_like(x, shape=tuple(shape))


def _sum_windows(x: Any, axis: int, windows: Windows) -> Any:
    count, steps = len(windows.spans), windows.steps
    y = _resized(x, axis, count)
    if steps is None or count < len(steps):  # few windows, or unevenly spaced
        for i, span in enumerate(windows.spans):
            part = x[_along(axis, slice(*span))]
            y[_along(axis, slice(i, i + 1))] = part.sum(axis=axis, keepdims=True)
        return y
    for k, (to, source) in enumerate(steps):
        if k == 0 and to == slice(0, count):
            y[...] = x[_along(axis, source)]
            continue
        if k == 0:
            y[...] = 0
        _add_to(y, _along(axis, to), x[_along(axis, source)])
    return y


def _spread_windows(g: Any, axis: int, windows: Windows, x: Any) -> None:
    """The transpose of `_sum_windows`; the result goes into `x`."""
    steps: Any = windows.steps
    if steps is None or len(windows.spans) < len(steps):
        steps = [(slice(i, i + 1), slice(*span)) for i, span in enumerate(windows.spans)]
    if windows.gaps:
        x[...] = 0
    for to, source in steps:
        if windows.overlap:
            _add_to(x, _along(axis, source), g[_along(axis, to)])
        else:
            x[_along(axis, source)] = g[_along(axis, to)]


def _sizes(windows: tuple[Windows, ...], like: Any) -> Any:
    """The number of elements in each window: a number, where all have the same."""
    if all(len(set(w.sizes)) == 1 for w in windows):
        return math.prod(w.sizes[0] for w in windows)
    sizes = functools.reduce(np.multiply.outer, [np.array(w.sizes) for w in windows])
    return constant(sizes, like, like.dtype)


def _mean(x: Any, windows: tuple[Windows, ...]) -> tuple[Any, Any]:
    y = np.empty_like(x, shape=_pooled_shape(x.shape, windows))
    sizes = _sizes(windows, x)
    for block in blocks(x):
        part = x[block]
        if part.dtype == np.float16:  # whose sums overflow
            part = part.astype(np.float32)
        for axis, w in zip(range(-len(windows), 0), windows, strict=True):
            part = _sum_windows(part, axis, w)
        np.divide(part, sizes, out=y[block])
    return y, layout_of(x)


def _share(g: Any, windows: tuple[Windows, ...], layout: Any) -> Any:
    """The transpose of `_mean`: each of `g` is shared equally by its window."""
    x = np.empty_like(layout, shape=_unpooled_shape(g.shape, windows), dtype=g.dtype)
    sizes = _sizes(windows, g)
    for block in blocks(x):
        part = laid_out(g[block], layout) / sizes
        for axis in range(-1, -len(windows) - 1, -1):
            w = windows[axis]
            wider = x[block] if axis == -len(windows) else _resized(part, axis, w.length)
            _spread_windows(part, axis, w, wider)
            part = wider
    return x


mean: Op = rule(
    _mean,
    lambda g, *_, windows=None, layout=None: share(g, windows=windows, layout=layout),
    residual="layout",
)
share: Op = rule(
    _share,
    lambda g, *_, windows=None, layout=None: mean(g, windows=windows),
)
mean.name = "avg_pool"


def avg_pool(
    x: Any,
    kernel_size: Sequence[int],
    stride: int | Sequence[int] | None = None,
    padding: int | Sequence[int] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Any:
    """The mean of each window over the last `len(kernel_size)` axes of `x`.

    `x`: `(N, C, ...)` or `(C, ...)`. The options are those of PyTorch's `avg_pool2d`: with
    `count_include_pad` the zeros of the padding count as elements. Raises as `max_pool` does.
    """
    windows = _windows("avg_pool", x, kernel_size, stride, padding, 1, ceil_mode, count_include_pad)
    return mean(x, windows=windows)


def adaptive_avg_pool(x: Any, output_size: Sequence[int | None]) -> Any:
    """The means of windows that divide each of the last axes of `x` into `output_size` parts.

    Part `i` of `n` of an axis of length `L` goes from `floor(i L / n)` to `ceil((i + 1) L / n)`;
    neighbours may overlap by one. None keeps the axis as it is.

    Raises `ValueError` for sizes below 1, `ShapeError` for empty images, `DTypeError` for integers.
    """
    shape = _check_images(
        "adaptive_avg_pool", x, _axes("adaptive_avg_pool", "output_size", output_size)
    )
    given = [n if size is None else size for n, size in zip(shape, output_size, strict=True)]
    if 0 in shape:
        raise ShapeError(f"adaptive_avg_pool got images without elements, of {shape}")
    counts = per_axis("adaptive_avg_pool", "output_size", given, len(shape), 1)
    return mean(x, windows=tuple(map(_adaptive_windows, shape, counts)))
