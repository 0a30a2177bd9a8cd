"""Graphs that are dropped: what they are made of goes at once, however long they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from autograd import Tensor
from autograd.node import Node, ancestors, kept_parents, leading_to

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import gc, threading
import numpy as np
from autograd import Tensor, graph, rule
from autograd.node import Node

LENGTH = 50_000
gc.disable()

def failing(g, _, _x):
    raise ZeroDivisionError

stop = rule(lambda x: x + 0, failing, name="stop")
scaled = rule(lambda x, by=None: x + 0, lambda g, _, _x, by=None: g, name="scaled")

def chain(y, length=LENGTH):
    for _ in range(length):
        y = y * 1.0
    return y

def million(y):
    return chain(y, 1_000_000)

def diamonds(y):
    for _ in range(LENGTH):
        y = y * 0.5 + y * 0.5
    return y

def outputs(y):
    for _ in range(LENGTH // 2):
        y, _ = np.split(np.concatenate([y, y]), 2)
    return y

def options(y):
    for _ in range(LENGTH):
        y = scaled(y, by=y)
    return y

def indices(y):
    for _ in range(LENGTH):
        y = y[np.array([0])]
    return y

def in_place(y):
    y = y * 1.0
    for _ in range(LENGTH // 2):
        y[0] = y[0] * 1.0
    return y

def half_way(y):
    y = chain(stop(chain(y)))
    try:
        y.sum().backward()
    except ZeroDivisionError as error:
        assert "stop" in error.__notes__[0]
    else:
        raise AssertionError
    return y

def walked(y):
    y = chain(y)
    y.sum().backward()
    return y

def drop(make):
    result = make(Tensor(np.ones(1), requires_grad=True))
    del result

threading.stack_size({stack} * 1024)
thread = threading.Thread(target=drop, args=({kind},))
thread.start()
thread.join()
assert not any(issubclass(type(x), Node) for x in gc.get_objects())
print("dropped")
"""


@pytest.mark.parametrize(
    ("kind", "stack"),
    [
        ("million", 8192),
        ("million", 128),
        ("diamonds", 128),
        ("outputs", 128),
        ("options", 128),
        ("indices", 128),
        ("in_place", 128),
        ("half_way", 128),
        ("walked", 128),
    ],
)
def test_long_graph_is_dropped_at_once_whatever_the_stack(kind: str, stack: int) -> None:
    """In a process of its own, for a crash would end this one."""
    program = PROGRAM.replace("{kind}", kind).replace("{stack}", str(stack))
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "dropped\n", "")


def test_ancestors_are_each_once_and_the_nearest_first() -> None:
    x = Tensor(2.0, requires_grad=True)
    y = x * 3.0
    z = y * x + y
    product = z.node.parents[0]
    assert list(ancestors([z.node, None])) == [z.node, product, y.node, x.node]
    assert list(ancestors([x.node, z.node])) == [x.node, z.node, product, y.node]


def test_ancestors_end_where_parents_says_so() -> None:
    x = Tensor(2.0, requires_grad=True)
    y = x * 3.0
    z = np.exp(y) * 2.0

    def above_y(node: Node) -> tuple[Node | None, ...]:
        return () if node is y.node else kept_parents(node)

    assert list(ancestors([z.node], above_y)) == [z.node, z.node.parents[0], y.node]


def test_ancestors_end_at_freed_nodes() -> None:
    x = Tensor(2.0, requires_grad=True)
    y = x * 3.0
    y.backward()
    assert kept_parents(y.node) == ()
    assert list(ancestors([y.node])) == [y.node]


def test_leading_to_has_the_ends_and_what_came_of_them() -> None:
    x, w = (Tensor(2.0, requires_grad=True) for _ in range(2))
    y = np.exp(x)
    other = np.exp(w)
    z = y * other
    nodes = sorted(ancestors([z.node]), key=lambda node: node.number)
    assert leading_to([x.node], nodes) == {x.node, y.node, z.node}
