"""word2vec: what it learns, what it shows of that, and what it refuses."""

import copy
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
        (["the cat sat"], TypeError, "sentence 0 is the plain text 'the cat sat', not a list"),
        ("corpus.txt", TypeError, r"is the plain text 'corpus.txt'.*LineSentences"),
        (b"corpus", TypeError, "sentences is the plain text b'corpus'"),
        ([["a", 7]], TypeError, r"has the word 7 \(int\)"),
        (7, TypeError, r"sentences \(=7\) must be a list of lists of words"),
        ([["a"]] * 9, ValueError, "no sentence has two words of the vocabulary"),
        (list("abab") * 5, TypeError, "sentence 0 is the plain text 'a'"),
        (Corpus(ABC, []), ValueError, "no sentence has two words of the vocabulary"),
        (Corpus(ABC, ["abc"]), TypeError, "sentence 0 is the plain text 'abc'"),
    ],
)  # fmt: skip
def test_corpus_that_cannot_be_learned_from_is_refused(text, error, words):
    with pytest.raises(error, match=words):
        Word2Vec(text, vector_size=4, epochs=2)


def test_train_needs_words():
    model = Word2Vec(vector_size=4)
    with pytest.raises(ValueError, match=r"train: .* call build_vocab\(sentences\) first"):
        model.train(ABC)
    model.build_vocab(ABC)
    with pytest.raises(TypeError, match="train: corpus_iterable is the plain text"):
        model.train("a b c")
    with pytest.raises(ValueError, match=r"train: epochs \(=0\) must be at least 1"):
        model.train(ABC, epochs=0)


def state(model):
    """All that training changes."""
    tables = {name: table.tobytes() for name, table in model.tables("state").items()}
    return tables, model.generator.bit_generator.state, model.history


def test_text_without_known_words_is_refused_before_anything_changes():
    model = Word2Vec(ABC, vector_size=4, sample=0)
    before = copy.deepcopy(state(model))
    for text in ([], [["x", "y"]], [["a", "x"], ["b"]]):
        with pytest.raises(ValueError, match="no sentence has two words of the vocabulary"):
            model.train(text)
        assert state(model) == before
    with pytest.raises(ValueError, match="An iterator that was used before has nothing"):
        model.train(iter([]))
    assert state(model) == before


def test_other_text_is_trained_on_without_its_unknown_words():
    one, other = (Word2Vec(vector_size=4, sample=0) for _ in range(2))
    for model in (one, other):
        model.build_vocab(topics(60))
    one.train([["a1", "x", "a2", "y"], ["z"], ["b1", "b2"]] * 9)
    other.train([["a1", "a2"], ["b1", "b2"]] * 9)
    assert state(one)[0] == state(other)[0]


def test_sentences_may_be_any_iterables_of_words():
    text = topics(60)
    given = Corpus(*([map(str, s) for s in text] for _ in range(2)))
    found = Word2Vec(given, vector_size=4, epochs=3).wv.vectors
    np.testing.assert_array_equal(found, Word2Vec(text, vector_size=4, epochs=3).wv.vectors)


def test_an_iterator_is_gone_through_once():
    with pytest.raises(TypeError, match=r"Word2Vec: .* which an iterator \(generator\) does not"):
        Word2Vec(sentence for sentence in topics(3))
    model = Word2Vec(vector_size=4)
    model.build_vocab(iter(topics(60)))
    model.train(iter(topics(60)), epochs=2)
    expected = Word2Vec(topics(60), vector_size=4, epochs=2)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


def test_a_file_is_a_corpus(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(map(" ".join, topics(60))))
    expected = Word2Vec(topics(60), vector_size=4)
    model = Word2Vec(corpus_file=path, vector_size=4)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)
    model = Word2Vec(vector_size=4)
    model.build_vocab(corpus_file=path)
    model.train(corpus_file=path)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


def test_totals_of_gensims_are_taken():
    text = topics(60)
    model = Word2Vec(vector_size=4)
    model.build_vocab(text)
    assert (model.corpus_count, model.corpus_total_words) == (60, 600)
    model.train(text, total_examples=model.corpus_count, total_words=600, epochs=model.epochs)
    expected = Word2Vec(text, vector_size=4)
    np.testing.assert_array_equal(model.wv.vectors, expected.wv.vectors)


# -- the vocabulary -----------------------------------------------------------------------------

MORE = [["e1", "e2", "a1", "rare"]] * 3 + [["e2"]]


