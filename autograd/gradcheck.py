"""Checks of gradients against differences, at first and second order.

No step makes a difference quotient exact: curvature spoils a large one, rounding a small one. Each
element is first tried with one step, relative to its size. Where this disagrees with the backward
pass, a whole range of steps is tried, each extrapolated. The derivative is taken where two
neighbouring steps agree best, and their disagreement is the estimate of its error.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from .errors import AutogradError, DTypeError
from .grad_mode import differentiated
from .tensor import Tensor
from .transforms import gradients
from .tree import leaves
from .typing import Array, ArrayLike

#: Maps the values of the inputs to those of all outputs.
Function = Callable[[Sequence[Array]], list[Array]]

_EPS, _TINY = float(np.finfo(float).eps), float(np.finfo(float).tiny)
_RATIO = 4.0  # from one step of the range to the next
_STEPS = 24  # in the range, from a quarter of the element, or of 1, downwards
_ZERO = 1e-10  # a slope below this share of the largest in the range may be 0
_NOTHING = 1e-10  # a slope below this, near x = 1, is rounding of terms that cancel inside
_TRUST = 10.0  # a disagreement below this many estimated errors of the difference is none


class GradcheckError(AutogradError, AssertionError):
    """Raised when a gradient differs from the numerical one, with the argument and the index.

    Example:
        >>> wrong = autograd.rule(lambda x: x**2, lambda g, _, x: g * x, name="wrong")
        >>> try:
        ...     autograd.gradcheck(wrong, 3.0)
        ... except autograd.GradcheckError as error:
        ...     print(str(error)[:68])
        gradcheck: derivative of order 1 with respect to argument 0 at index
    """


@dataclass(frozen=True, repr=False)
class Gradchecked:
    """The result of `gradcheck`: always true, it prints how much was compared and how well.

    Example:
        >>> done = autograd.gradcheck(np.sin, np.array([0.5, 1.0]), order=1)
        >>> done.elements, done.unsettled
        ((2,), 0)
    """

    elements: tuple[int, ...]  #: how many derivatives were compared, at first and second order
    error: float  #: the largest difference found, relative to the size of the derivative
    unsettled: int  #: how many of them rounding hides from every step
    eps: float  #: the first step tried, relative to each element

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        orders = " and ".join(
            f"{count} derivative{'s' * (count != 1)} of order {i + 1}"
            for i, count in enumerate(self.elements)
        )
        digits = int(np.ceil(np.log10(max(self.error, _EPS))))
        text = f"gradcheck: {orders} agree with differences to 1e{digits:03d}"
        if self.unsettled:
            text += f"; rounding hides {self.unsettled} of them from any step"
        return text


def gradcheck(
    function: Callable[..., Any],
    *inputs: ArrayLike,
    order: int = 2,
    eps: float = 1e-5,
    rtol: float = 1e-6,
    seed: int = 0,
) -> Gradchecked:
    """Compare the gradients of `function` at `inputs` with central differences.

    The output is contracted with a random cotangent, and the gradient of that number is compared
    element by element. For z = x + iy, the gradient is d/dx - i d/dy, as `grad` defines it.

    Args:
        function: Takes the inputs as Tensors and returns a Tensor of any shape, or containers of
            Tensors. It must give the same values each time it is called.
        inputs: float64 or complex128 arrays, away from kinks.
        order: 1 checks the gradient, 2 also the gradient of the gradient, with respect to the
            inputs and to the cotangent.
        eps: The first step, relative to each element (absolute for an element that is 0). Where it
            does not agree, steps from a quarter of the element (or of 1) downwards are tried;
            errors that `function` raises there, NaN and infinities are passed over.
        rtol: How far a derivative may be off, relative to what the outputs change by, beyond the
            error of the differences themselves.
        seed: Seeds the random cotangents.

    Returns:
        A `Gradchecked`, which is true and prints what was compared.

    Raises:
        GradcheckError: A derivative is wrong, or the point lies on a kink, where the slopes to both
            sides differ or the gradient jumps.
        DTypeError: An input has another dtype.

    Example:
        >>> autograd.gradcheck(lambda x: x**3, 2.0, order=1)
        gradcheck: 1 derivative of order 1 agree with differences to 1e-10
    """
    arrays = [np.array(x._array if isinstance(x, Tensor) else x) for x in inputs]
    _require_wide(arrays)
    function = functools.partial(differentiated, function)

    def outputs(tensors: Sequence[Tensor]) -> list[Any]:
        copies = (x.copy() for x in tensors)  # it may change them in place, as under `grad`
        found = (x for _, x in leaves(function(*copies)))
        return [x if isinstance(x, Tensor) else np.asarray(x) for x in found]

    def values(at: Sequence[Array]) -> list[Array]:
        return [_array(y) for y in outputs([Tensor(x) for x in at])]

    first, second = values(arrays), values(arrays)
    if not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(first, second, strict=True)):
        raise GradcheckError(
            "gradcheck: the function does not give the same values twice; if it draws random "
            "numbers, seed the generator inside of it"
        )
    generator = np.random.default_rng(seed)
    weights = [random_like(generator, y) for y in first]
    tensors = [Tensor(x, requires_grad=True) for x in arrays]
    found = _pulled_back(outputs(tensors), weights, tensors, create_graph=False)
    done = [_Comparison(1, arrays, values, weights, found, eps, rtol).run(len(arrays))]
    if order > 1:
        directions = [random_like(generator, x) for x in arrays]
        second_order = _second_order(outputs, arrays, weights, directions, eps, rtol)
        done.append(second_order.run(len(arrays)))
    return Gradchecked(
        tuple(count for count, _, _ in done),
        max(error for _, error, _ in done),
        sum(unsettled for _, _, unsettled in done),
        eps,
    )


def _require_wide(arrays: Sequence[Array]) -> None:
    for i, x in enumerate(arrays):
        if x.dtype not in (np.float64, np.complex128):
            wide = "complex" if x.dtype.kind == "c" else "float"
            raise DTypeError(
                f"gradcheck: argument {i} is of dtype {x.dtype}; differences need float64 or "
                f"complex128: pass it as x.astype({wide})"
            )


def _second_order(
    outputs: Callable[[Sequence[Tensor]], list[Any]],
    arrays: Sequence[Array],
    weights: Sequence[Array],
    directions: Sequence[Array],
    eps: float,
    rtol: float,
) -> _Comparison:
    """Set up the comparison for the gradients as functions of the inputs and the cotangents."""

    def slopes(at: Sequence[Tensor]) -> list[Any]:
        xs, gs = at[: len(arrays)], at[len(arrays) :]
        tracked = [x.copy() if x.requires_grad else Tensor(x, requires_grad=True) for x in xs]
        return _pulled_back(outputs(tracked), gs, tracked, create_graph=True)

    def values(at: Sequence[Array]) -> list[Array]:
        return [_array(y) for y in slopes([Tensor(x) for x in at])]

    both = [*arrays, *weights]
    tensors = [Tensor(x, requires_grad=x.dtype.kind in "fc") for x in both]
    found = _pulled_back(slopes(tensors), directions, tensors, create_graph=False)
    return _Comparison(2, both, values, directions, found, eps, rtol)


def _array(x: Any) -> Array:
    return np.asarray(x._array if isinstance(x, Tensor) else x)


def random_like(generator: np.random.Generator, like: Array) -> Array:
    """Draw numbers of both signs, away from 0, with the shape of `like` and complex if it is.

    Example:
        >>> from autograd.gradcheck import random_like
        >>> random_like(np.random.default_rng(0), np.ones((2, 3))).shape
        (2, 3)
    """
    signs = generator.choice([-1.0, 1.0], (2, *like.shape))
    x, y = generator.uniform(0.5, 1.5, (2, *like.shape)) * signs
    return np.asarray(x + 1j * y if like.dtype.kind == "c" else x)


def _pulled_back(
    outputs: Sequence[Any], cotangents: Sequence[Any], inputs: Sequence[Tensor], create_graph: bool
) -> list[Any]:
    """Compute the gradients of the real part of sum(outputs * cotangents); 0 for constants."""
    pairs = [
        (y, g)
        for y, g in zip(outputs, cotangents, strict=True)
        if isinstance(y, Tensor) and y.requires_grad
    ]
    wanted = [x for x in inputs if x.requires_grad]
    if not pairs:
        return [np.zeros_like(x._array) for x in inputs]
    ys, gs = ([*each] for each in zip(*pairs, strict=True))
    found = iter(gradients(ys, wanted, gs, create_graph=create_graph))
    return [next(found) if x.requires_grad else np.zeros_like(x._array) for x in inputs]


class _Comparison:
    """A comparison of the derivatives of one order with differences."""

    def __init__(
        self,
        order: int,
        arrays: Sequence[Array],
        values: Function,
        weights: Sequence[Array],
        found: Sequence[Array],
        eps: float,
        rtol: float,
    ) -> None:
        self.order = order
        self.arrays = arrays
        self.values = values
        self.weights = weights
        self.found = found
        self.eps = eps
        self.rtol = rtol
        self.error = 0.0
        self.unsettled = 0

    def run(self, inputs: int) -> tuple[int, float, int]:
        """Return how many were compared, the largest error, and how many cannot be settled."""
        count = 0
        with np.errstate(all="ignore"):
            for place, x in enumerate(self.arrays):
                what = "argument" if place < inputs else "the cotangent, place"
                doubtful = []
                for index in np.ndindex(x.shape):
                    for unit in (1.0, -1j) if x.dtype.kind == "c" else (1.0,):
                        count += 1
                        line = _Line(self, place, index, unit)
                        if (off := line.quick()) is not None:
                            doubtful.append((off, line))
                for _, line in sorted(doubtful, key=lambda pair: -pair[0]):
                    line.thorough(what)
        return count, self.error, self.unsettled


class _Line:
    """The outputs as a function of one element of an input: its real or its imaginary part."""

    def __init__(self, of: _Comparison, place: int, index: tuple[int, ...], unit: complex) -> None:
        self.of = of
        self.place = place
        self.index = index
        self.unit = unit
        x = of.arrays[place][index]
        self.part = float(np.real(x) if unit == 1.0 else np.imag(x))
        self.size = float(abs(x))
        # The gradient with respect to z is d/dx - i d/dy.
        given = of.found[place][index]
        self.given = float(np.real(given) if unit == 1.0 else -np.imag(given))

    def at(self, step: float) -> list[Array] | None:
        """Compute the outputs with this element moved; None where the function raises."""
        moved = [a.copy() for a in self.of.arrays]
        moved[self.place][self.index] += step * np.conj(self.unit)
        try:
            return self.of.values(moved)
        except Exception:
            return None

    def change(self, lower: float, upper: float) -> _Change:
        """Compute the change of the weighted outputs between two steps."""
        a, b = self.at(upper), self.at(lower)
        width = (self.part + upper) - (self.part + lower)  # rounded as the steps were
        if a is None or b is None or not width:
            return _Change([], [], np.nan)
        changes, largest = [], []
        for end, start, weight in zip(a, b, self.of.weights, strict=True):
            changes.append(weight * np.subtract(end, start, dtype=np.result_type(end, float)))
            largest.append(np.abs(weight) * np.maximum(np.abs(end), np.abs(start)))
        return _Change(changes, largest, width)

    def slope(self, lower: float, upper: float) -> _Slope:
        change = self.change(lower, upper)
        return change.slope(
            [np.where(c, m, 0) for c, m in zip(change.changes, change.largest, strict=True)]
        )

    def quick(self) -> float | None:
        """Try one step: return None where it agrees, else by how much it is off."""
        step = self.of.eps * (self.size or 1.0)
        slope = self.slope(-step, step)
        if not slope.size and step < self.of.eps:  # it may be lost in rounding
            slope = self.slope(-self.of.eps, self.of.eps)
        off = abs(self.given - slope.value)
        if np.isfinite(off) and off <= self.of.rtol * slope.size:
            self.of.error = max(self.of.error, off / slope.size if slope.size else 0.0)
            return None
        return off if np.isfinite(off) else np.inf

    def thorough(self, what: str) -> None:
        """Compare with the best of many steps, and raise where the derivative is wrong."""
        step, slope, doubt, steepest = self.best()
        off = abs(self.given - slope.value)
        size = self.size or 1.0
        if max(off, abs(self.given)) <= _NOTHING * (size if size < 1 else size**-self.of.order):
            return
        allowed = self.of.rtol * slope.size
        settled = doubt <= max(allowed, self.of.rtol * abs(self.given), _ZERO * steepest)
        order, place = self.of.order, tuple(map(int, self.index))
        part = "" if self.unit == 1.0 else " (its imaginary part)"
        where = f"with respect to {what} {self.place} at index {place}{part}"
        scale = max(self.size, 1.0)
        width = step if settled or doubt < 1e-3 * steepest else 2.0**-10 * scale
        rounding = 2 * step * slope.noise
        kinks = []
        while np.isfinite(off) and width > 1e-9 * scale and (bent := self.kink(width, rounding)):
            kinks.append(f"{bent}, within {width:.0e} of it")
            width /= 64
        if kinks and width <= 1e-9 * scale:  # else the function varies fast, without a kink
            raise GradcheckError(
                f"gradcheck: no derivative of order {order} {where}, where the function has a "
                f"kink ({kinks[-1]}): there is nothing to compare with; move the point away from it"
            )
        if settled and off <= max(allowed, _TRUST * doubt):
            self.of.error = max(self.of.error, min(off / slope.size, 1.0) if slope.size else 0.0)
            return
        # A second derivative carries the rounding of the first, times 1 / x.
        of_first = _TRUST**2 * rounding / size if order > 1 else 0.0
        if off <= of_first or (not settled and off <= _TRUST * doubt <= _TRUST**3 * slope.noise):
            self.of.unsettled += 1
            return
        note = "" if settled else f" or so: they do not settle (give or take {doubt:.1g})"
        if not np.isfinite(slope.value):
            note = ": the function is not finite around this point, or raises there"
        raise GradcheckError(
            f"gradcheck: derivative of order {order} {where}: backward gives {self.given:.10g}, "
            f"central differences give {slope.value:.10g}{note}"
        )

    def best(self) -> tuple[float, _Slope, float, float]:
        """Find the step whose extrapolated slope differs least from its neighbour's.

        Returns that step, its slope, the difference, and the steepest of all slopes.
        """
        tried = self.slopes()
        finite = [(step, s.size) for slopes in tried for step, s in slopes if np.isfinite(s.size)]
        steepest = max((size for _, size in finite), default=0.0)
        farthest = max((size * step for step, size in finite), default=0.0)
        found, least = (0.0, _Slope(np.nan, np.nan, np.nan), np.inf), np.inf
        for slopes in tried:
            moves = [s.size * step for step, s in slopes if np.isfinite(s.size)]
            floor = _floor(moves, farthest)
            slopes = [(x, s._replace(noise=s.noise + floor / x)) for x, s in slopes]
            better = [
                (step, fine.value + (fine.value - coarse.value) / (_RATIO**2 - 1), fine)
                for (_, coarse), (step, fine) in pairwise(slopes)
            ]
            for (_, before, _), (step, value, fine) in pairwise(better):
                doubt = abs(value - before) + fine.noise
                # Relatively: where the outputs are bounded, wide steps make all slopes small.
                relative = doubt / (max(fine.size, 1e-3 * steepest) or 1.0)
                if relative < least:
                    least = relative
                    found = (step, _Slope(value, fine.size, fine.noise), doubt)
        return (*found, steepest)

    def slopes(self) -> list[list[tuple[float, _Slope]]]:
        """Compute the slope at every step, from large to small, in one or two ranges of steps."""
        ranges = []
        for start in {max(self.size, 1.0), self.size} - {0.0}:
            steps = [start / _RATIO ** (i + 1) for i in range(_STEPS)]
            ranges.append([(step, self.change(-step, step)) for step in steps])
        known = [change for changes in ranges for _, change in changes if change.is_known()]
        # Only outputs that change in some step add rounding.
        changing = [np.any(c, axis=0) for c in zip(*(k.changes for k in known), strict=True)]
        if not any(np.any(c) for c in changing):  # it may be rounding that hides every change
            changing = [np.ones_like(c) for c in changing]
        sizes = zip(*(k.largest for k in known), strict=True)
        largest = [
            np.max(m, axis=0, where=np.isfinite(m), initial=0.0) for m in map(np.stack, sizes)
        ]
        tried = []
        for changes in ranges:
            slopes = []
            for step, change in changes:
                # Where a change is hidden, the output may be the rest of much larger numbers.
                rounded = [
                    np.where(moves, np.where(c, m, most), 0.0)
                    for moves, c, m, most in zip(
                        changing, change.changes, change.largest, largest, strict=change.is_known()
                    )
                ]
                slopes.append((step, change.slope(rounded)))
            tried.append(slopes)
        return tried

    def kink(self, step: float, rounding: float) -> str:
        """Describe how the function bends around here; empty where it is smooth."""
        sides = []
        for width in (step, step / 16):
            lower, upper = self.slope(-width, 0.0), self.slope(0.0, width)
            sides.append((lower.value, upper.value, max(lower.noise, upper.noise)))
        left, right, noise = sides[1]
        gaps = [abs(b - a) for a, b, _ in sides]
        steep = [max(abs(a), abs(b)) for a, b, _ in sides]
        if steep[1] > 3 * steep[0] and steep[1] > 1e3 * noise:
            return "the gradient jumps" if self.of.order > 1 else "its slope has no limit"
        # In a smooth function, the slopes to both sides approach each other as the steps shrink.
        if gaps[1] > 0.5 * gaps[0] and gaps[1] > max(
            1e-3 * steep[1], 1e3 * noise, 1e3 * rounding / step
        ):
            return f"slopes {left:.4g} and {right:.4g} on its two sides"
        return ""


def _floor(moves: Sequence[float], farthest: float) -> float:
    """Estimate how much rounding inside the function adds to its changes.

    `moves`: the changes, from large steps to small ones. Rounding shows as a change that no longer
    shrinks with the step, or as the least change before they vanish. (Changes that vanish while
    they are not small belong to a function that is constant there.)
    """
    changing = [x for x in moves if x]
    if len(changing) < 3:
        return 0.0
    if not moves[-1]:
        least = min(changing)
        return least if least < 1e-9 * farthest else 0.0
    larger, _, last = moves[-3:]
    return max(larger, last) if last > larger / _RATIO else 0.0


@dataclass
class _Change:
    """The change of each weighted output over a step, and the larger of its two sizes."""

    changes: list[Array]
    largest: list[Array]
    width: float  #: NaN where the function could not be called

    def is_known(self) -> bool:
        return not np.isnan(self.width)

    def slope(self, rounded: Sequence[Array]) -> _Slope:
        """Compute the difference quotient; `rounded` are the sizes whose rounding enters it."""
        if not self.is_known():
            return _Slope(np.nan, np.nan, np.nan)
        value = sum(float(np.sum(np.real(c))) for c in self.changes)
        size = sum(float(np.sum(np.abs(c))) for c in self.changes)
        noise = _TINY + _EPS * sum(float(np.sum(x)) for x in rounded)
        return _Slope(value / self.width, size / self.width, noise / self.width)


class _Slope(NamedTuple):
    """A difference quotient, the sum of the sizes of its terms, and its possible rounding."""

    value: float
    size: float
    noise: float
