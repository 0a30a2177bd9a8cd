"""Gradients of functions and between tensors; functions of functions."""

from __future__ import annotations

import collections
import gc
import inspect
import threading
import tracemalloc
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    IndependentOutputWarning,
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
        with pytest.warns(IndependentOutputWarning):
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


# -- plain arrays, unless something outside can differentiate them ------------------------------


def is_plain(x: Any) -> bool:
    return isinstance(x, np.ndarray | np.generic)


def product(x: Any, y: Any) -> Any:
    return x**2 * y**3


#: Each: a derivative, and its value by hand.
NESTED: dict[str, tuple[Callable[[], Any], Any]] = {
    "mixed": (lambda: grad(grad(product, 0), 1)(2.0, 3.0), 108),
    "mixed, the other way": (lambda: grad(grad(product, 1), 0)(2.0, 3.0), 108),
    "mixed, third": (lambda: grad(grad(grad(product, 0), 1), 1)(2.0, 3.0), 72),
    "mixed jacobian": (lambda: jacobian(jacobian(product, 0), 1)(2.0, 3.0), 108),
    "mixed hessian": (lambda: grad(hessian(product, 0), 1)(2.0, 3.0), 54),
    "closure": (lambda: grad(lambda x: grad(lambda y: x * y * y)(2.0))(3.0), 4),
    "closure two deep": (
        lambda: grad(lambda x: grad(lambda y: grad(lambda z: x * y * z**2)(1.0))(2.0))(3.0),
        2,
    ),
    "of another's vjp": (lambda: grad(lambda a: vjp(lambda x: a**2 * x, 3.0)[1](1.0)[0])(2.0), 4),
    "of another's jvp": (
        lambda: grad(lambda a: jvp(lambda x: a**2 * x, (3.0,), (1.0,))[1])(2.0),
        4,
    ),
    "of another's hvp": (lambda: grad(lambda a: hvp(lambda x: a * x**3)(2.0, 1.0))(3.0), 12),
    "of another's hessian": (
        lambda: grad(lambda a: hessian(lambda x: (a * x**3).sum())(np.arange(3.0)).sum())(3.0),
        18,
    ),
    "of another's jacobian": (
        lambda: grad(lambda a: jacobian(lambda x: a * x**2)(np.arange(3.0)).sum())(3.0),
        6,
    ),
    "of elementwise_grad": (
        lambda: grad(lambda a: elementwise_grad(lambda x: a * x**2)(np.arange(3.0)).sum())(3.0),
        6,
    ),
    "vjp of grad": (lambda: vjp(grad(product, 0), 2.0, 3.0)[1](1.0), (54, 108)),
    "jvp of grad": (lambda: jvp(grad(product, 0), (2.0, 3.0), (1.0, 1.0)), (108, 162)),
    "jacobian of hvp": (
        lambda: jacobian(lambda x: hvp(lambda y: (y**4).sum())(x, np.ones(2)))(np.arange(2.0)),
        [[0, 0], [0, 24]],
    ),
    "pullback of before": (lambda: grad(lambda c: SINE_AT_0(c)[0] * 3)(1.0), 3),
    "of a gradient of several": (
        lambda: grad(lambda x: sum(grad(product, (0, 1))(x, x)))(1.0),
        3 + 12 + 5 - 0,
    ),
    "checkpoint": (lambda: grad(grad(checkpoint(product), 0), 1)(2.0, 3.0), 108),
    "a loop of gradients": (lambda: grad(lambda x: descended(x, 0.0))(1.0), 1 - 0.8**5),
}
SINE_AT_0 = vjp(np.sin, 0.0)[1]


def descended(x: Any, y: Any) -> Any:
    """Five steps of gradient descent from y towards x."""
    for _ in range(5):
        y = y - 0.1 * grad(lambda y: (y - x) ** 2)(y)
    return y


@pytest.mark.parametrize("name", NESTED)
def test_nested_transforms_give_plain_arrays_with_the_right_values(name: str) -> None:
    found, expected = NESTED[name][0](), NESTED[name][1]
    for f, e in (
        zip(found, expected, strict=True) if isinstance(found, tuple) else [(found, expected)]
    ):
        assert is_plain(f)
        np.testing.assert_allclose(f, e, atol=1e-12)


def test_results_can_be_floats_and_go_to_scipy() -> None:
    assert float(grad(grad(product, 0), 1)(2.0, 3.0)) == 108
    optimize = pytest.importorskip("scipy.optimize")

    def energy(x: Any) -> Any:  # a derivative itself
        return grad(lambda c: (c * (x - 3) ** 4 + c * x[0] * 0).sum())(1.0)

    found = optimize.minimize(
        energy, np.zeros(2), jac=grad(energy), hess=hessian(energy), method="Newton-CG"
    )
    np.testing.assert_allclose(found.x, 3, atol=0.05)


