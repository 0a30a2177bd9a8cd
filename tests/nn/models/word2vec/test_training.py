"""The training of word2vec: what it learns, shows and refuses."""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.models.word2vec import Word2Vec, encoded
from nn.models.word2vec.learner import Learned, Learner

MODELS = [
    pytest.param({"sg": sg, "hs": hs, "negative": negative}, id=f"sg{sg}-hs{hs}-neg{negative}")
    for sg in (0, 1)
    for hs, negative in ((0, 5), (1, 0), (1, 5))
]


def topics(count=400, seed=0):
    """Sentences of ten words, each of one of four topics of eight words."""
    rng = np.random.default_rng(seed)
    drawn = zip(rng.integers(4, size=count), rng.integers(8, size=(count, 10)), strict=True)
    return [[f"{'abcd'[topic]}{word}" for word in words] for topic, words in drawn]


@pytest.mark.parametrize("options", MODELS)
def test_neighbours_are_of_the_same_topic(options):
    model = Word2Vec(topics(), vector_size=16, epochs=20, sample=0, alpha=0.05, **options)
    assert model.wv.vectors.dtype == np.float32
    v = model.wv.vectors / np.linalg.norm(model.wv.vectors, axis=1, keepdims=True)
    topic = np.array([word[0] for word in model.wv.index_to_key])
    likeness = v @ v.T - 2 * np.eye(len(v))
    nearest = np.argsort(-likeness, axis=1)[:, :7]
    assert np.mean(topic[nearest] == topic[:, None]) > 0.95


@pytest.mark.parametrize("options", MODELS)
@pytest.mark.parametrize("words", [3, 30])
def test_few_words_at_a_high_rate_do_not_diverge(options, words):
    rng = np.random.default_rng(words)
    text = rng.integers(words, size=(50, 10)).astype(str).tolist()
    model = Word2Vec(text, vector_size=8, epochs=10, sample=0, alpha=0.1, **options)
    assert np.abs(model.wv.vectors).max() < 5


@pytest.mark.parametrize("options", MODELS)
def test_a_lone_word_trains(options):
    model = Word2Vec([["a"] * 9], vector_size=4, epochs=1, sample=0, **options)
    assert np.all(np.isfinite(model.wv.vectors))


@pytest.mark.parametrize("options", MODELS)
def test_same_seed_gives_same_vectors(options):
    text = topics(60)
    first, second, other = (
        Word2Vec(text, vector_size=8, epochs=2, seed=seed, **options).wv.vectors
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert np.any(first != other)


def test_vectors_do_not_depend_on_the_hash_seed():
    code = (
        f"from {__name__} import topics, Word2Vec\n"
        "print(Word2Vec(topics(60), vector_size=8).wv.vectors.tobytes().hex())"
    )
    root = Path(__file__).parents[4]
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=root,
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_training_in_two_calls_goes_on_with_the_same_vectors():
    text = topics(60)
    model = Word2Vec(vector_size=8, sample=0)
    model.build_vocab(text)
    before = model.wv.vectors.copy()
    model.train(text, epochs=1)
    between = model.wv.vectors.copy()
    model.train(text, epochs=1)
    assert np.any(before != between)
    assert np.any(between != model.wv.vectors)


def fake_learning(monkeypatch, losses=(1.0,)):
    """Put losses, over and over, in place of learning; returns what it would learn from."""
    given, answers = [], itertools.cycle(losses)

    def learn(_, words, sentences, rate):
        given.append((len(words), rate))
        return Learned(len(words), next(answers), 1)

    monkeypatch.setattr(Learner, "learn", learn)
    return given


@pytest.mark.parametrize("options", [{"alpha": 0.4, "min_alpha": 0.2}, {}])
def test_learning_rate_falls_linearly_in_words(options, monkeypatch):
    given = fake_learning(monkeypatch)
    text = [["a", "b", "c", "d"] * 2500] * 4
    model = Word2Vec(min_count=1, sample=0, vector_size=4, **options)
    model.build_vocab(text)
    history = model.train(
        text, epochs=2, **({} if options else {"start_alpha": 0.4, "end_alpha": 0.2})
    )
    assert [words for words, _ in given] == [10_000] * 8
    rates = [rate for _, rate in given]
    np.testing.assert_allclose(rates, 0.4 - 0.2 * np.arange(8) / 8)
    assert history.lr == [rates[3], rates[7]]


# -- alarms -------------------------------------------------------------------------------------


def test_training_that_diverges_is_refused():
    with pytest.raises(nn.DivergedError, match=r"loss is nan in .* lower alpha \(=1e\+39\)"):
        Word2Vec(topics(), vector_size=4, sample=0, alpha=1e39)


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), 1e3])
def test_loss_that_runs_away_is_refused_at_once(loss, monkeypatch):
    given = fake_learning(monkeypatch, [4.0, 4.0, loss])
    monkeypatch.setattr(encoded, "CHUNK", 1000)
    with pytest.raises(
        nn.DivergedError, match=rf"train: the loss is {loss:.4g} in epoch 1, at lea"
    ):
        Word2Vec(topics(), vector_size=4, sample=0)
    assert len(given) == 3


