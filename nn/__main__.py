"""`python -m nn mlp`: train a network on handwritten digits, and see what it learned."""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, Protocol

import numpy as np

import nn
from autograd import RenderError, Tensor, cross_entropy, softmax

from . import plots


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit code: 0, or 1 where training failed.

    Bad arguments end in `SystemExit` with code 2, before any training.
    """
    parser, commands = _parsers()
    options = parser.parse_args(arguments)
    try:
        with _folder_for(options.out) as out:
            train_mlp(out, options)
    except _UnusableFolderError as error:
        commands[options.command].error(str(error))
    except (nn.DivergedError, MemoryError, nn.CheckpointError) as error:
        print(f"{parser.prog} {options.command}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"{parser.prog} {options.command}: interrupted", file=sys.stderr)
        return 130
    return 0


class Options(Protocol):
    """What the command line says."""

    epochs: int
    lr: float
    batch_size: int
    hidden: list[int]
    seed: int
    out: Path


def train_mlp(out: Path, options: Options) -> None:
    """Train a multilayer perceptron, and write the model and the pictures into `out`."""
    (images, labels), (test_images, test_labels) = nn.data.digits()
    generator = np.random.default_rng(options.seed)
    model = nn.MLP([64, *options.hidden, 10], generator=generator)
    optimizer = nn.optim.SGD(model.parameters(), options.lr, momentum=0.9)
    print(f"{len(labels):,} handwritten digits to learn from, {len(test_labels)} held out\n{model}")

    start = time.perf_counter()
    history = nn.fit(
        model,
        nn.CrossEntropyLoss(),
        optimizer,
        (images, labels),
        (test_images, test_labels),
        epochs=options.epochs,
        batch_size=options.batch_size,
        generator=generator,
    )
    seconds = time.perf_counter() - start
    probabilities = softmax(nn.predict(model, test_images))
    right = np.count_nonzero(probabilities.argmax(axis=-1) == test_labels)
    print(
        f"accuracy on held-out digits: {right / len(test_labels):.1%} "
        f"({right} of {len(test_labels)}), after {seconds:.1f} s of training"
    )

    # Drawn from a step with the trained model; the picture is of the graph before backward().
    batch = slice(0, options.batch_size)
    loss: Tensor = cross_entropy(model(images[batch]), labels[batch])
    pictures = test_images.reshape(-1, 8, 8)
    _write("model", lambda path: nn.save(model, path), out / "model.npz")
    _write("training step", lambda path: loss.graph().render(path), out / "step.svg", "graphviz")
    _write(
        "learning curves",
        lambda path: plots.learning_curves(history, path),
        out / "curves.png",
        "matplotlib",
    )
    _write(
        "wrong digits",
        lambda path: plots.mistakes(pictures, test_labels, probabilities, path),
        out / "mistakes.png",
        "matplotlib",
    )


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


# -- arguments ----------------------------------------------------------------------------------


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    parser = _Parser("python -m nn", description="Train a small network, and draw it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    mlp = commands.add_parser(
        "mlp",
        help="a multilayer perceptron that reads handwritten digits",
        description="Train a multilayer perceptron on 8x8 images of handwritten digits, with "
        "stochastic gradient descent of momentum 0.9. Writes the model (model.npz), the graph of "
        "a training step (step.svg), learning curves (curves.png), and the held-out digits that "
        "it reads wrongly (mistakes.png).",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = mlp.add_argument
    add("--epochs", type=_positive, default=30, metavar="N", help="passes over the images")
    add("--lr", type=_rate, default=0.1, metavar="RATE", help="learning rate")
    add("--batch-size", type=_positive, default=32, metavar="N", help="images per step")
    add(
        "--hidden",
        type=_positive,
        nargs="+",
        default=[128],
        metavar="N",
        help="widths of the hidden layers",
    )
    add("--seed", type=_seed, default=0, metavar="N", help="of everything that is random")
    add("--out", type=Path, default=Path("pullback-mlp"), metavar="FOLDER", help="for the files")
    return parser, {"mlp": mlp}


def _integer(text: str, least: int) -> int:
    with suppress(ValueError):
        if int(text) >= least:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")


def _positive(text: str) -> int:
    return _integer(text, 1)


def _seed(text: str) -> int:
    return _integer(text, 0)


def _rate(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")


class _UnusableFolderError(Exception):
    pass


@contextmanager
def _folder_for(out: Path) -> Iterator[Path]:
    """The folder, made and tried out before training; taken away again if nothing came of it."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=out).close()
        except OSError as error:
            raise _UnusableFolderError(
                f"argument --out: cannot write into {str(out)!r}: {error.strerror or error}"
            ) from error
        yield out
    except BaseException:
        for folder in made:
            with suppress(OSError):  # it holds something by now, or was never made
                folder.rmdir()
        raise


if __name__ == "__main__":
    sys.exit(main())
