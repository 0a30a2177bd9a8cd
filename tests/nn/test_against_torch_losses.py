"""Activations and losses give PyTorch's numbers: values, gradients and second derivatives."""

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import Tensor, gradients

torch = pytest.importorskip("torch")
TF = torch.nn.functional

SHAPES = [(), (1,), (7,), (3, 4), (2, 1, 3), (2, 3, 2, 2)]
SEEDS = range(6)


def compare(ours, theirs, *arrays, second_order=True):
    """`ours` on tensors against `theirs` on PyTorch's, at float64 `arrays`."""
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = ours(*xs), theirs(*ts)
    np.testing.assert_allclose(y.data, t.numpy(force=True), rtol=1e-10, atol=1e-10)

    generator = np.random.default_rng(0)
    g = generator.normal(size=y.shape)
    first = gradients(y, xs, g, create_graph=True)
    plain = gradients(ours(*xs), xs, g)
    theirs_first = torch.autograd.grad(t, ts, torch.tensor(g), create_graph=True)
    for a, p, b in zip(first, plain, theirs_first, strict=True):
        np.testing.assert_allclose(a.data, b.numpy(force=True), rtol=1e-10, atol=1e-10)
        np.testing.assert_allclose(p, b.numpy(force=True), rtol=1e-10, atol=1e-10)
    if not second_order:
        return

    directions = [generator.normal(size=a.shape) for a in arrays]
    slope = sum(np.sum(a * d) for a, d in zip(first, directions, strict=True))
    theirs_slope = sum(
        (b * torch.tensor(d)).sum() for b, d in zip(theirs_first, directions, strict=True)
    )
    if not theirs_slope.requires_grad:
        assert all(not np.any(a) for a in gradients(slope, xs)) if slope.requires_grad else True
        return
    theirs_second = torch.autograd.grad(theirs_slope, ts, allow_unused=True)
    second = gradients(slope, xs) if slope.requires_grad else [0.0] * len(xs)
    for a, b in zip(second, theirs_second, strict=True):
        expected = 0.0 if b is None else b.numpy(force=True)
        np.testing.assert_allclose(a, expected, rtol=1e-10, atol=1e-10)


# -- activations --------------------------------------------------------------------------------

ACTIVATIONS = {
    "ReLU": [()],
    "LeakyReLU": [(), (0.3,), (0.0,), (-0.5,)],
    "ELU": [(), (0.3,)],
    "GELU": [("none",), ("tanh",)],
    "SiLU": [()],
    "Tanh": [()],
    "Sigmoid": [()],
    "Softplus": [(), (0.5, 3.0), (3.0, 2.0)],
    "Softmax": [(0,), (-1,)],
    "LogSoftmax": [(0,), (-1,)],
}
FUNCTIONS = {"LeakyReLU": "leaky_relu", "LogSoftmax": "log_softmax"}


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("seed", SEEDS)
def test_activation_equals_torch(name, seed):
    generator = np.random.default_rng(seed)
    for options in ACTIVATIONS[name]:
        x = generator.normal(size=SHAPES[seed] or (2,)) * generator.choice([0.1, 3, 30])
        module, theirs = getattr(nn, name)(*options), getattr(torch.nn, name)(*options)
        compare(module, theirs, x)
        function = getattr(F, FUNCTIONS.get(name, name.lower()))
        np.testing.assert_array_equal(function(x, *options), module(Tensor(x)).data)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation_equals_torch_at_zero(name):
    options = ACTIVATIONS[name][-1]
    compare(
        getattr(nn, name)(*options), getattr(torch.nn, name)(*options), np.zeros((2, 3)),
        second_order=name not in ("LeakyReLU", "ELU"),
    )  # fmt: skip


@pytest.mark.parametrize("name", ["relu", "leaky_relu", "elu", "gelu", "silu", "softplus"])
def test_activation_passes_nan_on_as_torch_does(name):
    x = np.array([np.nan, 1.0, -1.0])
    expected = getattr(TF, name)(torch.tensor(x)).numpy()
    np.testing.assert_allclose(getattr(F, name)(x), expected, rtol=1e-10)
    assert np.isnan(expected[0])


# -- losses of elements -------------------------------------------------------------------------


def elementwise(name, generator):
    """Options and the way to draw a target, for a loss of elements."""
    if name == "huber_loss":
        return {"delta": float(generator.uniform(0.2, 2))}
    if name == "smooth_l1_loss":
        return {"beta": float(generator.choice([0, 0.3, 1.7]))}
    return {}


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_distance_equals_torch(name, reduction, seed):
    generator = np.random.default_rng(seed)
    options = {"reduction": reduction, **elementwise(name, generator)}
    x, y = generator.normal(size=(2, *SHAPES[seed])) * 2
    compare(
        lambda x, y: getattr(F, name)(x, y, **options),
        lambda x, y: getattr(TF, name)(x, y, **options),
        x, y,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["mse_loss", "l1_loss", "huber_loss", "smooth_l1_loss"])
