"""Factorisations and spectra of matrices.

All of it works on stacks of matrices, and on complex ones by the convention for complex gradients.
Sources: Giles, "Collected matrix derivative results" (2008); Murray, "Differentiation of the
Cholesky decomposition" (2016); Townsend, "Differentiating the singular value decomposition"
(2016); Roberts and Roberts, "QR and LQ decomposition matrix backpropagation" (2020); Boeddeker et
al., "On the computation of complex-valued gradients" (2017).

What is differentiated is what NumPy computes. `cholesky` and `eigh` read one triangle of their
matrix, so the gradient lies in this triangle and is 0 in the other: added to its mirror image it is
the gradient with respect to a symmetric matrix.

Where a derivative does not exist, or needs a word:

    qr                  where the leading columns are dependent the gradient raises LinAlgError
    eig, eigh, svd      the values always have a first derivative (where some are equal, one out of
                        many); the vectors do not where values are equal, and give NaN, and
                        so does the second derivative of the values there
    eigh, svd           complex vectors are known up to a phase: differentiate only what does not
                        depend on it. `eig` fixes the phase, and its vectors can be differentiated
    svd                 of a matrix that is not square, with full_matrices=True: the vectors beyond
                        min(m, n) may be any of a subspace, and have no gradient
    singular values     0 at 0 and NaN at second order, as a cone has it
"""

from typing import Any

import numpy as np

from ..arrays import adjoint, conjugate, constant, transposed
from ..errors import NotDifferentiableError
from ..registry import rule
from ..typing import Array
from .elementwise import kink
from .linalg import identity, slope_of_cone

Arrays = tuple[Array, ...]

# -- triangles ------------------------------------------------------------------------------------


def _triangle(x: Array, upper: bool = False) -> Array:
    """Return the lower (upper) triangle of square matrices, with half of the diagonal."""
    ones = np.ones_like(x, shape=x.shape[-2:])
    half = (np.tril(ones) + np.tril(ones, -1)) / 2
    return x * (half.T if upper else half)


def _folded(g: Array, upper: bool = False) -> Array:
    """Turn the gradient of a Hermitian matrix into that of the triangle that is read."""
    return _triangle(g + adjoint(g), upper)


def completed(a: Array, upper: bool = False) -> Array:
    """Return the Hermitian matrix whose lower (upper) triangle is that of `a`."""
    half = _triangle(a, upper)
    return half + adjoint(half)


def _cholesky_vjp(g: Array, y: Array, _: Any) -> Array:
    inverse = np.linalg.inv(y)
    return _folded(transposed(inverse) @ _triangle(transposed(y) @ g) @ conjugate(inverse))


def _qr_vjp(g: Arrays, out: Arrays, _: Any) -> Array:
    (gq, gr), (q, r) = map(conjugate, g), out
    turn = _triangle(r @ adjoint(gr) - adjoint(gq) @ q)
    return conjugate(adjoint(np.linalg.solve(r, adjoint(gq + q @ (turn + adjoint(turn))))))


cholesky: Any = rule(lambda a: np.linalg.cholesky(a), _cholesky_vjp, name="cholesky")

#: The reduced factors of matrices with at least as many rows as columns.
qr: Any = rule(lambda a: tuple(np.linalg.qr(a)), _qr_vjp, name="qr")

# -- spectra --------------------------------------------------------------------------------------
# The vectors turn into each other at the rate 1 / (w[j] - w[i]), which has no bound where values
# meet. A loss that does not depend on the vectors has cotangents of 0, and 0 / 0 is 0 for them.


def _quotient(x: Array, y: Array) -> Array:
    quotients = x / np.where(y == 0, np.nan, y)
    return quotients if np.any(x) else np.zeros_like(quotients)


#: x / y, with NaN where y is 0, unless x is 0 everywhere.
quotient = rule(
    _quotient,
    lambda g, _, __, y: quotient(g, y),
    lambda g, z, _, y: quotient(-g * z, y),
    elementwise=True,
    name="quotient",
)


def _between(x: Array, gaps: Array) -> Array:
    """Return x[i, j] / gaps[i, j], with 0 on the diagonal."""
    one = identity(gaps)
    return quotient(x, gaps + one) * (1 - one)