def test_loss_of_vectors_that_say_nothing_is_not_refused(monkeypatch):
    fake_learning(monkeypatch, [1.9 * np.log(2) * 26])
    Word2Vec(topics(), vector_size=4, negative=25, epochs=3)
    fake_learning(monkeypatch, [1.9 * np.log(2) * 4])
    Word2Vec(topics(), vector_size=4, negative=0, hs=1, epochs=3)


@pytest.mark.parametrize("value", [2000, float("inf"), float("nan")])
def test_vectors_that_grow_without_bound_are_refused(value, monkeypatch):
    def learn(self, words, *_):
        self.table[-1, 0] = value
        return Learned(len(words), 1.0, 1)

    monkeypatch.setattr(Learner, "learn", learn)
    with pytest.raises(nn.DivergedError, match=rf"a vector has the length {value} in epoch 1, at"):
        Word2Vec(topics(), vector_size=4)


def test_training_that_learned_nothing_warns():
    with pytest.warns(RuntimeWarning, match=r"nothing was learned, because sample \(=1e-12\)"):
        model = Word2Vec(topics(60), vector_size=4, sample=1e-12, epochs=2)
    assert np.isnan(model.history.loss).tolist() == [True, True]


def test_numbers_of_numpy_are_kept_as_pythons():
    model = Word2Vec(window=np.uint8(200), alpha=np.float32(0.5), sg=np.True_)
    assert [type(x) for x in (model.window, model.alpha, model.sg)] == [int, float, bool]
    model.window = np.int8(100)
    assert type(model.settings()["window"]) is int


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda model: model.build_vocab(topics()), "a callback created new vectors in on_"),
        (lambda model: model.wv.add_vector("new", np.ones(4)), "train: vectors was replaced by an"),
        (lambda model: setattr(model, "negative", 0), "negative or hs has changed since"),
    ],
)
@pytest.mark.parametrize("event", ["on_train_begin", "on_epoch_begin", "on_epoch_end"])
def test_callback_that_replaces_what_is_trained_is_refused(event, change, words):
    class Changes:
        pass

    setattr(Changes, event, staticmethod(change))
    model = Word2Vec(vector_size=4)
    model.build_vocab(topics())
    with pytest.raises(ValueError, match=words):
        model.train(topics(), callbacks=[Changes()])


def test_callback_may_add_words_when_training_has_ended():
    class Adds:
        def on_train_end(self, model):
            model.wv.add_vector("new", np.ones(4))

    assert "new" in Word2Vec(topics(), vector_size=4, callbacks=[Adds()]).wv


# -- progress -----------------------------------------------------------------------------------


