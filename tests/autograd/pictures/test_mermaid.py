"""Mermaid text. Mermaid itself is no part of the tests: the names were tried in its version 11."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest

from autograd import named_scope

from .reading import NAMES, blocks, leaf, perceptron, repeated


def shown(text: str) -> str:
    """What Mermaid makes of its codes."""
    return html.unescape(re.sub(r"#(\d+);", r"&#\1;", text))


def test_boxes_and_arrows() -> None:
    w = leaf("w", 2)
    text = (w * 3.0).graph().mermaid
    assert text.startswith(
        "flowchart LR\n"
        '    n0("output"):::output\n'
        '    n1("multiply<br>(2,)"):::operation\n'
        '    n2("w<br>(2,)"):::leaf\n'
        '    n3("3"):::constant\n'
    )
    assert re.findall(r"\w+ --> \w+", text) == ["n1 --> n0", "n2 --> n1", "n3 --> n1"]
    assert "    classDef leaf fill:#" in text
    assert text.endswith("%% float64 unless noted\n")


def test_frames_are_subgraphs() -> None:
    lines = [line.strip() for line in blocks().graph().mermaid.splitlines()]
    titles = [line for line in lines if line.startswith("subgraph")]
    assert titles == ['subgraph g0["net"]', 'subgraph g0_0["first"]', 'subgraph g0_1["second"]']
    assert lines.count("end") == 3


def test_arrows_into_the_next_repetition_are_dashed_and_gradients_coloured() -> None:
    text = repeated(20).graph(fold=True, gradients=True).mermaid
    assert len(re.findall(r"-\.->", text)) == 1
    assert "20 like this" in text
    arrows = len(re.findall(r"^    n\d+ -", text, re.MULTILINE))
    assert arrows == len(re.findall(r"linkStyle \d+ stroke:#\w{6},stroke-width:", text))


ODD = {name: name for name in ["1. item", "- item", "_emphasis_", "__init__", "`code`", "end"]}
ODD |= {
    name: name for name in ["%% remark", "#35;", '"]', "click n0 call alert()", "a_b_c", "x-->y"]
}


@pytest.mark.parametrize("name", [*NAMES, *ODD], ids=ascii)
def test_name_is_printed_to_the_letter(name: str) -> None:
    with named_scope(name):
        y = np.exp(leaf(name))
    (written,) = re.findall(r'n\d+\("(.*)"\):::leaf', y.graph().mermaid)
    (title,) = re.findall(r'subgraph g0\["(.*)"\]', y.graph().mermaid)
    assert shown(written) == shown(title) == NAMES.get(name, name)
    assert not re.search(r'["<>`\[\]{}|\\&*~@]|^[-+] |^\d+[.)] |(\b|_)_\b|\b_', written)
    assert re.sub(r"#\d+;", "", written).count("#") == 0


def test_text_and_markdown_are_written(tmp_path: Path) -> None:
    graph = perceptron().graph()
    assert graph.render(tmp_path / "x.mmd").read_text() == graph.mermaid
    assert graph.render(tmp_path / "x.md").read_text() == f"```mermaid\n{graph.mermaid}```\n"
