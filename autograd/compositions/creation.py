"""New arrays: of another dtype, filled with a value, evenly spaced, and as grids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike

from ..arrays import as_array, constant
from ..errors import NotDifferentiableError, ShapeError
from ..registry import implements
from ..rules.indexing import updated
from ..typing import Array, ArrayLike


@implements(np.astype)
def astype(x: Array, dtype: DTypeLike, copy: bool) -> Array:
    return x.astype(dtype, copy=copy)


@implements(np.full_like)
def full_like(
    a: Array,
    fill_value: ArrayLike,
    dtype: DTypeLike | None,
    order: str,
    subok: bool,
    shape: int | Sequence[int] | None,
) -> Array:
    new = np.zeros_like(a, dtype, order, subok, shape)
    if new.dtype.kind in "fc":
        return updated(new, fill_value, index=...)
    new[...] = fill_value  # which raises where that would take a tensor out of its graph
    return new


# -- evenly spaced ------------------------------------------------------------------------------


@implements(np.linspace)
def linspace(
    start: Array,
    stop: Array,
    num: int,
    endpoint: bool,
    retstep: bool,
    dtype: DTypeLike | None,
    axis: int,
) -> Array | tuple[Array, Array]:
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise NotDifferentiableError(
            f"linspace: dtype={dtype!r} rounds to integers, which carry no gradient; leave it out"
        )
    steps = np.linspace(0.0, 1.0, num, endpoint, dtype=np.result_type(start, stop, 1.0))
    span = stop - start
    values = start + span * constant(_upright(steps, start, stop), span)
    values = _placed(values, dtype, axis)
    return (values, span / max(num - bool(endpoint), 1)) if retstep else values


@implements(np.logspace)
def logspace(
    start: Array,
    stop: Array,
    num: int,
    endpoint: bool,
    base: ArrayLike,
    dtype: DTypeLike | None,
    axis: int,
) -> Array:
    return _placed(np.power(base, linspace(start, stop, num, endpoint)), dtype, axis)


@implements(np.geomspace)
def geomspace(
    start: Array, stop: Array, num: int, endpoint: bool, dtype: DTypeLike | None, axis: int
) -> Array:
    ratio = stop / start
    steps = _upright(np.linspace(0.0, 1.0, num, endpoint), start, stop)
    return _placed(start * np.power(ratio, constant(steps, ratio)), dtype, axis)


def _upright(steps: Array, start: Array, stop: Array) -> Array:
    """Shape a vector so that it broadcasts against the ends, along a first axis of its own."""
    return np.reshape(steps, (-1,) + (1,) * max(np.ndim(start), np.ndim(stop)))


def _placed(values: Array, dtype: DTypeLike | None, axis: int) -> Array:
    return np.moveaxis(values if dtype is None else values.astype(dtype), 0, axis)


# -- grids --------------------------------------------------------------------------------------


@implements(np.meshgrid)
def meshgrid(*xi: ArrayLike, copy: bool, sparse: bool, indexing: str) -> tuple[Array, ...]:
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', got {indexing!r}")
    axes = list(range(len(xi)))
    if indexing == "xy":
        axes[:2] = axes[1::-1]
    lines = [
        np.reshape(x, [-1 if i == axis else 1 for i in range(len(xi))])
        for x, axis in zip(xi, axes, strict=True)
    ]
    return tuple(lines) if sparse else tuple(np.broadcast_arrays(*lines))


@implements(np.ix_)
def ix_(*args: ArrayLike) -> tuple[Array, ...]:
    """Implement `np.ix_`, for values too, which stay in their graph."""
    lines = [as_array(a) for a in args]
    for x in lines:
        if x.ndim != 1:
            raise ShapeError(f"ix_: takes vectors, got shape {x.shape}; ravel it first")
    lines = [np.flatnonzero(x) if x.dtype.kind == "b" else x for x in lines]
    lines = [x if x.size else x.astype(np.intp) for x in lines]
    n = len(lines)
    return tuple(np.reshape(x, (-1,) + (1,) * (n - 1 - i)) for i, x in enumerate(lines))
