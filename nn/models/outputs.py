"""What words are predicted with: noise words to tell them from, or the nodes of a Huffman tree.

Both are given the centres of a row of words, (steps, blocks, block), and `true`: 1 where a centre
is to be predicted from an input of its block, (steps, blocks, block, n), or without the last axis
where each centre has one input of its own. Then, step by step, `loss(step, inputs)` is the
loss of the inputs, (blocks, n, size), and `descend()` takes its gradient off the table of outputs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, rule

from .rows import Rows


def _logistic_loss(scores: Any, weights: Any, true: Any) -> Any:
    size = np.abs(scores)
    np.exp(np.negative(size, out=size), out=size)
    size += 1
    softplus = np.log(size, out=size)
    softplus += np.maximum(scores, 0)
    loss = np.vdot(np.broadcast_to(weights, scores.shape), softplus)
    return loss if true is None else loss - np.vdot(true, scores)


def _logistic_loss_vjp(g: Any, _: Any, scores: Any, weights: Any, true: Any) -> Any:
    d = scores * np.float32(0.5)
    np.tanh(d, out=d)  # twice the sigmoid less 1: the fastest way to it
    d += 1
    d *= weights * (g * np.float32(0.5))
    if true is not None:
        d -= g * true
    return d


#: The logistic loss of pairs, the sum of `weights * softplus(scores) - true * scores`. The last
#: two are constants: how much a pair counts, and how much of that is of a true one.
logistic_loss = rule(_logistic_loss, _logistic_loss_vjp, None, None)


class Negatives:
    """The centres, and `size` noise words for each block, which all its pairs share.

    A pair has `negative` false words for its true one. The `size` words stand for them, each with
    the weight `negative / size`, so that the expected gradient is the same. They are drawn one
    from each of `size` equal parts of the `noise` (a cumulative distribution), which spreads
    them better than independent draws.
    """

    def __init__(
        self,
        table: Any,
        centres: Any,
        true: Any,
        noise: Any,
        size: int,
        negative: int,
        generator: np.random.Generator,
    ) -> None:
        draws = (generator.random((*centres.shape[:2], size)) + np.arange(size)) / size
        words = np.searchsorted(noise, draws, "right").astype(np.int32)
        share = np.float32(negative / size)
        # A noise word that is a pair's own centre does not count for that pair, as in gensim. Its
        # score is the pair's own, and there its weight is taken back.
        equal = np.flatnonzero(centres[..., None] == words[..., None, :])
        equal = np.bincount(equal // size, minlength=centres.size).reshape(centres.shape)
        own = (1 - share * equal).astype(np.float32)
        self.true = true
        if true.ndim == 4:
            self.weights = true * own[..., None]
            self.noise_weights = share * true.sum(axis=2, keepdims=True)
        else:
            self.weights = true * own
            self.noise_weights = share * true[:, :, None]
        self.centres = Rows(table, centres)
        self.noise = Rows(table, words)

    def loss(self, step: int, inputs: Tensor) -> Tensor:
        true, weights = self.true[step], self.weights[step]
        centres, noise = self.centres.take(step), self.noise.take(step)
        flipped = np.swapaxes(inputs, 1, 2)
        scores = centres @ flipped if true.ndim == 3 else np.vecdot(centres, inputs)
        of_noise = logistic_loss(noise @ flipped, self.noise_weights[step], None)
        return logistic_loss(scores, weights, true) + of_noise

    def descend(self) -> None:
        self.centres.descend()
        self.noise.descend()


class Tree:
    """The paths from the root of a Huffman tree to its words, for the hierarchical softmax.

    `depths`, `points`, `codes`: as `Vocabulary.huffman` gives them. A score s at a node gives the
    turn False the probability sigmoid(s).
    """

    def __init__(self, depths: Any, points: Any, codes: Any) -> None:
        self.depth = depths
        self.begin = np.cumsum(depths) - depths
        self.points = np.append(points, np.int32(0))  # never without a node
        self.left = np.append(~codes, False).astype(np.float32)


class Paths:
    """The nodes on the paths to the centres, padded to the longest with nodes of no weight."""

    def __init__(self, table: Any, centres: Any, true: Any, tree: Tree) -> None:
        depth = tree.depth[centres][..., None]
        step = np.arange(max(depth.max(), 1))  # a lone word has no path
        on_path = step < depth
        places = np.where(on_path, tree.begin[centres][..., None] + step, 0)
        self.on_path = on_path.astype(np.float32)
        self.left = self.on_path * tree.left[places]
        self.true = true
        self.nodes = Rows(table, tree.points[places])

    def loss(self, step: int, inputs: Tensor) -> Tensor:
        nodes = self.nodes.take(step)
        on_path, left, true = self.on_path[step], self.left[step], self.true[step][..., None]
        if self.true.ndim == 4:  # (blocks, block, 1, size, n)
            blocks, block, depth, size = nodes.shape
            scores = np.reshape(nodes, (blocks, -1, size)) @ np.swapaxes(inputs, 1, 2)
            scores = np.reshape(scores, (blocks, block, depth, -1))
            true = np.swapaxes(true, 2, 3)
            return logistic_loss(scores, true * on_path[..., None], true * left[..., None])
        return logistic_loss(np.vecdot(nodes, inputs[:, :, None]), true * on_path, true * left)

    def descend(self) -> None:
        self.nodes.descend()
