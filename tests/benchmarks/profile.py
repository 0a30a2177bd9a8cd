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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any

from autograd import Tensor
from autograd.grad_mode import Observer, Observing
from nn.optim.base import Optimizer

from .engines import Step
from .workloads import WORKLOADS

ROUNDS, SECONDS = 15, 0.02  # how often everything is timed, and for how long each time
COLUMNS = ("step", "functions", "rules", "optimiser", "engine", "by hand")


class Calls(Observer):
    """Collects what one step calls, ready to be called again."""

    def __init__(self) -> None:
        self.functions: list[Callable[[], Any]] = []
        self.rules: list[Callable[[], Any]] = []

    def computed(self, op: Any, arrays: Any, _parents: Any, _out: Any, options: Any) -> None:
        known = {name: value for name, value in options.items() if name != op.residual}
        self.functions.append(partial(op.forward, *arrays, **known))

    def arrived(self, node: Any, g: Any) -> None:
        self.g, self.unsent, self.is_first = g, list(node.parents), True

    def sent(self, node: Any, parent: Any, gx: Any) -> None:
        if isinstance(gx, Tensor):
            return  # the rule's work was recorded, and so it is among the functions
        place = self.unsent.index(parent)
        self.unsent[place] = None
        if node.op.joint is None:
            self.rules.append(partial(node.op.vjps[place], self.g, *node.saved, **node.options))
        elif self.is_first:
            self.rules.append(partial(node.op.joint, self.g, *node.saved, **node.options))
        self.is_first = False


class _Stopwatch:
    """Adds up the time spent in some methods."""

    def __init__(self) -> None:
        self.seconds = 0.0

    @contextmanager
    def at(self, owner: type, *methods: str) -> Iterator[None]:
        originals = [getattr(owner, name) for name in methods]
        for name, original in zip(methods, originals, strict=True):
            setattr(owner, name, self._timed(original))
        try:
            yield
        finally:
            for name, original in zip(methods, originals, strict=True):
                setattr(owner, name, original)

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
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
    times: dict[str, list[float]] = {name: [] for name in COLUMNS}
    for _ in range(rounds):
        optimising.seconds = 0
        with optimising.at(Optimizer, "step", "zero_grad"):
            each, steps = _time(step)
        times["step"].append(each)
        times["optimiser"].append(optimising.seconds / steps)
        times["functions"].append(_time(lambda _: _all(calls.functions))[0])
        times["rules"].append(_time(lambda _: _all(calls.rules))[0])
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
