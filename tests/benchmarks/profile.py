"""Where pullback's own time goes, beside the work by hand: `python -m tests.benchmarks --profile`.

One step is observed, which tells every NumPy function and every rule that it calls, and with what.
Then these are called again with nothing around them, in turns with whole steps:

    step         all of it
    functions    what was computed forwards: NumPy's functions, and those of networks
    rules        the arithmetic of the gradient rules
    optimiser    `step()` and `zero_grad()`
    engine       the rest: recording, finding the order, checking and adding up gradients
    by hand      the same work without an engine, which has less to compute

Called alone, functions find their inputs in the cache and their memory free at once: of large
arrays, that much of their time is counted as the engine's.
"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any
from unittest.mock import patch

from autograd import Tensor
from autograd.debug.backward_pass import Pass
from autograd.grad_mode import Observer, Observing
from autograd.op import OUTPUT
from nn.optim.base import Optimizer

from .engines import Step
from .workloads import WORKLOADS

ROUNDS, SECONDS = 15, 0.02  # how often everything is timed, and for how long each time
_OPTIMISING = ("step", "zero_grad")
COLUMNS = ("step", "functions", "rules", "optimiser", "engine", "by hand")


class Calls(Observer):
    """Collects what one step calls, ready to be called again."""

    def __init__(self) -> None:
        self.functions: list[Callable[[], Any]] = []
        self._passes: list[Pass] = []

    def computed(self, op: Any, arrays: Any, _parents: Any, _out: Any, options: Any) -> None:
        known = {name: value for name, value in options.items() if name != op.residual}
        self.functions.append(partial(op.forward, *arrays, **known))

    def began(self, _seeds: Any, _wanted: Any) -> None:
        self._passes.append(Pass())

    def arrived(self, node: Any, g: Any) -> None:
        self._passes[-1].arrived(node, g)

    def sent(self, node: Any, parent: Any, gx: Any) -> None:
        if not isinstance(gx, Tensor):  # otherwise the rule's work is among the functions
            self._passes[-1].sent(node, parent, gx)

    def rules(self) -> list[Callable[[], Any]]:
        found: list[Callable[[], Any]] = []
        for visit in (visit for each in self._passes for visit in each.visits.values()):
            if not visit.sent or visit.op is OUTPUT:
                continue
            joint, vjps = visit.op.joint, visit.op.vjps
            called = [joint] if joint else [vjps[place] for place, _ in visit.sent]
            found += [
                partial(rule, visit.cotangent, *visit.saved, **visit.options) for rule in called
            ]
        return found


class _Stopwatch:
    """Adds up the time spent in some methods."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start = perf_counter()
            result = method(*args, **kwargs)
            self.seconds += perf_counter() - start
            return result

        return timed


def profile(step: Step, by_hand: Step | None, rounds: int = ROUNDS) -> dict[str, float]:
    """The columns, in microseconds."""
    calls, optimising = Calls(), _Stopwatch()
    step(0)
    with Observing(calls):
        step(1)
    rules = calls.rules()
    times: dict[str, list[float]] = {name: [] for name in COLUMNS}
    for _ in range(rounds):
        optimising.seconds = 0
        methods = {name: optimising.timed(getattr(Optimizer, name)) for name in _OPTIMISING}
        with patch.multiple(Optimizer, **methods):
            each, steps = _time(step)
        times["step"].append(each)
        times["optimiser"].append(optimising.seconds / steps)
        times["functions"].append(_time(lambda _: _all(calls.functions))[0])
        times["rules"].append(_time(lambda _: _all(rules))[0])
        if by_hand is not None:
            times["by hand"].append(_time(by_hand)[0])
    found = {name: 1e6 * median(values) for name, values in times.items() if values}
    accounted = found["functions"] + found["rules"] + found["optimiser"]
    return found | {"engine": found["step"] - accounted}


def _all(calls: Sequence[Callable[[], Any]]) -> None:
    for call in calls:
        call()


def _time(step: Step) -> tuple[float, int]:
    """Seconds for a step, and how many were made."""
    start, steps = perf_counter(), 0
    while steps == 0 or perf_counter() - start < SECONDS:
        step(steps)
        steps += 1
    return (perf_counter() - start) / steps, steps


def main(name: str, quick: str = "") -> None:
    workload = WORKLOADS[name]
    for label, setups in workload.steps.items():
        if "pullback" in setups:
            by_hand = setups["numpy"]() if "numpy" in setups else None
            found = profile(setups["pullback"](), by_hand, 1 if quick else ROUNDS)
            size = label.partition(", ")[2]
            row = (f"{found[c]:11.4g}" if c in found else " " * 11 for c in COLUMNS)
            print(f"{f'{name} {size}':26}", *row, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
