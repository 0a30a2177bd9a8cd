"""Functions that reduce axes.

Where several elements tie for `max` or `min`, they share the gradient equally; where NaN is the
largest, nobody knows which element is, and all gradients are NaN (`nanmax` and `nanmin` skip it,
and give it 0). An initial value (`initial=`) counts as one more element.

`prod` is exact where factors are zero or infinite. `std` has gradient 0 where it is 0, and no
second derivative there: that is NaN. The standard deviation of one element is 0 everywhere, and so
are its derivatives.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..arrays import inverse_order, is_divisible, wide
from ..broadcasting import Axes, normalize_axes, reduced_size, unreduce
from ..op import Op
from ..registry import rule
from ..typing import Array
from .elementwise import kink

Shape = tuple[int, ...]

# The arrays' own methods: NumPy's functions `sum`, `mean`, `max` and `min` spend several times as
# long on a small array before they get there.


def _sum(a: Array, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Array:
    return a.sum(axis=axis, dtype=dtype, keepdims=keepdims)


def mean_of(a: Array, axis: Axes = None, dtype: Any = None, keepdims: bool = False) -> Array:
    if dtype is None and a.dtype.kind == "f" and a.itemsize > 2 and a.size:
        return a.sum(axis=axis, keepdims=keepdims) / reduced_size(a.shape, axis)
    return np.mean(a, axis=axis, dtype=dtype, keepdims=keepdims)  # integers, float16, nothing


def _max(a: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    return a.max(axis=axis, keepdims=keepdims)


def _min(a: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    return a.min(axis=axis, keepdims=keepdims)


# -- sums and means -----------------------------------------------------------------------------


def _spread(g: Array, shape: Shape, axis: Axes) -> Array:
    """Hand the cotangent of a sum to every element that was summed."""
    return np.broadcast_to(g if axis is None else unreduce(g, shape, axis), shape)


def _shared(g: Array, shape: Shape, axis: Axes) -> Array:
    return _spread(wide(g) / (reduced_size(shape, axis) or 1), shape, axis)


# fmt: off
rule(np.sum,  lambda g, _, _x, axis=None, dtype=None, keepdims=False: _spread(g, _x.shape, axis),
     forward=_sum)
rule(np.mean, lambda g, _, _x, axis=None, dtype=None, keepdims=False: _shared(g, _x.shape, axis),
     forward=mean_of)
# fmt: on

# -- products -----------------------------------------------------------------------------------


def _prod_vjp(
    g: Array, y: Array, x: Array, axis: Axes = None, dtype: Any = None, keepdims: bool = False
) -> Array:
    if is_divisible(y):
        return unreduce(g * y, x.shape, axis) / x
    return unreduce(g, x.shape, axis) * _product_of_the_others(x, axis)


def _product_of_the_others(x: Array, axis: Axes) -> Array:
    """Multiply, for each element, all others that it is multiplied with: no division."""
    axes = normalize_axes("prod", axis, x.ndim)
    kept = tuple(a for a in range(x.ndim) if a not in axes)
    order = kept + axes
    moved = np.transpose(x, order)
    rows = np.reshape(moved, (*(x.shape[a] for a in kept), math.prod(x.shape[a] for a in axes)))
    one = np.ones_like(rows[..., :1])
    before = np.cumprod(np.concatenate([one, rows[..., :-1]], -1), -1)
    after = np.cumprod(np.concatenate([one, rows[..., :0:-1]], -1), -1)[..., ::-1]
    return np.transpose(np.reshape(before * after, moved.shape), inverse_order(order))


rule(np.prod, _prod_vjp)

# -- variances ----------------------------------------------------------------------------------


def _var_vjp(
    g: Array,
    _: Any,
    x: Array,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Array:
    if x.size == 0:
        return np.zeros_like(x)
    degrees = reduced_size(x.shape, axis) - ddof
    x, g = wide(x), wide(g)
    centred = np.conj(x - np.mean(x, axis=axis, keepdims=True))
    return unreduce(g, x.shape, axis) * centred * (2 / degrees if degrees > 0 else math.nan)


def _root_vjp(g: Array, y: Array, _: Any) -> Array:
    """Return the gradient of a square root: 0 at 0, without a second derivative there."""
    return g / np.where(y == 0, np.inf, 2 * y) + kink(y)


def _std_vjp(
    g: Array,
    y: Array,
    x: Array,
    axis: Axes = None,
    dtype: Any = None,
    ddof: float = 0,
    keepdims: bool = False,
) -> Array:
    if reduced_size(x.shape, axis) == 1 and ddof < 1:
        return np.zeros_like(x)
    return _var_vjp(_root_vjp(g, y, None), None, x, axis=axis, ddof=ddof)


rule(np.var, _var_vjp)
rule(np.std, _std_vjp)

#: The standard deviation of a variance.
deviation: Any = rule(lambda variance: np.sqrt(variance), _root_vjp, name="nanstd")

# -- the largest and the smallest ---------------------------------------------------------------


def _extremum_vjp(g: Array, y: Array, x: Array, axis: Axes = None, keepdims: bool = False) -> Array:
    hit = x == unreduce(y, x.shape, axis)
    ties = hit.sum(axis=axis, keepdims=True)  # none where the largest is NaN
    share = unreduce(g, x.shape, axis) / np.where(ties, ties, np.nan)  # in float64, for any count
    return hit * share.astype(g.dtype)


# fmt: off
rule(np.max,    _extremum_vjp, forward=_max)
rule(np.min,    _extremum_vjp, forward=_min)
rule(np.amax,   _extremum_vjp)
rule(np.amin,   _extremum_vjp)
rule(np.nanmax, _extremum_vjp)  # a NaN is not equal to the largest element, and gets nothing
rule(np.nanmin, _extremum_vjp)
# fmt: on


def _shares(
    g: Array, y: Array, x: Array, initial: Array, axis: Axes, where: Any
) -> tuple[Array, Array, Array]:
    """Return which elements are the largest, whether `initial` is, and the share of each."""
    hit = (x == unreduce(y, x.shape, axis)) & where
    count = np.sum(hit, axis=axis)
    first = initial == np.reshape(y, count.shape)
    ties = count + first  # none where the largest is NaN: nobody knows which element is
    share = np.reshape(g, count.shape) / np.where(ties, ties, np.nan)
    return hit, first, share.astype(g.dtype)


def _element_vjp(
    g: Array,
    y: Array,
    x: Array,
    initial: Array,
    axis: Axes = None,
    keepdims: bool = False,
    where: Any = True,
) -> Array:
    hit, _, share = _shares(g, y, x, initial, axis, where)
    return np.where(where, hit * unreduce(share, x.shape, axis), 0)


def _initial_vjp(
    g: Array,
    y: Array,
    x: Array,
    initial: Array,
    axis: Axes = None,
    keepdims: bool = False,
    where: Any = True,
) -> Array:
    _, first, share = _shares(g, y, x, initial, axis, where)
    return np.sum(first * share)


def _extremum_from(function: Callable[..., Any]) -> Op:
    def forward(
        x: Array, initial: Array, axis: Axes = None, keepdims: bool = False, where: Any = True
    ) -> Array:
        return function(x, axis=axis, keepdims=keepdims, initial=initial, where=where)

    return rule(forward, _element_vjp, _initial_vjp, name=function.__name__)


#: `np.max` and its kind of the elements that are chosen, and of an initial value.
EXTREMA_FROM: dict[Callable[..., Any], Op] = {
    function: _extremum_from(function)
    for function in (np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin)
}
