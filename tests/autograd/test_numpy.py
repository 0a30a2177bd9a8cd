"""`import autograd.numpy as np`: NumPy's names, and arrays built out of Tensors."""

import numpy
import pytest

import autograd.numpy as np
import autograd.numpy.linalg as linalg
import autograd.numpy.random as random
from autograd import Tensor, grad, gradcheck


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
