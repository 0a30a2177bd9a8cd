"""The README's Python blocks run, and print what it says they print."""

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)
PICTURE = Path(__file__).parent.parent / "notebooks" / "pictures" / "neuron.svg"


def test_readme_has_only_blocks_with_their_output() -> None:
    assert len(BLOCKS) >= 2
    assert README.count("```python") == len(BLOCKS)


def test_readme_blocks_print_what_the_readme_says() -> None:
    names: dict[str, Any] = {}
    for code, expected in BLOCKS:  # one after the other: later blocks use names of earlier ones
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(code, names)
        assert printed.getvalue() == expected


@pytest.mark.parametrize("name", ["w", "b", "matmul", "add", "tanh", "subtract", "power", "mean"])
def test_readme_picture_is_of_the_example(name: str) -> None:
    names: dict[str, Any] = {}
    code = BLOCKS[0][0].replace("loss.backward()", "graph = loss.graph(); loss.backward()")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(code, names)
    assert re.search(rf'label="?{name}\b', names["graph"].dot)
    assert f">{name}<" in PICTURE.read_text(encoding="utf-8")
