"""The measurements of word2vec: what they call bad, and that they measure what they say."""

import json
import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ..engines import ROOT
from ..workloads import WORKLOADS
from . import __main__, quality, speed, stability, texts
from .trainings import Training, measured


@pytest.fixture
def readme(monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of a text that is always there, and short."""
    monkeypatch.setenv(texts.SHAKESPEARE, str(ROOT / "README.md"))
    return "shakespeare"


def test_sample_has_every_pair_of_values_and_the_cells_that_diverged() -> None:
    cells, grid = stability.sample(60), stability.grid()
    assert len(cells) == len(set(cells)) == 60
    assert set(cells) <= set(grid)
    pairs = {pair for cell in grid for pair in combinations(cell, 2)}
    assert pairs == {pair for cell in cells for pair in combinations(cell, 2)}
    assert {stability.cell(**settings) for settings in stability.DIVERGED} <= set(cells)
    assert stability.sample(60) == cells


@pytest.mark.parametrize(
    ("ours", "bad"),
    [
        ({"max": 4.5, "mean": 1.5}, False),
        ({"max": 4.6, "mean": 1.0}, True),
        ({"max": 3.0, "mean": 1.6}, True),
        ({"max": math.nan, "mean": math.nan}, True),
        ({"error": "DivergedError"}, True),
    ],
)
def test_cell_is_bad_where_ours_is_longer_or_fails(ours: dict[str, Any], bad: bool) -> None:
    assert stability.is_bad(ours, {"max": 3.0, "mean": 1.0}) is bad
    assert not stability.is_bad(ours, {"max": math.inf, "mean": math.inf})


def test_grid_prints_the_bad_cells_and_takes_gensims_from_the_cache(
    readme: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gensim")
    cell, cache = stability.cell(sg=1), tmp_path / "cache.json"
    cache.write_text("{}")
    assert stability.run([readme], [cell], cache, 1, False)
    assert "no cell is bad" in capsys.readouterr().out
    key, result = json.loads(cache.read_text()).popitem()
    cache.write_text(json.dumps({key: {"max": result["max"] / 2, "mean": result["mean"]}}))
    assert not stability.run([readme], [cell], cache, 1, False)
    assert "bad cells" in capsys.readouterr().out


def test_what_fails_is_a_result(readme: str) -> None:
    training = Training("pullback", readme, (("window", 0),))
    assert "window (=0)" in stability.lengths(training)["error"]
    assert "window (=0)" in quality.quality(training)["error"]
    assert measured(stability.lengths, [], None, 1) == {}


@pytest.mark.parametrize("library", ["pullback", "gensim"])
def test_outputs_are_in_the_order_of_the_words(library: str) -> None:
    pytest.importorskip("gensim")
    sentences = [["a", "b"], ["c", "d"]] * 50
    settings = {"sg": 1, "min_count": 1, "sample": 0, "alpha": 0.1, "vector_size": 8, "epochs": 10}
    model = Training(library, "", tuple(settings.items())).run(sentences)
    scores = model.wv.vectors @ model.syn1neg.T
    place = {word: i for i, word in enumerate(model.wv.index_to_key)}
    for word, partner in ("ab", "ba", "cd", "dc"):
        assert np.argmax(scores[place[word]]) == place[partner]


def test_loss_that_is_not_finite_is_a_failure(readme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality, "held_out_loss", lambda *_: math.nan)
    settings = {"sg": 1, "window": 5, "negative": 5, "min_count": 5, "epochs": 1}
    found = quality.quality(Training("pullback", readme, tuple(settings.items())))
    assert found == {"error": "the held-out loss is nan"}


def test_held_out_loss_is_that_of_negative_sampling() -> None:
    inputs, table = np.random.default_rng(0).normal(size=(2, 5, 3))
    places, centres, noise = np.array([[0, 1], [2, -1]]), np.array([3, 4]), np.array([[1], [2]])
    sigmoid = lambda x: 1 / (1 + np.exp(-x))
    first, second = (inputs[0] + inputs[1]) / 2, inputs[2]
    likelihoods = [
        sigmoid(table[3] @ first) * sigmoid(-table[1] @ first),
        sigmoid(table[4] @ second) * sigmoid(-table[2] @ second),
    ]
    loss = quality.held_out_loss(inputs, table, places, centres, noise)
    np.testing.assert_allclose(loss, -np.log(likelihoods).mean())


def test_examples_are_pairs_in_skip_gram_and_windows_in_cbow() -> None:
    sentences, counts = [["a", "b", "rare", "c"]], {"a": 3, "b": 2, "c": 1}
    pairs, windows = (
        quality.examples(
            sentences, counts, Training("", "", (("sg", sg), ("window", 1), ("negative", 2)))
        )
        for sg in (1, 0)
    )
    assert sorted(zip(pairs[0][:, 0].tolist(), pairs[1].tolist(), strict=True)) == [
        (0, 1),
        (1, 0),
        (1, 2),
        (2, 1),
    ]
    assert dict(zip(windows[1].tolist(), windows[0].tolist(), strict=True)) == {
        0: [1, -1],
        1: [0, 2],
        2: [1, -1],
    }
    assert pairs[2].shape == (4, 2)
    assert windows[2].shape == (3, 2)


def test_neighbours_overlap_with_themselves_only() -> None:
    near = quality.nearest(np.random.default_rng(0).normal(size=(400, 5)))
    assert len(near) == quality.FREQUENT
    assert all(i not in found for i, found in enumerate(near))
    assert quality.overlap(near, near) == 1
    assert quality.overlap([[1, 2]], [[2, 3]]) == 0.5


@pytest.mark.parametrize("library", ["pullback", "gensim"])
def test_quality_is_measured_of_both_libraries(library: str, readme: str) -> None:
    pytest.importorskip("gensim")
    settings = {"sg": 1, "window": 5, "negative": 5, "min_count": 5, "vector_size": 16}
    found = quality.quality(Training(library, readme, tuple(settings.items())))
    assert 0 < found["held-out loss"] < math.log(2) * 6
    assert {len(near) for near in found["neighbours"]} == {quality.NEAREST}


def test_words_of_the_analogies_are_in_the_text() -> None:
    head, *questions = texts.questions().splitlines()
    assert head.startswith(":")
    assert len(set(questions)) == len(questions) > 1000
    known = quality.frequent_first(texts.load("analogies"), 5)
    assert all(word in known for question in questions for word in question.split())


def test_quality_below_gensims_spread_is_marked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    losses = {"gensim": (2.0, 2.2), "pullback": (2.3, 2.5)}

    def found(measure: Any, trainings: Any, cache: Any, jobs: int) -> Any:
        return {
            t: {"analogies": losses[t.library][dict(t.settings)["seed"] - 1] * sign}
            for t in trainings
        }

    monkeypatch.setattr(quality, "measured", found)
    sign = 1
    assert quality.run([], 2, None, 1)
    sign = -1
    assert not quality.run([], 2, None, 1)
    assert "worse by more than gensim's spread" in capsys.readouterr().out


def test_speed_is_the_median_of_the_rounds_ratios(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def found(name: str, engines: list[str], threads: int, rounds: int, quick: bool) -> Any:
        assert (threads, math.ceil(rounds * WORKLOADS[name].share)) == (1, 3)
        times = {"pullback": (1, 8, 3), "pullback-workers": (1, 1, 1), "gensim": (2, 2, 6)}
        return {e: [{"values": {"µs per word": t}} for t in times[e]] for e in engines}

    monkeypatch.setattr(speed, "in_turns", found)
    assert speed.run(list(texts.NAMES), 3)
    assert capsys.readouterr().out.count(" 2.00 ") == 12
    monkeypatch.setitem(speed.WANTED, ("zipf", 1), 2.1)
    assert not speed.run(["zipf"], 3)
    assert capsys.readouterr().out.count("!! slower") == 1


def test_speed_of_an_engine_that_fails_is_not_reached(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(speed, "in_turns", lambda _, engines, *__: {e: [None] for e in engines})
    assert not speed.run(["zipf"], 1)
    assert capsys.readouterr().out.count("failed") == 4


def test_shakespeare_is_left_out_without_his_file(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("gensim")
    asked = []
    monkeypatch.setattr(quality, "run", lambda names, *_: asked.append(names) or True)
    monkeypatch.setattr("sys.argv", ["word2vec", "quality"])
    assert __main__.main() == 0
    assert asked == [["reference"]]
    assert "needs --shakespeare FILE" in capsys.readouterr().out