@pytest.mark.parametrize("options", MODELS)
def test_first_losses_are_those_of_vectors_that_say_nothing(options):
    """All outputs are zeros: each of the decisions of a pair costs log 2."""
    model = Word2Vec(vector_size=4, min_count=1, sample=0, alpha=1e-9, min_alpha=0, **options)
    model.build_vocab(topics())
    history = model.train(topics(), epochs=1, progress=False)
    depths = model.vocabulary.huffman()[0]
    decisions = options["hs"] * np.average(depths, weights=model.vocabulary.counts)
    if options["negative"]:  # noise words that are the centre itself do not count
        shares = np.diff(model.vocabulary.noise(0.75), prepend=0)
        same = np.average(shares, weights=model.vocabulary.counts)
        decisions += 1 + options["negative"] * (1 - same)
    assert history.loss[0] == pytest.approx(decisions * np.log(2), rel=0.01)


def test_losses_fall_and_are_those_of_the_history():
    model = Word2Vec(topics(), vector_size=8, sample=0, epochs=4, sg=1)
    losses = model.history.loss
    assert len(losses) == len(model.history.lr) == 4
    assert {type(number) for number in losses + model.history.lr} == {float}
    assert losses == sorted(losses, reverse=True)
    assert model.train(topics(), epochs=1) is model.history
    assert len(model.history.loss) == 1


def test_training_shows_a_bar(capsys, monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(encoded, "CHUNK", 1000)  # an epoch's first chunk is not timed
    Word2Vec(topics(), vector_size=4, epochs=2)
    shown = capsys.readouterr().err
    for words in ("epoch 2/2", "loss ", ", lr 0.0", " words/s"):
        assert words in shown


def test_training_without_tqdm_prints_a_line_per_epoch(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(encoded, "CHUNK", 1000)
    Word2Vec(topics(), vector_size=4, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"epoch 2/2  loss \d\.\d{4}, lr \S+, [\d,]+ words/s", lines[1])


def test_training_without_progress_is_silent(capsys):
    Word2Vec(topics(60), vector_size=4, epochs=2, progress=False)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


# -- callbacks ----------------------------------------------------------------------------------


class Watching:
    """Notes what it is told, and how many epochs were done then."""

    def __init__(self):
        self.told = []

    def on_train_begin(self, model):
        self.told.append(("train begins", len(model.history.loss)))

    def on_epoch_begin(self, model):
        self.told.append(("epoch begins", len(model.history.loss)))

    def on_epoch_end(self, model):
        self.told.append(("epoch ends", len(model.history.loss)))

    def on_train_end(self, model):
        self.told.append(("train ends", len(model.history.loss)))


TOLD = [
    ("train begins", 0), ("epoch begins", 0), ("epoch ends", 1), ("epoch begins", 1),
    ("epoch ends", 2), ("train ends", 2),
]  # fmt: skip


def test_callbacks_are_told():
    watching = Watching()
    model = Word2Vec(topics(60), vector_size=4, epochs=2, callbacks=[watching])
    assert watching.told == TOLD
    model.train(topics(60), callbacks=(watching,))
    assert watching.told == TOLD * 2


def test_callbacks_of_gensims_are_told():
    callbacks = pytest.importorskip("gensim.models.callbacks")
    both = type("Both", (Watching, callbacks.CallbackAny2Vec), {})()
    Word2Vec(topics(60), vector_size=4, epochs=2, callbacks=[both])
    assert both.told == TOLD


@pytest.mark.parametrize("callbacks", [Watching(), 3, iter([Watching()]), [print]])
def test_callbacks_that_are_none_are_refused(callbacks):
    with pytest.raises(TypeError, match=r"(callbacks \(=.*\) must be a list|the callback <b)"):
        Word2Vec(topics(60), vector_size=4, callbacks=callbacks)


def test_settings_that_were_changed_are_checked_again():
    model = Word2Vec(topics(60), vector_size=4)
    model.window = 0
    with pytest.raises(ValueError, match=r"window \(=0\) must be at least 1"):
        model.train(topics(60))
