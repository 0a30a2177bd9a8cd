"""Public names have docstrings and signatures, and the examples in docstrings run."""

from __future__ import annotations

import ast
import doctest
import importlib
import inspect
import pydoc
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor

ROOT = Path(__file__).parent.parent
NAMESPACES = [
    "autograd", "autograd.ops", "autograd.debug", "nn", "nn.data", "nn.functional", "nn.init",
    "nn.losses", "nn.models", "nn.optim", "nn.schedules",
]  # fmt: skip


def public_names(module: ModuleType) -> list[str]:
    """The names of `__all__`, or, without one, those that the module itself defines."""
    own = [name for name, value in vars(module).items() if of_module(value, module)]
    return [name for name in getattr(module, "__all__", own) if not name.startswith("_")]


def of_module(value: Any, module: ModuleType) -> bool:
    return str(getattr(value, "__module__", "")).startswith(module.__name__)


def public_objects() -> dict[str, Any]:
    """Functions and classes in the public namespaces, each once, under its shortest name."""
    found: dict[int, tuple[str, Any]] = {}
    for namespace in NAMESPACES:
        module = importlib.import_module(namespace)
        for name in public_names(module):
            value = getattr(module, name)
            if isinstance(value, type | FunctionType | autograd.Op):
                found.setdefault(id(value), (f"{namespace}.{name}", value))
    return dict(found.values())


def is_error(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


@pytest.mark.parametrize("name", public_objects())
def test_public_name_has_a_docstring_a_signature_and_an_example(name: str) -> None:
    value = public_objects()[name]
    text = inspect.getdoc(value) or ""
    assert text, f"{name} has no docstring"
    page = pydoc.plain(pydoc.render_doc(value))
    assert text.splitlines()[0] in page, f"help({name}) does not show its docstring"
    if is_error(value):
        return
    assert inspect.signature(value) is not None
    assert ">>>" in text, f"the docstring of {name} has no example"


@pytest.mark.parametrize("name", public_objects())
def test_parameters_in_a_docstring_are_those_of_the_signature(name: str) -> None:
    value = public_objects()[name]
    text = inspect.getdoc(value) or ""
    if "\nArgs:\n" not in text:
        return
    section = text.split("\nArgs:\n")[1].split("\n\n")[0]
    documented = [
        line.split(":")[0].strip().lstrip("*")
        for line in section.splitlines()
        if line.startswith("    ") and line[4] != " "
    ]
    names = [p for entry in documented for p in entry.replace(",", " ").split()]
    parameters = inspect.signature(value).parameters
    assert set(names) <= set(parameters), set(names) - set(parameters)


def modules() -> list[str]:
    files = sorted(p for package in ("autograd", "nn") for p in (ROOT / package).rglob("*.py"))
    names = (".".join(p.relative_to(ROOT).with_suffix("").parts) for p in files)
    return [n.removesuffix(".__init__") for n in names if not n.endswith("__main__")]


def examples(module: ModuleType) -> Iterator[doctest.DocTest]:
    names = {"np": np, "Tensor": Tensor, "autograd": autograd, "nn": nn}
    source = Path(str(module.__file__)).read_text()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node)
            if text and ">>>" in text:
                name = getattr(node, "name", module.__name__)
                yield doctest.DocTestParser().get_doctest(
                    text, dict(names), name, module.__file__, getattr(node, "lineno", 0)
                )


@pytest.mark.parametrize("name", modules())
def test_examples_print_what_they_say(name: str, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.chdir(tmp_path)  # where some of them write files
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
    failures: list[str] = []
    for example in examples(importlib.import_module(name)):
        runner.run(example, out=failures.append)
    assert not failures, "".join(failures)
