"""Gradients of functions and between tensors; functions of functions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    NotDifferentiableError,
    ShapeError,
    Tensor,
    checkpoint,
    elementwise_grad,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    no_grad,
    value_and_grad,
    vjp,
)

RANDOM = np.random.default_rng(3).normal(size=(3, 3))


def leaf(values: Any) -> Tensor:
    return Tensor(np.array(values, float), requires_grad=True)


# -- grad ---------------------------------------------------------------------------------------


def test_grad_of_a_number_is_a_numpy_scalar() -> None:
    g = grad(lambda x: x**3)(2.0)
    assert type(g) is np.float64
    assert g == 12
    assert type(grad(lambda x: x * x)(np.float32(3))) is np.float32


def test_grad_of_an_array_is_an_array_of_its_shape_and_dtype() -> None:
    x = np.array([[1.0, 2.0]], np.float32)
    g = grad(lambda x: (x**2).sum())(x)
    assert type(g) is np.ndarray
    assert g.dtype == np.float32
    np.testing.assert_array_equal(g, 2 * x)
    np.testing.assert_array_equal(x, [[1, 2]])


def test_grad_of_a_function_that_ignores_its_argument_is_zero() -> None:
    for f in (lambda x: 3.0, lambda x: Tensor(3.0), lambda x: (x * 0 + 1).detach().sum()):
        np.testing.assert_array_equal(grad(f)(np.ones(2)), [0, 0])


def test_grad_composes_to_any_order() -> None:
    f = np.sin
    for order in range(6):
        assert f(0.4) == pytest.approx([np.sin, np.cos][order % 2](0.4) * (-1) ** (order // 2))
        f = grad(f)


def test_grad_takes_argnum_sequences_negative_numbers_and_keywords() -> None:
    def f(x: Any, y: Any, z: Any = 1.0) -> Any:
        return x * y**2 * z

    assert grad(f, 1)(2.0, 3.0) == 12
    assert grad(f, -1)(2.0, 3.0) == 12
    assert grad(f, (1, 0))(2.0, 3.0) == (12, 9)
    assert grad(f, [0])(2.0, 3.0) == (9,)
    assert grad(f)(2.0, 3.0, z=2.0) == 18


def test_grad_keeps_the_name_of_the_function() -> None:
    def energy(x: Any) -> Any:
        """Joules."""
        return x

    assert grad(energy).__name__ == value_and_grad(energy).__name__ == "energy"
    assert grad(energy).__doc__ == "Joules."


def test_value_and_grad_gives_both() -> None:
    value, slope = value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    assert type(value) is np.float64
    assert value == 5
    np.testing.assert_array_equal(slope, [2, 4])
    value, slopes = value_and_grad(lambda x, y: x * y, (0, 1))(2.0, 3.0)
    assert (value, slopes) == (6, (3, 2))


def test_grad_does_not_touch_grad_of_tensors_outside() -> None:
    w = leaf(2.0)
    g = grad(lambda x: x * w)(3.0)
    assert w.grad is None
    assert isinstance(g, Tensor)
    g.backward()
    assert w.grad == 1


# -- which x is it: perturbation confusion ------------------------------------------------------


def test_nested_grad_keeps_inner_and_outer_apart() -> None:
    # d/dx [x * d/dy (x + y)] = d/dx [x * 1] = 1
    assert grad(lambda x: x * grad(lambda y: x + y)(1.0))(1.0) == 1
    # d/dx [x * d/dy (x * y)] = d/dx [x²] = 2x
    assert grad(lambda x: x * grad(lambda y: x * y)(1.0))(3.0) == 6
    # d/dx [d/dy (x² y³) at y = x] = d/dx 3x⁴ = 12x³
    assert grad(lambda x: grad(lambda y: x**2 * y**3)(x))(2.0) == pytest.approx(96)


def test_nested_grad_where_the_inner_argument_is_the_outer() -> None:
    # the inner x is another variable than the outer: d/dy (x * y) at y = x is x, not 2x
    assert grad(lambda x: grad(lambda y: x * y)(x))(5.0) == 1
    assert grad(lambda x: grad(lambda y: y * y)(x) * x)(5.0) == 20


def test_nested_grad_that_ignores_the_outer_is_constant() -> None:
    assert grad(lambda x: grad(lambda y: y * y)(2.0) * x)(5.0) == 4
    inner: list[Any] = []
    grad(lambda x: inner.append(grad(lambda y: y * y)(2.0)) or x)(5.0)
    assert type(inner[0]) is np.float64


def test_nested_grad_three_deep() -> None:
    f = grad(lambda x: grad(lambda y: grad(lambda z: x**2 * y**3 * z**4)(y))(x))
    # d/dz: 4x²y³z³ at z=y is 4x²y⁶ ... with x fixed, and y fixed inside
    # d/dy of 4x²·y³·y³ = 24x²y⁵ at y=x: 24x²x⁵; d/dx of it: 168 x⁶
    assert f(1.5) == pytest.approx(168 * 1.5**6)


def test_nested_grad_and_tensors_of_outside_meet() -> None:
    w = leaf(3.0)
    slope = grad(lambda x: w * w * x)(2.0)
    (slope * w).backward()
    assert w.grad == 27


def test_nested_grad_under_no_grad_is_still_right() -> None:
    with no_grad():
        assert grad(grad(lambda x: x**3))(2.0) == 12
        w = leaf(3.0)
        found = grad(lambda x: w * x)(2.0)
        assert not isinstance(found, Tensor)
        assert found == 3


def test_grad_under_no_grad_leaves_the_graph_outside_alone() -> None:
    w = leaf(3.0)
    h = w * 2
    with no_grad():
        grad(lambda x: x * h)(2.0)
    h.backward()
    assert w.grad == 2


# -- errors -------------------------------------------------------------------------------------


def test_grad_of_integers_raises() -> None:
    with pytest.raises(DTypeError, match=r"grad: argument 0 is of dtype int64.*3\.0 in place of 3"):
        grad(lambda x: x * x)(3)
    with pytest.raises(DTypeError, match="argument 1 is of dtype bool"):
        grad(lambda x, y: x, 1)(1.0, True)


def test_grad_of_an_array_valued_function_raises() -> None:
    def f(x: Any) -> Any:
        return x * 2

    with pytest.raises(
        ShapeError, match=r"grad: f returned an array of shape \(2,\), not a scalar"
    ):
        grad(f)(np.ones(2))
    with pytest.raises(ShapeError, match=r"shape \(1,\), not a scalar"):
        grad(f)(np.ones(1))


@pytest.mark.parametrize(
    ("result", "words"),
    [(None, "NoneType of dtype object"), ("a", "str of dtype"), (3, "int of dtype int64")],
)
def test_grad_of_a_function_of_something_else_raises(result: Any, words: str) -> None:
    with pytest.raises(DTypeError, match=f"returned {words}.*must return"):
        grad(lambda x: result)(1.0)


def test_grad_of_a_complex_valued_function_raises() -> None:
    with pytest.raises(DTypeError, match="of dtype complex128"):
        grad(lambda x: x * 1j)(1.0)


def test_grad_with_an_argnum_that_is_not_there_raises() -> None:
    with pytest.raises(TypeError, match="grad: argnum is 2, but f was called with 1 positional"):
        grad(f, 2)(1.0)


# -- gradients ----------------------------------------------------------------------------------


def test_gradients_of_results_inputs_and_strangers() -> None:
    x, other = leaf([1.0, 2.0]), leaf([5.0])
    h = x * 3
    y = (h * h).sum()
    gx, gh, go = gradients(y, [x, h, other])
    np.testing.assert_array_equal(gx, 18 * x.data)
    np.testing.assert_array_equal(gh, 2 * h.data)
    np.testing.assert_array_equal(go, [0])
    assert x.grad is None
    assert all(type(g) is np.ndarray for g in (gx, gh, go))


def test_gradients_of_a_single_input_is_not_a_sequence() -> None:
    x = leaf(2.0)
    g = gradients(x * x, x)
    assert type(g) is np.ndarray
    assert g == 4
    (g,) = gradients(x * x, (x,))
    assert g == 4


def test_gradients_of_an_output_by_itself_is_the_cotangent() -> None:
    x = leaf([1.0, 2.0])
    y = x * 2
    np.testing.assert_array_equal(gradients(y, y, np.array([3.0, 4.0])), [3, 4])
    np.testing.assert_array_equal(gradients(x.sum(), x), [1, 1])


def test_gradients_of_several_outputs_add() -> None:
    x = leaf(2.0)
    assert gradients([x * x, x * 3], x, [np.array(10.0), None]) == 43


def test_gradients_free_the_graph_unless_retained() -> None:
    x = leaf(2.0)
    y = x * x
    gradients(y, x, retain_graph=True)
    gradients(y, x)
    with pytest.raises(GraphError, match="was freed"):
        gradients(y, x)


def test_gradients_with_create_graph_can_be_differentiated() -> None:
    x = leaf([1.0, 2.0])
    y = (x**3).sum()
    g = gradients(y, x, create_graph=True)
    assert isinstance(g, Tensor)
    h = gradients(g.sum(), x, create_graph=True)
    np.testing.assert_array_equal(h.data, 6 * x.data)
    third = gradients(h.sum(), x)
    np.testing.assert_array_equal(third, [6, 6])
    y.backward()  # still there: create_graph retains
    np.testing.assert_array_equal(x.grad, 3 * x.data**2)


def test_gradients_of_a_penalty_on_the_gradient_reach_the_leaves() -> None:
    x, w = leaf([1.0, 2.0]), leaf([0.5, -1.0])
    y = np.tanh(x * w).sum()
    g = gradients(y, x, create_graph=True)
    (g**2).sum().backward()
    t = np.tanh(x.data * w.data)
    # g = w (1 - t²); d(g²)/dw = 2g (1 - t² - 2 w t (1 - t²) x)
    slope = 1 - t**2
    expected = 2 * w.data * slope * (slope - 2 * w.data * t * slope * x.data)
    np.testing.assert_allclose(w.grad, expected)


def test_gradients_with_create_graph_of_a_recorded_cotangent() -> None:
    x, v = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    g = gradients(x * x, x, v, create_graph=True)
    np.testing.assert_array_equal(gradients(g.sum(), v), 2 * x.data)


def test_gradients_with_create_graph_of_strangers_are_zero_tensors() -> None:
    x, other = leaf(1.0), leaf([1.0, 2.0])
    g = gradients(x * x, other, create_graph=True)
    assert isinstance(g, Tensor)
    np.testing.assert_array_equal(g.data, [0, 0])


def test_gradients_take_an_iterator() -> None:
    x, y = leaf(2.0), leaf(3.0)
    assert gradients(x * x * y, iter([x, y])) == [12, 4]


def test_gradients_of_what_requires_none_raise() -> None:
    x = leaf(1.0)
    with pytest.raises(GraphError, match=r"gradients: inputs does not require a gradient; make it"):
        gradients(x * 2, Tensor(1.0))
    with pytest.raises(GraphError, match=r"gradients: inputs\[1\] does not require a gradient"):
        gradients(x * 2, [x, Tensor(1.0)])
    with pytest.raises(GraphError, match="gradients: this tensor has no graph"):
        gradients(Tensor(1.0), x)


def test_gradients_with_the_wrong_number_or_shape_of_cotangents_raise() -> None:
    x = leaf([1.0, 2.0])
    with pytest.raises(ShapeError, match="gradients: got 1 grad_outputs for 2 outputs"):
        gradients([x.sum(), x.sum()], x, [None])
    with pytest.raises(ShapeError, match=r"gradients: grad has shape \(3,\)"):
        gradients(x * 2, x, np.ones(3))
    with pytest.raises(GraphError, match=r"gradients: a tensor of shape \(2,\) is not a scalar"):
        gradients(x * 2, x)


# -- jacobian and its kind ----------------------------------------------------------------------


def f(x: Any) -> Any:
    return np.tanh(RANDOM @ x) * x[0]


def numerical_jacobian(function: Any, x: Any) -> Any:
    columns = [(function(x + step) - function(x - step)) / 2e-6 for step in 1e-6 * np.eye(x.size)]
    return np.stack(columns, axis=-1)


def test_jacobian_hessian_and_products_agree_with_differences() -> None:
    x, v = np.array([0.3, -0.7, 0.5]), np.array([1.0, 2.0, -0.5])
    expected = numerical_jacobian(f, x)
    np.testing.assert_allclose(jacobian(f)(x), expected, atol=1e-8)
    value, pullback = vjp(f, x)
    np.testing.assert_array_equal(value, f(x))
    for _ in range(2):
        np.testing.assert_allclose(pullback(v)[0], v @ expected, atol=1e-8)
    value, tangent = jvp(f, (x,), (v,))
    np.testing.assert_array_equal(value, f(x))
    np.testing.assert_allclose(tangent, expected @ v, atol=1e-8)

    def energy(x: Any) -> Any:
        return (f(x) ** 2).sum()

    second = numerical_jacobian(grad(energy), x)
    np.testing.assert_allclose(hessian(energy)(x), second, atol=1e-7)
    np.testing.assert_allclose(hvp(energy)(x, v), second @ v, atol=1e-7)

    def bent(x: Any) -> Any:
        return hvp(energy)(x, v).sum()

    np.testing.assert_allclose(grad(bent)(x), numerical_jacobian(bent, x), atol=1e-6)


def test_elementwise_grad_is_the_derivative_at_every_element() -> None:
    x = np.linspace(-1, 1, 5)
    np.testing.assert_allclose(elementwise_grad(np.sin)(x), np.cos(x))
    np.testing.assert_allclose(elementwise_grad(elementwise_grad(np.sin))(x), -np.sin(x))


def test_vjp_cotangent_of_another_shape_raises() -> None:
    _, pullback = vjp(f, np.ones(3))
    with pytest.raises(
        ShapeError, match=r"vjp: the cotangent has shape \(2,\), the value has shape"
    ):
        pullback(np.ones(2))


def test_jvp_tangent_of_another_shape_raises() -> None:
    with pytest.raises(ShapeError, match="jvp: the vector must have the containers and shapes"):
        jvp(f, (np.ones(3),), (np.ones(2),))


def test_hvp_can_be_differentiated_in_the_vector() -> None:
    x, matrix = np.array([0.5, -1.0]), np.array([[2.0, 1.0], [1.0, 3.0]])
    product = hvp(lambda x: (x @ matrix @ x) * 0.5)
    v = leaf([1.0, 2.0])
    product(x, v).sum().backward()
    np.testing.assert_allclose(v.grad, matrix.sum(axis=0))


def test_hvp_of_a_linear_function_is_zero() -> None:
    np.testing.assert_array_equal(hvp(lambda x: x.sum())(np.ones(3), np.ones(3)), np.zeros(3))


@pytest.mark.parametrize(("argnum", "args"), [(0, (1.0,)), (1, (1.0, 2.0)), ("k", ())])
def test_hvp_without_a_vector_says_so(argnum: int | str, args: tuple[float, ...]) -> None:
    with pytest.raises(TypeError, match="positional arguments; pass those of the function"):
        hvp(lambda *args, k=1.0: args[0] * k, argnum)(*args)


def test_hvp_keeps_the_dtype_of_the_argument() -> None:
    x = np.ones(3, np.float32)
    assert hvp(lambda x: (x**3).sum())(x, np.ones(3)).dtype == np.float32


def test_hvp_refuses_a_vector_of_another_shape_and_complex_numbers() -> None:
    product = hvp(lambda x: np.real(x * x).sum())
    with pytest.raises(ShapeError, match="hvp: the vector must have the containers and shapes"):
        product(np.ones(3), np.ones(2))
    for x, v in ((np.ones(3), 1j * np.ones(3)), (1j * np.ones(3), np.ones(3))):
        with pytest.raises(DTypeError, match="hvp: the argument and the vector must be real"):
            product(x, v)


def test_grad_of_containers_comes_in_the_same_containers() -> None:
    parameters = {"w": np.array([1.0, 2.0]), "layers": [(np.array(3.0),), np.array(4.0)]}

    def loss(p: Any) -> Any:
        return (p["w"] ** 2).sum() * p["layers"][0][0] + p["layers"][1]

    g = grad(loss)(parameters)
    np.testing.assert_array_equal(g["w"], [6, 12])
    assert g["layers"] == [(5.0,), 1.0]


# -- checkpoint ---------------------------------------------------------------------------------


def test_checkpoint_has_the_gradients_of_the_function_at_every_order() -> None:
    def block(x: Any, w: Any) -> Any:
        return np.tanh(x @ w) * np.exp(x)

    x, w = np.array([[0.1, 0.5, -0.3]]), RANDOM
    for transform in (grad, lambda h, n: grad(lambda *a: (grad(h, n)(*a) ** 2).sum(), n)):
        for argnum in (0, 1):
            plain = transform(lambda x, w: block(block(x, w), w).sum(), argnum)(x, w)
            spare = checkpoint(block)
            found = transform(lambda x, w, s=spare: s(s(x, w), w).sum(), argnum)(x, w)
            np.testing.assert_allclose(found, plain, rtol=1e-12)


def test_checkpoint_reaches_tensors_that_are_not_arguments() -> None:
    w, x = leaf([2.0, 3.0]), leaf([1.0, 4.0])
    h = w * 1.0
    checkpoint(lambda x: np.exp(-h) * x * w)(x).sum().backward()
    e = np.exp(-w.data)
    np.testing.assert_allclose(w.grad, e * x.data - e * x.data * w.data)
    np.testing.assert_allclose(x.grad, e * w.data)


def test_checkpoint_of_something_else_than_a_tensor_raises() -> None:
    with pytest.raises(TypeError, match="checkpoint: <lambda> must return one tensor, got tuple"):
        checkpoint(lambda x: (x, x))(leaf(1.0))


def test_rule_that_leaves_the_graph_raises_in_grad_of_grad() -> None:
    from autograd import rule

    op = rule(lambda x: x**2, lambda g, _, x: 2 * g * x.data)
    with pytest.raises((NotDifferentiableError, AttributeError, DTypeError)):
        grad(grad(op))(1.0)
