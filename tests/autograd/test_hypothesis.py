"""Programs that Hypothesis draws, checked along one random direction at first and second order.

`test_programs.py` judges larger programs by complex steps, which need analytic functions. These
are small, have kinks, sorts, selections and products of matrices among their steps, and are judged
by central differences, along a direction in which no kink is crossed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, gradients

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

SHAPES = [(), (3,), (2, 3), (3, 1), (1, 3), (3, 3), (2, 1, 3)]

Step = Callable[[Any, Any], Any]


def with_axes(step: Step) -> Step:
    """A step that needs an axis; scalars get one."""
    return lambda a, b: step(np.atleast_1d(a), np.atleast_1d(b))


def flat(a: Any) -> Any:
    return np.ravel(a)


# fmt: off
ELEMENTWISE: list[Step] = [
    np.add, np.subtract, np.multiply, np.maximum, np.minimum, np.hypot, np.logaddexp,
    lambda a, b: a / (1.5 + np.tanh(b)),
    lambda a, b: np.arctan2(a, 2 + np.tanh(b)),
    lambda a, b: (1.5 + np.tanh(a)) ** b,
    lambda a, b: np.exp(0.3 * a) - np.expm1(0.2 * b),
    lambda a, b: np.log1p(a * a) * b,
    lambda a, b: np.sqrt(1 + a * a) + np.cbrt(2 + np.tanh(b)),
    lambda a, b: np.sin(a) * np.cos(b),
    lambda a, b: np.arcsin(0.8 * np.tanh(a)),
    lambda a, b: np.sinh(a) / np.cosh(b),
    lambda a, b: np.abs(a) * b,
    lambda a, b: np.clip(a, -0.6, 0.7) * b,
    lambda a, b: np.where(a > 0, a * b, b),
    lambda a, b: -a, lambda a, b: a + a, lambda a, b: a - a * 0.5, lambda a, b: a**2 + b**3,
]
REDUCTIONS: list[Step] = [
    lambda a, b: np.sum(a) * b,
    lambda a, b: np.prod(0.5 + np.tanh(a)),
    lambda a, b: np.max(a) - np.min(b),
    with_axes(lambda a, b: np.sum(a, axis=-1)),
    with_axes(lambda a, b: np.mean(a, axis=0, keepdims=True)),
    with_axes(lambda a, b: np.max(a, axis=-1, keepdims=True)),
    with_axes(lambda a, b: np.min(a, axis=0)),
    with_axes(lambda a, b: np.var(a, axis=-1)),
    with_axes(lambda a, b: np.std(np.stack([a, a * a, a + 2]), axis=0)),
    with_axes(lambda a, b: np.cumsum(a, axis=-1)),
    with_axes(lambda a, b: np.cumprod(a, axis=0)),
    with_axes(lambda a, b: np.median(a, axis=-1)),
    with_axes(lambda a, b: np.sort(a, axis=-1)),
    with_axes(lambda a, b: np.linalg.norm(np.concatenate([flat(a), [1.0]]))),
]
SHAPES_AND_INDICES: list[Step] = [
    lambda a, b: np.reshape(a, (-1, 1)),
    lambda a, b: np.transpose(a),
    lambda a, b: np.concatenate([flat(a), flat(b)])[:3],
    lambda a, b: np.stack([a, 2 * a], axis=-1),
    lambda a, b: np.expand_dims(a, 0) * b,
    lambda a, b: np.squeeze(a),
    lambda a, b: np.broadcast_to(a, np.broadcast_shapes(np.shape(a), (3,))),
    lambda a, b: flat(a)[[0, -1, 0]] * flat(b)[-1],
    with_axes(lambda a, b: a[..., ::-1]),
    with_axes(lambda a, b: a[..., :1] + a[..., -1:]),
    with_axes(lambda a, b: np.roll(a, 1, axis=-1)),
    with_axes(lambda a, b: np.flip(a, axis=0)),
    with_axes(lambda a, b: np.repeat(a, 2, axis=-1)),
    with_axes(lambda a, b: np.tile(a, 2)),
    with_axes(lambda a, b: np.pad(a, 1)[tuple(slice(n) for n in a.shape)]),
    with_axes(lambda a, b: np.take(a, [0, -1, 0], axis=-1)),
    with_axes(lambda a, b: np.add(*np.split(np.concatenate([a, a * a]), 2))),
    with_axes(lambda a, b: np.diff(np.concatenate([flat(a), flat(b)]))),
]
PRODUCTS: list[Step] = [
    lambda a, b: np.outer(a, b)[:3, :3],
    lambda a, b: np.dot(flat(a), np.resize(b, np.size(a))),
    lambda a, b: np.einsum("i,j->ji", flat(a)[:2], flat(b)[:3]),
    lambda a, b: np.tensordot(a, b, 0)[..., :1] if np.ndim(b) else a * b,
    lambda a, b: np.kron(flat(a)[:2], flat(b)[:2]),
    lambda a, b: np.convolve(flat(a), flat(b))[:4],
    lambda a, b: np.resize(a, (2, 3)) @ np.resize(b, (3, 2)),
    lambda a, b: np.resize(a, (2, 2, 3)) @ np.resize(b, 3),
    lambda a, b: np.linalg.det(np.resize(a, (2, 2)) + 3 * np.eye(2)) * b,
    lambda a, b: np.linalg.inv(np.tanh(np.resize(a, (2, 2))) + 3 * np.eye(2)),
    lambda a, b: np.linalg.solve(np.tanh(np.resize(a, (2, 2))) + 3 * np.eye(2), np.resize(b, 2)),
]
# fmt: on
STEPS = {
    "elementwise": ELEMENTWISE,
    "reductions": ELEMENTWISE + REDUCTIONS,
    "shapes": ELEMENTWISE + SHAPES_AND_INDICES,
    "products": ELEMENTWISE + PRODUCTS,
    "everything": ELEMENTWISE + REDUCTIONS + SHAPES_AND_INDICES + PRODUCTS,
}
LARGEST = 24  #: elements of a value; larger ones are cut


def programs(steps: list[Step]) -> Any:
    """(shapes of the inputs, steps with the places of what they read, seed of the numbers)."""
    step = st.tuples(st.sampled_from(steps), st.integers(0, 7), st.integers(0, 7))
    shapes = st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3)
    return st.tuples(shapes, st.lists(step, min_size=3, max_size=8), st.integers(0, 2**32 - 1))


def run(steps: list[tuple[Step, int, int]], inputs: list[Any]) -> Any:
    """The values of all inputs and steps, each counted back from the latest, in one number."""
    values = list(inputs)
    for step, i, j in steps:
        a, b = values[-1 - i % len(values)], values[-1 - j % len(values)]
        try:
            result = step(a, b)
        except ValueError:  # the shapes do not fit: always at the same steps
            result = a * 1.5
        if np.size(result) > LARGEST:
            result = flat(result)[:LARGEST]
        values.append(np.tanh(0.7 * result))
    return sum(np.sum(v * v) * (k + 1) for k, v in enumerate(values))


def along(function: Callable[[float], float], step: float) -> float:
    """The derivative at 0 by four points."""
    low, below, above, high = (function(k * step) for k in (-2, -1, 1, 2))
    return (low - 8 * below + 8 * above - high) / (12 * step)


def check(program: Any) -> None:
    shapes, steps, seed = program
    generator = np.random.default_rng(seed)
    arrays = [np.asarray(generator.uniform(-1, 1, s)) for s in shapes]
    directions = [np.asarray(generator.normal(size=s)) for s in shapes]

    def moved(t: float) -> list[Any]:
        return [a + t * d for a, d in zip(arrays, directions, strict=True)]

    def slope(xs: list[Tensor], **options: bool) -> Any:
        found = gradients(run(steps, xs), xs, **options)
        return sum(np.sum(g * d) for g, d in zip(found, directions, strict=True))

    def slope_at(t: float) -> float:
        return float(slope([Tensor(x, requires_grad=True) for x in moved(t)]))

    def agrees(found: float, function: Callable[[float], float]) -> bool:
        # A long step may cross a kink, a short one rounds more: one of three is right.
        return any(
            abs(found - along(function, h)) <= 1e-6 * max(1, abs(found)) for h in (1e-3, 1e-4, 1e-5)
        )

    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    first = slope(leaves, create_graph=True)
    assert agrees(first.item(), lambda t: float(run(steps, moved(t)))), "first order"
    second = gradients(first, leaves) if first.requires_grad else [0 * x for x in arrays]
    curvature = sum(float(np.sum(g * d)) for g, d in zip(second, directions, strict=True))
    # At 0 hypot has a kink, and no second derivative: that is NaN.
    at_kink = np.isnan(curvature) and any(function is np.hypot for function, *_ in steps)
    assert at_kink or agrees(curvature, slope_at), "second order"


@pytest.mark.parametrize("kind", STEPS)
def test_drawn_program_has_the_derivatives_of_differences(kind: str) -> None:
    @hypothesis.settings(
        max_examples=410,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=[hypothesis.HealthCheck.too_slow],  # of a loaded machine
    )
    @hypothesis.given(programs(STEPS[kind]))
    def drawn(program: Any) -> None:
        check(program)

    drawn()
