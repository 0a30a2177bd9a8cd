"""Array helpers that rules, compositions and kernels share.

Rules create arrays with NumPy's `*_like` functions, which return an array of the same library as
their argument. The functions here convert existing values, or read some on the host.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .errors import DTypeError
from .op import joined
from .recorded import Recorded
from .typing import Array, ArrayLike


def constant(values: ArrayLike, like: Array, dtype: npt.DTypeLike | None = None) -> Array:
    """Convert `values` to a plain array of the same library as `like`, which may be a Tensor.

    Example:
        >>> autograd.arrays.constant([1, 2], like=Tensor(0.0), dtype=float)
        array([1., 2.])
    """
    return np.asarray(values, dtype, like=np.empty_like(getattr(like, "_array", like), shape=0))


def on_host(x: Array) -> Array:
    """Convert the few values of `x`, an array of any library or a list, to a NumPy array.

    Example:
        >>> autograd.arrays.on_host([1.0, 2.0])
        array([1., 2.])
    """
    if isinstance(x, Recorded):
        return np.asarray(x)  # refuses to take a Tensor out of its graph
    return np.asarray(x.tolist(), x.dtype) if hasattr(x, "tolist") else np.asarray(x)


def inverse_order(order: Array) -> tuple[int, ...]:
    """Invert a permutation: return the axes that undo a transposition.

    Example:
        >>> autograd.arrays.inverse_order((2, 0, 1))
        (1, 2, 0)
    """
    return tuple(np.argsort(order).tolist())


def as_array(x: ArrayLike, like: Array = 0) -> Array:
    """Return a Tensor or an array as it is; convert a list or a number to an array like `like`.

    Example:
        >>> autograd.arrays.as_array([1.0, 2.0])
        array([1., 2.])
    """
    x = joined(x)
    return x if hasattr(x, "ndim") else constant(x, like)


def part(a: Array, axis: int, start: int | None, stop: int | None) -> Array:
    """Slice one axis, which must not be negative.

    Example:
        >>> autograd.arrays.part(np.eye(3), axis=1, start=0, stop=2).shape
        (3, 2)
    """
    return a[(slice(None),) * axis + (slice(start, stop),)]


def along(axis: int, weights: Array, x: Array) -> Array:
    """Make a vector of constants in the dtype of `x` that lies along one of its axes.

    The axis must not be negative.

    Example:
        >>> autograd.arrays.along(0, [1, 2], np.ones((2, 3))).shape
        (2, 1)
    """
    return constant(np.reshape(weights, (-1,) + (1,) * (x.ndim - 1 - axis)), x, x.dtype)


def wide(x: Array) -> Array:
    """Convert float16, which cannot hold sums and counts of many elements, to float32.

    Example:
        >>> autograd.arrays.wide(np.ones(2, np.float16)).dtype
        dtype('float32')
    """
    return x.astype(np.float32) if getattr(x, "dtype", None) == np.float16 else x


def is_divisible(products: Array) -> bool:
    """Tell whether dividing each product by one of its factors gives the product of the others.

    Example:
        >>> autograd.arrays.is_divisible(np.array([2.0, 0.0]))
        False
    """
    size = np.abs(products)
    return bool(np.all((size >= np.finfo(size.dtype).tiny) & (size < np.inf)))


def conjugate(x: Array) -> Array:
    """Take the complex conjugate; return real numbers as they are, without a copy.

    Example:
        >>> autograd.arrays.conjugate(np.array([1 + 2j]))
        array([1.-2.j])
    """
    return np.conj(x) if x.dtype.kind == "c" else x


def transposed(x: Array) -> Array:
    """Exchange the last two axes, those of each matrix.

    Example:
        >>> autograd.arrays.transposed(np.ones((5, 2, 3))).shape
        (5, 3, 2)
    """
    return np.swapaxes(x, -1, -2)


def adjoint(x: Array) -> Array:
    """Take the conjugate transpose of each matrix.

    Example:
        >>> autograd.arrays.adjoint(np.array([[1j, 2.0]]))
        array([[0.-1.j],
               [2.-0.j]])
    """
    return conjugate(transposed(x))


def refuse_none(function: str, **arguments: object) -> None:
    """Raise `DTypeError` for an argument that is None where `function` needs an array.

    Example:
        >>> try:
        ...     autograd.arrays.refuse_none("linear", x=None)
        ... except autograd.DTypeError as error:
        ...     print(error)
        linear: x is None; pass an array
    """
    for name, value in arguments.items():
        if value is None:
            raise DTypeError(f"{function}: {name} is None; pass an array")
