"""Discrete Fourier transforms along one axis.

The matrix of `fft` is symmetric, so its VJP is `fft` again: no conjugates, by the convention for
complex gradients in `complex_numbers.py`. Padding and cropping to `n` are each other's transposes.
"""

import numpy as np

from ..arrays import along, part
from ..registry import rule
from ..typing import Array


def _fit(x: Array, _like: Array, axis: int) -> Array:
    """Crop `x`, or pad it with zeros, to the length of `_like` along `axis`."""
    axis %= x.ndim
    have, want = x.shape[axis], _like.shape[axis]
    if have >= want:
        return x if have == want else part(x, axis, 0, want)
    shape = (*x.shape[:axis], want - have, *x.shape[axis + 1 :])
    return np.concatenate([x, np.zeros_like(x, shape=shape)], axis)


def _rfft_vjp(
    g: Array, _: None, _x: Array, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    full = np.fft.fft(g, n or _x.shape[axis], axis, norm)  # which pads g with zeros
    return _fit(np.real(full), _x, axis)


def _irfft_vjp(
    g: Array, _: None, _x: Array, n: int | None = None, axis: int = -1, norm: str | None = None
) -> Array:
    axis, length = axis % g.ndim, g.shape[axis]
    frequency = np.arange(length // 2 + 1)
    # Each one counts for itself and its mirror image, except 0 and, if length is even, the last.
    counts = 1 + ((frequency > 0) & (2 * frequency < length))
    half = part(np.fft.ifft(g, None, axis, norm), axis, 0, length // 2 + 1)
    return _fit(half * along(axis, counts, g), _x, axis)


# fmt: off
rule(np.fft.fft,
     lambda g, _, _x, n=None, axis=-1, norm=None: _fit(np.fft.fft(g, None, axis, norm), _x, axis))
rule(np.fft.ifft,
     lambda g, _, _x, n=None, axis=-1, norm=None: _fit(np.fft.ifft(g, None, axis, norm), _x, axis))
rule(np.fft.rfft,  _rfft_vjp)
rule(np.fft.irfft, _irfft_vjp)
# fmt: on
