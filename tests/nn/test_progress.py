import io
import sys

import numpy as np
import pytest

import nn
from nn import progress

from .runs import problem


def _fit(epochs, **options):
    model = nn.MLP([5, 8, 3], generator=np.random.default_rng(1))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    options = {"validation": problem(), "batch_size": 10, **options}
    nn.fit(model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=epochs, **options)


def test_fit_shows_a_bar(capsys):
    pytest.importorskip("tqdm")
    _fit(epochs=2)
    shown = capsys.readouterr().err
    for words in ("epoch 2/2", "loss ", "accuracy ", " (validation ", ", lr 0.1, ", "/s"):
        assert words in shown


def test_fit_without_tqdm_prints_a_line_per_epoch(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _fit(epochs=10)
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("epoch  1/10  loss ")
    for words in ("accuracy ", " (validation ", ", lr 0.1, ", "/s"):
        assert words in lines[-1]
    assert shown.err == ""


def test_fit_without_progress_is_silent(capsys):
    _fit(epochs=2, progress=False)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


def test_summary_names_losses_and_metrics():
    training, validation = (0.5, {"accuracy": 0.25, "f1": 0.1}), (0.75, {"accuracy": 0.5})
    assert progress.summary(training, validation, 1e-3) == (
        "loss 0.5000 (validation 0.7500), accuracy 25.0% (50.0%), f1 0.1000, lr 0.001"
    )
    assert progress.summary((0.5, {}), None, 0.1) == "loss 0.5000, lr 0.1"


def test_bar_counts_all_batches_and_those_of_a_run_before(tmp_path):
    made = []

    def tqdm(**options):
        made.append(pytest.importorskip("tqdm").tqdm(file=io.StringIO(), **options))
        return made[-1]

    means = nn.metrics.Means({})
    means.add(1.0, np.zeros(2), np.zeros(2))
    with progress.Bar(5, 100, tqdm, 300) as bar:
        for epoch in (4, 5):
            for _ in range(100):
                bar.step(epoch, means, 0.1)
            bar.epoch_done(nn.History(loss=[1.0] * epoch, lr=[0.1] * epoch))
    assert len(made) == 1
    assert (made[0].initial, made[0].n, made[0].total) == (300, 500, 500)
    assert made[0].disable  # closed


def test_epoch_that_was_over_when_it_was_resumed_is_shown_without_a_speed(capsys):
    lines = progress.Lines(9, " words")
    lines.epoch_done(nn.History(loss=[2.0, 1.0], lr=[0.1, 0.1]))
    assert capsys.readouterr().out == "epoch 2/9  loss 1.0000, lr 0.1\n"
