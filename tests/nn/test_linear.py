import numpy as np
import pytest

import nn
from autograd import DTypeError, ShapeError, Tensor


@pytest.mark.parametrize("shape", [(4,), (5, 4), (2, 3, 4), (0, 4)])
@pytest.mark.parametrize("bias", [True, False])
def test_linear_agrees_with_torch(shape, bias):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    layer = nn.Linear(4, 3, bias, dtype=np.float64, generator=generator)
    theirs = torch.nn.Linear(4, 3, bias, dtype=torch.float64)
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in layer.state_dict().items()})
    x = generator.standard_normal(shape)
    ours_x, theirs_x = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    ours_y, theirs_y = layer(ours_x), theirs(theirs_x)
    np.testing.assert_allclose(ours_y.data, theirs_y.detach().numpy(), rtol=1e-10, atol=1e-10)
    (ours_y * ours_y).sum().backward()
    (theirs_y * theirs_y).sum().backward()
    pairs = [(ours_x, theirs_x), *zip(layer.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_linear_starts_within_torchs_bounds_and_repeats_with_its_seed():
    a, b = (nn.Linear(100, 400, generator=np.random.default_rng(3)) for _ in range(2))
    for path, array in a.state_dict().items():
        np.testing.assert_array_equal(array, b.state_dict()[path])
        assert array.dtype == np.float32
        assert 0.099 < np.abs(array).max() <= 0.1 + 1e-7


def test_linear_without_generator_draws_afresh():
    assert np.any(nn.Linear(5, 5).weight.data != nn.Linear(5, 5).weight.data)


def test_linear_stays_float32():
    layer = nn.Linear(3, 2)
    y = layer(np.ones((4, 3), np.float32))
    y.sum().backward()
    assert y.dtype == layer.weight.grad.dtype == layer.bias.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((64, 28), r"Linear\(in_features=784\) got an input whose last axis is 28 \(shape \(64, 2"),
        ((), r"Linear\(in_features=784\) got an input without axes \(shape \(\)\); flatten it fi"),
    ],
)
def test_linear_of_another_width_raises(shape, words):
    with pytest.raises(ShapeError, match=words):
        nn.Linear(784, 10)(np.ones(shape, np.float32))


@pytest.mark.parametrize(
    ("sizes", "words"),
    [((0, 3), r"in_features \(=0\) must be at least 1"), ((3, -1), r"out_features \(=-1\)")],
)
def test_linear_of_no_size_raises(sizes, words):
    with pytest.raises(ValueError, match=words):
        nn.Linear(*sizes)


def test_linear_of_integers_raises():
    with pytest.raises(DTypeError, match="cannot carry a gradient"):
        nn.Linear(2, 2, dtype=int)


@pytest.mark.parametrize("x", [None, 3.0, nn.ReLU()])
def test_linear_of_what_is_no_array_raises(x):
    words = rf"Linear\(in_features=4\) got {type(x)} as its input; pass an array"
    with pytest.raises(TypeError, match=words):
        nn.Linear(4, 2)(x)
