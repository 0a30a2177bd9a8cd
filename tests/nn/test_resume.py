import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

import nn
from nn.checkpoint import CheckpointError
from nn.generators import generators_in

from .runs import Augmented, Counting, Noisy, OnLoss, problem

ROOT = Path(__file__).parents[2]


class Counter:
    """A callback with a state."""

    def __init__(self, then=lambda: None):
        self.calls, self.then = 0, then

    def __call__(self, run):
        self.calls += 1
        self.then()

    def state_dict(self):
        return {"calls": self.calls}

    def load_state_dict(self, state):
        self.calls = int(state["calls"])


class Training:
    """A run with everything that has a state, the same each time it is made."""

    def __init__(self, path, then=lambda: None, model=Noisy, optimizer=nn.optim.SGD):
        self.path = path
        self.model = model()
        self.optimizer = optimizer(self.model.parameters(), 0.5, momentum=0.9)
        self.own = own = np.random.Generator(np.random.Philox(5))

        def transform(x):
            self.batch()
            return x + own.normal(0, 0.5, x.shape).astype(np.float32)

        self.data, self.validation = (
            Augmented(
                nn.DataLoader(*problem(80), batch_size=10, generator=np.random.default_rng(seed)),
                transform,
            )
            for seed in (3, 4)
        )
        self.schedule = OnLoss(self.optimizer)
        self.batch_schedule = Counting(self.optimizer, 0.999)
        self.callback = Counter(then)

    def batch(self):
        """Called for each batch, those of the validation too."""

    def fit(self, epochs=12, resume=True, patience=5, **options):
        patience = patience if self.validation else None
        return nn.fit(
            self.model, nn.CrossEntropyLoss(), self.optimizer, self.data, self.validation,
            epochs=epochs, schedule=self.schedule, batch_schedule=self.batch_schedule,
            callbacks=[self.callback], patience=patience, checkpoint=self.path, resume=resume,
            generators=[self.own], progress=False, **options,
        )  # fmt: skip

    def end(self, **options):
        """All that a run comes to, as bytes: what it returned, its objects and its file."""
        history = self.fit(**options)
        return self.state(history), self.path.read_bytes()

    def state(self, history=None):
        parts = (self.model, self.optimizer, self.schedule, self.batch_schedule, self.callback)
        states = [part.state_dict() for part in parts if part is not None]
        arrays = [(k, np.asarray(v).tobytes()) for state in states for k, v in state.items()]
        generators = generators_in([self.model, self.data, self.validation, self.own])
        bits = [str(g.bit_generator.state) for g in generators.values()]
        return arrays, bits, history and asdict(history)


EPOCHS = 40


def child(path):
    """The program that is killed: for each line it reads it does an epoch, and writes a line."""

    def wait():
        print("epoch", flush=True)
        input()

    training = Training(Path(path), wait)
    history = training.fit(epochs=EPOCHS, patience=EPOCHS)
    end = {**training.model.state_dict(), "history": np.array(json.dumps(asdict(history)))}
    nn.save(end, f"{path}.end")


def _start(path):
    code = f"import tests.nn.test_resume as t; t.child({str(path)!r})"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _to_the_end(path):
    with _start(path) as process:
        error = process.communicate("\n" * EPOCHS)[1]
    assert process.returncode == 0, error
    return path.read_bytes(), Path(f"{path}.end").read_bytes()


@pytest.mark.parametrize(("kill", "times"), [(signal.SIGKILL, 8), (signal.SIGINT, 3)])
def test_killed_program_that_is_repeated_ends_as_one_that_was_not(tmp_path, kill, times):
    whole, path, dice = _to_the_end(tmp_path / "whole"), tmp_path / "killed", random.Random(0)
    for _ in range(times):
        with _start(path) as process:
            epochs = dice.randint(1, 2)
            process.stdin.write("\n" * (epochs + 2))  # so it never gets to its end
            process.stdin.flush()
            for _ in range(epochs):
                assert process.stdout.readline() == "epoch\n"
            time.sleep(dice.random() * 0.01)  # an epoch and its file, more or less
            process.send_signal(kill)
            error = process.stderr.read()
        assert process.returncode == -kill, error
        assert kill == signal.SIGKILL or "KeyboardInterrupt" in error
        assert path.read_bytes() != whole[0]
    assert _to_the_end(path) == whole


