"""What an engine takes before it has computed anything, and how far it grows when it does."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from statistics import median

from ..engines import ENGINES, ROOT, command
from ..measure import Engine, Measured, Setup, peak


def memory(setups: dict[str, Setup]) -> dict[str, Engine]:
    return {engine: peak(engine, setup) for engine, setup in setups.items()}


def importing(modules: tuple[str, ...], quick: bool) -> Iterator[Measured]:
    """Milliseconds until each of `modules` is there, in this order, once NumPy is."""
    code = f"""
import time
times = [time.perf_counter()]
import numpy
times.append(time.perf_counter())
for name in {modules!r}:
    __import__(name)
    times.append(time.perf_counter())
print(*(1000 * (t - times[0]) for t in times[1:]))
"""
    # As a user's Python does, the first run keeps what it has compiled for those after it.
    settings = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    settings["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    runs = []
    for _ in range(1 if quick else 7):
        process = subprocess.run(
            command("-c", code), env=settings, stdout=subprocess.PIPE, check=True
        )
        runs.append([float(t) for t in process.stdout.split()])
    base, *ends = (median(times) for times in zip(*runs, strict=True))
    values = {"ms, numpy itself": base}
    for name, end in zip(modules, ends, strict=True):
        values[f"ms, {'engine' if name == modules[0] else name} on top of NumPy"] = end - base
    yield Measured(values)


_MODULES = {"pullback": ("autograd", "nn"), "tinygrad": ("tinygrad", "tinygrad.nn.optim")}
_LIBRARIES = ("pullback", "pytorch", "jax", "hips", "mygrad", "tinygrad", "micrograd", "gensim")

IMPORTS: dict[str, Engine] = {
    engine: partial(importing, _MODULES.get(engine, (ENGINES[engine].module,)))
    for engine in _LIBRARIES
}


def size(engine: str, quick: bool) -> Iterator[Measured]:
    """MiB of the files that an installation brings, without compiled Python."""
    if engine == "pullback":  # it may run without having been installed
        own, needed = _folders("autograd", "nn"), ["numpy", "graphviz"]
    else:
        own, needed = 0, [ENGINES[engine].distribution]
    found: dict[str, int] = {}
    while needed:
        name = needed.pop()
        if name in found:
            continue
        try:
            package = distribution(name)
        except PackageNotFoundError:  # wanted on other systems only
            continue
        files = (Path(str(f.locate())) for f in package.files or () if f.suffix != ".pyc")
        found[name] = sum(f.stat().st_size for f in files if f.exists())
        needed += [_name(r) for r in package.requires or () if "extra ==" not in r]
    alone = own or next(iter(found.values()))
    total = own + sum(found.values())
    yield Measured({"MiB, itself": alone / 2**20, "MiB, with what it needs": total / 2**20})


def _folders(*names: str) -> int:
    files = (f for name in names for f in (ROOT / name).rglob("*") if f.suffix != ".pyc")
    return sum(f.stat().st_size for f in files if f.is_file())


def _name(requirement: str) -> str:
    """'numpy' of 'numpy>=2.1; python_version > "3"'."""
    return "".join(c if c.isalnum() or c in "-_." else " " for c in requirement).split()[0]


SIZES: dict[str, Engine] = {engine: partial(size, engine) for engine in _LIBRARIES}
