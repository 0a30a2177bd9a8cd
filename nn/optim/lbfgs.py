"""The quasi-Newton method L-BFGS, for few parameters and losses that are the same at every call."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd import RowGradient, enable_grad
from autograd.typing import Array

from ..module import Parameter
from .base import Optimizer


class LBFGS(Optimizer):
    """The limited-memory BFGS method, as in PyTorch.

    An iteration goes along -H g, where H approximates the inverse Hessian from the last
    `history_size` pairs of steps and changes of gradient. It goes `lr` times as far, or with
    `line_search_fn="strong_wolfe"` as far as a search finds that starts there. All parameters form
    one group. Source: Nocedal and Wright, "Numerical optimization", 2006, algorithms 7.4, 7.5 and
    3.5.

    Args:
        params: Parameters, or one group of them.
        lr: The learning rate, positive.
        max_iter: The most iterations in a step.
        max_eval: About the most calls of the closure in a step (default: 5/4 of `max_iter`).
        tolerance_grad: A step ends if no element of the gradient is above this.
        tolerance_change: A step ends if neither an element of the step nor the change of the loss
            is above this.
        history_size: The number of pairs that are kept.
        line_search_fn: None or "strong_wolfe".

    Raises:
        ValueError: There are several groups, or the line search is unknown. For the rest see
            `Optimizer`.

    Example:
        >>> weight = nn.Parameter([3.0, -2.0])
        >>> optimizer = nn.optim.LBFGS([weight], line_search_fn="strong_wolfe")
        >>> def closure():
        ...     optimizer.zero_grad()
        ...     loss = (weight**2).sum()
        ...     loss.backward()
        ...     return loss
        >>> optimizer.step(closure).item(), round(closure().item(), 6)
        (13.0, 0.0)
    """

    __slots__ = ()
    required_state = ("n_iter", "t", "d", "prev_flat_grad")
    optional_state = ("old_dirs", "old_stps")

    def __init__(
        self,
        params: Iterable[Parameter] | Iterable[dict[str, Any]],
        lr: float = 1.0,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        if line_search_fn not in (None, "strong_wolfe"):
            raise ValueError(
                f"LBFGS: line_search_fn (={line_search_fn!r}) must be None or 'strong_wolfe'"
            )
        options = {
            "lr": lr,
            "max_iter": max_iter,
            "max_eval": max_iter * 5 // 4 if max_eval is None else max_eval,
            "tolerance_grad": tolerance_grad,
            "tolerance_change": tolerance_change,
            "history_size": history_size,
            "line_search_fn": line_search_fn,
        }
        super().__init__(params, options)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Set the only group of parameters; raise `ValueError` for a second one.

        Example:
            >>> optimizer = nn.optim.LBFGS(nn.Linear(3, 2).parameters())
            >>> optimizer.add_param_group({"params": []})
            Traceback (most recent call last):
            ...
            ValueError: LBFGS: all parameters are one vector; give them in one group
        """
        if self.param_groups:
            raise ValueError("LBFGS: all parameters are one vector; give them in one group")
        super().add_param_group(param_group)

    def step(self, closure: Callable[[], Any]) -> Any:  # type: ignore[override]
        """Minimise the loss that `closure` computes.

        Args:
            closure: Clears the gradients, computes the loss, calls `backward()` and returns the
                loss.

        Returns:
            The loss at the start, as the closure returned it.

        Raises:
            ValueError: The closure left no gradients, or returned None.

        Example:
            >>> weight = nn.Parameter([3.0])
            >>> optimizer = nn.optim.LBFGS([weight], line_search_fn="strong_wolfe")
            >>> def closure():
            ...     optimizer.zero_grad()
            ...     loss = ((weight - 1) ** 2).sum()
            ...     loss.backward()
            ...     return loss
            >>> _ = optimizer.step(closure)
            >>> weight.data
            array([1.], dtype=float32)
        """
        group = self.param_groups[0]
        lr, max_iter, max_eval = float(group["lr"]), group["max_iter"], group["max_eval"]
        tolerance_grad, tolerance_change = group["tolerance_grad"], group["tolerance_change"]
        params: list[Parameter] = group["params"]
        loss_at_start, loss, g = self._evaluate(closure)
        evaluations = 1
        if _largest(g) <= tolerance_grad:
            return loss_at_start

        state = self.state.setdefault(params[0], {})
        d: Any
        d, t, previous_g = (state.get(name, 0.0) for name in ("d", "t", "prev_flat_grad"))
        memory = _Memory(state.get("old_dirs", ()), state.get("old_stps", ()))
        n_iter = state.get("n_iter", 0)
        for iteration in range(1, max_iter + 1):
            n_iter += 1
            if n_iter > 1:
                memory.add(g - previous_g, d * t, group["history_size"])
            d = memory.newton_step(g)
            t = lr if n_iter > 1 else min(1.0, 1.0 / float(np.abs(g).sum())) * lr
            previous_g, previous_loss = g, loss
            slope = float(g @ d)
            if slope > -tolerance_change:
                break
            if group["line_search_fn"] is None:
                self._move([p.data for p in params], d, t)
                if iteration == max_iter:
                    break  # the loss would not be used
                _, loss, g = self._evaluate(closure)
                evaluations += 1
            else:
                start, left = _Point(0.0, loss, g, slope), max_eval - evaluations
                best, used = self._search(closure, start, d, t, left)
                t, loss, g = best.t, best.loss, best.g
                evaluations += used
            if (
                evaluations >= max_eval
                or _largest(g) <= tolerance_grad
                or _largest(d) * t <= tolerance_change
                or abs(loss - previous_loss) < tolerance_change
            ):
                break
        state.update(n_iter=n_iter, t=t, d=d, prev_flat_grad=previous_g)
        if memory.pairs:
            state["old_dirs"] = [y for y, _, _ in memory.pairs]
            state["old_stps"] = [s for _, s, _ in memory.pairs]
        return loss_at_start

    def _evaluate(self, closure: Callable[[], Any]) -> tuple[Any, float, Any]:
        """Return the closure's loss, that as a number, and all gradients as one vector."""
        with enable_grad():
            loss = closure()
        if loss is None or all(p.grad is None for p in self._parameters()):
            what = "returned None" if loss is None else "left no gradients"
            raise ValueError(
                f"LBFGS: closure() {what}; it must call zero_grad(), compute the loss, call "
                f"backward() and return the loss"
            )
        parts = []
        for p in self._parameters():
            g = p.grad.dense() if isinstance(p.grad, RowGradient) else p.grad
            parts.append(np.zeros(p.size, p.dtype) if g is None else g.reshape(-1))
        value = loss.item() if hasattr(loss, "item") else loss
        return loss, float(value), np.concatenate(parts)

    def _search(
        self, closure: Callable[[], Any], start: _Point, d: Array, t: float, limit: int
    ) -> tuple[_Point, int]:
        """Go along `d` to where the Wolfe conditions hold; also returns the number of tries."""
        origin = [p.data.copy() for p in self._parameters()]

        def try_step(t: float) -> _Point:
            self._move(origin, d, t)
            _, loss, g = self._evaluate(closure)
            return _Point(t, loss, g, float(g @ d))

        best, tried = _strong_wolfe(try_step, start, t, _largest(d), limit)
        self._move(origin, d, best.t)
        return best, tried

    def _move(self, origin: list[Any], d: Any, t: float) -> None:
        """Set the parameters to `origin + t * d`."""
        at = 0
        for p, x in zip(self._parameters(), origin, strict=True):
            p.data[...] = x + t * d[at : at + p.size].reshape(p.shape)
            at += p.size

    def _state_spec(self, p: Parameter) -> dict[str, tuple[tuple[int | None, ...], Any]]:
        params = self._parameters()
        if p is not params[0]:  # which holds the state of all
            return {}
        n, dtype = sum(p.size for p in params), np.result_type(*(p.dtype for p in params))
        numbers = dict.fromkeys(("n_iter", "t"), ((), None))
        vectors = dict.fromkeys(("d", "prev_flat_grad"), ((n,), dtype))
        return {**numbers, **vectors, **dict.fromkeys(self.optional_state, ((None, n), dtype))}


