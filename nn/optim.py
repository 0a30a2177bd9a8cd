"""Optimisers: they change parameters by what their gradients say.

optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
optimizer.zero_grad()
loss.backward()
optimizer.step()
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from .module import Module, Parameter


class SGD:
    """Stochastic gradient descent, with momentum and weight decay as PyTorch has them.

        g = grad + weight_decay * p
        v = momentum * v + g
        p = p - lr * v

    `lr` may be changed between steps. Parameters without a gradient are left alone. A step
    writes into the parameters' own arrays, so take it after `backward()`.

    Raises `ValueError` for an empty list, a parameter given twice, a learning rate that is not a
    positive number, and negative momentum or weight decay; `TypeError` for anything in `params`
    that is no Parameter.
    """

    def __init__(
        self,
        params: Iterable[Parameter],
        lr: float,
        momentum: float = 0.0,
        weight_decay: float = 0.0,
    ) -> None:
        self.params = _checked_parameters("SGD", params)
        if not 0 < lr < math.inf:
            raise ValueError(f"SGD: lr (={lr}) must be a positive number")
        for name, value in (("momentum", momentum), ("weight_decay", weight_decay)):
            if not 0 <= value < math.inf:
                raise ValueError(f"SGD: {name} (={value}) must be a number that is not negative")
        self.lr = lr
        self.momentum = momentum
        self.weight_decay = weight_decay
        self._velocities: list[Any] = [
            np.zeros_like(p.data) if momentum else None for p in self.params
        ]

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for p in self.params:
            if p.requires_grad:
                p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient."""
        lr, momentum, weight_decay = float(self.lr), self.momentum, self.weight_decay
        for p, v in zip(self.params, self._velocities, strict=True):
            if p.grad is None:
                continue
            for data, g, velocity in _blocks(p.data, p.grad, v):
                if weight_decay:
                    g = g + weight_decay * data
                if momentum:
                    velocity *= momentum
                    velocity += g
                    g = velocity
                data -= lr * g


def _blocks(data: Any, grad: Any, velocity: Any) -> Iterator[tuple[Any, Any, Any]]:
    """The arrays of one parameter, in pieces that stay in the processor's cache.

    A piece's temporaries then cost nothing, where those of a large parameter would be fresh
    memory, at a page fault for each 4 KB.
    """
    if data.size <= _BLOCK or not data.ndim:
        yield data, grad, velocity
        return
    rows = max(1, _BLOCK * len(data) // data.size)
    for i in range(0, len(data), rows):
        piece = slice(i, i + rows)
        yield data[piece], grad[piece], None if velocity is None else velocity[piece]


_BLOCK = 1 << 15  # elements


def _checked_parameters(function: str, params: Any) -> list[Parameter]:
    if isinstance(params, Module | Parameter):
        hint = "model.parameters()" if isinstance(params, Module) else "a list of parameters"
        raise TypeError(f"{function}: params is a {type(params).__name__}; pass {hint}")
    found = list(params)
    if not found:
        raise ValueError(f"{function}: params is empty: there is nothing to train")
    first: dict[int, int] = {}
    for i, p in enumerate(found):
        if not isinstance(p, Parameter):
            raise TypeError(
                f"{function}: params[{i}] is a {type(p).__name__}, not an nn.Parameter; pass "
                f"model.parameters()"
            )
        if id(p) in first:
            name = f" ({p.name})" if p.name else ""
            raise ValueError(
                f"{function}: params[{i}]{name} is the same parameter as params[{first[id(p)]}] "
                f"and would be moved twice; give it once"
            )
        first[id(p)] = i
    return found
