"""The losses of word2vec against closed forms."""

import numpy as np
import pytest

from autograd import Tensor, gradcheck
from nn.models.word2vec import Vocabulary, Word2Vec
from nn.models.word2vec.outputs import Negatives, Paths, Tree, logistic_loss
from nn.models.word2vec.windows import windows
from tests.nn.models.word2vec.test_windows import random_row


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_logistic_loss_has_the_gradient_of_its_value():
    rng = np.random.default_rng(0)
    weights, true = rng.random((2, 4, 3)), rng.random((2, 4, 3))
    scores = rng.standard_normal((2, 4, 3)) * 3
    value = (weights * np.log1p(np.exp(scores))).sum()
    np.testing.assert_allclose(logistic_loss(scores, weights, None), value, rtol=1e-12)
    value -= (true * scores).sum()
    np.testing.assert_allclose(logistic_loss(scores, weights, true), value, rtol=1e-12)
    assert gradcheck(lambda s: logistic_loss(s, weights, true), scores, order=1)
    assert gradcheck(lambda s: logistic_loss(s, weights[:, :1], None), scores, order=1)


@pytest.mark.parametrize("sg", [0, 1])
def test_negative_sampling_has_the_gradient_of_the_closed_form(sg):
    rng = np.random.default_rng(1)
    words, sentences, reach = random_row(rng, 12)
    centres, _, pairs = windows(words % 6, sentences, reach, 4, 4, 8)
    true = pairs.astype(float) if sg else rng.integers(0, 2, centres.shape).astype(float)
    table, noise = rng.standard_normal((6, 3)), np.cumsum(np.full(6, 1 / 6))
    before = table.copy()
    target = Negatives(table, centres, true, noise, 8, 5, rng)
    inputs = rng.standard_normal((2, 12 if sg else 4, 3))
    v = Tensor(inputs, requires_grad=True)
    target.loss(1, v).backward()
    target.descend()
    # Written out pair by pair: 5 of 8 of each noise word, but of none that is the centre.
    dv, du = np.zeros_like(inputs), np.zeros_like(table)
    skipped = 0
    met = np.argwhere(true[1]) if sg else [(*at, at[1]) for at in np.argwhere(true[1])]
    for block, centre, j in met:
        c = centres[1, block, centre]
        false = [(f, 0, 5 / 8) for f in target.noise.numbers[1, block]]
        for word, label, weight in [(c, 1, 1), *false]:
            if label == 0 and word == c:
                skipped += 1
                continue
            error = weight * (sigmoid(before[word] @ inputs[block, j]) - label)
            dv[block, j] += error * before[word]
            du[word] += error * inputs[block, j]
    assert skipped
    np.testing.assert_allclose(v.grad, dv, atol=1e-6)
    np.testing.assert_allclose(before - table, du, atol=1e-6)


def test_noise_words_are_as_frequent_as_their_distribution_says():
    shares = np.array([0.5, 0.25, 0.2, 0.05])
    generator = np.random.default_rng(2)
    one = np.zeros((1, 5000, 1), int)
    drawn = Negatives(np.zeros((4, 1)), one, one * 1.0, np.cumsum(shares), 3, 5, generator)
    found = np.bincount(drawn.noise.numbers.ravel(), minlength=4) / 15000
    np.testing.assert_allclose(found, shares, atol=0.01)


@pytest.mark.parametrize("count", [1, 2, 3, 10, 37])
@pytest.mark.parametrize("sg", [0, 1])
def test_hierarchical_softmax_has_probabilities_that_sum_to_one(count, sg):
    rng = np.random.default_rng(count)
    vocabulary = Vocabulary(
        [str(i) for i in range(count)], np.sort(rng.integers(1, 99, count))[::-1]
    )
    tree = Tree(*vocabulary.huffman())
    nodes, v = rng.standard_normal((max(count - 1, 1), 3)), rng.standard_normal((1, 1, 3))
    words = np.arange(count).reshape(count, 1, 1)
    paths = Paths(nodes, words, np.ones((count, 1, 1, 1) if sg else (count, 1, 1)), tree)
    losses = [paths.loss(i, Tensor(v, requires_grad=True)).item() for i in range(count)]
    np.testing.assert_allclose(np.exp(np.negative(losses)).sum(), 1, rtol=1e-6)


@pytest.mark.parametrize("cbow_mean", [0, 1])
def test_cbow_predicts_from_the_mean_or_the_sum_with_gensims_gradient(cbow_mean):
    rng = np.random.default_rng(3)
    pairs = np.array([[[0, 1, 1, 0], [1, 0, 1, 1], [0, 0, 0, 0]]], float)
    shares = 1 / np.array([[[2], [3], [1]]])
    v = Tensor(rng.standard_normal((1, 4, 5)), requires_grad=True)
    hidden = Word2Vec(cbow_mean=cbow_mean)._predictors(v, pairs, shares)
    value, gradient = (shares * pairs, pairs) if cbow_mean else (pairs, shares * pairs)
    np.testing.assert_allclose(hidden.data, value @ v.data)
    g = rng.standard_normal(hidden.shape)
    hidden.backward(g)
    np.testing.assert_allclose(v.grad, np.swapaxes(gradient, 1, 2) @ g)
