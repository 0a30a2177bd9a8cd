"""A check of every gradient rule in a graph, at the values that occurred there.

    print(autograd.debug.check_graph(lambda: loss_of(batch)))

Each operation is computed again in float64, with its inputs moved a little to both sides along a
random direction, and the change of the result is compared with what the rule says. That takes three
computations for each input, however large it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np

from ..errors import GraphError
from ..grad_mode import Observing
from ..gradcheck import GradcheckError, random_like
from ..node import FREED, Leaf, Node, ShapeDtype, ancestors
from ..op import OUTPUT, Op
from ..signatures import SHAPE
from ..sparse import RowGradient
from ..tensor import Tensor
from ..tree import tree_map
from .backward_pass import pull_back
from .tracing import Trace, latest_trace
from .words import count, in_module, norm

_STEPS = (1e-6, 1e-4, 1e-8)  # relative to the largest element of the input
_NOISE = 1e-14
#: Operations with complex vectors of arbitrary phase, and the outputs free of it.
_TURNING = {"eigh": {0}, "svd": {1}}


class Checked(NamedTuple):
    """The result of `check_graph`: the rules that are right, and what it could not judge.

    Example:
        >>> print(autograd.debug.Checked(2, [], ["relu, train.py:3"]))
        2 rules agree with differences
        not checked: relu, train.py:3
    """

    rules: int  #: the number that agree with differences
    kinks: list[str]  #: operations at a kink, where no gradient is right or wrong
    skipped: list[str]  #: operations that could not be computed again, and why

    def __str__(self) -> str:
        text = [f"{count(self.rules, 'rule')} agree{'s' * (self.rules == 1)} with differences"]
        text += [f"at a kink: {line}" for line in self.kinks]
        text += [f"not checked: {line}" for line in self.skipped]
        return "\n".join(text)


def check_graph(y: Tensor | Callable[[], Tensor], rtol: float = 1e-6, seed: int = 0) -> Checked:
    """Compare the rule of each operation in the graph of `y` with central differences.

    An operation whose slopes to the left and to the right differ is at a kink (relu at 0, a tie of
    two maxima): its other elements are checked, and it is listed under `kinks`.

    Args:
        y: A computed tensor, or a function without arguments that computes and returns it. With a
            function, or after a block of `autograd.debug.tracing()`, all inputs are known. A graph
            alone keeps only the inputs that its rules read; missing ones are replaced by random
            numbers.
        rtol: How far a slope may be off, relative to the norm of its terms.
        seed: Seeds the random directions.

    Returns:
        A `Checked`, to be printed.

    Raises:
        GradcheckError: A rule is wrong; the message names the line.
        GraphError: `y` has no graph, or a backward pass freed it.

    Example:
        >>> x = Tensor([1.0, 2.0], requires_grad=True)
        >>> print(autograd.debug.check_graph(np.exp(x).sum()))
        2 rules agree with differences
    """
    trace = latest_trace()
    if not isinstance(y, Tensor):
        trace = Trace()
        with Observing(trace):
            y = y()
    if not isinstance(y, Tensor) or y.node is None:
        raise GraphError(
            "check_graph: y has no graph; pass a computed tensor, or a function that computes it"
        )
    generator = np.random.default_rng(seed)
    checked = Checked(0, [], [])
    with trace.unfreed() if trace else nullcontext(), np.errstate(all="ignore"):
        nodes = _operations(y.node)
        replays = _Replays(nodes, trace)
        replays.note(y.node, y._array)
        for node in nodes:
            if node.op is OUTPUT:  # one of several outputs: the operation itself is checked
                continue
            outcome = replays.check(node, generator, rtol)
            checked = checked._replace(rules=checked.rules + outcome.rules)
            checked.kinks.extend(outcome.kinks)
            checked.skipped.extend(outcome.skipped)
    return checked


def _operations(y: Node) -> list[Node]:
    """List the operations that led to `y`, in the order of their computation."""
    operations = [node for node in ancestors([y]) if not isinstance(node, Leaf)]
    for node in operations:
        if node.parents is FREED:
            raise GraphError(
                f"check_graph: the graph through {node.op.name} ({node.source()}) was freed by a "
                f"backward pass; pass a function that computes it again"
            )
    return sorted(operations, key=lambda node: node.number)


class _Replays:
    """The known arrays of a graph, from which its operations can be computed again."""

    def __init__(self, nodes: Sequence[Node], trace: Trace | None) -> None:
        self.values: dict[Node, Any] = {}
        self.inputs: dict[int, Any] = {}  # by the id of the result
        for node in nodes:
            self.note(node, node.saved[0])
            for parent, x in zip(node.parents, node.saved[1:], strict=True):
                self.note(parent, x)
        for event in trace.events if trace else ():
            for parent, x in zip(event.parents, event.inputs, strict=True):
                self.note(parent, x)
            if event.op is not None:
                self.inputs.update((id(out), (event.op, event.inputs)) for out in event.outputs)
        self.outputs: defaultdict[Node, dict[int, Node]] = defaultdict(dict)
        for node in nodes:
            if node.op is OUTPUT and node.parents[0] is not None:
                self.outputs[node.parents[0]][node.options["place"]] = node

    def note(self, node: Node | None, x: Any) -> None:
        if node is not None and isinstance(x, np.ndarray):
            self.values[node] = x

    def arguments(self, node: Node, generator: np.random.Generator) -> list[Any]:
        """List the inputs of an operation, with random numbers for unknown ones."""
        first = next(iter(self.outputs[node].values()), node)
        op, inputs = self.inputs.get(id(self.values.get(first)), (None, ()))
        if op is node.op:
            return list(inputs)
        found = []
        for x, parent in zip(node.saved[1:], node.parents, strict=True):
            if x is None or isinstance(x, ShapeDtype):
                x = self.values.get(parent) if parent else None
            if x is None and (parent is not None or node.op.elementwise):
                like = parent or node
                x = generator.uniform(0.5, 1.5, like.shape)
            found.append(x)
        return found

    def check(self, node: Node, generator: np.random.Generator, rtol: float) -> Checked:
        what = _described(node)
        if node.op.name.startswith("checkpoint("):
            return Checked(0, [], [f"{what}: check the function inside"])
        used = self.outputs.get(node, {0})
        call = _Call(node.op, self.arguments(node, generator), node.options, used)
        if node.op.name in _TURNING and call.is_complex() and set(used) != _TURNING[node.op.name]:
            return Checked(0, [], [f"{what}: complex vectors are known up to a phase only"])
        try:
            outputs, _ = call.at(call.arrays)
        except Exception as error:
            return Checked(0, [], [f"{what}: it cannot be computed again ({error})"])
        if any(out.dtype.kind == "O" for out in outputs):
            return Checked(0, [], [f"{what}: it cannot be computed again (an input was not kept)"])
        right = 0
        kinks: list[str] = []
        for i, parent in enumerate(node.parents):
            if parent is None or call.arrays[i] is None:
                continue
            outcome = _Direction(call, i, generator).outcome(rtol)
            if outcome.is_unknown:
                return Checked(right, kinks, [f"{what}: {outcome.found} in float64"])
            if outcome.kinks:
                kinks.append(f"{what}, {count(outcome.kinks, 'element')} of its result")
            if not outcome.is_right:
                raise GradcheckError(
                    f"check_graph: the rule of {node.op.name} for its input {i} is wrong, called "
                    f"at {what.split(', ', 1)[1]}: along a random direction it gives "
                    f"{outcome.found:.10g}, central differences give {outcome.expected:.10g}"
                )
            right += 1
        return Checked(right, kinks, [])


def _described(node: Node) -> str:
    return f"{node.op.name}, {node.source()}{in_module(node)}"


class _Call:
    """An operation with its inputs in double precision."""

    def __init__(
        self, op: Op, inputs: Sequence[Any], options: dict[str, Any], used: Collection[int]
    ) -> None:
        self.op = op
        self.used = used  # which of the outputs
        self.arrays = [_double(x) for x in inputs]
        self.options = {key: _double(value) for key, value in options.items() if key != op.residual}

    def is_complex(self) -> bool:
        return any(np.iscomplexobj(x) for x in self.arrays)

    def at(self, arrays: Sequence[Any]) -> tuple[list[Any], Any]:
        """Compute the outputs, and the residual that the rules read."""
        out = self.op.forward(*arrays, **self.options)
        residual = None
        if self.op.residual is not None:
            out, residual = out
        return [np.asarray(o) for o in (out if isinstance(out, tuple) else (out,))], residual

    def gradient(self, i: int, cotangents: list[Any]) -> Any:
        """Apply the rule for input `i`."""
        outputs, residual = self.at(self.arrays)
        several = len(outputs) > 1
        options = self.options
        if self.op.residual is not None:
            options = {**options, self.op.residual: residual}
        wanted = [x if j == i else None for j, x in enumerate(self.arrays)]
        if self.op.joint is not None:  # a joint rule answers for all inputs
            wanted = [x if hasattr(x, "dtype") else None for x in self.arrays]
        g = cotangents if several else cotangents[0]
        out = tuple(outputs) if several else outputs[0]
        _, levels = self.op.plan(tuple(x is not None for x in wanted))
        inputs = [
            ShapeDtype(np.shape(x), np.result_type(x)) if level == SHAPE else x
            for x, level in zip(self.arrays, levels, strict=True)
        ]
        given = [*(cotangents if several else [g]), *self.arrays]
        before = [x.copy() if isinstance(x, np.ndarray) else x for x in given]
        gx = pull_back(self.op, wanted, (out, *inputs), options, g)[i]
        for place, (x, b) in enumerate(zip(given, before, strict=True), -len(cotangents)):
            if isinstance(x, np.ndarray) and not np.array_equal(
                x, b, equal_nan=x.dtype.kind in "fc"
            ):
                raise GradcheckError(
                    f"check_graph: the rule of {self.op.name} for its input {i} changes "
                    f"{'its cotangent g' if place < 0 else f'its input {place}'} in place, which "
                    f"others still need; compute a new array (g = g * 2, not g *= 2)"
                )
        return gx.dense() if isinstance(gx, RowGradient) else gx


def _double(x: Any) -> Any:
    """Convert floats to float64 and complex numbers to complex128; keep everything else."""
    if isinstance(x, list | tuple | dict):
        return tree_map(_double, x)
    if isinstance(x, np.dtype) or (isinstance(x, type) and issubclass(x, np.generic)):
        kind = np.dtype(x).kind
        return np.dtype({"f": np.float64, "c": np.complex128}.get(kind, x))
    if getattr(x, "dtype", np.dtype(bool)).kind not in "fc":
        return x
    return np.array(x, np.float64 if x.dtype.kind == "f" else np.complex128)


class _Outcome(NamedTuple):
    is_right: bool
    kinks: int
    found: Any
    expected: Any
    is_unknown: bool = False


class _Direction:
    """A random direction along which one input of a call moves."""

    def __init__(self, call: _Call, i: int, generator: np.random.Generator) -> None:
        self.call = call
        self.i = i
        x = call.arrays[i]
        self.direction = _random(generator, x)
        self.scale = float(np.max(np.abs(x), initial=0.0, where=np.isfinite(x))) or 1.0
        self.start = call.at(call.arrays)[0]
        self.cotangents = [
            _random(generator, out) * (place in call.used) for place, out in enumerate(self.start)
        ]
        self.moved: dict[float, Any] = {}

    def sides(self, step: float) -> tuple[list[Any], list[Any]]:
        """Compute the slopes of the outputs to the right and to the left."""
        if step not in self.moved:
            found = []
            for h in (step * self.scale, -step * self.scale):
                arrays = list(self.call.arrays)
                arrays[self.i] = arrays[self.i] + h * self.direction
                ends = self.call.at(arrays)[0]
                found.append([(b - a) / h for a, b in zip(self.start, ends, strict=True)])
            self.moved[step] = tuple(found)
        right, left = self.moved[step]
        return right, left

    def outcome(self, rtol: float) -> _Outcome:
        slopes = zip(self.start, *self.sides(_STEPS[0]), strict=True)
        finite = [np.all(np.isfinite(parts), axis=0) for parts in slopes]
        self.cotangents = [np.where(f, g, 0) for f, g in zip(finite, self.cotangents, strict=True)]
        if any(g.size for g in self.cotangents) and not any(map(np.any, self.cotangents)):
            return _Outcome(True, 0, "the result is not finite", 0, True)
        outcome = self.compared(self.cotangents, rtol)
        if outcome.is_right:
            return outcome
        kinks = self.kinks()
        smooth = [np.where(k, 0, g) for k, g in zip(kinks, self.cotangents, strict=True)]
        number = sum(int(k.sum()) for k in kinks)
        if not number:
            return outcome
        return self.compared(smooth, rtol)._replace(kinks=number)

    def compared(self, cotangents: list[Any], rtol: float) -> _Outcome:
        """Compare the rule with differences, up to the first step at which they agree."""
        gx = self.call.gradient(self.i, cotangents)
        terms = np.real(gx * self.direction) if gx is not None else np.zeros(1)
        found = float(np.sum(terms))
        expected = []
        for step in _STEPS:
            slopes = [(a + b) / 2 for a, b in zip(*self.sides(step), strict=True)]
            parts = [
                np.real(g * np.where(g == 0, 0, s)) for g, s in zip(cotangents, slopes, strict=True)
            ]
            expected.append(float(sum(np.sum(p) for p in parts)))
            noise = _NOISE * norm([np.nan_to_num(out) for out in self.start]) / (step * self.scale)
            allowed = rtol * max(norm(terms), norm(parts)) + noise
            if abs(found - expected[-1]) <= allowed:
                return _Outcome(True, 0, found, expected[-1])
        # Differences that disagree this much among themselves prove nothing.
        spread = abs(expected[0] - expected[1])
        return _Outcome(abs(found - expected[0]) <= spread, 0, found, expected[0])

    def kinks(self) -> list[Any]:
        """Find where the slopes to both sides differ, and still do at smaller steps."""
        (right, left), (far_right, far_left) = self.sides(_STEPS[0]), self.sides(_STEPS[1])
        found = []
        for i, start in enumerate(self.start):
            jump, far_jump = np.abs(right[i] - left[i]), np.abs(far_right[i] - far_left[i])
            noise = _NOISE * np.abs(start) / (_STEPS[0] * self.scale)
            size = np.maximum(np.abs(right[i]), np.abs(left[i]))
            found.append((jump > far_jump / 10) & (jump > 1e-3 * size + noise))
        return found


def _random(generator: np.random.Generator, like: Any) -> Any:
    """Draw a direction like `like`: zeros where there are no floats."""
    return random_like(generator, like) if like.dtype.kind in "fc" else np.zeros(like.shape)
