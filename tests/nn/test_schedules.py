import math

import numpy as np
import pytest

import nn
from nn import schedules
from nn.optim import SGD, Adam


def optimizer(*rates, make=SGD):
    return make([{"params": [nn.Parameter([1.0])], "lr": lr} for lr in rates or (1.0,)])


EACH = {
    "StepLR": lambda o: schedules.StepLR(o, 3),
    "MultiStepLR": lambda o: schedules.MultiStepLR(o, [2, 5]),
    "ExponentialLR": lambda o: schedules.ExponentialLR(o, 0.5),
    "LinearLR": lambda o: schedules.LinearLR(o),
    "CosineAnnealingLR": lambda o: schedules.CosineAnnealingLR(o, 10),
    "CosineWithWarmup": lambda o: schedules.CosineWithWarmup(o, 3, 10),
    "OneCycleLR": lambda o: schedules.OneCycleLR(o, 0.5, 10),
}


@pytest.mark.parametrize("name", EACH)
def test_schedule_goes_on_the_same_from_a_file(name, tmp_path):
    a = EACH[name](optimizer(0.5, 0.25))
    for _ in range(4):
        a.step()
    nn.save(a.state_dict(), tmp_path / "state.npz")
    b = EACH[name](optimizer(9.0, 9.0))
    b.load_state_dict(nn.load(tmp_path / "state.npz"))
    for _ in range(4):
        assert a.get_last_lr() == b.get_last_lr()
        assert a.optimizer.param_groups[1]["momentum"] == b.optimizer.param_groups[1]["momentum"]
        a.step()
        b.step()


def test_reduce_on_plateau_goes_on_the_same_from_a_file(tmp_path):
    a, b = (schedules.ReduceLROnPlateau(optimizer(), patience=2, cooldown=1) for _ in "ab")
    for _ in range(3):
        a.step(1.0)
    nn.save(a.state_dict(), tmp_path / "state.npz")
    b.load_state_dict(nn.load(tmp_path / "state.npz"))
    for _ in range(6):
        for x in (a, b):
            x.step(1.0)
        assert a.get_last_lr() == b.get_last_lr()
    assert a.get_last_lr()[0] == pytest.approx(0.01)


def test_reduce_on_plateau_of_negative_metrics_wants_them_better():
    for mode, sign in (("min", -1), ("max", 1)):
        s = schedules.ReduceLROnPlateau(optimizer(), mode, patience=0, threshold=0.01)
        for metric in (-10.0, -10.0 + sign * 0.2):
            s.step(np.array(metric))
        assert s.get_last_lr() == [1.0]
        s.step(-10.0)
        assert s.get_last_lr() == [0.1]


def test_reduce_on_plateau_takes_nan_for_bad():
    s = schedules.ReduceLROnPlateau(optimizer(), patience=1)
    for metric in (math.nan, math.nan):
        s.step(metric)
    assert s.get_last_lr() == [0.1]


def test_cosine_with_warmup_ends_and_stays_at_its_lowest():
    s = schedules.CosineWithWarmup(optimizer(), 3, 10, 0.1)
    rates = []
    for _ in range(15):
        rates += s.get_last_lr()
        s.step()
    np.testing.assert_allclose(rates[:4], [0.25, 0.5, 0.75, 1])
    np.testing.assert_allclose(rates[10:], 0.1)
    assert all(np.diff(rates[3:11]) < 0)
    assert schedules.CosineWithWarmup(optimizer(), 0, 10).get_last_lr() == [1]


def test_one_cycle_may_be_stepped_after_the_last_batch_and_no_further():
    s = schedules.OneCycleLR(optimizer(), 1.0, 10)
    for _ in range(10):
        s.step()
    assert s.get_last_lr()[0] == pytest.approx(1 / 25 / 1e4)
    with pytest.raises(ValueError, match=r"OneCycleLR: step 11 of 10; give the number of all"):
        s.step()
    assert schedules.OneCycleLR(optimizer(), 1.0, 10, pct_start=0.1).get_last_lr() == [1.0]


