"""Kinks, zeros, infinities and large numbers: what the docstrings promise."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    NotDifferentiableError,
    ShapeError,
    Tensor,
    cross_entropy,
    elementwise_grad,
    grad,
    gradients,
    linear,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
)


def g(function: Any, *inputs: Any, argnum: int = 0) -> Any:
    """The gradient of the sum of the function."""
    arrays = [np.asarray(x, float) for x in inputs]
    return grad(lambda *xs: np.sum(function(*xs)), argnum)(*arrays)


def nth(function: Any, order: int) -> Any:
    for _ in range(order):
        function = elementwise_grad(function)
    return function


# -- ties and kinks -----------------------------------------------------------------------------


def test_max_and_min_share_ties_equally() -> None:
    assert g(np.max, [1, 3, 3]).tolist() == [0, 0.5, 0.5]
    assert g(np.min, [1, 1, 3, 1]).tolist() == [1 / 3, 1 / 3, 0, 1 / 3]
    rows = [[1, 1], [0, 2]]
    assert g(lambda x: np.max(x, axis=1), rows).tolist() == [[0.5, 0.5], [0, 1]]
    assert g(lambda x: np.max(x, axis=(0, -1), keepdims=True), rows).tolist() == [[0, 0], [0, 1]]


def test_maximum_and_minimum_share_ties_equally() -> None:
    for function in (np.maximum, np.minimum):
        for argnum in (0, 1):
            assert g(function, [2, 2], [2, 2], argnum=argnum).tolist() == [0.5, 0.5]
    assert g(lambda x: np.maximum(x, x), [3]).tolist() == [1]
    assert g(lambda x: np.maximum(x, 0), [-1, 0, 1]).tolist() == [0, 0.5, 1]
    assert g(np.maximum, [1, 2, 3], [2, 2, 2], argnum=1).tolist() == [1, 0.5, 0]


def test_slopes_at_zero_are_zero() -> None:
    assert g(relu, [-1, 0, 2]).tolist() == [0, 0, 1]
    assert g(np.abs, [-1, 0, 2]).tolist() == [-1, 0, 1]
    assert g(np.sign, [-1, 0, 2]).tolist() == [0, 0, 0]
    for order in (2, 3):
        assert nth(relu, order)(np.array([-1.0, 0, 2])).tolist() == [0, 0, 0]
        assert nth(np.abs, order)(np.array([-1.0, 0, 2])).tolist() == [0, 0, 0]


def test_clip_passes_the_gradient_at_its_bounds() -> None:
    assert g(lambda x: np.clip(x, -1, 1), [-2, -1, 0, 1, 2]).tolist() == [0, 1, 1, 1, 0]
    assert g(lambda x, a: np.clip(x, a, None), [0, 1, 2], [1, 1, 1], argnum=1).tolist() == [1, 0, 0]
    # Where the bounds are swapped, NumPy takes the upper.
    assert g(lambda x, a, b: np.clip(x, a, b), [0], [2], [1], argnum=2).tolist() == [1]
    assert g(lambda x, a, b: np.clip(x, a, b), [0], [2], [1], argnum=1).tolist() == [0]


def test_std_of_equal_numbers_has_gradient_zero_and_no_second_derivative() -> None:
    assert g(np.std, [1, 1, 1]).tolist() == [0, 0, 0]
    rows = np.array([[1.0, 1, 1], [1, 2, 4]])
    along = grad(lambda x: (grad(lambda x: np.std(x, axis=1).sum())(x) * [1.0, 2, 3]).sum())
    second = along(rows)
    assert np.isnan(second[0]).all()
    assert np.isfinite(second[1]).all()


def test_var_of_one_element_less_one_degree_of_freedom_is_nan() -> None:
    x = Tensor([1.0], requires_grad=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of NumPy, about the degrees of freedom
        y = np.var(x, ddof=1)
    y.backward()
    assert np.isnan(x.grad).all()


def test_absolute_value_of_complex_numbers() -> None:
    assert grad(lambda x: np.abs(x * (3 + 4j)))(-2.0) == pytest.approx(-5)
    assert grad(lambda x: np.abs(x + 4j))(3.0) == pytest.approx(0.6)
    assert grad(lambda x: np.abs(x * 1j))(0.0) == 0


# -- products and powers ------------------------------------------------------------------------


def test_prod_is_exact_with_zeros() -> None:
    assert g(np.prod, [0, 2, 3]).tolist() == [6, 0, 0]
    assert g(np.prod, [0, 0, 3]).tolist() == [0, 0, 0]
    assert g(lambda x: np.prod(x, axis=0), [[0, 2], [3, 4]]).tolist() == [[3, 4], [0, 2]]
    hessian = [
        grad(lambda x, i=i: grad(np.prod)(x)[i])(np.array([0.0, 0.0, 3.0])).tolist()
        for i in range(3)
    ]
    assert hessian == [[0, 3, 0], [3, 0, 0], [0, 0, 0]]


def test_powers_at_zero() -> None:
    zero = np.array([0.0])
    square, one = lambda x: x**2, lambda x: x**1
    assert [nth(square, n)(zero).item() for n in (1, 2, 3, 4)] == [0, 2, 0, 0]
    assert [nth(one, n)(zero).item() for n in (1, 2)] == [1, 0]
    assert [nth(lambda x: x**0, n)(zero).item() for n in (1, 2)] == [0, 0]
    assert [nth(lambda x: x**3.0, n)(zero).item() for n in (1, 2, 3, 4)] == [0, 0, 6, 0]
    exponents = np.array([0.0, 1.0, 2.0, 3.0])
    zeros = np.zeros(4)
    assert nth(lambda x: x**exponents, 1)(zeros).tolist() == [0, 1, 0, 0]
    assert nth(lambda x: x**exponents, 2)(zeros).tolist() == [0, 0, 2, 0]


def test_exponent_at_base_zero_has_gradient_zero() -> None:
    assert g(lambda b: 0.0**b, [1.0, 2.0, 0.5]).tolist() == [0, 0, 0]
    assert g(np.power, [0.0, 0.0], [1.0, 2.0], argnum=1).tolist() == [0, 0]


def test_exponent_at_a_negative_base_has_gradient_nan_as_its_docstring_says() -> None:
    from autograd.rules import elementwise

    with pytest.warns(RuntimeWarning, match="invalid value encountered in log"):
        assert np.isnan(g(lambda b: (-2.0) ** b, [2.0])).all()
    assert "NaN at negative bases" in elementwise.__doc__
    # The gradient by the base is asked for alone, and needs no logarithm.
    assert g(lambda x: x**3.0, [-2.0]).tolist() == [12]


def test_where_with_a_branch_of_infinite_slope_and_the_documented_way_around_it() -> None:
    from autograd.rules import elementwise

    x = np.array([-1.0, 4.0])
    with np.errstate(invalid="ignore"):
        assert np.isnan(g(lambda x: np.where(x > 0, np.sqrt(x), x), x)[0])
    safe = g(lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x), x)
    assert safe.tolist() == [1, 0.25]
    assert "np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x)" in elementwise.__doc__


# -- reductions ---------------------------------------------------------------------------------


def test_reductions_of_a_scalar_and_of_nothing_are_as_in_numpy() -> None:
    assert g(np.sum, 3.0).item() == 1
    assert g(np.max, 3.0).item() == 1
    empty = Tensor(np.ones((0, 3)), requires_grad=True)
    for function, expected in ((np.sum, 0), (np.prod, 1)):
        y = function(empty, axis=0)
        assert y.data.tolist() == [expected] * 3
        y.sum().backward()
        assert empty.grad.shape == (0, 3)
    for function in (np.max, np.min):
        with pytest.raises(ShapeError, match=r"zero-size array .* \(inputs of shape \(0, 3\)\)"):
            function(empty)
        assert function(empty, axis=1).shape == (0,)
    for function in (np.mean, np.var, np.std):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NumPy, about the empty slice
            y = function(empty, axis=0)
        assert np.isnan(y.data).all()
        y.sum().backward()


def test_max_passes_nan_on() -> None:
    x = Tensor([1.0, np.nan, 2.0], requires_grad=True)
    assert np.isnan(np.max(x).data)


def test_order_that_follows_the_memory_is_refused() -> None:
    x = Tensor(np.asfortranarray(np.ones((2, 3))), requires_grad=True)
    for order in ("A", "K"):
        with pytest.raises(NotDifferentiableError, match=f"ravel: order='{order}' follows"):
            np.ravel(x, order=order)
    with pytest.raises(
        NotDifferentiableError, match=r"reshape: order='A' follows .* use order='C'"
    ):
        np.reshape(x, 6, order="A")


def test_split_into_unequal_parts_raises() -> None:
    x = Tensor(np.ones(5), requires_grad=True)
    for sections in (2, np.int64(2)):
        with pytest.raises(ValueError, match="split: 5 elements along axis 0 do not divide into 2"):
            np.split(x, sections)


def test_elements_read_twice_add_up() -> None:
    x = Tensor([5.0, 6.0], requires_grad=True)
    x[[0, 0, 1]].backward([1.0, 2.0, 4.0])
    assert x.grad.tolist() == [3, 4]


@pytest.mark.parametrize("cast", [np.uint8, lambda i: i - 300, lambda i: (i,)])
def test_gradient_of_repeated_rows_of_a_table_adds_up(cast) -> None:
    rows = np.array([[200, 7], [200, 200]])
    x = Tensor(np.zeros((300, 2, 3)), requires_grad=True)
    g = np.arange(24.0).reshape(2, 2, 2, 3)
    x[cast(rows)].backward(np.asfortranarray(g))
    expected = np.zeros(x.shape)
    np.add.at(expected, rows, g)
    np.testing.assert_array_equal(x.grad, expected)


def test_elements_written_twice_belong_to_the_last() -> None:
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    x = Tensor(np.zeros(2))
    x[[0, 0, 1]] = w
    assert x.data.tolist() == [2, 3]
    x.backward([10.0, 100.0])
    assert w.grad.tolist() == [0, 10, 100]


def test_broadcast_to_sums_over_the_copies() -> None:
    assert g(lambda x: np.broadcast_to(x, (4, 3)), [1, 2, 3]).tolist() == [4, 4, 4]
    x, y = np.ones((2, 1, 3)), np.ones((4, 1))
    for scale in (np.ones(()), np.ones((1, 1, 1, 1))):
        assert (
            g(lambda s, x, y: s * x * y, scale, x, y).tolist() == np.full(scale.shape, 24).tolist()
        )


# -- large numbers ------------------------------------------------------------------------------

_LARGE = [0.0, 1.0, -1.0, 80.0, -80.0, 1000.0, -1000.0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [sigmoid, softplus, softmax, log_softmax, logsumexp])
def test_network_functions_are_finite_at_a_thousand(function: Any, dtype: Any) -> None:
    """Values, gradients and second derivatives, without a warning (warnings are errors)."""
    x = Tensor(np.array(_LARGE), requires_grad=True, dtype=dtype)
    weights = np.arange(1, 8).astype(dtype)
    y = np.sum(function(x) * weights)
    first = gradients(y, x, create_graph=True)
    second = gradients(np.sum(first * weights), x)
    for values in (y.data, first.data, second):
        assert np.isfinite(values).all()
        assert values.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_cross_entropy_is_finite_at_a_thousand(dtype: Any) -> None:
    logits = Tensor([_LARGE, _LARGE[::-1]], requires_grad=True, dtype=dtype)
    loss = cross_entropy(logits, [5, 5])
    assert loss.dtype == dtype
    first = gradients(loss, logits, create_graph=True)
    second = gradients(np.sum(first * first), logits)
    for values in (loss.data, first.data, second):
        assert np.isfinite(values).all()
        assert values.dtype == dtype


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_sigmoid_and_softplus_at_the_ends(dtype: Any) -> None:
    x = np.array([-1000, -12, -5, 0, 5, 12, 100, 1000], dtype)
    wide = x.astype(np.float64)
    expected = np.where(wide < 0, np.exp(np.minimum(wide, 0)), 1) / (1 + np.exp(-np.abs(wide)))
    eps = np.finfo(dtype).eps
    y = sigmoid(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(y, expected, rtol=4 * eps, atol=np.finfo(dtype).smallest_normal)
    assert 0 <= y[0] <= np.finfo(dtype).smallest_normal
    assert y[-1] == 1
    assert softplus(dtype(100)) == 100
    assert g(softplus, [100.0]).tolist() == [1]
    assert softplus(x).dtype == dtype


def test_sigmoid_takes_numbers() -> None:
    for number in (0.5, 1, np.float32(0.5)):
        assert sigmoid(number) == pytest.approx(1 / (1 + np.exp(-float(number))))


def test_logsumexp_of_minus_infinity() -> None:
    x = Tensor([-np.inf, -np.inf], requires_grad=True)
    y = logsumexp(x)
    assert y.item() == -np.inf
    y.backward()
    assert x.grad.tolist() == [0, 0]
    assert g(logsumexp, [-np.inf, 0.0]).tolist() == [0, 1]
    rows = np.array([[-np.inf, -np.inf], [0.0, 0.0]])
    assert logsumexp(rows, axis=1).tolist() == [-np.inf, np.log(2)]
    assert g(lambda x: logsumexp(x, axis=1), rows).tolist() == [[0, 0], [0.5, 0.5]]
    shifted = logsumexp(np.array([1000.0, 1000.0], np.float32))
    assert shifted == np.float32(1000 + np.log(2))


def test_softmax_with_a_minus_infinity_gives_it_nothing() -> None:
    x = np.array([0.0, -np.inf, 0.0])
    assert softmax(x).tolist() == [0.5, 0, 0.5]
    slope = grad(lambda x: softmax(x)[0])(x)
    assert slope.tolist() == [0.25, 0, -0.25]


def test_cross_entropy_far_from_the_label() -> None:
    logits = Tensor([[-1e4, 1e4]], requires_grad=True)
    loss = cross_entropy(logits, [0])
    loss.backward()
    assert loss.item() == 2e4
    assert logits.grad.tolist() == [[-1, 1]]


def test_cross_entropy_of_many_float16_rows_does_not_overflow() -> None:
    logits = np.tile(np.array([[0, 8]], np.float16), (20_000, 1))
    loss = cross_entropy(logits, np.zeros(20_000, int))
    assert loss.dtype == np.float16
    assert loss == 8


# -- what networks' functions refuse ------------------------------------------------------------


def test_linear_names_the_shapes_that_do_not_fit() -> None:
    w = np.ones((4, 3))
    words = r"the last axis of x must have in_features \(=3\) .*weight \(4, 3\).*x has shape {}"
    for x in (np.ones((2, 4)), np.ones(2), np.ones(())):
        with pytest.raises(
            ShapeError, match=words.format(str(x.shape).replace("(", r"\(").replace(")", r"\)"))
        ):
            linear(x, w, np.ones(4))
    for bias in (np.ones(3), np.ones(1), np.ones(()), np.ones((1, 4))):
        with pytest.raises(
            ShapeError, match=r"linear: bias must have shape .* = \(4,\), as weight"
        ):
            linear(np.ones((2, 3)), w, bias)


def test_linear_promotes_dtypes_as_numpy_does() -> None:
    x, w, b = np.ones((2, 3), np.float32), np.ones((4, 3), np.float32), np.ones(4)
    assert linear(x, w, b).dtype == np.float64
    assert linear(x, w, b.astype(np.float32)).dtype == np.float32
    assert linear(np.ones((2, 3), int), np.ones((4, 3), int), b).tolist() == [[4.0] * 4] * 2


def test_cross_entropy_names_the_labels_it_cannot_use() -> None:
    logits = Tensor(np.zeros((2, 3)), requires_grad=True)
    for labels in ([0, -1], [0, 3]):
        with pytest.raises(ValueError, match=r"labels must lie in 0\.\.2 for 3 classes; got"):
            cross_entropy(logits, labels)
    for labels in ([0.0, 1.0], [True, False]):
        with pytest.raises(DTypeError, match="labels must be integers, the indices of the classes"):
            cross_entropy(logits, labels)
    for labels in ([0], [[0, 1]], 1):
        with pytest.raises(ShapeError, match=r"logits of shape \(N, C\) go with labels"):
            cross_entropy(logits, labels)
    with pytest.raises(ShapeError, match="logits of shape"):
        cross_entropy(np.zeros((2, 3, 4)), np.zeros((2, 3), int))
    with pytest.raises(ShapeError, match="got an empty batch, whose mean is not defined"):
        cross_entropy(np.zeros((0, 3)), np.zeros(0, int))


# -- spectra ------------------------------------------------------------------------------------


def test_vectors_of_equal_values_have_gradient_nan_and_the_values_have_one() -> None:
    weights = np.arange(9.0).reshape(3, 3)
    for matrix in (np.eye(3), np.diag([3.0, 0, 0])):
        assert np.isnan(g(lambda a: np.sum(np.linalg.eigh(a)[1] * weights), matrix)).all()
        for k in (0, 2):
            assert np.isnan(g(lambda a, k=k: np.sum(np.linalg.svd(a)[k] * weights), matrix)).all()
        assert np.trace(g(lambda a: np.sum(np.linalg.eigh(a)[0]), matrix)) == pytest.approx(3)
        rank = np.linalg.matrix_rank(matrix)
        assert np.trace(g(lambda a: np.sum(np.linalg.svd(a)[1]), matrix)) == pytest.approx(rank)


def test_second_derivative_where_the_gradient_with_respect_to_the_vectors_is_zero() -> None:
    generator = np.random.default_rng(2)
    a, direction = generator.normal(size=(2, 4, 3))
    thin = np.linalg.svd(a)[0][:, :3]

    def slope(x: np.ndarray) -> np.ndarray:
        return g(lambda t: np.sum((np.linalg.svd(t)[0][:, :3] - thin) ** 2), x)

    t = Tensor(a, requires_grad=True)
    (first,) = gradients(np.sum((np.linalg.svd(t)[0][:, :3] - thin) ** 2), [t], create_graph=True)
    (found,) = gradients(np.sum(first * direction), [t])
    expected = (slope(a + 1e-5 * direction) - slope(a - 1e-5 * direction)) / 2e-5
    assert np.all(first.data == 0)
    np.testing.assert_allclose(found, expected, rtol=1e-6)
