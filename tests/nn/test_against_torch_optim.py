"""Optimisers, clipping and schedules against PyTorch's, over many steps."""

import numpy as np
import pytest

import nn
from autograd import RowGradient
from nn import schedules
from nn.optim.lbfgs import _Point, _strong_wolfe

torch = pytest.importorskip("torch")
theirs_schedules = torch.optim.lr_scheduler

SHAPES = [(3, 4), (5,), (), (2, 3, 2), (1, 7)]


def parameters(generator):
    ours = [nn.Parameter(generator.standard_normal(s), dtype=np.float64) for s in SHAPES]
    return ours, [torch.tensor(p.data, requires_grad=True) for p in ours]


def set_gradients(generator, ours, theirs, step):
    for i, (p, q) in enumerate(zip(ours, theirs, strict=True)):
        if (i + step) % 4 == 3:  # now and then there is none
            p.grad = q.grad = None
            continue
        g = generator.standard_normal(p.shape) * 10.0 ** generator.integers(-4, 2)
        p.grad, q.grad = g, torch.tensor(g)


def assert_same(ours, theirs, rtol=1e-10):
    for p, q in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=rtol, atol=rtol)


def some(generator, **choices):
    """One value of each, and now and then none, for the default."""
    return {
        name: values[generator.integers(len(values))]
        for name, values in choices.items()
        if generator.random() < 0.7
    }


OPTIONS = {
    "SGD": {
        "lr": [0.1, 0.01],
        "momentum": [0.0, 0.5, 0.9],
        "dampening": [0.0, 0.3],
        "weight_decay": [0.0, 0.1],
        "nesterov": [False, True],
    },
    "Adagrad": {
        "lr": [0.1, 0.01],
        "lr_decay": [0.0, 0.1],
        "weight_decay": [0.0, 0.1],
        "initial_accumulator_value": [0.0, 0.5],
        "eps": [1e-10, 1e-3],
    },
    "RMSprop": {
        "lr": [0.1, 0.01],
        "alpha": [0.5, 0.99],
        "eps": [1e-8, 1e-3],
        "weight_decay": [0.0, 0.1],
        "momentum": [0.0, 0.9],
        "centered": [False, True],
    },
    "Adam": {
        "lr": [0.1, 0.01],
        "betas": [(0.9, 0.999), (0.5, 0.8), (0.0, 0.0)],
        "eps": [1e-8, 1e-3],
        "weight_decay": [0.0, 0.1],
    },
}
OPTIONS["AdamW"] = OPTIONS["Adam"]


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("name", OPTIONS)
def test_optimizer_agrees_with_torch(name, seed):
    generator = np.random.default_rng(seed)
    ours, theirs = parameters(generator)
    options, special = some(generator, **OPTIONS[name]), some(generator, **OPTIONS[name])
    for chosen in (options, special):
        if chosen.get("nesterov"):
            chosen |= {"momentum": 0.8, "dampening": 0.0}
        elif name == "SGD":
            chosen["nesterov"] = False
    if options.get("nesterov"):
        special = {}
    special.pop("initial_accumulator_value", None)  # theirs is that of the first argument
    a = getattr(nn.optim, name)([{"params": ours[:3]}, {"params": ours[3:], **special}], **options)
    b = getattr(torch.optim, name)(
        [{"params": theirs[:3]}, {"params": theirs[3:], **special}], **options
    )
    for step in range(15):
        set_gradients(generator, ours, theirs, step)
        if step == 8:  # what is changed on the way counts at once
            for group in (a.param_groups[0], b.param_groups[0]):
                group |= {"lr": 0.03, "weight_decay": 0.02}
                group |= {"momentum": 0.7} if name == "SGD" else {}
        a.step()
        b.step()
        assert_same(ours, theirs)


@pytest.mark.parametrize("name", OPTIONS)
def test_optimizer_has_torchs_defaults_and_order(name):
    p, q = nn.Parameter([1.0]), torch.ones(1, requires_grad=True)
    ours, theirs = getattr(nn.optim, name)([p]), getattr(torch.optim, name)([q])
    for key, value in ours.defaults.items():
        assert value == theirs.defaults[key]
    values = [0.5, 0.25, 0.125, 0.0625, 0.75]
    values = [0.5, (0.1, 0.2), 0.125, 0.25] if name.startswith("Adam") else values
    values = values[:4] if name == "SGD" else values
    ours, theirs = getattr(nn.optim, name)([p], *values), getattr(torch.optim, name)([q], *values)
    for key, value in ours.defaults.items():
        assert value == theirs.defaults[key]


