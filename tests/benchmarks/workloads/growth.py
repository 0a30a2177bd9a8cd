"""How time and memory grow: with depth, width, batch, vocabulary, and the nodes of a graph.

Each process goes through the sizes from the smallest up. Memory is the most that it has held,
beyond what importing took. A graph's time per node grows with any engine whose nodes are Python
objects: the cycle collector looks at all of them each time a quarter more have been made. Hence
that workload with the collector off, too.
"""

import gc
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import (
    Engine,
    Measured,
    Setup,
    Workload,
    checked,
    gradients,
    memory_of_import,
    peak_memory,
)
from . import embedding, mlp

#: Seconds in which a size is measured, and at least twice.
SECONDS = 0.3

_PEERS = "pullback pytorch jax mygrad"


def growth(
    about: str, members: dict[str, dict[str, Setup]], tolerance: float = Workload.tolerance
) -> Workload:
    """`members`: the setups of every engine under each size's name, from the smallest up."""
    engines = list(next(iter(members.values())))
    return Workload(
        about,
        {e: _measuring(e, {size: setups[e] for size, setups in members.items()}) for e in engines},
        tolerance=tolerance,
    )


def _measuring(engine: str, setups: dict[str, Setup]) -> Engine:
    def measure(quick: bool) -> Iterator[Measured]:
        before = memory_of_import(engine)
        times, peaks, checks = {}, {}, []
        for size, setup in list(setups.items())[: 2 if quick else None]:
            step = setup()
            checks += checked(step(0))
            times[f"µs per step, {size}"] = _time(step, 0 if quick else SECONDS)
            peaks[f"peak MiB, {size}"] = (peak_memory() - before) / 2**20
            del step
        yield Measured(times | peaks, checks)

    return measure


def _time(step: Step, seconds: float) -> float:
    """The median, in microseconds, of at least two steps."""
    times: list[float] = []
    while len(times) < 2 or sum(times) < seconds:
        start = perf_counter()
        step(1 + len(times))
        times.append(perf_counter() - start)
    return median(times) * 1e6


def _sizes(
    unit: str, values: tuple[int, ...], setups: Callable[[int], dict[str, Setup]]
) -> dict[str, dict[str, Setup]]:
    return {f"{value:,} {unit}": setups(value) for value in values}


DEPTH = growth(
    "a net of n hidden layers of 64, batch 32, one step of SGD, float32",
    _sizes(
        "layers",
        (1, 4, 16, 64, 256),
        lambda n: mlp.setups((64,) * (n + 1) + (10,), 32, _PEERS),
    ),
)
WIDTH = growth(
    "two hidden layers of n, batch 32, one step of SGD, float32",
    _sizes("wide", (32, 128, 512, 2048), lambda n: mlp.setups((64, n, n, 10), 32, _PEERS)),
)
BATCH = growth(
    "the net 784-128-10, batches of n, one step of SGD, float32",
    _sizes("images", (8, 64, 512, 4096), lambda n: mlp.setups((784, 128, 10), n, _PEERS)),
)
VOCABULARY = growth(
    "4,096 indices into a table of n rows 64 wide, one step of SGD, float32",
    _sizes("rows", (10**3, 10**4, 10**5, 10**6), embedding.setups),
)


def _chain(n: int) -> dict[str, Setup]:
    def function(e: Any, x: Any, a: Any) -> Any:
        for _ in range(n):
            x = x * a
        return x.sum()

    return gradients(function, lambda: ([np.ones(10)], [np.ones(10)]), "pullback pytorch hips")


def _without_collector(setup: Setup) -> Setup:
    def without() -> Step:
        step = setup()

        def collector_off(i: int) -> Any:
            gc.disable()
            try:
                return step(i)
            finally:
                gc.enable()

        return collector_off

    return without


NODES = _sizes("nodes", (10**3, 10**4, 10**5, 10**6), _chain)
GRAPH = growth("y = y * a on 10 numbers, n times: build, backward, free", NODES)
GRAPH_NO_COLLECTOR = growth(
    "the same without Python's cycle collector",
    {
        size: {engine: _without_collector(setup) for engine, setup in setups.items()}
        for size, setups in NODES.items()
    },
)
