"""Frames, modules as one box, and what repeats."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor, checkpoint, gradients, named_scope, scopes
from autograd.ops import linear

from .reading import (
    arrows,
    blocks,
    boxes,
    frames,
    labels,
    leaf,
    perceptron,
    recurrent,
    repeated,
    texts,
)


def test_frames_hold_what_their_scope_computed_and_the_leaves_used_there() -> None:
    assert frames(blocks().graph()) == {
        (): ["constant", "output", "sum"],
        ("net",): ["relu"],
        ("net", "first"): ["add", "b", "matmul", "tanh", "w"],
        ("net", "second"): ["0.5", "multiply"],
    }


def test_modules_deeper_than_depth_are_one_box() -> None:
    first = frames(blocks().graph(depth=1))
    assert set(first) == {(), ("net",)}
    assert first["net",] == ["b", "first", "relu", "second", "w"]
    assert frames(blocks().graph(depth=2)) == frames(blocks().graph())
    graph = blocks().graph(depth=0)
    assert arrows(graph) == Counter(
        {
            ("w\n(2, 2)", "net\n(3, 2)\n5 operations", ""): 1,
            ("b\n(2,)", "net\n(3, 2)\n5 operations", ""): 1,
            ("constant\n(3, 2)", "net\n(3, 2)\n5 operations", ""): 1,
            ("net\n(3, 2)\n5 operations", "sum", ""): 1,
            ("sum", "output", ""): 1,
        }
    )
    with pytest.raises(
        ValueError, match=r"depth \(=-1\) must be at least 0; groups=False draws no"
    ):
        blocks().graph(depth=-1)


def test_groups_can_be_left_out() -> None:
    assert "subgraph" not in blocks().graph(groups=False).dot
    assert "minlen" not in blocks().graph(groups=False).dot


def test_graph_without_scopes_has_no_frames() -> None:
    assert "subgraph" not in perceptron().graph().dot
    assert "minlen" not in perceptron().graph().dot


def test_frame_that_holds_only_another_is_drawn_as_one_with_it() -> None:
    with named_scope("a"), named_scope("b"):
        with named_scope("c"):
            y = np.exp(leaf("x"))
        y = np.tanh(y)
    assert frames(y.graph()) == {
        (): ["output"],
        ("a / b",): ["tanh"],
        ("a / b", "c"): ["exp", "x"],
    }


def test_calls_of_the_same_name_are_counted() -> None:
    y = leaf("x")
    for _ in range(2):
        with named_scope("net"):
            for _ in range(2):
                with named_scope("step"):
                    y = np.exp(y)
            y = np.sin(y)
    steps = [titles for titles in frames(y.graph()) if len(titles) == 2]
    calls = "(call 1)", "(call 2)"
    assert steps == [(f"net {i}", f"step {j}") for i in calls for j in calls]


def test_leaf_that_is_used_in_several_frames_is_drawn_in_each() -> None:
    w = leaf("w", 2)
    with named_scope("a"):
        a = np.exp(w)
    with named_scope("b"):
        b = np.sin(w) * np.cos(w)
    graph = (a + b).graph()
    assert frames(graph)["a",] == ["exp", "w"]
    assert frames(graph)["b",] == ["cos", "multiply", "sin", "w", "w"]
    assert labels(graph)["w\n(2,)\nused 3 times"] == 3


def test_leaves_stand_beside_the_operation_in_a_frame() -> None:
    dot = blocks().graph().dot
    assert dot.count("minlen=0") == 3
    assert dot.count("dir=forward") + dot.count("dir=back") == 3
    x, w, b = leaf("x", 1, 2), leaf("w", 3, 2), leaf("b", 3)
    with named_scope("layer"):
        y = linear(x, w, b)
    graph = y.graph()
    name = {label.partition("\n")[0]: box for box, label in boxes(graph).items()}
    assert f"{name['x']} -> {name['linear']} [weight=1]" in graph.dot
    assert f"{name['w']} -> {name['linear']} [dir=forward minlen=0]" in graph.dot
    assert f"{name['linear']} -> {name['b']} [dir=back minlen=0]" in graph.dot


def test_what_is_not_shown_is_counted_inside_the_frame() -> None:
    with named_scope("chain"):
        y = leaf("x")
        for _ in range(10):
            y = np.sin(y)
    graph = y.graph(max_nodes=4, fold=False)
    assert frames(graph)["chain",] == ["sin", "sin", "sin"]
    assert re.search(r"\tn3_ \[label=[^{}]*\t}", graph.dot)


def test_backward_pass_that_was_recorded_has_a_frame_of_its_own() -> None:
    x = leaf("x")
    with named_scope("net"):
        y = np.exp(x)
    (g,) = gradients(y, [x], create_graph=True)
    inside = frames((g * y).graph())
    assert inside["net",] == ["exp", "x"]
    assert "multiply" in inside[()]


def test_checkpoint_is_drawn_in_the_frame_that_called_it() -> None:
    @checkpoint
    @named_scope("inner")
    def block(x: Any) -> Any:
        return np.exp(np.sin(x))

    with named_scope("net"):
        y = np.tanh(block(leaf("x")))
    y.backward(retain_graph=True)
    assert set(frames(y.graph())) == {(), ("net",)}
    assert len(frames(y.graph())["net",]) == 3


def test_scopes_that_are_forgotten_are_not_drawn() -> None:
    y = blocks()
    for _ in range(1 << 14):
        scopes.record((scopes.next_number(), scopes.next_number(), "later", ""))
    assert list(frames(y.graph())) == [()]


def test_frames_of_threads_that_overlap_are_still_frames(tmp_path: Path) -> None:
    x = leaf("x")
    first = scopes.next_number()
    y = np.exp(x)
    second = scopes.next_number()
    y = np.sin(y)
    scopes.record((first, scopes.next_number(), "one", ""))
    y = np.cos(y)
    scopes.record((second, scopes.next_number(), "two", ""))
    graph = np.tanh(y).graph()
    assert frames(graph)["one", "two"] == ["cos", "sin"]
    assert "one" in texts(graph.render(tmp_path / "x.svg").read_bytes())


# -- modules as one box -------------------------------------------------------------------------


class Block(nn.Module):
    def __init__(self) -> None:
        self.inner = nn.Linear(4, 4)
        self.norm = nn.LayerNorm(4)

    def forward(self, x: Any) -> Any:
        return x + np.tanh(self.norm(self.inner(x)))


def tower(height: int) -> Tensor:
    model = nn.Sequential(*[Block() for _ in range(height)], nn.Linear(4, 1))
    return model(np.ones((2, 4), np.float32)).sum()


def test_module_in_one_box_counts_its_operations_and_parameters() -> None:
    graph = tower(1).graph(depth=1)
    block, linear = "0 Block\n(2, 4)\n4 operations\n28 parameters", "1 Linear\n(2, 1)\n5 parameters"
    assert arrows(graph) == Counter(
        {
            ("constant\n(2, 4)", block, ""): 1,
            (block, linear, ""): 1,
            (linear, "sum", ""): 1,
            ("sum", "output", ""): 1,
        }
    )


def test_data_that_require_a_gradient_are_no_parameters() -> None:
    net = nn.Sequential(nn.Sequential(nn.Linear(4, 1)))
    graph = net(leaf("x", 2, 4, dtype="f4")).sum().graph(depth=1)
    assert arrows(graph)["x\n(2, 4)", "0 Sequential\n(2, 1)\n5 parameters", ""] == 1


def test_parameter_used_in_two_modules_is_in_both() -> None:
    layer = nn.Linear(4, 4)
    net = nn.Sequential(layer, nn.ReLU(), layer)
    graph = net(np.ones((2, 4), np.float32)).sum().graph(depth=1)
    assert not any("weight" in label for label in labels(graph))
    assert "0 Linear (call 2)" in graph.dot


# -- what repeats -------------------------------------------------------------------------------


def test_chain_of_one_operation_is_one_box_with_an_arrow_to_itself() -> None:
    y = leaf("x")
    for _ in range(1000):
        y = np.tanh(y)
    graph = y.graph(fold=True)
    assert arrows(graph) == Counter(
        {
            ("x", "tanh × 1,000", ""): 1,
            ("tanh × 1,000", "tanh × 1,000", ""): 1,
            ("tanh × 1,000", "output", ""): 1,
        }
    )
    assert "dashed arrows lead into the next repetition" in graph.dot
    assert graph.operations == 1000


def test_loop_is_drawn_once_in_a_frame_with_the_number_of_rounds() -> None:
    graph = repeated(20).graph(fold=True)
    assert frames(graph) == {
        (): ["output", "y"],
        ("× 20 like this",): ["add", "multiply", "tanh", "u", "w0…19"],
    }
    assert labels(graph)["w0…19\n20 alike"] == 1
    dashed = re.findall(r"(n\d+) -> (n\d+) \[.*style=dashed", graph.dot)
    name = boxes(graph)
    assert [(name[a], name[b]) for b, a in dashed] == [("tanh", "multiply")]
    assert "43 operations and leaves" not in graph.dot
    assert "82 operations and leaves in 6 boxes" in graph.dot


def test_loop_is_drawn_in_full_where_there_is_room() -> None:
    assert labels(repeated(20).graph())["tanh"] == 20
    assert "like this" not in repeated(20).graph().dot
    assert "× 20 like this" in repeated(20).graph(max_nodes=40).dot
    assert labels(repeated(20).graph(max_nodes=40, fold=False))["tanh"] < 20


def test_loops_in_loops_are_frames_in_frames() -> None:
    y = leaf("x")
    for _ in range(5):
        for _ in range(4):
            y = np.sin(y) * 2.0
        y = np.tanh(y)
    inside = frames(y.graph(fold=True))
    assert inside["× 5 like this",] == ["tanh"]
    assert inside["× 5 like this", "× 4 like this"] == ["2", "multiply", "sin"]
    assert inside[()] == ["output", "x"]


def test_arrow_within_a_round_is_not_taken_for_one_into_the_next() -> None:
    """Both inner loops stand in the outer one: from the first to the second is no repetition."""
    y = leaf("x")
    for _ in range(3):
        for _ in range(4):
            y = np.sin(y) * 2.0
        for _ in range(4):
            y = np.cos(y) * 3.0
    graph = y.graph(fold=True)
    name = boxes(graph)
    dashed = [(name[a], name[b]) for b, a in re.findall(r"(n\d+) -> (n\d+) \[.*dashed", graph.dot)]
    assert sorted(dashed) == [("multiply", "cos"), ("multiply", "sin"), ("multiply", "sin")]
    assert sum(arrows(graph)["multiply", head, ""] for head in ("sin", "cos", "output")) == 5


def test_arrow_from_the_round_before_is_dashed_though_it_points_ahead() -> None:
    y, before = leaf("y"), leaf("before")
    for _ in range(5):
        now = np.sin(y)
        y = np.cos(y) * before
        before = now
    graph = y.graph(fold=True)
    name = boxes(graph)
    dashed = {(name[a], name[b]) for b, a in re.findall(r"(n\d+) -> (n\d+) \[.*dashed", graph.dot)}
    assert dashed == {("sin", "multiply"), ("multiply", "sin"), ("multiply", "cos")}


def test_what_repeats_only_once_and_is_short_is_not_folded() -> None:
    x = leaf("x")
    assert labels(np.tanh(np.tanh(x)).graph(fold=True))["tanh"] == 2


def test_lines_tell_operations_apart_unless_there_is_no_room() -> None:
    y = leaf("x")
    for _ in range(3):
        y = np.sin(y)
    y = np.sin(y)
    assert labels(y.graph(fold=True)) == Counter(["x", "sin × 3", "sin", "output"])
    assert labels(y.graph(fold=True, max_nodes=2))["sin × 4"] == 1


def test_equal_modules_are_folded() -> None:
    graph = tower(12).graph(fold=True, depth=1)
    assert labels(graph)["0…11 Block × 12\n(2, 4)\n4 operations\n28 parameters"] == 1
    inside = frames(tower(12).graph(fold=True))
    assert inside["Sequential", "0…11 Block × 12"] == ["add", "tanh"]
    assert inside["Sequential", "0…11 Block × 12", "11.inner Linear"] == [
        "0…11.inner.bias",
        "0…11.inner.weight",
        "linear",
    ]


def test_modules_of_another_shape_are_not_folded() -> None:
    net = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3))
    graph = net(np.ones((2, 4), np.float32)).sum().graph(fold=True, depth=1)
    assert labels(graph)["0 Linear\n(2, 3)\n15 parameters"] == 1
    assert labels(graph)["1…3 Linear × 3\n(2, 3)\n12 parameters"] == 1


def recurrent_net() -> Tensor:
    return recurrent(20_000)


def sum_of_scalars() -> Tensor:
    total: Any = 0.0
    for i in range(33_000):
        w = leaf(f"w{i}")
        total = total + w * w
    return total


def net_of_scalars() -> Tensor:
    sizes = [8, 60, 60, 1]
    layers = [
        [([leaf("w") for _ in range(i)], leaf("b")) for _ in range(o)]
        for i, o in itertools.pairwise(sizes)
    ]
    loss: Any = 0.0
    for sample in np.random.default_rng(0).normal(size=(12, sizes[0])):
        values = list(sample)
        for layer in layers:
            outputs = []
            for weights, bias in layer:
                activation = bias
                for w, x in zip(weights, values, strict=True):
                    activation = activation + w * x
                outputs.append(np.tanh(activation))
            values = outputs
        loss = loss + (values[0] - 1.0) ** 2
    return loss


@pytest.mark.parametrize(
    ("make", "count"), [(recurrent_net, 20), (sum_of_scalars, 5), (net_of_scalars, 25)]
)
def test_graph_of_a_hundred_thousand_nodes_is_drawn_in_few_boxes(
    make: Callable[[], Tensor], count: int, tmp_path: Path
) -> None:
    graph = make().graph()
    assert graph.operations + graph.leaves > 95_000
    assert 3 < len(boxes(graph)) <= count
    assert "like this" in graph.dot
    assert "not shown" not in graph.dot
    assert texts(graph.render(tmp_path / "large.svg", timeout=10).read_bytes())
