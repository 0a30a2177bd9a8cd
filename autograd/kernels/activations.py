"""Activation functions, finite in float32 at +-1000.

NaN stays NaN, also in the gradient. At infinities values and gradients are the limits.
"""

from __future__ import annotations

import math

import numpy as np

from ..arrays import wide
from ..errors import DTypeError
from ..typing import Array, ArrayLike

# -- rectifiers ---------------------------------------------------------------------------------


def clipped(x: Array, low: float, high: float) -> Array:
    """Bound `x` by `low` or by `high`; the other one is infinite.

    NumPy clips many elements four times as fast as it finds their maximum with a number, but
    takes longer to begin.
    """
    if type(x) is np.ndarray and x.size > 8192 and x.dtype.kind == "f":
        return np.clip(x, low, high)
    return np.maximum(x, low) if high == math.inf else np.minimum(x, high)


def within(x: Array, limit: float) -> Array:
    """Bound `x` on both sides."""
    return clipped(clipped(x, -limit, math.inf), -math.inf, limit)


def relu(x: ArrayLike) -> Array:
    """Return `max(x, 0)`, element by element.

    Its gradient at 0 is 0.

    Args:
        x: Numbers of any shape and dtype.

    Returns:
        An array of the shape and dtype of `x`.

    Example:
        >>> autograd.ops.relu(np.array([-1.0, 0.0, 2.0]))
        array([0., 0., 2.])
    """
    return clipped(x, 0, math.inf)


def gated(g: Array, y: Array) -> Array:
    """Return `g` where `y`, which is not negative, is not 0; in the memory layout of `y`.

    `g * (y != 0)` makes the mask twice, of booleans and of numbers, and is three times as long
    where `g` and `y` are laid out differently, as images with their channels last are.
    """
    out = np.empty_like(y, dtype=g.dtype)
    if y.dtype.kind == "c":
        np.not_equal(y, 0, out=out, casting="unsafe")
    else:
        np.minimum(y, 1, out=out)  # and rounded up: 0, 1 or NaN
        np.ceil(out, out=out)
    out *= g
    return out


def leaky_relu(x: ArrayLike, negative_slope: float = 0.01) -> Array:
    """Return `x` where it is positive, and otherwise `negative_slope * x`.

    Its gradient at 0 is `negative_slope`.

    Args:
        x: Numbers of any shape.
        negative_slope: The slope of the negative side.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> autograd.ops.leaky_relu(np.array([-1.0, 2.0]))
        array([-0.01,  2.  ])
    """
    larger = np.maximum if negative_slope <= 1 else np.minimum  # in absolute value
    return larger(x, np.multiply(negative_slope, x))


def elu(x: ArrayLike, alpha: float = 1.0) -> Array:
    """Return `x` where it is positive, and otherwise `alpha * (exp(x) - 1)`.

    Clevert et al., 2016 (arXiv:1511.07289). Its gradient at 0 is `alpha`.

    Args:
        x: Numbers of any shape.
        alpha: The value that is approached at -inf, with its sign changed.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> autograd.ops.elu(np.array([-np.inf, 0.0, 2.0]))
        array([-1.,  0.,  2.])
    """
    y = np.expm1(clipped(x, -math.inf, 0))
    y *= alpha
    y += relu(x)
    return y


# -- sigmoid and its relatives ------------------------------------------------------------------


def sigmoid(x: ArrayLike) -> Array:
    """Return `1 / (1 + exp(-x))`, element by element.

    Args:
        x: Numbers of any shape.

    Returns:
        An array of the shape of `x`, of numbers from 0 to 1.

    Example:
        >>> autograd.ops.sigmoid(np.array([-1000.0, 0.0, 1000.0])).round(3)
        array([0. , 0.5, 1. ])
    """
    if getattr(x, "dtype", None) == np.float16:  # whose exp overflows at 11
        return sigmoid(wide(x)).astype(np.float16)
    y = clipped(x, -exp_limit(x), math.inf)
    out = y if y.ndim else None  # a new array would take longer than the arithmetic
    y = np.negative(y, out=out)
    y = np.exp(y, out=out)
    y += 1
    return np.divide(1.0, y, out=out)


def exp_limit(x: Array) -> float:
    """Return a number whose exponential does not overflow in the dtype of `x`."""
    return _EXP_LIMIT.get(getattr(x, "dtype", None), 709.0)


_EXP_LIMIT = {np.dtype(np.float32): 88.0, np.dtype(np.complex64): 88.0, np.dtype(np.float16): 88.0}


