"""The training loop, short enough to be read and copied.

    history = nn.fit(model, nn.CrossEntropyLoss(), optimizer, (images, labels), epochs=10)
    loss, metrics = nn.evaluate(model, nn.CrossEntropyLoss(), (test_images, test_labels))
    logits = nn.predict(model, test_images)

Read `resume.py` for what a checkpoint holds, and `__main__.py` for the whole of a program.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import AutogradError, Tensor, no_grad

from .data import DataLoader
from .history import History, Means, Metrics, Run, number
from .module import Module, evaluating
from .optim import LBFGS, Optimizer
from .progress import Silence, shown_progress
from .resume import RunFile
from .sizes import check_sizes


def fit(
    model: Module,
    loss: Callable[[Any, Any], Tensor],
    optimizer: Optimizer,
    data: Any,
    validation: Any = None,
    *,
    epochs: int,
    batch_size: int = 32,
    metrics: Metrics | None = None,
    schedule: Any = None,
    batch_schedule: Any = None,
    callbacks: Sequence[Callable[[Run], bool | None]] = (),
    patience: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    generator: np.random.Generator | None = None,
    progress: bool = True,
) -> History:
    """Train `model` until it has seen `data` `epochs` times, and show how it goes.

    `data`, `validation`: a tuple `(inputs, targets)` of arrays with one first axis, cut into
    batches of `batch_size` (those of `data` in a new order for each epoch, drawn from
    `generator`); or a DataLoader, or anything with `len()` that gives such tuples whenever it is
    iterated over. Of several inputs each is an argument of `model`.
    `loss(outputs, targets)`: the mean over a batch, as a scalar Tensor.
    `metrics`: functions of the outputs (an array) and the targets that give a number per batch;
    by default the accuracy where the targets are class labels.
    `schedule` steps after each epoch, `batch_schedule` after each batch (OneCycleLR). One whose
    `step` needs an argument (ReduceLROnPlateau) gets the validation loss.
    `callbacks`: called after each epoch with a `Run`; training ends once one returns True.
    `patience`: training ends after that many epochs without a new lowest validation loss. Then,
    or after the last epoch, the model gets back the parameters and buffers of its best epoch.
    `checkpoint`: a file that is written before the first epoch and after each. With
    `resume=True` the run in it goes on, or starts where there is no file, and ends bit for bit
    as if it had never stopped (see `resume.py`); without, the file is written over. A larger
    `epochs` or `patience` prolongs a run that no callback ended. An interruption leaves the last
    checkpoint.
    `progress`: a bar where tqdm is installed, otherwise a line per epoch; False for neither.

    Each epoch sets the model, all of it, to training mode, and leaves it so. Raises
    `DivergedError` for a loss or parameters that are not finite: the model is then as that batch
    found it (or left it, for parameters), and the checkpoint that of the epoch before;
    `CheckpointError` for a checkpoint that cannot be written, or is of another model, optimizer
    or schedule, which then changes nothing; `TypeError` and `ValueError` for arguments that do
    not fit.
    """
    _check(model, loss, optimizer, epochs)
    _check_validation(validation, patience, schedule, batch_schedule)
    if callable(callbacks):
        raise TypeError(f"fit: callbacks is {callbacks!r}; pass a list of functions")
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True needs checkpoint=, the file to go on from")
    batches = _batches("fit: data", data, batch_size, shuffle=True, generator=generator)
    held_out = None
    if validation is not None:
        held_out = _batches("fit: validation", validation, batch_size)
    run = Run(model, optimizer, History(), epochs)
    file = RunFile(checkpoint, {
        "model": model, "loss": loss, "optimizer": optimizer, "schedule": schedule,
        "batch_schedule": batch_schedule, "metrics": metrics, "data": batches,
        "validation": held_out,
        **{f"callbacks.{i}": callback for i, callback in enumerate(callbacks)},
    })  # fmt: skip
    if not (resume and file.load(run, patience)):
        file.save(run)

    begun = run.epoch * len(batches)
    with (
        shown_progress(epochs, len(batches), begun) if progress else Silence() as bar,
        np.errstate(over="ignore", invalid="ignore"),  # a loss that is not finite is caught below
    ):
        while not run.is_over(patience):
            model.train()
            epoch, means = run.epoch + 1, Means(metrics)
            for number, batch in enumerate(batches, 1):
                inputs, targets = _split(batch)
                lr = learning_rate(optimizer)
                outputs = model(*inputs)
                batch_loss = loss(outputs, targets)
                value = _value(batch_loss)
                if not math.isfinite(value):
                    raise _diverged(f"the loss is {value}", epoch, number, len(batches), lr)
                optimizer.zero_grad()
                batch_loss.backward()
                optimizer.step()
                if batch_schedule is not None:
                    batch_schedule.step()
                means.add(value, outputs, targets)
                bar.step(epoch, means, lr)
            if not means.count:
                raise ValueError(f"fit: data gave no batches in epoch {epoch}")
            for name, parameter in model.named_parameters():
                if not np.isfinite(parameter.data).all():
                    raise _diverged(f"{name} is not finite", epoch, number, len(batches), lr)

            run.history.add(means.result(), lr)
            if held_out is not None:
                run.history.add_validation(evaluate(model, loss, held_out, metrics=metrics))
            if schedule is not None:
                loss_seen = run.history.validation_loss[-1:]
                schedule.step(*(loss_seen if _needs_loss(schedule) else ()))
            if patience is not None and run.history.best_epoch == epoch:
                run.best = model.state_dict()
            answers = [_wants_end(callback, run) for callback in callbacks]
            run.stopped = any(answers)
            file.save(run)
            bar.epoch_done(run.history)
    if patience is not None and run.best is not None:
        model.load_state_dict(run.best)
    return run.history


def evaluate(
    model: Module,
    loss: Callable[[Any, Any], Any],
    data: Any,
    *,
    batch_size: int = 256,
    metrics: Metrics | None = None,
) -> tuple[float, dict[str, float]]:
    """The mean loss and the mean of each metric, in evaluation mode and without a graph.

    `data` and `metrics` as in `fit`. A mean is taken over the batches, each weighted by its
    length.
    """
    means = Means(metrics)
    with evaluating(model), no_grad():
        for batch in _batches("evaluate: data", data, batch_size):
            inputs, targets = _split(batch)
            outputs = model(*inputs)
            value = number("evaluate: loss(outputs, targets)", loss(outputs, targets))
            means.add(value, outputs, targets)
    return means.result()


def predict(model: Module, *inputs: Any, batch_size: int = 256) -> Any:
    """The model's output for `inputs`, as an array, in evaluation mode and without a graph.

    `inputs`: arrays or tensors with one first axis, cut into batches of `batch_size`. Raises
    `TypeError` for a model that does not give one array for each batch, with the same axis.
    """
    check_sizes("predict", batch_size=batch_size)
    if not inputs:
        raise TypeError("predict: got no inputs; the order is predict(model, inputs)")
    with evaluating(model), no_grad():
        parts = [
            model(*(x[i : i + batch_size] for x in inputs))
            for i in range(0, max(len(inputs[0]), 1), batch_size)
        ]
    arrays = [p.data if isinstance(p, Tensor) else p for p in parts]
    if not getattr(arrays[0], "shape", ()):
        raise TypeError(
            f"predict: the model gave a {type(parts[0]).__name__}, where an array with the axis "
            f"of the batch should be"
        )
    return np.concatenate(arrays)


class DivergedError(AutogradError, FloatingPointError):
    """The loss or a parameter became infinite or NaN while training."""


# -- what fit is given --------------------------------------------------------------------------


def learning_rate(optimizer: Optimizer) -> float:
    """The learning rate of an optimizer's first group of parameters."""
    return float(optimizer.param_groups[0]["lr"])


