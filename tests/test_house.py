"""The house: which file may import which, who knows what, and what lies at the top."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).resolve().parent.parent

#: Every module of `autograd`, from the ground up: each may import only from earlier ones.
ORDER = [
    "errors", "typing", "broadcasting", "sparse", "grad_mode", "config", "operands", "node",
    "recorded", "changes", "hooks", "scopes", "missing", "signatures", "op", "registry", "arrays",
    "vjps", "backward", "kernels", "rules", "compositions", "nondifferentiable", "protocols",
    "operators", "tensor", "ops", "tree", "transforms", "gradcheck", "debug", "pictures", "render",
    "numpy", "__init__",
]  # fmt: skip

#: Tables: besides each other, they import these.
RULES_MAY_IMPORT = {
    "op", "recorded", "registry", "arrays", "kernels", "operands", "broadcasting", "errors",
    "sparse", "typing",
}  # fmt: skip

TOP = {"pyproject.toml", "README.md", "LICENSE", "autograd", "nn", "tests", "notebooks"}


def files(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def is_type_checking(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def statements(tree: ast.AST, inside_functions: bool) -> Iterator[ast.AST]:
    for node in ast.iter_child_nodes(tree):
        if is_type_checking(node):
            assert isinstance(node, ast.If)
            for other in node.orelse:
                yield from statements(other, inside_functions)
            continue
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not inside_functions:
            continue
        yield node
        yield from statements(node, inside_functions)


def imports(path: Path, inside_functions: bool = False) -> Iterator[tuple[str, str]]:
    """(module, name) for what a file imports, with relative imports made absolute."""
    package = path.relative_to(ROOT).parent.parts
    for node in statements(ast.parse(path.read_text()), inside_functions):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ""
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield module, alias.name


def own_part(module: str, name: str) -> str | None:
    """The entry of ORDER that an import of `autograd` means; None for other packages."""
    parts = [*module.split("."), name]
    if parts[0] != "autograd":
        return None
    return parts[1] if parts[1] in ORDER else "__init__"


def place(path: Path) -> str:
    """The entry of ORDER that a file of `autograd` belongs to."""
    return path.relative_to(ROOT / "autograd").with_suffix("").parts[0]


@pytest.mark.parametrize("path", files("autograd"), ids=lambda p: str(p.relative_to(ROOT)))
def test_module_imports_only_from_modules_below(path: Path) -> None:
    here = place(path)
    assert here in ORDER, f"{path.name} has no place in the order; give it one"
    for module, name in imports(path):
        part = own_part(module, name)
        if part is not None and part != here:
            assert ORDER.index(part) < ORDER.index(here), f"{here} imports {part}"


@pytest.mark.parametrize("path", files("autograd/rules"), ids=lambda p: p.name)
def test_rules_import_only_op_broadcasting_errors_and_each_other(path: Path) -> None:
    for module, name in imports(path, inside_functions=True):
        part = own_part(module, name)
        assert part is None or part == "rules" or part in RULES_MAY_IMPORT


def test_only_render_imports_graphviz() -> None:
    for package in ("autograd", "nn"):
        for path in files(package):
            for module, _ in imports(path, inside_functions=True):
                if module.split(".")[0] in ("graphviz", "pygraphviz"):
                    assert path.relative_to(ROOT).as_posix() == "autograd/render.py"


def test_autograd_does_not_know_nn() -> None:
    for path in files("autograd"):
        assert all(m.split(".")[0] != "nn" for m, _ in imports(path, inside_functions=True))


@pytest.mark.parametrize("path", files("nn"), ids=lambda p: str(p.relative_to(ROOT)))
def test_nn_imports_only_public_names_of_autograd(path: Path) -> None:
    for module, name in imports(path, inside_functions=True):
        if module == "autograd":
            assert not name or name in autograd.__all__ or name in ("numpy", "render"), name
        else:
            public = ("autograd.numpy", "autograd.ops", "autograd.typing")
            assert not module.startswith("autograd.") or module.startswith(public), module


def test_top_level_holds_what_was_drawn_and_nothing_else() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listing.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == TOP