def softplus(x: ArrayLike) -> Array:
    """Return `log(1 + exp(x))`, element by element: a smooth `relu`.

    Args:
        x: Real numbers of any shape.

    Returns:
        An array of the shape of `x`.

    Raises:
        DTypeError: `x` is complex.

    Example:
        >>> autograd.ops.softplus(np.array([-1000.0, 0.0, 1000.0]))
        array([0.00000000e+00, 6.93147181e-01, 1.00000000e+03])
    """
    if np.iscomplexobj(x):
        raise DTypeError(
            f"softplus got an input of dtype {np.result_type(x)}; it takes real numbers, for "
            f"complex ones use np.log1p(np.exp(x))"
        )
    y = np.multiply(np.abs(x), -1.0)
    out = y if y.ndim else None
    y = np.exp(y, out=out)
    y = np.log1p(y, out=out)
    y += relu(x)
    return y


def silu(x: ArrayLike) -> Array:
    """Return `x * sigmoid(x)`, element by element.

    Elfwing et al., 2017 (arXiv:1702.03118).

    Args:
        x: Real numbers of any shape.

    Returns:
        An array of the shape of `x`.

    Example:
        >>> autograd.ops.silu(np.array([-1000.0, 0.0, 1000.0]))
        array([  -0.,    0., 1000.])
    """
    return silu_and_gate(x)[0]


def silu_and_gate(x: Array) -> tuple[Array, Array]:
    limit = exp_limit(x)
    s = sigmoid(x) * (x > -limit)  # 0 where the sigmoid only comes near to it
    return clipped(x, -limit, math.inf) * s, s


# -- the error function and GELU ----------------------------------------------------------------
# Both polynomials are Chebyshev interpolations, computed in 40 digits, of
#     erf(x) / x              in s = 2 x^2 - 1             for 0 < x < 1,
#     exp(x^2) (1 - erf(x))   in s = 14.4 / (x + 3) - 2.6  for 1 < x < 6.
# The variable runs from -1 to 1, and the error is that of rounding: 3e-16 of erf(x).

_NEAR = (
    -3.8078827395263415e-13, 9.211251258348265e-12, -2.035228404899467e-10, 4.115751497588646e-09,
    -7.51156928660089e-08, 1.2233827638116999e-06, -1.7537169441124826e-05, 0.00021751715603563404,
    -0.0022854855611441132, 0.019852496688984218, -0.1405360890227171, 0.9654687386698673,
)  # fmt: skip
_FAR = (
    6.044068318449643e-12, -6.046858018203033e-12, -2.5700504246482923e-10, 2.638133067637362e-10,
    1.1339337061280557e-08, 4.526702996597009e-09, -5.54127310709044e-07, -2.4255574732470057e-06,
    1.9563583198099526e-05, 0.00033160296057680485, 0.0024793146970862002, 0.012713147695692147,
    0.04969844540339414, 0.15436117429436919, 0.20798329133342885,
)  # fmt: skip


def erf(x: ArrayLike) -> Array:
    """Return the error function, `2 / sqrt(pi)` times the integral of `exp(-t**2)` from 0 to `x`.

    Right to the last digit or two of every dtype.

    Args:
        x: Real numbers of any shape.

    Returns:
        An array of the shape of `x`, of numbers from -1 to 1.

    Example:
        >>> autograd.ops.erf(np.array([-np.inf, 0.0, 1.0]))
        array([-1.        ,  0.        ,  0.84270079])
    """
    a = np.abs(x)
    skip = 4 if a.dtype.itemsize <= 4 else 0  # terms below the precision of float32
    low, high = np.clip(a, 0.0, 1.0), np.clip(a, 1.0, 6.0)
    y = low * _polynomial(_NEAR[skip:], 2 * low * low - 1)
    far = 1 - np.exp(-high * high) * _polynomial(_FAR[skip:], 14.4 / (high + 3) - 2.6)
    far -= y  # exact, as both are in 0.84..1 where it counts; `where` takes four times as long
    y += far * (a > 1)
    return np.copysign(y, x)


def _polynomial(coefficients: tuple[float, ...], s: Array) -> Array:
    y = s * coefficients[0]
    for c in coefficients[1:-1]:
        y += c
        y *= s
    y += coefficients[-1]
    return y


def gelu(x: Array) -> tuple[Array, Array]:
    """Return `x * p` and `p`, the probability that a standard normal number is below `x`."""
    p = (1 + erf(x * math.sqrt(0.5))) / 2
    return clipped(x, -FLAT, math.inf) * p, p


def gelu_tanh(x: Array) -> tuple[Array, Array]:
    """Return `x * (1 + t) / 2` and `t`, where `(1 + t) / 2` is close to the `p` of `gelu`."""
    low = within(x, FLAT)
    t = np.tanh(CUBIC * low * (1 + 0.044715 * low * low))
    return clipped(x, -FLAT, math.inf) * (1 + t) / 2, t


CUBIC = math.sqrt(2 / math.pi)
FLAT = 40.0  #: so far out both are 0 or x to the last digit, in every dtype
