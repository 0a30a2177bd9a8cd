"""Rows of a table by their numbers, and the gradient of the table."""

from collections.abc import Callable

import numpy as np

from ..arrays import refuse_none
from ..errors import DTypeError, ShapeError
from ..sparse import RowGradient
from ..typing import Array

Gradient = Callable[[Array, Array, tuple[int, ...]], Array]


def embedding(
    weight: Array,
    indices: Array,
    padding_idx: int | None,  # noqa: ARG001 - of which only the gradient takes notice
    sparse: bool,
) -> tuple[Array, Gradient]:
    """Return the rows, and the function that makes the gradient of the table from theirs."""
    return np.take(weight, indices, axis=0), rows_only if sparse else dense


def rows_only(rows: Array, values: Array, shape: tuple[int, ...]) -> RowGradient:
    return RowGradient(rows, values, shape)


def dense(rows: Array, values: Array, shape: tuple[int, ...]) -> Array:
    return RowGradient(rows, values, shape).dense()


def check(weight: Array, indices: Array, padding_idx: int | None) -> None:
    """Raise an error unless `indices` and `padding_idx` are numbers of rows of `weight`."""
    refuse_none("embedding", weight=weight)
    if indices.dtype.kind not in "iu":
        raise DTypeError(
            f"embedding: indices must be integers, the numbers of rows; got dtype {indices.dtype}"
        )
    if not np.ndim(weight):
        raise ShapeError("embedding: weight must be a table of shape (rows, ...); it has no axes")
    count = np.shape(weight)[0]
    if padding_idx is not None and not 0 <= padding_idx < count:
        raise ValueError(
            f"embedding: padding_idx (={padding_idx}) must lie in 0..{count - 1} for {count} rows"
        )
    if indices.size and (indices.min() < 0 or indices.max() >= count):
        wrong = indices[(indices < 0) | (indices >= count)]
        raise ValueError(
            f"embedding: indices must lie in 0..{count - 1} for {count} rows; got {wrong[0]}"
        )
