"""Products and linear algebra: one row per way of calling a function, for the generic checks.

A row has a `name`, a `function` of arrays or Tensors, and `inputs`: from a random generator it
makes the list of float64 arrays to call the function with, away from kinks and well-conditioned.

Complex matrices enter as pairs of real ones, and leave as their parts: what holds for the real
function of the parts holds for the complex one. Functions of several outputs return them in a row.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Maker = Callable[[np.random.Generator], Any]


def _flat(*ys: Any) -> Any:
    """All outputs in one vector, complex ones as real and imaginary parts."""
    flat = []
    for y in ys:
        parts = [np.real(y), np.imag(y)] if y.dtype.kind == "c" else [y]
        flat += [np.ravel(part) for part in parts]
    return np.concatenate(flat)


def _row(name: str, function: Callable[..., Any], *inputs: Maker | Sequence[int]) -> dict[str, Any]:
    """A row; an input is given by what makes it, or as the shape of normal random numbers."""
    makers = [_normal(*i) if isinstance(i, Sequence) else i for i in inputs]
    return {"name": name, "function": function, "inputs": lambda rng: [m(rng) for m in makers]}


def _complex(
    name: str, function: Callable[..., Any], *inputs: Maker | Sequence[int]
) -> dict[str, Any]:
    """A row of a complex function: it gets each input as real + 1j * imaginary."""
    imaginary = [_small(i) for i in inputs]
    pairs = [i for pair in zip(inputs, imaginary, strict=True) for i in pair]

    def on_parts(*xs: Any) -> Any:
        ys = function(*(re + 1j * im for re, im in zip(xs[::2], xs[1::2], strict=True)))
        return _flat(*ys) if isinstance(ys, tuple | list) else _flat(ys)

    return _row(f"{name}, complex", on_parts, *pairs)


def _normal(*shape: int) -> Maker:
    return lambda rng: rng.normal(size=shape)


def _small(like: Maker | Sequence[int]) -> Maker:
    """Imaginary parts: they leave a well-conditioned matrix well-conditioned."""
    if isinstance(like, Sequence):
        return _normal(*like)
    return lambda rng: 0.3 * rng.normal(size=like(rng).shape)


def _square(*shape: int) -> Maker:
    """Matrices with well-separated eigenvalues and singular values, all far from 0."""
    n = shape[-1]
    return lambda rng: rng.normal(size=shape) * 0.3 + np.diag(np.arange(1.0, n + 1))


def _tall(*shape: int) -> Maker:
    """Matrices of full rank with well-separated singular values."""
    eye = np.eye(shape[-2], shape[-1]) * np.arange(1.0, shape[-1] + 1)
    return lambda rng: rng.normal(size=shape) * 0.3 + eye


def _positive(*shape: int) -> Maker:
    """Positive definite matrices. NumPy reads a triangle of them."""
    n = shape[-1]

    def make(rng: np.random.Generator) -> Any:
        a = rng.normal(size=shape) * 0.3
        return a @ np.swapaxes(a, -1, -2) + np.diag(np.arange(1.0, n + 1))

    return make


def _singular(rank: int, *shape: int) -> Maker:
    n = shape[-1]
    return lambda rng: rng.normal(size=(*shape[:-1], rank)) @ rng.normal(size=(rank, n))


def _einsum(subscripts: str, *shapes: Sequence[int]) -> dict[str, Any]:
    return _row(f"einsum {subscripts}", lambda *xs: np.einsum(subscripts, *xs), *shapes)


def _hermitian(x: Any) -> Any:
    return (x + np.conj(np.swapaxes(x, -1, -2))) / 2


def _projectors(v: Any) -> Any:
    """What does not depend on the phase of vectors (the columns of `v`)."""
    return np.einsum("...ik,...jk->...kij", v, np.conj(v))


def _norm(**options: Any) -> Callable[..., Any]:
    return lambda x: np.linalg.norm(x, **options)


la = np.linalg
_ROTATION = np.array([[0.0, -4, 0], [5, 0, 0], [0, 0, 5]])  # makes a pair of eigenvalues complex

# fmt: off
ROWS: list[dict[str, Any]] = [
    # -- vectors
    _row("vdot",                  np.vdot, (5,), (5,)),
    _row("vdot matrices",         np.vdot, (2, 3), (3, 2)),
    _complex("vdot",              np.vdot, (4,), (2, 2)),
    _row("inner",                 np.inner, (4,), (4,)),
    _row("inner matrices",        np.inner, (2, 3), (4, 2, 3)),
    _row("inner scalar",          np.inner, (), (3,)),
    _complex("inner",             np.inner, (2, 3), (4, 3)),
    _row("outer",                 np.outer, (3,), (4,)),
    _row("outer flattens",        np.outer, (2, 2), (3,)),
    _complex("outer",             np.outer, (2,), (3,)),
    _row("linalg.outer",          la.outer, (3,), (4,)),
    _row("cross",                 np.cross, (3,), (3,)),
    _row("cross broadcasts",      np.cross, (4, 3), (2, 1, 3)),
    _row("cross axes",            lambda a, b: np.cross(a, b, axisa=0, axisb=1, axisc=0), (3, 2),
                                  (2, 3)),
    _row("cross axis",            lambda a, b: np.cross(a, b, axis=0), (3, 2), (3, 2)),
    _complex("cross",             np.cross, (2, 3), (3,)),
    _row("linalg.cross",          lambda a, b: la.cross(a, b, axis=0), (3, 2), (3, 2)),
    _row("vecdot",                np.vecdot, (2, 3), (3,)),
    _row("vecdot axis",           lambda a, b: np.vecdot(a, b, axis=0), (3, 2), (3, 2)),
    _complex("vecdot",            np.vecdot, (2, 1, 3), (4, 3)),
    _row("linalg.vecdot",         lambda a, b: la.vecdot(a, b, axis=-2), (3, 2), (3, 1)),

    # -- tensors
    _row("tensordot",             np.tensordot, (2, 3, 4), (3, 4, 2)),
    _row("tensordot 1",           lambda a, b: np.tensordot(a, b, 1), (2, 3), (3, 4)),
    _row("tensordot 0",           lambda a, b: np.tensordot(a, b, 0), (2,), (3, 2)),
    _row("tensordot axes",        lambda a, b: np.tensordot(a, b, ([2, 0], [0, -1])), (2, 3, 4),
                                  (4, 5, 2)),
    _row("tensordot axis",        lambda a, b: np.tensordot(a, b, (0, 1)), (2, 3), (4, 2)),
    _row("tensordot everything",  lambda a, b: np.tensordot(a, b, ([0, 1], [1, 0])), (2, 3),
                                  (3, 2)),
    _complex("tensordot",         lambda a, b: np.tensordot(a, b, ([1], [0])), (2, 3), (3, 2)),
    _row("linalg.tensordot",      lambda a, b: la.tensordot(a, b, axes=1), (2, 3), (3, 4)),
    _row("kron",                  np.kron, (2, 3), (3, 2)),
    _row("kron of unlike ranks",  np.kron, (2,), (2, 1, 3)),
    _row("kron scalar",           np.kron, (), (2, 2)),
    _complex("kron",              np.kron, (2, 2), (1, 2)),
    _einsum("ij,jk->ik",          (2, 3), (3, 4)),
    _einsum("ij,jk",              (2, 3), (3, 4)),
    _einsum("ba",                 (2, 3)),
    _einsum("ij->",               (2, 3)),
    _einsum("ij->i",              (2, 3)),
    _einsum("ii",                 (3, 3)),
    _einsum("ii->i",              (3, 3)),
    _einsum("iii->i",             (2, 2, 2)),
    _einsum("iij->j",             (2, 2, 3)),
    _einsum("iji->ji",            (2, 3, 2)),
    _einsum("ii,ij->j",           (3, 3), (3, 2)),
    _einsum("ij,ij->ij",          (2, 3), (2, 3)),
    _einsum("ij,kl->il",          (2, 3), (2, 2)),
    _einsum("i,i,i->",            (3,), (3,), (3,)),
    _einsum("ij,jk,kl->il",       (2, 3), (3, 2), (2, 4)),
    _einsum("...ij,...jk->...ik", (2, 1, 3, 2), (4, 2, 3)),
    _einsum("...i,...i",          (2, 3), (3,)),
    _einsum("...ii->...i",        (2, 3, 3)),
    _einsum("...,...",            (2, 3), ()),
    _einsum("i...->...",          (3, 2)),
    _einsum(",->",                (), ()),
    _einsum("ij,jk->ik",          (2, 1), (3, 2)),  # NumPy stretches an axis of length 1
    _einsum("ij,ij->i",           (2, 1), (1, 3)),
    _row("einsum by lists",       lambda a, b: np.einsum(a, [0, 1], b, [1, 2], [2, 0]), (2, 3),
                                  (3, 2)),
    _row("einsum implicit lists", lambda a, b: np.einsum(a, [..., 1], b, [1, 0]), (2, 2, 3),
                                  (3, 2)),
    _row("einsum optimize",       lambda *xs: np.einsum("ij,jk,kl", *xs, optimize=True), (2, 3),
                                  (3, 2), (2, 2)),
    _complex("einsum",            lambda a, b: np.einsum("ii,ij->j", a, b), (3, 3), (3, 2)),

    # -- convolutions
    *(_row(f"{f.__name__} {mode} {n}, {m}", lambda a, v, f=f, mode=mode: f(a, v, mode), (n,), (m,))
      for f in (np.convolve, np.correlate)
      for mode in ("full", "same", "valid")
      for n, m in ((6, 3), (6, 4), (3, 6), (4, 6), (4, 4), (3, 1))),
    *(_complex(f"correlate {mode}", lambda a, v, mode=mode: np.correlate(a, v, mode), (3,), (4,))
      for mode in ("full", "same", "valid")),
    _complex("convolve",          np.convolve, (4,), (3,)),

    # -- products of matrices
    _row("linalg.matmul",         la.matmul, (2, 2, 3), (3, 2)),
    _complex("matmul",            np.matmul, (2, 2, 3), (3, 2)),
    *([_row("matvec",             np.matvec, (4, 2, 3), (3,)),
       _row("matvec broadcasts",  np.matvec, (2, 3), (4, 3)),
       _complex("matvec",         np.matvec, (2, 3), (3,)),
       _row("vecmat",             np.vecmat, (3,), (4, 3, 2)),
       _complex("vecmat",         np.vecmat, (4, 2), (2, 3))] if hasattr(np, "matvec") else []),
    _row("multi_dot",             lambda *xs: la.multi_dot(xs), (2, 4), (4, 3), (3, 5), (5, 2)),
    _row("multi_dot vectors",     lambda *xs: la.multi_dot(xs), (4,), (4, 3), (3, 2), (2,)),
    _row("multi_dot two",         lambda *xs: la.multi_dot(xs), (4, 2), (2,)),
    _complex("multi_dot",         lambda *xs: la.multi_dot(xs), (2, 3), (3, 2), (2, 2)),
    *(_row(f"matrix_power {n}",   lambda x, n=n: la.matrix_power(x, n), _square(2, 3, 3))
      for n in (-3, -1, 0, 1, 2, 5)),
    _complex("matrix_power",      lambda x: la.matrix_power(x, 3), _square(3, 3)),
    _row("linalg.trace",          la.trace, (2, 3, 4)),
    _row("linalg.trace offset",   lambda x: la.trace(x, offset=-1), (2, 3, 3)),
    _row("linalg.diagonal",       la.diagonal, (2, 3, 4)),
    _row("linalg.diagonal offset", lambda x: la.diagonal(x, offset=2), (3, 4)),
    _complex("linalg.diagonal",   lambda x: la.diagonal(x, offset=-1), (3, 3)),
    _row("matrix_transpose",      la.matrix_transpose, (2, 3, 4)),

    # -- inverses and solutions
    _row("inv",                   la.inv, _square(3, 3)),
    _row("inv of a stack",        la.inv, _square(2, 3, 3)),
    _complex("inv",               la.inv, _square(2, 3, 3)),
    _row("solve",                 la.solve, _square(3, 3), (3, 2)),
    _row("solve vector",          la.solve, _square(2, 3, 3), (3,)),
    _row("solve broadcasts",      la.solve, _square(2, 1, 3, 3), (4, 3, 2)),
    _complex("solve",             la.solve, _square(3, 3), (2, 3, 2)),
    _complex("solve vector",      la.solve, _square(3, 3), (3,)),
    _row("pinv tall",             la.pinv, _tall(4, 3)),
    _row("pinv wide",             la.pinv, _tall(2, 2, 3)),
    _row("pinv of lower rank",    lambda a, b: la.pinv(a @ b, 1e-5), (4, 2), (2, 3)),
    _row("pinv hermitian",        lambda x: la.pinv(x, hermitian=True), _positive(3, 3)),
    _row("pinv rtol",             lambda x: la.pinv(x, rtol=1e-3), _tall(3, 2)),
    _complex("pinv",              la.pinv, _tall(3, 2)),
    _row("lstsq",                 lambda a, b: la.lstsq(a, b)[0], _tall(5, 3), (5, 2)),
    _row("lstsq vector",          lambda a, b: la.lstsq(a, b)[0], _tall(5, 3), (5,)),
    _row("lstsq wide",            lambda a, b: la.lstsq(a, b)[0], _tall(2, 3), (2, 2)),
    _row("lstsq of lower rank",   lambda a, b, c: la.lstsq(a @ b, c, rcond=1e-9)[0], (4, 2),
                                  (2, 3), (4,)),
    _row("lstsq residuals",       lambda a, b: la.lstsq(a, b)[1], _tall(5, 3), (5, 2)),
    _row("lstsq singular values", lambda a, b: la.lstsq(a, b)[3], _tall(4, 3), (4,)),
    _row("lstsq all",             lambda a, b: _flat(*(la.lstsq(a, b)[i] for i in (0, 1, 3))),
                                  _tall(4, 2), (4,)),
    _complex("lstsq",             lambda a, b: la.lstsq(a, b)[0], _tall(4, 2), (4, 2)),
    _complex("lstsq residuals",   lambda a, b: la.lstsq(a, b)[1], _tall(4, 2), (4,)),
    _row("tensorinv",             la.tensorinv, lambda rng: _square(6, 6)(rng).reshape(2, 3, 3, 2)),
    _row("tensorinv ind",         lambda x: la.tensorinv(x, 1),
                                  lambda rng: _square(6, 6)(rng).reshape(6, 3, 2)),
    _row("tensorsolve",           la.tensorsolve, lambda rng: _square(6, 6)(rng).reshape(2, 3, 6),
                                  (2, 3)),
    _row("tensorsolve axes",      lambda a, b: la.tensorsolve(np.moveaxis(a, -1, 0), b, axes=(0,)),
                                  lambda rng: _square(6, 6)(rng).reshape(2, 3, 6), (2, 3)),

    # -- determinants
    _row("det",                   la.det, _square(3, 3)),
    _row("det of a stack",        la.det, _square(2, 3, 3)),
    _row("det of rank n - 1",     la.det, _singular(2, 3, 3)),
    _row("det of rank n - 2",     la.det, lambda rng: np.outer(np.arange(1.0, 5), [2.0, 1, 4, 3])),
    _row("det of zeros",          la.det, lambda rng: np.zeros((2, 3, 3))),
    _row("det of zero",           la.det, lambda rng: np.zeros((1, 1))),
    _complex("det",               la.det, _square(2, 3, 3)),
    _complex("det of zeros",      la.det, lambda rng: np.zeros((2, 2))),
    _row("slogdet",               lambda x: la.slogdet(x).logabsdet, _square(2, 3, 3)),
    _row("slogdet negative",      lambda x: _flat(*la.slogdet(-x)), _square(3, 3)),
    _complex("slogdet",           la.slogdet, _square(2, 3, 3)),

    # -- factorisations
    _row("cholesky",              la.cholesky, _positive(2, 3, 3)),
    _row("cholesky upper",        lambda x: la.cholesky(x, upper=True), _positive(3, 3)),
    _complex("cholesky",          lambda x: la.cholesky(_hermitian(x)), _positive(3, 3)),
    _complex("cholesky of half",  la.cholesky, _positive(3, 3)),
    _complex("cholesky upper",    lambda x: la.cholesky(x, upper=True), _positive(3, 3)),
    _row("qr",                    lambda x: _flat(*la.qr(x)), _tall(4, 3)),
    _row("qr wide",               lambda x: _flat(*la.qr(x)), _tall(2, 2, 4)),
    _row("qr complete",           lambda x: _flat(*la.qr(x, mode="complete")), _tall(3, 3)),
    _row("qr complete wide",      lambda x: la.qr(x, mode="complete").R, _tall(2, 3)),
    _row("qr r",                  lambda x: la.qr(x, mode="r"), _tall(2, 4, 3)),
    _complex("qr",                la.qr, _tall(4, 3)),
    _complex("qr wide",           la.qr, _tall(2, 3)),

    # -- spectra
    _row("eigh",                  lambda x: _flat(*la.eigh(x)), _positive(2, 3, 3)),
    _row("eigh upper",            lambda x: _flat(*la.eigh(x, UPLO="U")), _positive(3, 3)),
    _row("eigh values",           lambda x: la.eigh(x).eigenvalues, _positive(3, 3)),
    _complex("eigh",              lambda x: (la.eigh(x)[0], _projectors(la.eigh(x)[1])),
                                  _positive(3, 3)),
    _row("eigvalsh",              la.eigvalsh, _positive(2, 3, 3)),
    _row("eigvalsh upper",        lambda x: la.eigvalsh(x, UPLO="U"), _positive(3, 3)),
    _complex("eigvalsh",          la.eigvalsh, _positive(3, 3)),
    _row("eig",                   lambda x: _flat(*la.eig(x)), _square(3, 3)),
    _row("eig rotating",          lambda x: _flat(*la.eig(x)),
                                  lambda rng: _square(3, 3)(rng) + _ROTATION),
    _complex("eig",               la.eig, _square(2, 3, 3)),
    _row("eigvals",               lambda x: _flat(la.eigvals(x)), _square(2, 3, 3)),
    _complex("eigvals",           la.eigvals, _square(3, 3)),
    _row("svd",                   lambda x: _flat(*la.svd(x, full_matrices=False)), _tall(4, 3)),
    _row("svd wide",              lambda x: _flat(*la.svd(x, full_matrices=False)), _tall(2, 2, 3)),
    _row("svd square",            lambda x: _flat(*la.svd(x)), _square(2, 3, 3)),
    _row("svd full, values",      lambda x: la.svd(x).S, _tall(4, 3)),
    _row("svd values",            lambda x: la.svd(x, compute_uv=False), _tall(4, 3)),
    _row("svd hermitian",         lambda x: la.svd(x, compute_uv=False, hermitian=True),
                                  _positive(3, 3)),
    _complex("svd",               lambda x: _svd_without_phase(*la.svd(x, full_matrices=False)),
                                  _tall(4, 2)),
    _complex("svd wide",          lambda x: _svd_without_phase(*la.svd(x, full_matrices=False)),
                                  _tall(2, 3)),
    _row("svdvals",               la.svdvals, _tall(2, 3, 4)),
    _complex("svdvals",           la.svdvals, _tall(3, 2)),
    *(_row(f"cond {p}",           lambda x, p=p: la.cond(x, p), _square(2, 3, 3))
      for p in (None, 2, -2, 1, -1, np.inf, -np.inf, "fro", "nuc")),
    _row("cond tall",             la.cond, _tall(4, 3)),

    # -- norms
    _row("norm",                  la.norm, (2, 3, 2)),
    _row("norm keepdims",         _norm(keepdims=True), (2, 3)),
    *(_row(f"norm {ord}",         _norm(ord=ord), (4,))
      for ord in (2, 1, 0, 3, 2.5, 0.5, -1, -2, np.inf, -np.inf)),
    *(_row(f"norm {ord} axis",    _norm(ord=ord, axis=1, keepdims=True), (2, 3, 2))
      for ord in (None, 2, 1, 3, np.inf)),
    *(_row(f"norm of matrices {ord}", _norm(ord=ord, axis=(2, 0)), (3, 2, 3))
      for ord in (None, "fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)),
    _row("norm of a matrix",      _norm(ord=2, keepdims=True), (3, 2)),
    *(_complex(f"norm {ord}",     _norm(ord=ord), (4,)) for ord in (2, 1, 3, np.inf)),
    *(_complex(f"norm of matrices {ord}", _norm(ord=ord), (3, 2)) for ord in ("fro", "nuc", 2, 1)),
    _row("vector_norm",           la.vector_norm, (2, 3)),
    _row("vector_norm axes",      lambda x: la.vector_norm(x, axis=(0, 2), ord=3, keepdims=True),
                                  (2, 3, 2)),
    _row("matrix_norm",           la.matrix_norm, (2, 3, 2)),
    _row("matrix_norm nuc",       lambda x: la.matrix_norm(x, ord="nuc", keepdims=True), (2, 3, 2)),
]
# fmt: on


def _svd_without_phase(u: Any, s: Any, vh: Any) -> tuple[Any, ...]:
    return s, (u * s[..., None, :] ** 2) @ vh, _projectors(u), _projectors(np.conj(vh).T)
