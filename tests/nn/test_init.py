import math

import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor

SCALED = [
    nn.init.xavier_uniform_,
    nn.init.xavier_normal_,
    nn.init.kaiming_uniform_,
    nn.init.kaiming_normal_,
    nn.init.orthogonal_,
]
RANDOM = [nn.init.uniform_, nn.init.normal_, *SCALED]


def filled(fill, shape, *arguments, seed=0, **options):
    """A float32 parameter, as `fill` fills it."""
    parameter = nn.Parameter(np.full(shape, 7.0))
    generator = np.random.default_rng(seed)
    assert fill(parameter, *arguments, generator=generator, **options) is parameter
    assert parameter.dtype == np.float32
    return parameter.data


def assert_uniform(values, bound):
    """Even over -bound..bound: the range is filled, and eight parts of it have their share."""
    assert 0.99 * bound < np.abs(values).max() <= bound * (1 + 1e-6)
    counts, _ = np.histogram(values, bins=8, range=(-1.0001 * bound, 1.0001 * bound))
    expected = values.size / 8
    assert np.abs(counts - expected).max() < 5 * math.sqrt(expected)


def assert_normal(values, mean, std):
    n = values.size
    assert abs(values.mean() - mean) < 4 * std / math.sqrt(n)
    assert abs(values.std() / std - 1) < 4 / math.sqrt(2 * n)
    for k, share in ((1, 0.682689), (2, 0.954500), (3, 0.997300)):
        inside = np.mean(np.abs(values - mean) < k * std)
        assert abs(inside - share) < 4 * math.sqrt(share * (1 - share) / n)


def test_uniform_fills_in_place():
    assert_uniform(filled(nn.init.uniform_, (100, 100), 2.0, 3.0) - 2.5, 0.5)
    assert_uniform(filled(nn.init.uniform_, (100, 100)) - 0.5, 0.5)


def test_normal_fills_in_place():
    assert_normal(filled(nn.init.normal_, (100, 200), 3.0, 0.5), 3.0, 0.5)
    assert_normal(filled(nn.init.normal_, (100, 200)), 0.0, 1.0)


def test_constants_fill_in_place():
    t = Tensor(np.full((2, 3), 7.0))
    for fill, value in (
        (lambda t: nn.init.constant_(t, 0.5), 0.5),
        (nn.init.zeros_, 0),
        (nn.init.ones_, 1),
    ):
        assert fill(t) is t
        assert np.all(t.data == value)


@pytest.mark.parametrize("shape", [(50, 600), (50, 20, 3, 10), (20, 40, 10)])
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
def test_kaiming_follows_the_fans(shape, mode):
    kernel = math.prod(shape[2:])
    fan = (shape[1] if mode == "fan_in" else shape[0]) * kernel
    for arguments, gain in [
        ((0.0, mode), 2**0.5),
        ((5**0.5, mode), (1 / 3) ** 0.5),
        ((0.0, mode, "tanh"), 5 / 3),
    ]:
        std = gain / fan**0.5
        assert_uniform(filled(nn.init.kaiming_uniform_, shape, *arguments), std * 3**0.5)
        assert_normal(filled(nn.init.kaiming_normal_, shape, *arguments), 0, std)
    assert_normal(filled(nn.init.kaiming_normal_, (100, 200)), 0, (2 / 200) ** 0.5)


@pytest.mark.parametrize("shape", [(200, 100), (20, 40, 10)])
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_xavier_follows_the_fans(shape, gain):
    fans = (shape[0] + shape[1]) * math.prod(shape[2:])
    std = gain * (2 / fans) ** 0.5
    assert_uniform(filled(nn.init.xavier_uniform_, shape, gain), std * 3**0.5)
    assert_normal(filled(nn.init.xavier_normal_, shape, gain), 0, std)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6), (5, 5), (8, 2, 2, 3), (3, 2, 2), (1, 4)])
def test_orthogonal_has_orthonormal_rows_or_columns(shape):
    weight = filled(nn.init.orthogonal_, shape, 3.0).reshape(shape[0], -1).astype(np.float64) / 3
    rows, columns = weight.shape
    product = weight @ weight.T if rows <= columns else weight.T @ weight
    np.testing.assert_allclose(product, np.eye(min(rows, columns)), atol=1e-6)


