"""Padding, and trimming zeros.

`pad` with mode "maximum" or "minimum" shares the gradient equally among ties.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..arrays import along, constant, part
from ..errors import NotDifferentiableError
from ..registry import implements
from ..rules.indexing import scatter, updated
from ..typing import Array, ArrayLike

Pairs: TypeAlias = list[list[Any]]

_STATISTICS: dict[str, Callable[..., Array]] = {
    "maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median
}  # fmt: skip


@implements(np.pad)
def pad(
    array: Array,
    pad_width: ArrayLike,
    mode: str | Callable[..., Array],
    *,
    constant_values: ArrayLike | None = None,
    end_values: ArrayLike | None = None,
    stat_length: ArrayLike | None = None,
    reflect_type: str | None = None,
) -> Array:
    """Implement `np.pad`; the values that it pads with are constants."""
    if callable(mode) or mode == "empty":
        raise NotDifferentiableError(
            f"pad: mode={mode!r} has no gradient; use mode='constant' and write into the result, "
            f"or np.concatenate"
        )
    given = {
        "constant_values": constant_values,
        "end_values": end_values,
        "stat_length": stat_length,
        "reflect_type": reflect_type,
    }
    options = {key: value for key, value in given.items() if value is not None}
    np.pad(np.zeros((1,) * array.ndim), 0, mode, **options)  # raises for options of other modes
    widths = _pairs(pad_width, array.ndim)
    if mode == "constant":
        return _pad_constant(array, widths, options)
    ends = _pairs(0 if end_values is None else end_values, array.ndim)
    lengths = _pairs(stat_length, array.ndim)
    for axis, width in enumerate(widths):
        if not any(width):
            continue
        if mode in _STATISTICS:
            array = _pad_statistic(array, axis, width, lengths[axis], _STATISTICS[mode])
        elif mode == "linear_ramp":
            array = _pad_ramp(array, axis, width, ends[axis])
        else:
            array = _pad_mirror(array, axis, width, mode, reflect_type == "odd")
    return array


def _pairs(value: Any, ndim: int) -> Pairs:
    """For each axis, the value before it and the one after it, in all the forms `pad` takes."""
    if isinstance(value, dict):
        pairs: Pairs = [[0, 0] for _ in range(ndim)]
        for axis, pair in value.items():
            pairs[axis] = np.broadcast_to(pair, 2).tolist()
        return pairs
    return np.broadcast_to(value, (ndim, 2)).tolist()  # type: ignore[no-any-return]


def _pad_constant(x: Array, widths: Pairs, options: dict[str, Any]) -> Array:
    shape = tuple(n + sum(width) for n, width in zip(x.shape, widths, strict=True))
    inner = tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths, strict=True))
    if not np.any(options.get("constant_values", 0)):
        return scatter(x, index=inner, shape=shape)
    frame = np.pad(constant(np.zeros(x.shape), x, x.dtype), widths, **options)
    return updated(frame, x, index=inner)


def _pad_mirror(x: Array, axis: int, width: Sequence[int], mode: str, odd: bool) -> Array:
    """Pad with elements of `x`: NumPy says which, by padding their numbers."""
    n = x.shape[axis]
    y = np.take(x, np.pad(np.arange(n), width, mode), axis)
    if not odd:
        return y
    # Where an even reflection is turned around, an odd one has 2 last - y; and it is the higher
    # by 2 (last - first) at each further period.
    period = max(2 * n - 2, 1) if mode == "reflect" else 2 * n
    turns, place = np.divmod(np.arange(-width[0], n + width[1]), period)
    first, last = part(x, axis, 0, 1), part(x, axis, n - 1, n)
    mirrored = place >= n
    return (
        y * along(axis, 1 - 2 * mirrored, x)
        + last * along(axis, 2 * mirrored, x)
        + (last - first) * along(axis, 2 * turns, x)
    )


def _pad_ramp(x: Array, axis: int, width: Sequence[int], ends: Sequence[float]) -> Array:
    def ramp(edge: Array, w: int, end: float, turned: bool) -> Array:
        share = np.arange(w) / max(w, 1)
        return end + (edge - end) * along(axis, share[::-1] if turned else share, x)

    left = ramp(part(x, axis, 0, 1), width[0], ends[0], False)
    right = ramp(part(x, axis, -1, None), width[1], ends[1], True)
    return np.concatenate((left, x, right), axis)


def _pad_statistic(
    x: Array,
    axis: int,
    width: Sequence[int],
    lengths: Sequence[int | None],
    statistic: Callable[..., Array],
) -> Array:
    n = x.shape[axis]
    first, last = (n if length is None else min(length, n) for length in lengths)

    def edge(part: Array, w: int) -> Array:
        value = statistic(part, axis=axis, keepdims=True)
        return np.broadcast_to(value, (*x.shape[:axis], w, *x.shape[axis + 1 :]))

    left = edge(part(x, axis, 0, first), width[0])
    right = edge(part(x, axis, n - last, n), width[1])
    return np.concatenate((left, x, right), axis)


@implements(np.trim_zeros)
def trim_zeros(filt: Array, trim: str, axis: int | Sequence[int] | None) -> Array:
    """Implement `np.trim_zeros`; which elements are zero is taken as fixed."""
    marks = (filt != 0) * 1
    kept: list[slice] = []
    for i, n in enumerate(marks.shape):
        start = n - np.trim_zeros(marks, "f", axis).shape[i] if "f" in trim.lower() else 0
        stop = np.trim_zeros(marks, "b", axis).shape[i] if "b" in trim.lower() else n
        kept.append(slice(start, stop))
    return filt[tuple(kept)]
