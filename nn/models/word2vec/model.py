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
    """Word vectors, learned from which words occur near each other.

    Given `sentences` or `corpus_file`, it builds the vocabulary and trains; otherwise call
    `build_vocab` and `train`. The parameters are gensim's. Noise words are a weighted sample that
    the 32 centres of a block share. As in word2vec.c, each word of a mean gets the whole gradient
    of the mean, not the share that the chain rule gives it.

    Args:
        sentences: An iterable (not an iterator) of lists of words.
        corpus_file: A path for `nn.data.LineSentences`.
        vector_size: The length of the vectors.
        alpha: The first learning rate; it falls linearly in the number of words seen.
        window: The largest distance between the two words of a pair.
        min_count: Rarer words are dropped; see `build_vocab`.
        max_vocab_size: The most words while counting; see `build_vocab`.
        sample: Words with more than about this share of the text are thinned out (0: none).
        seed: With one worker, the same seed gives the same vectors.
        workers: The number of processes that train at once (gensim's default is 3).
        min_alpha: The last learning rate.
        sg: 1 predicts a centre from each word near it (skip-gram), 0 from their mean (CBOW).
        hs: 1 adds the hierarchical softmax.
        negative: The number of noise words for each true one (0: none).
        ns_exponent: Noise words are drawn in proportion to `count ** ns_exponent`.
        cbow_mean: 0 takes the sum instead of the mean in CBOW.
        epochs: The number of passes over the text.
        trim_rule: Decides which words are kept; see `build_vocab`.
        sorted_vocab: 0 keeps words in order of appearance.
        callbacks: Objects that are told of the training; see `train`.
        max_final_vocab: The most words to keep; see `build_vocab`.
        shrink_windows: Each centre draws its own window from 1 to `window`.
        progress: Show the progress; see `train`.

    Attributes:
        wv: The words and their vectors, `KeyedVectors`.
        syn1neg: The vectors of the outputs.
        syn1: The vectors of the nodes of the tree. (`wv`, `syn1neg` and `syn1` are parts of one
            table, which any of them keeps in memory; `copy.deepcopy(wv)` does not.)
        vocabulary: The words and their counts.
        corpus_count: The number of sentences that `build_vocab` read.
        corpus_total_words: The number of words that it read.
        history: The loss and learning rate of each epoch of the last training.
        generator: The source of all randomness.

    Raises:
        TypeError: A parameter has the wrong type, or is one of gensim's that are missing; the
            message names the replacement.
        ValueError: A parameter is out of range. For the rest see `build_vocab` and `train`.

    Example:
        >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
        >>> model = nn.Word2Vec(text, vector_size=4, min_count=1, sample=0, progress=False)
        >>> model.wv["cat"].shape
        (4,)
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

        The most frequent word comes first; with `sorted_vocab=0`, words are in order of appearance.
        Words rarer than `min_count` are dropped, and all but the `max_final_vocab` most frequent.
        If there are more than `max_vocab_size` words while counting, the rarest are forgotten.

        Args:
            corpus_iterable: Lists of words.
            corpus_file: A path for `nn.data.LineSentences`, instead.
            update: Keep the vectors of existing words, add up the counts, and put new words after
                them. With `hs` the tree changes, so `syn1` starts from zero again.
            trim_rule: Called as `trim_rule(word, count, min_count)`; returns 0 (the counts decide),
                1 (drop the word) or 2 (keep it).

        Raises:
            TypeError: The corpus does not consist of lists of words.
            ValueError: No word is left.

        Example:
            >>> model = nn.Word2Vec(vector_size=4, min_count=1)
            >>> model.build_vocab([["the", "cat"], ["the", "dog"]])
            >>> model.wv.index_to_key
            ['the', 'cat', 'dog']
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

        Args:
            word_freq: The count of each word.
            update: As in `build_vocab`.
            trim_rule: As in `build_vocab`.

        Raises:
            TypeError: `word_freq` is not a dict from words to counts.
            ValueError: No word is left.

        Example:
            >>> model = nn.Word2Vec(vector_size=4)
            >>> model.build_vocab_from_freq({"the": 20, "cat": 5, "dog": 1})
            >>> model.wv.index_to_key
            ['the', 'cat']
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
        """Take the words of another model, and initialise the vectors.

        Args:
            other_model: A model with a vocabulary.

        Example:
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(text, vector_size=4, min_count=1, sample=0, progress=False)
            >>> other = nn.Word2Vec(vector_size=8)
            >>> other.reset_from(model)
            >>> len(other.wv) == len(model.wv)
            True
        """
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

        Raises:
            CheckpointError: The file cannot be written.

        Example:
            >>> import pathlib, tempfile
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(text, vector_size=4, min_count=1, sample=0, progress=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save(pathlib.Path(folder, "model.npz"))
            ...     other = nn.Word2Vec.load(pathlib.Path(folder, "model.npz"))
            >>> np.array_equal(other.wv["cat"], model.wv["cat"])
            True
        """
        save_model(self, path)

    @of_class
    def load(cls, path: str | os.PathLike[str]) -> Word2Vec:  # noqa: N805
        """Read a file that `save` wrote, or a checkpoint of `train`.

        Raises:
            CheckpointError: The file is damaged, or holds something else.
            OSError: The file cannot be opened.

        Example:
            >>> import pathlib, tempfile
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(text, vector_size=4, min_count=1, sample=0, progress=False)
            >>> with tempfile.TemporaryDirectory() as folder:
            ...     model.save(pathlib.Path(folder, "model.npz"))
            ...     nn.Word2Vec.load(pathlib.Path(folder, "model.npz")).vector_size
            4
        """
        return load_model(cls, path)


def _refuse_unused(name: str, value: object, method: str) -> None:
    if value:
        raise TypeError(f"Word2Vec: {name} has no effect without sentences; pass it to {method}")
