"""Constants that rules bring, as arrays of the library that they will meet.

Rules create with NumPy's `*_like` functions, which give an array of the same library as the one
they are given. Where values are at hand already, or an index has to be read by Python, it is here.
"""

from typing import Any

import numpy as np

from .. import op


def constant(values: Any, like: Any, dtype: Any = None) -> Any:
    """`values` (an array of NumPy's, a list, a number) as an array of the library of `like`.

    `like` may be a Tensor: the result is a plain array.
    """
    return np.asarray(values, dtype, like=np.empty_like(getattr(like, "_array", like), shape=0))


def on_host(x: Any) -> Any:
    """The few values of `x`, an array of any library or a list, as an array of NumPy's."""
    if isinstance(x, op.Tensor):
        return np.asarray(x)  # which refuses to take it out of its graph
    return np.asarray(x.tolist(), x.dtype) if hasattr(x, "tolist") else np.asarray(x)


def inverse_order(order: Any) -> tuple[int, ...]:
    """Where each number of a permutation stands in it: the axes that undo a transposition."""
    return tuple(np.argsort(order).tolist())
