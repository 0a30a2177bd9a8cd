"""The programs of `python -m nn`, to be read and copied.

Each trains a model, prints results, and writes the model and pictures of it into a folder.
"""

from __future__ import annotations

import string
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import nn
from autograd import RenderError, no_grad

from . import plots

#: Words of Python's language reference whose neighbours say something.
_TELLING = ["left", "float", "true", "global", "bytes", "exception", "iterator", "debugger"]
_PUNCTUATION = string.punctuation.replace("_", "") + "".join(
    c for c in map(chr, range(0x80, 0x10000)) if unicodedata.category(c).startswith("P")
)
_MAPPED = 120  # words on a map
_GROWN = 2  # the factor by which the median vector grows once something is learned

Images = tuple[NDArray[Any], NDArray[Any]]  #: images and their labels


class Options(Protocol):
    """The options of the command line."""

    epochs: int
    seed: int
    out: Path
    # of `mlp` and `cnn`
    lr: float
    batch_size: int
    hidden: list[int]
    # of `cnn`
    data: Path | None
    channels: list[int]
    kernel_size: int
    dropout: float
    shift: int
    # of `cnn` and `word2vec`
    resume: bool
    # of `word2vec`
    corpus: Path | None
    cbow: bool
    hs: bool
    negative: int | None
    dim: int
    window: int
    min_count: int
    sample: float
    alpha: float
    workers: int


class UsageError(Exception):
    """An argument of the command line is not usable."""


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
    train, test = _images(options.data)
    generator = np.random.default_rng(options.seed)
    model = _cnn(train, options, generator)
    print(f"{_described(train, test)}\n{model.summary((1, *train[0].shape[1:]))}")

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
    _draw("kernels", lambda path: plots.kernels(first.weight.data, path), out / "kernels.png")
    _draw(
        "feature maps",
        lambda path: plots.feature_maps(test[0][0], _layers(model.features, test[0][:1]), path),
        out / "features.png",
    )


def _images(folder: Path | None) -> tuple[Images, Images]:
    """Load the images to train on and those held out, of shape `(N, channels, height, width)`."""
    if folder is not None:
        return nn.data.idx_folder(folder)
    (images, labels), (held_out, answers) = nn.data.digits()
    return (images.reshape(-1, 1, 8, 8), labels), (held_out.reshape(-1, 1, 8, 8), answers)


