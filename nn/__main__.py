"""The command line: `python -m nn` trains a network on images or a text, and draws the result.

    python -m nn mlp
    python -m nn cnn --data FOLDER
    python -m nn word2vec --corpus FILE

The arguments of the commands; the commands themselves are in `commands.py`.
"""

from __future__ import annotations

import argparse
import io
import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import nn

from .commands import UsageError, train_cnn, train_mlp, train_word2vec


class _Formatter(argparse.ArgumentDefaultsHelpFormatter):
    def _get_help_string(self, action: argparse.Action) -> str | None:
        """Leave out defaults that say nothing."""
        if action.default is None or action.default is False:
            return action.help
        return super()._get_help_string(action)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        arguments: The words after `python -m nn`; by default those of the command line.

    Returns:
        The exit code: 0, 1 if training failed, or 130 if it was interrupted.

    Raises:
        SystemExit: With code 2, before any training, if an argument is wrong; with code 0 after
            `--help`.
    """
    parser, commands = _parsers()
    options = parser.parse_args(arguments)
    try:
        with _folder_for(options.out) as out:
            options.run(out, options)
    except UsageError as error:
        commands[options.command].error(str(error))
    except (nn.DivergedError, nn.CheckpointError, nn.data.DataError, OSError, MemoryError) as error:
        print(f"{parser.prog} {options.command}: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        again = "" if options.run is train_mlp else "; go on with --resume"
        print(f"{parser.prog} {options.command}: interrupted{again}", file=sys.stderr)
        return 130
    return 0


# -- arguments ----------------------------------------------------------------------------------


_WRITTEN = (
    "Writes the model (model.npz), the graph of a training step (step.svg), learning curves "
    "(curves.png), and the held-out images that it reads wrongly (mistakes.png)"
)


def _parsers() -> tuple[_Parser, dict[str, _Parser]]:
    """Make the parser of the command line, and one for each command."""
    parser = _Parser("python -m nn", description="Train a small model, and draw it.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    mlp = commands.add_parser(
        "mlp",
        help="a multilayer perceptron that reads handwritten digits",
        description="Train a multilayer perceptron on 8x8 images of handwritten digits, with "
        f"stochastic gradient descent of momentum 0.9. {_WRITTEN}.",
        formatter_class=_Formatter,
    )
    cnn = commands.add_parser(
        "cnn",
        help="a convolutional network, for the same digits or for files in MNIST's format",
        description="Train a convolutional network on 8x8 images of handwritten digits, or on "
        f"the images in a folder of IDX files, with Adam and a cosine schedule. {_WRITTEN}, the "
        "kernels of the first layer (kernels.png), the outputs of the layers for one image "
        "(features.png), and the state of the run (training.npz).",
        formatter_class=_Formatter,
    )
    word2vec = commands.add_parser(
        "word2vec",
        help="word vectors, learned from which words occur near each other",
        description="Learn word vectors from Python's language reference (60,000 words of "
        "English), or from your own text. Prints the neighbours of some words, and writes the "
        "vectors (vectors.npz, and vectors.txt in word2vec.c's format), a map of the most "
        "frequent words, without English function words (map.png), and the state of the run "
        "(training.npz).",
        formatter_class=_Formatter,
    )
    mlp.set_defaults(run=train_mlp)
    cnn.set_defaults(run=train_cnn)
    word2vec.set_defaults(run=train_word2vec)
    _add_for_cnn(cnn)
    _add_for_word2vec(word2vec)
    _add_for_networks(mlp, epochs=30, rate=0.1)
    _add_for_networks(cnn, epochs=20, rate=0.002)
    resumed = "go on with the run in training.npz, if there is one"
    for command in (cnn, word2vec):
        command.add_argument("--resume", action="store_true", help=resumed)
    for command in (mlp, cnn, word2vec):
        _add_for_all(command)
    return parser, {"mlp": mlp, "cnn": cnn, "word2vec": word2vec}


def _add_for_cnn(parser: _Parser) -> None:
    add = parser.add_argument
    add("--data", type=Path, metavar="FOLDER", help="with MNIST's or Fashion-MNIST's files")
    each = "of the convolutions, each of which is followed by a max-pooling"
    add("--channels", type=_positive, nargs="+", default=[32, 64], metavar="N", help=each)
    add("--kernel-size", type=_positive, default=3, metavar="N", help="of the convolutions")
    add("--dropout", type=_share, default=0.5, metavar="P", help="before the last layer")
    add("--shift", type=_whole, default=0, metavar="N", help="shift images by up to N pixels")


def _add_for_word2vec(parser: _Parser) -> None:
    add = parser.add_argument
    text = "UTF-8 text, a sentence per line, spaces between words; may be .gz or .bz2"
    add("--corpus", type=Path, metavar="FILE", help=text)
    either = parser.add_mutually_exclusive_group()
    skip = "skip-gram: predict the words around a word (the default)"
    bag = "continuous bag of words: predict a word from those around it"
    either.add_argument("--sg", action="store_true", help=skip)
    either.add_argument("--cbow", action="store_true", help=bag)
    add("--hs", action="store_true", help="hierarchical softmax in place of negative sampling")
    many = "noise words for each true one (default: 5; 0 with --hs)"
    add("--negative", type=_whole, metavar="N", help=many)
    add("--dim", type=_positive, default=100, metavar="N", help="length of the vectors")
    near = "words count as near each other up to N places apart"
    add("--window", type=_positive, default=5, metavar="N", help=near)
    rare = "leave out words that occur less often than N times"
    add("--min-count", type=_positive, default=5, metavar="N", help=rare)
    thin = "skip some occurrences of words with more than about this share of the text; 0: none"
    add("--sample", type=_share, default=1e-3, metavar="SHARE", help=thin)
    falls = "learning rate at the start; it falls linearly"
    add("--alpha", type=_rate, default=0.025, metavar="RATE", help=falls)
    add("--epochs", type=_positive, default=30, metavar="N", help="passes over the text")
    many = "processes that train at once; with more than 1, --seed does not fix the vectors"
    add("--workers", type=_positive, default=1, metavar="N", help=many)


def _add_for_networks(parser: _Parser, epochs: int, rate: float) -> None:
    add = parser.add_argument
    add("--epochs", type=_positive, default=epochs, metavar="N", help="passes over the images")
    add("--lr", type=_rate, default=rate, metavar="RATE", help="learning rate")
    add("--batch-size", type=_positive, default=32, metavar="N", help="images per step")
    widths = "widths of the hidden layers"
    add("--hidden", type=_positive, nargs="+", default=[128], metavar="N", help=widths)


def _add_for_all(parser: _Parser) -> None:
    add = parser.add_argument
    add("--seed", type=_whole, default=0, metavar="N", help="seed of everything that is random")
    name = Path(f"pullback-{parser.prog.split()[-1]}")
    add("--out", type=Path, default=name, metavar="FOLDER", help="folder for the files")


def _integer(text: str, least: int) -> int:
    with suppress(ValueError):
        if int(text) >= least:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of at least {least}")


def _positive(text: str) -> int:
    return _integer(text, 1)


def _whole(text: str) -> int:
    return _integer(text, 0)


def _rate(text: str) -> float:
    with suppress(ValueError):
        if 0 < float(text) < math.inf:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a positive number")


def _share(text: str) -> float:
    with suppress(ValueError):
        if 0 <= float(text) <= 1:
            return float(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 1")


@contextmanager
def _folder_for(out: Path) -> Iterator[Path]:
    """Make the folder and try to write into it; remove it again if training leaves nothing."""
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=out).close()
        except OSError as error:
            raise UsageError(
                f"argument --out: cannot write into {str(out)!r}: {error.strerror or error}"
            ) from error
        yield out
    except BaseException:
        for folder in made:
            with suppress(OSError):  # not empty, or never made
                folder.rmdir()
        raise


if __name__ == "__main__":
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A terminal may lack the letters of some words.
        sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
