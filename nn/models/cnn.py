"""The convolutional network, a descendant of LeNet."""

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

    For each number in `channels` there is a convolution that keeps the size, an activation and a
    max-pooling that halves the size; for each in `hidden` a linear layer with an activation; then
    dropout and the layer of the logits. The default is LeNet-5 (LeCun et al., Gradient-based
    learning applied to document recognition, 1998) with ReLU, max-pooling and "same" padding
    throughout.

    Args:
        image: The shape `(channels, height, width)`.
        classes: The number of classes.
        channels: The channels of each convolution.
        hidden: The width of each hidden linear layer.
        kernel_size: The side of the convolutions' kernels, odd.
        dropout: The probability of zeroing an element, from 0 to 1.
        activation: Makes each activation.
        dtype: The dtype of the parameters.
        generator: The source of randomness (default: a fresh one).

    Raises:
        ValueError: The image is too small for so many halvings.
        ShapeError: The input has images of another shape.

    Example:
        >>> model = nn.CNN((1, 8, 8), channels=[4], hidden=[16])
        >>> model(np.zeros((2, 1, 8, 8), np.float32)).shape
        (2, 10)
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
