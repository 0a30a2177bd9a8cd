"""The losses of word2vec against closed forms."""

import math

import numpy as np
import pytest

from autograd import gradcheck
from nn.models.word2vec import Vocabulary
from nn.models.word2vec.outputs import (
    Tree,
    joined,
    logistic_loss,
    negatives,
    scores_of_all,
    scores_of_means,
    unmeasured_loss,
)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


@pytest.mark.parametrize("true_rows", [1, 4])
def test_logistic_loss_has_the_gradient_of_its_value(true_rows):
    rng = np.random.default_rng(0)
    weights, true = rng.random((2, 4, 3)), rng.random((2, true_rows, 3))
    scores = rng.standard_normal((2, 4, 3)) * 3
    value = (weights * np.log1p(np.exp(scores))).sum() - (true * scores[:, :true_rows]).sum()
    np.testing.assert_allclose(logistic_loss(scores, weights, true), value, rtol=1e-12)
    assert gradcheck(lambda s: logistic_loss(s, weights, true), scores, order=1)


def test_unmeasured_loss_has_no_value_and_the_same_gradient():
    rng = np.random.default_rng(0)
    weights, true, scores = rng.random((1, 4, 3)), rng.random((1, 2, 3)), rng.random((1, 4, 3))
    assert math.isnan(unmeasured_loss(scores, weights, true))
    for rule in (logistic_loss, unmeasured_loss):
        assert rule.vjps[0] is logistic_loss.vjps[0]


@pytest.mark.parametrize(("score", "true", "loss"), [(-1e30, 0, 0), (1e4, 1, 0), (1e4, 0, 1e4)])
def test_logistic_loss_of_large_scores_is_finite(score, true, loss):
    scores, weights, true = (np.full((1, 1, 1), x, np.float32) for x in (score, 1, true))
    assert logistic_loss(scores, weights, true) == loss


def test_scores_of_means_score_a_centre_with_its_own_mean_and_the_rest_with_all():
    rng = np.random.default_rng(0)
    outputs, means = rng.standard_normal((2, 7, 3)), rng.standard_normal((4, 2, 3))
    scores = scores_of_means(outputs, means)
    of_block = means.reshape(2, 4, 3)
    for block in range(2):
        for j in range(4):
            mean = of_block[block, j]
            expected = [outputs[block, j] @ mean, *(outputs[block, 4:] @ mean)]
            np.testing.assert_allclose(scores[block, :, j], expected)
    assert gradcheck(scores_of_means, outputs, means, order=1)


def test_scores_of_all_are_those_of_every_row_with_every_input():
    rng = np.random.default_rng(0)
    outputs, inputs = rng.standard_normal((2, 7, 3)), rng.standard_normal((4, 2, 3))
    expected = np.einsum("bmd,bnd->bmn", outputs, inputs.reshape(2, 4, 3))
    np.testing.assert_allclose(scores_of_all(outputs, inputs), expected)


@pytest.mark.parametrize("sg", [0, 1])
def test_negatives_are_weighted_as_pairs_one_by_one(sg):
    rng = np.random.default_rng(1)
    centres, noise = rng.integers(0, 6, (2, 3, 4)), rng.integers(0, 6, (2, 3, 8))
    true = rng.integers(0, 2, (2, 3, 4, 9) if sg else (2, 3, 1, 4)).astype(float)
    rows, weights, signs = negatives(centres, true, noise, 5 / 8)
    np.testing.assert_array_equal(rows, np.concatenate([centres, noise], axis=2))
    np.testing.assert_array_equal(signs, true)
    # Written out: the gradient of a pair's score with its centre, and with 5 of 8 of each noise
    # word that is not its centre, at scores that depend on the words alone.
    scores = rng.standard_normal(6)
    skipped = 0
    own = np.zeros_like(true)
    of_noise = np.zeros((2, 3, 8, true.shape[3]))
    for step, block, i, j in np.argwhere(true):
        centre = centres[step, block, i if sg else j]
        own[step, block, i, j] += sigmoid(scores[centre]) - 1
        for k, word in enumerate(noise[step, block]):
            if word == centre:
                skipped += 1
            else:
                of_noise[step, block, k, j] += 5 / 8 * sigmoid(scores[word])
    assert skipped
    first = true.shape[2]
    of_centres = np.moveaxis(np.broadcast_to(scores[centres], (1, 2, 3, 4)), 0, 2 if not sg else 3)
    found = weights[:, :, :first] * sigmoid(of_centres) - signs
    # A noise word that is the centre is left out by a lower weight of the centre's own score.
    equal = (
        (centres[..., None] == noise[..., None, :]).sum(axis=3) * 5 / 8 * sigmoid(scores[centres])
    )
    equal = equal[:, :, None] * true if not sg else equal[..., None] * true
    np.testing.assert_allclose(found, own - equal, atol=1e-6)
    kept = weights[:, :, first:] * sigmoid(scores[noise])[..., None]
    lost = np.zeros_like(kept)
    for step, block, i, j in np.argwhere(true):
        centre = centres[step, block, i if sg else j]
        same = noise[step, block] == centre
        lost[step, block, same, j] += 5 / 8 * sigmoid(scores[centre])
    np.testing.assert_allclose(kept - lost, of_noise, atol=1e-6)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 37])
