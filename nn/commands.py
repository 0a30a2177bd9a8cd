"""What `python -m nn` runs: whole programs on images, to be read and copied.

Each trains a network, prints how well it does on images it has not seen, and writes the model and
pictures of it into a folder.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import nn
from autograd import RenderError, Tensor, cross_entropy, no_grad, softmax

from . import plots


class Options(Protocol):
    """What the command line says."""

    epochs: int
    lr: float
    batch_size: int
    hidden: list[int]
    seed: int
    out: Path
    # of `cnn` only
    data: Path | None
    channels: list[int]
    kernel_size: int
    dropout: float
    shift: int
    resume: bool


class UsageError(Exception):
    """An argument of the command line cannot be used."""


def train_mlp(out: Path, options: Options) -> None:
    """Train a multilayer perceptron on the embedded digits."""
    train, test = nn.data.digits()
    generator = np.random.default_rng(options.seed)
    model = nn.MLP([64, *options.hidden, 10], generator=generator)
    print(f"{_described(train, test)}\n{model}")

    optimizer = nn.optim.SGD(model.parameters(), options.lr, momentum=0.9)
    start = time.perf_counter()
    history = nn.fit(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        train,
        test,
        epochs=options.epochs,
        batch_size=options.batch_size,
        generator=generator,
    )
    _report(out, model, history, train, test, time.perf_counter() - start)


def train_cnn(out: Path, options: Options) -> None:
    """Train a convolutional network on the embedded digits, or on a folder of IDX files."""
    if options.data is None:
        train, test = ((x.reshape(-1, 1, 8, 8), labels) for x, labels in nn.data.digits())
    else:
        train, test = nn.data.idx_folder(options.data)
    image = train[0].shape[1:]
    generator = np.random.default_rng(options.seed)
    try:
        model = nn.CNN(
            image,
            classes=int(train[1].max()) + 1,
            channels=options.channels,
            hidden=options.hidden,
            kernel_size=options.kernel_size,
            dropout=options.dropout,
            generator=generator,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error
    print(f"{_described(train, test)}\n{model.summary((1, *image))}")

    optimizer = nn.optim.Adam(model.parameters(), options.lr)
    batches = nn.DataLoader(
        *train,
        batch_size=options.batch_size,
        generator=generator,
        transform=nn.data.RandomShift(options.shift) if options.shift else None,
    )
    start = time.perf_counter()
    history = nn.fit(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        batches,
        test,
        epochs=options.epochs,
        schedule=nn.schedules.CosineAnnealingLR(optimizer, options.epochs),
        checkpoint=out / "training.npz",
        resume=options.resume,
    )
    _report(out, model, history, train, test, time.perf_counter() - start)
    first: Any = model.features[0]
    _write(
        "kernels",
        lambda path: plots.kernels(first.weight.data, path),
        out / "kernels.png",
        "matplotlib",
    )
    _write(
        "feature maps",
        lambda path: plots.feature_maps(test[0][0], _layers(model.features, test[0][:1]), path),
        out / "features.png",
        "matplotlib",
    )


def _described(train: Any, test: Any) -> str:
    return f"{len(train[1]):,} images to learn from, {len(test[1]):,} held out"


def _report(
    out: Path, model: nn.Module, history: nn.History, train: Any, test: Any, seconds: float
) -> None:
    """Print the accuracy on the held-out images, and write what both networks have."""
    images, labels = test
    probabilities = softmax(nn.predict(model, images))
    right = np.count_nonzero(probabilities.argmax(axis=-1) == labels)
    print(
        f"accuracy on held-out images: {right / len(labels):.1%} "
        f"({right} of {len(labels)}), after {seconds:.1f} s of training"
    )
    # Drawn from a step with the trained model; the picture is of the graph before backward().
    loss: Tensor = cross_entropy(model(train[0][:32]), train[1][:32])
    side = round(images[0].size ** 0.5) if images.ndim == 2 else images.shape[-2]
    pictures = images.reshape(len(images), -1, side, images[0].size // side)[:, 0]
    _write("model", lambda path: nn.save(model, path), out / "model.npz")
    _write("training step", lambda path: loss.graph().render(path), out / "step.svg", "graphviz")
    _write(
        "learning curves",
        lambda path: plots.learning_curves(history, path),
        out / "curves.png",
        "matplotlib",
    )
    _write(
        "wrong images",
        lambda path: plots.mistakes(pictures, labels, probabilities, path),
        out / "mistakes.png",
        "matplotlib",
    )


def _layers(features: nn.Sequential, x: Any) -> list[tuple[str, Any]]:
    """The name and the output of each layer for the first of the images `x`."""
    layers = []
    with no_grad():
        for layer in features:
            x = layer(x)
            layers.append((type(layer).__name__, x.data[0]))
    return layers


def _write(what: str, write: Callable[[Path], Any], path: Path, needs: str = "") -> None:
    """Write one file and print where it is; a picture that cannot be drawn is not fatal."""
    try:
        write(path)
    except RenderError as error:
        print(f"{what:<16} {path} was not written: {error}")
    except ImportError:
        print(f"{what:<16} {path} was not written, for want of {needs}: pip install {needs}")
    except OSError as error:
        print(f"{what:<16} {path} was not written: {error.strerror or error}")
    else:
        print(f"{what:<16} {path}")
