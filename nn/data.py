"""Data to train on, and mini-batches of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from autograd import ShapeError

Pair = tuple[Any, Any]

_TRAINING = 1437  # of the 1,797 digits: four fifths


def digits() -> tuple[Pair, Pair]:
    """Handwritten digits: `(images, labels)` to train on and `(images, labels)` held out.

    1,437 and 360 images of 8x8 pixels, as `(N, 64)` float32 from 0 (paper) to 1 (ink), with
    int64 labels from 0 to 9. The split is always the same: the first and the last images of the
    file, into which all were shuffled once. (In the original order, the last ones were written
    by other people than the first.)

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0.
    """
    path = Path(__file__).parent / "datasets" / "digits.npz"
    with np.load(path, allow_pickle=False) as file:
        images = file["images"].reshape(-1, 64).astype(np.float32)
        labels = file["labels"].astype(np.int64)
    images /= 16
    n = _TRAINING
    return (images[:n], labels[:n]), (images[n:], labels[n:])


class DataLoader:
    """Mini-batches: iterating gives tuples with the same rows of every array.

    `arrays`: one or more, with first axes of one length. `shuffle`: in a new order for each
    iteration, drawn from `generator` (default: a fresh one); without it, batches are views. The
    last batch may be shorter than `batch_size`; `drop_last` leaves it out. `len()` counts
    batches.

    Raises `ShapeError` for arrays of different lengths, and `ValueError` for none, or for a
    `batch_size` below 1.
    """

    def __init__(
        self,
        *arrays: Any,
        batch_size: int,
        shuffle: bool = True,
        generator: np.random.Generator | None = None,
        drop_last: bool = False,
    ) -> None:
        if not arrays:
            raise ValueError("DataLoader: got no arrays")
        if batch_size < 1:
            raise ValueError(f"DataLoader: batch_size (={batch_size}) must be at least 1")
        self.arrays = tuple(np.asarray(a) for a in arrays)
        shapes = [a.shape for a in self.arrays]
        if len({shape[:1] for shape in shapes}) > 1 or shapes[0] == ():
            raise ShapeError(
                f"DataLoader: the first axes of the arrays must have one length; got shapes "
                f"{', '.join(map(str, shapes))}"
            )
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last
        self.generator = np.random.default_rng() if generator is None else generator

    def __len__(self) -> int:
        full, rest = divmod(len(self.arrays[0]), self.batch_size)
        return full + (rest > 0 and not self.drop_last)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        order = self.generator.permutation(len(self.arrays[0])) if self.shuffle else None
        for i in range(len(self)):
            part = slice(i * self.batch_size, (i + 1) * self.batch_size)
            rows = part if order is None else order[part]
            yield tuple(a[rows] for a in self.arrays)
