"""Products: of vectors, by Einstein's notation, convolutions.

`vdot`, `vecdot`, `vecmat` and `correlate` conjugate one of their inputs, as in NumPy; the others
are linear in each, so that by the convention for complex gradients their rules have no conjugates.
"""

import functools
import math
import operator
from collections.abc import Sequence
from string import ascii_letters, ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..arrays import conjugate, inverse_order, transposed
from ..broadcasting import unbroadcast
from ..errors import ShapeError
from ..op import Op, joined
from ..registry import CONSTANT, REGISTRY, implements, rule
from .linalg import matmul

# -- vectors --------------------------------------------------------------------------------------

# fmt: off
_vecdot = rule(np.vecdot, lambda g, _, _x, y: unbroadcast(conjugate(g[..., None] * y), _x.shape),
                          lambda g, _, x, _y: unbroadcast(g[..., None] * conjugate(x), _y.shape))

_cross  = rule(lambda x, y: np.cross(x, y),  # along the last axis, of length 3
                          lambda g, _, _x, y: unbroadcast(np.cross(y, g), _x.shape),
                          lambda g, _, x, _y: unbroadcast(np.cross(g, x), _y.shape))
_cross.name = "cross"

rule(np.vdot,             lambda g, _, _x, y: np.reshape(np.conj(g * y), _x.shape),
                          lambda g, _, x, _y: np.reshape(np.conj(x) * g, _y.shape))
# fmt: on


def _last(x: Any, axis: int) -> Any:
    """`x` with `axis` moved to the end."""
    return x if axis in (-1, np.ndim(x) - 1) else np.moveaxis(x, axis, -1)


@implements(np.vecdot)
def vecdot(x1: Any, x2: Any, axis: int = -1, keepdims: bool = False) -> Any:
    y = _vecdot(_last(x1, axis), _last(x2, axis))
    return np.expand_dims(y, axis) if keepdims else y


@implements(np.inner)
def inner(a: Any, b: Any) -> Any:
    if np.ndim(a) == 0 or np.ndim(b) == 0:
        return np.multiply(a, b)
    return np.tensordot(a, b, (-1, -1))


@implements(np.outer)
def outer(a: Any, b: Any) -> Any:
    return np.ravel(a)[:, None] * np.ravel(b)


@implements(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any) -> Any:
    if np.ndim(x1) != 1 or np.ndim(x2) != 1:
        raise ShapeError(
            f"linalg.outer: takes two vectors, got shapes {np.shape(x1)} and {np.shape(x2)}; "
            f"np.outer flattens its inputs"
        )
    return outer(x1, x2)


