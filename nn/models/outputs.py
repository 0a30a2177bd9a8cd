"""What the vectors of a block are scored against: noise words, or the nodes of a Huffman tree.

Both give, for blocks of centres, the `numbers` (blocks, k) of rows in a table of outputs, and
`weigh(true, part)`, the weights of a `logistic_loss` for some of the blocks. There `true` is
(blocks, centres, n): 1 where a centre is to be predicted from the n-th input.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import rule, softplus


def _logistic_loss(scores: Any, weights: Any, true: Any) -> Any:
    return np.vdot(weights, softplus(scores)) - np.vdot(true, scores[:, : true.shape[1]])


def _logistic_loss_vjp(g: Any, _: Any, scores: Any, weights: Any, true: Any) -> Any:
    d = np.tanh(scores * np.float32(0.5))  # twice the sigmoid less 1: the fastest way to it
    d += 1
    d *= weights * (g * np.float32(0.5))
    d[:, : true.shape[1]] -= g * true
    return d


#: The logistic loss of pairs, the sum of `weights * softplus(scores) - true * scores`. `scores`
#: and `weights`: (blocks, k, n). `true`: (blocks, j, n), how much of the weight of the first j
#: rows is of true pairs. The last two are constants.
logistic_loss = rule(_logistic_loss, _logistic_loss_vjp, None, None)


class Negatives:
    """The centres themselves, and `size` noise words that all pairs of a block share.

    A pair has `negative` false words for its true one. The `size` words stand for them, each with
    the weight `negative / size`, so that the expected gradient is the same. They are drawn one
    from each of `size` equal parts of the `noise` (a cumulative distribution), which spreads
    them better than independent draws.
    """

    def __init__(
        self, centres: Any, noise: Any, size: int, negative: int, generator: np.random.Generator
    ) -> None:
        draws = (generator.random((len(centres), size)) + np.arange(size)) / size
        words = np.searchsorted(noise, draws, "right").astype(np.int32)
        self.numbers = np.concatenate([centres, words], axis=1)
        self.share = negative / size
        # A noise word that is a pair's own centre does not count for that pair, as in gensim. Its
        # score is the pair's own, and there its weight is taken back.
        equal = np.flatnonzero(centres[:, :, None] == words[:, None])
        equal = np.bincount(equal // size, minlength=centres.size).reshape(*centres.shape, 1)
        self.own = (1 - self.share * equal).astype(np.float32)

    def weigh(self, true: Any, part: slice) -> tuple[Any, Any]:
        blocks, centres, inputs = true.shape
        weights = np.empty((blocks, self.numbers.shape[1], inputs), np.float32)
        np.multiply(true, self.own[part], out=weights[:, :centres])
        weights[:, centres:] = np.full((1, centres), self.share, np.float32) @ true
        return weights, true


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

    def __init__(self, centres: Any, tree: Tree) -> None:
        depth = tree.depth[centres][:, :, None]
        step = np.arange(max(depth.max(), 1))  # a lone word has no path
        on_path = step < depth
        places = np.where(on_path, tree.begin[centres][:, :, None] + step, 0)
        self.numbers = tree.points[places].reshape(len(centres), -1)
        self.on_path = on_path[..., None].astype(np.float32)
        self.left = self.on_path * tree.left[places][..., None]

    def weigh(self, true: Any, part: slice) -> tuple[Any, Any]:
        shape = len(true), -1, true.shape[2]
        true = true[:, :, None]
        return (true * self.on_path[part]).reshape(shape), (true * self.left[part]).reshape(shape)
