"""The check of sizes and counts that are given as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def check_sizes(owner: str, **sizes: Any) -> None:
    """Raises `TypeError` unless all are integers, and `ValueError` for one below 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{owner}: {name} (={size!r}) must be an integer")
        if size < 1:
            raise ValueError(f"{owner}: {name} (={size}) must be at least 1")


def per_axis(owner: str, name: str, value: Any, axes: int, least: int) -> tuple[int, ...]:
    """A size as one integer for each axis; raises `ValueError` for anything else."""
    values = tuple(value) if isinstance(value, Sequence) else (value,) * axes
    if len(values) != axes or any(
        not isinstance(v, int | np.integer) or isinstance(v, bool) or v < least for v in values
    ):
        kind = "an integer" if axes == 1 else "an integer or a pair of them,"
        raise ValueError(f"{owner}: {name} (={value!r}) must be {kind} of at least {least}")
    return tuple(map(int, values))
