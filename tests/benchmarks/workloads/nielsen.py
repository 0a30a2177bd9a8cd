"""The sigmoid net 784-30-10 with a quadratic cost, as in the first chapter of Nielsen's book
(his cost, but for a constant): so small that arithmetic is a fraction of the step."""

from typing import Any

import numpy as np

from ..engines import Step
from ..measure import trainings

BATCH, BATCHES, RATE = 10, 32, 1.0


def _problem() -> Any:
    """The parameters w1 (30, 784), b1, w2 (10, 30), b2; images with one-hot labels; the rate."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, BATCH, 784), dtype=np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(10, size=(BATCHES, BATCH))]
    parameters = []
    for inputs, outputs in ((784, 30), (30, 10)):
        parameters.append(rng.standard_normal((outputs, inputs), np.float32) / inputs**0.5)
        parameters.append(np.zeros(outputs, np.float32))
    batches = list(zip(images, labels, strict=True))
    return [p.astype(np.float32) for p in parameters], batches, RATE


def _loss(e: Any, parameters: Any, images: Any, labels: Any) -> Any:
    w1, b1, w2, b2 = parameters
    hidden = e.F.sigmoid(e.F.linear(images, w1, b1))
    return e.F.mse_loss(e.F.sigmoid(e.F.linear(hidden, w2, b2)), labels)


def _by_hand() -> Step:
    (w1, b1, w2, b2), batches, _ = _problem()

    def sigmoid(z: Any) -> Any:
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        return np.reciprocal(z, out=z)

    def step(i: int) -> Any:
        x, labels = batches[i % BATCHES]
        z = x @ w1.T
        z += b1
        hidden = sigmoid(z)
        z = hidden @ w2.T
        z += b2
        output = sigmoid(z)
        error = output - labels
        loss = np.vdot(error, error) / error.size

        g2 = error * output
        g2 *= 1 - output
        g2 *= 2 * RATE / error.size
        g1 = g2 @ w2
        g1 *= hidden
        g1 *= 1 - hidden
        w2[...] -= g2.T @ hidden
        b2[...] -= g2.sum(0)
        w1[...] -= g1.T @ x
        b1[...] -= g1.sum(0)
        return loss

    return step


_PEERS = "pullback pytorch pytorch-bare jax jax-eager hips mygrad tinygrad"
ENGINES = trainings(_loss, _problem, _PEERS) | {"numpy": _by_hand}
