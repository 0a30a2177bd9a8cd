"""Linear algebra: solving, determinants, factorisations, spectra.

All of it works on stacks of matrices, and on complex ones by the convention that `complex.py`
describes. Sources: Giles, "Collected matrix derivative results" (2008); Murray, "Differentiation
of the Cholesky decomposition" (2016); Townsend, "Differentiating the singular value
decomposition" (2016); Roberts and Roberts, "QR and LQ decomposition matrix backpropagation"
(2020); Boeddeker et al., "On the computation of complex-valued gradients" (2017).

What is differentiated is what NumPy computes. `cholesky`, `eigh`, `eigvalsh` and everything with
`hermitian=True` read one triangle of their matrix, so the gradient stands in this triangle and is
0 in the other: added to its mirror image it is the gradient for a symmetric matrix.

Where a derivative does not exist, or needs a word:

    inv, solve          a singular matrix raises LinAlgError
    pinv, lstsq         right among matrices of the same rank, be it full or not; where the rank
                        changes they jump, and have no derivative
    det                 right for every matrix and at every order, singular ones included (from the
                        second order on these cost n**5)
    slogdet             of a singular matrix it is -inf, and its gradient raises LinAlgError
    qr                  mode 'complete' of a tall matrix is refused, for its last columns may be
                        any; where the leading columns are dependent the gradient raises
    eig, eigh, svd      the values always have a first derivative (where some are equal, one out of
                        many); the vectors do not where values are equal, and give NaN, and
                        so does the second derivative of the values there
    eigh, svd           complex vectors are known up to a phase: differentiate only what does not
                        depend on it. `eig` fixes the phase, and its vectors can be differentiated
    svd                 of a matrix that is not square, with full_matrices=True: the vectors beyond
                        min(m, n) may be any of a subspace, and have no gradient
    svdvals             0 at 0 and NaN at second order, as a cone has it
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..arrays import adjoint, conjugate, constant, transposed
from ..broadcasting import unbroadcast
from ..errors import NotDifferentiableError, ShapeError
from ..op import Op
from ..registry import CONSTANT, implements, rule
from .indexing import scatter
from .linalg import matmul

CONSTANT.add(np.linalg.matrix_rank)

# -- small parts ----------------------------------------------------------------------------------


def _identity(x: Any) -> Any:
    """The identity matrix (an array) of the last axis of `x`."""
    return np.diag(np.ones_like(x, shape=x.shape[-1]))


def _triangle(x: Any, upper: bool = False) -> Any:
    """The lower (upper) triangle of square matrices, with half of the diagonal."""
    ones = np.ones_like(x, shape=x.shape[-2:])
    half = (np.tril(ones) + np.tril(ones, -1)) / 2
    return x * (half.T if upper else half)


def _folded(g: Any, upper: bool = False) -> Any:
    """The gradient by a Hermitian matrix as one by the triangle that is read of it."""
    return _triangle(g + adjoint(g), upper)


def _completed(a: Any, upper: bool = False) -> Any:
    """The Hermitian matrix whose lower (upper) triangle is that of `a`."""
    half = _triangle(a, upper)
    return half + adjoint(half)


def _inverse_gaps(w: Any) -> Any:
    """1 / (w[j] - w[i]) in row i and column j: 0 on the diagonal, NaN where values are equal."""
    one = _identity(w)
    gaps = w[..., None, :] - w[..., :, None] + one
    return (1 - one) / np.where(gaps == 0, np.nan, gaps)


def _unused(g: Any) -> bool:
    """Whether nothing depends on this output: its cotangent is 0, and not linked to a graph."""
    return getattr(g, "node", None) is None and not np.any(g)


def _zero_or_power(x: Any, p: float) -> Any:
    return np.where(x == 0, 0, np.where(x == 0, 1, x) ** p)


#: x**p for x >= 0, but 0 at 0, where it has no derivative (NaN) unless p > 0.
zero_or_power: Op = rule(
    _zero_or_power,
    lambda g, _, x, p=0: g * np.where((x == 0) & (p <= 0), np.nan, p * zero_or_power(x, p=p - 1)),
)
zero_or_power.name = "power"

_EighResult, _EigResult = type(np.linalg.eigh(np.eye(1))), type(np.linalg.eig(np.eye(1)))
_SVDResult, _QRResult = type(np.linalg.svd(np.eye(1))), type(np.linalg.qr(np.eye(1)))
_SlogdetResult: Callable[..., Any] = type(np.linalg.slogdet(np.eye(1)))

# -- inverses and solutions -----------------------------------------------------------------------


def _solve_vjp(g: Any, x: Any, a: Any, _b: Any) -> tuple[Any, Any]:
    if len(_b.shape) == 1:
        g, x = g[..., None], x[..., None]
    gb = np.linalg.solve(transposed(a), g)
    ga = unbroadcast(-gb @ transposed(x), a.shape)
    if len(_b.shape) == 1:
        gb = gb[..., 0]
    return ga, unbroadcast(gb, _b.shape)


_solve = rule(np.linalg.solve, joint=_solve_vjp)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> Any:
    return _solve(a, b)


def _pinv(a: Any, **tolerance: Any) -> Any:
    return np.linalg.pinv(a, **tolerance)


def _pinv_vjp(g: Any, p: Any, a: Any, rcond: Any = None, rtol: Any = None) -> Any:
    # Golub and Pereyra (1973): dP = -P dA P + P P' dA' (1 - A P) + (1 - P A) dA' P' P
    left = transposed(g) @ p @ adjoint(p)
    right = adjoint(p) @ p @ transposed(g)
    change = (left - a @ (p @ left)) + (right - (right @ p) @ a)
    return conjugate(change) - transposed(p) @ g @ transposed(p)


_pinv_of = rule(_pinv, _pinv_vjp)
_pinv_of.name = "pinv"


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, rtol: Any = np._NoValue) -> Any:
    tolerance = {"rcond": rcond} if rcond is not None else {}
    if rtol is not np._NoValue:
        tolerance["rtol"] = rtol
    return _pinv_of(_completed(a) if hermitian else a, **tolerance)


def _cutoff(a: Any, rcond: float | None) -> float:
    """What singular values count as 0 for `lstsq`, in parts of the largest."""
    eps = float(np.finfo(a.dtype).eps)
    return eps * max(a.shape) if rcond is None else eps if rcond < 0 else rcond


def _lstsq(a: Any, b: Any, rcond: float | None) -> tuple[Any, Any, Any]:
    x, residuals, _rank, s = np.linalg.lstsq(a, b, rcond)
    return x, residuals, s


def _lstsq_vjp(g: Any, out: Any, a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any]:
    (gx, gr, gs), (x, _, s) = g, out
    if b.ndim == 1:
        b_, x, gx = b[:, None], x[:, None], gx[:, None]
    else:
        b_ = b
    p = np.linalg.pinv(a, _cutoff(a, rcond))  # the solution is x = p b
    ga = _pinv_vjp(gx @ b_.T, p, a)
    gb = p.T @ gx
    if gr.size and not _unused(gr):  # |b - a x|^2 is at its minimum over x, which may be held
        error = 2 * conjugate(b_ - a @ x) * gr
        ga = ga - error @ x.T
        gb = gb + error
    if not _unused(gs):
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        ga = ga + _svd_vjp((np.zeros_like(u), gs, np.zeros_like(vh)), (u, s, vh), a)
    return ga, np.reshape(gb, b.shape)


_lstsq_of = rule(_lstsq, joint=_lstsq_vjp)
_lstsq_of.name = "lstsq"


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: float | None = None) -> tuple[Any, Any, int, Any]:
    x, residuals, s = _lstsq_of(a, b, rcond=rcond)
    rank = int(np.count_nonzero(s > _cutoff(a, rcond) * s[:1]))
    return x, residuals, rank, s


@implements(np.linalg.tensorinv)
def tensorinv(a: Any, ind: int = 2) -> Any:
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
def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
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


def _det_vjp(g: Any, y: Any, a: Any) -> Any:
    if a.size == 0:  # the determinant of no rows is 1
        return np.zeros_like(a)
    if np.all(y != 0):
        inverse = np.linalg.inv(a)
        # Near a singular matrix det(a) inv(a) is still exact, but no longer its derivative.
        size = np.max(np.abs(a), axis=(-2, -1)) * np.max(np.abs(inverse), axis=(-2, -1))
        if np.all(size < np.finfo(a.dtype).eps ** -0.25):
            return (g * y)[..., None, None] * transposed(inverse)
    return g[..., None, None] * cofactors(a)


def _cofactors(a: Any) -> Any:
    """The cofactors of matrices that may be singular: those of U S V, one factor at a time."""
    u, s, vh = np.linalg.svd(a)
    others = np.prod(np.where(_identity(s) == 1, 1, s[..., None, :]), axis=-1)
    turns = np.linalg.det(u) * np.linalg.det(vh)
    return conjugate(u) * (turns[..., None] * others)[..., None, :] @ conjugate(vh)


def _cofactors_vjp(g: Any, _: Any, a: Any) -> Any:
    # A cofactor is the determinant of a minor, up to its sign, so the rule of det applies again.
    n = a.shape[-1]
    i = np.arange(n)
    others = i[:-1] + (i[:-1] >= i[:, None])  # row i: all numbers but i
    minors = (..., others[:, None, :, None], others[:, None, :])
    signs = 1 - 2 * ((i + i[:, None]) % 2)
    gm = (g * constant(signs, g))[..., None, None] * cofactors(a[minors])
    return scatter(gm, index=minors, shape=a.shape)


cofactors = rule(_cofactors, _cofactors_vjp)


def _slogdet_vjp(g: Any, out: Any, a: Any) -> Any:
    (g_sign, g_log), (sign, _) = g, out
    if a.dtype.kind == "c":  # log det = log|det| + i arg(sign)
        g_log = g_log + 1j * np.imag(g_sign * sign)
    return g_log[..., None, None] * transposed(np.linalg.inv(a))


_slogdet = rule(lambda a: tuple(np.linalg.slogdet(a)), _slogdet_vjp)
_slogdet.name = "slogdet"


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    return _SlogdetResult(*_slogdet(a))


# -- factorisations -------------------------------------------------------------------------------


def _cholesky_vjp(g: Any, y: Any, _: Any) -> Any:
    inverse = np.linalg.inv(y)
    return _folded(transposed(inverse) @ _triangle(transposed(y) @ g) @ conjugate(inverse))


_cholesky = rule(lambda a: np.linalg.cholesky(a), _cholesky_vjp)
_cholesky.name = "cholesky"


@implements(np.linalg.cholesky)
def cholesky(a: Any, upper: bool = False) -> Any:
    return adjoint(_cholesky(adjoint(a))) if upper else _cholesky(a)


def _qr_vjp(g: Any, out: Any, _: Any) -> Any:
    (gq, gr), (q, r) = map(conjugate, g), out
    turn = _triangle(r @ adjoint(gr) - adjoint(gq) @ q)
    return conjugate(adjoint(np.linalg.solve(r, adjoint(gq + q @ (turn + adjoint(turn))))))


#: The reduced factors of matrices with at least as many rows as columns.
_qr = rule(lambda a: tuple(np.linalg.qr(a)), _qr_vjp)
_qr.name = "qr"


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
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
        q, r = _qr(a)
    else:  # the first columns determine Q, and with it the rest of R
        q, r = _qr(a[..., :m])
        r = np.concatenate([r, matmul(adjoint(q), a[..., m:])], -1)
    return r if mode == "r" else _QRResult(q, r)


# -- spectra --------------------------------------------------------------------------------------


def _eigh_vjp(g: Any, out: Any, _: Any, UPLO: str = "L") -> Any:  # noqa: N803 - NumPy's name
    (gw, gv), (w, v) = g, out
    if _unused(gv):
        ga = (conjugate(v) * gw[..., None, :]) @ transposed(v)
    else:
        inner = _inverse_gaps(w) * (transposed(v) @ gv) + gw[..., None, :] * _identity(w)
        ga = conjugate(v) @ inner @ transposed(v)
    return _folded(ga, UPLO in "Uu")


def _eig_vjp(g: Any, out: Any, _: Any) -> Any:
    (gw, gv), (w, v) = g, out
    vt = transposed(v)
    if _unused(gv):
        return np.linalg.solve(vt, gw[..., :, None] * vt)
    # Each vector has length 1, and a real number for its largest element: what would change
    # these two is taken out of the cotangent.
    h = np.sum(gv * v, axis=-2, keepdims=True)
    gv = gv - conjugate(v) * np.real(h)
    if v.dtype.kind == "c":
        place = np.argmax(np.abs(v), axis=-2)
        rows = constant(np.arange(v.shape[-1])[:, None], place)
        largest = rows == place[..., None, :]
        gv = gv - largest * (1j * np.imag(h) / np.sum(largest * v, axis=-2, keepdims=True))
    inner = _inverse_gaps(w) * (vt @ gv) + gw[..., None, :] * _identity(w)
    return np.linalg.solve(vt, inner @ vt)


def _svd_in_parts(a: Any, full_matrices: bool) -> tuple[Any, ...]:
    """The reduced decomposition, and the further singular vectors of the full one."""
    u, s, vh = np.linalg.svd(a, full_matrices)
    k = s.shape[-1]
    return u[..., :k], s, vh[..., :k, :], u[..., k:], vh[..., k:, :]


def _svd_vjp(g: Any, out: Any, _a: Any, full_matrices: bool = False) -> Any:
    (gu, gs, gvh, *further), (u, s, vh, *_) = g, out
    (*_, m, n), k = _a.shape, s.shape[-1]
    vanishing = (s == 0) & (gs != 0)
    if np.any(vanishing):
        gs = gs * zero_or_power(np.where(vanishing, s, 1), p=0)
    if not all(map(_unused, further)):
        raise NotDifferentiableError(
            f"svd: the last {abs(m - n)} singular vectors of a matrix of {m} by {n} are not "
            f"determined and have no gradient; use full_matrices=False"
        )
    if _unused(gu) and _unused(gvh):
        return conjugate((u * gs[..., None, :]) @ vh)
    gu, gv, ut, v = conjugate(gu), transposed(gvh), adjoint(u), adjoint(vh)
    by_u, by_v = ut @ gu, vh @ gv
    one, row, column = _identity(s), s[..., None, :], s[..., :, None]
    gaps = _inverse_gaps(s) / (row + column + one)  # 1 / (s[j]**2 - s[i]**2)
    inner = gaps * (by_u - adjoint(by_u)) * row + column * gaps * (by_v - adjoint(by_v))
    inner = inner + one * gs[..., None, :]
    safe = np.where(row == 0, np.nan, row)
    if u.dtype.kind == "c":
        inner = inner + one * (1j * np.imag(by_u) / safe)
    ga = u @ inner @ vh
    if m > k:
        ga = ga + (gu - u @ by_u) / safe @ vh
    if n > k:
        ga = ga + u / safe @ adjoint(gv - v @ by_v)
    return conjugate(ga)


_eigh = rule(lambda a, UPLO="L": tuple(np.linalg.eigh(a, UPLO)), _eigh_vjp)  # noqa: N803
_eig = rule(lambda a: tuple(np.linalg.eig(a)), _eig_vjp)
_svd = rule(_svd_in_parts, _svd_vjp)
_eigh.name, _eig.name, _svd.name = "eigh", "eig", "svd"


@implements(np.linalg.eigh)
def eigh(a: Any, UPLO: str = "L") -> Any:  # noqa: N803
    return _EighResult(*_eigh(a, UPLO=UPLO))


@implements(np.linalg.eigvalsh)
def eigvalsh(a: Any, UPLO: str = "L") -> Any:  # noqa: N803
    return _eigh(a, UPLO=UPLO)[0]


@implements(np.linalg.eig)
def eig(a: Any) -> Any:
    return _EigResult(*_eig(a))


@implements(np.linalg.eigvals)
def eigvals(a: Any) -> Any:
    return _eig(a)[0]


@implements(np.linalg.svd)
def svd(
    a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False
) -> Any:
    if hermitian:
        a = _completed(a)
    if not compute_uv:
        return svdvals(a)
    u, s, vh, further_u, further_v = _svd(a, full_matrices=full_matrices)
    if further_u.size:
        u = np.concatenate([u, further_u], -1)
    if further_v.size:
        vh = np.concatenate([vh, further_v], -2)
    return _SVDResult(u, s, vh)


@implements(np.linalg.svdvals)
def svdvals(x: Any) -> Any:
    return _svd(x, full_matrices=False)[1]


# fmt: off
rule(np.linalg.inv, lambda g, y, _: -transposed(y) @ g @ transposed(y))
rule(np.linalg.det, _det_vjp)
# fmt: on
