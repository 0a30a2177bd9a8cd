"""Clipping of gradients, between `backward()` and `step()`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import RowGradient

from ..module import Module, Parameter


def clip_grad_norm_(
    parameters: Parameter | Iterable[Parameter],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = True,
) -> float:
    """Scale all gradients so that their norm, as of one vector, is at most `max_norm`.

    The factor is `max_norm / (norm + 1e-6)`, as in PyTorch.

    Args:
        parameters: One parameter, or several.
        max_norm: The largest norm, at least 0.
        norm_type: The p of the p-norm, above 0; infinity for the largest element.
        error_if_nonfinite: Refuse a norm that is not finite. (Without it, which is PyTorch's
            default, such gradients are scaled, and become 0 or NaN.)

    Returns:
        The norm before scaling.

    Raises:
        ValueError: `max_norm` or `norm_type` is out of range, there are no parameters, or the norm
            is not finite; the gradients are unchanged.

    Example:
        >>> weight = nn.Parameter([1.0, 1.0])
        >>> (weight * np.float32([3, 4])).sum().backward()
        >>> nn.optim.clip_grad_norm_(weight, max_norm=1.0)
        5.0
        >>> weight.grad.round(3)
        array([0.6, 0.8], dtype=float32)
    """
    if not max_norm >= 0:
        raise ValueError(f"clip_grad_norm_: max_norm (={max_norm}) must not be negative")
    if not norm_type > 0:
        raise ValueError(f"clip_grad_norm_: norm_type (={norm_type}) must be positive")
    held = _with_summed_gradients("clip_grad_norm_", parameters)
    norm = _norm([_norm_of(_values(p.grad), norm_type) for p in held], norm_type)
    if error_if_nonfinite and not math.isfinite(norm):
        raise ValueError(
            f"clip_grad_norm_: the norm of the gradients is {norm}, and they are unchanged; "
            f"lower the learning rate, or skip this step"
        )
    factor = max_norm / (norm + 1e-6)
    if not factor >= 1:  # also for NaN
        for p in held:
            values = _values(p.grad)
            np.multiply(values, factor, out=values)
    return norm


def clip_grad_value_(parameters: Parameter | Iterable[Parameter], clip_value: float) -> None:
    """Limit every element of all gradients to the range from -clip_value to clip_value.

    Args:
        parameters: One parameter, or several.
        clip_value: At least 0.

    Raises:
        ValueError: `clip_value` is negative, or there are no parameters.

    Example:
        >>> weight = nn.Parameter([1.0, 1.0])
        >>> (weight * np.float32([3, -4])).sum().backward()
        >>> nn.optim.clip_grad_value_(weight, clip_value=3.5)
        >>> weight.grad
        array([ 3. , -3.5], dtype=float32)
    """
    if not clip_value >= 0:
        raise ValueError(f"clip_grad_value_: clip_value (={clip_value}) must not be negative")
    for p in _with_summed_gradients("clip_grad_value_", parameters):
        values = _values(p.grad)
        np.clip(values, -float(clip_value), float(clip_value), out=values)


def _with_summed_gradients(
    function: str, parameters: Parameter | Iterable[Parameter]
) -> list[Parameter]:
    """Return the parameters with a gradient, each row of which occurs once from here on."""
    if isinstance(parameters, Module):
        raise TypeError(f"{function}: got a module; pass model.parameters()")
    given = [parameters] if isinstance(parameters, Parameter) else list(parameters)
    if not given:
        raise ValueError(
            f"{function}: got no parameters; an iterator can be used only once, so call "
            f"model.parameters() again"
        )
    held = [p for p in given if p.grad is not None]
    for p in held:
        if isinstance(p.grad, RowGradient):
            p.grad = p.grad.summed()
    return held


def _values(g: Any) -> Any:
    return g.values if isinstance(g, RowGradient) else g


def _norm_of(values: Any, p: float) -> float:
    """Return the p-norm of an array, even where the powers would overflow its dtype."""
    norm = _norm(values.reshape(-1), p)
    largest = float(np.max(np.abs(values), initial=0)) if not 0 < norm < math.inf else 0.0
    if 0 < largest < math.inf:
        norm = _norm((values / largest).reshape(-1), p) * largest
    return norm


def _norm(x: Any, p: float) -> float:
    if not len(x):
        return 0.0
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        return float(np.linalg.norm(x, p))
