"""What a training run comes to: means over batches, and the lists of them over the epochs."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import Tensor

from .module import Module

Metrics = Mapping[str, Callable[[Any, Any], float]]
Result = tuple[float, dict[str, float]]  #: a mean loss, and the mean of each metric


@dataclass
class History:
    """What each epoch came to, in lists; those of metrics by name.

    `loss` and `metrics` are means over the epoch's batches, each seen just before the step that
    learns from it; the validation ones are taken after the epoch, and empty without validation.
    `lr`: the learning rate of the epoch's last step (of the first group of parameters).
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation_loss: list[float] = field(default_factory=list)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)
    lr: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch, from 1, of the lowest validation loss; None if there is none."""
        losses = self.validation_loss
        finite = [i for i, loss in enumerate(losses) if math.isfinite(loss)]
        return min(finite, key=losses.__getitem__) + 1 if finite else None

    def add(self, result: Result, lr: float) -> None:
        """Add an epoch of training."""
        self.lr.append(lr)
        self.loss.append(result[0])
        for name, value in result[1].items():
            self.metrics.setdefault(name, []).append(value)

    def add_validation(self, result: Result) -> None:
        """Add the validation after an epoch."""
        self.validation_loss.append(result[0])
        for name, value in result[1].items():
            self.validation_metrics.setdefault(name, []).append(value)

    def last(self) -> tuple[Result, Result | None]:
        """The last epoch: what training gave, and validation."""
        training = self.loss[-1], {name: values[-1] for name, values in self.metrics.items()}
        if not self.validation_loss:
            return training, None
        metrics = {name: values[-1] for name, values in self.validation_metrics.items()}
        return training, (self.validation_loss[-1], metrics)


@dataclass
class Run:
    """A run as its callbacks see it, after an epoch."""

    model: Module
    optimizer: Any
    history: History
    epochs: int  #: how many there will be
    best: dict[str, Any] | None = None  #: the model's state of its best epoch, with `patience`
    stopped: bool = False  #: by a callback

    @property
    def epoch(self) -> int:
        """How many epochs are done."""
        return len(self.history.loss)

    def is_over(self, patience: int | None) -> bool:
        """Whether a callback, the epochs or the patience have ended it."""
        waited = self.epoch - (self.history.best_epoch or 0)
        tired = patience is not None and waited >= patience
        return self.stopped or tired or self.epoch >= self.epochs


class Means:
    """Means of the loss and the metrics over batches, each batch weighted by its length."""

    def __init__(self, metrics: Metrics | None) -> None:
        if not isinstance(metrics, Mapping | None):
            raise TypeError(
                f"metrics is a {type(metrics).__name__}; pass a dict from names to functions of "
                f"outputs and targets"
            )
        self.metrics = metrics
        self.count = 0  #: examples
        self._loss = 0.0
        self._sums: dict[str, float] = {}

    def add(self, loss: float, outputs: Any, targets: Any) -> None:
        """Add a batch."""
        outputs = outputs.data if isinstance(outputs, Tensor) else outputs
        if self.metrics is None:
            self.metrics = {"accuracy": accuracy} if _are_labels(outputs, targets) else {}
        n = len(targets)
        self.count += n
        self._loss += loss * n
        for name, metric in self.metrics.items():
            value = number(f"metrics[{name!r}]", metric(outputs, targets))
            self._sums[name] = self._sums.get(name, 0.0) + value * n

    def result(self) -> Result:
        """The mean loss, and the mean of each metric by name."""
        count = max(self.count, 1)
        return self._loss / count, {name: total / count for name, total in self._sums.items()}


def number(what: str, value: Any) -> float:
    """What a loss or a metric gave, as a float; `TypeError` where it is not one number."""
    if value is None or np.shape(value) not in ((), (1,)):
        kind = "None" if value is None else f"an array of shape {np.shape(value)}"
        raise TypeError(f"{what} gave {kind}; it must give one number, such as a mean")
    return float(value.item() if hasattr(value, "item") else value)


def accuracy(outputs: Any, targets: Any) -> float:
    """The fraction of labels `(N, ...)` that have the largest output of their row `(N, C, ...)`."""
    return float(np.count_nonzero(outputs.argmax(axis=1) == targets)) / max(targets.size, 1)


def _are_labels(outputs: Any, targets: Any) -> bool:
    if getattr(targets, "dtype", np.dtype(float)).kind not in "iu" or np.ndim(outputs) < 2:
        return False
    return np.shape(outputs)[:1] + np.shape(outputs)[2:] == targets.shape
