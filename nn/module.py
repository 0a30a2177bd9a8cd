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
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import DTypeLike

from autograd import AutogradError, DTypeError, RemovableHandle, Tensor, scopes
from autograd.typing import ArrayLike

from .hooks import Hooks
from .summary import Summary, summary

next_number, record = scopes.next_number, scopes.record  # looked up in each call, so without a dot


class StateError(AutogradError, ValueError):
    """A state that does not fit the object it was to be loaded into.

    Example:
        >>> try:
        ...     nn.ReLU().load_state_dict({"scale": np.ones(2)})
        ... except nn.StateError as error:
        ...     print(error)
        ReLU.load_state_dict: the state does not fit, and nothing was loaded: unexpected: scale
    """


class IncompatibleKeys(NamedTuple):
    """The paths that `load_state_dict` skipped.

    Attributes:
        missing_keys: Paths of the module that the state lacks.
        unexpected_keys: Paths of the state that the module lacks.

    Example:
        >>> nn.Linear(3, 2).load_state_dict({"extra": np.ones(2)}, strict=False)
        IncompatibleKeys(missing_keys=['weight', 'bias'], unexpected_keys=['extra'])
    """

    missing_keys: list[str]
    unexpected_keys: list[str]


class Parameter(Tensor):
    """A tensor that a module trains: always a leaf, and float32 unless `dtype` says otherwise.

    Args:
        data: Anything that `Tensor` takes; it is copied and converted.
        requires_grad: False freezes the parameter.
        dtype: The dtype of the copy.

    Raises:
        DTypeError: The data are not numbers, or are complex without a complex `dtype`.

    Example:
        >>> weight = nn.Parameter([1, 2])
        >>> weight.dtype, weight.requires_grad
        (dtype('float32'), True)
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

    It is a constant tensor, saved and loaded with the parameters. To change it, write into
    `buffer.data[...]`.

    Args:
        data: Anything that `Tensor` takes.
        dtype: Default: the dtype of `data`.

    Example:
        >>> mean = nn.Buffer(np.zeros(2))
        >>> mean.data[...] = [1, 2]
        >>> mean.requires_grad
        False
    """

    __slots__ = ()

    def __init__(self, data: ArrayLike, *, dtype: DTypeLike | None = None) -> None:
        super().__init__(data, dtype=dtype)


