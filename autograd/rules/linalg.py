"""Inverses, solutions of linear equations, determinants.

All of it works on stacks of matrices, and on complex ones by the convention for complex gradients.
Sources: Golub and Pereyra, "The differentiation of pseudo-inverses and nonlinear least squares
problems whose variables separate" (1973); Giles, "Collected matrix derivative results" (2008).

    inv, solve          a singular matrix raises LinAlgError
    pinv, lstsq         right among matrices of the same rank, be it full or not; where the rank
                        changes they jump, and have no derivative
    det                 right for every matrix and at every order, singular ones included (from the
                        second order on these cost n**5)
    slogdet             of a singular matrix it is -inf, and its gradient raises LinAlgError
"""

from typing import Any

import numpy as np

from ..arrays import adjoint, conjugate, constant, transposed
from ..broadcasting import unbroadcast
from ..registry import rule
from ..typing import Array
from .elementwise import zero_or_power
from .indexing import scatter


def identity(x: Array) -> Array:
    """Return the identity matrix (an array) of the last axis of `x`."""
    return np.diag(np.ones_like(x, shape=x.shape[-1]))


def slope_of_cone(gs: Array, s: Array) -> Array:
    """Return `gs`, but 0 where a singular value is 0, with NaN for a second derivative."""
    return gs * zero_or_power(np.where((s == 0) & (gs != 0), s, 1), p=0)


# -- inverses and solutions -----------------------------------------------------------------------


def _solve_vjp(g: Array, x: Array, a: Array, _b: Array) -> tuple[Array, Array]:
    if len(_b.shape) == 1:
        g, x = g[..., None], x[..., None]
    gb = np.linalg.solve(transposed(a), g)
    ga = unbroadcast(-gb @ transposed(x), a.shape)
    if len(_b.shape) == 1:
        gb = gb[..., 0]
    return ga, unbroadcast(gb, _b.shape)


def _pinv(a: Array, **tolerance: Any) -> Array:
    return np.linalg.pinv(a, **tolerance)


def _pinv_vjp(g: Array, p: Array, a: Array, rcond: Any = None, rtol: Any = None) -> Array:
    # dP = -P dA P + P P' dA' (1 - A P) + (1 - P A) dA' P' P
    left = transposed(g) @ p @ adjoint(p)
    right = adjoint(p) @ p @ transposed(g)
    change = (left - a @ (p @ left)) + (right - (right @ p) @ a)
    return conjugate(change) - transposed(p) @ g @ transposed(p)


def cutoff(a: Array, rcond: float | None) -> float:
    """Return which singular values count as 0 for `lstsq`, in parts of the largest."""
    eps = float(np.finfo(a.dtype).eps)
    return eps * max(a.shape) if rcond is None else eps if rcond < 0 else rcond


def _lstsq(a: Array, b: Array, rcond: float | None) -> tuple[Array, Array, Array]:
    x, residuals, _rank, s = np.linalg.lstsq(a, b, rcond)
    return x, residuals, s


def _lstsq_vjp(
    g: list[Array], out: tuple[Array, ...], a: Array, b: Array, rcond: float | None = None
) -> tuple[Array, Array]:
    (gx, gr, gs), (x, *_), shape = g, out, b.shape
    if b.ndim == 1:
        b, x, gx = b[:, None], x[:, None], gx[:, None]
    p = np.linalg.pinv(a, cutoff(a, rcond))  # the solution is x = p b
    u, s, vh = np.linalg.svd(a, full_matrices=False)
    ga = _pinv_vjp(gx @ b.T, p, a) + conjugate((u * slope_of_cone(gs, s)) @ vh)
    gb = p.T @ gx
    if gr.size:  # |b - a x|^2 is at its minimum over x, which may be held
        error = 2 * conjugate(b - a @ x) * gr
        ga = ga - error @ x.T
        gb = gb + error
    return ga, np.reshape(gb, shape)


# fmt: off
rule(np.linalg.inv, lambda g, y, _: -transposed(y) @ g @ transposed(y))

solve = rule(np.linalg.solve, joint=_solve_vjp)
pinv  = rule(_pinv, _pinv_vjp, name="pinv")
lstsq = rule(_lstsq, joint=_lstsq_vjp, name="lstsq")
# fmt: on

# -- determinants ---------------------------------------------------------------------------------


def _det_vjp(g: Array, y: Array, a: Array) -> Array:
    if a.size == 0:  # the determinant of no rows is 1
        return np.zeros_like(a)
    if np.all(y != 0):
        inverse = np.linalg.inv(a)
        # Near a singular matrix det(a) inv(a) is still exact, but no longer its derivative.
        size = np.max(np.abs(a), axis=(-2, -1)) * np.max(np.abs(inverse), axis=(-2, -1))
        if np.all(size < np.finfo(a.dtype).eps ** -0.25):
            return (g * y)[..., None, None] * transposed(inverse)
    return g[..., None, None] * cofactors(a)


def _cofactors(a: Array) -> Array:
    """Return the cofactors of matrices that may be singular: those of U S V, one at a time."""
    u, s, vh = np.linalg.svd(a)
    others = np.prod(np.where(identity(s) == 1, 1, s[..., None, :]), axis=-1)
    turns = np.linalg.det(u) * np.linalg.det(vh)
    return conjugate(u) * (turns[..., None] * others)[..., None, :] @ conjugate(vh)


def _cofactors_vjp(g: Array, _: Any, a: Array) -> Array:
    # A cofactor is the determinant of a minor, up to its sign, so the rule of det applies again.
    n = a.shape[-1]
    i = np.arange(n)
    others = i[:-1] + (i[:-1] >= i[:, None])  # row i: all numbers but i
    minors = (..., others[:, None, :, None], others[:, None, :])
    signs = 1 - 2 * ((i + i[:, None]) % 2)
    gm = (g * constant(signs, g))[..., None, None] * cofactors(a[minors])
    return scatter(gm, index=minors, shape=a.shape)


def _of_log(g: list[Array], out: tuple[Array, ...]) -> Array:
    """The cotangent of log det = log|det| + i arg(sign)."""
    (g_sign, g_log), (sign, _) = g, out
    return g_log + 1j * np.imag(g_sign * sign) if sign.dtype.kind == "c" else g_log


# fmt: off
rule(np.linalg.det, _det_vjp)
cofactors = rule(_cofactors, _cofactors_vjp)
slogdet: Any = rule(lambda a: tuple(np.linalg.slogdet(a)), name="slogdet", vjps=[
    lambda g, out, a: _of_log(g, out)[..., None, None] * transposed(np.linalg.inv(a))])
# fmt: on
