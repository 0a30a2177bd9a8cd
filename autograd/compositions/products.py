"""Products of vectors and matrices, convolutions, diagonals.

`correlate` conjugates its second input, as in NumPy.
"""

import math
import operator
from collections.abc import Sequence

import numpy as np

from ..arrays import conjugate
from ..errors import ShapeError
from ..op import joined
from ..registry import REGISTRY, implements
from ..rules import products
from ..rules.products import matmul
from ..typing import Array

REGISTRY[np.linalg.diagonal] = products.diagonal
REGISTRY[np.linalg.tensordot] = products.tensordot

# -- vectors --------------------------------------------------------------------------------------


def _last(x: Array, axis: int) -> Array:
    """`x` with `axis` moved to the end."""
    return x if axis in (-1, np.ndim(x) - 1) else np.moveaxis(x, axis, -1)


@implements(np.vecdot)
def vecdot(x1: Array, x2: Array, axis: int = -1, keepdims: bool = False) -> Array:
    y = products.vecdot(_last(x1, axis), _last(x2, axis))
    return np.expand_dims(y, axis) if keepdims else y


REGISTRY[np.linalg.vecdot] = REGISTRY[np.vecdot]


@implements(np.inner)
def inner(a: Array, b: Array) -> Array:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, (-1, -1))


@implements(np.outer)
def outer(a: Array, b: Array) -> Array:
    return np.ravel(a)[:, None] * np.ravel(b)


@implements(np.linalg.outer)
def linalg_outer(x1: Array, x2: Array) -> Array:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ShapeError(
            f"linalg.outer: takes two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}; "
            f"np.outer flattens its inputs"
        )
    return outer(x1, x2)


@implements(np.cross)
def cross(a: Array, b: Array, axisa: int, axisb: int, axisc: int, axis: int | None) -> Array:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _last(a, axisa), _last(b, axisb)
    flat = np.shape(a)[-1] == np.shape(b)[-1] == 2
    c = products.cross(_in_space(a), _in_space(b))
    return c[..., 2] if flat else c if axisc == -1 else np.moveaxis(c, -1, axisc)


def _in_space(x: Array) -> Array:
    """Vectors of a plane as vectors of space: NumPy is about to drop the former."""
    if np.shape(x)[-1] != 2:
        return x
    return np.concatenate([x, np.zeros_like(x, shape=(*np.shape(x)[:-1], 1))], -1)


@implements(np.linalg.cross)
def linalg_cross(x1: Array, x2: Array, axis: int) -> Array:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        raise ShapeError(
            f"linalg.cross: both inputs need 3 elements along axis {axis}, got shapes "
            f"{np.shape(x1)} and {np.shape(x2)}; np.cross takes vectors of a plane, too"
        )
    return cross(x1, x2, axis=axis)


# -- matrices -------------------------------------------------------------------------------------


@implements(np.dot)
def dot(a: Array, b: Array) -> Array:
    """Sum over the last axis of `a` and the second-to-last of `b`; scalars just multiply."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    columns = np.moveaxis(b, -2, 0)
    n, *rest = columns.shape
    product = matmul(a, np.reshape(columns, (n, math.prod(rest))))
    return np.reshape(product, (*np.shape(a)[:-1], *rest))


@implements(np.kron)
def kron(a: Array, b: Array) -> Array:
    ndim = max(np.ndim(a), np.ndim(b))
    m, n = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    a = np.reshape(a, [k for i in m for k in (i, 1)])
    b = np.reshape(b, [k for j in n for k in (1, j)])
    return np.reshape(a * b, [i * j for i, j in zip(m, n, strict=True)])


@implements(np.linalg.multi_dot, of_sequences=True)
def multi_dot(arrays: Sequence[Array]) -> Array:
    """Multiply matrices (the first and the last may be vectors) in the cheapest order."""
    arrays = [joined(x) for x in arrays]
    shapes = [np.shape(x) for x in arrays]
    ndims = [len(shape) for shape in shapes]
    if len(arrays) < 2 or not {*ndims[1:-1]} <= {2} or not {ndims[0], ndims[-1]} <= {1, 2}:
        raise ShapeError(
            f"multi_dot: takes two or more matrices (the first and the last may be vectors); got "
            f"shapes {shapes}"
        )
    first = shapes[0][0] if ndims[0] == 2 else 1
    last = shapes[-1][1] if ndims[-1] == 2 else 1
    cuts = _cheapest_cuts([first, *(shape[-1] for shape in shapes[:-1]), last])
    return _product(arrays, cuts, 0, len(arrays) - 1)


def _cheapest_cuts(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Where to cut each product of matrices i to j, found by dynamic programming.

    Matrix i has the shape `(sizes[i], sizes[i + 1])`.
    """
    n = len(sizes) - 1
    costs, cuts = {(i, i): 0 for i in range(n)}, {}
    for i, j in ((i, i + length) for length in range(1, n) for i in range(n - length)):
        costs[i, j], cuts[i, j] = min(
            (costs[i, k] + costs[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
            for k in range(i, j)
        )
    return cuts


def _product(arrays: Sequence[Array], cuts: dict[tuple[int, int], int], i: int, j: int) -> Array:
    """Multiply matrices i to j."""
    if i == j:
        return arrays[i]
    k = cuts[i, j]
    return matmul(_product(arrays, cuts, i, k), _product(arrays, cuts, k + 1, j))


@implements(np.linalg.matrix_power)
def matrix_power(a: Array, n: int) -> Array:
    """Multiply `n` factors `a`, or its inverse for negative `n`, by squaring."""
    n, shape = operator.index(n), np.shape(a)
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise ShapeError(
            f"matrix_power: a must be square matrices, of shape (..., n, n); got shape {shape}"
        )
    if n == 0:  # the identity, with gradient 0
        return np.where(False, a, np.diag(np.ones_like(a, shape=shape[-1])))
    if n < 0:
        a, n = np.linalg.inv(a), -n
    power = None
    while n:
        if n % 2:
            power = a if power is None else matmul(power, a)
        n //= 2
        if n:
            a = matmul(a, a)
    return power


@implements(np.linalg.trace)
def trace(x: Array, *, offset: int) -> Array:
    return np.sum(products.diagonal(x, offset=offset), axis=-1)


@implements(np.linalg.matrix_transpose)
def matrix_transpose(x: Array) -> Array:
    return np.swapaxes(x, -1, -2)


# -- convolutions ---------------------------------------------------------------------------------


@implements(np.convolve)
def convolve(a: Array, v: Array, mode: str) -> Array:
    return products.convolve(_vector(a), _vector(v), mode=mode)


def _vector(x: Array) -> Array:
    """A sequence as an array, and a number as a vector, as NumPy takes them."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    return x if x.ndim else np.reshape(x, 1)


@implements(np.correlate)
def correlate(a: Array, v: Array, mode: str) -> Array:
    a, v = _vector(a), _vector(v)
    if mode[0] == "s" and a.size < v.size:  # centred on the other side than a convolution
        start = a.size // 2
        return correlate(a, v, "full")[start : start + v.size]
    return products.convolve(a, conjugate(v)[::-1], mode=mode)
