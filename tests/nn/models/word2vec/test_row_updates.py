"""Gradients taken off rows that occur many times, against `np.subtract.at`."""

import numpy as np
import pytest

from nn.models.word2vec.row_updates import ROUNDS, Rows, plans


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
