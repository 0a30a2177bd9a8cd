"""Whole trainings against PyTorch's, from the same weights on the same batches."""

import numpy as np
import pytest

import autograd
import nn
from autograd import RowGradient, Tensor

torch = pytest.importorskip("torch")
F = nn.functional
theirs_F = torch.nn.functional
schedules = nn.schedules
theirs_schedules = torch.optim.lr_scheduler

STEPS = 30
D = np.float64


def pair(ours):
    """PyTorch's network of the same layers and weights, all in float64, for a Sequential."""
    theirs = torch.nn.Sequential(*map(_layer, ours)).double()
    theirs.load_state_dict({name: torch.tensor(a) for name, a in ours.state_dict().items()})
    return ours, theirs


def _layer(ours):
    kind = type(ours).__name__
    given = {
        "Linear": ("in_features", "out_features"),
        "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding"),
        "ConvTranspose2d": (
            *("in_channels", "out_channels", "kernel_size"),
            *("stride", "padding", "output_padding"),
        ),
        "MaxPool2d": ("kernel_size", "stride", "padding"),
        "AvgPool2d": ("kernel_size", "stride", "padding"),
        "BatchNorm1d": ("num_features",),
        "BatchNorm2d": ("num_features",),
        "GroupNorm": ("num_groups", "num_channels"),
        "LayerNorm": ("normalized_shape",),
        "Dropout": ("p",),
    }
    return getattr(torch.nn, kind)(*(getattr(ours, name) for name in given.get(kind, ())))


def assert_same_state(ours, theirs, atol=1e-8):
    found = ours.state_dict()
    for name, expected in theirs.state_dict().items():
        np.testing.assert_allclose(found[name], expected.numpy(), rtol=0, atol=atol, err_msg=name)


def train(ours, theirs, optimizers, losses, batches, after_step=(), between=()):
    """Both networks through the same batches: `STEPS` steps, whose losses must be the same."""
    before = ours.state_dict()
    for x, y in batches:
        values = []
        for model, optimizer, loss, tensor in (
            (ours, optimizers[0], losses[0], lambda a: a),
            (theirs, optimizers[1], losses[1], torch.tensor),
        ):
            optimizer.zero_grad()
            value = loss(model(tensor(x)), tensor(y))
            value.backward()
            for clip in between:
                clip(model)
            optimizer.step()
            values.append(value.item())
        for schedule in after_step:
            schedule.step()
        np.testing.assert_allclose(*values, rtol=1e-8)
    assert_same_state(ours, theirs)
    for name, array in ours.state_dict().items():  # there was something to compare
        assert not np.array_equal(array, before[name]), name


def images(generator, n=8, channels=2, size=8):
    return generator.standard_normal((n, channels, size, size))


def labelled(generator, classes=4):
    return [(images(generator), generator.integers(0, classes, 8)) for _ in range(STEPS)]


def convolutional(generator):
    made = {"dtype": D, "generator": generator}
    return pair(
        nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, **made),
            nn.BatchNorm2d(4, dtype=D),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(4, 6, 3, stride=2, padding=1, **made),
            nn.BatchNorm2d(6, dtype=D),
            nn.ReLU(),
            nn.Flatten(),
            nn.Dropout(0.0),
            nn.Linear(24, 4, **made),
        )
    )


def test_convolutional_network_by_adam_and_one_cycle():
    generator = np.random.default_rng(0)
    ours, theirs = convolutional(generator)
    given = {"lr": 1e-3, "weight_decay": 1e-2}
    first = nn.optim.Adam(ours.parameters(), **given)
    second = torch.optim.Adam(theirs.parameters(), **given)
    cycle = {"max_lr": 1e-2, "total_steps": STEPS + 1}
    train(
        *(ours, theirs, (first, second), (nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss())),
        labelled(generator),
        after_step=[
            schedules.OneCycleLR(first, **cycle),
            theirs_schedules.OneCycleLR(second, **cycle),
        ],
    )
    # The running averages must serve, too.
    x = images(generator)
    expected = theirs.eval()(torch.tensor(x)).detach().numpy()
    np.testing.assert_allclose(ours.eval()(x).data, expected, rtol=0, atol=1e-8)


