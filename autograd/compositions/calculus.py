"""Differences, derivatives and integrals of sampled functions."""

import numpy as np

from ..arrays import as_array, part
from ..broadcasting import Axes, normalize_axes
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike


@implements(np.diff)
def diff(
    a: ArrayLike, n: int, axis: int, prepend: ArrayLike | None, append: ArrayLike | None
) -> Array:
    if n < 0:
        raise ValueError(f"diff: n must not be negative, got {n}; np.cumsum undoes diff")
    if n == 0:
        return a
    y = as_array(a)
    (axis,) = normalize_axes("diff", axis, y.ndim)
    one = (*y.shape[:axis], 1, *y.shape[axis + 1 :])
    parts = [
        np.broadcast_to(p, one) if np.ndim(p) == 0 else p
        for p in (prepend, y, append)
        if p is not None
    ]
    if len(parts) > 1:
        y = np.concatenate(parts, axis)
    for _ in range(n):
        y = part(y, axis, 1, None) - part(y, axis, None, -1)
    return y


@implements(np.ediff1d)
def ediff1d(ary: ArrayLike, to_end: ArrayLike | None, to_begin: ArrayLike | None) -> Array:
    flat = np.ravel(ary)
    begin, end = (
        [] if added is None else [np.ravel(added).astype(flat.dtype)]
        for added in (to_begin, to_end)
    )
    return np.concatenate([*begin, flat[1:] - flat[:-1], *end])


@implements(np.trapezoid)
def trapezoid(y: Array, x: ArrayLike | None, dx: Array, axis: int) -> Array:
    y = as_array(y)
    (axis,) = normalize_axes("trapezoid", axis, y.ndim)
    if x is not None:
        dx = np.diff(x, axis=0 if np.ndim(x) == 1 else axis)
        if dx.ndim == 1:
            dx = np.reshape(dx, (-1,) + (1,) * (y.ndim - 1 - axis))
    return np.sum(dx * (part(y, axis, 1, None) + part(y, axis, None, -1)) / 2, axis=axis)


# -- gradient -----------------------------------------------------------------------------------


@implements(np.gradient)
def gradient(
    f: Array, *varargs: ArrayLike, axis: Axes, edge_order: int
) -> Array | tuple[Array, ...]:
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


def _slope(f: Array, spacing: Array, axis: int, edge_order: int) -> Array:
    """The derivative of `f` along an axis, given the step or the coordinates of all points."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: edge_order={edge_order} needs {edge_order + 1} points or more along axis "
            f"{axis}; the shape of f is {f.shape}"
        )
    if np.ndim(spacing) == 0:
        h = spacing.astype(f.dtype) if hasattr(spacing, "astype") else spacing
        inner = (part(f, axis, 2, None) - part(f, axis, None, -2)) / (2 * h)
        first = second = before_last = last = h
    else:
        h = _steps(f, spacing, axis)
        left, right = h[:-1], h[1:]
        inner = (
            part(f, axis, None, -2) * (-right / (left * (left + right)))
            + part(f, axis, 1, -1) * ((right - left) / (left * right))
            + part(f, axis, 2, None) * (left / (right * (left + right)))
        )
        first, last = h[0], h[-1]
        second, before_last = (h[1], h[-2]) if n > 2 else (first, last)

    def at(i: int) -> Array:
        return part(f, axis, i, i + 1 if i != -1 else None)

    if edge_order == 1:
        start = (at(1) - at(0)) / first
        end = (at(-1) - at(-2)) / last
    else:
        start = _edge(at(0), at(1), at(2), first, second)
        end = -_edge(at(-1), at(-2), at(-3), last, before_last)
    return np.concatenate((start, inner, end), axis)


def _steps(f: Array, coordinates: ArrayLike, axis: int) -> Array:
    """The distances between neighbouring points, shaped to lie along `axis` of `f`."""
    x = as_array(coordinates)
    if x.shape != (f.shape[axis],):
        raise ShapeError(
            f"gradient: coordinates along axis {axis} must have shape ({f.shape[axis]},), got "
            f"{x.shape}"
        )
    return np.reshape((x[1:] - x[:-1]).astype(f.dtype), (-1,) + (1,) * (f.ndim - 1 - axis))


def _edge(f0: Array, f1: Array, f2: Array, h1: Array, h2: Array) -> Array:
    """The slope at the first of three points of a parabola, at distances `h1` and `h2`."""
    return (
        f1 * ((h1 + h2) / (h1 * h2))
        - f0 * ((2 * h1 + h2) / (h1 * (h1 + h2)))
        - f2 * (h1 / (h2 * (h1 + h2)))
    )