@pytest.mark.filterwarnings("ignore:Sparse invariant checks")
@pytest.mark.parametrize("name", ["SGD", "Adagrad"])
def test_row_gradients_agree_with_torchs_sparse_ones(name):
    generator = np.random.default_rng(0)
    ours = nn.Embedding(30, 4, dtype=np.float64, generator=generator)
    theirs = torch.nn.Embedding(30, 4, dtype=torch.float64, sparse=True)
    theirs.load_state_dict({"weight": torch.from_numpy(ours.weight.data)})
    a = getattr(nn.optim, name)(ours.parameters(), lr=0.1)
    b = getattr(torch.optim, name)(theirs.parameters(), lr=0.1)
    for _ in range(10):
        x = generator.integers(0, 20, (6, 5))
        for model, optimizer, indices in ((ours, a, x), (theirs, b, torch.tensor(x))):
            optimizer.zero_grad()
            (model(indices) ** 3).sum().backward()
            optimizer.step()
        np.testing.assert_allclose(ours.weight.data, theirs.weight.detach().numpy(), rtol=1e-10)


# -- LBFGS --------------------------------------------------------------------------------------


def minimise(optimizer, loss_of, steps):
    """The losses and the number of calls."""
    losses, calls = [], 0

    def closure():
        nonlocal calls
        calls += 1
        optimizer.zero_grad()
        loss = loss_of()
        loss.backward()
        return loss

    for _ in range(steps):
        losses.append(optimizer.step(closure).item())
    return losses, calls


def valley(p):
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 0.0), (2.0, -1.5)])
@pytest.mark.parametrize(
    "options",
    [
        {"line_search_fn": "strong_wolfe"},
        {"line_search_fn": "strong_wolfe", "lr": 0.5, "max_iter": 7, "history_size": 3},
        {"line_search_fn": "strong_wolfe", "lr": 1.3, "max_eval": 6},
        {"line_search_fn": "strong_wolfe", "lr": 100.0, "max_eval": 3},
        {"lr": 0.02, "max_iter": 12},  # without a search rounding errors grow fast
        {"lr": 0.001, "max_iter": 6, "history_size": 2, "tolerance_change": 1e-3},
        {"lr": 0.001, "max_iter": 8, "max_eval": 5},
    ],
)
def test_lbfgs_agrees_with_torch_on_rosenbrocks_function(start, options):
    p = nn.Parameter(start, dtype=np.float64)
    q = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    steps = 4 if "line_search_fn" in options else 2
    ours, n = minimise(nn.optim.LBFGS([p], **options), lambda: valley(p), steps)
    theirs, m = minimise(torch.optim.LBFGS([q], **options), lambda: valley(q), steps)
    assert n == m
    np.testing.assert_allclose(ours, theirs, rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-7)


@pytest.mark.parametrize("seed", range(20))
def test_lbfgs_searches_waves_as_torch_does(seed):
    generator = np.random.default_rng(seed)
    a, start = generator.uniform(1, 6, 3), generator.standard_normal(3) * 2
    lr = [0.1, 1, 10, 100][seed % 4]
    p = nn.Parameter(start, dtype=np.float64)
    q = torch.tensor(start, requires_grad=True)
    options = {"lr": lr, "max_iter": 4, "max_eval": 60, "line_search_fn": "strong_wolfe"}
    ours, n = minimise(nn.optim.LBFGS([p], **options), lambda: (np.cos(p * a) + p**4 / 50).sum(), 2)
    theirs, m = minimise(
        torch.optim.LBFGS([q], **options),
        lambda: (torch.cos(q * torch.tensor(a)) + q**4 / 50).sum(),
        2,
    )
    assert n == m
    np.testing.assert_allclose(ours, theirs, rtol=1e-7)
    np.testing.assert_allclose(p.data, q.detach().numpy(), rtol=1e-6)


