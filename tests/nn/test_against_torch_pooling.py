"""Pooling and normalisation as PyTorch computes them: values, gradients, second derivatives."""

from __future__ import annotations

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import Tensor, gradients

torch = pytest.importorskip("torch")
TF = torch.nn.functional

CLOSE = {"rtol": 1e-10, "atol": 1e-10}


def channels_last(x):
    """The same values, with the channels next to each other in memory."""
    axes = (*range(x.ndim - 3), -2, -1, -3)
    return np.ascontiguousarray(x.transpose(axes)).transpose((*range(x.ndim - 3), -1, -3, -2))


def leaf_of(array):
    """A leaf that holds this very array, with its layout."""
    leaf = Tensor(array, requires_grad=True)
    leaf.data = array
    return leaf


def compare(ours, theirs, arrays, close=CLOSE):
    """Values, first and second derivatives, of functions of `arrays`."""
    a = [leaf_of(x) for x in arrays]
    b = [torch.tensor(x, requires_grad=True) for x in arrays]
    y, z = ours(*a), theirs(*b)
    assert y.shape == tuple(z.shape)
    np.testing.assert_allclose(y.data, z.detach().numpy(), **close)
    gy = np.random.default_rng(1).normal(size=y.shape)
    ours(*a).backward(gy)  # not recorded: the fast rules
    gz = torch.tensor(gy, requires_grad=True)
    dz = torch.autograd.grad(z, b, gz, create_graph=True)
    for leaf, d in zip(a, dz, strict=True):
        np.testing.assert_allclose(leaf.grad, d.detach().numpy(), **close)
    ga = Tensor(gy, requires_grad=True)
    dy = gradients(y, a, ga, create_graph=True)
    for ours_d, d in zip(dy, dz, strict=True):
        np.testing.assert_allclose(ours_d.data, d.detach().numpy(), **close)
    if not all(np.isfinite(x).all() for x in arrays):
        return
    for leaf in a:
        leaf.grad = None
    sum(np.sum(np.sin(d) * d) for d in dy).backward()
    sum((torch.sin(d) * d).sum() for d in dz).backward()
    for leaf, t in zip((*a, ga), (*b, gz), strict=True):
        expected = np.zeros(t.shape) if t.grad is None else t.grad.numpy()
        found = np.zeros(leaf.shape) if leaf.grad is None else leaf.grad
        np.testing.assert_allclose(found, expected, **close)


def pooling_case(seed):
    """A random configuration that PyTorch accepts, and an input for it."""
    generator = np.random.default_rng(seed)
    axes = int(generator.integers(1, 3))
    while True:
        kernel = generator.integers(1, 5, axes)
        stride = (
            None if generator.random() < 0.3 else tuple(generator.integers(1, 6, axes).tolist())
        )
        dilation = (
            generator.integers(1, 4, axes) if generator.random() < 0.3 else np.ones(axes, int)
        )
        padding = generator.integers(0, kernel // 2 + 1) if generator.random() < 0.5 else 0 * kernel
        size = generator.integers(1, 12, axes)
        if np.all(size + 2 * padding >= dilation * (kernel - 1) + 1):
            break
    shape = (*generator.integers(1, 4, 2), *size)
    kind = seed % 5
    x = generator.normal(size=shape)
    if kind == 1:
        x = np.round(x)  # ties
    elif kind == 2:
        x[generator.random(shape) < 0.1] = np.nan
    elif kind == 3 and seed % 2:
        x[generator.random(shape) < 0.5] = -np.inf
    if seed % 11 == 0:
        x = x[:0]
    if seed % 4 == 0 and x.size:
        x = x[0]
    if seed % 3 and axes == 2:
        x = channels_last(x)
    options = {
        "kernel_size": tuple(kernel.tolist()),
        "stride": stride,
        "padding": tuple(padding.tolist()),
        "ceil_mode": bool(generator.random() < 0.4),
    }
    return axes, x, options, tuple(dilation.tolist())


@pytest.mark.parametrize("seed", range(200))
def test_max_pool_agrees(seed):
    axes, x, options, dilation = pooling_case(seed)
    name = f"max_pool{axes}d"
    compare(
        lambda x: getattr(F, name)(x, dilation=dilation, **options),
        lambda x: getattr(TF, name)(x, dilation=dilation, **options),
        [x],
    )


@pytest.mark.parametrize("seed", range(1000, 1120))
def test_avg_pool_agrees(seed):
    axes, x, options, _ = pooling_case(seed)
    name, count = f"avg_pool{axes}d", bool(seed % 2)
    x = np.nan_to_num(x, neginf=-1.0)
    compare(
        lambda x: getattr(F, name)(x, count_include_pad=count, **options),
        lambda x: getattr(TF, name)(x, count_include_pad=count, **options),
        [x],
    )


@pytest.mark.parametrize("seed", range(60))
def test_adaptive_avg_pool_agrees(seed):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=generator.integers(1, 12, 4))
    x = channels_last(x) if seed % 2 else x
    x = x[0] if seed % 3 == 0 else x
    size = [None if generator.random() < 0.2 else int(generator.integers(1, 14)) for _ in range(2)]
    compare(nn.AdaptiveAvgPool2d(size), torch.nn.AdaptiveAvgPool2d(size), [x])
    compare(nn.AdaptiveAvgPool2d(3), torch.nn.AdaptiveAvgPool2d(3), [x])


