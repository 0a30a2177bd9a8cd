"""Functions that reduce axes.

Ties in `max` and `min` share the gradient equally; where NaN is the largest nobody knows which
element is, and all gradients are NaN. `prod` is exact where factors are zero or infinite.
`std` has gradient 0 where it is 0, and no second derivative there: that is NaN. Of one element it
is 0 everywhere, and so are its derivatives.
"""

import math
from typing import Any

import numpy as np

from ..arrays import inverse_order, is_divisible, wide
from ..broadcasting import Axes, normalize_axes, reduced_size, unreduce
from ..registry import rule
from .elementwise import kink

# The arrays' own methods: NumPy's functions `sum`, `mean`, `max` and `min` spend several times as
# long on a small array before they get there.


def _sum(a: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Any:
    return a.sum(axis=axis, dtype=dtype, keepdims=keepdims)


def mean_of(a: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Any:
    if dtype is None and a.dtype.kind == "f" and a.itemsize > 2 and a.size:
        return a.sum(axis=axis, keepdims=keepdims) / reduced_size(a.shape, axis)
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)  # integers, float16, nothing


def _max(a: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    return a.max(axis=axis, keepdims=keepdims)


def _min(a: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    return a.min(axis=axis, keepdims=keepdims)


def _spread(g: Any, shape: tuple[int, ...], axis: Axes) -> Any:
    """The cotangent of a sum, handed to everything that was summed."""
    return np.broadcast_to(g if axis is None else unreduce(g, shape, axis), shape)


def _extremum_vjp(g: Any, y: Any, x: Any, axis: Axes = None, keepdims: bool = False) -> Any:
    hit = x == unreduce(y, x.shape, axis)
    ties = hit.sum(axis=axis, keepdims=True)  # none where the largest is NaN
    share = unreduce(g, x.shape, axis) / np.where(ties, ties, np.nan)  # in float64, for any count
    return hit * share.astype(g.dtype)


def _prod_vjp(
    g: Any, y: Any, x: Any, axis: Axes = None, dtype: Any = None, keepdims: bool = False
) -> Any:
    if is_divisible(y):
        return unreduce(g * y, x.shape, axis) / x
    return unreduce(g, x.shape, axis) * _product_of_the_others(x, axis)


def _product_of_the_others(x: Any, axis: Axes) -> Any:
    """For each element, the product of all others that it is multiplied with: no division."""
    axes = normalize_axes("prod", axis, x.ndim)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    order = kept + axes
    moved = np.transpose(x, order)
    rows = np.reshape(moved, (*(x.shape[a] for a in kept), math.prod(x.shape[a] for a in axes)))
    one = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([one, rows[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, rows[..., :0:-1]], -1), -1)[..., ::-1]
    return np.transpose(np.reshape(before * after, moved.shape), inverse_order(order))


def _var_vjp(
    g: Any,
    _: Any,
    x: Any,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Any:
    if x.size == 0:
        return np.zeros_like(x)
    degrees = reduced_size(x.shape, axis) - ddof
    x, g = wide(x), wide(g)
    centred = np.conj(x - np.mean(x, axis=axis, keepdims=True))
    return unreduce(g, x.shape, axis) * centred * (2 / degrees if degrees > 0 else math.nan)


def _std_vjp(
    g: Any,
    y: Any,
    x: Any,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Any:
    if reduced_size(x.shape, axis) == 1 and ddof < 1:
        return np.zeros_like(x)
    half = g / np.where(y == 0, np.inf, 2 * y) + kink(y)
    return _var_vjp(half, None, x, axis=axis, ddof=ddof)


# fmt: off
rule(np.sum,  lambda g, _, _x, axis=None, dtype=None, keepdims=False:
                  _spread(g, _x.shape, axis), forward=_sum)
rule(np.mean, lambda g, _, _x, axis=None, dtype=None, keepdims=False:
                  _spread(wide(g) / (reduced_size(_x.shape, axis) or 1), _x.shape, axis),
              forward=mean_of)
rule(np.max,  _extremum_vjp, forward=_max)
rule(np.min,  _extremum_vjp, forward=_min)
rule(np.prod, _prod_vjp)
rule(np.var,  _var_vjp)
rule(np.std,  _std_vjp)
# fmt: on
