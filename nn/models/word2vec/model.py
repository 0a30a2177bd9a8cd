"""`Word2Vec`: the model, and how it is trained.

    model = Word2Vec(sentences, sg=1)
    model.wv                              the words and their vectors

The parameters, their defaults and their meaning are gensim's. Centres are taken in blocks (see
`windows.py`), many to a step: batched matrix products score the outputs of each block (see
`outputs.py`) against all its inputs, and weights pick the pairs out. The gradients are the
engine's, and the tables lose those of the rows that were read (see `row_updates.py`). Sources:
Mikolov et al. 2013 (arXiv:1301.3781, 1310.4546); Rong, arXiv:1411.2738.
"""

from __future__ import annotations

import inspect
import math
import os
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any

import numpy as np

from ...history import History
from ...progress import Silence, shown_progress
from ...sizes import check_sizes
from ...training import DivergedError
from .checkpoint import Checkpoint, Run, load_model, save_model
from .encoded import Encoded, encode
from .keyed_vectors import KeyedVectors
from .learner import Learner
from .vocabulary import Vocabulary, refuse_text
from .workers import Alone, Job, Workers


class Word2Vec:
    """Vectors of words from `sentences`, an iterable (not an iterator) of lists of words.

    With `sentences` the vocabulary is built and the model trained; without, call `build_vocab`
    and `train`. `vector_size`: length of the vectors. `window`: the most places between two
    words of a pair; with `shrink_windows`, each centre draws its own from 1 to `window`. Words
    rarer than `min_count` are dropped, and all but the `max_final_vocab` most frequent.

    `sg`: 1 predicts a centre from each word near it (skip-gram), 0 from their mean, or with
    `cbow_mean=0` from their sum. `negative`: false words for each true one, drawn in proportion
    to `count ** ns_exponent` (0: none). `hs`: 1 adds the hierarchical softmax. `sample`: words
    of a larger share than about this are thinned out (0: none). The learning rate falls from
    `alpha` to `min_alpha`, linearly in the words seen. The same `seed` gives the same vectors.

    `progress`: whether training shows a bar (see `train`).

    `wv`: the vectors. `vocabulary`: the words and their counts. `history`: what each epoch of the
    last training came to. `generator`: what all randomness comes from.

    Raises `TypeError` and `ValueError` for parameters that are not like this, and what
    `build_vocab` and `train` raise.
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        *,
        vector_size: int = 100,
        window: int = 5,
        min_count: int = 5,
        max_final_vocab: int | None = None,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        sample: float = 1e-3,
        alpha: float = 0.025,
        min_alpha: float = 1e-4,
        epochs: int = 5,
        seed: int = 1,
        shrink_windows: bool = True,
        workers: int = 1,
        progress: bool = True,
    ) -> None:
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.max_final_vocab = max_final_vocab
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.sample = sample
        self.alpha = alpha
        self.min_alpha = min_alpha
        self.epochs = epochs
        self.shrink_windows = shrink_windows
        self.workers = workers
        _check({**self.settings(), "seed": seed})
        self.generator = np.random.default_rng(seed)
        self.history = History()
        if sentences is not None:
            self.build_vocab(sentences)
            self.train(sentences, progress=progress)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.settings().items())
        return f"Word2Vec({settings})"

    def build_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words, and start the vectors anew: inputs uniform, outputs zero.

        Raises `TypeError` for what is no list of lists of words or cannot be gone through again,
        and `ValueError` where no word is left.
        """
        _check_corpus("build_vocab", sentences)
        self.set_vocabulary(Vocabulary.build(sentences, self.min_count, self.max_final_vocab))
        self.generator.random(dtype=np.float32, out=self.inputs)
        self.inputs *= 2
        self.inputs -= 1
        self.inputs /= self.vector_size

    def train(
        self,
        sentences: Iterable[Iterable[str]],
        epochs: int | None = None,
        *,
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
    ) -> History:
        """Go through `sentences`, those of `build_vocab`, `epochs` times (None: as the model says).

        Returns the mean logistic loss of a pair (skip-gram) or of a centre, and the last learning
        rate, of each epoch; also in `history`. `progress`: a bar where tqdm is installed,
        otherwise a line per epoch; False for neither.

        `checkpoint`: a file that is written before the first epoch, after each, and now and then
        in between (in at most a twentieth of the time); `Word2Vec.load` reads it. With
        `resume=True` the run in it goes on, or starts where there is no file, and ends bit for
        bit as if it had never stopped; without, the file is written over.

        Raises `ValueError` for sentences in which no two words of the vocabulary meet, or that
        have not the words that `build_vocab` counted; `DivergedError` for a loss that is not
        finite; `CheckpointError` for a checkpoint that cannot be written, or is of another run.
        """
        epochs = self.epochs if epochs is None else epochs
        check_sizes("train", epochs=epochs)
        if not hasattr(self, "vocabulary"):
            raise ValueError("train: the model has no words; call build_vocab(sentences) first")
        if resume and checkpoint is None:
            raise ValueError("train: resume=True needs checkpoint=, the file to go on from")
        _check_corpus("train", sentences)
        text = encode(sentences, self.vocabulary.index)
        if not text.neighbours:
            raise ValueError(
                "train: no sentence has two words of the vocabulary, so that no word has another "
                "near it; are the sentences lists of words? Or lower min_count"
            )
        run = Run(int(epochs))
        file = Checkpoint(checkpoint, self, run)
        if not (resume and file.load()):
            self.history = History()
            file.save()
        learner = Learner(self.settings(), self.vocabulary, self._table, self.generator)
        begun = run.epoch * text.total + run.count
        bar = Silence()
        if progress:
            bar = shown_progress(run.epochs, text.total, begun, " words")
        workers = (
            Workers(learner, text.chunks, self.workers)
            if self.workers > 1
            else Alone(learner, text.chunks)
        )
        quiet = np.errstate(over="ignore", invalid="ignore")  # what comes of it is caught below
        with bar, workers, quiet:
            while run.epoch < run.epochs:
                for learned in workers.results(self._jobs(text, run)):
                    if not math.isfinite(learned.loss):
                        raise DivergedError(
                            f"train: the loss is {learned.loss} in epoch {run.epoch + 1}, at "
                            f"learning rate {run.rate:g}; lower alpha (={self.alpha:g})"
                        )
                    run.add(*learned)
                    bar.step(run.epoch + 1, run, run.rate, learned.words)
                    if file.due():
                        workers.collect()
                        file.save()
                workers.collect()
                self.history.add((run.end_epoch(), {}), run.rate)
                file.save()
                bar.epoch_done(self.history)
        return self.history

    def _jobs(self, text: Encoded, run: Run) -> Iterator[Job]:
        """What is left of an epoch: the chunks, and the learning rate for each."""
        done = run.epoch * text.total + run.count
        for chunk in range(run.chunks, len(text.chunks)):
            run.rate = self.alpha - (self.alpha - self.min_alpha) * done / (text.total * run.epochs)
            yield chunk, run.rate
            done += text.chunks.places[chunk][1]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to exactly `path`, as `.npz`; `KeyedVectors.load` reads it too.

        Raises `CheckpointError` where it cannot be written.
        """
        save_model(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:
        """Read what `save` wrote, or a checkpoint of `train`.

        Raises `CheckpointError` for a file that is damaged or holds something else, and `OSError`
        for one that cannot be opened.
        """
        return load_model(cls, path)

    # -- what is saved --------------------------------------------------------------------------

    def settings(self) -> dict[str, Any]:
        """The parameters that it was made with, but for `sentences`, `seed` and `progress`."""
        return {name: getattr(self, name) for name in _SETTINGS}

    def tables(self) -> dict[str, Any]:
        """What is learned."""
        names = {"vectors": "inputs", "outputs": "outputs", "nodes": "nodes"}
        return {n: getattr(self, own) for n, own in names.items() if hasattr(self, own)}

    def set_vocabulary(self, vocabulary: Vocabulary) -> None:
        """Take these words, with tables of zeros."""
        self.vocabulary = vocabulary
        count = len(vocabulary)
        of_outputs = count if self.negative else 0
        of_nodes = max(count - 1, 1) if self.hs else 0
        self._table = np.zeros((count + of_outputs + of_nodes, self.vector_size), np.float32)
        self.inputs = self._table[:count]
        if self.negative:
            self.outputs = self._table[count : 2 * count]
        if self.hs:
            self.nodes = self._table[count + of_outputs :]
        self.wv = KeyedVectors(vocabulary.words, self.inputs, vocabulary.counts)


_SETTINGS = [
    name
    for name in inspect.signature(Word2Vec).parameters
    if name not in ("sentences", "seed", "progress")
]


def _check(given: dict[str, Any]) -> None:
    """Raises `TypeError` or `ValueError` for a parameter that is not what it should be."""
    sizes = {name: given[name] for name in ("vector_size", "window", "epochs", "max_final_vocab")}
    if sizes["max_final_vocab"] is None:
        del sizes["max_final_vocab"]
    check_sizes("Word2Vec", **sizes)
    counts = {name: given[name] for name in ("negative", "min_count", "seed")}
    check_sizes("Word2Vec", least=0, **counts)
    for name in ("sg", "hs", "cbow_mean", "shrink_windows"):
        if given[name] not in (0, 1):
            raise ValueError(f"Word2Vec: {name} (={given[name]!r}) must be 0 or 1")
    for name in ("sample", "alpha", "min_alpha", "ns_exponent"):
        value = given[name]
        if not isinstance(value, Real) or isinstance(value, bool):
            raise TypeError(f"Word2Vec: {name} (={value!r}) must be a number")
        if not math.isfinite(value):
            raise ValueError(f"Word2Vec: {name} (={value}) must be finite")
        if value < 0 and name != "ns_exponent":
            raise ValueError(f"Word2Vec: {name} (={value}) must not be negative")
    if not given["hs"] and not given["negative"]:
        raise ValueError(
            "Word2Vec: hs=0 with negative=0 leaves nothing to learn from; set hs=1, or negative "
            "to 5"
        )
    alpha, least = given["alpha"], given["min_alpha"]
    if not alpha or alpha < least:
        raise ValueError(
            f"Word2Vec: alpha (={alpha}) must be positive, and not less than min_alpha (={least})"
        )


def _check_corpus(function: str, sentences: Any) -> None:
    """Raises `TypeError` for what is no corpus, or cannot be gone through more than once."""
    refuse_text(sentences, f"{function}: sentences is")
    if not isinstance(sentences, Iterable):
        raise TypeError(
            f"{function}: sentences (={sentences!r:.60}) must be a list of lists of words, or an "
            f"object with __iter__ that gives such lists"
        )
    if isinstance(sentences, Iterator):
        raise TypeError(
            f"{function}: sentences must be gone through several times, which an iterator "
            f"({type(sentences).__name__}) cannot; give a list, or an object with __iter__"
        )
