import numpy as np
import pytest

import nn
from autograd import DTypeError, RowGradient, Tensor
from nn.optim import LBFGS, SGD, Adagrad, Adam, AdamW, Optimizer, RMSprop


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


EACH = {
    "sgd": lambda params: SGD(params, 0.1),
    "momentum": lambda params: SGD(params, 0.1, 0.9, 0.2, 0.01),
    "nesterov": lambda params: SGD(params, 0.1, 0.9, weight_decay=0.01, nesterov=True),
    "decay": lambda params: SGD(params, 0.1, weight_decay=0.01),
    "adagrad": lambda params: Adagrad(params, 0.1, 0.1, initial_accumulator_value=0.3),
    "adagrad decay": lambda params: Adagrad(params, 0.1, weight_decay=0.1),
    "rmsprop": lambda params: RMSprop(params, 0.1, momentum=0.9, centered=True),
    "adam": lambda params: Adam(params, 0.1, weight_decay=0.1),
    "adamw": lambda params: AdamW(params, 0.1),
}
each_optimizer = pytest.mark.parametrize("name", EACH)


def gradient(shape, seed, dtype=np.float32):
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def trained(make, shape=(4, 3), steps=5, dtype=np.float32, layout=None, seed=0):
    p = nn.Parameter(gradient(shape, 100, dtype), dtype=dtype)
    if layout:
        p.data = layout(p.data)
    optimizer = make([p])
    for step in range(steps):
        p.grad = gradient(shape, seed + step, dtype)
        optimizer.step()
    return p, optimizer


# -- arrays -------------------------------------------------------------------------------------


@each_optimizer
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_step_keeps_dtype_array_and_gradient(name, dtype):
    p = nn.Parameter(gradient((4, 3), 0), dtype=dtype)
    optimizer = EACH[name]([p])
    optimizer.param_groups[0]["lr"] = np.float64(0.1)
    array, g = p.data, gradient((4, 3), 1, dtype)
    before = g.copy()
    for _ in range(2):
        p.grad = g
        optimizer.step()
    assert p.data is array
    assert array.dtype == dtype
    np.testing.assert_array_equal(g, before)
    assert all(x.dtype == dtype for x in optimizer.state.get(p, {}).values() if np.ndim(x))


@each_optimizer
def test_step_of_a_large_array_is_that_of_its_parts(name):
    shape = (3, 40_000)
    large, _ = trained(EACH[name], shape, 3)
    parts = []
    for i in range(3):
        p = nn.Parameter(gradient(shape, 100)[i])
        optimizer = EACH[name]([p])
        for step in range(3):
            p.grad = gradient(shape, step)[i]
            optimizer.step()
        parts.append(p.data)
    np.testing.assert_array_equal(large.data, parts)


@each_optimizer
def test_step_of_other_layouts_is_the_same(name):
    shape = (40, 2000)
    expected = trained(EACH[name], shape, 2)[0].data
    for layout in (np.asfortranarray, lambda x: np.flip(np.flip(x).copy())):
        found = trained(EACH[name], shape, 2, layout=layout)[0].data
        np.testing.assert_array_equal(found, expected)


