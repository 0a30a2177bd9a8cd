"""Pictures: what is drawn, that text stays text, files, engines, notebooks."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

import autograd
from autograd import (
    GraphError,
    RenderError,
    Tensor,
    checkpoint,
    cross_entropy,
    gradients,
    linear,
    named_scope,
    relu,
    rule,
    scopes,
)
from autograd import render as drawing
from autograd.render import Graph

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph", "gv": b"digraph"}


def leaf(name: str = "", *shape: int, dtype: Any = float) -> Tensor:
    tensor = Tensor(np.ones(shape), requires_grad=True, dtype=dtype)
    tensor.name = name
    return tensor


def perceptron() -> Tensor:
    x, labels = np.ones((5, 4), np.float32), np.zeros(5, int)
    w1, b1 = leaf("w1", 3, 4, dtype="f4"), leaf("b1", 3, dtype="f4")
    w2, b2 = leaf("w2", 2, 3, dtype="f4"), leaf("b2", 2, dtype="f4")
    return cross_entropy(linear(relu(linear(Tensor(x), w1, b1)), w2, b2), labels)


def recurrent(steps: int) -> Tensor:
    w, u, b = leaf("w", 2, 3), leaf("u", 3, 3), leaf("b", 3)
    inputs, h = np.tanh(leaf("x", steps, 4, 2)), Tensor(np.zeros((4, 3)))
    for t in range(steps):
        h = np.tanh(inputs[t] @ w + h @ u + b)
    return h.sum()


def lines(label: str) -> str:
    """The text of a label in Graphviz's markup."""
    rows = re.findall(r"<tr>(.*?)</tr>", label) or [label]
    cells = [[re.sub("<.*?>", "", cell) for cell in row.split("</td>")] for row in rows]
    texts = [" ".join(filter(None, row)) for row in cells]
    return html.unescape("\n".join(texts)).replace("\xa0", " ")


def boxes(graph: Graph) -> dict[str, str]:
    """The texts in the boxes, by what DOT calls these."""
    found = re.findall(r"^\t(n\w+) \[label=<(.*?)>(?: \w+=|\])", graph.dot, re.MULTILINE)
    return {name: lines(label) for name, label in found}


def labels(graph: Graph) -> Counter[str]:
    return Counter(boxes(graph).values())


def arrows(graph: Graph) -> Counter[tuple[str, str, str]]:
    """(from, to, label) by the labels of the boxes."""
    name = boxes(graph)
    found: Counter[tuple[str, str, str]] = Counter()
    for tail, head, style in re.findall(r"^\t(\w+) -> (\w+) \[(.*)\]$", graph.dot, re.MULTILINE):
        ends = (head, tail) if "dir=back" in style else (tail, head)
        label = re.search("label=<(.*?)>(?: \\w+=|$)", style)
        found[name[ends[0]], name[ends[1]], lines(label[1]) if label else ""] += 1
    return found


def frames(graph: Graph) -> dict[tuple[str, ...], list[str]]:
    """The labels of the boxes that stand in each frame, under the titles from the outermost."""
    name = boxes(graph)
    inside: dict[tuple[str, ...], list[str]] = {(): []}
    titles: list[str] = []
    for line in graph.dot.splitlines():
        if line.startswith("\tcolor="):
            label = re.search(r" label=<(.*?)> labeljust", line)
            assert label
            titles.append(lines(label[1]).rstrip())
            inside[tuple(titles)] = []
        elif line == "\t}":
            titles.pop()
        elif box := re.match(r"\t(n\d+) \[", line):
            inside[tuple(titles)].append(name[box[1]].partition("\n")[0])
    assert not titles
    return {titles: sorted(labels) for titles, labels in inside.items()}


def texts(svg: bytes) -> list[str]:
    """The lines of text in a picture, which must be well-formed XML."""
    found = ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")
    return [(text.text or "").replace("\xa0", " ") for text in found]


