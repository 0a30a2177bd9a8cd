"""More functions of single elements: those that need a formula of their own, or a composition.

`hypot` has gradient 0 at the origin. `nan_to_num` passes no gradient where it replaced a value.
"""

import math
from typing import Any

import numpy as np

from ..broadcasting import normalize_axes
from ..errors import NotDifferentiableError, ShapeError
from ..op import Op, handles, rule
from .creation import constant
from .elementwise import _one_less


def _safe(x: Any) -> Any:
    """`x` as a divisor, where what is divided is 0 if `x` is."""
    return np.where(x == 0, 1, x)


def _logaddexp_vjp(g: Any, z: Any, x: Any, exp: Any) -> Any:
    """`exp(x - z)`, with 0 where x and z are both -inf."""
    return g * exp(np.where(x == -np.inf, -np.inf, x - np.where(z == -np.inf, 0, z)))


# fmt: off
rule(np.exp2,      lambda g, y, _: g * y * math.log(2))
rule(np.cbrt,      lambda g, y, _: g / (3 * y * y))
rule(np.fabs,      lambda g, _, x: g * np.sign(x))
rule(np.radians,   lambda g, *_: g * (math.pi / 180))
rule(np.deg2rad,   lambda g, *_: g * (math.pi / 180))
rule(np.degrees,   lambda g, *_: g * (180 / math.pi))
rule(np.rad2deg,   lambda g, *_: g * (180 / math.pi))
rule(np.arctan2,   lambda g, _, x, y: g * y / np.square(np.hypot(x, y)),
                   lambda g, _, x, y: -g * x / np.square(np.hypot(x, y)))
rule(np.hypot,     lambda g, z, x, _: g * x / _safe(z),
                   lambda g, z, _, y: g * y / _safe(z))
rule(np.logaddexp, lambda g, z, x, _: _logaddexp_vjp(g, z, x, np.exp),
                   lambda g, z, _, y: _logaddexp_vjp(g, z, y, np.exp))
rule(np.logaddexp2, lambda g, z, x, _: _logaddexp_vjp(g, z, x, np.exp2),
                    lambda g, z, _, y: _logaddexp_vjp(g, z, y, np.exp2))
rule(np.fmod,      lambda g, *_: g,
                   lambda g, _, x, y: -g * np.trunc(x / y))
rule(np.fmax,      lambda g, _, x, y: g * ((x > y) | np.isnan(y)) + g * (x == y) / 2,
                   lambda g, _, x, y: g * ((y > x) | np.isnan(x)) + g * (x == y) / 2)
rule(np.fmin,      lambda g, _, x, y: g * ((x < y) | np.isnan(y)) + g * (x == y) / 2,
                   lambda g, _, x, y: g * ((y < x) | np.isnan(x)) + g * (x == y) / 2)
rule(np.copysign,  lambda g, _, x, y: g * np.sign(x) * np.copysign(1, y),
                   lambda g, *_: g * 0)
rule(np.heaviside, lambda g, *_: g * 0,
                   lambda g, _, x, __: g * (x == 0))
rule(np.ldexp,     lambda g, _, __, i: np.ldexp(g, i), None)
rule(np.modf,      lambda g, *_: g[0])
rule(np.float_power, lambda g, _, x, y: g * y * np.float_power(x, _one_less(y)),
                     lambda g, z, x, _: g * z * np.log(_safe(x)))
rule(np.nan_to_num, lambda g, _, x, copy=True, nan=0.0, posinf=None, neginf=None:
                        g * np.isfinite(x), elementwise=True)
rule(np.round,     lambda g, *_, decimals=0: g * 0, elementwise=True)
rule(np.around,    lambda g, *_, decimals=0: g * 0, elementwise=True)
rule(np.fix,       lambda g, *_: g * 0, elementwise=True, forward=np.trunc)
# fmt: on


