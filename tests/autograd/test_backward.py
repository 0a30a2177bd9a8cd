"""The backward pass: sums over paths, freeing, aliasing, arrays changed in between, errors."""

from __future__ import annotations

import contextlib
import gc
import re
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import DTypeError, GraphError, ShapeError, Tensor, gradients, no_grad, rule
from autograd.op import Node


def leaf(values: Any) -> Tensor:
    return Tensor(np.array(values, float), requires_grad=True)


@pytest.fixture
def collector_off() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# -- sums over paths ----------------------------------------------------------------------------


def test_gradient_of_sums_of_sums_counts_every_path() -> None:
    a = leaf(1.0)
    b = a + a
    c = b + b
    c.backward()
    assert a.grad == 4


def test_gradient_of_equal_leaves_stays_apart() -> None:
    a, b = leaf(1.0), leaf(1.0)
    (a * 2 + b * 3).backward()
    assert (a.grad, b.grad) == (2, 3)


def test_gradient_of_fifty_diamonds_takes_fifty_steps() -> None:
    x = y = leaf(1.0)
    for _ in range(50):
        y = y + y
    y.backward()
    assert x.grad == 2.0**50


def test_gradient_of_a_long_chain() -> None:
    x = y = leaf(1.0)
    for _ in range(100_000):
        y = y + 1e-6
    y.backward()
    assert x.grad == 1


def test_gradient_of_one_tensor_used_in_many_places() -> None:
    x = leaf([1.0, 2.0])
    y = x * x + np.exp(x) * x - x / 2 + x[0] * x[1]
    y.sum().backward()
    e = np.exp(x.data)
    expected = 2 * x.data + e * x.data + e - 0.5 + 2 * x.data[::-1]
    np.testing.assert_allclose(x.grad, expected, rtol=1e-14)


def test_gradient_accumulates_over_backward_passes() -> None:
    x = leaf([1.0, 2.0])
    (x * 3).sum().backward()
    held = x.grad
    (x * 4).sum().backward()
    np.testing.assert_array_equal(x.grad, [7, 7])
    assert x.grad is held


def test_gradient_of_a_zero_dimensional_tensor_is_an_array_that_accumulates() -> None:
    x = leaf(2.0)
    for _ in range(3):
        (x * x).backward()
    assert type(x.grad) is np.ndarray
    assert x.grad == 12


def test_graph_walked_twice_raises_and_names_the_remedy() -> None:
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GraphError, match=r"graph through sum .* was freed .* retain_graph=True"):
        y.backward()
    np.testing.assert_array_equal(x.grad, [2, 4])


def test_graph_shared_with_a_freed_one_raises() -> None:
    x = leaf([1.0, 2.0])
    h = np.exp(x)
    h.sum().backward()
    with pytest.raises(GraphError, match=r"graph through exp \(.*test_backward.py:\d+ in test_"):
        (h * 2).sum().backward()


def test_graph_retained_gives_exactly_twice() -> None:
    x = leaf(np.linspace(-1, 2, 7))
    y = (np.tanh(x) * np.exp(x) / (1 + x * x)).sum()
    y.backward(retain_graph=True)
    once = x.grad.copy()
    y.backward()
    np.testing.assert_array_equal(x.grad, 2 * once)


def test_graph_of_several_outputs_walked_twice_raises() -> None:
    x = leaf([1.0, 2.0])
    a, b = np.split(x, 2)
    a.sum().backward()
    with pytest.raises(GraphError, match="was freed"):
        b.sum().backward()


# -- seeds --------------------------------------------------------------------------------------


def test_seed_of_a_tensor_without_graph_raises() -> None:
    with pytest.raises(GraphError, match=r"backward\(\): this tensor has no graph"):
        Tensor(1.0).backward()


def test_seed_missing_for_several_elements_raises() -> None:
    with pytest.raises(GraphError, match=r"shape \(2,\) is not a scalar; reduce it first"):
        (leaf([1.0, 2.0]) * 2).backward()


def test_seed_of_another_shape_raises() -> None:
    with pytest.raises(ShapeError, match=r"grad has shape \(3,\), but the tensor has shape \(2,\)"):
        (leaf([1.0, 2.0]) * 2).backward(np.ones(3))
    with pytest.raises(ShapeError, match=r"grad has shape \(\), but the tensor has shape \(2,\)"):
        (leaf([1.0, 2.0]) * 2).backward(1.0)


def test_seed_of_another_kind_of_dtype_raises() -> None:
    for seed, words in (
        (np.array(["a", "b"]), "does not hold numbers alone"),
        (np.array([1j, 2]), "but the tensor has dtype float64"),
    ):
        with pytest.raises(DTypeError, match=words):
            (leaf([1.0, 2.0]) * 2).backward(seed)


def test_seed_of_integers_lists_and_tensors_is_converted() -> None:
    for seed in (np.array([1, 2]), [1, 2], Tensor([1, 2]), np.array([1, 2], np.float32)):
        x = leaf([1.0, 2.0])
        (x * 3).backward(seed)
        assert x.grad.dtype == np.float64
        np.testing.assert_array_equal(x.grad, [3, 6])


