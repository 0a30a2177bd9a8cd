"""The site names everything public, and the door of the project leads to what is there."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import pytest

ROOT = Path(__file__).resolve().parent.parent
API = ROOT / "notebooks" / "api"

#: Packages with pages of their own; `autograd.numpy` has NumPy's names.
MODULES = [
    "autograd", "autograd.ops", "autograd.debug", "nn", "nn.functional", "nn.losses", "nn.optim",
    "nn.schedules", "nn.init", "nn.data", "nn.models", "nn.plots",
]  # fmt: skip


def documented() -> list[tuple[str, str]]:
    """(module, name) for each entry of the API pages."""
    found = []
    for path in sorted(API.glob("*.md")):
        module = ""
        for directive, argument in re.findall(r"^\.\. (\w+):: (\S+)$", path.read_text(), re.M):
            if directive == "currentmodule":
                module = argument
            else:
                found.append((module, argument))
    return found


def public(module: str) -> dict[str, Any]:
    """The public names of a module, and what they are, without modules.

    Those of `__all__`, or where there is none, of what is defined in the module or its files.
    """
    found = importlib.import_module(module)
    here = [n for n, value in vars(found).items() if _module(value).startswith(module)]
    names = [name for name in getattr(found, "__all__", here) if not name.startswith("_")]
    values = {name: getattr(found, name) for name in names}
    return {
        name: value for name, value in values.items() if not isinstance(value, ModuleType | TypeVar)
    }


def _module(value: Any) -> str:
    return str(getattr(value, "__module__", None))


@pytest.mark.parametrize("module", MODULES)
def test_api_pages_have_each_public_name(module: str) -> None:
    there = [getattr(importlib.import_module(place), name) for place, name in documented()]
    missing = [n for n, value in public(module).items() if not any(value is x for x in there)]
    assert not missing, f"add them to notebooks/api/: {missing}"


def test_api_pages_have_each_name_once_and_only_public_ones() -> None:
    entries = documented()
    assert not [entry for entry, count in Counter(entries).items() if count > 1]
    for module, name in entries:
        assert module == "autograd.numpy" or name in public(module), (module, name)


def test_front_page_leads_to_each_page() -> None:
    front = (ROOT / "notebooks" / "index.md").read_text(encoding="utf-8")
    for folder in ("guides", "api"):
        for path in (ROOT / "notebooks" / folder).glob("*.md"):
            assert f"\n{folder}/{path.stem}\n" in front


def test_contributing_shows_the_lines_that_make_an_operation() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text(encoding="utf-8")
    tables = [*(ROOT / "autograd" / "rules").glob("*.py"), ROOT / "tests" / "cases.py"]
    code = "".join(re.sub(r"\s+", "", path.read_text()) for path in tables)
    lines = re.findall(r"```py\n(.*?)\n```", text, re.DOTALL)
    assert len(lines) == 2
    for line in lines:
        assert re.sub(r"\s+", "", line) in code, line


def test_workflow_runs_what_ci_runs_here() -> None:
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o100
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text()
    assert re.findall(r"- run: (.*)", workflow) == [".ci/run"]
    hooks = (ROOT / ".pre-commit-config.yaml").read_text()
    checks = re.findall(r"entry: (.*)", hooks)
    assert checks == ["ruff check .", "ruff format --check .", "mypy"]
    assert "\n".join(checks) in (ROOT / ".ci" / "run").read_text()
