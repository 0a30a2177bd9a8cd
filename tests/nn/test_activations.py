import math

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import Tensor, gradcheck, gradients

_WITH_DIM = [nn.Softmax, nn.LogSoftmax]
_ALL = [
    nn.ReLU,
    nn.LeakyReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Tanh,
    nn.Sigmoid,
    nn.Softplus,
    *_WITH_DIM,
]
_VARIANTS = [*[kind() for kind in _ALL], nn.GELU("tanh"), nn.LeakyReLU(0.3), nn.Softplus(2.0, 5.0)]


def g(function, values):
    x = Tensor(np.array(values, float), requires_grad=True)
    function(x).sum().backward()
    return x.grad.tolist()


@pytest.mark.parametrize("module", _VARIANTS, ids=repr)
def test_activation_has_the_gradients_of_its_values(module):
    x = np.random.default_rng(0).standard_normal((3, 4)) * 2
    assert gradcheck(module, x)


@pytest.mark.parametrize("module", _VARIANTS, ids=repr)
def test_activation_is_finite_in_float32_at_large_inputs(module):
    """Values, gradients and second derivatives, without a warning (warnings are errors)."""
    x = Tensor([-1000, -90, -1, 0, 1, 90, 1000], requires_grad=True, dtype=np.float32)
    y = module(x)
    first = gradients(y, x, np.arange(1, 8), create_graph=True)
    found = [y.data, first.data]
    if first.requires_grad:
        found.append(gradients(np.sum(first * first), x))
    for values in found:
        assert values.dtype == np.float32
        assert np.all(np.isfinite(values))


@pytest.mark.parametrize("kind", _WITH_DIM)
def test_softmaxes_show_their_axis(kind):
    assert repr(kind(1)) == f"{kind.__name__}(dim=1)"


def test_activations_show_their_options():
    assert [repr(module) for module in (nn.LeakyReLU(), nn.ELU(), nn.GELU(), nn.Softplus())] == [
        "LeakyReLU(negative_slope=0.01)",
        "ELU(alpha=1.0)",
        "GELU(approximate='none')",
        "Softplus(beta=1.0, threshold=20.0)",
    ]


@pytest.mark.parametrize("kind", [nn.ReLU, nn.LeakyReLU, nn.ELU, nn.GELU, nn.SiLU, nn.Softplus])
def test_nan_stays_nan(kind):
    assert np.isnan(kind()(Tensor([math.nan, 1.0])).data).tolist() == [True, False]


def test_conventions_at_zero():
    assert g(F.relu, [-1, 0, 1]) == [0, 0, 1]
    assert g(lambda x: F.leaky_relu(x, 0.3), [-1, 0, 1]) == [0.3, 0.3, 1]
    assert g(lambda x: F.elu(x, 0.3), [0]) == [0.3]


def test_softplus_is_linear_beyond_its_threshold():
    assert F.softplus(np.array([2.0, 2.5]), 2.0, 4.0).tolist() == [math.log1p(math.exp(4)) / 2, 2.5]
    assert g(lambda x: F.softplus(x, 2.0, 4.0), [2.5]) == [1]


def test_options_out_of_range_are_refused():
    with pytest.raises(ValueError, match=r"gelu: approximate \(='erf'\) must be 'none' or 'tanh'"):
        nn.GELU("erf")(Tensor([1.0]))
    with pytest.raises(ValueError, match=r"softplus: beta \(=0\) must be positive"):
        F.softplus(Tensor([1.0]), beta=0)
