"""What stands between the layers of networks. Each is one node, finite in float32 at +-1000.

`relu` has gradient 0 at 0, `leaky_relu` its slope of the negative side. NaN stays NaN, also in the
gradient. At infinities values and gradients are the limits.
"""

import math
from typing import Any

import numpy as np

from ..errors import DTypeError
from ..op import Op
from ..registry import rule

# -- rectifiers ---------------------------------------------------------------------------------


def _clipped(x: Any, low: float, high: float) -> Any:
    """`x` above `low` or below `high`; the other one is infinite.

    NumPy clips many elements four times as fast as it finds their maximum with a number, but
    takes longer to begin.
    """
    if type(x) is np.ndarray and x.size > 8192 and x.dtype.kind == "f":
        return np.clip(x, low, high)
    return np.maximum(x, low) if high == math.inf else np.minimum(x, high)


def _within(x: Any, limit: float) -> Any:
    return _clipped(_clipped(x, -limit, math.inf), -math.inf, limit)


def _relu(x: Any) -> Any:
    return _clipped(x, 0, math.inf)


def _gated(g: Any, y: Any) -> Any:
    """`g` where `y`, which is not negative, is not 0; in the memory layout of `y`.

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


gated: Op = rule(
    _gated,
    lambda h, _, __, y: gated.apply(h, y),
    lambda h, *_: np.zeros_like(h),
)


def _leaky_relu(x: Any, negative_slope: float = 0.01) -> Any:
    larger = np.maximum if negative_slope <= 1 else np.minimum  # in absolute value
    return larger(x, negative_slope * x)


def _leaky_relu_vjp(g: Any, _: Any, x: Any, negative_slope: float = 0.01) -> Any:
    slope = np.where(x > 0, 1.0, np.where(x <= 0, negative_slope, np.nan))
    return g * slope.astype(g.dtype)


def _elu(x: Any, alpha: float = 1.0) -> Any:
    y = np.expm1(_clipped(x, -math.inf, 0))
    y *= alpha
    y += _relu(x)
    return y


def _elu_vjp(g: Any, _: Any, x: Any, alpha: float = 1.0) -> Any:
    slope = alpha * np.exp(_clipped(x, -math.inf, 0))
    if alpha != 1:
        slope = slope + (x > 0).astype(g.dtype) * (1 - alpha)
    return g * slope


# -- sigmoid and its relatives ------------------------------------------------------------------


def _sigmoid(x: Any) -> Any:
    if getattr(x, "dtype", None) == np.float16:  # whose exp overflows at 11
        return _sigmoid(x.astype(np.float32)).astype(np.float16)
    y = _clipped(x, -_EXP_LIMIT.get(getattr(x, "dtype", None), 709.0), math.inf)
    out = y if y.ndim else None  # a new array would take longer than the arithmetic
    y = np.negative(y, out=out)
    y = np.exp(y, out=out)
    y += 1
    return np.divide(1.0, y, out=out)


def exp_limit(x: Any) -> float:
    """What exp does not overflow at."""
    return _EXP_LIMIT.get(getattr(x, "dtype", None), 709.0)


_EXP_LIMIT = {np.dtype(np.float32): 88.0, np.dtype(np.complex64): 88.0, np.dtype(np.float16): 88.0}


def _sigmoid_vjp(g: Any, y: Any, _: Any) -> Any:
    slope = 1 - y
    slope *= y
    slope *= g
    return slope


def _softplus(x: Any) -> Any:
    if np.iscomplexobj(x):
        raise DTypeError(
            f"softplus got an input of dtype {x.dtype}; it takes real numbers, for complex ones "
            f"use np.log1p(np.exp(x))"
        )
    y = np.multiply(np.abs(x), -1.0)
    out = y if y.ndim else None
    y = np.exp(y, out=out)
    y = np.log1p(y, out=out)
    y += _relu(x)
    return y


def _silu(x: Any) -> tuple[Any, Any]:
    limit = exp_limit(x)
    s = _sigmoid(x) * (x > -limit)  # 0 where the sigmoid only comes near to it
    return _clipped(x, -limit, math.inf) * s, s


def _silu_vjp(g: Any, _: Any, x: Any, s: Any = None) -> Any:
    limit = exp_limit(x)
    s = sigmoid(x) * (x > -limit) if s is None else s
    slope = 1 - s
    slope *= _within(x, limit)
    slope += 1
    slope *= s
    slope *= g
    return slope


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


def _erf(x: Any) -> Any:
    a = np.abs(x)
    skip = 4 if a.dtype.itemsize <= 4 else 0  # terms below the precision of float32
    low, high = np.clip(a, 0.0, 1.0), np.clip(a, 1.0, 6.0)
    y = low * _polynomial(_NEAR[skip:], 2 * low * low - 1)
    far = 1 - np.exp(-high * high) * _polynomial(_FAR[skip:], 14.4 / (high + 3) - 2.6)
    far -= y  # exact, as both are in 0.84..1 where it counts; `where` takes four times as long
    y += far * (a > 1)
    return np.copysign(y, x)


def _polynomial(coefficients: tuple[float, ...], s: Any) -> Any:
    y = s * coefficients[0]
    for c in coefficients[1:-1]:
        y += c
        y *= s
    y += coefficients[-1]
    return y


def _gelu(x: Any) -> tuple[Any, Any]:
    p = (1 + _erf(x * math.sqrt(0.5))) / 2
    return _clipped(x, -_FLAT, math.inf) * p, p


def _gelu_vjp(g: Any, _: Any, x: Any, p: Any = None) -> Any:
    p = (1 + erf(x * math.sqrt(0.5))) / 2 if p is None else p
    x = _within(x, _FLAT)
    return g * (p + x * np.exp(x * x * -0.5) / math.sqrt(2 * math.pi))


def _gelu_tanh(x: Any) -> tuple[Any, Any]:
    low = _within(x, _FLAT)
    t = np.tanh(_CUBIC * low * (1 + 0.044715 * low * low))
    return _clipped(x, -_FLAT, math.inf) * (1 + t) / 2, t


def _gelu_tanh_vjp(g: Any, _: Any, x: Any, t: Any = None) -> Any:
    x = _within(x, _FLAT)
    t = np.tanh(_CUBIC * x * (1 + 0.044715 * x * x)) if t is None else t
    return g * (1 + t + x * (1 - t * t) * (_CUBIC * (1 + 3 * 0.044715 * x * x))) / 2


_CUBIC = math.sqrt(2 / math.pi)
_FLAT = 40.0  #: so far out both are 0 or x to the last digit, in every dtype


def _erf_vjp(g: Any, _: Any, x: Any) -> Any:
    x = _within(x, _FLAT)  # its square is finite
    return g * np.exp(-x * x) * (2 / math.sqrt(math.pi))


# fmt: off

#: max(x, 0), element by element.
relu = rule(_relu, lambda g, y, _: gated.apply(g, y))

#: x where it is positive, and otherwise negative_slope * x.
leaky_relu = rule(_leaky_relu, _leaky_relu_vjp)

#: x where it is positive, and otherwise alpha * (exp(x) - 1).
elu = rule(_elu, _elu_vjp)

#: 1 / (1 + exp(-x)), element by element.
sigmoid = rule(_sigmoid, _sigmoid_vjp)

#: log(1 + exp(x)), element by element.
softplus = rule(_softplus, lambda g, _, x: g * sigmoid(x))

#: x * sigmoid(x), element by element.
silu = rule(_silu, _silu_vjp, residual="s")

#: The error function: 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x.
erf: Op = rule(_erf, _erf_vjp)

#: x times the probability that a standard normal number is below x.
gelu = rule(_gelu, _gelu_vjp, residual="p")

#: What stood for `gelu` where the error function was slow (Hendrycks and Gimpel, 2016).
gelu_tanh = rule(_gelu_tanh, _gelu_tanh_vjp, residual="t")

# fmt: on
