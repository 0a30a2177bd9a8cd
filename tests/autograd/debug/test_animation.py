"""The moving picture: each box has its turn."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from autograd import GraphError, RenderError, Tensor
from autograd.debug import animate

SVG = "{http://www.w3.org/2000/svg}"


def neuron() -> tuple[Tensor, Tensor]:
    w = Tensor([0.3, -0.2], requires_grad=True)
    w.name = "w"
    return w, np.tanh(w * [1.0, 2.0]).sum()


def test_each_step_shows_its_gradient_and_glows_in_its_turn(tmp_path: Path) -> None:
    w, y = neuron()
    path = animate(y, tmp_path / "backward.svg", seconds=2)
    root = ET.parse(path).getroot()
    notes = {text.get("class"): text.text for text in root.iter(f"{SVG}text") if text.get("class")}
    slope = 1 - np.tanh([0.3, -0.4]) ** 2
    assert notes == {
        "s n1": "step 1: 1",
        "s n2": "step 2: 1, 1",
        "s n3": "step 3: {:.3g}, {:.3g}".format(*slope),
        "s n4": "step 4: {:.3g}, {:.3g}".format(*(slope * [1, 2])),
    }
    glowing = [g.get("class") for g in root.iter(f"{SVG}g") if "s g" in (g.get("class") or "")]
    assert sorted(glowing) == [
        "edge s g1", "edge s g2", "edge s g3", "edge s g3",
        "node s g1", "node s g2", "node s g3", "node s g4",
    ]  # fmt: skip
    style = next(root.iter(f"{SVG}style")).text or ""
    assert ".s{animation:10s step-end infinite}" in style
    starts = re.findall(r"@keyframes n\d\{0%\{visibility:hidden\}([\d.]+)%,to", style)
    assert starts == ["0", "20", "40", "60"]
    assert w.grad is None
    y.backward()  # the graph is still there


def test_large_arrays_show_their_norm_and_options_are_those_of_graph(tmp_path: Path) -> None:
    w = Tensor(np.ones((3, 3)), requires_grad=True)
    path = animate((w * 2).sum(), tmp_path / "a.svg", 2.0, theme="dark")
    text = path.read_text(encoding="utf-8")
    assert ">step 3: norm 12</text>" in text
    assert 'fill="#ffffff" stroke="none"' not in text


def test_several_outputs_have_one_step(tmp_path: Path) -> None:
    w = Tensor([1.0, 2.0], requires_grad=True)
    first, second = np.split(w, 2)
    text = animate((first * second).sum(), tmp_path / "a.svg").read_text(encoding="utf-8")
    assert re.findall(r">step (\d)", text).count("3") == 1


def test_errors(tmp_path: Path) -> None:
    _, y = neuron()
    with pytest.raises(RenderError, match=r"'a.png' must end in .svg"):
        animate(y, tmp_path / "a.png")
    with pytest.raises(GraphError, match="animate: this tensor has no graph"):
        animate(Tensor(1.0), tmp_path / "a.svg")


def test_file_appears_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    y = (Tensor([1.0, 2.0], requires_grad=True) * 2).sum()
    with pytest.raises(RenderError, match=r"^animate: there is no folder .*; create it first"):
        animate(y, tmp_path / "missing" / "pass.svg")
    path = tmp_path / "pass.svg"
    path.write_text("the old one")
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(RenderError, match=r"^animate: .*pass.svg' cannot be written \(disk full\)"):
        animate(y, path)
    assert [p.name for p in tmp_path.iterdir()] == ["pass.svg"]
    assert path.read_text() == "the old one"
