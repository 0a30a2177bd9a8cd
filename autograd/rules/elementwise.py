"""Functions that work element by element. The engine sums away what they broadcast.

At kinks: |x|' and sign' are 0 at 0; `maximum(x, x)` and `minimum(x, x)` give each side a half;
`clip` passes the gradient at its bounds; `x**0` has gradient 0, also at 0. The gradient with
respect to an exponent is 0 at base 0 (for exponents of at least 0), and NaN at negative bases.
|z| of a complex z has gradient 0 at 0 and no second derivative there: that is NaN.

At infinities a gradient is the limit, where there is one. Where NaN makes it unknown which
element was chosen (`maximum`, `clip`) all gradients are NaN. Outside of the domain of `log` the
value is NaN, and the gradient still 1 / x: a mask on the result (`np.where(x > 0, np.log(x), 0)`)
then keeps it out.

`where` evaluates both of its branches, and 0 times an infinite or NaN slope is NaN: write
`np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x)`, so that the square root never sees what is
not chosen, in place of `np.where(x > 0, np.sqrt(x), x)`.
"""

import math
import operator
from typing import Any

import numpy as np

from ..registry import rule
from ..typing import Array

# fmt: off

# -- arithmetic
rule(np.add,         lambda g, _, __, ___: g,
                     lambda g, _, __, ___: g)
rule(np.subtract,    lambda g, _, __, ___: g,
                     lambda g, _, __, ___: -g)
rule(np.multiply,    lambda g, _, __, y: g * y,
                     lambda g, _, x, __: g * x)
rule(np.true_divide, lambda g, _, __, y: g / y,
                     lambda g, z, __, y: -g * z / y)
rule(np.floor_divide, lambda g, *_: g * 0,
                      lambda g, *_: g * 0)
rule(np.remainder,   lambda g, *_: g,
                     lambda g, _, x, y: -g * np.floor_divide(x, y))
rule(np.negative,    lambda g, *_: -g)
rule(np.positive,    lambda g, *_: g)
rule(np.reciprocal,  lambda g, y, _: -g * y * y)
rule(np.square,      lambda g, _, x: g * x * 2)
rule(np.sqrt,        lambda g, y, _: g / (2 * y))

# -- exponentials and logarithms
rule(np.exp,   lambda g, y, _: g * y)
rule(np.expm1, lambda g, _, x: g * np.exp(x))
rule(np.log,   lambda g, _, x: g / x)
rule(np.log2,  lambda g, _, x: g / x * (1 / math.log(2)))
rule(np.log10, lambda g, _, x: g / x * (1 / math.log(10)))
rule(np.log1p, lambda g, _, x: g / (x + 1))

# -- trigonometric and hyperbolic functions
rule(np.sin,     lambda g, _, x: g * np.cos(x))
rule(np.cos,     lambda g, _, x: -g * np.sin(x))
rule(np.tan,     lambda g, y, _: g * (1 + y * y))
rule(np.arcsin,  lambda g, _, x: g / np.sqrt(1 - x * x))
rule(np.arccos,  lambda g, _, x: -g / np.sqrt(1 - x * x))
rule(np.arctan,  lambda g, _, x: g * np.square(1 / _sqrt_of_square_plus_one(x)))
rule(np.sinh,    lambda g, _, x: g * np.cosh(x))
rule(np.cosh,    lambda g, _, x: g * np.sinh(x))
rule(np.tanh,    lambda g, y, _: g - g * y * y)
rule(np.arcsinh, lambda g, _, x: g / _sqrt_of_square_plus_one(x))
rule(np.arccosh, lambda g, _, x: g / np.sqrt(x - 1) / np.sqrt(x + 1))
rule(np.arctanh, lambda g, _, x: g / (1 - x * x))

# -- steps: flat wherever they are differentiable
rule(np.sign,  lambda g, y, x: _sign_vjp(g, y, x))
rule(np.floor, lambda g, *_: g * 0)
rule(np.ceil,  lambda g, *_: g * 0)
rule(np.trunc, lambda g, *_: g * 0)
rule(np.rint,  lambda g, *_: g * 0)

# -- powers, kinks and choices
rule(np.absolute, lambda g, _, x: g * _direction(x))
rule(np.maximum,  lambda g, _, x, y: _share_of_larger(g, x, y),
                  lambda g, _, x, y: _share_of_larger(g, y, x))
rule(np.minimum,  lambda g, _, x, y: _share_of_larger(g, y, x),
                  lambda g, _, x, y: _share_of_larger(g, x, y))
