"""word2vec models in files, and training that is interrupted and goes on."""

import itertools
import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.models.word2vec import KeyedVectors, Word2Vec, checkpoint, encoded
from nn.models.word2vec.learner import Learner

ROOT = Path(__file__).parents[4]
SETTINGS = {"vector_size": 6, "min_count": 2, "window": 3, "alpha": 0.05}
KINDS = [
    pytest.param({"sg": 1}, id="sg"),
    pytest.param({"sg": 0, "hs": 1, "negative": 0}, id="cbow-hs"),
    pytest.param({"sg": 0, "hs": 1, "negative": 3}, id="cbow-both"),
]


def text(seed=0):
    """40 sentences of 0 to 11 words; some words are rare, and the last sentence is empty."""
    rng = np.random.default_rng(seed)
    sentences = [
        [f"w{i}" for i in (40 * rng.random(rng.integers(12)) ** 3).astype(int)] for _ in range(39)
    ]
    return [*sentences, []]


def model(**settings):
    made = Word2Vec(**{**SETTINGS, **settings})
    made.build_vocab(text())
    return made


def state(model):
    """All that a model comes to."""
    tables = {name: table.tobytes() for name, table in model.tables("state").items()}
    words = model.vocabulary.words, model.vocabulary.counts.tolist(), model.wv.index_to_key
    generator = model.generator.bit_generator.state
    return model.settings(), tables, words, generator, asdict(model.history)


@pytest.fixture
def short_chunks(monkeypatch):
    """Chunks of about 20 words, and a checkpoint after each."""
    monkeypatch.setattr(encoded, "CHUNK", 20)
    monkeypatch.setattr(checkpoint, "PAUSE", 0.0)
    monkeypatch.setattr(checkpoint, "PATIENCE", 0)


class Stopped(Exception):
    """In place of a KeyboardInterrupt, which would end pytest where it is not caught."""


def stopping(function, at):
    """Does as `function` does, and raises when it is called for the time `at`, from 0."""
    calls = itertools.count()

    def wrapped(*args):
        if next(calls) == at:
            raise Stopped
        return function(*args)

    return wrapped


# -- models -------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_model_that_is_saved_and_loaded_is_the_same_and_trains_on_as_it_would(kind, tmp_path):
    path = tmp_path / "model"
    first = model(**kind)
    first.train(text(), epochs=2)
    first.save(path)
    again = Word2Vec.load(path)
    assert state(again) == state(first)
    assert again.wv.most_similar("w0") == first.wv.most_similar("w0")
    for one in (first, again):
        one.train(text())
    assert state(again) == state(first)
    assert (again.corpus_count, again.corpus_total_words) == (40, 223)
    vectors = KeyedVectors.load(path)
    assert vectors.index_to_key == first.vocabulary.words
    assert vectors.counts.tolist() == first.vocabulary.counts.tolist()


def test_model_without_words_is_not_saved(tmp_path):
    with pytest.raises(ValueError, match=r"save: the model has no words; call build_vocab"):
        Word2Vec().save(tmp_path / "model")
    assert not list(tmp_path.iterdir())


def test_settings_may_be_numbers_of_numpy(tmp_path):
    first = model(epochs=np.int64(2), sg=np.True_, alpha=np.float32(0.0625), seed=np.int8(3))
    first.train(text())
    first.save(tmp_path / "model")
    assert state(Word2Vec.load(tmp_path / "model")) == state(first)


@pytest.mark.parametrize("word", ["ends in zero\0", "a b\nc", "", "\ud800", "\N{SNOWMAN}"])
def test_any_word_can_be_saved(word, tmp_path):
    first = Word2Vec([[word, "a"] * 3], vector_size=2, min_count=1, sample=0)
    first.save(tmp_path / "model")
    assert Word2Vec.load(tmp_path / "model").vocabulary.words == [word, "a"]
    first.wv.save(tmp_path / "vectors")
    assert KeyedVectors.load(tmp_path / "vectors").index_to_key == [word, "a"]


def test_one_long_word_does_not_make_the_others_long(tmp_path):
    words = [*map(str, range(1000)), "x" * 10_000]
    KeyedVectors(words, np.zeros((1001, 1))).save(tmp_path / "vectors")
    assert (tmp_path / "vectors").stat().st_size < 50_000


