"""One layer, forward and backward: of images as they stand in the middle of a network, of rows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..engines import Step
from ..measure import Setup, gradients

# -- images -------------------------------------------------------------------------------------

IMAGES = 64

Shape = tuple[int, ...]


def channels_last(x: Any) -> Any:
    """The same values; in memory the channels stand last, as our convolutions leave them."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)


def _inputs(shape: Shape, parameters: tuple[Shape, ...], outputs: Shape) -> Callable[[], Any]:
    """Images, values for the parameters, and cotangents."""

    def inputs() -> Any:
        rng = np.random.default_rng(0)
        x, g = (
            channels_last(rng.standard_normal((IMAGES, *s), np.float32)) for s in (shape, outputs)
        )
        values = [rng.standard_normal(s, np.float32) / 10 for s in parameters]
        return [x, *values], (), g

    return inputs


_CONV = _inputs((32, 26, 26), ((64, 32, 3, 3), (64,)), (64, 24, 24))
CONV = gradients(lambda e, *a: e.F.conv2d(*a), _CONV, "pullback pytorch pytorch-last jax")

_RELU = _inputs((64, 24, 24), (), (64, 24, 24))
RELU = gradients(lambda e, x: e.F.relu(x), _RELU, "pullback pytorch pytorch-last jax hips mygrad")

_POOL = _inputs((64, 24, 24), (), (64, 12, 12))
MAX_POOL = gradients(lambda e, x: e.F.max_pool2d(x, 2), _POOL, "pullback pytorch pytorch-last jax")

_NORM = _inputs((64, 24, 24), ((64,), (64,)), (64, 24, 24))
BATCH_NORM = gradients(
    lambda e, x, w, b: e.F.batch_norm(x, None, None, w, b, training=True),
    _NORM,
    "pullback pytorch pytorch-last jax hips mygrad",
)


# -- rows ---------------------------------------------------------------------------------------

ROWS, FEATURES, CLASSES = 256, 512, 1000


def _rows() -> Any:
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((ROWS, FEATURES), np.float32) for _ in range(2))
    weight, bias = (rng.standard_normal(FEATURES, np.float32) for _ in range(2))
    return [x, weight, bias], (), g


def _layer_norm_by_hand() -> Step:
    (x, weight, bias), _, g = _rows()

    def step(_: int) -> Any:
        y = x - x.mean(1, keepdims=True)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", y, y)[:, None] / FEATURES + 1e-5)
        y *= scale
        gy = g * weight
        gx = gy - gy.mean(1, keepdims=True)
        gx -= y * (np.einsum("ij,ij->i", gy, y)[:, None] / FEATURES)
        gx *= scale
        return [y * weight + bias, gx, np.einsum("ij,ij->j", g, y), g.sum(0)]

    return step


LAYER_NORM: dict[str, Setup] = gradients(
    lambda e, x, w, b: e.F.layer_norm(x, (FEATURES,), w, b),
    _rows,
    "pullback pytorch jax jax-eager hips mygrad tinygrad",
)
LAYER_NORM["numpy"] = _layer_norm_by_hand


def _logits() -> Any:
    """Logits, and as a constant the labels."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal((ROWS, CLASSES), np.float32)], [rng.integers(CLASSES, size=ROWS)]


def _cross_entropy_by_hand() -> Step:
    (logits,), (labels,) = _logits()
    rows, g = np.arange(ROWS), np.empty_like(logits)

    def step(_: int) -> Any:
        np.subtract(logits, logits.max(1, keepdims=True), out=g)
        true = g[rows, labels]
        np.exp(g, out=g)
        total = g.sum(1, keepdims=True)
        np.divide(g, total * ROWS, out=g)
        g[rows, labels] -= 1 / ROWS
        return [(np.log(total[:, 0]) - true).mean(), g]

    return step


CROSS_ENTROPY: dict[str, Setup] = gradients(
    lambda e, logits, labels: e.F.cross_entropy(logits, labels),
    _logits,
    "pullback pytorch jax jax-eager hips mygrad tinygrad",
)
CROSS_ENTROPY["numpy"] = _cross_entropy_by_hand
