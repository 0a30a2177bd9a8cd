"""The progress display of a training run: a bar if tqdm is installed, otherwise lines."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

from .history import History, Result

_INTERVAL = 0.1  # seconds between two updates of the bar: a small step takes less than 0.1 ms


class Means(Protocol):
    """A count of examples (or words), and means of the loss and metrics over them."""

    count: int

    def result(self) -> Result: ...


class Silence:
    """No display, and the interface of the others."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def step(self, epoch: int, means: Means, lr: float, size: int = 1) -> None:
        """Show the means of the epoch so far, after `size` more batches."""

    def epoch_done(self, history: History) -> None:
        """Show the results of an epoch, after its validation."""


class Lines(Silence):
    """A line per epoch on the standard output."""

    def __init__(self, epochs: int, unit: str = "") -> None:
        self.epochs, self.unit = epochs, unit
        self.epoch = self.count = self.first = 0
        self.start = self.last = 0.0

    def step(self, epoch: int, means: Means, lr: float, size: int = 1) -> None:  # noqa: ARG002
        now = time.perf_counter()
        if epoch != self.epoch:  # the first batch is not timed: when it began is not known
            self.epoch, self.start, self.first = epoch, now, means.count
        self.count, self.last = means.count, now

    def epoch_done(self, history: History) -> None:
        self.epoch = len(history.loss)
        text = summary(*history.last(), history.lr[-1])
        print(f"{self._epoch()}  {text}{self._speed()}", flush=True)

    def _epoch(self) -> str:
        return f"epoch {self.epoch:>{len(str(self.epochs))}}/{self.epochs}"

    def _speed(self) -> str:
        """Examples per second in this epoch, without validation."""
        seconds = self.last - self.start
        speed = (self.count - self.first) / (seconds or 1)
        return f", {speed:,.0f}{self.unit}/s" if speed else ""


class Bar(Lines):
    """A bar by tqdm, on the standard error stream."""

    def __init__(
        self, epochs: int, batches: int, tqdm: Callable[..., Any], begun: int = 0, unit: str = ""
    ) -> None:
        super().__init__(epochs, unit)
        self.batches, self.tqdm, self.begun = batches, tqdm, begun
        self.bar: Any = None
        self.shown, self.done = 0.0, 0
        self.validation: Result | None = None

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def step(self, epoch: int, means: Means, lr: float, size: int = 1) -> None:
        super().step(epoch, means, lr)
        self.done += size
        if self.last - self.shown >= _INTERVAL:
            self._show(summary(means.result(), self.validation, lr))

    def epoch_done(self, history: History) -> None:
        self.epoch = len(history.loss)
        training, self.validation = history.last()
        self._show(summary(training, self.validation, history.lr[-1]))

    def _show(self, text: str) -> None:
        if self.bar is None:
            self.bar = self.tqdm(
                total=self.epochs * self.batches,
                initial=self.begun,
                desc=self._epoch(),
                bar_format="{desc} |{bar}| {remaining}{postfix}",
            )
        self.bar.set_description_str(self._epoch(), refresh=False)
        self.bar.set_postfix_str(f"{text}{self._speed()}", refresh=False)
        self.bar.update(self.done)
        self.shown, self.done = self.last, 0


def shown_progress(epochs: int, batches: int, begun: int = 0, unit: str = "") -> Silence:
    """Make a bar if tqdm is installed, otherwise lines.

    Args:
        epochs: The number of epochs.
        batches: The number of batches in an epoch.
        begun: The number of batches that a resumed run had done before, over all epochs.
        unit: The name of the things counted per second, such as " words".
    """
    try:
        from tqdm import tqdm
    except ImportError:
        return Lines(epochs, unit)
    return Bar(epochs, batches, tqdm, begun, unit)


def summary(training: Result, validation: Result | None, lr: float) -> str:
    """Write an epoch in one line, with the validation results in parentheses."""
    values = {"loss": training[0], **training[1]}
    seen = {"loss": validation[0], **validation[1]} if validation else {}
    word = "validation "
    texts = []
    for name in {**values, **seen}:
        text = f"{name} {_number(name, values[name])}" if name in values else name
        if name in seen:
            text += f" ({word}{_number(name, seen[name])})"
            word = ""
        texts.append(text)
    return ", ".join([*texts, f"lr {lr:.3g}"])


def _number(name: str, value: float) -> str:
    return f"{value:.1%}" if name == "accuracy" else f"{value:.4f}"
