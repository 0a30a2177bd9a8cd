"""The multilayer perceptron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from autograd import Tensor
from autograd.typing import ArrayLike

from ..activations import ReLU
from ..container import Sequential
from ..linear import Linear
from ..module import Module


class MLP(Module):
    """Linear layers with an activation between them: `(..., sizes[0])` to `(..., sizes[-1])`.

    The output is not activated: for a classifier it is the logits.

    Args:
        sizes: The widths of the input, the hidden layers and the output.
        activation: Makes the module after each layer but the last.
        dtype: The dtype of the parameters.
        generator: The source of randomness (default: a fresh one).

    Raises:
        ValueError: There are fewer than two sizes.

    Example:
        >>> model = nn.MLP([64, 128, 10])
        >>> model(np.zeros((5, 64), np.float32)).shape
        (5, 10)
    """

    def __init__(
        self,
        sizes: Sequence[int],
        activation: Callable[[], Module] = ReLU,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        if len(sizes) < 2:
            raise ValueError(
                f"MLP: sizes (={list(sizes)}) must name at least the widths of input and output"
            )
        generator = np.random.default_rng(generator)
        parts: list[Module] = []
        for width, following in pairwise(sizes):
            parts += [Linear(width, following, dtype=dtype, generator=generator), activation()]
        self.layers = Sequential(*parts[:-1])

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = self.layers(x)
        return result
