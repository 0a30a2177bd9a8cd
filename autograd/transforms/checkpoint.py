"""Memory saved by computing parts of a graph again in the backward pass."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..backward import backward_pass, recorded_backward_pass
from ..changes import COPIED
from ..errors import GraphError
from ..grad_mode import differentiated, enable_grad, grad_enabled
from ..node import Argument, Node, Run, ancestors, kept_parents, next_number
from ..op import Op
from ..sparse import dense
from ..tensor import Tensor
from ..tree import leaves, rebuild, tree_map


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that keeps only its inputs and computes the rest again for `backward`.

    This saves memory and costs a second forward pass. Tensors that the function uses without
    getting them as arguments get their gradients, too. It must compute the same both times; a
    random generator is not rewound.

    Args:
        function: Takes and returns arrays, or containers of arrays.

    Returns:
        A function with the same arguments and results.

    Raises:
        TypeError: The function returns no Tensor although an argument requires a gradient.
        GraphError: In the backward pass, the second results are seen to differ from the first.

    Example:
        >>> block = autograd.checkpoint(lambda x: np.exp(x) ** 2)
        >>> autograd.grad(block)(0.0)
        np.float64(2.0)
    """
    name = getattr(function, "__name__", "function")
    # The node keeps the call, as an option: the operation itself refers to none.
    operation = Op(f"checkpoint({name})", _first_outputs, joint=_computed_again)

    @functools.wraps(function)
    def compute(*args: Any, **kwargs: Any) -> Any:
        if not grad_enabled():
            return function(*args, **kwargs)
        tensors = [x for _, x in leaves((args, kwargs)) if _is_recorded(x)]
        call = _Checkpoint(function, name, args, kwargs)
        number = next_number()
        inputs, nodes = call.inputs([x._array for x in tensors])
        output = call.run(inputs)
        found = [x for _, x in leaves(output)]
        if tensors and not any(isinstance(x, Tensor) for x in found):
            raise TypeError(f"checkpoint: {name} must return tensors, got {type(output).__name__}")
        call.places = [i for i, x in enumerate(found) if _is_recorded(x)]
        if not call.places:
            return output
        call.keep(found, number, nodes)
        # The tensors around are inputs too: in the graph, though not in the call.
        around = (Tensor._of(np.empty(0), node) for node in call.around)
        results = operation(*tensors, *around, call=call)
        for i, x in zip(call.places, _several(results), strict=True):
            found[i] = x
        return rebuild(output, iter(found))

    return compute


class _Checkpoint:
    """All that is needed to repeat one call of a function."""

    def __init__(
        self, function: Callable[..., Any], name: str, args: Any, kwargs: dict[str, Any]
    ) -> None:
        self.function = function
        self.name = name
        #: The arguments, with `_Checkpoint` in place of those that require a gradient.
        self.arguments = tree_map(_unrecorded, (args, kwargs))
        self.places: list[int] = []  # of the outputs that require a gradient, among all
        self.outputs: tuple[Any, ...] = ()
        self.samples: list[Any] = []
        self.around: list[Node] = []

    def inputs(self, arrays: Sequence[Any]) -> tuple[list[Tensor], list[Node]]:
        """Make Tensors that the function may change in place; return them and their nodes."""
        run = Run()
        tensors = [
            x.copy() if isinstance(x, Tensor) else Tensor._of(x, Argument(x.shape, x.dtype, run))
            for x in arrays
        ]
        return tensors, [x.node for x in tensors if x.node is not None]

    def run(self, inputs: Sequence[Tensor]) -> Any:
        others = iter(inputs)
        args, kwargs = tree_map(lambda x: next(others) if x is _Checkpoint else x, self.arguments)
        with enable_grad():
            return differentiated(self.function, *args, **kwargs)

    def keep(self, found: Sequence[Any], number: int, own: Sequence[Node]) -> None:
        """Keep samples of the outputs, and the nodes made before `number` that the call used."""
        self.outputs = tuple(found[i]._array for i in self.places)
        self.samples = [_sample(x) for x in self.outputs]
        self.around = _made_before(number, [found[i].node for i in self.places], own)

    def again(self, inputs: Sequence[Tensor]) -> list[Node]:
        """Compute the outputs once more, and return their nodes."""
        found = [x for _, x in leaves(self.run(inputs))]
        nodes = []
        for i, sample in zip(self.places, self.samples, strict=True):
            node = found[i].node if i < len(found) and isinstance(found[i], Tensor) else None
            if node is None or not np.allclose(
                _sample(found[i]._array), sample, rtol=1e-4, atol=1e-8, equal_nan=True
            ):
                raise GraphError(
                    f"checkpoint: {self.name} did not compute the same in the backward pass as "
                    f"before; draw random numbers outside of it, and do not change in between "
                    f"what it uses"
                )
            nodes.append(node)
        return nodes


def _is_recorded(x: Any) -> bool:
    return isinstance(x, Tensor) and x.node is not None


def _unrecorded(x: Any) -> Any:
    if _is_recorded(x):
        return _Checkpoint
    # Another Tensor around the same array: the user's may be changed in place before backward.
    if isinstance(x, Tensor):
        return Tensor._of(x._array, None)
    return x.copy() if isinstance(x, np.ndarray) and x.nbytes <= COPIED else x


def _sample(x: Any) -> Any:
    """All elements of a small array, some thousands of a large one."""
    return np.ravel(x)[:: max(1, x.size // 4096)].copy()


def _first_outputs(*_: Any, call: _Checkpoint) -> Any:
    outputs, call.outputs = call.outputs, ()
    return outputs if len(outputs) > 1 else outputs[0]


def _several(x: Any) -> Sequence[Any]:
    return x if isinstance(x, tuple | list) else [x]


def _computed_again(g: Any, _: Any, *inputs: Any, call: Any = None) -> list[Any]:
    tensors, nodes = call.inputs(inputs[: len(inputs) - len(call.around)])
    seeds = list(zip(call.again(tensors), _several(g), strict=True))
    wanted = [*nodes, *call.around]
    record = isinstance(seeds[0][1], Tensor)
    run = recorded_backward_pass if record else backward_pass
    found = run(seeds, wanted, cut=True)
    return [dense(found.get(node)) for node in wanted]


def _made_before(number: int, outputs: Sequence[Node], own: Sequence[Node]) -> list[Node]:
    """List the nodes of tensors that a function used without getting them among its inputs."""

    def parents(node: Node) -> list[Node | None]:
        return [] if node.number < number else [p for p in kept_parents(node) if p not in own]

    found = ancestors((node for node in outputs if node not in own), parents)
    return [node for node in found if node.number < number]