rule(np.power,    lambda g, _, x, y: g * slope_of_power(x, y, operator.pow),
                  lambda g, z, x, _: g * z * np.log(np.where(x == 0, np.ones_like(z), x)),
                  forward=operator.pow)
rule(np.where,    None,
                  lambda g, _, condition, *__: np.where(condition, g, 0),
                  lambda g, _, condition, *__: np.where(condition, 0, g),
                  elementwise=True)

# fmt: on


def _share_of_larger(g: Array, x: Array, y: Array) -> Array:
    """`g` where x > y, half of it where they are equal, NaN where one of them is NaN."""
    larger, other = x >= y, y >= x
    with np.errstate(invalid="ignore"):  # neither is larger: 0 / 0
        return g * (larger / np.add(larger, other, dtype=g.dtype))


def _direction(x: Array) -> Array:
    """The derivative of `|x|`: its sign; for complex `x` the conjugate, by the convention."""
    if x.dtype.kind != "c":
        return np.sign(x)
    # The sign is x / |x|, and |x| has few digits left where it is subnormal.
    subnormal = np.abs(x) < np.finfo(x.dtype).tiny
    return np.conj(np.sign(np.where(subnormal, x * 2.0**100, x)))


def _sign_vjp(g: Array, y: Array, x: Array) -> Array:
    """0 for real `x`; for a complex one, whose sign is x / |x|, the part that turns its phase."""
    if x.dtype.kind != "c":
        return g * 0
    at_zero = x == 0
    turned = (g - np.conj(y) * np.real(g * y)) / np.where(at_zero, 1, np.abs(x))
    return np.where(at_zero, np.nan, turned)


def _sqrt_of_square_plus_one(x: Array) -> Array:
    return np.sqrt(x * x + 1) if x.dtype.kind == "c" else np.hypot(x, 1)


#: Zeros, whose own derivative is NaN where `y` is 0: what is added to must not be differentiated.
kink: Any = rule(
    lambda y: np.zeros_like(y),
    lambda g, _, y: g * np.where(y == 0, np.nan, 0),
    name="kink",
)


def _zero_or_power(x: Array, p: float) -> Array:
    return np.where(x == 0, 0, np.where(x == 0, 1, x) ** p)


#: x**p for x >= 0, but 0 at 0, where it has no derivative (NaN) unless p > 0.
zero_or_power = rule(
    _zero_or_power,
    lambda g, _, x, p=0: g * np.where((x == 0) & (p <= 0), np.nan, p * zero_or_power(x, p=p - 1)),
    name="power",
)

_NUMBER: tuple[Any, ...] = (int, float, np.generic)


def slope_of_power(x: Array, y: Array, power: Any) -> Array:
    """The derivative y x**(y - 1) of `power(x, y)`: 0 where y is 0, also at x = 0 and infinity."""
    if isinstance(y, _NUMBER):  # stays one, so that float32 stays float32
        return y * power(x, y - 1 if y else y)
    flat = y == 0
    if not np.any(flat):
        return y * power(x, y - 1)
    at_zero = x == 0
    here = y / np.where(at_zero, 1, x) + kink(np.where(flat & at_zero, y, 1))
    return np.where(flat, here, y * power(x, np.where(flat, 0, y - 1)))


def _clip(x: Array, low: Array, high: Array) -> Array:
    return np.clip(x, low, high)


clip_between = rule(
    _clip,
    lambda g, z, x, low, high: _known(g, z, _at_least(x, low) & _at_most(x, high)),
    lambda g, z, x, low, high: _known(g, z, ~_at_least(x, low) & _at_most(low, high)),
    lambda g, z, x, low, high: _known(g, z, ~_at_most(_raised(x, low), high)),
    elementwise=True,
)


def _known(g: Array, z: Array, mask: Array) -> Array:
    """`g` where the mask chooses it, NaN where the result is NaN."""
    return np.where(z == z, g * mask, np.nan)


def _raised(x: Array, low: Array) -> Array:
    return x if low is None else np.maximum(x, low)


def _at_least(x: Array, low: Array) -> Array:
    return x == x if low is None else x >= low


def _at_most(x: Array, high: Array) -> Array:
    return x == x if high is None else x <= high


def _astype(x: Array, dtype: Any, **options: Any) -> Array:
    return x.astype(dtype, **options)


#: Conversion between floating-point dtypes. The engine gives every gradient its input's dtype.
astype = rule(_astype, lambda g, *_, dtype=None, order="K", casting="unsafe": g)
