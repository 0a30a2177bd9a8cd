"""`Word2Vec`: the model with its vocabulary and files.

    model = Word2Vec(sentences, sg=1)
    model.wv                              the words and their vectors

The parameters, their defaults and their meaning are gensim's (`gensim.py` lists those that are
missing). For `train` see `training.py`.
Sources: Mikolov et al. 2013 (arXiv:1301.3781, 1310.4546); Rong, arXiv:1411.2738.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np

from ...history import History
from .checkpoint import load_model, save_model
from .gensim import refuse_others
from .parameters import SETTINGS, check_callbacks, check_settings, corpus_of, of_class
from .predicting import Predictions
from .training import Training
from .vocabulary import TrimRule, Vocabulary, count_words


class Word2Vec(Training, Predictions):
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
        callbacks: Sequence[object] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        progress: bool = True,
        **others: object,
    ) -> None:
        arguments = locals()
        refuse_others("Word2Vec", others)
        vars(self).update({name: arguments[name] for name in SETTINGS})
        vars(self).update(self.settings())
        check_settings({**self.settings(), "seed": seed})
        check_callbacks(callbacks)
        self.generator = np.random.default_rng(seed)
        self.history = History()
        if sentences is None and corpus_file is None:
            _refuse_unused("trim_rule", trim_rule, "build_vocab")
            _refuse_unused("callbacks", callbacks, "train")
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
        **others: object,
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
        **others: object,
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


def _refuse_unused(name: str, value: object, method: str) -> None:
    if value:
        raise TypeError(f"Word2Vec: {name} has no effect without sentences; pass it to {method}")
