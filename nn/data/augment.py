"""Changes to batches of images, for `DataLoader(..., transform=...)`.

    transform = Compose([RandomShift(2), RandomFlip(), Normalize(0.13, 0.31)])
    for images, labels in DataLoader(images, labels, batch_size=64, transform=transform): ...

Each takes images `(N, C, H, W)` and a generator to draw from (default: a fresh one), and returns
new images of the same shape and dtype; those it was given stay as they are. Other shapes raise
`ShapeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from autograd import DTypeError, ShapeError
from autograd.typing import ArrayLike

#: From a batch and a generator to a batch.
Transform = Callable[[Any, np.random.Generator], Any]


class Compose:
    """Several transforms, one after the other."""

    def __init__(self, transforms: Iterable[Transform]) -> None:
        self.transforms = list(transforms)

    def __call__(self, images: ArrayLike, generator: np.random.Generator | None = None) -> Any:
        generator = np.random.default_rng(generator)
        for transform in self.transforms:
            images = transform(images, generator)
        return images


class RandomShift:
    """Moves each image by up to `pixels` along each axis, each distance equally likely.

    What moves in from outside the image is `fill`. Raises `ValueError` unless `pixels` is an
    integer from 0 on.
    """

    def __init__(self, pixels: int, fill: float = 0) -> None:
        if not isinstance(pixels, int | np.integer) or pixels < 0:
            raise ValueError(f"RandomShift: pixels (={pixels}) must be an integer, at least 0")
        self.pixels = pixels
        self.fill = fill

    def __call__(
        self, images: ArrayLike, generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        images = _batch("RandomShift", images)
        generator = np.random.default_rng(generator)
        n, _, *size = images.shape
        border = (self.pixels, self.pixels)
        padded = np.pad(images, ((0, 0), (0, 0), border, border), constant_values=self.fill)
        down, right = generator.integers(2 * self.pixels + 1, size=(2, n))
        return sliding_window_view(padded, size, axis=(2, 3))[np.arange(n), :, down, right]


class RandomFlip:
    """Mirrors each image, left to right, with probability `p`.

    Raises `ValueError` for a `p` that is not from 0 to 1.
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ValueError(f"RandomFlip: p (={p}) must be from 0 to 1")
        self.p = p

    def __call__(
        self, images: ArrayLike, generator: np.random.Generator | None = None
    ) -> NDArray[Any]:
        images = _batch("RandomFlip", images).copy()
        generator = np.random.default_rng(generator)
        flipped = generator.random(len(images)) < self.p
        images[flipped] = images[flipped, ..., ::-1]
        return images


class Normalize:
    """`(images - mean) / std`, with one number for all channels or one for each.

    Nothing is drawn. Raises `ValueError` for a `std` that is not above 0, and `DTypeError` for
    images of integers.
    """

    def __init__(self, mean: ArrayLike, std: ArrayLike) -> None:
        self.mean, self.std = np.asarray(mean), np.asarray(std)
        if max(self.mean.ndim, self.std.ndim) > 1:
            raise ShapeError(
                f"Normalize: mean and std must be numbers or have one axis; got shapes "
                f"{self.mean.shape} and {self.std.shape}"
            )
        if not (self.std > 0).all():
            raise ValueError(f"Normalize: std (={self.std}) must be above 0")

    def __call__(self, images: ArrayLike, _: np.random.Generator | None = None) -> NDArray[Any]:
        images = _batch("Normalize", images)
        if images.dtype.kind != "f":
            raise DTypeError(
                f"Normalize: images have dtype {images.dtype}; make floats of them first: "
                f"images.astype(np.float32)"
            )
        for name, values in (("mean", self.mean), ("std", self.std)):
            if values.size not in (1, images.shape[1]):
                raise ShapeError(
                    f"Normalize: {values.size} values of {name} for images of "
                    f"{images.shape[1]} channels (shape {images.shape})"
                )
        mean, std = (v.astype(images.dtype).reshape(-1, 1, 1) for v in (self.mean, self.std))
        images = images - mean
        images /= std
        return images


def _batch(function: str, images: ArrayLike) -> NDArray[Any]:
    images = np.asarray(images)
    if images.ndim != 4:
        raise ShapeError(
            f"{function}: images must have the axes (N, C, H, W); got shape {images.shape}"
        )
    return images
