"""The backward pass: visit the recorded nodes from the outputs to the leaves, and add up.

This is all of reverse-mode differentiation. A rule turns the cotangent of an operation's output
(how the end result changes with it) into the cotangent of one input. A node is visited after
all nodes that used its value, so the cotangents from all of them have been added by then: that
is the chain rule. For y = a + a, both uses of `a` deliver 1, and `a` gets 2.

`vjps.py` applies the rules of one node. Read `protocols.py` next: how NumPy's functions come to be
recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from . import scopes
from .changes import in_our_rule, latest
from .errors import AnomalyError, GraphError
from .grad_mode import enable_grad
from .hooks import watchers
from .node import FREED, LEAF, Node, free, leading_to, next_number
from .op import OUTPUT
from .vjps import arguments_of, conform, explain, results_of_joint


def backward_pass(
    seeds: Sequence[tuple[Node, Any]],
    wanted: Collection[Node] | None = None,
    retain_graph: bool = False,
    record: bool = False,
    cut: bool = False,
    retain_grads: bool = True,
) -> dict[Node, Any]:
    """Compute the cotangents of the `wanted` nodes (None: of all leaves).

    `seeds` pairs output nodes with their cotangents. Nodes are freed as they are visited, unless
    `retain_graph`. With `record`, cotangents are Tensors and the rules' own work is recorded, so
    that the result can be differentiated again. With `cut`, the pass ends at the wanted nodes and
    visits nothing beyond them. Without `retain_grads`, the `.grad` of results stay as they are.
    """
    ends = wanted if cut and wanted is not None else ()
    order = _topological_order(seeds, ends)
    needed = None if wanted is None else leading_to(wanted, reversed(order))
    watching = watchers(seeds, wanted, record, retain_grads)
    changed = latest()  # nodes before it may need an array that has been changed
    results: dict[Node, Any] = {}
    arrivals = _Sums(in_place=not record)
    arrived, add = arrivals.sums.pop, arrivals.add
    for node, g in seeds:
        add(node, g)
    for node in order:
        g = arrived(node, None)
        if g is None:
            continue
        if watching is not None:
            g = watching.arrived(node, g)
        if node.op is LEAF or (wanted is not None and node in wanted):
            results[node] = g
        if node.op is OUTPUT:
            arrivals.add_output(node, g)
        if node.op is LEAF or node.op is OUTPUT:
            continue
        try:
            arguments, options = arguments_of(node, record, changed)
            vjps = node.op.vjps or results_of_joint(node.op, g, arguments, options)
            for parent, vjp in zip(node.parents, vjps):  # noqa: B905 - a hot loop
                if parent is None or vjp is None or (needed is not None and parent not in needed):
                    continue
                gx = vjp(g, *arguments, **options)
                if (
                    record
                    or getattr(gx, "shape", None) != parent.shape
                    or gx.dtype is not parent.dtype
                ):
                    gx = conform(gx, parent, node.op, vjp, g if record else None)
                if watching is not None:
                    watching.sent(node, parent, gx)
                add(parent, gx)
        except AnomalyError:
            raise  # its message says all of this
        except Exception as error:
            explain(error, node, g)
            raise
        if not retain_graph:
            free(node)
    if watching is not None and not retain_graph:
        watching.freed(order)
    return results | {node: arrived(node) for node in ends if node in arrivals.sums}


class _Sums:
    """What has arrived at nodes that are still to be visited, added up."""

    __slots__ = ("in_place", "owned", "sums")

    def __init__(self, in_place: bool) -> None:
        self.sums: dict[Node, Any] = {}
        self.owned: set[Node] = set()  # those whose sum is an array that nobody else holds
        self.in_place = in_place

    def add(self, node: Node, g: Any) -> None:
        """Add a cotangent to those that have arrived at a node."""
        sums = self.sums
        if node not in sums:
            sums[node] = g  # may be shared with others: it is never changed
        elif node in self.owned:
            sums[node] += g
        else:
            sums[node] = sums[node] + g
            if self.in_place:
                self.owned.add(node)

    def add_output(self, node: Node, g: Any) -> None:
        """Add the cotangent of one output of an operation to the list of all."""
        (trunk,), place = node.parents, node.options["place"]
        assert trunk is not None
        if trunk not in self.sums:
            outputs = node.options["outputs"]
            self.sums[trunk] = [np.zeros_like(g, shape=o.shape, dtype=o.dtype) for o in outputs]
        self.sums[trunk][place] = self.sums[trunk][place] + g


def _topological_order(
    seeds: Sequence[tuple[Node, Any]], ends: Collection[Node] = ()
) -> list[Node]:
    """List all nodes between the seeds and `ends`, each before its parents: the newest first."""
    order = list(dict.fromkeys(node for node, _ in seeds if node not in ends))
    seen: set[Node | None] = {None, *order, *ends}
    for node in order:  # grows as it is read
        if node.parents is FREED:
            raise GraphError(
                f"backward: the graph through {node.op.name} ({node.source()}) was freed by an "
                f"earlier backward pass; pass retain_graph=True to the earlier one to walk it "
                f"twice, or compute the result again"
            )
        for parent in node.parents:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)  # type: ignore[arg-type]  # not None: that has been seen
    order.sort(key=_number, reverse=True)
    return order


_number = attrgetter("number")


# -- gradients that are themselves recorded -----------------------------------------------------


_rule_is_recorded: ContextVar[bool] = ContextVar("rule_is_recorded", default=False)


def recorded_backward_pass(
    seeds: Sequence[tuple[Node, Any]], wanted: Collection[Node], cut: bool = False
) -> dict[Node, Any]:
    """`backward_pass` on Tensors: the gradients come with a graph of their own."""
    first, before, ours = next_number(), _rule_is_recorded.get(), in_our_rule.get()
    try:
        _rule_is_recorded.set(True)
        with enable_grad():
            results = backward_pass(seeds, wanted, retain_graph=True, record=True, cut=cut)
        scopes.record((first, next_number(), "", scopes.BACKWARD))
        return results
    finally:
        _rule_is_recorded.set(before)
        in_our_rule.set(ours)


def rule_is_recorded() -> bool:
    """Whether a rule is running whose work must stay in the graph."""
    return _rule_is_recorded.get()
