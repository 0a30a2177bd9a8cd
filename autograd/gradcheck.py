"""Checks of gradients against central differences, at first and second order."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .errors import AutogradError, DTypeError
from .grad_mode import differentiated
from .tensor import Tensor
from .transforms import gradients


class GradcheckError(AutogradError, AssertionError):
    """A gradient differs from the numerical one; the message names the argument and index."""


def gradcheck(
    function: Callable[..., Any],
    *inputs: Any,
    order: int = 2,
    eps: float = 1e-5,
    rtol: float = 1e-6,
    seed: int = 0,
) -> bool:
    """Compare the gradients of `function` at `inputs` with central differences of step `eps`.

    `function` takes the inputs as Tensors and returns a Tensor of any shape. Its output is
    contracted with a random cotangent drawn from `seed`, and the gradient of that number is
    compared element by element. `order=2` also checks the gradient of the gradient, with respect
    to the inputs and to the cotangent. Inputs are float64 or complex128 arrays, away from kinks;
    the gradient by z = x + iy is compared with d/dx - i d/dy, as `grad` defines it.

    Returns True, or raises `GradcheckError` where an element is off by more than `rtol` times
    the largest element of the numerical gradient of its argument (and at least `rtol`).
    """
    arrays = [np.array(x._array if isinstance(x, Tensor) else x) for x in inputs]
    for i, x in enumerate(arrays):
        if x.dtype not in (np.float64, np.complex128):
            raise DTypeError(
                f"gradcheck: argument {i} is of dtype {x.dtype}; differences need float64 or "
                f"complex128"
            )
    generator = np.random.default_rng(seed)
    function = functools.partial(differentiated, function)
    output = function(*map(Tensor, arrays))
    cotangent = _random(generator, output)

    def contracted(*tensors: Tensor) -> Tensor:
        return np.real(np.sum(function(*tensors) * cotangent))

    _compare(contracted, arrays, 1, eps, rtol)
    if order < 2:
        return True
    directions = [_random(generator, x) for x in arrays]

    def gradient_along(*tensors: Tensor) -> Tensor:
        *xs, g = tensors
        tracked = [x.copy() if x.requires_grad else Tensor(x, requires_grad=True) for x in xs]
        output = function(*tracked)
        found = gradients(output, tracked, g, create_graph=True)
        slopes = (np.real(np.sum(d * f)) for d, f in zip(directions, found, strict=True))
        return sum(slopes, Tensor(0.0))

    _compare(gradient_along, [*arrays, cotangent], 2, eps, rtol)
    return True


def _random(generator: np.random.Generator, like: Any) -> Any:
    """Numbers of both signs, away from 0, of the shape of `like` and complex if it is."""
    signs = generator.choice([-1.0, 1.0], (2, *like.shape))
    x, y = generator.uniform(0.5, 1.5, (2, *like.shape)) * signs
    return np.asarray(x + 1j * y if like.dtype.kind == "c" else x)


def _compare(
    function: Callable[..., Tensor],
    arrays: Sequence[np.ndarray[Any, Any]],
    order: int,
    eps: float,
    rtol: float,
) -> None:
    tensors = [Tensor(x, requires_grad=True) for x in arrays]
    output = function(*tensors)
    found = gradients(output, tensors) if output.requires_grad else [0 * x for x in arrays]
    for position, x in enumerate(arrays):
        expected = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            for unit in (1, -1j) if x.dtype.kind == "c" else (1,):
                sides = []
                for step in (eps, -eps):
                    moved = [a.copy() for a in arrays]
                    moved[position][index] += step * np.conj(unit)
                    sides.append(float(function(*map(Tensor, moved))._array))
                expected[index] += unit * (sides[0] - sides[1]) / (2 * eps)
        error = np.abs(found[position] - expected)
        allowed = rtol * max(1.0, np.abs(expected).max(initial=0.0))
        if not np.all(error <= allowed):
            index = np.unravel_index(np.argmax(np.where(error <= allowed, 0, error)), x.shape)
            what = "argument" if position < len(arrays) - (order == 2) else "the cotangent, place"
            raise GradcheckError(
                f"gradcheck: derivative of order {order} by {what} {position} at index "
                f"{tuple(map(int, index))}: backward gives {found[position][index]:.10g}, central "
                f"differences give {expected[index]:.10g}"
            )
