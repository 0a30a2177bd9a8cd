"""The record of a training run: losses, metrics and learning rates by epoch."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

Result = tuple[float, dict[str, float]]  #: the loss, and each metric by name


@dataclass
class History:
    """The results of each epoch, as lists; element 0 is the first epoch.

    Attributes:
        loss: The mean loss over the epoch's batches, each taken just before the step that learns
            from it.
        metrics: The metrics over the same batches, by name.
        validation_loss: The loss on the validation data after the epoch; empty without validation.
        validation_metrics: The metrics on the validation data, by name.
        lr: The learning rate of the epoch's last step (first parameter group).

    Example:
        >>> history = nn.History(loss=[0.9, 0.5, 0.4], validation_loss=[0.8, 0.6, 0.7])
        >>> history.best_epoch
        2
    """

    loss: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation_loss: list[float] = field(default_factory=list)
    validation_metrics: dict[str, list[float]] = field(default_factory=dict)
    lr: list[float] = field(default_factory=list)

    @property
    def best_epoch(self) -> int | None:
        """The first epoch with the lowest finite validation loss, from 1; None if there is none."""
        losses = self.validation_loss
        finite = [i for i, loss in enumerate(losses) if math.isfinite(loss)]
        return min(finite, key=losses.__getitem__) + 1 if finite else None

    def add(self, result: Result, lr: float) -> None:
        """Append the results of an epoch of training."""
        self.lr.append(lr)
        self.loss.append(result[0])
        for name, value in result[1].items():
            self.metrics.setdefault(name, []).append(value)

    def add_validation(self, result: Result) -> None:
        """Append the validation results of the same epoch."""
        self.validation_loss.append(result[0])
        for name, value in result[1].items():
            self.validation_metrics.setdefault(name, []).append(value)

    def last(self) -> tuple[Result, Result | None]:
        """Return the last epoch's results on the training data and on the validation data."""
        training = self.loss[-1], {name: values[-1] for name, values in self.metrics.items()}
        if not self.validation_loss:
            return training, None
        metrics = {name: values[-1] for name, values in self.validation_metrics.items()}
        return training, (self.validation_loss[-1], metrics)
