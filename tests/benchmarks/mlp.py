"""Nets of linear layers with ReLU, softmax cross-entropy and SGD: arithmetic dominates."""

from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from .measure import Step

BATCHES, RATE = 16, 0.01

Sizes = tuple[int, ...]


def _data(sizes: Sizes, batch: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Images, integer labels, and the parameters: a weight (out, in) and a bias per layer."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, batch, sizes[0]), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(sizes[-1], size=(BATCHES, batch))
    parameters = []
    for inputs, outputs in pairwise(sizes):
        parameters.append(rng.standard_normal((outputs, inputs), np.float32) / inputs**0.5)
        parameters.append(np.zeros(outputs, np.float32))
    return list(images), list(labels), [p.astype(np.float32) for p in parameters]


def pullback(sizes: Sizes, batch: int) -> Step:
    import nn
    import nn.functional as F

    images, labels, arrays = _data(sizes, batch)
    parameters = [nn.Parameter(x) for x in arrays]
    *hidden, last = list(zip(parameters[::2], parameters[1::2], strict=True))
    optimizer = nn.optim.SGD(parameters, RATE)

    def step(i: int) -> Any:
        x = images[i % BATCHES]
        for weight, bias in hidden:
            x = F.relu(F.linear(x, weight, bias))
        loss = F.cross_entropy(F.linear(x, *last), labels[i % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _pytorch(sizes: Sizes, batch: int, written_out: bool) -> Step:
    import torch
    import torch.nn.functional as F

    images, labels, parameters = ([torch.from_numpy(x) for x in p] for p in _data(sizes, batch))
    for p in parameters:
        p.requires_grad_()
    *hidden, last = list(zip(parameters[::2], parameters[1::2], strict=True))
    optimizer = torch.optim.SGD(parameters, RATE, foreach=False)  # foreach and fused are slower

    def update() -> None:
        with torch.no_grad():
            for p in parameters:
                p.add_(p.grad, alpha=-RATE)
                p.grad = None

    def step(i: int) -> Any:
        x = images[i % BATCHES]
        for weight, bias in hidden:
            x = F.relu(F.linear(x, weight, bias))
        loss = F.cross_entropy(F.linear(x, *last), labels[i % BATCHES])
        loss.backward()
        if written_out:
            update()
        else:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()

    return step


def pytorch(sizes: Sizes, batch: int) -> Step:
    """With PyTorch's optimiser."""
    return _pytorch(sizes, batch, written_out=False)


def pytorch_bare(sizes: Sizes, batch: int) -> Step:
    """With the update written out."""
    return _pytorch(sizes, batch, written_out=True)


def numpy(sizes: Sizes, batch: int) -> Step:
    """Large arrays are allocated once; gradients are scaled by the rate while they are small."""
    images, labels, parameters = _data(sizes, batch)
    weights, biases = parameters[::2], parameters[1::2]
    layers = range(len(weights))
    outputs = [np.empty((batch, n), np.float32) for n in sizes[1:]]  # of each layer, after ReLU
    cotangents = [np.empty_like(x) for x in outputs]
    changes = [np.empty_like(w) for w in weights]
    rows, ones = np.arange(batch), np.ones(batch, np.float32)
    zeros = [np.zeros(n, np.float32) for n in sizes[1:]]

    def step(i: int) -> Any:
        inputs = [images[i % BATCHES], *outputs]
        label = labels[i % BATCHES]
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


def engines(sizes: Sizes, batch: int) -> dict[str, Callable[[], Step]]:
    return {
        "pullback": partial(pullback, sizes, batch),
        "pytorch": partial(pytorch, sizes, batch),
        "pytorch-bare": partial(pytorch_bare, sizes, batch),
        "numpy": partial(numpy, sizes, batch),
    }
