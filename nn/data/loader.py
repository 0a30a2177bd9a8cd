"""Mini-batches of arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import DTypeError, ShapeError
from autograd.numpy import asarray
from autograd.typing import ArrayLike

from ..sizes import check_sizes
from .augment import Transform
from .files import DataError


class DataLoader:
    """Mini-batches: tuples with the same rows of every array; `len()` counts them.

    Args:
        *arrays: Arrays whose first axes have the same length.
        batch_size: The rows of a batch; the last may have fewer.
        shuffle: Use a new order for each iteration. Without it, batches are views.
        generator: The source of randomness (default: a fresh one).
        drop_last: Leave out a last batch with fewer rows.
        transform: Called as `transform(batch, generator)` on each batch of the first array; see
            `augment.py`.
        check_finite: Look for NaN and infinity in each batch, before `transform`.

    Raises:
        ShapeError: The arrays have different lengths.
        TypeError: A tuple was passed as an array, or `batch_size` is not an integer.
        DTypeError: An array would lose its meaning, such as a masked one.
        ValueError: There are no arrays, or `batch_size` is below 1.
        DataError: While iterating with `check_finite`, a value is not finite; the message says
            where.

    Example:
        >>> loader = nn.DataLoader(np.arange(5), np.arange(5) * 10, batch_size=2, shuffle=False)
        >>> for x, y in loader:
        ...     print(x, y)
        [0 1] [ 0 10]
        [2 3] [20 30]
        [4] [40]
    """

    def __init__(
        self,
        *arrays: ArrayLike,
        batch_size: int,
        shuffle: bool = True,
        generator: np.random.Generator | None = None,
        drop_last: bool = False,
        transform: Transform | None = None,
        check_finite: bool = False,
    ) -> None:
        if not arrays:
            raise ValueError("DataLoader: got no arrays")
        if any(isinstance(a, tuple) for a in arrays):
            raise TypeError(
                "DataLoader: got a tuple of arrays; pass each array by itself: "
                "DataLoader(images, labels, batch_size=...)"
            )
        check_sizes("DataLoader", batch_size=batch_size)
        self.arrays = tuple(_array(i, a) for i, a in enumerate(arrays))
        shapes = [a.shape for a in self.arrays]
        if len({shape[:1] for shape in shapes}) > 1 or shapes[0] == ():
            raise ShapeError(
                f"DataLoader: the first axes of the arrays must have one length; got shapes "
                f"{', '.join(map(str, shapes))}"
            )
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.transform = transform
        self.check_finite = check_finite
        if generator is not None or shuffle or transform is not None:
            generator = np.random.default_rng(generator)
        self.generator: Any = generator  # None where nothing is random

    def __len__(self) -> int:
        full, rest = divmod(len(self.arrays[0]), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        order = self.generator.permutation(len(self.arrays[0])) if self.shuffle else None
        for i in range(len(self)):
            part = slice(i * self.batch_size, (i + 1) * self.batch_size)
            rows = part if order is None else order[part]
            batch = [a[rows] for a in self.arrays]
            if self.check_finite:
                self._refuse_not_finite(i, batch, order)
            if self.transform is not None:
                batch[0] = self.transform(batch[0], self.generator)
            yield tuple(batch)

    def _refuse_not_finite(self, i: int, batch: list[Any], order: Any) -> None:
        for which, part in enumerate(batch):
            if part.dtype.kind not in "fc" or np.isfinite(part).all():
                continue
            place = tuple(np.argwhere(~np.isfinite(part))[0].tolist())
            row = i * self.batch_size + place[0]
            row = row if order is None else int(order[row])
            raise DataError(
                f"DataLoader: array {which} has {part[place]} in row {row} (batch {i}, its row "
                f"{place[0]}; all counted from 0); fix that row or leave it out"
            )


def _array(place: int, values: ArrayLike) -> NDArray[Any]:
    try:
        return np.asarray(asarray(values))
    except DTypeError as error:  # for a masked array, quantities with units, objects
        fault = str(error).removeprefix("asarray: `a` ")
        raise DTypeError(f"DataLoader: array {place} {fault}") from error
