"""Modules: layers and networks that find their own parameters.

    class Scaled(nn.Module):
        def __init__(self):
            self.inner = nn.Linear(3, 2)                # a submodule
            self.scale = nn.Parameter(np.ones(2))       # a parameter

        def forward(self, x):
            return self.scale * self.inner(x)

Assigning to an attribute is all it takes. Parameters learn their full path, here
'inner.weight', 'inner.bias' and 'scale': pictures of the graph show it, and saved files use it.

Read `linear.py` next: the simplest layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

from autograd import AutogradError, DTypeError, RemovableHandle, Tensor, scopes
from autograd.typing import ArrayLike

from .hooks import Hooks

if TYPE_CHECKING:
    from .summary import Summary

next_number, record = scopes.next_number, scopes.record  # without a dot: each call needs them


class StateError(AutogradError, ValueError):
    """A state does not fit the module it was to be loaded into."""


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` passed over: paths that the state lacks, and that the module lacks."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Parameter(Tensor):
    """A tensor that a module trains: always a leaf, and float32 unless `dtype` says otherwise.

    `data`: anything `Tensor` takes; it is copied and converted. `requires_grad=False` freezes it.
    Raises `DTypeError` for data that are no numbers, or complex without a complex `dtype`.
    """

    __slots__ = ()

    def __init__(
        self,
        data: ArrayLike,
        requires_grad: bool = True,
        *,
        dtype: DTypeLike = np.float32,
    ) -> None:
        found = data.dtype if isinstance(data, Tensor) else np.asarray(data).dtype
        if found.kind not in "fciub":  # NumPy would make NaN of None
            raise DTypeError(f"Parameter(data) got data of dtype {found}; pass numbers")
        if found.kind == "c" and np.dtype(dtype).kind != "c":
            raise DTypeError(
                f"Parameter(data) got {found} data for dtype {np.dtype(dtype)}, which would drop "
                f"the imaginary part; pass dtype={found}"
            )
        super().__init__(data, requires_grad, dtype)


class Buffer(Tensor):
    """An array that a module keeps in its state and does not train, such as a running mean.

    A constant tensor of the given `data` and `dtype` (default: as `data` has it). Saved and loaded
    with the parameters; write new values into `buffer.data[...]`.
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, *, dtype: DTypeLike | None = None) -> None:
        super().__init__(data, dtype=dtype)


