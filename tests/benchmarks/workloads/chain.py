"""Many small operations: what an engine costs beside the arithmetic.

Not for tinygrad, which takes a quarter of an hour to compile the chain.
"""

from typing import Any

import numpy as np

from ..engines import Step
from ..measure import gradients

LENGTH = 100  # of the chain
WIDTH = 256  # of the wide graph: terms that all use the same leaf

_ENGINES = "pullback pytorch jax jax-eager hips mygrad"


def _inputs() -> Any:
    rng = np.random.default_rng(0)
    return ([rng.uniform(0.5, 1.0, 10) for _ in range(3)],)


def _chain(e: Any, y: Any, a: Any, b: Any) -> Any:
    for _ in range(LENGTH):
        y = e.np.tanh(y * a + b)
    return y.sum()


def _chain_by_hand() -> Step:
    ((y0, a, b),) = _inputs()

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
        return [total, g, grad_a, grad_b]

    return step


def _wide(e: Any, x: Any, a: Any, b: Any) -> Any:
    terms = [e.np.tanh(x * a + b * float(i)) for i in range(WIDTH)]
    while len(terms) > 1:
        terms = [left + right for left, right in zip(terms[::2], terms[1::2], strict=True)]
    return terms[0].sum()


def _wide_by_hand() -> Step:
    ((x, a, b),) = _inputs()

    def step(_: int) -> Any:
        total, grads = 0.0, [np.zeros_like(x) for _ in range(3)]
        for i in range(WIDTH):
            y = np.tanh(x * a + b * i)
            total += y.sum()
            g = 1 - y * y
            grads[0] += g * a
            grads[1] += g * x
            grads[2] += g * i
        return [total, *grads]

    return step


CHAIN = gradients(_chain, _inputs, _ENGINES) | {"numpy": _chain_by_hand}
CHAIN_OPERATIONS = 3 * LENGTH + 1
WIDE = gradients(_wide, _inputs, _ENGINES) | {"numpy": _wide_by_hand}
WIDE_OPERATIONS = 4 * WIDTH + WIDTH
