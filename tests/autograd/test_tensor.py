"""The Tensor: operators, NumPy's protocols, dtypes, in-place changes, leaving the graph."""

from __future__ import annotations

import copy
import gc
import math
import operator
import pickle
import re
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    NotDifferentiableError,
    ShapeError,
    Tensor,
    grad,
    gradients,
    no_grad,
)


def leaf(values: Any, dtype: Any = float) -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


# -- construction -------------------------------------------------------------------------------


def test_tensor_copies_its_data() -> None:
    array = np.ones(3)
    t = Tensor(array)
    array[0] = 5
    assert t.data[0] == 1
    assert Tensor(t).data is not t.data


@pytest.mark.parametrize(
    ("data", "dtype"),
    [
        (1.0, np.float64), (1, np.int64), (True, np.bool_), (1j, np.complex128), ([1.0, 2], float),
        (np.float32(1), np.float32), (np.ones(2, np.float16), np.float16), ([], np.float64),
    ],
)  # fmt: skip
def test_tensor_has_the_dtype_that_numpy_gives(data: Any, dtype: Any) -> None:
    t = Tensor(data)
    assert t.dtype == dtype
    assert type(t.data) is np.ndarray
    assert not t.requires_grad


def test_tensor_dtype_converts() -> None:
    assert Tensor([1, 2], dtype=np.float32).dtype == np.float32
    assert Tensor([1, 2], requires_grad=True, dtype=float).requires_grad


@pytest.mark.parametrize("data", ["abc", ["a"], object(), None, np.array(["2020"], "M8[Y]")])
def test_tensor_of_what_is_not_numbers_raises(data: Any) -> None:
    with pytest.raises(DTypeError, match=r"Tensor\(data\) got an array of dtype .*no numbers"):
        Tensor(data)


def test_tensor_of_ragged_lists_raises() -> None:
    with pytest.raises(ShapeError, match=r"Tensor\(data\): .*inhomogeneous shape"):
        Tensor([[1.0], [1.0, 2.0]])


@pytest.mark.parametrize("data", [1, [1, 2], True, np.ones(2, np.uint8)])
def test_tensor_of_integers_that_asks_for_a_gradient_raises(data: Any) -> None:
    with pytest.raises(DTypeError, match=r"cannot carry a gradient; pass floats"):
        Tensor(data, requires_grad=True)
    t = Tensor(data)
    with pytest.raises(DTypeError, match="cannot carry a gradient"):
        t.requires_grad = True


def test_tensor_of_recorded_tensors_raises() -> None:
    t = leaf([1.0])
    with pytest.raises(GraphError, match="would take a tensor that requires a gradient out"):
        Tensor([t, t])
    with pytest.raises(GraphError, match=r"Tensor\(t\) would take t out of its graph; use"):
        Tensor(t * 2)


# -- operators ----------------------------------------------------------------------------------

_OPERATORS = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv, operator.mod,
    operator.pow,
]  # fmt: skip


@pytest.mark.parametrize("apply", _OPERATORS)
@pytest.mark.parametrize(
    "other",
    [2.0, 3, np.float64(2), np.float32(2), np.array([1.5, 2.5]), np.array(2.5), [1.5, 2.5]],
    ids=["float", "int", "float64", "float32", "array", "0-d array", "list"],
)  # fmt: skip
def test_operator_with_either_side_plain_is_a_tensor_with_a_graph(apply: Any, other: Any) -> None:
    data = np.array([1.25, 2.75])
    plain = np.asarray(other) if isinstance(other, list) else other
    for swapped in (False, True):
        x = leaf(data)
        result = apply(other, x) if swapped else apply(x, other)
        assert type(result) is Tensor
        expected = apply(plain, data) if swapped else apply(data, plain)
        np.testing.assert_array_equal(result.data, expected)
        result.sum().backward()
        assert x.grad.shape == (2,)


def test_matmul_operator_with_either_side_plain() -> None:
    x, a = leaf(np.ones((2, 2))), np.array([[1.0, 2], [3, 4]])
    for result, expected in (
        (a @ x, a @ x.data),
        (x @ a, x.data @ a),
        (x @ a.tolist(), x.data @ a),
    ):
        assert type(result) is Tensor
        np.testing.assert_array_equal(result.data, expected)
        assert result.requires_grad


