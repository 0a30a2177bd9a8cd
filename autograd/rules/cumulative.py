"""Sums, products and differences along an axis.

`cumprod` is exact where factors are zero. `unwrap` takes the jumps that it removes as fixed.
"""

import math
from typing import Any

import numpy as np

from ..arrays import as_array, is_divisible, part
from ..broadcasting import normalize_axes
from ..errors import ShapeError
from ..registry import implements, rule
from .refused import refuse_out

# -- running sums and products ------------------------------------------------------------------


def _sum_of_the_rest(g: Any, axis: int) -> Any:
    """For each element, the sum of itself and all that come after it."""
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _cumsum_vjp(g: Any, _: Any, _x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    return np.reshape(_sum_of_the_rest(g, 0 if axis is None else axis), _x.shape)


def _cumprod_vjp(g: Any, y: Any, x: Any, axis: int | None = None, dtype: Any = None) -> Any:
    shape = x.shape
    if axis is None or not shape:
        x, axis = np.ravel(x), 0
    if is_divisible(y):
        return np.reshape(_sum_of_the_rest(g * y, axis) / x, shape)
    (axis,) = normalize_axes("cumprod", axis, x.ndim)
    before = np.concatenate((np.ones_like(part(y, axis, 0, 1)), part(y, axis, 0, -1)), axis)
    return np.reshape(before * _products_from_here(g, x, axis), shape)


def _products_from_here(g: Any, x: Any, axis: int) -> Any:
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


def _ahead(x: Any, axis: int, distance: int) -> Any:
    """x[i + distance] in the place of x[i], and 0 beyond the end."""
    rest = part(x, axis, distance, None)
    return np.concatenate((rest, np.zeros_like(part(x, axis, 0, distance))), axis)


rule(np.cumsum, _cumsum_vjp)
rule(np.cumprod, _cumprod_vjp)


@implements(np.nancumsum)
def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    refuse_out("nancumsum", out)
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


@implements(np.nancumprod)
def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: Any = None) -> Any:
    refuse_out("nancumprod", out)
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


