"""Operators, comparisons, and what changes a tensor in place."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    ShapeError,
    Tensor,
    gradients,
    no_grad,
)


def leaf(values: Any, dtype: Any = float) -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


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


@pytest.mark.parametrize(
    "take",
    [lambda c: c[0], lambda c: c.T, lambda c: c.reshape(-1), lambda c: next(iter(c)),
     lambda c: c[0][1:], lambda c: c[..., 1]],
)  # fmt: skip
def test_recorded_value_in_a_part_of_a_constant_that_is_used_elsewhere_raises(take: Any) -> None:
    w, c = leaf([1.0, 2.0]), Tensor(np.zeros((2, 2)))
    part = take(c)
    with pytest.raises(GraphError, match=r"t is a part of another tensor.*c\[0, 1\] = x in place"):
        part[0] = w[0]
    assert not c.data.any()
    part[0] = 3.0  # a number reaches the whole, as in NumPy
    assert c.data.any()
    with no_grad():
        part[0] = w[1]
    copied = part.copy()
    copied[0] = w[0]
    assert copied.requires_grad
    c[:, 1] += w  # reads a part, and puts it back
    c[0, 1] = w[0]
    assert c.requires_grad
    for value in (w[0], 3.0):  # now a number would not reach it either
        with pytest.raises(GraphError, match="t is a part of another tensor"):
            c[0][1] = value
    row = c[0].copy()
    row[1] = 5.0
    c[0] = row
    assert c[0].tolist()[1] == 5


def test_recorded_value_in_a_view_that_is_used_nowhere_else_is_recorded() -> None:
    w = leaf([1.0, 2.0])
    for c in (Tensor(np.zeros(4)).reshape(2, 2), Tensor(np.zeros((2, 2))).T, Tensor(np.eye(3))[1:]):
        c[0, :2] = w
        np.testing.assert_array_equal(gradients(c[0].sum(), w), [1, 1])


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
