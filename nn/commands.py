"""What `python -m nn` runs: whole programs, to be read and copied.

Each trains a model, prints what it has learned, and writes the model and pictures of it into a
folder.
"""

from __future__ import annotations

import string
import time
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import nn
from autograd import RenderError, Tensor, cross_entropy, no_grad, softmax

from . import plots

_TELLING = ["left", "float", "true", "global", "bytes", "exception", "iterator", "debugger"]
_PUNCTUATION = string.punctuation.replace("_", "") + "".join(
    c for c in map(chr, range(0x80, 0x10000)) if unicodedata.category(c).startswith("P")
)
_MAPPED = 120  # words on a map
_GROWN = 2  # how much longer vectors are, in the median, once they have learned something


class Options(Protocol):
    """What the command line says."""

    epochs: int
    seed: int
    out: Path
    # of the networks only
    lr: float
    batch_size: int
    hidden: list[int]
    # of `cnn` only
    data: Path | None
    channels: list[int]
    kernel_size: int
    dropout: float
    shift: int
    # of `cnn` and `word2vec`
    resume: bool
    # of `word2vec` only
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


class _Plain(nn.data.LineSentences):
    """In lower case, and without the punctuation around words."""

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in super().__iter__():
            if any("\0" in word for word in sentence):
                raise nn.data.DataError(
                    f"{self.source}: has the byte 0x00, as UTF-16 has and files that are not text; "
                    f"convert it to UTF-8"
                )
            yield [word for part in sentence if (word := part.lower().strip(_PUNCTUATION))]


def train_word2vec(out: Path, options: Options) -> None:
    """Learn vectors of words, from Python's language reference or a file of sentences."""
    corpus = options.corpus
    if corpus and corpus.is_dir():
        raise UsageError(f"argument --corpus: {corpus} is a folder; give a file of text")
    sentences: Iterable[list[str]] = _Plain(corpus) if corpus else nn.data.python_reference()
    negative = options.negative
    if negative is None:
        negative = 0 if options.hs else 5
    start = time.perf_counter()
    try:
        model = nn.Word2Vec(
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
    try:
        model.build_vocab(sentences)
    except nn.data.DataError:
        raise
    except ValueError as error:  # such as a `min_count` that leaves no words
        raise UsageError(
            f"{corpus}: {error}; a text needs a sentence a line with blanks between words, and a "
            f"short one --min-count 1"
        ) from error
    untrained = np.linalg.norm(model.wv.vectors[:_MAPPED], axis=1)
    try:
        model.train(sentences, checkpoint=out / "training.npz", resume=options.resume)
    except nn.data.DataError:
        raise
    except ValueError as error:  # such as sentences of one word
        raise UsageError(f"{corpus}: {error}") from error
    seconds = time.perf_counter() - start
    wv, text = model.wv, model.vocabulary.total
    speed = f", {seconds:.1f} s of training: {text * options.epochs / seconds:,.0f} words/s"
    print(f"{len(wv):,} words from a text of {text:,}{'' if options.resume else speed}")

    words = wv.index_to_key
    content = [word for word in words if word not in nn.data.FUNCTION_WORDS] or words
    telling = [w for w in _TELLING if w in wv] if corpus is None else []
    trained = wv.vectors[:_MAPPED]
    growth = np.median(np.linalg.norm(trained, axis=1) / untrained)
    if plots.alike(trained) or growth < _GROWN:
        print(
            "The vectors do not tell the words apart yet: no neighbours are shown, and the map "
            "says little. Raise --epochs or --alpha, or give a longer text; a short one needs "
            "--sample 0"
        )
    else:
        for word in telling or content[:8]:
            near = wv.most_similar(word, topn=6)
            print(
                f"{word:<16.40}", ", ".join(f"{other:.40} {cosine:.2f}" for other, cosine in near)
            )
    _write("vectors", wv.save, out / "vectors.npz")
    _write("the same as text", wv.save_word2vec_format, out / "vectors.txt")
    shown = content[:_MAPPED]
    _write(
        "map of words",
        lambda path: plots.word_map(shown, wv[shown], path),
        out / "map.png",
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