def test_orthogonal_prefers_no_direction():
    """Without the change of signs the trace of a 2x2 matrix would not be even about 0."""
    t = nn.Parameter(np.zeros((2, 2)))
    generator = np.random.default_rng(0)
    traces, signs = [], []
    for _ in range(2000):
        w = nn.init.orthogonal_(t, generator=generator).data
        traces.append(np.trace(w))
        signs.append(np.linalg.det(w))
    # Half are rotations, whose trace is 2 cos(angle); reflections have trace 0.
    assert abs(np.mean(traces)) < 4 / math.sqrt(2000)
    assert abs(np.mean(np.square(traces)) - 1) < 4 * math.sqrt(2) / math.sqrt(2000)
    assert abs(np.mean(signs)) < 4 / math.sqrt(2000)


@pytest.mark.parametrize(
    ("nonlinearity", "param", "gain"),
    [
        ("relu", None, 2**0.5),
        ("leaky_relu", None, (2 / (1 + 0.01**2)) ** 0.5),
        ("leaky_relu", 0, 2**0.5),
        ("leaky_relu", 0.3, (2 / 1.09) ** 0.5),
        ("tanh", None, 5 / 3),
        ("sigmoid", None, 1),
        ("linear", None, 1),
        ("conv2d", None, 1),
        ("conv_transpose3d", None, 1),
        ("selu", None, 0.75),
    ],
)
def test_calculate_gain(nonlinearity, param, gain):
    assert nn.init.calculate_gain(nonlinearity, param) == pytest.approx(gain, rel=1e-15)


def test_gains_and_scales_agree_with_torch():
    torch = pytest.importorskip("torch")
    for name in (*nn.init._GAINS, "leaky_relu"):
        for param in (None, 0.2):
            ours = nn.init.calculate_gain(name, param)
            assert ours == pytest.approx(torch.nn.init.calculate_gain(name, param), rel=1e-15)
    shape = (100, 50, 3)
    for fill, arguments in [
        ("kaiming_uniform_", (5**0.5, "fan_out", "leaky_relu")),
        ("kaiming_normal_", (0.3, "fan_in", "leaky_relu")),
        ("kaiming_normal_", (0, "fan_out", "relu")),
        ("xavier_uniform_", (2.0,)),
        ("xavier_normal_", (2.0,)),
    ]:
        theirs = torch.empty(shape)
        getattr(torch.nn.init, fill)(theirs, *arguments)
        ours = filled(getattr(nn.init, fill), shape, *arguments)
        assert ours.std() == pytest.approx(theirs.std().item(), rel=0.05)


@pytest.mark.parametrize("fill", SCALED)
@pytest.mark.parametrize("shape", [(3,), (), (0, 3), (3, 0)])
def test_initialisation_without_fans_raises(fill, shape):
    message = rf"{fill.__name__}: a weight has axes \(out, in, \*kernel\), none of them empty; got"
    with pytest.raises(ShapeError, match=message):
        fill(nn.Parameter(np.zeros(shape)))


def test_unknown_options_are_refused():
    t = nn.Parameter(np.zeros((2, 2)))
    with pytest.raises(
        ValueError, match=r"calculate_gain: nonlinearity \(='gelu'\) must be one of"
    ):
        nn.init.kaiming_normal_(t, nonlinearity="gelu")
    for fill in (nn.init.kaiming_normal_, nn.init.kaiming_uniform_):
        with pytest.raises(
            ValueError, match=rf"{fill.__name__}: mode \(='fan'\) must be 'fan_in' or 'fan_out'"
        ):
            fill(t, mode="fan")


@pytest.mark.parametrize("fill", RANDOM)
def test_initialisation_is_the_generators(fill):
    np.testing.assert_array_equal(filled(fill, (5, 5)), filled(fill, (5, 5)))
    assert np.any(filled(fill, (5, 5)) != filled(fill, (5, 5), seed=1))
    a, b = (fill(nn.Parameter(np.zeros((5, 5)))).data for _ in range(2))
    assert np.any(a != b)


def test_generator_may_be_a_seed():
    arrays = [nn.Linear(3, 2, generator=g).weight.data for g in (5, np.random.default_rng(5))]
    np.testing.assert_array_equal(*arrays)
    arrays = [
        nn.functional.dropout(np.ones(40), generator=g) for g in (5, np.random.default_rng(5))
    ]
    np.testing.assert_array_equal(*arrays)
    loader = nn.DataLoader(np.arange(9), batch_size=9, generator=5)
    (first,), (second,) = [*loader, *loader]
    assert (first != second).any()  # it goes on, and does not begin again
    with pytest.raises(TypeError, match="SeedSequence expects int"):
        nn.Linear(3, 2, generator="seed")
