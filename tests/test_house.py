"""The house: the order of imports, who knows what, what a reader finds, what lies at the top."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import autograd

ROOT = Path(__file__).resolve().parent.parent

#: Tables: besides each other, they import these.
RULES_MAY_IMPORT = {
    "op", "recorded", "registry", "arrays", "kernels", "operands", "broadcasting", "errors",
    "sparse", "typing",
}  # fmt: skip

LONGEST_PASS = 60  # lines of `backward_pass`: one screen
ONE_LINE_SHARE = 0.85  # of the VJPs in the tables of gradients

TOP = {"pyproject.toml", "README.md", "LICENSE", "autograd", "nn", "tests", "notebooks"}


def listed(text: str, row: str) -> list[str]:
    """The names in the first column of a table, whose rows match `row`, without markup."""
    columns = re.findall(row, text, flags=re.MULTILINE)
    return [name.strip("`/ ").removesuffix(".py") for c in columns for name in c.split(",")]


#: The files and folders of `autograd`, from the ground up, as its docstring lists them.
ORDER = [*listed(str(autograd.__doc__), r"^    ([a-z_/]+(?:, [a-z_/]+)*)  +\S"), "__init__"]


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
    assert here in ORDER, f"{path.name} has no place in the docstring of autograd; give it one"
    for module, name in imports(path, inside_functions=True):
        part = own_part(module, name)
        if part is not None and part != here:
            assert ORDER.index(part) < ORDER.index(here), f"{here} imports {part}"


def test_order_names_each_module_once() -> None:
    assert len(set(ORDER)) == len(ORDER)
    assert set(ORDER) - {place(path) for path in files("autograd")} == set()


def test_contributing_lists_the_modules_in_their_order() -> None:
    guide = ROOT / ".github" / "CONTRIBUTING.md"
    if not guide.exists():
        pytest.skip("the guide is not there yet")
    table = guide.read_text().split("| `autograd/` |")[1].split("\n\n")[0]
    assert listed(table, r"^\| (`[^|]+) \|") == ORDER[:-1]


def test_nobody_imports_by_a_computed_name_but_the_package_itself() -> None:
    for package in ("autograd", "nn"):
        for path in files(package):
            text = path.read_text()
            assert "__import__" not in text
            assert "import_module" not in text or path.name == "__init__.py"


def submodules(path: Path) -> set[str]:
    """The names under which a file imports modules of its own package."""
    found = set()
    for node in statements(ast.parse(path.read_text()), inside_functions=True):
        if isinstance(node, ast.ImportFrom) and node.level:
            folder = path.parents[node.level - 1] / (node.module or "").replace(".", "/")
            found |= {a.asname or a.name for a in node.names if (folder / f"{a.name}.py").exists()}
    return found


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_no_module_sets_a_name_of_another(package: str) -> None:
    for path in files(package):
        modules = submodules(path)
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                assert ast.unparse(node.value) not in modules, f"{path}: {ast.unparse(node)}"


def dependencies(package: str) -> dict[str, set[str]]:
    """By module, the modules of the same package that it imports anywhere."""
    paths = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in files(package)}
    paths = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    found: dict[str, set[str]] = {}
    for here, path in paths.items():
        used = {
            f"{module}.{name}" if f"{module}.{name}" in paths else module
            for module, name in imports(path, inside_functions=True)
        }
        found[here] = {name for name in used if name in paths and name != here}
    return found


@pytest.mark.parametrize("package", ["autograd", "nn"])
def test_imports_form_no_circle(package: str) -> None:
    TopologicalSorter(dependencies(package)).prepare()  # raises CycleError, which names it


def test_backward_pass_fits_on_a_screen() -> None:
    tree = ast.parse((ROOT / "autograd" / "backward.py").read_text())
    (found,) = [n for n in ast.walk(tree) if getattr(n, "name", "") == "backward_pass"]
    assert isinstance(found, ast.FunctionDef)
    assert found.end_lineno is not None
    assert found.end_lineno - found.lineno + 1 <= LONGEST_PASS


def vjps_in(path: Path) -> Iterator[ast.expr]:
    """The rules in the tables of a file: lambdas, and names of functions."""
    for call in ast.walk(ast.parse(path.read_text())):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "rule":
            given = call.args[1:] + [k.value for k in call.keywords if k.arg in ("joint", "vjps")]
            for value in given:
                parts = value.elts if isinstance(value, ast.List | ast.Tuple) else [value]
                for part in parts:
                    if not (isinstance(part, ast.Constant) and part.value is None):
                        yield part


def test_most_gradients_are_one_line() -> None:
    vjps = [vjp for path in files("autograd/rules") for vjp in vjps_in(path)]
    short = [v for v in vjps if isinstance(v, ast.Lambda) and v.lineno == v.end_lineno]
    assert len(short) >= ONE_LINE_SHARE * len(vjps), f"{len(short)} of {len(vjps)} are one line"


@pytest.mark.parametrize("path", files("autograd/rules"), ids=lambda p: p.name)
def test_gradient_of_several_lines_is_a_function_above_its_entry(path: Path) -> None:
    functions = {
        node.name: node.lineno
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef)
    }
    for vjp in vjps_in(path):
        if isinstance(vjp, ast.Name):
            assert functions.get(vjp.id, vjp.lineno) < vjp.lineno, f"{vjp.id} in {path.name}"
        else:
            assert isinstance(vjp, ast.Lambda | ast.Starred | ast.Call), ast.unparse(vjp)


@pytest.mark.parametrize("path", files("autograd/rules"), ids=lambda p: p.name)
def test_rules_hold_no_compositions(path: Path) -> None:
    decorators = [
        decorator
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        for decorator in node.decorator_list
    ]
    assert not [d for d in map(ast.unparse, decorators) if d.startswith("implements")]


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
        if module in ("autograd.ops", "autograd.typing"):
            assert name in importlib.import_module(module).__all__, name
        elif module == "autograd":
            assert not name or name in autograd.__all__ or name in ("numpy", "render"), name
        else:
            assert not module.startswith("autograd.") or module.startswith("autograd.numpy"), module


def test_top_level_holds_what_was_drawn_and_nothing_else() -> None:
    listing = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout")
    top = {line.split("/")[0] for line in listing.stdout.splitlines()}
    assert {name for name in top if not name.startswith(".")} == TOP
