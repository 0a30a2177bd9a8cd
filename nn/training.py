"""Training, evaluation and prediction.

    history = nn.fit(model, nn.CrossEntropyLoss(), optimizer, (images, labels), epochs=10)
    loss, metrics = nn.evaluate(model, nn.CrossEntropyLoss(), (test_images, test_labels))
    logits = nn.predict(model, test_images)

The loop in `fit`, from `run = Run(...)` on, can be copied into a script and changed there. Read
`run.py` for the bookkeeping between its steps, and `resume.py` for the contents of a checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from autograd import Tensor, no_grad

from .data import DataLoader
from .history import History
from .metrics import Means, Metrics, number
from .module import Module, evaluating
from .optim import LBFGS, Optimizer
from .progress import Silence, shown_progress
from .run import Batches, Run, Schedule, needs_loss, split
from .sizes import check_sizes

Data = tuple[ArrayLike | Tensor, ...] | Batches  #: arrays `(inputs, targets)`, or batches of them


def fit(
    model: Module,
    loss: Callable[..., Tensor],
    optimizer: Optimizer,
    data: Data,
    validation: Data | None = None,
    *,
    epochs: int,
    batch_size: int = 32,
    metrics: Metrics | None = None,
    clip_norm: float | None = None,
    schedule: Schedule | None = None,
    batch_schedule: Schedule | None = None,
    callbacks: Sequence[Callable[[Run], bool | None]] = (),
    batch_callbacks: Sequence[Callable[[Run], bool | None]] = (),
    patience: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: bool = False,
    generator: np.random.Generator | None = None,
    generators: Sequence[np.random.Generator] = (),
    progress: bool = True,
) -> History:
    """Train `model` on `data` for a number of epochs, showing the progress.

    Each epoch sets the whole model to training mode, and leaves it there.

    Args:
        model: The network; its outputs for a batch are `model(*inputs)`.
        loss: A function of outputs and targets that returns the mean over a batch, as a scalar
            Tensor.
        optimizer: An optimizer of the model's parameters.
        data: A tuple `(inputs, targets)` of arrays with first axes of one length, which is cut
            into batches in a new order for each epoch; or a DataLoader, or anything with `len()`
            that gives such tuples each time it is iterated over. Of several inputs, each is an
            argument of `model`.
        validation: Like `data`, but in a fixed order; evaluated after each epoch.
        epochs: The number of passes over `data`.
        batch_size: The number of examples in a batch, for tuples of arrays.
        metrics: Functions of outputs (an array) and targets, by name. Each returns a number for
            a batch, or, inside an `nn.metrics.WholeSet`, for all batches at once. None is the
            accuracy if the targets are class labels, otherwise no metric.
        clip_norm: The largest norm of all gradients together; larger ones are scaled down to it.
        schedule: A schedule that steps after each epoch. If its `step` needs an argument
            (`ReduceLROnPlateau`), it gets the validation loss.
        batch_schedule: A schedule that steps after each batch (`OneCycleLR`).
        callbacks: Functions that are called with the `Run` after each epoch. Training ends when
            one returns True.
        batch_callbacks: The same after each batch; `run.batch` counts them and `run.batch_loss`
            is the loss. When one returns True, the epoch ends with this batch, is evaluated and
            recorded as usual, and is the last.
        patience: The number of epochs without a new lowest validation loss that ends the
            training. At the end, the model gets back the parameters and buffers of its best epoch.
        checkpoint: A file that is written before the first epoch and after each one.
        resume: Continue the run in `checkpoint`, or start it if there is no file; it ends bit for
            bit as if it had never stopped (`nn/resume.py` says what is saved). A larger `epochs`
            or `patience` prolongs a run that no callback ended. With False, the file is
            overwritten.
        generator: The generator for the order of `data`, if it is a tuple; by default a new one.
        generators: Further generators to save in the checkpoint. Those that parts of the run
            hold as attributes are saved anyway. One that only a closure or a global name holds
            is not seen: unless it is listed here, a resumed run draws other numbers from it.
        progress: Show a bar if tqdm is installed, otherwise print a line per epoch.

    Returns:
        The losses, metrics and learning rates of each epoch.

    Raises:
        DivergedError: If the loss, the norm to clip or a parameter is not finite. The model is
            then as that batch found it (or left it, for parameters), and the checkpoint is that
            of the epoch before.
        CheckpointError: If the checkpoint cannot be written; or if it is of another model,
            optimizer or schedule, and then nothing has changed.
        TypeError: If an argument has the wrong type.
        ValueError: If an argument is out of range, or arguments do not go together.

    Example:
        >>> (images, labels), test = nn.data.digits()
        >>> model = nn.MLP([64, 32, 10], generator=np.random.default_rng(0))
        >>> optimizer = nn.optim.Adam(model.parameters(), lr=0.01)
        >>> history = nn.fit(
        ...     model, nn.CrossEntropyLoss(), optimizer, (images, labels), test, epochs=3,
        ...     clip_norm=1.0, generator=np.random.default_rng(1), progress=False,
        ... )
        >>> history.validation_metrics["accuracy"][-1] > 0.8
        True
    """
    _check_parts(model, loss, optimizer)
    check_sizes("fit", epochs=epochs)
    _check_schedules(validation, patience, schedule, batch_schedule)
    _check_options(callbacks, batch_callbacks, generators, clip_norm)
    _check_resume(resume, checkpoint)
    data = _batches("fit: data", data, batch_size, shuffle=True, generator=generator)
    if validation is not None:
        validation = _batches("fit: validation", validation, batch_size)

    run = Run(
        model, loss, optimizer, data, epochs=epochs, validation=validation, metrics=metrics,
        schedule=schedule, batch_schedule=batch_schedule, callbacks=callbacks,
        batch_callbacks=batch_callbacks, patience=patience, checkpoint=checkpoint,
        generators=generators,
    )  # fmt: skip
    if not (resume and run.load()):
        run.save()
    done = run.epoch * len(data)
    bar = shown_progress(epochs, len(data), done) if progress else Silence()
    with bar, np.errstate(over="ignore", invalid="ignore"):  # the checks below say more
        while not run.is_over:
            model.train()
            for inputs, targets in run.batches():
                outputs = model(*inputs)
                batch_loss = loss(outputs, targets)
                run.check_loss(batch_loss)
                optimizer.zero_grad()
                batch_loss.backward()
                if clip_norm is not None:
                    run.clip_gradients(clip_norm)
                optimizer.step()
                run.end_batch(batch_loss, outputs, targets)
                bar.step(run.epoch + 1, run.means, run.lr)
                if run.stopped:
                    break
            run.check_parameters()
            validated = None
            if validation is not None:
                validated = evaluate(model, loss, validation, metrics=metrics)
            run.end_epoch(validated)
            bar.epoch_done(run.history)
    run.restore_best()
    return run.history


def evaluate(
    model: Module,
    loss: Callable[..., Tensor | ArrayLike],
    data: Data,
    *,
    batch_size: int = 256,
    metrics: Metrics | None = None,
) -> tuple[float, dict[str, float]]:
    """Compute the loss and the metrics on `data`, in evaluation mode and without a graph.

    Args:
        model: The network; every module has its own mode again afterwards.
        loss: A function of outputs and targets that returns the mean over a batch.
        data: As in `fit`.
        batch_size: The number of examples in a batch, for tuples of arrays.
        metrics: As in `fit`.

    Returns:
        The loss, and each metric by name: means over the batches, each weighted by its number of
        examples, except for metrics in an `nn.metrics.WholeSet`.

    Raises:
        TypeError: If the loss or a metric does not return one number, or `data` or a batch has
            the wrong type.
        ValueError: If `data` gives no batches.

    Example:
        >>> x, y = np.ones((4, 2), np.float32), np.zeros((4, 2), np.float32)
        >>> nn.evaluate(nn.Identity(), nn.MSELoss(), (x, y))
        (1.0, {})
    """
    means = Means(metrics)
    with evaluating(model), no_grad():
        for batch in _batches("evaluate: data", data, batch_size):
            inputs, targets = split(batch)
            outputs = model(*inputs)
            value = number("evaluate: loss(outputs, targets)", loss(outputs, targets))
            means.add(value, outputs, targets)
    if not means.count:
        raise ValueError("evaluate: data gave no batches")
    return means.final()


def predict(model: Module, *inputs: ArrayLike | Tensor, batch_size: int = 256) -> NDArray[Any]:
    """Compute the model's outputs for `inputs`, in evaluation mode and without a graph.

    Args:
        model: A network that returns one array or Tensor with the axis of the batch first; every
            module has its own mode again afterwards.
        inputs: Arrays or Tensors `(N, ...)`, each an argument of the model.
        batch_size: The number of examples in a batch.

    Returns:
        The outputs, of shape `(N, ...)`.

    Raises:
        TypeError: If there are no inputs, or the model returns anything else.

    Example:
        >>> model = nn.MLP([64, 32, 10])
        >>> nn.predict(model, np.zeros((1000, 64), np.float32)).shape
        (1000, 10)
    """
    check_sizes("predict", batch_size=batch_size)
    if not inputs:
        raise TypeError("predict: got no inputs; the order is predict(model, inputs)")
    arrays: tuple[Any, ...] = inputs
    with evaluating(model), no_grad():
        parts = [
            model(*(x[i : i + batch_size] for x in arrays))
            for i in range(0, max(len(arrays[0]), 1), batch_size)
        ]
    outputs = [p.data if isinstance(p, Tensor) else p for p in parts]
    if not getattr(outputs[0], "shape", ()):
        raise TypeError(
            f"predict: the model returned a {type(parts[0]).__name__}; it must return one array "
            f"with the axis of the batch first"
        )
    return np.concatenate(outputs)


# -- checks of arguments ------------------------------------------------------------------------


def _check_parts(model: Any, loss: Any, optimizer: Any) -> None:
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
            "fit: the optimizer has none of the model's parameters; create it again with "
            "model.parameters() of this model"
        )


def _check_schedules(
    validation: object,
    patience: int | None,
    schedule: Schedule | None,
    batch_schedule: Schedule | None,
) -> None:
    for name, part in (("schedule", schedule), ("batch_schedule", batch_schedule)):
        if part is not None and (isinstance(part, type) or not hasattr(part, "step")):
            raise TypeError(
                f"fit: {name} is {part!r}; pass a schedule, made for the optimizer: "
                f"nn.schedules.StepLR(optimizer, ...)"
            )
    if patience is not None and patience < 1:
        raise ValueError(f"fit: patience (={patience}) must be at least 1, or None")
    if batch_schedule is not None and needs_loss(batch_schedule):
        raise ValueError(
            f"fit: batch_schedule is a {type(batch_schedule).__name__}, which steps with a "
            f"validation loss; pass it as schedule="
        )
    waits = schedule is not None and needs_loss(schedule)
    if validation is None and (waits or patience is not None):
        what = type(schedule).__name__ if waits else f"patience={patience}"
        raise ValueError(f"fit: {what} needs the validation loss; pass validation=")


def _check_options(
    callbacks: Any, batch_callbacks: Any, generators: Any, clip_norm: float | None
) -> None:
    for name, functions in (("callbacks", callbacks), ("batch_callbacks", batch_callbacks)):
        if callable(functions):
            raise TypeError(f"fit: {name} is {functions!r}; pass a list of functions")
    if isinstance(generators, np.random.Generator) or not all(
        isinstance(g, np.random.Generator) for g in generators
    ):
        raise TypeError(
            f"fit: generators is {generators!r}; pass a list of np.random.Generator, such as "
            f"[np.random.default_rng(0)]"
        )
    if clip_norm is not None and not (isinstance(clip_norm, Real) and clip_norm > 0):
        raise ValueError(f"fit: clip_norm (={clip_norm!r}) must be a positive number, or None")


def _check_resume(resume: bool, checkpoint: object) -> None:
    if resume and checkpoint is None:
        raise ValueError("fit: resume=True needs checkpoint=, the file to continue from")


def _batches(
    name: str,
    data: Any,
    batch_size: int,
    shuffle: bool = False,
    generator: np.random.Generator | None = None,
) -> Batches:
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
    batches: Batches = data
    return batches
