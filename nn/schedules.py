"""Schedules of the learning rate of an optimiser.

    schedule = nn.schedules.CosineWithWarmup(optimizer, warmup_steps=500, total_steps=10_000)
    optimizer.step()
    schedule.step()                 after each batch, or each epoch: whichever the schedule counts

A schedule sets the rate as soon as it is made. All but `ReduceLROnPlateau` compute it from the
number of steps taken and from the rate that each group had when the schedule was made; a rate
written into a group's "lr" in between has no effect.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from typing import Any, SupportsFloat

import numpy as np

from .module import StateError, arrays_of
from .optim import Optimizer


class Schedule:
    """Base of the schedules: a subclass defines `rate`.

    Args:
        optimizer: The optimiser whose rates it sets.

    Attributes:
        last_epoch: The number of steps taken.
        base_lrs: The rate of each group at the start.

    Raises:
        TypeError: `optimizer` is not an optimiser.

    Example:
        >>> class Halving(nn.schedules.Schedule):
        ...     def rate(self, base, step):
        ...         return base / 2**step
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = Halving(optimizer)
        >>> schedule.step()
        >>> schedule.get_last_lr()
        [0.5]
    """

    #: The attributes that are saved: numbers, and lists of a number per group.
    _saved: tuple[str, ...] = ("last_epoch", "base_lrs")

    def __init__(self, optimizer: Optimizer) -> None:
        if not isinstance(optimizer, Optimizer):
            raise TypeError(
                f"{type(self).__name__}: optimizer is a {type(optimizer).__name__}, not an "
                f"nn.optim.Optimizer"
            )
        self.optimizer = optimizer
        self.base_lrs = [float(group["lr"]) for group in optimizer.param_groups]
        self.last_epoch = 0
        self._apply()

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps, for a group that began with `base`.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> nn.schedules.StepLR(optimizer, step_size=10).rate(1.0, 25)
            0.010000000000000002
        """
        raise NotImplementedError(f"{type(self).__name__} must define rate()")

    def step(self) -> None:
        """Count one step, and set the learning rate of all groups.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> nn.schedules.ExponentialLR(optimizer, gamma=0.5).step()
            >>> optimizer.param_groups[0]["lr"]
            0.5
        """
        self.last_epoch += 1
        self._apply()

    def get_last_lr(self) -> list[float]:
        """Return the present learning rate of each group.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> nn.schedules.StepLR(optimizer, step_size=10).get_last_lr()
            [1.0]
        """
        return [float(group["lr"]) for group in self.optimizer.param_groups]

    def _apply(self) -> None:
        for group, base in zip(self._groups(), self.base_lrs, strict=True):
            group["lr"] = self.rate(base, self.last_epoch)

    def _groups(self) -> list[dict[str, Any]]:
        groups = self.optimizer.param_groups
        if len(groups) != len(self.base_lrs):
            raise ValueError(
                f"{type(self).__name__}: the optimiser has {len(groups)} groups, and had "
                f"{len(self.base_lrs)} when the schedule was made; make it after add_param_group"
            )
        return groups

    def state_dict(self) -> dict[str, Any]:
        """Return the state by name, as arrays, which `nn.save` takes; the arguments are not in it.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> nn.schedules.StepLR(optimizer, step_size=10).state_dict()
            {'last_epoch': array(0), 'base_lrs': array([1.])}
        """
        return {name: np.array(getattr(self, name)) for name in self._saved}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Continue from the state of a schedule like this one.

        Args:
            state_dict: The result of `state_dict` or `nn.load`.

        Raises:
            StateError: Something does not fit; the message names everything that does not, and the
                schedule is unchanged.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> one, other = (nn.schedules.ExponentialLR(optimizer, 0.5) for _ in range(2))
            >>> one.step()
            >>> other.load_state_dict(one.state_dict())
            >>> other.last_epoch
            1
        """
        own = self.state_dict()
        arrays = arrays_of(f"{type(self).__name__}.load_state_dict", state_dict)
        faults = [f"missing: {name}" for name in own if name not in arrays]
        for name, array in arrays.items():
            if name not in own:
                faults.append(f"unexpected: {name}")
            elif array.shape != own[name].shape:
                faults.append(f"{name} has shape {array.shape}, not {own[name].shape}")
            elif array.dtype.kind not in "fiu":
                faults.append(f"{name} has dtype {array.dtype}, not one of numbers")
        if faults:
            raise StateError(
                f"{type(self).__name__}.load_state_dict: the state does not fit, and nothing was "
                f"loaded: {'; '.join(faults)}"
            )
        for name, array in arrays.items():
            setattr(self, name, array.tolist())
        self._apply()


def _positive(schedule: Schedule, **values: float | None) -> None:
    for name, value in values.items():
        if value is None or not 0 < value < math.inf:
            raise ValueError(
                f"{type(schedule).__name__}: {name} (={value}) must be a positive number"
            )


def _one_of(schedule: Schedule, name: str, value: str, known: tuple[str, str]) -> None:
    if value not in known:
        raise ValueError(
            f"{type(schedule).__name__}: {name} (={value!r}) must be {known[0]!r} or {known[1]!r}"
        )


def _per_group(
    schedule: Schedule, optimizer: Optimizer, name: str, value: float | list[float]
) -> list[float]:
    groups = len(optimizer.param_groups)
    values = [*value] if isinstance(value, list | tuple) else [value] * groups
    if len(values) != groups:
        raise ValueError(f"{type(schedule).__name__}: got {len(values)} {name} for {groups} groups")
    return values


def _cosine(start: float, end: float, fraction: float) -> float:
    """Interpolate from `start` to `end` along half a cosine."""
    return end + (start - end) * (1 + math.cos(math.pi * fraction)) / 2


def _line(start: float, end: float, fraction: float) -> float:
    """Interpolate from `start` to `end` along a line."""
    return start + (end - start) * fraction


class StepLR(Schedule):
    """A schedule that multiplies the rate by `gamma` every `step_size` steps.

    Args:
        optimizer: The optimiser.
        step_size: A positive number of steps.
        gamma: A positive factor.

    Raises:
        ValueError: `step_size` or `gamma` is not positive.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.StepLR(optimizer, step_size=2)
        >>> for _ in range(3):
        ...     schedule.step()
        ...     print(*schedule.get_last_lr())
        1.0
        0.1
        0.1
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1) -> None:
        _positive(self, step_size=step_size, gamma=gamma)
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return base * self.gamma ** (step // self.step_size)


class MultiStepLR(Schedule):
    """A schedule that multiplies the rate by `gamma` at each of the `milestones`.

    Args:
        optimizer: The optimiser.
        milestones: Numbers of steps, in any order.
        gamma: A positive factor.

    Raises:
        ValueError: `gamma` is not positive.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.MultiStepLR(optimizer, [1, 3], gamma=0.5)
        >>> for _ in range(3):
        ...     schedule.step()
        ...     print(*schedule.get_last_lr())
        0.5
        0.5
        0.25
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1) -> None:
        _positive(self, gamma=gamma)
        self.milestones = sorted(milestones)
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return base * self.gamma ** bisect_right(self.milestones, step)


class ExponentialLR(Schedule):
    """A schedule that multiplies the rate by `gamma` every step.

    Args:
        optimizer: The optimiser.
        gamma: A positive factor.

    Raises:
        ValueError: `gamma` is not positive.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.ExponentialLR(optimizer, gamma=0.5)
        >>> for _ in range(3):
        ...     schedule.step()
        ...     print(*schedule.get_last_lr())
        0.5
        0.25
        0.125
    """

    def __init__(self, optimizer: Optimizer, gamma: float) -> None:
        _positive(self, gamma=gamma)
        self.gamma = gamma
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return base * self.gamma**step


class LinearLR(Schedule):
    """A linear schedule, for a warm-up.

    Args:
        optimizer: The optimiser.
        start_factor: The factor of the rate at the start, above 0 and at most 1.
        end_factor: The factor of the rate at the end, from 0 to 1.
        total_iters: The number of steps from one to the other.

    Raises:
        ValueError: An argument is out of range.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.LinearLR(optimizer, start_factor=0.25, total_iters=3)
        >>> for _ in range(3):
        ...     schedule.step()
        ...     print(*schedule.get_last_lr())
        0.5
        0.75
        1.0
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
    ) -> None:
        _positive(self, start_factor=start_factor, total_iters=total_iters)
        for name, factor in (("start_factor", start_factor), ("end_factor", end_factor)):
            if not 0 <= factor <= 1:
                raise ValueError(f"LinearLR: {name} (={factor}) must lie between 0 and 1")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        fraction = min(step, self.total_iters) / self.total_iters
        return base * _line(self.start_factor, self.end_factor, fraction)


