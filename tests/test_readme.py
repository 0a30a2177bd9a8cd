"""The README's Python blocks run, and print what it says they print."""

import contextlib
import io
import linecache
import re
from collections import Counter
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from autograd.render import Graph

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
PICTURES = Path(__file__).parent.parent / "notebooks" / "pictures"
NAMES = re.findall(r'<img src="notebooks/pictures/(\w+)\.svg"', README)


def run(code: str, names: dict[str, Any]) -> str:
    """What a block prints, as if it were the file example.py."""
    linecache.cache["example.py"] = (len(code), None, code.splitlines(keepends=True), "example.py")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "example.py", "exec"), names)
    return printed.getvalue()


def graphs(theme: str = "light") -> dict[str, Graph]:
    """The graphs in the README's pictures, by name."""
    names: dict[str, Any] = {}
    for code, _ in BLOCKS:
        code = code.replace("loss.backward()", "neuron = loss.graph(); loss.backward()")
        with mock.patch.dict(Graph.__init__.__kwdefaults__, theme=theme):
            run(code, names)
    return {name: names[name] for name in NAMES}


def test_readme_has_only_blocks_with_their_output() -> None:
    assert len(BLOCKS) >= 2
    assert README.count("```python") == len(BLOCKS)


def test_readme_blocks_print_what_the_readme_says() -> None:
    names: dict[str, Any] = {}
    for code, expected in BLOCKS:  # one after the other: later blocks use names of earlier ones
        assert run(code, names) == expected


def words(svg: bytes) -> Counter[str]:
    """The words in a picture: numbers may differ in the last digit from machine to machine."""
    texts = re.findall(rb"<text [^>]*>(.*?)</text>", svg)
    return Counter(re.sub(rb"[-+.\de]*\d", b"0", text).decode() for text in texts)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_readme_pictures_are_of_its_code(theme: str, tmp_path: Path) -> None:
    drawn = graphs(theme)
    assert list(drawn) == ["neuron", "by_hand", "fading", "layers"]
    for name, graph in drawn.items():
        suffix = "-dark" if theme == "dark" else ""
        svg = graph.render(tmp_path / "x.svg").read_bytes()
        kept = (PICTURES / f"{name}{suffix}.svg").read_bytes()
        assert words(svg) == words(kept), "run python -m tests.test_readme"


def test_readme_shows_dark_pictures_on_dark_pages() -> None:
    dark = re.findall(r'dark\)" srcset="notebooks/pictures/(\w+)-dark\.svg"', README)
    assert dark == NAMES


if __name__ == "__main__":  # draws the pictures anew
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        for name, graph in graphs(theme).items():
            graph.render(PICTURES / f"{name}{suffix}.svg")
