"""`Word2Vec`: the model, and how it is trained.

    model = Word2Vec(sentences, sg=1)
    model.wv                              the words and their vectors

The parameters, their defaults and their meaning are gensim's (see `settings.py` for those that are
missing). The text is encoded once (see `encoded.py`), and trained on in chunks (see `learner.py`).
Sources: Mikolov et al. 2013 (arXiv:1301.3781, 1310.4546); Rong, arXiv:1411.2738.
"""

from __future__ import annotations

import inspect
import math
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...history import History
from ...progress import Silence, shown_progress
from ...run import DivergedError
from ...sizes import check_sizes
from .checkpoint import Checkpoint, Run, load_model, save_model
from .encoded import Encoded, encode
from .learner import Learner
from .predicting import Predictions
from .settings import (
    check_callbacks,
    check_rates,
    check_settings,
    corpus_of,
    refuse_others,
)
from .tables import of_class
from .vocabulary import TrimRule, Vocabulary, count_words
from .workers import Alone, Job, Workers

#: A mean loss this many times that of zero vectors, or a vector of this length, means that training
#: diverges: training that converges stays far below both.
_FAR, _LONG = 2, 1000


class Word2Vec(Predictions):
    """Word vectors, trained on `sentences`, an iterable (not an iterator) of lists of words.

    Given `sentences`, or `corpus_file` (a path for `nn.data.LineSentences`), it builds the
    vocabulary and trains; otherwise call `build_vocab` and `train`. `vector_size`: the length of
    the vectors. `window`: the largest distance between the two words of a pair; with
    `shrink_windows`, each centre draws its own from 1 to `window`. For the words that are kept, see
    `build_vocab`.

    `sg`: 1 predicts a centre from each word near it (skip-gram); 0 predicts it from their mean
    (CBOW), or with `cbow_mean=0` from their sum. As in word2vec.c and gensim, each word of a mean
    gets the whole gradient of the mean, not the share that the chain rule gives it. `negative`: how
    many noise words there are for each true one (0: none), drawn in proportion to
    `count ** ns_exponent`; they are a weighted sample that the 32 centres of a block share. `hs`: 1
    adds the hierarchical softmax. `sample`: words with more than about this share of the text are
    thinned out (0: none). The learning rate falls from `alpha` to `min_alpha`, linearly in the
    number of words seen.

    `workers`: how many processes train at once (gensim's default is 3). With one, the same `seed`
    gives the same vectors. `callbacks`, `progress`: as in `train`.

    `wv`: the vectors. `syn1neg`, `syn1`: those of the outputs, and of the nodes of the tree. (They
    are parts of one table, which any of them keeps in memory; `copy.deepcopy(wv)` does not.)
    `vocabulary`: the words and their counts. `corpus_count`, `corpus_total_words`: the number of
    sentences and words that `build_vocab` read. `history`: the loss and learning rate of each epoch
    of the last training. `generator`: the source of all randomness.

    Raises `TypeError` and `ValueError` for invalid parameters (of gensim's that are missing, with
    the remedy), and the errors of `build_vocab` and `train`.
    """

    def __init__(
        self,
        sentences: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        *,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int = 1,
        workers: int = 1,
        min_alpha: float = 1e-4,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        epochs: int = 5,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        callbacks: Sequence[Any] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        progress: bool = True,
        **others: Any,
    ) -> None:
        refuse_others("Word2Vec", others)
        self.vector_size = vector_size
        self.alpha = alpha
        self.window = window
        self.min_count = min_count
        self.max_vocab_size = max_vocab_size
        self.sample = sample
        self.workers = workers
        self.min_alpha = min_alpha
        self.sg = sg
        self.hs = hs
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.cbow_mean = cbow_mean
        self.epochs = epochs
        self.sorted_vocab = sorted_vocab
        self.max_final_vocab = max_final_vocab
        self.shrink_windows = shrink_windows
        vars(self).update(self.settings())
        check_settings({**self.settings(), "seed": seed})
        check_callbacks(callbacks)
        self.generator = np.random.default_rng(seed)
        self.history = History()
        if sentences is None and corpus_file is None:
            for name, value, method in (
                ("trim_rule", trim_rule, "build_vocab"),
                ("callbacks", callbacks, "train"),
            ):
                if value:
                    raise TypeError(
                        f"Word2Vec: {name} has no effect without sentences; pass it to {method}"
                    )
            return
        corpus = corpus_of("Word2Vec", "sentences", sentences, corpus_file)
        if isinstance(corpus, Iterator):
            raise TypeError(
                f"Word2Vec: sentences are read twice, which an iterator ({type(corpus).__name__}) "
                f"does not allow; pass a list, or an object with __iter__"
            )
        self.build_vocab(corpus, trim_rule=trim_rule)
        self.train(corpus, callbacks=callbacks, progress=progress)

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value}" for name, value in self.settings().items())
        return f"Word2Vec({settings})"

    # -- words ----------------------------------------------------------------------------------

    def build_vocab(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        *,
        update: bool = False,
        trim_rule: TrimRule | None = None,
        **others: Any,
    ) -> None:
        """Count the words, and initialise the vectors: inputs uniform, outputs zero.

        Words rarer than `min_count` are dropped, and all but the `max_final_vocab` most frequent,
        unless `trim_rule(word, count, min_count)` returns 1 (drop it) or 2 (keep it) instead of 0.
        If there are more than `max_vocab_size` words while counting, the rarest are forgotten. The
        most frequent word comes first; with `sorted_vocab=0`, words are in order of appearance.

        With `update=True` the existing words keep their vectors, counts are added, and new words
        come after them. With `hs` the tree changes, so `syn1` starts from zero again.

        Raises `TypeError` for a corpus that does not consist of lists of words, and `ValueError` if
        no word is left.
        """
        refuse_others("build_vocab", others)
        corpus = corpus_of("build_vocab", "corpus_iterable", corpus_iterable, corpus_file)
        counted = count_words(corpus, self.max_vocab_size, trim_rule)
        self.build_vocab_from_freq(counted.counts, update=update, trim_rule=trim_rule)
        self.corpus_count, self.corpus_total_words = counted.sentences, counted.total

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[str, int],
        *,
        update: bool = False,
        trim_rule: TrimRule | None = None,
        **others: Any,
    ) -> None:
        """Do the same as `build_vocab`, with words that are already counted.

        `word_freq`: a dict from words to their counts. Raises the errors of `build_vocab`.
        """
        refuse_others("build_vocab_from_freq", others)
        if not isinstance(word_freq, Mapping):
            raise TypeError(
                f"build_vocab_from_freq: word_freq (={word_freq!r:.60}) must be a dict from words "
                f"to their counts"
            )
        known = getattr(self, "vocabulary", None) if update else None
        vocabulary = Vocabulary.from_counts(
            word_freq,
            self.min_count,
            self.max_final_vocab,
            sorted_vocab=self.sorted_vocab,
            trim_rule=trim_rule,
            known=known,
        )
        self._begin(vocabulary, 0 if known is None else len(known))
        self.corpus_count, self.corpus_total_words = 0, sum(map(int, word_freq.values()))

    def reset_from(self, other_model: Word2Vec) -> None:
        """Take the words of another model, and initialise the vectors."""
        self._begin(other_model.vocabulary, 0)
        self.corpus_count = other_model.corpus_count
        self.corpus_total_words = other_model.corpus_total_words

    def _begin(self, vocabulary: Vocabulary, known: int) -> None:
        """Set the words; the first `known` of them keep their vectors."""
        before = self.tables("build_vocab") if known else {}
        self.set_vocabulary(vocabulary)
        after = self.tables("build_vocab")
        for name in before.keys() - {"syn1"}:
            after[name][:known] = before[name]
        new = self.wv.vectors[known:]
        self.generator.random(dtype=np.float32, out=new)
        new *= 2
        new -= 1
        new /= self.vector_size

    # -- training -------------------------------------------------------------------------------

    def train(
        self,
        corpus_iterable: Iterable[Iterable[str]] | None = None,
        corpus_file: str | os.PathLike[str] | None = None,
        *,
        total_examples: int | None = None,  # noqa: ARG002
        total_words: int | None = None,  # noqa: ARG002
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        callbacks: Sequence[Any] = (),
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        **others: Any,
    ) -> History:
        """Train on a text for `epochs` passes, ignoring words that are not in the vocabulary.

        `epochs`, `start_alpha`, `end_alpha`: None for the model's own. `total_examples`,
        `total_words`: not needed, because both are counted here. `callbacks`: objects with any of
        gensim's methods `on_train_begin`, `on_epoch_begin`, `on_epoch_end` and `on_train_end`,
        which are called with the model. `progress`: show a bar if tqdm is installed, or otherwise a
        line per epoch.

        Returns the `history`: for each epoch, the mean logistic loss of a pair (skip-gram) or of a
        centre (CBOW), or NaN if `sample` left none, and the last learning rate.

        `checkpoint`: a file that is written before the first epoch, after each epoch, and from time
        to time in between (taking at most a twentieth of the time); `Word2Vec.load` reads it. With
        `resume=True` the run in the file continues, and with `workers=1` ends bit for bit as if it
        had never stopped; if there is no file, it starts. Without `resume` the file is overwritten.

        Raises `ValueError` for a text without a pair of known words, before anything changes, and
        for a callback that replaces the vectors; `DivergedError` if the loss or the vectors grow
        without bound; `CheckpointError` for a checkpoint that cannot be written, or that belongs to
        another run (the number of workers may differ). With several workers: `OSError` if they
        cannot be started, `RuntimeError` if one of them ends.
        """
        refuse_others("train", others)
        epochs = self.epochs if epochs is None else epochs
        start = self.alpha if start_alpha is None else start_alpha
        end = self.min_alpha if end_alpha is None else end_alpha
        check_settings({**self.settings(), "seed": 0})  # they may have been changed
        check_sizes("train", epochs=epochs)
        check_rates("train", start_alpha=start, end_alpha=end)
        check_callbacks(callbacks)
        if resume and checkpoint is None:
            raise ValueError("train: resume=True needs checkpoint=, the file to go on from")
        corpus = corpus_of("train", "corpus_iterable", corpus_iterable, corpus_file)
        self.tables("train")
        text = encode(corpus, self.vocabulary.index)
        if not text.neighbours:
            spent = isinstance(corpus, Iterator)
            raise ValueError(
                "train: no sentence has two words of the vocabulary, so there are no pairs; pass "
                "sentences that are lists of words, or lower min_count"
                + (" (An iterator that was used before has nothing left.)" if spent else "")
            )
        run = Run(int(epochs), float(start), float(end), text.total, text.checksum)
        file = Checkpoint(checkpoint, self, run)
        if not (resume and file.load()):
            self.history = History()
            file.save()
        learner = Learner(self.settings(), self.vocabulary, self._table, self.generator)
        far = _FAR * self._loss_of_zeros(learner)
        begun = run.epoch * text.total + run.count
        bar = Silence()
        if progress:
            bar = shown_progress(run.epochs, text.total, begun, " words")
        count = min(self.workers, len(text.chunks))
        workers = Workers(learner, text.chunks, count) if count > 1 else Alone(learner, text.chunks)
        quiet = np.errstate(over="ignore", invalid="ignore")  # the check below catches it
        self._tell(callbacks, "on_train_begin")
        with bar, workers, quiet:
            while run.epoch < run.epochs:
                self._tell(callbacks, "on_epoch_begin")
                while run.chunks < len(text.chunks):
                    for learned in workers.results(_jobs(text, run, file)):
                        run.add(*learned)
                        if not (math.isfinite(learned.loss) and run.recent <= far):
                            loss = learned.loss / max(learned.measured, 1)
                            raise _diverged(f"the loss is {loss:.4g}", run)
                        bar.step(run.epoch + 1, run, run.rate, learned.words)
                    if file.due():
                        file.save()
                longest = math.sqrt(np.vecdot(self._table, self._table).max())
                if not longest <= _LONG:
                    raise _diverged(f"a vector has the length {longest:.4g}", run)
                self.history.add((run.end_epoch(), {}), run.rate)
                self._tell(callbacks, "on_epoch_end")
                file.save()
                bar.epoch_done(self.history)
        if all(map(math.isnan, self.history.loss)):
            warnings.warn(
                f"train: nothing was learned, because sample (={self.sample:g}) left no two words "
                f"near each other; raise it, or pass 0",
                RuntimeWarning,
                stacklevel=2,
            )
        self._tell(callbacks, "on_train_end")
        return self.history

    def _loss_of_zeros(self, learner: Learner) -> float:
        """The mean loss of a pair with zero vectors: log 2 for each decision."""
        decisions = 1.0 + self.negative if self.negative else 0.0
        if self.hs:
            decisions += float(np.average(learner.tree.depth, weights=self.vocabulary.counts))
        return max(decisions, 1) * math.log(2)

    def _tell(self, callbacks: Sequence[Any], event: str) -> None:
        table = self._table
        for callback in callbacks:
            if (method := getattr(callback, event, None)) is not None:
                method(self)
        if event != "on_train_end":  # then nothing more is learned
            self.tables("train")
            if self._table is not table:
                raise ValueError(
                    f"train: a callback made the vectors anew in {event}; call build_vocab before "
                    f"or after training"
                )

    # -- files ----------------------------------------------------------------------------------

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything to exactly `path`, as `.npz`; `KeyedVectors.load` reads it too.

        Raises `CheckpointError` where it cannot be written.
        """
        save_model(self, path)

    @of_class
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:  # noqa: N805
        """Read what `save` wrote, or a checkpoint of `train`.

        Raises `CheckpointError` for a file that is damaged or holds something else, and `OSError`
        for one that cannot be opened.
        """
        return load_model(cls, path)

    def settings(self) -> dict[str, Any]:
        """The parameters that all its trainings share."""
        settings = {name: getattr(self, name) for name in _SETTINGS}
        # NumPy's integers overflow where Python's do not.
        return {
            name: value.item() if isinstance(value, np.generic) else value
            for name, value in settings.items()
        }


_SETTINGS = [
    name
    for name in inspect.signature(Word2Vec).parameters
    if name
    not in (
        "sentences", "corpus_file", "seed", "trim_rule", "callbacks", "progress", "others",
    )
]  # fmt: skip


def _jobs(text: Encoded, run: Run, file: Checkpoint) -> Iterator[Job]:
    """The chunks until the next checkpoint or the end of the epoch, with their learning rates."""
    done = run.epoch * text.total + run.count
    for chunk in range(run.chunks, len(text.chunks)):
        run.rate = run.alpha - (run.alpha - run.min_alpha) * done / (text.total * run.epochs)
        yield chunk, run.rate
        done += text.chunks.places[chunk][1]
        if file.due():
            return


def _diverged(what: str, run: Run) -> DivergedError:
    return DivergedError(
        f"train: {what} in epoch {run.epoch + 1}, at learning rate {run.rate:g}: training "
        f"diverges; lower alpha (={run.alpha:g})"
    )
