"""The table of vectors: what stands for words, users, or other things that are numbered."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

import autograd
from autograd import Tensor

from .module import Module, Parameter
from .sizes import check_sizes


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """The rows `input` (integers) of the table `weight`; see `autograd.ops.embedding`.

    The row `padding_idx` (a negative one counts from the end) gets no gradient.
    """
    if padding_idx is not None and padding_idx < 0:
        padding_idx += np.shape(weight)[0]
    return autograd.ops.embedding(input, weight, padding_idx)


class Embedding(Module):
    """A vector for each number: from integers of any shape to `(*shape, embedding_dim)`.

    `weight`: `(num_embeddings, embedding_dim)`, N(0, 1) at the start, drawn from `generator`. The
    row `padding_idx` (negative ones count from the end) starts as zeros and is not trained. The
    gradient in `weight.grad` is an `autograd.RowGradient`, which holds the rows that were read.

    Raises `ValueError` for sizes below 1, a `padding_idx` out of range and, when called, for a
    number outside 0..num_embeddings - 1; `TypeError` for sizes that are no integers, and
    `DTypeError` for an input that is not of integers.
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

    def forward(self, input: Any) -> Tensor:
        result: Tensor = embedding(input, self.weight, self.padding_idx)
        return result

    def extra_repr(self) -> str:
        padding = "" if self.padding_idx is None else f", padding_idx={self.padding_idx}"
        return f"{self.num_embeddings} x {self.embedding_dim}{padding}"
