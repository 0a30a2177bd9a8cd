"""Losses, as functions and as modules, with PyTorch's names, argument orders and numbers.

`reduction` is 'mean' (one number, over all elements; the mean over the batch for labels), 'sum'
(one number) or 'none' (a loss for each element, or for each label). Inputs and targets have the
same shape: NumPy would broadcast (N, 1) against (N,) to (N, N), which trains something else and
tells nobody. Integer targets are converted to the input's dtype.

All raise `ShapeError` for shapes that do not fit and for the mean of an empty batch, `DTypeError`
for inputs that are not floating-point numbers, and `ValueError` for an unknown reduction. They
are finite in float32 for inputs of +-1000.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

import autograd
from autograd import DTypeError, ShapeError, Tensor, log_softmax, relu, rule, sigmoid

from .module import Buffer, Module

# -- what the losses share ----------------------------------------------------------------------


def _checked(function: str, input: Any, **others: Any) -> list[Any]:
    """`input` and the others, which must have its shape, as arrays or tensors of numbers."""
    if not hasattr(input, "dtype"):
        input = np.asarray(input)
    if input.dtype.kind != "f":
        raise DTypeError(
            f"{function}: input must hold floating-point numbers, got dtype {input.dtype}; "
            f"convert it first, with astype"
        )
    found = [input]
    for name, other in others.items():
        if not hasattr(other, "dtype"):
            other = np.asarray(other, input.dtype)
        if other.shape != input.shape:
            raise ShapeError(
                f"{function}: input has shape {input.shape} and {name} has shape {other.shape}; "
                f"reshape one of them to the other's shape"
            )
        if other.dtype.kind != "f":
            if other.dtype.kind not in "iub":
                raise DTypeError(
                    f"{function}: {name} must hold real numbers, got dtype {other.dtype}"
                )
            other = other.astype(input.dtype)
        found.append(other)
    return found


def _reduced(function: str, losses: Any, reduction: str, also: str = "") -> Any:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction != "mean":
        raise ValueError(
            f"{function}: reduction (={reduction!r}) must be {also}'mean', 'sum' or 'none'"
        )
    _refuse_nothing(function, losses)
    return losses.mean()


def _refuse_nothing(function: str, losses: Any) -> None:
    if losses.size == 0:
        raise ShapeError(
            f"{function}: got an empty batch (of shape {losses.shape}), whose mean is not defined; "
            f"skip it"
        )


def _factor(function: str, name: str, weight: Any, input: Any) -> Any:
    """A `weight` that broadcasts to the shape of `input`, in its dtype."""
    if not hasattr(weight, "dtype"):
        weight = np.asarray(weight)
    try:
        fits = np.broadcast_shapes(weight.shape, input.shape) == input.shape
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{function}: {name} of shape {weight.shape} does not broadcast to the input's shape "
            f"{input.shape}"
        )
    return weight if weight.dtype == input.dtype else weight.astype(input.dtype)


# -- distances ----------------------------------------------------------------------------------


def mse_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`(input - target) ** 2`, reduced."""
    input, target = _checked("mse_loss", input, target=target)
    if reduction == "mean":
        return _mse(input, target)
    error = input - target
    return _reduced("mse_loss", error * error, reduction)


def _mean_square(input: Any, target: Any) -> Any:
    error = input - target
    _refuse_nothing("mse_loss", error)
    return (error * error).sum() / error.size


# One node in place of three, for this is the last step of many small networks.
_mse = rule(
    _mean_square,
    lambda g, _, x, target: (x - target) * (g * (2 / x.size)),
    lambda g, _, x, target: (target - x) * (g * (2 / x.size)),
)
_mse.name = "mse_loss"


