"""What all losses share: the checks of their arguments, the reduction, the module."""

from __future__ import annotations

import numpy as np

from autograd import DTypeError, ShapeError
from autograd.typing import Array

from ..module import Module


def checked(function: str, input: Array, **others: Array) -> list[Array]:
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


def reduced(function: str, losses: Array, reduction: str, also: str = "") -> Array:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return losses.sum()
    if reduction != "mean":
        raise ValueError(
            f"{function}: reduction (={reduction!r}) must be {also}'mean', 'sum' or 'none'"
        )
    refuse_nothing(function, losses)
    return losses.mean()


def refuse_nothing(function: str, losses: Array) -> None:
    if losses.size == 0:
        raise ShapeError(
            f"{function}: got an empty batch (of shape {losses.shape}), whose mean is not defined; "
            f"skip it"
        )


def factor(function: str, name: str, weight: Array, input: Array) -> Array:
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


class Loss(Module):
    """Base of the losses that are modules: a subclass calls its function in `forward`."""

    def __init__(self, reduction: str = "mean") -> None:
        self.reduction = reduction

    def extra_repr(self) -> str:
        shown = [k for k in vars(self) if k not in ("training", "_path", "weight", "pos_weight")]
        return ", ".join(f"{k}={vars(self)[k]!r}" for k in shown)