def cumulative_sum(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    axis = _only_axis("cumulative_sum", x, axis)
    y = np.cumsum(x, axis=axis, dtype=dtype)
    return _after(np.zeros_like, y, axis) if include_initial else y


def cumulative_prod(
    x: Any, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Any:
    axis = _only_axis("cumulative_prod", x, axis)
    y = np.cumprod(x, axis=axis, dtype=dtype)
    return _after(np.ones_like, y, axis) if include_initial else y


if hasattr(np, "cumulative_sum"):  # since NumPy 2.1
    cumulative_sum = implements(np.cumulative_sum)(cumulative_sum)
    cumulative_prod = implements(np.cumulative_prod)(cumulative_prod)


def _only_axis(function: str, x: Any, axis: int | None) -> int:
    if axis is None and x.ndim > 1:
        raise ShapeError(
            f"{function}: x of shape {x.shape} needs axis=, from 0 to {x.ndim - 1}; or ravel it"
        )
    return normalize_axes(function, 0 if axis is None else axis, max(x.ndim, 1))[0]


def _after(initial_like: Any, y: Any, axis: int) -> Any:
    shape = (*y.shape[:axis], 1, *y.shape[axis + 1 :])
    return np.concatenate((initial_like(y, shape=shape), y), axis)


# -- differences --------------------------------------------------------------------------------


@implements(np.diff)
def diff(
    a: Any, n: int = 1, axis: int = -1, prepend: Any = np._NoValue, append: Any = np._NoValue
) -> Any:
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}; np.cumsum undoes diff")
    if n == 0:
        return a
    a = as_array(a)
    (axis,) = normalize_axes("diff", axis, a.ndim)
    one = (*a.shape[:axis], 1, *a.shape[axis + 1 :])
    parts = [
        np.broadcast_to(p, one) if np.ndim(p) == 0 else p
        for p in (prepend, a, append)
        if p is not np._NoValue
    ]
    if len(parts) > 1:
        a = np.concatenate(parts, axis)
    for _ in range(n):
        a = part(a, axis, 1, None) - part(a, axis, None, -1)
    return a


@implements(np.ediff1d)
def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    ary = np.ravel(ary)
    begin, end = (
        [] if added is None else [np.ravel(added).astype(ary.dtype)] for added in (to_begin, to_end)
    )
    return np.concatenate([*begin, ary[1:] - ary[:-1], *end])


# -- calculus on grids --------------------------------------------------------------------------


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    f = as_array(f)
    if f.dtype.kind not in "fc":
        f = f.astype(np.float64)
    axes = normalize_axes("gradient", axis, f.ndim)
    if len(varargs) not in (0, 1, len(axes)):
        raise TypeError(
            f"gradient: {len(varargs)} spacings for {len(axes)} axes; give one for all of them, or "
            f"one for each"
        )
    if edge_order not in (1, 2):
        raise ValueError(f"gradient: edge_order must be 1 or 2, got {edge_order}")
    spacings = varargs or (1.0,)
    if len(spacings) == 1:
        spacings = spacings * len(axes)
        if np.ndim(spacings[0]) and len(axes) > 1:
            raise ShapeError(
                f"gradient: coordinates of shape {np.shape(spacings[0])} for {len(axes)} axes; "
                f"give them for each axis"
            )
    slopes = [_slope(f, h, a, edge_order) for h, a in zip(spacings, axes, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slope(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """The derivative of `f` along an axis, given the step or the coordinates of all points."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: edge_order={edge_order} needs {edge_order + 1} points or more along axis "
            f"{axis}; the shape of f is {f.shape}"
        )

    def at(i: int) -> Any:
        return part(f, axis, i, i + 1 if i != -1 else None)

    if np.ndim(spacing) == 0:
        h = spacing.astype(f.dtype) if hasattr(spacing, "astype") else spacing
        inner = (part(f, axis, 2, None) - part(f, axis, None, -2)) / (2 * h)
        first = second = before_last = last = h
    else:
        spacing = as_array(spacing)
        if spacing.shape != (n,):
            raise ShapeError(
                f"gradient: coordinates along axis {axis} must have shape ({n},), got "
                f"{spacing.shape}"
            )
        h = (spacing[1:] - spacing[:-1]).astype(f.dtype)
        h = np.reshape(h, (-1,) + (1,) * (f.ndim - 1 - axis))
        left, right = h[:-1], h[1:]
        inner = (
            part(f, axis, None, -2) * (-right / (left * (left + right)))
            + part(f, axis, 1, -1) * ((right - left) / (left * right))
            + part(f, axis, 2, None) * (left / (right * (left + right)))
        )
        first, last = h[0], h[-1]
        second, before_last = (h[1], h[-2]) if n > 2 else (first, last)
    if edge_order == 1:
        start = (at(1) - at(0)) / first
        end = (at(-1) - at(-2)) / last
    else:
        start = _edge(at(0), at(1), at(2), first, second)
        end = -_edge(at(-1), at(-2), at(-3), last, before_last)
    return np.concatenate((start, inner, end), axis)


def _edge(f0: Any, f1: Any, f2: Any, h1: Any, h2: Any) -> Any:
    """The slope at the first of three points of a parabola, at distances `h1` and `h2`."""
    return (
        f1 * ((h1 + h2) / (h1 * h2))
        - f0 * ((2 * h1 + h2) / (h1 * (h1 + h2)))
        - f2 * (h1 / (h2 * (h1 + h2)))
    )


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    y = as_array(y)
    (axis,) = normalize_axes("trapezoid", axis, y.ndim)
    if x is not None:
        dx = np.diff(x, axis=0 if np.ndim(x) == 1 else axis)
        if dx.ndim == 1:
            dx = np.reshape(dx, (-1,) + (1,) * (y.ndim - 1 - axis))
    return np.sum(dx * (part(y, axis, 1, None) + part(y, axis, None, -1)) / 2, axis=axis)


# fmt: off
rule(np.unwrap, lambda g, *_, discont=None, axis=-1, period=math.tau: g)
# fmt: on
