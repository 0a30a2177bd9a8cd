"""Rows of a table, forward and backward, and a step of SGD: a large table must cost no more."""

from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np

from .measure import Measured, Step, time_steps

SIZES, WIDTH, INDICES, BATCHES, RATE = (10_000, 1_000_000), 64, 4096, 8, 0.1


def _data(size: int) -> tuple[Any, Any, Any]:
    """A table of `size` rows, batches of indices and a cotangent.

    The indices are those of the smaller table, spread out, so that as many rows occur as often.
    """
    rng = np.random.default_rng(0)
    indices = rng.integers(SIZES[0], size=(BATCHES, INDICES)) * (size // SIZES[0])
    cotangent = rng.standard_normal((INDICES, WIDTH), np.float32)
    return rng.random((size, WIDTH), np.float32), indices, cotangent


def pullback(size: int) -> Step:
    import nn

    values, indices, cotangent = _data(size)
    table = nn.Parameter(values)
    optimizer = nn.optim.SGD([table], RATE)

    def step(i: int) -> Any:
        optimizer.zero_grad()
        nn.functional.embedding(indices[i % BATCHES], table).backward(cotangent)
        optimizer.step()
        return abs(table.data[indices[0, :9]]).sum()

    return step


def pytorch(size: int) -> Step:
    import torch

    table, indices, cotangent = (torch.from_numpy(x) for x in _data(size))
    table.requires_grad_()
    optimizer = torch.optim.SGD([table], RATE)

    def step(i: int) -> Any:
        optimizer.zero_grad()
        rows = torch.nn.functional.embedding(indices[i % BATCHES], table, sparse=True)
        rows.backward(cotangent)
        optimizer.step()
        return abs(table.detach()[indices[0, :9]]).sum()

    return step


def _both(setup: Callable[[int], Step], quick: bool) -> Iterator[Measured]:
    """Tables of both sizes, in turns."""
    steps = {size: setup(size) for size in SIZES}
    block = 2 if quick else 40
    for first in count(0, block):
        timed = {size: time_steps(step, first, block) for size, step in steps.items()}
        if first:  # the first one warms up
            values = {f"µs per step, {size:,} rows": time for size, (time, _) in timed.items()}
            (small, check), (large, other) = timed.values()
            values["ratio of the large table to the small"] = large / small
            yield Measured(values, check + other)


ENGINES = {"pullback": partial(_both, pullback), "pytorch": partial(_both, pytorch)}
