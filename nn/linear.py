"""The fully connected layer."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import DTypeLike

from autograd import ShapeError, Tensor
from autograd.ops import linear
from autograd.typing import ArrayLike

from . import init
from .module import Module, Parameter
from .sizes import check_sizes


class Linear(Module):
    """An affine map, `x @ weight.T + bias`, from `(..., in_features)` to `(..., out_features)`.

    `weight`, `(out_features, in_features)`, and `bias`, `(out_features,)`, start as
    U(-1/sqrt(in_features), 1/sqrt(in_features)).

    Args:
        in_features: The number of features of an input, at least 1.
        out_features: The number of features of an output, at least 1.
        bias: Whether there is a bias; without, `bias` is None.
        dtype: The dtype of the parameters.
        generator: The source of their first values (default: a fresh one).

    Raises:
        ValueError: A size is below 1.
        TypeError: A size is not an integer, or an input is not an array.
        ShapeError: The last axis of an input is not `in_features` long.

    Example:
        >>> layer = nn.Linear(3, 2)
        >>> layer(np.ones((5, 3), np.float32)).shape
        (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        check_sizes("Linear", in_features=in_features, out_features=out_features)
        generator = np.random.default_rng(generator)
        self.in_features = in_features
        self.out_features = out_features
        self.weight = Parameter(np.empty((out_features, in_features), dtype), dtype=dtype)
        init.kaiming_uniform_(self.weight, math.sqrt(5), generator=generator)
        self.bias: Parameter | None = None
        if bias:
            bound = 1 / math.sqrt(in_features)
            self.bias = Parameter(np.empty(out_features, dtype), dtype=dtype)
            init.uniform_(self.bias, -bound, bound, generator=generator)

    def forward(self, x: ArrayLike) -> Tensor:
        try:
            result: Tensor = linear(x, self.weight, self.bias)
        except ShapeError:  # the check itself is the engine's: a good input pays nothing here
            shape = np.shape(x)
            last = f"whose last axis is {shape[-1]}" if shape else "without axes"
            raise ShapeError(
                f"Linear(in_features={self.in_features}) got an input {last} (shape {shape}); "
                f"flatten it first, or mend in_features"
            ) from None
        except (AttributeError, TypeError):
            if isinstance(getattr(x, "dtype", None), np.dtype):
                raise
            raise TypeError(
                f"Linear(in_features={self.in_features}) got {type(x)} as its input; pass an "
                f"array or a Tensor (and let what comes before return it)"
            ) from None
        return result

    def extra_repr(self) -> str:
        bias = "" if self.bias is not None else ", bias=False"
        return f"{self.in_features} -> {self.out_features}{bias}"
