"""What happened in a backward pass: each node that was visited, what arrived and what it sent.

The tools of this package look at a pass through its `Visit`s, also after the graph was freed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..backward import backward_pass
from ..grad_mode import Observer, Observing
from ..node import LEAF, Leaf, Node
from ..op import OUTPUT, Op
from ..vjps import apply_rules, conform
from .words import norm

ROUNDING = 100.0  #: sums below this many units in the last place of their parts are rounding errors


class Visit:
    """One node in a backward pass."""

    __slots__ = ("cotangent", "node", "op", "options", "parents", "received", "saved", "sent")

    def __init__(self, node: Node, cotangent: Any, received: list[tuple[Visit, Any]]) -> None:
        self.node = node
        self.op = node.op
        self.parents = node.parents
        self.saved = node.saved
        self.options = node.options
        self.cotangent = cotangent  #: the sum of what was received
        self.received = received  #: (from whom, what); empty where the pass began
        self.sent: list[tuple[int, Any]] = []  #: (number of the input, its gradient)

    @property
    def is_leaf(self) -> bool:
        return isinstance(self.node, Leaf)

    def inputs(self) -> list[Any]:
        """What was kept of the inputs: arrays, their shapes and dtypes, or None."""
        return list(self.saved[1:])

    def cancels(self) -> bool:
        """Whether what was received adds up to no more than rounding errors."""
        if len(self.received) < 2:
            return False
        parts = sum(norm(g) for _, g in self.received)
        return is_rounding(norm(self.cotangent), parts, self.cotangent)

    def pull_back(self, g: Any) -> list[Any]:
        """What the rules give for another cotangent: a gradient for each input, or None."""
        return pull_back(self.op, self.parents, self.saved, self.options, g)


def pull_back(
    op: Op, inputs: Sequence[Any], saved: Sequence[Any], options: dict[str, Any], g: Any
) -> list[Any]:
    """The gradient of each input, of its shape and dtype; None where the input or its rule is."""
    if op is LEAF:
        return []
    if op is OUTPUT:
        parts = [np.zeros(s.shape, s.dtype) for s in options["outputs"]]
        parts[options["place"]] = g
        return [parts]
    found = apply_rules(op, g, inputs, saved, options)
    return [
        None if gx is None or x is None else conform(gx, x, op)
        for gx, x in zip(found, inputs, strict=True)
    ]


def is_rounding(total: float, parts: float, like: Any) -> bool:
    """Whether a sum of norm `total` is what rounding left of terms of norms `parts`, summed."""
    dtype = getattr(like, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        return False
    return bool(parts) and total <= ROUNDING * float(np.finfo(dtype).eps) * parts


class Pass(Observer):
    """Remembers the visits of a backward pass, in their order."""

    def __init__(self) -> None:
        self.visits: dict[Node, Visit] = {}
        self._received: defaultdict[Node, list[tuple[Visit, Any]]] = defaultdict(list)

    def arrived(self, node: Node, g: Any) -> None:
        self.visits[node] = Visit(node, g, self._received.pop(node, []))
        if node.op is OUTPUT:  # hands on as it is what arrives at one of several outputs
            self.sent(node, node.parents[0], g)

    def sent(self, node: Node, parent: Any, gx: Any) -> None:
        visit = self.visits[node]
        start = visit.sent[-1][0] + 1 if visit.sent else 0
        visit.sent.append((visit.parents.index(parent, start), gx))
        self._received[parent].append((visit, gx))

    @classmethod
    def of(cls, output: Node, seed: Any, wanted: set[Node] | None = None) -> Pass:
        """A pass from `output`, whose graph stays as it is."""
        seen = cls()
        with Observing(seen):
            backward_pass([(output, seed)], wanted, retain_graph=True, retain_grads=False)
        return seen
