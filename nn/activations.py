"""Activations as modules. They work element by element, except for the two softmaxes.

`relu.apply(x)` is `relu(x)` without its handling of options, at half the cost for small arrays.
"""

from __future__ import annotations

from typing import Any

from autograd import Tensor
from autograd.ops import relu, sigmoid

from .functional import elu, gelu, leaky_relu, log_softmax, silu, softmax, softplus, tanh
from .module import Module


class ReLU(Module):
    """max(x, 0). The gradient at 0 is 0."""

    def forward(self, x: Any) -> Tensor:
        result: Tensor = relu.apply(x)
        return result


class LeakyReLU(Module):
    """x where it is positive, otherwise `negative_slope * x`."""

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Tensor:
        return leaky_relu(x, self.negative_slope)

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """x where it is positive, otherwise `alpha * (exp(x) - 1)`."""

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Tensor:
        return elu(x, self.alpha)

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """x times the probability that a standard normal number is below x.

    `approximate`: 'none', or 'tanh' for the formula with tanh.
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: Any) -> Tensor:
        return gelu(x, self.approximate)

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """x / (1 + exp(-x))."""

    def forward(self, x: Any) -> Tensor:
        result: Tensor = silu(x)
        return result


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x: Any) -> Tensor:
        result: Tensor = sigmoid.apply(x)
        return result


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x: Any) -> Tensor:
        return tanh(x)


class Softplus(Module):
    """log(1 + exp(beta * x)) / beta, a smooth ReLU; x where `beta * x` exceeds `threshold`."""

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Any) -> Tensor:
        return softplus(x, self.beta, self.threshold)

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """exp(x) / sum(exp(x)) along the axis `dim`."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Tensor:
        return softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """log(softmax(x)) along the axis `dim`."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Any) -> Tensor:
        return log_softmax(x, self.dim)

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
