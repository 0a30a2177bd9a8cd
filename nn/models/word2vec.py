"""word2vec: vectors of words, learned from which words stand near which.

    model = Word2Vec(sentences, sg=1)
    model.wv                              the words and their vectors

The parameters, their defaults and their meaning are gensim's. Centres are taken in blocks (see
`windows.py`): one batched matrix product scores all outputs of a block (its centres, and noise
words that its pairs share) against all its inputs, and weights pick the pairs out. The gradients
are the engine's. Sources: Mikolov et al. 2013 (arXiv:1301.3781, 1310.4546); Rong, arXiv:1411.2738.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import Tensor, rule, sigmoid, softplus

from .rows import Rounds, rounds, subtract
from .vectors import KeyedVectors
from .vocabulary import Vocabulary
from .windows import Windows, chunks, windows

#: Pairs are made, and the learning rate is set, for so many words at a time, as gensim does.
CHUNK = 10_000

#: Centres in a block, centres (in whole blocks) in a step, and noise words of a block: skip-gram.
#: Blocks that share fewer noise words learn worse; longer steps take larger strides.
BLOCK, STEP, NOISE = 16, 512, {0: 16, 1: 32}

#: sum of `weights * softplus(scores) - positive * scores`: the logistic loss of pairs of which
#: `positive` are true and `weights - positive` false.
logistic_loss = rule(
    lambda scores, weights, positive: (
        np.vdot(weights, softplus(scores)) - np.vdot(positive, scores)
    ),
    lambda g, _, scores, weights, positive: g * (weights * sigmoid(scores) - positive),
    None,
    None,
)


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
        step: int = 512,
    ) -> None:
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
        if alpha < min_alpha:
            raise ValueError(
                f"Word2Vec: alpha (={alpha}) must not be less than min_alpha (={min_alpha})"
            )
        self.vector_size = vector_size
        self.window = window
        self.min_count = min_count
        self.max_final_vocab = max_final_vocab
        self.sg = sg
        self.step = step
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
            points, codes = vocabulary.huffman()
            self._depth = np.array([len(p) for p in points])
            self._begin = np.cumsum(self._depth) - self._depth
            self._points = np.append(np.concatenate(points), 0).astype(np.int32)
            self._codes = np.append(np.concatenate(codes), False)

    def train(self, sentences: Iterable[Iterable[str]], epochs: int | None = None) -> None:
        """Go through `sentences` `epochs` times (None: as the model says)."""
        epochs = self.epochs if epochs is None else epochs
        total = self.vocabulary.total * epochs
        keep = self.vocabulary.keep_probabilities(self.sample)
        seen = 0
        for _ in range(epochs):
            for words, sentence in chunks(_again(sentences), self.vocabulary.index, CHUNK):
                rate = self.alpha - (self.alpha - self.min_alpha) * min(seen / total, 1)
                seen += len(words)
                kept = self.generator.random(len(words)) < keep[words]
                if kept.any():
                    self._learn(words[kept], sentence[kept], rate)

    def _learn(self, words: Any, sentences: Any, rate: float) -> None:
        """One pass over a row of words."""
        reach: Any = self.window
        if self.shrink_windows:
            reach = self.generator.integers(1, self.window + 1, len(words))
        blocks = windows(words, sentences, reach, self.window, BLOCK)
        count = len(blocks.centres)
        if self.negative:
            noise = np.searchsorted(self._noise, self.generator.random((count, NOISE[self.sg])))
            outputs = np.concatenate([blocks.centres, noise.astype(np.int32)], axis=1)
            # A noise word that is the centre of a pair does not count for this pair (as in
            # gensim). Its score is the pair's own: there it is taken back.
            share = self.negative / noise.shape[1]
            hits = np.flatnonzero(blocks.centres[:, :, None] == outputs[:, None, BLOCK:])
            hits = np.bincount(hits // noise.shape[1], minlength=blocks.centres.size)
            once = (1 - share * hits).astype(np.float32).reshape(count, BLOCK, 1)
        pairs = blocks.pairs.astype(np.float32)
        step = self.step // BLOCK
        read_plan = rounds(blocks.stretches.ravel(), step * blocks.stretches.shape[1])
        plan = rounds(outputs.ravel(), step * outputs.shape[1])
        for first in range(0, count, step):
            part = slice(first, first + step)
            read = Rows(self.inputs, blocks.stretches[part])
            inputs, true = self._hidden(read.values, pairs[part])
            rows = Rows(self.outputs, outputs[part])
            weights = np.empty((*rows.values.shape[:2], true.shape[2]), np.float32)
            np.multiply(true, once[part], out=weights[:, :BLOCK])
            weights[:, BLOCK:] = np.full((1, BLOCK), share, np.float32) @ true
            positive = np.zeros_like(weights)
            positive[:, :BLOCK] = true
            scores = rows.values @ np.swapaxes(inputs, 1, 2)
            loss = logistic_loss(scores, weights, positive)
            loss.backward(np.float32(rate))
            read.descend(read_plan[first // step])
            rows.descend(plan[first // step])

    def _hidden(self, stretches: Tensor, pairs: Any) -> tuple[Tensor, Any]:
        """The vectors to predict from, (blocks, k, size), and which of them are true for which
        centre, (blocks, block, k)."""
        if self.sg:
            return stretches, pairs
        counts = pairs.sum(axis=2, keepdims=True)
        sums = pairs @ stretches
        # As in gensim, every word of a mean gets the gradient of the mean undivided (and of a
        # sum, divided): the value is one, and the gradient flows through the other.
        share = 1 / np.maximum(counts, 1)
        if self.cbow_mean:
            hidden = sums + sums.data * (share - 1)
        else:
            hidden = sums * share + sums.data * (1 - share)
        return hidden, np.eye(pairs.shape[1], dtype=np.float32) * (counts > 0)


class Rows:
    """Some rows of a table, as a leaf. `values`: of shape `(*numbers.shape, size)`."""

    def __init__(self, table: Any, numbers: Any) -> None:
        self.table = table
        self.numbers = numbers
        self.values = Tensor(np.take(table, numbers, axis=0), requires_grad=True)

    def descend(self, plan: Rounds) -> None:
        """Take the gradient off the table."""
        subtract(self.table, self.values.grad.reshape(-1, self.table.shape[1]), plan)


def _again(sentences: Any) -> Any:
    """`sentences`, if they can be gone through more than once."""
    if iter(sentences) is sentences:
        raise TypeError(
            "Word2Vec: sentences must be gone through several times, which an iterator "
            f"({type(sentences).__name__}) cannot; give a list, or an object with __iter__"
        )
    return sentences