class Module:
    """Base of all layers and networks: define `forward`, assign parts to attributes, call it.

    A subclass needs no `super().__init__()`. A parameter that is reached in two ways is one
    parameter: it has the first path that leads to it, and counts once.

    Assigning raises `TypeError` for modules or parameters inside a list, tuple or dict (they
    would never be trained; if they are put into one later, `parameters()` raises it) and for
    overwriting a parameter with something else, and `ValueError` for a name with a dot and for a
    module that contains the one it is assigned to.
    """

    #: False while evaluating; layers such as dropout behave differently then.
    training: bool = True
    _path: str = ""
    _hooks: Hooks | None = None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """What the module computes; a subclass defines it."""
        raise NotImplementedError(f"{type(self).__name__} must define forward()")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        first = next_number()
        try:
            if self._hooks is None:
                result = self.forward(*args, **kwargs)
            else:
                result = self._hooks.call(self, args, kwargs)
        except Exception as error:
            scopes.failed(error, self._path, type(self).__name__)
            raise
        record((first, next_number(), self._path, type(self).__name__))  # for pictures
        return result

    # -- parts ----------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        if not isinstance(value, _PARTS):
            self._refuse_lost_parts(name, value)
            object.__setattr__(self, name, value)
            return
        if "." in name:
            raise ValueError(
                f"{type(self).__name__}: the name {name!r} must not contain a dot, which separates "
                f"the names in a path"
            )
        if isinstance(value, Module) and any(module is self for module in value.modules()):
            raise ValueError(
                f"{type(self).__name__}.{name}: the module would contain itself; pass it to the "
                f"functions that need it"
            )
        object.__setattr__(self, name, value)
        # Networks are built from the inside out, so all that is below gets a longer path.
        for path, module in self.named_modules(self._path):
            object.__setattr__(module, "_path", path)
        for path, parameter in self.named_parameters(self._path):
            parameter.name = path

    def _refuse_lost_parts(self, name: str, value: Any) -> None:
        parts = value.values() if isinstance(value, dict) else value
        if isinstance(value, list | tuple | dict) and any(
            isinstance(part, _PARTS) for part in parts
        ):
            raise self._lost_parts(name, value)
        held = vars(self).get(name)
        if value is not None and isinstance(held, Parameter | Buffer):
            kind = type(held).__name__
            fate = "trained" if kind == "Parameter" else "saved"
            raise TypeError(
                f"{type(self).__name__}.{name} is a {kind}, and a {type(value).__name__} in its "
                f"place would not be {fate}; assign an nn.{kind}, or write to {name}.data"
            )

    def _lost_parts(self, name: str, value: Any) -> TypeError:
        return TypeError(
            f"{type(self).__name__}.{name}: parameters and modules inside a "
            f"{type(value).__name__} are not found, and would not be trained; put modules in "
            f"nn.ModuleList, nn.ModuleDict or nn.Sequential, and assign each parameter to an "
            f"attribute"
        )

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all below it, each once, with their paths."""
        return self._named_modules(prefix, set())

    def _named_modules(self, prefix: str, seen: set[int]) -> Iterator[tuple[str, Module]]:
        if id(self) in seen:
            return
        seen.add(id(self))
        yield prefix, self
        for name, part in vars(self).items():
            if isinstance(part, Module):
                yield from part._named_modules(f"{prefix}.{name}" if prefix else name, seen)

    def modules(self) -> Iterator[Module]:
        """This module and all below it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters, each once, with the first path that leads to each."""
        return self._each_once(Parameter, prefix)

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """All buffers, each once, with the first path that leads to each."""
        return self._each_once(Buffer, prefix)

    def _each_once(self, kind: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, tensor in self._all_paths(kind, prefix):
            if id(tensor) not in seen:
                seen.add(id(tensor))
                yield path, tensor

    def _all_paths(self, kind: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
        for path, module in self.named_modules(prefix):
            for name, part in vars(module).items():
                if isinstance(part, kind):
                    yield f"{path}.{name}" if path else name, part
                elif isinstance(part, (list, dict)) and part:  # filled after it was assigned
                    first = next(iter(part.values() if isinstance(part, dict) else part))
                    if isinstance(first, _PARTS):
                        raise module._lost_parts(name, part)

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, each once: what an optimiser takes."""
        return (parameter for _, parameter in self.named_parameters())

    def buffers(self) -> Iterator[Buffer]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers())

    # -- modes ----------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set the training mode here and in all modules below; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """`train(False)`. Gradients are still recorded: see `autograd.no_grad` for that."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Thaw all parameters, or freeze them (False); returns the module.

        A frozen one gets no gradient, and an optimiser leaves it alone.
        """
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            if parameter.requires_grad:
                parameter.grad = None

    # -- hooks ----------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args)` before `forward`, with the positional arguments as a tuple.

        What it returns, unless None, takes their place: a tuple, or the only argument. With
        `with_kwargs` it is `hook(module, args, kwargs)`, and returns both. `prepend`: before the
        hooks that are there already. `handle.remove()` on what is returned takes the hook away.
        """
        return RemovableHandle(self._own_hooks().before, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, args, output)` after `forward`; the rest as before it.

        What it returns, unless None, takes the place of the output. With `with_kwargs` it is
        `hook(module, args, kwargs, output)`.
        """
        return RemovableHandle(self._own_hooks().after, (hook, with_kwargs), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call `hook(module, grad_input, grad_output)` in the backward pass of each call.

        Both are tuples of arrays: the gradients of the positional arguments (zeros for Tensors
        without, None for others), and of the output or outputs. What it returns, unless None,
        takes the place of `grad_input`. Where no argument requires a gradient, it is called with
        None for all of them as soon as the gradients of the outputs are there.
        """
        return RemovableHandle(self._own_hooks().backward, hook, prepend)

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks

    # -- state ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Copies of the arrays of all parameters and buffers, by path."""
        return {path: tensor.data.copy() for path, tensor in self._each_once(_STATE)}

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True
    ) -> IncompatibleKeys:
        """Copy the arrays of `state_dict`, by path, into parameters and buffers.

        The paths, shapes and dtypes must be exactly those of `state_dict()`. Otherwise raises
        `StateError`, which names everything that does not fit, and leaves the module unchanged.
        With `strict=False`, paths that only one of the two has are passed over, and returned.
        """
        own = dict(self._each_once(_STATE))
        name_of = {id(tensor): path for path, tensor in own.items()}
        aliases = {path: name_of[id(tensor)] for path, tensor in self._all_paths(_STATE)}
        arrays = arrays_of(f"{type(self).__name__}.load_state_dict", state_dict)
        missing = [path for path in own if path not in arrays]
        unexpected = [path for path in arrays if path not in own]
        faults = [f"missing: {path}" for path in missing if strict]
        for path, array in arrays.items():
            if path not in own:
                shared = aliases.get(path)
                if strict:
                    faults.append(
                        f"duplicate: {path} is the same tensor as {shared}; give only that"
                        if shared
                        else f"unexpected: {path}"
                    )
            elif array.shape != own[path].shape:
                faults.append(f"{path} has shape {array.shape}, not {own[path].shape}")
            elif array.dtype != own[path].dtype:
                faults.append(f"{path} has dtype {array.dtype}, not {own[path].dtype}")
        if faults:
            raise StateError(
                f"{type(self).__name__}.load_state_dict: the state does not fit, and nothing was "
                f"loaded: {'; '.join(faults)}"
            )
        for path, tensor in own.items():
            if path in arrays:
                tensor.data[...] = arrays[path]
        return IncompatibleKeys(missing, unexpected)

    # -- text -----------------------------------------------------------------------------------

    def summary(self, *input_shapes: tuple[int, ...], dtype: DTypeLike | None = None) -> Summary:
        """A table of the modules with output shapes, parameters and memory, from one call.

        `input_shapes`: the shape of each input with the batch axis; the inputs are zeros of
        `dtype` (default: that of the first floating-point parameter; for an embedding pass
        np.int64). The call is in evaluation mode, without a graph, and changes nothing in the
        model. Print what is returned, or read its `rows`. A shared module or parameter is listed
        and counted once, and 'x2' stands after the output of a module that was called twice.

        Raises `SummaryError`, a ValueError, which names the layer that failed.
        """
        from .summary import summary  # it imports this file

        return summary(self, *input_shapes, dtype=dtype)

    def extra_repr(self) -> str:
        """What stands in parentheses after the class name; by default the own parameters."""
        shapes = {k: v.shape for k, v in vars(self).items() if isinstance(v, Parameter)}
        return ", ".join(f"{k} {'x'.join(map(str, s)) or 'scalar'}" for k, s in shapes.items())

    def __repr__(self) -> str:
        rows: list[tuple[str, int]] = []
        total = sum(parameter.size for parameter in self.parameters())
        self._add_rows(rows, "", "")
        if len(rows) == 1:
            head = rows[0][0]
            return f"{head}  {total:,} parameters" if total else head
        rows.append(("total", total))
        left = max(len(text) for text, _ in rows)
        right = max(len(f"{count:,}") for _, count in rows)
        return "\n".join(
            f"{text:{left}}  {count:>{right},} parameters" if count or text == "total" else text
            for text, count in rows
        )

    def _add_rows(self, rows: list[tuple[str, int]], indent: str, label: str) -> None:
        """A row for this module with the number of its own parameters, then those below it."""
        extra = self.extra_repr()
        own = sum(part.size for part in vars(self).values() if isinstance(part, Parameter))
        rows.append((f"{indent}{label}{type(self).__name__}{f'({extra})' if extra else ''}", own))
        for name, part in vars(self).items():
            if isinstance(part, Module):
                part._add_rows(rows, indent + "  ", f"{name}: ")


_STATE = Parameter | Buffer  #: what is saved of a module
_PARTS = _STATE | Module  #: what must be an attribute of a module


def arrays_of(function: str, state: object) -> dict[str, Any]:
    """The values of a mapping as arrays; `TypeError` for anything else, such as a path."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"{function} got a {type(state).__name__}; pass a mapping from names to arrays, as "
            f"state_dict() and nn.load(path) return it"
        )
    return {k: v.data if isinstance(v, Tensor) else np.asarray(v) for k, v in state.items()}


@contextmanager
def evaluating(module: Module) -> Iterator[None]:
    """Evaluation mode for a while; then every module has its own mode again."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        try:
            module.eval()
            yield
        finally:
            _set_modes(modes)
    finally:
        _set_modes(modes)  # in case that Ctrl-C ended the first


def _set_modes(modes: list[tuple[Module, bool]]) -> None:
    for module, mode in modes:
        module.training = mode
