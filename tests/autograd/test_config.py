"""Whose files these are, and what runs them."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import autograd
from autograd.config import keep_freed_memory, refuse_foreign_files, show_config
from tests.conftest import refuse_foreign


def test_foreign_files_are_refused_by_name(tmp_path: Path) -> None:
    refuse_foreign_files(tmp_path)
    (tmp_path / "tracer.py").touch()
    (tmp_path / "core.py").touch()
    with pytest.raises(ImportError) as info:
        refuse_foreign_files(tmp_path)
    text = str(info.value)
    assert f"{tmp_path} holds files of another distribution" in text
    assert "(core.py, tracer.py)" in text
    assert "pip uninstall autograd pullback" in text


def test_foreign_files_keep_the_package_from_being_imported(tmp_path: Path) -> None:
    package = tmp_path / "autograd"
    source = Path(autograd.__file__).parent
    package.mkdir()
    for name in ("__init__.py", "config.py"):
        (package / name).write_text((source / name).read_text())
    (package / "core.py").touch()
    run = subprocess.run(
        [sys.executable, "-c", "import autograd"], cwd=tmp_path, capture_output=True, text=True
    )
    assert run.returncode == 1
    assert "holds files of another distribution named 'autograd' (core.py)" in run.stderr


def test_own_files_have_none_of_the_foreign_names() -> None:
    refuse_foreign_files()


def test_show_config_names_versions_places_and_kernel(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_CORETYPE", raising=False)
    show_config()
    text = capsys.readouterr().out
    assert f"pullback {autograd.__version__}" in text
    assert str(Path(autograd.__file__).parent) in text
    assert np.__version__ in text
    assert "kernel: " in text
    assert "threads  OMP_NUM_THREADS=3" in text
    assert "OPENBLAS_CORETYPE" not in text


def test_show_config_says_what_pins_a_kernel(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    show_config()
    text = capsys.readouterr().out
    assert "warning  OPENBLAS_CORETYPE=Haswell pins an instruction set" in text
    assert "unset it" in text


def test_tests_refuse_an_autograd_from_elsewhere(tmp_path: Path) -> None:
    foreign = tmp_path / "autograd" / "__init__.py"
    with pytest.raises(pytest.exit.Exception) as info:
        refuse_foreign(foreign)
    assert str(foreign) in str(info.value)
    assert "pip uninstall autograd" in str(info.value)


PAGES_OF_STEPS = """
import resource
import numpy as np
import autograd
def step():
    x = np.ones(1 << 20)
    return x + 1, x * 2
step()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    step()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def has_glibc() -> bool:
    return sys.platform == "linux" and hasattr(ctypes.CDLL(None), "gnu_get_libc_version")


@pytest.mark.skipif(not has_glibc(), reason="only glibc can be told")
def test_freed_memory_is_kept_for_the_next_step() -> None:
    free = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}

    def pages(**settings: str) -> int:
        command = [sys.executable, "-c", PAGES_OF_STEPS]
        return int(subprocess.check_output(command, env=free | settings, text=True))

    assert pages() < 100 < pages(MALLOC_PERTURB_="0")  # the second has settings of its own


def test_settings_of_the_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "2")
    assert not keep_freed_memory()
