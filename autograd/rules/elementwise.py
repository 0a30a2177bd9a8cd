"""Functions that work element by element. The engine sums away what they broadcast.

At kinks: |x|' and sign' are 0 at 0; `maximum(x, x)` and `minimum(x, x)` give each side a half;
`clip` passes the gradient at its bounds; `x**0` has gradient 0, also at 0. The gradient with
respect to an exponent is 0 at base 0 (for positive exponents), and NaN at negative bases.

`where` evaluates both of its branches, and 0 times an infinite or NaN slope is NaN: write
`np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x)`, so that the square root never sees what is
not chosen, in place of `np.where(x > 0, np.sqrt(x), x)`.
"""

import operator
from typing import Any

import numpy as np

from ..op import handles, rule

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
rule(np.square,      lambda g, _, x: 2 * g * x)
rule(np.sqrt,        lambda g, y, _: g / (2 * y))

# -- exponentials and logarithms
rule(np.exp,   lambda g, y, _: g * y)
rule(np.expm1, lambda g, y, _: g * (y + 1))
rule(np.log,   lambda g, _, x: g / x)
rule(np.log2,  lambda g, _, x: g / (x * float(np.log(2))))
rule(np.log10, lambda g, _, x: g / (x * float(np.log(10))))
rule(np.log1p, lambda g, _, x: g / (x + 1))

# -- trigonometric and hyperbolic functions
rule(np.sin,     lambda g, _, x: g * np.cos(x))
rule(np.cos,     lambda g, _, x: -g * np.sin(x))
rule(np.tan,     lambda g, y, _: g * (1 + y * y))
rule(np.arcsin,  lambda g, _, x: g / np.sqrt(1 - x * x))
rule(np.arccos,  lambda g, _, x: -g / np.sqrt(1 - x * x))
rule(np.arctan,  lambda g, _, x: g / (1 + x * x))
rule(np.sinh,    lambda g, _, x: g * np.cosh(x))
rule(np.cosh,    lambda g, _, x: g * np.sinh(x))
rule(np.tanh,    lambda g, y, _: g - g * y * y)
rule(np.arcsinh, lambda g, _, x: g / np.sqrt(x * x + 1))
rule(np.arccosh, lambda g, _, x: g / (np.sqrt(x - 1) * np.sqrt(x + 1)))
rule(np.arctanh, lambda g, _, x: g / (1 - x * x))

# -- steps: flat wherever they are differentiable
rule(np.sign,  lambda g, y, x: _sign_vjp(g, y, x))
rule(np.floor, lambda g, *_: g * 0)
rule(np.ceil,  lambda g, *_: g * 0)
rule(np.trunc, lambda g, *_: g * 0)
rule(np.rint,  lambda g, *_: g * 0)

# -- powers, kinks and choices
rule(np.absolute, lambda g, _, x: g * _direction(x))
rule(np.maximum,  lambda g, _, x, y: g * (x > y) + g * (x == y) / 2,
                  lambda g, _, x, y: g * (y > x) + g * (x == y) / 2)
rule(np.minimum,  lambda g, _, x, y: g * (x < y) + g * (x == y) / 2,
                  lambda g, _, x, y: g * (y < x) + g * (x == y) / 2)
rule(np.power,    lambda g, _, x, y: g * y * x ** _one_less(y),
                  lambda g, z, x, _: g * z * np.log(np.where(x == 0, np.ones_like(z), x)),
                  forward=operator.pow)
rule(np.where,    None,
                  lambda g, _, condition, *__: np.where(condition, g, 0),
                  lambda g, _, condition, *__: np.where(condition, 0, g),
                  elementwise=True)

# fmt: on


def _direction(x: Any) -> Any:
    """What `|x|` grows by: the sign of a real `x`; of a complex one, by the convention, this."""
    return np.conj(x) / np.where(x == 0, 1, np.abs(x)) if x.dtype.kind == "c" else np.sign(x)


def _sign_vjp(g: Any, y: Any, x: Any) -> Any:
    """Nothing for real `x`; for a complex one, whose sign is x / |x|, the turning of its phase."""
    if x.dtype.kind != "c":
        return g * 0
    return (g - np.conj(y) * np.real(g * y)) / np.where(x == 0, np.inf, np.abs(x))


_NUMBER: Any = (int, float, np.generic)


def _one_less(y: Any) -> Any:
    """The exponent of the derivative of `x**y`; any will do where y is 0, times which it is."""
    if isinstance(y, _NUMBER):  # stays one, so that float32 stays float32
        return y - 1 if y else 1
    return np.where(y == 0, 1, y - 1)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.clip(x, low, high)


clip_between = rule(
    _clip,
    lambda g, _, x, low, high: g * (_at_least(x, low) & _at_most(x, high)),
    lambda g, _, x, low, high: g * (~_at_least(x, low) & _at_most(low, high)),
    lambda g, _, x, low, high: g * ~_at_most(x if low is None else np.maximum(x, low), high),
    elementwise=True,
)


def _at_least(x: Any, low: Any) -> Any:
    return x == x if low is None else x >= low


def _at_most(x: Any, high: Any) -> Any:
    return x == x if high is None else x <= high


@handles(np.clip)
def clip(a: Any, a_min: Any = None, a_max: Any = None, *, min: Any = None, max: Any = None) -> Any:
    return clip_between(a, a_min if min is None else min, a_max if max is None else max)


def _astype(x: Any, dtype: Any, **options: Any) -> Any:
    return x.astype(dtype, **options)


#: Conversion between floating-point dtypes. The engine gives every gradient its input's dtype.
astype = rule(_astype, lambda g, *_, dtype=None, order="K", casting="unsafe": g)
