"""Initial values of parameters, with PyTorch's names.

Each function fills the tensor it is given, in place, from an explicit `numpy.random.Generator`, and
returns it. A weight has shape `(out, in, *kernel)`; its fan-in is the number of inputs to one
output, `in` times the size of the kernel, and its fan-out is `out` times that size.
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
    """Fill with numbers drawn evenly from `a` to `b`.

    Args:
        tensor: The tensor to fill.
        a: The lower end.
        b: The upper end.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Example:
        >>> weight = nn.init.uniform_(nn.Parameter(np.zeros(100)), -1, 1)
        >>> bool((abs(weight.data) <= 1).all())
        True
    """
    generator = np.random.default_rng(generator)
    tensor.data[...] = generator.uniform(a, b, tensor.shape)
    return tensor


def normal_(
    tensor: T, mean: float = 0.0, std: float = 1.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with normal numbers of the given mean and standard deviation.

    Args:
        tensor: The tensor to fill.
        mean: Their mean.
        std: Their standard deviation.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> nn.init.normal_(nn.Parameter(np.zeros(2)), generator=generator).data
        array([ 0.12573022, -0.13210486], dtype=float32)
    """
    generator = np.random.default_rng(generator)
    tensor.data[...] = generator.normal(mean, std, tensor.shape)
    return tensor


def constant_(tensor: T, val: float) -> T:
    """Fill with one value.

    Args:
        tensor: The tensor to fill.
        val: The value.

    Returns:
        The tensor itself.

    Example:
        >>> nn.init.constant_(nn.Parameter(np.zeros(2)), 3).data
        array([3., 3.], dtype=float32)
    """
    tensor.data[...] = val
    return tensor


def zeros_(tensor: T) -> T:
    """Fill with 0, and return the tensor.

    Example:
        >>> nn.init.zeros_(nn.Parameter(np.ones(2))).data
        array([0., 0.], dtype=float32)
    """
    return constant_(tensor, 0.0)


def ones_(tensor: T) -> T:
    """Fill with 1, and return the tensor.

    Example:
        >>> nn.init.ones_(nn.Parameter(np.zeros(2))).data
        array([1., 1.], dtype=float32)
    """
    return constant_(tensor, 1.0)


# -- scaled to the size of a layer --------------------------------------------------------------


