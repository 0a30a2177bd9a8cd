"""The backward pass: visit the recorded nodes from the outputs to the leaves, and add up.

This is all of reverse-mode differentiation. A rule turns the cotangent of an operation's output
(how the end result changes with it) into the cotangent of one input. A node is visited after
all nodes that used its value, so the cotangents from all of them have been added by then: that
is the chain rule. For y = a + a, both uses of `a` deliver 1, and `a` gets 2.

Read `tensor.py` next: what people write forward code with.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Sequence
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from . import op, scopes
from .broadcasting import unbroadcast
from .errors import GraphError, NotDifferentiableError
from .grad_mode import enable_grad, observer
from .node import FREED, LEAF, NO_OPTIONS, Node, next_number
from .op import OUTPUT, Op, recorded_arguments

_number = attrgetter("number")


def backward_pass(
    seeds: Sequence[tuple[Node, Any]],
    wanted: Collection[Node] | None = None,
    retain_graph: bool = False,
    record: bool = False,
    cut: bool = False,
) -> dict[Node, Any]:
    """The cotangents of the `wanted` nodes (None: of all leaves), given those of the outputs.

    `seeds` pairs output nodes with their cotangents. Nodes are freed as they are visited, unless
    `retain_graph`. With `record`, cotangents are Tensors and the rules' own work is recorded, so
    that the result can be differentiated again. With `cut`, the pass ends at the wanted nodes:
    what lies behind them is neither visited nor counted.
    """
    ends = wanted if cut and wanted is not None else ()
    order = _topological_order(seeds, ends)
    needed = None if wanted is None else _leading_to(wanted, order)
    pending: dict[Node, Any] = {}  # what has arrived at nodes that are still to be visited
    owned: set[Node] = set()  # those whose pending sum is an array that nobody else holds
    results: dict[Node, Any] = {}
    observing = observer()
    for node, g in seeds:
        _add(pending, owned, node, g, record)
    for node in order:
        g = pending.pop(node, None)
        if g is None:
            continue
        operation = node.op
        if observing is not None:
            observing.arrived(node, g)
        if operation is LEAF or (wanted is not None and node in wanted):
            results[node] = g
            if operation is LEAF:
                continue
        if operation is OUTPUT:
            _add_output(pending, node, g)
            continue
        try:
            if _changes:
                _check_unchanged(node)
            arguments, options = recorded_arguments(node) if record else (node.saved, node.options)
            joint = operation.joint
            rules: tuple[Any, ...] = operation.vjps
            if joint is not None:
                rules = tuple(joint(g, *arguments, **options))
                _check_count(operation, rules, node)
            for parent, vjp in zip(node.parents, rules):  # noqa: B905 - a hot loop
                if parent is None or (needed is not None and parent not in needed):
                    continue
                if joint is not None:
                    gx = vjp  # already computed, together with the others
                elif options:
                    gx = vjp(g, *arguments, **options)
                elif len(arguments) == 3:  # written out, for a `*` costs as much as the call
                    out, x, y = arguments
                    gx = vjp(g, out, x, y)
                elif len(arguments) == 2:
                    out, x = arguments
                    gx = vjp(g, out, x)
                else:
                    gx = vjp(g, *arguments)
                if gx is None:
                    continue
                if record:
                    gx = _check_recorded(operation, g, gx)
                if gx.shape != parent.shape or gx.dtype is not parent.dtype:
                    gx = _conform(gx, parent, operation)
                if observing is not None:
                    observing.sent(node, parent, gx)
                if parent in pending:
                    _add(pending, owned, parent, gx, record)
                else:
                    pending[parent] = gx
        except Exception as error:
            error.add_note(f"in the backward pass of {describe(node)}")
            raise
        if not retain_graph:
            node.parents = node.saved = FREED
            node.options = NO_OPTIONS
    results.update((node, pending[node]) for node in ends if node in pending)
    return results


def _check_count(operation: Op, gradients: tuple[Any, ...], node: Node) -> None:
    if len(gradients) != len(node.parents):
        raise GraphError(
            f"the joint rule of {operation.name} returned {len(gradients)} gradients for "
            f"{len(node.parents)} inputs; return one for each, None where there is none"
        )


def _topological_order(
    seeds: Sequence[tuple[Node, Any]], ends: Collection[Node] = ()
) -> list[Node]:
    """All nodes between the seeds and `ends`, each before its parents: newest first."""
    order = list(dict.fromkeys(node for node, _ in seeds if node not in ends))
    seen = {*order, *ends}
    for node in order:  # grows as it is read
        parents = node.parents
        if parents is FREED:
            raise GraphError(
                f"backward: the graph through {node.op.name} ({node.source()}) was freed by an "
                f"earlier backward pass; pass retain_graph=True to the earlier one to walk it "
                f"twice, or compute the result again"
            )
        for parent in parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                order.append(parent)
    order.sort(key=_number, reverse=True)
    return order


def _leading_to(wanted: Collection[Node], order: list[Node]) -> set[Node]:
    """The nodes on a path from an output to a wanted node: no others need a cotangent."""
    needed = set(wanted)
    for node in reversed(order):
        if any(parent in needed for parent in node.parents):
            needed.add(node)
    return needed


def _add(pending: dict[Node, Any], owned: set[Node], node: Node, g: Any, record: bool) -> None:
    """Add `g` to what has arrived at `node`. The first arrival may be shared: never change it."""
    held = pending.get(node)
    if held is None:
        pending[node] = g
    elif node in owned:
        held += g
        pending[node] = held
    else:
        pending[node] = held + g
        if not record:
            owned.add(node)


def _add_output(pending: dict[Node, Any], node: Node, g: Any) -> None:
    """Put the cotangent of one output of an operation in its place among those of all."""
    (trunk,), place = node.parents, node.options["place"]
    assert trunk is not None
    if trunk not in pending:
        pending[trunk] = [
            np.zeros_like(g, shape=spec.shape, dtype=spec.dtype) for spec in node.options["outputs"]
        ]
    pending[trunk][place] = pending[trunk][place] + g


def _conform(gx: Any, parent: Node, operation: Op) -> Any:
    """Give a gradient exactly the shape and dtype of its input."""
    if gx.shape != parent.shape:
        if not operation.elementwise:
            raise GraphError(
                f"the rule of {operation.name} returned a gradient of shape {gx.shape} for an "
                f"input of shape {parent.shape}; mend the rule"
            )
        gx = unbroadcast(gx, parent.shape)
    if gx.dtype != parent.dtype:
        if gx.dtype.kind == "c" and parent.dtype.kind != "c":
            gx = np.real(gx)
        gx = gx.astype(parent.dtype)
    return gx


def describe(node: Node) -> str:
    """An operation with the shapes it met and the line that called it, for messages."""
    parents = node.parents if node.parents is not FREED else ()
    shapes = ", ".join("constant" if p is None else str(p.shape) for p in parents)
    return f"{node.op.name}({shapes}), called at {node.source()}"


# -- gradients that are themselves recorded -----------------------------------------------------

_rule_is_recorded: ContextVar[bool] = ContextVar("rule_is_recorded", default=False)


def recorded_backward_pass(
    seeds: Sequence[tuple[Node, Any]], wanted: Collection[Node], cut: bool = False
) -> dict[Node, Any]:
    """`backward_pass` on Tensors: the gradients come with a graph of their own."""
    token = _rule_is_recorded.set(True)
    first = next_number()
    try:
        with enable_grad():
            results = backward_pass(seeds, wanted, retain_graph=True, record=True, cut=cut)
        scopes.record((first, next_number(), "", scopes.BACKWARD))
        return results
    finally:
        _rule_is_recorded.reset(token)


def rule_is_recorded() -> bool:
    """Whether a rule is running whose work must stay in the graph."""
    return _rule_is_recorded.get()


def _check_recorded(operation: Op, g: Any, gx: Any) -> Any:
    """The gradient `gx` as a Tensor; an error if it has lost its link to `g`.

    A VJP is linear in `g`: without the link, all that it could be is zero.
    """
    is_tensor = isinstance(gx, op.Tensor)
    gs = g if isinstance(g, list) else [g]
    if is_tensor and (gx.node or not any(getattr(x, "node", None) for x in gs)):
        return gx
    array = gx._data if is_tensor else gx
    if np.any(array):
        raise NotDifferentiableError(
            f"the rule of {operation.name} left the graph (it returned a plain array), so its "
            f"gradient cannot be differentiated again; write the rule in NumPy functions and "
            f"operations"
        )
    return op.Tensor._of(array, None)


# -- arrays that were changed after they had been recorded --------------------------------------

#: For arrays changed through a Tensor: a weak reference, the time (as a node number), the line.
_changes: dict[int, tuple[weakref.ref[Any], int, str]] = {}


def note_change(array: Any, number: int, source: str) -> None:
    """Remember that `array` was written to, so that nodes which still need it can object."""
    array = _owner(array)
    key = id(array)
    _changes[key] = (weakref.ref(array, lambda _: _changes.pop(key, None)), number, source)


def _check_unchanged(node: Node) -> None:
    out, *inputs = node.saved
    for array in (*(out if isinstance(out, tuple) else [out]), *inputs):
        change = _changes.get(id(_owner(array)))
        if change is not None and change[1] > node.number:
            raise GraphError(
                f"backward: an array that {node.op.name} ({node.source()}) still needs was "
                f"changed in place afterwards ({change[2]}); make that change after backward(), "
                f"or on a copy"
            )


def _owner(array: Any) -> Any:
    """The array that owns the memory which `array` may be a view of."""
    while hasattr(base := getattr(array, "base", None), "__array_function__"):
        array = base
    return array
