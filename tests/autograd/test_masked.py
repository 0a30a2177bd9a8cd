"""Reductions with every keyword that NumPy gives them, against NumPy and against differences."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, grad, gradcheck, gradients

REDUCTIONS = {
    f.__name__: f
    for f in (
        *(np.sum, np.prod, np.max, np.min, np.amax, np.amin, np.mean, np.var, np.std, np.ptp),
        *(np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd),
        *(np.average, np.median, np.nanmedian),
    )
}
UFUNCS = {
    f"{f.__name__}.reduce": f.reduce
    for f in (
        *(np.add, np.multiply, np.maximum, np.minimum),
        *(np.fmax, np.fmin, np.logaddexp, np.logaddexp2, np.hypot),
    )
}
X = np.array(
    [
        [0.31, -0.72, 1.43, 0.9],
        [1.1, 0.52, -1.3, 0.2],
        [-0.4, 2.1, 0.65, -0.95],
        [0.83, -1.7, -0.2, 1.9],
        [-1.15, 0.41, 1.7, 0.55],
    ]
)
HOLED = np.where([[0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]], np.nan, X)
MASK = np.array([[1, 0, 1, 1], [1, 1, 0, 0], [0, 1, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1]], bool)
WITHOUT_A_START = {"max", "min", "amax", "amin", "nanmax", "nanmin"}

#: What each keyword is tried with; the first is to leave it out.
VALUES: dict[str, list[Any]] = {
    "axis": [None, 0, (1, 0)],
    "keepdims": [None, True],
    "initial": [None, 0.37, 5.0, "tensor"],
    "where": [None, MASK, [[True], [False], [True], [True], [True]]],
    "ddof": [None, 1],
    "mean": [None, 0.3, "tensor"],
    "dtype": [None, np.float64],
    "weights": [None, "tensor"],
}


def parameters(name: str) -> list[str]:
    if name in UFUNCS:
        return ["axis", "keepdims", "initial", "where", "dtype"]
    return [p for p in inspect.signature(REDUCTIONS[name]).parameters if p in VALUES]


def combinations() -> list[Any]:
    rows = []
    for name in (*REDUCTIONS, *UFUNCS):
        names = parameters(name)
        for chosen in itertools.product(*(VALUES[n] for n in names)):
            given = {n: v for n, v in zip(names, chosen, strict=True) if v is not None}
            needs_start = name in WITHOUT_A_START or name.startswith(("fm", "maximum", "minimum"))
            if "where" in given and needs_start and "initial" not in given:
                continue
            if name.startswith("nan") and isinstance(given.get("mean"), str):
                continue  # the average of what is known, below
            if sum(n in given for n in ("dtype", "ddof", "keepdims", "mean")) > 1:
                continue  # these do not meet each other
            label = ",".join(f"{n}={v}" for n, v in given.items()).replace("\n", "")
            rows.append(pytest.param(name, given, id=f"{name}-{label}"))
    return rows


def differences(function: Callable[..., Any], x: Any) -> Any:
    """The slope of a number by every element of `x`, of the fourth order in the step."""
    slopes, h = np.zeros_like(x), 1e-3
    for index in np.ndindex(x.shape):
        values = []
        for k in (-2, -1, 1, 2):
            moved = x.copy()
            moved[index] += k * h
            values.append(function(moved))
        slopes[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * h)
    return slopes


@pytest.mark.parametrize(("name", "given"), combinations())
def test_reduction_with_keywords_is_numpys_and_has_its_slope(
    name: str, given: dict[str, Any]
) -> None:
    function = (REDUCTIONS | UFUNCS)[name]
    x = HOLED if name.startswith("nan") else X
    free = next((n for n, v in given.items() if isinstance(v, str)), None)
    axis = given.get("axis", 0 if name in UFUNCS else None)
    second = {
        "initial": np.array(0.41),
        "mean": np.mean(X, axis=axis, keepdims=True) + 0.1,
        "weights": np.abs(X) + 0.2,
        None: np.array(0.0),
    }[free]

    def call(x: Any, v: Any) -> Any:
        return function(x, **(given if free is None else {**given, free: v}))

    expected = np.asarray(call(x, second))
    g = np.random.default_rng(3).normal(size=expected.shape)
    t, v = Tensor(x, requires_grad=True), Tensor(second, requires_grad=True)
    out = call(t, v)
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(out.data, expected, rtol=1e-13, atol=1e-15)
    found = gradients(out, [t, v], g)
    known = np.nan_to_num(x)
    hole = np.isnan(x)
    by_x = differences(lambda a: np.sum(g * call(np.where(hole, x, a), second)), known)
    by_v = differences(lambda b: np.sum(g * call(x, b)), second)
    np.testing.assert_allclose(found[0], np.where(hole, 0, by_x), rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(found[1] if free else 0 * by_v, by_v, rtol=1e-7, atol=1e-8)
    if axis is None and not name.startswith("nan"):
        assert gradcheck(call, x, second)  # the second order


def test_nanvar_takes_a_mean() -> None:
    m = np.nanmean(HOLED, axis=0, keepdims=True)
    t = Tensor(HOLED, requires_grad=True)
    for function in (np.nanvar, np.nanstd):
        given, own = (function(t, axis=0, **k) for k in ({"mean": m}, {}))
        np.testing.assert_allclose(given.data, own.data)
        np.testing.assert_allclose(given.data, function(HOLED, axis=0))


@pytest.mark.parametrize("function", [np.var, np.std, np.nanvar, np.nanstd])
def test_correction_is_ddof(function: Any) -> None:
    t = Tensor(X, requires_grad=True)
    one, other = function(t, axis=0, correction=1), function(t, axis=0, ddof=1)
    np.testing.assert_array_equal(one.data, other.data)
    g = np.arange(4.0)
    np.testing.assert_array_equal(gradients(one, t, g), gradients(other, t, g))
    with pytest.raises(ValueError, match="ddof=1 and correction=2 are two names of one number"):
        function(t, ddof=1, correction=2)


def test_excluded_elements_have_no_gradient_whatever_they_are() -> None:
    x = np.array([1.0, np.nan, np.inf, -np.inf, 2.0])
    mask = np.isfinite(x)
    for function, expected in (
        (lambda t: np.sum(t, where=mask), [1, 0, 0, 0, 1]),
        (lambda t: np.prod(t, where=mask), [2, 0, 0, 0, 1]),
        (lambda t: np.mean(t, where=mask), [0.5, 0, 0, 0, 0.5]),
        (lambda t: np.var(t, where=mask), [-0.5, 0, 0, 0, 0.5]),
        (lambda t: np.max(t, where=mask, initial=-np.inf), [0, 0, 0, 0, 1]),
        (lambda t: np.min(t, where=mask, initial=np.inf), [1, 0, 0, 0, 0]),
        (lambda t: np.nanmax(t, where=mask, initial=0), [0, 0, 0, 0, 1]),
        (
            lambda t: np.logaddexp.reduce(t, where=mask),
            [0.2689414213699951, 0, 0, 0, 0.731058578630005],
        ),
    ):
        with np.errstate(invalid="ignore"):
            np.testing.assert_allclose(grad(function)(x), expected, atol=1e-15)


def test_initial_value_shares_where_it_ties() -> None:
    def f(x: Any, start: Any) -> Any:
        return np.max(x, initial=start)

    x, start = Tensor([1.0, 3.0, 3.0], requires_grad=True), Tensor(3.0, requires_grad=True)
    by_x, by_start = gradients(f(x, start), [x, start])
    np.testing.assert_allclose(by_x, [0, 1 / 3, 1 / 3])
    np.testing.assert_allclose(by_start, 1 / 3)
    np.testing.assert_allclose(grad(lambda t: np.max(t, initial=9.0))(x.data), [0, 0, 0])
    np.testing.assert_allclose(grad(lambda s: np.max(np.zeros(0) * s, initial=s))(2.0), 1)
    np.testing.assert_allclose(
        grad(lambda t: np.max(t, where=[True, False, False], initial=3.0))(x.data), 0
    )


def test_product_of_chosen_elements_is_exact_at_zeros() -> None:
    x, mask = np.array([0.0, 2.0, 0.0, 3.0]), np.array([True, True, False, True])
    np.testing.assert_array_equal(grad(lambda t: np.prod(t, where=mask))(x), [6, 0, 0, 0])
    np.testing.assert_array_equal(
        grad(lambda t: np.prod(t, initial=2, where=mask))(x), [12, 0, 0, 0]
    )


def test_keywords_keep_the_dtype_that_numpy_gives() -> None:
    for dtype in (np.float16, np.float32, np.float64, np.complex64):
        x = np.array([1.0, 2.0, 4.0], dtype)
        t = Tensor(x, requires_grad=True)
        mask = np.array([True, True, False])
        for name, options in itertools.product(
            ("sum", "prod", "mean", "var", "std", "nansum", "nanmean", "nanvar", "nanprod"),
            ({}, {"dtype": np.result_type(dtype, np.float64)}, {"keepdims": True}),
        ):
            function = getattr(np, name)
            expected = function(x, where=mask, **options)
            found = function(t, where=mask, **options)
            assert found.dtype == expected.dtype, (name, dtype, options)
            np.testing.assert_allclose(found.data, expected, rtol=2e-3)
            assert gradients(found, t, np.ones_like(expected)).dtype == dtype
        assert np.sum(t, initial=np.float64(0.5)).dtype == dtype
        assert np.sum(t, initial=Tensor(0.5, requires_grad=True)).dtype == dtype


def test_mean_of_chosen_float16_does_not_overflow() -> None:
    x = np.full(3000, 500, np.float16)
    mask = np.arange(3000) % 2 == 0
    t = Tensor(x, requires_grad=True)
    out = np.mean(t, where=mask)
    assert out.item() == np.mean(x, where=mask) == 500
    np.testing.assert_allclose(gradients(out, t)[:2], [1 / 1500, 0], rtol=1e-3)


@pytest.mark.parametrize("function", [np.std, np.nanstd])
def test_deviation_of_one_chosen_element_is_flat(function: Any) -> None:
    def f(x: Any) -> Any:
        return np.sum(function(x, axis=1, where=[True, False]))

    x = np.array([[3.5, 1.0], [-2.0, 7.0]])
    np.testing.assert_array_equal(grad(f)(x), np.zeros((2, 2)))
    np.testing.assert_array_equal(grad(lambda x: np.sum(grad(f)(x)))(x), np.zeros((2, 2)))


def test_nothing_chosen_is_what_numpy_makes_of_it() -> None:
    t, none = Tensor(X, requires_grad=True), np.zeros(4, bool)
    for function in (np.mean, np.var, np.std):
        with pytest.warns(RuntimeWarning, match="invalid value"):
            assert np.isnan(function(t, where=none).item())
    assert np.sum(t, where=False).item() == 0
    assert np.prod(t, where=False, initial=3).item() == 3
    assert np.max(t, where=False, initial=3).item() == 3
    np.testing.assert_array_equal(gradients(np.sum(t, where=False), t), np.zeros((5, 4)))


def test_errors_are_numpys_with_the_remedy() -> None:
    t = Tensor(X, requires_grad=True)
    for call, error, words in (
        (lambda f: f(t, where=MASK), ValueError, "where= needs initial=, the value where nothing"),
        (lambda f: f(t[:0]), ValueError, "zero-size array"),
        (lambda f: f(t, initial=[1.0, 2.0]), TypeError, r"a single number that fits into float64"),
        (lambda f: f(t, initial=1j), TypeError, r"initial= must be a single number"),
        (lambda f: f(t, initial=0, where=np.ones(4, int)), TypeError, "write where=mask.astype"),
        (lambda f: f(t, initial=0, where=np.ones((2, 3, 4), bool)), ValueError, "more dimensions"),
    ):
        for function in (np.max, np.min, np.amax, np.nanmin):
            with pytest.raises(error, match=words):
                call(function)
    for function in (np.sum, np.prod):
        with pytest.raises(ValueError, match=r"no elements along axis=0 .* pass initial="):
            function(t[:0], axis=0, initial=None)
        with pytest.raises(ValueError, match="where= needs initial="):
            function(t, where=MASK, initial=None)
        assert function(t, initial=None).shape == ()
    assert np.max(t, initial=None).item() == 2.1


def test_methods_take_the_same_keywords() -> None:
    t = Tensor(X, requires_grad=True)
    for name in ("sum", "prod", "mean", "var", "std"):
        found = getattr(t, name)(axis=1, where=MASK)
        np.testing.assert_allclose(found.data, getattr(X, name)(axis=1, where=MASK))
    found = t.max(1, where=MASK, initial=-9.0)
    np.testing.assert_array_equal(found.data, X.max(1, where=MASK, initial=-9.0))
    np.testing.assert_array_equal(np.any(t, axis=0, where=MASK), np.any(X, axis=0, where=MASK))


def test_reduction_without_keywords_is_one_node() -> None:
    t = Tensor(X, requires_grad=True)
    for out in (np.sum(t), t.sum(axis=0), t.mean(), t.max(0, keepdims=True), np.add.reduce(t)):
        assert out.node.parents == (t.node,)