def test_numpy_function_with_an_array_first_is_a_tensor() -> None:
    x = leaf([1.0, 2.0])
    for result in (np.add(np.ones(2), x), np.multiply(2, x), np.maximum(np.ones(2), x),
                   np.dot(np.ones(2), x), np.where([True, False], 1.0, x)):  # fmt: skip
        assert type(result) is Tensor
        assert result.requires_grad


def test_unary_operators_and_methods() -> None:
    x = leaf([-1.5, 2.0])
    np.testing.assert_array_equal((-x).data, [1.5, -2])
    np.testing.assert_array_equal((+x).data, x.data)
    np.testing.assert_array_equal(abs(x).data, [1.5, 2])
    np.testing.assert_array_equal(x.abs().data, [1.5, 2])
    y = leaf([[4.0, 9.0], [1.0, 1.0]])
    for name in ("exp", "log", "sqrt", "tanh", "sum", "mean", "max", "min", "prod", "var", "std",
                 "ravel", "squeeze"):  # fmt: skip
        result = getattr(y, name)()
        np.testing.assert_array_equal(result.data, getattr(np, name)(y.data))
        assert result.requires_grad
    assert y.sum.__doc__ == "`np.sum`."
    assert y.argmax() == 1
    assert y.argmin(axis=1).tolist() == [0, 0]
    assert y.clip(2, 5).data.tolist() == [[4, 5], [2, 2]]
    assert y.dot(y).shape == (2, 2)
    assert y.flatten().shape == (4,)
    assert y.T.data.tolist() == [[4, 1], [9, 1]]
    assert y.transpose(1, 0).shape == y.transpose((1, 0)).shape == y.transpose().shape == (2, 2)
    assert y.reshape(4, 1).shape == y.reshape((4, 1)).shape == (4, 1)
    assert y.reshape(-1).shape == (4,)


def test_comparison_gives_plain_booleans() -> None:
    x = leaf([1.0, 2.0])
    for result in (x == 1, x != x, x < 2.0, x <= np.ones(2), x > x, x >= 1, np.ones(2) == x):
        assert type(result) is np.ndarray
        assert result.dtype == bool


def test_hash_is_by_identity() -> None:
    x, y = leaf(1.0), leaf(1.0)
    assert len({x, y, x}) == 2
    assert {x: 1}[x] == 1


def test_truth_of_several_elements_raises() -> None:
    with pytest.raises(ShapeError, match=r"truth value of a tensor of shape \(2,\) is ambiguous"):
        bool(leaf([1.0, 2.0]))
    assert bool(leaf([1.0]))
    assert not bool(leaf(0.0))


def test_length_iteration_and_unpacking() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    assert len(x) == 2
    first, second = x
    (first * 2 + second).sum().backward()
    np.testing.assert_array_equal(x.grad, [[2, 2], [1, 1]])
    assert [t.shape for t in x] == [(2,), (2,)]


def test_length_and_iteration_of_a_scalar_raise() -> None:
    with pytest.raises(ShapeError, match=r"len\(\) of a tensor without axes"):
        len(leaf(1.0))
    with pytest.raises(ShapeError, match=r"cannot be iterated over; use t\.item\(\)"):
        iter(leaf(1.0))


# -- dtypes -------------------------------------------------------------------------------------

_FLOAT32_STEPS = [
    lambda x: x * 2.0,
    lambda x: 2.0 * x + 1,
    lambda x: x / 3,
    lambda x: 1 - x,
    lambda x: x**2,
    lambda x: x**0.5,
    lambda x: 2.0**x,
    lambda x: x.mean(),
    lambda x: x.var(),
    lambda x: x.std(axis=0),
    lambda x: x.max(axis=0),
    lambda x: np.where(x > 0.5, x, 0.0),
    lambda x: np.maximum(x, 0),
    lambda x: np.clip(x, 0.1, 0.9),
    lambda x: x.sum() / x.size,
    lambda x: x[0] * math.pi,
    lambda x: np.mean((x - 0.5) ** 2),
    lambda x: np.sqrt(x) + np.log(x) * np.exp(-x),
    lambda x: np.concatenate([x, x]),
    lambda x: np.stack([x, x]).mean(axis=0),
    lambda x: x.prod(),
]


