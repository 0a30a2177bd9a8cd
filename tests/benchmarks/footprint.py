"""What an engine takes before it has computed anything, and how far it grows when it does."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

from .engines import ENGINES
from .measure import Engine, Measured, Step, peak


def memory(setups: dict[str, Callable[[], Step]]) -> dict[str, Engine]:
    modules = ENGINES | {"pullback": "nn"}
    return {engine: peak(modules[engine], setup) for engine, setup in setups.items()}


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
    runs = []
    for _ in range(1 if quick else 7):
        process = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
        runs.append([float(t) for t in process.stdout.split()])
    base, *ends = (median(times) for times in zip(*runs, strict=True))
    values = {"ms, numpy itself": base}
    for name, end in zip(modules, ends, strict=True):
        values[f"ms, {name} on top of NumPy"] = end - base
    yield Measured(values)


IMPORTS: dict[str, Engine] = {
    "pullback": partial(importing, ("autograd", "nn")),
    "pytorch": partial(importing, ("torch",)),
}
