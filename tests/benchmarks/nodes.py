"""Graphs of a thousand to a million nodes: the cost of a node must not grow with their number.

It does grow with any engine whose nodes are Python objects: the cycle collector looks at all of
them each time a quarter more have been made. The rows with the collector off show the rest.
"""

import gc
import tracemalloc
from collections.abc import Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from .measure import Measured

SIZES = (10**3, 10**4, 10**5, 10**6)


def pullback(quick: bool) -> Iterator[Measured]:
    from autograd import Tensor

    x, a = Tensor(np.ones(10), requires_grad=True), np.ones(10)

    def build(n: int) -> Any:
        y = x
        for _ in range(n):
            y = y * a
        return y

    def build_and_run(n: int) -> float:
        x.grad = None
        start = perf_counter()
        y = build(n)
        y.backward(a)
        del y
        return (perf_counter() - start) / n

    values = {}
    sizes = SIZES[:2] if quick else SIZES
    for collector, switch in (("on", gc.enable), ("off", gc.disable)):
        switch()
        gc.collect()
        for n in sizes:
            time = median(build_and_run(n) for _ in range(3 if n >= 10**5 else 15))
            values[f"µs per node, {n:,} nodes, collector {collector}"] = time * 1e6
    for collector in ("on", "off"):
        first, *rest = (values[f"µs per node, {n:,} nodes, collector {collector}"] for n in sizes)
        for n, time in zip(sizes[1:], rest, strict=True):
            values[f"ratio of {n:,} to {sizes[0]:,}, collector {collector}"] = time / first
    gc.enable()
    values["bytes per node"] = _bytes_per_node(build)
    yield Measured(values, float(x.grad.sum()))


def _bytes_per_node(build: Any, n: int = 10_000) -> float:
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    y = build(n)
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert y.requires_grad
    return (after - before) / n


ENGINES = {"pullback": pullback}
