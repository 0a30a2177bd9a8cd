"""Polynomials as arrays of coefficients, the highest power first."""

from typing import Any

import numpy as np

from ..arrays import as_array, constant
from ..errors import ShapeError
from ..registry import implements


@implements(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    y = np.zeros_like(x)
    for coefficient in np.asarray(p) if isinstance(p, list | tuple) else p:
        y = y * x + coefficient
    return y


@implements(np.polyder)
def polyder(p: Any, m: int = 1) -> Any:
    if m < 0:
        raise ValueError(f"polyder: m must not be negative, got {m}; np.polyint integrates")
    for _ in range(m):
        p = p[:-1] * constant(np.arange(len(p) - 1, 0, -1), p)
    return p


@implements(np.polyint)
def polyint(p: Any, m: int = 1, k: Any = None) -> Any:
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


def _aligned(a1: Any, a2: Any) -> tuple[Any, Any]:
    """Two arrays of coefficients, the shorter one with zeros before its highest power."""
    a1, a2 = np.atleast_1d(a1), np.atleast_1d(a2)
    missing = len(a2) - len(a1)
    return np.pad(a1, (max(missing, 0), 0)), np.pad(a2, (max(-missing, 0), 0))


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    return np.add(*_aligned(a1, a2))


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    return np.subtract(*_aligned(a1, a2))


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    return np.convolve(np.atleast_1d(a1), np.atleast_1d(a2))
