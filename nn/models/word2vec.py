"""word2vec: vectors of words, learned from which words stand near which.

    model = Word2Vec(sentences, sg=1)
    model.wv                              the words and their vectors

The parameters, their defaults and their meaning are gensim's. Centres are taken in blocks (see
`windows.py`), many to a step: batched matrix products score the outputs of each block (see
`outputs.py`) against all its inputs, and weights pick the pairs out. The gradients are the
engine's, and the tables lose those of the rows that were read (see `rows.py`). Sources: Mikolov
et al. 2013 (arXiv:1301.3781, 1310.4546); Rong, arXiv:1411.2738.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Tensor

from .outputs import Negatives, Paths, Tree
from .rows import Rows
from .vectors import KeyedVectors
from .vocabulary import Vocabulary
from .windows import chunks, stretches, windows

#: Pairs are made, and the learning rate is set, for so many words at a time, as gensim does.
CHUNK = 10_000

#: By `sg`: centres in a block, and noise words for it. With fewer noise words skip-gram learns
#: worse (nearest neighbours agree less with gensim's); more cost time.
BLOCK = {0: 32, 1: 32}
NOISE = {0: 16, 1: 32}

#: By `sg`: the most centres in a step, that is, between two updates of the tables. With the
#: hierarchical softmax they are fewer, because all words share the nodes near its root.
STEP = {0: 1024, 1: 512}
HS_STEP = 256

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

    `wv`: the vectors. `generator`: what all randomness comes from.
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
    ) -> None:
        value: float
        for name, value in (("vector_size", vector_size), ("window", window), ("epochs", epochs)):
            if value < 1:
                raise ValueError(f"Word2Vec: {name} (={value}) must be at least 1")
        for name, value in (("negative", negative), ("sample", sample), ("min_alpha", min_alpha)):
            if value < 0:
                raise ValueError(f"Word2Vec: {name} (={value}) must not be negative")
        for name, value in (("sg", sg), ("hs", hs), ("cbow_mean", cbow_mean)):
            if value not in (0, 1):
                raise ValueError(f"Word2Vec: {name} (={value}) must be 0 or 1")
        if not hs and not negative:
            raise ValueError(
                "Word2Vec: hs=0 with negative=0 leaves nothing to learn from; set hs=1, or "
                "negative to 5"
            )
        if alpha <= 0:
            raise ValueError(f"Word2Vec: alpha (={alpha}) must be positive")
        if alpha < min_alpha:
            raise ValueError(
                f"Word2Vec: alpha (={alpha}) must not be less than min_alpha (={min_alpha})"
            )
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
        self.generator = np.random.default_rng(seed)
        if sentences is not None:
            self.build_vocab(sentences)
            self.train(sentences)

    def build_vocab(self, sentences: Iterable[Iterable[str]]) -> None:
        """Count the words, and start the vectors anew: inputs uniform, outputs zero."""
        self.vocabulary = vocabulary = Vocabulary.build(
            _again(sentences), self.min_count, self.max_final_vocab
        )
        shape = len(vocabulary.words), self.vector_size
        self.inputs = self.generator.random(shape, np.float32)
        self.inputs = (2 * self.inputs - 1) / np.float32(self.vector_size)
        self.wv = KeyedVectors(vocabulary.words, self.inputs, vocabulary.counts)
        if self.negative:
            self.outputs = np.zeros(shape, np.float32)
            self._noise = vocabulary.noise(self.ns_exponent)
        if self.hs:
            self.nodes = np.zeros((max(shape[0] - 1, 1), self.vector_size), np.float32)
            self._tree = Tree(*vocabulary.huffman())

    def train(self, sentences: Iterable[Iterable[str]], epochs: int | None = None) -> None:
        """Go through `sentences` `epochs` times (None: as the model says)."""
        epochs = self.epochs if epochs is None else epochs
        total = self.vocabulary.total * epochs
        keep = self.vocabulary.keep_probabilities(self.sample)
        kept_counts = self.vocabulary.counts * keep
        repeats = np.sum((kept_counts / kept_counts.sum()) ** 2)
        longest = STRIDE / (self.alpha**2 * repeats * (self.window + 1))
        step = max(int(min(longest, HS_STEP if self.hs else STEP[self.sg])), 1)
        seen = 0
        for _ in range(epochs):
            for words, sentence in chunks(_again(sentences), self.vocabulary.index, CHUNK):
                rate = self.alpha - (self.alpha - self.min_alpha) * min(seen / total, 1)
                seen += len(words)
                kept = self.generator.random(len(words)) < keep[words]
                if kept.any():
                    self._learn(words[kept], sentence[kept], rate, step)

    def _learn(self, words: Any, sentences: Any, rate: float, step: int) -> None:
        """One pass over a row of words, about `step` at a time."""
        block = min(step, BLOCK[self.sg])
        reach: Any = self.window
        if self.shrink_windows:
            reach = self.generator.integers(1, self.window + 1, len(words))
        centres, places, pairs = windows(words, sentences, reach, self.window, block, step)
        pairs = pairs.astype(np.float32)
        counts = pairs.sum(axis=3, keepdims=True)
        true = pairs if self.sg else (counts[..., 0] > 0).astype(np.float32)
        shares = 1 / np.maximum(counts, 1)
        read = Rows(self.inputs, places)
        targets: list[Negatives | Paths] = []
        if self.negative:
            noise = self._noise, NOISE[self.sg], self.negative, self.generator
            targets.append(Negatives(self.outputs, centres, true, *noise))
        if self.hs:
            targets.append(Paths(self.nodes, centres, true, self._tree))
        for i in range(len(centres)):
            inputs = stretches(read.take(i), parts=len(centres[i]), step=block)
            if not self.sg:
                inputs = self._predictors(inputs, pairs[i], shares[i])
            losses = [target.loss(i, inputs) for target in targets]
            loss = losses[0] if len(losses) == 1 else losses[0] + losses[1]
            loss.backward(np.float32(rate))
            for table in (read, *targets):
                table.descend()

    def _predictors(self, stretches: Tensor, pairs: Any, shares: Any) -> Tensor:
        """The means, or sums, of the words in each window, (blocks, block, size)."""
        sums = pairs @ stretches
        # As in gensim, every word of a mean gets the gradient of the mean undivided (and of a
        # sum, divided): the value is one, and the gradient flows through the other.
        if self.cbow_mean:
            return sums + sums.data * (shares - 1)
        return sums * shares + sums.data * (1 - shares)


def _again(sentences: Any) -> Any:
    """`sentences`, if they can be gone through more than once."""
    if iter(sentences) is sentences:
        raise TypeError(
            "Word2Vec: sentences must be gone through several times, which an iterator "
            f"({type(sentences).__name__}) cannot; give a list, or an object with __iter__"
        )
    return sentences
