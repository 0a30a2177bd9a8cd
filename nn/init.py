"""Ways to draw the starting values of parameters, with PyTorch's names.

Each fills the tensor it is given, in place, from an explicit `numpy.random.Generator` (default:
a fresh one), and returns it. A weight has shape `(out, in, *kernel)`; its fan-in is the number
of inputs that meet in one output, `in` times the size of the kernel.
"""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np

from autograd import ShapeError, Tensor

T = TypeVar("T", bound=Tensor)


def uniform_(
    tensor: T, a: float = 0.0, b: float = 1.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with numbers drawn evenly from `a` to `b`."""
    if generator is None:
        generator = np.random.default_rng()
    tensor.data[...] = generator.uniform(a, b, tensor.shape)
    return tensor


def kaiming_uniform_(
    tensor: T, a: float = 0.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with U(-b, b), b = sqrt(6 / ((1 + a^2) fan_in)): keeps the variance through ReLUs.

    `a`: the slope of the ReLU on its negative side. With `a = sqrt(5)` the bound is
    `1 / sqrt(fan_in)`. Raises `ShapeError` for fewer than two axes. He et al., 2015, equation 10.
    """
    fan_in, _ = _fans("kaiming_uniform_", tensor)
    bound = math.sqrt(6 / ((1 + a * a) * fan_in))
    return uniform_(tensor, -bound, bound, generator=generator)


def xavier_uniform_(
    tensor: T, gain: float = 1.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with U(-b, b), b = gain sqrt(6 / (fan_in + fan_out)): for sigmoid and tanh.

    Raises `ShapeError` for fewer than two axes. Glorot and Bengio, 2010, equation 16.
    """
    fan_in, fan_out = _fans("xavier_uniform_", tensor)
    bound = gain * math.sqrt(6 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator=generator)


def _fans(function: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2:
        raise ShapeError(
            f"{function}: a weight has axes (out, in, *kernel); got shape {tensor.shape}"
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel
