"""Modules made of modules, and what goes between them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd import ShapeError, Tensor

from .module import Module


class Sequential(Module):
    """Modules applied one after the other: `Sequential(a, b)(x)` is `b(a(x))`.

    They are named '0', '1', ...; `len`, iteration and integer indices give them back.
    Raises `TypeError` for a part that is no module.
    """

    def __init__(self, *modules: Module) -> None:
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise TypeError(
                    f"Sequential: part {i} is {_described(module)}, not a Module; pass the parts "
                    f"one by one, each made with its parentheses (nn.ReLU())"
                )
            setattr(self, str(i), module)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return (part for part in vars(self).values() if isinstance(part, Module))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Module:
        return list(self)[index]


class Flatten(Module):
    """All axes but the first joined into one: `(N, ...)` to `(N, features)`."""

    def forward(self, x: Any) -> Tensor:
        shape = np.shape(x)
        if not shape:
            raise ShapeError("Flatten got an input without axes; its first axis is the batch")
        return np.reshape(x, (shape[0], math.prod(shape[1:])))  # type: ignore[return-value]


def _described(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a {type(value).__name__}"
