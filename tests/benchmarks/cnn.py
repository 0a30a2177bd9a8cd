"""A convolutional network for images of 28x28 pixels: one step of SGD."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .measure import Step

BATCHES, BATCH, RATE = 8, 64, 0.01


def _network(nn: Any) -> list[Any]:
    """The layers, from `nn` or `torch.nn`: they share their names."""
    return [
        *(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10)),
    ]


def _data() -> tuple[list[Any], list[Any], list[Any]]:
    """Images, labels and the values of the parameters, in the layers' order."""
    rng = np.random.default_rng(0)
    images = rng.random((BATCHES, BATCH, 1, 28, 28), dtype=np.float32) - np.float32(0.5)
    labels = rng.integers(10, size=(BATCHES, BATCH))
    values = []
    for outputs, *inputs in ((32, 1, 3, 3), (64, 32, 3, 3), (128, 9216), (10, 128)):
        weight = rng.standard_normal((outputs, *inputs), np.float32)
        values += [weight / np.float32(np.prod(inputs)) ** 0.5, np.zeros(outputs, np.float32)]
    return list(images), list(labels), [v.astype(np.float32) for v in values]


def pullback() -> Step:
    import nn

    images, labels, values = _data()
    model = nn.Sequential(*_network(nn))
    for parameter, value in zip(model.parameters(), values, strict=True):
        parameter.data[...] = value
    optimizer = nn.optim.SGD(model.parameters(), RATE)

    def step(i: int) -> Any:
        loss = nn.functional.cross_entropy(model(images[i % BATCHES]), labels[i % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def pytorch(last: bool = False) -> Step:
    """`last`: with channels last in memory, which is faster, and not what people write."""
    import torch

    layout = torch.channels_last if last else torch.contiguous_format
    images, labels, values = _data()
    batches = [torch.from_numpy(x).contiguous(memory_format=layout) for x in images]
    targets = [torch.from_numpy(x) for x in labels]
    model = torch.nn.Sequential(*_network(torch.nn)).to(memory_format=layout)
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))
    optimizer = torch.optim.SGD(model.parameters(), RATE)

    def step(i: int) -> Any:
        loss = torch.nn.functional.cross_entropy(model(batches[i % BATCHES]), targets[i % BATCHES])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


ENGINES: dict[str, Callable[[], Step]] = {
    "pullback": pullback,
    "pytorch": pytorch,
    "pytorch-last": partial(pytorch, last=True),
}