@pytest.mark.parametrize("sg", [0, 1])
def test_hierarchical_softmax_has_probabilities_that_sum_to_one(count, sg):
    rng = np.random.default_rng(count)
    vocabulary = Vocabulary(
        [str(i) for i in range(count)], np.sort(rng.integers(1, 99, count))[::-1]
    )
    tree = Tree(*vocabulary.huffman())
    nodes, v = rng.standard_normal((max(count - 1, 1), 3)), rng.standard_normal(3)
    losses = []
    for word in range(count):
        true = np.ones((1, 1, 1, 1))
        rows, weights, signs = tree.paths(np.array([[[word]]]), true)
        scores = nodes[rows[0]] @ v[:, None]
        losses.append(float(logistic_loss(scores, weights[0], signs[0])))
    np.testing.assert_allclose(np.exp(np.negative(losses)).sum(), 1, rtol=1e-6)


@pytest.mark.parametrize("sg", [0, 1])
def test_paths_of_a_block_are_those_of_its_centres(sg):
    rng = np.random.default_rng(4)
    vocabulary = Vocabulary([str(i) for i in range(20)], np.arange(20, 0, -1))
    depths, points, codes = vocabulary.huffman()
    begins = np.cumsum(depths) - depths
    centres = rng.integers(0, 20, (2, 3, 4))
    true = rng.integers(0, 2, (2, 3, 4, 9) if sg else (2, 3, 1, 4)).astype(float)
    rows, weights, signs = Tree(depths, points, codes).paths(centres, true)
    expected = np.zeros((2, *weights.shape[:2], 19, weights.shape[3]))
    for step, block, i, j in np.argwhere(true):
        word = centres[step, block, i if sg else j]
        for place in range(begins[word], begins[word] + depths[word]):
            expected[0, step, block, points[place], j] += 1
            expected[1, step, block, points[place], j] += not codes[place]
    found = np.zeros_like(expected)
    for step, block, row in np.ndindex(rows.shape):
        found[0, step, block, rows[step, block, row]] += weights[step, block, row]
        found[1, step, block, rows[step, block, row]] += signs[step, block, row]
    np.testing.assert_array_equal(found, expected)


def test_joined_targets_are_true_where_each_was():
    rng = np.random.default_rng(5)
    vocabulary = Vocabulary(list("abcdef"), np.arange(6, 0, -1))
    centres, noise = rng.integers(0, 6, (1, 2, 4)), rng.integers(0, 6, (1, 2, 3))
    true = rng.integers(0, 2, (1, 2, 4, 5)).astype(float)
    one = negatives(centres, true, noise, 1.0)
    other = Tree(*vocabulary.huffman()).paths(centres, true).moved(10)
    rows, weights, signs = joined(one, other)
    np.testing.assert_array_equal(rows[:, :, :7], one.rows)
    assert rows[:, :, 7:].min() >= 10
    np.testing.assert_array_equal(weights[:, :, 7:], other.weights)
    np.testing.assert_array_equal(signs[:, :, :4], true)
    assert not signs[:, :, 4:7].any()
    np.testing.assert_array_equal(signs[:, :, 7:], other.true)