def l1_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`|input - target|`, reduced. The gradient is 0 where they are equal."""
    input, target = _checked("l1_loss", input, target=target)
    return _reduced("l1_loss", np.abs(input - target), reduction)


def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    """`e**2 / 2` for errors e up to `delta`, and from there on `delta * (|e| - delta / 2)`.

    Raises `ValueError` unless `delta` is positive. Huber, 1964.
    """
    if not delta > 0:
        raise ValueError(f"huber_loss: delta (={delta}) must be positive")
    input, target = _checked("huber_loss", input, target=target)
    return _reduced("huber_loss", _huber(input - target, delta), reduction)


def _huber(error: Any, delta: float) -> Any:
    near = np.clip(error, -delta, delta)
    return near * (error - near / 2)


def smooth_l1_loss(input: Any, target: Any, reduction: str = "mean", beta: float = 1.0) -> Any:
    """`huber_loss(..., delta=beta) / beta`; with `beta=0`, `l1_loss`.

    Raises `ValueError` for a negative `beta`. Girshick, 2015, equation 3.
    """
    if not beta >= 0:
        raise ValueError(f"smooth_l1_loss: beta (={beta}) must not be negative")
    input, target = _checked("smooth_l1_loss", input, target=target)
    error = input - target
    losses = _huber(error, beta) / beta if beta else np.abs(error)
    return _reduced("smooth_l1_loss", losses, reduction)


# -- labels -------------------------------------------------------------------------------------


def cross_entropy(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Any:
    """The negative log-likelihood of `target` under softmax(`input`).

    `input`: logits `(N, C)`, or `(C,)` for a single one, or `(N, C, d1, ...)`. `target`: labels
    from 0 to C - 1, of the input's shape without the axis of classes; or probabilities of all
    classes, of the input's shape. `weight`: `(C,)`, a factor for each class. Labels equal to
    `ignore_index` count for nothing. `label_smoothing`: from 0 to 1, the share of the target that
    is spread evenly over all classes (Szegedy et al., 2016).

    The mean is over labels, each counting as much as its weight; with probabilities, over N, d1...

    Raises `ValueError` for a label outside 0..C-1, and for the mean where all are ignored.
    """
    plain = weight is None and reduction == "mean" and not label_smoothing
    if plain and ignore_index < 0:
        try:  # one node; what it refuses, such as labels to be ignored, is looked into below
            return autograd.cross_entropy(input, target)
        except (TypeError, ValueError):
            pass
    if not 0 <= label_smoothing <= 1:
        raise ValueError(f"cross_entropy: label_smoothing (={label_smoothing}) must be in 0..1")
    (input,) = _checked("cross_entropy", input)
    if input.ndim and np.shape(target) == input.shape:
        return _of_probabilities(input, target, weight, ignore_index, reduction, label_smoothing)
    rows, labels, counts = _rows_and_labels("cross_entropy", input, target, ignore_index)
    if plain and counts.any():
        kept = rows if counts.all() else rows[counts.reshape(-1)]
        return autograd.cross_entropy(kept, labels[counts])
    rows = log_softmax(rows)
    return _of_labels("cross_entropy", rows, labels, counts, weight, reduction, label_smoothing)


def nll_loss(
    input: Any,
    target: Any,
    weight: Any = None,
    ignore_index: int = -100,
    reduction: str = "mean",
) -> Any:
    """The negative of each label's entry in `input`, which holds log-probabilities.

    Shapes, weights and errors are those of `cross_entropy`, which is this after `log_softmax`.
    """
    (input,) = _checked("nll_loss", input)
    rows, labels, counts = _rows_and_labels("nll_loss", input, target, ignore_index)
    return _of_labels("nll_loss", rows, labels, counts, weight, reduction)


def _rows_and_labels(
    function: str, input: Any, labels: Any, ignore_index: int
) -> tuple[Any, Any, Any]:
    """The input as `(M, C)`, the labels as an array, and which of them are not to be ignored."""
    labels = labels.data if isinstance(labels, Tensor) else np.asarray(labels)
    axis = min(input.ndim - 1, 1)
    if input.ndim == 0 or labels.shape != input.shape[:axis] + input.shape[axis + 1 :]:
        raise ShapeError(
            f"{function}: an input of shape (N, C, d1, ...) goes with labels of shape (N, d1, ...)"
            f"; got {input.shape} and {labels.shape}"
        )
    if labels.dtype.kind not in "iu":
        raise DTypeError(
            f"{function}: labels must be integers, the indices of the classes; got dtype "
            f"{labels.dtype}"
        )
    counts = labels != ignore_index
    classes = input.shape[axis]
    wrong = labels[counts & ((labels < 0) | (labels >= classes))]
    if wrong.size:
        raise ValueError(
            f"{function}: labels must lie in 0..{classes - 1} for {classes} classes, or be the "
            f"ignore_index (={ignore_index}); got {wrong[0]}"
        )
    return _rows(input), labels, counts


def _rows(x: Any) -> Any:
    """`(N, C, d1, ...)` as `(N * d1 * ..., C)`."""
    if x.ndim < 3:
        return x if x.ndim == 2 else x.reshape(1, -1)
    return np.moveaxis(x, 1, -1).reshape(-1, x.shape[1])


def _of_labels(
    function: str,
    rows: Any,
    labels: Any,
    counts: Any,
    weight: Any,
    reduction: str,
    label_smoothing: float = 0.0,
) -> Any:
    """The losses of log-probabilities `rows`, `(M, C)`."""
    flat = np.where(counts, labels, 0).reshape(-1)
    shares = counts.reshape(-1).astype(rows.dtype)  # of each label in the mean
    weighted = rows
    if weight is not None:
        weight = _class_weights(function, weight, rows)
        shares = shares * weight[flat]
        weighted = rows * weight
    losses = -rows[np.arange(flat.size), flat] * shares
    if label_smoothing:
        even = -weighted.sum(axis=1) * counts.reshape(-1) * (label_smoothing / rows.shape[1])
        losses = losses * (1 - label_smoothing) + even
    if reduction != "mean" or labels.size == 0:
        return _reduced(function, losses.reshape(labels.shape), reduction)
    total = shares.sum()
    if total == 0:
        raise ValueError(
            f"{function}: every label is the ignore_index, or of a class of weight 0, so that "
            f"there is no mean; skip this batch, or use reduction='sum'"
        )
    return losses.sum() / total


def _class_weights(function: str, weight: Any, rows: Any) -> Any:
    if np.shape(weight) != rows.shape[1:]:
        raise ShapeError(
            f"{function}: weight must have one factor for each of the {rows.shape[1]} classes; got "
            f"shape {np.shape(weight)}"
        )
    return _factor(function, "weight", weight, rows)


def _of_probabilities(
    input: Any,
    target: Any,
    weight: Any,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
) -> Any:
    if not hasattr(target, "dtype"):
        target = np.asarray(target)
    if target.dtype.kind != "f":
        raise DTypeError(
            f"cross_entropy: a target of the input's shape {input.shape} holds probabilities, but "
            f"its dtype is {target.dtype}; labels have no axis of classes"
        )
    if ignore_index >= 0:
        raise ValueError(
            f"cross_entropy: ignore_index (={ignore_index}) is for labels, but the target of shape "
            f"{input.shape} holds probabilities"
        )
    rows, goal = log_softmax(_rows(input)), _rows(target)
    if label_smoothing:
        goal = goal * (1 - label_smoothing) + label_smoothing / rows.shape[1]
    losses = rows * goal
    if weight is not None:
        losses = losses * _class_weights("cross_entropy", weight, rows)
    shape = input.shape[:1] + input.shape[2:] if input.ndim > 1 else ()
    return _reduced("cross_entropy", -losses.sum(axis=1).reshape(shape), reduction)


def binary_cross_entropy_with_logits(
    input: Any,
    target: Any,
    weight: Any = None,
    reduction: str = "mean",
    pos_weight: Any = None,
) -> Any:
    """The negative log-likelihood of `target` under sigmoid(`input`), for each element.

    `target`: probabilities from 0 to 1. `weight`: a factor for each loss; `pos_weight`: one for
    the part of it that belongs to the target 1. Both broadcast to the input's shape.
    """
    function = "binary_cross_entropy_with_logits"
    input, target = _checked(function, input, target=target)
    if pos_weight is None:
        losses = _bce(input, target)
    else:
        pos_weight = _factor(function, "pos_weight", pos_weight, input)
        positive = autograd.softplus(-input) * (target * pos_weight)
        losses = positive + autograd.softplus(input) * (1 - target)
    if weight is not None:
        losses = losses * _factor(function, "weight", weight, input)
    return _reduced(function, losses, reduction)


def _binary_cross_entropy(x: Any, target: Any) -> Any:
    losses = np.log1p(np.exp(-np.abs(x)))
    losses += np.maximum(x, 0)
    losses -= x * target
    return losses


_bce = rule(
    _binary_cross_entropy,
    lambda g, _, x, target: g * (sigmoid(x) - target),
    lambda g, _, x, __: -g * x,
)
_bce.name = "binary_cross_entropy_with_logits"


def kl_div(input: Any, target: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    """`target * (log(target) - input)`: how far a distribution is from what `input` says.

    `input`: log-probabilities. `target`: probabilities, which may be 0; with `log_target`, their
    logarithms. The sum over classes is the divergence, so that 'batchmean' (the sum over all
    elements, divided by the length of the first axis) is its mean; 'mean' is over all elements.

    Raises `ValueError` for a negative probability. Kullback and Leibler, 1951.
    """
    input, target = _checked("kl_div", input, target=target)
    if log_target:
        losses = np.exp(target) * (target - input)
    else:
        values = target.data if isinstance(target, Tensor) else target
        if np.any(values < 0):
            raise ValueError(
                f"kl_div: target holds the probability {values.min()}; pass log_target=True for "
                f"logarithms"
            )
        losses = target * (np.log(np.where(values == 0, 1, target)) - input)
    if reduction != "batchmean":
        return _reduced("kl_div", losses, reduction, also="'batchmean', ")
    _refuse_nothing("kl_div", losses)
    return losses.sum() / (losses.shape[0] if losses.ndim else 1)


# -- margins ------------------------------------------------------------------------------------


def hinge_loss(input: Any, target: Any, reduction: str = "mean") -> Any:
    """`max(0, 1 - target * input)`, for targets 1 and -1.

    Raises `ValueError` for other targets. The gradient is 0 at the kink.
    """
    input, target = _checked("hinge_loss", input, target=target)
    _check_signs("hinge_loss", target)
    return _reduced("hinge_loss", relu(1 - target * input), reduction)


def hinge_embedding_loss(
    input: Any, target: Any, margin: float = 1.0, reduction: str = "mean"
) -> Any:
    """`input`, a distance, where `target` is 1; `max(0, margin - input)` where it is -1.

    Raises `ValueError` for other targets. The gradient is 0 at the kink.
    """
    input, target = _checked("hinge_embedding_loss", input, target=target)
    near = _check_signs("hinge_embedding_loss", target)
    return _reduced("hinge_embedding_loss", np.where(near, input, relu(margin - input)), reduction)


def cosine_embedding_loss(
    input1: Any, input2: Any, target: Any, margin: float = 0.0, reduction: str = "mean"
) -> Any:
    """`1 - cos(input1, input2)` where `target` is 1; `max(0, cos - margin)` where it is -1.

    Inputs `(N, D)` with targets `(N,)`, or vectors `(D,)` with one target. Raises `ValueError` for
    other targets. The gradient is 0 at the kink.
    """
    function = "cosine_embedding_loss"
    input1, input2 = _checked(function, input1, input2=input2)
    if input1.ndim not in (1, 2) or np.shape(target) != input1.shape[:-1]:
        raise ShapeError(
            f"{function}: inputs of shape (N, D) go with targets of shape (N,); got {input1.shape} "
            f"and {np.shape(target)}"
        )
    near = _check_signs(function, target)
    # PyTorch's guard against vectors of zeros.
    squares = [(x * x).sum(axis=-1) + 1e-12 for x in (input1, input2)]
    cosine = (input1 * input2).sum(axis=-1) / np.sqrt(squares[0] * squares[1])
    return _reduced(function, np.where(near, 1 - cosine, relu(cosine - margin)), reduction)


def _check_signs(function: str, target: Any) -> Any:
    """Where the target is 1; an error where it is neither that nor -1."""
    values = target.data if isinstance(target, Tensor) else np.asarray(target)
    near = values == 1
    if not np.all(near | (values == -1)):
        raise ValueError(
            f"{function}: targets must be 1 or -1; got {values[~(near | (values == -1))][0]}"
        )
    return near


# -- modules ------------------------------------------------------------------------------------


class _Loss(Module):
    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def extra_repr(self) -> str:
        shown = [k for k in vars(self) if k not in ("training", "_path", "weight", "pos_weight")]
        return ", ".join(f"{k}={vars(self)[k]!r}" for k in shown)


class MSELoss(_Loss):
    """`mse_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return mse_loss(input, target, self.reduction)


class L1Loss(_Loss):
    """`l1_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return l1_loss(input, target, self.reduction)


