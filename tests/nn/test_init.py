import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor


def test_uniform_fills_in_place_and_returns_its_tensor():
    t = Tensor(np.zeros(1000))
    assert nn.init.uniform_(t, 2.0, 3.0, generator=np.random.default_rng(0)) is t
    assert 2 <= t.data.min() < 2.01
    assert 2.99 < t.data.max() < 3


@pytest.mark.parametrize(
    ("fill", "shape", "bound"),
    [
        (nn.init.kaiming_uniform_, (50, 600), (6 / 600) ** 0.5),
        (nn.init.kaiming_uniform_, (50, 20, 3, 10), (6 / 600) ** 0.5),
        (nn.init.xavier_uniform_, (200, 400), (6 / 600) ** 0.5),
        (nn.init.xavier_uniform_, (20, 40, 10), (6 / 600) ** 0.5),
    ],
)
def test_initialisation_bound_follows_the_fans(fill, shape, bound):
    t = fill(nn.Parameter(np.zeros(shape)), generator=np.random.default_rng(0))
    assert t.dtype == np.float32
    largest = np.abs(t.data).max()
    assert 0.99 * bound < largest <= bound * (1 + 1e-6)


def test_initialisation_bounds_agree_with_torch():
    torch = pytest.importorskip("torch")
    for name in ("kaiming_uniform_", "xavier_uniform_"):
        for argument in (0.0 if "kaiming" in name else 1.0, 5**0.5):
            weight = torch.empty(100, 500)
            getattr(torch.nn.init, name)(weight, argument)
            ours = nn.Parameter(np.zeros((100, 500)))
            getattr(nn.init, name)(ours, argument, generator=np.random.default_rng(0))
            assert np.abs(ours.data).max() == pytest.approx(weight.abs().max().item(), rel=1e-2)


@pytest.mark.parametrize("fill", [nn.init.kaiming_uniform_, nn.init.xavier_uniform_])
def test_initialisation_of_a_vector_raises(fill):
    with pytest.raises(ShapeError, match=r"uniform_: a weight has axes \(out, in.*shape \(3,\)"):
        fill(nn.Parameter(np.zeros(3)))


@pytest.mark.parametrize(
    "fill", [nn.init.uniform_, nn.init.kaiming_uniform_, nn.init.xavier_uniform_]
)
def test_initialisation_without_generator_draws_afresh(fill):
    a, b = (fill(nn.Parameter(np.zeros((5, 5)))).data for _ in range(2))
    assert np.any(a != b)
