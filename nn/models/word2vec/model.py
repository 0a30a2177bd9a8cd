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
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np

from autograd import Tensor

from ...history import History
from ...progress import Silence, shown_progress
from ...sizes import check_sizes
from ...training import DivergedError
from .checkpoint import Checkpoint, Run, load_model, save_model
from .keyed_vectors import KeyedVectors
from .outputs import Negatives, Paths, Tree
from .row_updates import Rows
from .vocabulary import Vocabulary, refuse_text
from .windows import chunks, stretches, windows

#: Pairs are made, and the learning rate is set, for so many words at a time, as gensim does.
CHUNK = 10_000

#: By `sg`: centres in a block, and noise words for it. With half as many, nearest neighbours agree
#: less from seed to seed than gensim's do; more cost time.
BLOCK = {0: 32, 1: 32}
NOISE = {0: 16, 1: 32}

#: By `sg`: the most centres in a step, that is, between two updates of the tables. With the
#: hierarchical softmax they are fewer, because all words share the nodes near its root.
STEP = {0: 1024, 1: 512}
HS_STEP = 256

#: An epoch has at least so many steps, if they are not shorter than a block: in fewer, a small
#: corpus is learned worse than by gensim, which takes one for each pair.
STEPS = 300

#: A step sums what sequential training would add in turn. So that words which occur often in it do
#: not overshoot, steps are shorter where the pairs that a word shares with its own repetitions in
#: the step, on average, times the square of the learning rate, would exceed this: in small
#: vocabularies, without subsampling, at high rates. Found by trial: twice as much diverges.
STRIDE = 0.015


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
        run = Run(int(epochs))
        file = Checkpoint(checkpoint, self, run)
        if not (resume and file.load()):
            self.history = History()
            file.save()
        total = self.vocabulary.total
        keep = self.vocabulary.keep_probabilities(self.sample)
        step = self._step(keep)
        begun = run.epoch * total + run.count
        with (
            shown_progress(run.epochs, total, begun, " words") if progress else Silence() as bar,
            np.errstate(over="ignore", invalid="ignore"),  # caught below
        ):
            while run.epoch < run.epochs:
                for words, sentence in chunks(
                    _not_seen(sentences, run), self.vocabulary.index, CHUNK
                ):
                    done = (run.epoch * total + run.count) / (total * run.epochs)
                    run.rate = self.alpha - (self.alpha - self.min_alpha) * min(done, 1)
                    kept = self.generator.random(len(words)) < keep[words]
                    loss, pairs = self._learn(words[kept], sentence[kept], run.rate, step)
                    if not math.isfinite(loss):
                        raise DivergedError(
                            f"train: the loss is {loss} in epoch {run.epoch + 1}, at learning "
                            f"rate {run.rate:g}; lower alpha (={self.alpha:g})"
                        )
                    run.neighbours |= bool((sentence[1:] == sentence[:-1]).any())
                    run.add(len(words), loss, pairs)
                    bar.step(run.epoch + 1, run, run.rate, len(words))
                    file.save_if_due()
                _check_epoch(run, total)
                self.history.add((run.end_epoch(), {}), run.rate)
                file.save()
                bar.epoch_done(self.history)
        return self.history

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
        shape = len(vocabulary), self.vector_size
        self.inputs = np.zeros(shape, np.float32)
        self.wv = KeyedVectors(vocabulary.words, self.inputs, vocabulary.counts)
        if self.negative:
            self.outputs = np.zeros(shape, np.float32)
            self._noise = vocabulary.noise(self.ns_exponent)
        if self.hs:
            self.nodes = np.zeros((max(shape[0] - 1, 1), self.vector_size), np.float32)
            self._tree = Tree(*vocabulary.huffman())

    # -- how it learns --------------------------------------------------------------------------

    def _step(self, keep: Any) -> int:
        """How many centres between two updates of the tables."""
        kept_counts = self.vocabulary.counts * keep
        repeats = np.sum((kept_counts / kept_counts.sum()) ** 2)
        longest = STRIDE / (self.alpha**2 * repeats * (self.window + 1))
        enough = max(self.vocabulary.total // STEPS, BLOCK[self.sg])
        return max(int(min(longest, enough, HS_STEP if self.hs else STEP[self.sg])), 1)

    def _learn(self, words: Any, sentences: Any, rate: float, step: int) -> tuple[float, int]:
        """One pass over a row of words, about `step` at a time.

        Returns the sum of the losses, and the number of pairs (of centres, without `sg`).
        """
        if not len(words):
            return 0.0, 0
        block = min(step, BLOCK[self.sg])
        reach: Any = self.window
        if self.shrink_windows:
            reach = self.generator.integers(1, self.window + 1, len(words))
        centres, places, pairs = windows(words, sentences, reach, self.window, block, step)
        true = pairs = pairs.astype(np.float32)
        if not self.sg:
            counts = pairs.sum(axis=3, keepdims=True)
            true = (counts[..., 0] > 0).astype(np.float32)
            shares = 1 / np.maximum(counts, 1)
        read = Rows(self.inputs, places)
        targets: list[Negatives | Paths] = []
        if self.negative:
            noise = self._noise, NOISE[self.sg], self.negative, self.generator
            targets.append(Negatives(self.outputs, centres, true, *noise))
        if self.hs:
            targets.append(Paths(self.nodes, centres, true, self._tree))
        total = 0.0
        for i in range(len(centres)):
            inputs = stretches(read.take(i), parts=len(centres[i]), step=block)
            if not self.sg:
                inputs = self._predictors(inputs, pairs[i], shares[i])
            losses = [target.loss(i, inputs) for target in targets]
            loss = losses[0] if len(losses) == 1 else losses[0] + losses[1]
            total += loss.item()
            loss.backward(np.float32(rate))
            for table in (read, *targets):
                table.descend()
        return total, int(true.sum())

    def _predictors(self, stretches: Tensor, pairs: Any, shares: Any) -> Tensor:
        """The means, or sums, of the words in each window, (blocks, block, size)."""
        sums = pairs @ stretches
        # As in gensim, every word of a mean gets the gradient of the mean undivided (and of a
        # sum, divided): the value is one, and the gradient flows through the other.
        if self.cbow_mean:
            return sums + sums.data * (shares - 1)
        return sums * shares + sums.data * (1 - shares)


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


def _not_seen(sentences: Any, run: Run) -> Iterator[Sequence[str]]:
    """The sentences that this epoch of the run has not had, which are counted."""
    for sentence in islice(sentences, run.sentences, None):
        refuse_text(sentence, f"sentence {run.sentences} is")
        run.sentences += 1
        yield sentence if isinstance(sentence, Sequence) else list(sentence)


def _check_epoch(run: Run, total: int) -> None:
    """Raises `ValueError` where an epoch was not what it should be."""
    if run.count != total:
        raise ValueError(
            f"train: the sentences had {run.count:,} words of the vocabulary in epoch "
            f"{run.epoch + 1}, and {total:,} when build_vocab counted them; they must be the same "
            f"each time"
        )
    if not run.neighbours:
        raise ValueError(
            "train: no sentence has two words of the vocabulary, so that no word has another near "
            "it; are the sentences lists of words? Or lower min_count"
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
