"""Polynomials as arrays of coefficients, the highest power first."""

import numpy as np

from ..arrays import as_array, constant
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike


@implements(np.polyval)
def polyval(p: ArrayLike, x: ArrayLike) -> Array:
    y = np.zeros_like(x)
    for coefficient in as_array(p):
        y = y * x + coefficient
    return y


@implements(np.polyder)
def polyder(p: Array, m: int) -> Array:
    if m < 0:
        raise ValueError(f"polyder: m must not be negative, got {m}; np.polyint integrates")
    for _ in range(m):
        p = p[:-1] * constant(np.arange(len(p) - 1, 0, -1), p)
    return p


@implements(np.polyint)
def polyint(p: Array, m: int, k: ArrayLike | None) -> Array:
    if m < 0:
        raise ValueError(f"polyint: m must not be negative, got {m}; np.polyder differentiates")
    constants = np.ravel(as_array(0.0 if k is None else k, p))
    if constants.size == 1:
        constants = np.broadcast_to(constants, m)
    elif constants.size < m:
        raise ShapeError(
            f"polyint: k must hold one constant for all integrations, or m (={m}); got "
            f"{constants.size}"
        )
    for i in range(m):
        p = np.concatenate((p / constant(np.arange(len(p), 0, -1), p), constants[i : i + 1]))
    return p


@implements(np.polyadd)
def polyadd(a1: ArrayLike, a2: ArrayLike) -> Array:
    return np.add(*_aligned(a1, a2))


@implements(np.polysub)
def polysub(a1: ArrayLike, a2: ArrayLike) -> Array:
    return np.subtract(*_aligned(a1, a2))


def _aligned(a1: ArrayLike, a2: ArrayLike) -> tuple[Array, Array]:
    """Put zeros before the highest power of the shorter of two arrays of coefficients."""
    p, q = np.atleast_1d(a1), np.atleast_1d(a2)
    missing = len(q) - len(p)
    return np.pad(p, (max(missing, 0), 0)), np.pad(q, (max(-missing, 0), 0))


@implements(np.polymul)
def polymul(a1: ArrayLike, a2: ArrayLike) -> Array:
    return np.convolve(np.atleast_1d(a1), np.atleast_1d(a2))


@implements(np.vander)
def vander(x: Array, N: int | None, increasing: bool) -> Array:  # noqa: N803 - NumPy's name
    if x.ndim != 1:
        raise ShapeError(f"vander: x must have one axis, got shape {x.shape}; ravel it first")
    powers = np.arange(x.size if N is None else N)
    wide = x.astype(np.promote_types(x.dtype, int))  # NumPy's choice: float32 becomes float64
    return wide[:, None] ** constant(powers if increasing else powers[::-1], x)