@pytest.mark.parametrize("seed", range(60))
def test_batch_norm_agrees_in_training_and_in_evaluation(seed):
    generator = np.random.default_rng(seed)
    images = bool(seed % 2)
    channels = int(generator.integers(1, 6))
    tail = generator.integers(1, 6, 2 if images else seed // 2 % 2)
    shape = (int(generator.integers(2, 9)), channels, *tail.tolist())
    options = {
        "eps": float(generator.choice([1e-5, 0.1])),
        "momentum": [0.1, None, 0.7][seed % 3],
        "affine": bool(seed % 4),
        "track_running_stats": bool(seed % 5),
    }
    name = "BatchNorm2d" if images else "BatchNorm1d"
    ours = getattr(nn, name)(channels, **options, dtype=np.float64)
    theirs = getattr(torch.nn, name)(channels, **options, dtype=torch.float64)
    assert ours.state_dict().keys() == theirs.state_dict().keys()
    state = {k: generator.uniform(0.5, 2, v.shape) for k, v in ours.state_dict().items()}
    state = {k: v if v.shape else np.zeros((), np.int64) for k, v in state.items()}
    ours.load_state_dict(state)
    theirs.load_state_dict({k: torch.tensor(v) for k, v in state.items()})
    names = ["weight", "bias"] if options["affine"] else []

    def in_training(batch_norm):
        return lambda x, *parameters: batch_norm(
            x, None, None, *(parameters or (None, None)), training=True, eps=options["eps"]
        )

    def draw():
        x = generator.normal(size=shape) * 2 + 1
        return channels_last(x) if len(shape) == 4 and seed % 4 == 1 else x

    x = draw()
    arrays = [x, *(state[n] for n in names)]
    functions = in_training(F.batch_norm), in_training(TF.batch_norm)
    compare(*functions, arrays, {"rtol": 1e-9, "atol": 1e-9})
    for _ in range(3):
        x = draw()
        np.testing.assert_allclose(
            ours(Tensor(x)).data, theirs(torch.tensor(x)).detach().numpy(), **CLOSE
        )
    for (path, found), expected in zip(
        ours.state_dict().items(), theirs.state_dict().values(), strict=True
    ):
        np.testing.assert_allclose(found, expected.numpy(), err_msg=path, **CLOSE)
    compare(ours.eval(), theirs.eval(), [draw()])


@pytest.mark.parametrize("seed", range(60))
def test_layer_norm_agrees(seed):
    generator = np.random.default_rng(seed)
    shape = tuple(generator.integers(1, 6, int(generator.integers(1, 5))).tolist())
    tail = shape[int(generator.integers(0, len(shape))) :]
    x = generator.normal(size=shape)
    if len(shape) == 4 and seed % 2:
        x = channels_last(x)
    weight, bias = generator.normal(size=(2, *tail))
    close = {"rtol": 1e-8, "atol": 1e-8} if np.prod(tail) <= 2 else CLOSE
    compare(
        lambda x, w, b: F.layer_norm(x, tail, w, b, eps=0.01),
        lambda x, w, b: TF.layer_norm(x, tail, w, b, eps=0.01),
        [x, weight, bias], close,
    )  # fmt: skip
    compare(
        lambda x: F.layer_norm(x, tail), lambda x: TF.layer_norm(x, tail, eps=1e-5), [x],
        {"rtol": 1e-7, "atol": 1e-7},
    )  # fmt: skip


@pytest.mark.parametrize("seed", range(60))
def test_group_norm_agrees(seed):
    generator = np.random.default_rng(seed)
    groups, each, n = generator.integers(1, 4, 3).tolist()
    tail = generator.integers(2, 6, int(generator.integers(0, 3))).tolist()
    x = generator.normal(size=(n, groups * each, *tail))
    if len(tail) == 2 and seed % 2:
        x = channels_last(x)
    if n == 1 and not tail:
        x = np.concatenate([x, -x])  # PyTorch refuses one value per channel here, too
    weight, bias = generator.normal(size=(2, groups * each))
    compare(
        lambda x, w, b: F.group_norm(x, groups, w, b, 0.01),
        lambda x, w, b: TF.group_norm(x, groups, w, b, 0.01),
        [x, weight, bias],
    )  # fmt: skip


@pytest.mark.parametrize("name", ["LayerNorm", "GroupNorm"])
def test_states_of_example_norms_travel(name):
    sizes = ((4, 3),) if name == "LayerNorm" else (2, 4)
    ours, theirs = getattr(nn, name)(*sizes), getattr(torch.nn, name)(*sizes)
    state = ours.state_dict()
    assert {k: v.shape for k, v in state.items()} == {
        k: tuple(v.shape) for k, v in theirs.state_dict().items()
    }
    theirs.load_state_dict({k: torch.tensor(v + 0.5) for k, v in state.items()})
    ours.load_state_dict({k: v.numpy() for k, v in theirs.state_dict().items()})
    x = np.random.default_rng(0).normal(size=(2, 4, 3)).astype(np.float32)
    np.testing.assert_allclose(ours(x).data, theirs(torch.tensor(x)).detach().numpy(), atol=1e-5)
