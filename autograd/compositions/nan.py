"""Reductions that skip NaN: a NaN that is skipped has gradient 0.

`nanstd` has gradient 0 where it is 0, and no second derivative there: that is NaN.
"""

import math
from typing import Any

import numpy as np

from ..arrays import as_array
from ..broadcasting import Axes
from ..registry import implements
from ..rules.reductions import deviation
from ..typing import Array
from .masked import degrees_lost, mean_of_known, root, spread_of_known


@implements(np.nansum)
def nansum(
    a: Array, axis: Axes, dtype: Any, keepdims: bool, initial: Any = np._NoValue, where: Any = True
) -> Array:
    a = np.where(np.isnan(a), 0, a)
    return np.sum(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


@implements(np.nanprod)
def nanprod(
    a: Array, axis: Axes, dtype: Any, keepdims: bool, initial: Any = np._NoValue, where: Any = True
) -> Array:
    a = np.where(np.isnan(a), 1, a)
    return np.prod(a, axis=axis, dtype=dtype, keepdims=keepdims, initial=initial, where=where)


def _known(a: Array, where: Any) -> Array:
    """Return where `a` holds numbers, and is chosen."""
    known = ~np.isnan(a)
    return known if where is True else known & as_array(where, a)


@implements(np.nanmean)
def nanmean(a: Array, axis: Axes, dtype: Any, keepdims: bool, *, where: Any) -> Array:
    return mean_of_known(a, _known(a, where), axis, dtype, keepdims)


@implements(np.nanvar)
def nanvar(
    a: Array,
    axis: Axes,
    dtype: Any,
    ddof: float,
    keepdims: bool,
    *,
    where: Any,
    mean: Array,
    correction: float | None,
) -> Array:
    ddof = degrees_lost("nanvar", ddof, correction)
    total, count = spread_of_known(a, _known(a, where), axis, dtype, keepdims, mean)
    degrees = count - ddof
    return (total / np.where(degrees > 0, degrees, math.nan)).astype(total.dtype)


@implements(np.nanstd)
def nanstd(
    a: Array,
    axis: Axes,
    dtype: Any,
    ddof: float,
    keepdims: bool,
    *,
    where: Any,
    mean: Array,
    correction: float | None,
) -> Array:
    ddof = degrees_lost("nanstd", ddof, correction)
    variance = nanvar(a, axis, dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean)
    if mean is not None:
        return deviation(variance)
    return root(variance, np.sum(_known(a, where), axis=axis, keepdims=keepdims))
