import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import DTypeError, Tensor, gradients


def dropped(p, x, seed=0):
    return F.dropout(x, p, generator=np.random.default_rng(seed))


def test_dropout_keeps_the_mean_and_scales_what_it_keeps():
    x = np.ones((1000, 100), np.float32)
    for p in (0.1, 0.5, 0.9):
        y = dropped(p, x)
        assert y.dtype == np.float32
        np.testing.assert_allclose(np.unique(y), [0, 1 / (1 - p)], rtol=1e-6)
        assert np.mean(y == 0) == pytest.approx(p, abs=0.01)
        assert np.mean(y, dtype=float) == pytest.approx(1, abs=0.05)


def test_elements_are_dropped_independently():
    y = dropped(0.5, np.ones((64, 5000))) != 0
    assert np.abs(np.corrcoef(y) - np.eye(64)).max() < 0.08
    assert np.ptp(y.mean(axis=0)) > 0.3  # and not row by row


def test_gradient_passes_where_elements_are_kept():
    x = Tensor(np.random.default_rng(1).normal(size=(20, 30)), requires_grad=True)
    y = dropped(0.3, x)
    g = np.random.default_rng(2).normal(size=x.shape)
    y.backward(g)
    np.testing.assert_allclose(x.grad, np.where(y.data == 0, 0, g / 0.7), rtol=1e-14)


def test_second_derivatives_pass():
    x = Tensor([1.0, 2.0, 3.0, 4.0], requires_grad=True)
    y = dropped(0.5, x * x)
    (d,) = gradients(np.sum(y), [x], create_graph=True)
    d.sum().backward()
    np.testing.assert_array_equal(x.grad, np.where(y.data == 0, 0, 4))


def test_all_or_nothing():
    x = Tensor([1.0, -2.0], requires_grad=True)
    assert F.dropout(x, 0) is x
    assert F.dropout(x, 0.9, training=False) is x
    y = F.dropout(x, 1)
    y.backward([1.0, 1.0])
    assert y.data.tolist() == x.grad.tolist() == [0, 0]


def test_layer_drops_in_training_only():
    layer = nn.Dropout(0.5, generator=np.random.default_rng(3))
    x = np.ones((40, 40))
    assert np.any(layer(x) == 0)
    assert np.any(layer(x) != layer(x))
    assert layer.eval()(x) is x
    assert repr(layer) == "Dropout(p=0.5)"


def test_same_seed_drops_the_same():
    x = np.ones((300, 400), np.float32)
    np.testing.assert_array_equal(dropped(0.4, x, 5), dropped(0.4, x, 5))
    a, b = (nn.Dropout(generator=np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(a(x), b(x))


def test_layout_is_kept():
    x = np.ones((4, 5, 6, 3)).transpose(0, 3, 1, 2)
    y = dropped(0.5, x)
    assert y.strides == x.strides
    assert 0.3 < np.mean(y == 0) < 0.7
    every_other = np.ones((10, 8))[::2, ::-2]
    assert dropped(0.5, every_other).shape == (5, 4)


@pytest.mark.parametrize("p", [-0.1, 1.5, float("nan")])
def test_probabilities_out_of_range_are_refused(p):
    with pytest.raises(ValueError, match=r"Dropout: p \(=.*\) must be a probability, from 0 to 1"):
        nn.Dropout(p)
    with pytest.raises(ValueError, match="dropout: p"):
        F.dropout(np.ones(3), p)


def test_integers_are_refused():
    with pytest.raises(DTypeError, match="dropout got an input of dtype int64; convert it"):
        F.dropout(np.ones(3, np.int64))
