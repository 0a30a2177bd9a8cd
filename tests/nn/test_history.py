import numpy as np
import pytest

import nn
from nn.history import accuracy


def test_means_weigh_batches_by_their_length():
    x, y = np.zeros((5, 1), np.float32), np.array([[0.0], [0], [0], [0], [10]], np.float32)
    model = nn.Linear(1, 1, bias=False)
    metrics = {"size": lambda outputs, targets: len(targets)}
    loss, values = nn.evaluate(model, nn.MSELoss(), (x, y), batch_size=4, metrics=metrics)
    assert loss == pytest.approx(20)
    assert values == {"size": (4 * 4 + 1) / 5}


def test_accuracy_has_the_classes_on_axis_1():
    outputs = np.zeros((2, 3, 4, 4))
    outputs[:, 1] = 1
    targets = np.ones((2, 4, 4), int)
    targets[0, 0, 0] = 2
    assert accuracy(outputs, targets) == 31 / 32


@pytest.mark.parametrize(
    ("outputs", "targets", "has"),
    [
        ((4, 3), np.zeros(4, int), True),
        ((4, 3, 2), np.zeros((4, 2), np.uint8), True),
        ((4, 3), np.zeros(4), False),
        ((4, 1), np.zeros((4, 1), int), False),
        ((4,), np.zeros(4, int), False),
        ((4, 3), [0, 1, 2, 0], False),
    ],
)
def test_accuracy_is_taken_by_default_of_labels_only(outputs, targets, has):
    means = nn.history.Means(None)
    means.add(1.0, np.zeros(outputs), targets)
    assert means.result()[1].keys() == ({"accuracy"} if has else set())


@pytest.mark.parametrize(
    ("losses", "best"),
    [([], None), ([2.0, 1.0, 1.0, 3.0], 2), ([np.nan, 3.0, -np.inf], 2), ([np.nan], None)],
)
def test_best_epoch_is_the_first_of_the_lowest_finite_loss(losses, best):
    assert nn.History(validation_loss=losses).best_epoch == best