def run_instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let a small program be the engine."""
    monkeypatch.setattr(drawing, "_engine", lambda _: [sys.executable, "-c", code])


def remove_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


# -- what is drawn ------------------------------------------------------------------------------


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
    assert arrows((x * x).graph())["x", "multiply", "×2"] == 1  # noqa: RUF001


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
    assert re.search(r'tooltip="exp, test_render\.py:\d+ in ', np.exp(leaf("x")).graph().dot)


# -- frames -------------------------------------------------------------------------------------


def blocks() -> Tensor:
    w, b, x = leaf("w", 2, 2), leaf("b", 2), np.ones((3, 2))
    with named_scope("net"):
        with named_scope("first"):
            h = np.tanh(x @ w + b)
        with named_scope("empty"):
            np.exp(x)
        with named_scope("second"):
            h = h * 0.5
        h = relu(h)
    return h.sum()


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


def test_title_of_a_frame_is_printed_to_the_letter(tmp_path: Path) -> None:
    for name in NAMES:
        with named_scope(name):
            y = np.exp(leaf("x"))
        assert NAMES[name] in "".join(texts(y.graph().render(tmp_path / "x.svg").read_bytes()))


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
    named = rule(lambda x, how: x, lambda g, _, x, how: g, lambda g, *_: g)
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


def test_max_nodes_leaves_out_constants_and_copies_too() -> None:
    assert labels(recurrent(20).graph(max_nodes=60)).total() - 60 < 10
    assert labels((leaf("x") * 2).graph(max_nodes=3))["… 1 not shown"] == 1


def test_max_nodes_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match=r"max_nodes \(=0\) must be at least 1"):
        leaf("x").graph(max_nodes=0)


# -- text stays text ----------------------------------------------------------------------------

NAMES = {
    "<b>bold</b>": "<b>bold</b>",
    "<lambda>": "<lambda>",
    "ij,jk->ik": "ij,jk->ik",
    "{a|b}": "{a|b}",
    "a&lt;b&amp;&#65;": "a&lt;b&amp;&#65;",
    'say "hi"': 'say "hi"',
    r"a\nb\l\N\G": r"a\nb\l\N\G",
    "back\\": "back\\",
    '\\"': '\\"',
    "two\nlines\r": r"two\nlines\r",
    "\n": r"\n",
    "nul\0bell\a\x1b[0m": r"nul\x00bell\x07\x1b[0m",
    "\ud800 \uffff \u202e": r"\ud800 \uffff \u202e",
    "Gewichte_äöü 重み 🙂": "Gewichte_äöü 重み 🙂",
    "graph": "graph",
    "n0:port": "n0:port",
    "%3": "%3",
    " ": " ",
    "w" * 99: "w" * 30 + "…" + "w" * 29,
}


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_name_is_printed_to_the_letter(name: str, tmp_path: Path) -> None:
    graph = np.exp(leaf(name)).graph()
    assert NAMES[name] in "".join(texts(graph.render(tmp_path / "name.svg").read_bytes()))
    assert 'label="\n' not in graph.dot  # Graphviz can crash when a label begins with no text


def test_name_of_an_operation_is_printed_to_the_letter(tmp_path: Path) -> None:
    odd = rule(lambda x: x, lambda g, *_: g)
    odd.name = '<a->"\\b">'
    assert odd.name in texts(odd(leaf("x")).graph().render(tmp_path / "op.svg").read_bytes())


def test_operation_without_a_name_is_drawn(tmp_path: Path) -> None:
    def _(x: Any) -> Any:
        return x

    graph = rule(_, lambda g, *_: g)(leaf("x", 2)).graph()
    assert "(2,)" in texts(graph.render(tmp_path / "op.svg").read_bytes())
    assert 'label="\n' not in graph.dot


# -- graphs that cannot be drawn ----------------------------------------------------------------


def test_graph_outlives_backward(tmp_path: Path) -> None:
    loss = perceptron()
    graph = loss.graph()
    before = graph.dot
    loss.backward()
    assert graph.dot == before
    assert "cross_entropy" in texts(graph.render(tmp_path / "loss.svg").read_bytes())


def test_graph_holds_no_arrays() -> None:
    graph = perceptron().graph()
    assert {type(value) for value in vars(graph).values()} == {str, int}


@pytest.mark.parametrize("make", [perceptron, lambda: np.split(leaf("x", 2) * 1, 2)[0].sum()])
def test_graph_that_is_freed_is_refused(make: Callable[[], Tensor]) -> None:
    loss = make()
    loss.backward()
    message = r"was freed by backward\(\); call graph\(\) before it, or use .*retain_graph=True"
    with pytest.raises(GraphError, match=message):
        loss.graph()


def test_graph_that_is_retained_is_drawn() -> None:
    loss = perceptron()
    loss.backward(retain_graph=True)
    assert loss.graph().operations == 4


def test_tensor_without_a_graph_is_refused() -> None:
    with pytest.raises(GraphError, match=r"has no graph: .* start from Tensor\(..., requires_grad"):
        Tensor([1.0]).graph()


def test_something_else_than_tensors_is_refused() -> None:
    with pytest.raises(TypeError, match="the outputs must be Tensors, got list"):
        Graph([leaf("x")])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="pass the tensors whose graph is to be drawn"):
        Graph()


# -- files --------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf", "dot", "gv", "SVG"])
def test_render_writes_the_format_of_the_suffix(suffix: str, tmp_path: Path) -> None:
    path = perceptron().graph().render(str(tmp_path / f"loss.{suffix}"))
    assert path == tmp_path / f"loss.{suffix}"
    assert path.read_bytes().startswith(MAGIC[suffix.lower()])
    assert list(tmp_path.iterdir()) == [path]


def test_render_in_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert perceptron().graph().render("loss.svg").is_file()


def test_render_ignores_modules_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pygraphviz.py").write_text("raise SystemExit('the wrong module')")
    monkeypatch.chdir(tmp_path)
    assert perceptron().graph().render("loss.svg").is_file()


@pytest.mark.parametrize("name", ["loss", "loss.jpg", ".svg"])
def test_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    message = r"does not say which format to write; end it in one of .svg, .png, .pdf, .dot, .gv"
    with pytest.raises(RenderError, match=message):
        leaf("x").graph().render(tmp_path / name)


def test_missing_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"there is no folder '.*nowhere'; create it first"):
        leaf("x").graph().render(tmp_path / "nowhere" / "x.svg")


@pytest.mark.parametrize("step", ["write_bytes", "replace"])
def test_file_that_cannot_be_written_leaves_the_old_one_alone(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.dot"
    path.write_text("old")

    def refuse(*args: Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path if step == "write_bytes" else os, step, refuse)
    message = r"x\.dot' cannot be written \(Permission denied\); choose a file that you may write"
    with pytest.raises(RenderError, match=message):
        leaf("x").graph().render(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_interrupt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        leaf("x").graph().render(tmp_path / "x.dot")
    assert not list(tmp_path.iterdir())


# -- engines ------------------------------------------------------------------------------------


def test_system_dot_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", {"dot": "/somewhere/dot"}.get)
    assert drawing._engine("png") == ["/somewhere/dot", "-Tpng"]


def test_missing_engine_names_both_remedies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remove_engines(monkeypatch)
    graph = leaf("x").graph()
    with pytest.raises(RenderError, match="there is no Graphviz here to draw with; install") as e:
        graph.render(tmp_path / "x.svg")
    for remedy in ("pip install 'pullback[render]'", "apt install graphviz", "graph.dot"):
        assert remedy in str(e.value)
    assert graph.render(tmp_path / "x.dot").read_text() == graph.dot
    assert [path.name for path in tmp_path.iterdir()] == ["x.dot"]


def test_engine_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_instead(monkeypatch, "while True: pass")
    with pytest.raises(RenderError, match=r"within timeout \(=0.1\) seconds; .* smaller max_nodes"):
        leaf("x").graph().render(tmp_path / "x.svg", timeout=0.1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("import sys; sys.exit('it broke')", "failed with exit status 1 and said: it broke"),
        ("import os; os._exit(139)", "failed with exit status 139 and said: nothing"),
        ("pass", "failed with exit status 0 and said: nothing"),
    ],
)
def test_engine_that_fails_is_quoted(
    code: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_instead(monkeypatch, code)
    with pytest.raises(RenderError, match=message):
        leaf("x").graph().render(tmp_path / "x.svg")
    assert not list(tmp_path.iterdir())


def test_engine_that_cannot_be_run_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = str(tmp_path / "dot")
    monkeypatch.setattr(drawing, "_engine", lambda _: [missing])
    with pytest.raises(RenderError, match=r"dot' cannot be run .*; install Graphviz with pip"):
        leaf("x").graph().render(tmp_path / "x.svg")


def test_source_that_graphviz_cannot_read_is_an_error_with_its_words(tmp_path: Path) -> None:
    graph = leaf("x").graph()
    graph.dot = "digraph {"
    with pytest.raises(RenderError, match="syntax error"):
        graph.render(tmp_path / "x.svg")


# -- notebooks, and imports ---------------------------------------------------------------------


def test_notebook_shows_the_picture() -> None:
    shown = perceptron().graph()._repr_mimebundle_(include=None, exclude=None)
    assert "cross_entropy" in texts(shown["image/svg+xml"].encode())
    assert shown["text/plain"] == "<Graph operations=4 leaves=4 depth=4>"


def test_notebook_without_an_engine_shows_the_remedy_and_the_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    remove_engines(monkeypatch)
    graph = perceptron().graph()
    shown = graph._repr_mimebundle_()
    assert list(shown) == ["text/plain"]
    assert "pip install 'pullback[render]'" in shown["text/plain"]
    assert graph.dot in shown["text/plain"]


def test_import_of_autograd_leaves_graphviz_alone() -> None:
    code = "import sys, autograd; print({'graphviz', 'autograd.render'} & set(sys.modules))"
    root = Path(autograd.__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True)
    assert done.stdout == "set()\n"


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
