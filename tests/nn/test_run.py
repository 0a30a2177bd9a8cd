"""The loop of `fit` in a script of one's own."""

import inspect
import textwrap

import numpy as np
import pytest

import nn

from .runs import Noisy, OnLoss, problem


def _parts():
    model = Noisy()
    optimizer = nn.optim.SGD(model.parameters(), 0.3, momentum=0.9)
    loader = nn.DataLoader(*problem(), batch_size=10, generator=np.random.default_rng(2))
    return model, optimizer, loader, OnLoss(optimizer)


def _loop():
    """The lines of `fit` that make a run and train, as a script."""
    source = inspect.getsource(nn.fit).split("\n")
    first = next(i for i, line in enumerate(source) if line.startswith("    run = Run("))
    return textwrap.dedent("\n".join(source[first:])).replace("return run.history", "")


@pytest.mark.parametrize("progress", [False, True])
def test_loop_of_fit_runs_as_a_script(tmp_path, progress):
    options = {
        "epochs": 9, "patience": 4, "clip_norm": 1.0, "metrics": None, "progress": progress,
        "batch_schedule": None, "callbacks": (), "batch_callbacks": (), "generators": (),
        "resume": False,
    }  # fmt: skip
    model, optimizer, loader, schedule = _parts()
    validation = nn.DataLoader(*problem(), batch_size=20, shuffle=False)
    expected = nn.fit(
        model, nn.CrossEntropyLoss(), optimizer, loader, validation, schedule=schedule,
        checkpoint=tmp_path / "fit.npz", **options,
    )  # fmt: skip
    own, optimizer, loader, schedule = _parts()
    from nn.progress import Silence, shown_progress

    script = {
        "np": np, "Run": nn.Run, "evaluate": nn.evaluate, "Silence": Silence,
        "shown_progress": shown_progress, "model": own, "optimizer": optimizer, "data": loader,
        "loss": nn.CrossEntropyLoss(), "validation": validation, "schedule": schedule,
        "checkpoint": tmp_path / "script.npz", **options,
    }  # fmt: skip
    exec(_loop(), script)
    assert script["run"].history == expected
    for name, array in model.state_dict().items():
        np.testing.assert_array_equal(array, own.state_dict()[name])
    assert (tmp_path / "script.npz").read_bytes() == (tmp_path / "fit.npz").read_bytes()


def test_loop_of_fit_is_short():
    lines = _loop().strip().split("\n")
    first = next(i for i, line in enumerate(lines) if line.startswith("    while not run.is_over"))
    assert len(lines) - first <= 25
    assert len(lines) <= 40


def test_run_made_by_hand_is_what_fit_does():
    model, optimizer, loader, _ = _parts()
    loss = nn.CrossEntropyLoss()
    expected = nn.fit(model, loss, optimizer, loader, epochs=3, progress=False)
    own, optimizer, loader, _ = _parts()
    run = nn.Run(own, loss, optimizer, loader, epochs=3)
    assert run.epoch == run.batch == 0
    while not run.is_over:
        for inputs, targets in run.batches():
            outputs = own(*inputs)
            batch_loss = loss(outputs, targets)
            optimizer.zero_grad()
            batch_loss.backward()
            optimizer.step()
            run.end_batch(batch_loss, outputs, targets)
        run.end_epoch()
    assert run.history == expected
    assert (run.epoch, run.batch, run.lr) == (3, 7, 0.3)
    assert run.batch_loss == batch_loss.item()
    assert not run.load()  # it has no file


def test_metrics_of_the_wrong_type_raise_before_a_file_is_written(tmp_path):
    model, optimizer, loader, _ = _parts()
    with pytest.raises(TypeError, match="metrics is a list; pass a dict"):
        nn.Run(
            model, nn.CrossEntropyLoss(), optimizer, loader, epochs=1, metrics=[max],
            checkpoint=tmp_path / "a.npz",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []
