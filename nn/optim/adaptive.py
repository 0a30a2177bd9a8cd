"""Optimisers that scale the step of each element by the size of its past gradients."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import RowGradient

from ..module import Parameter
from .base import Optimizer, Params, pieces, row_pieces


class Adagrad(Optimizer):
    """Steps that shrink with the sum of all squared gradients, for rare features.

    Each step computes::

        g = grad + weight_decay * p
        sum = sum + g^2
        p = p - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(sum) + eps)

    For a table with a `RowGradient`, only those rows are read and written if there is no weight
    decay. Source: Duchi et al., 2011.

    Args:
        params: Parameters, or groups of them; see `Optimizer` (also for the errors).
        lr: The learning rate, positive.
        lr_decay: At least 0.
        weight_decay: At least 0.
        initial_accumulator_value: The sum at the start, at least 0.
        eps: Keeps the division finite, at least 0.

    Example:
        >>> weight = nn.Parameter([1.0])
        >>> (3 * weight).sum().backward()
        >>> nn.optim.Adagrad([weight], lr=0.1).step()
        >>> weight.data
        array([0.9], dtype=float32)
    """

    __slots__ = ()
    required_state = ("step", "sum")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        lr_decay: float = 0.0,
        weight_decay: float = 0.0,
        initial_accumulator_value: float = 0.0,
        eps: float = 1e-10,
    ) -> None:
        options = {"lr": lr, "lr_decay": lr_decay, "weight_decay": weight_decay, "eps": eps}
        start = {"initial_accumulator_value": initial_accumulator_value}
        super().__init__(params, {**options, **start})

    def _begin(self, p: Parameter, group: Mapping[str, Any]) -> tuple[float, Any]:
        """Begin a step; return its learning rate, and the sum of squares so far."""
        state = self.state.setdefault(p, {})
        if not state:
            start = float(group["initial_accumulator_value"])
            state.update(step=0, sum=np.full_like(p.data, start))
        state["step"] += 1
        rate = float(group["lr"]) / (1 + (state["step"] - 1) * float(group["lr_decay"]))
        return rate, state["sum"]

    def _update(self, p: Parameter, grad: Any, group: Mapping[str, Any]) -> None:
        rate, sums = self._begin(p, group)
        eps, weight_decay = float(group["eps"]), float(group["weight_decay"])
        for data, g, total in pieces(p.data, grad, sums):
            scratch = np.empty_like(data)
            if weight_decay:
                g = g + weight_decay * data
            total += np.multiply(g, g, out=scratch)
            np.sqrt(total, out=scratch)
            scratch += eps
            np.divide(g, scratch, out=scratch)
            scratch *= rate
            data -= scratch

    def _update_rows(self, p: Parameter, grad: RowGradient, group: Mapping[str, Any]) -> None:
        if group["weight_decay"]:
            super()._update_rows(p, grad, group)
            return
        rate, sums = self._begin(p, group)
        data, eps = p.data, float(group["eps"])
        for rows, values in row_pieces(grad):
            total = sums[rows] + values * values
            sums[rows] = total
            data[rows] -= rate * (values / (np.sqrt(total) + eps))


class RMSprop(Optimizer):
    """Steps that shrink with a running mean of the squared gradients.

    Each step computes::

        g = grad + weight_decay * p
        v = alpha * v + (1 - alpha) * g^2
        m = alpha * m + (1 - alpha) * g         (with centered, where v - m^2 replaces v below)
        b = momentum * b + g / (sqrt(v) + eps)
        p = p - lr * b

    Source: Hinton, 2012, lecture 6 of "Neural networks for machine learning".

    Args:
        params: Parameters, or groups of them; see `Optimizer` (also for the errors).
        lr: The learning rate, positive.
        alpha: The weight of the past in the running means, from 0 to 1.
        eps: Keeps the division finite, at least 0.
        weight_decay: At least 0.
        momentum: At least 0.
        centered: Divide by the variance of the gradients instead of their mean square.

    Example:
        >>> weight = nn.Parameter([1.0])
        >>> (3 * weight).sum().backward()
        >>> nn.optim.RMSprop([weight], lr=0.01).step()
        >>> weight.data
        array([0.9], dtype=float32)
    """

    __slots__ = ()
    required_state = ("square_avg",)
    optional_state = ("grad_avg", "momentum_buffer")

    def __init__(
        self,
        params: Params,
        lr: float = 1e-2,
        alpha: float = 0.99,
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        momentum: float = 0.0,
        centered: bool = False,
    ) -> None:
        options = {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, {**options, "momentum": momentum, "centered": centered})

    def _update(self, p: Parameter, grad: Any, group: Mapping[str, Any]) -> None:
        lr, alpha, eps = float(group["lr"]), float(group["alpha"]), float(group["eps"])
        weight_decay, momentum = float(group["weight_decay"]), float(group["momentum"])
        state = self.state.setdefault(p, {})
        names = ["square_avg"]
        names += ["grad_avg"] if group["centered"] else []
        names += ["momentum_buffer"] if momentum else []
        for name in names:
            if name not in state:
                state[name] = np.zeros_like(p.data)
        for data, g, v, *rest in pieces(p.data, grad, *(state[name] for name in names)):
            s = np.empty_like(data)
            if weight_decay:
                g = g + weight_decay * data
            _average(v, alpha, np.multiply(g, g, out=s), s)
            if group["centered"]:
                mean = rest[0]
                _average(mean, alpha, g, s)
                np.multiply(mean, mean, out=s)
                np.subtract(v, s, out=s)
                np.maximum(s, 0, out=s)  # a variance, which rounding could make negative
                np.sqrt(s, out=s)
            else:
                np.sqrt(v, out=s)
            s += eps
            np.divide(g, s, out=s)
            if momentum:
                buffer = rest[-1]
                buffer *= momentum
                buffer += s
                np.multiply(buffer, lr, out=s)
            else:
                s *= lr
            data -= s


class Adam(Optimizer):
    """RMSprop with momentum, both running means corrected for their start from zero.

    Each step computes::

        g = grad + weight_decay * p
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g^2
        p = p - lr * m / (1 - beta1^step) / (sqrt(v / (1 - beta2^step)) + eps)

    Source: Kingma and Ba, 2015, algorithm 1.

    Args:
        params: Parameters, or groups of them; see `Optimizer` (also for the errors).
        lr: The learning rate, positive.
        betas: The weights of the past in the running means, each from 0 to below 1.
        eps: Keeps the division finite, at least 0.
        weight_decay: At least 0.

    Example:
        >>> weight = nn.Parameter([1.0])
        >>> (3 * weight).sum().backward()
        >>> nn.optim.Adam([weight], lr=0.1).step()
        >>> weight.data
        array([0.9], dtype=float32)
    """

    __slots__ = ()
    required_state = ("step", "exp_avg", "exp_avg_sq")
    _decoupled = False

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ) -> None:
        options = {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay}
        super().__init__(params, options)

    def _update(self, p: Parameter, grad: Any, group: Mapping[str, Any]) -> None:
        state = self.state.setdefault(p, {})
        if not state:
            state.update(step=0, exp_avg=np.zeros_like(p.data), exp_avg_sq=np.zeros_like(p.data))
        state["step"] += 1
        lr, weight_decay = float(group["lr"]), float(group["weight_decay"])
        beta1, beta2 = map(float, group["betas"])
        # Both corrections as one factor, and eps scaled to match: two passes less over the data.
        correction = math.sqrt(1 - beta2 ** state["step"])
        rate = lr * correction / (1 - beta1 ** state["step"])
        eps = float(group["eps"]) * correction
        for data, g, m, v in pieces(p.data, grad, state["exp_avg"], state["exp_avg_sq"]):
            s = np.empty_like(data)
            if weight_decay and self._decoupled:
                data *= 1 - lr * weight_decay
            elif weight_decay:
                g = g + weight_decay * data
            _average(m, beta1, g, s)
            _average(v, beta2, np.multiply(g, g, out=s), s)
            np.sqrt(v, out=s)
            s += eps
            np.divide(m, s, out=s)
            s *= rate
            data -= s


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameters instead of adding to the gradient.

    Before each step, p = p * (1 - lr * weight_decay). Source: Loshchilov and Hutter, 2019.

    Args:
        params: Parameters, or groups of them; see `Optimizer` (also for the errors).
        lr: The learning rate, positive.
        betas: The weights of the past in the running means, each from 0 to below 1.
        eps: Keeps the division finite, at least 0.
        weight_decay: At least 0.

    Example:
        >>> weight = nn.Parameter([1.0])
        >>> (3 * weight).sum().backward()
        >>> nn.optim.AdamW([weight], lr=0.1, weight_decay=0.5).step()
        >>> weight.data
        array([0.85], dtype=float32)
    """

    __slots__ = ()

    _decoupled = True

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)


def _average(mean: Any, kept: float, x: Any, scratch: Any) -> None:
    """Set `mean` to kept * mean + (1 - kept) * x, where `x` may be the scratch array itself."""
    mean *= kept
    mean += np.multiply(x, 1 - kept, out=scratch)
