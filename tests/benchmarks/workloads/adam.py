"""One step of Adam for a million parameters."""

from functools import partial
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import Setup

SHAPE, RATE = (1000, 1000), 1e-3


def _data() -> tuple[Any, Any]:
    """Values and their gradient, which stays the same."""
    rng = np.random.default_rng(0)
    return rng.random(SHAPE, np.float32), rng.standard_normal(SHAPE, np.float32)


def pullback() -> Step:
    import nn

    values, gradient = _data()
    parameter = nn.Parameter(values)
    parameter.grad = gradient
    optimizer = nn.optim.Adam([parameter], RATE)

    def step(_: int) -> Any:
        optimizer.step()
        return [parameter.data]

    return step


def pytorch(fused: bool | None = None) -> Step:
    import torch

    parameter, gradient = (torch.from_numpy(x) for x in _data())
    parameter.requires_grad_()
    parameter.grad = gradient
    optimizer = torch.optim.Adam([parameter], RATE, fused=fused)

    def step(_: int) -> Any:
        optimizer.step()
        return [parameter.detach()]

    return step


def by_hand() -> Step:
    values, gradient = _data()
    mean, square = np.zeros_like(values), np.zeros_like(values)

    def step(i: int) -> Any:
        mean[...] *= 0.9
        mean[...] += 0.1 * gradient
        square[...] *= 0.999
        square[...] += 0.001 * gradient * gradient
        root = np.sqrt(square)
        root *= 1 / (1 - 0.999 ** (i + 1)) ** 0.5
        root += 1e-8
        np.divide(mean, root, out=root)
        root *= RATE / (1 - 0.9 ** (i + 1))
        values[...] -= root
        return [values]

    return step


ENGINES: dict[str, Setup] = {
    "pullback": pullback,
    "pytorch": pytorch,
    "pytorch-fused": partial(pytorch, fused=True),
    "numpy": by_hand,
}