def test_value_and_gradient_are_tensors_one_by_one_where_they_lead_out() -> None:
    w = leaf(3.0)
    value, slope = value_and_grad(lambda x: x * x + w)(2.0)
    assert isinstance(value, Tensor)
    assert is_plain(slope)
    assert slope == 4
    first, second = grad(lambda x, y: x * w + y * y, (0, 1))(2.0, 5.0)
    first.backward()
    assert w.grad == 1
    assert is_plain(second)
    assert second == 10


def test_what_escaped_from_a_call_keeps_its_graph_and_is_a_constant_to_later_ones() -> None:
    kept: list[Any] = []
    w = leaf(2.0)
    grad(lambda x: kept.append(grad(lambda y: x * y * y * w)(2.0)) or x)(5.0)
    (slope,) = kept
    assert isinstance(slope, Tensor)
    slope.backward(retain_graph=True)
    assert w.grad == 20
    kept.clear()
    grad(lambda x: kept.append(x * x) or x)(5.0)
    found = grad(lambda y: y * kept[0])(1.0)
    assert is_plain(found)
    assert found == 25


def test_pullback_gives_plain_arrays_when_what_was_outside_is_over() -> None:
    kept: list[Any] = []

    def outer(x: Any) -> Any:
        kept.append(vjp(lambda y: y * y * x, x)[1])
        (slope,) = kept[0](1.0)
        assert isinstance(slope, Tensor)
        return slope

    assert grad(outer)(3.0) == 12  # 2x² by x
    (slope,) = kept[0](1.0)
    assert is_plain(slope)
    assert slope == 18
    (slope,) = kept[0](leaf(2.0))
    with pytest.raises(GraphError, match="was freed"):  # by the outer call, when it was over
        slope.backward()


def test_pullback_of_a_tensor_is_one() -> None:
    _, pullback = vjp(lambda y: y * y, 3.0)
    w = leaf(2.0)
    (slope,) = pullback(w)
    slope.backward()
    assert w.grad == 6
    with no_grad():
        assert is_plain(pullback(w)[0])
    assert is_plain(pullback(1.0)[0])  # the Tensor before made no lasting change


def test_pullback_never_takes_a_freed_graph_for_a_constant() -> None:
    w = leaf(3.0)
    value, pullback = vjp(lambda y: y * y, w)
    value.backward()
    with pytest.raises(GraphError, match="was freed"):
        pullback(1.0)


def test_call_that_raises_is_over() -> None:
    kept: list[Any] = []

    def broken(x: Any) -> Any:
        kept.append(x * x)
        raise KeyError("half-way")

    def without_aux(x: Any) -> Any:
        kept.append(x * x)
        return x

    for call, error in (
        (grad(broken), KeyError),
        (lambda x: vjp(broken, x), KeyError),
        (jacobian(broken), KeyError),
        (grad(without_aux, has_aux=True), TypeError),
        (grad(lambda x: np.stack([without_aux(x), x])), ShapeError),
    ):
        with pytest.raises(error):
            call(3.0)
        found = grad(lambda y: y * kept[-1])(1.0)
        assert is_plain(found)
        assert found == 9


def test_nested_calls_in_a_thread_and_in_a_generator() -> None:
    def in_thread(x: Any) -> Any:
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(grad(lambda y: x * y * y)(2.0)))
        thread.start()
        thread.join()
        return found[0] * x

    def slopes(x: Any) -> Iterator[Any]:
        for n in (1, 2, 3):
            yield grad(lambda y, n=n: x * y**n)(2.0)

    assert grad(in_thread)(3.0) == 24  # 4x²
    found = grad(lambda x: sum(slopes(x)))(3.0)
    assert is_plain(found)
    assert found == 1 + 4 + 12


def test_transforms_of_tensors_under_no_grad_are_plain() -> None:
    w = leaf(3.0)
    with no_grad():
        for found in (
            grad(lambda x: x * x)(w),
            hvp(lambda x: x**3)(w, 1.0) / 3,
            jacobian(lambda x: x * x)(w),
        ):
            assert is_plain(found)
            assert found == 6
    assert w.grad is None


def test_calls_leave_nothing_to_the_cycle_collector() -> None:
    def f(x: Any) -> Any:
        return (np.tanh(x) * (x > 0)).sum()

    x = np.arange(3.0)
    for call in (
        grad(f),
        hessian(f),
        lambda x: vjp(f, x)[1](1.0),
        lambda x: hvp(f)(x, x),
        lambda x: jvp(f, (x,), (x,)),
        lambda x: checkpoint(f)(Tensor(x, requires_grad=True)).backward(),
    ):
        call(x)
        with collector_off():
            call(x)
            assert gc.collect() == 0


@contextmanager
def collector_off() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


# -- arguments that are changed in place --------------------------------------------------------


def added_to(x: Any) -> Any:
    x += 1
    x *= x
    return (x * [1.0, 2.0, 3.0]).sum()


