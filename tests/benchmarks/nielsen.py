"""The sigmoid net 784-30-10 with a quadratic cost, as in the first chapter of Nielsen's book
(his cost, but for a constant): so small that arithmetic is a fraction of the step."""

from typing import Any

import numpy as np

from .measure import Step

BATCH, BATCHES, RATE = 10, 32, 1.0


def _data() -> tuple[list[Any], list[Any], list[Any]]:
    """Images, one-hot labels, and the parameters w1 (30, 784), b1, w2 (10, 30), b2."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, BATCH, 784), dtype=np.float32)
    labels = np.eye(10, dtype=np.float32)[rng.integers(10, size=(BATCHES, BATCH))]
    parameters = []
    for inputs, outputs in ((784, 30), (30, 10)):
        parameters.append(rng.standard_normal((outputs, inputs), np.float32) / inputs**0.5)
        parameters.append(np.zeros(outputs, np.float32))
    return list(images), list(labels), [p.astype(np.float32) for p in parameters]


def pullback() -> Step:
    import nn
    import nn.functional as F

    images, labels, arrays = _data()
    parameters = w1, b1, w2, b2 = [nn.Parameter(x) for x in arrays]
    optimizer = nn.optim.SGD(parameters, RATE)

    def step(i: int) -> Any:
        hidden = F.sigmoid(F.linear(images[i % BATCHES], w1, b1))
        output = F.sigmoid(F.linear(hidden, w2, b2))
        loss = F.mse_loss(output, labels[i % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def _pytorch(written_out: bool) -> Step:
    import torch
    import torch.nn.functional as F

    images, labels, parameters = ([torch.from_numpy(x) for x in part] for part in _data())
    w1, b1, w2, b2 = (p.requires_grad_() for p in parameters)
    optimizer = torch.optim.SGD(parameters, RATE, foreach=False)  # foreach and fused are slower

    def update() -> None:
        with torch.no_grad():
            for p in parameters:
                p.add_(p.grad, alpha=-RATE)
                p.grad = None

    def step(i: int) -> Any:
        hidden = torch.sigmoid(F.linear(images[i % BATCHES], w1, b1))
        output = torch.sigmoid(F.linear(hidden, w2, b2))
        loss = F.mse_loss(output, labels[i % BATCHES])
        loss.backward()
        if written_out:
            update()
        else:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()

    return step


def pytorch() -> Step:
    """With PyTorch's optimiser."""
    return _pytorch(written_out=False)


def pytorch_bare() -> Step:
    """With the update written out, which saves a third of the step."""
    return _pytorch(written_out=True)


def numpy() -> Step:
    images, labels, (w1, b1, w2, b2) = _data()

    def sigmoid(z: Any) -> Any:
        np.negative(z, out=z)
        np.exp(z, out=z)
        z += 1
        return np.reciprocal(z, out=z)

    def step(i: int) -> Any:
        x = images[i % BATCHES]
        z = x @ w1.T
        z += b1
        hidden = sigmoid(z)
        z = hidden @ w2.T
        z += b2
        output = sigmoid(z)
        error = output - labels[i % BATCHES]
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


ENGINES = {
    "pullback": pullback,
    "pytorch": pytorch,
    "pytorch-bare": pytorch_bare,
    "numpy": numpy,
}
