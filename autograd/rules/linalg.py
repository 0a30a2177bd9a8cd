"""Products of matrices, and what the files on linear algebra share.

Read `products.py`, `decompositions.py` and `norms.py` next.
"""

import math
from typing import Any

import numpy as np

from ..broadcasting import unbroadcast
from ..registry import REGISTRY, implements, rule


def _matmul_vjp_x(g: Any, _: Any, _x: Any, y: Any) -> Any:
    if _x.ndim == 2 and y.ndim == 2:
        return g @ y.T
    if y.ndim == 1:  # (..., n) @ (n,): every row of x met the same vector
        return unbroadcast(g[..., None] * y, _x.shape)
    if _x.ndim == 1:
        g = g[..., None, :]
        return unbroadcast(g @ np.swapaxes(y, -1, -2), (1, *_x.shape))[0]
    return unbroadcast(g @ np.swapaxes(y, -1, -2), _x.shape)


def _matmul_vjp_y(g: Any, _: Any, x: Any, _y: Any) -> Any:
    if x.ndim == 2 and _y.ndim <= 2:
        return x.T @ g
    if x.ndim == 1:
        return unbroadcast(x[:, None] * g[..., None, :], _y.shape) if _y.ndim > 1 else x * g
    if _y.ndim == 1:
        return unbroadcast(np.swapaxes(x, -1, -2) @ g[..., None], (*_y.shape, 1))[..., 0]
    return unbroadcast(np.swapaxes(x, -1, -2) @ g, _y.shape)


matmul = REGISTRY[np.linalg.matmul] = rule(np.matmul, _matmul_vjp_x, _matmul_vjp_y)


@implements(np.dot)
def dot(a: Any, b: Any) -> Any:
    """`np.dot`: a product of scalars, vectors or matrices; the last axis of `a` meets the
    second-to-last of `b` in arrays of more axes."""
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    if np.ndim(b) <= 2:
        return matmul(a, b)
    columns = np.moveaxis(b, -2, 0)
    n, *rest = columns.shape
    product = matmul(a, np.reshape(columns, (n, math.prod(rest))))
    return np.reshape(product, (*np.shape(a)[:-1], *rest))
