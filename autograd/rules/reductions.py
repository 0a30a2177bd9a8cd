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


def _of_prod(g: Array, y: Array, x: Array, axis: Axes) -> Array:
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


# fmt: off
rule(np.prod, lambda g, y, x, axis=None, dtype=None, keepdims=False: _of_prod(g, y, x, axis))
# fmt: on

# -- variances ----------------------------------------------------------------------------------


def _of_var(g: Array, x: Array, axis: Axes, ddof: float) -> Array:
    if x.size == 0:
        return np.zeros_like(x)
    degrees = reduced_size(x.shape, axis) - ddof
    x, g = wide(x), wide(g)
    centred = np.conj(x - np.mean(x, axis=axis, keepdims=True))
    return unreduce(g, x.shape, axis) * centred * (2 / degrees if degrees > 0 else math.nan)


def _of_root(g: Array, y: Array) -> Array:
    """The gradient of a square root: 0 at 0, without a second derivative there."""
    return g / np.where(y == 0, np.inf, 2 * y) + kink(y)


def _of_std(g: Array, y: Array, x: Array, axis: Axes, ddof: float) -> Array:
    if reduced_size(x.shape, axis) == 1 and ddof < 1:
        return np.zeros_like(x)
    return _of_var(_of_root(g, y), x, axis, ddof)


# fmt: off
rule(np.var,
     lambda g, _, x, axis=None, dtype=None, ddof=0, keepdims=False: _of_var(g, x, axis, ddof))
rule(np.std,
     lambda g, y, x, axis=None, dtype=None, ddof=0, keepdims=False: _of_std(g, y, x, axis, ddof))
# fmt: on

#: The standard deviation of a variance.
deviation: Any = rule(
    lambda variance: np.sqrt(variance), lambda g, y, _: _of_root(g, y), name="nanstd"
)

# -- the largest and the smallest ---------------------------------------------------------------


def _to_ties(g: Array, y: Array, x: Array, axis: Axes) -> Array:
    hit = x == unreduce(y, x.shape, axis)
    ties = hit.sum(axis=axis, keepdims=True)  # none where the largest is NaN
    share = unreduce(g, x.shape, axis) / np.where(ties, ties, np.nan)  # in float64, for any count
    return hit * share.astype(g.dtype)


# fmt: off
rule(np.max,    lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis), forward=_max)
rule(np.min,    lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis), forward=_min)
rule(np.amax,   lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis))
rule(np.amin,   lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis))
rule(np.nanmax, lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis))  # no NaN is hit
rule(np.nanmin, lambda g, y, x, axis=None, keepdims=False: _to_ties(g, y, x, axis))
# fmt: on


def _both(
    g: Array, y: Array, x: Array, initial: Array, axis: Axes, where: Any
) -> tuple[Array, Array]:
    """The gradients with respect to `x` and to `initial`, which counts as one more element."""
    hit = (x == unreduce(y, x.shape, axis)) & where
    count = np.sum(hit, axis=axis)
    first = initial == np.reshape(y, count.shape)
    ties = count + first  # none where the largest is NaN: nobody knows which element is
    share = np.reshape(g, count.shape) / np.where(ties, ties, np.nan)
    share = share.astype(g.dtype)
    return np.where(where, hit * unreduce(share, x.shape, axis), 0), np.sum(first * share)


def _extremum_from(function: Callable[..., Any]) -> Op:
    def forward(
        x: Array, initial: Array, axis: Axes = None, keepdims: bool = False, where: Any = True
    ) -> Array:
        return function(x, axis=axis, keepdims=keepdims, initial=initial, where=where)

    # fmt: off
    return rule(forward,
        lambda g, y, x, i, axis=None, keepdims=False, where=True: _both(g, y, x, i, axis, where)[0],
        lambda g, y, x, i, axis=None, keepdims=False, where=True: _both(g, y, x, i, axis, where)[1],
        name=function.__name__)
    # fmt: on


#: `np.max` and its kind of the elements that are chosen, and of an initial value.
EXTREMA_FROM: dict[Callable[..., Any], Op] = {
    function: _extremum_from(function)
    for function in (np.max, np.min, np.amax, np.amin, np.nanmax, np.nanmin)
}
