"""One step of Adam for a million parameters."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .measure import Step

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
        return abs(parameter.data[0]).sum()

    return step


def pytorch(fused: bool | None = None) -> Step:
    import torch

    parameter, gradient = (torch.from_numpy(x) for x in _data())
    parameter.requires_grad_()
    parameter.grad = gradient
    optimizer = torch.optim.Adam([parameter], RATE, fused=fused)

    def step(_: int) -> Any:
        optimizer.step()
        return abs(parameter.detach()[0]).sum()

    return step


ENGINES: dict[str, Callable[[], Step]] = {
    "pullback": pullback,
    "pytorch": pytorch,
    "pytorch-fused": partial(pytorch, fused=True),
}
