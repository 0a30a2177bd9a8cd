"""Normalisation: each channel of a batch, or each example, with mean 0 and variance 1.

Variances are taken of what is left when the mean, or a value near it, is subtracted: a large mean
costs no digits. Images are worked through a few at a time, in the layout they have in memory.
Ioffe and Szegedy 2015 (arXiv:1502.03167), Ba et al. 2016 (arXiv:1607.06450), Wu and He 2018
(arXiv:1803.08494).
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..arrays import wide
from ..broadcasting import unbroadcast
from ..errors import DTypeError, ShapeError
from ..typing import Array
from .memory import blocks, laid_out

# -- checks -------------------------------------------------------------------------------------


def check_batch(x: Array, **parameters: Array) -> None:
    """Raise an error unless `x` is a batch of channels, and the parameters have one number each."""
    if x.ndim < 2:
        raise ShapeError(
            f"batch_norm takes an input of shape (N, C, ...), a batch of channels; got shape "
            f"{x.shape}"
        )
    check_parameters("batch_norm", x, x.shape[1:2], parameters)


def check_parameters(
    function: str, x: Array, shape: tuple[int, ...], parameters: Mapping[str, Array]
) -> None:
    if x.dtype.kind != "f":
        raise DTypeError(
            f"{function} got an input of dtype {x.dtype}; convert it to floats first, for example "
            f"with x.astype(np.float32)"
        )
    for name, p in parameters.items():
        if p is not None and np.shape(p) != shape:
            raise ShapeError(
                f"{function}: {name} must have shape {shape} for an input of shape {x.shape}; got "
                f"shape {np.shape(p)}"
            )


# -- over the batch -----------------------------------------------------------------------------


def per_channel(x: Array) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape of one number per channel beside `x`, and the axes that a channel is spread over.

    `x`: `(N, C, ...)`.
    """
    return (-1, *(1,) * (x.ndim - 2)), (0, *range(2, x.ndim))


def _like_images(v: Array, x: Array) -> Array:
    """Numbers for each channel `(C,)` as one image `(1, C, ...)`, in the layout of `x`.

    A batch and an image lie in memory in the same order, so that NumPy goes over both at once:
    with one number per channel it would have to stop after each pixel. Few images are not worth it.
    """
    v = v.reshape(per_channel(x)[0])
    if len(x) < 4:
        return v.astype(x.dtype)
    image = np.empty_like(x[:1])
    image[...] = v
    return image


