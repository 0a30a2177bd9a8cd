import numpy as np
import pytest

import nn


@pytest.mark.parametrize(
    ("losses", "best"),
    [([], None), ([2.0, 1.0, 1.0, 3.0], 2), ([np.nan, 3.0, -np.inf], 2), ([np.nan], None)],
)
def test_best_epoch_is_the_first_of_the_lowest_finite_loss(losses, best):
    assert nn.History(validation_loss=losses).best_epoch == best


def test_history_grows_by_an_epoch_and_returns_the_last():
    history = nn.History()
    history.add((3.0, {"f1": 0.1}), 0.5)
    assert history.last() == ((3.0, {"f1": 0.1}), None)
    history.add((2.0, {"f1": 0.2}), 0.25)
    history.add_validation((2.5, {"f1": 0.15}))
    assert history.last() == ((2.0, {"f1": 0.2}), (2.5, {"f1": 0.15}))
    assert history.loss == [3.0, 2.0]
    assert history.metrics == {"f1": [0.1, 0.2]}
    assert history.lr == [0.5, 0.25]
