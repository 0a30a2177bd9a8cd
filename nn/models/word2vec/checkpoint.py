"""A word2vec model in a file, with all that its training needs to go on as if never stopped.

A file of `nn.save`, which `KeyedVectors.load` reads too: `words`, `vectors` and `counts`; the
tables of outputs, `syn1neg` and `syn1`; and `about`, as JSON text: the settings, the state of the
generator, the history, the size of the text, and in a checkpoint how far the training has come.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checkpoint import CheckpointError, load, save
from ...history import History, Result
from .keyed_vectors import packed, unpacked
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .model import Word2Vec

#: Seconds from one checkpoint to the next within an epoch: at least so many, and so many times
#: what writing one took.
PAUSE, PATIENCE = 60.0, 20

#: How much of the loss shown each chunk is.
_NEW = 0.05


@dataclass
class Run:
    """What a training is, and how far it has come."""

    epochs: int
    alpha: float  #: the learning rate that it starts with, and the one that it ends with
    min_alpha: float
    total: int  #: words of the vocabulary in the text
    checksum: int  #: of the text
    epoch: int = 0  #: done
    chunks: int = 0  #: done in the epoch that is under way, as what follows
    count: int = 0  #: words of the vocabulary
    pairs: float = 0.0  #: those whose loss was measured
    loss: float = 0.0  #: summed over the pairs
    rate: float = 0.0  #: the last learning rate
    recent: float = 0.0  #: the mean loss of a pair, of recent chunks

    def add(self, words: int, loss: float, pairs: float) -> None:
        """Add a chunk."""
        if pairs:
            new = _NEW if self.pairs or self.epoch else 1
            self.recent += new * (loss / pairs - self.recent)
        self.chunks += 1
        self.count += words
        self.loss += loss
        self.pairs += pairs

    def result(self) -> Result:
        """What is shown of it."""
        return self.recent, {}

    def end_epoch(self) -> float:
        """Begin the next epoch, and return the mean loss of this one, NaN if it had no pairs."""
        mean = self.loss / self.pairs if self.pairs else math.nan
        self.epoch += 1
        self.chunks = self.count = 0
        self.loss = self.pairs = 0.0
        return mean


def save_model(model: Word2Vec, path: str | os.PathLike[str], run: Run | None = None) -> None:
    """Write the model, and how far its training has come."""
    tables = model.tables("save")
    about = {
        "settings": model.settings(),
        "generator": model.generator.bit_generator.state,
        "history": asdict(model.history),
        "corpus": [model.corpus_count, model.corpus_total_words],
        "run": run and asdict(run),
    }
    arrays = {
        "words": packed(model.vocabulary.words),
        "counts": model.vocabulary.counts,
        "about": np.array(json.dumps(about)),
    }
    save({**arrays, **tables}, path)


def load_model(kind: type[Word2Vec], path: str | os.PathLike[str]) -> Word2Vec:
    """Read what `save_model` wrote."""
    arrays, about = _read(path)
    try:
        model = kind(**about["settings"])
        model.set_vocabulary(Vocabulary(unpacked(arrays["words"]), arrays["counts"]))
        _put(arrays, about, model)
        model.corpus_count, model.corpus_total_words = about["corpus"]
    except (KeyError, TypeError, ValueError) as error:  # as of another version
        raise CheckpointError(
            f"{path}: holds a word2vec model of another kind ({error})"
        ) from error
    return model


class Checkpoint:
    """The file at `path` of a run that trains a model; without a path, nothing."""

    def __init__(self, path: str | os.PathLike[str] | None, model: Word2Vec, run: Run) -> None:
        self.path, self.model, self.run = path, model, run
        self.next = 0.0

    def save(self) -> None:
        """Write the run as it is now."""
        if self.path is not None:
            start = time.monotonic()
            save_model(self.model, self.path, self.run)
            end = time.monotonic()
            self.next = end + max(PAUSE, PATIENCE * (end - start))

    def due(self) -> bool:
        """Whether the last time was long enough ago."""
        return self.path is not None and time.monotonic() >= self.next

    def load(self) -> bool:
        """Restore the run; False, and nothing happens, where there is no file.

        Raises `CheckpointError` for a file of another run, and then changes nothing.
        """
        if self.path is None or not Path(self.path).exists():
            return False
        arrays, about = _read(self.path)
        if about["run"] is None:
            raise CheckpointError(
                f"{self.path}: is a model, and no checkpoint of its training; load it with "
                f"Word2Vec.load"
            )
        saved = _kind(about["settings"], about["run"], unpacked(arrays["words"]), arrays["counts"])
        vocabulary = self.model.vocabulary
        own = _kind(self.model.settings(), asdict(self.run), vocabulary.words, vocabulary.counts)
        if saved != own:
            differ = [name for name in own if saved.get(name) != own[name]]
            texts = (", ".join(f"{n}={kind.get(n)}" for n in differ) for kind in (saved, own))
            raise CheckpointError(
                "{}: is of a run with {}; this one has {}. Nothing was loaded; use another file, "
                "or start again with resume=False".format(self.path, *texts)
            )
        _put(arrays, about, self.model)
        vars(self.run).update(about["run"])
        return True


def _read(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    arrays = load(path)
    if "about" not in arrays:
        raise CheckpointError(
            f"{path}: holds {', '.join(arrays) or 'nothing'}, and no word2vec model"
        )
    return arrays, json.loads(str(arrays["about"]))


def _kind(
    settings: dict[str, Any], run: dict[str, Any], words: list[str], counts: Any
) -> dict[str, Any]:
    """What must be alike in a run and its file."""
    content = [packed(words).tobytes(), counts.tobytes(), str(run.get("checksum")).encode()]
    digest = hashlib.sha256(b"".join(content)).hexdigest()
    corpus = f"{run.get('total', 0):,} words, of {len(words):,} known ones ({digest[:8]})"
    of_run = {name: run.get(name) for name in ("epochs", "alpha", "min_alpha")}
    # Another number of workers may go on, as where one of them failed.
    settings = {name: value for name, value in settings.items() if name != "workers"}
    return {**settings, **of_run, "corpus": corpus}


def _put(arrays: dict[str, Any], about: dict[str, Any], model: Word2Vec) -> None:
    for name, table in model.tables("load").items():
        table[...] = arrays[name]
    model.generator.bit_generator.state = about["generator"]
    model.history = History(**about["history"])
