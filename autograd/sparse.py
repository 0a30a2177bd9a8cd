"""A gradient of a table of which few rows were read: those rows, and nothing of the others.

    table = Tensor(np.zeros((1_000_000, 64)), requires_grad=True)
    embedding(table, [3, 7, 3]).sum().backward()
    table.grad                       RowGradient(3 rows of shape (1000000, 64), float64)
    table.grad.summed().rows         [3, 7]

Its size is that of what was read. `np.asarray(g)` and `g.dense()` are the ordinary gradient.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from .errors import ShapeError


class RowGradient:
    """An array of the given `shape` that is zero except in some rows.

    `rows`: integers (k,) from 0 to `shape[0] - 1`; a row that occurs several times counts with
    the sum of its values. `values`: (k, *shape[1:]). Nothing is copied, and nothing here changes
    `values`. Adds to another one (whose rows are appended) and to an array, and scales by a number.
    """

    __slots__ = ("rows", "shape", "values")

    def __init__(self, rows: Any, values: Any, shape: tuple[int, ...]) -> None:
        self.rows = rows
        self.values = values
        self.shape = shape

    @property
    def dtype(self) -> Any:
        """The dtype of the values."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """The number of axes of the whole."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of the whole."""
        return math.prod(self.shape)

    @property
    def base(self) -> Any:
        """What the values may be shared with, as an array has it: the values themselves."""
        return self.values

    def copy(self) -> RowGradient:
        """The same with arrays of its own."""
        return RowGradient(self.rows.copy(), self.values.copy(), self.shape)

    def astype(self, dtype: DTypeLike, copy: bool = True) -> RowGradient:
        """The same with values of another dtype."""
        return RowGradient(self.rows, self.values.astype(dtype, copy=copy), self.shape)

    def summed(self) -> RowGradient:
        """The same with every row once, in ascending order."""
        if np.all(self.rows[1:] > self.rows[:-1]):
            return self
        count = len(self.rows)
        keys = self.rows.astype(np.int64) * count + np.arange(count)
        keys.sort()  # of numbers, which is five times as fast as np.argsort(kind="stable")
        rows, places = np.divmod(keys, count)
        starts = np.flatnonzero(np.append(True, rows[1:] != rows[:-1]))
        ends = np.append(starts[1:], count)
        sums = np.take(self.values, places[starts], axis=0)
        # Short runs: one more value for all of them at a time. Long ones: np.add.reduceat, which
        # takes as long for a run as for four values.
        at = starts + 1
        unfinished = np.flatnonzero(at < ends)
        while len(unfinished) > _MANY:
            sums[unfinished] += np.take(self.values, places[at[unfinished]], axis=0)
            at += 1
            unfinished = unfinished[at[unfinished] < ends[unfinished]]
        if len(unfinished):
            left = ends[unfinished] - at[unfinished]
            begins = np.cumsum(left) - left
            rest = places[np.arange(left.sum()) + np.repeat(at[unfinished] - begins, left)]
            values = np.take(self.values, rest, axis=0)
            sums[unfinished] += np.add.reduceat(values, np.asarray(begins, like=values), axis=0)
        return RowGradient(rows[starts], sums, self.shape)

    def dense(self) -> Any:
        """The ordinary array."""
        array = np.zeros_like(self.values, shape=self.shape)
        summed = self.summed()
        array[summed.rows] = summed.values
        return array

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("RowGradient: the dense array is always a copy; leave out copy=False")
        array = self.dense()
        return array if dtype is None else array.astype(dtype, copy=False)

    def __add__(self, other: Any) -> Any:
        if other.shape != self.shape:
            raise ShapeError(
                f"RowGradient: shapes {self.shape} and {other.shape} differ; add gradients of one "
                f"table only"
            )
        if not isinstance(other, RowGradient):
            return _add_rows(other.copy(), self)
        rows = np.concatenate([self.rows, other.rows])
        return RowGradient(rows, np.concatenate([self.values, other.values]), self.shape)

    __radd__ = __add__

    def __mul__(self, factor: float) -> RowGradient:
        if np.ndim(factor):
            raise TypeError("RowGradient: only a number scales it; use g.dense() * array")
        values = (self.values * factor).astype(self.dtype, copy=False)
        return RowGradient(self.rows, values, self.shape)

    __rmul__ = __mul__

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None) -> Any:
        """What NumPy's arrays and numbers do with it: `array + g`, `array += g`, `number * g`."""
        if method == "__call__" and len(inputs) == 2:
            other = inputs[inputs[0] is self]
            if ufunc is np.add and out is None:
                return self + other
            if ufunc is np.add and out[0] is other and other.shape == self.shape:
                return _add_rows(other, self)
            if ufunc is np.multiply and out is None:
                return self * other
        raise TypeError(
            f"RowGradient: np.{ufunc.__name__} is not defined for the gradient of rows (adding it "
            f"to an array of shape {self.shape} and scaling it are); use g.dense()"
        )

    def __repr__(self) -> str:
        return f"RowGradient({len(self.rows)} rows of shape {self.shape}, {self.dtype})"


_MANY = 100  # runs, from which on the first way is the faster


def _add_rows(array: Any, g: RowGradient) -> Any:
    """Add to the rows of `array`, in place."""
    g = g.summed()
    array[g.rows] += g.values
    return array


def dense(g: Any) -> Any:
    """A gradient as an ordinary array."""
    return g.dense() if isinstance(g, RowGradient) else g