class CosineAnnealingLR(Schedule):
    """A schedule that goes down along half a cosine in `T_max` steps, then up again, and so on.

    Source: Loshchilov and Hutter, 2017, equation 5, without restarts.

    Args:
        optimizer: The optimiser.
        T_max: A positive number of steps.
        eta_min: The lowest rate.

    Raises:
        ValueError: `T_max` is not positive.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.CosineAnnealingLR(optimizer, T_max=2)
        >>> [round(schedule.rate(1.0, step), 3) for step in range(4)]
        [1.0, 0.5, 0.0, 0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0) -> None:  # noqa: N803 - PyTorch's name
        _positive(self, T_max=T_max)
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        return _cosine(base, self.eta_min, step / self.T_max)


class CosineWithWarmup(Schedule):
    """A schedule with a linear warm-up, then half a cosine down to `eta_min`, where it stays.

    The first rates are 1/(W + 1), 2/(W + 1), ... of the full one, with W = `warmup_steps`, so no
    step is lost to a rate of 0. The full rate is reached after `warmup_steps`, and `eta_min` after
    `total_steps`. In PyTorch this is a `SequentialLR` of `LinearLR` and `CosineAnnealingLR`.

    Args:
        optimizer: The optimiser.
        warmup_steps: The steps of the warm-up.
        total_steps: The steps until the rate is `eta_min`.
        eta_min: The last rate.

    Raises:
        ValueError: `warmup_steps` is negative, or not below `total_steps`.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.CosineWithWarmup(optimizer, warmup_steps=1, total_steps=3)
        >>> [round(schedule.rate(1.0, step), 3) for step in range(5)]
        [0.5, 1.0, 0.5, 0.0, 0.0]
    """

    def __init__(
        self, optimizer: Optimizer, warmup_steps: int, total_steps: int, eta_min: float = 0.0
    ) -> None:
        if not 0 <= warmup_steps < total_steps:
            raise ValueError(
                f"CosineWithWarmup: warmup_steps (={warmup_steps}) must be at least 0 and below "
                f"total_steps (={total_steps})"
            )
        self.warmup_steps = warmup_steps
        self.total_steps = total_steps
        self.eta_min = eta_min
        super().__init__(optimizer)

    def rate(self, base: float, step: int) -> float:
        """Return the learning rate after `step` steps."""
        if step < self.warmup_steps:
            return base * (step + 1) / (self.warmup_steps + 1)
        step = min(step, self.total_steps) - self.warmup_steps
        return _cosine(base, self.eta_min, step / (self.total_steps - self.warmup_steps))


class OneCycleLR(Schedule):
    """A schedule that goes up to `max_lr` and then far down, with the momentum opposite.

    The rate starts at `max_lr / div_factor` and ends at that divided by `final_div_factor`. It is
    counted in batches. Source: Smith and Topin, 2018.

    Args:
        optimizer: The optimiser; its own rates do not count.
        max_lr: The highest rate, or a list with one for each group.
        total_steps: The number of batches; or give the next two.
        epochs: The number of epochs.
        steps_per_epoch: The number of batches in an epoch.
        pct_start: The share of the steps on the way up, from 0 to 1.
        anneal_strategy: "cos" or "linear".
        cycle_momentum: Move the momentum (or Adam's beta1) too.
        base_momentum: The momentum at the highest rate.
        max_momentum: The momentum at the ends.
        div_factor: The highest rate divided by the first.
        final_div_factor: The first rate divided by the last.
        three_phase: Take as many steps down to the first rate as up from it, and only then go
            further down.

    Raises:
        ValueError: An argument is out of range, or more than `total_steps` steps are taken.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0, momentum=0.9)
        >>> schedule = nn.schedules.OneCycleLR(optimizer, max_lr=1.0, total_steps=10, pct_start=0.5)
        >>> for _ in range(4):
        ...     schedule.step()
        >>> schedule.get_last_lr(), optimizer.param_groups[0]["momentum"]
        ([1.0], 0.85)
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float = 0.85,
        max_momentum: float = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
    ) -> None:
        if total_steps is None:
            _positive(self, epochs=epochs, steps_per_epoch=steps_per_epoch)
            assert epochs is not None
            assert steps_per_epoch is not None
            total_steps = epochs * steps_per_epoch
        _positive(self, total_steps=total_steps, div_factor=div_factor)
        _positive(self, final_div_factor=final_div_factor)
        if not 0 <= pct_start <= 1:
            raise ValueError(f"OneCycleLR: pct_start (={pct_start}) must lie between 0 and 1")
        _one_of(self, "anneal_strategy", anneal_strategy, ("cos", "linear"))
        if cycle_momentum and not {"momentum", "betas"} & optimizer.defaults.keys():
            raise ValueError(
                f"OneCycleLR: {type(optimizer).__name__} has neither momentum nor betas; pass "
                f"cycle_momentum=False"
            )
        self.max_lrs = _per_group(self, optimizer, "max_lr", max_lr)
        for rate in self.max_lrs:
            _positive(self, max_lr=rate)
        self.total_steps = total_steps
        self.anneal = _cosine if anneal_strategy == "cos" else _line
        self.cycle_momentum = cycle_momentum
        # Each phase: its last step, and the rates (as parts of max_lr) and momenta it leads to.
        low, last = 1 / div_factor, 1 / div_factor / final_div_factor
        up = pct_start * total_steps - 1
        self.phases: list[tuple[float, float, float]] = [(0, low, max_momentum)]
        self.phases.append((up, 1, base_momentum))
        if three_phase:
            self.phases.append((2 * up, low, max_momentum))
        self.phases.append((total_steps - 1, last, max_momentum))
        super().__init__(optimizer)

    def _apply(self) -> None:
        step = self.last_epoch
        if step > self.total_steps:
            raise ValueError(
                f"OneCycleLR: step {step} of {self.total_steps}; give the number of all batches "
                f"as total_steps"
            )
        i = 1
        while step > self.phases[i][0] and i < len(self.phases) - 1:
            i += 1
        (start, low, before), (end, high, after) = self.phases[i - 1], self.phases[i]
        fraction = min(1.0, (step - start) / (end - start)) if end > start else 1.0
        for group, max_lr in zip(self._groups(), self.max_lrs, strict=True):
            group["lr"] = self.anneal(max_lr * low, max_lr * high, fraction)
            momentum = self.anneal(before, after, fraction)
            if self.cycle_momentum and "betas" in group:
                group["betas"] = (momentum, *group["betas"][1:])
            elif self.cycle_momentum:
                group["momentum"] = momentum


