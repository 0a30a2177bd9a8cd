"""NumPy's functions on Tensors: what is recorded, constant, or refused."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import autograd.numpy as anp
from autograd import (
    GraphError,
    NotDifferentiableError,
    Tensor,
    gradients,
    no_grad,
)


def leaf(values: Any, dtype: Any = float) -> Tensor:
    return Tensor(np.array(values, dtype), requires_grad=True)


def test_conversion_of_a_recorded_tensor_raises_and_says_what_to_write() -> None:
    t, u = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    words = re.escape("np.stack([...]) to join tensors, or t.data, t.item() or t.detach()")
    for convert in (
        lambda: np.asarray(t),
        lambda: np.array(t),
        lambda: np.array([t, u]),
        lambda: np.array([t[0], u[0]]),
        lambda: np.asarray([[t], [u]]),
        lambda: float(t[0]),
        lambda: int(t[0]),
        lambda: np.float64(t[0]),
        lambda: math.exp(t[0]),
        lambda: np.ones(2).dot([t[0], u[0]]),
        lambda: np.random.default_rng(0).normal(t),
    ):
        with pytest.raises(GraphError, match=words):
            convert()


def test_conversion_of_a_constant_gives_its_numbers() -> None:
    t = Tensor([1.0, 2.0])
    assert np.asarray(t).dtype == np.float64
    assert np.array([t, t]).shape == (2, 2)
    assert np.array([Tensor(1.0), Tensor(2.0)]).dtype == np.float64
    assert np.asarray(t, dtype=np.float32).dtype == np.float32
    assert float(Tensor(2.5)) == 2.5
    assert int(Tensor(2.5)) == 2
    assert [10, 20, 30][Tensor(1)] == 20
    with pytest.raises(TypeError):
        [10][Tensor(0.0)]


def test_writing_into_an_array_raises() -> None:
    x, a = leaf([1.0, 2.0]), np.zeros(2)
    with pytest.raises(NotDifferentiableError, match=r"add: writing .*\(`out=`, or `a \+= t`\)"):
        a += x
    with pytest.raises(NotDifferentiableError, match=r"exp: writing .* assign the result instead"):
        np.exp(x, out=a)
    with pytest.raises(GraphError):
        a[:] = x
    assert not a.any()


def test_writing_constants_into_an_array_is_numpys() -> None:
    c, a = Tensor([1.0, 2.0]), np.zeros(2)
    a += c
    np.multiply(c, 3.0, out=a, where=[True, False])
    assert a.tolist() == [3, 2]
    with no_grad():
        a -= leaf([1.0, 1.0])
    assert a.tolist() == [2, 1]
    np.add.reduce(Tensor([[1.0], [2.0]]), axis=1, out=a)
    assert a.tolist() == [1, 2]
    np.add.accumulate(c, out=a)
    assert a.tolist() == [1, 3]


def test_out_that_is_a_tensor_is_written_to_as_by_index() -> None:
    x, c = leaf([1.0, 2.0]), Tensor([5.0, 5.0])
    assert np.exp(x, out=c) is c
    np.testing.assert_array_equal(gradients(c, x, np.ones(2)), np.exp(x.data))
    d = Tensor([5.0, 5.0])
    np.multiply(x, x, out=d, where=[True, False])
    assert d.tolist() == [1, 5]
    np.testing.assert_array_equal(gradients(d, x, np.ones(2)), [2, 0])
    with pytest.raises(GraphError, match="would change a leaf"):
        np.exp(d, out=x)
    with pytest.raises(TypeError, match="cannot become int64"):
        np.add(c, 1.5, out=Tensor([1, 2]))
    with pytest.raises(NotDifferentiableError, match="add: writing a tensor's value"):
        np.add.reduce(c, out=Tensor(0.0))


def test_ufunc_methods_are_the_functions_that_do_the_same() -> None:
    x, y = leaf([[1.0, 2.0], [3.0, 4.0]]), leaf([5.0, 6.0, 7.0])
    for method, function in (
        (np.add.reduce, lambda t: np.sum(t, axis=0)),
        (np.multiply.reduce, lambda t: np.prod(t, axis=0)),
        (np.maximum.reduce, lambda t: np.max(t, axis=0)),
        (np.minimum.reduce, lambda t: np.min(t, axis=0)),
        (np.add.accumulate, lambda t: np.cumsum(t, axis=0)),
        (np.multiply.accumulate, lambda t: np.cumprod(t, axis=0)),
        (lambda t: np.subtract.outer(t, y), lambda t: t[..., None] - y),
        (lambda t: np.subtract.outer(y, t), lambda t: y[:, None, None] - t),
    ):
        one, other = method(x), function(x)
        np.testing.assert_array_equal(one.data, method(x.data) if one.ndim < 3 else other.data)
        g = np.arange(float(one.size)).reshape(one.shape)
        np.testing.assert_array_equal(gradients(one, x, g), gradients(other, x, g))
    assert np.logical_and.reduce(x).tolist() == [True, True]


def test_functions_without_a_rule_are_refused_on_recorded_tensors_only() -> None:
    x = leaf([1.0, 2.0])
    for call, name in (
        (np.nextafter.accumulate, "numpy.nextafter.accumulate"),
        (lambda t: np.nextafter.reduceat(t, [0, 1]), "numpy.nextafter.reduceat"),
        (np.sort_complex, "numpy.sort_complex"),
    ):
        with pytest.raises(NotDifferentiableError, match=rf"{name} has no gradient"):
            call(x)
        call(x.detach())
        with no_grad():
            call(x)


def test_lists_of_tensors_are_operands() -> None:
    t, u, v = leaf([1.0, 2.0]), leaf(0.5), np.array([3.0, 4.0])
    for call in (
        lambda join: t * join([u, 2.0]),
        lambda join: join([u, t[0]]) - t,
        lambda join: np.add(join((u, u * 2)), t),
        lambda join: np.dot(join([u, 1.0]), t),
        lambda join: t.dot(join([u, u])),
        lambda join: np.inner(join([[u, 1.0], [2.0, u]]), t),
        lambda join: np.where([True, False], t, join([u, u])),
        lambda join: np.concatenate([t, join([u, 1.0])]),
        lambda join: np.stack([t, join([u, u])]),
        lambda join: np.vstack([t, join([u, u])]),
        lambda join: np.clip(t, join([u * 3, u]), 1.9),
        lambda join: np.interp(t, [0.0, 3.0], join([u, u * u])),
        lambda join: np.average(t, weights=join([u, 1.0])),
        lambda join: np.linalg.solve(np.eye(2) * u, join([u, 1.0])),
        lambda join: np.einsum("i,ij->j", t, join([t * u, v])),
        lambda join: np.linalg.multi_dot([t, np.eye(2), join([u, 1.0])]),
        lambda join: np.choose([0, 1], [t, join([u, u])]),
        lambda join: np.insert(t, 1, join([u, u])),
        lambda join: np.diff(t, prepend=join([u])),
        lambda join: np.polyval(join([u, 1.0]), t),
        lambda join: np.trapezoid(t, join([u, 2.0])),
    ):
        out, joined = call(lambda x: x), call(lambda x: anp.array(x))
        np.testing.assert_array_equal(out.data, joined.data)
        g = np.arange(1.0, out.size + 1).reshape(out.shape)
        found, expected = gradients(out, [t, u], g), gradients(joined, [t, u], g)
        np.testing.assert_array_equal(found[0], expected[0])
        assert found[1] == expected[1] != 0


def test_list_that_numpy_keeps_to_itself_is_refused_with_the_line_to_write() -> None:
    t, u = leaf([1.0, 2.0]), leaf(0.5)
    for call, name in (
        (lambda: np.sum([t, t]), "sum"),
        (lambda: np.max([u, u]), "max"),
        (lambda: np.mean((u, u)), "mean"),
        (lambda: np.linalg.norm([u, u]), "linalg.norm"),
        (lambda: np.median([[u, u], [1.0, 2.0]]), "median"),
        (lambda: np.fft.fft([u, u]), "fft.fft"),
        (lambda: np.diag([u, u]), "diag"),
        (lambda: np.cumsum([t, t]), "cumsum"),
    ):
        words = rf"^np\.{name} of a list would .* to join tensors, as in np\.{name}\(np\.stack\("
        with pytest.raises(GraphError, match=words):
            call()
    with pytest.raises(GraphError, match=r"^np.select of a list .* to join tensors, or t\.data"):
        np.select([[True, False]], [[u, u]])
    with pytest.raises(TypeError, match="sequence"):
        np.stack(x for x in (t, t))


def test_functions_that_numpy_keeps_to_itself_name_the_line_to_write() -> None:
    t, u, a = leaf([1.0, 2.0, 3.0]), leaf(0.5), np.zeros((3, 3))
    for call, words in (
        (lambda: np.full((2, 2), u), r"np\.full would .*; use np\.broadcast_to\(t, shape\)"),
        (
            lambda: np.full_like(a, u),
            r"np\.full_like would .*; use np\.broadcast_to\(t, a\.shape\)",
        ),
        (lambda: np.vectorize(math.exp)(t), r"np\.vectorize would .*; use the function itself"),
        (
            lambda: np.r_[t, u],
            r"np\.r_ and np\.c_ would .*; use np\.concatenate or np\.column_stack",
        ),
        (lambda: np.c_[t, t], r"np\.r_ and np\.c_ would"),
        (
            lambda: np.lib.stride_tricks.as_strided(t, (2,), (8,)),
            r"use np\.lib.*sliding_window_view",
        ),
        (lambda: np.copyto(a[0], t), r"np\.copyto into a plain array .* autograd\.Tensor\(a\)"),
        (lambda: np.put(a, [0, 1, 2], t), r"np\.put into a plain array"),
        (lambda: np.place(a[0], [1, 0, 1], t), r"np\.place into a plain array"),
        (lambda: np.putmask(a[0], [1, 0, 1], t), r"np\.putmask into a plain array"),
        (lambda: np.fill_diagonal(a, u), r"np\.fill_diagonal into a plain array"),
        (lambda: np.put_along_axis(a[0], np.arange(3), t, 0), "np.put_along_axis into a plain"),
        (lambda: np.arange(u), r"use np\.stack"),
    ):
        with pytest.raises(GraphError, match=words):
            call()
    assert not a.any()


def test_reductions_of_ufuncs_are_recorded() -> None:
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        for axis in (0, 1, None):
            y = ufunc.reduce(x, axis=axis)
            assert y.requires_grad
            np.testing.assert_array_equal(y.data, ufunc.reduce(x.data, axis=axis))
    assert np.add.reduce(x).shape == (2,)
