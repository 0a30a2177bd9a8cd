"""Activations as modules, element by element except for the two softmaxes."""

from __future__ import annotations

from autograd import Tensor
from autograd.ops import relu, sigmoid
from autograd.typing import ArrayLike

from .functional import elu, gelu, leaky_relu, log_softmax, silu, softmax, softplus, tanh
from .module import Module


class ReLU(Module):
    """The larger of `x` and 0. The gradient at 0 is 0.

    Example:
        >>> nn.ReLU()(Tensor([-1.0, 2.0]))
        Tensor([0., 2.])
    """

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = relu(x)
        return result


class LeakyReLU(Module):
    """`x` where it is positive, otherwise `negative_slope * x`.

    Args:
        negative_slope: The slope for negative numbers, and at 0.

    Example:
        >>> nn.LeakyReLU(0.1)(Tensor([-2.0, 3.0]))
        Tensor([-0.2,  3. ])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = leaky_relu(x, self.negative_slope)
        return result

    def extra_repr(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(Module):
    """`x` where it is positive, otherwise `alpha * (exp(x) - 1)`.

    Args:
        alpha: The negative of the limit at minus infinity.

    Example:
        >>> nn.ELU()(np.array([-1.0, 3.0])).round(3)
        array([-0.632,  3.   ])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = elu(x, self.alpha)
        return result

    def extra_repr(self) -> str:
        return f"alpha={self.alpha}"


class GELU(Module):
    """`x` times the probability that a standard normal number is below it.

    Args:
        approximate: "none", or "tanh" for the formula with tanh.

    Example:
        >>> nn.GELU()(np.array([-1.0, 3.0])).round(3)
        array([-0.159,  2.996])
    """

    def __init__(self, approximate: str = "none") -> None:
        self.approximate = approximate

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = gelu(x, self.approximate)
        return result

    def extra_repr(self) -> str:
        return f"approximate={self.approximate!r}"


class SiLU(Module):
    """`x / (1 + exp(-x))`, also called swish.

    Example:
        >>> nn.SiLU()(np.array([0.0, 3.0])).round(3)
        array([0.   , 2.858])
    """

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = silu(x)
        return result


class Sigmoid(Module):
    """`1 / (1 + exp(-x))`.

    Example:
        >>> nn.Sigmoid()(np.array([0.0, 3.0])).round(3)
        array([0.5  , 0.953])
    """

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = sigmoid(x)
        return result


class Tanh(Module):
    """The hyperbolic tangent.

    Example:
        >>> nn.Tanh()(np.array([0.0, 1.0])).round(3)
        array([0.   , 0.762])
    """

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = tanh(x)
        return result


class Softplus(Module):
    """`log(1 + exp(beta * x)) / beta`, a smooth ReLU.

    Args:
        beta: The sharpness of the bend, above 0.
        threshold: Where `beta * x` exceeds it, the result is `x`.

    Example:
        >>> nn.Softplus()(np.array([-1.0, 30.0])).round(3)
        array([ 0.313, 30.   ])
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = softplus(x, self.beta, self.threshold)
        return result

    def extra_repr(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softmax(Module):
    """`exp(x) / sum(exp(x))` along an axis.

    Args:
        dim: The axis, counted from the end if negative.

    Example:
        >>> nn.Softmax()(np.array([[0.0, 0.0]]))
        array([[0.5, 0.5]])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = softmax(x, self.dim)
        return result

    def extra_repr(self) -> str:
        return f"dim={self.dim}"


class LogSoftmax(Module):
    """The logarithm of the softmax along an axis.

    Args:
        dim: The axis, counted from the end if negative.

    Example:
        >>> nn.LogSoftmax()(np.array([0.0, 1000.0]))
        array([-1000.,     0.])
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: ArrayLike) -> Tensor:
        result: Tensor = log_softmax(x, self.dim)
        return result

    def extra_repr(self) -> str:
        return f"dim={self.dim}"