def _interrupting(calls, at):
    """Stands in the way of a call, and raises when it is made for the time `at`."""
    numbers = itertools.count()

    def wrapped(*args, **options):
        if next(numbers) == at:
            raise KeyboardInterrupt
        return calls(*args, **options)

    return wrapped


def _in_batch(training, monkeypatch, at):
    monkeypatch.setattr(training, "batch", _interrupting(training.batch, at))


def _in_callback(training, monkeypatch, at):
    monkeypatch.setattr(training.callback, "then", _interrupting(lambda: None, at))


def _in_step(training, monkeypatch, at):
    """Between the parameters of a step."""

    stop, step = _interrupting(lambda: None, at), training.optimizer.step

    def half():
        try:
            stop()
        except KeyboardInterrupt:
            training.model.first.weight.data[...] += 1
            raise
        step()

    monkeypatch.setattr(type(training.optimizer), "step", lambda _: half())


def _in_schedule(training, monkeypatch, at):
    monkeypatch.setattr(
        training.batch_schedule, "step", _interrupting(training.batch_schedule.step, at)
    )


def _before_the_file_is_there(training, monkeypatch, at):
    monkeypatch.setattr(os, "replace", _interrupting(os.replace, at))


def _after_the_file_is_there(training, monkeypatch, at):
    stop = _interrupting(lambda: None, at)
    replace = os.replace

    def replace_and_stop(*args):
        replace(*args)
        stop()

    monkeypatch.setattr(os, "replace", replace_and_stop)


@pytest.mark.parametrize("same_objects", [True, False], ids=["notebook", "new process"])
@pytest.mark.parametrize(
    ("where", "at"),
    [
        (_in_batch, 0),
        (_in_batch, 21),
        (_in_batch, 76),
        (_in_callback, 0),
        (_in_callback, 4),
        (_in_step, 3),
        (_in_step, 50),
        (_in_schedule, 0),
        (_in_schedule, 33),
        (_before_the_file_is_there, 2),
        (_after_the_file_is_there, 0),
        (_after_the_file_is_there, 3),
    ],
)
def test_interrupted_run_ends_as_one_that_was_not(tmp_path, monkeypatch, where, at, same_objects):
    whole = Training(tmp_path / "whole.npz").end()
    training = Training(tmp_path / "run.npz")
    with monkeypatch.context() as patch:
        where(training, patch, at)
        with pytest.raises(KeyboardInterrupt):
            training.fit()
    if not same_objects:
        training = Training(tmp_path / "run.npz")
    assert training.end() == whole
    assert sorted(p.name for p in tmp_path.iterdir()) == ["run.npz", "whole.npz"]


def test_run_stops_early_for_these_tests(tmp_path):
    training = Training(tmp_path / "run.npz")
    history = training.fit()
    assert 1 < history.best_epoch < len(history.loss)


def test_finished_run_returns_at_once_with_its_best_parameters(tmp_path):
    first = Training(tmp_path / "run.npz")
    whole = first.end()
    again = Training(first.path, lambda: pytest.fail("it trained"))
    assert again.end() == whole


def test_run_may_be_prolonged(tmp_path):
    whole = Training(tmp_path / "whole.npz").end(epochs=9, patience=9)
    Training(tmp_path / "run.npz").fit(epochs=4, patience=9)
    assert Training(tmp_path / "run.npz").end(epochs=9, patience=9) == whole
    Training(tmp_path / "run.npz").fit(epochs=9, patience=2, resume=False)
    assert Training(tmp_path / "run.npz").end(epochs=9, patience=9) == whole


def test_run_that_a_callback_ended_stays_ended(tmp_path):
    model = nn.MLP([5, 4, 3])
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(2):
        history = nn.fit(
            model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=9, progress=False,
            callbacks=[lambda run: run.epoch == 2], checkpoint=tmp_path / "a", resume=True,
        )  # fmt: skip
        assert len(history.loss) == 2


