"""The checkpoint of a training run, from which the run continues as if it had never stopped.

It is a file of `nn.save` with

- the state of the model, the optimizer and the schedules, and of a loss and callbacks that have
  `state_dict()` and `load_state_dict()`: 'model.layers.0.weight', 'optimizer.groups.0.lr', ...;
- with early stopping, the state of the model in its best epoch: 'best.layers.0.weight', ...;
- 'run', as JSON text: the history, and the state of every NumPy generator that the model, the
  data (with its augmentations), the loss, the metrics, the schedules and the callbacks hold as
  attributes (see `generators.py`), and of those that were passed as `generators`.

Nothing else that changes during training is saved or restored: generators that only a closure or
a global name holds, other attributes that modules or data change, files, the generators of other
libraries, and NumPy's global one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from .checkpoint import CheckpointError, load, save
from .generators import generators_in
from .history import History
from .module import Module

_NEEDED = ("model", "optimizer", "schedule", "batch_schedule")

State = dict[str, Any]  #: arrays by name, as `state_dict()` returns them


class RunFile:
    """The checkpoint of one run.

    Args:
        path: The file; None for a run without a checkpoint, where `save` and `load` do nothing.
        objects: The parts of the run by name; those that are None do not count.
        generators: Generators to save besides those that the parts hold.

    Raises:
        TypeError: If the optimizer or a schedule has no `state_dict()` to save.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        objects: Mapping[str, Any],
        generators: Sequence[np.random.Generator] = (),
    ) -> None:
        self.path = path
        self.generators = generators
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
                    f"which {type(self.objects[name]).__name__} lacks"
                )

    def save(self, history: History, stopped: bool, best: State | None) -> None:
        """Write the run as it is now."""
        if self.path is None:
            return
        about = {
            "kinds": self._kinds(),
            "generators": {p: g.bit_generator.state for p, g in self._generators().items()},
            "history": asdict(history),
            "stopped": stopped,
        }
        # The state of some generators has arrays, which become lists.
        text = json.dumps(about, default=lambda array: array.tolist())
        named = {f"best.{name}": array for name, array in (best or {}).items()}
        save({"run": text, **self._state(), **named}, self.path)

    def load(self, patience: int | None) -> tuple[History, bool, State | None] | None:
        """Restore the parts of the run.

        Returns:
            The history, whether a callback stopped the run, and the state of the best epoch;
            None if there is no file.

        Raises:
            CheckpointError: If the file belongs to another run; nothing has changed then.
        """
        if self.path is None or not Path(self.path).exists():
            return None
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
                f"{self.path}: has no best parameters, since its run had no patience; continue it "
                f"without patience"
            )
        self._put(arrays)
        for place, generator in generators.items():
            generator.bit_generator.state = states[place]
        return history, about["stopped"], best

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
        """Return the description that a run and its file must share."""
        kinds = {
            name: " ".join(type(module).__name__ for module in part.modules())
            if isinstance(part, Module)
            else type(part).__name__
            for name, part in self.parts.items()
        }
        kinds["metrics"] = ", ".join(self.objects.get("metrics", ["by default"]))
        kinds["validation"] = "yes" if "validation" in self.objects else "no"
        return kinds

    def _generators(self) -> dict[str, np.random.Generator]:
        found = generators_in(self.objects)
        listed = {f"generators.{i}": g for i, g in enumerate(self.generators)}
        return found | {p: g for p, g in listed.items() if g not in found.values()}

    def _state(self) -> State:
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
        except Exception as error:  # the part that failed has not changed
            for name in done:
                self.parts[name].load_state_dict(_below(f"{name}.", before))
            raise CheckpointError(
                f"{self.path}: does not fit this run, and nothing was loaded: {error}"
            ) from error


def _below(prefix: str, arrays: Mapping[str, Any]) -> State:
    return {k.removeprefix(prefix): a for k, a in arrays.items() if k.startswith(prefix)}