def set_in(x: Any) -> Any:
    y = x[0] * 1.0
    x[0] = 5.0
    x[1:] *= 3
    return y * (x**2).sum()


def expected_set_in(x: Any) -> tuple[Any, Any]:
    """The value and the gradient of `set_in`, by hand."""
    square = 25 + 9 * (x[1:] ** 2).sum()
    return x[0] * square, np.array([square, *(18 * x[0] * x[1:])])


def test_argument_may_be_changed_in_place_and_the_caller_keeps_his() -> None:
    x = np.array([1.0, 2.0, -1.0])
    before = x.copy()
    np.testing.assert_allclose(grad(added_to)(x), 2 * (x + 1) * [1, 2, 3])
    np.testing.assert_allclose(hessian(added_to)(x), np.diag([2.0, 4, 6]))
    value, slope = expected_set_in(x)
    found, gradient = value_and_grad(set_in)(x)
    np.testing.assert_allclose(found, value)
    for by in (
        gradient,
        jacobian(set_in)(x),
        vjp(set_in, x)[1](1.0)[0],
        elementwise_grad(set_in)(x),
    ):
        np.testing.assert_allclose(by, slope)
    v = np.array([1.0, 3.0, -2.0])
    np.testing.assert_allclose(jvp(set_in, (x,), (v,)), (value, slope @ v))
    np.testing.assert_allclose(
        hvp(set_in)(x, v), numerical_jacobian(grad(set_in), x) @ v, rtol=1e-6
    )
    np.testing.assert_array_equal(x, before)


def test_argument_that_is_a_tensor_may_be_changed_in_place_too() -> None:
    w = leaf([1.0, 2.0, -1.0])
    grad(set_in)(w).sum().backward()
    np.testing.assert_allclose(
        w.grad, numerical_jacobian(grad(set_in), w.data).sum(axis=0), rtol=1e-6, atol=1e-7
    )
    np.testing.assert_array_equal(w.data, [1, 2, -1])
    found = grad(lambda x: grad(lambda y: added_to(y * 1.0) + set_in(x))(x).sum())(w.data)
    np.testing.assert_allclose(found, [2, 4, 6])


def test_parameters_may_be_changed_in_place_in_containers_and_by_a_scalar() -> None:
    def loss(p: Any) -> Any:
        p["w"] -= 1.0
        p["b"] /= 2
        p["w"][0] = p["b"]
        return (p["w"] ** 2).sum()

    g = grad(loss)({"w": np.array([3.0, 5.0]), "b": 4.0})
    np.testing.assert_array_equal(g["w"], [0, 8])
    assert g["b"] == 2


def test_leaf_of_the_user_may_still_not_be_changed() -> None:
    w = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match="would change a leaf"):
        grad(lambda x: w.__iadd__(x).sum())(np.ones(2))


# -- has_aux ------------------------------------------------------------------------------------


def with_aux(x: Any) -> Any:
    return (x**3).sum(), {"twice": x * 2, "n": 3, "seen": [x[0], "words"]}


def test_aux_comes_out_beside_the_result_as_plain_arrays() -> None:
    x = np.array([1.0, 2.0])
    gradient, aux = grad(with_aux, has_aux=True)(x)
    results = [(gradient, 3 * x**2, aux)]
    (value, aux), gradient = value_and_grad(with_aux, has_aux=True)(x)
    results += [(value, 9, aux), (gradient, 3 * x**2, aux)]
    found, aux = jacobian(with_aux, has_aux=True)(x)
    results += [(found, 3 * x**2, aux)]
    found, aux = hessian(with_aux, has_aux=True)(x)
    results += [(found, np.diag(6 * x), aux)]
    value, pullback, aux = vjp(with_aux, x, has_aux=True)
    results += [(value, 9, aux), (pullback(2.0)[0], 6 * x**2, aux)]
    for found, expected, aux in results:
        np.testing.assert_allclose(found, expected)
        assert is_plain(aux["twice"])
        np.testing.assert_array_equal(aux["twice"], 2 * x)
        assert (aux["n"], aux["seen"][0], aux["seen"][1]) == (3, 1.0, "words")
        assert type(aux["seen"][0]) is np.float64


def test_aux_of_another_argument_and_of_no_output() -> None:
    found, aux = grad(lambda x, y: [x * y, y], 1, has_aux=True)(2.0, 3.0)
    assert (found, aux) == (2, 3)
    empty, aux = jacobian(lambda x: (x[:0], x.sum()), has_aux=True)(np.ones(2))
    assert empty.shape == (0, 2)
    assert aux == 2


def test_aux_stays_a_tensor_where_something_outside_can_differentiate_it() -> None:
    w = leaf(3.0)
    slope, aux = grad(lambda x: (x * x, w * x), has_aux=True)(2.0)
    assert is_plain(slope)
    aux.backward()
    assert w.grad == 2
    # d/dx (2x + x²): the aux of the inner call is differentiated by the outer
    assert grad(lambda x: sum(grad(lambda y: (y * y, x * x), has_aux=True)(x)))(3.0) == 8


