"""More functions of single elements: those that need a formula of their own, or a composition.

`hypot` has gradient 0 at the origin and no second derivative there: that is NaN. `arctan2` has no
derivative at the origin at all: NaN. `logaddexp` of -inf and -inf has gradient 0. `nan_to_num`
passes no gradient where it replaced a value.
"""

import math
from typing import Any

import numpy as np

from ..arrays import constant
from ..broadcasting import normalize_axes
from ..errors import NotDifferentiableError, ShapeError
from ..op import Op
from ..registry import implements, rule
from .activations import exp_limit, sigmoid
from .elementwise import slope_of_power


def _share(g: Any, x: Any, y: Any, base: float = math.e) -> Any:
    """The gradient of log(e**x + e**y) by `x`, e**x / (e**x + e**y), for any base."""
    # Of two that are inf nobody knows which is larger; two that are -inf share nothing.
    both = (x == y) & np.isinf(y)
    y = np.where(both & (y > 0), np.nan, np.where(both, 0, y))
    gap = (x - y) * math.log(base)
    return g * (sigmoid(gap) * (gap > -exp_limit(gap)))  # the sigmoid only comes near to 0


def _cosine_of(x: Any, y: Any) -> Any:
    a, b = np.abs(x), np.abs(y)
    scale = np.maximum(a, b)
    scale = np.where(scale == 0, 1, scale)
    with np.errstate(invalid="ignore"):  # inf / inf: NaN where both are, 1 beside a finite one
        u, v = x / scale, y / scale
    u = np.where((a == np.inf) & (b < np.inf), np.sign(x), u)
    v = np.where((b == np.inf) & (a < np.inf), np.sign(y), v)
    length = np.hypot(u, v)
    return u / np.where(length == 0, 1, length)


#: x / hypot(x, y), without overflow: the gradient of `hypot`. At the origin it is 0.
cosine: Op = rule(
    _cosine_of,
    lambda g, _, x, y: g * cosine(y, x) ** 2 / _radius(x, y),
    lambda g, c, x, y: -g * c * cosine(y, x) / _radius(x, y),
    elementwise=True,
    name="cosine",
)


def _radius(x: Any, y: Any) -> Any:
    """As a divisor: NaN at the origin, where nothing has a derivative."""
    r = np.hypot(x, y)
    return np.where(r == 0, np.nan, r)


def _nan_to_num_vjp(
    g: Any, _: Any, x: Any, copy: bool = True, nan: float = 0.0, posinf: Any = None,
    neginf: Any = None,
) -> Any:  # fmt: skip
    if x.dtype.kind != "c":
        return g * np.isfinite(x)
    parts = np.real(x), np.imag(x)  # each is replaced by itself
    return np.real(g) * np.isfinite(parts[0]) + 1j * (np.imag(g) * np.isfinite(parts[1]))


def _known(g: Any, z: Any, share: Any) -> Any:
    """`g` times its share, which is unknown where the result is NaN."""
    return np.where(z == z, g * share, np.nan)


# fmt: off
rule(np.exp2,      lambda g, y, _: g * (y * math.log(2)))
rule(np.cbrt,      lambda g, y, _: g * np.square(1 / y) / 3)
rule(np.fabs,      lambda g, _, x: g * np.sign(x))
rule(np.radians,   lambda g, *_: g * (math.pi / 180))
rule(np.deg2rad,   lambda g, *_: g * (math.pi / 180))
rule(np.degrees,   lambda g, *_: g * (180 / math.pi))
rule(np.rad2deg,   lambda g, *_: g * (180 / math.pi))
rule(np.arctan2,   lambda g, _, x, y: g * cosine(y, x) / _radius(x, y),
                   lambda g, _, x, y: -g * cosine(x, y) / _radius(x, y))
rule(np.hypot,     lambda g, _, x, y: g * cosine(x, y),
                   lambda g, _, x, y: g * cosine(y, x))
rule(np.logaddexp, lambda g, _, x, y: _share(g, x, y),
                   lambda g, _, x, y: _share(g, y, x))
rule(np.logaddexp2, lambda g, _, x, y: _share(g, x, y, 2),
                    lambda g, _, x, y: _share(g, y, x, 2))
rule(np.fmod,      lambda g, *_: g,
                   lambda g, _, x, y: -g * np.trunc(x / y))
rule(np.fmax,      lambda g, z, x, y: _known(g, z, ((x > y) | np.isnan(y)) + (x == y) / 2),
                   lambda g, z, x, y: _known(g, z, ((y > x) | np.isnan(x)) + (x == y) / 2))
rule(np.fmin,      lambda g, z, x, y: _known(g, z, ((x < y) | np.isnan(y)) + (x == y) / 2),
                   lambda g, z, x, y: _known(g, z, ((y < x) | np.isnan(x)) + (x == y) / 2))
rule(np.copysign,  lambda g, _, x, y: g * np.sign(x) * np.copysign(1, y),
                   lambda g, *_: g * 0)
rule(np.heaviside, lambda g, *_: g * 0,
                   lambda g, _, x, __: g * (x == 0))
rule(np.ldexp,     lambda g, _, __, i: np.ldexp(g, i), None)
rule(np.modf,      lambda g, *_: g[0])
rule(np.float_power, lambda g, _, x, y: g * slope_of_power(x, y, np.float_power),
                     lambda g, z, x, _: g * z * np.log(np.where(x == 0, 1, x)))
rule(np.nan_to_num, _nan_to_num_vjp, elementwise=True)
rule(np.round,     lambda g, *_, decimals=0: g * 0, elementwise=True)
rule(np.around,    lambda g, *_, decimals=0: g * 0, elementwise=True)
rule(np.fix,       lambda g, *_: g * 0, elementwise=True, forward=np.trunc)
# fmt: on


def _sinc_derivative(x: Any, n: int) -> Any:
    """The n-th derivative of sin(pi x) / (pi x).

    From (t sinc)' = cos(t), differentiated on: t s_n = sin(t + n pi / 2) - n s_(n-1), at t = pi x.
    That loses digits where |t| is small against n: there, the Taylor series.
    """
    wide = x.astype(np.float32) if x.dtype == np.float16 else x  # whose powers overflow
    is_near = np.abs(x) < (n + 1) / 2
    far = np.where(is_near, 1.0 * n + 1, wide)
    t = math.pi * far
    angle = math.pi * np.fmod(far, 2) if x.dtype.kind == "f" else t  # of large x, to the digit
    s = np.sin(angle) / t
    for k in range(1, n + 1):
        s = (np.sin(angle + k * math.pi / 2) - k * s) / t
    u = math.pi * np.where(is_near, wide, 0)
    series = np.zeros_like(s)
    for k in range((n + 1) // 2, n + 20):
        coefficient = (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - n))
        series = series + coefficient * u ** (2 * k - n)
    return (math.pi**n * np.where(is_near, series, s)).astype(x.dtype)


_sinc: Op = rule(
    _sinc_derivative,
    lambda g, _, x, n=0: g * _sinc(x, n=n + 1),
)


@implements(np.sinc)
def sinc(x: Any) -> Any:
    return _sinc(x, n=0)


@implements(np.divmod)
def divmod_(x1: Any, x2: Any) -> tuple[Any, Any]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


@implements(np.linspace)
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


@implements(np.logspace)
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


@implements(np.apply_along_axis)
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


@implements(np.apply_over_axes)
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


@implements(np.geomspace)
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