@pytest.mark.parametrize("step", range(len(_FLOAT32_STEPS)))
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_narrow_floats_survive_numbers_and_reductions(step: int, dtype: Any) -> None:
    x = leaf([[0.25, 0.75], [0.5, 0.9]], dtype)
    y = _FLOAT32_STEPS[step](x)
    assert y.dtype == dtype
    y.sum().backward()
    assert x.grad.dtype == dtype


def test_narrow_floats_meet_wide_ones_as_in_numpy() -> None:
    x = leaf([1.0, 2.0], np.float32)
    y = x * np.array([1.0, 2.0]) + np.float64(1)
    assert y.dtype == np.float64
    y.sum().backward()
    assert x.grad.dtype == np.float32
    assert (x * np.float32(2)).dtype == np.float32
    assert (x * np.array(2.0)).dtype == np.float64


def test_float16_mean_and_its_gradient_do_not_overflow() -> None:
    x = leaf(np.full((300, 500), 500), np.float16)
    y = x.mean()
    assert y.item() == 500
    y.backward()
    assert np.all(x.grad == np.float16(1 / 150_000))
    with pytest.warns(RuntimeWarning, match="overflow"):
        assert np.isinf(x.sum().data)


def test_astype_gives_floats_a_gradient_and_integers_none() -> None:
    x = leaf([1.5, 2.5])
    y = x.astype(np.float32)
    assert y.dtype == np.float32
    y.sum().backward()
    assert x.grad.dtype == np.float64
    assert not x.astype(int).requires_grad
    assert x.astype("i4").dtype == np.int32


def test_integer_results_carry_no_gradient() -> None:
    x = leaf([1.5, 2.5])
    for y in (np.sum(x, dtype=int), np.prod(x, dtype=int)):
        assert not isinstance(y, Tensor) or not y.requires_grad


# -- NumPy's protocols --------------------------------------------------------------------------


def test_conversion_of_a_recorded_tensor_raises_and_says_what_to_write() -> None:
    t, u = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    words = re.escape("np.stack([...]) to join tensors, or t.data, t.item() or t.detach()")
    for convert in (
        lambda: np.asarray(t),
        lambda: np.array(t),
        lambda: np.array([t, u]),
        lambda: np.array([t[0], u[0]]),
        lambda: np.asarray([[t], [u]]),
        lambda: float(t[0]),
        lambda: int(t[0]),
        lambda: np.float64(t[0]),
        lambda: math.exp(t[0]),
        lambda: np.ones(2).dot([t[0], u[0]]),
        lambda: np.random.default_rng(0).normal(t),
    ):
        with pytest.raises(GraphError, match=words):
            convert()


def test_conversion_of_a_constant_gives_its_numbers() -> None:
    t = Tensor([1.0, 2.0])
    assert np.asarray(t).dtype == np.float64
    assert np.array([t, t]).shape == (2, 2)
    assert np.array([Tensor(1.0), Tensor(2.0)]).dtype == np.float64
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert float(Tensor(2.5)) == 2.5
    assert int(Tensor(2.5)) == 2
    assert [10, 20, 30][Tensor(1)] == 20
    with pytest.raises(TypeError):
        [10][Tensor(0.0)]


def test_writing_into_an_array_raises() -> None:
    x, a = leaf([1.0, 2.0]), np.zeros(2)
    with pytest.raises(NotDifferentiableError, match=r"add: writing .*\(`out=`, or `a \+= t`\)"):
        a += x
    with pytest.raises(NotDifferentiableError, match=r"exp: writing .* assign the result instead"):
        np.exp(x, out=a)
    with pytest.raises(GraphError):
        a[:] = x
    assert not a.any()


