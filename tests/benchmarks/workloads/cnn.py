"""A convolutional network for images of 28x28 pixels: one step of SGD."""

from typing import Any

import numpy as np

from ..measure import trainings

BATCHES, BATCH, RATE = 8, 64, 0.01


def _problem() -> Any:
    """The values of the parameters, in the layers' order; images with labels; the rate."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, BATCH, 1, 28, 28), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(10, size=(BATCHES, BATCH))
    values = []
    for outputs, *inputs in ((32, 1, 3, 3), (64, 32, 3, 3), (128, 9216), (10, 128)):
        weight = rng.standard_normal((outputs, *inputs), np.float32)
        values += [weight / np.float32(np.prod(inputs)) ** 0.5, np.zeros(outputs, np.float32)]
    return [v.astype(np.float32) for v in values], list(zip(images, labels, strict=True)), RATE


def _loss(e: Any, parameters: Any, x: Any, labels: Any) -> Any:
    w1, b1, w2, b2, w3, b3, w4, b4 = parameters
    x = e.F.relu(e.F.conv2d(x, w1, b1))
    x = e.F.max_pool2d(e.F.relu(e.F.conv2d(x, w2, b2)), 2)
    x = e.F.relu(e.F.linear(x.reshape(BATCH, 9216), w3, b3))
    return e.F.cross_entropy(e.F.linear(x, w4, b4), labels)


ENGINES = trainings(_loss, _problem, "pullback pytorch pytorch-last jax")
