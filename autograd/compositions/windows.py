"""Windows that slide over an array."""

from collections.abc import Sequence

import numpy as np

from ..broadcasting import Axes, normalize_axes
from ..errors import NotDifferentiableError, ShapeError
from ..registry import implements
from ..rules.indexing import windows
from ..typing import Array


@implements(np.lib.stride_tricks.sliding_window_view)
def sliding_window_view(
    x: Array, window_shape: int | Sequence[int], axis: Axes, subok: bool, writeable: bool
) -> Array:
    if writeable:
        raise NotDifferentiableError(
            "sliding_window_view: writeable=True would change elements of several windows at once; "
            "leave it out, and write into the array itself"
        )
    window = tuple(np.ravel(window_shape).tolist())
    axes = range(x.ndim) if axis is None else np.ravel(axis).tolist()
    if len(axes) != len(window):
        raise ShapeError(
            f"sliding_window_view: window_shape={window_shape} has {len(window)} lengths for "
            f"{len(axes)} axes of shape {x.shape}; give one for each, or name the axes"
        )
    places = tuple(normalize_axes("sliding_window_view", a, x.ndim)[0] for a in axes)
    return windows(x, window=window, axes=places)
