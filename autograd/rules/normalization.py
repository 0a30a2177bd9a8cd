"""Normalisation: each channel of a batch, or each example, brought to mean 0 and variance 1.

Variances are taken of what is left when the mean, or a value near it, is subtracted: a large mean
costs no digits. Images are worked through a few at a time, in the layout they have in memory.
Ioffe and Szegedy 2015 (arXiv:1502.03167), Ba et al. 2016 (arXiv:1607.06450), Wu and He 2018
(arXiv:1803.08494).
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import refuse_none, wide
from ..broadcasting import unbroadcast
from ..errors import DTypeError, ShapeError
from ..operands import argument
from ..registry import rule
from .pooling import blocks, laid_out

# -- the gradient, as a formula -----------------------------------------------------------------


def _recorded(g: Any, x: Any, weight: Any, axes: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """The gradient of `x` for statistics over `axes`, and `g` times what is normalised."""
    centred = x - np.mean(x, axis=axes, keepdims=True)
    scale = 1 / np.sqrt(np.mean(centred * centred, axis=axes, keepdims=True) + eps)
    y = centred * scale
    h = g if weight is None else g * weight
    along = y * np.mean(h * y, axis=axes, keepdims=True)
    return scale * (h - np.mean(h, axis=axes, keepdims=True) - along), g * y


def _refuse(function: str, x: Any, shape: tuple[int, ...], parameters: dict[str, Any]) -> None:
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


def _per_channel(x: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The shape of one number per channel beside `x`, and the axes that a channel is spread over.

    `x`: `(N, C, ...)`.
    """
    return (-1, *(1,) * (x.ndim - 2)), (0, *range(2, x.ndim))


def _like_images(v: Any, x: Any) -> Any:
    """Numbers for each channel `(C,)` as one image `(1, C, ...)`, in the layout of `x`.

    A batch and an image lie in memory in the same order, so that NumPy goes over both at once:
    with one number per channel it would have to stop after each pixel. Few images are not worth it.
    """
    v = v.reshape(_per_channel(x)[0])
    if len(x) < 4:
        return v.astype(x.dtype)
    image = np.empty_like(x[:1])
    image[...] = v
    return image


