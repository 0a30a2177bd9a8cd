"""The gradient of a table of which only some rows were read: those rows alone.

    table = Tensor(np.zeros((1_000_000, 64)), requires_grad=True)
    embedding([3, 7, 3], table).sum().backward()
    table.grad                       RowGradient(3 rows of shape (1000000, 64), float64)
    table.grad.summed().rows         [3, 7]
    table.data -= 0.1 * table.grad   writes to two rows

Its size is that of what was read. In arithmetic, comparisons, reductions, indexing and NumPy's
functions it behaves as the ordinary gradient does, which is `np.asarray(g)` or `g.dense()`. A
function that maps 0 to 0 gives a `RowGradient` again, any other an array.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from numpy.typing import DTypeLike

from .broadcasting import Axes
from .typing import Array, ArrayLike


class RowGradient(NDArrayOperatorsMixin):
    """An array of the given `shape` that is zero except in some rows.

    Operators, NumPy's functions and the methods of `ndarray` do the same as with `g.dense()`. The
    result has only these rows where that is exact: `-g`, `g / 2`, `g**2`, `np.clip(g, -1, 1)`,
    `g + other_gradient`, `g * row`. `array += g` and `array -= g` write to these rows only. Views
    (`g.T`, `g[1:]`) are read-only, because they are views of a copy.

    Args:
        rows: Integers `(k,)` from 0 to `shape[0] - 1`. A row that occurs several times counts with
            the sum of its values.
        values: An array `(k, *shape[1:])`. Neither it nor `rows` is copied or ever written to:
            `g *= 2` and `g[0] = 0` give this object new ones.
        shape: The shape of the whole.

    Example:
        >>> g = autograd.RowGradient(np.array([2, 0]), np.array([[1.0], [5.0]]), (3, 1))
        >>> g
        RowGradient(2 rows of shape (3, 1), float64)
        >>> np.asarray(2 * g)
        array([[10.],
               [ 0.],
               [ 2.]])
    """

    __slots__ = ("rows", "shape", "values")

    def __init__(self, rows: Array, values: Array, shape: tuple[int, ...]) -> None:
        self.rows = rows
        self.values = values
        self.shape = shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype of the values."""
        dtype: np.dtype[Any] = self.values.dtype
        return dtype

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
        """The array that the values may be shared with: the values themselves."""
        return self.values

    def copy(self, order: str = "C") -> RowGradient:  # noqa: ARG002 - as an array has it
        """Copy rows and values.

        Example:
            >>> autograd.RowGradient(np.array([1]), np.ones((1, 2)), (3, 2)).copy().rows
            array([1])
        """
        return RowGradient(self.rows.copy(), self.values.copy(), self.shape)

    def astype(self, dtype: DTypeLike, *args: Any, copy: bool = True, **options: Any) -> Any:
        """Convert to another dtype; the result is an ordinary array unless that is of floats.

        Example:
            >>> g = autograd.RowGradient(np.array([1]), np.ones((1, 2)), (3, 2))
            >>> g.astype(np.float32)
            RowGradient(1 rows of shape (3, 2), float32)
        """
        if np.dtype(dtype).kind not in "fc":
            return self.dense().astype(dtype, *args, copy=False, **options)
        if not copy and self.dtype == dtype:
            return self
        values = self.values.astype(dtype, *args, copy=copy, **options)
        return RowGradient(self.rows, values, self.shape)

    def summed(self) -> RowGradient:
        """Add up the values of rows that occur several times, and sort the rows.

        Example:
            >>> g = autograd.RowGradient(np.array([1, 0, 1]), np.ones((3, 1)), (3, 1)).summed()
            >>> g.rows, g.values.ravel()
            (array([0, 1]), array([1., 2.]))
        """
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

    def dense(self) -> Array:
        """Convert to an ordinary array.

        Example:
            >>> autograd.RowGradient(np.array([1]), np.ones((1, 2)), (2, 2)).dense()
            array([[0., 0.],
                   [1., 1.]])
        """
        array = np.zeros_like(self.values, shape=self.shape)
        summed = self.summed()
        array[summed.rows] = summed.values
        return array

    def __array__(self, dtype: DTypeLike | None = None, copy: bool | None = None) -> Any:
        if copy is False:
            raise ValueError("RowGradient: the dense array is always a copy; leave out copy=False")
        array = self.dense()
        return array if dtype is None else array.astype(dtype, copy=False)

    # -- as an array ----------------------------------------------------------------------------

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        out = options.get("out", ())
        if any(self._answers_itself(x) for x in (*inputs, *out)):
            return NotImplemented
        if method == "__call__" and ufunc.nout == 1 and options.keys() <= {"out"}:
            if len(inputs) == 2 and _adds_in_place(ufunc, out, *inputs):
                return _change_rows(ufunc, *inputs)
            if not out or isinstance(out[0], RowGradient):
                result = _in_rows(ufunc, inputs)
                if result is not None:
                    return out[0]._become(result) if out else result
        arrays = tuple(map(dense, inputs))
        written = list(zip(inputs, arrays, strict=True))[:1] if method == "at" else []
        if out:
            options["out"] = tuple(map(dense, out))
            written += zip(out, options["out"], strict=True)
        found = getattr(ufunc, method)(*arrays, **{k: dense(v) for k, v in options.items()})
        for x, array in written:
            if isinstance(x, RowGradient):
                x._become(array)
        if isinstance(found, tuple):
            return tuple(
                o if isinstance(o, RowGradient) else f
                for o, f in zip(out or found, found, strict=True)
            )
        return out[0] if out else found

    def __add__(self, other: Any) -> Any:
        if isinstance(other, RowGradient) and other.shape == self.shape:
            return _appended(self, other)  # at once: the backward pass adds up uses of a table
        return np.add(self, other)

    def _answers_itself(self, x: Any) -> bool:
        """Whether `x` is an array, such as a Tensor, whose own protocol comes first."""
        known = RowGradient | np.ndarray | np.generic | type(self.values)
        return hasattr(x, "__array_ufunc__") and not isinstance(x, known)

    def _become(self, x: Any) -> RowGradient:
        """Take on the values of `x`, in place."""
        if isinstance(x, RowGradient) and x.shape == self.shape:
            values = x.values.astype(self.dtype, casting="same_kind", copy=False)
            self.rows, self.values = x.rows, values
        else:
            whole = np.empty_like(self.values, shape=self.shape)
            np.copyto(whole, dense(x), casting="same_kind")
            self.rows = np.flatnonzero(np.any(whole, axis=tuple(range(1, self.ndim))))
            self.values = whole[self.rows]
        return self

    def _read_only(self) -> Any:
        array = self.dense()
        if isinstance(array, np.ndarray):  # or `g.T[0] = 1` would be lost without a word
            array.flags.writeable = False
        return array

    def __getattr__(self, name: str) -> Any:
        """Give the other methods of an array."""
        if name.startswith("_") or not hasattr(np.ndarray, name):
            raise AttributeError(f"'RowGradient' object has no attribute '{name}'")
        if name not in ("fill", "partition", "put", "sort"):
            return getattr(self._read_only(), name)

        def write(*args: Any, **options: Any) -> None:
            array = self.dense()
            getattr(array, name)(*args, **options)
            self._become(array)

        return write

    def sum(self, axis: Axes = None, *args: Any, **options: Any) -> Any:
        """`np.sum`."""
        axes = range(self.ndim) if axis is None else np.atleast_1d(axis) % self.ndim
        of = self.dense() if "where" in options or 0 not in axes else self.values
        return of.sum(axis, *args, **options)

    def clip(
        self,
        min: ArrayLike | None = None,
        max: ArrayLike | None = None,
        out: Array | None = None,
        **options: Any,
    ) -> Any:
        """`np.clip`."""
        if options or (min is None and max is None):
            return np.clip(self.dense(), min, max, out=out, **options)
        found = self if min is None else np.maximum(self, min)
        if max is not None:
            found = np.minimum(found, max)
        return found if out is None else np.positive(found, out=out)

    def __getitem__(self, index: Any) -> Any:
        return self._read_only()[dense(index)]

    def __setitem__(self, index: Any, value: Any) -> None:
        array = self.dense()
        array[dense(index)] = dense(value)
        self._become(array)

    def __len__(self) -> int:
        return self.shape[0]

    def __iter__(self) -> Iterator[Any]:
        return iter(self._read_only())

    def __contains__(self, x: Any) -> bool:
        return x in self.dense()

    def __bool__(self) -> bool:
        return bool(self.dense())

    def __int__(self) -> int:
        return int(self.dense())

    def __float__(self) -> float:
        return float(self.dense())

    def __complex__(self) -> complex:
        return complex(self.dense())

    def __repr__(self) -> str:
        return f"RowGradient({len(self.rows)} rows of shape {self.shape}, {self.dtype})"


