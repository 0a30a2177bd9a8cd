"""Linear algebra: solutions, inverses, factorisations, spectra.

`cholesky`, `eigh`, `eigvalsh` and everything with `hermitian=True` read one triangle of their
matrix. The conventions of the gradients are in `rules/linalg.py` and `rules/decompositions.py`.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import adjoint
from ..errors import NotDifferentiableError, ShapeError
from ..registry import CONSTANT, implements
from ..rules import decompositions, linalg
from ..rules.products import matmul
from ..typing import Array

CONSTANT.add(np.linalg.matrix_rank)

_EighResult, _EigResult = type(np.linalg.eigh(np.eye(1))), type(np.linalg.eig(np.eye(1)))
_SVDResult, _QRResult = type(np.linalg.svd(np.eye(1))), type(np.linalg.qr(np.eye(1)))
_SlogdetResult: Callable[..., Any] = type(np.linalg.slogdet(np.eye(1)))

# -- inverses and solutions -----------------------------------------------------------------------


@implements(np.linalg.solve)
def solve(a: Array, b: Array) -> Array:
    return linalg.solve(a, b)


@implements(np.linalg.pinv)
def pinv(a: Array, rcond: Any, hermitian: bool, *, rtol: Any = np._NoValue) -> Array:
    tolerance = {"rcond": rcond} if rcond is not None else {}
    if rtol is not np._NoValue:
        tolerance["rtol"] = rtol
    return linalg.pinv(decompositions.completed(a) if hermitian else a, **tolerance)


@implements(np.linalg.lstsq)
def lstsq(a: Array, b: Array, rcond: float | None) -> tuple[Array, Array, int, Array]:
    x, residuals, s = linalg.lstsq(a, b, rcond=rcond)
    rank = int(np.count_nonzero(s > linalg.cutoff(a, rcond) * s[:1]))
    return x, residuals, rank, s


@implements(np.linalg.tensorinv)
def tensorinv(a: Array, ind: int) -> Array:
    if ind <= 0:
        raise ShapeError(
            f"tensorinv: ind must be positive, got {ind}; it says how many axes of a are rows"
        )
    rows, columns = np.shape(a)[:ind], np.shape(a)[ind:]
    if math.prod(rows) != math.prod(columns):
        raise ShapeError(
            f"tensorinv: the first {ind} axes {rows} and the others {columns} must have as many "
            f"elements; choose another ind, or reshape a"
        )
    inverse = np.linalg.inv(np.reshape(a, (math.prod(rows), math.prod(columns))))
    return np.reshape(inverse, columns + rows)


@implements(np.linalg.tensorsolve)
def tensorsolve(a: Array, b: Array, axes: Sequence[int] | None) -> Array:
    if axes is not None:
        a = np.moveaxis(a, tuple(axes), tuple(range(-len(axes), 0)))
    columns, n = np.shape(a)[np.ndim(b) :], math.prod(np.shape(b))
    if math.prod(columns) != n or math.prod(np.shape(a)) != n * n:
        raise ShapeError(
            f"tensorsolve: the axes of a {np.shape(a)} must be those of b {np.shape(b)}, and then "
            f"others with as many elements; move axes of a to its end with axes="
        )
    return np.reshape(solve(np.reshape(a, (n, n)), np.ravel(b)), columns)


# -- determinants ---------------------------------------------------------------------------------


@implements(np.linalg.slogdet)
def slogdet(a: Array) -> Any:
    return _SlogdetResult(*linalg.slogdet(a))


# -- factorisations -------------------------------------------------------------------------------


@implements(np.linalg.cholesky)
def cholesky(a: Array, *, upper: bool) -> Array:
    return adjoint(decompositions.cholesky(adjoint(a))) if upper else decompositions.cholesky(a)


@implements(np.linalg.qr)
def qr(a: Array, mode: str) -> Any:
    m, n = np.shape(a)[-2:]
    if mode not in ("reduced", "complete", "r"):
        raise NotDifferentiableError(
            f"qr: mode={mode!r} has no gradient; use 'reduced', 'complete' or 'r'"
        )
    if mode == "complete" and m > n:
        raise NotDifferentiableError(
            f"qr: the last {m - n} columns of the complete Q of a matrix of {m} by {n} are not "
            f"determined and have no gradient; use mode='reduced'"
        )
    if m >= n:
        q, r = decompositions.qr(a)
    else:  # the first columns determine Q, and with it the rest of R
        q, r = decompositions.qr(a[..., :m])
        r = np.concatenate([r, matmul(adjoint(q), a[..., m:])], -1)
    return r if mode == "r" else _QRResult(q, r)


# -- spectra --------------------------------------------------------------------------------------


@implements(np.linalg.eigh)
def eigh(a: Array, UPLO: str) -> Any:  # noqa: N803
    return _EighResult(*decompositions.eigh(a, UPLO=UPLO))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Array, UPLO: str) -> Array:  # noqa: N803
    return decompositions.eigh(a, UPLO=UPLO)[0]


@implements(np.linalg.eig)
def eig(a: Array) -> Any:
    return _EigResult(*decompositions.eig(a))


@implements(np.linalg.eigvals)
def eigvals(a: Array) -> Array:
    return decompositions.eig(a)[0]


@implements(np.linalg.svd)
def svd(a: Array, full_matrices: bool, compute_uv: bool, hermitian: bool) -> Any:
    if hermitian:
        a = decompositions.completed(a)
    if not compute_uv:
        return svdvals(a)
    u, s, vh, further_u, further_v = decompositions.svd(a, full_matrices=full_matrices)
    if further_u.size:
        u = np.concatenate([u, further_u], -1)
    if further_v.size:
        vh = np.concatenate([vh, further_v], -2)
    return _SVDResult(u, s, vh)


@implements(np.linalg.svdvals)
def svdvals(x: Array) -> Array:
    return decompositions.svd(x, full_matrices=False)[1]
