"""Arrays that NumPy changes after they were recorded: found, with the lines before and after."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import GraphError, Tensor, detect_anomaly, no_grad
from autograd.debug.changes import Contents
from autograd.registry import REGISTRY


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values or (1.0, 2.0, 3.0)), requires_grad=True)


def message(program: Callable[[], Any]) -> str:
    with pytest.raises(GraphError) as info, detect_anomaly():
        program()
    return str(info.value)


def lines(text: str) -> list[str]:
    """The lines that stand on 'after' and 'before', as marked in this file."""
    with open(__file__) as file:
        source = file.read().splitlines()
    numbers = re.search(r"after .*?\.py:(\d+) in .* and before .*?\.py:(\d+) in ", text)
    assert numbers, text
    return [source[int(n) - 1].rpartition("# ")[2] for n in numbers.groups()]


def test_lines_are_the_nearest_that_saw_the_array() -> None:
    def program() -> None:
        w = leaf()
        y = np.square(w)
        z = np.sin(w)  # seen unchanged
        w.data[0] = 5.0
        np.cos(w)  # seen changed
        w.data[1] = 6.0
        np.cos(w)
        (y + z).sum().backward()

    text = message(program)
    assert lines(text) == ["seen unchanged", "seen changed"]


def test_change_that_is_seen_by_backward_only() -> None:
    def program() -> None:
        w = leaf()
        y = np.square(w)  # recorded
        w.data *= 2
        y.sum().backward()  # backward

    assert lines(message(program)) == ["recorded", "backward"]


def test_output_and_views_that_are_changed_are_found() -> None:
    def output() -> None:
        y = np.exp(leaf())
        y.data[0] = 0.0
        y.sum().backward()

    def through_a_view() -> None:
        w = Tensor(np.ones((3, 2)), requires_grad=True)
        y = np.square(w.T)
        w.data[2, 1] = 7.0
        y.sum().backward()

    assert "its output" in message(output)
    assert "its input 0, the result of transpose" in message(through_a_view)


def test_change_through_a_tensor_names_its_line() -> None:
    def program() -> None:
        w = leaf()
        y = np.square(w)
        with no_grad():
            w *= 2
        y.sum().backward()

    assert "changed in place afterwards" in message(program)


def test_change_that_was_undone_is_none() -> None:
    with detect_anomaly():
        w = leaf()
        y = np.square(w)
        w.data[0] += 1
        np.square(w)
        w.data[0] -= 1
        y.sum().backward()
        w.data[0] = 5
        np.square(w).sum().backward()
    np.testing.assert_array_equal(w.grad, [12, 8, 12])


def test_array_that_is_changed_many_times_is_still_known_to_have_changed() -> None:
    def program() -> None:
        w = leaf()
        y = np.square(w)
        for _ in range(100):
            w.data[0] += 1
            np.square(w)
        y.sum().backward()

    assert "its input 0, the leaf" in message(program)


def test_training_is_no_change() -> None:
    rng = np.random.default_rng(0)
    model = nn.Sequential(
        nn.Linear(3, 4, generator=rng), nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5, generator=rng)
    )
    optimizer = nn.optim.Adam(model.parameters())
    batch = np.empty((8, 3), np.float32)
    with detect_anomaly():
        for _ in range(5):
            batch[:] = rng.normal(size=batch.shape)
            optimizer.zero_grad()
            (model(batch) ** 2).mean().backward()
            optimizer.step()


def noted(contents: Contents, x: Any) -> None:
    contents.note(REGISTRY[np.square], [x], [leaf().node], x * x, {})


def test_contents_of_one_array_are_bounded() -> None:
    contents, x = Contents(), np.ones(2)
    for _ in range(100):
        x += 1
        noted(contents, x)
    assert 1 < len(contents.known[id(x)][1]) < 20


def test_array_in_the_place_of_one_that_is_gone_is_another() -> None:
    contents, gone, x = Contents(), np.ones(2), np.zeros(2)
    noted(contents, gone)
    contents.known[id(x)] = contents.known.pop(id(gone))
    node = np.square(Tensor._of(x, leaf().node)).node
    assert node is not None
    contents.check(node)
    noted(contents, x)
    reference, (content,) = contents.known[id(x)]
    assert reference() is x
    assert content.first == content.last


def test_arrays_are_not_kept_alive() -> None:
    import gc
    import weakref

    gc.disable()
    try:
        with detect_anomaly():
            w = leaf()
            y = np.exp(w)
            array = weakref.ref(y.data)
            del y
            assert array() is None
            autograd.softmax(w).sum().backward()
    finally:
        gc.enable()
