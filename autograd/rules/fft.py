"""Discrete Fourier transforms.

The matrix of `fft` is symmetric, so its VJP is `fft` again: no conjugates, by the convention for
complex gradients that `elementwise.py` describes. Padding and cropping to `n` are each other's
transposes. Transforms over several axes, and those of real or Hermitian input, are composed.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import constant
from ..registry import implements, rule


def _resized(x: Any, n: int, axis: int) -> Any:
    """`x` cropped, or padded with zeros, to `n` elements along `axis`."""
    have = x.shape[axis]
    if have == n:
        return x
    axis %= x.ndim
    if have > n:
        return x[(slice(None),) * axis + (slice(n),)]
    shape = (*x.shape[:axis], n - have, *x.shape[axis + 1 :])
    return np.concatenate([x, np.zeros_like(x, shape=shape)], axis)


def _fft_vjp(
    g: Any, _: Any, _x: Any, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    return _resized(np.fft.fft(g, axis=axis, norm=norm), _x.shape[axis], axis)


def _ifft_vjp(
    g: Any, _: Any, _x: Any, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    return _resized(np.fft.ifft(g, axis=axis, norm=norm), _x.shape[axis], axis)


def _rfft_vjp(
    g: Any, _: Any, _x: Any, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    n = _x.shape[axis] if n is None else n
    full = np.fft.fft(_resized(g, n, axis), axis=axis, norm=norm)
    return _resized(np.real(full), _x.shape[axis], axis)


def _irfft_vjp(
    g: Any, _: Any, _x: Any, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Any:
    n = g.shape[axis]
    half = _resized(np.fft.ifft(g, axis=axis, norm=norm), n // 2 + 1, axis)
    # Every frequency stands for itself and its mirror image, but for the first and, when n is
    # even, the last.
    weight = np.full(n // 2 + 1, 2)
    weight[0] = 1
    if n % 2 == 0:
        weight[-1] = 1
    weight = np.reshape(weight, (-1,) + (1,) * (-axis - 1 if axis < 0 else g.ndim - 1 - axis))
    half = half * constant(weight, g, g.dtype)
    return _resized(half, _x.shape[axis], axis)


rule(np.fft.fft, _fft_vjp)
rule(np.fft.ifft, _ifft_vjp)
rule(np.fft.rfft, _rfft_vjp)
rule(np.fft.irfft, _irfft_vjp)

_INVERSE_NORM = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


@implements(np.fft.hfft)
def hfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return np.fft.irfft(np.conj(a), n, axis, _INVERSE_NORM[norm])


@implements(np.fft.ihfft)
def ihfft(a: Any, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
    return np.conj(np.fft.rfft(a, n, axis, _INVERSE_NORM[norm]))


Lengths = Sequence[int] | None


def _lengths_and_axes(
    a: Any, s: Lengths, axes: Lengths, real_output: bool = False
) -> list[tuple[int | None, int]]:
    """Pairs (length, axis) of a transform over several axes, as NumPy reads `s` and `axes`."""
    if axes is None:
        axes = range(-len(s), 0) if s is not None else range(-np.ndim(a), 0)
    if s is None:
        s = [np.shape(a)[axis] for axis in axes]
        if real_output:
            s[-1] = 2 * (s[-1] - 1)
    if len(s) != len(axes):
        raise ValueError(
            f"fft: s={list(s)} and axes={list(axes)} differ in length; give one length for each "
            f"axis"
        )
    return [(np.shape(a)[axis] if n == -1 else n, axis) for n, axis in zip(s, axes, strict=True)]


@implements(np.fft.fftn)
def fftn(a: Any, s: Lengths = None, axes: Lengths = None, norm: str | None = None) -> Any:
    for n, axis in reversed(_lengths_and_axes(a, s, axes)):
        a = np.fft.fft(a, n, axis, norm)
    return a


@implements(np.fft.ifftn)
def ifftn(a: Any, s: Lengths = None, axes: Lengths = None, norm: str | None = None) -> Any:
    for n, axis in reversed(_lengths_and_axes(a, s, axes)):
        a = np.fft.ifft(a, n, axis, norm)
    return a


@implements(np.fft.rfftn)
def rfftn(a: Any, s: Lengths = None, axes: Lengths = None, norm: str | None = None) -> Any:
    *others, (n, axis) = _lengths_and_axes(a, s, axes)
    a = np.fft.rfft(a, n, axis, norm)
    for n, axis in reversed(others):
        a = np.fft.fft(a, n, axis, norm)
    return a


@implements(np.fft.irfftn)
def irfftn(a: Any, s: Lengths = None, axes: Lengths = None, norm: str | None = None) -> Any:
    *others, (n, axis) = _lengths_and_axes(a, s, axes, real_output=True)
    for m, other in others:
        a = np.fft.ifft(a, m, other, norm)
    return np.fft.irfft(a, n, axis, norm)


@implements(np.fft.fft2)
def fft2(a: Any, s: Lengths = None, axes: Lengths = (-2, -1), norm: str | None = None) -> Any:
    return fftn(a, s, axes, norm)


@implements(np.fft.ifft2)
def ifft2(a: Any, s: Lengths = None, axes: Lengths = (-2, -1), norm: str | None = None) -> Any:
    return ifftn(a, s, axes, norm)


@implements(np.fft.rfft2)
def rfft2(a: Any, s: Lengths = None, axes: Lengths = (-2, -1), norm: str | None = None) -> Any:
    return rfftn(a, s, axes, norm)


@implements(np.fft.irfft2)
def irfft2(a: Any, s: Lengths = None, axes: Lengths = (-2, -1), norm: str | None = None) -> Any:
    return irfftn(a, s, axes, norm)


@implements(np.fft.fftshift)
def fftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    if axes is None:
        axes = tuple(range(np.ndim(x)))
    shift = np.floor_divide([np.shape(x)[a] for a in np.atleast_1d(axes)], 2)
    return np.roll(x, tuple(shift), tuple(np.atleast_1d(axes)))


@implements(np.fft.ifftshift)
def ifftshift(x: Any, axes: int | Sequence[int] | None = None) -> Any:
    if axes is None:
        axes = tuple(range(np.ndim(x)))
    shift = np.floor_divide([np.shape(x)[a] for a in np.atleast_1d(axes)], 2)
    return np.roll(x, tuple(-shift), tuple(np.atleast_1d(axes)))