def test_distance_equals_torch_where_there_is_none(name):
    x = np.array([1.0, 2.0, 3.0])
    y = np.array([1.0, 3.0, 1.0])  # an error of delta, too
    compare(getattr(F, name), getattr(TF, name), x, y, second_order=False)
    compare(lambda x: getattr(F, name)(x, x.data - 0.0), lambda x: getattr(TF, name)(x, x.detach()),
            x)  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_binary_cross_entropy_equals_torch(reduction, seed):
    generator = np.random.default_rng(seed)
    shape = SHAPES[seed]
    x, y = generator.normal(size=shape) * 5, generator.uniform(size=shape)
    last = shape[-1:]
    for weights in [(), ("weight",), ("pos_weight",), ("weight", "pos_weight")]:
        drawn = {k: generator.uniform(0.2, 3, generator.choice([0, 1]) * last) for k in weights}
        theirs = {k: torch.tensor(v) for k, v in drawn.items()}
        compare(
            lambda x, y, o=drawn: F.binary_cross_entropy_with_logits(
                x, y, reduction=reduction, **o
            ),
            lambda x, y, o=theirs: TF.binary_cross_entropy_with_logits(
                x, y, reduction=reduction, **o
            ),
            x, y,
        )  # fmt: skip
        module = nn.BCEWithLogitsLoss(reduction=reduction, **drawn)
        theirs = torch.nn.BCEWithLogitsLoss(reduction=reduction, **theirs)
        compare(module, theirs, x, y)


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.parametrize("log_target", [False, True])
@pytest.mark.parametrize("seed", SEEDS)
def test_kl_div_equals_torch(reduction, log_target, seed):
    generator = np.random.default_rng(seed)
    shape = SHAPES[seed] or (5,)
    x, y = generator.normal(size=shape), generator.uniform(0.01, 1, shape)
    compare(
        nn.KLDivLoss(reduction, log_target),
        lambda x, y: TF.kl_div(x, y, reduction=reduction, log_target=log_target),
        x, np.log(y) if log_target else y,
    )  # fmt: skip


@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")
def test_kl_div_of_a_probability_of_zero_equals_torch():
    y = np.array([0.0, 0.25, 0.75])
    x = np.log(np.array([0.2, 0.3, 0.5]))
    compare(lambda x: F.kl_div(x, y), lambda x: TF.kl_div(x, torch.tensor(y)), x)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_margin_losses_equal_torch(reduction, seed):
    generator = np.random.default_rng(seed)
    shape = SHAPES[seed]
    x, signs = generator.normal(size=shape) * 2, generator.choice([-1, 1], shape)
    margin = float(generator.uniform(0.1, 2))
    compare(
        lambda x: nn.HingeEmbeddingLoss(margin, reduction)(x, signs),
        lambda x: TF.hinge_embedding_loss(x, torch.tensor(signs), margin, reduction=reduction),
        x,
    )  # fmt: skip
    compare(
        lambda x: nn.HingeLoss(reduction)(x, signs),
        lambda x: TF.hinge_embedding_loss(
            x * torch.tensor(signs), -torch.ones(shape, dtype=torch.int64), 1, reduction=reduction
        ),
        x,
    )


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", SEEDS)
def test_cosine_embedding_equals_torch(reduction, seed):
    generator = np.random.default_rng(seed)
    shape = (3,) if seed == 0 else (seed, 4)
    a, b = generator.normal(size=(2, *shape))
    signs = generator.choice([-1, 1], shape[:-1])
    margin = float(generator.uniform(-0.5, 0.5))
    compare(
        lambda a, b: nn.CosineEmbeddingLoss(margin, reduction)(a, b, signs),
        lambda a, b: TF.cosine_embedding_loss(
            a, b, torch.tensor(signs), margin, reduction=reduction
        ),
        a, b,
    )  # fmt: skip


# -- labels -------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4,), (5, 4), (3, 4, 2), (2, 3, 2, 2)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", range(2, 6))
def test_losses_of_labels_equal_torch(shape, reduction, seed):
    generator = np.random.default_rng(seed)
    classes = shape[0] if len(shape) == 1 else shape[1]
    x = generator.normal(size=shape) * 4
    labels = generator.integers(0, classes, () if len(shape) == 1 else shape[:1] + shape[2:])
    weight = generator.uniform(0.2, 3, classes) if seed % 2 else None
    ignored = [-100, -7, 1][seed % 3]
    if seed >= 2 and labels.size > 2:
        labels.flat[1] = ignored
        labels.flat[0] = 0  # one that counts
    if labels.ndim == 0 and labels == ignored:
        ignored = -100
    options = {"ignore_index": ignored, "reduction": reduction}
    w, t = None if weight is None else torch.tensor(weight), torch.tensor(labels)
    compare(
        lambda x: F.nll_loss(x, labels, weight, **options),
        lambda x: TF.nll_loss(x, t, w, **options), x,
    )  # fmt: skip
    compare(
        lambda x: nn.NLLLoss(weight, **options)(x, labels),
        lambda x: torch.nn.NLLLoss(w, **options)(x, t), x,
    )  # fmt: skip
    for smoothing in (0.0, float(generator.uniform()), 1.0):
        ours = nn.CrossEntropyLoss(weight, label_smoothing=smoothing, **options)
        theirs = torch.nn.CrossEntropyLoss(w, label_smoothing=smoothing, **options)
        compare(lambda x, f=ours: f(x, labels), lambda x, f=theirs: f(x, t), x)


@pytest.mark.parametrize("shape", [(4,), (5, 4), (3, 4, 2), (2, 3, 2, 2)])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("seed", range(2, 6))
def test_cross_entropy_of_probabilities_equals_torch(shape, reduction, seed):
    generator = np.random.default_rng(seed)
    classes = shape[0] if len(shape) == 1 else shape[1]
    x, target = generator.normal(size=shape) * 4, generator.uniform(size=shape)
    weight = generator.uniform(0.2, 3, classes) if seed % 2 else None
    options = {"reduction": reduction, "label_smoothing": float(seed) / 6}
    w = None if weight is None else torch.tensor(weight)
    compare(
        lambda x, y: F.cross_entropy(x, y, weight, **options),
        lambda x, y: TF.cross_entropy(x, y, w, **options),
        x, target,
    )  # fmt: skip
