"""Activations in memory, and the accuracy of the error function."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from autograd import Tensor
from autograd.ops import erf, relu


def test_relu_keeps_the_memory_layout() -> None:
    """Images are often views of arrays whose channels come last."""
    images = np.random.default_rng(0).standard_normal((2, 4, 5, 3)).astype(np.float32)
    x = Tensor(np.zeros((2, 3, 4, 5)), requires_grad=True, dtype=np.float32)
    x.data = images.transpose(0, 3, 1, 2)
    y = relu(x)
    assert y.data.strides == x.data.strides
    for cotangent in (np.ones(y.shape, np.float32), np.ones_like(y.data)):
        (found,) = [vjp(cotangent, y.data, x.data) for vjp in relu.vjps if vjp]
        assert found.strides == x.data.strides
        np.testing.assert_array_equal(found, x.data > 0)


# -- the error function -------------------------------------------------------------------------


def test_erf_equals_that_of_the_standard_library() -> None:
    x = np.concatenate([np.linspace(-7, 7, 20001), np.logspace(-300, 1, 1000), [0, 1, 6, 1e300]])
    np.testing.assert_allclose(erf(x), [math.erf(v) for v in x], rtol=6e-16)
    np.testing.assert_array_equal(erf(-x), -erf(x))
    assert erf(np.array([np.inf, -np.inf])).tolist() == [1, -1]
    assert np.isnan(erf(np.array([np.nan]))).all()


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_erf_keeps_narrow_dtypes(dtype: Any) -> None:
    x = np.linspace(-7, 7, 2001).astype(dtype)
    expected = [math.erf(v) for v in x.astype(float)]
    assert erf(x).dtype == dtype
    np.testing.assert_allclose(erf(x), expected, rtol=2 * np.finfo(dtype).eps)


def test_erf_takes_integers_and_numbers() -> None:
    assert erf(np.array([0, 1])).tolist() == [0, pytest.approx(math.erf(1))]
    assert erf(0.5) == pytest.approx(math.erf(0.5))
