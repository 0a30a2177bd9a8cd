"""Norms of vectors and matrices, and condition numbers.

A norm has gradient 0 at 0, and NaN at second order, as a cone has. `cond` of a singular matrix is
inf for p=None, 2 and -2, and raises LinAlgError for the others.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..broadcasting import Axes, normalize_axes, unreduce
from ..errors import ShapeError
from ..registry import implements
from ..rules.norms import largest, p_norm
from ..typing import Array
from .linalg import svdvals


def _norm_of_vectors(x: Array, ord: Any, axis: Axes, keepdims: bool) -> Array:
    if isinstance(ord, str):
        raise ValueError(
            f"norm: ord={ord!r} is a norm of matrices, but axis={axis} gives vectors; use a number "
            f"for ord, or name two axes"
        )
    if ord in _NORMS_OF_VECTORS:
        return _NORMS_OF_VECTORS[ord](x, axis=axis, keepdims=keepdims)
    return p_norm(x, ord=2 if ord is None else ord, axis=axis, keepdims=keepdims)


# fmt: off
_NORMS_OF_VECTORS: dict[Any, Callable[..., Array]] = {
    0:       lambda x, **how: np.sum(np.sign(np.abs(x)), **how),
    1:       lambda x, **how: np.sum(np.abs(x), **how),
    np.inf:  lambda x, **how: largest(np.abs(x), **how),
    -np.inf: lambda x, **how: np.min(np.abs(x), **how),
}
_NORMS_OF_MATRICES: dict[Any, Callable[[Array], Array]] = {
    None:    lambda m: p_norm(m, ord=2, axis=(-2, -1), keepdims=False),
    1:       lambda m: largest(np.sum(np.abs(m), axis=-2), axis=-1),
    -1:      lambda m: np.min(np.sum(np.abs(m), axis=-2), axis=-1),
    np.inf:  lambda m: largest(np.sum(np.abs(m), axis=-1), axis=-1),
    -np.inf: lambda m: np.min(np.sum(np.abs(m), axis=-1), axis=-1),
    2:       lambda m: largest(svdvals(m), axis=-1),
    -2:      lambda m: np.min(svdvals(m), axis=-1),
    "nuc":   lambda m: np.sum(svdvals(m), axis=-1),
}
# fmt: on
_NORMS_OF_MATRICES["fro"] = _NORMS_OF_MATRICES["f"] = _NORMS_OF_MATRICES[None]


def _norm_of_matrices(x: Array, ord: Any, axes: Sequence[int], keepdims: bool) -> Array:
    if ord not in _NORMS_OF_MATRICES:
        raise ValueError(
            f"norm: ord={ord!r} is not a norm of matrices (those are "
            f"{', '.join(map(repr, _NORMS_OF_MATRICES))})"
        )
    norms = _NORMS_OF_MATRICES[ord](np.moveaxis(x, axes, (-2, -1)))
    return unreduce(norms, x.shape, axes) if keepdims else norms


@implements(np.linalg.norm)
def norm(x: Array, ord: Any, axis: Axes, keepdims: bool) -> Array:
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
def vector_norm(x: Array, *, axis: Axes, keepdims: bool, ord: Any) -> Array:
    return _norm_of_vectors(x, ord, axis, keepdims)


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Array, *, keepdims: bool, ord: Any) -> Array:
    return _norm_of_matrices(x, ord, normalize_axes("matrix_norm", (-2, -1), np.ndim(x)), keepdims)


@implements(np.linalg.cond)
def cond(x: Array, p: Any) -> Array:
    """Bound the growth of a relative error in solving: ||x|| ||x^-1||, in the matrix norm `p`."""
    if p in (None, 2, -2):
        s = svdvals(x)
        large, small = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        with np.errstate(divide="ignore"):
            return large / small
    return matrix_norm(x, ord=p) * matrix_norm(np.linalg.inv(x), ord=p)
