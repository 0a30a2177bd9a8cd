"""What messages say of arrays, and where they came from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from ..node import Leaf, Node, ShapeDtype, quoted_name


def numbers(x: Any) -> Any:
    """An input as an array, or None for what is no number, or was not kept."""
    if x is None or isinstance(x, ShapeDtype):
        return None
    x = np.asarray(x)
    return x if x.dtype.kind in "biufc" else None


def origin(parent: Node | None) -> str:
    """Where an input came from."""
    if parent is None:
        return "a constant"
    what = "leaf" if isinstance(parent, Leaf) else f"result of {parent.op.name}"
    return f"the {what}{quoted_name(parent)} ({parent.source()})"


def first(mask: Any) -> tuple[int, ...]:
    """The index of the first true element."""
    return tuple(map(int, np.unravel_index(np.argmax(mask), np.shape(mask))))


def at_element(
    inputs: Iterable[Any], shape: tuple[int, ...], index: tuple[int, ...]
) -> Sequence[Any]:
    """The numbers that meet at `index` of the broadcast `shape`; NaN where one is not known."""
    known = map(numbers, inputs)
    return [np.nan if x is None else np.broadcast_to(x, shape)[index] for x in known]


def summary(x: Any) -> str:
    """The dtype, shape and range of an array, and how many elements are special."""
    text = f"{x.dtype} {x.shape}"
    sizes = np.abs(x) if x.dtype.kind == "c" else x
    finite = sizes[np.isfinite(x)]
    if finite.size:
        low, high = finite.min(), finite.max()
        text += f" from {low:.6g} to {high:.6g}" if low < high else f" of {low:.6g}"
        text += " in size" if x.dtype.kind == "c" else ""
    nans = np.count_nonzero(np.isnan(x))
    counts = [
        (nans, "NaN"),
        (np.count_nonzero(~np.isfinite(x)) - nans, "Inf"),
        (np.count_nonzero(x == 0), "zeros"),
    ]
    return text + "".join(f", {count} {what}" for count, what in counts if count)
