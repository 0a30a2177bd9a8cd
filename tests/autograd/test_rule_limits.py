"""First and second derivatives at zeros, infinities, NaN, very large and very small numbers.

What is right is the limit of the derivative, which SymPy derives and mpmath evaluates in 60
digits: at the point itself, or, where there is none to be evaluated, close by on all sides of it.
Where the sides disagree there is no derivative, and NaN is right, unless the function has a
convention; these are listed with their reason.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, gradients

sympy = pytest.importorskip("sympy")
mpmath = pytest.importorskip("mpmath")

X, Y = sympy.symbols("x y", real=True)
INF, NAN = np.inf, np.nan
DENORMAL = 5e-324
POINTS = (
    0.0, -0.0, INF, -INF, 1e300, -1e300, 1e160, 1e-160, 1e-300, -1e-300, DENORMAL, -DENORMAL,
    1.0, -1.0, 0.5, 30.0, -30.0, 710.0, -710.0,
)  # fmt: skip
PAIRED = (0.0, INF, -INF, 1e300, -1e300, 1e160, 1e-300, -DENORMAL, 1.0, -1.0, 2.0)

Slopes = Callable[..., Any]

_gauss = (1 + sympy.erf(X / sympy.sqrt(2))) / 2
_cubic = sympy.sqrt(2 / sympy.pi) * (X + sympy.Rational(44715, 1000000) * X**3)
_sigmoid = 1 / (1 + sympy.exp(-X))

#: Functions of one number, as SymPy writes them.
UNARY: dict[str, tuple[Any, Any]] = {
    **{
        name: (getattr(np, name), getattr(sympy, theirs)(X))
        for name, theirs in {
            "exp": "exp", "log": "log", "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan",
            "arcsin": "asin", "arccos": "acos", "arctan": "atan", "sinh": "sinh", "cosh": "cosh",
            "tanh": "tanh", "arcsinh": "asinh", "arctanh": "atanh",
        }.items()
    },
    "arccosh": (np.arccosh, sympy.log(X + sympy.sqrt(X - 1) * sympy.sqrt(X + 1))),
    "reciprocal": (np.reciprocal, 1 / X),
    "square": (np.square, X**2),
    "cube": (lambda x: x**3, X**3),
    "inverse square": (lambda x: x**-2, X**-2),
    "expm1": (np.expm1, sympy.exp(X) - 1),
    "exp2": (np.exp2, 2**X),
    "log1p": (np.log1p, sympy.log(1 + X)),
    "log2": (np.log2, sympy.log(X) / sympy.log(2)),
    "log10": (np.log10, sympy.log(X) / sympy.log(10)),
    "degrees": (np.degrees, X * 180 / sympy.pi),
    "sigmoid": (autograd.ops.sigmoid, _sigmoid),
    "softplus": (autograd.ops.softplus, sympy.log(1 + sympy.exp(X))),
    "silu": (autograd.ops.silu, X * _sigmoid),
    "erf": (autograd.ops.erf, sympy.erf(X)),
    "gelu": (autograd.ops.gelu, X * _gauss),
    "gelu_tanh": (lambda x: autograd.ops.gelu(x, "tanh"), X * (1 + sympy.tanh(_cubic)) / 2),
}  # fmt: skip

_radius = sympy.sqrt(X**2 + Y**2)

#: The first derivatives of functions of two numbers.
BINARY: dict[str, tuple[Any, list[Any]]] = {
    "add": (np.add, [1 + 0 * X, 1 + 0 * X]),
    "multiply": (np.multiply, [Y, X]),
    "true_divide": (np.true_divide, [1 / Y, -X / Y**2]),
    "hypot": (np.hypot, [X / _radius, Y / _radius]),
    "arctan2": (np.arctan2, [Y / _radius**2, -X / _radius**2]),
    "logaddexp": (np.logaddexp, [1 / (1 + sympy.exp(Y - X)), 1 / (1 + sympy.exp(X - Y))]),
    "logaddexp2": (np.logaddexp2, [1 / (1 + 2 ** (Y - X)), 1 / (1 + 2 ** (X - Y))]),
}

#: Functions that go on turning: at infinity they have no limit.
OSCILLATING = {"sin", "cos", "tan"}

# -- what is right ------------------------------------------------------------------------------


def evaluated(function: Slopes, *at: Any) -> Any:
    """The value, None where it is infinite or there is none, complex outside of the domain."""
    try:
        value = mpmath.mpmathify(function(*at))
    except (ZeroDivisionError, ValueError, OverflowError):
        return None
    if isinstance(value, mpmath.mpc) and value.imag == 0:
        return value.real
    return value if mpmath.isfinite(value) else None


def rounded(value: Any) -> float:
    """A number of many digits as a float64."""
    if mpmath.fabs(value) > mpmath.mpf(2) ** 1024:
        return INF * float(mpmath.sign(value))
    return float(value)


def beside(p: float, distance: int) -> Any:
    """A number close to `p`: for an infinity beyond all floats; a zero stands for its own side."""
    if np.isinf(p):
        return mpmath.mpf(10) ** distance * int(np.sign(p))
    if p == 0:
        return mpmath.mpf(10) ** -distance * int(np.copysign(1, p))
    return mpmath.mpf(p) * (1 - mpmath.mpf(10) ** (-distance // 20))  # domains end at 1 and -1


def limit(derivative: Slopes, at: tuple[float, ...]) -> float:
    """The limit of a derivative at a point; NaN where there is none."""
    if np.all(np.isfinite(at)):
        value = evaluated(derivative, *map(mpmath.mpf, at))
        if value is not None:
            return rounded(value)
    found = set()
    for path in [(400, 1400), (1400, 400), (400, 400)] if len(at) == 2 else [(400,)]:
        ends = []
        for longer in (1, 2):
            there = [beside(p, d * longer) for p, d in zip(at, path, strict=True)]
            here = [mpmath.mpf(p) if np.isfinite(p) else x for p, x in zip(at, there, strict=True)]
            value = evaluated(derivative, *here)  # a finite number is met exactly, if that goes
            ends.append(evaluated(derivative, *there) if value is None else value)
        if any(e is None or isinstance(e, mpmath.mpc) for e in ends):
            return NAN
        low, high = map(rounded, ends)
        if low != high:  # neither has arrived, as a logarithm: it grows, or it vanishes
            high = np.sign(high) * (INF if abs(high) > abs(low) else 0.0)
        found.add(high)
    return found.pop() if len(found) == 1 else NAN


@cache
def derivatives(name: str) -> list[Slopes]:
    """The first and the second derivatives, in the order in which `found_at` has them."""
    if name in UNARY:
        symbols = [X]
        first = [_sigmoid if name == "softplus" else sympy.diff(UNARY[name][1], X)]
    else:
        symbols, first = [X, Y], BINARY[name][1]
    second = [sympy.diff(f, s) for f in first for s in symbols]
    return [sympy.lambdify(symbols, e, "mpmath") for e in (*first, *second)]


def found_at(function: Any, at: tuple[float, ...]) -> list[float]:
    """The derivatives that the engine gives: the first ones, and those of each first one."""
    leaves = [Tensor([p], requires_grad=True) for p in at]
    with np.errstate(all="ignore"):
        first = gradients(np.sum(function(*leaves)), leaves, create_graph=True)
        found = [g.item() for g in first]
        for g in first:
            if g.requires_grad:
                found += [h.item() for h in gradients(np.sum(g), leaves, retain_graph=True)]
            else:
                found += [0.0] * len(leaves)
    return found


def check(name: str, at: tuple[float, ...]) -> None:
    function = (UNARY | BINARY)[name][0]
    count = None
    if name == "arctan2" and 0 < max(map(abs, at)) < 1e-154:
        count = 2  # of second order are inverse squares, which overflow and cancel
    if name.startswith("logaddexp") and np.isinf(at[0]) and at[0] == at[1]:
        return  # the next test
    with mpmath.workdps(60):
        expected = [limit(d, at) for d in derivatives(name)]
    found = found_at(function, at)
    expected = CONVENTIONS.get((name, *map(abs, at)), expected)
    np.testing.assert_allclose(
        found[:count], expected[:count], rtol=1e-9, atol=1e-14, err_msg=f"{name} at {at}"
    )


#: What the rules give where a limit does not say it, by the magnitudes of the inputs.
CONVENTIONS: dict[tuple[Any, ...], list[float]] = {
    # A cone has the slope 0 at its tip, and no second derivative; an angle has no slope at all.
    ("hypot", 0.0, 0.0): [0, 0, NAN, NAN, NAN, NAN],
    ("arctan2", 0.0, 0.0): [NAN] * 6,
    # Which way such a vector points is not known.
    ("hypot", INF, INF): [NAN] * 6,
    ("arctan2", INF, INF): [NAN] * 6,
    # The domain ends on the other side than those of arcsin and arctanh.
    ("arccosh", 1.0): [INF, -INF],
}


def is_outside(name: str, p: float) -> bool:
    """Whether a function is not defined there: its value is NaN, and not an error by chance."""
    value = sympy.lambdify([X], UNARY[name][1], "mpmath")
    with mpmath.workdps(60):
        here = evaluated(value, beside(p, 400) if np.isinf(p) or p == 0 else mpmath.mpf(p))
    return isinstance(here, mpmath.mpc)


# -- one number ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", UNARY)
def test_derivatives_of_one_number_are_their_limits(name: str) -> None:
    for p in POINTS:
        if name in OSCILLATING and np.isinf(p):
            assert np.isnan(found_at(UNARY[name][0], (p,))).all()
        elif is_outside(name, p):
            with np.errstate(all="ignore"):
                assert np.isnan(UNARY[name][0](np.float64(p))) or p == 0
        else:
            check(name, (p,))


@pytest.mark.parametrize("name", UNARY)
def test_derivatives_at_nan_are_nan(name: str) -> None:
    first, second = found_at(UNARY[name][0], (NAN,))
    assert np.isnan(first) or name == "degrees"
    assert np.isnan(second) or name in ("degrees", "square")


# -- two numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", BINARY)
def test_derivatives_of_two_numbers_are_their_limits(name: str) -> None:
    for at in itertools.product(PAIRED, PAIRED):
        if name == "true_divide" and 0 < abs(at[1]) < 1e-300:
            continue  # the square of such a divisor is 0
        check(name, at)


@pytest.mark.parametrize("function", [np.logaddexp, np.logaddexp2])
def test_logaddexp_of_two_infinities_shares_nothing_or_what_nobody_knows(function: Any) -> None:
    assert found_at(function, (-INF, -INF)) == [0] * 6
    assert np.isnan(found_at(function, (INF, INF))[:2]).all()
