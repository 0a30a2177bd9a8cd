"""A long chain of small operations: what an engine costs beside the arithmetic."""

from typing import Any

import numpy as np

from .measure import Step

LENGTH = 100
OPERATIONS = 3 * LENGTH + 1


def _data() -> list[Any]:
    rng = np.random.default_rng(0)
    return [rng.uniform(0.5, 1.0, 10) for _ in range(3)]


def pullback() -> Step:
    from autograd import Tensor

    y0, a, b = (Tensor(x, requires_grad=True) for x in _data())

    def step(_: int) -> Any:
        y0.grad = a.grad = b.grad = None
        y = y0
        for _ in range(LENGTH):
            y = np.tanh(y * a + b)
        total = y.sum()
        total.backward()
        return total.item() + y0.grad.sum() + a.grad.sum() + b.grad.sum()

    return step


def pytorch() -> Step:
    import torch

    y0, a, b = (torch.from_numpy(x).requires_grad_() for x in _data())

    def step(_: int) -> Any:
        y0.grad = a.grad = b.grad = None
        y = y0
        for _ in range(LENGTH):
            y = torch.tanh(y * a + b)
        total = y.sum()
        total.backward()
        return total.item() + y0.grad.sum() + a.grad.sum() + b.grad.sum()

    return step


def numpy() -> Step:
    y0, a, b = _data()

    def step(_: int) -> Any:
        ys = [y0]
        for _ in range(LENGTH):
            y = ys[-1] * a
            y += b
            ys.append(np.tanh(y, out=y))
        total = ys[-1].sum()
        grad_a, grad_b = np.zeros_like(a), np.zeros_like(b)
        g = np.ones_like(y0)
        while len(ys) > 1:
            y = ys.pop()
            g = g * (1 - y * y)
            grad_b += g
            grad_a += g * ys[-1]
            g *= a
        return total + g.sum() + grad_a.sum() + grad_b.sum()

    return step


ENGINES = {"pullback": pullback, "pytorch": pytorch, "numpy": numpy}