class ReduceLROnPlateau(Schedule):
    """A schedule that multiplies the rate by `factor` when a metric stops getting better.

    A metric that is NaN is not better than any. For a negative best, a relative threshold is a
    fraction of its absolute value. (PyTorch takes the signed value, and so calls a metric better
    that is a little worse.)

    Args:
        optimizer: The optimiser.
        mode: "min" or "max": which metric is better.
        factor: At least 0, and below 1.
        patience: The number of steps without progress that are tolerated.
        threshold: The least progress.
        threshold_mode: "rel" for a fraction of the best so far, "abs" for a difference.
        cooldown: The steps after a change in which nothing is counted.
        min_lr: The lowest rate, or a list with one for each group.
        eps: The least change of a rate; smaller ones are not made.

    Raises:
        ValueError: `factor` is out of range, or a mode is unknown.

    Example:
        >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
        >>> schedule = nn.schedules.ReduceLROnPlateau(optimizer, patience=1)
        >>> for loss in (0.5, 0.5, 0.5):
        ...     schedule.step(loss)
        >>> schedule.get_last_lr()
        [0.1]
    """

    _saved = ("last_epoch", "best", "num_bad_epochs", "cooldown_counter")

    def __init__(
        self,
        optimizer: Optimizer,
        mode: str = "min",
        factor: float = 0.1,
        patience: int = 10,
        threshold: float = 1e-4,
        threshold_mode: str = "rel",
        cooldown: int = 0,
        min_lr: float | list[float] = 0.0,
        eps: float = 1e-8,
    ) -> None:
        if not 0 <= factor < 1:
            raise ValueError(f"ReduceLROnPlateau: factor (={factor}) must be at least 0, below 1")
        _one_of(self, "mode", mode, ("min", "max"))
        _one_of(self, "threshold_mode", threshold_mode, ("rel", "abs"))
        self.mode = mode
        self.factor = factor
        self.patience = patience
        self.threshold = threshold
        self.threshold_mode = threshold_mode
        self.cooldown = cooldown
        self.eps = eps
        self.best = math.inf if mode == "min" else -math.inf
        self.num_bad_epochs = 0
        self.cooldown_counter = 0
        super().__init__(optimizer)
        self.min_lrs = _per_group(self, optimizer, "min_lr", min_lr)

    def _apply(self) -> None:
        pass  # the rates change when the metric says so, and the optimiser saves them

    def step(self, metrics: SupportsFloat) -> None:  # type: ignore[override]
        """Count one step, and lower the rates if the metric has not got better for too long.

        Args:
            metrics: The metric: a number, or a tensor of one element.

        Example:
            >>> optimizer = nn.optim.SGD(nn.Linear(3, 2).parameters(), lr=1.0)
            >>> schedule = nn.schedules.ReduceLROnPlateau(optimizer)
            >>> schedule.step(0.5)
            >>> schedule.best
            0.5
        """
        metric = float(metrics.item() if hasattr(metrics, "item") else metrics)
        self.last_epoch += 1
        if self._is_better(metric):
            self.best = metric
            self.num_bad_epochs = 0
        else:
            self.num_bad_epochs += 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            for group, lowest in zip(self._groups(), self.min_lrs, strict=True):
                rate = max(group["lr"] * self.factor, lowest)
                if group["lr"] - rate > self.eps:
                    group["lr"] = rate
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0

    def _is_better(self, metric: float) -> bool:
        if math.isinf(self.best):
            return not math.isnan(metric)  # the first
        margin = self.threshold * (abs(self.best) if self.threshold_mode == "rel" else 1)
        return metric > self.best + margin if self.mode == "max" else metric < self.best - margin