def _check(model: Any, loss: Any, optimizer: Any, epochs: int) -> None:
    if not callable(loss) or isinstance(loss, type):
        raise TypeError(
            f"fit: loss is {loss!r}; pass a function of outputs and targets, such as "
            f"nn.MSELoss() with its parentheses"
        )
    if not isinstance(model, Module) or not hasattr(optimizer, "step"):
        raise TypeError(
            f"fit: got a {type(model).__name__} for model and a {type(optimizer).__name__} for "
            f"optimizer; the order is fit(model, loss, optimizer, data)"
        )
    if isinstance(optimizer, LBFGS):
        raise TypeError(
            "fit: LBFGS computes the loss of one batch several times in a step; write the loop "
            "yourself: optimizer.step(closure)"
        )
    held = {id(p) for group in optimizer.param_groups for p in group["params"]}
    if not any(id(p) in held for p in model.parameters()):
        raise ValueError(
            "fit: the optimizer has none of the model's parameters; make it anew with "
            "model.parameters() of this model"
        )
    check_sizes("fit", epochs=epochs)


def _check_validation(
    validation: Any, patience: int | None, schedule: Any, batch_schedule: Any
) -> None:
    for name, part in (("schedule", schedule), ("batch_schedule", batch_schedule)):
        if part is not None and (isinstance(part, type) or not hasattr(part, "step")):
            raise TypeError(
                f"fit: {name} is {part!r}; pass a schedule, made for the optimizer: "
                f"nn.schedules.StepLR(optimizer, ...)"
            )
    if patience is not None and patience < 1:
        raise ValueError(f"fit: patience (={patience}) must be at least 1, or None")
    if batch_schedule is not None and _needs_loss(batch_schedule):
        raise ValueError(
            f"fit: batch_schedule is a {type(batch_schedule).__name__}, which steps with a "
            f"validation loss; pass it as schedule="
        )
    needs_loss = schedule is not None and _needs_loss(schedule)
    if validation is None and (needs_loss or patience is not None):
        what = type(schedule).__name__ if needs_loss else f"patience={patience}"
        raise ValueError(f"fit: {what} goes by the validation loss; pass validation=")


