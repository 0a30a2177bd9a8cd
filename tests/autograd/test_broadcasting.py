"""Axes, and sums over what was stretched."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from autograd import ShapeError, Tensor
from autograd.broadcasting import (
    normalize_axes,
    reduced_shape,
    reduced_size,
    unbroadcast,
    unreduce,
)


@pytest.mark.parametrize(
    "shape", [(), (1,), (3,), (1, 3), (2, 1), (2, 3), (4, 1, 1), (1, 2, 3), (4, 2, 3), (1, 1, 1)]
)
def test_unbroadcast_is_the_transpose_of_broadcast_to(shape: tuple[int, ...]) -> None:
    generator = np.random.default_rng(0)
    g, x = generator.normal(size=(4, 2, 3)), generator.normal(size=shape)
    back = unbroadcast(g, shape)
    assert back.shape == shape
    # <g, broadcast(x)> = <unbroadcast(g), x>
    assert np.sum(back * x) == pytest.approx(np.sum(g * np.broadcast_to(x, g.shape)))


def test_unbroadcast_of_size_zero_and_of_tensors() -> None:
    assert unbroadcast(np.ones((0, 3)), (3,)).tolist() == [0, 0, 0]
    assert unbroadcast(np.ones((0, 3)), (1, 3)).tolist() == [[0, 0, 0]]
    assert unbroadcast(np.ones((0, 3)), (0, 1)).shape == (0, 1)
    t = unbroadcast(Tensor(np.ones((4, 3)), requires_grad=True), (3,))
    assert t.requires_grad
    assert t.data.tolist() == [4, 4, 4]


def test_normalize_axes_gives_positive_distinct_numbers() -> None:
    assert normalize_axes("f", None, 3) == (0, 1, 2)
    assert normalize_axes("f", -1, 3) == (2,)
    assert normalize_axes("f", np.int64(1), 3) == (1,)
    assert normalize_axes("f", (-1, 0), 3) == (2, 0)
    assert normalize_axes("f", [1], 2) == (1,)
    assert normalize_axes("f", (), 2) == ()


def test_normalize_axes_out_of_range_or_twice_raises() -> None:
    words = r"stack: axis 3 is out of range for an array of 3 dimensions; use -3 to 2"
    with pytest.raises(ShapeError, match=words):
        normalize_axes("stack", 3, 3)
    with pytest.raises(ShapeError, match="axis -4 is out of range"):
        normalize_axes("f", (0, -4), 3)
    with pytest.raises(ShapeError, match=r"f: axis=\(0, -3\) names an axis twice"):
        normalize_axes("f", (0, -3), 3)


def test_reduced_shape_and_size_agree_with_numpy() -> None:
    x = np.arange(24.0).reshape(2, 3, 4)
    axes: list[Any] = [None, *range(-3, 3), *itertools.permutations(range(3), 2), (0, 1, 2), ()]
    for axis in axes:
        total = np.sum(x, axis=axis)
        kept = np.sum(x, axis=axis, keepdims=True)
        assert reduced_shape(x.shape, axis) == kept.shape
        assert reduced_size(x.shape, axis) == x.size // max(total.size, 1)
        np.testing.assert_array_equal(unreduce(total, x.shape, axis), kept)