def test_function_of_several_results_without_has_aux_names_it() -> None:
    for transform in (
        grad,
        value_and_grad,
        jacobian,
        elementwise_grad,
        lambda f: lambda x: vjp(f, x),
    ):
        with pytest.raises(TypeError, match=r"returned a tuple of 2, not one array.*has_aux=True"):
            transform(lambda x: (x, 1.0))(2.0)
    with pytest.raises(TypeError, match=r"returned a dict of 1, not one array; join .* np.stack"):
        grad(lambda x: {"loss": x})(2.0)


def test_has_aux_without_a_pair_says_so() -> None:
    for result in (3.0, (1.0, 2.0, 3.0)):
        with pytest.raises(
            TypeError, match=r"with has_aux=True, .* must return the pair \(output, aux\)"
        ):
            grad(lambda x, result=result: result, has_aux=True)(2.0)


# -- outputs that do not depend on the argument -------------------------------------------------


def taken_by_item(x: Any) -> Any:
    return x.sum().item() ** 2  # <-- here


def taken_by_data(x: Any) -> Any:
    y = (x * 2).data  # <-- here
    return np.sum(y * y)


def taken_by_detach(x: Any) -> Any:
    y = np.exp(x).detach()  # <-- here
    return y.sum()


def taken_by_comparison(x: Any) -> Any:
    return 1.0 if x[0] > 0 else 0.0  # <-- here


def taken_by_argmax(x: Any) -> Any:
    return 1.0 * np.argmax(x)  # <-- here


def taken_by_integers(x: Any) -> Any:
    n = (x * 3).astype(int)  # <-- here
    return n.astype(float).sum()


def taken_by_no_grad(x: Any) -> Any:
    with no_grad():
        y = x * 2  # <-- here
    return y.sum()


def taken_by_asarray(x: Any) -> Any:
    return np.sum(np.asarray(x.data) ** 2)  # <-- here


def taken_in_an_inner_call(x: Any) -> Any:
    return grad(lambda y: y * x.sum().item())(2.0)  # <-- here


def taken_from_a_derivative(x: Any) -> Any:
    g = grad(lambda y: (y**3).sum())(x)
    return g.sum().item()  # <-- here


TAKEN = {
    f.__name__: f
    for f in (
        taken_by_item,
        taken_by_data,
        taken_by_detach,
        taken_by_comparison,
        taken_by_argmax,
        taken_by_integers,
        taken_by_no_grad,
        taken_by_asarray,
        taken_in_an_inner_call,
        taken_from_a_derivative,
    )
}


@pytest.mark.parametrize("name", TAKEN)
def test_output_that_left_the_graph_is_warned_of_with_the_line(name: str) -> None:
    lines, first = inspect.getsourcelines(TAKEN[name])
    (offset,) = (i for i, line in enumerate(lines) if "<-- here" in line)
    place = rf"at .*test_transforms\.py:{first + offset} in .*; "
    for call in (grad(TAKEN[name]), lambda x: vjp(TAKEN[name], x)[1](1.0)[0]):
        with pytest.warns(IndependentOutputWarning, match=place) as caught:
            np.testing.assert_array_equal(call(np.array([1.0, 2.0])), [0, 0])
        assert len(caught) == 1
        assert caught[0].filename == __file__


CONSTANT = Tensor(1.0)


@pytest.mark.parametrize("transform", [grad, value_and_grad, jacobian, elementwise_grad])
def test_function_that_ignores_its_argument_is_warned_of(transform: Any) -> None:
    for call in (transform(lambda x: 3.0), transform(lambda x: CONSTANT * 2)):
        with pytest.warns(
            IndependentOutputWarning, match="does not depend on argument 0.*If that is"
        ):
            call(2.0)
    with pytest.warns(
        IndependentOutputWarning, match="jvp: the result of <lambda> does not depend"
    ):
        assert jvp(lambda x: 3.0, (1.0,), (1.0,)) == (3, 0)


def test_line_that_another_tensor_left_by_is_not_blamed() -> None:
    w = leaf(2.0)
    with pytest.warns(IndependentOutputWarning) as caught:
        grad(lambda x: w.item() * 2.0)(3.0)
    assert "item()" not in str(caught[0].message)


def step_function(x: Any) -> Any:
    return x.sum() if x[0] > 0 else (2 * x).sum()


X2 = np.ones(2)

