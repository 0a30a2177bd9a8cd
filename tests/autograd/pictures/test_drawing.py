"""What is drawn: boxes, arrows, constants, marks, and what has no room."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd import GraphError, Tensor, gradients, rule
from autograd.ops import linear
from autograd.render import Graph

from .reading import arrows, boxes, frames, labels, leaf, perceptron, recurrent, texts


def test_graph_shows_leaves_operations_constants_and_the_output() -> None:
    graph = perceptron().graph()
    assert set(labels(graph)) == {
        *("w1\n(3, 4)", "b1\n(3,)", "w2\n(2, 3)", "b2\n(2,)"),
        *("linear\n(5, 3)", "relu\n(5, 3)", "linear\n(5, 2)", "cross_entropy"),
        *("constant\n(5, 4)", "constant\n(5,) int64", "output"),
    }
    assert ("w2\n(2, 3)", "linear\n(5, 2)", "") in arrows(graph)
    assert ("cross_entropy", "output", "") in arrows(graph)
    assert len(list(arrows(graph).elements())) == 10


def test_repr_counts_operations_leaves_and_depth() -> None:
    assert repr(perceptron().graph()) == "<Graph operations=4 leaves=4 depth=4>"
    assert repr(leaf("x").graph()) == "<Graph operations=0 leaves=1 depth=0>"


def test_dtype_is_said_once_and_where_it_differs() -> None:
    x, y = leaf("x", 2), leaf("y", dtype="f4")
    graph = (x * np.exp(x) + y).graph()
    assert "float64 unless noted" in graph.dot
    assert "y\nfloat32" in labels(graph)
    assert "x\n(2,)" in labels(graph)


def test_leaf_without_a_name_is_called_leaf() -> None:
    assert labels(np.exp(leaf("", 2)).graph())["leaf\n(2,)"] == 1


def test_leaf_can_be_the_output() -> None:
    assert arrows(leaf("x").graph()) == Counter([("x", "output", "")])


def test_same_input_twice_is_one_arrow_with_its_count() -> None:
    x = leaf("x")
    assert arrows((x * x).graph())["x", "multiply", "×2"] == 1


def test_several_outputs_are_numbered() -> None:
    x = leaf("x")
    graph = Graph(np.exp(x), x)
    assert arrows(graph) == Counter(
        [("x", "exp", ""), ("exp", "output 0", ""), ("x", "output 1", "")]
    )


def test_operation_with_several_outputs_is_one_box_and_arrows_with_places() -> None:
    a, b, c = np.split(leaf("x", 6), 3)
    graph = Graph((a * b).sum(), c)
    assert labels(graph)["split"] == 1
    assert arrows(graph)["split", "multiply\n(2,)", "[0] (2,)"] == 1
    assert arrows(graph)["split", "multiply\n(2,)", "[1] (2,)"] == 1
    assert arrows(graph)["split", "output 1", "[2] (2,)"] == 1
    assert graph.operations == 3


@pytest.mark.parametrize("leaves", [1, 3])
def test_leaf_with_few_uses_is_drawn_once(leaves: int) -> None:
    x = leaf("x")
    assert labels(Graph(*[f(x) for f in (np.exp, np.sin, np.cos)[:leaves]]))["x"] == 1


def test_leaf_with_many_uses_is_drawn_at_each() -> None:
    x = leaf("x")
    graph = Graph(*[f(x) for f in (np.exp, np.sin, np.cos, np.tanh)])
    assert labels(graph)["x\nused 4 times"] == 4
    assert graph.leaves == 1


def test_leaves_without_a_name_and_with_many_uses_are_told_apart() -> None:
    functions = np.exp, np.sin, np.cos, np.tanh
    graph = Graph(*[f(x) for x in (leaf(), leaf()) for f in functions])
    assert labels(graph)["leaf #1\nused 4 times"] == 4
    assert labels(graph)["leaf #2\nused 4 times"] == 4


def test_operation_with_many_uses_is_drawn_again_far_away() -> None:
    graph = recurrent(50).graph(max_nodes=600)
    name = "tanh #1\n(50, 4, 2)\nused 50 times"
    assert labels(graph)[name] == 50
    assert len(re.findall(r">tanh #1<[^\]]*dashed", graph.dot)) == 49
    assert labels(graph)["w\n(2, 3)\nused 50 times"] == 50
    assert "not shown" not in graph.dot


def test_recurrent_net_is_drawn_within_the_time_limit(tmp_path: Path) -> None:
    assert "w" in texts(
        recurrent(50).graph(max_nodes=600).render(tmp_path / "rnn.svg").read_bytes()
    )


def test_short_graphs_run_to_the_right_and_long_ones_down() -> None:
    assert "rankdir=LR" in perceptron().graph().dot
    assert "rankdir=TB" in recurrent(5).graph().dot


def test_boxes_tell_the_line_that_called_them() -> None:
    assert re.search(r'tooltip="exp, test_drawing\.py:\d+ in ', np.exp(leaf("x")).graph().dot)


# -- constants ----------------------------------------------------------------------------------


def test_constants_show_their_value_or_shape() -> None:
    x = leaf("x", 2)
    assert labels((x * 0.1).graph())["0.1"] == 1
    assert labels((x * np.float32(0.1)).graph())["0.1"] == 1
    assert labels((x * Tensor(2)).graph())["2"] == 1
    assert labels((x * np.ones((3, 2))).graph())["constant\n(3, 2)"] == 1


def test_constant_that_is_not_kept_shows_no_value() -> None:
    assert labels((leaf("x") + 7).graph())["constant"] == 1


def test_constant_known_by_its_shape_alone_shows_that() -> None:
    outer = rule(lambda x, y: x * y, lambda g, _, _x, y: g * y, lambda g, _, x, _y: g * x)
    assert labels(outer(leaf("x", 2), np.ones(2)).graph())["constant\n(2,)"] == 1
    shape = rule(lambda x, y: x, lambda g, _, __, _y: g, lambda g, *_: g)
    assert labels(shape(leaf("x"), 2.0).graph())["constant"] == 1


def test_argument_that_is_left_out_is_no_constant() -> None:
    graph = linear(leaf("x", 3, 2), leaf("w", 4, 2)).graph()
    assert labels(graph) == Counter(["x\n(3, 2)", "w\n(4, 2)", "linear\n(3, 4)", "output"])


def test_input_without_a_rule_is_not_called_a_constant() -> None:
    first = rule(lambda x, y: x * y, lambda g, _, x, y: g * y, None)
    x, y = leaf("x", 2), leaf("y", 2)
    assert labels(first(x, y).graph()) == Counter(["x\n(2,)", "<lambda>\n(2,)", "output"])


def test_argument_that_is_no_array_is_not_drawn() -> None:
    named = rule(lambda x, how: x, lambda g, _, x, how: g, None)
    assert labels(named(leaf("x"), "how").graph()) == Counter(["x", "<lambda>", "output"])


# -- graphs too large to draw -------------------------------------------------------------------


def test_large_graph_shows_what_is_nearest_the_output_and_counts_the_rest(tmp_path: Path) -> None:
    y = leaf("x")
    for _ in range(100_000):
        y = np.tanh(y)
    graph = np.exp(y).graph(max_nodes=600, fold=False)
    assert repr(graph) == "<Graph operations=100001 leaves=1 depth=100001>"
    assert labels(graph)["tanh"] == 598
    assert labels(graph)["exp"] == labels(graph)["output"] == labels(graph)["… 1 not shown"] == 1
    text = texts(graph.render(tmp_path / "chain.svg").read_bytes())
    caption = "float64 unless noted · 99,403 of 100,002 operations and leaves are not shown"
    assert caption in text


@pytest.mark.parametrize("room", [1, 2, 5, 50])
def test_max_nodes_limits_the_boxes(room: int) -> None:
    wide = np.concatenate([leaf(f"x{i}", 1) for i in range(100)])
    drawn = labels(wide.graph(max_nodes=room, fold=False))
    hidden = {1: 1, 2: 100, 5: 97, 50: 52}[room]
    assert drawn[f"… {hidden} not shown"] == 1
    assert sum(drawn.values()) == room + 1


def test_box_of_many_inputs_leaves_room_for_the_way_to_them() -> None:
    x = leaf("x")
    state, states = x, []
    for i in range(300):
        with autograd.named_scope(f"step {i}"):
            states.append(np.tanh(state * x))
            state = np.exp(np.stack(states)).mean()
    assert labels(state.graph())["mean"] > 5


def test_uses_in_repetitions_that_are_not_drawn_are_counted() -> None:
    x = leaf("x")
    first, second = x, x
    for _ in range(100):
        first = np.tanh(first * x)
    for _ in range(100):
        second = np.tanh(second + x)
    y = np.sin(first * x) + np.cos(second + x)
    assert labels(y.graph())["x\nused 204 times"] > 1


def test_max_nodes_leaves_out_constants_and_copies_too() -> None:
    assert labels(recurrent(20).graph(max_nodes=60)).total() - 60 < 10
    assert labels((leaf("x") * 2).graph(max_nodes=3))["… 1 not shown"] == 1


def test_max_nodes_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"max_nodes \(=0\) must be at least 1"):
        leaf("x").graph(max_nodes=0)


# -- what debugging draws -----------------------------------------------------------------------


def test_highlights_and_notes_mark_nodes() -> None:
    y = np.log(leaf("x", 2))
    z = np.exp(y)
    graph = z.sum().graph(
        highlight={y.node: "producer", z.node: "propagator"}, notes={z.node: "the cotangent: inf"}
    )
    assert labels(graph)["exp\n(2,)\nthe cotangent: inf"] == 1
    assert re.search(r'label=<[^\]]*log[^\]]*fillcolor="#d1242f"', graph.dot)


def test_only_the_neighbourhood_of_a_node_is_drawn() -> None:
    y = leaf("x")
    nodes = [y.node] + [(y := np.sin(y)).node for _ in range(10)]
    graph = Graph(nodes[-1], around=nodes[5], radius=2)
    assert labels(graph) == Counter({"sin": 5, "… 1 not shown": 1})
    near = Graph(nodes[-1], around=nodes[1], radius=1)
    assert labels(near) == Counter({"x": 1, "sin": 2})


def test_marks_are_of_the_operation_that_made_the_output() -> None:
    a, b = np.split(leaf("x", 2), 2)
    graph = Graph(a * b, highlight={a.node: "producer"}, notes={b.node: "here"})
    assert labels(graph)["split\nhere"] == 1


def test_marks_are_seen_on_what_is_folded() -> None:
    y = leaf("x")
    nodes = [(y := np.tanh(y)).node for _ in range(50)]
    graph = y.graph(fold=True, highlight={nodes[7]: "producer"}, notes={nodes[7]: "here"})
    assert labels(graph)["tanh × 50\nhere"] == 1
    assert 'fillcolor="#d1242f"' in graph.dot


def test_marks_that_cannot_be_drawn_are_refused() -> None:
    x = leaf("x")
    with pytest.raises(
        ValueError, match=r"highlight got 'guilty'; each must be one of producer, pro"
    ):
        x.graph(highlight={x.node: "guilty"})
    with pytest.raises(
        GraphError, match=r"around is a node of exp \(.*\) that did not lead to the"
    ):
        np.sin(x).graph(around=np.exp(x).node)


# -- forward and backward -----------------------------------------------------------------------


def test_recorded_backward_pass_stands_in_a_frame_and_runs_the_other_way() -> None:
    x = leaf("x")
    (g,) = gradients(np.sin(np.exp(x)), [x], create_graph=True)
    graph = g.graph()
    assert frames(graph)[()] == ["exp", "output", "sin", "x"] or "x" in frames(graph)[()]
    inside = frames(graph)["backward pass",]
    assert "cos" in inside
    assert "sin" not in inside
    name = boxes(graph)
    across = re.findall(r"(n\d+) -> (n\d+) \[.*constraint=false", graph.dot)
    assert across
    assert {name[tail] for tail, _ in across} == {"exp"}
    assert {name[head] for _, head in across} <= set(inside)
    assert arrows(graph)["multiply", "output", ""] == 1
    assert re.search(r"n0 -> n1 \[dir=back", graph.dot)


def test_gradient_of_a_recorded_gradient_has_two_frames() -> None:
    x = leaf("x")
    (g,) = gradients(np.sin(x), [x], create_graph=True)
    (h,) = gradients(np.sin(g), [x], create_graph=True)
    assert h.graph().dot.count("subgraph") == 2


# -- on request ---------------------------------------------------------------------------------


def test_source_lines_stand_in_boxes() -> None:
    assert any(
        re.fullmatch(r"exp\ntest_drawing.py:\d+", text)
        for text in labels(np.exp(leaf("x")).graph(source=True))
    )


def test_tooltips_tell_shape_dtype_and_options() -> None:
    graph = leaf("x", 3, 2).sum(axis=1).graph(statistics=True)
    assert "shape (3,), float64\naxis=1\n" in graph.dot
    assert "mean 2 ± 0 · 0 % zeros" in graph.dot


def test_graph_of_several_tensors() -> None:
    x = leaf("x")
    graph = autograd.graph(np.exp(x), np.sin(x), groups=False)
    assert {"output 0", "output 1", "exp", "sin"} <= set(labels(graph))


def test_pictures_leave_no_trace_in_what_is_drawn() -> None:
    x = leaf("x", 3)
    y = np.exp(x).sum()
    y.graph(values=True, gradients=True, statistics=True, memory=True)
    assert x.grad is None
    y.backward()
    np.testing.assert_allclose(x.grad, np.exp(np.ones(3)))


def test_gradients_of_a_freed_graph_are_refused() -> None:
    y = np.exp(leaf("x")).sum()
    y.backward()
    with pytest.raises(GraphError, match=r"call graph\(\) before it"):
        y.graph(gradients=True)
