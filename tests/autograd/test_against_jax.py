"""A second independent judge: JAX, whose functions have NumPy's names and arguments.

A row holds one function of a namespace and its inputs. With `np` the namespace is NumPy and the
function runs on Tensors; with `jax.numpy` JAX differentiates it. Both have the same convention for
complex numbers, so gradients of complex functions are compared as they are.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, gradients
from tests import special_points as at
from tests.cases import above_one, distinct, divisor, fixed, fractional, positive, real, unit

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_disable_most_optimizations", True)  # most of the time is compilation
jnp = jax.numpy

Domain = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Row:
    label: str  #: the name within NumPy, and after a blank the way of calling it
    function: Callable[..., Any]
    domains: tuple[Domain, ...]
    second: bool  #: compare second derivatives too
    rtol: float

    def inputs(self) -> list[Any]:
        generator = np.random.default_rng(sum(map(ord, self.label)))
        return [np.asarray(d(generator)) for d in self.domains]


ROWS: list[Row] = []

#: The rows to compare at second order as well; for all of them JAX would compile for minutes.
SECOND = set(
    """
    reciprocal, square, sqrt, cbrt, exp, expm1, log, log1p, sin, tan, arcsin, arctan, sinh, tanh,
    arcsinh, arccosh, arctanh, absolute, sinc, multiply, true_divide, arctan2, remainder, power,
    hypot, logaddexp, maximum, floor, exp complex, tanh complex, absolute complex,
    multiply complex, power complex, conjugate, angle, clip, where, prod, var, std, max, average,
    cov, corrcoef, median, nanprod, nanvar, cumprod, gradient, trapezoid, interp, concatenate,
    stack, pad, vander, geomspace, take, choose, select, sort, matmul, matmul complex, dot,
    vdot complex, einsum, kron, cross, convolve, correlate, polyval, polymul, linalg.inv,
    linalg.inv complex, linalg.solve, linalg.det, linalg.det complex, linalg.slogdet, linalg.pinv,
    linalg.lstsq, linalg.cholesky, linalg.cholesky complex, linalg.eigvalsh, linalg.eigh,
    linalg.eigh complex, linalg.svdvals, linalg.svd, linalg.qr, linalg.norm 3,
    linalg.multi_dot, fft.fft, fft.rfft, fft.irfft complex
    """.replace("\n   ", "")
    .strip()
    .split(", ")
)


def row(
    label: str,
    function: Callable[..., Any],
    *domains: Domain | Sequence[int],
    rtol: float = 1e-10,
) -> None:
    """Add a row; inputs of a given shape are distinct numbers."""
    makers = [distinct(*d) if isinstance(d, Sequence) else d for d in domains]
    ROWS.append(Row(label, function, tuple(makers), label in SECOND, rtol))


def plain(name: str, *domains: Domain | Sequence[int], **options: Any) -> None:
    """Add a row of the function itself, of arrays and nothing else."""
    row(name, lambda np, *xs: operator.attrgetter(name)(np)(*xs), *domains, **options)


def complex_(*shape: int) -> Domain:
    return lambda generator: real(*shape)(generator) + 1j * real(*shape)(generator)


def right_half(*shape: int) -> Domain:
    """Complex numbers away from every branch cut and pole."""
    return lambda generator: generator.uniform(0.4, 0.9, shape) * (1 + 0.5j)


def matrix(*shape: int) -> Domain:
    """Of full rank, with well-separated eigenvalues and singular values."""
    eye = np.eye(shape[-2], shape[-1]) * np.arange(1.0, shape[-1] + 1)
    return lambda generator: generator.normal(size=shape) * 0.2 + eye


def complex_matrix(*shape: int) -> Domain:
    return lambda generator: matrix(*shape)(generator) + 0.2j * generator.normal(size=shape)


def hermitian(np: Any, x: Any) -> Any:
    return (x + np.conj(np.swapaxes(x, -1, -2))) / 2


def projectors(np: Any, v: Any) -> Any:
    """What does not depend on the phase of vectors, the columns of `v`."""
    return np.einsum("...ik,...jk->...kij", v, np.conj(v))


def holed(np: Any, x: Any) -> Any:
    return np.where(HOLES, np.nan, x)


HOLES = np.array([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]], bool)
INDEX = np.array([[2, 0], [1, 1], [0, 2]])
WIDTHS = ((1, 2), (3, 0))
A = (2, 3)

# -- element by element -------------------------------------------------------------------------

for name, domain in {
    "negative": real, "positive": real, "reciprocal": real, "square": real, "sqrt": positive,
    "cbrt": positive, "exp": real, "exp2": real, "expm1": real, "log": positive, "log2": positive,
    "log10": positive, "log1p": positive, "sin": real, "cos": real, "tan": unit, "arcsin": unit,
    "arccos": unit, "arctan": real, "sinh": real, "cosh": real, "tanh": real, "arcsinh": real,
    "arccosh": above_one, "arctanh": unit, "sign": real, "floor": fractional, "ceil": fractional,
    "trunc": fractional, "rint": fractional, "absolute": real, "fabs": real, "radians": real,
    "deg2rad": real, "degrees": real, "rad2deg": real, "sinc": real, "nan_to_num": real,
}.items():  # fmt: skip
    plain(name, domain(*A))
for name in (
    "negative", "reciprocal", "square", "sqrt", "exp", "exp2", "log", "log2", "log10", "log1p",
    "expm1", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "arcsinh",
    "arccosh", "arctanh", "absolute",
):  # fmt: skip
    row(f"{name} complex", lambda np, x, name=name: getattr(np, name)(x), right_half(3))

for name, domain_x, domain_y in [
    ("add", real, real), ("subtract", real, real), ("multiply", real, real),
    ("true_divide", real, real), ("floor_divide", fractional, divisor), ("arctan2", real, real),
    ("remainder", fractional, divisor), ("fmod", fractional, divisor), ("power", positive, real),
    ("float_power", positive, real), ("hypot", real, real), ("logaddexp", real, real),
    ("logaddexp2", real, real), ("copysign", real, real), ("heaviside", real, real),
]:  # fmt: skip
    plain(name, domain_x(*A), domain_y(3))
for name in ("maximum", "minimum", "fmax", "fmin"):
    plain(name, (2, 3), lambda generator: generator.integers(-3, 3, 3) * 0.2 + 0.15)
for name in ("add", "subtract", "multiply", "true_divide", "power"):
    row(f"{name} complex", lambda np, x, y, f=name: getattr(np, f)(x, y), right_half(2, 3),
        complex_(3))  # fmt: skip

# fmt: off
row("multiply of real and complex", lambda np, x, y: x * y,          real(*A), complex_(3))
row("power complex square", lambda np, x: x**2,                       complex_(3))
row("divmod",     lambda np, x, y: np.divmod(x, y),                   fractional(*A), divisor(3))
row("modf",       lambda np, x: np.modf(x),                           fractional(*A))
row("ldexp",      lambda np, x: np.ldexp(x, np.array([1, -2, 3])),    real(*A))
row("round",      lambda np, x: np.round(x, 1) * x,                   fixed([0.32, -1.57, 2.04]))
row("around",     lambda np, x: np.around(x) * x,                     fractional(*A))
row("clip",       lambda np, x: np.clip(x, -0.4, 0.5),                (3, 3))
row("where",      lambda np, x, y: np.where(HOLES[:, :3], x * y, y),  (3, 3), (3,))
row("real",       lambda np, z: np.real(z * z),                       complex_(3))
row("imag",       lambda np, z: np.imag(z * z),                       complex_(3))
row("conjugate",  lambda np, z: np.conjugate(z) * z * z,              complex_(3))
row("angle",      lambda np, z: np.angle(z),                          complex_(3))
row("astype",     lambda np, x: np.astype(x, complex) * x,            (3,))

# -- reductions ---------------------------------------------------------------------------------

row("sum",        lambda np, x: np.sum(x, axis=0),                    (2, 3))
row("sum complex", lambda np, x: np.sum(x, axis=-1, keepdims=True),   complex_(2, 3))
row("prod",       lambda np, x: np.prod(x, axis=1),                   (2, 3))
row("prod complex", lambda np, x: np.prod(x),                         complex_(3))
row("mean",       lambda np, x: np.mean(x, axis=(0, 2)),              (2, 3, 2))
row("mean complex", lambda np, x: np.mean(x),                         complex_(3))
row("var",        lambda np, x: np.var(x, axis=0, ddof=1),            (3, 2))
row("var complex", lambda np, x: np.var(x),                           complex_(4))
row("std",        lambda np, x: np.std(x, axis=1, keepdims=True),     (2, 3))
row("std complex", lambda np, x: np.std(x),                           complex_(4))
for name in ("max", "min", "amax", "amin", "ptp"):
    row(name,     lambda np, x, name=name: getattr(np, name)(x, axis=-1), (2, 4))
    row(f"{name} of all", lambda np, x, name=name: getattr(np, name)(x), (2, 3))
row("max of ties", lambda np, x: np.max(x, axis=0),                   fixed([[1, 1], [0, 1]]))
row("average",    lambda np, x, w: np.average(x, axis=1, weights=w),  (2, 3), positive(3))
row("cov",        lambda np, x: np.cov(x),                            (3, 5))
row("cov complex", lambda np, x: np.cov(x),                           complex_(2, 4))
row("corrcoef",   lambda np, x: np.corrcoef(x),                       (3, 5))
row("median",     lambda np, x: np.median(x, axis=0),                 (4, 2))
row("quantile",   lambda np, x: np.quantile(x, 0.3, axis=1),          (2, 4))
row("percentile", lambda np, x: np.percentile(x, np.array([30.0, 90]), axis=0), (4, 2))
for name in ("nansum", "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nanmedian",
             "nancumsum", "nancumprod"):
    row(name,     lambda np, x, name=name: getattr(np, name)(holed(np, x), axis=1), (3, 4))
row("nanquantile", lambda np, x: np.nanquantile(holed(np, x), 0.3, axis=0), (3, 4))
row("nanpercentile", lambda np, x: np.nanpercentile(holed(np, x), 60.0, axis=1), (3, 4))
row("cumsum",     lambda np, x: np.cumsum(x, axis=0),                 (3, 2))
row("cumprod",    lambda np, x: np.cumprod(x, axis=1),                (2, 3))
row("cumprod complex", lambda np, x: np.cumprod(x),                   complex_(3))
row("cumulative_sum", lambda np, x: np.cumulative_sum(x, axis=1, include_initial=True), (2, 3))
row("cumulative_prod", lambda np, x: np.cumulative_prod(x, axis=0),   (3, 2))
row("diff",       lambda np, x: np.diff(x, n=2, axis=0),              (4, 2))
row("ediff1d",    lambda np, x, e: np.ediff1d(x, to_end=e),           (4,), (2,))
row("gradient",   lambda np, x: np.gradient(x, 0.5),                  (3, 4))
row("trapezoid",  lambda np, y, x: np.trapezoid(y, x),                (2, 4), (4,))
row("unwrap",     lambda np, x: np.unwrap(7 * x),                     (6,))
row("interp",     lambda np, x, xp, fp: np.interp(x, xp, fp),         fixed([2.1, 3.4, 1.6]),
    fixed([0.2, 1.1, 1.9, 3.0, 3.9]), (5,))
row("apply_along_axis", lambda np, x: np.apply_along_axis(lambda r: r * r.sum(), 1, x), (2, 3))

# -- shapes -------------------------------------------------------------------------------------

row("reshape",    lambda np, x: np.reshape(x, (3, 2)),                (2, 3))
row("ravel",      lambda np, x: np.ravel(x, order="F"),               (2, 3))
row("transpose",  lambda np, x: np.transpose(x, (2, 0, 1)),           (2, 3, 2))
row("matrix_transpose", lambda np, x: np.matrix_transpose(x),         (2, 3, 2))
row("swapaxes",   lambda np, x: np.swapaxes(x, 0, 2),                 (2, 3, 2))
row("moveaxis",   lambda np, x: np.moveaxis(x, (0, 1), (-1, 0)),      (2, 3, 2))
row("rollaxis",   lambda np, x: np.rollaxis(x, 2),                    (2, 3, 2))
row("expand_dims", lambda np, x: np.expand_dims(x, (0, 2)),           (2, 3))
row("squeeze",    lambda np, x: np.squeeze(x),                        (1, 3, 1))
row("broadcast_to", lambda np, x: np.broadcast_to(x, (4, 2, 3)),      (2, 1))
row("broadcast_arrays", lambda np, x, y: np.broadcast_arrays(x, y),   (3, 1), (2,))
row("atleast_1d", lambda np, x: np.atleast_1d(x),                     ())
row("atleast_2d", lambda np, x: np.atleast_2d(x),                     (3,))
row("atleast_3d", lambda np, x: np.atleast_3d(x),                     (3,))
row("concatenate", lambda np, x, y: np.concatenate([x, y], axis=1),   (2, 3), (2, 2))
row("concatenate of real and complex", lambda np, x, y: np.concatenate([x, y]), (2,), complex_(3))
row("stack",      lambda np, x, y: np.stack([x, y], axis=1),          (2, 3), (2, 3))
row("hstack",     lambda np, x, y: np.hstack([x, y]),                 (2, 3), (2, 1))
row("vstack",     lambda np, x, y: np.vstack([x, y]),                 (3,), (3,))
row("dstack",     lambda np, x, y: np.dstack([x, y]),                 (2, 3), (2, 3))
row("column_stack", lambda np, x, y: np.column_stack([x, y]),         (3,), (3, 2))
row("block",      lambda np, x, y, z: np.block([[x, y], [z]]),        (2, 2), (2, 1), (1, 3))
row("append",     lambda np, x, y: np.append(x, y, axis=1),           (2, 3), (2, 1))
row("insert",     lambda np, x, v: np.insert(x, 1, v, axis=1),        (3, 2), (3,))
row("delete",     lambda np, x: np.delete(x, 1, axis=0),              (3, 2))
row("split",      lambda np, x: np.multiply(*np.split(x, 2)),         (4, 3))
row("array_split", lambda np, x: np.array_split(x, 2, axis=1),        (2, 5))
row("hsplit",     lambda np, x: np.hsplit(x, 2),                      (2, 4))
row("vsplit",     lambda np, x: np.vsplit(x, 2)[::-1],                (4, 2))
row("dsplit",     lambda np, x: np.dsplit(x, 3),                      (2, 2, 3))
row("unstack",    lambda np, x: np.unstack(x, axis=1),                (3, 2))
row("tile",       lambda np, x: np.tile(x, (2, 1, 3)),                (2, 3))
row("repeat",     lambda np, x: np.repeat(x, 2, axis=1), (2, 3))
row("resize",     lambda np, x: np.resize(x, (3, 5)),                 (2, 3))
row("meshgrid",   lambda np, x, y: np.meshgrid(x, y),                 (3,), (2,))
row("pad",        lambda np, x: np.pad(x, WIDTHS),                    (2, 3))
for mode in ("edge", "reflect", "symmetric", "wrap", "linear_ramp", "maximum", "minimum", "mean"):
    row(f"pad {mode}", lambda np, x, mode=mode: np.pad(x, WIDTHS, mode), (4, 4))
row("flip",       lambda np, x: np.flip(x, axis=(0, 1)),              (2, 3))
row("fliplr",     lambda np, x: np.fliplr(x),                         (2, 3))
row("flipud",     lambda np, x: np.flipud(x),                         (2, 3))
row("rot90",      lambda np, x: np.rot90(x, k=3, axes=(2, 0)),        (2, 3, 2))
row("roll",       lambda np, x: np.roll(x, (1, -2), axis=(0, 1)),     (2, 3))
row("tril",       lambda np, x: np.tril(x, k=-1),                     (3, 3))
row("triu",       lambda np, x: np.triu(x, k=1),                      (3, 4))
row("diag",       lambda np, x: np.diag(x, k=1),                      (3,))
row("diag of a matrix", lambda np, x: np.diag(x, k=-1),               (3, 4))
row("diagflat",   lambda np, x: np.diagflat(x),                       (2, 2))
row("diagonal",   lambda np, x: np.diagonal(x, 1, 2, 0),              (2, 3, 4))
row("trace",      lambda np, x: np.trace(x, offset=-1),               (3, 3))
row("vander",     lambda np, x: np.vander(x, 4),                      (3,))
row("copy",       lambda np, x: np.copy(x) * x,                       (3,))
row("linspace",   lambda np, a, b: np.linspace(a, b, 4),              (2,), (2,))
row("logspace",   lambda np, a, b: np.logspace(a, b, 4),              (), ())
row("geomspace",  lambda np, a, b: np.geomspace(a, b, 4),             positive(), positive())

# -- selection ----------------------------------------------------------------------------------

row("take",       lambda np, x: np.take(x, np.array([2, 0, 2]), axis=1), (2, 3))
row("take_along_axis", lambda np, x: np.take_along_axis(x, INDEX, axis=1), (3, 4))
row("choose",     lambda np, x, y: np.choose(np.array([1, 0, 4]), [x, y], mode="wrap"), (3,), (3,))
row("select",     lambda np, x, y: np.select([x > 0.2, x < -0.2], [x * y, y], x * x), (3, 4), (4,))
row("sort",       lambda np, x: np.sort(x, axis=0),                   (4, 2))
row("partition",  lambda np, x: np.sort(np.partition(x, 2)[:, :2]),   (2, 5))

# -- products -----------------------------------------------------------------------------------

for kind, of in (("", distinct), (" complex", complex_)):
    row(f"matmul{kind}",    lambda np, x, y: np.matmul(x, y),         of(2, 2, 3), of(3, 2))
    row(f"dot{kind}",       lambda np, x, y: np.dot(x, y),            of(2, 3), of(2, 3, 2))
    row(f"vdot{kind}",      lambda np, x, y: np.vdot(x, y),           of(2, 3), of(3, 2))
    row(f"vecdot{kind}",    lambda np, x, y: np.vecdot(x, y),         of(2, 1, 3), of(2, 3))
    row(f"matvec{kind}",    lambda np, x, y: np.matvec(x, y),         of(2, 3), of(2, 3))
    row(f"vecmat{kind}",    lambda np, x, y: np.vecmat(x, y),         of(2, 2), of(2, 3))
    row(f"inner{kind}",     lambda np, x, y: np.inner(x, y),          of(2, 3), of(2, 3))
    row(f"outer{kind}",     lambda np, x, y: np.outer(x, y),          of(2, 2), of(3))
    row(f"kron{kind}",      lambda np, x, y: np.kron(x, y),           of(2, 2), of(1, 3))
    row(f"cross{kind}",     lambda np, x, y: np.cross(x, y),          of(2, 3), of(3))
    row(f"tensordot{kind}", lambda np, x, y: np.tensordot(x, y, ([1, 2], [1, 0])), of(2, 3, 2),
        of(2, 3, 2))
    row(f"einsum{kind}",    lambda np, x, y: np.einsum("ii,ij->j", x, y), of(3, 3), of(3, 2))
    row(f"convolve{kind}",  lambda np, x, y: np.convolve(x, y),       of(4), of(3))
    row(f"correlate{kind}", lambda np, x, y: np.correlate(x, y, "same"), of(4), of(3))
    row(f"polyval{kind}",   lambda np, p, x: np.polyval(p, x),        of(3), of(2))
    row(f"polyadd{kind}",   lambda np, p, q: np.polyadd(p, q),        of(3), of(2))
    row(f"polysub{kind}",   lambda np, p, q: np.polysub(p, q),        of(2), of(3))
    row(f"polymul{kind}",   lambda np, p, q: np.polymul(p, q),        of(3), of(2))
    row(f"polyder{kind}",   lambda np, p: np.polyder(p, 2),           of(4))
    row(f"polyint{kind}",   lambda np, p: np.polyint(p, 2),           of(3))

# -- linear algebra -----------------------------------------------------------------------------

for kind, of, vector in (("", matrix, distinct), (" complex", complex_matrix, complex_)):
    row(f"linalg.matmul{kind}",  lambda np, x, y: np.linalg.matmul(x, y), of(2, 3), of(3, 2))
    row(f"linalg.outer{kind}",   lambda np, x, y: np.linalg.outer(x, y), vector(2), vector(3))
    row(f"linalg.cross{kind}",   lambda np, x, y: np.linalg.cross(x, y), vector(2, 3), vector(3))
    row(f"linalg.vecdot{kind}",  lambda np, x, y: np.linalg.vecdot(x, y), vector(2, 3), vector(3))
    row(f"linalg.tensordot{kind}", lambda np, x, y: np.linalg.tensordot(x, y, axes=1), vector(2, 3),
        vector(3, 2))
    row(f"linalg.trace{kind}",   lambda np, x: np.linalg.trace(x, offset=1), of(2, 3, 3))
    row(f"linalg.diagonal{kind}", lambda np, x: np.linalg.diagonal(x, offset=-1), of(2, 3, 3))
    row(f"linalg.matrix_transpose{kind}", lambda np, x: np.linalg.matrix_transpose(x), of(2, 3))
    row(f"linalg.multi_dot{kind}", lambda np, *xs: np.linalg.multi_dot(xs), of(2, 3), of(3, 2),
        of(2, 2))
    for n in (-2, 3):
        row(f"linalg.matrix_power {n}{kind}", lambda np, x, n=n: np.linalg.matrix_power(x, n),
            of(3, 3), rtol=1e-9)
    row(f"linalg.inv{kind}",     lambda np, x: np.linalg.inv(x),      of(2, 3, 3))
    row(f"linalg.solve{kind}",   lambda np, x, y: np.linalg.solve(x, y), of(3, 3), vector(3, 2))
    row(f"linalg.det{kind}",     lambda np, x: np.linalg.det(x),      of(2, 3, 3))
    row(f"linalg.slogdet{kind}", lambda np, x: np.linalg.slogdet(x),  of(3, 3))
    row(f"linalg.pinv{kind}",    lambda np, x: np.linalg.pinv(x),     of(3, 2), rtol=1e-9)
    row(f"linalg.lstsq{kind}",   lambda np, x, y: np.linalg.lstsq(x, y)[0], of(4, 2), vector(4, 2),
        rtol=1e-9)
    row(f"linalg.cholesky{kind}",
        lambda np, x: np.linalg.cholesky(hermitian(np, x) + 2 * np.eye(3)), of(3, 3))
    row(f"linalg.eigvalsh{kind}", lambda np, x: np.linalg.eigvalsh(hermitian(np, x)), of(3, 3),
        rtol=1e-9)
    row(f"linalg.eigh{kind}",    lambda np, x: projectors(np, np.linalg.eigh(hermitian(np, x))[1]),
        of(3, 3), rtol=1e-9)
    row(f"linalg.eigvals{kind}", lambda np, x: np.linalg.eigvals(x + 0j),  of(3, 3), rtol=1e-9)
    row(f"linalg.svdvals{kind}", lambda np, x: np.linalg.svdvals(x),  of(3, 2), rtol=1e-9)
    row(f"linalg.svd{kind}",     lambda np, x: projectors(np, np.linalg.svd(x, False)[0]), of(3, 2),
        rtol=1e-9)
    row(f"linalg.qr{kind}",      lambda np, x: tuple(np.linalg.qr(x)), of(3, 2), rtol=1e-9)
    for p in (None, 1, 2, 3, np.inf):
        row(f"linalg.norm {p}{kind}", lambda np, x, p=p: np.linalg.norm(x, ord=p, axis=1),
            vector(2, 3))
    for p in ("fro", "nuc", 2, 1):
        row(f"linalg.norm of matrices {p}{kind}", lambda np, x, p=p: np.linalg.norm(x, ord=p),
            of(3, 2), rtol=1e-9)
    row(f"linalg.vector_norm{kind}", lambda np, x: np.linalg.vector_norm(x, ord=3, axis=0),
        vector(2, 3))
    row(f"linalg.matrix_norm{kind}", lambda np, x: np.linalg.matrix_norm(x, ord="nuc"),
        of(2, 3, 2), rtol=1e-9)
    row(f"linalg.cond{kind}",    lambda np, x: np.linalg.cond(x),     of(3, 3), rtol=1e-9)
    row(f"linalg.tensorinv{kind}", lambda np, x: np.linalg.tensorinv(np.reshape(x, (2, 2, 4))),
        of(4, 4))
    row(f"linalg.tensorsolve{kind}",
        lambda np, x, y: np.linalg.tensorsolve(np.reshape(x, (2, 2, 4)), y), of(4, 4), vector(2, 2))

# -- Fourier transforms -------------------------------------------------------------------------

for name in ("fft", "ifft", "fft2", "ifft2", "fftn", "ifftn", "fftshift", "ifftshift", "hfft",
             "irfft", "irfft2", "irfftn"):
    row(f"fft.{name} complex", lambda np, x, f=name: getattr(np.fft, f)(x), complex_(2, 3))
for name in ("fft", "ifft", "fft2", "fftn", "rfft", "rfft2", "rfftn", "ihfft", "fftshift"):
    row(f"fft.{name}", lambda np, x, f=name: getattr(np.fft, f)(x),   (2, 4))
for n in (3, 6):
    row(f"fft.fft of length {n}",   lambda np, x, n=n: np.fft.fft(x, n, norm="ortho"), complex_(4))
    row(f"fft.rfft of length {n}",  lambda np, x, n=n: np.fft.rfft(x, n, axis=0), (4, 2))
    row(f"fft.irfft of length {n}", lambda np, x, n=n: np.fft.irfft(x, n, norm="forward"),
        complex_(3))
# fmt: on

# -- the comparison -----------------------------------------------------------------------------


def outputs_of(result: Any) -> list[Any]:
    """The outputs that carry a gradient, of functions of one output and of several."""
    outputs = result if isinstance(result, tuple | list) else [result]
    return [y for y in outputs if y.dtype.kind in "fc"]


def numbers(generator: np.random.Generator, shape: tuple[int, ...], dtype: Any) -> Any:
    drawn = generator.normal(size=shape)
    return drawn + 1j * generator.normal(size=shape) if dtype.kind == "c" else drawn


def squares(np: Any, found: Sequence[Any]) -> Any:
    return sum(np.sum(np.real(g * np.conj(g))) for g in found)


@pytest.mark.parametrize("row", ROWS, ids=[r.label for r in ROWS])
def test_derivatives_equal_jax(row: Row) -> None:
    arrays = row.inputs()
    xs = [Tensor(x, requires_grad=True) for x in arrays]
    ys = outputs_of(row.function(np, *xs))
    generator = np.random.default_rng(5)
    cotangents = [numbers(generator, y.shape, y.dtype) for y in ys]
    vs = [Tensor(g, requires_grad=True) for g in cotangents]
    first = gradients(ys, xs, vs, create_graph=True)
    ours = [*ys, *first]
    if row.second:
        # Zeros where there is no graph: the gradient of a step depends on nothing.
        total = squares(np, first) + sum(np.sum(0 * np.real(t)) for t in (*xs, *vs))
        ours += gradients(total, [*xs, *vs])

    @jax.jit
    def theirs(xs: Any, vs: Any) -> Any:
        ys, pull = jax.vjp(lambda *xs: outputs_of(row.function(jnp, *xs)), *xs)
        return squares(jnp, pull(vs)), (ys, pull(vs))

    if row.second:
        second, (their_ys, their_first) = jax.jit(jax.grad(theirs, (0, 1), has_aux=True))(
            arrays, cotangents
        )
        expected = [*their_ys, *their_first, *second[0], *second[1]]
    else:
        their_ys, their_first = theirs(arrays, cotangents)[1]
        expected = [*their_ys, *their_first]
    for x, e in zip(ours, expected, strict=True):
        x, e = x.data if isinstance(x, Tensor) else x, np.asarray(e)
        assert x.shape == e.shape
        assert x.dtype == e.dtype
        # Elements that cancel to nearly 0 are compared with the size of their neighbours.
        np.testing.assert_allclose(
            x, e, rtol=row.rtol, atol=row.rtol * max(1, np.abs(e).max(initial=0))
        )


def test_jax_judges_at_least_150_distinct_functions_of_numpy() -> None:
    names = {row.label.split()[0] for row in ROWS}
    functions = {operator.attrgetter(name)(np) for name in names}
    assert all(operator.attrgetter(name)(jnp) for name in names)
    assert len(functions) >= 150
    assert sum(row.second for row in ROWS) == len(SECOND)  # each names a row


# -- zeros, infinities, NaN ---------------------------------------------------------------------

#: Where JAX 0.10 gives other first derivatives, who is right, and why.
DISAGREEMENTS: at.Table = {
    "absolute": [
        (at.is_origin, "0 by convention, the middle of -1 and 1; JAX: 1"),
        (at.has_nan, "of NaN nobody knows the sign: NaN; JAX: -1"),
    ],
    "arccosh": [
        (at.is_negative, "the value is NaN there; JAX's finite derivative is that of nothing"),
    ],
    "relu": [(at.has_nan, "nobody knows which side it is on: NaN; JAX: 0")],
    "leaky_relu": [
        (at.has_nan, "as relu; JAX: the slope of the negative side"),
        (at.is_origin, "both slopes will do; JAX takes that of the positive side"),
    ],
    "silu": [(at.has_inf, "the limits are 1 and 0; JAX: NaN (0 times inf)")],
    "gelu": [(at.has_inf, "the limits are 1 and 0; JAX: NaN (0 times inf)")],
    "gelu_tanh": [(at.is_huge, "the limits are 1 and 0; JAX: NaN (0 times inf)")],
    "true_divide": [(at.is_huge, "JAX squares the divisor"), (at.is_tiny, "JAX squares it")],
    "power": [(at.is_origin, "x**0 has slope 0, also at 0, where it is 1 on both sides; JAX: NaN")],
    "maximum": [(at.has_nan, "nobody knows which is larger: NaN; JAX: 0 for both")],
    "minimum": [(at.has_nan, "as maximum")],
    "fmax": [
        (at.is_tie, "ties are shared; JAX gives all to the second"),
        (at.has_nan, "of two NaN neither is chosen: NaN; JAX gives 1 to the first"),
    ],
    "hypot": [
        (at.is_origin, "0, as of every norm; JAX: 0.5"),
        (at.has_inf, "the limit is 1 for what is infinite and 0 for the other; JAX: NaN"),
        (at.is_huge, "JAX's derivative of the scale that it divides by is lost"),
        (at.is_tiny, "as for huge numbers"),
    ],
    "arctan2": [
        (at.has_inf, "the limit is 0; JAX: NaN (inf / inf)"),
        (at.is_tiny, "1 / r is finite; JAX's square of r is 0"),
    ],
    "logaddexp": [
        (at.has_inf, "the limits are 1 and 0; JAX takes e**0 for e**(y - inf)"),
        (at.is_huge, "two equal ones share equally: 0.5; JAX: 1"),
    ],
    "logaddexp2": [(at.has_inf, "as logaddexp"), (at.is_huge, "as logaddexp")],
    "copysign": [
        (at.has_zero, "0, by the convention for |x|; JAX: 1"),
        (at.has_nan, "of NaN nobody knows the sign; JAX: 1 or -1"),
    ],
}

_THEIRS = {
    name: getattr(jax.nn, name)
    for name in ("relu", "sigmoid", "softplus", "silu", "elu", "leaky_relu")
} | {
    "erf": jax.scipy.special.erf,
    "gelu": lambda x: jax.nn.gelu(x, approximate=False),
    "gelu_tanh": jax.nn.gelu,
}


def of_jax(name: str, points: list[at.Point]) -> list[list[float]]:
    function = _THEIRS.get(name) or getattr(jnp, name)
    slopes = jax.vmap(jax.grad(function, tuple(range(len(points[0])))))
    columns = slopes(*(jnp.array(column) for column in zip(*points, strict=True)))
    return np.stack(columns, axis=-1).tolist()


def test_special_points_disagree_with_jax_where_the_table_says_why() -> None:
    found = at.disagreements(of_jax, order=1)
    assert not at.unexplained(found, DISAGREEMENTS)
