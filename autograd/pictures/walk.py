"""The graph of a picture: leaves and operations, and distances between them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..errors import GraphError
from ..node import FREED, Node, ancestors
from ..op import OUTPUT
from ..tensor import Tensor

Inputs = dict[Node, list[Node]]  #: by node, what it was computed from


def node_of(output: Tensor | Node) -> Node:
    """Return the node of a Tensor, or raise an error where there is none."""
    if isinstance(output, Node):
        return output
    if not isinstance(output, Tensor):
        raise TypeError(f"Graph: expected Tensors or their nodes, got {type(output).__name__}")
    if output.node is None:
        raise GraphError(
            "graph: this tensor has no graph: no input that requires a gradient led to it (or it "
            "was computed inside no_grad, or detached); start from Tensor(..., requires_grad=True)"
        )
    return output.node


def _parents(node: Node) -> tuple[Node | None, ...]:
    if node.parents is FREED:
        raise GraphError(
            f"graph: the graph through {node.op.name} ({node.source()}) was freed by backward(); "
            f"call graph() before it, or use backward(retain_graph=True)"
        )
    return node.parents


def maker(value: Node) -> Node:
    """Return the leaf or operation that made a value, which may be one of several outputs."""
    trunk = _parents(value)[0] if value.op is OUTPUT else None
    return trunk or value


def walk(outputs: list[Node]) -> Inputs:
    """List all leaves and operations with their inputs, by distance from the outputs."""
    return {node: _makers(node) for node in ancestors(map(maker, outputs), _makers)}


def _makers(node: Node) -> list[Node]:
    """List what an operation was computed from, each once."""
    return list(dict.fromkeys(maker(value) for value in _parents(node) if value is not None))


def neighbours(inputs: Inputs, centre: Node, radius: int) -> set[Node]:
    """Find the nodes within `radius` arrows of `centre`, in either direction."""
    users: defaultdict[Node, list[Node]] = defaultdict(list)
    for node, its in inputs.items():
        for i in its:
            users[i].append(node)
    near = edge = {centre}
    for _ in range(radius):
        edge = {other for node in edge for other in (*inputs.get(node, ()), *users[node])} - near
        near = near | edge
    return near


def distances(inputs: dict[Any, list[Any]], order: list[Any]) -> tuple[dict[Any, int], ...]:
    """Measure the longest path from a leaf to each node, and from each node to an output.

    `order`: all nodes, inputs first.
    """
    depth = dict.fromkeys(inputs, 0)
    height = dict.fromkeys(inputs, 0)
    for node in order:
        for i in inputs[node]:
            depth[node] = max(depth[node], depth[i] + 1)
    for node in reversed(order):
        for i in inputs[node]:
            height[i] = max(height[i], height[node] + 1)
    return depth, height
