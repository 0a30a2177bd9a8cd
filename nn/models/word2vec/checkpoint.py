"""A word2vec model in a file, with everything that its training needs to resume exactly.

The file is written by `nn.save`, and `KeyedVectors.load` can read it. It holds `words`, `vectors`
and `counts`; the output tables `syn1neg` and `syn1`; and `about`, which is JSON: the settings, the
generator's state, the history, the size of the corpus, and in a checkpoint the progress of the run.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from ...checkpoint import CheckpointError, load, save
from ...history import History, Result
from .keyed_vectors import packed, unpacked
from .parameters import Parameters
from .vocabulary import Vocabulary

Model = TypeVar("Model", bound=Parameters)

#: The least time between two checkpoints within an epoch: this many seconds, and this many times
#: the time that the last one took to write.
PAUSE, PATIENCE = 60.0, 20

#: The weight of the latest chunk in the running mean of the loss.
_NEW = 0.05


@dataclass
class Run:
    """The parameters and the progress of a training run."""

    epochs: int
    alpha: float  #: the first learning rate
    min_alpha: float  #: the last learning rate
    total: int  #: known words in the text
    checksum: int  #: of the text
    epoch: int = 0  #: finished epochs
    chunks: int = 0  #: finished chunks of the current epoch
    count: int = 0  #: known words in those chunks
    pairs: int = 0  #: pairs in those chunks whose loss was measured
    loss: float = 0.0  #: the sum of their losses
    rate: float = 0.0  #: the current learning rate
    recent: float = 0.0  #: a running mean of the loss of a pair

    def add(self, words: int, loss: float, pairs: int) -> None:
        """Count a finished chunk."""
        if pairs:
            new = _NEW if self.pairs or self.epoch else 1
            self.recent += new * (loss / pairs - self.recent)
        self.chunks += 1
        self.count += words
        self.loss += loss
        self.pairs += pairs

    def result(self) -> Result:
        """Return the loss to show, as the progress bar takes it."""
        return self.recent, {}

    def end_epoch(self) -> float:
        """End the epoch, and return its mean loss, or NaN if it had no pairs."""
        mean = self.loss / self.pairs if self.pairs else math.nan
        self.epoch += 1
        self.chunks = self.count = self.pairs = 0
        self.loss = 0.0
        return mean


def save_model(model: Parameters, path: str | os.PathLike[str], run: Run | None = None) -> None:
    """Write the model, and the progress of its training."""
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


def load_model(kind: type[Model], path: str | os.PathLike[str]) -> Model:
    """Read a model that `save_model` wrote."""
    arrays, about = _read(path)
    try:
        model = kind(**about["settings"])
        model.set_vocabulary(Vocabulary(unpacked(arrays["words"]), arrays["counts"]))
        _put(arrays, about, model)
        model.corpus_count, model.corpus_total_words = about["corpus"]
    except (KeyError, TypeError, ValueError) as error:  # a file of another version, say
        raise CheckpointError(
            f"{path}: holds a word2vec model of another kind ({error})"
        ) from error
    return model


class Checkpoint:
    """The checkpoint of a run at `path`; with `path=None`, nothing is written or read."""

    def __init__(self, path: str | os.PathLike[str] | None, model: Parameters, run: Run) -> None:
        self.path, self.model, self.run = path, model, run
        self.next = 0.0

    def save(self) -> None:
        """Write the current state of the run."""
        if self.path is not None:
            start = time.monotonic()
            save_model(self.model, self.path, self.run)
            end = time.monotonic()
            self.next = end + max(PAUSE, PATIENCE * (end - start))

    def due(self) -> bool:
        """Return whether it is time for the next checkpoint."""
        return self.path is not None and time.monotonic() >= self.next

    def load(self) -> bool:
        """Restore the run from the file; return whether there is one.

        Raises:
            CheckpointError: The file is of another run; nothing has changed.
        """
        if self.path is None or not Path(self.path).exists():
            return False
        arrays, about = _read(self.path)
        if about["run"] is None:
            raise CheckpointError(
                f"{self.path}: is a model, not a checkpoint of its training; load it with "
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
            f"{path}: holds {', '.join(arrays) or 'nothing'}, not a word2vec model"
        )
    return arrays, json.loads(str(arrays["about"]))


def _kind(
    settings: dict[str, Any], run: dict[str, Any], words: list[str], counts: Any
) -> dict[str, Any]:
    """Return everything that a run and its checkpoint must agree on."""
    content = [packed(words).tobytes(), counts.tobytes(), str(run.get("checksum")).encode()]
    digest = hashlib.sha256(b"".join(content)).hexdigest()
    corpus = f"{run.get('total', 0):,} words, {len(words):,} distinct ({digest[:8]})"
    of_run = {name: run.get(name) for name in ("epochs", "alpha", "min_alpha")}
    # The run may continue with other workers, for example after one of them failed.
    settings = {name: value for name, value in settings.items() if name != "workers"}
    return {**settings, **of_run, "corpus": corpus}


def _put(arrays: dict[str, Any], about: dict[str, Any], model: Parameters) -> None:
    for name, table in model.tables("load").items():
        table[...] = arrays[name]
    model.generator.bit_generator.state = about["generator"]
    model.history = History(**about["history"])
