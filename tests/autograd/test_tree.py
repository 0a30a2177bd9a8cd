"""Containers: what counts as one, and that it is rebuilt as what it was."""

from __future__ import annotations

from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd import DTypeError, Tensor, grad
from autograd.tree import leaves, rebuild, tree_map


class Pair(NamedTuple):
    first: Any
    second: Any


class Strict(NamedTuple("Strict", [("first", Any), ("second", Any)])):  # type: ignore[misc]
    """A named tuple with a constructor of its own."""

    def __new__(cls, both: Any) -> Strict:
        return super().__new__(cls, both, both)


class Stack(list[Any]):
    unit = ""


class Point(tuple[Any, ...]):
    pass


class Table(dict[str, Any]):
    def __init__(self, name: str, **columns: Any) -> None:
        super().__init__(columns)
        self.name = name


@dataclass(frozen=True)
class Parameters:
    w: Any
    inner: Any
    derived: Any = field(init=False, default=3.0)

    def __post_init__(self) -> None:
        if not hasattr(self.w, "shape"):
            raise TypeError("only for arrays")


@dataclass(slots=True)
class Slotted:
    w: Any


ONE, TWO = np.ones(2), np.full(3, 2.0)
STACK = Stack([ONE, TWO])
STACK.unit = "m"

TREES: dict[str, tuple[Any, list[str]]] = {
    "array": (ONE, [""]),
    "tensor": (Tensor(ONE), [""]),
    "nested": ({"a": [ONE, (TWO,)]}, ["['a'][0]", "['a'][1][0]"]),
    "empty": ({"a": [], "b": ()}, []),
    "named tuple": (Pair(ONE, {"x": TWO}), ["[0]", "[1]['x']"]),
    "named tuple of its own": (Strict(ONE), ["[0]", "[1]"]),
    "tuple of its own": (Point([ONE, TWO]), ["[0]", "[1]"]),
    "list of its own": (STACK, ["[0]", "[1]"]),
    "defaultdict": (defaultdict(list, a=ONE), ["['a']"]),
    "OrderedDict": (OrderedDict(b=ONE, a=TWO), ["['b']", "['a']"]),
    "dict of its own": (Table("t", a=ONE), ["['a']"]),
    "mapping proxy": (MappingProxyType({1: ONE}), ["[1]"]),
    "dataclass": (Parameters(ONE, (TWO,)), [".w", ".inner[0]", ".derived"]),
    "dataclass with slots": (Slotted(ONE), [".w"]),
    "others": ([None, "text", deque([ONE]), {1.0}], ["[0]", "[1]", "[2]", "[3]"]),
}


@pytest.mark.parametrize("name", TREES)
def test_tree_is_walked_and_rebuilt(name: str) -> None:
    tree, paths = TREES[name]
    assert [path for path, _ in leaves(tree)] == paths
    numbers = rebuild(tree, iter(range(len(paths))))
    assert [x for _, x in leaves(numbers)] == list(range(len(paths)))
    if paths != [""]:
        assert type(numbers) is type(tree)
    again = tree_map(lambda x: x, tree)
    assert all(a is b for (_, a), (_, b) in zip(leaves(again), leaves(tree), strict=True))
    assert again is not tree or not paths or paths == [""]


def test_rebuilt_containers_keep_what_else_they_hold() -> None:
    assert tree_map(np.sum, TREES["defaultdict"][0])["new"] == []
    assert list(tree_map(np.sum, TREES["OrderedDict"][0]).items()) == [("b", 2.0), ("a", 6.0)]
    assert tree_map(np.sum, TREES["dict of its own"][0]).name == "t"
    assert tree_map(np.sum, STACK).unit == "m"
    assert "new" not in TREES["defaultdict"][0]


def test_gradient_by_a_dataclass_is_one() -> None:
    p = Parameters(np.array([1.0, 2.0]), {"b": 3.0})
    g = grad(lambda p: (p.w**2).sum() * p.inner["b"] * p.derived)(p)
    assert type(g) is Parameters
    np.testing.assert_array_equal(g.w, [18, 36])
    assert g.inner == {"b": 15}
    assert g.derived == 15
    with pytest.raises(DTypeError, match=r"grad: argument 0\.w is of dtype int64"):
        grad(lambda s: s.w * 1.0)(Slotted(3))
