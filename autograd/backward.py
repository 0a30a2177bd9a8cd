"""The backward pass: visit the recorded nodes from the outputs to the leaves, and add up.

This is all of reverse-mode differentiation. A rule turns the cotangent of an operation's output
(how the end result changes with it) into the cotangent of one input. A node is visited after
all nodes that used its value, so the cotangents from all of them have been added by then: that
is the chain rule. For y = a + a, both uses of `a` deliver 1, and `a` gets 2.

Read `protocols.py` next: how NumPy's functions come to be recorded.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from . import op, scopes
from .broadcasting import unbroadcast
from .changes import check_unchanged, check_watched, in_our_rule, latest
from .errors import AnomalyError, GraphError, NotDifferentiableError
from .grad_mode import enable_grad, observer
from .hooks import drop_freed, hooked
from .node import FREED, LEAF, NO_OPTIONS, Node, next_number, quoted_name
from .op import OUTPUT, Op, kind_of, recorded_arguments

_number = attrgetter("number")
_Arrivals = tuple[Sequence[Any], Sequence[Any]]


def backward_pass(
    seeds: Sequence[tuple[Node, Any]],
    wanted: Collection[Node] | None = None,
    retain_graph: bool = False,
    record: bool = False,
    cut: bool = False,
    retain_grads: bool = True,
) -> dict[Node, Any]:
    """The cotangents of the `wanted` nodes (None: of all leaves), given those of the outputs.

    `seeds` pairs output nodes with their cotangents. Nodes are freed as they are visited, unless
    `retain_graph`. With `record`, cotangents are Tensors and the rules' own work is recorded, so
    that the result can be differentiated again. With `cut`, the pass ends at the wanted nodes:
    what lies behind them is neither visited nor counted. Without `retain_grads`, for a pass that
    is only looked at, the `.grad` of results stay as they are.
    """
    ends = wanted if cut and wanted is not None else ()
    order = _topological_order(seeds, ends)
    needed = None if wanted is None else _leading_to(wanted, order)
    pending: dict[Node, Any] = {}  # what has arrived at nodes that are still to be visited
    owned: set[Node] = set()  # those whose pending sum is an array that nobody else holds
    results: dict[Node, Any] = {}
    changed = latest()  # nodes before it may need an array that has been changed
    observing = observer()
    if observing is not None:
        observing.began(seeds, wanted)
    is_watched = observing is not None or bool(hooked)
    for node, g in seeds:
        pending[node] = pending[node] + g if node in pending else g
    arrived, waiting = pending.pop, pending.get
    for node in order:
        g = arrived(node, None)
        if g is None:
            continue
        operation = node.op
        if is_watched:
            if id(node) in hooked:
                if record:
                    in_our_rule.set(None)  # hooks are the user's
                g = hooked[id(node)].arrived(node, g, retain_grads)
            if observing is not None:
                observing.arrived(node, g)
        if operation is LEAF:
            results[node] = g
            continue
        if wanted is not None and node in wanted:
            results[node] = g
        if operation is OUTPUT:
            _add_output(pending, node, g)
            continue
        try:
            if node.number < changed:
                check_unchanged(node)
            if node.watched is not None:
                check_watched(node)
                if not retain_graph:
                    node.watched = None
            parents: Sequence[Node | None] = node.parents
            if needed is not None:
                parents = [p if p in needed else None for p in parents]
            rules: Any = operation.vjps
            arguments: Any = node.saved
            options = node.options
            if record:
                arguments, options = recorded_arguments(node)
                in_our_rule.set(node.watched or () if operation.is_ours else None)
            if options or operation.joint is not None or len(arguments) > 3:
                gradients: Any = apply_rules(operation, g, parents, arguments, options)
            elif len(arguments) == 3:  # the same, written out: most operations have two inputs
                (p, q), (vjp_x, vjp_y), (out, x, y) = parents, rules, arguments
                gradients = p and vjp_x(g, out, x, y), q and vjp_y(g, out, x, y)
            else:
                (p,), (vjp,), (out, x) = parents, rules, arguments
                gradients = (p and vjp(g, out, x),)
            for parent, gx in zip(parents, gradients):  # noqa: B905 - a hot loop
                if parent is None or gx is None:
                    if parent is not None and operation.joint is None:
                        raise GraphError(_returned(operation, parent, gx, (parents, gradients)))
                    continue
                if record:
                    gx = _check_recorded(operation, g, gx, parent, (parents, gradients))
                try:
                    if gx.shape != parent.shape or gx.dtype is not parent.dtype:
                        gx = conform(gx, parent, operation, (parents, gradients))
                except AttributeError:  # it is no array
                    gx = conform(gx, parent, operation, (parents, gradients))
                if observing is not None:
                    observing.sent(node, parent, gx)
                held = waiting(parent)
                if held is None:
                    pending[parent] = gx
                elif parent in owned:
                    held += gx
                    pending[parent] = held
                else:  # the first arrival may be shared with others: it is never changed
                    pending[parent] = held + gx
                    if not record:
                        owned.add(parent)
        except AnomalyError:
            raise  # its message says all of this
        except Exception as error:
            error.add_note(f"in the backward pass of {describe(node, g)}")
            raise
        if not retain_graph:
            node.parents = node.saved = FREED
            node.options = NO_OPTIONS
    if is_watched and observing is None and not retain_graph:
        drop_freed(order)
    for node in ends:
        if node in pending:
            results[node] = pending[node]
    return results


def apply_rules(
    operation: Op, g: Any, parents: Sequence[Any], arguments: Sequence[Any], options: Any
) -> Sequence[Any]:
    """What the rules of an operation give for each of its parents (for None, anything)."""
    if operation.joint is None:
        return [
            None if parent is None or vjp is None else vjp(g, *arguments, **options)
            for parent, vjp in zip(parents, operation.vjps, strict=True)
        ]
    gradients = operation.joint(g, *arguments, **options)
    if not isinstance(gradients, tuple | list):
        raise GraphError(
            f"the joint rule of {operation.name} returned {kind_of(gradients)}; it must return a "
            f"tuple with the gradient of each input, None where there is none"
        )
    if len(gradients) != len(parents):
        raise GraphError(
            f"the joint rule of {operation.name} returned {len(gradients)} gradients for "
            f"{len(parents)} inputs; return one for each, None where there is none"
        )
    return gradients


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


def _leading_to(wanted: Collection[Node], order: list[Node]) -> set[Node | None]:
    """The nodes on a path from an output to a wanted node: no others need a cotangent."""
    needed: set[Node | None] = set(wanted)
    for node in reversed(order):
        if not needed.isdisjoint(node.parents):
            needed.add(node)
    return needed


def _add_output(pending: dict[Node, Any], node: Node, g: Any) -> None:
    """Put the cotangent of one output of an operation in its place among those of all."""
    (trunk,), place = node.parents, node.options["place"]
    assert trunk is not None
    if trunk not in pending:
        pending[trunk] = [
            np.zeros_like(g, shape=spec.shape, dtype=spec.dtype) for spec in node.options["outputs"]
        ]
    pending[trunk][place] = pending[trunk][place] + g


def conform(gx: Any, parent: Node, operation: Op, among: _Arrivals = ((), ())) -> Any:
    """Give a gradient exactly the shape and dtype of its input.

    `among`: the parents and gradients of the operation, to say in messages which one it is.
    """
    if getattr(gx, "dtype", _NO_NUMBERS).kind not in "fciub":
        # Of a NumPy scalar and a complex number Python may make a number of its own.
        if not isinstance(gx, int | float | complex):
            raise GraphError(_returned(operation, parent, gx, among))
        gx = np.asarray(gx)
    if gx.shape != parent.shape:
        is_stretched = _is_stretched(gx.shape, parent.shape)
        if not (operation.elementwise and is_stretched):
            or_else = ", or say elementwise=True if the function broadcasts" if is_stretched else ""
            raise GraphError(
                f"{_rule_of(operation, parent, gx, among)} returned a gradient of shape "
                f"{gx.shape} for an input of shape {parent.shape}; fix the rule{or_else}"
            )
        gx = unbroadcast(gx, parent.shape)
    if gx.dtype != parent.dtype:
        if gx.dtype.kind == "c" and parent.dtype.kind != "c":
            gx = np.real(gx)
        gx = gx.astype(parent.dtype)
    return gx


def _is_stretched(shape: tuple[int, ...], small: tuple[int, ...]) -> bool:
    """Whether broadcasting makes an array of `shape` of one whose shape is `small`."""
    extra = len(shape) - len(small)
    return extra >= 0 and all(n in (1, m) for n, m in zip(small, shape[extra:], strict=True))


def _rule_of(operation: Op, parent: Node, gx: Any, among: _Arrivals) -> str:
    """The rule that gave `gx`, as the subject of a message."""
    pairs = list(zip(*among, strict=True))
    places = [i for i, (p, x) in enumerate(pairs) if p is parent and x is gx]
    if not places or len(pairs) < 2:
        return f"the rule of {operation.name}"
    return f"the rule of {operation.name} for its input {places[0]}"


def _returned(operation: Op, parent: Node, gx: Any, among: _Arrivals) -> str:
    """A message about a rule that returned what is no gradient."""
    remedy = (
        "end it with `return`, or pass None in place of the rule of an input without a gradient"
        if gx is None
        else "it must return one array, of the shape of its input"
    )
    return f"{_rule_of(operation, parent, gx, among)} returned {kind_of(gx)}; {remedy}"


_NO_NUMBERS = np.dtype(object)


def describe(node: Node, g: Any) -> str:
    """An operation with the shapes it met and the line that called it, for messages."""
    shapes = []
    for parent, kept in zip(node.parents, node.saved[1:], strict=True):
        if parent is not None:
            shapes.append(f"{parent.shape}{quoted_name(parent)}")
        else:
            shapes.append("constant" if kept is None else f"constant {np.shape(kept)}")
    cotangent = ", ".join(str(np.shape(x)) for x in (g if isinstance(g, list) else [g]))
    return (
        f"{node.op.name}({', '.join(shapes)}) with a cotangent of shape {cotangent}, called at "
        f"{node.source()}"
    )


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


def _check_recorded(operation: Op, g: Any, gx: Any, parent: Node, among: _Arrivals) -> Any:
    """The gradient `gx` as a Tensor; an error if it has lost its link to `g`.

    A VJP is linear in `g`: without the link, all that it could be is zero.
    """
    is_tensor = isinstance(gx, op.Tensor)
    gs = g if isinstance(g, list) else [g]
    if is_tensor and (gx.node or not any(getattr(x, "node", None) for x in gs)):
        return gx
    array = gx._array if is_tensor else gx
    if not hasattr(array, "dtype"):
        if not isinstance(array, int | float | complex):
            raise GraphError(_returned(operation, parent, gx, among))
        array = np.asarray(array)
    if np.any(array):
        raise NotDifferentiableError(
            f"the rule of {operation.name} left the graph (it returned a plain array), so its "
            f"gradient cannot be differentiated again; write the rule in NumPy functions and "
            f"operations"
        )
    return op.Tensor._of(array, None)
