"""The table of vectors: what stands for words, users, or other things that are numbered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor
from autograd.typing import ArrayLike

from .module import Module, Parameter
from .sizes import check_sizes


def embedding(input: ArrayLike, weight: ArrayLike, padding_idx: int | None = None) -> Any:
    """Look up the rows `input` of a table; the gradient is an `autograd.RowGradient`.

    Args:
        input: Integers of any shape, from 0 to `len(weight) - 1`.
        weight: The table, `(num_embeddings, embedding_dim)`.
        padding_idx: A row that gets no gradient, counted from the end if negative.

    Returns:
        An array `(*input.shape, embedding_dim)`.

    Example:
        >>> nn.functional.embedding([2, 0], np.array([[1.0], [2.0], [3.0]]))
        array([[3.],
               [1.]])
    """
    if padding_idx is not None and padding_idx < 0:
        padding_idx += np.shape(weight)[0]
    return autograd.ops.embedding(input, weight, padding_idx)


class Embedding(Module):
    """A vector for each number: from integers of any shape to `(*shape, embedding_dim)`.

    `weight`, `(num_embeddings, embedding_dim)`, starts as N(0, 1). The gradient in `weight.grad` is
    an `autograd.RowGradient`, which holds the rows that were read.

    Args:
        num_embeddings: The number of rows, at least 1.
        embedding_dim: The length of each vector, at least 1.
        padding_idx: A row of zeros that is not trained, counted from the end if negative.
        dtype: The dtype of the table.
        generator: The source of its first values (default: a fresh one).

    Raises:
        ValueError: A size is below 1, `padding_idx` is out of range, or an input holds a number
            outside 0 to `num_embeddings - 1`.
        TypeError: A size is not an integer.
        DTypeError: An input does not hold integers.

    Example:
        >>> table = nn.Embedding(10, 4)
        >>> table([[1, 2, 3]]).shape
        (1, 3, 4)
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        check_sizes("Embedding", num_embeddings=num_embeddings, embedding_dim=embedding_dim)
        if padding_idx is not None and not -num_embeddings <= padding_idx < num_embeddings:
            raise ValueError(
                f"Embedding: padding_idx (={padding_idx}) must lie in "
                f"{-num_embeddings}..{num_embeddings - 1} for {num_embeddings} rows"
            )
        generator = np.random.default_rng(generator)
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        self.padding_idx = None if padding_idx is None else padding_idx % num_embeddings
        self.weight = Parameter(np.empty((num_embeddings, embedding_dim), dtype), dtype=dtype)
        drawn_in = np.float64 if np.dtype(dtype).itemsize > 4 else np.float32
        self.weight.data[...] = generator.standard_normal(self.weight.shape, drawn_in)
        if self.padding_idx is not None:
            self.weight.data[self.padding_idx] = 0

    def forward(self, input: ArrayLike) -> Tensor:
        result: Tensor = embedding(input, self.weight, self.padding_idx)
        return result

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings} x {self.embedding_dim}{padding}"