def test_convolutional_network_by_sgd_with_nesterov_and_cosine():
    generator = np.random.default_rng(1)
    ours, theirs = convolutional(generator)
    given = {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 1e-3}
    first = nn.optim.SGD(ours.parameters(), **given)
    second = torch.optim.SGD(theirs.parameters(), **given)
    weight = np.array([1.0, 2.0, 0.5, 1.5])
    train(
        *(ours, theirs, (first, second)),
        (
            nn.CrossEntropyLoss(weight, label_smoothing=0.1),
            torch.nn.CrossEntropyLoss(torch.tensor(weight), label_smoothing=0.1),
        ),
        labelled(generator),
        after_step=[
            schedules.CosineAnnealingLR(first, STEPS, 1e-3),
            theirs_schedules.CosineAnnealingLR(second, STEPS, 1e-3),
        ],
    )


@pytest.mark.parametrize("centered", [False, True])
def test_autoencoder_by_rmsprop(centered):
    generator = np.random.default_rng(2)
    made = {"dtype": D, "generator": generator}
    ours, theirs = pair(
        nn.Sequential(
            nn.Conv2d(2, 4, 3, stride=2, padding=1, **made),
            nn.Tanh(),
            nn.AvgPool2d(2),
            nn.ConvTranspose2d(4, 3, 2, stride=2, **made),
            nn.SiLU(),
            nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1, output_padding=1, **made),
        )
    )
    given = {"lr": 1e-3, "momentum": 0.5, "centered": centered}
    batches = [(x, 1 / (1 + np.exp(-x))) for x in (images(generator) for _ in range(STEPS))]
    train(
        *(ours, theirs),
        (
            nn.optim.RMSprop(ours.parameters(), **given),
            torch.optim.RMSprop(theirs.parameters(), **given),
        ),
        (nn.BCEWithLogitsLoss(), torch.nn.BCEWithLogitsLoss()),
        batches,
    )


class Texts(nn.Module):
    """A classifier of texts: the mean of the vectors of their words."""

    def __init__(self, generator):
        self.words = nn.Embedding(50, 6, padding_idx=0, dtype=D, generator=generator)
        self.last = nn.Linear(6, 3, dtype=D, generator=generator)

    def forward(self, words):
        return self.last(self.words(words).mean(axis=1))


class TheirTexts(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.words = torch.nn.Embedding(50, 6, padding_idx=0)
        self.last = torch.nn.Linear(6, 3)

    def forward(self, words):
        return self.last(self.words(words).mean(dim=1))


def test_classifier_of_texts_by_adagrad_on_rows():
    generator = np.random.default_rng(3)
    ours, theirs = Texts(generator), TheirTexts().double()
    theirs.load_state_dict({name: torch.tensor(a) for name, a in ours.state_dict().items()})
    given = {"lr": 0.1, "lr_decay": 0.01}
    batches = [
        (generator.integers(0, 50, (8, 5)), generator.integers(0, 3, 8)) for _ in range(STEPS)
    ]
    train(
        *(ours, theirs),
        (
            nn.optim.Adagrad(ours.parameters(), **given),
            torch.optim.Adagrad(theirs.parameters(), **given),
        ),
        (F.cross_entropy, theirs_F.cross_entropy),
        batches,
    )
    assert isinstance(ours.words.weight.grad, RowGradient)
    assert not ours.words.weight.data[0].any()


def test_logistic_regression_by_lbfgs_with_a_line_search():
    generator = np.random.default_rng(4)
    ours, theirs = pair(nn.Sequential(nn.Linear(5, 1, dtype=D, generator=generator)))
    x = generator.standard_normal((60, 5))
    y = (x @ generator.standard_normal(5) + generator.standard_normal(60) > 0)[:, None] * 1.0
    given = {"lr": 1.0, "max_iter": 6, "line_search_fn": "strong_wolfe"}
    first = nn.optim.LBFGS(ours.parameters(), **given)
    second = torch.optim.LBFGS(theirs.parameters(), **given)

    def closure(model, optimizer, loss, x, y):
        def evaluate():
            optimizer.zero_grad()
            value = loss(model(x), y) + 0.01 * (model[0].weight ** 2).sum()
            value.backward()
            return value

        return evaluate

    evaluate = closure(ours, first, F.binary_cross_entropy_with_logits, x, y)
    evaluate_theirs = closure(
        *(theirs, second, theirs_F.binary_cross_entropy_with_logits),
        *(torch.tensor(x), torch.tensor(y)),
    )
    for _ in range(4):
        loss, expected = first.step(evaluate), second.step(evaluate_theirs)
        np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-8)
        assert_same_state(ours, theirs)
    assert np.abs(ours[0].weight.grad).max() < 1e-5  # it got to the minimum