@implements(np.cross)
def cross(
    a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> Any:
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = _last(a, axisa), _last(b, axisb)
    flat = np.shape(a)[-1] == np.shape(b)[-1] == 2
    c = _cross(_in_space(a), _in_space(b))
    return c[..., 2] if flat else c if axisc == -1 else np.moveaxis(c, -1, axisc)


def _in_space(x: Any) -> Any:
    """Vectors of a plane, which NumPy is giving up, as vectors of space."""
    if np.shape(x)[-1] != 2:
        return x
    return np.concatenate([x, np.zeros_like(x, shape=(*np.shape(x)[:-1], 1))], -1)


@implements(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, axis: int = -1) -> Any:
    if np.shape(x1)[axis] != 3 or np.shape(x2)[axis] != 3:
        raise ShapeError(
            f"linalg.cross: both inputs need 3 elements along axis {axis}, got shapes "
            f"{np.shape(x1)} and {np.shape(x2)}; np.cross takes vectors of a plane, too"
        )
    return cross(x1, x2, axis=axis)


# -- tensors --------------------------------------------------------------------------------------


def _sides(axes: Any, a: Any, b: Any) -> tuple[list[int], ...]:
    """The axes that `tensordot` keeps and sums: of `a`, then of `b`."""
    if np.ndim(axes) == 0:
        axes = range(a.ndim - axes, a.ndim), range(axes)
    a_summed, b_summed = (
        [i % x.ndim for i in ((side,) if np.ndim(side) == 0 else side)]
        for side, x in zip(axes, (a, b), strict=True)
    )
    a_kept = [i for i in range(a.ndim) if i not in a_summed]
    b_kept = [i for i in range(b.ndim) if i not in b_summed]
    return a_kept, a_summed, b_kept, b_summed


def _tensordot_vjp_a(g: Any, _: Any, _a: Any, b: Any, axes: Any = 2) -> Any:
    kept, summed, b_kept, b_summed = _sides(axes, _a, b)
    ga = np.tensordot(g, b, (range(len(kept), g.ndim), b_kept))
    order = kept + [summed[i] for i in np.argsort(b_summed)]  # which axis of `a` each one is
    return np.transpose(ga, inverse_order(order))


def _tensordot_vjp_b(g: Any, _: Any, a: Any, _b: Any, axes: Any = 2) -> Any:
    a_kept, a_summed, kept, summed = _sides(axes, a, _b)
    gb = np.tensordot(a, g, (a_kept, range(len(a_kept))))
    order = [summed[i] for i in np.argsort(a_summed)] + kept
    return np.transpose(gb, inverse_order(order))


tensordot = rule(np.tensordot, _tensordot_vjp_a, _tensordot_vjp_b)


@implements(np.kron)
def kron(a: Any, b: Any) -> Any:
    ndim = max(np.ndim(a), np.ndim(b))
    m, n = ((1,) * (ndim - np.ndim(x)) + np.shape(x) for x in (a, b))
    product = np.reshape(a, [k for i in m for k in (i, 1)]) * np.reshape(
        b, [k for j in n for k in (1, j)]
    )
    return np.reshape(product, [i * j for i, j in zip(m, n, strict=True)])


# -- Einstein's notation --------------------------------------------------------------------------
# The gradient of einsum is einsum: the cotangent takes the place of the operand. For
#
#     y = einsum("ij,jk->ik", a, b)      ga = einsum("ik,jk->ij", g, b)
#
# Two things can be missing then. A letter that only this operand had was summed within it, and
# its gradient is spread: by a vector of ones with this letter. A letter that it had twice read its
# diagonal, and only the diagonal gets a gradient: by an identity matrix.


def _einsum(*operands: Any, subscripts: str, optimize: Any = False) -> Any:
    return np.einsum(subscripts, *operands, optimize=optimize)


def _einsum_vjp(g: Any, i: int, operands: Sequence[Any], subscripts: str) -> Any:
    inputs, output = _explicit(subscripts, tuple(len(x.shape) for x in operands))
    lengths: dict[str, int] = {}
    for letters, x in zip(inputs, operands, strict=True):
        for c, n in zip(letters, x.shape, strict=True):
            if n != 1 or c not in lengths:  # NumPy stretches an axis of length 1
                lengths[c] = n
    terms = [(output, g), *((s, x) for s, x in zip(inputs, operands, strict=True))]
    del terms[i + 1]
    spare = (c for c in ascii_letters if c not in lengths)
    wanted = ""
    for c in inputs[i]:
        if c in wanted:
            again = next(spare)
            terms.append((c + again, np.diag(np.ones_like(g, shape=lengths[c]))))
            c = again
        wanted += c
    for c in inputs[i]:
        if not any(dict(zip(s, x.shape, strict=True)).get(c) == lengths[c] for s, x in terms):
            terms.append((c, np.ones_like(g, shape=lengths[c])))
    large = math.prod(lengths.values()) > 2**15  # where looking for a good order has paid off
    gx = np.einsum(
        ",".join(s for s, _ in terms) + "->" + wanted, *(x for _, x in terms), optimize=large
    )
    return unbroadcast(gx, operands[i].shape)


@functools.lru_cache
def _explicit(subscripts: str, ndims: tuple[int, ...]) -> tuple[list[str], str]:
    """The letters of each operand and of the output, with nothing implied and no ellipsis."""
    left, arrow, output = subscripts.partition("->")
    inputs = left.split(",")
    widths = [n - len(s) + 3 if "..." in s else 0 for s, n in zip(inputs, ndims, strict=True)]
    spare = [c for c in ascii_letters if c not in subscripts]
    dots = "".join(spare[: max(widths)])
    if not arrow:
        named = left.replace(".", "").replace(",", "")
        output = dots + "".join(sorted(c for c in named if named.count(c) == 1))
    inputs = [s.replace("...", dots[len(dots) - w :]) for s, w in zip(inputs, widths, strict=True)]
    return inputs, output.replace("...", dots)


# fmt: off
_einsum_of_one = rule(_einsum,
    lambda g, _, _x, subscripts="", optimize=False: _einsum_vjp(g, 0, (_x,), subscripts))

_einsum_of_two = rule(_einsum,
    lambda g, _, _x, y, subscripts="", optimize=False: _einsum_vjp(g, 0, (_x, y), subscripts),
    lambda g, _, x, _y, subscripts="", optimize=False: _einsum_vjp(g, 1, (x, _y), subscripts))
# fmt: on


@functools.cache
def _einsum_of(n: int) -> Op:
    if n <= 2:
        return _einsum_of_one if n == 1 else _einsum_of_two

    def vjp_of(i: int) -> Any:
        return lambda g, _, *operands, subscripts="", optimize=False: _einsum_vjp(
            g, i, operands, subscripts
        )

    return rule(_einsum, *map(vjp_of, range(n)))


_LABELS = ascii_uppercase + ascii_lowercase  # NumPy's order: what is implied depends on it


@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = False) -> Any:
    subscripts, *arrays = operands
    if not arrays:
        raise ShapeError(
            f"einsum: takes subscripts and an operand for each of their terms, got one argument of "
            f"type {type(subscripts).__name__}; write np.einsum('ij->ji', x)"
        )
    if not isinstance(subscripts, str):  # operand, its labels, operand, its labels, ..., output
        arrays = list(operands[: len(operands) // 2 * 2 : 2])
        terms = ["".join("..." if k is ... else _LABELS[k] for k in s) for s in operands[1::2]]
        subscripts = ",".join(terms)
        if len(operands) % 2:
            subscripts += "->" + "".join("..." if k is ... else _LABELS[k] for k in operands[-1])
    arrays = [x if hasattr(x, "shape") else np.asarray(x) for x in arrays]
    subscripts = subscripts.replace(" ", "")
    return _einsum_of(len(arrays))(*arrays, subscripts=subscripts, optimize=optimize)


CONSTANT.add(np.einsum_path)

# -- convolutions ---------------------------------------------------------------------------------


def _padded(g: Any, n: int, m: int, mode: str) -> Any:
    """The cotangent of a convolution in `mode` as that of the full one, of n + m - 1 elements."""
    short = min(n, m)
    before = {"f": 0, "s": (short - 1) // 2, "v": short - 1}[mode[0]]
    after = n + m - 1 - len(g) - before
    if before == after == 0:
        return g
    return np.concatenate([np.zeros_like(g, shape=before), g, np.zeros_like(g, shape=after)])


def _convolve_vjp_a(g: Any, _: Any, _a: Any, v: Any, mode: str = "full") -> Any:
    return np.convolve(_padded(g, _a.size, v.size, mode), v[::-1], "valid")


def _convolve_vjp_v(g: Any, _: Any, a: Any, _v: Any, mode: str = "full") -> Any:
    return np.convolve(_padded(g, a.size, _v.size, mode), a[::-1], "valid")


_convolve = rule(np.convolve, _convolve_vjp_a, _convolve_vjp_v)


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    return _convolve(_vector(a), _vector(v), mode=mode)


def _vector(x: Any) -> Any:
    """A sequence as an array, and a number as a vector: NumPy takes them, too."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    return x if x.ndim else np.reshape(x, 1)


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    a, v = _vector(a), _vector(v)
    if mode[0] == "s" and a.size < v.size:  # centred on the other side than a convolution
        start = a.size // 2
        return correlate(a, v, "full")[start : start + v.size]
    return _convolve(a, conjugate(v)[::-1], mode=mode)


# -- matrices -------------------------------------------------------------------------------------


def _outer(x: Any, y: Any) -> Any:
    return x[..., :, None] * y[..., None, :]


# fmt: off
if hasattr(np, "matvec"):  # since NumPy 2.2
    rule(np.matvec, lambda g, _, _a, x: unbroadcast(_outer(g, x), _a.shape),
                    lambda g, _, a, _x: unbroadcast(np.matvec(transposed(a), g), _x.shape))

    rule(np.vecmat, lambda g, _, _x, a: unbroadcast(conjugate(np.matvec(a, g)), _x.shape),
                    lambda g, _, x, _a: unbroadcast(_outer(conjugate(x), g), _a.shape))
# fmt: on


@implements(np.linalg.multi_dot, of_sequences=True)
def multi_dot(arrays: Sequence[Any]) -> Any:
    """The product of matrices (the first and the last may be vectors), in the cheapest order."""
    arrays = [joined(x) for x in arrays]
    n = len(arrays)
    shapes = [np.shape(x) for x in arrays]
    vectors_at_ends = all(len(s) == 2 or (len(s) == 1 and i in (0, n - 1)) for i, s in
                          enumerate(shapes))  # fmt: skip
    if n < 2 or not vectors_at_ends:
        raise ShapeError(
            f"multi_dot: takes two or more matrices, of which the first and the last may be "
            f"vectors; got shapes {shapes}"
        )
    sizes = [shapes[0][0] if len(shapes[0]) == 2 else 1]
    sizes += [s[-1] for s in shapes[:-1]] + [shapes[-1][1] if len(shapes[-1]) == 2 else 1]
    # cost[i, j] of the product of i..j, which is best cut behind cut[i, j]: dynamic programming
    cost, cut = {(i, i): 0 for i in range(n)}, {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], cut[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
    return _product(arrays, cut, 0, n - 1)


def _product(arrays: Sequence[Any], cut: dict[tuple[int, int], int], i: int, j: int) -> Any:
    """That of matrices i to j, each pair of factors cut where `cut` says."""
    if i == j:
        return arrays[i]
    k = cut[i, j]
    return matmul(_product(arrays, cut, i, k), _product(arrays, cut, k + 1, j))


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: int) -> Any:
    """`a` @ `a` @ ... of `n` factors, by squaring; of its inverse for negative `n`."""
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


def _diagonal(x: Any, offset: int = 0) -> Any:
    return np.linalg.diagonal(x, offset=offset)


def _on_diagonal(d: Any, shape: tuple[int, ...], offset: int = 0) -> Any:
    """An array of zeros with `d` on a diagonal of its matrices."""
    x = np.zeros_like(d, shape=shape)
    i = np.arange(d.shape[-1])
    x[..., i + max(-offset, 0), i + max(offset, 0)] = d
    return x


# fmt: off
diagonal: Op    = rule(_diagonal,    lambda g, _, _x, offset=0:
                                         on_diagonal(g, shape=_x.shape, offset=offset))
on_diagonal: Op = rule(_on_diagonal, lambda g, *_, shape=None, offset=0: diagonal(g, offset=offset))
# fmt: on


@implements(np.linalg.trace)
def trace(x: Any, offset: int = 0) -> Any:
    return np.sum(diagonal(x, offset=offset), axis=-1)


REGISTRY[np.linalg.diagonal] = diagonal
REGISTRY[np.linalg.tensordot] = tensordot
REGISTRY[np.linalg.vecdot] = REGISTRY[np.vecdot]


@implements(np.linalg.matrix_transpose)
def matrix_transpose(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)