def _channel_means(total: Array, x: Array) -> Array:
    """Float64 means `(C,)` of a batch `x`, given the sum of its images."""
    axes = tuple(range(1, total.ndim))
    return total.sum(axis=axes, dtype=np.float64) / (x.size // x.shape[1])


class Statistics(NamedTuple):
    """The mean and the biased variance of each channel, `(C,)`.

    The mean is `pivot + rest`, where the pivot has the dtype of the batch.
    """

    pivot: Array
    rest: Array
    var: Array
    centred: Array = None  #: the batch less the pivot, where that is at hand


def batch_statistics(x: Array) -> Statistics:
    """Return the statistics of a batch `(N, C, ...)`."""
    if x.size // max(x.shape[1], 1) == 0:
        raise ShapeError(
            f"batch_norm got an input without elements (shape {x.shape}); it has no mean"
        )
    x = wide(x)
    y = np.empty_like(x)
    pivot = x[:1].mean(axis=per_channel(x)[1])  # near the mean, as a rule: then one pass will do
    for _ in range(2):
        image = _like_images(pivot, x)
        total: Array = 0
        squares: Array = 0
        for block in blocks(x):
            part = y[block]
            np.subtract(x[block], image, out=part)
            total = total + part.sum(axis=0)
            squares = squares + np.einsum("n...,n...->...", part, part)
        rest = _channel_means(total, x)
        var = _channel_means(squares, x) - rest * rest
        if np.all(rest * rest <= 16 * var):
            break
        pivot = (pivot + rest).astype(x.dtype)  # the first example was far from the others
    return Statistics(pivot, rest, var, y)


def given_statistics(mean: Array, var: Array, x: Array) -> Statistics:
    """Return the statistics of a batch like `x` that has this mean and variance."""
    pivot = mean.astype(wide(x).dtype)
    return Statistics(pivot, mean.astype(np.float64) - pivot, var.astype(np.float64))


def normalize_channels(
    x: Array, weight: Array, bias: Array, statistics: Statistics, eps: float
) -> Array:
    """Return `(x - mean) / sqrt(var + eps) * weight + bias`, made of what is `centred`."""
    pivot, rest, var, y = statistics
    if y is None:
        y = wide(x) - _like_images(pivot, wide(x))
    factor = 1 / np.sqrt(var + eps)
    if weight is not None:
        factor = factor * weight
    shift = -rest * factor
    if bias is not None:
        shift = shift + bias
    factor, shift = _like_images(factor, y), _like_images(shift, y)
    for block in blocks(y):
        part = y[block]
        part *= factor
        part += shift
    return y.astype(x.dtype, copy=False)


def batch_norm_gradients(
    g: Array, x: Array, weight: Array, statistics: Statistics, eps: float
) -> tuple[Array, Array, Array]:
    """Return the gradients of `x`, `weight` and `bias`, where the statistics are those of `x`."""
    x, (pivot, rest, var, _) = wide(x), statistics
    scale = 1 / np.sqrt(var + eps)
    if getattr(g, "strides", None) != getattr(x, "strides", None):
        g = laid_out(g, x)
    image = _like_images(pivot, x)
    gx = np.empty_like(x)
    total: Array = 0
    products: Array = 0
    for block in blocks(x):
        part, gb = gx[block], g[block]
        np.subtract(x[block], image, out=part)
        total = total + gb.sum(axis=0)
        products = products + np.einsum("n...,n...->...", part, gb)
    g_mean = _channel_means(total, x)
    slope = (_channel_means(products, x) - rest * g_mean) * scale  # mean of g * y
    # gx = factor * (g - slope * scale * (x - pivot - rest) - g_mean), factor = scale * weight
    factor = scale if weight is None else scale * weight
    bend = -slope * scale
    shift = -factor * (bend * rest + g_mean)
    bend, factor, shift = (_like_images(v, x) for v in (bend, factor, shift))
    for block in blocks(x):
        part = gx[block]
        part *= bend
        part += g[block]
        part *= factor
        part += shift
    count = x.size // x.shape[1]
    return gx, slope * count, g_mean * count


# -- over each example --------------------------------------------------------------------------


def _beside(v: Array, x: Array) -> Array:
    """An array that broadcasts against `x`, with the layout of `x`, over the axes of `v`."""
    extra = x.ndim - v.ndim
    shape = (*(1,) * extra, *x.shape[extra:])
    image = np.empty_like(x, shape=shape)
    image[...] = v
    return image


def _sums(axes: int, x: Array, y: Array = None, careful: bool = False) -> Array:
    """The sums of `x`, or of `x * y`, over the last `axes` axes, kept with length one.

    First over all of these but the first, which holds channels: that is fast in both layouts.
    `careful`: by NumPy's sum, which loses fewer digits of many numbers and takes three times as
    long.
    """
    letters = "abcdefghijklmnopqrstuvwxyz"[: x.ndim]
    kept = letters[: x.ndim - max(axes - 1, 1)]
    if careful:
        sums = x.sum(axis=tuple(range(len(kept), x.ndim)))
    elif y is None:
        sums = np.einsum(f"{letters}->{kept}", x)
    elif axes == 1:
        sums = np.vecdot(x, y)
    else:
        sums = np.einsum(f"{letters},{letters}->{kept}", x, y)
    if axes > 1:
        sums = sums.sum(axis=-1)
    return sums.reshape(sums.shape + (1,) * axes)


def _for_channels(v: Array, x: Array, axes: int) -> Array:
    """Statistics `v` of groups of channels of `x`, for each channel: broadcasts go over them all.

    With one number per group NumPy would have to stop after each group of each pixel.
    """
    if axes == 1 or x.ndim == axes + 1:
        return v
    channels = np.empty_like(x, shape=(*x.shape[: 1 - axes], *(1,) * (axes - 1)))
    channels[...] = v
    return channels


def normalize(
    x: Array, weight: Array, bias: Array, axes: int = 1, eps: float = 1e-5
) -> tuple[Array, tuple[Array, Array]]:
    """Normalise each example over its last axes, and return it with the means and scales.

    `weight` and `bias` broadcast against `x`, or are None.
    """
    dtype, x = x.dtype, wide(x)
    batch = x if x.ndim > axes else x[None]
    count = math.prod(x.shape[-axes:])
    y = np.empty_like(batch)
    means = np.empty_like(batch, shape=(*batch.shape[:-axes], *(1,) * axes))
    scales = np.empty_like(means)
    weight = None if weight is None else _beside(weight, batch)
    bias = None if bias is None else _beside(bias, batch)
    for block in blocks(batch):
        part = y[block]
        means[block] = _sums(axes, batch[block], careful=True) / count
        np.subtract(batch[block], _for_channels(means[block], part, axes), out=part)
        scales[block] = 1 / np.sqrt(_sums(axes, part, part) / count + eps)
        part *= _for_channels(scales[block], part, axes)
        if weight is not None:
            part *= weight
        if bias is not None:
            part += bias
    return y.reshape(x.shape).astype(dtype, copy=False), (means, scales)


def normalize_gradients(
    g: Array,
    x: Array,
    weight: Array,
    bias_shape: tuple[int, ...],
    axes: int,
    moments: tuple[Array, Array],
) -> tuple[Array, Array, Array]:
    """Return the gradients of `x`, `weight` and `bias`; `moments` are the means and scales."""
    shape, x, (means, scales) = x.shape, wide(x), moments
    own = None if weight is None else weight.shape
    batch = x if x.ndim > axes else x[None]
    g = g.reshape(batch.shape)
    if getattr(g, "strides", None) != getattr(batch, "strides", None):
        g = laid_out(g, batch)
    count = math.prod(x.shape[-axes:])
    gx = np.empty_like(batch)
    gw: Array = 0
    gb: Array = 0
    weight = None if own is None else _beside(weight, batch)
    for block in blocks(batch):
        part, h, scale = gx[block], g[block], scales[block]
        gb = gb + h.sum(axis=0)
        np.subtract(batch[block], _for_channels(means[block], part, axes), out=part)
        h = h * _for_channels(scale, part, axes)
        if weight is not None:
            gw = gw + np.einsum("n...,n...->...", h, part)
            h *= weight
        # gx = h - mean of h - (x - mean) * scale**2 * mean of h * (x - mean)
        bend = _sums(axes, h, part) / -count * scale * scale
        part *= _for_channels(bend, part, axes)
        part += h
        part -= _for_channels(_sums(axes, h) / count, part, axes)
    return (
        gx if gx.shape == shape else gx.reshape(shape),  # backward() would copy a view
        None if own is None else unbroadcast(gw, own),
        unbroadcast(gb, bias_shape),
    )
