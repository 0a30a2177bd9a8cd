"""Running sums and products.

`cumprod` is exact where factors are zero. `unwrap` takes the jumps that it removes as fixed.
"""

import math

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import is_divisible, part
from ..broadcasting import normalize_axes
from ..registry import rule
from ..typing import Array


def _sum_of_the_rest(g: Array, axis: int) -> Array:
    """For each element, the sum of itself and all that come after it."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _cumprod_vjp(
    g: Array, y: Array, x: Array, axis: int | None = None, dtype: DTypeLike | None = None
) -> Array:
    shape = x.shape
    if axis is None or not shape:
        x, axis = np.ravel(x), 0
    if is_divisible(y):
        return np.reshape(_sum_of_the_rest(g * y, axis) / x, shape)
    (axis,) = normalize_axes("cumprod", axis, x.ndim)
    before = np.concatenate((np.ones_like(part(y, axis, 0, 1)), part(y, axis, 0, -1)), axis)
    return np.reshape(before * _products_from_here(g, x, axis), shape)


def _products_from_here(g: Array, x: Array, axis: int) -> Array:
    """h[i] = g[i] + g[i+1] x[i+1] + g[i+2] x[i+1] x[i+2] + ..., without a division.

    By doubling: knowing all terms up to a distance, those up to twice it are
    h[i] + (product of the x between) h[i + distance].
    """
    h, between, distance = g, _ahead(x, axis, 1), 1
    while distance < x.shape[axis]:
        h = h + between * _ahead(h, axis, distance)
        between = between * _ahead(between, axis, distance)
        distance *= 2
    return h


def _ahead(x: Array, axis: int, distance: int) -> Array:
    """x[i + distance] in the place of x[i], and 0 beyond the end."""
    rest = part(x, axis, distance, None)
    return np.concatenate((rest, np.zeros_like(part(x, axis, 0, distance))), axis)


# fmt: off
rule(np.cumsum,
     lambda g, _, _x, axis=None, dtype=None: np.reshape(_sum_of_the_rest(g, axis or 0), _x.shape))
rule(np.cumprod, _cumprod_vjp)
rule(np.unwrap,  lambda g, *_, discont=None, axis=-1, period=math.tau: g)
# fmt: on
