"""Fourier transforms of Hermitian input and over several axes, and shifts of their results."""

from collections.abc import Callable, Sequence

import numpy as np

from ..registry import implements
from ..typing import Array, ArrayLike

Lengths = Sequence[int] | None

_INVERSE_NORM = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}


@implements(np.fft.hfft)
def hfft(a: ArrayLike, n: int | None, axis: int, norm: str | None) -> Array:
    return np.fft.irfft(np.conj(a), n, axis, _INVERSE_NORM[norm])


@implements(np.fft.ihfft)
def ihfft(a: ArrayLike, n: int | None, axis: int, norm: str | None) -> Array:
    return np.conj(np.fft.rfft(a, n, axis, _INVERSE_NORM[norm]))


# -- over several axes: the last one first, as NumPy does it ------------------------------------


@implements(np.fft.fft2)
@implements(np.fft.fftn)
def fftn(a: ArrayLike, s: Lengths, axes: Lengths, norm: str | None) -> Array:
    return _over(np.fft.fft, a, _lengths_and_axes(a, s, axes), norm)


@implements(np.fft.ifft2)
@implements(np.fft.ifftn)
def ifftn(a: ArrayLike, s: Lengths, axes: Lengths, norm: str | None) -> Array:
    return _over(np.fft.ifft, a, _lengths_and_axes(a, s, axes), norm)


@implements(np.fft.rfft2)
@implements(np.fft.rfftn)
def rfftn(a: ArrayLike, s: Lengths, axes: Lengths, norm: str | None) -> Array:
    *others, (n, axis) = _lengths_and_axes(a, s, axes)
    return _over(np.fft.fft, np.fft.rfft(a, n, axis, norm), others, norm)


@implements(np.fft.irfft2)
@implements(np.fft.irfftn)
def irfftn(a: ArrayLike, s: Lengths, axes: Lengths, norm: str | None) -> Array:
    *others, (n, axis) = _lengths_and_axes(a, s, axes, real_output=True)
    return np.fft.irfft(_over(np.fft.ifft, a, others[::-1], norm), n, axis, norm)


def _over(
    transform: Callable[..., Array],
    a: ArrayLike,
    pairs: Sequence[tuple[int | None, int]],
    norm: str | None,
) -> Array:
    for n, axis in reversed(pairs):
        a = transform(a, n, axis, norm)
    return a


def _lengths_and_axes(
    a: ArrayLike, s: Lengths, axes: Lengths, real_output: bool = False
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


# -- shifts -------------------------------------------------------------------------------------


@implements(np.fft.fftshift)
def fftshift(x: ArrayLike, axes: int | Sequence[int] | None) -> Array:
    axes, half = _halves(x, axes)
    return np.roll(x, tuple(half), axes)


@implements(np.fft.ifftshift)
def ifftshift(x: ArrayLike, axes: int | Sequence[int] | None) -> Array:
    axes, half = _halves(x, axes)
    return np.roll(x, tuple(-half), axes)


def _halves(x: ArrayLike, axes: int | Sequence[int] | None) -> tuple[tuple[int, ...], Array]:
    """The axes, all of them for None, and half their lengths."""
    places = tuple(np.atleast_1d(range(np.ndim(x)) if axes is None else axes))
    return places, np.floor_divide([np.shape(x)[a] for a in places], 2)
