"""The check must find planted faults, and name where they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import AutogradError, DTypeError, GradcheckError, Tensor, gradcheck, rule

X = np.array([[0.4, -0.8, 1.1], [0.9, 0.3, -0.5]])


def test_gradcheck_passes_a_right_rule() -> None:
    assert gradcheck(lambda x: np.exp(x) * x, X) is True
    assert gradcheck(lambda x, y: x @ y, X, X.T)
    assert gradcheck(lambda x: x.sum(), Tensor(X))
    assert gradcheck(lambda x: x * 2, [1.0, 2.0])


@pytest.mark.parametrize(
    "vjp",
    [
        lambda g, _, x: -2 * g * x,  # sign
        lambda g, _, x: g * x,  # factor
        lambda g, _, x: 2 * g * x + 1e-3,  # not linear in g
        lambda g, _, x: 2 * g * x * (x > -0.6),  # one element
        lambda g, _, x: 2 * x,  # g forgotten
        lambda g, _, x: g * np.nan,
    ],
)
def test_gradcheck_finds_a_wrong_first_derivative(vjp: Any) -> None:
    square = rule(lambda x: x * x, vjp)
    for order in (1, 2):
        with pytest.raises(GradcheckError, match="derivative of order 1 by argument 0 at index"):
            gradcheck(square, X, order=order)


def test_gradcheck_finds_a_missing_transpose() -> None:
    product = rule(lambda x, y: x @ y, lambda g, _, x, y: g @ y, lambda g, _, x, y: x.T @ g)
    square = np.arange(9.0).reshape(3, 3) / 10
    with pytest.raises(GradcheckError, match="order 1 by argument 0"):
        gradcheck(product, square, square.T + 0.1)


def test_gradcheck_finds_a_missing_sum_over_a_broadcast() -> None:
    scale = rule(lambda x, y: x * y, lambda g, _, x, y: (g * y)[:1], lambda g, _, x, y: g * x)
    with pytest.raises(GradcheckError, match="order 1 by argument 0"):
        gradcheck(scale, X[:1], X)


def test_gradcheck_names_the_argument_and_the_index() -> None:
    wrong = rule(
        lambda x, y: x * y,
        lambda g, _, x, y: g * y,
        lambda g, _, x, y: g * x * np.where(np.arange(6).reshape(2, 3) == 5, 1.5, 1),
    )
    with pytest.raises(GradcheckError) as info:
        gradcheck(wrong, X, X)
    text = str(info.value)
    assert "by argument 1 at index (1, 2): backward gives " in text
    given, expected = (float(text.split(f"{w} ")[1].split(",")[0]) for w in ("gives", "give"))
    assert given == pytest.approx(1.5 * expected)


def test_gradcheck_finds_a_wrong_second_derivative() -> None:
    """A right first derivative, computed from a square whose own derivative is off."""
    off = rule(lambda x: x * x, lambda g, _, x: 3 * g * x)
    cube = rule(lambda x: x**3, lambda g, _, x: 3 * g * off(x))
    assert gradcheck(cube, X, order=1)
    with pytest.raises(GradcheckError, match="derivative of order 2 by argument 0"):
        gradcheck(cube, X)


def test_gradcheck_finds_a_rule_that_is_not_linear_in_the_cotangent_at_second_order() -> None:
    norm = rule(lambda x: x * 1.0, lambda g, *_: g * np.where(g.sum() == 0, 1, 1))
    assert gradcheck(norm, X)
    detached = rule(lambda g: g * 1.0, lambda g, *_: g * 0)
    identity = rule(lambda x: x * 1.0, lambda g, *_: detached(g))
    assert gradcheck(identity, X, order=1)
    with pytest.raises(GradcheckError, match="derivative of order 2 by the cotangent"):
        gradcheck(identity, X)


def test_gradcheck_finds_a_wrong_gradient_of_a_function_that_looks_constant() -> None:
    stopped = rule(lambda x: x * x, None)
    with pytest.raises((GradcheckError, AutogradError)):
        gradcheck(stopped, X)
    with pytest.raises(GradcheckError, match="order 1 by argument 0"):
        gradcheck(lambda x: x.detach() * 2.0, X)


def test_gradcheck_finds_a_wrong_gradient_that_is_small_beside_another_argument() -> None:
    wrong = rule(lambda x, y: 1e4 * x + y, lambda g, *_: 1e4 * g, lambda g, *_: 1.01 * g)
    with pytest.raises(GradcheckError, match="order 1 by argument 1"):
        gradcheck(wrong, X, X)


def test_gradcheck_of_other_dtypes_raises() -> None:
    for array in (X.astype(np.float32), np.arange(3)):
        with pytest.raises(DTypeError, match=r"gradcheck: argument 1 is of dtype .*need float64"):
            gradcheck(lambda x, y: x * y, X, array)


def test_gradcheck_error_is_an_assertion_and_leaves_the_inputs_alone() -> None:
    before = X.copy()
    assert issubclass(GradcheckError, AssertionError)
    gradcheck(lambda x: x**3, X)
    np.testing.assert_array_equal(X, before)
