import numpy as np
import pytest

import nn
from nn.metrics import accuracy

from .runs import problem


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
    means = nn.metrics.Means(None)
    means.add(1.0, np.zeros(outputs), targets)
    assert means.result()[1].keys() == ({"accuracy"} if has else set())


# -- metrics of a whole set ---------------------------------------------------------------------


def f1(outputs, targets):
    found = outputs.argmax(axis=1) == 1
    return 2 * np.sum(found & (targets == 1)) / (np.sum(found) + np.sum(targets == 1))


def test_metric_of_the_whole_set_is_computed_once_with_all_batches():
    seen = []

    @nn.metrics.WholeSet
    def shapes(outputs, targets):
        seen.append((type(outputs), outputs.shape, targets.shape))
        return 1

    x, y = np.ones((10, 3), np.float32), np.arange(10) % 3
    _, values = nn.evaluate(
        nn.Linear(3, 3), nn.CrossEntropyLoss(), (x, y), batch_size=4, metrics={"shapes": shapes}
    )
    assert values == {"shapes": 1.0}
    assert seen == [(np.ndarray, (10, 3), (10,))]


def test_metric_of_the_whole_set_is_not_the_mean_over_batches():
    inputs, labels = problem()
    model = nn.Linear(5, 3, generator=np.random.default_rng(0))
    metrics = {"whole": nn.metrics.WholeSet(f1), "batches": f1, "count": lambda _, y: len(y)}
    _, values = nn.evaluate(
        model, nn.CrossEntropyLoss(), (inputs, labels), batch_size=8, metrics=metrics
    )
    assert values["whole"] == f1(nn.predict(model, inputs), labels) > 0
    assert values["whole"] != values["batches"]
    assert values["count"] == 8


def test_fit_records_metrics_of_the_whole_set_of_each_epoch():
    inputs, labels = problem()
    model = nn.Linear(5, 3, generator=np.random.default_rng(1))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0)
    seen = []

    def largest(outputs, targets):
        seen.append(len(targets))
        return f1(outputs, targets)

    history = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, (inputs, labels), (inputs[:20], labels[:20]),
        epochs=2, batch_size=10, metrics={"f1": nn.metrics.WholeSet(largest)}, progress=False,
    )  # fmt: skip
    assert seen == [20, 64] * 2
    assert history.validation_metrics["f1"][-1] == f1(nn.predict(model, inputs[:20]), labels[:20])
    assert len(history.metrics["f1"]) == 2


def test_whole_set_copies_batches_that_are_written_over():
    class Reusing:
        """Batches in the same two arrays each time."""

        def __len__(self):
            return 3

        def __iter__(self):
            inputs, targets = np.zeros((2, 1)), np.zeros((2, 1))
            for i in range(3):
                inputs[...] = targets[...] = i
                yield inputs, targets

    metric = nn.metrics.WholeSet(lambda outputs, targets: np.sum(outputs) + np.sum(targets))
    metrics = {"sum": metric}
    assert nn.evaluate(nn.Identity(), nn.MSELoss(), Reusing(), metrics=metrics)[1] == {"sum": 12}


def test_progress_shows_means_before_the_whole_set_is_known():
    means = nn.metrics.Means({"f1": nn.metrics.WholeSet(f1), "one": lambda *_: 1})
    means.add(2.0, np.eye(2), np.array([0, 1]))
    assert means.result() == (2.0, {"one": 1.0})
    assert means.final() == (2.0, {"one": 1.0, "f1": 1.0})


class Pair(nn.Module):
    def forward(self, x):
        return x, x


@pytest.mark.parametrize(
    ("model", "metric", "words"),
    [
        (Pair(), lambda *_: 1, "WholeSet: the model returned a tuple; it needs one array"),
        (nn.Identity(), lambda *_: None, r"metrics\['own'\] gave None; it must give one number"),
    ],
)
def test_whole_set_that_cannot_be_computed_raises(model, metric, words):
    x = np.ones((4, 2))
    with pytest.raises(TypeError, match=words):
        nn.evaluate(model, lambda *_: 1.0, (x, x), metrics={"own": nn.metrics.WholeSet(metric)})


def test_whole_set_of_no_function_raises():
    with pytest.raises(TypeError, match=r"WholeSet: metric is 'f1'; pass a function of outputs"):
        nn.metrics.WholeSet("f1")


def test_evaluate_without_batches_raises():
    class Spent(list):
        def __len__(self):
            return 1

    with pytest.raises(ValueError, match="evaluate: data gave no batches"):
        nn.evaluate(nn.Identity(), nn.MSELoss(), Spent())