def test_line_search_takes_torchs_turns_whatever_it_meets():
    """Losses and slopes that have nothing to do with each other lead into every branch."""
    theirs = pytest.importorskip("torch.optim.lbfgs")._strong_wolfe
    for seed in range(400):
        generator = np.random.default_rng(seed)
        a, b = generator.uniform(1, 30, (2, 2))
        size = 10 ** generator.uniform(-3, 1)

        def loss(t, a=a, size=size):
            return float(np.sin(a[0] * t) * size - t * 0.1 + np.cos(a[1] * t) * 0.1)

        def slope(t, b=b):
            return float(np.sin(b[0] * t) + np.cos(b[1] * t) - 0.5)

        first, at_start = generator.uniform(0.01, 2), -generator.uniform(0.01, 2)
        seen, expected = [], []

        def ours_at(t, seen=seen):
            seen.append(t)
            return _Point(t, loss(t), None, slope(t))

        def theirs_at(x, t, d, expected=expected):
            expected.append(float(t))
            return loss(float(t)), torch.tensor([slope(float(t))], dtype=torch.float64)

        start = _Point(0.0, loss(0.0), None, at_start)
        best, tried = _strong_wolfe(ours_at, start, first, 1.0, 12)
        g, d = (torch.tensor([x], dtype=torch.float64) for x in (at_start, 1.0))
        _, _, t, n = theirs(theirs_at, 0, first, d, loss(0.0), g, g.dot(d), max_ls=12)
        assert tried == n
        np.testing.assert_allclose(seen, expected, rtol=1e-6)
        assert best.t == pytest.approx(float(t), rel=1e-6)


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_lbfgs_agrees_with_torch_on_a_network(line_search_fn):
    generator = np.random.default_rng(0)
    model = nn.MLP([4, 6, 3], nn.Tanh, dtype=np.float64, generator=generator)
    theirs = torch.nn.Sequential(
        torch.nn.Linear(4, 6), torch.nn.Tanh(), torch.nn.Linear(6, 3)
    ).double()
    state = {k.removeprefix("layers."): v for k, v in model.state_dict().items()}
    theirs.load_state_dict({k: torch.from_numpy(v) for k, v in state.items()})
    x, y = generator.standard_normal((20, 4)), generator.integers(0, 3, 20)
    a = nn.optim.LBFGS(model.parameters(), 0.5, 8, line_search_fn=line_search_fn)
    b = torch.optim.LBFGS(theirs.parameters(), 0.5, 8, line_search_fn=line_search_fn)
    ours, n = minimise(a, lambda: nn.functional.cross_entropy(model(x), y), 3)
    expected, m = minimise(
        b,
        lambda: torch.nn.functional.cross_entropy(theirs(torch.tensor(x)), torch.tensor(y)),
        3,
    )
    assert n == m
    np.testing.assert_allclose(ours, expected, rtol=1e-10)
    assert_same(model.parameters(), theirs.parameters(), 1e-8)


# -- clipping -----------------------------------------------------------------------------------


@pytest.mark.parametrize("norm_type", [2.0, 1.0, 3.0, 0.5, float("inf")])
@pytest.mark.parametrize("max_norm", [0.1, 1000.0, 0.0])
def test_clip_grad_norm_agrees_with_torch(norm_type, max_norm):
    generator = np.random.default_rng(0)
    ours, theirs = parameters(generator)
    set_gradients(generator, ours, theirs, 1)
    found = nn.optim.clip_grad_norm_(ours, max_norm, norm_type)
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type)
    assert found == pytest.approx(expected.item(), rel=1e-12)
    for p, q in zip(ours, theirs, strict=True):
        assert (p.grad is None) == (q.grad is None)
        if p.grad is not None:
            np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-10)


def test_clip_grad_value_agrees_with_torch():
    generator = np.random.default_rng(0)
    ours, theirs = parameters(generator)
    set_gradients(generator, ours, theirs, 1)
    nn.optim.clip_grad_value_(ours, 0.3)
    torch.nn.utils.clip_grad_value_(theirs, 0.3)
    for p, q in zip(ours, theirs, strict=True):
        if p.grad is not None:
            np.testing.assert_array_equal(p.grad, q.grad.numpy())


def test_row_gradients_are_clipped_as_dense_ones():
    generator = np.random.default_rng(0)
    p, q = nn.Parameter(np.ones((9, 2)), dtype=np.float64), torch.ones(9, 2, requires_grad=True)
    rows, values = generator.integers(0, 9, 20), generator.standard_normal((20, 2))
    for ours, clip in (
        (lambda: nn.optim.clip_grad_norm_(p, 0.5), torch.nn.utils.clip_grad_norm_),
        (lambda: nn.optim.clip_grad_value_(p, 0.5), torch.nn.utils.clip_grad_value_),
    ):
        p.grad = RowGradient(rows, values, (9, 2))
        q.grad = torch.tensor(p.grad.dense(), dtype=torch.float32)
        ours()
        clip(q, 0.5)
        assert isinstance(p.grad, RowGradient)
        np.testing.assert_allclose(p.grad, q.grad.numpy(), rtol=1e-5)


# -- schedules ----------------------------------------------------------------------------------


