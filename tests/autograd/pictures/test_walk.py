"""Walking graphs."""

from __future__ import annotations

import numpy as np

from autograd.pictures.walk import distances, maker, neighbours, walk

from .reading import leaf


def test_walk_visits_what_is_near_the_outputs_first_and_every_node_once() -> None:
    x = leaf("x")
    a = np.sin(x)
    b = np.cos(a)
    y = a * b
    assert list(walk([y.node])) == [y.node, a.node, b.node, x.node]
    assert walk([y.node])[y.node] == [a.node, b.node]
    assert walk([(x * x).node])


def test_several_outputs_of_an_operation_have_one_maker() -> None:
    a, b = np.split(leaf("x", 2), 2)
    assert maker(a.node) is maker(b.node) is not a.node
    assert len(walk([a.node, b.node])) == 2


def test_neighbours_lie_in_both_directions() -> None:
    inputs = {"a": [], "b": ["a"], "c": ["b"], "d": ["b"]}
    assert neighbours(inputs, "b", 1) == {"a", "b", "c", "d"}
    assert neighbours(inputs, "a", 1) == {"a", "b"}
    assert neighbours(inputs, "c", 2) == {"a", "b", "c", "d"}
    assert neighbours(inputs, "c", 0) == {"c"}


def test_distances_are_along_the_longest_ways() -> None:
    inputs = {"a": [], "b": ["a"], "c": ["a", "b"]}
    depth, height = distances(inputs, list("abc"))
    assert depth == {"a": 0, "b": 1, "c": 2}
    assert height == {"a": 2, "b": 1, "c": 0}
