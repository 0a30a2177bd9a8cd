"""word2vec from first principles: two tables, and a softmax over the whole vocabulary.

For large vocabularies this is too slow; `Word2Vec` replaces the softmax. Source: Rong, word2vec
Parameter Learning Explained, 2014 (arXiv:1411.2738), sections 1 and 2.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import DTypeLike

from autograd import ShapeError, Tensor, embedding
from autograd.typing import ArrayLike

from ... import init
from ...module import Module, Parameter


class CBOW(Module):
    """A word predicted from the words around it: numbers `(..., C)` to logits `(..., V)`.

    The hidden layer is the mean of C rows of `weight_in` `(vocab_size, dim)`; the logits are its
    product with `weight_out` `(dim, vocab_size)`. The loss is their `cross_entropy` with the target
    word. Both tables are initialised from N(0, 1/dim).

    Here each context word gets 1/C of the gradient of the mean. (In `Word2Vec`, as in word2vec.c,
    each gets all of it.)

    Args:
        vocab_size: The number of words, V.
        dim: The length of the vectors.
        dtype: The dtype of the tables.
        generator: The source of randomness (default: a fresh one).

    Raises:
        ValueError: A size is below 1, or a word number is outside 0 to V - 1.
        DTypeError: Word numbers are not integers.
        ShapeError: A context is empty.

    Example:
        >>> model = nn.models.CBOW(vocab_size=10, dim=4)
        >>> model(np.array([[1, 2, 4, 5]])).shape
        (1, 10)
    """

    def __init__(
        self,
        vocab_size: int,
        dim: int,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        for name, size in (("vocab_size", vocab_size), ("dim", dim)):
            if size < 1:
                raise ValueError(f"{type(self).__name__}: {name} (={size}) must be at least 1")
        if generator is None:
            generator = np.random.default_rng()
        self.weight_in = Parameter(np.empty((vocab_size, dim), dtype), dtype=dtype)
        self.weight_out = Parameter(np.empty((dim, vocab_size), dtype), dtype=dtype)
        for weight in (self.weight_in, self.weight_out):
            init.normal_(weight, std=dim**-0.5, generator=generator)

    def forward(self, context: ArrayLike) -> Tensor:
        shape = np.shape(context)
        if not shape or not shape[-1]:
            raise ShapeError(f"CBOW: context has shape {shape}, but must be (..., C), with C > 0")
        hidden = embedding(self.weight_in, context).mean(axis=-2)
        result: Tensor = hidden @ self.weight_out
        return result


class SkipGram(CBOW):
    """The words around a word, predicted from it: its number `(...)` to logits `(..., V)`.

    The tables, arguments and errors are those of `CBOW`. The logits u are the same for every
    position around the word; the loss is the sum of the cross-entropies of the C words there,
    `-log_softmax(u)[words].sum()`.

    Example:
        >>> model = nn.models.SkipGram(vocab_size=10, dim=4)
        >>> model(np.array([3, 7])).shape
        (2, 10)
    """

    def forward(self, center: ArrayLike) -> Tensor:
        result: Tensor = embedding(self.weight_in, center) @ self.weight_out
        return result
