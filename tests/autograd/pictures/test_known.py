"""What is known of nodes: numbers, gradients, bytes, and these as text."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, gradients
from autograd.ops import embedding, linear, sigmoid
from autograd.pictures import known
from autograd.pictures.walk import walk
from autograd.render import Graph

from .reading import boxes, labels, leaf, perceptron


def order(*outputs: Tensor) -> list[Any]:
    return sorted(walk([y.node for y in outputs]), key=lambda node: node.number)


def drawn(graph: Graph, title: str) -> str:
    (found,) = [text for text in boxes(graph).values() if text.partition("\n")[0] == title]
    return found


# -- arrays -------------------------------------------------------------------------------------


def test_arrays_are_found_in_rules_in_tensors_and_by_computing_again() -> None:
    x, w, b = Tensor([0.5, 2.0], True), Tensor([3.0, -1.0], True), Tensor([1.0, 1.0], True)
    y = np.tanh(x * w + b).sum()  # tanh keeps its result, and multiply its inputs
    found = known.arrays(order(y))
    values = {node.op.name: found[node] for node in found if node.op.name != "leaf"}
    np.testing.assert_allclose(values["multiply"], [1.5, -2.0])
    np.testing.assert_allclose(values["add"], [2.5, -1.0])
    np.testing.assert_allclose(values["tanh"], np.tanh([2.5, -1.0]))
    np.testing.assert_allclose(values["sum"], np.tanh([2.5, -1.0]).sum())
    assert found[b.node] is b.data


def test_arrays_that_cannot_be_known_are_not_made_up() -> None:
    x = leaf("x", 2)
    z = x + np.ones(2)  # the array is not kept
    y, node = np.exp(z), z.node
    assert node in known.arrays(order(y))  # z is alive
    del z
    assert node not in known.arrays(order(y))


def test_argument_that_is_not_kept_is_not_taken_for_one_that_is_left_out() -> None:
    x, w = leaf("x", 1, 2), leaf("w", 3, 2)
    y = linear(x, w, np.full(3, 7.0)).sum()
    found = known.arrays(order(y))
    computed = [found[node] for node in found if node.op.name == "linear"]
    assert all(np.array_equal(value, [[9.0, 9.0, 9.0]]) for value in computed)


def test_array_of_each_of_several_outputs_is_known() -> None:
    a, b = np.split(Tensor([1.0, 2.0, 3.0, 4.0], True), 2)
    y = a * b
    del a, b
    found = known.arrays(order(y))
    np.testing.assert_array_equal(found[y.node], [3.0, 8.0])


def test_operation_that_fails_the_second_time_has_no_array() -> None:
    x = leaf("x", 2)
    y = x.reshape(1, 2)
    node = y.node
    assert node is not None
    node.options = {"shape": (5, 5)}
    z = y * 2.0
    del y
    assert node not in known.arrays(order(z))


# -- gradients ----------------------------------------------------------------------------------


def test_gradients_of_every_node_are_those_of_the_sum_and_leave_the_graph_alone() -> None:
    x, w = Tensor([0.5, 2.0], True), Tensor([3.0, -1.0], True)
    h = x * w
    y = np.tanh(h)
    found = known.Gradients([y.node, h.node])
    tensors = [x, w, h]
    expected = gradients([y, h], tensors, [np.ones(2)] * 2, retain_graph=True)
    for tensor, g in zip(tensors, expected, strict=True):
        np.testing.assert_allclose(found.arrays[tensor.node], g)
        assert found.norms[tensor.node] == pytest.approx(np.linalg.norm(g))
    assert x.grad is None
    y.sum().backward()
    assert x.grad is not None


def test_flows_are_what_each_user_contributes() -> None:
    x = leaf("x", 4)
    a, b = x * 3.0, x * 4.0
    found = known.Gradients([(a + b).node])
    assert found.flows[x.node, a.node] == 6.0
    assert found.flows[x.node, b.node] == 8.0
    assert found.norms[x.node] == 14.0


def test_gradients_of_sparse_rows_and_of_several_outputs_have_norms() -> None:
    table = leaf("table", 5, 2)
    y = embedding(np.array([1, 3, 3]), table).sum()
    assert known.Gradients([y.node]).norms[table.node] == pytest.approx(math.sqrt(10))
    a, b = np.split(leaf("x", 4), 2)
    norms = known.Gradients([(a * 3.0 + b * 4.0).sum().node])
    trunk = next(node for node in norms.norms if node.op.name == "split")
    assert norms.norms[trunk] == pytest.approx(math.sqrt(50))


@pytest.mark.parametrize(
    ("g", "expected"),
    [
        (np.array([3.0, 4.0]), 5.0),
        (np.array([3e30, 4e30], np.float32), 5e30),
        (np.array([3e-30, 4e-30], np.float32), 5e-30),
        (np.array([3j, 4.0]), 5.0),
        (np.zeros((2, 2)), 0.0),
        (np.zeros((0, 2)), 0.0),
        (np.array(-2.0), 2.0),
        (np.array([1.0, np.inf]), math.inf),
        (np.array([1.0, np.nan, np.inf]), math.nan),
    ],
)
def test_norm_does_not_overflow(g: Any, expected: float) -> None:
    assert known.norm(g) == pytest.approx(expected, rel=1e-6, nan_ok=True)


# -- bytes --------------------------------------------------------------------------------------


def test_bytes_are_counted_once_with_the_first_that_holds_them() -> None:
    x = leaf("x", 100)
    y = np.exp(x)
    z = y[:50] * y[50:]
    held = known.held_bytes(order(z))
    assert held[y.node] == 800  # exp keeps its result; multiply, views of it
    assert sum(held.values()) == 800


def test_bytes_stand_in_boxes_and_their_sum_below() -> None:
    graph = np.exp(leaf("x", 256)).sum().graph(memory=True)
    assert drawn(graph, "exp") == "exp\n(256,)\nholds 2 KiB"
    assert "the graph holds 2 KiB" in graph.dot


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (3 << 20, "3 MiB"), (5 << 30, "5 GiB")],
)
def test_bytes_as_text(count: int, text: str) -> None:
    assert known.in_bytes(count) == text


# -- as text ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("x", "rows"),
    [
        (0.5, [["0.5"]]),
        (3, [["3"]]),
        (1 + 2j, [["1+2j"]]),
        ([1.0, 1 / 3], [["1", "0.3333"]]),
        ([[1, 2], [3, 4]], [["1", "2"], ["3", "4"]]),
        ([0] * 8, [["0"] * 6, ["0"] * 2]),
        ([[0] * 8] * 2, [["0"] * 6, ["0"] * 6, ["0"] * 4]),
        ([0] * 17, []),
        ([], []),
        ([[[1.0]]], []),
        ([True], [["True"]]),
    ],
)
def test_numbers_of_small_arrays(x: Any, rows: list[list[str]]) -> None:
    assert known.numbers(np.array(x)) == rows


def test_statistics_are_of_the_finite_elements() -> None:
    assert known.statistics(np.array([1.0, 3.0])) == "mean 2 ± 1 · 0 % zeros"
    assert known.statistics(np.array([0, 4])) == "mean 2 ± 2 · 50 % zeros"
    assert known.statistics(np.array([1.0, np.nan, np.inf, 1.0])) == "mean 1 ± 0 · 0 % zeros"
    assert known.statistics(np.append(np.ones(300), 0)) == "mean 0.997 ± 0.0575 · <1 % zeros"
    assert known.statistics(np.array([np.nan])) == ""
    assert known.statistics(np.zeros(0)) == ""
    assert known.statistics(np.full(9, 3e38, np.float32)) == "mean 3e+38 ± 0 · 0 % zeros"


def test_what_is_not_finite_is_counted() -> None:
    assert list(known.not_finite(np.array([np.nan, 1.0, np.inf, -np.inf]))) == [
        ("NaN", 1),
        ("Inf", 2),
    ]
    assert not list(known.not_finite(np.array([1, 2])))


# -- in pictures --------------------------------------------------------------------------------


def worked_network() -> tuple[Tensor, list[Tensor]]:
    """Two inputs, three and two hidden neurons and an output, all sigmoid; half the squared error.

    The figures were computed by hand.
    """
    weights = [
        Tensor([[-1, 2.5, 1], [1, 0.4, -1.5]], True, dtype=float),
        Tensor([[2.2, 0.34], [-1.4, 1.05], [0.56, 3.1]], True),
        Tensor([[0.75], [-0.22]], True),
    ]
    y: Any = np.array([0.6, 0.7])
    for number, w in enumerate(weights):
        w.name = f"w{number}"
        y = sigmoid(y @ w)
    return ((y - 0.9) ** 2 / 2).sum(), weights


def test_worked_network_can_be_read_off_its_picture() -> None:
    loss, weights = worked_network()
    texts = labels(loss.graph(values=True, gradients=True))
    assert len(weights) == 3
    for numbers, deltas in (
        ("0.1 1.78 -0.45", "0.008655 -0.002976 0.0009617"),
        ("0.175 2.284", "0.01602 -0.00159"),
    ):
        shape = f"({len(numbers.split())},)"
        opposite = " ".join(
            text[1:] if text[0] == "-" else f"-{text}" for text in deltas.split()
        )  # the hand calculation has (target - output), whose gradient is the opposite
        assert texts[f"matmul\n{shape}\n  {numbers.replace(' ', '   ')}"] == 0
        found = [text.split() for text in texts if text.startswith(f"matmul\n{shape}")]
        assert ["matmul", shape, *numbers.split(), "grad", *opposite.split()] in found
    w2 = next(text for text in texts if text.startswith("w2"))
    assert w2.split() == ["w2", "(2,", "1)", "0.75", "-0.22", "grad", "-0.04681", "-0.07815"]


def test_values_of_scalars_and_their_gradients() -> None:
    x, w = Tensor(2.0, True), Tensor(3.0, True)
    x.name, w.name = "x", "w"
    graph = (x * w).graph(values=True, gradients=True)
    assert set(labels(graph)) == {"x\n2\ngrad 3", "w\n3\ngrad 2", "multiply\n6\ngrad 1", "output"}


def test_values_are_left_out_of_large_boxes_and_unless_asked_for() -> None:
    x = leaf("x", 17)
    assert drawn((x * 2.0).graph(values=True), "x") == "x\n(17,)"
    assert drawn((leaf("x") * 2.0).graph(), "x") == "x"


def test_constants_have_values_too() -> None:
    graph = (leaf("x", 2) * np.array([1.5, 2.0])).graph(values=True)
    assert drawn(graph, "constant").split() == ["constant", "(2,)", "1.5", "2"]


def test_what_is_not_finite_is_marked_red() -> None:
    x = Tensor([1.0, -1.0], True)
    with np.errstate(invalid="ignore"):
        y = np.log(x)
    graph = y.graph(statistics=True)
    assert drawn(graph, "log") == "log\n(2,)\nmean 0 ± 0 · 50 % zeros\n1 NaN"
    assert graph.dot.count('color="#d1242f"') == 2  # the words and the border
    shown = y.graph(values=True)
    assert drawn(shown, "log").split() == ["log", "(2,)", "0", "nan"]
    assert shown.dot.count('color="#d1242f"') == 2


def test_gradient_of_leaves_stands_in_their_boxes_and_that_of_operations_on_arrows() -> None:
    x = leaf("x", 4)
    graph = ((x * 3.0) * 2.0).sum().graph(gradients=True)
    assert drawn(graph, "x") == "x\n(4,)\ngradient 12"
    assert re.search(r"label=<[^]]*>4</font>|label=<[^]]*>4<", graph.dot)
    assert "gradient norm 12" in graph.dot


def test_picture_with_everything_is_drawn(tmp_path: Any) -> None:
    graph = perceptron().graph(
        values=True, gradients=True, statistics=True, memory=True, source=True, theme="dark"
    )
    assert "reading.py:" in graph.dot
    assert graph.render(tmp_path / "all.svg").is_file()


def test_a_tensor_that_was_never_finished_is_passed_over() -> None:
    unfinished = object.__new__(Tensor)  # as an exception in `Tensor(...)` leaves it
    x = leaf("x")
    assert labels((x * 2).graph(values=True))["x\n1"] == 1
    assert not hasattr(unfinished, "node")
