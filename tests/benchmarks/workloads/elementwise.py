"""Elementwise functions and reductions of arrays from a thousand to ten million elements."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import Setup, gradients

SIZES = (10**3, 10**4, 10**5, 10**6, 10**7)
ROW = 100

_PEERS = "pullback pytorch jax jax-eager hips mygrad"


def _inputs(size: int) -> Any:
    rng = np.random.default_rng(0)
    shape = (size // ROW, ROW)
    return [rng.standard_normal(shape, np.float32)], (), rng.standard_normal(shape, np.float32)


def _elementwise(e: Any, x: Any) -> Any:
    return e.np.exp(-x * x) * e.np.tanh(x)


def _elementwise_by_hand(size: int) -> Step:
    (x,), _, g = _inputs(size)

    def step(_: int) -> Any:
        bell = x * x
        np.exp(np.negative(bell, out=bell), out=bell)
        bend = np.tanh(x)
        y = bell * bend
        gx = 1 - bend * bend
        gx *= bell
        bend *= 2 * x
        bend *= bell
        gx -= bend
        gx *= g
        return [y, gx]

    return step


def _reduction(e: Any, x: Any) -> Any:
    means, sums = x.mean(1), x.sum(0)
    return (means * means).sum() + (sums * sums).mean()


def _reduction_by_hand(size: int) -> Step:
    (x,), *_ = _inputs(size)

    def step(_: int) -> Any:
        means, sums = x.mean(1), x.sum(0)
        gx = (2 / ROW * means)[:, None] + 2 / ROW * sums
        return [(means * means).sum() + (sums * sums).mean(), gx]

    return step


def _family(
    function: Any, inputs: Callable[[int], Any], by_hand: Callable[[int], Step]
) -> dict[str, dict[str, Setup]]:
    return {
        f"{size:,} elements": gradients(function, partial(inputs, size), _PEERS)
        | {"numpy": partial(by_hand, size)}
        for size in SIZES
    }


ELEMENTWISE = _family(_elementwise, _inputs, _elementwise_by_hand)
REDUCTIONS = _family(_reduction, lambda size: _inputs(size)[:1], _reduction_by_hand)
STEPS = {f"{size:,} elements": max(1, min(100, 10**6 // size)) for size in SIZES}