def _gaps(w: Array) -> Array:
    """Return w[j] - w[i] in row i and column j."""
    return w[..., None, :] - w[..., :, None]


def _hermitian(gw: Array, gv: Array, w: Array, v: Array) -> Array:
    inner = _between(transposed(v) @ gv, _gaps(w)) + gw[..., None, :] * identity(w)
    return conjugate(v) @ inner @ transposed(v)


def _eig_vjp(g: Arrays, out: Arrays, _: Any) -> Array:
    (gw, gv), (w, v) = g, out
    inner = _between(transposed(v) @ _at_fixed_phase(gv, v), _gaps(w))
    inner = inner + gw[..., None, :] * identity(w)
    return np.linalg.solve(transposed(v), inner @ transposed(v))


def _at_fixed_phase(gv: Array, v: Array) -> Array:
    """Take out of the cotangent of vectors what changes their length, which is 1, or their phase.

    The largest element of each is a real number.
    """
    h = np.sum(gv * v, axis=-2, keepdims=True)
    gv = gv - conjugate(v) * np.real(h)
    if v.dtype.kind != "c" or v.size == 0:
        return gv
    place = np.argmax(np.abs(v), axis=-2)
    largest = constant(np.arange(v.shape[-1])[:, None], place) == place[..., None, :]
    return gv - largest * (1j * np.imag(h) / np.sum(largest * v, axis=-2, keepdims=True))


def _svd_vjp(g: Arrays, out: Arrays, _: Any, full_matrices: bool = False) -> Array:
    (gu, gs, gvh, *further), (u, s, vh, *_) = g, out
    row, column, v = s[..., None, :], s[..., :, None], adjoint(vh)
    gu, gv = conjugate(gu), transposed(gvh)
    in_u, in_v = adjoint(u) @ gu, vh @ gv  # the part of each that lies within the vectors
    gaps = _gaps(s) * (row + column)  # s[j]**2 - s[i]**2
    turn_u, turn_v = _between(in_u, gaps), _between(in_v, gaps)
    inner = (turn_u + adjoint(turn_u)) * row + column * (turn_v + adjoint(turn_v))
    inner = inner + identity(s) * (slope_of_cone(gs, s)[..., None, :] + _phase(in_u, row))
    ga = u @ inner @ vh
    if u.shape[-2] > s.shape[-1]:
        ga = ga + quotient(gu - u @ in_u, row) @ vh
    if vh.shape[-1] > s.shape[-1]:
        ga = ga + u @ adjoint(quotient(gv - v @ in_v, row))
    return conjugate(ga + _undetermined(further, u.shape[-2], vh.shape[-1]))


def _phase(in_u: Array, s: Array) -> Array:
    return quotient(1j * np.imag(in_u), s) if in_u.dtype.kind == "c" else 0


def _undetermined(further: list[Array], m: int, n: int) -> Array:
    """Return 0, or raise where a loss depends on vectors that may be any of a subspace."""
    if any(map(np.any, further)):
        raise NotDifferentiableError(
            f"svd: the last {abs(m - n)} singular vectors of a matrix of {m} by {n} are not "
            f"determined and have no gradient; use full_matrices=False"
        )
    return sum(np.sum(kink(gx)) for gx in further)


def _svd_in_parts(a: Array, full_matrices: bool) -> Arrays:
    """Return the reduced decomposition, and the further singular vectors of the full one."""
    u, s, vh = np.linalg.svd(a, full_matrices)
    k = s.shape[-1]
    return u[..., :k], s, vh[..., :k, :], u[..., k:], vh[..., k:, :]


def _eigh(a: Array, UPLO: str = "L") -> Arrays:  # noqa: N803 - NumPy's name
    return tuple(np.linalg.eigh(a, UPLO))


# fmt: off
eigh = rule(_eigh, lambda g, out, _, UPLO="L": _folded(_hermitian(*g, *out), UPLO in "Uu"))  # noqa: N803
eig: Any = rule(lambda a: tuple(np.linalg.eig(a)), _eig_vjp, name="eig")
svd = rule(_svd_in_parts, _svd_vjp, name="svd")
# fmt: on
