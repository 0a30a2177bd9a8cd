"""A net of single numbers, as micrograd has them: 2 inputs, two layers of 16, one output."""

from itertools import pairwise
from typing import Any

import numpy as np

from ..measure import gradients

SIZES = (2, 16, 16, 1)
SAMPLE, LABEL = (0.5, -1.25), 1.0


def _inputs() -> Any:
    number = sum((inputs + 1) * outputs for inputs, outputs in pairwise(SIZES))
    return ([np.array(x) for x in np.random.default_rng(0).uniform(-1, 1, number)],)


def _loss(e: Any, *parameters: Any) -> Any:
    numbers = iter(parameters)
    x: list[Any] = list(SAMPLE)
    for outputs in SIZES[1:]:
        layer = [sum((next(numbers) * value for value in x), next(numbers)) for _ in range(outputs)]
        x = [e.F.relu(y) for y in layer] if outputs > 1 else layer
    return (x[0] - LABEL) ** 2


ENGINES = gradients(_loss, _inputs, "pullback pytorch jax hips mygrad micrograd")
OPERATIONS = sum(2 * inputs * outputs + outputs for inputs, outputs in pairwise(SIZES)) + 1
