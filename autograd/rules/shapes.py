"""Functions that move elements about, join and split arrays.

Each is linear, and its gradient is the inverse move. An element that is used several times gets the
sum of its cotangents, one that is dropped gets 0.
"""

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ..arrays import inverse_order, part
from ..broadcasting import unbroadcast
from ..errors import NotDifferentiableError
from ..registry import rule
from ..typing import Array

# -- axes ---------------------------------------------------------------------------------------


def _reshape(
    a: Array, shape: int | Sequence[int], order: str = "C", copy: bool | None = None
) -> Array:
    options = {} if copy is None else {"copy": copy}
    return np.reshape(a, shape, _fixed("reshape", order), **options)


def _ravel(a: Array, order: str = "C") -> Array:
    return np.ravel(a, _fixed("ravel", order))


def _fixed(function: str, order: str) -> str:
    """Refuse orders "A" and "K": they depend on strides, which the cotangent does not share."""
    if order not in ("C", "F"):
        raise NotDifferentiableError(
            f"{function}: order={order!r} follows the array's layout in memory; use order='C' or "
            f"'F'"
        )
    return order


def _transpose_vjp(g: Array, *_: None, axes: Sequence[int] | None = None) -> Array:
    return np.transpose(g, None if axes is None else inverse_order([a % g.ndim for a in axes]))


# fmt: off
rule(np.reshape,
     lambda g, _, _x, shape=None, order="C", copy=None: np.reshape(g, _x.shape, order),
     forward=_reshape)
rule(np.ravel,        lambda g, _, _x, order="C": np.reshape(g, _x.shape, order), forward=_ravel)
rule(np.transpose,    _transpose_vjp)
rule(np.swapaxes,     lambda g, *_, axis1=0, axis2=0: np.swapaxes(g, axis1, axis2))
rule(np.moveaxis,     lambda g, *_, source=0, destination=0: np.moveaxis(g, destination, source))
rule(np.expand_dims,  lambda g, _, _x, axis=0: np.reshape(g, _x.shape))
rule(np.squeeze,      lambda g, _, _x, axis=None: np.reshape(g, _x.shape))
rule(np.broadcast_to, lambda g, _, _x, shape=None: unbroadcast(g, _x.shape))
# fmt: on

# -- moving -------------------------------------------------------------------------------------

# fmt: off
rule(np.flip,   lambda g, *_, axis=None: np.flip(g, axis))
rule(np.fliplr, lambda g, *_: np.fliplr(g))
rule(np.flipud, lambda g, *_: np.flipud(g))
rule(np.rot90,  lambda g, *_, k=1, axes=(0, 1): np.rot90(g, -k, axes))
rule(np.roll,   lambda g, *_, shift=0, axis=None: np.roll(g, np.negative(shift).tolist(), axis))
rule(np.copy,   lambda g, *_, order="K", subok=False: g)

# A vector is stretched to a matrix before it loses a triangle: hence elementwise.
rule(np.tril,   lambda g, *_, k=0: np.tril(g, k), elementwise=True)
rule(np.triu,   lambda g, *_, k=0: np.triu(g, k), elementwise=True)
# fmt: on

# -- joining and splitting ----------------------------------------------------------------------


def _concatenate_vjp(g: Array, _: None, *_arrays: Array, axis: int = 0) -> list[Array]:
    axis %= g.ndim
    ends = list(accumulate(a.shape[axis] for a in _arrays))
    return [part(g, axis, end - a.shape[axis], end) for a, end in zip(_arrays, ends, strict=True)]


@rule(joint=_concatenate_vjp, name="concatenate")
def join(*arrays: Array, axis: int = 0) -> Array:
    """Concatenate arrays that are arguments, so that each is an input of the operation."""
    return np.concatenate(arrays, axis)


@rule(vjps=[lambda g, *_, indices_or_sections=None, axis=0: np.concatenate(g, axis)], name="split")
def pieces(ary: Array, indices_or_sections: int | Sequence[int], axis: int) -> tuple[Array, ...]:
    return tuple(np.array_split(ary, indices_or_sections, axis))