def _sinc_derivative(x: Any, n: int) -> Any:
    """The n-th derivative of sin(pi x) / (pi x).

    From (t sinc)' = cos(t), differentiated on: t s_n = sin(t + n pi / 2) - n s_(n-1), at t = pi x.
    That loses digits where |t| is small against n: there, the Taylor series.
    """
    t = math.pi * np.where(np.abs(x) < (n + 1) / 2, 1.0 * n + 1, x)
    s = np.sin(t) / t
    for k in range(1, n + 1):
        s = (np.sin(t + k * math.pi / 2) - k * s) / t
    u = math.pi * np.where(np.abs(x) < (n + 1) / 2, x, 0)
    series = np.zeros_like(s)
    for k in range((n + 1) // 2, n + 20):
        coefficient = (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - n))
        series = series + coefficient * u ** (2 * k - n)
    return (math.pi**n * np.where(np.abs(x) < (n + 1) / 2, series, s)).astype(x.dtype)


_sinc: Op = rule(
    _sinc_derivative,
    lambda g, _, x, n=0: g * _sinc(x, n=n + 1),
)


@handles(np.sinc)
def sinc(x: Any) -> Any:
    return _sinc(x, n=0)


@handles(np.divmod)
def divmod_(x1: Any, x2: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@handles(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise NotDifferentiableError(
            f"linspace: dtype={dtype!r} rounds to integers, which carry no gradient; leave it out"
        )
    steps = np.linspace(0.0, 1.0, num, endpoint, dtype=np.result_type(start, stop, 1.0))
    shape = (num,) + (1,) * max(np.ndim(start), np.ndim(stop))
    values = start + (stop - start) * constant(np.reshape(steps, shape), stop - start)
    values = values if dtype is None else values.astype(dtype)
    step = (stop - start) / max(num - bool(endpoint), 1)
    values = np.moveaxis(values, 0, axis)
    return (values, step) if retstep else values


@handles(np.logspace)
def logspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    base: Any = 10.0,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    powers = np.power(base, linspace(start, stop, num, endpoint))
    powers = powers if dtype is None else powers.astype(dtype)
    return np.moveaxis(powers, 0, axis)


@handles(np.apply_along_axis)
def apply_along_axis(func1d: Any, axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """One call of `func1d` for each row: what it does with Tensors is differentiated."""
    axis %= arr.ndim
    rows = np.reshape(np.moveaxis(arr, axis, -1), (-1, arr.shape[axis]))
    results = np.stack([func1d(row, *args, **kwargs) for row in rows])
    others = tuple(n for i, n in enumerate(arr.shape) if i != axis)
    results = np.reshape(results, (*others, *results.shape[1:]))
    inner = results.ndim - len(others)
    where = range(len(others), len(others) + inner)
    return np.moveaxis(results, tuple(where), tuple(range(axis, axis + inner)))


@handles(np.apply_over_axes)
def apply_over_axes(func: Any, a: Any, axes: Any) -> Any:
    """`func(a, axis)` for one axis after another; what it reduces stays as an axis of length 1."""
    for axis in np.ravel(axes).tolist():
        (axis,) = normalize_axes("apply_over_axes", axis, a.ndim)
        result = func(a, axis)
        if result.ndim == a.ndim - 1:
            result = np.expand_dims(result, axis)
        if result.ndim != a.ndim:
            raise ShapeError(
                f"apply_over_axes: func made shape {result.shape} of {a.shape}; it must reduce the "
                f"axis that it is given, and no other"
            )
        a = result
    return a


@handles(np.geomspace)
def geomspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    dtype: Any = None,
    axis: int = 0,
) -> Any:
    steps = np.linspace(0.0, 1.0, num, endpoint)
    shape = (num,) + (1,) * max(np.ndim(start), np.ndim(stop))
    ratio = stop / start
    values = start * np.power(ratio, constant(np.reshape(steps, shape), ratio))
    values = values if dtype is None else values.astype(dtype)
    return np.moveaxis(values, 0, axis)