class HuberLoss(_Loss):
    """`huber_loss` as a module."""

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        super().__init__(reduction)
        self.delta = delta

    def forward(self, input: Any, target: Any) -> Any:
        return huber_loss(input, target, self.reduction, self.delta)


class SmoothL1Loss(_Loss):
    """`smooth_l1_loss` as a module."""

    def __init__(self, reduction: str = "mean", beta: float = 1.0) -> None:
        super().__init__(reduction)
        self.beta = beta

    def forward(self, input: Any, target: Any) -> Any:
        return smooth_l1_loss(input, target, self.reduction, self.beta)


class CrossEntropyLoss(_Loss):
    """`cross_entropy` as a module. Give it logits, not probabilities.

    `weight` is a buffer: it is saved with the module.
    """

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index
        self.label_smoothing = label_smoothing

    def forward(self, input: Any, target: Any) -> Any:
        return cross_entropy(
            input, target, self.weight, self.ignore_index, self.reduction, self.label_smoothing
        )


class NLLLoss(_Loss):
    """`nll_loss` as a module. `weight` is a buffer: it is saved with the module."""

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        ignore_index: int = -100,
        reduction: str = "mean",
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.ignore_index = ignore_index

    def forward(self, input: Any, target: Any) -> Any:
        return nll_loss(input, target, self.weight, self.ignore_index, self.reduction)