def test_state_that_does_not_fit_raises_with_all_faults_and_changes_nothing():
    s = schedules.StepLR(optimizer(1.0, 2.0), 3)
    state = {"base_lrs": np.ones(3), "last": 1, "last_epoch": np.array("a")}
    with pytest.raises(nn.StateError, match=r"StepLR\.load_state_dict: .* nothing was loaded") as e:
        s.load_state_dict(state)
    for fault in (
        "unexpected: last",
        "base_lrs has shape (3,), not (2,)",
        "last_epoch has dtype <U1, not one of numbers",
    ):
        assert fault in str(e.value)
    with pytest.raises(nn.StateError, match="missing: last_epoch; missing: base_lrs"):
        s.load_state_dict({})
    assert s.base_lrs == [1, 2]


def test_a_group_added_later_raises():
    s = schedules.StepLR(optimizer(), 3)
    s.optimizer.add_param_group({"params": [nn.Parameter([1.0])]})
    with pytest.raises(ValueError, match=r"StepLR: the optimiser has 2 groups, and had 1 when"):
        s.step()


def test_a_schedule_by_itself_has_no_rate():
    with pytest.raises(NotImplementedError, match=r"Schedule must define rate\(\)"):
        schedules.Schedule(optimizer())
    with pytest.raises(TypeError, match=r"StepLR: optimizer is a Linear, not an nn\.optim\.Opt"):
        schedules.StepLR(nn.Linear(1, 1), 3)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda o: schedules.StepLR(o, 0), r"StepLR: step_size \(=0\) must be a positive number"),
        (lambda o: schedules.MultiStepLR(o, [1], -1), r"MultiStepLR: gamma \(=-1\)"),
        (lambda o: schedules.ExponentialLR(o, 0), r"ExponentialLR: gamma \(=0\)"),
        (lambda o: schedules.LinearLR(o, 0), r"LinearLR: start_factor \(=0\) must be a positive"),
        (lambda o: schedules.LinearLR(o, 2), r"LinearLR: start_factor \(=2\) must lie between 0"),
        (lambda o: schedules.LinearLR(o, 1, -1), r"LinearLR: end_factor \(=-1\) must lie between"),
        (lambda o: schedules.CosineAnnealingLR(o, 0), r"CosineAnnealingLR: T_max \(=0\)"),
        (lambda o: schedules.CosineWithWarmup(o, 5, 5), r"warmup_steps \(=5\) must be at least 0 "),
        (lambda o: schedules.OneCycleLR(o, 1.0), r"OneCycleLR: epochs \(=None\) must be a positiv"),
        (lambda o: schedules.OneCycleLR(o, 1.0, 0), r"OneCycleLR: total_steps \(=0\)"),
        (lambda o: schedules.OneCycleLR(o, 0.0, 5), r"OneCycleLR: max_lr \(=0.0\)"),
        (lambda o: schedules.OneCycleLR(o, [1, 2], 5), r"OneCycleLR: got 2 max_lr for 1 groups"),
        (lambda o: schedules.OneCycleLR(o, 1, 5, pct_start=2), r"pct_start \(=2\) must lie betw"),
        (lambda o: schedules.OneCycleLR(o, 1, 5, div_factor=0), r"div_factor \(=0\)"),
        (lambda o: schedules.OneCycleLR(o, 1, 5, final_div_factor=0), r"final_div_factor \(=0\)"),
        (
            lambda o: schedules.OneCycleLR(o, 1, 5, anneal_strategy="x"),
            r"\(='x'\) must be 'cos' or",
        ),
        (
            lambda o: schedules.ReduceLROnPlateau(o, factor=1),
            r"factor \(=1\) must be at least 0, b",
        ),
        (lambda o: schedules.ReduceLROnPlateau(o, "x"), r"mode \(='x'\) must be 'min' or"),
        (lambda o: schedules.ReduceLROnPlateau(o, threshold_mode="x"), r"threshold_mode \(='x'\)"),
        (lambda o: schedules.ReduceLROnPlateau(o, min_lr=[1, 2]), r"got 2 min_lr for 1 groups"),
    ],
)
def test_wrong_arguments_raise(make, words):
    with pytest.raises(ValueError, match=words):
        make(optimizer())


def test_one_cycle_of_an_optimizer_without_momentum_raises():
    with pytest.raises(ValueError, match="Adagrad has neither momentum nor betas; pass cycle_mom"):
        schedules.OneCycleLR(optimizer(make=nn.optim.Adagrad), 1.0, 5)
    schedules.OneCycleLR(optimizer(make=nn.optim.Adagrad), 1.0, 5, cycle_momentum=False)
    s = schedules.OneCycleLR(optimizer(make=Adam), 1.0, 5)
    assert s.optimizer.param_groups[0]["betas"] == (0.95, 0.999)
