"""The convolutional network, after LeNet."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd import ShapeError, Tensor
from autograd.typing import ArrayLike

from ..activations import ReLU
from ..container import Flatten, Sequential
from ..convolution import Conv2d
from ..dropout import Dropout
from ..linear import Linear
from ..module import Module
from ..pooling import MaxPool2d


class CNN(Module):
    """A classifier of images: `(N, *image)` to logits `(N, classes)`.

    Each number in `channels` makes a convolution that keeps the size, an activation and a
    max-pooling that halves it; each in `hidden` a linear layer with an activation; then follow
    `dropout` and the layer of the logits. The default is the LeNet-5 of LeCun et al.,
    Gradient-based learning applied to document recognition, 1998, with ReLU, max-pooling and
    "same" padding throughout.

    `image`: the shape `(channels, height, width)`. `kernel_size`: odd. `dropout`: 0 to 1.

    Raises `ValueError` for an image too small for so many halvings, and `ShapeError` for images
    of another shape.
    """

    def __init__(
        self,
        image: tuple[int, int, int] = (1, 28, 28),
        classes: int = 10,
        *,
        channels: Sequence[int] = (6, 16),
        hidden: Sequence[int] = (120, 84),
        kernel_size: int = 5,
        dropout: float = 0.0,
        activation: Callable[[], Module] = ReLU,
        dtype: DTypeLike = np.float32,
        generator: np.random.Generator | None = None,
    ) -> None:
        if len(image) != 3 or min(image) < 1:
            raise ValueError(f"CNN: image (={image}) must be a shape (channels, height, width)")
        size = tuple(n >> len(channels) for n in image[1:])
        if min(size) < 1:
            raise ValueError(
                f"CNN: images of {image[1]}x{image[2]} pixels cannot be halved {len(channels)} "
                f"times; give fewer channels (={tuple(channels)})"
            )
        generator = np.random.default_rng(generator)
        made: dict[str, Any] = {"dtype": dtype, "generator": generator}
        self.image = tuple(image)
        parts: list[Module] = []
        before = image[0]
        for count in channels:
            parts += [
                Conv2d(before, count, kernel_size, padding="same", **made),
                activation(),
                MaxPool2d(2),
            ]
            before = count
        self.features = Sequential(*parts)
        parts = [Flatten()]
        before *= math.prod(size)
        for width in hidden:
            parts += [Linear(before, width, **made), activation()]
            before = width
        if dropout:
            parts.append(Dropout(dropout, generator=generator))
        parts.append(Linear(before, classes, **made))
        self.classifier = Sequential(*parts)

    def forward(self, x: ArrayLike) -> Tensor:
        shape = np.shape(x)
        if shape[1:] != self.image:
            raise ShapeError(
                f"CNN(image={self.image}) got an input of shape {shape}; it needs "
                f"(N, {', '.join(map(str, self.image))})"
            )
        result: Tensor = self.classifier(self.features(x))
        return result
