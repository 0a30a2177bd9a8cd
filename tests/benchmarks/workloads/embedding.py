"""Rows of a table, forward and backward, and a step of SGD: a large table must cost no more."""

from functools import partial
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import Setup, trainings

SMALLEST, WIDTH, INDICES, BATCHES, RATE = 1_000, 64, 4096, 8, 0.1


def _problem(size: int) -> Any:
    """A table of `size` rows; batches of indices and of the weight that each number has.

    The indices are those of the smallest table, spread out, so that as many rows occur as often.
    """
    rng = np.random.default_rng(0)
    indices = rng.integers(SMALLEST, size=(BATCHES, INDICES)) * (size // SMALLEST)
    weights = rng.standard_normal((BATCHES, INDICES, WIDTH), np.float32)
    return [rng.random((size, WIDTH), np.float32)], list(zip(indices, weights, strict=True)), RATE


def _loss(e: Any, parameters: Any, indices: Any, weights: Any) -> Any:
    return (e.F.embedding(indices, parameters[0]) * weights).sum()


def _by_hand(size: int) -> Step:
    (table,), batches, _ = _problem(size)

    def step(i: int) -> Any:
        indices, weights = batches[i % BATCHES]
        loss = np.vdot(table[indices], weights)
        np.subtract.at(table, indices, RATE * weights)
        return loss

    return step


def setups(size: int) -> dict[str, Setup]:
    peers = trainings(_loss, partial(_problem, size), "pullback pytorch jax")
    return peers | {"numpy": partial(_by_hand, size)}
