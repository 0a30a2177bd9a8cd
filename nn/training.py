"""The training loop of a classifier, short enough to be read and copied.

Read `models/mlp.py` for something to train, and `__main__.py` for the whole of a program.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from autograd import AutogradError, cross_entropy, no_grad

from .data import DataLoader, Pair
from .module import Module
from .optim import Optimizer


class DivergedError(AutogradError, FloatingPointError):
    """The loss became infinite or NaN while training."""


@dataclass
class History:
    """What each epoch came to, in lists: mean loss, and accuracy as a fraction from 0 to 1.

    `loss` and `accuracy` are means over the epoch's batches, each seen just before the step that
    learns from it; the `held_out` ones are taken after the epoch.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float] = field(default_factory=list)
    held_out_loss: list[float] = field(default_factory=list)
    held_out_accuracy: list[float] = field(default_factory=list)


def fit(
    model: Module,
    optimizer: Optimizer,
    train: Pair,
    held_out: Pair,
    *,
    epochs: int,
    batch_size: int = 32,
    loss_function: Callable[[Any, Any], Any] = cross_entropy,
    generator: np.random.Generator | None = None,
) -> History:
    """Train `model` on mini-batches of `train`, and show how it goes.

    `train` and `held_out` are pairs of inputs `(N, ...)` and integer labels `(N,)`; `model` gives
    logits `(N, classes)`. Batches are drawn from `generator`. Progress goes to a bar where tqdm
    is installed, and otherwise to a line per epoch.

    Raises `ValueError` for `epochs` below 1, and `DivergedError` once the loss is not finite.
    """
    if epochs < 1:
        raise ValueError(f"fit: epochs (={epochs}) must be at least 1")
    batches = DataLoader(*train, batch_size=batch_size, generator=generator)
    history = History()
    with (
        _progress(epochs, len(batches)) as progress,
        np.errstate(over="ignore", invalid="ignore"),  # a loss that is not finite is caught below
    ):
        for epoch in range(1, epochs + 1):
            model.train()
            total, right, seen = 0.0, 0, 0
            for inputs, labels in batches:
                logits = model(inputs)
                loss = loss_function(logits, labels)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()

                total += loss.item() * len(labels)
                right += int(np.count_nonzero(logits.argmax(axis=-1) == labels))
                seen += len(labels)
                if not math.isfinite(total):
                    rates = ", ".join(f"{group['lr']:g}" for group in optimizer.param_groups)
                    raise DivergedError(
                        f"fit: the loss is no longer a finite number in epoch {epoch}; lower the "
                        f"learning rate (lr={rates})"
                    )
                progress.step(epoch, total / seen, right / seen)
            held_out_loss, held_out_accuracy = evaluate(
                model, *held_out, loss_function=loss_function
            )
            history.loss.append(total / seen)
            history.accuracy.append(right / seen)
            history.held_out_loss.append(held_out_loss)
            history.held_out_accuracy.append(held_out_accuracy)
            progress.epoch_done(history)
    return history


def predict(model: Module, inputs: Any, batch_size: int = 1024) -> Any:
    """The model's output for `inputs`, as an array, in evaluation mode and without a graph."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with no_grad():
            starts = range(0, len(inputs), batch_size)
            return np.concatenate([model(inputs[i : i + batch_size]).data for i in starts])
    finally:
        for module, mode in modes:
            module.training = mode


def evaluate(
    model: Module,
    inputs: Any,
    labels: Any,
    *,
    loss_function: Callable[[Any, Any], Any] = cross_entropy,
) -> tuple[float, float]:
    """The mean loss and the accuracy (0 to 1) of a classifier's logits for `inputs`."""
    logits = predict(model, inputs)
    right = np.count_nonzero(logits.argmax(axis=-1) == labels)
    return float(loss_function(logits, labels)), right / len(labels)


# -- progress -----------------------------------------------------------------------------------


class _Lines:
    """Progress in plain lines."""

    def __init__(self, epochs: int) -> None:
        self.epochs = epochs

    def __enter__(self) -> _Lines:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def step(self, epoch: int, loss: float, accuracy: float) -> None:
        pass

    def epoch_done(self, history: History) -> None:
        epoch = len(history.loss)
        print(f"epoch {epoch:>{len(str(self.epochs))}}/{self.epochs}  {_summary(history)}")


class _Bar(_Lines):
    """Progress in a bar of tqdm's."""

    def __init__(self, epochs: int, batches: int, tqdm: Any) -> None:
        super().__init__(epochs)
        self.held_out = ""
        layout = "{desc} |{bar:24}| {elapsed}<{remaining}{postfix}"
        self.bar = tqdm(total=epochs * batches, bar_format=layout, desc=f"epoch 1/{epochs}")

    def __exit__(self, *_: object) -> None:
        self.bar.close()

    def step(self, epoch: int, loss: float, accuracy: float) -> None:
        self.bar.set_description_str(f"epoch {epoch}/{self.epochs}", refresh=False)
        text = f"loss {loss:.4f}, accuracy {accuracy:.1%}{self.held_out}"
        self.bar.set_postfix_str(text, refresh=False)
        self.bar.update()

    def epoch_done(self, history: History) -> None:
        self.held_out = f", held out {history.held_out_accuracy[-1]:.1%}"
        self.bar.set_postfix_str(_summary(history), refresh=False)


def _progress(epochs: int, batches: int) -> _Lines:
    try:
        from tqdm import tqdm
    except ImportError:
        return _Lines(epochs)
    return _Bar(epochs, batches, tqdm)


def _summary(history: History) -> str:
    return (
        f"loss {history.loss[-1]:.4f}, accuracy {history.accuracy[-1]:.1%}, "
        f"held out {history.held_out_accuracy[-1]:.1%}"
    )