class Module:
    """Base of all layers and networks: define `forward`, assign parts to attributes, call it.

    A subclass needs no `super().__init__()`. A parameter that several paths lead to counts once and
    has the first of them.

    Raises:
        TypeError: Modules or parameters are assigned inside a list, tuple or dict, where they would
            not be trained (if they are put there later, `parameters()` raises it); or a parameter
            is overwritten with something else.
        ValueError: A name contains a dot, or a module would contain itself.

    Example:
        >>> class Scaled(nn.Module):
        ...     def __init__(self):
        ...         self.inner = nn.Linear(3, 2)
        ...         self.scale = nn.Parameter(np.ones(2))
        ...     def forward(self, x):
        ...         return self.scale * self.inner(x)
        >>> model = Scaled()
        >>> model(np.ones((5, 3))).shape
        (5, 2)
        >>> [name for name, _ in model.named_parameters()]
        ['scale', 'inner.weight', 'inner.bias']
    """

    #: False while evaluating; layers such as dropout behave differently then.
    training: bool = True
    _path: str = ""
    _hooks: Hooks | None = None

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output; each subclass defines this.

        Example:
            >>> class Double(nn.Module):
            ...     def forward(self, x):
            ...         return 2 * x
            >>> Double()(3.0)
            6.0
        """
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
        # Networks are built from the inside out, so everything below gets a longer path.
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
        """Yield this module and all below it, each once, with their paths.

        Args:
            prefix: The path of this module.

        Example:
            >>> [path for path, _ in nn.MLP([4, 3, 2]).named_modules()]
            ['', 'layers', 'layers.0', 'layers.1', 'layers.2']
        """
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
        """Yield this module and all below it, each once.

        Example:
            >>> [type(module).__name__ for module in nn.Sequential(nn.ReLU()).modules()]
            ['Sequential', 'ReLU']
        """
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """Yield all parameters, each once, with the first path that leads to each.

        Args:
            prefix: The path of this module.

        Example:
            >>> [path for path, _ in nn.Linear(3, 2).named_parameters("head")]
            ['head.weight', 'head.bias']
        """
        return self._each_once(Parameter, prefix)

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """Yield all buffers, each once, with the first path that leads to each.

        Args:
            prefix: The path of this module.

        Example:
            >>> [path for path, _ in nn.BatchNorm1d(2).named_buffers()]
            ['running_mean', 'running_var', 'num_batches_tracked']
        """
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
        """Yield all parameters, each once, as an optimiser takes them.

        Example:
            >>> sum(parameter.size for parameter in nn.Linear(3, 2).parameters())
            8
        """
        return (parameter for _, parameter in self.named_parameters())

    def buffers(self) -> Iterator[Buffer]:
        """Yield all buffers, each once.

        Example:
            >>> [buffer.shape for buffer in nn.BatchNorm1d(2).buffers()]
            [(2,), (2,), ()]
        """
        return (buffer for _, buffer in self.named_buffers())

    # -- modes ----------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Set the training mode here and in all modules below.

        Args:
            mode: False for evaluation mode.

        Returns:
            The module.

        Example:
            >>> nn.Dropout().train(False).training
            False
        """
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Set evaluation mode here and in all modules below, as `train(False)` does.

        Gradients are still recorded; use `autograd.no_grad` to stop that.

        Returns:
            The module.

        Example:
            >>> nn.Dropout().eval()(np.ones(3))
            array([1., 1., 1.])
        """
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Freeze all parameters, or let them train again.

        A frozen parameter gets no gradient, and an optimiser leaves it alone.

        Args:
            requires_grad: False freezes them.

        Returns:
            The module.

        Example:
            >>> nn.Linear(3, 2).requires_grad_(False).weight.requires_grad
            False
        """
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters.

        Example:
            >>> layer = nn.Linear(3, 2)
            >>> layer(np.ones((1, 3))).sum().backward()
            >>> layer.zero_grad()
            >>> layer.weight.grad is None
            True
        """
        for parameter in self.parameters():
            if parameter.requires_grad:
                parameter.grad = None

    # -- hooks ----------------------------------------------------------------------------------

    def register_forward_pre_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call a hook before each `forward`.

        Args:
            hook: Called as `hook(module, args)`, with the positional arguments as a tuple. Unless
                it returns None, its result replaces them: a tuple, or the only argument.
            prepend: Call it before the hooks that are already there.
            with_kwargs: Call `hook(module, args, kwargs)`, which returns both.

        Returns:
            A handle, whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.ReLU()
            >>> handle = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
            >>> float(layer(Tensor(1.0)))
            2.0
        """
        return RemovableHandle(self._own_hooks().before, (hook, with_kwargs), prepend)

    def register_forward_hook(
        self, hook: Callable[..., Any], *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call a hook after each `forward`.

        Args:
            hook: Called as `hook(module, args, output)`. Unless it returns None, its result
                replaces the output.
            prepend: Call it before the hooks that are already there.
            with_kwargs: Call `hook(module, args, kwargs, output)`.

        Returns:
            A handle, whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.ReLU()
            >>> handle = layer.register_forward_hook(lambda module, args, output: 10 * output)
            >>> float(layer(Tensor(1.0)))
            10.0
            >>> handle.remove()
            >>> float(layer(Tensor(1.0)))
            1.0
        """
        return RemovableHandle(self._own_hooks().after, (hook, with_kwargs), prepend)

    def register_full_backward_hook(
        self, hook: Callable[..., Any], prepend: bool = False
    ) -> RemovableHandle:
        """Call a hook in the backward pass of each call of the module.

        If no argument requires a gradient, the hook is called with None for all of them as soon as
        the gradients of the outputs are known.

        Args:
            hook: Called as `hook(module, grad_input, grad_output)`. Both are tuples of arrays: the
                gradients of the positional arguments (zeros for Tensors without one, None for
                others), and those of the outputs. Unless it returns None, its result replaces
                `grad_input`.
            prepend: Call it before the hooks that are already there.

        Returns:
            A handle, whose `remove()` takes the hook away.

        Example:
            >>> layer = nn.ReLU()
            >>> show = lambda module, grad_input, grad_output: print(grad_input)
            >>> handle = layer.register_full_backward_hook(show)
            >>> layer(Tensor([1.0, -1.0], requires_grad=True)).sum().backward()
            (array([1., 0.]),)
        """
        return RemovableHandle(self._own_hooks().backward, hook, prepend)

    def _own_hooks(self) -> Hooks:
        if self._hooks is None:
            self._hooks = Hooks()
        return self._hooks

    # -- state ----------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return copies of the arrays of all parameters and buffers, by path.

        Example:
            >>> {path: array.shape for path, array in nn.Linear(3, 2).state_dict().items()}
            {'weight': (2, 3), 'bias': (2,)}
        """
        return {path: tensor.data.copy() for path, tensor in self._each_once(_STATE)}

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True
    ) -> IncompatibleKeys:
        """Copy arrays, by path, into the parameters and buffers.

        The shapes and dtypes must be exactly those of `state_dict()`, and with `strict` the paths
        too.

        Args:
            state_dict: Arrays by path, as `state_dict()` and `nn.load` return them.
            strict: False skips paths that only one of the two has.

        Returns:
            The paths that were skipped.

        Raises:
            StateError: Something does not fit; the message names everything that does not, and the
                module is unchanged.

        Example:
            >>> one, other = nn.Linear(3, 2), nn.Linear(3, 2)
            >>> one.load_state_dict(other.state_dict())
            IncompatibleKeys(missing_keys=[], unexpected_keys=[])
            >>> np.array_equal(one.weight.data, other.weight.data)
            True
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
        """Return a table of the modules with output shapes, parameters and memory, from one call.

        The call is in evaluation mode, records no graph, and changes nothing in the model. A shared
        module or parameter is listed and counted once; the output of a module that was called twice
        is followed by 'x2'.

        Args:
            *input_shapes: The shape of each input, with the batch axis. The inputs are zeros.
            dtype: The dtype of the inputs (default: that of the first floating-point parameter; for
                an embedding pass np.int64).

        Returns:
            The table, to print or to read by its `rows`.

        Raises:
            SummaryError: A layer failed; the message names it.

        Example:
            >>> nn.MLP([4, 3, 2]).summary((1, 4)).parameters
            23
        """
        return summary(self, *input_shapes, dtype=dtype)

    def extra_repr(self) -> str:
        """Return the text after the class name in parentheses: by default shapes of parameters.

        Example:
            >>> nn.Dropout(0.5).extra_repr()
            'p=0.5'
        """
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
        """Add a row for this module with the number of its own parameters, then those below it."""
        extra = self.extra_repr()
        own = sum(part.size for part in vars(self).values() if isinstance(part, Parameter))
        rows.append((f"{indent}{label}{type(self).__name__}{f'({extra})' if extra else ''}", own))
        for name, part in vars(self).items():
            if isinstance(part, Module):
                part._add_rows(rows, indent + "  ", f"{name}: ")


_STATE = Parameter | Buffer  #: the parts that are saved
_PARTS = _STATE | Module  #: the parts that must be attributes of a module


def arrays_of(function: str, state: object) -> dict[str, Any]:
    """Return the values of a mapping as arrays; raise `TypeError` for anything but a mapping."""
    if not isinstance(state, Mapping):
        raise TypeError(
            f"{function} got a {type(state).__name__}; pass a mapping from names to arrays, as "
            f"state_dict() and nn.load(path) return it"
        )
    return {k: v.data if isinstance(v, Tensor) else np.asarray(v) for k, v in state.items()}


@contextmanager
def evaluating(module: Module) -> Iterator[None]:
    """Set evaluation mode for a while, and then give every module its own mode back."""
    modes = [(part, part.training) for part in module.modules()]
    try:
        try:
            module.eval()
            yield
        finally:
            _set_modes(modes)
    finally:
        _set_modes(modes)  # in case Ctrl-C interrupted the first


def _set_modes(modes: list[tuple[Module, bool]]) -> None:
    for module, mode in modes:
        module.training = mode