def test_normalised_network_by_adamw_with_clipped_gradients():
    generator = np.random.default_rng(5)
    made = {"dtype": D, "generator": generator}
    ours, theirs = pair(
        nn.Sequential(
            nn.Conv2d(2, 6, 3, padding=1, **made),
            nn.GroupNorm(3, 6, dtype=D),
            nn.GELU(),
            nn.AvgPool2d(2),
            nn.Flatten(),
            nn.Linear(96, 10, **made),
            nn.LayerNorm(10, dtype=D),
            nn.SiLU(),
            nn.Linear(10, 4, **made),
        )
    )
    given = {"lr": 1e-2, "weight_decay": 0.1}

    def clip(model):
        function = nn.optim.clip_grad_norm_ if model is ours else torch.nn.utils.clip_grad_norm_
        norms.append(float(function(model.parameters(), 0.5)))

    norms = []
    train(
        *(ours, theirs),
        (
            nn.optim.AdamW(ours.parameters(), **given),
            torch.optim.AdamW(theirs.parameters(), **given),
        ),
        (nn.CrossEntropyLoss(), torch.nn.CrossEntropyLoss()),
        labelled(generator),
        between=[clip],
    )
    np.testing.assert_allclose(norms[::2], norms[1::2], rtol=1e-8)
    assert min(norms) < 0.5 < max(norms)  # clipped in some steps and not in others


@pytest.mark.parametrize("pooling", [nn.MaxPool2d, nn.AvgPool2d])
@pytest.mark.parametrize("norm", [nn.BatchNorm2d, lambda n, dtype: nn.GroupNorm(2, n, dtype=dtype)])
def test_gradient_penalty_through_convolution_norm_and_pooling(pooling, norm):
    """(|dD/dx| - 1)^2, the penalty of a critic's slope: its gradient is of second order."""
    generator = np.random.default_rng(6)
    made = {"dtype": D, "generator": generator}
    ours, theirs = pair(
        nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1, **made),
            norm(4, dtype=D),
            nn.SiLU(),
            pooling(2),
            nn.Conv2d(4, 4, 3, **made),
            nn.Tanh(),
            nn.Flatten(),
            nn.Linear(16, 1, **made),
        )
    )
    first = nn.optim.SGD(ours.parameters(), lr=0.05)
    second = torch.optim.SGD(theirs.parameters(), lr=0.05)
    for _ in range(5):
        array = images(generator)

        x = Tensor(array, requires_grad=True)
        score = ours(x)
        (slope,) = autograd.gradients(score.sum(), [x], create_graph=True)
        norms = np.sqrt((slope**2).sum(axis=(1, 2, 3)))
        loss = score.mean() + ((norms - 1) ** 2).mean()
        first.zero_grad()
        loss.backward()

        x = torch.tensor(array, requires_grad=True)
        score = theirs(x)
        (slope,) = torch.autograd.grad(score.sum(), [x], create_graph=True)
        norms = slope.pow(2).sum(dim=(1, 2, 3)).sqrt()
        expected = score.mean() + ((norms - 1) ** 2).mean()
        second.zero_grad()
        expected.backward()

        np.testing.assert_allclose(loss.item(), expected.item(), rtol=1e-10)
        for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-8, atol=1e-11)
        first.step()
        second.step()
    assert_same_state(ours, theirs)
