import numpy as np
import pytest

import nn
from autograd import Tensor


@pytest.mark.parametrize("kind", ["ReLU", "Sigmoid", "Tanh"])
def test_mlp_agrees_with_torch(kind):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    model = nn.MLP([4, 6, 5, 3], getattr(nn, kind), dtype=np.float64, generator=generator)
    activation = getattr(torch.nn, kind)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(4, 6),
        activation(),
        torch.nn.Linear(6, 5),
        activation(),
        torch.nn.Linear(5, 3),
    ).double()
    state = {k.removeprefix("layers."): v for k, v in model.state_dict().items()}
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    x = generator.standard_normal((7, 4))
    labels = generator.integers(0, 3, 7)
    ours_x, theirs_x = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    loss = nn.functional.cross_entropy(model(ours_x), labels)
    expected = torch.nn.functional.cross_entropy(theirs(theirs_x), torch.from_numpy(labels))
    loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    pairs = [(ours_x, theirs_x), *zip(model.parameters(), theirs.parameters(), strict=True)]
    for a, b in pairs:
        np.testing.assert_allclose(a.grad, b.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_mlp_of_two_sizes_is_one_linear_layer():
    model = nn.MLP((3, 2))
    assert [type(m) for m in model.layers] == [nn.Linear]
    assert model(np.ones((4, 3), np.float32)).shape == (4, 2)


def test_mlp_repeats_with_its_seed():
    a, b = (nn.MLP([3, 4, 2], generator=np.random.default_rng(0)) for _ in range(2))
    for p, q in zip(a.parameters(), b.parameters(), strict=True):
        np.testing.assert_array_equal(p.data, q.data)
        assert p.dtype == np.float32


def test_mlp_of_one_size_raises():
    with pytest.raises(ValueError, match=r"MLP: sizes \(=\[3\]\) must name at least"):
        nn.MLP([3])