#: Derivatives that are 0 because they are.
ZEROS: dict[str, Callable[[], Any]] = {
    "grad of grad": lambda: grad(grad(lambda x: 3 * x))(2.0),
    "grad of a lambda": lambda: grad(lambda x: grad(lambda y: 3 * y)(x) * 2.0)(2.0),
    "hessian": lambda: hessian(lambda x: x.sum())(X2),
    "hessian with a branch": lambda: hessian(step_function)(X2),
    "hessian with a number seen": lambda: hessian(lambda x: x.sum() + 0 * x.sum().item())(X2),
    "hvp": lambda: hvp(step_function)(X2, X2),
    "jacobian of elementwise_grad": lambda: jacobian(elementwise_grad(lambda x: 2 * x))(X2),
    "mixed": lambda: grad(grad(lambda x, y: x + y, 0), 1)(2.0, 3.0),
    "third": lambda: grad(grad(grad(lambda x: x * x)))(2.0),
    "multiplied by 0": lambda: grad(lambda x: (x * 0).sum())(X2),
    "floor": lambda: elementwise_grad(np.floor)(np.array([0.5, 1.5])),
    "empty": lambda: jacobian(lambda x: x[:0])(X2),
}  # fmt: skip


@pytest.mark.parametrize("name", ZEROS)
def test_derivative_that_is_zero_for_good_reason_is_not_warned_of(name: str) -> None:
    assert not np.any(ZEROS[name]())  # warnings are errors


def test_call_without_arguments_is_not_warned_of() -> None:
    assert vjp(lambda: 3.0)[0] == 3
    assert grad(lambda p: 3.0)({}) == {}
    assert grad(lambda x: x, ())(1.0) == ()


def test_sequence_of_arguments_is_warned_of_if_none_is_used() -> None:
    assert grad(lambda x, y: y * 2.0, (0, 1))(1.0, 3.0) == (0, 2)
    with pytest.warns(IndependentOutputWarning, match="depend on argument 0 and argument 1"):
        grad(lambda x, y: 2.0, (0, 1))(1.0, 3.0)


def test_warning_is_shown_once_for_each_place() -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            grad(taken_by_item)(np.ones(2))
        grad(taken_by_item)(np.ones(2))
    assert len(caught) == 2


def test_function_that_is_warned_of_runs_once() -> None:
    calls: list[Any] = []
    with pytest.warns(IndependentOutputWarning):
        grad(lambda x: calls.append(x) or x.item())(1.0)
    assert len(calls) == 1


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
    with pytest.raises(ShapeError, match=r"shape \(0,\), not a scalar"):
        grad(f)(np.ones(0))


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


class Layer(NamedTuple):
    w: Any
    b: Any


class Named(dict[str, Any]):
    pass


def test_grad_of_containers_of_other_types_comes_in_these() -> None:
    def loss(p: Any) -> Any:
        return (p["w"] ** 2).sum() * p["b"]

    default = collections.defaultdict(lambda: 7.0, w=np.array([1.0, 2.0]), b=3.0)
    ordered, named = collections.OrderedDict(default), Named(default)
    named.unit = "m"  # type: ignore[attr-defined]
    for p in (default, ordered, named):
        g = grad(loss)(p)
        assert type(g) is type(p)
        np.testing.assert_array_equal(g["w"], [6, 12])
        assert g["b"] == 5
    assert grad(loss)(default)["none"] == 7
    assert grad(loss)(named).unit == "m"
    g = grad(lambda layer: layer.w**2 * layer.b)(Layer(3.0, 2.0))
    assert g == Layer(12, 9)
    assert type(g) is Layer


# -- complex numbers ----------------------------------------------------------------------------
# The derivative by a real x of u + iv is du/dx + i dv/dx, that by z = x + iy of a real f is
# df/dx - i df/dy, and a holomorphic function has the one that everybody knows.

Z = np.array([0.3 - 0.7j, 1.2 + 0.4j, -0.5 + 0.9j])

#: Real and complex functions of an array of numbers, each from either kind of number.
R_TO_C: dict[str, Callable[[Any], Any]] = {
    "rfft": np.fft.rfft,
    "fft": np.fft.fft,
    "exp": lambda x: np.exp(1j * x * np.array([1.0, 2.0, 3.0])),
    "parts": lambda x: np.sin(x) + 1j * np.cumsum(x),
    "conj": lambda x: np.conj(x * (1 + 2j)),
    "abs times": lambda x: np.abs(x * (1 + 1j)) * np.exp(2j * x),
    "sum": lambda x: np.sum(x**2) * (1 - 2j) + x[0],
    "solve": lambda x: np.linalg.solve(np.diag(x) + 1j * np.eye(3), x),
}
C_TO_R: dict[str, Callable[[Any], Any]] = {
    "abs": np.abs,
    "real": lambda z: np.real(z * z),
    "imag": lambda z: np.imag(np.exp(z)),
    "angle": np.angle,
    "energy": lambda z: np.real(z * np.conj(z)) + np.abs(z[0]),
}
HOLOMORPHIC: dict[str, Callable[[Any], Any]] = {
    "exp": np.exp,
    "cube": lambda z: z**3,
    "fft": np.fft.fft,
    "log": lambda z: np.log(z) * z,
    "sum": lambda z: np.sum(z * z) + z[0],
    "solve": lambda z: np.linalg.solve(np.diag(z) + np.ones((3, 3)), z),
}
BENT: dict[str, Callable[[Any], Any]] = {
    "conj": np.conj,
    "abs times": lambda z: np.abs(z) * z,
    "real part": lambda z: np.real(z) + 0j,
    "nearly": lambda z: z + 1e-6 * np.conj(z),
}


