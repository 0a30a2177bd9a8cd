"""Reading and writing elements with every kind of NumPy index, and windows that overlap.

The gradient of reading puts the cotangent back where the elements came from, and adds where an
element was read several times: x[[0, 0, 1]] with cotangent [1, 2, 4] gives [3, 4].
"""

import math
from typing import Any

import numpy as np

from ..arrays import constant
from ..broadcasting import unbroadcast
from ..registry import rule
from ..typing import Array


@rule(vjps=[lambda g, _, _x, index=None: scatter(g, index=index, shape=_x.shape)])
def getitem(x: Array, index: Any) -> Array:
    return x[index]


@rule(vjps=[lambda g, *_, index=None, shape=None: getitem(g, index=index)])
def scatter(g: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Add `g` to an array of zeros at `index`."""
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


def _reads_once(index: Any) -> bool:
    """Whether no element can be met twice: no index arrays, but for a single boolean mask."""
    if getattr(index, "dtype", None) == np.bool_:
        return True
    parts = index if isinstance(index, tuple) else (index,)
    return all(p is None or p is Ellipsis or isinstance(p, slice | int | np.integer) for p in parts)


def _value_vjp(g: Array, _: None, __: None, _value: Array, index: Any = None) -> Array:
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


@rule(vjps=[lambda g, *_, index=None: updated(g, 0, index=index), _value_vjp])
def updated(x: Array, value: Array, index: Any) -> Array:
    """Write `value` at `index` of a copy of `x`."""
    y = np.empty_like(x)  # an array also where `x` is a NumPy scalar
    y[...] = x
    y[index] = value
    return y


# -- windows ------------------------------------------------------------------------------------


@rule(
    vjps=[
        lambda g, _, _x, window=None, axes=None: overlap(
            g, shape=_x.shape, window=window, axes=axes
        )
    ],
    name="sliding_window_view",
)
def windows(x: Array, window: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    return np.lib.stride_tricks.sliding_window_view(x, window, axes)


@rule(vjps=[lambda g, *_, shape=None, window=None, axes=None: windows(g, window=window, axes=axes)])
def overlap(
    g: Array, shape: tuple[int, ...], window: tuple[int, ...], axes: tuple[int, ...]
) -> Array:
    """Add every window to an array of zeros at the place where it was read."""
    x = np.zeros_like(g, shape=shape)
    for place in np.ndindex(*window):
        index = [slice(0, n) for n in g.shape[: len(shape)]]
        for a, i in zip(axes, place, strict=True):  # an axis may have several windows
            index[a] = slice(index[a].start + i, index[a].stop + i)
        x[tuple(index)] += g[(..., *place)]
    return x
