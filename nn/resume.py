"""What the checkpoint of a training run holds, so that the run can go on as if never stopped.

A file of `nn.save` with

- the state of the model, the optimizer and the schedules, and of a loss and callbacks that have
  `state_dict()` and `load_state_dict()`: 'model.layers.0.weight', 'optimizer.groups.0.lr', ...;
- with early stopping, the model's state of the best epoch: 'best.layers.0.weight', ...;
- 'run', as JSON text: the history, and the state of every NumPy generator that can be reached
  from the model, the data (its augmentations), the loss, the schedules and the callbacks.

Anything else that changes while training is not in it, and not restored: plain attributes that
modules or data change, files, the generators of other libraries and NumPy's global one.
"""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

import numpy as np

from autograd import Tensor

from .checkpoint import CheckpointError, load, save
from .history import History, Run
from .module import Module

_NEEDED = ("model", "optimizer", "schedule", "batch_schedule")


class RunFile:
    """The checkpoint at `path`, of a run that consists of `objects`; without a path, nothing.

    Raises `TypeError` for an optimizer or a schedule without a state to save.
    """

    def __init__(self, path: str | os.PathLike[str] | None, objects: Mapping[str, Any]) -> None:
        self.path = path
        self.objects = {name: part for name, part in objects.items() if part is not None}
        self.parts = {
            name: part
            for name, part in self.objects.items()
            if hasattr(part, "state_dict") and hasattr(part, "load_state_dict")
        }
        for name in _NEEDED:
            if path is not None and name in self.objects and name not in self.parts:
                raise TypeError(
                    f"fit: checkpoint= needs {name} to have state_dict() and load_state_dict(), "
                    f"which {type(self.objects[name]).__name__} has not"
                )

    def save(self, run: Run) -> None:
        """Write the run as it is now."""
        if self.path is None:
            return
        states = {place: g.bit_generator.state for place, g in self._generators().items()}
        about = {
            "kinds": self._kinds(),
            "generators": states,
            "history": asdict(run.history),
            "stopped": run.stopped,
        }
        # The state of some generators has arrays, which become lists.
        text = json.dumps(about, default=lambda array: array.tolist())
        best = {f"best.{name}": array for name, array in (run.best or {}).items()}
        save({"run": np.array(text), **self._state(), **best}, self.path)

    def load(self, run: Run, patience: int | None) -> bool:
        """Restore the run; False, and nothing happens, where there is no file.

        Raises `CheckpointError` for a file of another run, and then changes nothing.
        """
        if self.path is None or not Path(self.path).exists():
            return False
        arrays = load(self.path)
        if "run" not in arrays:
            raise CheckpointError(f"{self.path}: is not a checkpoint of nn.fit")
        about = json.loads(str(arrays["run"]))
        self._compare("a run with", about["kinds"], self._kinds())
        states, generators = about["generators"], self._generators()
        self._compare(
            "a run that draws from",
            {place: state["bit_generator"] for place, state in states.items()},
            {place: type(g.bit_generator).__name__ for place, g in generators.items()},
        )
        history, best = History(**about["history"]), _below("best.", arrays) or None
        if patience is not None and best is None and history.best_epoch is not None:
            raise CheckpointError(
                f"{self.path}: has no best parameters, for its run had no patience; go on without"
            )
        self._put(arrays)
        for place, generator in generators.items():
            generator.bit_generator.state = states[place]
        run.history, run.stopped, run.best = history, about["stopped"], best
        return True

    def _compare(self, what: str, saved: dict[str, Any], own: dict[str, Any]) -> None:
        if saved != own:
            names = [name for name in {**saved, **own} if saved.get(name) != own.get(name)]
            texts = (
                ", ".join(f"{name}: {kinds.get(name, 'none')}" for name in names)
                for kinds in (saved, own)
            )
            raise CheckpointError(
                "{}: is of {} {}; this one has {}. Nothing was loaded; use another file, or start "
                "again with resume=False".format(self.path, what, *texts)
            )

    def _kinds(self) -> dict[str, str]:
        """What must be alike in a run and its file."""
        kinds = {
            name: " ".join(type(module).__name__ for module in part.modules())
            if isinstance(part, Module)
            else type(part).__name__
            for name, part in self.parts.items()
        }
        kinds["metrics"] = ", ".join(self.objects.get("metrics", ["by default"]))
        kinds["validation"] = "yes" if "validation" in self.objects else "no"
        return kinds

    def _state(self) -> dict[str, Any]:
        return {
            f"{name}.{key}": value
            for name, part in self.parts.items()
            for key, value in part.state_dict().items()
        }

    def _put(self, arrays: Mapping[str, Any]) -> None:
        before = self._state()
        done = []
        try:
            for name, part in self.parts.items():
                part.load_state_dict(_below(f"{name}.", arrays))
                done.append(name)
        except Exception as error:  # the part itself is as it was
            for name in done:
                self.parts[name].load_state_dict(_below(f"{name}.", before))
            raise CheckpointError(
                f"{self.path}: does not fit this run, and nothing was loaded: {error}"
            ) from error

    def _generators(self) -> dict[str, np.random.Generator]:
        return generators_in(self.objects)


def _below(prefix: str, arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}


# -- generators ---------------------------------------------------------------------------------

_CLOSED = (np.ndarray, Tensor, str, bytes, int, float, type, ModuleType, BuiltinFunctionType)


def generators_in(root: Any) -> dict[str, np.random.Generator]:
    """The generators that can be reached from `root`, each once, by the path to it.

    The ways: attributes; items of dicts, lists, tuples and sets; and what functions hold, in
    closures, as defaults, bound (`functools.partial`, methods), or by name in their own file.
    """
    found: dict[str, np.random.Generator] = {}
    seen: dict[int, Any] = {}  # the values too, so that no id is used again
    waiting = [("", root)]
    for place, value in waiting:
        if isinstance(value, _CLOSED) or value is None or id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, np.random.Generator):
            found[place] = value
        else:
            waiting += [(f"{place}.{k}" if place else str(k), part) for k, part in _parts(value)]
    return found


def _parts(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict):
        yield from list(value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from enumerate(value)
    elif isinstance(value, MethodType):
        yield "self", value.__self__
        yield "function", value.__func__
    elif isinstance(value, functools.partial):
        yield from (("function", value.func), ("args", value.args), ("keywords", value.keywords))
    elif isinstance(value, FunctionType):
        yield from (("defaults", value.__defaults__), ("defaults", value.__kwdefaults__))
        for name, cell in zip(value.__code__.co_freevars, value.__closure__ or (), strict=True):
            try:
                yield name, cell.cell_contents
            except ValueError:  # not assigned yet
                continue
        own = value.__globals__
        for name in _names(value.__code__):
            part = own.get(name)
            ours = isinstance(part, FunctionType) and part.__globals__ is own
            if ours or isinstance(part, np.random.Generator):
                yield name, part
    else:
        yield from list(getattr(value, "__dict__", {}).items())


def _names(code: CodeType) -> Iterator[str]:
    """The names of globals in a function's code, and in that of functions inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