def test_without_resume_a_run_starts_again(tmp_path):
    first = Training(tmp_path / "run.npz")
    whole = first.end(resume=False)
    assert Training(first.path).end(resume=False) == whole


def test_run_of_a_pair_without_a_generator_goes_on_exactly(tmp_path):
    path, states = tmp_path / "run.npz", []
    model = nn.MLP([5, 4, 3], generator=np.random.default_rng(0))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for epochs in (2, 5, 5):
        if len(states) == 1:
            after_two = path.read_bytes()
        if len(states) == 2:
            path.write_bytes(after_two)
        nn.fit(
            model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=epochs,
            progress=False, checkpoint=path, resume=True,
        )  # fmt: skip
        states.append(path.read_bytes())
    assert states[1] == states[2] != states[0]


def test_finished_run_is_written_with_best_and_last(tmp_path):
    training = Training(tmp_path / "run.npz")
    training.fit()
    saved = nn.load(tmp_path / "run.npz")
    best = {k[len("best.") :]: v for k, v in saved.items() if k.startswith("best.")}
    np.testing.assert_equal(best, training.model.state_dict())
    assert not np.array_equal(saved["model.last.weight"], best["last.weight"])


# -- checkpoints of something else --------------------------------------------------------------


class OtherNoisy(Noisy):
    pass


class OtherSGD(nn.optim.SGD):
    pass


def _without_schedule(training):
    training.schedule = None


def _without_validation(training):
    training.validation, training.schedule = None, None


def _other_generator(training):
    training.model.noise.generator = np.random.default_rng(0)


def _without_augmentation(training):
    training.data = training.data.loader


def _failing(training):
    def fail(state):
        raise ValueError("no such phase")

    training.callback.load_state_dict = fail


@pytest.mark.parametrize(
    ("options", "change", "words"),
    [
        (
            {"model": OtherNoisy},
            None,
            "is of a run with model: Noisy Linear Noise Linear; this one has model: OtherNoisy",
        ),
        (
            {"model": lambda: Noisy(hidden=9)},
            None,
            r"does not fit this run, .*first.weight has shape \(8, 5\), not \(9, 5\)",
        ),
        (
            {"optimizer": OtherSGD},
            None,
            "optimizer: .*SGD; this one has optimizer: OtherSGD. Nothing was loaded; use another",
        ),
        ({}, _without_schedule, "schedule: OnLoss; this one has schedule: none"),
        ({}, _without_validation, "validation: yes; this one has .* validation: no"),
        ({}, _other_generator, "model.noise.generator: MT19937; .* model.noise.generator: PCG64"),
        ({}, _without_augmentation, "is of a run that draws from data.loader.generator: PCG64, "),
        ({}, _failing, "does not fit this run, and nothing was loaded: no such phase"),
    ],
)
def test_checkpoint_of_another_run_raises_and_changes_nothing(tmp_path, options, change, words):
    other = Training(tmp_path / "other.npz", **options)
    other.fit(epochs=1)
    Training(tmp_path / "run.npz").fit(epochs=2)
    other.path = tmp_path / "run.npz"
    if change:
        change(other)
    before, file = other.state(), other.path.read_bytes()
    with pytest.raises(CheckpointError, match=words):
        other.fit(epochs=3)
    assert other.state() == before
    assert other.path.read_bytes() == file


def test_checkpoint_of_a_run_with_other_metrics_raises(tmp_path):
    training = Training(tmp_path / "run.npz")
    training.fit(epochs=1)
    with pytest.raises(CheckpointError, match="metrics: by default; this one has metrics: a, b"):
        training.fit(metrics={"a": max, "b": max})


def test_checkpoint_without_best_parameters_raises_where_they_are_needed(tmp_path):
    Training(tmp_path / "run.npz").fit(epochs=2, patience=None)
    training = Training(tmp_path / "run.npz")
    with pytest.raises(CheckpointError, match="has no best parameters, since its run had no pat"):
        training.fit(epochs=3)
    assert len(training.fit(epochs=3, patience=None).loss) == 3


def test_file_that_is_no_checkpoint_raises(tmp_path):
    training = Training(tmp_path / "run.npz")
    nn.save(training.model, training.path)
    with pytest.raises(CheckpointError, match=r"run.npz: is not a checkpoint of nn\.fit"):
        training.fit()
    training.path.write_bytes(b"nothing")
    with pytest.raises(CheckpointError, match="is damaged, or was not written by"):
        training.fit()


