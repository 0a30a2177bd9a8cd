"""Metrics: averaged over batches, or computed on a whole set at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor
from autograd.typing import Array

from .history import Result

Metrics = Mapping[str, Callable[..., Any]]  #: functions of outputs and targets, by name


class WholeSet:
    """A metric of all outputs and targets at once, for what no mean over batches can give.

    F1 scores, AUC, R² and correlations are such metrics. `fit` and `evaluate` copy the outputs and
    targets of each batch (all must fit into memory), and call the metric once with all of them,
    joined along the first axis. In an epoch of training, each output is from just before the step
    that learns from it; the progress bar shows the metric when the epoch is over.

    Args:
        metric: A function of the outputs `(N, ...)` and the targets `(N, ...)`, both arrays, that
            returns one number.

    Raises:
        TypeError: If `metric` is not callable; and, from `fit` and `evaluate`, if the model
            returns anything but one array or Tensor.

    Example:
        >>> def f1(outputs, targets):
        ...     found = outputs.argmax(axis=1) == 1
        ...     return 2 * np.sum(found & (targets == 1)) / (np.sum(found) + np.sum(targets == 1))
        >>> x, y = np.eye(4, 2, dtype=np.float32), np.array([0, 1, 1, 0])
        >>> metrics = {"f1": nn.metrics.WholeSet(f1)}
        >>> nn.evaluate(nn.Identity(), nn.CrossEntropyLoss(), (x, y), metrics=metrics)[1]
        {'f1': 0.6666666666666666}
    """

    def __init__(self, metric: Callable[..., Any]) -> None:
        if not callable(metric):
            raise TypeError(
                f"WholeSet: metric is {metric!r}; pass a function of outputs and targets"
            )
        self.metric = metric

    def __call__(self, outputs: NDArray[Any], targets: NDArray[Any]) -> Any:
        return self.metric(outputs, targets)


class Means:
    """Running means of the loss and the metrics, each batch weighted by its number of examples.

    Args:
        metrics: Functions of the outputs and the targets, by name; those in a `WholeSet` are
            computed at the end instead. None stands for the accuracy where the targets are class
            labels, and for no metric elsewhere.

    Raises:
        TypeError: If `metrics` is not a mapping, or a metric does not return one number.
    """

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
        self._kept: list[tuple[NDArray[Any], NDArray[Any]]] = []

    def add(self, loss: float, outputs: Array, targets: Array) -> None:
        """Take a batch into the means."""
        outputs = outputs.data if isinstance(outputs, Tensor) else outputs
        if self.metrics is None:
            self.metrics = {"accuracy": accuracy} if _are_labels(outputs, targets) else {}
        n = len(targets)
        self.count += n
        self._loss += loss * n
        whole = False
        for name, metric in self.metrics.items():
            if isinstance(metric, WholeSet):
                whole = True
            else:
                value = number(f"metrics[{name!r}]", metric(outputs, targets))
                self._sums[name] = self._sums.get(name, 0.0) + value * n
        if whole:
            self._keep(outputs, targets)

    def _keep(self, outputs: Any, targets: Any) -> None:
        if not np.ndim(outputs) or isinstance(outputs, tuple | list | dict):
            raise TypeError(
                f"WholeSet: the model returned a {type(outputs).__name__}; it needs one array "
                f"with the axis of the batch first, to join the batches"
            )
        # Copies, since a loader or a model may fill the same array again for the next batch.
        self._kept.append((np.array(outputs), np.array(targets)))

    def result(self) -> Result:
        """Return the means so far, without the metrics of a whole set."""
        count = max(self.count, 1)
        return self._loss / count, {name: total / count for name, total in self._sums.items()}

    def final(self) -> Result:
        """Return the means and the metrics of the whole set."""
        loss, values = self.result()
        if self._kept:
            outputs, targets = map(np.concatenate, zip(*self._kept, strict=True))
            for name, metric in (self.metrics or {}).items():
                if isinstance(metric, WholeSet):
                    values[name] = number(f"metrics[{name!r}]", metric(outputs, targets))
        return loss, values


def number(what: str, value: Array) -> float:
    """Convert the value of a loss or a metric; raise `TypeError` if it is not one number."""
    if value is None or np.shape(value) not in ((), (1,)):
        kind = "None" if value is None else f"an array of shape {np.shape(value)}"
        raise TypeError(f"{what} gave {kind}; it must give one number, such as a mean")
    return float(value.item() if hasattr(value, "item") else value)


def accuracy(outputs: NDArray[Any], targets: NDArray[Any]) -> float:
    """Compute the fraction of labels that have the largest output.

    Args:
        outputs: Scores, logits or probabilities, of shape `(N, C, ...)`.
        targets: Class labels from 0 to `C - 1`, of shape `(N, ...)`.

    Returns:
        A fraction from 0 to 1. Of equal outputs, the first counts as the largest.

    Example:
        >>> nn.metrics.accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1]))
        0.5
    """
    return float(np.count_nonzero(outputs.argmax(axis=1) == targets)) / max(targets.size, 1)


def _are_labels(outputs: Any, targets: Any) -> bool:
    if getattr(targets, "dtype", np.dtype(float)).kind not in "iu" or np.ndim(outputs) < 2:
        return False
    shape = np.shape(outputs)[:1] + np.shape(outputs)[2:]
    return bool(shape == targets.shape)
