"""Gradients of tensors with respect to others, whose graph is there already."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..backward import backward_pass, recorded_backward_pass
from ..errors import GraphError, ShapeError
from ..node import Node, current_run, set_run
from ..protocols import unwrap
from ..seeds import seed_of
from ..sparse import dense
from ..tensor import Tensor
from ..tree import leaves, rebuild
from ..typing import Array, ArrayLike


def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Any,
    grad_outputs: ArrayLike | Sequence[ArrayLike | None] | None = None,
    *,
    create_graph: bool = False,
    retain_graph: bool = False,
) -> Any:
    """Compute the gradients of the sum of `outputs` with respect to `inputs`.

    No `.grad` is touched. Results of operations may be inputs, too.

    Args:
        outputs: A Tensor, or a sequence of Tensors.
        inputs: A Tensor, or containers of Tensors. An iterator, such as `model.parameters()`,
            counts as a list.
        grad_outputs: The cotangent of each output, of its shape. Scalars need none.
        create_graph: Return Tensors whose own graph leads back to the leaves, for derivatives of
            higher order; otherwise arrays.
        retain_graph: Keep the graph for another backward pass, as `create_graph` always does.

    Returns:
        The gradients in the containers of `inputs`, each of the shape and dtype of its input; zeros
        where the outputs do not depend on it.

    Raises:
        GraphError: An input requires no gradient, or `Tensor.backward` would refuse an output.
        ShapeError: `grad_outputs` do not match `outputs`.

    Example:
        >>> x = Tensor(3.0, requires_grad=True)
        >>> slope = autograd.gradients(x**3, x, create_graph=True)
        >>> autograd.gradients(slope, x)
        array(18.)
    """
    targets: Sequence[Tensor] = [outputs] if isinstance(outputs, Tensor) else outputs
    cotangents: Any = [grad_outputs] if isinstance(outputs, Tensor) else grad_outputs
    if cotangents is None:
        cotangents = [None] * len(targets)
    if len(cotangents) != len(targets):
        raise ShapeError(
            f"gradients: got {len(cotangents)} grad_outputs for {len(targets)} outputs"
        )
    inputs = list(inputs) if isinstance(inputs, Iterator) else inputs
    nodes = [_node_of(path, x) for path, x in leaves(inputs)]
    seeds = [_seed(y, g, create_graph) for y, g in zip(targets, cotangents, strict=True)]
    found = cotangents_of(seeds, nodes, create_graph, retain_graph)
    return rebuild(inputs, (gradient_of(found, node, seeds, create_graph) for node in nodes))


def _node_of(path: str, x: Any) -> Node:
    if not isinstance(x, Tensor) or x.node is None:
        raise GraphError(
            f"gradients: inputs{path} does not require a gradient; make it with "
            f"Tensor(..., requires_grad=True) before computing the outputs"
        )
    return x.node


def _seed(y: Tensor, g: Any, record: bool) -> tuple[Node, Array]:
    """Pair the node of an output with its cotangent, as a Tensor if the pass is recorded."""
    seed = seed_of("gradients", y, g)
    assert y.node is not None
    if record:
        seed = g if isinstance(g, Tensor) else Tensor._of(seed, None)
    return y.node, seed


def cotangents_of(
    seeds: list[tuple[Node, Any]],
    nodes: list[Node],
    record: bool,
    retain_graph: bool,
    cut: bool = False,
) -> dict[Node, Any]:
    """Compute the cotangents of those `nodes` that the seeds depend on."""
    before = current_run()
    try:
        set_run(None)  # comparisons and rounding in rules are not exits of the user's
        if record:
            return recorded_backward_pass(seeds, nodes, cut)
        return backward_pass(seeds, nodes, retain_graph=retain_graph, cut=cut)
    finally:
        set_run(before)


def gradient_of(
    found: dict[Node, Any], node: Node, seeds: list[tuple[Node, Any]], record: bool
) -> Array:
    """Return the cotangent that was found for a node, or zeros."""
    g = found.get(node)
    if g is None:
        like = unwrap(seeds[0][1]) if seeds else np.empty(0)
        g = np.zeros_like(like, shape=node.shape, dtype=node.dtype)
        return Tensor._of(g, None) if record else g
    # A copy, because a cotangent may be shared between inputs, or be a view of another.
    return g if record else np.copy(dense(g))
