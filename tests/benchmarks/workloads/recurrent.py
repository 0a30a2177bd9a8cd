"""A recurrent cell, h = tanh(x W' + h U' + b), unrolled over 200 steps of time: one step of SGD."""

from typing import Any

import numpy as np

from ..engines import Step
from ..measure import trainings

TIME, BATCH, INPUTS, HIDDEN, BATCHES, RATE = 200, 16, 8, 32, 4, 0.01


def _problem() -> Any:
    """W (hidden, inputs), U (hidden, hidden), b; sequences and what the last state should be."""
    rng = np.random.default_rng(0)
    shapes = ((HIDDEN, INPUTS), (HIDDEN, HIDDEN))
    w, u = (rng.standard_normal(s, np.float32) / np.float32(s[1] ** 0.5) for s in shapes)
    inputs = rng.standard_normal((BATCHES, TIME, BATCH, INPUTS), np.float32)
    targets = rng.uniform(-1, 1, (BATCHES, BATCH, HIDDEN)).astype(np.float32)
    parameters = [w, u / 2, np.zeros(HIDDEN, np.float32)]
    return parameters, list(zip(inputs, targets, strict=True)), RATE


def _loss(e: Any, parameters: Any, inputs: Any, target: Any) -> Any:
    w, u, b = parameters
    h = e.np.tanh(e.F.linear(inputs[0], w, b))
    for t in range(1, TIME):
        h = e.np.tanh(e.F.linear(inputs[t], w, b) + e.np.matmul(h, u.T))
    return e.F.mse_loss(h, target)


def _by_hand() -> Step:
    (w, u, b), batches, _ = _problem()
    states = np.zeros((TIME + 1, BATCH, HIDDEN), np.float32)

    def step(i: int) -> Any:
        inputs, target = batches[i % BATCHES]
        for t in range(TIME):
            h = states[t + 1]
            np.matmul(inputs[t], w.T, out=h)
            h += b
            h += states[t] @ u.T
            np.tanh(h, out=h)
        error = states[-1] - target
        g = 2 * RATE / error.size * error
        changes = [np.zeros_like(p) for p in (w, u, b)]
        for t in reversed(range(TIME)):
            g *= 1 - states[t + 1] ** 2
            changes[0] += g.T @ inputs[t]
            changes[1] += g.T @ states[t]
            changes[2] += g.sum(0)
            g = g @ u
        for p, change in zip((w, u, b), changes, strict=True):
            p -= change
        return np.vdot(error, error) / error.size

    return step


ENGINES = trainings(_loss, _problem, "pullback pytorch jax jax-eager hips mygrad")
ENGINES["numpy"] = _by_hand
