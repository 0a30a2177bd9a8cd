"""`import autograd.numpy as np`: NumPy's names, and arrays built out of Tensors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import pytest

import autograd.numpy as np
import autograd.numpy.linalg as linalg
import autograd.numpy.random as random
from autograd import (
    DTypeError,
    GraphError,
    Tensor,
    checkpoint,
    elementwise_grad,
    grad,
    gradcheck,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

X = numpy.array([0.5, 2.0, -1.5])


def test_namespace_has_what_numpy_has() -> None:
    for name in numpy.__all__:
        assert hasattr(np, name)
    assert np.exp is numpy.exp
    assert np.pi == numpy.pi
    assert linalg.det is numpy.linalg.det
    assert np.fft.fft is numpy.fft.fft
    assert random.default_rng is numpy.random.default_rng


def test_array_of_plain_numbers_is_numpys() -> None:
    assert type(np.array([1, 2.5])) is numpy.ndarray
    assert np.array([1, 2], dtype=np.float32).dtype == np.float32
    assert type(np.asarray([[1], [2]])) is numpy.ndarray


def test_array_of_tensors_passes_gradients_to_each() -> None:
    def f(x: Tensor, y: Tensor) -> Tensor:
        return np.array([x, [y, 1.0]]) ** 3

    assert gradcheck(f, numpy.array([1.0, 2.0]), numpy.array(3.0))
    t = Tensor([1.0, 2.0], requires_grad=True)
    assert np.array([t[0], 2], dtype=np.float32).dtype == np.float32
    assert np.asarray(t) is t
    assert np.array(t) is not t
    assert np.array(t).requires_grad


def test_array_of_tensors_that_do_not_fit_raises() -> None:
    t = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(ValueError, match="concatenate"):
        np.array([t, t[:1]])


@pytest.mark.parametrize("name", np.TAKES_LISTS)
def test_function_that_takes_lists_is_numpys(name: str) -> None:
    function = getattr(np, name)
    assert function.__wrapped__ is getattr(numpy, name)
    assert function.__doc__ == getattr(numpy, name).__doc__


def test_lists_of_tensors_are_joined_by_functions_of_arrays() -> None:
    t, u = Tensor([1.0, 2.0], requires_grad=True), Tensor([3.0, 5.0], requires_grad=True)
    for function in (np.sum, np.max, np.mean, np.std, np.median, np.ravel, np.cumsum, np.transpose):
        out, expected = function([t, u]), function(numpy.stack([t, u]))
        numpy.testing.assert_array_equal(out.data, expected.data)
        assert out.requires_grad
    assert np.sum((t, u), axis=(0, 1)).item() == 11
    assert np.dot([t[0], t[1]], [1.0, 2.0]).item() == 5
    assert np.linalg.norm([t[1], 0.0]).item() == 2
    assert np.where([True, False], [t[0], t[1]], 0.0).requires_grad
    assert type(np.sum([1, 2])) is numpy.int64


def test_code_written_for_numpy_is_differentiable() -> None:
    def length(path: numpy.ndarray) -> Tensor:
        steps = np.diff(path, axis=0)
        return np.sum(np.sqrt(np.sum(steps * steps, axis=1)))

    path = numpy.array([[0.0, 0.0], [3.0, 4.0]])
    numpy.testing.assert_allclose(grad(length)(path), [[-0.6, -0.8], [0.6, 0.8]])


# -- options of array ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "build",
    [
        lambda np, x: np.array([x, [1.0, 2.0, 3.0]]),
        lambda np, x: np.array([[x[0], 1], [True, x[1]]]),
        lambda np, x: np.array(([x], [x * 2])),
        lambda np, x: np.array([x, x], ndmin=4),
        lambda np, x: np.array(x, ndmin=2),
        lambda np, x: np.array([x[0], 2], dtype=numpy.float32),
        lambda np, x: np.array([x[0], 2], dtype=complex).real,
        lambda np, x: np.array([x[:0], []]),
        lambda np, x: np.array([x, x], order="F", subok=True, copy=True),
        lambda np, x: np.asarray([x, x], float, "C"),
        lambda np, x: np.asanyarray(x),
        lambda np, x: np.array([numpy.float32(1), x[0]]),
    ],
)
def test_array_has_the_values_and_dtype_of_numpys(build: Callable[[Any, Any], Any]) -> None:
    expected = build(numpy, X)
    t = Tensor(X, requires_grad=True)
    result = build(np, t)
    assert isinstance(result, Tensor)
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    numpy.testing.assert_array_equal(result.data, expected)
    if result.dtype == float:
        assert gradcheck(lambda x: build(np, x), X)


def test_array_copies_as_numpy_does() -> None:
    t = Tensor(X)
    assert np.array(t, copy=False) is t
    assert np.array(t, copy=None) is t
    assert not numpy.shares_memory(np.array(t).data, t.data)
    assert np.asarray(t, copy=True) is not t
    assert np.asarray(t, numpy.float32).dtype == numpy.float32
    assert np.array(Tensor(numpy.ones((2, 3))), order="F").data.flags.f_contiguous


def test_array_of_ragged_lists_or_of_an_iterator_raises() -> None:
    t = Tensor(X, requires_grad=True)
    for ragged in ([[t[0], 1.0], [t[0]]], [t, 1.0], [[t[0]], []]):
        with pytest.raises(ValueError, match=r"concatenate|dimensions"):
            np.array(ragged)
    for iterator in ((x for x in t), iter([t]), map(abs, t)):
        with pytest.raises(TypeError, match=r"array: got a .*, which NumPy takes as one object"):
            np.array(iterator)


@pytest.mark.parametrize("x", [2.0, 0.5])
def test_array_of_objects_keeps_the_graph(x: float) -> None:
    def f(x: Any) -> Any:
        o = np.array([x, 1.0, [3.0, x][1] ** 2], dtype=object)
        assert type(o) is numpy.ndarray
        assert o.dtype == object
        return np.sum(o) + o[0] * o[2] + np.sum(np.array(o) ** 2)

    # x + 1 + x² + x³ + x² + 1 + x⁴
    numpy.testing.assert_allclose(grad(f)(x), 1 + 4 * x + 3 * x**2 + 4 * x**3)
    numpy.testing.assert_allclose(grad(grad(f))(x), 4 + 6 * x + 12 * x**2)


def test_array_made_of_objects_may_be_filled() -> None:
    def f(x: Any) -> Any:
        c = np.empty((2, 2), dtype=object)
        for i in range(2):
            for j in range(2):
                c[i, j] = x[i] * x[j + 1]
        return np.sum(np.array(c) ** 2) + np.sum(c) + c[0, 1]

    def plain(x: Any) -> Any:
        c = x[:2, None] * x[None, 1:]
        return np.sum(c**2) + np.sum(c) + c[0, 1]

    numpy.testing.assert_allclose(grad(f)(X), grad(plain)(X))


# -- arrays that are filled ---------------------------------------------------------------------


def by_element(x: Any) -> Any:
    c = np.zeros(3)
    for i in range(3):
        c[i] = x[i] ** 2 * x[0]
    return c


def by_slice(x: Any) -> Any:
    c = np.zeros((2, 3))
    c[0] = x
    c[1, :2] = x[1:] * x[0]
    c[:, -1] += x[0]
    c[[0, 1], [0, 0]] *= x[1]
    c[c > 0.7] -= x[2] * x[2]
    return c**2


def on_the_way(x: Any) -> Any:
    state = np.ones(2)
    for i in range(3):
        state[0] = state[1] * x[i]
        state[1] = np.sin(state[0]) + state[1]
    return state


def rotation(x: Any) -> Any:
    r = np.eye(3)
    r[0, 0] = r[1, 1] = np.cos(x[0])
    r[0, 1], r[1, 0] = -np.sin(x[0]), np.sin(x[0])
    return r @ x


def of_one_like_it(x: Any) -> Any:
    a, b, c, d = np.zeros_like(x), np.ones_like(x), np.full_like(x, 2.0), np.empty_like(x)
    a[0] = b[1] = c[2] = x[1] ** 2
    d[...] = x
    e = np.zeros_like(numpy.ones(3))
    e[1:] = x[1:]
    return a * b + c * d * e


def full(x: Any) -> Any:
    c = np.full((2, 2), 3.0)
    c[0] = x[:2]
    np.put(c, [3], x[2])
    e = np.empty(4)
    e[::2], e[1::2] = c[0] * x[0], c[1]
    return e * np.identity(4)


FILLED = [by_element, by_slice, on_the_way, rotation, of_one_like_it, full]


@pytest.mark.parametrize("f", FILLED)
def test_array_that_is_filled_is_differentiable(f: Callable[[Any], Any]) -> None:
    assert gradcheck(f, X)
    numeric = numpy.stack(
        [(numpy.asarray(f(X + h)) - numpy.asarray(f(X - h))) / 2e-6 for h in 1e-6 * numpy.eye(3)],
        axis=-1,
    )
    numpy.testing.assert_allclose(jacobian(f)(X), numeric, atol=1e-7)
    total = lambda x: np.sum(f(x))
    slope = grad(total)(X)
    numpy.testing.assert_allclose(slope, numeric.reshape(-1, 3).sum(axis=0), atol=1e-7)
    numpy.testing.assert_array_equal(value_and_grad(total)(X)[1], slope)
    numpy.testing.assert_allclose(elementwise_grad(f)(X), slope)
    second = hessian(total)(X)
    numpy.testing.assert_allclose(second, second.T)
    numpy.testing.assert_allclose(hvp(total)(X, X), second @ X)
    y, pull = vjp(f, X)
    numpy.testing.assert_allclose(pull(numpy.ones_like(y))[0], slope)
    numpy.testing.assert_allclose(jvp(f, (X,), (X,))[1], numeric @ X, atol=1e-7)
    numpy.testing.assert_allclose(grad(lambda x: np.sum(checkpoint(f)(x)))(X), slope)


@pytest.mark.parametrize("f", FILLED)
def test_array_that_is_filled_with_numbers_is_an_array(f: Callable[[Any], Any]) -> None:
    assert type(f(X)) is numpy.ndarray


MADE: dict[str, Callable[..., Any]] = {
    "zeros": lambda np, **o: np.zeros(3, **o),
    "ones": lambda np, **o: np.ones((2, 1), **o),
    "empty": lambda np, **o: np.empty(2, **o),
    "full": lambda np, **o: np.full((2,), 1.0, **o),
    "eye": lambda np, **o: np.eye(2, 3, k=1, **o),
    "identity": lambda np, **o: np.identity(2, **o),
    "zeros_like": lambda np, **o: np.zeros_like(X, **o),
    "ones_like": lambda np, **o: np.ones_like(X, shape=(2, 2), **o),
    "empty_like": lambda np, **o: np.empty_like(X, **o),
    "full_like": lambda np, **o: np.full_like(X, 5.0, **o),
}


@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("dtype", [float, numpy.float32, complex, int, bool, object])
def test_array_to_be_filled_is_a_tensor_inside_a_transform_only(name: str, dtype: Any) -> None:
    seen = []

    def f(x: Any) -> Any:
        seen.append(MADE[name](np, dtype=dtype))
        return x * 2

    outside, expected = MADE[name](np, dtype=dtype), MADE[name](numpy, dtype=dtype)
    grad(f)(1.0)
    (inside,) = seen
    assert type(outside) is numpy.ndarray
    assert type(inside) is (Tensor if numpy.dtype(dtype).kind in "fc" else numpy.ndarray)
    for made in (outside, inside):
        assert (made.shape, made.dtype) == (expected.shape, expected.dtype)
        if "empty" not in name:
            numpy.testing.assert_array_equal(numpy.asarray(made), expected)


def test_tensor_to_be_filled_is_taken_by_numpy_as_an_array() -> None:
    def f(x: Any) -> Any:
        c = np.zeros(2)
        assert numpy.asarray(c).tolist() == [0, 0]
        numpy.exp(numpy.ones(2), out=c)
        assert c.tolist() == [numpy.e] * 2
        np.multiply(x, c, out=c, where=[True, False])
        a = numpy.ones(2)
        a += np.ones(2)  # a constant: nothing is lost
        return np.sum(c) * a[0]

    numpy.testing.assert_allclose(grad(f)(3.0), 2 * numpy.e)


def test_filling_an_array_that_cannot_hold_a_tensor_raises_with_the_remedy() -> None:
    words = r"c\[i\] = t: a plain array c cannot hold a tensor .*np\.zeros_like\(t, shape=\(n,\)\)"

    def f(x: Any, c: Any, index: Any) -> Any:
        c[index] = x
        return np.sum(c * 1.0)

    arrays = (
        numpy.zeros(2),
        numpy.zeros(2, numpy.float32),
        numpy.zeros(2, int),
        np.ones(2, complex),
    )
    for c in arrays:
        for x in (2.0, numpy.array([2.0])):
            for index in (slice(None), ..., [0], numpy.array([True, False])):
                with pytest.raises(GraphError, match=words):
                    grad(f)(x, c, index)
            with pytest.raises((GraphError, ValueError), match=words):  # at one place, as a note
                grad(f)(x, c, 0)
            assert not numpy.any(c - c[-1])
    with pytest.raises(GraphError, match=words):
        grad(lambda x: f(x, np.zeros(2, int), slice(None)))(2.0)
    with pytest.raises(ValueError, match="sequence") as caught:
        f(Tensor(1.0, requires_grad=True), numpy.zeros(2), 0)
    assert str(caught.value.__cause__).startswith("c[i] = t: a plain array")


def test_filling_a_tensor_of_integers_raises() -> None:
    counts = Tensor([1, 2])
    with pytest.raises(DTypeError, match="does not fit into a tensor of dtype int64"):
        counts[0] = Tensor(1.5, requires_grad=True)
    with pytest.raises(GraphError, match=r"cannot hold a tensor|out of its graph"):
        np.full_like(Tensor(X), Tensor(1.5, requires_grad=True), dtype=int)


def test_full_like_passes_gradients_to_the_number() -> None:
    assert gradcheck(lambda x: np.full_like(x, x[1]) * x, X)
    assert gradcheck(lambda x: numpy.full_like(x, x[:, None][:, 0], shape=(2, 3)) * x, X)
