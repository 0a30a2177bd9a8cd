"""Convolutions against PyTorch: values, gradients and second order, over random configurations."""

import numpy as np
import pytest

import nn.functional as F
from autograd import Tensor, gradients

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
TF = torch.nn.functional


def draw(seed):
    """A configuration in which everything fits, and its arrays."""
    rng = np.random.default_rng(seed)
    axes = int(rng.integers(1, 3))
    groups = int(rng.choice([1, 1, 2, 3]))
    inputs, outputs = (groups * int(rng.integers(1, 10 // groups)) for _ in range(2))
    kernel = tuple(rng.integers(1, 5, axes).tolist())
    dilation = tuple(rng.integers(1, 3, axes).tolist())
    stride = tuple(rng.integers(1, 4, axes).tolist())
    padding = tuple(rng.integers(0, 4, axes).tolist())
    least = [
        max(1, d * (k - 1) + 1 - 2 * p) for d, k, p in zip(dilation, kernel, padding, strict=True)
    ]
    size = tuple(n + int(rng.integers(0, 8)) for n in least)
    if rng.random() < 0.15:
        padding = "valid"
        size = tuple(
            d * (k - 1) + 1 + int(rng.integers(0, 4)) for d, k in zip(dilation, kernel, strict=True)
        )
    elif rng.random() < 0.15:
        padding, stride = "same", (1,) * axes
    batch = int(rng.choice([0, 1, 2, 5]))
    x = rng.normal(size=(batch, inputs, *size))
    if rng.random() < 0.1:
        x = x[0] if batch else np.zeros(x.shape[1:])
    elif rng.random() < 0.5:  # channels last in memory
        x = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    weight = rng.normal(size=(outputs, inputs // groups, *kernel))
    bias = rng.normal(size=outputs) if rng.random() < 0.7 else None
    return rng, x, weight, bias, {
        "stride": stride, "padding": padding, "dilation": dilation, "groups": groups,
    }  # fmt: skip


def both(ours, theirs, arrays, rng):
    """Compare `ours` with `theirs`: values, gradients, and gradients of the gradients."""
    a = [None if x is None else Tensor(x, requires_grad=True) for x in arrays]
    b = [None if x is None else torch.tensor(x.copy(), requires_grad=True) for x in arrays]
    y, z = ours(*a), theirs(*b)
    np.testing.assert_allclose(y.data, z.detach(), rtol=1e-10, atol=1e-10)

    g = rng.normal(size=y.shape)
    a, b = ([x for x in side if x is not None] for side in (a, b))
    gt, tt = Tensor(g, requires_grad=True), torch.tensor(g, requires_grad=True)
    first = gradients(y, a, grad_outputs=gt, create_graph=True)
    expected = torch.autograd.grad(z, b, tt, create_graph=True)
    for ga, gb in zip(first, expected, strict=True):
        np.testing.assert_allclose(ga.data, gb.detach(), rtol=1e-10, atol=1e-10)

    weights = [rng.normal(size=x.shape) for x in a]
    total = sum((ga * w).sum() for ga, w in zip(first, weights, strict=True))
    expected_total = sum(
        (gb * torch.tensor(w)).sum() for gb, w in zip(expected, weights, strict=True)
    )
    second = gradients(total, [*a, gt])
    expected = torch.autograd.grad(expected_total, [*b, tt], allow_unused=True)
    for ga, gb in zip(second, expected, strict=True):
        gb = np.zeros(ga.shape) if gb is None else gb
        np.testing.assert_allclose(ga, gb, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("seed", range(300))
def test_conv(seed):
    rng, x, weight, bias, options = draw(seed)
    axes = weight.ndim - 2
    ours, theirs = (getattr(m, f"conv{axes}d") for m in (F, TF))
    arrays = [x, weight, bias]
    both(lambda *a: ours(*a, **options), lambda *a: theirs(*a, **options), arrays, rng)


@pytest.mark.parametrize("seed", range(1000, 1150))
def test_conv_transpose(seed):
    rng, x, weight, bias, options = draw(seed)
    if weight.ndim == 3:
        x, weight = x[..., None], weight[..., None]
        options = {k: (*v, 1) if isinstance(v, tuple) else v for k, v in options.items()}
        if isinstance(options["padding"], tuple):
            options["padding"] = (options["padding"][0], 0)
    groups = options["groups"]
    # x has the channels that the weight of `conv` takes in; here the weight's first axis is those.
    weight = rng.normal(size=(x.shape[-3], weight.shape[0] // groups, *weight.shape[2:]))
    extra = tuple(int(rng.integers(0, s)) for s in options["stride"])
    if isinstance(options["padding"], str):
        options["padding"] = 0
    reach = [
        (n - 1) * s + d * (k - 1) + 1 + e
        for n, s, d, k, e in zip(
            x.shape[-2:],
            options["stride"],
            options["dilation"],
            weight.shape[2:],
            extra,
            strict=True,
        )
    ]
    if options["padding"]:
        options["padding"] = tuple(
            min(p, (r - 1) // 2) for p, r in zip(options["padding"], reach, strict=True)
        )
    both(
        lambda *a: F.conv_transpose2d(*a, output_padding=extra, **options),
        lambda *a: TF.conv_transpose2d(*a, output_padding=extra, **options),
        [x, weight, bias],
        rng,
    )
