"""Rows of a table by their numbers. The gradient of a leaf holds the rows that were read only."""

from typing import Any

import numpy as np

from ..arrays import constant, refuse_none
from ..errors import DTypeError, ShapeError
from ..operands import argument
from ..recorded import Recorded
from ..registry import rule
from ..sparse import RowGradient
from .indexing import scatter


def _embedding(
    weight: Any, indices: Any, padding_idx: int | None = None, sparse: bool = False
) -> Any:
    return np.take(weight, indices, axis=0)


def _embedding_vjp(
    g: Any,
    _: Any,
    _weight: Any,
    indices: Any = None,
    padding_idx: int | None = None,
    sparse: bool = False,
) -> Any:
    if padding_idx is not None:
        kept = np.reshape(indices != padding_idx, indices.shape + (1,) * (_weight.ndim - 1))
        g = np.where(constant(kept, g), g, 0)
    if isinstance(g, Recorded):  # the gradient is recorded
        return scatter(g, index=indices, shape=_weight.shape)
    rows = indices.ravel()
    found = RowGradient(rows, np.reshape(g, rows.shape + _weight.shape[1:]), _weight.shape)
    return found if sparse else found.dense()


lookup = rule(_embedding, _embedding_vjp)


def embedding(weight: Any, indices: Any, padding_idx: int | None = None) -> Any:
    """The rows `indices` of the table `weight`, of shape `indices.shape + weight.shape[1:]`.

    `indices`: a constant array of integers from 0 to `len(weight) - 1`. The row `padding_idx` gets
    no gradient. `backward()` leaves a `RowGradient` in a leaf of which only rows were read; in all
    other cases the gradient is an ordinary array.

    Raises `DTypeError` for indices that are not integers, `ShapeError` for a `weight` without
    axes, and `ValueError` for an index or `padding_idx` out of range (negative ones are).
    """
    refuse_none("embedding", weight=weight, indices=indices)
    indices = np.asarray(argument(indices, "embedding", "indices"))
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
    sparse = getattr(weight, "is_leaf", False)
    return lookup(weight, indices=indices, padding_idx=padding_idx, sparse=sparse)