class _Memory:
    """The last steps and changes of gradient: an approximation of the inverse Hessian."""

    def __init__(self, changes: Sequence[Any], steps: Sequence[Any]) -> None:
        self.pairs = [(y, s, 1.0 / float(y @ s)) for y, s in zip(changes, steps, strict=True)]

    def add(self, y: Any, s: Any, size: int) -> None:
        """Store a step `s` and the change `y` of the gradient, unless they curve too little."""
        curvature = float(y @ s)
        if curvature > 1e-10:
            self.pairs = [*self.pairs[len(self.pairs) >= size :], (y, s, 1.0 / curvature)]

    def newton_step(self, g: Any) -> Any:
        """Return -H g, by two loops over the pairs (Nocedal and Wright, algorithm 7.4)."""
        q = -g
        if not self.pairs:
            return q
        alphas = []
        for y, s, rho in reversed(self.pairs):
            alphas.append(float(s @ q) * rho)
            q -= alphas[-1] * y
        y, _, rho = self.pairs[-1]
        q *= 1.0 / (rho * float(y @ y))
        for (y, s, rho), alpha in zip(self.pairs, reversed(alphas), strict=True):
            q += (alpha - float(y @ q) * rho) * s
        return q


_DECREASE, _CURVATURE = 1e-4, 0.9  # the constants c1 and c2 of the Wolfe conditions
_NARROW = 1e-9


