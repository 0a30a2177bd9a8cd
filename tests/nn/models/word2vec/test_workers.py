"""Training by several processes."""

import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from nn.models.word2vec import Vocabulary, Word2Vec, checkpoint, encoded, workers
from nn.models.word2vec.encoded import encode
from nn.models.word2vec.learner import Learner
from nn.models.word2vec.workers import Workers

ROOT = Path(__file__).parents[4]
SETTINGS = {"vector_size": 16, "min_count": 1, "sg": 1, "progress": False}


def topics(sentences=2000, seed=0):
    """Sentences of 10 words, each of one of 4 topics with 15 words of their own."""
    rng = np.random.default_rng(seed)
    of = rng.integers(4, size=sentences)
    return [[f"{topic}-{i}" for i in rng.integers(15, size=10)] for topic in of]


@pytest.fixture
def started(tmp_path, monkeypatch):
    """The processes that are started; at the end they are gone, and so are temporary files."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    processes = []
    start = subprocess.Popen

    def popen(*args, **kwargs):
        processes.append(start(*args, **kwargs))
        return processes[-1]

    monkeypatch.setattr(subprocess, "Popen", popen)
    threads = threading.active_count()
    yield processes
    assert all(process.returncode is not None for process in processes)
    assert all(process.stdin.closed and process.stdout.closed for process in processes)
    assert list(tmp_path.iterdir()) == []
    assert threading.active_count() == threads


@pytest.fixture
def together(monkeypatch):
    """Training begins when all processes are ready for it; gives them, the newest last."""
    groups = []
    enter = Workers.__enter__

    def wait(group):
        groups.append(enter(group))
        while len(group._started) < len(group._room) and group._done.empty():
            time.sleep(0.01)
        return group

    monkeypatch.setattr(Workers, "__enter__", wait)
    return groups


def group(count):
    """So many processes, and a text whose chunks have 60, 59, ... 41 words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoded, "CHUNK", 60)
        text = encode([["a"] * n for n in range(60, 40, -1)], {"a": 0})
    table = np.ones((2, 4), np.float32)
    settings = Word2Vec(sample=0).settings()
    learner = Learner(settings, Vocabulary(["a"], [1010]), table, np.random.default_rng(0))
    return Workers(learner, text.chunks, count)


# -- learning -----------------------------------------------------------------------------------


@pytest.mark.parametrize("sg", [0, 1])
@pytest.mark.usefixtures("started", "together")
def test_quality_is_that_of_one_process(sg):
    one, two = (Word2Vec(topics(6000), workers=count, **{**SETTINGS, "sg": sg}) for count in (1, 2))
    np.testing.assert_allclose(two.history.loss[-1], one.history.loss[-1], rtol=0.05)
    for word in two.wv:
        assert {near.split("-")[0] for near, _ in two.wv.most_similar(word, topn=5)} == {word[0]}


@pytest.mark.usefixtures("started", "together")
def test_every_chunk_is_learned_once_by_some_process(monkeypatch):
    here = []
    learn = Learner.learn
    monkeypatch.setattr(Learner, "learn", lambda *args: here.append(1) or learn(*args))
    with group(3) as three:
        for _ in range(2):
            here.clear()
            learned = list(three.results((chunk, 0.01) for chunk in range(20)))
            assert sorted(words for words, _, _ in learned) == list(range(41, 61))
            assert not here


@pytest.mark.usefixtures("started", "together")
def test_what_all_learned_is_in_the_table_and_what_is_set_there_is_learned_from():
    with group(2) as two:
        table = two.table
        list(two.results([(0, 0.01)] * 9))
        learned = table.copy()
        assert (learned != 1).all()
        table[...] = 7
        list(two.results([]))
        assert (two.learner.table == 7).all()
        two.learner.table[...] = 8
    assert (table == 8).all()
    assert two.learner.table is table


def test_seeds_differ_and_come_from_the_models(started):
    seeds = []
    for _ in range(2):
        with group(4):
            seeds.append([process.args[4] for process in started[-4:]])
    assert seeds[0] == seeds[1]
    assert len(set(seeds[0])) == 4


def test_there_are_no_more_processes_than_chunks(started):
    models = [Word2Vec(topics(90), workers=count, **SETTINGS) for count in (1, 50)]
    np.testing.assert_array_equal(models[0].wv.vectors, models[1].wv.vectors)
    Word2Vec(topics(2900), workers=50, **SETTINGS)
    assert len(started) == 3


@pytest.mark.usefixtures("started")
def test_checkpoint_is_written_when_no_chunk_is_under_way(together, tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint, "PAUSE", 0.0)
    monkeypatch.setattr(checkpoint, "PATIENCE", 0)
    monkeypatch.setattr(encoded, "CHUNK", 2000)
    runs = []

    def save(_model, _path, run):
        runs.append((run.epoch, run.chunks, run.count))
        assert not any(three._given for three in together)

    monkeypatch.setattr(checkpoint, "save_model", save)
    model = Word2Vec(workers=3, epochs=2, **{**SETTINGS, "progress": None})
    model.build_vocab(topics())
    model.train(topics(), checkpoint=tmp_path / "run.npz", progress=False)
    inside = [(chunk, 2000 * chunk) for chunk in range(1, 11)]
    within = [(epoch, *done) for epoch in (0, 1) for done in inside]
    assert sorted(set(runs)) == sorted({(0, 0, 0), (1, 0, 0), (2, 0, 0), *within})


