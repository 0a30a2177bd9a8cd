"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import RowGradient

from ..module import Parameter
from .base import Optimizer, Params, pieces, row_pieces


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay as in PyTorch.

    Each step computes::

        g = grad + weight_decay * p
        v = momentum * v + (1 - dampening) * g          (v = g in the first step)
        p = p - lr * v                                  (nesterov: lr * (g + momentum * v))

    For a table with a `RowGradient`, only those rows are read and written if there is neither
    momentum nor weight decay.

    Args:
        params: Parameters, or groups of them; see `Optimizer`.
        lr: The learning rate, positive.
        momentum: At least 0.
        dampening: The share of the gradient that is kept out of the momentum.
        weight_decay: At least 0.
        nesterov: Look ahead along the momentum; needs a momentum, and no dampening.

    Raises:
        ValueError: An option is out of range, or `nesterov` lacks a momentum or has dampening. For
            the rest see `Optimizer`.

    Example:
        >>> weight = nn.Parameter([1.0])
        >>> optimizer = nn.optim.SGD([weight], lr=0.1, momentum=0.9)
        >>> for _ in range(2):
        ...     optimizer.zero_grad()
        ...     weight.sum().backward()
        ...     optimizer.step()
        >>> weight.data
        array([0.71], dtype=float32)
    """

    __slots__ = ()
    optional_state = ("momentum_buffer",)

    def __init__(
        self,
        params: Params,
        lr: float = 1e-3,
        momentum: float = 0.0,
        dampening: float = 0.0,
        weight_decay: float = 0.0,
        nesterov: bool = False,
    ) -> None:
        options = {"momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {"lr": lr, **options, "nesterov": nesterov})

    def _check_options(self, options: Mapping[str, Any]) -> None:
        super()._check_options(options)
        if options["nesterov"] and (not options["momentum"] or options["dampening"]):
            raise ValueError(
                f"SGD: nesterov needs a momentum (={options['momentum']}) above 0 and a dampening "
                f"(={options['dampening']}) of 0"
            )

    def _update(self, p: Parameter, grad: Any, group: Mapping[str, Any]) -> None:
        lr, weight_decay, momentum = group["lr"], group["weight_decay"], group["momentum"]
        lr = float(lr)  # a scalar of NumPy's would compute in float64
        if not momentum:
            for data, g in pieces(p.data, grad):
                if weight_decay:
                    data *= 1 - lr * float(weight_decay)
                data -= lr * g
            return
        momentum, kept = float(momentum), 1 - float(group["dampening"])
        state = self.state.setdefault(p, {})
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = np.zeros_like(p.data)
            kept = 1.0
        for data, g, velocity in pieces(p.data, grad, state["momentum_buffer"]):
            if weight_decay:
                g = g + float(weight_decay) * data
            velocity *= momentum
            velocity += kept * g if kept != 1 else g
            data -= lr * (g + momentum * velocity if group["nesterov"] else velocity)

    def _update_rows(self, p: Parameter, grad: RowGradient, group: Mapping[str, Any]) -> None:
        if group["momentum"] or group["weight_decay"]:
            super()._update_rows(p, grad, group)
            return
        lr, data = float(group["lr"]), p.data
        for rows, values in row_pieces(grad):
            moved = np.take(data, rows, axis=0)  # in half the time of data[rows]
            moved -= lr * values
            data[rows] = moved
