"""Arithmetic with two results."""

import numpy as np

from ..registry import implements
from ..typing import Array, ArrayLike


@implements(np.divmod)
def divmod(x1: ArrayLike, x2: ArrayLike) -> tuple[Array, Array]:
    return np.floor_divide(x1, x2), np.remainder(x1, x2)
