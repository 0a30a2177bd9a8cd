import numpy as np
import pytest

import nn
from autograd import ShapeError, Tensor
from nn.losses import mse_loss


def _torch_pair(x):
    torch = pytest.importorskip("torch")
    return torch, Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)


@pytest.mark.parametrize("shape", [(), (5,), (4, 3)])
def test_mse_loss_agrees_with_torch(shape):
    generator = np.random.default_rng(0)
    target = generator.standard_normal(shape)
    torch, ours, theirs = _torch_pair(generator.standard_normal(shape))
    loss, expected = nn.MSELoss()(ours, target), torch.nn.MSELoss()(theirs, torch.tensor(target))
    loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_cross_entropy_loss_agrees_with_torch():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 5, 8)
    torch, ours, theirs = _torch_pair(generator.standard_normal((8, 5)))
    loss = nn.CrossEntropyLoss()(ours, labels)
    expected = torch.nn.CrossEntropyLoss()(theirs, torch.from_numpy(labels))
    loss.backward()
    expected.backward()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
    np.testing.assert_allclose(ours.grad, theirs.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_mse_loss_of_different_shapes_raises():
    with pytest.raises(ShapeError, match=r"input has shape \(3, 1\) and target has shape \(3,\)"):
        mse_loss(Tensor(np.ones((3, 1)), requires_grad=True), np.ones(3))


def test_losses_stay_float32():
    x = Tensor(np.ones((2, 3), np.float32), requires_grad=True)
    assert mse_loss(x, np.zeros((2, 3), np.float32)).dtype == np.float32
    assert nn.CrossEntropyLoss()(x, [0, 1]).dtype == np.float32
