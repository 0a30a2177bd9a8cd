"""word2vec: what it learns, what it shows of that, and what it refuses."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.models.word2vec import Vocabulary, Word2Vec
from nn.models.word2vec import model as trainer

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


def test_learning_rate_falls_linearly_in_words():
    text = [["a", "b", "c", "d"] * 2500] * 4
    model = Word2Vec(min_count=1, sample=0, alpha=0.4, min_alpha=0.2, vector_size=4)
    model.build_vocab(text)
    rates = []

    def learn(words, sentences, rate, step):
        rates.append((len(words), rate))
        return 1.0, 1

    model._learn = learn
    history = model.train(text, epochs=2)
    assert [words for words, _ in rates] == [10_000] * 8
    np.testing.assert_allclose([rate for _, rate in rates], 0.4 - 0.2 * np.arange(8) / 8)
    assert history.lr == [rates[3][1], rates[7][1]]


@pytest.mark.parametrize(
    ("words", "options", "step"),
    [
        (30_000, {}, 100),
        (150_000, {}, 500),
        (10**7, {}, trainer.STEP[0]),
        (10**7, {"sg": 1}, trainer.STEP[1]),
        (10**7, {"hs": 1}, trainer.HS_STEP),
        (50, {}, trainer.BLOCK[0]),
    ],
)
def test_steps_fit_the_corpus(words, options, step):
    model = Word2Vec(vector_size=1, **options)
    model.set_vocabulary(Vocabulary(list(map(str, range(10_000))), np.full(10_000, 100)))
    model.vocabulary.total = words
    assert model._step(np.ones(10_000)) == step


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
        shares = np.diff(model._noise, prepend=0)
        same = np.average(shares, weights=model.vocabulary.counts)
        decisions += 1 + options["negative"] * (1 - same)
    assert history.loss[0] == pytest.approx(decisions * np.log(2), rel=0.01)


def test_losses_fall_and_are_those_of_the_history():
    model = Word2Vec(topics(), vector_size=8, sample=0, epochs=4, sg=1)
    losses = model.history.loss
    assert len(losses) == len(model.history.lr) == 4
    assert losses == sorted(losses, reverse=True)
    assert model.train(topics(), epochs=1) is model.history
    assert len(model.history.loss) == 1


def test_training_shows_a_bar(capsys, monkeypatch):
    pytest.importorskip("tqdm")
    monkeypatch.setattr(trainer, "CHUNK", 1000)  # an epoch's first chunk is not timed
    Word2Vec(topics(), vector_size=4, epochs=2)
    shown = capsys.readouterr().err
    for words in ("epoch 2/2", "loss ", ", lr 0.0", " words/s"):
        assert words in shown


def test_training_without_tqdm_prints_a_line_per_epoch(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    monkeypatch.setattr(trainer, "CHUNK", 1000)
    Word2Vec(topics(), vector_size=4, epochs=2)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert re.fullmatch(r"epoch 2/2  loss \d\.\d{4}, lr \S+, [\d,]+ words/s", lines[1])


def test_training_without_progress_is_silent(capsys):
    Word2Vec(topics(60), vector_size=4, epochs=2, progress=False)
    shown = capsys.readouterr()
    assert shown.out == shown.err == ""


# -- options ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vector_size": 0}, "vector_size (=0) must be at least 1"),
        ({"window": 0}, "window (=0) must be at least 1"),
        ({"epochs": 0}, "epochs (=0) must be at least 1"),
        ({"epochs": -2}, "epochs (=-2) must be at least 1"),
        ({"negative": -1}, "negative (=-1) must be at least 0"),
        ({"min_count": -1}, "min_count (=-1) must be at least 0"),
        ({"max_final_vocab": 0}, "max_final_vocab (=0) must be at least 1"),
        ({"seed": -1}, "seed (=-1) must be at least 0"),
        ({"sample": -1.0}, "sample (=-1.0) must not be negative"),
        ({"sample": float("nan")}, "sample (=nan) must be finite"),
        ({"alpha": float("nan")}, "alpha (=nan) must be finite"),
        ({"alpha": float("inf")}, "alpha (=inf) must be finite"),
        ({"min_alpha": float("nan")}, "min_alpha (=nan) must be finite"),
        ({"ns_exponent": float("nan")}, "ns_exponent (=nan) must be finite"),
        ({"sg": 2}, "sg (=2) must be 0 or 1"),
        ({"hs": "no"}, "hs (='no') must be 0 or 1"),
        ({"negative": 0}, "set hs=1, or negative to 5"),
        ({"alpha": 0, "min_alpha": 0}, "alpha (=0) must be positive"),
        ({"alpha": 1e-5}, "alpha (=1e-05) must be positive, and not less than min_alpha (=0.0001)"),
    ],
)
def test_contradictory_options_are_refused(options, words):
    with pytest.raises(ValueError, match="Word2Vec") as caught:
        Word2Vec(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"vector_size": 10.0},
        {"window": "5"},
        {"epochs": True},
        {"min_count": None},
        {"negative": 5.0},
        {"seed": None},
        {"max_final_vocab": 1e3},
        {"alpha": "0.1"},
        {"min_alpha": None},
        {"sample": True},
    ],
)
def test_options_of_another_type_are_refused(options):
    ((name, value),) = options.items()
    with pytest.raises(TypeError, match="must be a") as caught:
        Word2Vec(**options)
    assert f"Word2Vec: {name} (={value!r}) must be a" in str(caught.value)


# -- the corpus ---------------------------------------------------------------------------------


class Corpus:
    """Gives another list of sentences each time; the last one again and again."""

    def __init__(self, *texts):
        self.texts = list(texts)

    def __iter__(self):
        text = self.texts.pop(0) if len(self.texts) > 1 else self.texts[0]
        return iter(text)


ABC = [["a", "b", "c"] * 5]


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ([], ValueError, "the corpus is empty: it has no words"),
        ([["rare", "words"]], ValueError, r"min_count \(=5\) leaves no words"),
        (["the cat sat"], TypeError, "sentence 0 is the plain text 'the cat sat', where a list"),
        ("corpus.txt", TypeError, r"is the plain text 'corpus.txt'.*LineSentences"),
        (b"corpus", TypeError, "sentences is the plain text b'corpus'"),
        ([["a", 7]], TypeError, r"has 7 \(int\) for a word"),
        (7, TypeError, r"sentences \(=7\) must be a list of lists of words"),
        ([["a"]] * 9, ValueError, "no sentence has two words of the vocabulary"),
        (list("abab") * 5, TypeError, "sentence 0 is the plain text 'a'"),
        (Corpus(ABC, []), ValueError, "had 0 words of the vocabulary in epoch 1, and 15 when"),
        (Corpus(ABC, ABC, ABC * 2), ValueError, "had 30 words of the vocabulary in epoch 2, and"),
        (Corpus(ABC, ["abc"]), TypeError, "sentence 0 is the plain text 'abc'"),
    ],
)  # fmt: skip
def test_corpus_that_cannot_be_learned_from_is_refused(text, error, words):
    with pytest.raises(error, match=words):
        Word2Vec(text, vector_size=4, epochs=2)


def test_train_needs_the_sentences_of_build_vocab():
    model = Word2Vec(vector_size=4)
    with pytest.raises(ValueError, match=r"train: .* call build_vocab\(sentences\) first"):
        model.train(ABC)
    model.build_vocab(ABC)
    with pytest.raises(TypeError, match="train: sentences is the plain text"):
        model.train("a b c")
    with pytest.raises(ValueError, match=r"train: epochs \(=0\) must be at least 1"):
        model.train(ABC, epochs=0)
    with pytest.raises(ValueError, match="had 3 words of the vocabulary in epoch 1, and 15 when"):
        model.train([["a", "b", "c"]])


def test_sentences_may_be_any_iterables_of_words():
    text = topics(60)
    given = Corpus(text, *([map(str, s) for s in text] for _ in range(3)))
    found = Word2Vec(given, vector_size=4, epochs=3).wv.vectors
    np.testing.assert_array_equal(found, Word2Vec(text, vector_size=4, epochs=3).wv.vectors)


def test_training_that_diverges_is_refused():
    with pytest.raises(nn.DivergedError, match=r"the loss is .* lower alpha \(=1e\+20\)"):
        Word2Vec(topics(60), vector_size=4, alpha=1e20)


def test_an_iterator_is_refused():
    with pytest.raises(TypeError, match=r"which an iterator \(generator\) cannot"):
        Word2Vec(sentence for sentence in topics(3))