def test_ufunc_methods_are_the_functions_that_do_the_same() -> None:
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([5.0, 6.0, 7.0])
    for method, function in (
        (np.add.reduce, lambda t: np.sum(t, axis=0)),
        (np.multiply.reduce, lambda t: np.prod(t, axis=0)),
        (np.maximum.reduce, lambda t: np.max(t, axis=0)),
        (np.minimum.reduce, lambda t: np.min(t, axis=0)),
        (np.add.accumulate, lambda t: np.cumsum(t, axis=0)),
        (np.multiply.accumulate, lambda t: np.cumprod(t, axis=0)),
        (lambda t: np.subtract.outer(t, y), lambda t: t[..., None] - y),
        (lambda t: np.subtract.outer(y, t), lambda t: y[:, None, None] - t),
    ):
        one, other = method(x), function(x)
        np.testing.assert_array_equal(one.data, method(x.data) if one.ndim < 3 else other.data)
        g = np.arange(float(one.size)).reshape(one.shape)
        np.testing.assert_array_equal(gradients(one, x, g), gradients(other, x, g))
    assert np.logical_and.reduce(x).tolist() == [True, True]


def test_functions_without_a_rule_are_refused_on_recorded_tensors_only() -> None:
    x = leaf([1.0, 2.0])
    for call, name in (
        (lambda t: np.add.reduceat(t, [0, 1]), "numpy.add.reduceat"),
        (lambda t: np.add.at(np.zeros(2), [0, 1], t), "numpy.add.at"),
        (np.maximum.accumulate, "numpy.maximum.accumulate"),
    ):
        with pytest.raises(NotDifferentiableError, match=rf"{name} has no gradient rule; call it"):
            call(x)
        call(x.detach())
        with no_grad():
            call(x)


def test_reductions_of_ufuncs_are_recorded() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        for axis in (0, 1, None):
            y = ufunc.reduce(x, axis=axis)
            assert y.requires_grad
            np.testing.assert_array_equal(y.data, ufunc.reduce(x.data, axis=axis))
    assert np.add.reduce(x).shape == (2,)


# -- leaving the graph --------------------------------------------------------------------------


def test_item_of_one_element_is_a_python_number() -> None:
    assert type(leaf([[2.5]]).item()) is float
    assert type(Tensor(3).item()) is int
    with pytest.raises(
        ShapeError, match=r"item\(\) needs one element, the tensor has shape \(2,\)"
    ):
        leaf([1.0, 2.0]).item()


def test_detach_shares_the_array_and_not_the_graph() -> None:
    x = leaf([1.0, 2.0])
    d = (x * 2).detach()
    assert not d.requires_grad
    assert x.detach().data is x.data


def test_copy_has_its_own_array_and_passes_gradients() -> None:
    x = leaf([1.0, 2.0])
    y = x.copy()
    assert not np.shares_memory(x.data, y.data)
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [1, 1])


# -- attributes ---------------------------------------------------------------------------------


def test_data_of_another_shape_or_dtype_is_refused_while_a_gradient_is_required() -> None:
    x = leaf([1.0, 2.0])
    words = r"Tensor.data = ... got an array of shape {} and dtype {} for a tensor of shape \(2,\)"
    with pytest.raises(ShapeError, match=words.format(r"\(3,\)", "float64")):
        x.data = np.zeros(3)
    with pytest.raises(ShapeError, match=words.format(r"\(2,\)", "float32")):
        x.data = np.zeros(2, np.float32)
    x.data = [5.0, 6.0]
    assert type(x.data) is np.ndarray
    c = Tensor([1.0])
    c.data = np.zeros((2, 2), int)
    assert c.shape == (2, 2)


def test_requires_grad_may_be_set_except_on_results() -> None:
    x = Tensor([1.0])
    x.requires_grad = True
    assert x.is_leaf
    x.requires_grad = False
    assert x.node is None
    x.requires_grad = True
    node = x.node
    x.requires_grad = True
    assert x.node is node
    y = x * 2
    assert not y.is_leaf
    for value in (True, False):
        with pytest.raises(GraphError, match="requires_grad cannot be set on the result"):
            y.requires_grad = value