_MANY = 100  # runs: with more, a value at a time is faster than np.add.reduceat


def dense(g: Array | RowGradient) -> Any:
    """Convert a gradient to an ordinary array."""
    return g.dense() if isinstance(g, RowGradient) else g


def _adds_in_place(ufunc: Any, out: Any, x: Any, g: Any) -> bool:
    """Whether this is `x += g` or `x -= g`, where `x` is an array."""
    return (
        (ufunc is np.add or ufunc is np.subtract)
        and len(out) == 1
        and out[0] is x
        and isinstance(g, RowGradient)
        and not isinstance(x, RowGradient)
        and x.shape == g.shape
    )


def _change_rows(ufunc: Any, array: Any, g: RowGradient) -> Any:
    """Write `ufunc(array, g)`, a sum or a difference, to the rows of `g` in `array`."""
    g = g.summed()
    part = array[g.rows]
    array[g.rows] = ufunc(part, g.values, out=part)
    return array


def _in_rows(ufunc: Any, inputs: Sequence[Any]) -> Any:
    """Apply a ufunc to the rows alone; return None where all elements are needed."""
    gradients = [x for x in inputs if isinstance(x, RowGradient)]
    if not gradients or ufunc.signature is not None:
        return None
    first = gradients[0]
    if len(inputs) == 2 and (ufunc is np.add or ufunc is np.subtract):
        x, y = inputs
        if np.shape(x) == np.shape(y):
            if len(gradients) == 2:
                return _appended(x, y if ufunc is np.add else -y)
            if ufunc is np.add and x is first:
                x, y = y, x
            if y is first and type(x) in (np.ndarray, type(y.values)):
                copy = x.astype(np.result_type(x.dtype, y.dtype))
                return _change_rows(ufunc, copy, y)
    if not all(
        x.shape == first.shape if isinstance(x, RowGradient) else _is_the_same_in_all_rows(x, first)
        for x in inputs
    ):
        return None
    nothing = [
        np.zeros_like(x.values, shape=(1, *x.shape[1:])) if isinstance(x, RowGradient) else x
        for x in inputs
    ]
    with np.errstate(all="ignore"):
        elsewhere = ufunc(*nothing)
    if elsewhere.dtype.kind not in "fc" or np.any(elsewhere):
        return None
    rows, values = _aligned(gradients)
    found = iter(values)
    result = ufunc(*(next(found) if isinstance(x, RowGradient) else x for x in inputs))
    return RowGradient(rows, result, first.shape[:1] + result.shape[1:])