def optimizers(name="SGD", **options):
    rates = [0.3, 0.7]
    p, q = (
        [nn.Parameter([1.0]) for _ in rates],
        [torch.ones(1, requires_grad=True) for _ in rates],
    )
    return tuple(
        getattr(package, name)(
            [{"params": [x], "lr": lr} for x, lr in zip(params, rates, strict=True)], **options
        )
        for package, params in ((nn.optim, p), (torch.optim, q))
    )


def compare(ours, theirs, steps):
    """The rates of our schedule and theirs, and the momenta of their optimisers."""
    for _ in range(steps):
        np.testing.assert_allclose(ours.get_last_lr(), theirs.get_last_lr(), rtol=1e-10, atol=1e-15)
        for a, b in zip(ours.optimizer.param_groups, theirs.optimizer.param_groups, strict=True):
            for key in ("lr", "momentum", "betas"):
                if key in a:
                    np.testing.assert_allclose(a[key], b[key], rtol=1e-10, atol=1e-15)
        theirs.optimizer.step()
        ours.step()
        theirs.step()


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("StepLR", (7,)),
        ("StepLR", (3, 0.5)),
        ("MultiStepLR", ([4, 9, 9, 30],)),
        ("MultiStepLR", ([20, 3], 0.5)),
        ("ExponentialLR", (0.9,)),
        ("LinearLR", ()),
        ("LinearLR", (0.01, 0.5, 20)),
        ("CosineAnnealingLR", (15,)),
        ("CosineAnnealingLR", (20, 0.01)),
    ],
)
def test_schedule_agrees_with_torch(name, arguments):
    a, b = optimizers()
    ours = getattr(schedules, name)(a, *arguments)
    compare(ours, getattr(theirs_schedules, name)(b, *arguments), 50)


@pytest.mark.parametrize("optimizer", ["SGD", "Adam"])
@pytest.mark.parametrize(
    "options",
    [
        {"max_lr": 1.0, "total_steps": 40},
        {"max_lr": [1.0, 0.5], "epochs": 8, "steps_per_epoch": 5, "pct_start": 0.25},
        {"max_lr": 0.2, "total_steps": 40, "anneal_strategy": "linear", "div_factor": 10.0},
        {"max_lr": 0.2, "total_steps": 40, "three_phase": True, "final_div_factor": 50.0},
        {"max_lr": 0.2, "total_steps": 40, "base_momentum": 0.5, "max_momentum": 0.8},
        {"max_lr": 0.2, "total_steps": 40, "cycle_momentum": False, "pct_start": 0.0},
    ],
)
def test_one_cycle_agrees_with_torch(optimizer, options):
    a, b = optimizers(optimizer, **({"momentum": 0.9} if optimizer == "SGD" else {}))
    compare(schedules.OneCycleLR(a, **options), theirs_schedules.OneCycleLR(b, **options), 39)


@pytest.mark.parametrize(("warmup", "total", "eta_min"), [(5, 40, 0.0), (1, 30, 0.01), (10, 11, 0)])
def test_cosine_with_warmup_is_torchs_two_schedules_in_sequence(warmup, total, eta_min):
    a, b = optimizers()
    up = theirs_schedules.LinearLR(b, 1 / (warmup + 1), total_iters=warmup)
    down = theirs_schedules.CosineAnnealingLR(b, total - warmup, eta_min)
    theirs = theirs_schedules.SequentialLR(b, [up, down], [warmup])
    compare(schedules.CosineWithWarmup(a, warmup, total, eta_min), theirs, total + 1)


@pytest.mark.parametrize("mode", ["min", "max"])
@pytest.mark.parametrize("threshold_mode", ["rel", "abs"])
@pytest.mark.parametrize(
    "options",
    [{}, {"patience": 1}, {"patience": 0, "cooldown": 3, "factor": 0.5, "min_lr": [0.1, 0.2]}],
)
def test_reduce_on_plateau_agrees_with_torch(mode, threshold_mode, options):
    generator = np.random.default_rng(0)
    a, b = optimizers()
    options = {**options, "mode": mode, "threshold_mode": threshold_mode, "threshold": 0.05}
    ours = schedules.ReduceLROnPlateau(a, **options)
    theirs = theirs_schedules.ReduceLROnPlateau(b, **options)
    changes = 0
    for step in range(60):
        metric = generator.uniform(1, 2) + (5 / (step + 1) if mode == "min" else step / 500)
        before = ours.get_last_lr()
        ours.step(np.float32(metric))
        theirs.step(np.float32(metric))
        changes += before != ours.get_last_lr()
        rates = [group["lr"] for group in b.param_groups]
        np.testing.assert_allclose(ours.get_last_lr(), rates, rtol=1e-10)
    assert changes > 0
