"""The notebooks run from top to bottom, and are committed with what they show.

What a cell shows may differ in its numbers and its pictures, which are not the same on every
machine, and in nothing else; a cell with the tag "varies", also in its words.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECONDS = 120  #: that one cell may take
LARGEST = 1_500_000  #: bytes of a file
NUMBER = re.compile(r"[-+]?(\d[\d,_]*\.?\d*|\.\d+)(e[-+]?\d+)?")
PATH = re.compile(r"(?<![\w.:/])(/(home|root|tmp|var|usr|opt|work|mnt|private|Users)/|[A-Z]:\\)")

# What Jupyter's own code is warned of on a Python newer than itself is not ours.
pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:(dateutil|jupyter_client|jupyter_core|nbclient|nbformat|zmq)"
)
each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def read(path: Path) -> Any:
    nbformat = pytest.importorskip("nbformat")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def texts(cell: Any) -> str:
    """The source of a cell, and all that it shows but pictures of pixels."""
    found = [cell.source]
    for output in cell.get("outputs", []):
        found.append(output.get("text", ""))
        found += [v for kind, v in output.get("data", {}).items() if kind != "image/png"]
    return "\n".join(found)


def shown(cell: Any) -> Any:
    """What a cell shows: its words, without spaces, and the kinds of its pictures and values."""
    data = [output.get("data", {}) for output in cell.outputs if output.output_type != "stream"]
    printed = [output.text for output in cell.outputs if output.output_type == "stream"]
    values = [d["text/plain"] for d in data if list(d) == ["text/plain"]]
    words = re.sub(r"\s", "", NUMBER.sub("0", "".join(printed + values)))
    varies = "varies" in cell.metadata.get("tags", [])
    return "" if varies else words, [sorted(d) for d in data]


def executed(path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The notebook after a run in a fresh kernel of the running Python.

    It starts in `folder`, which is empty, and without anybody's settings of IPython.
    """
    nbclient, client = pytest.importorskip("nbclient"), pytest.importorskip("jupyter_client")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib.font_manager")  # its first import ever may say so in a cell
    monkeypatch.setenv("IPYTHONDIR", str(folder.parent / "ipython"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the kernel's is pictures in cells
    native = client.kernelspec.KernelSpecManager(kernel_dirs=[])  # no kernel that is installed
    manager = client.AsyncKernelManager(kernel_name="python3", kernel_spec_manager=native)
    notebook = read(path)
    run = nbclient.NotebookClient(notebook, km=manager, timeout=SECONDS, record_timing=False)
    run.execute(cwd=str(folder), env=dict(os.environ), cleanup_kc=True)
    return notebook


@each
def test_notebook_runs_without_warnings_or_files_and_shows_what_is_committed(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    notebook = executed(path, folder, monkeypatch)  # raises where a cell does
    for cell, before in zip(code_cells(notebook), code_cells(read(path)), strict=True):
        printed = [output for output in cell.outputs if output.get("name") == "stderr"]
        assert not printed, cell.source
        assert shown(cell) == shown(before), cell.source
    assert not list(folder.iterdir())


@each
def test_notebook_is_committed_as_one_run_left_it(path: Path) -> None:
    notebook = read(path)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any("execution" in cell.metadata for cell in cells)  # times of day
    assert notebook.metadata.kernelspec.name == "python3"
    assert path.stat().st_size <= LARGEST


@each
def test_notebook_shows_nothing_of_the_machine_it_ran_on(path: Path) -> None:
    for cell in read(path).cells:
        for found in (PATH.search(texts(cell)), re.search(r"\bat 0x[0-9a-f]+", texts(cell))):
            assert found is None, f"{found} in\n{cell.source}"


@each
def test_notebook_is_in_the_readme(path: Path) -> None:
    assert f"](notebooks/{path.name})" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "is_path"),
    [
        ("/tmp/x/curves.png", True),
        ("file at /home/ann/a.py:3", True),
        ("C:\\Users\\ann", True),
        ("notebooks/tmp/x", False),
        ("http://www.w3.org/tmp/", False),
        ("a/b", False),
    ],
)
def test_paths_are_found(text: str, is_path: bool) -> None:
    assert bool(PATH.search(text)) == is_path
