"""Nets of linear layers with ReLU, softmax cross-entropy and SGD: arithmetic dominates."""

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import Setup, trainings

BATCHES, RATE = 16, 0.01

Sizes = tuple[int, ...]


def _problem(sizes: Sizes, batch: int) -> Any:
    """A weight (out, in) and a bias per layer; images with integer labels; the rate."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, batch, sizes[0]), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(sizes[-1], size=(BATCHES, batch))
    parameters = []
    for inputs, outputs in pairwise(sizes):
        parameters.append(rng.standard_normal((outputs, inputs), np.float32) / inputs**0.5)
        parameters.append(np.zeros(outputs, np.float32))
    batches = list(zip(images, labels, strict=True))
    return [p.astype(np.float32) for p in parameters], batches, RATE


def _loss(e: Any, parameters: Any, x: Any, labels: Any) -> Any:
    *hidden, last = zip(parameters[::2], parameters[1::2], strict=True)
    for weight, bias in hidden:
        x = e.F.relu(e.F.linear(x, weight, bias))
    return e.F.cross_entropy(e.F.linear(x, *last), labels)


def _by_hand(sizes: Sizes, batch: int) -> Step:
    """Large arrays are allocated once; gradients are scaled by the rate while they are small."""
    parameters, batches, _ = _problem(sizes, batch)
    weights, biases = parameters[::2], parameters[1::2]
    layers = range(len(weights))
    outputs = [np.empty((batch, n), np.float32) for n in sizes[1:]]  # of each layer, after ReLU
    cotangents = [np.empty_like(x) for x in outputs]
    changes = [np.empty_like(w) for w in weights]
    rows, ones = np.arange(batch), np.ones(batch, np.float32)
    zeros = [np.zeros(n, np.float32) for n in sizes[1:]]

    def step(i: int) -> Any:
        images, label = batches[i % BATCHES]
        inputs = [images, *outputs]
        for k in layers:
            y = np.matmul(inputs[k], weights[k].T, out=outputs[k])
            y += biases[k]
            if k < layers[-1]:
                np.maximum(y, zeros[k], out=y)

        logits = outputs[-1]
        logits -= logits.max(axis=1, keepdims=True)
        true = logits[rows, label]
        g = np.exp(logits, out=cotangents[-1])
        total = g.sum(axis=1, keepdims=True)
        loss = (np.log(total[:, 0]) - true).mean()

        g /= total
        g[rows, label] -= 1
        g *= RATE / batch
        for k in reversed(layers):
            np.matmul(g.T, inputs[k], out=changes[k])
            biases[k][...] -= ones @ g
            if k:
                g = np.matmul(g, weights[k], out=cotangents[k - 1])
                g *= outputs[k - 1] > 0
            weights[k] -= changes[k]
        return loss

    return step


def setups(sizes: Sizes, batch: int, engines: str) -> dict[str, Setup]:
    peers = trainings(_loss, partial(_problem, sizes, batch), engines)
    return peers | {"numpy": partial(_by_hand, sizes, batch)}
