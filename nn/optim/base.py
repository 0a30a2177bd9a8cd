"""The base of all optimisers: groups of parameters, state, saving and loading.

Read `sgd.py` next: the simplest optimiser.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from numbers import Real
from typing import Any

import numpy as np

from autograd import DTypeError, RowGradient
from autograd.typing import Array

from ..module import Module, Parameter, StateError, arrays_of

Params = Iterable[Parameter] | Iterable[dict[str, Any]]


class Optimizer:
    """Base of all optimisers: a subclass defines `_update`, which moves one parameter.

    Parameters without a gradient are left alone. A step writes into the parameters' own arrays, so
    take it after `backward()`.

    Args:
        params: Parameters, or groups of them with options of their own, as in the example.
        defaults: The options of groups that do not set their own.

    Attributes:
        param_groups: The groups, dicts of "params" and all options, which may be changed between
            steps.
        state: The optimiser's memory of each parameter, from the first step that needs it.

    Raises:
        ValueError: There are no parameters, one is given twice, or an option is out of range.
        TypeError: Something is not a Parameter, or an option is unknown.
        DTypeError: A parameter is complex.

    Example:
        >>> net, head = nn.Linear(3, 3), nn.Linear(3, 2)
        >>> groups = [{"params": net.parameters(), "lr": 0.1}, {"params": head.parameters()}]
        >>> optimizer = nn.optim.SGD(groups, lr=0.01)
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
    """

    # An attempt to set `optimizer.lr`, which would have no effect, is an error.
    __slots__ = ("_name", "defaults", "param_groups", "state")

    #: What `state` holds of a parameter: always, and under some options. "step" is a number, and
    #: all others are arrays like the parameter.
    required_state: tuple[str, ...] = ()
    optional_state: tuple[str, ...] = ()

    def __init__(self, params: Params, defaults: dict[str, Any]) -> None:
        self._name = type(self).__name__
        self.defaults = defaults
        self.param_groups: list[dict[str, Any]] = []
        self.state: dict[Parameter, dict[str, Any]] = {}
        self._check_options(defaults)
        if isinstance(params, Module | Parameter):
            hint = "model.parameters()" if isinstance(params, Module) else "a list of parameters"
            raise TypeError(f"{self._name}: params is a {type(params).__name__}; pass {hint}")
        found: list[Any] = list(params)
        if not found:
            raise ValueError(f"{self._name}: params is empty: there is nothing to train")
        for group in found if isinstance(found[0], dict) else [{"params": found}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Train more parameters.

        Args:
            param_group: A dict with "params", and options where they differ from the defaults.

        Raises:
            TypeError: `param_group` is not such a dict, or has an unknown option.
            ValueError: A parameter is given twice, or an option is out of range.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)
            >>> optimizer.add_param_group({"params": nn.Linear(2, 2).parameters(), "lr": 0.01})
            >>> len(optimizer.param_groups)
            2
        """
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise TypeError(
                f"{self._name}: a group must be a dict with the key 'params'; got {param_group!r}"
            )
        options = {**self.defaults, **{k: v for k, v in param_group.items() if k != "params"}}
        if unknown := options.keys() - self.defaults.keys():
            raise TypeError(
                f"{self._name}: a group has the unknown options {sorted(unknown)}; known are "
                f"{sorted(self.defaults)}"
            )
        self._check_options(options)
        params = param_group["params"]
        params = [params] if isinstance(params, Parameter) else list(params)
        place = f"params[{len(self.param_groups)}]['params']" if self.param_groups else "params"
        held = {
            p: f"params[{i}]['params'][{j}]"
            for i, other in enumerate(self.param_groups)
            for j, p in enumerate(other["params"])
        }
        for i, p in enumerate(params):
            if not isinstance(p, Parameter):
                raise TypeError(
                    f"{self._name}: {place}[{i}] is a {type(p).__name__}, not an nn.Parameter; "
                    f"pass model.parameters()"
                )
            named = f"{place}[{i}]" + (f" ({p.name})" if p.name else "")
            if p in held:
                raise ValueError(
                    f"{self._name}: {named} is the same parameter as {held[p]} and would be moved "
                    f"twice; give it once"
                )
            if p.dtype.kind == "c":
                raise DTypeError(
                    f"{self._name}: {named} has dtype {p.dtype}; train its real and imaginary "
                    f"parts as two parameters"
                )
            held[p] = f"{place}[{i}]"
        self.param_groups.append({**options, "params": params})

    def zero_grad(self) -> None:
        """Clear the gradients of all parameters.

        Example:
            >>> layer = nn.Linear(3, 2)
            >>> layer(np.ones((1, 3))).sum().backward()
            >>> nn.optim.SGD(layer.parameters()).zero_grad()
            >>> layer.weight.grad is None
            True
        """
        for p in self._parameters():
            if p.requires_grad:
                p.grad = None

    def step(self) -> None:
        """Move every parameter that has a gradient.

        Example:
            >>> weight = nn.Parameter([1.0])
            >>> (3 * weight).sum().backward()
            >>> nn.optim.SGD([weight], lr=0.1).step()
            >>> weight.data
            array([0.7], dtype=float32)
        """
        for group in self.param_groups:
            for p in group["params"]:
                g = p.grad
                if g is None:
                    continue
                update = self._update_rows if isinstance(g, RowGradient) else self._update
                update(p, g, group)

    def _update(self, p: Parameter, grad: Any, group: Mapping[str, Any]) -> None:
        """Move `p` by its gradient, an array, which must not be changed."""
        raise NotImplementedError(f"{self._name} must define _update()")

    def _update_rows(self, p: Parameter, grad: RowGradient, group: Mapping[str, Any]) -> None:
        """Move `p` by a gradient of rows: by default all of it, as momentum moves other rows."""
        self._update(p, grad.dense(), group)

    def _parameters(self) -> list[Parameter]:
        return [p for group in self.param_groups for p in group["params"]]

    def _check_options(self, options: Mapping[str, Any]) -> None:
        for name, value in options.items():
            allowed, words = _RANGES.get(name, _ANYTHING)
            if not allowed(value):
                raise ValueError(f"{self._name}: {name} (={value}) must be {words}")

    # -- saving and loading ---------------------------------------------------------------------

    def state_dict(self) -> dict[str, Any]:
        """Return the numeric options, and copies of the state, by name, as `nn.save` takes them.

        Names are like 'groups.0.lr' and, for the fourth of all parameters, 'state.3.exp_avg'.

        Example:
            >>> nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1).state_dict()["groups.0.lr"]
            0.1
        """
        saved: dict[str, Any] = {}
        for i, group in enumerate(self.param_groups):
            saved |= {f"groups.{i}.{name}": value for name, value in _numbers(group).items()}
        for i, p in enumerate(self._parameters()):
            for name, value in self.state.get(p, {}).items():
                saved[f"state.{i}.{name}"] = np.array(value)
        return saved

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take options and state from an optimiser like this one.

        The groups must have as many parameters, of the same shapes and dtypes.

        Args:
            state_dict: The result of `state_dict` or `nn.load`.

        Raises:
            StateError: Something does not fit; the message names everything that does not, and the
                optimiser is unchanged.

        Example:
            >>> one = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.1)
            >>> other = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=0.2)
            >>> one.load_state_dict(other.state_dict())
            >>> one.param_groups[0]["lr"]
            0.2
        """
        arrays = arrays_of(f"{self._name}.load_state_dict", state_dict)
        own = {
            f"groups.{i}.{name}": np.asarray(value)
            for i, group in enumerate(self.param_groups)
            for name, value in _numbers(group).items()
        }
        faults = [f"missing: {name}" for name in own if name not in arrays]
        parameters = self._parameters()
        found: list[dict[str, Any]] = [{} for _ in parameters]
        specs = [self._state_spec(p) for p in parameters]
        for name, array in arrays.items():
            match = re.fullmatch(r"state\.(\d{1,9})\.(\w+)", name)
            i = int(match[1]) if match else len(specs)
            if name in own:
                fault = _misfit(array, own[name].shape, None) or _out_of_range(name, array.tolist())
                if not fault and name.endswith(".count") and array != own[name]:
                    fault = f"is {array}, not {own[name]}: the groups differ"
            elif match and i < len(specs) and match[2] in specs[i]:
                fault = _misfit(array, *specs[i][match[2]])
                found[i][match[2]] = array.copy() if array.ndim else array.item()
            else:
                fault = "is unexpected"
            if fault:
                faults.append(f"{name} {fault}")
        for i, entries in enumerate(found):
            missing = [name for name in self.required_state if entries and name not in entries]
            faults += [f"missing: state.{i}.{name}" for name in missing]
        if faults:
            raise StateError(
                f"{self._name}.load_state_dict: the state does not fit, and nothing was loaded: "
                f"{'; '.join(faults)}"
            )
        for i, group in enumerate(self.param_groups):
            for name in _numbers(group).keys() - {"count"}:
                value = arrays[f"groups.{i}.{name}"].tolist()
                group[name] = tuple(value) if isinstance(value, list) else value
        self.state = {p: s for p, s in zip(parameters, found, strict=True) if s}

    def _state_spec(self, p: Parameter) -> dict[str, tuple[tuple[int | None, ...], Any]]:
        """The shape (None: any length) and the dtype (None: of a number) of each part of state."""
        return {
            name: ((), None) if name == "step" else (p.shape, p.dtype)
            for name in (*self.required_state, *self.optional_state)
        }


def _numbers(group: Mapping[str, Any]) -> dict[str, Any]:
    """The numeric options of a group, and its length, as they are saved."""
    numbers = {k: v for k, v in group.items() if k != "params" and not isinstance(v, str | None)}
    return {**numbers, "count": len(group["params"])}


def _misfit(array: Any, shape: tuple[int | None, ...], dtype: Any) -> str:
    """The fault in the shape or dtype of an array; empty if it fits."""
    if len(array.shape) != len(shape) or any(
        n not in (None, m) for n, m in zip(shape, array.shape, strict=True)
    ):
        return f"has shape {array.shape}, not {str(shape).replace('None', 'any')}"
    if array.dtype != dtype if dtype is not None else array.dtype.kind not in "fiub":
        return f"has dtype {array.dtype}, not {dtype or 'one of numbers'}"
    return ""


def _out_of_range(name: str, value: Any) -> str:
    """The fault in the value of an option; empty if there is none."""
    option = name.rpartition(".")[2]
    allowed, words = _RANGES.get(option, _ANYTHING)
    if allowed(value) or (option == "lr" and value == 0):  # where a schedule may have ended
        return ""
    return f"(={value}) must be {words}"


def _is_number(allowed: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda x: isinstance(x, Real) and math.isfinite(x) and allowed(x)


def _are_betas(x: Any) -> bool:
    is_one = _is_number(lambda beta: 0 <= beta < 1)
    return isinstance(x, tuple | list) and len(x) == 2 and all(map(is_one, x))


_NOT_NEGATIVE = _is_number(lambda x: x >= 0), "a number that is not negative"
_COUNT = _is_number(lambda x: x >= 1 and x == int(x)), "a whole number from 1 on"
_ANYTHING = (lambda _: True), ""
_RANGES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "lr": (_is_number(lambda x: x > 0), "a positive number"),
    "momentum": _NOT_NEGATIVE,
    "dampening": (_is_number(lambda _: True), "a number"),
    "weight_decay": _NOT_NEGATIVE,
    "lr_decay": _NOT_NEGATIVE,
    "initial_accumulator_value": _NOT_NEGATIVE,
    "eps": _NOT_NEGATIVE,
    "alpha": (_is_number(lambda x: 0 <= x <= 1), "a number from 0 to 1"),
    "betas": (_are_betas, "two numbers from 0 to below 1"),
    "max_iter": _COUNT,
    "max_eval": _COUNT,
    "history_size": _COUNT,
    "tolerance_grad": _NOT_NEGATIVE,
    "tolerance_change": _NOT_NEGATIVE,
}


def pieces(*arrays: Array) -> Iterator[Sequence[Any]]:
    """Yield arrays of one shape in pieces that stay in the processor's cache.

    Everything is done to a piece before the next is touched: then only the first reading and the
    last writing of each array go to main memory, and temporaries reuse the same memory.
    """
    size = arrays[0].size
    if size <= _PIECE or not all(x.flags.c_contiguous for x in arrays):
        yield arrays
        return
    flat = [x.reshape(-1) for x in arrays]
    for i in range(0, size, _PIECE):
        part = slice(i, i + _PIECE)
        yield [x[part] for x in flat]


def row_pieces(g: RowGradient) -> Iterator[tuple[Any, Any]]:
    """Yield the rows and values of a gradient, every row once, in pieces that stay in the cache."""
    g = g.summed()
    step = max(1, _PIECE // 2 // max(1, g.values[:1].size))
    for i in range(0, len(g.rows), step):
        yield g.rows[i : i + step], g.values[i : i + step]


_PIECE = 1 << 17  # elements: a few such arrays fit into the caches of one core
