"""Norms of vectors and matrices, and condition numbers.

A norm has the gradient 0 at 0, and NaN at second order, as a cone has it. `cond` of a singular
matrix is inf for p=None, 2 and -2, and raises LinAlgError for the others.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import conjugate, is_divisible
from ..broadcasting import normalize_axes, reduced_size, unreduce
from ..errors import ShapeError
from ..registry import implements, rule
from .decompositions import svdvals, zero_or_power


def _largest(x: Any, axis: Any, keepdims: bool = False) -> Any:
    """The largest element, and 0 where there is none, as NumPy's norms have it."""
    reduce = np.max if reduced_size(x.shape, axis) else np.sum
    return reduce(x, axis=axis, keepdims=keepdims)


def _p_norm(x: Any, ord: float, axis: Any, keepdims: bool) -> Any:
    return np.linalg.vector_norm(x, ord=ord, axis=axis, keepdims=keepdims)


def _p_norm_vjp(
    g: Any, y: Any, x: Any, ord: float = 2, axis: Any = None, keepdims: bool = False
) -> Any:
    if not is_divisible(y):  # the squares were too large or too small; a gradient has no scale
        largest = _largest(np.abs(x), axis, keepdims=True)
        x = x / np.where(largest == 0, 1, largest)
        y = p_norm(x, ord=ord, axis=axis, keepdims=keepdims)
    gx = conjugate(x) * unreduce(g * zero_or_power(y, p=1 - ord), x.shape, axis)
    return gx if ord == 2 else gx * zero_or_power(np.abs(x), p=ord - 2)


p_norm = rule(_p_norm, _p_norm_vjp)
p_norm.name = "norm"


def _norm_of_vectors(x: Any, ord: Any, axis: Any, keepdims: bool) -> Any:
    if isinstance(ord, str):
        raise ValueError(
            f"norm: ord={ord!r} is a norm of matrices, but axis={axis} gives vectors; use a number "
            f"for ord, or name two axes"
        )
    if ord in _NORMS_OF_VECTORS:
        return _NORMS_OF_VECTORS[ord](x, axis=axis, keepdims=keepdims)
    return p_norm(x, ord=2 if ord is None else ord, axis=axis, keepdims=keepdims)


# fmt: off
_NORMS_OF_VECTORS: dict[Any, Callable[..., Any]] = {
    0:       lambda x, **how: np.sum(np.sign(np.abs(x)), **how),
    1:       lambda x, **how: np.sum(np.abs(x), **how),
    np.inf:  lambda x, **how: _largest(np.abs(x), **how),
    -np.inf: lambda x, **how: np.min(np.abs(x), **how),
}
_NORMS_OF_MATRICES: dict[Any, Callable[[Any], Any]] = {
    None:    lambda m: p_norm(m, ord=2, axis=(-2, -1), keepdims=False),
    1:       lambda m: _largest(np.sum(np.abs(m), axis=-2), axis=-1),
    -1:      lambda m: np.min(np.sum(np.abs(m), axis=-2), axis=-1),
    np.inf:  lambda m: _largest(np.sum(np.abs(m), axis=-1), axis=-1),
    -np.inf: lambda m: np.min(np.sum(np.abs(m), axis=-1), axis=-1),
    2:       lambda m: _largest(svdvals(m), axis=-1),
    -2:      lambda m: np.min(svdvals(m), axis=-1),
    "nuc":   lambda m: np.sum(svdvals(m), axis=-1),
}
# fmt: on
_NORMS_OF_MATRICES["fro"] = _NORMS_OF_MATRICES["f"] = _NORMS_OF_MATRICES[None]


def _norm_of_matrices(x: Any, ord: Any, axes: Sequence[int], keepdims: bool) -> Any:
    if ord not in _NORMS_OF_MATRICES:
        raise ValueError(
            f"norm: ord={ord!r} is not a norm of matrices (those are "
            f"{', '.join(map(repr, _NORMS_OF_MATRICES))})"
        )
    norms = _NORMS_OF_MATRICES[ord](np.moveaxis(x, axes, (-2, -1)))
    return unreduce(norms, x.shape, axes) if keepdims else norms


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    if axis is None and ord is None:
        return p_norm(x, ord=2, axis=None, keepdims=keepdims)
    axes = normalize_axes("norm", axis, np.ndim(x))
    if len(axes) not in (1, 2):
        raise ShapeError(
            f"norm: ord={ord!r} needs one axis (vectors) or two (matrices); got axis={axis} for an "
            f"array of shape {np.shape(x)}"
        )
    return (_norm_of_vectors if len(axes) == 1 else _norm_of_matrices)(x, ord, axes, keepdims)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> Any:
    return _norm_of_vectors(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, keepdims: bool = False, ord: Any = "fro") -> Any:
    return _norm_of_matrices(x, ord, normalize_axes("matrix_norm", (-2, -1), np.ndim(x)), keepdims)


@implements(np.linalg.cond)
def cond(x: Any, p: Any = None) -> Any:
    """How far a relative error can grow in solving: ||x|| ||x^-1||, in the matrix norm `p`."""
    if p in (None, 2, -2):
        s = svdvals(x)
        large, small = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        with np.errstate(divide="ignore"):
            return large / small
    return matrix_norm(x, ord=p) * matrix_norm(np.linalg.inv(x), ord=p)