def _needs_loss(schedule: Any) -> bool:
    parameters = inspect.signature(schedule.step).parameters.values()
    return any(p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD for p in parameters)


def _batches(
    name: str,
    data: Any,
    batch_size: int,
    shuffle: bool = False,
    generator: np.random.Generator | None = None,
) -> Any:
    if isinstance(data, tuple) and len(data) > 1:
        data = DataLoader(*data, batch_size=batch_size, shuffle=shuffle, generator=generator)
    elif not hasattr(data, "__len__") or not hasattr(data, "__iter__") or isinstance(data, tuple):
        raise TypeError(
            f"{name} is a {type(data).__name__}; pass a tuple (inputs, targets), a DataLoader, or "
            f"anything with len() that can be iterated over again and again"
        )
    elif generator is not None:
        raise ValueError(
            f"{name} is a {type(data).__name__}, which has an order of its own; generator= is for "
            f"a tuple (inputs, targets): give it to the DataLoader"
        )
    if not len(data):
        raise ValueError(f"{name} has no batches")
    return data


def _split(batch: Any) -> tuple[Any, Any]:
    if not isinstance(batch, tuple | list) or len(batch) < 2:
        raise TypeError(
            f"a batch is a {type(batch).__name__}; it must be a tuple (inputs, targets), or "
            f"(input, input, ..., targets)"
        )
    return batch[:-1], batch[-1]


def _value(loss: Any) -> float:
    if not isinstance(loss, Tensor) or loss.size != 1:
        shape = f" of shape {loss.shape}" if isinstance(loss, Tensor) else ""
        raise TypeError(
            f"fit: loss(outputs, targets) gave a {type(loss).__name__}{shape}; it must give a "
            f"Tensor of one number, such as the mean over the batch"
        )
    return float(loss.item())


def _wants_end(callback: Callable[[Run], bool | None], run: Run) -> bool:
    answer = callback(run)
    if answer is not None and not isinstance(answer, bool | np.bool_):
        raise TypeError(
            f"fit: a callback returned {answer!r}; return True to end the training, or None"
        )
    return bool(answer)


def _diverged(what: str, epoch: int, batch: int, batches: int, lr: float) -> DivergedError:
    return DivergedError(
        f"fit: {what} in epoch {epoch}, batch {batch} of {batches}, at learning rate {lr:g}; "
        f"lower it, or look for NaN in the data: nn.DataLoader(..., check_finite=True)"
    )
