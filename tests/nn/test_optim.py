import numpy as np
import pytest

import nn
from autograd import Tensor, cross_entropy
from nn.optim import SGD


@pytest.mark.parametrize("momentum", [0.0, 0.9])
@pytest.mark.parametrize("weight_decay", [0.0, 0.01])
def test_sgd_agrees_with_torch_over_several_steps(momentum, weight_decay):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    model = nn.MLP([5, 7, 3], nn.Sigmoid, dtype=np.float64, generator=generator)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(5, 7), torch.nn.Sigmoid(), torch.nn.Linear(7, 3)
    ).double()
    state = {k.removeprefix("layers."): v for k, v in model.state_dict().items()}
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    options = {"lr": 0.3, "momentum": momentum, "weight_decay": weight_decay}
    ours_sgd = SGD(model.parameters(), **options)
    theirs_sgd = torch.optim.SGD(theirs.parameters(), **options)
    for step in range(8):
        x, y = generator.standard_normal((6, 5)), generator.integers(0, 3, 6)
        ours_sgd.zero_grad()
        theirs_sgd.zero_grad()
        loss = cross_entropy(model(x), y)
        expected = torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        expected.backward()
        if step == 4:  # a learning rate that is changed on the way counts at once
            ours_sgd.lr = theirs_sgd.param_groups[0]["lr"] = 0.1
        ours_sgd.step()
        theirs_sgd.step()
        assert loss.item() == pytest.approx(expected.item(), rel=1e-10)
        for p, q in zip(model.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-10, atol=1e-10)
            np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-10, atol=1e-10)


def test_sgd_step_changes_the_array_in_place_and_leaves_the_gradient():
    p = nn.Parameter([1.0, 2.0])
    p.grad = np.array([10.0, 20.0], np.float32)
    array, gradient = p.data, p.grad
    SGD([p], lr=np.float64(0.1), momentum=0.5, weight_decay=0.1).step()
    assert p.data is array
    assert array.dtype == np.float32
    np.testing.assert_allclose(array, [1 - 0.1 * 10.1, 2 - 0.1 * 20.2], atol=1e-6)
    np.testing.assert_array_equal(gradient, [10, 20])


def test_sgd_skips_parameters_without_a_gradient():
    moved, still, frozen = (nn.Parameter([1.0]) for _ in range(3))
    frozen.requires_grad = False
    moved.grad = np.ones(1, np.float32)
    optimizer = SGD([moved, still, frozen], lr=0.5, weight_decay=0.1)
    optimizer.step()
    optimizer.zero_grad()
    assert [p.data.item() for p in (still, frozen)] == [1, 1]
    assert moved.data.item() == pytest.approx(0.45)
    assert moved.grad is None


def test_sgd_moves_a_parameter_without_axes():
    p = nn.Parameter(3.0)
    p.grad = np.float32(2)
    SGD([p], lr=1).step()
    assert p.data == 1


@pytest.mark.parametrize("lr", [0, -1, float("nan"), float("inf")])
def test_sgd_with_a_learning_rate_that_is_not_positive_raises(lr):
    with pytest.raises(ValueError, match=r"SGD: lr \(=.*\) must be a positive number"):
        SGD([nn.Parameter([1.0])], lr=lr)


@pytest.mark.parametrize("name", ["momentum", "weight_decay"])
def test_sgd_with_a_negative_option_raises(name):
    with pytest.raises(ValueError, match=rf"SGD: {name} \(=-0\.1\) must be a number that is not"):
        SGD([nn.Parameter([1.0])], lr=1, **{name: -0.1})


def test_sgd_of_nothing_raises():
    with pytest.raises(ValueError, match="params is empty: there is nothing to train"):
        SGD(nn.ReLU().parameters(), lr=1)


def test_sgd_of_one_parameter_twice_raises():
    layer = nn.Linear(2, 2)
    with pytest.raises(ValueError, match=r"params\[2\] \(weight\) is the same .* as params\[0\]"):
        SGD([*layer.parameters(), layer.weight], lr=1)
    p = nn.Parameter([1.0])
    with pytest.raises(ValueError, match=r"params\[1\] is the same parameter as params\[0\]"):
        SGD([p, p], lr=1)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ([Tensor([1.0], requires_grad=True)], r"params\[0\] is a Tensor, not an nn\.Parameter"),
        (nn.Linear(1, 1), r"params is a Linear; pass model\.parameters\(\)"),
        (nn.Parameter([1.0]), r"params is a Parameter; pass a list of parameters"),
    ],
)
def test_sgd_of_something_else_raises(params, words):
    with pytest.raises(TypeError, match=words):
        SGD(params, lr=1)