def test_checkpoint_that_cannot_be_written_raises_before_training(tmp_path):
    training = Training(tmp_path / "missing" / "run.npz", lambda: pytest.fail("it trained"))
    with pytest.raises(CheckpointError, match="cannot be saved: No such file"):
        training.fit()


def test_checkpoint_of_an_optimizer_without_a_state_raises(tmp_path):
    class Bare:
        def __init__(self, params, lr, momentum):
            self.param_groups = [{"params": list(params), "lr": lr}]

        def step(self):
            pass

    training = Training(tmp_path / "run.npz", optimizer=Bare)
    with pytest.raises(TypeError, match=r"checkpoint= needs optimizer to have .* which Bare lacks"):
        training.fit()


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
@pytest.mark.parametrize("schedule", ["StepLR", "OneCycleLR", "ReduceLROnPlateau"])
def test_run_with_real_parts_goes_on_exactly(tmp_path, optimizer, schedule):
    def train(path, stop=lambda run: False):
        model = Noisy()
        stepped = getattr(nn.optim, optimizer)(model.parameters(), lr=0.01)
        plan = {
            "StepLR": lambda: nn.schedules.StepLR(stepped, 2),
            "OneCycleLR": lambda: nn.schedules.OneCycleLR(
                stepped, 0.1, 6 * 7, cycle_momentum=optimizer != "Adagrad"
            ),
            "ReduceLROnPlateau": lambda: nn.schedules.ReduceLROnPlateau(stepped),
        }[schedule]()
        name = "batch_schedule" if schedule == "OneCycleLR" else "schedule"
        nn.fit(
            model, nn.CrossEntropyLoss(), stepped, problem(), problem(), epochs=6, batch_size=10,
            generator=np.random.default_rng(0), callbacks=[stop], checkpoint=path, resume=True,
            progress=False, **{name: plan},
        )  # fmt: skip

    def interrupt(run):
        if run.epoch == 4:
            raise KeyboardInterrupt

    train(tmp_path / "whole.npz")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "run.npz", interrupt)
    train(tmp_path / "run.npz")
    files = [(tmp_path / name).read_bytes() for name in ("whole.npz", "run.npz")]
    assert files[0] == files[1]


@pytest.mark.parametrize("batch", [1, 11, 22])
def test_run_of_a_convolutional_network_goes_on_exactly(tmp_path, batch):
    """With dropout, batch normalisation and images that are moved, interrupted within an epoch."""
    (images, labels), held_out = nn.data.digits()
    shape = (-1, 1, 8, 8)
    held_out = held_out[0][:50].reshape(shape), held_out[1][:50]

    class Network(nn.Module):
        def __init__(self, stop_at):
            generator = np.random.default_rng(1)
            self.cnn = nn.CNN(
                (1, 8, 8), channels=(3, 4), hidden=(8,), dropout=0.3, generator=generator
            )
            self.norm = nn.BatchNorm2d(1)
            self.calls, self.stop_at = 0, stop_at

        def forward(self, x):
            self.calls += self.training
            if self.calls == self.stop_at:
                raise KeyboardInterrupt
            return self.cnn(self.norm(x))

    def train(path, stop_at=None):
        model = Network(stop_at)
        optimizer = nn.optim.Adam(model.parameters(), weight_decay=1e-3)
        loader = nn.DataLoader(
            images[:100].reshape(shape), labels[:100], batch_size=16,
            generator=np.random.default_rng(2),
            transform=nn.data.Compose([nn.data.RandomShift(1), nn.data.RandomFlip()]),
        )  # fmt: skip
        cycle = nn.schedules.OneCycleLR(optimizer, 0.01, epochs=4, steps_per_epoch=len(loader))
        nn.fit(
            model, nn.CrossEntropyLoss(label_smoothing=0.1), optimizer, loader, held_out, epochs=4,
            batch_schedule=cycle, patience=3, checkpoint=path, resume=True, progress=False,
        )  # fmt: skip
        return model

    whole, run = tmp_path / "whole.npz", tmp_path / "run.npz"
    expected = train(whole).state_dict()
    with pytest.raises(KeyboardInterrupt):
        train(run, stop_at=batch)
    found = train(run).state_dict()
    assert run.read_bytes() == whole.read_bytes()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array)


