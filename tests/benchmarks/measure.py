"""What a workload is, and the measuring of steps: time and memory."""

import resource
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter
from typing import Any

#: One step of an engine's work; its argument counts 0, 1, 2, ... and chooses the batch.
Step = Callable[[int], Any]


@dataclass(frozen=True)
class Measured:
    """What one process reports: numbers by what they mean, and a result to compare."""

    values: dict[str, float]
    check: float | None = None


#: Measures in this process, each time it is asked for the next; told whether to be quick.
Engine = Callable[[bool], Iterator[Measured]]


@dataclass(frozen=True)
class Workload:
    """`engines`: how each is measured. `lasting`: a process can be asked again and again."""

    about: str
    engines: dict[str, Engine]
    lasting: bool = False


def time_steps(step: Step, first: int, number: int) -> tuple[float, float]:
    """Microseconds for each of `number` steps, and the result of the last."""
    start = perf_counter()
    for i in range(first, first + number):
        result = step(i)
    return (perf_counter() - start) / number * 1e6, float(result)


def timed(
    about: str, setups: dict[str, Callable[[], Step]], steps: int, per_step: int = 1, unit: str = ""
) -> Workload:
    """A workload of equal steps, each of `per_step` operations, timed in blocks of `steps`."""

    def engine(setup: Callable[[], Step]) -> Engine:
        def blocks(quick: bool) -> Iterator[Measured]:
            step = setup()
            block = 2 if quick else steps
            time_steps(step, 0, 2 * block)  # to warm up
            for first in count(2 * block, block):
                time, result = time_steps(step, first, block)
                yield Measured({unit or "µs per step": time / per_step}, result)

        return blocks

    return Workload(about, {name: engine(setup) for name, setup in setups.items()}, lasting=True)


def peak(module: str, setup: Callable[[], Step], steps: int = 50) -> Engine:
    """The growth of this process above what importing `module` took, at its highest."""

    def engine(quick: bool) -> Iterator[Measured]:
        __import__(module)
        before = peak_memory()
        step = setup()
        result = [step(i) for i in range(2 if quick else steps)][-1]
        yield Measured({"peak MiB": (peak_memory() - before) / 2**20}, float(result))

    return engine


def peak_memory() -> int:
    """The most bytes of memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count the process that started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
