"""The README and the site's guides run, and print what they say they print."""

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

ROOT = Path(__file__).resolve().parent.parent
PICTURES = ROOT / "notebooks" / "pictures"
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        ROOT / "README.md",
        ROOT / ".github" / "CONTRIBUTING.md",
        *sorted((ROOT / "notebooks" / "guides").glob("*.md")),
    ]
}
README = PAGES["README.md"]
each = pytest.mark.parametrize("page", PAGES)


def blocks(page: str) -> list[tuple[str, str]]:
    """The Python blocks of a page, and what each is said to print."""
    return re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", PAGES[page], re.DOTALL)


def pictures(page: str) -> list[str]:
    """The names of the graphs that a page shows, which are also the names of variables in it."""
    return re.findall(r'<img src="[\w./]*pictures/(\w+)\.svg"', PAGES[page])


def run(code: str, names: dict[str, Any]) -> str:
    """What a block prints, as if it were the file example.py."""
    linecache.cache["example.py"] = (len(code), None, code.splitlines(keepends=True), "example.py")
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "example.py", "exec"), names)
    return printed.getvalue()


def graphs(theme: str = "light") -> dict[str, Graph]:
    """The graphs in the pictures, by name."""
    drawn = {}
    for page in PAGES:
        names: dict[str, Any] = {}
        wanted = pictures(page)
        for code, _ in blocks(page):
            if all(name in names for name in wanted):
                break
            code = code.replace("loss.backward()", "neuron = loss.graph(); loss.backward()")
            with mock.patch.dict(Graph.__init__.__kwdefaults__, theme=theme):
                run(code, names)
        drawn |= {name: names[name] for name in wanted}
    return drawn


def test_readme_has_blocks_and_at_most_180_lines() -> None:
    assert len(blocks("README.md")) >= 2
    assert len(README.splitlines()) <= 180


@each
def test_page_has_only_blocks_with_their_output(page: str) -> None:
    assert PAGES[page].count("```python") == len(blocks(page))


@each
def test_blocks_print_what_the_page_says(page: str) -> None:
    names: dict[str, Any] = {}
    for code, expected in blocks(page):  # one after the other: later ones use earlier names
        assert run(code, names) == expected


@each
def test_links_lead_to_files(page: str) -> None:
    folder = (ROOT / page).parent
    for link in re.findall(r"\]\(([^)]+)\)|(?:src|srcset)=\"([^\"]+)\"", PAGES[page]):
        target = "".join(link)
        assert target.startswith("https://") or (folder / target).is_file(), target


def words(svg: bytes) -> Counter[str]:
    """The words in a picture: numbers may differ in the last digit from machine to machine."""
    texts = re.findall(rb"<text [^>]*>(.*?)</text>", svg)
    return Counter(re.sub(rb"[-+.\de]*\d", b"0", text).decode() for text in texts)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pictures_are_of_the_pages_code(theme: str, tmp_path: Path) -> None:
    drawn = graphs(theme)
    assert sorted(drawn) == ["by_hand", "fading", "layers", "neuron"]
    for name, graph in drawn.items():
        suffix = "-dark" if theme == "dark" else ""
        svg = graph.render(tmp_path / "x.svg").read_bytes()
        kept = (PICTURES / f"{name}{suffix}.svg").read_bytes()
        assert words(svg) == words(kept), "run python -m tests.test_readme"


@each
def test_dark_pages_show_dark_pictures(page: str) -> None:
    dark = re.findall(r'dark\)" srcset="[\w./]*pictures/(\w+)-dark\.svg"', PAGES[page])
    assert dark == pictures(page)


if __name__ == "__main__":  # draws the pictures anew
    for theme, suffix in (("light", ""), ("dark", "-dark")):
        for name, graph in graphs(theme).items():
            graph.render(PICTURES / f"{name}{suffix}.svg")
