import sys

import numpy as np
import pytest

import nn
from autograd import grad_enabled
from nn.training import DivergedError, predict


def _problem(n=64):
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 3, n)
    inputs = generator.standard_normal((n, 5)).astype(np.float32) * 0.3
    inputs[np.arange(n), labels] += 2
    return inputs, labels


def _fit(epochs=5, lr=0.1, **options):
    generator = np.random.default_rng(1)
    model = nn.MLP([5, 8, 3], generator=generator)
    optimizer = nn.optim.SGD(model.parameters(), lr, momentum=0.9)
    data = _problem()
    options = {"batch_size": 10, "generator": generator, **options}
    return model, nn.fit(model, optimizer, data, data, epochs=epochs, **options)


def test_fit_learns_and_keeps_a_history():
    model, history = _fit()
    lists = vars(history).values()
    assert [len(values) for values in lists] == [5] * 4
    assert history.loss[-1] < history.loss[0] / 2
    assert history.held_out_accuracy[-1] > 0.95
    loss, accuracy = nn.evaluate(model, *_problem())
    assert (loss, accuracy) == (history.held_out_loss[-1], history.held_out_accuracy[-1])


def test_fit_repeats_with_its_seed():
    assert _fit()[1] == _fit()[1]


def test_fit_shows_a_bar(capsys):
    pytest.importorskip("tqdm")
    _fit(epochs=2)
    shown = capsys.readouterr().err
    for words in ("epoch 2/2", "loss ", "accuracy ", "held out "):
        assert words in shown


def test_fit_without_tqdm_prints_a_line_per_epoch(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    _fit(epochs=10)
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert len(lines) == 10
    assert lines[0].startswith("epoch  1/10  loss ")
    assert "accuracy" in lines[-1]
    assert shown.err == ""


def test_fit_takes_another_loss():
    def squared(logits, labels):
        return nn.functional.mse_loss(logits, np.eye(3, dtype=np.float32)[labels])

    _, history = _fit(loss_function=squared)
    assert history.loss[-1] < history.loss[0]


def test_fit_that_diverges_raises():
    with pytest.raises(DivergedError, match=r"epoch 1; lower the learning rate \(lr=1e\+30\)"):
        _fit(lr=1e30)


def test_fit_of_no_epochs_raises():
    with pytest.raises(ValueError, match=r"fit: epochs \(=0\) must be at least 1"):
        _fit(epochs=0)


class Recorder(nn.Module):
    def forward(self, x):
        self.seen = (self.training, grad_enabled())
        return nn.functional.relu(x)


def test_predict_evaluates_without_a_graph_and_restores_the_modes():
    model = nn.Sequential(Recorder(), Recorder())
    model[1].eval()
    x = np.arange(5.0)[:, None]
    np.testing.assert_array_equal(predict(nn.Sequential(*model, nn.Linear(1, 1)), x).shape, (5, 1))
    assert model[0].seen == (False, False)
    assert [m.training for m in model] == [True, False]


def test_predict_in_parts_is_the_same():
    model = nn.Linear(2, 2)
    x = np.random.default_rng(0).standard_normal((7, 2)).astype(np.float32)
    np.testing.assert_allclose(predict(model, x, 3), predict(model, x), rtol=1e-6)