def _cnn(train: Images, options: Options, generator: np.random.Generator) -> nn.CNN:
    images, labels = train
    try:
        return nn.CNN(
            images.shape[1:],
            classes=int(labels.max()) + 1,
            channels=options.channels,
            hidden=options.hidden,
            kernel_size=options.kernel_size,
            dropout=options.dropout,
            generator=generator,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


class _Plain(nn.data.LineSentences):
    """Sentences in lower case, without the punctuation around words."""

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in super().__iter__():
            if any("\0" in word for word in sentence):
                raise nn.data.DataError(
                    f"{self.source}: has the byte 0x00, as UTF-16 has and files that are not text; "
                    f"convert it to UTF-8"
                )
            yield [word for part in sentence if (word := part.lower().strip(_PUNCTUATION))]


def train_word2vec(out: Path, options: Options) -> None:
    """Learn word vectors from Python's language reference, or from a file of sentences."""
    corpus = options.corpus
    if corpus and corpus.is_dir():
        raise UsageError(f"argument --corpus: {corpus} is a folder; give a file of text")
    sentences: Iterable[list[str]] = _Plain(corpus) if corpus else nn.data.python_reference()
    start = time.perf_counter()
    model = _word2vec(options)
    with _blaming(corpus, "; a text needs a sentence a line with blanks between words, and a "
                  "short one --min-count 1"):  # fmt: skip
        model.build_vocab(sentences)
    untrained = np.linalg.norm(model.wv.vectors[:_MAPPED], axis=1)
    with _blaming(corpus):
        model.train(sentences, checkpoint=out / "training.npz", resume=options.resume)
    seconds = time.perf_counter() - start

    wv, text = model.wv, model.vocabulary.total
    speed = f", {seconds:.1f} s of training: {text * options.epochs / seconds:,.0f} words/s"
    print(f"{len(wv):,} words from a text of {text:,}{'' if options.resume else speed}")
    content = [word for word in wv.index_to_key if word not in nn.data.FUNCTION_WORDS]
    content = content or wv.index_to_key
    trained = wv.vectors[:_MAPPED]
    growth = np.median(np.linalg.norm(trained, axis=1) / untrained)
    if plots.alike(trained) or growth < _GROWN:
        print(
            "The vectors do not tell the words apart yet: no neighbours are shown, and the map "
            "says little. Raise --epochs or --alpha, or give a longer text; a short one needs "
            "--sample 0"
        )
    else:
        telling = [w for w in _TELLING if w in wv] if corpus is None else []
        _print_neighbours(wv, telling or content[:8])
    _write("vectors", wv.save, out / "vectors.npz")
    _write("the same as text", wv.save_word2vec_format, out / "vectors.txt")
    shown = content[:_MAPPED]
    _draw("map of words", lambda path: plots.word_map(shown, wv[shown], path), out / "map.png")


def _word2vec(options: Options) -> nn.Word2Vec:
    negative = options.negative
    if negative is None:
        negative = 0 if options.hs else 5
    try:
        return nn.Word2Vec(
            vector_size=options.dim,
            window=options.window,
            min_count=options.min_count,
            sg=int(not options.cbow),
            hs=int(options.hs),
            negative=negative,
            sample=options.sample,
            alpha=options.alpha,
            epochs=options.epochs,
            seed=options.seed,
            workers=options.workers,
        )
    except ValueError as error:
        raise UsageError(str(error)) from error


@contextmanager
def _blaming(corpus: Path | None, remedy: str = "") -> Iterator[None]:
    """Report a `ValueError`, such as too few words, as one of the corpus."""
    try:
        yield
    except nn.data.DataError:  # names the file itself
        raise
    except ValueError as error:
        raise UsageError(f"{corpus}: {error}{remedy}") from error


def _print_neighbours(wv: nn.KeyedVectors, words: Iterable[str]) -> None:
    for word in words:
        near = wv.most_similar(word, topn=6)
        print(f"{word:<16.40}", ", ".join(f"{other:.40} {cosine:.2f}" for other, cosine in near))


def _described(train: Images, test: Images) -> str:
    return f"{len(train[1]):,} images to learn from, {len(test[1]):,} held out"


def _report(
    out: Path, model: nn.Module, history: nn.History, train: Images, test: Images, seconds: float
) -> None:
    """Print the accuracy on the held-out images, and write the files that both networks have."""
    images, labels = test
    probabilities = nn.functional.softmax(nn.predict(model, images))
    right = np.count_nonzero(probabilities.argmax(axis=-1) == labels)
    print(
        f"accuracy on held-out images: {right / len(labels):.1%} "
        f"({right} of {len(labels)}), after {seconds:.1f} s of training"
    )
    # The graph of a step of the trained model, as it is before backward().
    loss = nn.functional.cross_entropy(model(train[0][:32]), train[1][:32])
    side = round(images[0].size ** 0.5) if images.ndim == 2 else images.shape[-2]
    pictures = images.reshape(len(images), -1, side, images[0].size // side)[:, 0]
    _write("model", lambda path: nn.save(model, path), out / "model.npz")
    _write("training step", lambda path: loss.graph().render(path), out / "step.svg", "graphviz")
    _draw("learning curves", lambda path: plots.learning_curves(history, path), out / "curves.png")
    _draw(
        "wrong images",
        lambda path: plots.mistakes(pictures, labels, probabilities, path),
        out / "mistakes.png",
    )


def _layers(features: nn.Sequential, x: NDArray[Any]) -> list[tuple[str, NDArray[Any]]]:
    """Return the name and the output of each layer for the first of the images `x`."""
    layers = []
    with no_grad():
        hidden: Any = x
        for layer in features:
            hidden = layer(hidden)
            layers.append((type(layer).__name__, hidden.data[0]))
    return layers


def _draw(what: str, draw: Callable[[Path], Any], path: Path) -> None:
    _write(what, draw, path, needs="matplotlib")


def _write(what: str, write: Callable[[Path], Any], path: Path, needs: str = "") -> None:
    """Write a file and print its path; if it cannot be written, print why and continue."""
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
