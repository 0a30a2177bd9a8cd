"""A step of many pairs, against the same pairs written out one by one."""

import numpy as np
import pytest

from nn.models.word2vec import Vocabulary, learner, outputs
from nn.models.word2vec.learner import ROUNDS, Learner, Rows, plans

DEFAULTS = {
    "sg": 0,
    "hs": 0,
    "negative": 5,
    "window": 3,
    "ns_exponent": 0.75,
    "cbow_mean": 1,
    "sample": 0,
    "shrink_windows": True,
}
RATE = 0.01


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def vocabulary(count):
    return Vocabulary([str(i) for i in range(count)], np.arange(count, 0, -1) * 10)


def written_out(table, words, sentences, settings, rng):
    """How far each row goes down, pair by pair; draws as the learner does, of one block."""
    count, n = 12, len(words)
    vocab = vocabulary(count)
    rng.random(n)
    window = settings["window"]
    reach = rng.integers(1, window + 1, n) if settings["shrink_windows"] else np.full(n, window)
    size = learner.NOISE[settings["sg"]]
    first, nodes = count, count * (2 if settings["negative"] else 1)
    moves = np.zeros_like(table)
    if settings["negative"]:
        draws = (rng.random((1, 1, size)) + np.arange(size)) / size
        noise = np.searchsorted(vocab.noise(0.75), draws[0, 0], "right")
    depths, points, codes = vocab.huffman()
    begins = np.cumsum(depths) - depths

    def learn(h, centre, ahead=0):
        """The gradient of one prediction of a centre from h, which meets its row ahead."""
        found = np.zeros_like(h)
        targets = []
        same = 0
        if settings["negative"]:
            weight = settings["negative"] / size
            same = weight * (noise == centre).sum()
            targets += [(first + centre, 1, 1)]
            targets += [(first + w, 0, weight) for w in noise if w != centre]
        if settings["hs"]:
            for place in range(begins[centre], begins[centre] + depths[centre]):
                targets.append((nodes + points[place], not codes[place], 1))
        for row, label, weight in targets:
            error = weight * (sigmoid(table[row] @ h) - label)
            moves[row] += error * h
            if row == first + centre:
                # Its noise words of the same word, which cancel, are not ahead.
                error_ahead = error - same * sigmoid(table[row] @ h)
                found -= error_ahead * ahead
            found += error * table[row]
        return found

    for i in range(n):
        near = [
            j
            for j in range(max(i - reach[i], 0), min(i + reach[i] + 1, n))
            if j != i and sentences[i] == sentences[j]
        ]
        if settings["sg"]:
            ahead = dict.fromkeys(near, 0)
            if settings["negative"]:  # what the other pairs do to the centre, if that is not far
                row = table[first + words[i]]
                equal = settings["negative"] / size * (noise == words[i]).sum()
                done = {
                    j: RATE * ((1 - equal) * sigmoid(row @ table[words[j]]) - 1) * table[words[j]]
                    for j in near
                }
                far = np.linalg.norm(sum(done.values()))
                shorter = outputs.AHEAD / max(far, outputs.AHEAD)
                ahead = {j: (sum(done.values()) - done[j]) * shorter for j in near}
            for j in near:
                moves[words[j]] += learn(table[words[j]], words[i], ahead[j])
        elif near:
            h = table[words[near]].sum(axis=0)
            mean = settings["cbow_mean"]
            gradient = learn(h / len(near) if mean else h, words[i])
            for j in near:  # as in gensim: all of a mean's gradient, and its share of a sum's
                moves[words[j]] += gradient if mean else gradient / len(near)
    return RATE * moves


@pytest.mark.parametrize(("shrink_windows", "ahead"), [(False, 0.25), (True, 0.25), (True, 0.01)])
@pytest.mark.parametrize(("hs", "negative"), [(0, 5), (0, 12), (1, 0), (1, 5)])
@pytest.mark.parametrize(("sg", "cbow_mean"), [(1, 1), (0, 1), (0, 0)])
def test_a_step_is_the_sum_of_its_pairs(
    sg, cbow_mean, hs, negative, shrink_windows, ahead, monkeypatch
):
    monkeypatch.setattr(outputs, "AHEAD", ahead)
    monkeypatch.setattr(learner, "PUSH", {0: 1e9, 1: 1e9})
    settings = DEFAULTS | {
        "sg": sg,
        "hs": hs,
        "negative": negative,
        "cbow_mean": cbow_mean,
        "shrink_windows": shrink_windows,
    }
    rng = np.random.default_rng(3)
    table = rng.standard_normal((36, 4)).astype(np.float32) / 2  # no move is longer than the bound
    words, sentences = rng.integers(0, 12, 30), np.repeat([0, 1, 2], [1, 20, 9])
    before = table.astype(float)
    expected = written_out(before, words, sentences, settings, np.random.default_rng(8))
    learning = Learner(settings, vocabulary(12), table, np.random.default_rng(8))
    seen, loss, measured = learning.learn(words, sentences, RATE)
    assert seen == 30
    assert measured
    assert loss > 0
    np.testing.assert_allclose(before - table, expected, atol=2e-6)


@pytest.mark.parametrize("sg", [0, 1])
def test_many_noise_words_are_drawn_where_pushes_are_strong(sg, monkeypatch):
    drawn = []
    noise = learner.negatives
    monkeypatch.setattr(
        learner, "negatives", lambda c, t, n, s: drawn.append((n.shape[2], s)) or noise(c, t, n, s)
    )
    table = np.zeros((24, 4), np.float32)
    for negative, window, rate in ((1, 1, 0.025), (12, 5, 0.01), (20, 9, 0.25)):
        settings = DEFAULTS | {"sg": sg, "negative": negative, "window": window}
        learning = Learner(settings, vocabulary(12), table, np.random.default_rng(0))
        learning.learn(np.arange(12), np.zeros(12, int), rate)
    (few, _), (more, share), (most, _) = drawn
    assert few == learner.NOISE[sg]
    assert few <= more < most <= learner.MOST_NOISE
    assert share == 12 / more


