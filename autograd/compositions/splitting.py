"""Splitting an array into several along an axis."""

from collections.abc import Sequence

import numpy as np

from ..errors import ShapeError
from ..registry import implements
from ..rules.shapes import pieces
from ..typing import Array


@implements(np.array_split)
def array_split(ary: Array, indices_or_sections: int | Sequence[int], axis: int) -> list[Array]:
    return list(pieces(ary, indices_or_sections=indices_or_sections, axis=axis))


@implements(np.split)
def split(ary: Array, indices_or_sections: int | Sequence[int], axis: int) -> list[Array]:
    n = ary.shape[axis]
    if np.ndim(indices_or_sections) == 0 and n % indices_or_sections:
        raise ValueError(
            f"split: {n} elements along axis {axis} do not divide into {indices_or_sections} "
            f"equal parts; use np.array_split"
        )
    return np.array_split(ary, indices_or_sections, axis)


@implements(np.hsplit)
def hsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    return _split("hsplit", ary, indices_or_sections, 1, 1 if ary.ndim > 1 else 0)


@implements(np.vsplit)
def vsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    return _split("vsplit", ary, indices_or_sections, 2, 0)


@implements(np.dsplit)
def dsplit(ary: Array, indices_or_sections: int | Sequence[int]) -> list[Array]:
    return _split("dsplit", ary, indices_or_sections, 3, 2)


def _split(
    name: str, ary: Array, indices_or_sections: int | Sequence[int], least: int, axis: int
) -> list[Array]:
    if ary.ndim < least:
        raise ShapeError(
            f"{name}: ary must have {least} or more axes, got shape {ary.shape}; use np.split"
        )
    return np.split(ary, indices_or_sections, axis)


@implements(np.unstack)
def unstack(x: Array, axis: int) -> tuple[Array, ...]:
    return tuple(np.moveaxis(x, axis, 0))