def test_files_that_hold_no_model_are_refused(tmp_path):
    path = tmp_path / "file"
    trained = model()
    for write, words in (
        (trained.wv.save, "holds words, vectors, counts, not a word2vec model"),
        (lambda path: nn.save({}, path), "holds nothing, not a word2vec model"),
        (lambda path: path.write_bytes(b"PK"), "is damaged, or was not written by nn.save"),
    ):
        write(path)
        with pytest.raises(nn.CheckpointError, match=words):
            Word2Vec.load(path)
    trained.save(path)
    arrays = nn.load(path)
    nn.save({**arrays, "about": np.array('{"settings": {"layers": 3}}')}, path)
    with pytest.raises(nn.CheckpointError, match=r"model of another kind \(.*'layers'\)"):
        Word2Vec.load(path)
    trained.save(path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(nn.CheckpointError, match="is damaged"):
        Word2Vec.load(path)
    with pytest.raises(FileNotFoundError):
        Word2Vec.load(tmp_path / "none")


# -- checkpoints --------------------------------------------------------------------------------


def finished(path, **settings):
    trained = model(**settings)
    trained.train(text(), epochs=3, checkpoint=path, progress=False)
    return state(trained), path.read_bytes()


def in_a_chunk(every, monkeypatch):
    """When its words are learned, but the file does not know it."""
    learn, stop = Learner.learn, stopping(lambda: None, every)

    def learn_and_stop(*args):
        found = learn(*args)
        stop()
        return found

    monkeypatch.setattr(Learner, "learn", learn_and_stop)


def before_the_file_is_there(every, monkeypatch):
    monkeypatch.setattr(os, "replace", stopping(os.replace, every))


def after_the_file_is_there(every, monkeypatch):
    replace, stop = os.replace, stopping(lambda: None, every)

    def replace_and_stop(*args):
        replace(*args)
        stop()

    monkeypatch.setattr(os, "replace", replace_and_stop)


@pytest.mark.usefixtures("short_chunks")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("every", [1, 8])
@pytest.mark.parametrize("stop", [in_a_chunk, before_the_file_is_there, after_the_file_is_there])
def test_training_that_is_stopped_again_and_again_ends_as_one_that_was_not(
    kind, every, stop, tmp_path
):
    path = tmp_path / "run.npz"
    expected = finished(tmp_path / "whole.npz", **kind)
    for runs in range(100):
        again = model(**kind, seed=1 + runs)  # the file brings the state of the generator
        with pytest.MonkeyPatch.context() as patch:
            stop(every, patch)
            try:
                again.train(text(), epochs=3, checkpoint=path, resume=True)
            except Stopped:
                assert os.listdir(tmp_path) in (["run.npz", "whole.npz"], ["whole.npz", "run.npz"])
            else:
                break
    assert runs > 2
    assert (state(again), path.read_bytes()) == expected


@pytest.mark.usefixtures("short_chunks")
def test_checkpoint_within_an_epoch_is_a_model(tmp_path):
    path = tmp_path / "run.npz"
    with pytest.MonkeyPatch.context() as patch:
        in_a_chunk(14, patch)
        with pytest.raises(Stopped):
            model(sg=1).train(text(), epochs=3, checkpoint=path)
    again = Word2Vec.load(path)
    assert len(again.history.loss) == 1
    again.train(text(), epochs=3, checkpoint=path, resume=True)
    assert state(again) == finished(tmp_path / "whole.npz", sg=1)[0]


def test_checkpoint_of_a_run_that_is_over_brings_it_back(tmp_path):
    expected = finished(tmp_path / "run.npz")
    again = model(seed=7)
    history = again.train(text(), epochs=3, checkpoint=tmp_path / "run.npz", resume=True)
    assert state(again) == expected[0]
    assert len(history.loss) == 3


def test_checkpoint_is_written_in_an_epoch_only_now_and_then(tmp_path, monkeypatch):
    monkeypatch.setattr(encoded, "CHUNK", 20)
    written = []
    monkeypatch.setattr(checkpoint, "save", lambda arrays, path: written.append(path))
    now = iter(range(0, 10_000, 10))  # the clock is looked at once a chunk, and twice a file
    monkeypatch.setattr(checkpoint.time, "monotonic", lambda: float(next(now)))
    monkeypatch.setattr(checkpoint, "PAUSE", 40.0)
    monkeypatch.setattr(checkpoint, "PATIENCE", 3)
    model().train(text(), epochs=1, checkpoint=tmp_path / "run.npz", progress=False)
    assert len(written) == 5  # at the start, after 4 chunks, 8 and 12, and at the end


def child(path):
    """The program that is killed in its second epoch, when it has no file yet."""
    encoded.CHUNK, checkpoint.PAUSE, checkpoint.PATIENCE = 20, 0.0, 0
    if not Path(path).exists():
        kill = stopping(Learner.learn, 15)

        def learn(*args):
            try:
                return kill(*args)
            except Stopped:
                os.kill(os.getpid(), signal.SIGKILL)

        Learner.learn = learn
    model(sg=1).train(text(), epochs=3, checkpoint=path, resume=True, progress=False)


@pytest.mark.usefixtures("short_chunks")
def test_killed_program_that_is_repeated_ends_as_one_that_was_not(tmp_path):
    path = tmp_path / "run.npz"
    code = f"import sys; from {__name__} import child; child(sys.argv[1])"
    for expected in (-signal.SIGKILL, 0):
        done = subprocess.run([sys.executable, "-c", code, path], cwd=ROOT, check=False)
        assert done.returncode == expected
    assert path.read_bytes() == finished(tmp_path / "whole.npz", sg=1)[1]


@pytest.mark.parametrize(
    ("settings", "epochs", "words"),
    [
        ({"window": 4, "sg": 1}, 3, "is of a run with window=3, sg=0; this one has window=4, sg=1"),
        ({}, 4, "is of a run with epochs=3; this one has epochs=4"),
        ({"min_count": 9}, 3, r"with min_count=2, corpus=220 words, 36 distinct \(.{8}\); t"),
    ],
)
def test_checkpoint_of_another_run_is_refused_and_changes_nothing(
    settings, epochs, words, tmp_path
):
    path = tmp_path / "run.npz"
    content = finished(path)[1]
    other = model(**settings)
    before = state(other)
    with pytest.raises(nn.CheckpointError, match=words):
        other.train(text(), epochs=epochs, checkpoint=path, resume=True)
    assert state(other) == before
    assert path.read_bytes() == content


def renamed():
    """The text with another word: the vocabulary differs."""
    return [["v0" if word == "w0" else word for word in sentence] for sentence in text()]


@pytest.mark.parametrize("words", [text, renamed])
def test_checkpoint_of_another_corpus_is_refused(words, tmp_path):
    finished(tmp_path / "run.npz")
    other = Word2Vec(**SETTINGS)
    other.build_vocab(words())
    before = state(other)
    with pytest.raises(
        nn.CheckpointError, match=r"corpus=220 words, 36 distinct \(.*corpus=220 words, 36"
    ):
        other.train(words()[::-1], epochs=3, checkpoint=tmp_path / "run.npz", resume=True)
    assert state(other) == before


def test_checkpoint_of_an_earlier_version_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    finished(path)
    arrays = nn.load(path)
    about = json.loads(str(arrays["about"]))
    del about["settings"]["epochs"], about["run"]["alpha"], about["run"]["checksum"]
    nn.save({**arrays, "about": np.array(json.dumps(about))}, path)
    with pytest.raises(nn.CheckpointError, match="of a run with alpha=None, corpus"):
        model().train(text(), epochs=3, checkpoint=path, resume=True)


@pytest.mark.usefixtures("short_chunks")
@pytest.mark.parametrize("workers", [(1, 2), (2, 1)])
def test_another_number_of_workers_goes_on(workers, tmp_path, monkeypatch):
    path = tmp_path / "run.npz"
    first, second = (model(workers=count) for count in workers)
    learn = Learner.learn
    monkeypatch.setattr(Learner, "learn", stopping(learn, 5))
    with pytest.raises(Stopped):
        first.train(text(), epochs=3, checkpoint=path, progress=False)
    monkeypatch.setattr(Learner, "learn", learn)
    history = second.train(text(), epochs=3, checkpoint=path, resume=True, progress=False)
    assert len(history.loss) == 3
    assert Word2Vec.load(path).workers == workers[1]


def test_checkpoint_of_other_rates_is_refused(tmp_path):
    path = tmp_path / "run.npz"
    model().train(text(), epochs=1, start_alpha=0.04, checkpoint=path)
    with pytest.raises(nn.CheckpointError, match=r"with alpha=0\.04; this one has alpha=0\.05\. N"):
        model().train(text(), epochs=1, checkpoint=path, resume=True)
    model().train(text(), epochs=1, start_alpha=0.04, checkpoint=path, resume=True)


def test_models_of_gensims_are_refused_with_the_remedy(tmp_path):
    gensim = pytest.importorskip("gensim.models")
    gensim.Word2Vec(text(), vector_size=2, min_count=1).save(str(tmp_path / "model"))
    with pytest.raises(nn.CheckpointError, match=r"gensim's save .*save_word2vec_format\('vec"):
        Word2Vec.load(tmp_path / "model")


def test_checkpoint_that_is_none_is_refused(tmp_path):
    path, trained = tmp_path / "run.npz", model()
    trained.save(path)
    with pytest.raises(nn.CheckpointError, match="is a model, not a checkpoint of its training"):
        trained.train(text(), checkpoint=path, resume=True)
    with pytest.raises(ValueError, match="train: resume=True needs checkpoint="):
        trained.train(text(), resume=True)
    with pytest.raises(nn.CheckpointError, match="cannot be saved"):
        trained.train(text(), checkpoint=tmp_path / "none" / "run.npz")
