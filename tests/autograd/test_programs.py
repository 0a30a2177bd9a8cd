"""Random programs: whole graphs against complex-step derivatives of the plain function.

For an analytic f, the imaginary part of f(x + ih)/h is f'(x) with no difference taken, and so
exact to rounding (W. Squire and G. Trapp, "Using complex variables to estimate derivatives of real
functions", 1998). The program runs on complex arrays then, and the engine has no part in it.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograd import Tensor, grad, gradients

SHAPES = [(), (3,), (3, 3), (1, 3), (3, 1), (2, 3, 3)]


def written(a: Any, b: Any) -> Any:
    c = a * 1.0 + np.zeros((1,))
    c[..., :1] = np.sum(b)
    c[..., -1] *= c[..., 0]
    return c


def updated(a: Any, b: Any) -> Any:
    c = a * 1.0 + 0 * b
    d = c * c
    c += b
    c *= d
    return c


def twice_read(a: Any, b: Any) -> Any:
    c = np.ravel(a)
    return c[[0, -1, 0]] * np.ravel(b)[-1]


def product(a: Any, b: Any) -> Any:
    fits = np.ndim(a) and np.ndim(b) and a.shape[-1] == b.shape[-2 if b.ndim > 1 else -1]
    return a @ b if fits else np.multiply(a, b)


STEPS = [
    np.add, np.subtract, np.multiply, product, product, written, updated, twice_read,
    lambda a, b: a / (1.5 + np.tanh(b)),
    lambda a, b: np.tanh(a),
    lambda a, b: np.sin(a) * np.cos(b),
    lambda a, b: np.exp(0.3 * a),
    lambda a, b: a**2 + b**3,
    lambda a, b: np.sum(a, axis=-1) if np.ndim(a) else a + b,
    lambda a, b: np.mean(a, axis=0, keepdims=True) if np.ndim(a) else a * b,
    lambda a, b: np.concatenate([np.ravel(a), np.ravel(b)])[:3],
    lambda a, b: np.stack([a, a * 2], axis=-1).sum(-1),
    lambda a, b: a[..., ::-1] if np.ndim(a) else a - b,
    lambda a, b: a.T if np.ndim(a) else -a,
    lambda a, b: np.where(np.arange(3) > 0, a, b),
    lambda a, b: np.add(*np.split(np.concatenate([np.ravel(a)] * 2), 2)).reshape(np.shape(a)),
    lambda a, b: np.broadcast_to(a, np.broadcast_shapes(np.shape(a), (3,))),
    lambda a, b: a + a,
    lambda a, b: a - a * 0.5,
]  # fmt: skip


class Program:
    """A random sequence of steps, each on two earlier values; the result uses all of them."""

    def __init__(self, generator: np.random.Generator) -> None:
        leaves = generator.integers(1, 4)
        shapes = [SHAPES[i] for i in generator.integers(0, len(SHAPES), leaves)]
        self.inputs = [np.asarray(generator.uniform(-1, 1, s)) for s in shapes]
        self.steps = generator.integers(0, len(STEPS), generator.integers(4, 14))
        self.choices = generator.random((len(self.steps), 2)) ** 0.5  # rather the later ones

    def __call__(self, *inputs: Any) -> Any:
        values = list(inputs)
        for step, choice in zip(self.steps, self.choices, strict=True):
            a, b = (values[int(c * len(values))] for c in choice)
            try:
                result = STEPS[step](a, b)
            except ValueError:  # the shapes do not broadcast: always at the same steps
                result = np.tanh(a)
            values.append(np.tanh(0.7 * result) if np.size(result) else a)
        return sum((np.sum(v) for v in values), 0.0)


def complex_step(program: Any, inputs: list[Any], directions: list[Any]) -> float:
    tiny = 1e-40
    moved = [x + tiny * 1j * d for x, d in zip(inputs, directions, strict=True)]
    return np.imag(program(*moved)) / tiny


@pytest.mark.parametrize("seed", range(150))
def test_random_program_has_the_gradients_of_complex_steps(seed: int) -> None:
    generator = np.random.default_rng(seed)
    program = Program(generator)
    leaves = [Tensor(x, requires_grad=True) for x in program.inputs]
    out = program(*leaves)
    assert out.item() == pytest.approx(program(*program.inputs), rel=1e-13)
    value = out.item()
    found = gradients(out, leaves, retain_graph=True)
    for i, x in enumerate(program.inputs):
        directions = [np.zeros_like(y) for y in program.inputs]
        directions[i] = generator.normal(size=x.shape)
        expected = complex_step(program, program.inputs, directions)
        assert np.sum(found[i] * directions[i]) == pytest.approx(expected, rel=1e-10, abs=1e-12)

    out.backward(retain_graph=True)
    out.backward()
    assert out.item() == value
    for leaf, g, x in zip(leaves, found, program.inputs, strict=True):
        np.testing.assert_array_equal(leaf.grad, 2 * g)
        np.testing.assert_array_equal(leaf.data, x)


@pytest.mark.parametrize("seed", range(60))
def test_random_program_has_the_second_derivatives_of_differences(seed: int) -> None:
    generator = np.random.default_rng(1000 + seed)
    program = Program(generator)
    everything = tuple(range(len(program.inputs)))
    directions = [generator.normal(size=x.shape) for x in program.inputs]
    others = [generator.normal(size=x.shape) for x in program.inputs]

    def slope(*inputs: Any) -> Any:
        found = grad(program, everything)(*inputs)
        return sum(np.sum(g * d) for g, d in zip(found, directions, strict=True))

    second = grad(slope, everything)(*program.inputs)
    found = sum(np.sum(g * d) for g, d in zip(second, others, strict=True))
    # The same number, by differences of first derivatives that complex steps give.
    step, sides = 1e-4, []
    for k in (-2, -1, 1, 2):
        moved = [x + k * step * d for x, d in zip(program.inputs, others, strict=True)]
        sides.append(complex_step(program, moved, directions))
    expected = (sides[0] - 8 * sides[1] + 8 * sides[2] - sides[3]) / (12 * step)
    assert found == pytest.approx(expected, rel=1e-7, abs=1e-8)