def by_differences(f: Callable[[Any], Any], x: Any, direction: complex) -> Any:
    """df along a direction for each element, in the last axis."""
    h = 1e-6
    steps = h * direction * np.eye(x.size)
    return np.stack([(f(x + step) - f(x - step)) / (2 * h) for step in steps], axis=-1)


@pytest.mark.parametrize("name", R_TO_C)
def test_jacobian_of_a_complex_function_of_real_numbers(name: str) -> None:
    f, x = R_TO_C[name], np.array([0.3, -0.7, 0.5])
    expected = by_differences(f, x, 1)
    found = jacobian(f)(x)
    assert found.dtype == np.complex128
    np.testing.assert_allclose(found, expected, atol=1e-8)
    v = np.array([1.0, -2.0, 0.5])
    np.testing.assert_allclose(jvp(f, (x,), (v,))[1], expected @ v, atol=1e-8)
    value, pullback = vjp(f, x)
    g = np.ones(value.shape) * (0.5 - 2j)
    pulled = np.real(np.tensordot(g, expected, g.ndim))  # the gradient of Re(sum(g f))
    np.testing.assert_allclose(pullback(g)[0], pulled, atol=1e-8)
    total = by_differences(lambda x: np.sum(f(x)), x, 1)
    np.testing.assert_allclose(elementwise_grad(f)(x), total, atol=1e-8)


@pytest.mark.parametrize("name", C_TO_R)
def test_jacobian_of_a_real_function_of_complex_numbers(name: str) -> None:
    f = C_TO_R[name]
    expected = by_differences(f, Z, 1) - 1j * by_differences(f, Z, 1j)
    np.testing.assert_allclose(jacobian(f)(Z), expected, atol=1e-8)
    np.testing.assert_allclose(elementwise_grad(f)(Z), expected.sum(axis=0), atol=1e-8)
    np.testing.assert_allclose(grad(lambda z: f(z).sum())(Z), expected.sum(axis=0), atol=1e-8)
    v = np.array([1.0 - 2j, 0.5j, -1.0])
    found = jvp(f, (Z,), (v,))[1]
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, np.real(expected @ v), atol=1e-8)
    np.testing.assert_allclose(vjp(f, Z)[1](np.ones(3))[0], expected.sum(axis=0), atol=1e-8)


@pytest.mark.parametrize("name", HOLOMORPHIC)
def test_jacobian_of_a_holomorphic_function(name: str) -> None:
    f = HOLOMORPHIC[name]
    expected = by_differences(f, Z, 1)
    np.testing.assert_allclose(jacobian(f)(Z), expected, atol=1e-8)
    total = expected if expected.ndim == 1 else expected.sum(axis=0)
    np.testing.assert_allclose(elementwise_grad(f)(Z), total, atol=1e-8)
    v = np.array([1.0 - 2j, 0.5j, -1.0])
    np.testing.assert_allclose(jvp(f, (Z,), (v,))[1], expected @ v, atol=1e-8)


@pytest.mark.parametrize("name", BENT)
def test_jacobian_of_a_function_that_is_not_holomorphic_raises_and_jvp_is_right(name: str) -> None:
    f = BENT[name]
    for transform in (jacobian, elementwise_grad):
        with pytest.raises(
            NotDifferentiableError, match=r"is not holomorphic there.*np.real and np"
        ):
            transform(f)(Z)
        x = np.array([0.3, -0.7, 0.5])  # by real numbers it has one
        assert np.all(np.isfinite(transform(f)(x)))
    v = np.array([1.0 - 2j, 0.5j, -1.0])
    expected = by_differences(f, Z, 1) @ v.real + by_differences(f, Z, 1j) @ v.imag
    np.testing.assert_allclose(jvp(f, (Z,), (v,))[1], expected, atol=1e-8)


def test_jacobian_by_real_and_complex_arguments_at_once() -> None:
    def f(x: Any, z: Any) -> Any:
        return x * np.exp(z) + 1j * x**2

    x, z = np.array([2.0, 3.0]), Z[:2]
    by_x, by_z = jacobian(f, (0, 1))(x, z)
    np.testing.assert_allclose(by_x, np.diag(np.exp(z) + 2j * x))
    np.testing.assert_allclose(by_z, np.diag(x * np.exp(z)))


