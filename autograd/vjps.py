"""The rules of one recorded operation, applied: the gradient of each of its inputs.

A rule may return anything. Here its result is checked, and given the shape and dtype of its input.
Read `backward.py` next: it does this for one node after another.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .broadcasting import unbroadcast
from .changes import check_unchanged, check_watched, in_our_rule
from .errors import AnomalyError, GraphError, NotDifferentiableError
from .node import Node, quoted_name
from .op import VJP, Op, kind_of, recorded_arguments
from .recorded import Recorded
from .signatures import unkept_parameters
from .typing import Array


def arguments_of(node: Node, record: bool, changed: int) -> tuple[Sequence[Any], dict[str, Any]]:
    """Return what the rules of a node read, `(out, *inputs)`, and its options.

    With `record` they are Tensors. `changed` is the number of the first node that met no array
    which was changed afterwards; raises `GraphError` if this node did.
    """
    if node.number < changed:
        check_unchanged(node)
    if node.watched is not None:
        check_watched(node)
    if record:
        in_our_rule.set(node.watched or () if node.op.is_ours else None)
        return recorded_arguments(node)
    return node.saved, node.options


def results_of_joint(
    operation: Op, g: Array, arguments: Sequence[Any], options: dict[str, Any]
) -> list[VJP | None]:
    """Call the joint rule of an operation; return a rule for each input, which knows its result."""
    gradients = operation.joint(g, *arguments, **options)  # type: ignore[misc]
    if not isinstance(gradients, tuple | list):
        raise GraphError(
            f"the joint rule of {operation.name} returned {kind_of(gradients)}; it must return a "
            f"tuple with the gradient of each input, None where there is none"
        )
    inputs = len(arguments) - 1
    if len(gradients) != inputs:
        raise GraphError(
            f"the joint rule of {operation.name} returned {len(gradients)} gradients for "
            f"{inputs} inputs; return one for each, None where there is none"
        )
    return [None if gx is None else _constantly(gx) for gx in gradients]


def _constantly(gx: Any) -> VJP:
    return lambda *_, **__: gx


def conform(
    gx: Array, parent: Node, operation: Op, vjp: VJP | None = None, recorded: Array = None
) -> Any:
    """Give the gradient that a rule returned exactly the shape and dtype of its input.

    `recorded`: the cotangent that the rule got, where its work is being recorded.
    """
    if recorded is not None:
        gx = _check_recorded(operation, recorded, gx, vjp)
    if getattr(gx, "dtype", _NO_NUMBERS).kind not in "fciub":
        # Of a NumPy scalar and a complex number Python may make a number of its own.
        if not isinstance(gx, int | float | complex):
            raise GraphError(_returned(operation, gx, vjp))
        gx = np.asarray(gx)
    if gx.shape != parent.shape:
        is_stretched = _is_stretched(gx.shape, parent.shape)
        if not (operation.elementwise and is_stretched):
            or_else = ", or say elementwise=True if the function broadcasts" if is_stretched else ""
            raise GraphError(
                f"{_rule_of(operation, vjp)} returned a gradient of shape "
                f"{gx.shape} for an input of shape {parent.shape}; fix the rule{or_else}"
            )
        gx = unbroadcast(gx, parent.shape)
    if gx.dtype != parent.dtype:
        if gx.dtype.kind == "c" and parent.dtype.kind != "c":
            gx = np.real(gx)
        gx = gx.astype(parent.dtype)
    return gx


def _is_stretched(shape: tuple[int, ...], small: tuple[int, ...]) -> bool:
    """Whether broadcasting makes an array of `shape` from one of shape `small`."""
    extra = len(shape) - len(small)
    return extra >= 0 and all(n in (1, m) for n, m in zip(small, shape[extra:], strict=True))


def _rule_of(operation: Op, vjp: VJP | None) -> str:
    """Name a rule, as the subject of a message."""
    if len(operation.vjps) < 2 or vjp not in operation.vjps:
        return f"the rule of {operation.name}"
    return f"the rule of {operation.name} for its input {operation.vjps.index(vjp)}"


def _returned(operation: Op, gx: Any, vjp: VJP | None) -> str:
    """Say that a rule returned something other than a gradient."""
    remedy = (
        "end it with `return`, or pass None in place of the rule of an input without a gradient"
        if gx is None
        else "it must return one array, of the shape of its input"
    )
    return f"{_rule_of(operation, vjp)} returned {kind_of(gx)}; {remedy}"


_NO_NUMBERS = np.dtype(object)


def explain(error: Exception, node: Node, g: Array) -> None:
    """Note on an error from a rule its operation, the shapes, and the line that called it."""
    if isinstance(error, AnomalyError):
        return  # its message says all of this
    shapes = []
    for parent, kept in zip(node.parents, node.saved[1:], strict=True):
        if parent is not None:
            shapes.append(f"{parent.shape}{quoted_name(parent)}")
        else:
            shapes.append("constant" if kept is None else f"constant {np.shape(kept)}")
    cotangent = ", ".join(str(np.shape(x)) for x in (g if isinstance(g, list) else [g]))
    error.add_note(
        f"in the backward pass of {node.op.name}({', '.join(shapes)}) with a cotangent of shape "
        f"{cotangent}, called at {node.source()}"
    )
    if "NoneType" in str(error):
        for place, vjp in enumerate(node.op.vjps):
            if names := vjp and unkept_parameters(vjp):
                error.add_note(
                    f"the rule of {node.op.name} for input {place} gets None for `"
                    f"{'`, `'.join(names)}`, because of the underscore; to read the array, name "
                    f"the parameter without an underscore"
                )


def _check_recorded(operation: Op, g: Any, gx: Any, vjp: VJP | None) -> Any:
    """Return the gradient `gx` as a Tensor, or raise an error if it has lost its link to `g`.

    A VJP is linear in `g`: without the link it could only be zero.
    """
    is_tensor = isinstance(gx, Recorded)
    gs = g if isinstance(g, list) else [g]
    if is_tensor and (gx.node or not any(getattr(x, "node", None) for x in gs)):
        return gx
    array = gx._array if is_tensor else gx
    if not hasattr(array, "dtype"):
        if not isinstance(array, int | float | complex):
            raise GraphError(_returned(operation, gx, vjp))
        array = np.asarray(array)
    if np.any(array):
        raise NotDifferentiableError(
            f"the rule of {operation.name} left the graph (it returned a plain array), so its "
            f"gradient cannot be differentiated again; write the rule in NumPy functions and "
            f"operations"
        )
    return Recorded._of(array, None)
