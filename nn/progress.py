"""How a training run shows its progress: in a bar where tqdm is installed, or in lines."""

from __future__ import annotations

import time
from typing import Any

from .history import History, Means, Result

_INTERVAL = 0.1  # seconds between two pictures of the bar: a small step takes less than 0.1 ms


class Silence:
    """No progress: what the others must have."""

    def __enter__(self) -> Silence:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def step(self, epoch: int, means: Means, lr: float) -> None:
        """After a batch: `means` are those of the epoch so far."""

    def epoch_done(self, history: History) -> None:
        """After an epoch and its validation."""


class Lines(Silence):
    """A line per epoch."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs
        self.epoch = 0
        self.means: Any = None

    def step(self, epoch: int, means: Means, lr: float) -> None:  # noqa: ARG002
        now = time.perf_counter()
        if epoch != self.epoch:  # its first batch is counted, and not timed
            self.epoch, self.start, self.first = epoch, now, means.count
        self.means, self.last = means, now

    def epoch_done(self, history: History) -> None:
        text = summary(*history.last(), history.lr[-1])
        print(f"{self._epoch()}  {text}{self._speed()}", flush=True)

    def _epoch(self) -> str:
        return f"epoch {self.epoch:>{len(str(self.epochs))}}/{self.epochs}"

    def _speed(self) -> str:
        """Examples per second of this epoch, validation left out."""
        seconds = self.last - self.start
        return f", {(self.means.count - self.first) / seconds:,.0f}/s" if seconds else ""


class Bar(Lines):
    """A bar of tqdm's, on the standard error stream."""

    def __init__(self, epochs: int, batches: int, tqdm: Any) -> None:
        super().__init__(epochs)
        self.batches, self.tqdm = batches, tqdm
        self.bar: Any = None
        self.shown, self.done = 0.0, 0
        self.validation: Result | None = None

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def step(self, epoch: int, means: Means, lr: float) -> None:
        super().step(epoch, means, lr)
        self.done += 1
        if self.last - self.shown >= _INTERVAL:
            self._show(summary(means.result(), self.validation, lr))

    def epoch_done(self, history: History) -> None:
        training, self.validation = history.last()
        self._show(summary(training, self.validation, history.lr[-1]))

    def _show(self, text: str) -> None:
        if self.bar is None:
            skipped = (self.epoch - 1) * self.batches  # a resumed run has done these before
            self.bar = self.tqdm(
                total=self.epochs * self.batches,
                initial=skipped,
                desc=self._epoch(),
                bar_format="{desc} |{bar}| {remaining}{postfix}",  # the bar has what room is left
            )
        self.bar.set_description_str(self._epoch(), refresh=False)
        self.bar.set_postfix_str(f"{text}{self._speed()}", refresh=False)
        self.bar.update(self.done)
        self.shown, self.done = self.last, 0


def shown_progress(epochs: int, batches: int) -> Silence:
    """A bar where tqdm is installed, otherwise lines."""
    try:
        from tqdm import tqdm
    except ImportError:
        return Lines(epochs)
    return Bar(epochs, batches, tqdm)


def summary(training: Result, validation: Result | None, lr: float) -> str:
    """An epoch in a line; what validation gave stands in parentheses."""
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