class BCEWithLogitsLoss(_Loss):
    """`binary_cross_entropy_with_logits` as a module.

    `weight` and `pos_weight` are buffers: they are saved with the module.
    """

    def __init__(
        self,
        weight: ArrayLike | Tensor | None = None,
        reduction: str = "mean",
        pos_weight: ArrayLike | Tensor | None = None,
    ) -> None:
        super().__init__(reduction)
        self.weight = None if weight is None else Buffer(weight)
        self.pos_weight = None if pos_weight is None else Buffer(pos_weight)

    def forward(self, input: Any, target: Any) -> Any:
        return binary_cross_entropy_with_logits(
            input, target, self.weight, self.reduction, self.pos_weight
        )


class KLDivLoss(_Loss):
    """`kl_div` as a module."""

    def __init__(self, reduction: str = "mean", log_target: bool = False) -> None:
        super().__init__(reduction)
        self.log_target = log_target

    def forward(self, input: Any, target: Any) -> Any:
        return kl_div(input, target, self.reduction, self.log_target)


class HingeLoss(_Loss):
    """`hinge_loss` as a module."""

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_loss(input, target, self.reduction)


class HingeEmbeddingLoss(_Loss):
    """`hinge_embedding_loss` as a module."""

    def __init__(self, margin: float = 1.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input: Any, target: Any) -> Any:
        return hinge_embedding_loss(input, target, self.margin, self.reduction)


class CosineEmbeddingLoss(_Loss):
    """`cosine_embedding_loss` as a module."""

    def __init__(self, margin: float = 0.0, reduction: str = "mean") -> None:
        super().__init__(reduction)
        self.margin = margin

    def forward(self, input1: Any, input2: Any, target: Any) -> Any:
        return cosine_embedding_loss(input1, input2, target, self.margin, self.reduction)
