"""Hooks of modules: the same scenes here and in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import nn
from autograd import Tensor


class Here:
    Module = nn.Module

    @staticmethod
    def tensor(*values: float, requires_grad: bool = True) -> Any:
        return Tensor(np.array(values), requires_grad=requires_grad)


def torch_library() -> Any:
    torch = pytest.importorskip("torch")

    class Torch:
        Module = torch.nn.Module

        @staticmethod
        def tensor(*values: float, requires_grad: bool = True) -> Any:
            return torch.tensor(values, dtype=torch.float64, requires_grad=requires_grad)

    return Torch


def product(lib: Any) -> Any:
    class Product(lib.Module):  # type: ignore[name-defined,misc]
        def forward(self, x: Any, y: Any = 2.0) -> Any:
            return x * y

    return Product()


def before(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    f.register_forward_pre_hook(lambda module, args: log.append([module is f, len(args)]))
    f.register_forward_pre_hook(lambda module, args: args[0] + 1)
    log.append(f(x))
    f.register_forward_pre_hook(lambda module, args: (args[0] * 10, 3.0))
    log.append(f(x))
    f.register_forward_pre_hook(lambda module, args: (args[0] * 0,), prepend=True)
    log.append(f(x))


def with_keywords(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    f.register_forward_pre_hook(
        lambda module, args, kwargs: (args, {"y": kwargs["y"] + 1}), with_kwargs=True
    )
    f.register_forward_hook(
        lambda module, args, kwargs, out: log.append([len(args), kwargs["y"]]), with_kwargs=True
    )
    log.append(f(x, y=4.0))


def after(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    first = f.register_forward_hook(lambda module, args, out: out + 1)
    f.register_forward_hook(lambda module, args, out: log.append(out))
    f.register_forward_hook(lambda module, args, out: out * 10, prepend=True)
    log.append(f(x, 3.0))
    first.remove()
    log.append(f(x, 3.0))
    log.append(x.grad)
    f(x, 3.0).sum().backward()
    log.append(x.grad)


def backward(lib: Any, log: list[Any]) -> None:
    f, x, y = product(lib), lib.tensor(1.0, 2.0), lib.tensor(3.0, 4.0)
    f.register_full_backward_hook(lambda module, into, out: log.extend([len(into), *into, *out]))
    (f(x, y) * 5).sum().backward()
    log.extend([x.grad, y.grad])


def backward_replacing(lib: Any, log: list[Any]) -> None:
    f, x, y = product(lib), lib.tensor(1.0, 2.0), lib.tensor(3.0, 4.0)
    f.register_full_backward_hook(lambda module, into, out: (into[0] * 10, into[1]))
    f.register_full_backward_hook(lambda module, into, out: log.append(into[0]))
    f(x, y).sum().backward()
    log.extend([x.grad, y.grad])


def backward_of_some_inputs(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    f.register_full_backward_hook(lambda module, into, out: log.extend([*into, *out]))
    f(lib.tensor(3.0, 4.0, requires_grad=False), x).sum().backward()
    log.append(x.grad)


def backward_of_one_replaced(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    handle = f.register_full_backward_hook(lambda module, into, out: (out[0] * 7,))
    f(x).sum().backward()
    handle.remove()
    f(x).sum().backward()
    log.append(x.grad)


def backward_of_used_twice(lib: Any, log: list[Any]) -> None:
    f, x = product(lib), lib.tensor(1.0, 2.0)
    f.register_full_backward_hook(lambda module, into, out: log.extend([*into, *out]))
    f(f(x)).sum().backward()
    log.append(x.grad)


SCENES: list[tuple[Callable[[Any, list[Any]], None], list[Any]]] = [
    (before, [[True, 1], [4, 6], [True, 1], [60, 90], [True, 1], [30, 30]]),
    (with_keywords, [[1, 5.0], [5, 10]]),
    (after, [[31, 61], [31, 61], [30, 60], [30, 60], None, [30, 60], [30, 30]]),
    (backward, [2, [15, 20], [5, 10], [5, 5], [15, 20], [5, 10]]),
    (backward_replacing, [[30, 40], [30, 40], [1, 2]]),
    (backward_of_some_inputs, [[0, 0], [3, 4], [1, 1], [3, 4]]),
    (backward_of_one_replaced, [[9, 9]]),
    (backward_of_used_twice, [[2, 2], [1, 1], [4, 4], [2, 2], [4, 4]]),
]


def plain(x: Any) -> Any:
    if x is None or isinstance(x, int | list):
        return x
    return x.detach().tolist() if hasattr(x, "tolist") and hasattr(x, "detach") else values(x)


def values(x: Any) -> Any:
    return (x.data if isinstance(x, Tensor) else x).tolist()


@pytest.mark.parametrize(("scene", "expected"), SCENES)
@pytest.mark.parametrize("library", [lambda: Here, torch_library], ids=["here", "torch"])
def test_scene(scene: Any, expected: list[Any], library: Any) -> None:
    log: list[Any] = []
    scene(library(), log)
    assert list(map(plain, log)) == expected


# -- only here ----------------------------------------------------------------------------------


def test_backward_hook_without_gradients_of_inputs_is_called() -> None:
    net = nn.Linear(2, 3)
    seen: list[Any] = []
    net.register_full_backward_hook(lambda module, into, out: seen.append((into, out[0].tolist())))
    net(np.ones((1, 2), np.float32)).sum().backward()
    assert seen == [((None,), [[1, 1, 1]])]


def test_several_outputs() -> None:
    class Halves(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return x * 2, x * 3

    net, x = Halves(), Tensor([1.0, 2.0], requires_grad=True)
    seen: list[Any] = []
    net.register_full_backward_hook(lambda m, into, out: seen.append([g.tolist() for g in out]))
    first, second = net(x)
    (first.sum() + 10 * second.sum()).backward()
    assert seen == [[[1, 1], [10, 10]]]
    assert x.grad.tolist() == [32, 32]


def test_hooks_of_one_module_are_not_those_of_another() -> None:
    one, other = product(Here), product(Here)
    one.register_forward_hook(lambda module, args, out: out * 0)
    assert other(Tensor([1.0])).data.tolist() == [2]


def test_errors() -> None:
    net, x = product(Here), Tensor([1.0, 2.0], requires_grad=True)
    with net.register_full_backward_hook(lambda module, into, out: (*into, *into)):
        y = net(x).sum()
        with pytest.raises(ValueError, match="returned 2 gradients for 1 inputs"):
            y.backward()

    class Pair(nn.Module):
        def forward(self, x: Tensor) -> Any:
            return {"x": x}

    pair = Pair()
    pair.register_full_backward_hook(print)
    with pytest.raises(TypeError, match="Pair: a module with a backward hook must return a Tensor"):
        pair(x)
