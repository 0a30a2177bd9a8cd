"""One pass over a row of words: many centres to a step, and the engine's gradients.

Centres are taken in blocks (see `windows.py`), many blocks to a step: a batched matrix product
scores the outputs of each block (see `outputs.py`) with all its inputs, and weights pick the pairs
out. The gradients are the engine's, and the table loses those of the rows that were read (see
`row_updates.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from autograd import Tensor

from .outputs import Targets, Tree, logistic_loss, loss_unseen, negatives, scores_of_means
from .row_updates import Rows
from .windows import stretches, window_sums, windows

if TYPE_CHECKING:
    from .vocabulary import Vocabulary

#: Centres in a block, which share noise words.
BLOCK = 32

#: By `sg`: the fewest noise words of a block, and the most. With half as many, nearest neighbours
#: agree less from seed to seed than gensim's do; more cost time.
NOISE = {0: 16, 1: 32}
MOST_NOISE = 160

#: How far a word's pushes in one block may go together, as a multiple of what one pair does at a
#: learning rate of 1: where they would go farther, the block draws more noise words.
PUSH = 0.8

#: The farthest that a step moves a row.
LONGEST = 2.0

#: By `sg`: the most centres in a step, that is, between two updates of the tables. With the
#: hierarchical softmax they are fewer, because all words share the nodes near its root.
STEP = {0: 1024, 1: 512}
HS_STEP = 256

#: An epoch has at least so many steps, if they are not shorter than a block: in fewer, a small
#: corpus is learned worse than by gensim, which takes one for each pair.
STEPS = 300

#: The loss is measured in one step of so many.
MEASURED = 4


class Learner:
    """Learns from rows of words: `table` has the rows of inputs, of outputs, and of nodes."""

    def __init__(
        self, settings: dict[str, Any], vocabulary: Vocabulary, table: Any, generator: Any
    ) -> None:
        for name in ("sg", "hs", "negative", "window", "shrink_windows", "cbow_mean"):
            setattr(self, name, settings[name])
        self.table = table
        self.generator = generator
        words = len(vocabulary)
        self.outputs = words
        self.nodes = words * (1 + bool(self.negative))
        if self.negative:
            self.noise = vocabulary.noise(settings["ns_exponent"])
        if self.hs:
            self.tree = Tree(*vocabulary.huffman())
        enough = max(vocabulary.total // STEPS, BLOCK)
        self.step = int(min(enough, HS_STEP if self.hs else STEP[self.sg]))
        self.count = 0

    def learn(self, words: Any, sentences: Any, rate: float) -> tuple[float, int]:
        """One pass over a row of words. Returns the mean loss of a pair, and how many there were.

        Pairs are those of skip-gram; without `sg`, centres that have a word near them.
        """
        if not len(words):
            return 0.0, 0
        reach: Any = self.window
        if self.shrink_windows:
            reach = self.generator.integers(1, self.window + 1, len(words))
        centres, places, near = windows(words, sentences, reach, self.window, BLOCK, self.step)
        steps, blocks, block = centres.shape
        pairs = near.astype(np.float32)
        if self.sg:
            true = pairs
        else:
            counts = pairs.sum(axis=3, keepdims=True)
            means = pairs / np.maximum(counts, 1)
            there, back = (means, pairs) if self.cbow_mean else (pairs, means)
            true = np.swapaxes(counts > 0, 2, 3).astype(np.float32)
        rows, weights, true_ = self._targets(centres, true, rate)
        wanted = rows.shape[2]
        taken = Rows(
            self.table,
            np.concatenate([places, rows.reshape(steps, -1)], axis=1),
            LONGEST,
        )
        first = places.shape[1]
        total = weight = 0.0
        of_step = true.sum(axis=(1, 2, 3))
        for i in range(steps):
            values = taken.take(i)
            inputs = Tensor(values[:first], requires_grad=True)
            outputs = Tensor(values[first:].reshape(blocks, wanted, -1), requires_grad=True)
            if self.sg:
                near = stretches(inputs, Tensor(pairs[i]))
                scores = outputs @ np.swapaxes(near, 1, 2)
            else:
                means = window_sums(inputs, Tensor(there[i]), Tensor(back[i]))
                scores = scores_of_means(outputs, means)
            self.count += 1
            if measured := not self.count % MEASURED:
                loss = logistic_loss(scores, Tensor(weights[i]), Tensor(true_[i]))
                total += loss.item()
                weight += of_step[i]
            else:
                loss = loss_unseen(scores, Tensor(weights[i]), Tensor(true_[i]))
            loss.backward(np.float32(rate))
            taken.descend(inputs.grad, outputs.grad)
        return total, weight

    def _targets(self, centres: Any, true: Any, rate: float) -> Targets:
        steps, blocks, block = centres.shape
        pairs = (self.window + 1 if self.shrink_windows else 2 * self.window) if self.sg else 1
        size = rate * block * pairs * self.negative / PUSH
        size = int(min(max(np.ceil(size), NOISE[self.sg]), MOST_NOISE))
        draws = (self.generator.random((steps, blocks, size)) + np.arange(size)) / size
        noise = np.searchsorted(self.noise, draws, "right")
        rows, weights, t = negatives(centres, true, noise, self.negative / size)
        return Targets(rows + self.outputs, weights, t)
