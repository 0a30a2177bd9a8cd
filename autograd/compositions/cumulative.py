"""Running sums and products, besides `cumsum` and `cumprod`, which have rules."""

from collections.abc import Callable

import numpy as np
from numpy.typing import DTypeLike

from ..broadcasting import normalize_axes
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike


@implements(np.nancumsum)
def nancumsum(a: ArrayLike, axis: int | None, dtype: DTypeLike | None) -> Array:
    return np.cumsum(np.where(np.isnan(a), 0, a), axis=axis, dtype=dtype)


@implements(np.nancumprod)
def nancumprod(a: ArrayLike, axis: int | None, dtype: DTypeLike | None) -> Array:
    return np.cumprod(np.where(np.isnan(a), 1, a), axis=axis, dtype=dtype)


@implements(np.cumulative_sum)
def cumulative_sum(
    x: Array, axis: int | None, dtype: DTypeLike | None, include_initial: bool
) -> Array:
    axis = _only_axis("cumulative_sum", x, axis)
    y = np.cumsum(x, axis=axis, dtype=dtype)
    return _after(np.zeros_like, y, axis) if include_initial else y


@implements(np.cumulative_prod)
def cumulative_prod(
    x: Array, axis: int | None, dtype: DTypeLike | None, include_initial: bool
) -> Array:
    axis = _only_axis("cumulative_prod", x, axis)
    y = np.cumprod(x, axis=axis, dtype=dtype)
    return _after(np.ones_like, y, axis) if include_initial else y


def _only_axis(function: str, x: Array, axis: int | None) -> int:
    if axis is None and x.ndim > 1:
        raise ShapeError(
            f"{function}: x of shape {x.shape} needs axis=, from 0 to {x.ndim - 1}; or ravel it"
        )
    return normalize_axes(function, 0 if axis is None else axis, max(x.ndim, 1))[0]


def _after(initial_like: Callable[..., Array], y: Array, axis: int) -> Array:
    shape = (*y.shape[:axis], 1, *y.shape[axis + 1 :])
    return np.concatenate((initial_like(y, shape=shape), y), axis)