def test_second_derivatives_through_complex_numbers() -> None:
    x = np.array([0.3, -0.7, 0.5])

    def energy(x: Any) -> Any:
        return np.sum(np.abs(np.fft.rfft(np.sin(x))) ** 2)

    np.testing.assert_allclose(hessian(energy)(x), numerical_jacobian(grad(energy), x), atol=1e-7)

    def of_jacobian(x: Any) -> Any:
        return np.sum(np.abs(jacobian(lambda y: np.exp(1j * y * y))(x)) ** 2)  # sum of 4x²

    np.testing.assert_allclose(grad(of_jacobian)(x), 8 * x)
    twice = jacobian(jacobian(lambda y: np.exp(1j * y)))(x[:1])
    np.testing.assert_allclose(np.ravel(twice), -np.exp(1j * x[:1]))
    with pytest.raises(
        NotDifferentiableError, match="hessian: the gradient of <lambda> is not holom"
    ):
        hessian(lambda z: np.real(z * np.conj(z)).sum())(Z)
    np.testing.assert_allclose(hessian(lambda z: np.real(z**3).sum())(Z), np.diag(6 * Z))


def test_jacobian_keeps_the_precision_of_complex_numbers() -> None:
    assert jacobian(np.fft.rfft)(np.ones(3, np.float32)).dtype == np.complex64
    assert jacobian(np.exp)(Z.astype(np.complex64)).dtype == np.complex64


def test_complex_cotangent_of_a_real_function_and_tangent_of_a_real_primal_raise() -> None:
    _, pullback = vjp(np.sin, np.ones(2))
    for g in (1j * np.ones(2), Tensor(1j * np.ones(2))):
        with pytest.raises(DTypeError, match=r"vjp: the cotangent has dtype .*; pass real numbers"):
            pullback(g)
    with pytest.raises(DTypeError, match="vjp: `g` is an array of dtype <U1, which does"):
        pullback(np.array(["a", "b"]))
    np.testing.assert_allclose(pullback([1, 2])[0], np.cos(1) * np.array([1.0, 2.0]))
    with pytest.raises(DTypeError, match="jvp: a tangent has dtype complex128, its primal float64"):
        jvp(np.sin, (np.ones(2),), (1j * np.ones(2),))


def test_complex_derivatives_agree_with_jax() -> None:
    jax = pytest.importorskip("jax")
    x = np.array([0.3, -0.7, 0.5])
    with jax.enable_x64(True) if hasattr(jax, "enable_x64") else jax.experimental.enable_x64():
        forward = jax.jacfwd(lambda x: jax.numpy.fft.rfft(jax.numpy.sin(x)))(x)
        np.testing.assert_allclose(
            jacobian(lambda x: np.fft.rfft(np.sin(x)))(x), forward, atol=1e-12
        )
        theirs = jax.jacrev(lambda z: jax.numpy.exp(z) * z, holomorphic=True)(Z)
        np.testing.assert_allclose(jacobian(lambda z: np.exp(z) * z)(Z), theirs, atol=1e-12)
        theirs = jax.grad(lambda z: jax.numpy.sum(jax.numpy.abs(z) ** 3))(Z)
        np.testing.assert_allclose(grad(lambda z: np.sum(np.abs(z) ** 3))(Z), theirs, atol=1e-12)
        _, pullback = jax.vjp(lambda z: jax.numpy.conj(z) * z * (1 + 2j), Z)
        g = np.array([1 - 1j, 2j, 0.5])
        ours = vjp(lambda z: np.conj(z) * z * (1 + 2j), Z)[1](g)[0]
        np.testing.assert_allclose(ours, pullback(jax.numpy.asarray(g))[0], atol=1e-12)


# -- outputs of one element ---------------------------------------------------------------------


def test_output_of_one_element_may_have_axes() -> None:
    x = np.array([1.0, 2.0])
    for shape in ((1,), (1, 1)):
        value, slope = value_and_grad(lambda x, s=shape: (x**3).sum().reshape(s))(x)
        assert value.shape == shape
        np.testing.assert_array_equal(slope, 3 * x**2)
        h = hessian(lambda x, s=shape: (x**3).sum().reshape(s))(x)
        np.testing.assert_array_equal(h, np.diag(6 * x))
        v = hvp(lambda x, s=shape: (x**3).sum().reshape(s))(x, x)
        np.testing.assert_array_equal(v, 6 * x * x)


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


def test_checkpoint_of_plain_arrays_gives_what_the_function_gives() -> None:
    found = checkpoint(chain)(np.ones(2))
    assert type(found) is np.ndarray
    np.testing.assert_array_equal(found, chain(np.ones(2)))


def chain(x: Any) -> Any:
    for _ in range(10):
        x = np.tanh(x)
    return x