def xavier_uniform_(
    tensor: T, gain: float = 1.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with U(-b, b), b = gain sqrt(6 / (fan_in + fan_out)), for sigmoid and tanh.

    Source: Glorot and Bengio, 2010, equation 16.

    Args:
        tensor: A weight, `(out, in, *kernel)`.
        gain: A factor, as from `calculate_gain`.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Raises:
        ShapeError: The tensor has fewer than two axes, or an empty one.

    Example:
        >>> weight = nn.init.xavier_uniform_(nn.Parameter(np.zeros((3, 3))))
        >>> bool((abs(weight.data) <= 1).all())
        True
    """
    bound = math.sqrt(3) * _xavier_std("xavier_uniform_", tensor, gain)
    return uniform_(tensor, -bound, bound, generator=generator)


def xavier_normal_(
    tensor: T, gain: float = 1.0, *, generator: np.random.Generator | None = None
) -> T:
    """Fill with normal numbers of the variance that `xavier_uniform_` has.

    Args:
        tensor: A weight, `(out, in, *kernel)`.
        gain: A factor, as from `calculate_gain`.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Raises:
        ShapeError: The tensor has fewer than two axes, or an empty one.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> weight = nn.init.xavier_normal_(nn.Parameter(np.zeros((100, 100))), generator=generator)
        >>> round(float(weight.data.std()), 2)
        0.1
    """
    std = _xavier_std("xavier_normal_", tensor, gain)
    return normal_(tensor, 0.0, std, generator=generator)


def kaiming_uniform_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    generator: np.random.Generator | None = None,
) -> T:
    """Fill with U(-b, b), b = gain sqrt(3 / fan), which keeps the variance from layer to layer.

    The gain is `calculate_gain(nonlinearity, a)`. With `a = sqrt(5)` the bound is
    `1 / sqrt(fan_in)`. Source: He et al., 2015, equation 10.

    Args:
        tensor: A weight, `(out, in, *kernel)`.
        a: The slope of a leaky ReLU on its negative side, 0 for a ReLU.
        mode: 'fan_in' keeps the variance in the forward pass, 'fan_out' in the backward pass.
        nonlinearity: The name of the activation after the layer.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Raises:
        ShapeError: The tensor has fewer than two axes, or an empty one.
        ValueError: The `mode` or the nonlinearity is unknown.

    Example:
        >>> weight = nn.init.kaiming_uniform_(nn.Parameter(np.zeros((3, 6))))
        >>> bool((abs(weight.data) <= 1).all())
        True
    """
    bound = math.sqrt(3) * _kaiming_std("kaiming_uniform_", tensor, a, mode, nonlinearity)
    return uniform_(tensor, -bound, bound, generator=generator)


def kaiming_normal_(
    tensor: T,
    a: float = 0.0,
    mode: str = "fan_in",
    nonlinearity: str = "leaky_relu",
    *,
    generator: np.random.Generator | None = None,
) -> T:
    """Fill with normal numbers of the variance that `kaiming_uniform_` has.

    Args:
        tensor: A weight, `(out, in, *kernel)`.
        a: The slope of a leaky ReLU on its negative side, 0 for a ReLU.
        mode: 'fan_in' keeps the variance in the forward pass, 'fan_out' in the backward pass.
        nonlinearity: The name of the activation after the layer.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Raises:
        ShapeError: The tensor has fewer than two axes, or an empty one.
        ValueError: The `mode` or the nonlinearity is unknown.

    Example:
        >>> generator = np.random.default_rng(0)
        >>> weight = nn.init.kaiming_normal_(nn.Parameter(np.zeros((90, 50))), generator=generator)
        >>> round(float(weight.data.std()), 1)
        0.2
    """
    std = _kaiming_std("kaiming_normal_", tensor, a, mode, nonlinearity)
    return normal_(tensor, 0.0, std, generator=generator)


def orthogonal_(tensor: T, gain: float = 1.0, *, generator: np.random.Generator | None = None) -> T:
    """Fill with `gain` times a random matrix of orthonormal rows, or columns if there are fewer.

    Axes after the first are treated as one. Each orthogonal matrix is equally likely. Source: Saxe
    et al., 2014.

    Args:
        tensor: A weight, `(out, in, *kernel)`.
        gain: A factor.
        generator: The source of randomness (default: a fresh one).

    Returns:
        The tensor itself.

    Raises:
        ShapeError: The tensor has fewer than two axes, or an empty one.

    Example:
        >>> weight = nn.init.orthogonal_(nn.Parameter(np.zeros((2, 5)))).data
        >>> bool(np.allclose(weight @ weight.T, np.eye(2), atol=1e-6))
        True
    """
    _fans("orthogonal_", tensor)
    generator = np.random.default_rng(generator)
    rows, columns = tensor.shape[0], math.prod(tensor.shape[1:])
    q, r = np.linalg.qr(generator.standard_normal((max(rows, columns), min(rows, columns))))
    q *= np.where(np.diag(r) < 0, -1, 1)  # without this, qr prefers some (Mezzadri, 2007)
    tensor.data[...] = gain * (q if rows >= columns else q.T).reshape(tensor.shape)
    return tensor


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """Return the factor by which weights must grow to keep the variance through a nonlinearity.

    Args:
        nonlinearity: 'relu', 'leaky_relu', 'tanh', 'selu', or one with a gain of 1: 'sigmoid',
            'linear', 'conv1d' and its like.
        param: The negative slope of a leaky ReLU (default 0.01).

    Raises:
        ValueError: The name is unknown.

    Example:
        >>> round(nn.init.calculate_gain("relu"), 3)
        1.414
    """
    if nonlinearity == "leaky_relu":
        slope = 0.01 if param is None else param
        return math.sqrt(2 / (1 + slope * slope))
    if nonlinearity not in _GAINS:
        raise ValueError(
            f"calculate_gain: nonlinearity (={nonlinearity!r}) must be one of "
            f"{', '.join(sorted([*_GAINS, 'leaky_relu']))}"
        )
    return _GAINS[nonlinearity]


_GAINS = {
    "relu": math.sqrt(2),
    "tanh": 5 / 3,
    "selu": 3 / 4,
    "sigmoid": 1.0,
    "linear": 1.0,
    **{f"conv{kind}{d}d": 1.0 for kind in ("", "_transpose") for d in (1, 2, 3)},
}


def _xavier_std(function: str, tensor: Tensor, gain: float) -> float:
    return gain * math.sqrt(2 / sum(_fans(function, tensor)))


def _kaiming_std(function: str, tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float:
    fans = dict(zip(("fan_in", "fan_out"), _fans(function, tensor), strict=True))
    if mode not in fans:
        raise ValueError(f"{function}: mode (={mode!r}) must be 'fan_in' or 'fan_out'")
    return calculate_gain(nonlinearity, a) / math.sqrt(fans[mode])


def _fans(function: str, tensor: Tensor) -> tuple[int, int]:
    if tensor.ndim < 2 or tensor.size == 0:
        raise ShapeError(
            f"{function}: a weight has axes (out, in, *kernel), none of them empty; got shape "
            f"{tensor.shape}"
        )
    kernel = math.prod(tensor.shape[2:])
    return tensor.shape[1] * kernel, tensor.shape[0] * kernel
