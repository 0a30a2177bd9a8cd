"""Records of a backward pass: each node visited, the cotangent that arrived, and what it sent.

The tools of this package read a pass from its `Visit`s, which remain when the graph is freed.
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
from ..typing import Array
from ..vjps import conform, results_of_joint
from .words import norm

ROUNDING = 100.0  #: a sum below this many units in the last place of its parts is rounding


class Visit:
    """A node in a backward pass."""

    __slots__ = ("cotangent", "node", "op", "options", "parents", "received", "saved", "sent")

    def __init__(self, node: Node, cotangent: Array, received: list[tuple[Visit, Array]]) -> None:
        self.node = node
        self.op = node.op
        self.parents = node.parents
        self.saved = node.saved
        self.options = node.options
        self.cotangent = cotangent  #: the sum of what was received
        self.received = received  #: (sender, gradient); empty where the pass began
        self.sent: list[tuple[int, Any]] = []  #: (number of the input, its gradient)

    @property
    def is_leaf(self) -> bool:
        return isinstance(self.node, Leaf)

    def inputs(self) -> list[Any]:
        """List what was kept of the inputs: arrays, their shapes and dtypes, or None."""
        return list(self.saved[1:])

    def cancels(self) -> bool:
        """Tell whether the gradients received add up to no more than rounding errors."""
        if len(self.received) < 2:
            return False
        parts = sum(norm(g) for _, g in self.received)
        return is_rounding(norm(self.cotangent), parts, self.cotangent)

    def pull_back(self, g: Array) -> list[Array]:
        """Apply the rules to another cotangent: return a gradient or None for each input."""
        return pull_back(self.op, self.parents, self.saved, self.options, g)


def pull_back(
    op: Op, inputs: Sequence[Any], saved: Sequence[Any], options: dict[str, Any], g: Array
) -> list[Array]:
    """Compute the gradient of each input; None where the input is None or has no rule."""
    if op is LEAF:
        return []
    if op is OUTPUT:
        parts = [np.zeros(s.shape, s.dtype) for s in options["outputs"]]
        parts[options["place"]] = g
        return [parts]
    vjps = op.vjps or results_of_joint(op, g, saved, options)
    return [
        None if x is None or vjp is None else conform(vjp(g, *saved, **options), x, op, vjp)
        for x, vjp in zip(inputs, vjps, strict=True)
    ]


def is_rounding(total: float, parts: float, like: Array) -> bool:
    """Tell whether `total`, the norm of a sum, is rounding, given `parts`, the sum of its norms."""
    dtype = getattr(like, "dtype", None)
    if dtype is None or dtype.kind not in "fc":
        return False
    return bool(parts) and total <= ROUNDING * float(np.finfo(dtype).eps) * parts


class Pass(Observer):
    """An observer that remembers the visits of a backward pass, in order."""

    def __init__(self) -> None:
        self.visits: dict[Node, Visit] = {}
        self._received: defaultdict[Node, list[tuple[Visit, Any]]] = defaultdict(list)

    def arrived(self, node: Node, g: Array) -> None:
        self.visits[node] = Visit(node, g, self._received.pop(node, []))
        if node.op is OUTPUT:  # one of several outputs passes its cotangent on unchanged
            (trunk,) = node.parents
            assert trunk is not None
            self.sent(node, trunk, g)

    def sent(self, node: Node, parent: Node, gx: Array) -> None:
        visit = self.visits[node]
        start = visit.sent[-1][0] + 1 if visit.sent else 0
        visit.sent.append((visit.parents.index(parent, start), gx))
        self._received[parent].append((visit, gx))

    @classmethod
    def of(cls, output: Node, seed: Array, wanted: set[Node] | None = None) -> Pass:
        """Run a pass from `output`, and keep its graph."""
        seen = cls()
        with Observing(seen):
            backward_pass([(output, seed)], wanted, retain_graph=True, retain_grads=False)
        return seen
