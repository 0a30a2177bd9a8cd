"""Interpolation in a table.

`interp` has the slope on the right of a point of its table, and that of the last segment at its
end. It is differentiable with respect to `x`, `xp`, `fp`, `left` and `right`.
"""

import numpy as np

from ..arrays import as_array
from ..errors import ShapeError
from ..registry import implements
from ..typing import Array, ArrayLike


@implements(np.interp)
def interp(
    x: Array,
    xp: Array,
    fp: Array,
    left: ArrayLike | None,
    right: ArrayLike | None,
    period: float | None,
) -> Array:
    like = next((a for a in (x, xp, fp) if hasattr(a, "ndim")), 0)
    x, xp, fp = (as_array(a, like) for a in (x, xp, fp))
    x, xp = x.astype(np.float64), xp.astype(np.float64)  # NumPy's choice
    fp = fp.astype(np.result_type(fp, np.float64))
    if xp.ndim != 1 or xp.shape != fp.shape or xp.size == 0:
        raise ShapeError(
            f"interp: xp and fp must be of one shape (n,), n > 0; got {xp.shape} and {fp.shape}"
        )
    if period is not None:
        x, xp, fp = _periodic(x, xp, fp, abs(period))
        left = right = None
    before, after = x < xp[0], x > xp[-1]
    i = np.clip(np.searchsorted(xp, x, side="right") - 1, 0, max(xp.size - 2, 0))
    j = np.minimum(i + 1, xp.size - 1)
    width = xp[j] - xp[i]
    slope = (fp[j] - fp[i]) / np.where(width == 0, 1, width)
    inside = np.where(before | after, xp[i], x)  # values outside may be infinite
    y = fp[i] + slope * (inside - xp[i])
    y = np.where(before, fp[0] if left is None else left, y)
    return np.where(after, fp[-1] if right is None else right, y)


def _periodic(x: Array, xp: Array, fp: Array, period: float) -> tuple[Array, Array, Array]:
    """The table over one period, with the neighbouring point on either side."""
    if period == 0:
        raise ValueError("interp: period must not be 0; leave it out where nothing repeats")
    x, xp = x % period, xp % period
    order = np.argsort(xp)
    xp, fp = xp[order], fp[order]
    xp = np.concatenate((xp[-1:] - period, xp, xp[:1] + period))
    return x, xp, np.concatenate((fp[-1:], fp, fp[:1]))
