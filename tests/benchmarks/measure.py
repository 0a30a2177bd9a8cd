"""What a workload is, and the measuring of steps: time and memory."""

import resource
import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Workload:
    """`engines`: for each, a function that measures in this process; `quick`: a few steps only."""

    about: str
    engines: dict[str, Callable[[bool], Measured]]


def timed(
    about: str, setups: dict[str, Callable[[], Step]], steps: int, per_step: int = 1, unit: str = ""
) -> Workload:
    """A workload of equal steps, each of `per_step` operations.

    Twenty blocks of `steps` steps follow one block to warm up; the median block counts.
    """

    def measurement(setup: Callable[[], Step]) -> Callable[[bool], Measured]:
        def measure(quick: bool) -> Measured:
            step = setup()
            block, blocks = (2, 2) if quick else (steps, 20)
            result, done, times = None, 0, []
            for _ in range(1 + blocks):
                start = perf_counter()
                for i in range(done, done + block):
                    result = step(i)
                times.append((perf_counter() - start) / block)
                done += block
            time = statistics.median(times[1:])
            return Measured({unit or "µs per step": time / per_step * 1e6}, float(result))

        return measure

    return Workload(about, {engine: measurement(setup) for engine, setup in setups.items()})


def peak(module: str, setup: Callable[[], Step], steps: int = 50) -> Callable[[bool], Measured]:
    """The growth of this process above what importing `module` took, at its highest."""

    def measure(quick: bool) -> Measured:
        __import__(module)
        before = peak_memory()
        step, result = setup(), None
        for i in range(2 if quick else steps):
            result = step(i)
        return Measured({"peak MiB": (peak_memory() - before) / 2**20}, float(result))

    return measure


def peak_memory() -> int:
    """The most bytes of memory that this process has held so far."""
    status = Path("/proc/self/status")
    if status.exists():  # ru_maxrss would also count the process that started this one
        return int(status.read_text().split("VmHWM:")[1].split()[0]) * 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
