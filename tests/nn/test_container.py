import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor


def test_sequential_applies_its_modules_in_order():
    a, b = nn.Linear(3, 4), nn.Linear(4, 2)
    model = nn.Sequential(a, nn.Tanh(), b)
    x = np.ones((5, 3), np.float32)
    np.testing.assert_array_equal(model(x).data, b(nn.Tanh()(a(x))).data)


def test_sequential_gives_its_modules_back():
    parts = [nn.Flatten(), nn.Linear(3, 4), nn.ReLU()]
    model = nn.Sequential(*parts)
    assert len(model) == 3
    assert list(model) == parts
    assert model[-1] is parts[-1]
    model.eval()
    assert list(model) == parts


def test_sequential_without_modules_is_the_identity():
    x = Tensor([1.0])
    assert nn.Sequential()(x) is x


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (nn.ReLU, r"part 1 is the class ReLU, not a Module; .*\(nn\.ReLU\(\)\)"),
        ([nn.ReLU()], r"part 1 is a list, not a Module; pass the parts one by one"),
    ],
)
def test_sequential_of_something_else_raises(part, words):
    with pytest.raises(TypeError, match=words):
        nn.Sequential(nn.Flatten(), part)


@pytest.mark.parametrize(
    ("shape", "flat"), [((2, 3, 4), (2, 12)), ((5,), (5, 1)), ((0, 3, 2), (0, 6))]
)
def test_flatten_keeps_the_first_axis(shape, flat):
    x = Tensor(np.ones(shape), requires_grad=True)
    y = nn.Flatten()(x)
    assert y.shape == flat
    y.sum().backward()
    assert x.grad.shape == shape


def test_flatten_without_axes_raises():
    with pytest.raises(ShapeError, match="Flatten got an input without axes"):
        nn.Flatten()(np.float32(1))
