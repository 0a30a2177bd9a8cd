"""Changes to batches of images, for `DataLoader(..., transform=...)`.

    transform = Compose([RandomShift(2), RandomFlip(), Normalize(0.13, 0.31)])
    for images, labels in DataLoader(images, labels, batch_size=64, transform=transform): ...

Each takes images `(N, C, H, W)` and a generator to draw from (default: a fresh one), and returns
new images of the same shape and dtype, without changing its input. It raises `ShapeError` for
other shapes.
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
    """Several transforms, applied in turn.

    Args:
        transforms: Functions from a batch and a generator to a batch.

    Example:
        >>> transform = nn.data.Compose([nn.data.RandomFlip(1.0), nn.data.Normalize(1.0, 2.0)])
        >>> transform(np.array([[[[1.0, 3.0]]]]))
        array([[[[1., 0.]]]])
    """

    def __init__(self, transforms: Iterable[Transform]) -> None:
        self.transforms = list(transforms)

    def __call__(self, images: ArrayLike, generator: np.random.Generator | None = None) -> Any:
        generator = np.random.default_rng(generator)
        for transform in self.transforms:
            images = transform(images, generator)
        return images


class RandomShift:
    """A transform that moves each image by up to `pixels` along each axis.

    Args:
        pixels: At least 0. Each distance from `-pixels` to `pixels` is equally likely.
        fill: The value of what moves in from outside the image.

    Raises:
        ValueError: `pixels` is negative, or not an integer.

    Example:
        >>> shift = nn.data.RandomShift(1)
        >>> shift(np.ones((2, 1, 3, 3))).shape
        (2, 1, 3, 3)
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
    """A transform that mirrors each image, left to right, with probability `p`.

    Args:
        p: From 0 to 1.

    Raises:
        ValueError: `p` is outside 0 to 1.

    Example:
        >>> nn.data.RandomFlip(1.0)(np.array([[[[1, 2]]]]))
        array([[[[2, 1]]]])
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
    """The transform `(images - mean) / std`.

    Args:
        mean: One number for all channels, or one for each.
        std: Likewise; above 0.

    Raises:
        ValueError: `std` is not above 0.
        ShapeError: `mean` or `std` has several axes, or another number of values than the images
            have channels.
        DTypeError: The images are not floats.

    Example:
        >>> nn.data.Normalize(1.0, 2.0)(np.array([[[[1.0, 3.0]]]]))
        array([[[[0., 1.]]]])
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
                f"Normalize: images have dtype {images.dtype}; convert them to floats first: "
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