@pytest.mark.parametrize("options", MODELS)
def test_update_adds_words_and_keeps_vectors(options):
    model = Word2Vec(topics(60), vector_size=4, min_count=2, sample=0, **options)
    words, counts = model.vocabulary.words, model.vocabulary.counts
    before = {name: table.copy() for name, table in model.tables("test").items()}
    model.build_vocab(MORE, update=True, trim_rule=lambda word, *_: int(word == "rare"))
    assert model.wv.index_to_key == model.vocabulary.words == [*words, "e2", "e1"]
    expected = [*counts + 3 * (np.array(words) == "a1"), 4, 3]
    assert model.vocabulary.counts.tolist() == expected == model.wv.counts.tolist()
    assert (model.corpus_count, model.corpus_total_words) == (4, 13)
    after = model.tables("test")
    np.testing.assert_array_equal(after["vectors"][:-2], before["vectors"])
    new = after["vectors"][-2:].copy()
    assert 0 < np.abs(new).max() <= 1 / 4
    assert np.unique(new).size == new.size
    if "syn1neg" in after:
        np.testing.assert_array_equal(after["syn1neg"][:-2], before["syn1neg"])
        assert not after["syn1neg"][-2:].any()
    if "syn1" in after:  # the tree is another one
        assert not after["syn1"].any()
    model.train(MORE, epochs=2)
    assert np.any(model.wv.vectors[-2:] != new)


def test_update_counts_as_gensim_does():
    gensim = pytest.importorskip("gensim.models")
    ours, theirs = (kind(vector_size=2, min_count=1) for kind in (Word2Vec, gensim.Word2Vec))
    for text, update in ((topics(60), False), (MORE, True), (topics(9, seed=1), True)):
        ours.build_vocab(text, update=update)
        theirs.build_vocab(text, update=update)
        assert len(ours.wv) == len(theirs.wv)
        for word in theirs.wv.index_to_key:
            assert ours.wv.get_vecattr(word, "count") == theirs.wv.get_vecattr(word, "count")
        assert ours.corpus_count == theirs.corpus_count
        assert ours.corpus_total_words == theirs.corpus_total_words


def test_update_of_a_model_without_words_starts_it():
    one, other = (Word2Vec(vector_size=4) for _ in range(2))
    one.build_vocab(topics(60), update=True)
    other.build_vocab(topics(60))
    assert state(one)[:2] == state(other)[:2]


def test_words_may_be_counted_already():
    one, other = (Word2Vec(vector_size=4, min_count=2) for _ in range(2))
    one.build_vocab([["a", "b", "a", "c", "b", "a"]])
    other.build_vocab_from_freq({"c": 1, "b": 2, "a": np.int64(3)})
    assert one.wv.index_to_key == other.wv.index_to_key == ["a", "b"]
    np.testing.assert_array_equal(one.wv.vectors, other.wv.vectors)
    assert other.corpus_total_words == 6
    other.build_vocab_from_freq({"b": 1, "d": 2}, update=True)
    assert other.vocabulary.counts.tolist() == [3, 3, 2]
    with pytest.raises(TypeError, match=r"word_freq \(=\['a'\]\) must be a dict from words to"):
        other.build_vocab_from_freq(["a"])


def test_parameters_of_the_vocabulary_reach_it():
    text = [["b", "a", "a", "c"], ["c", "c", "d"]]
    model = Word2Vec(min_count=1, sorted_vocab=0, max_vocab_size=3)
    model.build_vocab(text)
    assert model.wv.index_to_key == ["b", "a", "c", "d"]
    model.build_vocab([*text, ["e"]])  # at the second time, what has a count of 1 is forgotten
    assert model.wv.index_to_key == ["a", "c"]
    assert model.corpus_total_words == 8
    model = Word2Vec(
        text, min_count=2, trim_rule=lambda word, *_: 2 * (word == "d"), vector_size=2, sample=0
    )
    assert model.wv.index_to_key == ["c", "a", "d"]


def test_words_of_another_model_are_taken():
    one, other = Word2Vec(topics(60), vector_size=4), Word2Vec(ABC, vector_size=4, sample=0)
    other.reset_from(one)
    assert other.wv.index_to_key == one.wv.index_to_key
    assert (other.corpus_count, other.corpus_total_words) == (60, 600)
    assert not other.syn1neg.any()
    other.train(topics(60))


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
