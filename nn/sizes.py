"""The check of sizes and counts that are given as arguments."""

from __future__ import annotations

import numpy as np


def check_sizes(owner: str, *, least: int = 1, **sizes: object) -> None:
    """Raises `TypeError` unless all are integers, and `ValueError` for one below `least`."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{owner}: {name} (={size!r}) must be an integer")
        if size < least:
            raise ValueError(f"{owner}: {name} (={size}) must be at least {least}")


def per_axis(
    owner: str, name: str, value: int | tuple[int, ...] | list[int], axes: int, least: int
) -> tuple[int, ...]:
    """A size as one integer for each axis; raises what `check_sizes` does."""
    values = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    if len(values) != axes:
        kind = "an integer" if axes == 1 else f"an integer, or {axes} of them"
        raise ValueError(f"{owner}: {name} (={value!r}) must be {kind}")
    for size in values:
        check_sizes(owner, least=least, **{name: size})
    return tuple(map(int, values))