def test_grad_may_be_set_on_leaves_to_arrays_of_their_shape() -> None:
    x = leaf([1.0, 2.0])
    assert x.grad is None
    assert (x * 2).grad is None
    x.grad = np.zeros(2)
    (x * 3).sum().backward()
    np.testing.assert_array_equal(x.grad, [3, 3])
    x.grad = None
    with pytest.raises(
        ShapeError, match=r"Tensor.grad = ... got shape \(3,\) for a tensor of shape"
    ):
        x.grad = np.zeros(3)
    for constant in (Tensor([1.0]), x * 2):
        with pytest.raises(GraphError, match="grad can be set only on a leaf"):
            constant.grad = np.zeros(1)


def test_grad_that_was_set_to_something_else_than_an_array_still_adds_up() -> None:
    for start in ([0.0, 0.0], Tensor([0.0, 0.0])):
        x = leaf([1.0, 2.0])
        x.grad = start
        (x * 3).sum().backward()
        assert type(x.grad) is np.ndarray
        np.testing.assert_array_equal(x.grad, [3, 3])


def test_name_belongs_to_leaves() -> None:
    x, c = leaf([1.0]), Tensor([1.0])
    x.name = c.name = "w"
    assert (x.name, c.name, (x * 2).name) == ("w", "", "")


def test_repr_shows_data_dtype_and_origin() -> None:
    assert repr(Tensor([1.0, 2.5])) == "Tensor([1. , 2.5])"
    assert repr(leaf([1.0])) == "Tensor([1.], requires_grad=True)"
    assert repr(leaf([1.0]) * 2) == "Tensor([2.], op=multiply)"
    assert repr(Tensor([1.0], dtype="f4")) == "Tensor([1.], dtype=float32)"
    assert repr(Tensor([1, 2])) == "Tensor([1, 2])"
    assert repr(Tensor([[1.0], [2.0]])) == "Tensor([[1.],\n        [2.]])"


def test_format_uses_a_specification_on_one_element() -> None:
    assert f"{leaf(2.0):.3f}" == "2.000"
    assert f"{leaf([2.0])}" == "Tensor([2.], requires_grad=True)"


# -- copies and pickles -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "duplicate", [copy.copy, copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))]
)
def test_copy_of_a_leaf_keeps_everything_and_shares_nothing(duplicate: Any) -> None:
    x = leaf([1.0, 2.0])
    x.name = "w"
    (x * x).sum().backward()
    y = duplicate(x)
    assert y.requires_grad
    assert y.is_leaf
    assert y.name == "w"
    assert y.node is not x.node
    np.testing.assert_array_equal(y.data, x.data)
    np.testing.assert_array_equal(y.grad, x.grad)
    y.data[0] = y.grad[0] = 9
    assert x.data[0] == 1
    assert x.grad[0] == 2
    constant = duplicate(Tensor([1, 2]))
    assert not constant.requires_grad
    assert constant.dtype == np.int64


def test_copy_of_containers_keeps_shared_tensors_shared() -> None:
    x = leaf([1.0])
    a, b = copy.deepcopy([x, x])
    assert a is b


def test_copy_of_a_result_raises() -> None:
    y = leaf([1.0]) * 2
    for duplicate in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(GraphError, match="cannot be copied or pickled with its graph; use"):
            duplicate(y)


# -- in place -----------------------------------------------------------------------------------


def test_in_place_on_a_leaf_that_requires_a_gradient_raises() -> None:
    x = leaf([1.0, 2.0])
    with pytest.raises(GraphError, match=r"add in place would change a leaf .*no_grad\(\)"):
        x += 1
    with pytest.raises(GraphError, match=r"t\[0\] = ... would change a leaf"):
        x[0] = 1.0
    np.testing.assert_array_equal(x.data, [1, 2])


def test_in_place_on_a_leaf_inside_no_grad_keeps_it_the_same_leaf() -> None:
    x = leaf([1.0, 2.0])
    node, array = x.node, x.data
    with no_grad():
        x -= 1
        x *= 3
        x[0] = 7
    assert x.node is node
    assert x.data is array
    np.testing.assert_array_equal(x.data, [7, 3])