def test_words_are_thinned_out_as_the_sample_says():
    settings = DEFAULTS | {"sample": 1e-9}
    table = np.zeros((24, 4), np.float32)
    learning = Learner(settings, vocabulary(12), table, np.random.default_rng(0))
    assert learning.learn(np.arange(12), np.zeros(12, int), 0.1) == (12, 0.0, 0.0)
    assert not table.any()


def test_steps_are_at_least_so_many_in_an_epoch():
    settings = DEFAULTS | {"sg": 1}
    steps = []
    for count in (10, 10_000, 10_000_000):
        vocab = Vocabulary(["a", "b"], [count, count])
        steps.append(Learner(settings, vocab, np.zeros((4, 2), np.float32), None).step)
    assert steps == [learner.BLOCK, 20_000 // learner.STEPS, learner.STEP[1]]


@pytest.mark.parametrize("hs", [0, 1])
@pytest.mark.parametrize(("sg", "cbow_mean"), [(1, 1), (0, 1), (0, 0)])
def test_a_step_is_computed_in_single_precision(sg, cbow_mean, hs, monkeypatch):
    seen = []
    loss = learner.logistic_loss
    monkeypatch.setattr(learner, "logistic_loss", lambda *x: seen.extend(x) or loss(*x))
    settings = DEFAULTS | {"sg": sg, "hs": hs, "cbow_mean": cbow_mean}
    table = np.zeros((36, 4), np.float32)
    learning = Learner(settings, vocabulary(12), table, np.random.default_rng(0))
    learning.learn(np.arange(12), np.zeros(12, int), 0.01)
    assert [x.dtype for x in seen] == [np.float32] * 3


@pytest.mark.parametrize("sg", [0, 1])
def test_a_window_wider_than_all_sentences_is_that_of_the_longest(sg):
    words, sentences = np.arange(12), np.repeat([0, 1, 2], [1, 6, 5])
    tables = []
    for window in (5, 500):
        rng = np.random.default_rng(0)
        table = rng.standard_normal((24, 4)).astype(np.float32)
        settings = DEFAULTS | {"sg": sg, "window": window, "shrink_windows": False, "negative": 1}
        Learner(settings, vocabulary(12), table, rng).learn(words, sentences, 1e-4)
        tables.append(table)
    np.testing.assert_array_equal(*tables)


def test_windows_that_all_sentences_end_draw_the_noise_words_of_whole_ones(monkeypatch):
    drawn = []
    noise = learner.negatives
    monkeypatch.setattr(
        learner, "negatives", lambda c, t, n, s: drawn.append(n.shape[2]) or noise(c, t, n, s)
    )
    for window, shrink in ((500, True), (5, False), (5, True)):
        settings = DEFAULTS | {"sg": 1, "window": window, "shrink_windows": shrink}
        table, rng = np.zeros((24, 4), np.float32), np.random.default_rng(0)
        learning = Learner(settings | {"negative": 10}, vocabulary(12), table, rng)
        learning.learn(np.arange(12), np.repeat([0, 1], 6), 0.01)
    whole, same, shrunk = drawn
    assert whole == same > shrunk


# -- applying the gradients, against `np.subtract.at` --------------------------------------------


@pytest.mark.parametrize("words", [1, 3, 100])
def test_plans_order_occurrences_by_round(words):
    numbers = np.random.default_rng(words).integers(0, words, (3, 20))
    for step, plan in zip(numbers, plans(numbers), strict=True):
        counts = np.bincount(step)[plan.rows]
        assert np.all(np.diff(counts) <= 0)
        np.testing.assert_array_equal(plan.rows[plan.places], step)
        rounds = np.diff(plan.begins)
        assert rounds.tolist() == [(counts > i).sum() for i in range(len(rounds))]
        assert len(plan.order) - plan.begins[-1] == np.maximum(counts - ROUNDS, 0).sum()
        np.testing.assert_array_equal(np.sort(plan.order), np.arange(20))


@pytest.mark.parametrize("shared", [False, True])
@pytest.mark.parametrize("words", [1, 3, 100])
def test_every_occurrence_of_a_row_is_subtracted_once(words, shared):
    rng = np.random.default_rng(words)
    numbers = rng.integers(0, words, (3, 20))
    table = rng.standard_normal((words, 2))
    expected = table.copy()
    rows = Rows(table, numbers, np.inf, shared)
    for i, step in enumerate(numbers):
        np.testing.assert_allclose(rows.take(i), expected[step], atol=1e-12)
        gradients = rng.standard_normal((20, 2))
        rows.descend(gradients[:5].reshape(5, 1, 2), gradients[5:])
        np.subtract.at(expected, step, gradients)
        np.testing.assert_allclose(table, expected, atol=1e-12)


def test_a_row_moves_no_farther_than_the_longest():
    table = np.zeros((3, 2))
    rows = Rows(table, np.array([[0, 1, 1, 2]]), 5.0)
    rows.take(0)
    rows.descend(np.array([[3.0, 4], [6, 8], [24, 32], [0, 0]]))
    np.testing.assert_allclose(table, [[-3, -4], [-3, -4], [0, 0]])


def test_what_others_did_to_a_shared_row_is_kept():
    table = np.zeros((2, 1))
    rows = Rows(table, np.array([[0, 1]]), np.inf, shared=True)
    rows.take(0)
    table += 10
    rows.descend(np.array([[1.0], [2.0]]))
    np.testing.assert_array_equal(table, [[9], [8]])
