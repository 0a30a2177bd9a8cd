"""Pictures: that text stays text, files, engines, notebooks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    GraphError,
    RenderError,
    Tensor,
    named_scope,
    rule,
)
from autograd import render as drawing
from autograd.render import Graph

from .pictures.reading import NAMES, leaf, perceptron, texts

MAGIC = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "dot": b"digraph", "gv": b"digraph"}


def run_instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Let a small program be the engine."""
    monkeypatch.setattr(drawing, "_engine", lambda _: [sys.executable, "-c", code])


def remove_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)


# -- text stays text ----------------------------------------------------------------------------


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


def test_title_of_a_frame_is_printed_to_the_letter(tmp_path: Path) -> None:
    for name in NAMES:
        with named_scope(name):
            y = np.exp(leaf("x"))
        assert NAMES[name] in "".join(texts(y.graph().render(tmp_path / "x.svg").read_bytes()))


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


def test_nodes_may_be_given_by_their_tensors() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = np.exp(x)
    given = h.sum().graph(notes={h: "here"}, highlight={h: "producer"}, around=h, radius=0)
    assert "here" in given.dot
    assert "… 1 not shown" in given.dot
    with pytest.raises(TypeError, match="expected Tensors or their nodes, got str"):
        h.graph(around="h")
    with pytest.raises(ValueError, match=r"radius \(=-1\) must be at least 0"):
        h.graph(around=h, radius=-1)


def test_tensor_without_a_graph_is_refused() -> None:
    with pytest.raises(GraphError, match=r"has no graph: .* start from Tensor\(..., requires_grad"):
        Tensor([1.0]).graph()


def test_something_else_than_tensors_is_refused() -> None:
    with pytest.raises(TypeError, match="expected Tensors or their nodes, got list"):
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


def test_pictures_in_notebooks_are_no_wider_than_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def shown(widest: float) -> tuple[float, float, str]:
        monkeypatch.setattr(drawing, "_WIDEST", widest)
        svg = perceptron().graph()._repr_mimebundle_()["image/svg+xml"]
        size = re.search(r'<svg width="(.*?)pt" height="(.*?)pt"([^§]*)', svg)
        assert size is not None
        return float(size[1]), float(size[2]), size[3]

    width, height, drawn = shown(10_000)
    assert shown(width) == (width, height, drawn)
    narrow = shown(width / 2)
    assert narrow[0] == round(width / 2)
    assert narrow[1] == pytest.approx(height / 2, abs=1)
    assert narrow[2] == drawn
