import numpy as np
import pytest

import nn.functional as F
from autograd import Tensor


@pytest.mark.parametrize("name", ["relu", "sigmoid", "tanh", "softplus", "softmax", "log_softmax"])
def test_function_agrees_with_torch(name):
    torch = pytest.importorskip("torch")
    options = {"dim": 0} if "softmax" in name else {}
    x = np.random.default_rng(0).standard_normal((3, 4))
    function = getattr(torch, name, None) or getattr(torch.nn.functional, name)
    expected = function(torch.from_numpy(x), **options).numpy()
    np.testing.assert_allclose(getattr(F, name)(Tensor(x), **options).data, expected, rtol=1e-10)
    np.testing.assert_allclose(getattr(F, name)(x, **options), expected, rtol=1e-10)


def test_function_names_are_all_there():
    assert all(callable(getattr(F, name)) for name in F.__all__)


def test_softmax_takes_the_axis_second():
    x = np.random.default_rng(0).standard_normal((3, 4))
    np.testing.assert_allclose(F.softmax(x, 0).sum(axis=0), np.ones(4))
    np.testing.assert_allclose(np.exp(F.log_softmax(x, 0)).sum(axis=0), np.ones(4))
