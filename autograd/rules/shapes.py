"""Functions that rearrange elements: each gradient is the inverse rearrangement."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from ..arrays import inverse_order, part
from ..broadcasting import normalize_axes, unbroadcast
from ..errors import NotDifferentiableError
from ..op import joined
from ..registry import implements, rule
from .refused import refuse_out


def _reshape(a: Any, shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    options = {} if copy is None else {"copy": copy}
    # By keyword: NumPy 2.1.0 takes `order` no other way.
    order = _fixed("reshape", order)
    return np.reshape(a, shape, order=order, **options)  # type: ignore[call-overload]


def _ravel(a: Any, order: str = "C") -> Any:
    return np.ravel(a, _fixed("ravel", order))  # type: ignore[arg-type]


def _fixed(function: str, order: str) -> str:
    """Orders "A" and "K" depend on the strides, which the cotangent does not share."""
    if order not in ("C", "F"):
        raise NotDifferentiableError(
            f"{function}: order={order!r} follows the array's layout in memory; use order='C' or "
            f"'F'"
        )
    return order


def _transpose_vjp(g: Any, *_: Any, axes: Sequence[int] | None = None) -> Any:
    if axes is None:
        return np.transpose(g)
    return np.transpose(g, inverse_order([a % g.ndim for a in axes]))


# fmt: off
rule(np.reshape,      lambda g, _, _x, shape=None, order="C", copy=None:
                          np.reshape(g, _x.shape, order=order),
                      forward=_reshape)
rule(np.ravel,        lambda g, _, _x, order="C": np.reshape(g, _x.shape, order=order),
                      forward=_ravel)
rule(np.transpose,    _transpose_vjp)
rule(np.swapaxes,     lambda g, *_, axis1=0, axis2=0: np.swapaxes(g, axis1, axis2))
rule(np.moveaxis,     lambda g, *_, source=0, destination=0: np.moveaxis(g, destination, source))
rule(np.expand_dims,  lambda g, _, _x, axis=0: np.reshape(g, _x.shape))
rule(np.squeeze,      lambda g, _, _x, axis=None: np.reshape(g, _x.shape))
rule(np.broadcast_to, lambda g, _, _x, shape=None: unbroadcast(g, _x.shape))
# fmt: on


def _concatenate_vjp(g: Any, _: Any, *_arrays: Any, axis: int = 0) -> list[Any]:
    axis %= g.ndim
    ends = list(accumulate(a.shape[axis] for a in _arrays))
    return [part(g, axis, end - a.shape[axis], end) for a, end in zip(_arrays, ends, strict=True)]


join = rule(lambda *arrays, axis=0: np.concatenate(arrays, axis), joint=_concatenate_vjp)
join.name = "concatenate"


def _cast(function: str, y: Any, dtype: Any, casting: Any) -> Any:
    """What was joined, in the dtype that was asked for."""
    if dtype is None:
        return y
    if not np.can_cast(y.dtype, dtype, casting):
        raise TypeError(
            f"{function}: {y.dtype} cannot become {np.dtype(dtype)} under casting={casting!r}; "
            f"convert the arrays first, with astype"
        )
    return y.astype(dtype)


@implements(np.concatenate, of_sequences=True)
def concatenate(
    arrays: Sequence[Any],
    axis: int | None = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    refuse_out("concatenate", out)
    if not hasattr(arrays, "__len__"):  # NumPy hands over a generator
        raise TypeError(
            f"concatenate: arrays must be a list or a tuple, got a {type(arrays).__name__}; write "
            f"np.concatenate(list(...))"
        )
    y = join(*map(np.ravel, arrays)) if axis is None else join(*arrays, axis=axis)
    return _cast("concatenate", y, dtype, casting)


@implements(np.stack, of_sequences=True)
def stack(
    arrays: Sequence[Any],
    axis: int = 0,
    out: Any = None,
    *,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    refuse_out("stack", out)
    arrays = [joined(a) for a in arrays]
    (axis,) = normalize_axes("stack", axis, np.ndim(arrays[0]) + 1)
    y = join(*(np.expand_dims(a, axis) for a in arrays), axis=axis)
    return _cast("stack", y, dtype, casting)


def _split(ary: Any, indices_or_sections: Any, axis: int = 0) -> tuple[Any, ...]:
    return tuple(np.array_split(ary, indices_or_sections, axis))


pieces = rule(
    _split,
    lambda g, *_, indices_or_sections=None, axis=0: np.concatenate(g, axis),
)


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    return list(pieces(ary, indices_or_sections=indices_or_sections, axis=axis))


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    n = ary.shape[axis]
    if np.ndim(indices_or_sections) == 0 and n % indices_or_sections:
        raise ValueError(
            f"split: {n} elements along axis {axis} do not divide into {indices_or_sections} "
            f"equal parts; use np.array_split"
        )
    return array_split(ary, indices_or_sections, axis)
