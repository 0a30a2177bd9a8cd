"""The p-norm of vectors. It has gradient 0 at 0, and NaN at second order, as a cone has."""

from typing import Any

import numpy as np

from ..arrays import conjugate, is_divisible
from ..broadcasting import Axes, reduced_size, unreduce
from ..registry import rule
from ..typing import Array
from .elementwise import zero_or_power


def largest(x: Array, axis: Axes, keepdims: bool = False) -> Array:
    """Return the largest element, and 0 where there is none, as NumPy's norms do."""
    reduce: Any = np.max if reduced_size(x.shape, axis) else np.sum
    return reduce(x, axis=axis, keepdims=keepdims)


def _p_norm(x: Array, ord: float, axis: Axes, keepdims: bool) -> Array:
    return np.linalg.vector_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def _p_norm_vjp(
    g: Array, y: Array, x: Array, ord: float = 2, axis: Axes = None, keepdims: bool = False
) -> Array:
    if not is_divisible(y):  # the squares were too large or too small; a gradient has no scale
        scale = largest(np.abs(x), axis, keepdims=True)
        x = x / np.where(scale == 0, 1, scale)
        y = p_norm(x, ord=ord, axis=axis, keepdims=keepdims)
    gx = conjugate(x) * unreduce(g * zero_or_power(y, p=1 - ord), x.shape, axis)
    return gx if ord == 2 else gx * zero_or_power(np.abs(x), p=ord - 2)


p_norm = rule(_p_norm, _p_norm_vjp, name="norm")