# -- generators that only functions hold --------------------------------------------------------


def _with_closure(path, epochs, generators=(), seed=5):
    """A run whose transform draws from a generator that only its closure holds."""
    own = np.random.default_rng(seed)

    def transform(x):
        return x + own.normal(0, 0.5, x.shape).astype(np.float32)

    model = nn.MLP([5, 4, 3], generator=np.random.default_rng(0))
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    loader = nn.DataLoader(*problem(), batch_size=16, generator=np.random.default_rng(1))
    nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, Augmented(loader, transform), epochs=epochs,
        checkpoint=path, resume=True, generators=[own] if generators else (), progress=False,
    )  # fmt: skip
    return path.read_bytes()


def test_generator_in_a_closure_is_saved_only_if_it_is_listed(tmp_path):
    whole = _with_closure(tmp_path / "whole.npz", 4, generators=True)
    _with_closure(tmp_path / "run.npz", 2, generators=True)
    assert _with_closure(tmp_path / "run.npz", 4, generators=True) == whole
    unseen = _with_closure(tmp_path / "unseen.npz", 4)
    _with_closure(tmp_path / "stopped.npz", 2)
    assert _with_closure(tmp_path / "stopped.npz", 4) != unseen
    assert _about(tmp_path / "whole.npz")["generators"].keys() == {
        "data.loader.generator", "generators.0"
    }  # fmt: skip
    assert _about(tmp_path / "unseen.npz")["generators"].keys() == {"data.loader.generator"}


def test_generator_that_is_listed_and_held_by_a_part_keeps_its_place(tmp_path):
    training = Training(tmp_path / "run.npz")
    training.own = training.model.noise.generator
    training.fit(epochs=1)
    places = _about(training.path)["generators"].keys()
    assert places == {
        "model.noise.generator", "data.loader.generator", "validation.loader.generator"
    }  # fmt: skip


def _about(path):
    return json.loads(str(nn.load(path)["run"]))


def test_checkpoint_has_the_layout_of_earlier_files(tmp_path):
    training = Training(tmp_path / "run.npz")
    training.fit(epochs=2)
    arrays = nn.load(training.path)
    assert {name.split(".")[0] for name in arrays} == {
        "run", "model", "optimizer", "schedule", "batch_schedule", "callbacks", "best"
    }  # fmt: skip
    assert {"model.first.weight", "callbacks.0.calls", "best.last.bias"} <= arrays.keys()
    about = _about(training.path)
    assert about.keys() == {"kinds", "generators", "history", "stopped"}
    assert about["kinds"] == {
        "model": "Noisy Linear Noise Linear", "optimizer": "SGD", "schedule": "OnLoss",
        "batch_schedule": "Counting", "callbacks.0": "Counter", "metrics": "by default",
        "validation": "yes", "loss": "CrossEntropyLoss",
    }  # fmt: skip


def test_batch_callback_with_a_state_is_saved(tmp_path):
    def train(epochs):
        counter = Counter()
        model = nn.MLP([5, 4, 3], generator=np.random.default_rng(0))
        optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
        nn.fit(
            model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=epochs, batch_size=32,
            batch_callbacks=[counter], checkpoint=tmp_path / "a.npz", resume=True, progress=False,
        )  # fmt: skip
        return counter.calls

    assert train(1) == 2
    assert train(3) == 6


def test_run_that_a_batch_callback_ended_stays_ended(tmp_path):
    model = nn.MLP([5, 4, 3])
    optimizer = nn.optim.SGD(model.parameters(), 0.1, momentum=0.9)
    for _ in range(2):
        history = nn.fit(
            model, nn.CrossEntropyLoss(), optimizer, problem(), epochs=9, progress=False,
            batch_callbacks=[lambda run: run.epoch == 1 and run.batch == 1],
            checkpoint=tmp_path / "a", resume=True,
        )  # fmt: skip
        assert len(history.loss) == 2
