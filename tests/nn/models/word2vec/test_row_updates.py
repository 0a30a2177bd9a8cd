"""Gradients taken off rows that occur many times, against `np.subtract.at`."""

import numpy as np
import pytest

from nn.models.word2vec.row_updates import ROUNDS, Rows, plans, subtract


@pytest.mark.parametrize("words", [1, 3, 100])
def test_every_occurrence_of_a_row_is_subtracted_once(words):
    rng = np.random.default_rng(words)
    numbers = rng.integers(0, words, (3, 20))
    table = np.zeros((words, 2))
    expected = table.copy()
    for step, plan in zip(numbers, plans(numbers), strict=True):
        counts = np.bincount(step)[plan.rows]
        assert np.all(np.diff(counts) <= 0)
        assert len(plan.left) == np.maximum(counts - ROUNDS, 0).sum()
        values = rng.standard_normal((20, 2))
        subtract(table, values, plan)
        np.subtract.at(expected, step, values)
        np.testing.assert_allclose(table, expected, atol=1e-12)


def test_rows_go_down_their_gradient():
    table = np.arange(8.0).reshape(4, 2)
    rows = Rows(table, np.array([[[1, 1]], [[3, 0]]]))
    (rows.take(0) * np.array([[[1.0, 2], [3, 4]]])).sum().backward()
    rows.descend()
    np.testing.assert_array_equal(table, [[0, 1], [-2, -3], [4, 5], [6, 7]])
    rows.take(1).sum().backward()
    rows.descend()
    np.testing.assert_array_equal(table, [[-1, 0], [-2, -3], [4, 5], [5, 6]])
