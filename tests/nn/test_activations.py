import numpy as np
import pytest

import nn
from autograd import Tensor

_WITH_DIM = [nn.Softmax, nn.LogSoftmax]
_ALL = [nn.ReLU, nn.Sigmoid, nn.Tanh, nn.Softplus, *_WITH_DIM]


def _compare(module, theirs, torch):
    x = np.random.default_rng(0).standard_normal((3, 4)) * 3
    cotangent = np.random.default_rng(1).standard_normal((3, 4))
    a, b = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, z = module(a), theirs(b)
    np.testing.assert_allclose(y.data, z.detach().numpy(), rtol=1e-10, atol=1e-10)
    y.backward(cotangent)
    z.backward(torch.from_numpy(cotangent))
    np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("kind", _ALL)
def test_activation_agrees_with_torch(kind):
    torch = pytest.importorskip("torch")
    theirs = getattr(torch.nn, kind.__name__)
    _compare(kind(), theirs(dim=-1) if kind in _WITH_DIM else theirs(), torch)


@pytest.mark.parametrize("kind", _WITH_DIM)
def test_softmaxes_agree_with_torch_along_another_axis(kind):
    torch = pytest.importorskip("torch")
    _compare(kind(dim=0), getattr(torch.nn, kind.__name__)(dim=0), torch)


@pytest.mark.parametrize("kind", _ALL)
def test_activation_is_finite_in_float32_at_large_inputs(kind):
    x = Tensor(np.array([-1000, 0, 1000], np.float32), requires_grad=True)
    y = kind()(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == np.float32
    assert np.all(np.isfinite(y.data))
    assert np.all(np.isfinite(x.grad))


@pytest.mark.parametrize("kind", _WITH_DIM)
def test_softmaxes_show_their_axis(kind):
    assert repr(kind(1)) == f"{kind.__name__}(dim=1)"
