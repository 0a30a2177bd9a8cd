"""The state of a training run, and the bookkeeping between its steps."""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, Protocol

import numpy as np

from autograd import AutogradError, Tensor
from autograd.typing import Array

from .history import History, Result
from .metrics import Means, Metrics
from .module import Module
from .optim import Optimizer, clip_grad_norm_
from .resume import RunFile, State


class DivergedError(AutogradError, FloatingPointError):
    """The loss, a gradient or a parameter became infinite or NaN during training.

    Example:
        >>> model = nn.Linear(1, 1)
        >>> optimizer = nn.optim.SGD(model.parameters(), lr=1e38, momentum=0)
        >>> data = np.full((4, 1), 100, np.float32), np.zeros((4, 1), np.float32)
        >>> nn.fit(
        ...     model, nn.MSELoss(), optimizer, data, epochs=1, progress=False
        ... )  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        ...
        nn.run.DivergedError: fit: weight is not finite in epoch 1, batch 1 of 1, at learning ...
    """


class Batches(Protocol):
    """Mini-batches that can be iterated over again and again, such as a `DataLoader`."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Any]: ...


class Schedule(Protocol):
    """Anything that changes the learning rate in `step`."""

    @property
    def step(self) -> Callable[..., Any]: ...


@dataclass(eq=False, repr=False)
class Run:
    """A training run: its parts, how far it has come, and the bookkeeping between its steps.

    `fit` makes one, and passes it to callbacks. A script with a training loop of its own makes
    one too, and calls what it needs of it; the loop of `fit` can be copied for a start.

    Args:
        model: The network to train.
        loss: A function of outputs and targets.
        optimizer: The optimizer of the model's parameters.
        data: The batches of an epoch, tuples `(inputs, targets)`.
        epochs: The number of epochs after which the run is over.

    The other arguments are those of `fit`, where they are described.

    Attributes:
        history: The results of the finished epochs.
        epoch: The number of finished epochs.
        batch: The number of batches drawn in the current epoch.
        batch_loss: The loss of the last finished batch.
        lr: The learning rate of the last batch.
        means: The means of the loss and the metrics in the current epoch.
        best: With `patience`, the state of the model in its best epoch.
        stopped: Whether a callback has ended the run.

    Raises:
        TypeError: If `checkpoint` is given and a part has no state to save.

    Example:
        >>> x = np.linspace(-1, 1, 32, dtype=np.float32)[:, None]
        >>> model = nn.Linear(1, 1)
        >>> optimizer = nn.optim.SGD(model.parameters(), lr=0.1, momentum=0)
        >>> loss = nn.MSELoss()
        >>> run = nn.Run(model, loss, optimizer, nn.DataLoader(x, 2 * x, batch_size=8), epochs=20)
        >>> while not run.is_over:
        ...     for inputs, targets in run.batches():
        ...         outputs = model(*inputs)
        ...         batch_loss = loss(outputs, targets)
        ...         optimizer.zero_grad()
        ...         batch_loss.backward()
        ...         optimizer.step()
        ...         run.end_batch(batch_loss, outputs, targets)
        ...     run.end_epoch()
        >>> run.epoch, run.history.loss[-1] < run.history.loss[0]
        (20, True)
    """

    model: Module
    loss: Callable[..., Tensor]
    optimizer: Optimizer
    data: Batches
    _: KW_ONLY
    epochs: int
    validation: Batches | None = None
    metrics: Metrics | None = None
    schedule: Schedule | None = None
    batch_schedule: Schedule | None = None
    callbacks: Sequence[Callable[[Run], bool | None]] = ()
    batch_callbacks: Sequence[Callable[[Run], bool | None]] = ()
    patience: int | None = None
    checkpoint: str | os.PathLike[str] | None = None
    generators: Sequence[np.random.Generator] = ()
    history: History = field(default_factory=History, init=False)
    best: State | None = field(default=None, init=False)
    stopped: bool = field(default=False, init=False)
    batch: int = field(default=0, init=False)
    batch_loss: float = field(default=math.nan, init=False)
    lr: float = field(default=math.nan, init=False)

    def __post_init__(self) -> None:
        self.means = Means(self.metrics)
        named = ("model", "loss", "optimizer", "schedule", "batch_schedule", "metrics", "data",
                 "validation")  # fmt: skip
        parts = {name: getattr(self, name) for name in named}
        for kind in ("callbacks", "batch_callbacks"):
            parts |= {f"{kind}.{i}": part for i, part in enumerate(getattr(self, kind))}
        self._file = RunFile(self.checkpoint, parts, self.generators)

    @property
    def epoch(self) -> int:
        """The number of finished epochs."""
        return len(self.history.loss)

    @property
    def is_over(self) -> bool:
        """Whether a callback, the number of epochs or the patience has ended the run."""
        waited = self.epoch - (self.history.best_epoch or 0)
        tired = self.patience is not None and waited >= self.patience
        return self.stopped or tired or self.epoch >= self.epochs

    def save(self) -> None:
        """Write the checkpoint, if the run has one."""
        self._file.save(self.history, self.stopped, self.best)

    def load(self) -> bool:
        """Continue from the checkpoint; return False if there is no file.

        Raises:
            CheckpointError: If the file belongs to another run; nothing has changed then.
        """
        found = self._file.load(self.patience)
        if found is not None:
            self.history, self.stopped, self.best = found
        return found is not None

    def batches(self) -> Iterator[tuple[Sequence[Any], Any]]:
        """Begin an epoch, and iterate over its batches as `(inputs, targets)`, `inputs` a tuple.

        Raises:
            TypeError: If a batch is not a tuple of inputs and targets.
            ValueError: If the data gives no batches.
        """
        self.means = Means(self.metrics)
        for number, batch in enumerate(self.data, 1):
            self.batch = number
            self.lr = float(self.optimizer.param_groups[0]["lr"])
            yield split(batch)
        if not self.means.count:
            raise ValueError(f"fit: data gave no batches in epoch {self.epoch + 1}")

    def check_loss(self, loss: Tensor) -> None:
        """Raise `DivergedError` for a loss that is not finite, before it reaches the model."""
        value = _value(loss)
        if not math.isfinite(value):
            raise self._diverged(f"the loss is {value}")

    def check_parameters(self) -> None:
        """Raise `DivergedError` for a parameter that is not finite."""
        for name, parameter in self.model.named_parameters():
            if not np.isfinite(parameter.data).all():
                raise self._diverged(f"{name} is not finite")

    def clip_gradients(self, max_norm: float) -> None:
        """Scale the gradients of the optimizer's parameters to a norm of at most `max_norm`.

        Raises:
            DivergedError: If their norm is not finite.
        """
        held = [p for group in self.optimizer.param_groups for p in group["params"]]
        norm = clip_grad_norm_(held, max_norm, error_if_nonfinite=False)
        if not math.isfinite(norm):
            raise self._diverged(f"the norm of the gradients is {norm}")

    def end_batch(self, loss: Tensor, outputs: Array, targets: Array) -> None:
        """Record a batch, step `batch_schedule`, and call the batch callbacks."""
        self.batch_loss = _value(loss)
        if self.batch_schedule is not None:
            self.batch_schedule.step()
        self.means.add(self.batch_loss, outputs, targets)
        self._call(self.batch_callbacks)

    def end_epoch(self, validated: Result | None = None) -> None:
        """Record an epoch, step `schedule`, keep the best state, call the callbacks, and save.

        Args:
            validated: The validation results, as `evaluate` returns them; None without
                validation.
        """
        self.history.add(self.means.final(), self.lr)
        if validated is not None:
            self.history.add_validation(validated)
        if self.schedule is not None:
            seen = self.history.validation_loss[-1:] if needs_loss(self.schedule) else ()
            self.schedule.step(*seen)
        if self.patience is not None and self.history.best_epoch == self.epoch:
            self.best = self.model.state_dict()
        self._call(self.callbacks)
        self.save()

    def restore_best(self) -> None:
        """Give the model the parameters and buffers of its best epoch, if `patience` is given."""
        if self.patience is not None and self.best is not None:
            self.model.load_state_dict(self.best)

    def _call(self, callbacks: Sequence[Callable[[Run], bool | None]]) -> None:
        for callback in callbacks:
            answer = callback(self)
            if answer is not None and not isinstance(answer, bool | np.bool_):
                raise TypeError(
                    f"fit: a callback returned {answer!r}; return True to end the training, or None"
                )
            self.stopped |= bool(answer)

    def _diverged(self, what: str) -> DivergedError:
        return DivergedError(
            f"fit: {what} in epoch {self.epoch + 1}, batch {self.batch} of {len(self.data)}, at "
            f"learning rate {self.lr:g}; lower it, or look for NaN in the data: "
            f"nn.DataLoader(..., check_finite=True)"
        )


def split(batch: object) -> tuple[Sequence[Any], Any]:
    """Split a batch into its inputs and its targets, which come last."""
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise TypeError(
            f"a batch is a {type(batch).__name__}; it must be a tuple (inputs, targets), or "
            f"(input, input, ..., targets)"
        )
    return batch[:-1], batch[-1]


def needs_loss(schedule: Schedule) -> bool:
    """Tell whether `schedule.step` has an argument without a default."""
    parameters = inspect.signature(schedule.step).parameters.values()
    return any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def _value(loss: Any) -> float:
    if not isinstance(loss, Tensor) or loss.size != 1:
        shape = f" of shape {loss.shape}" if isinstance(loss, Tensor) else ""
        raise TypeError(
            f"fit: loss(outputs, targets) gave a {type(loss).__name__}{shape}; it must give a "
            f"Tensor of one number, such as the mean over the batch"
        )
    return float(loss.item())
