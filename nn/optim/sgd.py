"""Stochastic gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from autograd import RowGradient

from ..module import Parameter
from .base import Optimizer, Params, pieces, row_pieces


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum and weight decay as PyTorch has them.

        g = grad + weight_decay * p
        v = momentum * v + (1 - dampening) * g          (v = g in the first step)
        p = p - lr * v                                  (nesterov: lr * (g + momentum * v))

    Of a table with a `RowGradient`, only those rows are read and written if there is neither
    momentum nor weight decay.

    Raises what `Optimizer` does, and `ValueError` for `nesterov` without momentum or with
    dampening.
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

    def _update(
        self, p: Parameter, grad: Any, state: dict[str, Any], group: Mapping[str, Any]
    ) -> None:
        lr, weight_decay = float(group["lr"]), float(group["weight_decay"])
        momentum, kept = float(group["momentum"]), 1 - float(group["dampening"])
        if not momentum:
            for data, g, scratch in pieces(p.data, grad):
                np.multiply(g, lr, out=scratch)
                if weight_decay:
                    data *= 1 - lr * weight_decay
                data -= scratch
            return
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = np.zeros_like(p.data)
            kept = 1.0
        for data, g, velocity, scratch in pieces(p.data, grad, state["momentum_buffer"]):
            if weight_decay:
                g = g + weight_decay * data
            velocity *= momentum
            velocity += np.multiply(g, kept, out=scratch) if kept != 1 else g
            if group["nesterov"]:
                np.multiply(velocity, momentum, out=scratch)
                scratch += g
                scratch *= lr
            else:
                np.multiply(velocity, lr, out=scratch)
            data -= scratch

    def _update_rows(
        self, p: Parameter, grad: RowGradient, state: dict[str, Any], group: Mapping[str, Any]
    ) -> None:
        if group["momentum"] or group["weight_decay"]:
            super()._update_rows(p, grad, state, group)
            return
        lr, data = float(group["lr"]), p.data
        for rows, values in row_pieces(grad):
            data[rows] -= lr * values
