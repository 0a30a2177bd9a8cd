"""Gradients of functions, in float64: logistic regression by `grad`, Hessians, Jacobians.

Not for tinygrad, whose optimisers hold the rate in float32.
"""

from typing import Any

import numpy as np

from ..engines import Step
from ..measure import setups

SAMPLES, FEATURES, RATE = 1000, 100, 0.1

_TRANSFORM = "pullback pytorch jax jax-eager hips"


def _logistic(e: Any, w: Any, x: Any, signs: Any) -> Any:
    """The mean of -log(probability of the label), whose sign is in `signs`."""
    return e.np.log(1 + e.np.exp(-signs * (x @ w))).mean()


def _problem() -> Any:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((SAMPLES, FEATURES))
    signs = np.sign(x @ rng.standard_normal(FEATURES) + rng.standard_normal(SAMPLES))
    return [np.zeros(FEATURES)], [(x, signs)], RATE


def _logistic_by_hand() -> Step:
    (w,), ((x, signs),), _ = _problem()

    def step(_: int) -> Any:
        odds = np.exp(-signs * (x @ w))
        w[...] -= RATE / SAMPLES * ((-signs * odds / (1 + odds)) @ x)
        return np.log(1 + odds).mean()

    return step


def _loss(e: Any, parameters: Any, x: Any, signs: Any) -> Any:
    return _logistic(e, *parameters, x, signs)


LOGISTIC = setups(f"{_TRANSFORM} mygrad", lambda engine: engine.descend(_loss, *_problem()))
LOGISTIC["numpy"] = _logistic_by_hand


def _point() -> Any:
    """A point, the data, and the vector that the Hessian is multiplied with."""
    rng = np.random.default_rng(0)
    _, (constants,), _ = _problem()
    return 0.1 * rng.standard_normal(FEATURES), constants, rng.standard_normal(FEATURES)


def _hvp_by_hand() -> Step:
    w, (x, signs), vector = _point()

    def step(_: int) -> Any:
        p = 1 / (1 + np.exp(-signs * (x @ w)))
        return [(p * (1 - p) * (x @ vector)) @ x / SAMPLES]

    return step


HVP = setups(_TRANSFORM, lambda engine: engine.hvp(_logistic, *_point()))
HVP["numpy"] = _hvp_by_hand


def _layer(e: Any, x: Any, matrix: Any) -> Any:
    return e.np.tanh(matrix @ x)


def _layer_arguments() -> Any:
    rng = np.random.default_rng(0)
    return rng.standard_normal(FEATURES), [rng.standard_normal((FEATURES, FEATURES)) / 10]


def _jacobian_by_hand() -> Step:
    x, (matrix,) = _layer_arguments()

    def step(_: int) -> Any:
        y = np.tanh(matrix @ x)
        return [(1 - y * y)[:, None] * matrix]

    return step


JACOBIAN = setups(_TRANSFORM, lambda engine: engine.jacobian(_layer, *_layer_arguments()))
JACOBIAN["numpy"] = _jacobian_by_hand
