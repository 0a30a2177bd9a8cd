import ast
import os
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

import nn

ROOT = Path(__file__).parents[2]


def _python(code, *, path=(ROOT,), cwd=ROOT, flags=()):
    return subprocess.run(
        [sys.executable, *flags, "-c", code],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, path))},
        capture_output=True,
        text=True,
    )


def test_package_lists_what_it_has():
    assert all(hasattr(nn, name) for name in nn.__all__)
    assert len(set(nn.__all__)) == len(nn.__all__)


def test_import_does_not_bring_in_what_only_some_need():
    code = (
        "import sys, nn\n"
        "names = 'matplotlib tqdm graphviz pygraphviz safetensors urllib.request'.split()\n"
        "print([m for m in names if m in sys.modules])"
    )
    done = _python(code)
    assert done.stdout.strip() == "[]", done.stderr


@pytest.mark.parametrize("init", ["def grad(f): ...\n", None])
def test_import_refuses_a_foreign_autograd(tmp_path, init):
    (tmp_path / "autograd").mkdir()
    if init:
        (tmp_path / "autograd" / "__init__.py").write_text(init)
        (tmp_path / "nn").symlink_to(ROOT / "nn")
    else:  # a folder without __init__.py, with the nn package beside it
        (tmp_path / "nn").symlink_to(ROOT / "nn")
    # Without site-packages: an installed package would be found before a folder that is none.
    done = _python("import nn", path=[tmp_path], cwd=tmp_path, flags=[] if init else ["-S"])
    assert done.returncode == 1
    assert "ImportError: nn needs pullback's autograd, but" in done.stderr
    assert str(tmp_path / "autograd") in done.stderr
    assert "clean environment" in done.stderr


@pytest.mark.parametrize("path", sorted((ROOT / "nn").rglob("*.py")), ids=lambda p: p.name)
def test_source_imports_only_public_names_of_autograd(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not any(a.name.startswith("autograd.") for a in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            public = "autograd", "autograd.ops", "autograd.typing"
            assert not node.module.startswith("autograd.") or node.module in (
                *public,
                "autograd.numpy",
            )
            if node.module in public:
                assert {a.name for a in node.names} <= set(import_module(node.module).__all__)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_network_computes_in_what_numpy_promotes_to_and_stays_as_it_is(dtype):
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(18, 4), nn.LayerNorm(4), nn.GELU(), nn.Dropout(0.5), nn.Linear(4, 3),
    )  # fmt: skip
    optimizer = nn.optim.Adam(model.parameters())
    y = model(np.random.default_rng(0).normal(size=(5, 1, 8, 8)).astype(dtype))
    assert y.dtype == dtype
    loss = nn.functional.cross_entropy(y, np.arange(5) % 3)
    assert loss.dtype == dtype
    loss.backward()
    optimizer.step()
    assert {p.grad.dtype for p in model.parameters()} == {np.dtype(np.float32)}
    for name, array in model.state_dict().items():
        assert array.dtype == (np.int64 if name.endswith("tracked") else np.float32), name
