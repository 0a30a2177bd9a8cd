"""Array helpers that rules, compositions and kernels share.

Rules create arrays with NumPy's `*_like` functions, which return an array of the same library as
their argument. The functions here are for values that are at hand already, and for those that
Python must read.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import op
from .errors import DTypeError


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


def as_array(x: Any, like: Any = 0) -> Any:
    """Return a Tensor or an array as it is, and a list or a number as an array like `like`."""
    x = op.joined(x)
    return x if hasattr(x, "ndim") else constant(x, like)


def part(a: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """Slice one axis, which must not be negative."""
    return a[(slice(None),) * axis + (slice(start, stop),)]


def along(axis: int, weights: Any, x: Any) -> Any:
    """A vector of constants in the dtype of `x`, shaped to lie along one of its axes.

    The axis must not be negative.
    """
    return constant(np.reshape(weights, (-1,) + (1,) * (x.ndim - 1 - axis)), x, x.dtype)


def wide(x: Any) -> Any:
    """Convert float16, which cannot hold sums and counts of many elements, to float32."""
    return x.astype(np.float32) if getattr(x, "dtype", None) == np.float16 else x


def is_divisible(products: Any) -> bool:
    """Whether a product, divided by one of its factors, is that of the others."""
    size = np.abs(products)
    return bool(np.all((size >= np.finfo(size.dtype).tiny) & (size < np.inf)))


def conjugate(x: Any) -> Any:
    """The complex conjugate; real numbers as they are, without a copy."""
    return np.conj(x) if x.dtype.kind == "c" else x


def transposed(x: Any) -> Any:
    """Exchange the two axes of each matrix."""
    return np.swapaxes(x, -1, -2)


def adjoint(x: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return conjugate(transposed(x))


def refuse_none(function: str, **arguments: Any) -> None:
    """Raise `DTypeError` for an argument that is None where `function` needs an array."""
    for name, value in arguments.items():
        if value is None:
            raise DTypeError(f"{function}: {name} is None; pass an array")