def _channel_means(total: Any, x: Any) -> Any:
    """Float64 means `(C,)` of a batch `x`, given the sum of its images."""
    axes = tuple(range(1, total.ndim))
    return total.sum(axis=axes, dtype=np.float64) / (x.size // x.shape[1])


def _batch_norm(
    x: Any, weight: Any, bias: Any, eps: float = 1e-5, moments: Any = None
) -> tuple[Any, Any]:
    _check_batch("batch_norm", x, weight, bias)
    if x.size // max(x.shape[1], 1) == 0:
        raise ShapeError(
            f"batch_norm got an input without elements (shape {x.shape}); it has no mean"
        )
    dtype, x = x.dtype, wide(x)
    y = np.empty_like(x)
    axes = _per_channel(x)[1]
    pivot = x[:1].mean(axis=axes)  # near the mean, as a rule: then one pass over `x` will do
    for _ in range(2):
        image = _like_images(pivot, x)
        total: Any = 0
        squares: Any = 0
        for block in blocks(x):
            part = y[block]
            np.subtract(x[block], image, out=part)
            total = total + part.sum(axis=0)
            squares = squares + np.einsum("n...,n...->...", part, part)
        rest = _channel_means(total, x)
        mean = pivot + rest
        var = _channel_means(squares, x) - rest * rest
        if np.all(rest * rest <= 16 * var):
            break
        pivot = mean.astype(x.dtype)  # the first example was far from the others: once more
    if moments is not None:
        moments[0], moments[1] = mean, var
    scale = 1 / np.sqrt(var + eps)
    _stretch(y, scale, rest, weight, bias)
    return y.astype(dtype, copy=False), (pivot, rest, scale)


def _stretch(y: Any, scale: Any, rest: Any, weight: Any, bias: Any) -> None:
    """Turn `y` into (y - rest) * scale * weight + bias, in place."""
    factor = scale if weight is None else scale * weight
    shift = -rest * factor
    if bias is not None:
        shift = shift + bias
    factor, shift = _like_images(factor, y), _like_images(shift, y)
    for block in blocks(y):
        yb = y[block]
        yb *= factor
        yb += shift


def _batch_norm_vjp(
    g: Any, _: Any, x: Any, weight: Any, __: Any, eps: float = 1e-5, moments: Any = None,
    statistics: Any = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    if statistics is None:
        shape, axes = _per_channel(x)
        weight = None if weight is None else np.reshape(weight, shape)
        gx, gy = _recorded(g, x, weight, axes, eps)
        return gx, np.sum(gy, axis=axes), np.sum(g, axis=axes)
    x, (pivot, rest, scale) = wide(x), statistics
    if getattr(g, "strides", None) != getattr(x, "strides", None):
        g = laid_out(g, x)
    image = _like_images(pivot, x)
    gx = np.empty_like(x)
    total: Any = 0
    products: Any = 0
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


def _check_batch(function: str, x: Any, *parameters: Any) -> None:
    refuse_none(function, x=x)
    if x.ndim < 2:
        raise ShapeError(
            f"{function} takes an input of shape (N, C, ...), a batch of channels; got shape "
            f"{x.shape}"
        )
    names = ("weight", "bias", "mean", "var")
    _refuse(function, x, x.shape[1:2], dict(zip(names, parameters, strict=False)))


#: `x` (N, C, ...), with mean 0 and variance 1 in each channel (which eps is added to), times
#: `weight` plus `bias`, both (C,) or None. `moments`: an array (2, C) that receives the mean and
#: the (biased) variance of the batch.
batch_norm = rule(_batch_norm, joint=_batch_norm_vjp, residual="statistics")


# -- by given statistics ------------------------------------------------------------------------


def _fixed_norm(
    x: Any, weight: Any, bias: Any, mean: Any = None, var: Any = None, eps: float = 1e-5
) -> Any:
    refuse_none("fixed_norm", mean=mean, var=var)
    _check_batch("fixed_norm", x, weight, bias, mean, var)
    dtype, x = x.dtype, wide(x)
    pivot = mean.astype(x.dtype)
    y = x - _like_images(pivot, x)
    scale = 1 / np.sqrt(var.astype(np.float64) + eps)
    _stretch(y, scale, mean.astype(np.float64) - pivot, weight, bias)
    return y.astype(dtype, copy=False)


def _fixed_norm_vjp(
    g: Any, _: Any, x: Any, weight: Any, __: Any, mean: Any = None, var: Any = None,
    eps: float = 1e-5,
) -> tuple[Any, Any, Any]:  # fmt: skip
    shape, axes = _per_channel(x)
    scale = (1 / np.sqrt(var.astype(np.float64) + eps)).astype(x.dtype)
    y = (x - mean.reshape(shape).astype(x.dtype)) * scale.reshape(shape)
    factor = scale if weight is None else scale * weight
    return g * np.reshape(factor, shape), np.sum(g * y, axis=axes), np.sum(g, axis=axes)


#: As `batch_norm`, with arrays `mean` and `var` (C,) that do not depend on `x`.
fixed_norm = rule(_fixed_norm, joint=_fixed_norm_vjp)


# -- over each example --------------------------------------------------------------------------


def _beside(v: Any, x: Any) -> Any:
    """An array that broadcasts against `x`, with the layout of `x`, over the axes of `v`."""
    extra = x.ndim - v.ndim
    shape = (*(1,) * extra, *x.shape[extra:])
    image = np.empty_like(x, shape=shape)
    image[...] = v
    return image


def _sums(axes: int, x: Any, y: Any = None, careful: bool = False) -> Any:
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


def _for_channels(v: Any, x: Any, axes: int) -> Any:
    """Statistics `v` of groups of channels of `x`, for each channel: broadcasts go over them all.

    With one number per group NumPy would have to stop after each group of each pixel.
    """
    if axes == 1 or x.ndim == axes + 1:
        return v
    channels = np.empty_like(x, shape=(*x.shape[: 1 - axes], *(1,) * (axes - 1)))
    channels[...] = v
    return channels


def _normalize(x: Any, weight: Any, bias: Any, axes: int = 1, eps: float = 1e-5) -> tuple[Any, Any]:
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


def _normalize_vjp(
    g: Any, _: Any, x: Any, weight: Any, _bias: Any, axes: int = 1, eps: float = 1e-5,
    statistics: Any = None,
) -> tuple[Any, Any, Any]:  # fmt: skip
    last = tuple(range(-axes, 0))
    own = None if weight is None else weight.shape
    if statistics is None:
        gx, gy = _recorded(g, x, weight, last, eps)
        return gx, None if own is None else unbroadcast(gy, own), unbroadcast(g, _bias.shape)
    shape, x, (means, scales) = x.shape, wide(x), statistics
    batch = x if x.ndim > axes else x[None]
    g = g.reshape(batch.shape)
    if getattr(g, "strides", None) != getattr(batch, "strides", None):
        g = laid_out(g, batch)
    count = math.prod(x.shape[-axes:])
    gx = np.empty_like(batch)
    gw: Any = 0
    gb: Any = 0
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
        unbroadcast(gb, _bias.shape),
    )


#: `x`, with mean 0 and variance 1 (which eps is added to) over its last `axes` axes, times
#: `weight` plus `bias`, which broadcast against `x` (or are None).
normalize = rule(_normalize, joint=_normalize_vjp, residual="statistics")


def layer_norm(
    x: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """`x` with mean 0 and variance 1 over its last axes, which have `normalized_shape`.

    `weight` and `bias`: of `normalized_shape`, or None. Raises `ShapeError` where the shapes do
    not agree, and `DTypeError` for an input of integers.
    """
    refuse_none("layer_norm", x=x, normalized_shape=normalized_shape)
    x, shape = argument(x, "layer_norm", "x"), tuple(normalized_shape)
    if not shape or np.shape(x)[-len(shape) :] != shape or 0 in shape:
        raise ShapeError(
            f"layer_norm: the last axes of x must be normalized_shape (={shape}), without zeros; "
            f"x has shape {np.shape(x)}"
        )
    _refuse("layer_norm", x, shape, {"weight": weight, "bias": bias})
    return normalize(x, weight, bias, axes=len(shape), eps=eps)


def group_norm(
    x: Any, num_groups: int, weight: Any = None, bias: Any = None, eps: float = 1e-5
) -> Any:
    """`x` `(N, C, ...)`, with mean 0 and variance 1 in each group of C / num_groups channels.

    `weight` and `bias`: `(C,)`, or None. Raises `ShapeError` where C is no multiple of
    `num_groups` or a group is empty, and `DTypeError` for an input of integers.
    """
    refuse_none("group_norm", x=x, num_groups=num_groups)
    x = argument(x, "group_norm", "x")
    shape = np.shape(x)
    if len(shape) < 2 or num_groups < 1 or shape[1] % num_groups or 0 in shape[1:]:
        raise ShapeError(
            f"group_norm takes an input of shape (N, C, ...), where C is a multiple of num_groups "
            f"(={num_groups}); got shape {shape}"
        )
    _refuse("group_norm", x, shape[1:2], {"weight": weight, "bias": bias})
    groups = (num_groups, shape[1] // num_groups)
    parameters = [
        None if p is None else np.reshape(p, (*groups, *(1,) * (len(shape) - 2)))
        for p in (weight, bias)
    ]
    grouped = np.reshape(x, (shape[0], *groups, *shape[2:]))
    return np.reshape(normalize(grouped, *parameters, axes=len(shape) - 1, eps=eps), shape)
