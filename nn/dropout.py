"""Dropout: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from
Overfitting"; here in the inverted form, which scales while training."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd import DTypeError, Tensor, rule
from autograd.typing import ArrayLike

from .module import Module


def dropout(
    input: ArrayLike,
    p: float = 0.5,
    training: bool = True,
    *,
    generator: np.random.Generator | None = None,
) -> Any:
    """Zero each element with probability `p`, and divide the others by 1 - p.

    The input itself without `training` or with `p` = 0; zeros with `p` = 1. The elements are
    drawn from `generator` in the order in which `input` lies in memory.

    Raises `ValueError` for `p` outside 0 to 1, and `DTypeError` for an input of integers.
    """
    _check_probability("dropout", p)
    if not training or p == 0:
        return input
    array = input.data if isinstance(input, Tensor) else np.asarray(input)
    if array.dtype.kind not in "fc":
        raise DTypeError(
            f"dropout got an input of dtype {array.dtype}; convert it to floats first, for example "
            f"with x.astype(np.float32)"
        )
    kept = _draw(array, p, np.random.default_rng(generator))
    return _dropout(input, kept, scale=0.0 if p == 1 else 1 / (1 - p))


def _check_probability(owner: str, p: float) -> None:
    if not 0 <= p <= 1:
        raise ValueError(f"{owner}: p (={p}) is a probability, from 0 to 1")


_CHUNK = 2**15  # numbers drawn at a time: they stay in the cache


def _draw(x: Any, p: float, generator: np.random.Generator) -> Any:
    """Booleans in the shape and the memory layout of `x`, each true with probability 1 - p."""
    kept = np.empty_like(x, dtype=bool)
    flat = kept.ravel(order="K")  # a view: a new array has no gaps
    for i in range(0, flat.size, _CHUNK):
        part = flat[i : i + _CHUNK]
        np.greater_equal(generator.random(part.size, np.float32), p, out=part)
    return kept


_dropout: Callable[..., Any] = rule(
    lambda x, kept, scale: _masked(x, kept, scale),
    lambda g, _, _x, kept, scale=1.0: _masked(g, kept, scale),
    None,
    name="dropout",
)


def _masked(x: Any, kept: Any, scale: float) -> Any:
    y = x * kept
    y *= scale
    return y


class Dropout(Module):
    """`dropout` while training, the input itself while evaluating.

    Raises `ValueError` for `p` outside 0 to 1.
    """

    def __init__(self, p: float = 0.5, *, generator: np.random.Generator | None = None) -> None:
        _check_probability("Dropout", p)
        self.p = p
        self.generator = np.random.default_rng(generator)

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = dropout(x, self.p, self.training, generator=self.generator)
        return result

    def extra_repr(self) -> str:
        return f"p={self.p}"