# -- what goes wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("raise SystemExit('no way')", "ended with exit code 1, and said 'no way'; train with"),
        ("raise SystemExit", "a process of workers=2 ended with exit code 0; train with workers=1"),
        ("print('started', flush=True); input(); int('x')", 'said "ValueError: invalid literal'),
    ],
)
@pytest.mark.usefixtures("started")
def test_words_of_a_process_that_fails_reach_the_caller(command, words, monkeypatch):
    monkeypatch.setattr(workers, "_COMMAND", command)
    with group(2) as two:
        while two._done.empty() and not two._room[0]:
            time.sleep(0.01)
        with pytest.raises(RuntimeError, match=words) as caught:
            list(two.results((0, 0.01) for _ in range(99)))
    (note,) = caught.value.__notes__
    assert note.startswith("Traceback") is ("int('x')" in command)


@pytest.mark.usefixtures("together")
def test_process_that_is_killed_ends_the_training(started):
    class Kills:
        def on_epoch_end(self, model):
            started[0].kill()

    model = Word2Vec(workers=2, **{**SETTINGS, "progress": None})
    model.build_vocab(topics())
    with pytest.raises(RuntimeError, match=r"exit code -9; train with workers=1, and with resume"):
        model.train(topics(), callbacks=[Kills()], progress=False)
    assert len(model.history.loss) == 1
    assert np.isfinite(model.wv.vectors).all()
    model.workers = 1
    model.train(topics(), epochs=1, progress=False)


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
@pytest.mark.parametrize("event", ["on_epoch_begin", "on_epoch_end"])
@pytest.mark.usefixtures("started")
def test_interrupted_training_leaves_nothing_behind(error, event):
    class Raises:
        pass

    def interrupt(model):
        raise error

    setattr(Raises, event, staticmethod(interrupt))
    with pytest.raises(error):
        Word2Vec(topics(), workers=2, callbacks=[Raises()], **SETTINGS)


@pytest.mark.usefixtures("started")
def test_interrupt_while_processes_are_started_leaves_nothing_behind(monkeypatch):
    start = workers.subprocess.Popen
    left = iter([start])

    def popen(*args, **kwargs):
        return next(left)(*args, **kwargs)

    monkeypatch.setattr(workers.subprocess, "Popen", popen)
    three = group(3)
    with pytest.raises(StopIteration), three:
        pass
    assert three.learner.table is three.table


def test_ctrl_c_is_not_for_the_other_processes(started):
    with group(2):
        assert os.getsid(started[0].pid) != os.getsid(0)


@pytest.mark.usefixtures("started")
def test_files_are_gone_when_all_processes_hold_them(together, tmp_path):
    with group(3):
        for _ in range(1000):
            if not any(tmp_path.iterdir()):
                return
            time.sleep(0.01)
        pytest.fail("the files are still there")


@pytest.mark.usefixtures("started")
def test_folder_that_is_missing_or_full_is_told_with_the_remedy(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    words = (
        r"train: workers=2 needs files .*: \[Errno 28\] No space left .*; set TMPDIR .* workers=1"
    )
    with pytest.raises(OSError, match=words), group(2):
        pass
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(OSError, match=r"No such file .*missing.*; set TMPDIR"), group(2):
        pass
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


@pytest.mark.parametrize("python", ["/missing/python", "", None])
@pytest.mark.usefixtures("started")
def test_python_that_cannot_be_started_is_told(python, monkeypatch):
    monkeypatch.setattr(sys, "executable", python)
    with pytest.raises(OSError, match=rf"processes of {python!r}: .*or train with workers=1"):
        Word2Vec(topics(), workers=2, **SETTINGS)


@pytest.mark.usefixtures("started", "together")
def test_processes_find_the_modules_whatever_became_of_the_path(tmp_path, monkeypatch):
    others = [entry for entry in sys.path if not Path(entry, "nn").is_dir()]
    monkeypatch.setattr(sys, "path", [Path("no text"), *others])
    monkeypatch.chdir("/")
    with group(2) as two:
        assert two._started


@pytest.mark.usefixtures("started", "together")
def test_what_others_print_is_not_taken_for_results(monkeypatch):
    noise = "print('hello', end=''); import os; "
    noisy = workers._COMMAND.replace("work(folder", "os.write(1, b'1 2'); work(folder")
    monkeypatch.setattr(workers, "_COMMAND", noise + noisy)
    with group(2) as two:
        assert len(list(two.results((0, 0.01) for _ in range(9)))) == 9


def test_program_may_come_from_the_standard_input():
    code = f"""
import numpy as np
from {__name__} import SETTINGS, topics
from nn.models import Word2Vec
words = dict.fromkeys(["vector_size", "workers", "negative", "window"], np.uint8(3))
print(Word2Vec(topics(), **{{**SETTINGS, **words}}).wv.vectors.shape)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error"],
        input=code,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("(60, 3)\n", "")
