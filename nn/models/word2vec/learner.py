"""A step of training: many centres at a time, with the engine's gradients.

Centres are taken in blocks (see `windows.py`), many blocks to a step: a batched matrix product
scores the outputs of each block (see `outputs.py`) with all its inputs, and weights select the
pairs. The engine differentiates the loss, and the gradients are subtracted from the rows that were
read (see `Rows`).
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import Tensor

from .outputs import (
    Targets,
    Tree,
    joined,
    logistic_loss,
    negatives,
    scores_in_turn,
    scores_of_all,
    scores_of_means,
    unmeasured_loss,
)
from .vocabulary import Vocabulary
from .windows import stretches, window_sums, windows

#: The centres in a block, which share noise words, and the parts in which CBOW adds up windows.
BLOCK = 32
PARTS = 2

#: The fewest noise words for a block, by `sg`, and the most. With half as many, nearest neighbours
#: agree less from seed to seed than gensim's do; more cost time.
NOISE = {0: 24, 1: 40}
MOST_NOISE = 256

#: Divides the number of noise words of a block, by `sg`, and so keeps a step stable. Sequential
#: training moves a noise word by one pair at a time; here all pairs of a block push it at once from
#: its old place. The logistic loss has a curvature of at most 1/4, so a push by n pairs converges
#: only while |v|^2 < 8 / (rate * n), where n is `negative` times the pairs of the block divided by
#: its noise words. The defaults are just stable. At higher rates, in wider windows or with more
#: negatives, blocks draw more noise words: in proportion to rate * (pairs * negative)^2, because a
#: small sample of them also moves vectors at random, and farther at high rates.
PUSH = {0: 40, 1: 720}

#: The farthest that a step moves a row (vectors become 1 to 10 long). It limits words that occur in
#: many blocks of one step: less than 1 % of the rows with the parameters that the literature
#: recommends, a tenth with extreme ones. Where CBOW takes the sum of a window instead of the mean,
#: its words move the sum together, so each of them moves `window` times less far.
LONGEST = 1.5

#: The most centres in a step, that is, between two updates of the table, by `sg`. With the
#: hierarchical softmax there are fewer, because all words share the nodes near its root.
STEP = {0: 1024, 1: 512}
HS_STEP = 256

#: The least number of steps in an epoch, unless they would be shorter than a block. With fewer, a
#: small corpus is learned worse than by gensim, which takes one step for each pair.
STEPS = 300

#: The loss is measured once in this many steps, because its value costs a seventh of a step.
MEASURED = 4


class Learned(NamedTuple):
    """The result of a pass. A loss is that of a pair in skip-gram, and in CBOW that of a centre.

    Attributes:
        words: The words of the pass.
        loss: The sum of the losses that were measured.
        measured: Their number.
    """

    words: int
    loss: float
    measured: int


class Learner:
    """A table that learns from rows of words.

    Args:
        settings: Those of the model.
        vocabulary: Those of the model.
        table: The vectors of the inputs, the outputs and the nodes, one below the other.
        generator: Decides which words are kept, and draws windows and noise words.
        shared: Whether other processes change the table at the same time.
    """

    def __init__(
        self,
        settings: dict[str, Any],
        vocabulary: Vocabulary,
        table: NDArray[np.float32],
        generator: np.random.Generator,
        shared: bool = False,
    ) -> None:
        self.settings, self.vocabulary = settings, vocabulary
        self.sg, self.hs = settings["sg"], settings["hs"]
        self.negative, self.window = settings["negative"], settings["window"]
        self.shrink_windows, self.cbow_mean = settings["shrink_windows"], settings["cbow_mean"]
        self.table, self.generator, self.shared = table, generator, shared
        self.keep = vocabulary.keep_probabilities(settings["sample"])
        self.outputs = len(vocabulary)  # where their rows begin
        self.nodes = self.outputs * (2 if self.negative else 1)
        if self.negative:
            self.noise = vocabulary.noise(settings["ns_exponent"])
        if self.hs:
            self.tree = Tree(*vocabulary.huffman())
        most = HS_STEP if self.hs else STEP[self.sg]
        self.step = min(max(vocabulary.total // STEPS, BLOCK), most)
        self.longest = LONGEST / (1 if self.sg or self.cbow_mean else self.window)

    def learn(self, words: NDArray[Any], sentences: NDArray[Any], rate: float) -> Learned:
        """Learn from a row of words: their numbers, and those of their sentences."""
        seen = len(words)
        kept = self.generator.random(seen) < self.keep[words]
        words, sentences = words[kept], sentences[kept]
        if not len(words):
            return Learned(seen, 0.0, 0)
        # No window reaches beyond the longest sentence.
        window = max(min(self.window, int(np.bincount(sentences).max()) - 1), 1)
        reach: Any = window
        if self.shrink_windows:
            reach = np.minimum(self.generator.integers(1, self.window + 1, len(words)), window)
        parts = 1 if self.sg else PARTS
        centres, places, pairs, counts = windows(
            words, sentences, reach, window, BLOCK, self.step, parts
        )
        steps, blocks, _ = centres.shape
        there: Any
        back: Any
        there = back = true = pairs
        if not self.sg:
            shares = 1 / np.maximum(counts, 1)
            means = pairs * shares.reshape(*pairs.shape[:3], 1)
            there, back = (means, pairs) if self.cbow_mean else (pairs, means)
            true = np.minimum(counts, 1)[:, :, np.newaxis]
        rows, weights, signs = self._targets(centres, true, window, rate)
        outputs_shape = blocks, rows.shape[2], self.table.shape[1]
        numbers = np.concatenate([places, rows.reshape(steps, -1)], axis=1)
        read = Rows(self.table, numbers, self.longest, self.shared)
        first = places.shape[1]
        total, measured = 0.0, 0
        for i in range(steps):
            values = read.take(i)
            inputs = Tensor(values[:first], requires_grad=True)
            outputs = Tensor(values[first:].reshape(outputs_shape), requires_grad=True)
            scores = self._scores(inputs, outputs, Tensor(there[i]), Tensor(back[i]))
            loss_of = unmeasured_loss if i % MEASURED else logistic_loss
            loss = loss_of(scores, Tensor(weights[i]), Tensor(signs[i]))
            if not i % MEASURED:
                total += loss.item()
                measured += int((counts[i] if self.sg else true[i]).sum())
            loss.backward(np.float32(rate))
            read.descend(inputs.grad, outputs.grad)
        return Learned(seen, total, measured)

    def _scores(self, inputs: Tensor, outputs: Tensor, there: Tensor, back: Tensor) -> Tensor:
        """Return the scores of a step; the last two say which centre meets which place."""
        scores: Tensor
        if self.sg:
            near = stretches(inputs, there)
            scores = scores_in_turn(outputs, near, there) if self.negative else outputs @ near
        else:
            sums = window_sums(inputs, there, back)
            scores = (scores_of_means if self.negative else scores_of_all)(outputs, sums)
        return scores

    def _targets(self, centres: Any, true: Any, window: int, rate: float) -> Targets:
        """Choose the rows of the table that centres are predicted with."""
        targets = []
        if self.negative:
            steps, blocks, _ = centres.shape
            pushes = BLOCK * self.negative
            if self.sg:
                pushes *= min(self.window + 1, 2 * window) if self.shrink_windows else 2 * window
            wanted = math.ceil(rate * pushes**2 / PUSH[self.sg])
            size = min(max(wanted, NOISE[self.sg]), MOST_NOISE)
            # One from each of `size` equal parts of the distribution, which spreads them better
            # than independent draws. Together they count as `negative` words for each pair.
            draws = (self.generator.random((steps, blocks, size)) + np.arange(size)) / size
            noise = np.searchsorted(self.noise, draws, "right")
            targets.append(
                negatives(centres, true, noise, self.negative / size).moved(self.outputs)
            )
        if self.hs:
            targets.append(self.tree.paths(centres, true).moved(self.nodes))
        return targets[0] if len(targets) == 1 else joined(*targets)


# -- applying the gradients ----------------------------------------------------------------------
#
# The same row may occur many times in a step, and NumPy is slow to add repeated rows (`np.add.at`
# and `np.add.reduceat` take as long as element by element). So the occurrences are ordered in
# rounds: the first of every row, then the second of every row that has one, and so on, with the
# most frequent row always in front. Each round is then one sum of two slices of an array, and the
# table is read and written once. Words have very uneven frequencies: after a few rounds few
# occurrences are left, and these are added the slow way.

#: The number of rounds; later occurrences, of the most frequent rows, are added the slow way.
ROUNDS = 8


class Plan(NamedTuple):
    """The way to read and update the rows of a step, some of which occur repeatedly.

    Attributes:
        rows: The distinct rows, the most frequent first.
        places: The index in `rows` of each occurrence.
        order: The occurrences, round by round.
        begins: Where each round begins in `order`, and last where the remaining occurrences begin.
    """

    rows: NDArray[Any]
    places: NDArray[Any]
    order: NDArray[Any]
    begins: list[int]


def plans(numbers: NDArray[Any]) -> list[Plan]:
    """Return the plan for each line of `numbers`, `(steps, k)`.

    Planning many steps at a time costs little more than planning one.
    """
    steps, k = numbers.shape
    places = np.arange(steps * k)
    step = places // k
    span, bits = int(numbers.max()) + 1, places.size.bit_length()
    keys = ((step * span + numbers.ravel()) << bits) | places
    keys.sort()  # all of one row in one step are adjacent
    occurrence, groups = keys & ((1 << bits) - 1), keys >> bits
    starts = np.flatnonzero(np.append(True, groups[1:] != groups[:-1]))
    counts = np.diff(starts, append=places.size)
    # Within each step, the most frequent rows come first.
    of_step = starts // k
    frequent = np.argsort((of_step << bits) - counts, kind="stable")
    firsts = np.searchsorted(of_step, np.arange(steps + 1))
    rank = np.empty_like(frequent)
    rank[frequent] = np.arange(frequent.size) - firsts[of_step]
    rows = groups[starts[frequent]] - of_step * span
    # An occurrence goes after the earlier rounds of its step, in the place of its row.
    rank = np.repeat(rank, counts)
    turn = places - np.repeat(starts, counts)
    most = int(counts.max())
    cell = step * most + turn
    sizes = np.bincount(cell, minlength=steps * most).reshape(steps, most)
    begins = np.cumsum(sizes, axis=1) - sizes
    order, place = np.empty_like(places), np.empty_like(places)
    order[step * k + begins.ravel()[cell] + rank] = occurrence - step * k
    place[occurrence] = rank
    order, place = order.reshape(steps, k), place.reshape(steps, k)
    ends = np.append(begins, np.full((steps, 1), k), 1)[:, : ROUNDS + 1].tolist()
    bounds = [slice(*ends) for ends in pairwise(firsts.tolist())]
    return [Plan(rows[bounds[i]], place[i], order[i], ends[i]) for i in range(steps)]


class Rows:
    """The rows of a table that each step reads and then updates.

    Args:
        table: The table.
        numbers: `(steps, k)`, the rows of each step.
        longest: The farthest that a step moves a row.
        shared: Whether other processes change the table at the same time.
    """

    def __init__(
        self, table: NDArray[Any], numbers: NDArray[Any], longest: float, shared: bool = False
    ) -> None:
        self.table, self.shared = table, shared
        self.plans = plans(numbers)
        self.longest = longest
        k, size = numbers.shape[1], table.shape[1]
        self.gradients, self.sums = np.empty((2, k, size), table.dtype)

    def take(self, step: int) -> NDArray[Any]:
        """Return the rows of a step, `(k, size)`."""
        self.plan = self.plans[step]
        self.held = self.table.take(self.plan.rows, axis=0)
        return self.held.take(self.plan.places, axis=0)

    def descend(self, *gradients: NDArray[Any]) -> None:
        """Subtract the gradients of the rows taken: arrays that have k rows together."""
        rows, places, order, begins = self.plan
        size = self.table.shape[1]
        values = np.concatenate([g.reshape(-1, size) for g in gradients], out=self.gradients)
        values = values.take(order, axis=0, out=self.sums, mode="clip")
        total = values[: len(rows)]
        for begin, end in pairwise(begins[1:]):
            total[: end - begin] += values[begin:end]
        if begins[-1] < len(order):
            left = places[order[begins[-1] :]]
            which = np.arange(left.max() + 1)[:, np.newaxis] == left
            total[: len(which)] += which.astype(total.dtype) @ values[begins[-1] :]
        lengths = np.vecdot(total, total)
        if not lengths.max() <= self.longest**2:
            total *= (self.longest / np.sqrt(np.maximum(lengths, self.longest**2)))[:, np.newaxis]
        if self.shared:  # others may have changed them in the meantime
            self.held = self.table.take(rows, axis=0)
        self.held -= total
        self.table[rows] = self.held
