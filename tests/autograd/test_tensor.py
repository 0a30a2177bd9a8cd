"""The Tensor: its data, dtype, gradient and copies, and leaving the graph."""

from __future__ import annotations

import copy
import gc
import math
import pickle
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    ShapeError,
    Tensor,
    grad,
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


@pytest.mark.parametrize("data", ["abc", ["a"], object(), np.array(["2020"], "M8[Y]")])
def test_tensor_of_what_is_not_numbers_raises(data: Any) -> None:
    with pytest.raises(DTypeError, match=r"Tensor: `data` is .*does not hold numbers alone; pass"):
        Tensor(data)


def test_tensor_of_none_raises() -> None:
    with pytest.raises(DTypeError, match="`data` is None; pass numbers"):
        Tensor(None)  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match="this dtype holds no numbers"):
        Tensor([1.0], dtype=object)


def test_tensor_of_ragged_lists_raises() -> None:
    with pytest.raises(ShapeError, match=r"Tensor: `data`: .*inhomogeneous shape"):
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
