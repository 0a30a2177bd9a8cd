"""Reading and writing elements, with every kind of NumPy index.

The gradient of reading puts the cotangent back where the elements came from, and adds where an
element was read several times: x[[0, 0, 1]] with cotangent [1, 2, 4] gives [3, 4].
"""

import math
from typing import Any

import numpy as np

from ..arrays import constant
from ..broadcasting import unbroadcast
from ..op import Op
from ..registry import rule


def _getitem(x: Any, index: Any) -> Any:
    return x[index]


def _scatter(g: Any, index: Any, shape: tuple[int, ...]) -> Any:
    """An array of zeros with `g` added at `index`."""
    rows = index[0] if isinstance(index, tuple) and len(index) == 1 else index
    if isinstance(rows, np.ndarray) and rows.dtype != np.bool_ and len(shape) > 1:
        # np.add.at is two to four times as fast on a single axis.
        x = np.zeros_like(g, shape=shape, order="C")
        width = math.prod(shape[1:])
        places = rows.astype(np.intp).reshape(-1, 1) * width + np.arange(width)
        np.add.at(x.reshape(-1), places.reshape(-1), g.reshape(-1))
        return x
    x = np.zeros_like(g, shape=shape)
    if _reads_once(index):
        x[index] = g
    else:
        np.add.at(x, index, g)
    return x


def _updated(x: Any, value: Any, index: Any) -> Any:
    """A copy of `x` with `value` written at `index`."""
    y = np.empty_like(x)  # an array also where `x` is a NumPy scalar
    y[...] = x
    y[index] = value
    return y


def _reads_once(index: Any) -> bool:
    """Whether no element can be met twice: no index arrays, but for a single boolean mask."""
    if getattr(index, "dtype", None) == np.bool_:
        return True
    parts = index if isinstance(index, tuple) else (index,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer) for p in parts)


def _value_vjp(g: Any, _: Any, __: Any, _value: Any, index: Any = None) -> Any:
    written = g[index]
    if not _reads_once(index):  # of values written to one place, the last one counts
        order = constant(np.arange(written.size).reshape(written.shape), g)
        last = np.zeros_like(g, dtype=int)
        last[index] = order
        written = written * (last[index] == order)
    extra = len(_value.shape) - written.ndim
    if extra > 0:  # NumPy lets a value have leading axes of length one
        written = np.reshape(written, (1,) * extra + written.shape)
    return unbroadcast(written, _value.shape)


getitem: Op = rule(
    _getitem,
    lambda g, _, _x, index=None: scatter(g, index=index, shape=_x.shape),
)
scatter: Op = rule(
    _scatter,
    lambda g, *_, index=None, shape=None: getitem(g, index=index),
)
updated: Op = rule(
    _updated,
    lambda g, *_, index=None: updated(g, 0, index=index),
    _value_vjp,
)
