"""How a training run shows its progress: in a bar where tqdm is installed, or in lines."""

from __future__ import annotations

import time
from typing import Any

from .history import History, Means

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
        print(f"{self._epoch()}  {summary(history)}{self._speed()}", flush=True)

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
        self.shown = 0.0
        self.done = 0
        self.validation = ""

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def step(self, epoch: int, means: Means, lr: float) -> None:
        super().step(epoch, means, lr)
        self.done += 1
        if self.last - self.shown >= _INTERVAL:
            loss, metrics = means.result()
            self._show(f"{_shown(loss, metrics)}{self.validation}, lr {lr:.3g}{self._speed()}")

    def epoch_done(self, history: History) -> None:
        self.validation = _validation(history)
        self._show(f"{summary(history)}{self._speed()}")

    def _show(self, text: str) -> None:
        if self.bar is None:
            skipped = (self.epoch - 1) * self.batches  # a resumed run has done these before
            self.bar = self.tqdm(
                total=self.epochs * self.batches,
                initial=skipped,
                desc=self._epoch(),
                bar_format="{desc} |{bar:12}| {elapsed}<{remaining}{postfix}",
            )
        self.bar.set_description_str(self._epoch(), refresh=False)
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update(self.done)
        self.shown, self.done = self.last, 0


def shown_progress(epochs: int, batches: int) -> Silence:
    """A bar where tqdm is installed, otherwise lines."""
    try:
        from tqdm import tqdm
    except ImportError:
        return Lines(epochs)
    return Bar(epochs, batches, tqdm)


def summary(history: History) -> str:
    """The last epoch, in a line."""
    metrics = {name: values[-1] for name, values in history.metrics.items()}
    text = _shown(history.loss[-1], metrics) + _validation(history)
    return f"{text}, lr {history.lr[-1]:.3g}"


def _validation(history: History) -> str:
    if not history.validation_loss:
        return ""
    metrics = {name: values[-1] for name, values in history.validation_metrics.items()}
    return f", validation {_shown(history.validation_loss[-1], metrics)}"


def _shown(loss: float, metrics: dict[str, float]) -> str:
    texts = (
        f"{name} {value:.1%}" if name == "accuracy" else f"{name} {value:.4g}"
        for name, value in metrics.items()
    )
    return ", ".join([f"loss {loss:.4f}", *texts])
