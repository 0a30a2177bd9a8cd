"""The check must find planted faults, and name where they are."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import AutogradError, DTypeError, GradcheckError, Tensor, gradcheck, rule

X = np.array([[0.4, -0.8, 1.1], [0.9, 0.3, -0.5]])


def test_gradcheck_passes_a_right_rule() -> None:
    assert gradcheck(lambda x: np.exp(x) * x, X)
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
        with pytest.raises(
            GradcheckError, match="derivative of order 1 with respect to argument 0 at index"
        ):
            gradcheck(square, X, order=order)


def test_gradcheck_finds_a_missing_transpose() -> None:
    product = rule(lambda x, y: x @ y, lambda g, _, x, y: g @ y, lambda g, _, x, y: x.T @ g)
    square = np.arange(9.0).reshape(3, 3) / 10
    with pytest.raises(GradcheckError, match="order 1 with respect to argument 0"):
        gradcheck(product, square, square.T + 0.1)


def test_gradcheck_finds_a_missing_sum_over_a_broadcast() -> None:
    scale = rule(lambda x, y: x * y, lambda g, _, x, y: (g * y)[:1], lambda g, _, x, y: g * x)
    with pytest.raises(GradcheckError, match="order 1 with respect to argument 0"):
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
    assert "with respect to argument 1 at index (1, 2): backward gives " in text
    given, expected = (float(text.split(f"{w} ")[1].split(",")[0]) for w in ("gives", "give"))
    assert given == pytest.approx(1.5 * expected)


def test_gradcheck_finds_a_wrong_second_derivative() -> None:
    """A right first derivative, computed from a square whose own derivative is off."""
    off = rule(lambda x: x * x, lambda g, _, x: 3 * g * x)
    cube = rule(lambda x: x**3, lambda g, _, x: 3 * g * off(x))
    assert gradcheck(cube, X, order=1)
    with pytest.raises(GradcheckError, match="derivative of order 2 with respect to argument 0"):
        gradcheck(cube, X)


def test_gradcheck_finds_a_rule_that_is_not_linear_in_the_cotangent_at_second_order() -> None:
    norm = rule(lambda x: x * 1.0, lambda g, *_: g * np.where(g.sum() == 0, 1, 1))
    assert gradcheck(norm, X)
    detached = rule(lambda g: g * 1.0, lambda g, *_: g * 0)
    identity = rule(lambda x: x * 1.0, lambda g, *_: detached(g))
    assert gradcheck(identity, X, order=1)
    with pytest.raises(GradcheckError, match="derivative of order 2 with respect to the cotangent"):
        gradcheck(identity, X)


def test_gradcheck_finds_a_wrong_gradient_of_a_function_that_looks_constant() -> None:
    stopped = rule(lambda x: x * x, None)
    with pytest.raises((GradcheckError, AutogradError)):
        gradcheck(stopped, X)
    with pytest.raises(GradcheckError, match="order 1 with respect to argument 0"):
        gradcheck(lambda x: x.detach() * 2.0, X)


def test_gradcheck_finds_a_wrong_gradient_that_is_small_beside_another_argument() -> None:
    wrong = rule(lambda x, y: 1e4 * x + y, lambda g, *_: 1e4 * g, lambda g, *_: 1.01 * g)
    with pytest.raises(GradcheckError, match="order 1 with respect to argument 1"):
        gradcheck(wrong, X, X)


def test_gradcheck_of_other_dtypes_raises() -> None:
    for array in (X.astype(np.float32), np.arange(3)):
        with pytest.raises(
            DTypeError,
            match=r"gradcheck: argument 1 is of dtype .*need float64.*x\.astype\(float\)",
        ):
            gradcheck(lambda x, y: x * y, X, array)
    with pytest.raises(DTypeError, match=r"x\.astype\(complex\)"):
        gradcheck(lambda x: x, X.astype(np.complex64))


def test_gradcheck_error_is_an_assertion_and_leaves_the_inputs_alone() -> None:
    before = X.copy()
    assert issubclass(GradcheckError, AssertionError)
    gradcheck(lambda x: x**3, X)
    np.testing.assert_array_equal(X, before)


# -- points of every size -----------------------------------------------------------------------

#: Functions, and points at which one fixed step would see nothing, or everything at once.
SIZES: dict[str, tuple[Any, list[float]]] = {
    "square": (lambda x: x * x, [1e6, 1e8, 1e-8, 1e-200, 0.0]),
    "cube": (lambda x: x**3, [1e6, 1e8, 1e-8, 0.0]),
    "log": (np.log, [1e-4, 1e-7, 1e-12, 1e8, 1e300]),
    "reciprocal": (lambda x: 1 / x, [1e-5, 1e-12, -1e-5, 1e8]),
    "sqrt": (np.sqrt, [1e-8, 1e10]),
    "exp": (np.exp, [50.0, -50.0, 700.0, 1e-7]),
    "sin": (np.sin, [1e6, 1e8, 69550138.2, 1e-9, 0.0]),
    "log of 1 + x²": (lambda x: np.log(x * x + 1), [8.28327117e-06, 1e-4, 1e5]),
    "shifted": (lambda x: x + 1.0, [1e-7, 1e-12, 1e8]),
    "tanh": (np.tanh, [20.0, 5.0, 1e-9]),
    "sigmoid": (autograd.sigmoid, [40.0, -40.0, 800.0]),
    "arctan": (np.arctan, [1e8, 1e-3]),
    "fast": (lambda x: np.cos(1e3 * x), [1.0, 1e3]),
    "relu": (autograd.relu, [1e-9, -1e-3, 1e8]),
    "relu, shifted": (lambda x: autograd.relu(x) + 1.0, [1e-6, -1e-6]),
    "complex log": (np.log, [1e-7 + 1e-9j, -1e8 + 1e-3j]),  # type: ignore[list-item]
}


@pytest.mark.parametrize("name", SIZES)
def test_gradcheck_passes_right_rules_at_points_of_every_size(name: str) -> None:
    function, points = SIZES[name]
    for point in points:
        assert gradcheck(function, np.array([point]))
    assert gradcheck(function, np.array(points))  # all in one array


@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("factor", [1.0001, 0.5, -1.0, 0.0])
def test_gradcheck_finds_wrong_rules_at_points_of_every_size(name: str, factor: float) -> None:
    function, points = SIZES[name]
    for point in points:
        x = np.array([point])
        right = autograd.elementwise_grad(function)(x)
        if abs(right[0]) < 1e-12:
            continue  # a multiple of 0 is right
        wrong = rule(lambda x: function(x), lambda g, _, x, r=right: g * r * factor)
        with pytest.raises(
            GradcheckError, match="derivative of order 1 with respect to argument 0"
        ):
            gradcheck(wrong, x, order=1)


def test_gradcheck_finds_a_wrong_element_among_others_of_all_sizes() -> None:
    x = np.array([1e-7, 1e-3, 1.0, 1e8])
    for place in range(4):
        for power in (-1, 1, 3):
            wrong = rule(
                lambda x, p=power: x**p,
                lambda g, _, x, p=power, i=place: (
                    g * p * x ** (p - 1) * np.where(x == x[i], 1.01, 1)
                ),
            )
            with pytest.raises(GradcheckError, match=rf"argument 0 at index \({place},\)"):
                gradcheck(wrong, x, order=1)


def test_gradcheck_says_how_many_derivatives_rounding_hides() -> None:
    found = gradcheck(lambda x: (x**3).sum(), np.array([1e-3, 1.0, 1e8]))  # 1 is nothing to 1e24
    assert found
    assert found.unsettled == 2
    assert "rounding hides 2 of them from any step" in repr(found)
    assert gradcheck(lambda x: (x**3).sum(), np.array([1e-1, 1.0, 1e2])).unsettled == 0


def test_gradcheck_says_what_it_did() -> None:
    found = gradcheck(lambda x: x**3, X)
    assert bool(found) is True
    assert found.elements == (6, 12)
    assert found.error < 1e-8
    assert found.eps == 1e-5
    text = (
        "gradcheck: 6 derivatives of order 1 and 12 derivatives of order 2 agree with differences"
    )
    assert re.fullmatch(rf"{text} to 1e-(09|1\d)", repr(found))
    assert repr(gradcheck(np.sin, np.array(1.0), order=1)).startswith(
        "gradcheck: 1 derivative of ord"
    )


def test_gradcheck_of_constants() -> None:
    for function in (
        lambda x: 3.0,
        lambda x: np.ones(2),
        lambda x: Tensor(3.0),
        lambda x: np.argmax(x),
    ):
        assert gradcheck(function, X)
    assert gradcheck(lambda: Tensor(3.0))
    assert gradcheck(lambda x: x * 2, np.zeros((0, 3)))
    with pytest.raises(GradcheckError, match="backward gives 0, central"):
        gradcheck(lambda x: x.sum().item() ** 2, X)


def test_gradcheck_of_several_outputs() -> None:
    assert gradcheck(lambda x: (x * 2, {"square": x * x, "one": 1.0}), X)
    wrong = rule(lambda x: x * x, lambda g, _, x: g * x)
    with pytest.raises(GradcheckError, match="order 1 with respect to argument 0"):
        gradcheck(lambda x: (x * 2, {"square": wrong(x)}), X)


def test_gradcheck_of_a_function_that_changes_its_argument_in_place() -> None:
    def function(x: Any) -> Any:
        x *= x
        x[0] = 1.0
        return x * x

    assert gradcheck(function, X)


def test_gradcheck_of_a_random_function_says_so() -> None:
    generator = np.random.default_rng(0)
    with pytest.raises(GradcheckError, match=r"does not give the same values twice.*seed"):
        gradcheck(lambda x: x * generator.random(), X)


def test_gradcheck_where_the_function_is_not_defined_around_the_point() -> None:
    inf = r"backward gives inf.*not finite around this point"
    with pytest.raises(GradcheckError, match=inf), np.errstate(divide="ignore"):
        gradcheck(np.log, np.zeros(1))

    def picky(x: Any) -> Any:
        if not 0.9 < float(x.data[0]) < 1.1:
            raise ValueError("out of range")
        return x * x + 1e12

    with pytest.raises(GradcheckError, match="backward gives"):
        gradcheck(
            lambda x: picky(x) * 0 + 2 * x.detach() + 4 * (x - x.detach()), np.ones(1), seed=3
        )
    assert gradcheck(picky, np.ones(1))


# -- kinks --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "point", "order"),
    [
        (np.abs, [0.0], 2),
        (autograd.relu, [0.0], 1),
        (lambda x: np.maximum(x, 0) ** 2, [0.0], 2),
        (lambda x: np.max(x), [1.0, 2.0, 2.0], 2),
        (lambda x: np.abs(x - 1e3), [1e3], 2),
        (lambda x: np.clip(x, -1, 1), [1.0], 1),
        (lambda x: autograd.relu(x) + 1.0, [1e-10], 1),  # nearer than any step
        (np.floor, [2.0], 1),
    ],
)
def test_gradcheck_at_a_kink_says_kink(function: Any, point: list[float], order: int) -> None:
    with pytest.raises(
        GradcheckError, match=rf"no derivative of order {order} with respect to .* a\s+kink"
    ) as info:
        gradcheck(function, np.array(point))
    assert "backward gives" not in str(info.value)
    if order == 2:
        assert gradcheck(function, np.array(point), order=1)


def test_gradcheck_of_a_wrong_rule_does_not_speak_of_kinks() -> None:
    for point in (0.0, 1e-8, 0.3, 1e8):
        wrong = rule(np.sin.__call__, lambda g, _, x: g * (np.cos(x) + 0.5))
        with pytest.raises(GradcheckError, match="backward gives") as info:
            gradcheck(wrong, np.array([point]))
        assert "kink" not in str(info.value)
