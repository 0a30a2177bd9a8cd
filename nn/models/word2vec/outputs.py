"""The outputs of a block: noise words (negative sampling), or nodes of a Huffman tree (hierarchical
softmax).

Either way some rows of the table are scored with the inputs of a block: `Targets`. The score
`outputs[i] @ inputs[j]` counts `weights[i, j]` times, and should be large in `true[i, j]` of them.
Where both are 0, there is no such pair.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from autograd import rule
from autograd.typing import Array

# -- the loss -----------------------------------------------------------------------------------


def _logistic_loss(scores: Any, weights: Any, true: Any) -> Any:
    size = np.abs(scores)
    np.exp(np.negative(size, out=size), out=size)
    size += 1
    softplus = np.log(size, out=size)
    softplus += np.maximum(scores, 0)
    loss = np.vdot(weights, softplus)
    return loss - np.vdot(true, scores[:, : true.shape[1]])


def _logistic_loss_vjp(g: Any, _: Any, scores: Any, weights: Any, true: Any) -> Any:
    d = scores * np.float32(0.5)
    np.tanh(d, out=d)  # 2 sigmoid(scores) - 1, the fastest way to compute a sigmoid
    d += 1
    d *= weights
    d *= g * np.float32(0.5)
    d[:, : true.shape[1]] -= g * true
    return d


#: The logistic loss of pairs, the sum of `weights * softplus(scores) - true * scores`. The last
#: two are constants: how much a pair counts, and how much of that is true. `true` may have fewer
#: rows than the scores; the pairs of the other rows are false.
logistic_loss = rule(_logistic_loss, _logistic_loss_vjp, None, None)

#: The same if only the gradient is needed: the value is NaN.
unmeasured_loss: Callable[..., Any] = rule(
    lambda _scores, _weights, _true: np.float32(np.nan),
    _logistic_loss_vjp,
    None,
    None,
    name="unmeasured_loss",
)


def scores_of_all(outputs: Array, inputs: Array) -> Array:
    """Return scores (blocks, m, n) of outputs (blocks, m, size) with n inputs for each block."""
    inputs = np.reshape(inputs, (outputs.shape[0], -1, outputs.shape[2]))
    return outputs @ np.swapaxes(inputs, 1, 2)


#: The farthest that other inputs move the centre that an input meets; see `scores_in_turn`.
AHEAD = 0.25


def _scores_in_turn_vjp(g: Any, _: Any, outputs: Any, inputs: Any, _pairs: Any) -> Any:
    of_outputs = g @ np.swapaxes(inputs, 1, 2)
    block = _pairs.shape[1]
    own = part = g[:, :block]
    step = of_outputs[:, :block]
    squares = np.vecdot(step, step)[..., np.newaxis]
    if squares.max() > AHEAD**2:
        shorter = AHEAD / np.sqrt(np.maximum(squares, AHEAD**2))
        part, step = shorter * part, shorter * step
    met = outputs.copy()
    met[:, :block] -= step
    of_inputs = np.swapaxes(met, 1, 2) @ g
    # An input does not meet its own change of the centre.
    itself = np.vecdot(np.swapaxes(part, 1, 2), np.swapaxes(own, 1, 2))
    of_inputs += inputs * itself[:, np.newaxis]
    return of_outputs, of_inputs, None


#: Skip-gram's scores (blocks, m, n) of `outputs` (blocks, m, size), the centres first, with
#: `inputs` (blocks, size, n); of `pairs` (blocks, block, n) only the shape is read.
#:
#: Sequential training takes the words of a window in turn: each meets the centre as those before it
#: have left it, and the next centre meets each word as this one has left it. Here they all come at
#: once, and without a correction would learn a tenth more slowly than gensim's. So the outputs go
#: first: an input gets the gradient with respect to a centre that the other inputs of the block
#: have moved (the cotangent of the scores includes the learning rate), but by `AHEAD` at most.
scores_in_turn: Callable[..., Any] = rule(
    lambda outputs, inputs, _pairs: outputs @ inputs,
    joint=_scores_in_turn_vjp,
    name="scores_in_turn",
)


def _scores_of_means(outputs: Any, means: Any) -> Any:
    blocks, m, size = outputs.shape
    means = means.reshape(blocks, -1, size)
    block = means.shape[1]
    scores = np.empty((blocks, 1 + m - block, block), means.dtype)
    np.vecdot(outputs[:, :block], means, out=scores[:, 0])
    np.matmul(outputs[:, block:], np.swapaxes(means, 1, 2), out=scores[:, 1:])
    return scores


def _scores_of_means_vjp(g: Any, _: Any, outputs: Any, means: Any) -> Any:
    shape, block = means.shape, g.shape[2]
    means = means.reshape(-1, block, shape[-1])
    own, shared = g[:, 0, :, np.newaxis], g[:, 1:]
    of_outputs = np.empty_like(outputs)
    np.multiply(own, means, out=of_outputs[:, :block])
    np.matmul(shared, means, out=of_outputs[:, block:])
    of_means = np.swapaxes(shared, 1, 2) @ outputs[:, block:]
    of_means += own * outputs[:, :block]
    return of_outputs, of_means.reshape(shape)


#: In CBOW each centre has an input of its own, so centres are not scored with the inputs of others.
#: Scores (blocks, 1 + rest, block), from `outputs` (blocks, block + rest, size), the centres first,
#: and `means`, one for each centre: the first row has each centre with its own mean; the rows below
#: have the other outputs with all means.
scores_of_means = rule(_scores_of_means, joint=_scores_of_means_vjp)


# -- the targets --------------------------------------------------------------------------------


class Targets(NamedTuple):
    """The rows that inputs are scored with.

    Attributes:
        rows: `(steps, blocks, m)`, numbers of outputs.
        weights: `(steps, blocks, m, n)`, how often the score of a row with an input counts.
        true: `(steps, blocks, at most m, n)`, how often it is that of a true pair.
    """

    rows: NDArray[Any]
    weights: NDArray[Any]
    true: NDArray[Any]

    def moved(self, begin: int) -> Targets:
        """Return the same targets in a table where the outputs begin at row `begin`."""
        return self._replace(rows=self.rows + begin)


def joined(one: Targets, other: Targets) -> Targets:
    """Return the targets of both."""
    lacking = one.weights.shape[2] - one.true.shape[2]
    true = np.pad(one.true, ((0, 0), (0, 0), (0, lacking), (0, 0)))
    parts = zip(one._replace(true=true), other, strict=True)
    return Targets(*(np.concatenate(both, axis=2) for both in parts))


def negatives(
    centres: NDArray[Any], true: NDArray[Any], noise: NDArray[Any], share: float
) -> Targets:
    """Return the targets of negative sampling.

    As in gensim, a noise word that equals a pair's centre does not count for that pair: the two
    have the same score, so its weight is subtracted from the centre's.

    Args:
        centres: `(steps, blocks, block)`.
        true: `(steps, blocks, block, n)`, 1 where a centre is predicted from an input; in CBOW,
            `(steps, blocks, 1, block)`.
        noise: `(steps, blocks, size)`, the noise words of each block.
        share: The part of a word that each noise word counts as.
    """
    size = noise.shape[2]
    equal: NDArray[Any] = np.flatnonzero(centres[..., None] == noise[..., None, :])
    equal = np.bincount(equal // size, minlength=centres.size).reshape(centres.shape)
    own = (1 - share * equal).astype(np.float32)
    first = true.shape[2]
    weights = np.empty((*noise.shape[:2], first + size, true.shape[3]), np.float32)
    own = own[:, :, np.newaxis] if first == 1 else own[..., np.newaxis]
    np.multiply(true, own, out=weights[:, :, :first])
    weights[:, :, first:] = true.sum(axis=2, keepdims=True) * share
    return Targets(np.concatenate([centres, noise], axis=2), weights, true)


class Tree:
    """The paths from the root of a Huffman tree to its words, for the hierarchical softmax.

    With a score s at a node, the turn False has the probability sigmoid(s). The arguments come from
    `Vocabulary.huffman`.
    """

    def __init__(self, depths: NDArray[Any], points: NDArray[Any], codes: NDArray[Any]) -> None:
        self.depth = depths
        self.begin = np.cumsum(depths) - depths
        self.points = np.append(points, np.int32(0))  # so that it is never empty
        self.left = np.append(~codes, False)

    def paths(self, centres: NDArray[Any], true: NDArray[Any]) -> Targets:
        """Return the nodes on the paths to the centres of each block, each node once.

        (Near the root, all centres share them.) Blocks with fewer nodes are padded with nodes of
        weight 0.
        """
        steps, blocks, block = centres.shape
        depth = self.depth[centres]
        most = max(int(depth.max()), 1)  # a lone word has no path
        step = np.arange(most)
        on_path = step < depth[..., np.newaxis]
        places = np.where(on_path, self.begin[centres][..., np.newaxis] + step, 0)
        group = np.repeat(np.arange(steps * blocks), block * most)[on_path.ravel()]
        nodes, left = self.points[places][on_path], self.left[places][on_path]
        keys, which = np.unique(group * len(self.points) + nodes, return_inverse=True)
        group_of, node = np.divmod(keys, len(self.points))
        first = np.searchsorted(group_of, np.arange(steps * blocks))
        count = max(int(np.diff(first, append=len(keys)).max(initial=0)), 1)
        rows = np.zeros((steps * blocks, count), np.intp)
        rows[group_of, np.arange(len(keys)) - first[group_of]] = node
        # Which centre has which of the nodes, and turns left there.
        has = np.zeros((2, steps * blocks, count, block), np.float32)
        centre = np.repeat(np.arange(centres.size), most)[on_path.ravel()] % block
        has[:, group, which - first[group], centre] = np.stack([np.ones(left.shape), left])
        has = has.reshape(2, steps, blocks, count, block)
        weights, true = has * true if true.shape[2] == 1 else has @ true
        return Targets(rows.reshape(steps, blocks, count), weights, true)