def test_seed_of_a_one_element_array_is_one() -> None:
    x = leaf([[3.0]])
    (x * 2).backward()
    np.testing.assert_array_equal(x.grad, [[2]])


def test_seed_of_a_leaf_is_its_gradient() -> None:
    x = leaf(3.0)
    x.backward()
    assert x.grad == 1


# -- aliasing -----------------------------------------------------------------------------------


def test_gradients_of_a_sum_do_not_share_memory() -> None:
    a, b = leaf([1.0]), leaf([2.0])
    (a + b).sum().backward()
    a.grad[0] = 99
    assert b.grad[0] == 1


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b,
        lambda a, b: np.concatenate([a, b]),
        lambda a, b: np.stack([a, b]),
        lambda a, b: a.reshape(2, 1) + b.reshape(2, 1),
        lambda a, b: a[::-1] - (-b),
        lambda a, b: +a + +b,
        lambda a, b: a.sum() + b.sum(),
    ],
)
def test_gradients_are_never_aliased(function: Any) -> None:
    a, b = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    out = function(a, b)
    seed = np.ones(out.shape)
    out.backward(seed)
    arrays = [a.grad, b.grad, a.data, b.data, seed, out.data]
    for i, x in enumerate(arrays[:2]):
        assert x.flags.writeable
        assert not any(np.shares_memory(x, other) for other in arrays[i + 1 :])
    found = gradients(function(a, b), [a, b, a], np.ones(out.shape))
    assert not np.shares_memory(found[0], found[1])
    assert not np.shares_memory(found[0], found[2])


def test_gradient_is_not_the_seed() -> None:
    x = leaf([1.0, 2.0])
    seed = np.ones(2)
    x.backward(seed)
    x.grad[0] = 5
    assert seed[0] == 1


def test_cotangent_in_flight_is_not_changed_by_a_sum_elsewhere() -> None:
    seen: list[Any] = []
    spy = rule(lambda x: x * 1.0, lambda g, *_: seen.append((g, g.copy())) or g)
    x = leaf([1.0, 2.0])
    y = spy(x)
    (y + y + y * 2 + x + x).sum().backward()
    np.testing.assert_array_equal(x.grad, [6, 6])
    for g, before in seen:
        np.testing.assert_array_equal(g, before)


# -- memory -------------------------------------------------------------------------------------


def nodes_below(tensor: Tensor) -> list[Any]:
    assert tensor.node is not None
    found = [tensor.node]
    for node in found:
        found += [p for p in node.parents if p is not None and p not in found]
    return found


def count_nodes() -> int:
    return sum(type(x) is Node for x in gc.get_objects())


def network(x: Tensor) -> Tensor:
    a, b = np.split(np.tanh(x @ np.ones((4, 4))), 2)
    return (np.concatenate([a, b * a]) ** 2).mean()


def test_graph_is_gone_with_its_result(collector_off: None) -> None:
    x = leaf(np.ones((2, 4)))
    before = count_nodes()
    y = network(x)
    array = weakref.ref(y.data)
    assert count_nodes() > before
    del y
    assert count_nodes() == before
    assert array() is None


def test_graph_is_gone_after_backward(collector_off: None) -> None:
    x = leaf(np.ones((2, 4)))
    before = count_nodes()
    network(x).backward()
    assert count_nodes() == before
    y = network(x)
    gradients(y, x)
    del y
    assert count_nodes() == before


def test_graph_of_second_order_is_gone(collector_off: None) -> None:
    x = leaf(np.ones((2, 4)))
    before = count_nodes()
    g = gradients(network(x), x, create_graph=True)
    (g * g).sum().backward()
    del g
    assert count_nodes() == before
    autograd.grad(lambda t: (autograd.grad(network)(t) ** 2).sum())(np.ones((2, 4)))
    assert count_nodes() == before


def test_graph_is_gone_after_a_backward_that_raises(collector_off: None) -> None:
    def broken(g: Any, *_: Any) -> Any:
        raise ArithmeticError("no")

    op = rule(lambda x: x * 1.0, broken)
    x = leaf(np.ones((2, 4)))
    before = count_nodes()
    y = network(op(np.exp(x)))
    with contextlib.suppress(ArithmeticError):
        y.backward()
    del y
    assert count_nodes() == before
    assert x.grad is None


def test_graph_is_gone_after_a_forward_that_raises(collector_off: None) -> None:
    x = leaf(np.ones((2, 4)))
    before = count_nodes()

    def step() -> None:
        y = network(x)
        y + np.ones((3, 3, 3)) + x @ x

    with contextlib.suppress(ValueError):
        step()
    assert count_nodes() == before


def test_arrays_that_were_kept_are_freed_while_the_pass_goes_on() -> None:
    alive: list[bool] = []
    x = leaf(np.ones(3))
    spy = rule(lambda x: x * 1.0, lambda g, *_: alive.append(held() is not None) or g)
    y = np.exp(spy(x))
    held = weakref.ref(y.data)
    z = y.sum()
    del y
    z.backward()
    assert alive == [False]


