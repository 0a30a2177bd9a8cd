"""The training of `Word2Vec`: passes over a text, with progress, callbacks and checkpoints.

The text is encoded once (see `encoded.py`), and learned in chunks (see `learner.py`).
"""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from ...history import History
from ...progress import Silence, shown_progress
from ...run import DivergedError
from ...sizes import check_sizes
from .checkpoint import Checkpoint, Run
from .encoded import Encoded, encode
from .gensim import refuse_others
from .learner import Learner
from .parameters import Parameters, check_callbacks, check_rates, check_settings, corpus_of
from .vocabulary import Vocabulary
from .workers import Alone, Job, Workers

#: A mean loss this many times that of zero vectors, or a vector of this length, means that training
#: diverges: training that converges stays far below both.
_FAR, _LONG = 2, 1000


class Training(Parameters):
    """A model that can be trained; a base of `Word2Vec`."""

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
        callbacks: Sequence[object] = (),
        progress: bool = True,
        checkpoint: str | os.PathLike[str] | None = None,
        resume: bool = False,
        **others: object,
    ) -> History:
        """Train on a text for `epochs` passes, ignoring words that are not in the vocabulary.

        Args:
            corpus_iterable: Lists of words.
            corpus_file: A path for `nn.data.LineSentences`, instead.
            total_examples: Not needed, because it is counted here.
            total_words: Not needed either.
            epochs: The number of passes (None: the model's own).
            start_alpha: The first learning rate (None: the model's own).
            end_alpha: The last learning rate (None: the model's own).
            callbacks: Objects with any of gensim's methods `on_train_begin`, `on_epoch_begin`,
                `on_epoch_end` and `on_train_end`, which are called with the model.
            progress: Show a bar if tqdm is installed, or otherwise a line per epoch.
            checkpoint: A file that is written before the first epoch, after each epoch, and from
                time to time in between (taking at most a twentieth of the time); `Word2Vec.load`
                reads it.
            resume: Continue the run in the checkpoint if there is one; with `workers=1` it ends bit
                for bit as if it had never stopped. Otherwise the file is overwritten.

        Returns:
            The `history`, which holds for each epoch the mean logistic loss of a pair (skip-gram)
            or of a centre (CBOW), or NaN if `sample` left none, and the last learning rate.

        Raises:
            ValueError: The text has no pair of known words (nothing has changed then), or a
                callback replaced the vectors.
            DivergedError: The loss or the vectors grow without bound.
            CheckpointError: The checkpoint cannot be written, or belongs to another run (the number
                of workers may differ).
            OSError: Several workers cannot be started.
            RuntimeError: One of several workers ended.

        Example:
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(vector_size=4, min_count=1, sample=0)
            >>> model.build_vocab(text)
            >>> history = model.train(text, epochs=2, progress=False)
            >>> len(history.loss)
            2
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
            raise ValueError("train: resume=True needs checkpoint=, the file to continue from")
        corpus = corpus_of("train", "corpus_iterable", corpus_iterable, corpus_file)
        self.tables("train")
        text = _with_pairs(corpus, self.vocabulary)
        run = Run(int(epochs), float(start), float(end), text.total, text.checksum)
        file = Checkpoint(checkpoint, self, run)
        if not (resume and file.load()):
            self.history = History()
            file.save()
        self._run(text, file, callbacks, progress)
        if all(map(math.isnan, self.history.loss)):
            warnings.warn(
                f"train: nothing was learned, because sample (={self.sample:g}) left no two words "
                f"near each other; raise it, or pass 0",
                RuntimeWarning,
                stacklevel=2,
            )
        self._tell(callbacks, "on_train_end")
        return self.history

    def _run(
        self, text: Encoded, file: Checkpoint, callbacks: Sequence[object], progress: bool
    ) -> None:
        run = file.run
        learner = Learner(self.settings(), self.vocabulary, self._table, self.generator)
        far = _FAR * self._loss_of_zeros(learner)
        bar = Silence()
        if progress:
            begun = run.epoch * text.total + run.count
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

    def _loss_of_zeros(self, learner: Learner) -> float:
        """Return the mean loss of a pair with zero vectors: log 2 for each decision."""
        decisions = 1.0 + self.negative if self.negative else 0.0
        if self.hs:
            decisions += float(np.average(learner.tree.depth, weights=self.vocabulary.counts))
        return max(decisions, 1) * math.log(2)

    def _tell(self, callbacks: Sequence[object], event: str) -> None:
        table = self._table
        for callback in callbacks:
            if (method := getattr(callback, event, None)) is not None:
                method(self)
        if event != "on_train_end":  # then nothing more is learned
            self.tables("train")
            if self._table is not table:
                raise ValueError(
                    f"train: a callback created new vectors in {event}; call build_vocab before "
                    f"or after training"
                )


def _with_pairs(corpus: Iterable[Iterable[str]], vocabulary: Vocabulary) -> Encoded:
    """Encode a text; raise `ValueError` for one without a pair of known words."""
    text = encode(corpus, vocabulary.index)
    if not text.neighbours:
        spent = isinstance(corpus, Iterator)
        raise ValueError(
            "train: no sentence has two words of the vocabulary, so there are no pairs; pass "
            "sentences that are lists of words, or lower min_count"
            + (" (An iterator that was used before has nothing left.)" if spent else "")
        )
    return text


def _jobs(text: Encoded, run: Run, file: Checkpoint) -> Iterator[Job]:
    """Yield the chunks until the next checkpoint or the end of the epoch, with learning rates."""
    done = run.epoch * text.total + run.count
    for chunk in range(run.chunks, len(text.chunks)):
        run.rate = run.alpha - (run.alpha - run.min_alpha) * done / (text.total * run.epochs)
        yield chunk, run.rate
        done += text.chunks.places[chunk][1]
        if file.due():
            return


def _diverged(fault: str, run: Run) -> DivergedError:
    return DivergedError(
        f"train: {fault} in epoch {run.epoch + 1}, at learning rate {run.rate:g}: training "
        f"diverges; lower alpha (={run.alpha:g})"
    )
