import sys

import numpy as np
import pytest

import nn
from nn import plots

matplotlib = pytest.importorskip("matplotlib")


def _history(epochs=3):
    falling = [1.0 / (i + 1) for i in range(epochs)]
    rising = [1 - 0.4 * x for x in falling]
    return nn.History(falling, rising, falling, rising)


def _read(path):
    from matplotlib.image import imread

    picture = imread(path)
    assert picture.ndim == 3
    assert picture.std() > 0.01
    return picture


def _sheet(wrong, n=100):
    labels = np.arange(n) % 10
    probabilities = np.full((n, 10), 0.02)
    read = labels.copy()
    read[:wrong] = (read[:wrong] + 1) % 10
    probabilities[np.arange(n), read] = np.linspace(0.4, 0.82, n)
    images = np.random.default_rng(0).random((n, 8, 8))
    return images, labels, probabilities


@pytest.mark.parametrize("epochs", [1, 2, 40])
def test_learning_curves_are_a_picture(tmp_path, epochs):
    plots.learning_curves(_history(epochs), tmp_path / "curves.png")
    picture = _read(tmp_path / "curves.png")
    assert picture.shape[1] > picture.shape[0] > 300


@pytest.mark.parametrize("wrong", [0, 1, 8, 9, 100])
def test_mistakes_are_a_picture(tmp_path, wrong):
    plots.mistakes(*_sheet(wrong), tmp_path / "mistakes.png")
    _read(tmp_path / "mistakes.png")
    assert [p.name for p in tmp_path.iterdir()] == ["mistakes.png"]


def test_plots_leave_matplotlibs_settings_alone(tmp_path):
    before = dict(matplotlib.rcParams)
    plots.learning_curves(_history(), tmp_path / "curves.png")
    assert dict(matplotlib.rcParams) == before


def test_plots_that_cannot_be_written_leave_nothing(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        plots.learning_curves(_history(), tmp_path / "missing" / "curves.png")
    assert list(tmp_path.iterdir()) == []


def test_plots_without_matplotlib_raise(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(ImportError, match="matplotlib"):
        plots.learning_curves(_history(), tmp_path / "curves.png")
    assert list(tmp_path.iterdir()) == []
