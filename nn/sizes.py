"""Checks of sizes and counts that are given as arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def check_sizes(owner: str, *, least: int = 1, **sizes: object) -> None:
    """Check that sizes are integers, and not too small.

    Args:
        owner: The function or class to name in messages.
        least: The smallest size allowed.
        **sizes: The sizes by name.

    Raises:
        TypeError: A size is not an integer.
        ValueError: A size is below `least`.

    Example:
        >>> nn.sizes.check_sizes("fit", epochs=0)
        Traceback (most recent call last):
        ...
        ValueError: fit: epochs (=0) must be at least 1
    """
    for name, size in sizes.items():
        if not isinstance(size, int | np.integer) or isinstance(size, bool):
            raise TypeError(f"{owner}: {name} (={size!r}) must be an integer")
        if size < least:
            raise ValueError(f"{owner}: {name} (={size}) must be at least {least}")


def per_axis(
    owner: str, name: str, value: int | Sequence[int], axes: int, least: int
) -> tuple[int, ...]:
    """Return a size as one integer for each axis.

    Args:
        owner: The function or class to name in messages.
        name: The parameter to name in messages.
        value: An integer, or one for each axis.
        axes: The number of axes.
        least: The smallest size allowed.

    Raises:
        TypeError: A size is not an integer.
        ValueError: A size is below `least`, or there is another number of sizes.

    Example:
        >>> nn.sizes.per_axis("Conv2d", "stride", 2, axes=2, least=1)
        (2, 2)
    """
    values: tuple[Any, ...] = tuple(value) if isinstance(value, tuple | list) else (value,) * axes
    if len(values) != axes:
        kind = "an integer" if axes == 1 else f"an integer, or {axes} of them"
        raise ValueError(f"{owner}: {name} (={value!r}) must be {kind}")
    for size in values:
        check_sizes(owner, least=least, **{name: size})
    return tuple(map(int, values))
