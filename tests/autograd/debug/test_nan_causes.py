"""Each row of the tables of causes, met by an operation; each remedy, tried."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import AnomalyError, Tensor, detect_anomaly
from autograd.debug import nan_causes
from autograd.rules import linalg

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def cause(program: Callable[[Tensor], Any], *values: float) -> str:
    x = Tensor(np.array(values, float), requires_grad=True)
    with pytest.raises(AnomalyError) as info, detect_anomaly():
        program(x)
    why = re.search(r"why: (.*)\n", str(info.value))
    return why[1] if why else ""


VALUES: list[tuple[Callable[[Tensor], Any], float, str]] = [
    (np.log, -1, "the logarithm of a negative number is NaN"),
    (np.log10, 0, "the logarithm of 0 is -inf"),
    (np.log1p, -1, "log1p needs numbers above -1"),
    (np.sqrt, -1, "the square root of a negative number is NaN"),
    (lambda x: x / 0, 0, "0 / 0 is NaN"),
    (lambda x: 1 / x, 0, "it divides by 0"),
    (np.reciprocal, 0, "it divides by 0"),
    (lambda x: x**-2.0, 0, "0 to a negative power divides by 0"),
    (lambda x: x**0.5, -1, "a negative number to a non-integer power is NaN"),
    (np.arccos, 2, "its input is not between -1 and 1"),
    (np.arctanh, 1, "its input is not between -1 and 1"),
    (np.arccosh, 0.5, "its input is less than 1"),
    (np.sinh, 1000, "the exponential of 1000 is more than 1.798e+308, the largest float64"),
    (lambda x: (x + np.inf) - np.inf, 1, "inf - inf is NaN"),
    (lambda x: (x + np.inf) * 0, 1, "0 * inf is NaN"),
    (lambda x: np.remainder(x, 0), 1, "it divides by 0"),
    (lambda x: x[:0].mean(), 1, "it is taken over no elements"),
    (lambda x: x.std(ddof=1), 1, "the number of elements minus ddof is 0"),
    (lambda x: np.linalg.slogdet(x * np.ones((2, 2))), 1, "the matrix is singular"),
    (lambda x: np.linalg.norm(x.astype(np.float16)), 300, "a number on the way to it is more than"),
    (lambda x: autograd.log_softmax(x - np.inf), 1, "a row may hold nothing but -inf"),
    (lambda x: x * 1e200, 1e200, "the result is more than 1.798e+308, the largest float64"),
    (lambda x: x @ np.array([1e200]), 1e200, "the result is more than 1.798e+308"),
]

SLOPES: list[tuple[Callable[[Tensor], Any], float, str]] = [
    (np.sqrt, 0, "the slope of sqrt is infinite at 0"),
    (np.cbrt, 0, "the slope of cbrt is infinite at 0"),
    (lambda x: x**0.5, 0, "the slope of x**0.5 is infinite at 0"),
    (lambda x: (-2.0) ** x, 2, "the slope in the exponent needs a positive base"),
    (np.arcsin, 1, "the slope of arcsin is infinite at -1 and 1"),
    (np.arccos, -1, "the slope of arccos is infinite at -1 and 1"),
    (np.arccosh, 1, "the slope of arccosh is infinite at 1"),
    (lambda x: np.arctan2(x, 0 * x), 0, "arctan2 has no slope at (0, 0)"),
    (lambda x: np.angle(x + 0j), 0, "angle has no slope at 0"),
    (
        lambda x: np.linalg.eigh(x * np.eye(2))[1][0, 1],
        1,
        "two eigenvalues may be equal: the gradient of the vectors divides by their difference",
    ),
]

#: Seen backward only where infinities of values pass.
SLOPES_AT_INFINITIES: list[tuple[Callable[[Tensor], Any], float, str]] = [
    (np.log2, 0, "the slope of log2 is infinite at 0"),
    (np.log1p, -1, "the slope of log1p is infinite at -1"),
    (lambda x: np.divide(1, x), 0, "the slope of a / b is infinite at b = 0"),
    (np.reciprocal, 0, "the slope of 1 / x is infinite at 0"),
    (np.arctanh, 1, "the slope of arctanh is infinite at -1 and 1"),
]


@pytest.mark.parametrize(("function", "value", "why"), VALUES, ids=[row[2] for row in VALUES])
def test_cause_of_a_value(function: Callable[[Tensor], Any], value: float, why: str) -> None:
    assert cause(function, value).startswith(why)


@pytest.mark.parametrize(("function", "value", "why"), SLOPES, ids=[row[2] for row in SLOPES])
def test_cause_of_a_slope(function: Callable[[Tensor], Any], value: float, why: str) -> None:
    assert cause(lambda x: function(x).sum().backward(), value) == why


@pytest.mark.parametrize(
    ("function", "value", "why"), SLOPES_AT_INFINITIES, ids=[row[2] for row in SLOPES_AT_INFINITIES]
)
def test_remedy_behind_where_gives_a_finite_gradient(
    function: Callable[[Tensor], Any], value: float, why: str
) -> None:
    x = Tensor(np.array([value, 0.5], float), requires_grad=True)
    used = np.array([False, True])
    with pytest.raises(AnomalyError) as info, detect_anomaly(inf=False):
        np.where(used, function(x), 0).sum().backward()
    text = str(info.value)
    assert f"why: {why}, and the cotangent there is 0, because the value is not used" in text
    safe = text.rpartition("never sees what is not used: ")[2]
    names = {"np": np, "x": x, "b": x, "a": 1}
    with detect_anomaly():
        np.where(used, eval(safe, names), 0).sum().backward()
    assert np.isfinite(x.grad).all()
    assert x.grad[1] != 0


def test_remedies_behind_where_are_those_of_all_slopes() -> None:
    for names, _, _, harmless in nan_causes._SLOPES:
        for name in names.split():
            x = Tensor(np.array([-1.0, 0.0, 1.0]), requires_grad=True)
            safe = nan_causes._safe(name, harmless)
            result = eval(safe, {"np": np, "x": x, "b": x, "a": 1, "p": 0.5})
            with detect_anomaly():
                result.sum().backward()


@pytest.mark.parametrize(
    ("function", "value", "dtype"),
    [
        (np.log, 0, float),
        (np.log, 0, np.float16),
        (np.log, 0, complex),
        (np.sqrt, -1, float),
        (np.arcsin, 1.5, np.float32),
        (np.arctanh, 1, np.float16),
    ],
)
def test_remedy_of_a_value_makes_it_and_its_gradient_finite(
    function: Callable[[Tensor], Any], value: float, dtype: Any
) -> None:
    x = Tensor(np.array([value, 0.5], dtype), requires_grad=True)
    with pytest.raises(AnomalyError) as info, detect_anomaly():
        function(x)
    remedy = re.search(r"remedy: .*?(np\..*?)(;|$)", str(info.value))
    assert remedy is not None
    with detect_anomaly():
        np.abs(eval(remedy[1], {"np": np, "x": x})).sum().backward()
    assert x.grad[1] != 0


def test_remedy_of_a_slope_leaves_complex_numbers_alone() -> None:
    x = Tensor([0j, -4], requires_grad=True)
    with (
        pytest.raises(AnomalyError, match=r"np.sqrt\(np.where\(x != 0, x, 1\)\)"),
        detect_anomaly(),
    ):
        np.abs(np.sqrt(x)).sum().backward()


@pytest.mark.parametrize("value", [0.0, np.inf])
def test_operations_of_the_user_may_have_any_name(value: float) -> None:
    def divide(x: Any) -> Any:
        return value - 1 / x

    operation = autograd.rule(divide, lambda g, _, x: g / x**2)
    x = Tensor([0.0, 1.0], requires_grad=True)
    with pytest.raises(AnomalyError, match="divide gave"), detect_anomaly():
        operation(x)


def test_tables_name_operations_that_exist() -> None:
    known = {op.name for op in autograd.registry.REGISTRY.values() if isinstance(op, autograd.Op)}
    known |= {autograd.softmax.name, autograd.log_softmax.name, linalg.slogdet.name}
    for row in nan_causes._VALUES + nan_causes._SLOPES:
        assert set(row[0].split()) <= known
