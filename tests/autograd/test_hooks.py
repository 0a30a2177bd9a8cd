"""Hooks of tensors and gradients of results: the same scenes here and in PyTorch."""

from __future__ import annotations

import gc
import sys
import tempfile
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import GraphError, RowGradient, ShapeError, Tensor, gradients, hooks


class Here:
    @staticmethod
    def leaf(*values: float) -> Any:
        return Tensor(np.array(values), requires_grad=True)

    gradients = staticmethod(lambda y, xs: gradients(y, xs))


class Torch:
    @staticmethod
    def leaf(*values: float) -> Any:
        import torch

        return torch.tensor(values, dtype=torch.float64, requires_grad=True)

    @staticmethod
    def gradients(y: Any, xs: Any) -> Any:
        import torch

        return torch.autograd.grad(y, xs)


def of_a_leaf(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    x.register_hook(lambda g: log.append(g))
    (x * x + 3 * x).sum().backward()
    log.append(x.grad)


def of_a_result_used_twice(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: log.append(g))
    (h * h + h).sum().backward()
    log.append(x.grad)


def replacing(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: log.append(g))
    h.register_hook(lambda g: g + 1)
    (h * 3).sum().backward()
    log.append(x.grad)


def replacing_at_a_leaf(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    x.register_hook(lambda g: g * 10)
    for _ in range(2):
        (x * 3).sum().backward()
    log.append(x.grad)


def at_the_output(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    y = (x * x).sum()
    y.register_hook(lambda g: g * 5)
    y.backward()
    log.append(x.grad)


def removed(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    handle = x.register_hook(lambda g: g * 10)
    x.register_hook(lambda g: log.append(g))
    handle.remove()
    handle.remove()
    (x * 3).sum().backward()
    with x.register_hook(lambda g: g * 10):
        (x * 3).sum().backward()
    (x * 3).sum().backward()
    log.append(x.grad)


def retained(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    log.append(h.retains_grad)
    h.retain_grad()
    h.retain_grad()
    log.append(h.retains_grad)
    (h * h).sum().backward()
    log.extend([h.grad, x.grad])
    x.retain_grad()
    log.append(x.retains_grad)


def retained_after_hooks(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    h.retain_grad()
    h.register_hook(lambda g: g * 10)
    y = (h * h).sum()
    y.backward(retain_graph=True)
    log.append(h.grad)
    y.backward()
    log.append(h.grad)
    h.grad = None
    log.append(h.grad)


def retained_and_changed_in_place(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    h.retain_grad()
    h *= 3
    (h * h).sum().backward()
    log.extend([h.retains_grad, h.grad])


def before_a_change_in_place(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    h.register_hook(lambda g: log.append(g))
    h *= 3
    h.sum().backward()


def in_gradients_between_tensors(lib: Any, log: list[Any]) -> None:
    x = lib.leaf(1.0, 2.0)
    h = x * 2
    x.register_hook(lambda g: g * 10)
    h.register_hook(lambda g: g + 1)
    y = (h * h).sum()
    log.extend(lib.gradients(y, [x]))
    h = x * 2
    h.register_hook(lambda g: g + 1)
    log.extend(lib.gradients((h * h).sum(), [h]))


SCENES: list[tuple[Callable[[Any, list[Any]], None], list[Any]]] = [
    (of_a_leaf, [[5, 7], [5, 7]]),
    (of_a_result_used_twice, [[5, 9], [10, 18]]),
    (replacing, [[30, 30], [62, 62]]),
    (replacing_at_a_leaf, [[60, 60]]),
    (at_the_output, [[10, 20]]),
    (removed, [[3, 3], [3, 3], [3, 3], [36, 36]]),
    (retained, [False, True, [4, 8], [8, 16], False]),
    (retained_after_hooks, [[40, 80], [80, 160], None]),
    (retained_and_changed_in_place, [True, [12, 24]]),
    (before_a_change_in_place, [[3, 3]]),
    (in_gradients_between_tensors, [[100, 180], [5, 9]]),
]


def plain(x: Any) -> Any:
    return x if x is None or isinstance(x, bool) else np.asarray(x).tolist()


@pytest.mark.parametrize(("scene", "expected"), SCENES)
@pytest.mark.parametrize("lib", [Here, Torch])
def test_scene(scene: Any, expected: list[Any], lib: Any) -> None:
    if lib is Torch:
        pytest.importorskip("torch")
    log: list[Any] = []
    scene(lib, log)
    assert list(map(plain, log)) == expected


def animated(y: Tensor) -> None:
    with tempfile.TemporaryDirectory() as folder:
        autograd.debug.animate(y, f"{folder}/pass.svg")


# -- only here ----------------------------------------------------------------------------------


def test_gradients_are_arrays_also_of_scalars() -> None:
    x = Tensor(2.0, requires_grad=True)
    seen: list[Any] = []
    y = x * x
    y.register_hook(seen.append)
    x.register_hook(seen.append)
    y.backward()
    assert [type(g) for g in seen] == [np.ndarray, np.ndarray]


def test_what_a_hook_returns_is_copied_and_converted() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True, dtype=np.float32)
    mine = np.array([1, 2])
    x.register_hook(lambda g: mine)
    for _ in range(2):
        x.sum().backward()
    assert x.grad.dtype == np.float32
    assert x.grad.tolist() == [2, 4]
    assert mine.tolist() == [1, 2]
    with x.register_hook(lambda g: Tensor([5.0, 5.0])):
        x.grad = None
        x.sum().backward()
    assert x.grad.tolist() == [5, 5]


def test_retained_gradient_is_an_array_of_its_own() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    h, k = x * 1, x * 1
    h.retain_grad(), k.retain_grad()
    (h + k).sum().backward()
    h.grad[0] = 99
    assert k.grad.tolist() == [1, 1]
    h.grad = [3, 4]
    assert h.grad.tolist() == [3, 4]


def test_recorded_pass_gives_hooks_tensors_whose_work_is_recorded() -> None:
    x = Tensor(2.0, requires_grad=True)
    h = x * x * x
    h.retain_grad()
    h.register_hook(lambda g: g * x)
    (dx,) = gradients(h * 1, [x], create_graph=True)
    assert dx.data == 24  # x * 3 x^2
    assert type(h.grad) is np.ndarray
    (d2x,) = gradients(dx, [x])
    assert d2x == 36  # of 3 x^3


def test_recorded_pass_takes_arrays_from_hooks() -> None:
    x = Tensor(2.0, requires_grad=True)
    x.register_hook(lambda g: np.array(7.0))
    (dx,) = gradients(x * x, [x], create_graph=True)
    assert isinstance(dx, Tensor)
    assert dx.data == 7


def test_hook_of_a_table_gets_its_rows() -> None:
    table = Tensor(np.zeros((5, 2)), requires_grad=True)
    seen: list[Any] = []
    table.register_hook(seen.append)
    autograd.ops.embedding([3, 3], table).sum().backward()
    assert isinstance(seen[0], RowGradient)
    computed = table * 1
    computed.retain_grad()
    autograd.ops.embedding([3, 3], computed).sum().backward()
    assert np.asarray(computed.grad).sum() == 4
    table.register_hook(lambda g: g * 2)
    table.grad = None
    autograd.ops.embedding([3, 3], table).sum().backward()
    assert np.asarray(table.grad)[3].tolist() == [4, 4]


def test_one_of_several_outputs() -> None:
    x = Tensor([4.0, 9.0], requires_grad=True)
    first, second = np.split(x, 2)
    first.register_hook(lambda g: g * 10)
    second.retain_grad()
    (first.sum() + 2 * second.sum()).backward()
    assert x.grad.tolist() == [10, 2]
    assert second.grad.tolist() == [2]


def test_hook_inside_checkpoint_is_called_once() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    seen: list[Any] = []
    x.register_hook(seen.append)
    autograd.checkpoint(lambda: (x * x).sum())().backward()
    assert [g.tolist() for g in seen] == [[2, 4]]
    assert x.grad.tolist() == [2, 4]


def test_hooks_go_with_their_nodes() -> None:
    gc.collect()
    before = len(hooks.hooked)
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    h.register_hook(print)
    h.retain_grad()
    assert len(hooks.hooked) == before + 1
    del h
    assert len(hooks.hooked) == before


def test_hook_that_holds_its_tensor_goes_with_it() -> None:
    gc.collect()
    before = len(hooks.hooked)

    def step() -> None:
        h = Tensor([1.0, 2.0], requires_grad=True) * 2
        h.register_hook(lambda g: g * h.data)

    step()
    gc.collect()
    assert len(hooks.hooked) == before


@pytest.mark.parametrize("seen", [lambda y: y.graph(gradients=True), animated])
def test_passes_that_only_look_retain_nothing(seen: Callable[[Tensor], Any]) -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    h = x * 2
    h.retain_grad()
    y = h.sum()
    seen(y)
    assert h.grad is None
    y.backward(retain_graph=True)
    seen(y)
    assert h.grad.tolist() == [1, 1]


def test_pictures_in_another_thread_leave_retained_gradients_alone() -> None:
    wrong: list[Any] = []

    def train() -> None:
        for _ in range(100):
            h = Tensor([1.0, 2.0], requires_grad=True) * 2
            h.retain_grad()
            h.sum().backward()
            wrong.extend([] if h.grad.tolist() == [1, 1] else [h.grad])

    trainers = [threading.Thread(target=train) for _ in range(2)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for trainer in trainers:
            trainer.start()
        while any(trainer.is_alive() for trainer in trainers):
            (Tensor([1.0, 2.0], requires_grad=True) * 2).graph(gradients=True)
    finally:
        sys.setswitchinterval(before)
    assert wrong == []


def test_hooks_of_a_freed_graph_go_with_it() -> None:
    y = Tensor([1.0, 2.0], requires_grad=True) * 2
    part = np.split(Tensor([1.0, 2.0], requires_grad=True) * 1, 2)[0]
    for result in (y, part):
        result.register_hook(lambda g, result=result: g * result.data)
    loss = y.sum() + part.sum()
    entries = hooks.hooked[id(y.node)], hooks.hooked[id(part.node)]
    loss.backward(retain_graph=True)
    assert [len(entry.hooks) for entry in entries] == [1, 1]
    loss.backward()
    assert [len(entry.hooks) for entry in entries] == [0, 0]


def test_hooks_stay_where_the_graph_was_not_freed() -> None:
    calls = []
    x = Tensor([1.0, 2.0], requires_grad=True)
    shared, other = x * 2, x * 3
    for result in (x, shared, other):
        result.register_hook(lambda g: calls.append(g))
    shared.sum().backward()
    assert len(calls) == 2  # that of x, and that of the graph which is freed now
    other.sum().backward()
    assert len(calls) == 4
    handle = shared.register_hook(lambda g: calls.append(g))
    handle.remove()
    handle.remove()


def test_errors() -> None:
    constant, x = Tensor([1.0, 2.0]), Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(GraphError, match=r"register_hook\(hook\): this tensor does not require"):
        constant.register_hook(print)
    with pytest.raises(GraphError, match=r"retain_grad\(\): this tensor does not require"):
        constant.retain_grad()
    with pytest.raises(GraphError, match=r"grad can be set only on a leaf .* retain_grad"):
        (x * 2).grad = None
    x.register_hook(lambda g: g[:1])
    with pytest.raises(ShapeError, match=r"gradient of shape \(1,\) for a tensor of shape \(2,\)"):
        x.sum().backward()
