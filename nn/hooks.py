"""Hooks around the forward and backward passes of a module.

`Module.register_forward_hook` and its like put hooks here; a module without hooks skips this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from autograd import Tensor, rule


class Forward(Protocol):
    """The part of a module that hooks need."""

    def forward(self, *args: Any, **kwargs: Any) -> Any: ...


class Hooks:
    """The hooks of one module, by number, in the order of their calls."""

    def __init__(self) -> None:
        self.before: dict[int, tuple[Any, bool]] = {}  #: (hook, whether it takes keywords)
        self.after: dict[int, tuple[Any, bool]] = {}
        self.backward: dict[int, Any] = {}

    def call(self, module: Forward, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call `module.forward`, and let the hooks replace its arguments, result and gradients."""
        for hook, takes_keywords in list(self.before.values()):
            if takes_keywords:
                replaced = hook(module, args, kwargs)
                if replaced is not None:
                    args, kwargs = replaced
            else:
                replaced = hook(module, args)
                if replaced is not None:
                    args = replaced if isinstance(replaced, tuple) else (replaced,)
        watch = _Watch(module, self.backward) if self.backward else None
        if watch is not None:
            args = watch.inputs(args)
        result = module.forward(*args, **kwargs)
        for hook, takes_keywords in list(self.after.values()):
            replaced = (
                hook(module, args, kwargs, result) if takes_keywords else hook(module, args, result)
            )
            if replaced is not None:
                result = replaced
        return result if watch is None else watch.outputs(result)


class _Watch:
    """The gradients of the outputs and inputs of one call, collected for backward hooks.

    The outputs and the inputs pass through an operation that changes nothing. Its rule gets all
    their gradients at once, and that of the inputs is visited last.
    """

    def __init__(self, module: Forward, hooks: dict[int, Any]) -> None:
        self.module = module
        self.hooks = hooks
        self.places: list[int] = []  # those of the arguments that get a gradient
        self.without: list[Any] = []  # zeros for the other Tensors, None for other arguments
        self.grad_output: tuple[Any, ...] = ()

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        self.without = [np.zeros(x.shape, x.dtype) if isinstance(x, Tensor) else None for x in args]
        self.places = [i for i, x in enumerate(args) if isinstance(x, Tensor) and x.requires_grad]
        passed = _pass([args[i] for i in self.places], self.at_inputs)
        replaced = dict(zip(self.places, passed, strict=True))
        return tuple(replaced.get(i, x) for i, x in enumerate(args))

    def outputs(self, result: Any) -> Any:
        values = result if isinstance(result, tuple) else (result,)
        if not all(isinstance(y, Tensor) for y in values):
            raise TypeError(
                f"{type(self.module).__name__}: a module with a backward hook must return a Tensor "
                f"or a tuple of Tensors"
            )
        passed = tuple(_pass(values, self.at_outputs))
        return passed if isinstance(result, tuple) else passed[0]

    def at_outputs(self, gradients: Sequence[Any]) -> Sequence[Any]:
        self.grad_output = tuple(gradients)
        if not self.places:
            self.run((None,) * len(self.without))
        return gradients

    def at_inputs(self, gradients: Sequence[Any]) -> Sequence[Any]:
        grad_input = list(self.without)
        for place, g in zip(self.places, gradients, strict=True):
            grad_input[place] = g
        found = self.run(tuple(grad_input))
        return [found[place] for place in self.places]

    def run(self, grad_input: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in list(self.hooks.values()):
            replaced = hook(self.module, grad_input, self.grad_output)
            if replaced is None:
                continue
            grad_input = replaced if isinstance(replaced, tuple) else (replaced,)
            if len(grad_input) != len(self.without):
                raise ValueError(
                    f"{type(self.module).__name__}: a backward hook returned {len(grad_input)} "
                    f"gradients for {len(self.without)} inputs; return one for each, or None to "
                    f"leave them as they are"
                )
        return grad_input


def _pass(tensors: Sequence[Any], seen: Any) -> Sequence[Any]:
    """Return the same tensors; their gradients go through `seen`, all at once."""
    if not any(x.requires_grad for x in tensors):
        return tensors
    identity: Callable[..., Sequence[Any]] = rule(
        lambda *xs: xs, joint=lambda gradients, _, *__: seen(gradients), name="hook"
    )
    return identity(*tensors)