@pytest.mark.parametrize(
    "update",
    [operator.iadd, operator.isub, operator.imul, operator.itruediv, operator.ipow,
     operator.ifloordiv, operator.imod],
)  # fmt: skip
def test_in_place_on_a_result_is_differentiable(update: Any) -> None:
    plain = {operator.iadd: operator.add, operator.isub: operator.sub, operator.imul: operator.mul,
             operator.itruediv: operator.truediv, operator.ipow: operator.pow,
             operator.ifloordiv: operator.floordiv, operator.imod: operator.mod,
    }[update]  # fmt: skip
    data, other = np.array([1.3, 2.2]), np.array([0.7, 1.6])
    x, v = leaf(data), leaf(other)
    y = x * 1.0
    same = update(y, v)
    assert same is y
    y.sum().backward()
    x2, v2 = leaf(data), leaf(other)
    plain(x2 * 1.0, v2).sum().backward()
    np.testing.assert_array_equal(x.grad, x2.grad)
    np.testing.assert_array_equal(v.grad, v2.grad)


def test_in_place_does_not_change_what_was_recorded_before() -> None:
    x = leaf([1.0, 2.0])
    y = x * 1.0
    z = y * y
    y += 10
    (z + y).sum().backward()
    np.testing.assert_array_equal(x.grad, 2 * x.data + 1)


def test_in_place_on_a_constant_buffer_records_what_was_written() -> None:
    w = leaf([1.0, 2.0])
    buffer = Tensor(np.zeros(4))
    buffer[1:3] = w * 3
    buffer[[0, 0]] = w
    buffer.backward(np.array([1.0, 10, 100, 1000]))
    np.testing.assert_array_equal(w.grad, [30, 301])


def test_in_place_to_another_shape_raises() -> None:
    y = leaf([1.0, 2.0]) * 1.0
    with pytest.raises(
        ShapeError, match=r"add in place: the result has shape \(3, 2\), not \(2,\)"
    ):
        y += np.ones((3, 2))


def test_in_place_keeps_the_dtype() -> None:
    y = leaf([1.0, 2.0], np.float32) * 1
    y += np.ones(2)
    assert y.dtype == np.float32
    assert y.requires_grad
    y[0] = np.float64(5)
    assert y.dtype == np.float32


def test_in_place_of_floats_that_require_a_gradient_into_integers_raises() -> None:
    w = leaf([0.5, 1.5])
    counts = Tensor([1, 2])
    with pytest.raises((DTypeError, TypeError)):
        counts += w
    with pytest.raises((DTypeError, TypeError)):
        counts[:] = w


def test_in_place_on_constants_changes_the_array() -> None:
    c = Tensor([1.0, 2.0])
    array = c.data
    c += 1
    c[0] = Tensor(9.0)
    assert c.data is array
    np.testing.assert_array_equal(array, [9, 3])
    assert not c.requires_grad


# -- a million operations -----------------------------------------------------------------------


def test_chain_of_a_million_operations_runs_back_and_is_freed() -> None:
    gc.disable()
    try:
        x = y = leaf(1.0)
        for _ in range(1_000_000):
            y = y + 1.0
        y.backward()
        assert x.grad == 1
        y = x
        for _ in range(200_000):
            y = y * 1.0
        del y  # freed without having been walked
    finally:
        gc.enable()


def test_higher_order_through_in_place_and_indexing() -> None:
    def f(x: Any) -> Any:
        y = x * 1.0
        y[0] = y[1] * y[1]
        y[1:] *= y[0]
        return y.sum()

    x = np.array([0.5, 2.0, 3.0])
    np.testing.assert_allclose(grad(f)(x), [0, 4 + 12 + 12, 4])  # x1² + x1³ + x1² x2
    second = grad(lambda t: grad(f)(t)[1])(x)
    np.testing.assert_allclose(second, [0, 2 + 12 + 6, 4])


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_matrix_of_numpy_is_taken_as_an_array() -> None:
    matrix = np.matrix([[1.0, 2.0], [3.0, 4.0]])  # of which `*` is the matrix product
    x = Tensor(matrix, requires_grad=True)
    assert type(x.data) is np.ndarray
    w = Tensor(np.ones((2, 2)), requires_grad=True)
    for product in (np.multiply(w, matrix), matrix * w, w * matrix, np.multiply(w, x)):
        w.grad = None
        assert type(product.data) is np.ndarray
        product.backward(np.ones((2, 2)))
        np.testing.assert_array_equal(w.grad, [[1, 2], [3, 4]])