@dataclass
class _Point:
    """The loss and its slope after a step of length `t` along a direction."""

    t: float
    loss: float
    g: Any
    slope: float  #: the derivative with respect to t

    def is_too_high(self, start: _Point) -> bool:
        """Whether the loss is above the line that the first Wolfe condition draws."""
        return self.loss > start.loss + _DECREASE * self.t * start.slope

    def is_flat(self, start: _Point) -> bool:
        """Whether the second (strong) Wolfe condition holds."""
        return abs(self.slope) <= -_CURVATURE * start.slope


def _strong_wolfe(
    evaluate: Callable[[float], _Point], start: _Point, t: float, scale: float, limit: int
) -> tuple[_Point, int]:
    """Find a point where the loss is low enough and its slope flat enough; also return the tries.

    First find a bracket that must hold such a point, then narrow it (Nocedal and Wright, algorithms
    3.5 and 3.6). `scale` is the largest element of the direction.
    """
    previous, point = start, evaluate(t)
    tried = 1
    while tried <= limit:
        too_high = point.is_too_high(start) or (tried > 2 and point.loss >= previous.loss)
        if not too_high and point.is_flat(start):
            return point, tried
        if too_high or point.slope >= 0:
            bracket = [previous, point]
            break
        nearest = point.t + 0.01 * (point.t - previous.t)
        t = _cubic_minimum([previous, point], nearest, 10 * point.t)
        previous, point = point, evaluate(t)
        tried += 1
    else:
        bracket = [start, point]
    return _narrowed(evaluate, start, bracket, scale, tried, limit)


def _narrowed(
    evaluate: Callable[[float], _Point],
    start: _Point,
    bracket: list[_Point],
    scale: float,
    tried: int,
    limit: int,
) -> tuple[_Point, int]:
    """Do the same from a bracket that holds such a point, after `tried` tries."""
    low = int(bracket[0].loss > bracket[1].loss)  # the place of the better one
    was_near_end = False
    while tried <= limit:
        left, right = sorted(p.t for p in bracket)
        if (right - left) * scale < _NARROW:
            break
        t = _cubic_minimum(bracket, left, right)
        margin = 0.1 * (right - left)
        is_near_end = min(right - t, t - left) < margin
        if is_near_end and (was_near_end or not left < t < right):
            # A second point at an end, or beyond it, would hardly narrow the bracket.
            t = right - margin if abs(t - right) < abs(t - left) else left + margin
            is_near_end = False
        was_near_end = is_near_end
        point = evaluate(t)
        tried += 1
        if point.is_too_high(start) or point.loss >= bracket[low].loss:
            bracket[1 - low] = point
            low = int(bracket[0].loss > bracket[1].loss)
            continue
        if point.is_flat(start):
            return point, tried
        if point.slope * (bracket[1 - low].t - bracket[low].t) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = point
    return bracket[low], tried


def _cubic_minimum(ends: list[_Point], left: float, right: float) -> float:
    """Return the minimum of the cubic through two points and their slopes, within two bounds."""
    a, b = sorted(ends, key=lambda point: point.t)
    mean = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = mean * mean - a.slope * b.slope
    if not square >= 0:
        return (left + right) / 2
    root = math.sqrt(square)
    divisor = b.slope - a.slope + 2 * root
    if not divisor:
        return (left + right) / 2
    t = b.t - (b.t - a.t) * (b.slope + root - mean) / divisor
    return min(max(t, left), right)


def _largest(x: Any) -> float:
    return float(np.abs(x).max(initial=0))