@each_optimizer
def test_step_with_row_gradient_is_that_with_the_dense_one(name):
    shape, table = (40, 3), gradient((40, 3), 5, np.float64)
    p, q = (nn.Parameter(table, dtype=np.float64) for _ in range(2))
    ours, dense = EACH[name]([p]), EACH[name]([q])
    generator = np.random.default_rng(0)
    for step in range(6):
        rows = generator.integers(0, 30, 25)
        p.grad = RowGradient(rows, gradient((25, 3), step, np.float64), shape)
        q.grad = p.grad.dense()
        ours.step()
        dense.step()
        assert isinstance(p.grad, RowGradient)
        np.testing.assert_allclose(p.data, q.data, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("make", [EACH["sgd"], EACH["adagrad"]])
def test_step_with_row_gradient_touches_only_the_rows(make):
    p = nn.Parameter(np.ones((5, 2)))
    optimizer = make([p])
    p.grad = RowGradient(np.array([3, 3]), np.ones((2, 2), np.float32), (5, 2))
    optimizer.step()
    p.data[0] = np.nan
    optimizer.step()
    assert np.isnan(p.data[0]).all()
    np.testing.assert_array_equal(p.data[[1, 2, 4]], 1)
    assert (p.data[3] < 1).all()


@each_optimizer
def test_step_without_gradient_leaves_the_parameter_and_has_no_state(name):
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    optimizer = EACH[name]([p, q])
    q.grad = np.ones(1, np.float32)
    optimizer.step()
    assert p.data == 1
    assert q.data < 1
    assert p not in optimizer.state


def test_momentum_may_be_switched_on_later():
    p, optimizer = trained(EACH["sgd"], steps=1)
    before = p.data.copy()
    optimizer.param_groups[0]["momentum"] = 0.9
    for _ in range(2):
        p.grad = np.ones((4, 3), np.float32)
        optimizer.step()
    np.testing.assert_allclose(p.data, before - 0.1 * 2.9, rtol=1e-5)


def test_centered_rmsprop_is_finite_where_rounding_makes_the_variance_negative():
    p = nn.Parameter(np.ones(1000))
    optimizer = RMSprop([p], centered=True, alpha=0.5)
    g = np.random.default_rng(0).uniform(0.9, 1.1, 1000).astype(np.float32)
    for _ in range(40):
        p.grad = g
        optimizer.step()
    assert np.isfinite(p.data).all()


# -- groups -------------------------------------------------------------------------------------


def test_groups_have_options_of_their_own():
    p, q, r = (nn.Parameter([1.0]) for _ in range(3))
    optimizer = SGD([{"params": [p], "lr": 0.5}, {"params": (x for x in [q])}], lr=0.25)
    optimizer.add_param_group({"params": r, "momentum": 0.5})
    assert [g["lr"] for g in optimizer.param_groups] == [0.5, 0.25, 0.25]
    for _ in range(2):
        for x in (p, q, r):
            x.grad = np.ones(1, np.float32)
        optimizer.step()
    assert [x.data.item() for x in (p, q, r)] == [0, 0.5, 0.375]
    optimizer.zero_grad()
    assert p.grad is q.grad is r.grad is None


def test_setting_lr_on_the_optimizer_raises():
    with pytest.raises(AttributeError):
        SGD([nn.Parameter([1.0])]).lr = 1


@pytest.mark.parametrize(
    ("group", "error", "words"),
    [
        ({"lr": 1}, TypeError, "SGD: a group must be a dict with the key 'params'"),
        ([nn.Parameter([1.0])], TypeError, "a group must be a dict with the key 'params'"),
        ({"params": [], "learning_rate": 1}, TypeError, r"unknown options \['learning_rate'\]; k"),
        ({"params": [], "lr": -1}, ValueError, r"SGD: lr \(=-1\) must be a positive number"),
        ({"params": [], "nesterov": True}, ValueError, r"momentum \(=0.0\) above 0"),
        ({"params": [np.ones(1)]}, TypeError, r"params\[1\]\['params'\]\[0\] is a ndarray, not an"),
    ],
)
def test_wrong_group_raises_and_is_not_added(group, error, words):
    optimizer = SGD([nn.Parameter([1.0])])
    with pytest.raises(error, match=words):
        optimizer.add_param_group(group)
    assert len(optimizer.param_groups) == 1


def test_a_parameter_in_two_groups_raises():
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    with pytest.raises(
        ValueError, match=r"params\[1\]\['params'\]\[1\] is the same parameter as params\[0\]\["
    ):
        Adam([{"params": [p]}, {"params": [q, p]}])


def test_a_complex_parameter_raises():
    p = nn.Parameter([1j], dtype=complex)
    with pytest.raises(DTypeError, match=r"params\[0\] has dtype complex128; train its real and"):
        Adam([p])


@pytest.mark.parametrize(
    ("make", "options", "words"),
    [
        (SGD, {"dampening": float("nan")}, r"SGD: dampening \(=nan\) must be a number"),
        (SGD, {"lr": "a"}, r"SGD: lr \(=a\) must be a positive number"),
        (SGD, {"nesterov": True}, r"SGD: nesterov needs a momentum \(=0.0\) above 0"),
        (SGD, {"nesterov": True, "momentum": 0.9, "dampening": 0.1}, r"dampening \(=0.1\) of 0"),
        (Adagrad, {"lr_decay": -1}, r"Adagrad: lr_decay \(=-1\)"),
        (Adagrad, {"initial_accumulator_value": -1}, r"initial_accumulator_value \(=-1\)"),
        (RMSprop, {"alpha": 2}, r"RMSprop: alpha \(=2\) must be a number from 0 to 1"),
        (RMSprop, {"eps": -1}, r"RMSprop: eps \(=-1\)"),
        (Adam, {"betas": (0.9, 1.0)}, r"Adam: betas \(=\(0.9, 1.0\)\) must be two numbers from 0 "),
        (Adam, {"betas": 0.9}, r"Adam: betas \(=0.9\) must be two numbers"),
        (Adam, {"betas": (0.9,)}, r"Adam: betas \(=\(0.9,\)\) must be two numbers"),
        (AdamW, {"weight_decay": -1}, r"AdamW: weight_decay \(=-1\)"),
        (LBFGS, {"max_iter": 0}, r"LBFGS: max_iter \(=0\) must be a whole number from 1 on"),
        (LBFGS, {"history_size": 1.5}, r"LBFGS: history_size \(=1.5\)"),
        (LBFGS, {"tolerance_grad": -1}, r"LBFGS: tolerance_grad \(=-1\)"),
        (LBFGS, {"line_search_fn": "armijo"}, r"line_search_fn \(='armijo'\) must be None or 'st"),
    ],
)
def test_wrong_option_raises(make, options, words):
    with pytest.raises(ValueError, match=words):
        make([nn.Parameter([1.0])], **options)


def test_optimizer_by_itself_moves_nothing():
    p = nn.Parameter([1.0])
    p.grad = np.ones(1, np.float32)
    with pytest.raises(NotImplementedError, match=r"Optimizer must define _update\(\)"):
        Optimizer([p], {}).step()


# -- saving and loading -------------------------------------------------------------------------


@each_optimizer
def test_state_goes_through_a_file_and_training_goes_on_the_same(name, tmp_path):
    expected, _ = trained(EACH[name], steps=6)
    p, optimizer = trained(EACH[name], steps=3)
    optimizer.param_groups[0]["lr"] = 0.1
    nn.save(optimizer.state_dict(), tmp_path / "state.npz")
    fresh = nn.Parameter(p.data)
    again = EACH[name]([fresh])
    again.param_groups[0]["lr"] = 99.0
    again.load_state_dict(nn.load(tmp_path / "state.npz"))
    assert again.param_groups[0]["lr"] == 0.1
    types = [
        {k: type(v) for k, v in x.param_groups[0].items() if k not in ("lr", "params")}
        for x in (again, optimizer)
    ]
    assert types[0] == types[1]
    for step in range(3, 6):
        fresh.grad = gradient((4, 3), step)
        again.step()
    np.testing.assert_array_equal(fresh.data, expected.data)


def test_state_dict_is_flat_and_a_copy():
    p, optimizer = trained(EACH["adam"])
    state = optimizer.state_dict()
    assert sorted(state) == [
        *("groups.0.betas", "groups.0.count", "groups.0.eps", "groups.0.lr"),
        *("groups.0.weight_decay", "state.0.exp_avg", "state.0.exp_avg_sq", "state.0.step"),
    ]
    assert state["state.0.step"] == 5
    state["state.0.exp_avg"][...] = np.nan
    assert np.isfinite(optimizer.state[p]["exp_avg"]).all()
    good = optimizer.state_dict()
    optimizer.load_state_dict(good)
    good["state.0.exp_avg"][...] = np.nan
    assert np.isfinite(optimizer.state[p]["exp_avg"]).all()


def test_state_that_does_not_fit_raises_with_all_faults_and_changes_nothing():
    _, optimizer = trained(EACH["adam"])
    state = optimizer.state_dict()
    before = optimizer.state_dict()
    del state["groups.0.lr"], state["state.0.step"]
    state |= {
        "groups.0.betas": np.ones(3),
        "groups.0.count": 2,
        "groups.0.eps": np.array("a"),
        "groups.1.lr": 0.1,
        "state.0.exp_avg": np.ones((4, 4), np.float32),
        "state.0.exp_avg_sq": np.ones((4, 3)),
        "state.0.momentum_buffer": np.ones((4, 3)),
        "state.1.exp_avg": np.ones((4, 3)),
    }
    with pytest.raises(nn.StateError) as caught:
        optimizer.load_state_dict(state)
    words = str(caught.value)
    assert words.startswith("Adam.load_state_dict: the state does not fit, and nothing was loaded")
    for fault in (
        "missing: groups.0.lr",
        "missing: state.0.step",
        "groups.0.betas has shape (3,), not (2,)",
        "groups.0.count is 2, not 1: the groups differ",
        "groups.0.eps has dtype <U1, not one of numbers",
        "groups.1.lr is unexpected",
        "state.0.exp_avg has shape (4, 4), not (4, 3)",
        "state.0.exp_avg_sq has dtype float64, not float32",
        "state.0.momentum_buffer is unexpected",
        "state.1.exp_avg is unexpected",
    ):
        assert fault in words
    for name, value in optimizer.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


# -- LBFGS --------------------------------------------------------------------------------------


def valley(p):
    """Rosenbrock's function, the minimum of which is at (1, 1)."""
    return (1 - p[0]) ** 2 + 100 * (p[1] - p[0] ** 2) ** 2


def closure_of(optimizer, p, f=valley):
    def closure():
        optimizer.zero_grad()
        loss = f(p)
        loss.backward()
        return loss

    return closure


def test_lbfgs_finds_the_bottom_of_the_valley():
    p = nn.Parameter([-1.2, 1.0], dtype=np.float64)
    optimizer = LBFGS([p], max_iter=100, tolerance_change=1e-14, line_search_fn="strong_wolfe")
    loss = optimizer.step(closure_of(optimizer, p))
    assert loss.item() == pytest.approx(24.2)
    np.testing.assert_allclose(p.data, 1, atol=1e-5)


@pytest.mark.parametrize("line_search_fn", [None, "strong_wolfe"])
def test_lbfgs_goes_on_the_same_from_a_file(tmp_path, line_search_fn):
    def make():
        p = nn.Parameter([-1.2, 1.0], dtype=np.float64)
        lr = 1 if line_search_fn else 0.001
        return p, LBFGS([p], lr, max_iter=4, history_size=3, line_search_fn=line_search_fn)

    p, optimizer = make()
    for i in range(4):
        if i == 2:
            nn.save({"p": p.data, **optimizer.state_dict()}, tmp_path / "state.npz")
        optimizer.step(closure_of(optimizer, p))
    q, again = make()
    state = nn.load(tmp_path / "state.npz")
    q.data[...] = state.pop("p")
    again.load_state_dict(state)
    for _ in range(2):
        again.step(closure_of(again, q))
    np.testing.assert_array_equal(q.data, p.data)
    state["state.0.old_dirs"] = np.ones((3, 5))
    state["state.0.d"] = np.ones(2, np.float32)
    with pytest.raises(
        nn.StateError, match=r"old_dirs has shape \(3, 5\), not \(any, 2\)"
    ) as caught:
        again.load_state_dict(state)
    assert "state.0.d has dtype float32, not float64" in str(caught.value)


def test_lbfgs_stays_where_the_gradient_is_zero():
    p = nn.Parameter([1.0, 1.0])
    optimizer = LBFGS([p])
    assert optimizer.step(closure_of(optimizer, p)).item() == 0
    np.testing.assert_array_equal(p.data, 1)


def test_lbfgs_ends_where_a_step_does_not_change_the_loss():
    p = nn.Parameter([1.0], dtype=np.float64)
    optimizer = LBFGS([p], lr=2, max_iter=5)
    optimizer.step(closure_of(optimizer, p, lambda p: (p * p).sum()))
    assert optimizer.state[p]["n_iter"] == 1
    assert p.data == -1


def test_lbfgs_takes_parameters_without_and_with_row_gradients():
    table = nn.Embedding(4, 2, dtype=np.float64, generator=np.random.default_rng(0))
    still = nn.Parameter([5.0])
    optimizer = LBFGS([table.weight, still], line_search_fn="strong_wolfe")
    before = table.weight.data.copy()

    def closure():
        optimizer.zero_grad()
        loss = ((table([1, 1, 3]) - 2.0) ** 2).sum()
        loss.backward()
        return loss.item()

    optimizer.step(closure)
    np.testing.assert_allclose(table.weight.data[[1, 3]], 2, atol=1e-4)
    np.testing.assert_array_equal(table.weight.data[[0, 2]], before[[0, 2]])
    assert still.data == 5


def test_lbfgs_of_two_groups_raises():
    p, q = nn.Parameter([1.0]), nn.Parameter([1.0])
    with pytest.raises(ValueError, match="LBFGS: all parameters are one vector; give them in one"):
        LBFGS([{"params": [p]}, {"params": [q]}])


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("lr", -1.0, r"groups.0.lr \(=-1.0\) must be a positive number"),
        ("lr", np.nan, r"groups.0.lr \(=nan\) must be a positive number"),
        ("betas", np.array([0.9, 2.0]), r"groups.0.betas \(=\[0.9, 2.0\]\) must be two numbers"),
        ("eps", -1e-8, r"groups.0.eps \(=-1e-08\) must be a number that is not negative"),
    ],
)
def test_load_of_options_out_of_range_raises_and_changes_nothing(name, value, words):
    optimizer = Adam(nn.Linear(2, 1).parameters())
    before = optimizer.state_dict()
    with pytest.raises(nn.StateError, match=words):
        optimizer.load_state_dict({**before, f"groups.0.{name}": value})
    assert optimizer.state_dict() == before


def test_load_takes_the_rate_of_0_at_which_a_schedule_ended():
    optimizer = Adam(nn.Linear(2, 1).parameters())
    optimizer.load_state_dict({**optimizer.state_dict(), "groups.0.lr": 0.0})
    assert optimizer.param_groups[0]["lr"] == 0


def test_lbfgs_with_a_closure_that_forgets_raises():
    model = nn.Linear(2, 1)

    def loss(backward):
        value = (model(np.ones((1, 2), np.float32)) ** 2).sum()
        if backward:
            value.backward()
        return value

    optimizer = LBFGS(model.parameters())
    with pytest.raises(ValueError, match=r"closure\(\) left no gradients; it must call zero_grad"):
        optimizer.step(lambda: loss(backward=False))
    with pytest.raises(ValueError, match=r"closure\(\) returned None; .* and return the loss"):
        optimizer.step(lambda: loss(backward=True) and None)
