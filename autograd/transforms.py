"""Gradients of functions and between tensors.

    grad(f)(x)                          the gradient of a scalar function, as an array
    grad(grad(f))                       of a scalar: its second derivative, and so on
    gradients(y, x)                     the gradient of a tensor with respect to others
    gradients(y, x, create_graph=True)  the same, as Tensors that can be differentiated

Read `gradcheck.py` next: how a gradient is known to be right.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from .backward import backward_pass, recorded_backward_pass
from .errors import DTypeError, GraphError, ShapeError
from .grad_mode import enable_grad, grad_enabled
from .op import FREED, Leaf, Node
from .tensor import Tensor, seed_of


@overload
def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Tensor,
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> Any: ...
@overload
def gradients(
    outputs: Tensor | Sequence[Tensor],
    inputs: Sequence[Tensor],
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> tuple[Any, ...]: ...
def gradients(
    outputs: Any,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    create_graph: bool = False,
    retain_graph: bool | None = None,
) -> Any:
    """The gradients of the sum of `outputs` with respect to `inputs`; no `.grad` is touched.

    `inputs`: a tensor, or a sequence of them, for which a tuple is returned. Results of
    operations are allowed. An input that the outputs do not depend on gets zeros.
    `grad_outputs`: the cotangent of each output, of its shape; scalars need none.
    `create_graph`: return Tensors, whose own graph leads back to the leaves, for derivatives
    of higher order; otherwise arrays. `retain_graph`: keep the graph for another backward pass
    (default: as `create_graph`).

    Raises `GraphError` for inputs that require no gradient and outputs that have no graph, and
    what `Tensor.backward` raises.
    """
    single = isinstance(inputs, Tensor)
    sources: list[Tensor] = [inputs] if single else list(inputs)
    targets: list[Tensor] = [outputs] if isinstance(outputs, Tensor) else list(outputs)
    cotangents = [grad_outputs] if isinstance(outputs, Tensor) else grad_outputs
    if cotangents is None:
        cotangents = [None] * len(targets)
    if len(cotangents) != len(targets):
        raise ShapeError(
            f"gradients: got {len(cotangents)} grad_outputs for {len(targets)} outputs"
        )
    nodes: list[Node] = []
    for i, x in enumerate(sources):
        if x.node is None:
            raise GraphError(
                f"gradients: input {i} does not require a gradient; make it with "
                f"Tensor(..., requires_grad=True) before computing the outputs"
            )
        nodes.append(x.node)
    seeds: list[tuple[Node, Any]] = []
    for y, g in zip(targets, cotangents, strict=True):
        seed = seed_of("gradients", y, g)
        if create_graph:
            seed = g if isinstance(g, Tensor) else Tensor._of(seed, None)
        assert y.node is not None
        seeds.append((y.node, seed))
    results = _run(seeds, nodes, create_graph, bool(retain_graph))
    return results[0] if single else tuple(results)


def _run(
    seeds: list[tuple[Node, Any]], nodes: list[Node], create_graph: bool, retain_graph: bool
) -> list[Any]:
    """The cotangent of each node, with zeros where none arrives."""
    if create_graph:
        found = recorded_backward_pass(seeds, nodes)
        return [
            found[n] if n in found else Tensor._of(np.zeros(n.shape, n.dtype), None) for n in nodes
        ]
    found = backward_pass(seeds, nodes, retain_graph=retain_graph)
    # Copies, because a cotangent may be shared between inputs, or be a view of another.
    return [np.array(found[n]) if n in found else np.zeros(n.shape, n.dtype) for n in nodes]


def grad(function: Callable[..., Any], argnum: int | Sequence[int] = 0) -> Callable[..., Any]:
    """A function that computes the gradient of the scalar `function`.

    It takes what `function` takes. The gradient is with respect to the positional argument
    `argnum`, an array or number of floats, and has its shape and dtype; for a sequence of
    numbers, a tuple of gradients. The result is a plain array, unless something outside still
    wants to differentiate it (an enclosing `grad`, a Tensor that `function` also uses): then
    it is a Tensor. That is what makes `grad(grad(f))` the second derivative.

    Raises `DTypeError` for arguments and results that are not floating-point numbers, and
    `ShapeError` where `function` does not return a scalar.
    """
    both = value_and_grad(function, argnum)

    @functools.wraps(function)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnum: int | Sequence[int] = 0
) -> Callable[..., tuple[Any, Any]]:
    """Like `grad`; the function it returns gives the pair (value, gradient)."""
    positions = (argnum,) if isinstance(argnum, int) else tuple(argnum)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        outer = grad_enabled()
        arguments = list(args)
        with enable_grad():
            for i in positions:
                if not -len(args) <= i < len(args):
                    raise TypeError(
                        f"grad: argnum is {i}, but the function got {len(args)} positional "
                        f"arguments"
                    )
                arguments[i] = _entry(args[i], i)
            output = function(*arguments, **kwargs)
        entries = [arguments[i].node for i in positions]
        _check_scalar(function, output)
        node = output.node if isinstance(output, Tensor) else None
        outer = outer and _reaches_beyond(node, entries)
        if node is None:  # a constant
            value = output._data if isinstance(output, Tensor) else np.asarray(output)
            found: list[Any] = [np.zeros(n.shape, n.dtype) for n in entries]
        else:
            value = output._data
            seed = np.ones_like(value)
            found = _run(
                [(node, Tensor._of(seed, None) if outer else seed)], entries, outer, outer
            )
        if not outer:
            found = [g[()] for g in found]  # 0-d arrays become scalars, as in NumPy
            output = value[()]
        return output, found[0] if isinstance(argnum, int) else tuple(found)

    return compute


def _entry(x: Any, position: int) -> Tensor:
    """A tensor of its own for an argument, so that only what comes through it is counted."""
    if isinstance(x, Tensor) and x.node is not None:
        return x.copy()
    tensor = Tensor(x)
    if tensor.dtype.kind not in "fc":
        raise DTypeError(
            f"grad: argument {position} is of dtype {tensor.dtype}, which cannot carry a "
            f"gradient; pass floats (for example 3.0 in place of 3)"
        )
    tensor.requires_grad = True
    return tensor


def _check_scalar(function: Callable[..., Any], output: Any) -> None:
    name = getattr(function, "__name__", "the function")
    array = output._data if isinstance(output, Tensor) else np.asarray(output)
    if array.dtype.kind not in "f":
        raise DTypeError(
            f"grad: {name} returned {type(output).__name__} of dtype {array.dtype}; it must "
            f"return a floating-point scalar that is computed from its argument"
        )
    if array.shape != ():
        raise ShapeError(
            f"grad: {name} returned an array of shape {array.shape}, not a scalar; reduce it "
            f"(sum, mean)"
        )


def _reaches_beyond(node: Node | None, entries: list[Node]) -> bool:
    """Whether the graph leads to something that is not below the entries: an outer tensor."""
    if any(not isinstance(entry, Leaf) for entry in entries):
        return True
    found = [node] if node is not None else []
    seen = {*found, *entries}
    for n in found:
        if isinstance(n, Leaf) and n not in entries:
            return True
        for parent in n.parents if n.parents is not FREED else ():
            if parent is not None and parent not in seen:
                seen.add(parent)
                found.append(parent)
    return False
