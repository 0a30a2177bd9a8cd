"""Dropout in the inverted form, which scales while training.

Source: Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting".
"""

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

    Args:
        input: Floats or complex numbers of any shape.
        p: From 0 to 1. With 0 the result is the input itself, with 1 it is zeros.
        training: Without it, the result is the input itself.
        generator: The source of randomness (default: a fresh one). It draws for the elements in the
            order in which `input` lies in memory.

    Returns:
        A tensor or array of the input's shape and dtype.

    Raises:
        ValueError: `p` is outside 0 to 1.
        DTypeError: The input has integers.

    Example:
        >>> nn.functional.dropout(np.ones(4), 0.5, generator=np.random.default_rng(0))
        array([2., 2., 2., 0.])
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
        raise ValueError(f"{owner}: p (={p}) must be a probability, from 0 to 1")


_CHUNK = 2**15  # numbers drawn at a time: they stay in the cache


def _draw(x: Any, p: float, generator: np.random.Generator) -> Any:
    """Draw booleans in the shape and memory layout of `x`, each true with probability 1 - p."""
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
    """Dropout while training; while evaluating, the input itself.

    Args:
        p: The probability of zeroing an element, from 0 to 1.
        generator: The source of randomness (default: a fresh one).

    Raises:
        ValueError: `p` is outside 0 to 1.

    Example:
        >>> layer = nn.Dropout(0.5)
        >>> sorted(set(layer(np.ones(1000)).tolist()))
        [0.0, 2.0]
        >>> layer.eval()(np.ones(2))
        array([1., 1.])
    """

    def __init__(self, p: float = 0.5, *, generator: np.random.Generator | None = None) -> None:
        _check_probability("Dropout", p)
        self.p = p
        self.generator = np.random.default_rng(generator)

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = dropout(x, self.p, self.training, generator=self.generator)
        return result

    def extra_repr(self) -> str:
        """Return the text in parentheses after the class name.

        Example:
            >>> nn.Dropout(0.5)
            Dropout(p=0.5)
        """
        return f"p={self.p}"
