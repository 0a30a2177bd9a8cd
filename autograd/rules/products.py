"""Products of vectors, matrices and tensors, convolutions, and the diagonals of matrices.

`vdot`, `vecdot` and `vecmat` conjugate one of their inputs, as in NumPy; the others are linear in
each, so that by the convention for complex gradients their rules have no conjugates.
"""

from typing import Any

import numpy as np

from ..arrays import conjugate, inverse_order, transposed
from ..broadcasting import unbroadcast
from ..registry import REGISTRY, rule
from ..typing import Array

# -- matrices and vectors -------------------------------------------------------------------------


def _matmul_vjp_x(g: Array, _: Any, _x: Array, y: Array) -> Array:
    if _x.ndim == 2 and y.ndim == 2:
        return g @ y.T
    if y.ndim == 1:  # (..., n) @ (n,): every row of x met the same vector
        return unbroadcast(g[..., None] * y, _x.shape)
    if _x.ndim == 1:
        g = g[..., None, :]
        return unbroadcast(g @ np.swapaxes(y, -1, -2), (1, *_x.shape))[0]
    return unbroadcast(g @ np.swapaxes(y, -1, -2), _x.shape)


def _matmul_vjp_y(g: Array, _: Any, x: Array, _y: Array) -> Array:
    if x.ndim == 2 and _y.ndim <= 2:
        return x.T @ g
    if x.ndim == 1:
        return unbroadcast(x[:, None] * g[..., None, :], _y.shape) if _y.ndim > 1 else x * g
    if _y.ndim == 1:
        return unbroadcast(np.swapaxes(x, -1, -2) @ g[..., None], (*_y.shape, 1))[..., 0]
    return unbroadcast(np.swapaxes(x, -1, -2) @ g, _y.shape)


def _outer(x: Array, y: Array) -> Array:
    return x[..., :, None] * y[..., None, :]


# fmt: off
matmul = REGISTRY[np.linalg.matmul] = rule(np.matmul, _matmul_vjp_x, _matmul_vjp_y)

rule(np.matvec, lambda g, _, _a, x: unbroadcast(_outer(g, x), _a.shape),
                lambda g, _, a, _x: unbroadcast(np.matvec(transposed(a), g), _x.shape))

rule(np.vecmat, lambda g, _, _x, a: unbroadcast(conjugate(np.matvec(a, g)), _x.shape),
                lambda g, _, x, _a: unbroadcast(_outer(conjugate(x), g), _a.shape))

# -- vectors --------------------------------------------------------------------------------------

vecdot = rule(np.vecdot, lambda g, _, _x, y: unbroadcast(conjugate(g[..., None] * y), _x.shape),
                         lambda g, _, x, _y: unbroadcast(g[..., None] * conjugate(x), _y.shape))

rule(np.vdot,            lambda g, _, _x, y: np.reshape(np.conj(g * y), _x.shape),
                         lambda g, _, x, _y: np.reshape(np.conj(x) * g, _y.shape))

#: The cross product along the last axis, of length 3.
cross: Any = rule(lambda x, y: np.cross(x, y), name="cross", vjps=[
                         lambda g, _, _x, y: unbroadcast(np.cross(y, g), _x.shape),
                         lambda g, _, x, _y: unbroadcast(np.cross(g, x), _y.shape)])
# fmt: on

# -- tensors --------------------------------------------------------------------------------------


def _sides(axes: Any, a: Array, b: Array) -> tuple[list[int], ...]:
    """Return the axes that `tensordot` keeps and sums: of `a`, then of `b`."""
    if np.ndim(axes) == 0:
        axes = range(a.ndim - axes, a.ndim), range(axes)
    a_summed, b_summed = (
        [i % x.ndim for i in ((side,) if np.ndim(side) == 0 else side)]
        for side, x in zip(axes, (a, b), strict=True)
    )
    a_kept = [i for i in range(a.ndim) if i not in a_summed]
    b_kept = [i for i in range(b.ndim) if i not in b_summed]
    return a_kept, a_summed, b_kept, b_summed


def _tensordot_vjp_a(g: Array, _: Any, _a: Array, b: Array, axes: Any = 2) -> Array:
    kept, summed, b_kept, b_summed = _sides(axes, _a, b)
    ga = np.tensordot(g, b, (range(len(kept), g.ndim), b_kept))
    order = kept + [summed[i] for i in np.argsort(b_summed)]  # which axis of `a` each one is
    return np.transpose(ga, inverse_order(order))


def _tensordot_vjp_b(g: Array, _: Any, a: Array, _b: Array, axes: Any = 2) -> Array:
    a_kept, a_summed, kept, summed = _sides(axes, a, _b)
    gb = np.tensordot(a, g, (a_kept, range(len(a_kept))))
    order = [summed[i] for i in np.argsort(a_summed)] + kept
    return np.transpose(gb, inverse_order(order))


tensordot = rule(np.tensordot, _tensordot_vjp_a, _tensordot_vjp_b)

# -- convolutions ---------------------------------------------------------------------------------


def _correlated(g: Array, x: Array, n: int, mode: str) -> Array:
    """Return the gradient of a convolution with `x`, in the other vector, of `n` elements."""
    m = x.size
    before = {"f": 0, "s": (min(n, m) - 1) // 2, "v": min(n, m) - 1}[mode[0]]
    after = n + m - 1 - len(g) - before
    if before or after:  # as if it were the cotangent of the full one, of n + m - 1 elements
        g = np.concatenate([np.zeros_like(g, shape=before), g, np.zeros_like(g, shape=after)])
    return np.convolve(g, x[::-1], "valid")


# fmt: off
convolve = rule(np.convolve, lambda g, _, _a, v, mode="full": _correlated(g, v, _a.size, mode),
                             lambda g, _, a, _v, mode="full": _correlated(g, a, _v.size, mode))
# fmt: on

# -- diagonals ------------------------------------------------------------------------------------


def _diagonal(x: Array, offset: int = 0) -> Array:
    return np.linalg.diagonal(x, offset=offset)


def _on_diagonal(d: Array, shape: tuple[int, ...], offset: int = 0) -> Array:
    """Return an array of zeros with `d` on a diagonal of its matrices."""
    x = np.zeros_like(d, shape=shape)
    i = np.arange(d.shape[-1])
    x[..., i + max(-offset, 0), i + max(offset, 0)] = d
    return x


# fmt: off
diagonal = rule(_diagonal,
    lambda g, _, _x, offset=0: on_diagonal(g, shape=_x.shape, offset=offset))
on_diagonal = rule(_on_diagonal,
    lambda g, *_, shape=None, offset=0: diagonal(g, offset=offset))
# fmt: on
