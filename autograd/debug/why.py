"""The reasons for a missing or zero gradient.

    print(autograd.why(w, loss))                     reads a graph that still exists
    print(autograd.why(w, lambda: loss_of(batch)))   runs it again, and sees everything

`why` examines in this order: what `x` and `y` are; whether a recorded path leads from one to the
other, and if not, where it breaks off; and on a path, where the cotangent becomes zero.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any

import numpy as np

from ..changes import owner_of
from ..errors import GraphError
from ..grad_mode import Observing
from ..hooks import hooked
from ..node import FREED, Leaf, Node, ancestors, kept_parents, leading_to
from ..tensor import Tensor, seed_of
from ..typing import ArrayLike
from .backward_pass import ROUNDING, Pass, Visit
from .exits import breaks, exits, outside
from .tracing import Trace, latest_trace
from .words import Why, formula, glimpse, in_module, is_zero, joined, name_of, norm
from .zero_causes import cancelled_inside, cancels_inside, explain

_RERUN = "pass the computation: autograd.why({x}, lambda: <what computes {y}>)"
_VANISHING = 1e-6  # share of the largest gradient on the path


def why(x: Tensor, y: Tensor | Callable[[], Any], grad: ArrayLike | None = None) -> Why:
    """Explain why the gradient of `y` with respect to `x` is None or zero, or say what it is.

    Nothing changes: no `.grad` is touched, and the graph is kept.

    Args:
        x: The tensor without a gradient.
        y: A computed tensor, or a function without arguments that computes and returns it. With a
            function, or after a block of `autograd.debug.tracing()` that computed `y`, the answer
            also covers what happened outside of the graph: `detach()`, `.data`, `item()`, a
            comparison, `no_grad`. It then does not matter if a backward pass freed the graph.
        grad: The cotangent of `y`, of the same shape; default: ones.

    Returns:
        A `Why`, to be printed.

    Raises:
        TypeError: `x` is not a Tensor, or the function returns None.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> answer = autograd.why(x, lambda: x.detach() * 3.0)
        >>> answer.kind, answer.remedy
        ('detached', 'leave out detach()')
    """
    if not isinstance(x, Tensor):
        raise TypeError(f"why: x must be a Tensor, got {type(x).__name__}; pass the leaf itself")
    caller = sys._getframe(1).f_locals
    is_function = callable(y) and not isinstance(y, Tensor)
    trace = latest_trace()
    if is_function:
        trace = Trace()
        with Observing(trace):
            y = y()  # type: ignore[operator]
        if y is None:
            raise TypeError("why: the function returned None; let it return the loss")
    with trace.unfreed() if trace else nullcontext():
        return _Question(x, y, grad, trace, is_function, caller).answer()


class _Question:
    def __init__(
        self, x: Tensor, y: Any, grad: Any, trace: Trace | None, is_fresh: bool, caller: Any
    ) -> None:
        self.x = x
        self.y = y
        self.grad = grad
        known = trace and (is_fresh or trace.knows(getattr(y, "_array", y)))
        self.trace = trace if known else None
        self.x_name = x.name or _name_in(caller, x) or "x"
        self.y_name = (isinstance(y, Tensor) and _name_in(caller, y)) or "y"
        self.rerun = _RERUN.format(x=self.x_name, y=self.y_name)

    def answer(self) -> Why:
        x, y = self.x, self.y
        if not x.size:
            return Why("empty", f"{self.x_name} has no elements (shape {x.shape})")
        if not isinstance(y, Tensor):
            return self.no_tensor()
        if x.node is None:
            return self.no_gradient_wanted()
        if y.node is None:
            return self.no_graph()
        found = self.find_path(x.node, y.node)
        if found is None:
            return self.freed()
        return self.on_path(x.node, y.node) if found else self.off_path(x.node, y.node)

    # -- what x and y are -----------------------------------------------------------------------

    def no_tensor(self) -> Why:
        no_tensor = Why(
            "no tensor",
            f"{self.y_name} is a {type(self.y).__name__}, not a Tensor, so it has no graph",
            remedy=f"make it a Tensor, computed from {self.x_name} with operators and NumPy's "
            f"functions, without item(), float() or .data",
        )
        return joined([*self.exits(), no_tensor])

    def no_gradient_wanted(self) -> Why:
        x = self.x_name
        if self.x.dtype.kind not in "fc":
            return Why(
                "integers",
                f"{x} holds {self.x.dtype} values, which carry no gradient",
                remedy="make it hold floats: Tensor(data, requires_grad=True, dtype=float)",
            )
        known = outside(self.trace, self.x) if self.trace else None
        return known or Why(
            "not required",
            f"{x} does not require a gradient: it is a constant",
            remedy=f"make it with Tensor(..., requires_grad=True), or set {x}.requires_grad = True "
            f"before {self.y_name} is computed; if it was computed from another tensor (under "
            f"no_grad), or detached, ask for that one",
        )

    def no_graph(self) -> Why:
        found = breaks(self.trace, self.x, self.y) if self.trace else []
        nothing = Why(
            "no graph",
            f"{self.y_name} has no graph: nothing that requires a gradient led to it, or it was "
            f"computed under no_grad, or detached",
            remedy="" if self.trace else f"to learn the line, {self.rerun}",
        )
        return joined(found or [*self.exits(), nothing])

    def freed(self) -> Why:
        there = "" if self.x.grad is None else f" ({self.x_name}.grad is there)"
        return Why(
            "freed",
            f"the graph of {self.y_name} was freed by a backward pass, so nothing is left to look "
            f"at{there}",
            remedy=f"ask before backward(), or after backward(retain_graph=True), or {self.rerun}",
        )

    def exits(self) -> list[Why]:
        return exits(self.trace, self.x) if self.trace else []

    # -- no recorded path -----------------------------------------------------------------------

    def find_path(self, start: Node, end: Node) -> bool | None:
        """Tell whether a recorded path leads from `start` to `end`; None if the graph was freed."""

        def not_older(node: Node) -> list[Node]:
            return [p for p in kept_parents(node) if p is not None and p.number >= start.number]

        freed = False
        for node in ancestors([end], not_older):
            if node is start:
                return True
            freed = freed or node.parents is FREED
        return None if freed and start.number < end.number else False

    def off_path(self, x: Node, y: Node) -> Why:
        if x.number > y.number:
            return self.made_after(x)
        found = breaks(self.trace, self.x, self.y) if self.trace else []
        not_used = Why(
            "not used",
            f"{self.x_name} is not used on any path to {self.y_name}"
            + (" that the trace can follow" if self.trace else ""),
            remedy="" if self.trace else f"if it should be, {self.rerun}",
        )
        return joined(
            found or self.constants(y) or [*self.twins(y), *self.exits(), not_used],
        )

    def made_after(self, x: Node) -> Why:
        name, result = self.x_name, self.y_name
        if isinstance(x, Leaf):
            return Why(
                "made after",
                f"{name} became a leaf after {result} was computed, so {result} cannot depend on "
                f"it",
                x.source(),
                f"make {name} (or set its requires_grad) first, then compute {result}",
            )
        return Why(
            "made after",
            f"{name} is not what {result} was computed from: it is the result of {x.op.name}, "
            f"computed after {result}",
            x.source(),
            "to update a tensor and keep it the same leaf, write in place: "
            f"`with autograd.no_grad(): {name} -= ...`",
        )

    def constants(self, y: Node) -> list[Why]:
        """Without a trace, find uses of the array of x as a constant in the remaining graph."""
        mine = owner_of(self.x._array)
        found = []
        for node in _operations(y):
            for i, (parent, saved) in enumerate(zip(node.parents, node.saved[1:], strict=True)):
                if parent is None and self.is_array_of_x(saved, mine):
                    found.append(
                        Why(
                            "detached",
                            f"{node.op.name} got the array of {self.x_name} as a constant (its "
                            f"input {i}): through .data or detach(), or before it required a "
                            f"gradient",
                            node.source(),
                            f"pass the tensor itself, {self.x_name}",
                        )
                    )
        return found

    def is_array_of_x(self, saved: Any, mine: Any) -> bool:
        """Tell whether a constant is the array of x, or a copy that a node keeps."""
        if not isinstance(saved, np.ndarray) or owner_of(saved) is mine:
            return saved is not None and owner_of(saved) is mine
        values = self.x._array
        tells = values.size > 1 and np.any(values != values.flat[0])
        return bool(tells) and np.array_equal(saved, values)

    def twins(self, y: Node) -> list[Why]:
        """Find leaves that y depends on and that look like x."""
        found = []
        name = self.x.name
        values: dict[Node, Any] = {}
        for node in _operations(y):
            for parent, saved in zip(node.parents, node.saved[1:], strict=True):
                if isinstance(parent, Leaf) and (
                    isinstance(saved, np.ndarray) or parent not in values
                ):
                    values[parent] = saved
        for leaf, array in values.items():
            assert isinstance(leaf, Leaf)
            same = isinstance(array, np.ndarray) and np.array_equal(array, self.x._array)
            if leaf.shape == self.x.shape and (same or (name and leaf.name == name)):
                found.append(
                    Why(
                        "a copy",
                        f"{self.y_name} depends on another leaf with the same "
                        f"{'values' if same else 'name'} as {self.x_name}: one of them is a copy",
                        leaf.source(),
                        "ask for the gradient of the tensor that was used, or use this one",
                    )
                )
        return found

    # -- a recorded path ------------------------------------------------------------------------

    def on_path(self, x: Node, y: Node) -> Why:
        seed = seed_of(
            "why", self.y, np.ones_like(self.y._array) if self.grad is None else self.grad
        )
        self.seed = seed
        try:
            with np.errstate(all="ignore"):
                visits = Pass.of(y, seed, {x}).visits
        except GraphError as error:
            return Why("changed", f"the backward pass fails: {error}")
        last = visits.get(x)
        if last is None or is_zero(last.cotangent):
            return self.zero(visits)
        size = norm(last.cotangent)
        if not np.isfinite(size):
            return self.not_finite(visits)
        largest = max(norm(v.cotangent) for v in visits.values())
        is_rounding = size <= ROUNDING * float(np.finfo(x.dtype).eps) * largest
        found = [w for v in visits.values() for w in self.cancelling(v)] if is_rounding else []
        if not found and size <= _VANISHING * largest:
            found = [self.vanishing(visits, last)]
        return joined([*found, self.not_zero(last)])

    def zero(self, visits: dict[Node, Visit]) -> Why:
        """Find the nodes on paths to x where something arrives and nothing leaves."""
        found: list[Why] = []
        operations = sorted(_operations(self.y.node), key=lambda node: node.number)
        leading = leading_to([self.x.node], operations)  # type: ignore[list-item]
        for visit in visits.values():
            if is_zero(visit.cotangent):
                found += self.hooks_of(visit) or self.cancelling(visit)
                continue
            sent = dict(visit.sent)
            for i, parent in enumerate(visit.parents):
                nothing = i not in sent or is_zero(sent[i])
                if parent in leading and visit.node is not self.x.node and nothing:
                    with np.errstate(all="ignore"):
                        found.append(_at(visit, *explain(visit, i)))
        return joined(found or [Why("seed", "grad=, the cotangent of the result, is zero itself")])

    def hooks_of(self, visit: Visit) -> list[Why]:
        """Blame the hooks of a node, if they made its gradient zero."""
        entry = hooked.get(id(visit.node))
        received = [g for _, g in visit.received] or [self.seed]
        if entry is None or not entry.hooks or is_zero(sum(received[1:], received[0])):
            return []
        name = self.x_name if visit.node is self.x.node else name_of(visit.node)
        hooks = ", ".join(formula(hook) for hook in entry.hooks.values())
        return [
            Why(
                "hook",
                f"a hook of {name} makes the gradient zero: {hooks}",
                visit.node.source(),
                "remove the hook, or let it return None to leave the gradient as it is",
            )
        ]

    def cancelling(self, visit: Visit) -> Iterator[Why]:
        """Find contributions that cancel at a node, or on the way to one of its inputs."""
        if visit.cancels():
            name = self.x_name if visit.node is self.x.node else name_of(visit.node)
            parts = "\n".join(
                f"    {norm(g):.3g} from {v.op.name}, {v.node.source()}" for v, g in visit.received
            )
            remedy = "look at these uses: one adds what another subtracts (as in x - x.mean())"
            yield Why(
                "cancels",
                f"the contributions to the gradient of {name} cancel, to "
                f"{norm(visit.cotangent):.2g}; their norms are\n{parts}",
                visit.received[0][0].node.source(),
                remedy,
            )
        for i, gx in visit.sent:
            if cancels_inside(visit, i, gx):
                yield _at(visit, *cancelled_inside(visit, i))

    def not_finite(self, visits: dict[Node, Visit]) -> Why:
        first = next(
            v
            for v in visits.values()
            if not all(np.isfinite(norm(g)) for g in [v.cotangent, *(g for _, g in v.sent)])
        )
        return _at(
            first,
            "not finite",
            f"the gradient is not finite: it becomes so in the rule of {name_of(first.node)}",
            "look at the values there: a division by 0, a root or logarithm of 0, an overflow",
        )

    def not_zero(self, last: Visit) -> Why:
        x, grad, node = self.x_name, self.x.grad, last.node
        text = (
            f"the gradient of {self.y_name} with respect to {x} is not zero "
            f"({glimpse(last.cotangent)})"
        )
        if grad is not None and not is_zero(grad):
            return Why("not zero", f"{text}, and {x}.grad is there")
        state = "None" if grad is None else "zero"
        if not isinstance(node, Leaf) and not self.x.retains_grad:
            return Why(
                "not a leaf",
                f"{x}.grad is {state}, because {x} is the result of {node.op.name}, not a leaf; "
                f"{text}",
                node.source(),
                f"call {x}.retain_grad() before backward(), or ask autograd.gradients("
                f"{self.y_name}, {x})",
            )
        return Why(
            "not zero",
            f"{text}; {x}.grad is {state}, because backward() has not been called since it was "
            f"made or set to {state}",
            remedy=f"call {self.y_name}.backward()",
        )

    def vanishing(self, visits: dict[Node, Visit], last: Visit) -> Why:
        """Find where a gradient that became very small shrinks most."""
        ratios = [
            (norm(gx) / norm(visit.cotangent), visit.node.number, visit)
            for visit in visits.values()
            for _, gx in visit.sent
        ]
        factor, _, visit = min(ratios)
        return _at(
            visit,
            "vanishing",
            f"the gradient vanishes: it is {norm(last.cotangent):.2g}, and shrinks most in "
            f"{visit.op.name}, by a factor of {factor:.2g}",
            "look at the values there: a saturated function, or a small factor",
        )


def _at(visit: Visit, kind: str, reason: str, remedy: str) -> Why:
    return Why(kind, reason + in_module(visit.node), visit.node.source(), remedy)


def _name_in(names: dict[str, Any], tensor: Tensor) -> str:
    return next((name for name, value in names.items() if value is tensor), "")


def _operations(y: Node) -> list[Node]:
    """List the operations that led to `y`, without those that were freed."""
    return [node for node in ancestors([y]) if kept_parents(node)]
