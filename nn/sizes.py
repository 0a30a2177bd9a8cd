"""The check of sizes and counts that are given as arguments."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_sizes(owner: str, **sizes: Any) -> None:
    """Raises `TypeError` unless all are integers, and `ValueError` for one below 1."""
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{owner}: {name} (={size!r}) must be an integer")
        if size < 1:
            raise ValueError(f"{owner}: {name} (={size}) must be at least 1")