def _is_the_same_in_all_rows(x: Any, g: RowGradient) -> bool:
    """Whether `x`, broadcast to the shape of `g`, is the same for each of the rows."""
    if isinstance(x, np.ndarray) and type(x) is not np.ndarray:
        return False  # a matrix, a masked array: they have arithmetic of their own
    shape = np.shape(x)
    return len(shape) < g.ndim or (len(shape) == g.ndim and shape[0] == 1)


def _appended(x: RowGradient, y: RowGradient) -> RowGradient:
    """Add two in a time that depends on their rows only."""
    rows = np.concatenate([x.rows, y.rows], dtype=np.int64, casting="unsafe")
    return RowGradient(rows, np.concatenate([x.values, y.values]), x.shape)


def _aligned(gradients: Sequence[RowGradient]) -> tuple[Any, list[Any]]:
    """Return rows, each once, and the values that the gradients have there."""
    summed = [g.summed() for g in gradients]
    rows = summed[0].rows
    if all(np.array_equal(g.rows, rows) for g in summed[1:]):
        return rows, [g.values for g in summed]
    rows = np.unique(np.concatenate([g.rows for g in summed], dtype=np.int64, casting="unsafe"))
    values = [np.zeros_like(g.values, shape=(len(rows), *g.shape[1:])) for g in summed]
    for part, g in zip(values, summed, strict=True):
        part[np.searchsorted(rows, g.rows)] = g.values
    return rows, values