def test_checkpoint_keeps_less_memory_than_the_function() -> None:
    blocks, size = 8, 100_000 * 8

    def kept_and_peak(function: Any) -> tuple[float, float]:
        x = leaf(np.linspace(0.1, 1, size // 8))
        y: Any = x
        tracemalloc.start()
        with collector_off():
            for _ in range(blocks):
                y = function(y)
            kept = tracemalloc.get_traced_memory()[0]
            y.sum().backward()
            peak = tracemalloc.get_traced_memory()[1]
            assert gc.collect() == 0
        tracemalloc.stop()
        return kept / size, peak / size

    plain, spare = kept_and_peak(chain), kept_and_peak(checkpoint(chain))
    assert plain[0] > 10 * blocks - 1
    assert spare[0] < blocks + 2  # the inputs of the blocks, and the result
    assert spare[1] < blocks + 10 + 8  # and in the backward pass one block at a time


def test_checkpoint_frees_what_it_holds_with_its_result() -> None:
    x = leaf(np.ones(100_000))
    with collector_off():
        tracemalloc.start()
        for _ in range(5):
            checkpoint(chain)(x * 1.0)
        assert tracemalloc.get_traced_memory()[0] < x.data.nbytes
        tracemalloc.stop()


def test_checkpoint_of_containers_and_of_several_results() -> None:
    def block(p: Any, *, scale: Any) -> Any:
        h = np.tanh(p["w"]) * scale
        return {"h": h, "more": (h * h, 3.0, Tensor(2.0))}

    def loss(block: Any, w: Any, scale: Any) -> Any:
        out = block({"w": w, "n": 1}, scale=scale)
        return (out["h"] + out["more"][0] ** 2).sum() * out["more"][1] * out["more"][2]

    w, scale = np.array([0.3, -0.8]), 1.5
    for order in (lambda f: f, lambda f: lambda w, s: sum(x.sum() for x in grad(f, (0, 1))(w, s))):
        plain = grad(order(lambda w, s: loss(block, w, s)), (0, 1))(w, scale)
        found = grad(order(lambda w, s: loss(checkpoint(block), w, s)), (0, 1))(w, scale)
        for p, f in zip(plain, found, strict=True):
            np.testing.assert_allclose(f, p, rtol=1e-12)


def test_checkpoint_in_a_checkpoint() -> None:
    w = leaf([0.7, -0.4])

    def inner(x: Any) -> Any:
        return np.sin(x * w)

    def outer(x: Any, inner: Any) -> Any:
        return inner(inner(x) + w) * x

    x = np.array([0.3, 1.2])
    plain = grad(lambda x: outer(x, inner).sum())(x)
    spare = checkpoint(lambda x: outer(x, checkpoint(inner)))
    found = grad(lambda x: spare(x).sum())(x)
    np.testing.assert_allclose(found.data, plain.data)
    (by_w,), (expected,) = gradients(found.sum(), [w]), gradients(plain.sum(), [w])
    np.testing.assert_allclose(by_w, expected)
    np.testing.assert_allclose(
        hessian(lambda x: spare(x).sum().detach() * 0 + spare(x).sum())(x).data,
        hessian(lambda x: outer(x, inner).sum())(x).data,
    )


def test_checkpoint_may_change_its_argument_in_place() -> None:
    x = leaf([1.0, 2.0, 0.5])
    checkpoint(added_to)(x).backward()
    np.testing.assert_allclose(x.grad, 2 * (x.data + 1) * [1, 2, 3])
    np.testing.assert_array_equal(x.data, [1, 2, 0.5])


def test_checkpoint_of_an_argument_that_is_a_result_or_a_tensor_around() -> None:
    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    for function in (lambda x: x, lambda x: w, lambda x: (x, w)):
        out = checkpoint(function)(x * 2)
        for y in out if isinstance(out, tuple) else [out]:
            y.sum().backward(retain_graph=True)
    np.testing.assert_array_equal(x.grad, [4, 4])
    np.testing.assert_array_equal(w.grad, [2, 2])


def test_checkpoint_uses_the_values_of_the_call() -> None:
    x, c = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    y = checkpoint(lambda x, c: x * c)(x, c)
    c += x  # a new value, and a graph, for the Tensor that was an argument
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 4])


def test_checkpoint_that_computes_something_else_the_second_time_raises() -> None:
    generator = np.random.default_rng(0)
    x = leaf(np.ones(100))
    y = checkpoint(lambda x: x * generator.random(100))(x)
    with pytest.raises(GraphError, match="checkpoint: <lambda> did not compute the same"):
        y.sum().backward()
    results = iter([x * 2, 3.0])
    y = checkpoint(lambda x: next(results))(x)
    with pytest.raises(GraphError, match="draw random numbers outside of it"):
        y.sum().backward()


def test_checkpoint_of_something_else_than_a_tensor_raises() -> None:
    for result, kind in ((3.0, "float"), ((1.0, None), "tuple")):
        with pytest.raises(
            TypeError, match=f"checkpoint: <lambda> must return tensors, got {kind}"
        ):
            checkpoint(lambda x, result=result: result)(leaf(1.0))


def test_rule_that_leaves_the_graph_raises_in_grad_of_grad() -> None:
    from autograd import rule

    op = rule(lambda x: x**2, lambda g, _, x: 2 * g * x.data)
    with pytest.raises((NotDifferentiableError, AttributeError, DTypeError)):
        grad(grad(op))(1.0)
