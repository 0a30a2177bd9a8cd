"""More functions of single elements: those that need a formula of their own.

`hypot` has gradient 0 at the origin and no second derivative there: that is NaN. `arctan2` has no
derivative at the origin at all: NaN. `logaddexp` of -inf and -inf has gradient 0. `nan_to_num`
passes no gradient where it replaced a value.
"""

import math

import numpy as np

from ..registry import rule
from ..typing import Array
from .activations import exp_limit, sigmoid
from .elementwise import slope_of_power


def _share(g: Array, x: Array, y: Array, base: float = math.e) -> Array:
    """`g` times d log(e**x + e**y) / dx = e**x / (e**x + e**y), for any base."""
    # Which of two infinities is larger is unknown; two that are -inf share nothing.
    both = (x == y) & np.isinf(y)
    y = np.where(both & (y > 0), np.nan, np.where(both, 0, y))
    gap = (x - y) * math.log(base)
    return g * (sigmoid(gap) * (gap > -exp_limit(gap)))  # the sigmoid only comes near to 0


@rule(
    vjps=[
        lambda g, _, x, y: g * cosine(y, x) ** 2 / _radius(x, y),
        lambda g, c, x, y: -g * c * cosine(y, x) / _radius(x, y),
    ],
    elementwise=True,
)
def cosine(x: Array, y: Array) -> Array:
    """x / hypot(x, y), without overflow: the gradient of `hypot`. At the origin it is 0."""
    a, b = np.abs(x), np.abs(y)
    scale = np.maximum(a, b)
    scale = np.where(scale == 0, 1, scale)
    with np.errstate(invalid="ignore"):  # inf / inf: NaN where both are, 1 beside a finite one
        u, v = x / scale, y / scale
    u = np.where((a == np.inf) & (b < np.inf), np.sign(x), u)
    v = np.where((b == np.inf) & (a < np.inf), np.sign(y), v)
    length = np.hypot(u, v)
    return u / np.where(length == 0, 1, length)


def _radius(x: Array, y: Array) -> Array:
    """The length of (x, y) as a divisor: NaN at the origin, where there is no derivative."""
    r = np.hypot(x, y)
    return np.where(r == 0, np.nan, r)


def _nan_to_num_vjp(
    g: Array, _: None, x: Array, copy: bool = True, nan: float = 0.0, posinf: float | None = None,
    neginf: float | None = None,
) -> Array:  # fmt: skip
    if x.dtype.kind != "c":
        return g * np.isfinite(x)
    parts = np.real(x), np.imag(x)  # each is replaced by itself
    return np.real(g) * np.isfinite(parts[0]) + 1j * (np.imag(g) * np.isfinite(parts[1]))


def _known(g: Array, z: Array, share: Array) -> Array:
    """`g` times the share of an input, which is unknown where the result `z` is NaN."""
    return np.where(z == z, g * share, np.nan)


@rule(vjps=[lambda g, _, x, n=0: g * sinc_derivative(x, n=n + 1)])
def sinc_derivative(x: Array, n: int) -> Array:
    """The n-th derivative of sin(pi x) / (pi x).

    Differentiating (t sinc)' = cos(t) further gives t s_n = sin(t + n pi / 2) - n s_(n-1), where
    t = pi x. That loses digits if |t| is small compared with n: there, the Taylor series is used.
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


# fmt: off
rule(np.exp2,      lambda g, y, _: g * (y * math.log(2)))
rule(np.cbrt,      lambda g, y, _: g * np.square(1 / y) / 3)
rule(np.sinc,      lambda g, _, x: g * sinc_derivative(x, n=1),
                   forward=lambda x: sinc_derivative(x, n=0))
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
