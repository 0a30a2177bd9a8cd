import re
import sys

import numpy as np
import pytest

import nn
from nn import plots

matplotlib = pytest.importorskip("matplotlib")


def _history(epochs=3, metrics=("accuracy",), validation=True, sign=1):
    falling = [sign / (i + 1) for i in range(epochs)]
    rising = {name: [1 - 0.4 * x for x in falling] for name in metrics}
    seen = {"validation_loss": falling, "validation_metrics": rising} if validation else {}
    return nn.History(loss=falling, metrics=rising, lr=[0.1] * epochs, **seen)


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
@pytest.mark.parametrize("validation", [False, True])
@pytest.mark.parametrize("metrics", [(), ("accuracy",), ("accuracy", "top 3", "recall", "f1")])
def test_learning_curves_are_a_picture(tmp_path, epochs, validation, metrics):
    plots.learning_curves(_history(epochs, metrics, validation), tmp_path / "curves.png")
    picture = _read(tmp_path / "curves.png")
    assert picture.shape[1] > picture.shape[0] > 300


def _panels(history):
    return [axes for axes in plots.learning_curves(history).axes if axes.get_visible()]


def test_learning_curves_have_a_panel_for_the_loss_and_each_metric():
    panels = _panels(_history(4, ("accuracy", "recall")))
    titles = [axes.get_title(loc="left") for axes in panels]
    assert titles == [
        "loss: 0.25 in validation",
        "accuracy (%): 90.0 in validation",
        "recall: 0.9 in validation",
    ]
    for axes in panels:
        assert [line.get_label() for line in axes.lines] == ["training", "validation"]
    training, validation = panels[0].lines
    np.testing.assert_array_equal(training.get_xdata(), [0.5, 1.5, 2.5, 3.5])
    np.testing.assert_array_equal(validation.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_allclose(panels[1].lines[1].get_ydata(), [60, 80, 86.6667, 90], rtol=1e-5)


def test_learning_curves_without_validation_have_one_line():
    (loss,) = _panels(_history(4, (), validation=False))
    assert [line.get_label() for line in loss.lines] == ["training"]
    assert loss.get_title(loc="left") == "loss: 0.25 in training"


@pytest.mark.parametrize(("sign", "scale"), [(1, "log"), (-1, "linear")])
def test_learning_curves_are_logarithmic_where_the_loss_is_positive(sign, scale):
    history = _history(4, (), sign=sign)
    assert _panels(history)[0].get_yscale() == scale


@pytest.mark.parametrize(
    "values", [[], [0.0, 0.0], [1e-9, 1.0], [np.nan, 1.0], [0.5, np.inf], [np.nan, np.nan]]
)
def test_learning_curves_of_strange_values_are_drawn(tmp_path, values):
    history = nn.History(values, {"accuracy": values}, values, {"accuracy": values})
    plots.learning_curves(history, tmp_path / "curves.png")
    _read(tmp_path / "curves.png")


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


@pytest.mark.parametrize("shape", [(16, 1, 3, 3), (1, 3, 5, 5), (70, 2, 1, 7)])
def test_kernels(tmp_path, shape):
    plots.kernels(np.random.default_rng(0).normal(size=shape), tmp_path / "k.png")
    rows = -(-min(shape[0], 64) // 8)
    assert _read(tmp_path / "k.png").shape[0] == pytest.approx(160 * (0.8 + 1.05 * rows), abs=2)


def test_pictures_are_returned_and_written_only_to_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    zeros, words = np.zeros((2, 1, 3, 3)), ["one", "two", "three"]
    for draw, given in (
        (plots.learning_curves, [_history()]),
        (plots.mistakes, _sheet(3)),
        (plots.kernels, [zeros]),
        (plots.feature_maps, [zeros[0], [("layer", zeros[0])]]),
        (plots.word_map, [words, np.eye(3)]),
    ):
        assert isinstance(draw(*given), matplotlib.figure.Figure)
        assert list(tmp_path.iterdir()) == []
        figure = draw(*given, "here.png")
        picture = _read("here.png")
        assert picture.shape[1::-1] == figure.canvas.get_width_height()
        (tmp_path / "here.png").unlink()


def test_kernels_of_zeros_are_drawn(tmp_path):
    plots.kernels(np.zeros((2, 1, 3, 3)), tmp_path / "k.png")
    _read(tmp_path / "k.png")


def test_feature_maps(tmp_path):
    rng = np.random.default_rng(0)
    layers = [("Conv2d", rng.normal(size=(12, 8, 8))), ("MaxPool2d", np.zeros((3, 4, 4)))]
    plots.feature_maps(rng.random((3, 8, 8)), layers, tmp_path / "f.png")
    _read(tmp_path / "f.png")


def _labels(path, words, vectors):
    """Where the words of a map are: boxes (left, bottom, right, top), and the frame's."""
    figure = plots.word_map(words, vectors, path)
    (axes,) = figure.axes
    assert _shown(figure) == words
    boxes = [text.get_window_extent().extents for text in axes.texts]
    return np.array(boxes), axes.get_window_extent().extents


def _shown(figure):
    """The words of a map."""
    (axes,) = figure.axes
    return [text.get_text() for text in axes.texts]


def _heading(figure):
    """Return the heading of a map."""
    return " | ".join(text.get_text() for text in figure.texts)


@pytest.mark.parametrize("topics", [120, 4, 1])
@pytest.mark.parametrize("length", [0, 20])
def test_word_map_shows_every_word_and_covers_none(tmp_path, topics, length):
    words = [f"{i}{'long' * (i % 4)}{'x' * length}"[:24] for i in range(120)]
    generator = np.random.default_rng(0)
    vectors = generator.normal(size=(topics, 50)).astype(np.float32)
    vectors = np.repeat(vectors, 120 // topics, axis=0)  # those of a topic in one place
    boxes, frame = _labels(tmp_path / "map.png", words, vectors)
    _read(tmp_path / "map.png")
    covered = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    covered = covered - np.maximum(boxes[:, None, :2], boxes[None, :, :2])
    np.fill_diagonal(covered[..., 0], 0)
    assert (covered > 0).all(axis=2).sum() == 0
    assert (boxes[:, :2] >= frame[:2] - 1).all()
    assert (boxes[:, 2:] <= frame[2:] + 1).all()


def test_word_map_puts_words_with_near_vectors_near(tmp_path):
    generator = np.random.default_rng(0)
    topics = np.repeat(generator.normal(size=(3, 40)), 10, axis=0)
    vectors = topics + 0.1 * generator.normal(size=topics.shape)
    vectors *= generator.uniform(0.1, 10, (30, 1))  # lengths say nothing
    words = [f"w{i}" for i in range(30)]
    boxes, _ = _labels(tmp_path / "map.png", words, vectors)
    centres = (boxes[:, :2] + boxes[:, 2:]).reshape(3, 10, 2) / 2
    within = np.abs(centres - centres.mean(axis=1, keepdims=True)).max()
    between = min(np.abs(centres[i].mean(0) - centres[j].mean(0)).max() for i, j in
                  ((0, 1), (0, 2), (1, 2)))  # fmt: skip
    assert between > 3 * within


@pytest.mark.parametrize(
    "vectors", [np.ones((1, 5)), np.zeros((3, 5)), np.ones((2, 1)), np.full((3, 2), 1e38, "f")]
)
def test_word_map_of_strange_vectors_is_drawn(tmp_path, vectors):
    words = ["$\\frac{$", "_y", "^"][: len(vectors)]
    figure = plots.word_map(words, vectors, tmp_path / "map.png")
    assert _shown(figure) == words
    assert ("the vectors hardly differ" in _heading(figure)) == (len(words) > 1)
    assert _heading(figure).startswith("1 word by" if len(words) == 1 else f"{len(words)} words by")
    _read(tmp_path / "map.png")


def test_word_map_says_whether_vectors_differ():
    generator = np.random.default_rng(0)
    words = [f"w{i}" for i in range(30)]
    vectors = generator.normal(size=(30, 100))
    assert _heading(plots.word_map(words, vectors)) == (
        "30 words by their vectors | the two principal components, which hold "
        f"{_share(vectors):.0%} of the differences"
    )
    mean = 2 * generator.normal(size=100)  # mean cosine: 0.8
    assert "differences" in _heading(plots.word_map(words, mean + vectors))
    mean *= 2.5  # mean cosine: 0.96
    assert "the vectors hardly differ: train for longer" in _heading(
        plots.word_map(words, mean + vectors)
    )

    # Those that are not drawn count, too.
    vectors[:5] = vectors[0]
    words[5:] = ["\0"] * 25
    assert "differences; 25 left out" in _heading(plots.word_map(words, vectors))


def _share(vectors):
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    variances = np.linalg.eigvalsh(np.cov(units.T))
    return variances[-2:].sum() / variances.sum()


@pytest.mark.parametrize(("cosine", "alike"), [(0.85, False), (0.95, True)])
def test_vectors_are_alike_where_their_mean_cosine_is_above_nine_tenths(cosine, alike):
    own = np.eye(100) * (1 - cosine) ** 0.5
    vectors = np.hstack([np.full((100, 1), cosine**0.5), own])
    vectors *= np.linspace(1, 9, 100)[:, np.newaxis]  # lengths say nothing
    assert plots.alike(vectors) is alike


def test_word_map_cuts_long_words_short_and_keeps_to_one_line(tmp_path):
    words = ["x" * 24, "W" * 25, "https://" * 100_000, "two\nlines", "a\tb", "\u5b57"]
    figure = plots.word_map(words[:5], np.eye(5), tmp_path / "map.png")
    assert _shown(figure) == [
        "x" * 24,
        "W" * 23 + "…",
        "https://https://https:/…",
        "two lines",
        "a b",
    ]
    (axes,) = figure.axes
    frame = axes.get_window_extent().extents
    for text in axes.texts:
        left, bottom, right, top = text.get_window_extent().extents
        assert frame[0] <= left < right <= frame[2]
        assert frame[1] <= bottom < top <= frame[3]


def test_word_map_leaves_out_the_last_words_where_it_is_full():
    words = [f"a-rather-long-word-{i}" for i in range(900)]
    figure = plots.word_map(words, np.random.default_rng(0).normal(size=(900, 5)))
    shown = _shown(figure)
    assert 200 < len(shown) < 600
    assert shown == words[: len(shown)]
    assert f"{len(shown)} words by their vectors | " in _heading(figure)
    assert f"; no room for the last {900 - len(shown)}" in _heading(figure)


def _fonts(*names):
    """Fonts that matplotlib brings along."""
    from matplotlib import font_manager

    return [
        font
        for font in font_manager.fontManager.ttflist
        if font.name in names
        and (font.style, font.weight) == ("normal", 400)
        and "mpl-data" in font.fname
    ]


def test_word_map_draws_each_word_in_a_font_that_has_its_letters(tmp_path, monkeypatch):
    from matplotlib import font_manager

    # matplotlib has had the first of them since 3.11.
    fonts = _fonts("Last Resort High-Efficiency", "STIXGeneral", "DejaVu Sans")
    monkeypatch.setattr(font_manager.fontManager, "ttflist", fonts)
    words = ["plain", "\u20dd", "\u732b", "\u05e9\u05dc", "\u20dd\u732b", "nul\0", "\ud800"]
    figure = plots.word_map(words, np.eye(7), tmp_path / "map.png")
    (axes,) = figure.axes
    assert {text.get_text(): text.get_fontname() for text in axes.texts} == {
        "plain": "DejaVu Sans", "\u20dd": "STIXGeneral", "\u05e9\u05dc": "DejaVu Sans"
    }  # fmt: skip
    assert _heading(figure).startswith("3 words by their vectors | ")
    assert "; 4 left out: install a font with their letters, such as Noto" in _heading(figure)
    figure = plots.word_map(["\u732b"], np.ones((1, 3)), tmp_path / "map.png")
    assert _heading(figure).startswith("0 words by their vectors | 1 left out: ")
    _read(tmp_path / "map.png")


def test_word_map_passes_over_fonts_that_cannot_be_read(tmp_path, monkeypatch):
    from matplotlib import font_manager

    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"no font")
    fonts = [
        font_manager.FontEntry(str(path), name="Gone", weight=400, style="normal", stretch="normal")
        for path in (tmp_path / "deleted.ttf", damaged)
    ]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [*fonts, *_fonts("STIXGeneral")])
    assert _shown(plots.word_map(["\u20dd"], np.ones((1, 2)))) == ["\u20dd"]


@pytest.mark.parametrize(
    ("words", "vectors", "message"),
    [
        ([], np.ones((0, 3)), "at least one word; got 0 words and the shape (0, 3)"),
        (["a", "b"], np.ones((3, 2)), "got 2 words and the shape (3, 2)"),
        (["a"], np.ones(1), "got 1 words and the shape (1,)"),
        (["a", "b"], np.array([[1.0], [np.nan]]), "vector of 'b' is not finite; train again with"),
    ],
)
def test_word_map_refuses_other_than_a_finite_vector_for_each_word(words, vectors, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        plots.word_map(words, vectors)
