"""What a workload is, and the measuring of steps: time, memory, and whether results agree."""

import math
import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from .engines import ENGINES, Step, load

#: Makes the step of one engine; what it needs is imported and allocated now.
Setup = Callable[[], Step]

#: For each array of a result, a sum in which signs and places count, and the size of what was
#: summed (of large arrays, a part): what engines are compared by.
Check = list[tuple[float, float]]


@dataclass(frozen=True)
class Measured:
    """What one process reports: numbers by what they mean, and a result to compare."""

    values: dict[str, float]
    check: Check | None = None


#: Measures in this process, each time it is asked for the next; told whether to be quick.
Engine = Callable[[bool], Iterator[Measured]]


@dataclass(frozen=True)
class Workload:
    """`engines`: how each is measured. `lasting`: a process can be asked again and again.

    `share`: of the rounds, in how many it takes part. `tolerance`: relative, of what is compared.
    `steps`: by what is measured, the setup of each engine, where that is the time of steps.
    """

    about: str
    engines: dict[str, Engine]
    lasting: bool = False
    share: float = 0.1
    tolerance: float = 1e-3  # float32, after thousands of steps
    steps: dict[str, dict[str, Setup]] = field(default_factory=dict)


FLOAT64 = 1e-9  # a tolerance

# -- steps --------------------------------------------------------------------------------------


def gradients(function: Any, problem: Callable[[], Any], engines: str) -> dict[str, Setup]:
    """Setups of a function forward and backward.

    `problem()` gives the arrays to differentiate by, then constants, then the cotangent; the
    latter two may be missing.
    """
    return setups(engines, lambda engine: engine.gradient(function, *problem()))


def trainings(loss: Any, problem: Callable[[], Any], engines: str) -> dict[str, Setup]:
    """Setups of steps of SGD: `problem()` gives the parameters, the batches and the rate."""
    return setups(engines, lambda engine: engine.train(loss, *problem()))


def setups(engines: str, setup: Callable[[Any], Step]) -> dict[str, Setup]:
    """What `setup` makes of each of the engines, which are named with blanks between."""
    return {name: lambda name=name: setup(load(name)) for name in engines.split()}


# -- time ---------------------------------------------------------------------------------------


def time_steps(step: Step, first: int, number: int) -> tuple[float, Check]:
    """Microseconds for each of `number` steps, and the result of the last."""
    start = perf_counter()
    for i in range(first, first + number):
        result = step(i)
    time = (perf_counter() - start) / number * 1e6
    return time, checked(result)


def timed(
    about: str,
    setups: dict[str, Setup],
    steps: int,
    per_step: int = 1,
    unit: str = "µs per step",
    tolerance: float = Workload.tolerance,
) -> Workload:
    """A workload of equal steps, each of `per_step` operations, timed in blocks of `steps`."""
    engines = {
        name: _in_turns({unit: setup}, {unit: steps}, per_step) for name, setup in setups.items()
    }
    return Workload(
        about, engines, lasting=True, share=1, tolerance=tolerance, steps={unit: setups}
    )


def family(
    about: str,
    members: dict[str, dict[str, Setup]],
    steps: dict[str, int],
    tolerance: float = Workload.tolerance,
) -> Workload:
    """Workloads that differ in size: one process of an engine times them in turns.

    `members`: the setups under each size's name; `steps`: in a block, under the same names.
    """
    engines = {}
    sizes = {f"µs per step, {size}": setups for size, setups in members.items()}
    for engine in dict.fromkeys(name for setups in members.values() for name in setups):
        engines[engine] = _in_turns(
            {label: setups[engine] for label, setups in sizes.items() if engine in setups},
            {f"µs per step, {size}": number for size, number in steps.items()},
        )
    return Workload(about, engines, lasting=True, share=1, tolerance=tolerance, steps=sizes)


def _in_turns(setups: dict[str, Setup], steps: dict[str, int], per_step: int = 1) -> Engine:
    def blocks(quick: bool) -> Iterator[Measured]:
        chosen = dict(list(setups.items())[:2]) if quick else setups
        running = {label: setup() for label, setup in chosen.items()}
        block = dict.fromkeys(chosen, 2) if quick else steps
        for label, step in running.items():
            time_steps(step, 0, 2 * block[label])  # to warm up
        for turn in count(2):
            values, checks = {}, []
            for label, step in running.items():
                time, check = time_steps(step, turn * block[label], block[label])
                values[label] = time / per_step
                checks += check
            yield Measured(values, checks)

    return blocks


# -- results ------------------------------------------------------------------------------------


def checked(result: Any) -> Check:
    check = []
    for x in result if isinstance(result, list | tuple) else [result]:
        x = np.asarray(x.numpy() if hasattr(x, "numpy") else x).ravel()
        x = x[:: 1 + x.size // 10_000].astype(np.float64)
        check.append((float(x @ np.cos(np.arange(x.size))), float(abs(x).sum())))
    return check


def agree(check: Check | None, other: Check | None, tolerance: float) -> bool:
    if check is None or other is None:
        return check is other
    return len(check) == len(other) and all(
        math.isclose(size, size_, rel_tol=tolerance) and abs(x - x_) <= tolerance * size
        for (x, size), (x_, size_) in zip(check, other, strict=True)
    )


# -- memory -------------------------------------------------------------------------------------


def peak(engine: str, setup: Setup, steps: int = 50) -> Engine:
    """The growth of this process above what importing the engine took, at its highest."""

    def measure(quick: bool) -> Iterator[Measured]:
        before = memory_of_import(engine)
        step = setup()
        result = [step(i) for i in range(2 if quick else steps)][-1]
        yield Measured({"peak MiB": (peak_memory() - before) / 2**20}, checked(result))

    return measure


def memory_of_import(engine: str) -> int:
    """Bytes that this process holds once the engine is there; a peak on the way is forgotten."""
    if ENGINES[engine].file:
        load(engine)
    np.random.default_rng(0)  # NumPy imports this part when it is first used, by the data
    forget = Path("/proc/self/clear_refs")
    if forget.exists():
        forget.write_text("5")
    return peak_memory()


def peak_memory() -> int:
    """The most bytes of memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count the process that started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