def test_graphs_of_a_running_total_stay_alive_unless_detached(collector_off: None) -> None:
    x = leaf(np.ones((2, 4)))
    before = count_nodes()
    total: Any = Tensor(0.0)
    for _ in range(3):
        total += network(x).detach()
    assert count_nodes() == before
    for _ in range(3):
        total += network(x)
    assert count_nodes() >= before + 3 * 5
    del total
    assert count_nodes() == before


# -- changed arrays -----------------------------------------------------------------------------


def line_of(function: Any, text: str) -> str:
    import inspect

    lines, first = inspect.getsourcelines(function)
    (offset,) = (i for i, line in enumerate(lines) if text in line and "line_of" not in line)
    return f"test_backward.py:{first + offset} in {function.__name__}"


def test_array_changed_in_place_after_recording_raises_and_names_both_lines() -> None:
    w = leaf([1.0, 2.0])
    y = (w * w).sum()  # recorded here
    with no_grad():
        w -= 0.1  # changed here
    with pytest.raises(GraphError) as info:
        y.backward()
    me = test_array_changed_in_place_after_recording_raises_and_names_both_lines
    assert "multiply" in str(info.value)
    assert line_of(me, "# recorded here") in str(info.value)
    assert line_of(me, "# changed here") in str(info.value)


@pytest.mark.parametrize("how", ["update", "setitem", "view", "slice of a view"])
def test_array_changed_in_any_way_raises(how: str) -> None:
    w = leaf(np.arange(6.0).reshape(2, 3))
    y = np.exp(w).sum() + (w * w).sum()
    with no_grad():
        if how == "update":
            w *= 2
        elif how == "setitem":
            w[0, 1] = 3.0
        elif how == "view":
            view = w.reshape(-1)
            view[0] = 5.0
        else:
            row = w[1]
            row += 1
    with pytest.raises(GraphError, match="changed in place afterwards"):
        y.backward()


def test_array_changed_through_a_constant_raises() -> None:
    w, c = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    y = (w * c).sum()
    c[0] = 9.0
    with pytest.raises(GraphError, match="changed in place afterwards"):
        y.backward()


def test_array_changed_that_no_rule_reads_is_fine() -> None:
    w, c = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    y = (w + c).sum()
    c[0] = 9.0
    with no_grad():
        w -= 1
    y.backward()
    np.testing.assert_array_equal(w.grad, [1, 1])


def test_array_changed_before_recording_is_fine() -> None:
    w = leaf([1.0, 2.0])
    for _ in range(3):
        (w * w).sum().backward()
        with no_grad():
            w -= 0.1 * w.grad
            w.grad = None
    assert w.grad is None


def test_array_of_several_outputs_changed_raises() -> None:
    both = rule(lambda x: (np.sin(x), np.cos(x)), lambda g, out, _: g[0] * out[1] - g[1] * out[0])
    x = leaf([0.5])
    s, c = both(x)
    with no_grad():
        c[0] = 100.0
    with pytest.raises(GraphError, match="changed in place afterwards"):
        s.sum().backward()


def test_array_replaced_through_data_leaves_the_recorded_gradient_right() -> None:
    x = leaf([3.0])
    y = (x * x).sum()
    x.data = np.array([100.0])
    y.backward()
    np.testing.assert_array_equal(x.grad, [6])


# -- errors -------------------------------------------------------------------------------------


def test_error_in_a_rule_carries_a_note_with_the_forward_line() -> None:
    def broken(g: Any, *_: Any) -> Any:
        raise ArithmeticError("no")

    op = rule(lambda x, y: x * y, broken, None)
    y = op(leaf([[1.0, 2.0]]), 3.0)  # the forward line
    with pytest.raises(ArithmeticError) as info:
        y.sum().backward()
    (note,) = info.value.__notes__
    me = test_error_in_a_rule_carries_a_note_with_the_forward_line
    assert note.startswith(
        "in the backward pass of <lambda>((1, 2), constant) with a cotangent of shape (1, 2), "
        "called at "
    )
    assert line_of(me, "# the forward line") in note


def test_error_in_a_rule_names_all_shapes_that_are_known() -> None:
    op = rule(lambda a, x, b: a @ x + b, None, lambda g, _, a, __, _b: a[5], None)
    w = leaf([1.0, 2.0])
    w.name = "w"
    with pytest.raises(IndexError) as info:
        op(np.ones((3, 2)), w, np.ones(3)).sum().backward()
    assert "<lambda>(constant (3, 2), (2,) 'w', constant (3,)) with" in info.value.__notes__[0]
    several = rule(lambda x: (x * 1, x[:1] * 2), lambda g, *_: g[2])
    with pytest.raises(IndexError) as info:
        several(w)[0].sum().backward()
    assert "<lambda>((2,) 'w') with a cotangent of shape (2,), (1,)" in info.value.__notes__[0]


def test_error_of_a_warning_in_a_rule_carries_the_note_too() -> None:
    x = leaf([0.0])
    y = np.sqrt(x)
    with pytest.raises(RuntimeWarning) as info:
        y.sum().backward()
    assert re.search(
        r"backward pass of sqrt\(\(1,\)\) with .* \(1,\), called at .*test_backward.py",
        str(info.value.__notes__),
    )
