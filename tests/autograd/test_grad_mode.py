"""Recording switched off and on: exceptions, generators, threads, tasks, decorators."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import inspect
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import numpy as np
import pytest

from autograd import (
    Tensor,
    debug,
    detect_anomaly,
    enable_grad,
    grad,
    grad_enabled,
    hvp,
    named_scope,
    no_grad,
    why,
)
from autograd.backward import rule_is_recorded
from autograd.grad_mode import Observer, Observing, current_scope, observer
from tests.interruptions import interruptions

x = Tensor(np.ones(2), requires_grad=True)


def records() -> bool:
    recorded = (x * 2).requires_grad
    assert recorded == grad_enabled() == np.exp(x).requires_grad == x.sum().requires_grad
    return recorded


def test_no_grad_nests_with_enable_grad() -> None:
    assert records()
    with no_grad():
        assert not records()
        with enable_grad():
            assert records()
            with no_grad():
                assert not records()
            assert records()
        assert not records()
    assert records()


def test_no_grad_is_restored_after_an_exception() -> None:
    with pytest.raises(KeyError), no_grad():
        raise KeyError
    assert records()


def test_no_grad_object_can_be_entered_again_and_nested_in_itself() -> None:
    off = no_grad()
    for _ in range(2):
        with off:
            with off:
                assert not records()
            assert not records()
        assert records()


def test_no_grad_does_not_reach_other_threads() -> None:
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_no_grad_of_another_thread_does_not_reach_here() -> None:
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with no_grad():
            entered.set()
            leave.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    entered.wait(10)
    assert records()
    leave.set()
    thread.join()


def test_no_grad_does_not_leak_from_a_suspended_generator() -> None:
    def numbers() -> Iterator[bool]:
        with no_grad():
            yield records()
            yield records()

    generator = numbers()
    assert next(generator) is False
    assert records()
    assert next(generator) is False
    assert records()
    generator.close()
    assert records()


def test_no_grad_of_an_abandoned_generator_does_not_leak() -> None:
    def numbers() -> Iterator[int]:
        with no_grad():
            yield 1

    generator = numbers()
    with no_grad():
        next(generator)
    assert records()
    del generator
    assert records()


def test_no_grad_around_a_generator_started_outside_does_not_stick() -> None:
    def numbers() -> Iterator[bool]:
        while True:
            yield records()

    generator = numbers()
    assert next(generator)
    with no_grad():
        assert not next(generator)
    assert next(generator)


def test_no_grad_of_generators_that_interleave() -> None:
    def numbers(mode: Any) -> Iterator[bool]:
        with mode():
            yield records()
            yield records()

    off, on = numbers(no_grad), numbers(enable_grad)
    with no_grad():
        assert [next(off), next(on), next(off), next(on)] == [False, True, False, True]
        assert not records()
        assert list(off) == list(on) == []
        assert not records()
    assert records()


def test_no_grad_delegated_to_an_inner_generator() -> None:
    def inner() -> Iterator[bool]:
        yield records()

    def outer() -> Iterator[bool]:
        with no_grad():
            yield from inner()
        yield from inner()

    assert list(outer()) == [False, True]


def test_no_grad_inside_a_context_manager_made_of_a_generator_holds_for_its_block() -> None:
    @contextlib.contextmanager
    def evaluation() -> Iterator[None]:
        with no_grad():
            yield

    with evaluation():
        assert not records()
        with evaluation(), enable_grad():
            assert records()
        assert not records()
    assert records()


def test_no_grad_on_an_exit_stack() -> None:
    with contextlib.ExitStack() as stack:
        stack.enter_context(no_grad())
        assert not records()
    assert records()


# -- decorators ---------------------------------------------------------------------------------


def test_decorated_function_keeps_its_name_and_does_not_record() -> None:
    @no_grad()
    def evaluate(inside: bool) -> bool:
        """Evaluate."""
        if inside:
            with enable_grad():
                return records()
        return records()

    assert evaluate.__name__ == "evaluate"
    assert evaluate.__doc__ == "Evaluate."
    assert evaluate(False) is False
    assert evaluate(True) is True
    assert records()


def test_decorated_function_may_recurse() -> None:
    @no_grad()
    def down(n: int) -> list[bool]:
        return [records(), *down(n - 1)] if n else []

    assert down(3) == [False] * 3
    assert records()


def test_decorated_generator_function_does_not_record_and_passes_everything_on() -> None:
    @no_grad()
    def echo() -> Any:
        received = yield records()
        while received is not None:
            received = yield (received, records())
        return "done"

    assert inspect.isgeneratorfunction(echo)
    generator = echo()
    assert next(generator) is False
    assert records()
    assert generator.send(5) == (5, False)
    with pytest.raises(StopIteration) as info:
        generator.send(None)
    assert info.value.value == "done"
    assert records()


def test_decorated_coroutine_does_not_record() -> None:
    @no_grad()
    async def evaluate() -> tuple[bool, bool]:
        before = records()
        await asyncio.sleep(0)
        return before, records()

    assert inspect.iscoroutinefunction(evaluate)
    assert asyncio.run(evaluate()) == (False, False)
    assert records()


def test_decorated_async_generator_does_not_record() -> None:
    closed = []

    @no_grad()
    async def numbers() -> AsyncIterator[bool]:
        try:
            while True:
                yield records()
        finally:
            closed.append(True)

    async def main() -> list[bool]:
        found = []
        async with contextlib.aclosing(numbers()) as values:
            async for value in values:
                found += [value, records()]
                if len(found) == 4:
                    break
        return found

    assert asyncio.run(main()) == [False, True, False, True]
    assert closed == [True]


# -- tasks --------------------------------------------------------------------------------------


def test_no_grad_in_one_task_does_not_reach_another() -> None:
    seen: dict[str, list[bool]] = {"off": [], "on": []}

    async def off() -> None:
        with no_grad():
            for _ in range(3):
                seen["off"].append(records())
                await asyncio.sleep(0)

    async def on() -> None:
        for _ in range(3):
            seen["on"].append(records())
            await asyncio.sleep(0)

    async def main() -> None:
        await asyncio.gather(off(), on(), off(), on())

    asyncio.run(main())
    assert seen == {"off": [False] * 6, "on": [True] * 6}
    assert records()


def test_no_grad_around_an_await_reaches_what_is_awaited() -> None:
    async def inner() -> bool:
        await asyncio.sleep(0)
        return records()

    async def main() -> tuple[bool, bool]:
        with no_grad():
            first = await inner()
        return first, await inner()

    assert asyncio.run(main()) == (False, True)


def test_no_grad_in_an_async_context_manager_holds_for_its_block() -> None:
    @contextlib.asynccontextmanager
    async def evaluation() -> AsyncIterator[None]:
        with no_grad():
            yield

    async def main() -> list[bool]:
        async with evaluation():
            found = [records()]
            await asyncio.sleep(0)
            found.append(records())
        return [*found, records()]

    assert asyncio.run(main()) == [False, False, True]


# -- meeting the rest ---------------------------------------------------------------------------


def test_grad_inside_no_grad_still_works() -> None:
    with no_grad():
        assert grad(lambda t: t * t)(3.0) == 6
        assert not records()


def test_backward_inside_no_grad_works() -> None:
    t = Tensor(3.0, requires_grad=True)
    y = t * t
    with no_grad():
        y.backward()
    assert t.grad == 6


# -- observers ----------------------------------------------------------------------------------


class Diary(Observer):
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def computed(self, op: Any, arrays: Any, parents: Any, out: Any, options: Any) -> None:
        shown = "".join(f" {key}={value}" for key, value in options.items())
        self.events.append(f"{op.name}/{len(arrays)}{shown}")

    def left(self, how: str, values: Any, result: Any) -> None:
        self.events.append(f"left by {how}")

    def began(self, seeds: Any, wanted: Any) -> None:
        self.events.append(f"began from {len(seeds)}, for {wanted and len(wanted)}")

    def arrived(self, node: Any, g: Any) -> None:
        self.events.append(f"{node.op.name} <- {g.tolist()}")

    def sent(self, node: Any, parent: Any, gx: Any) -> None:
        self.events.append(f"{node.op.name} -> {gx.tolist()}")


TOLD = [
    "multiply/2", "sum/1 axis=0", "left by item()", "began from 1, for None", "sum <- 1.0",
    "sum -> [1.0, 1.0]", "multiply <- [1.0, 1.0]", "multiply -> [2.0, 2.0]", "leaf <- [2.0, 2.0]",
]  # fmt: skip


def observed_step() -> None:
    loss = (x * 2).sum(axis=0)
    loss.item()
    loss.backward()


def test_observer_is_told_of_everything_in_its_block_only() -> None:
    diary = Diary()
    observed_step()
    with Observing(diary):
        observed_step()
    observed_step()
    assert diary.events == TOLD


def test_observer_is_told_of_what_is_not_recorded() -> None:
    diary = Diary()
    with Observing(diary), no_grad():
        np.exp(x)
        np.split(x, 2)
    assert len(diary.events) == 2


def test_observers_of_blocks_in_each_other_are_both_told() -> None:
    outer, inner = Diary(), Diary()
    with Observing(outer):
        with Observing(inner):
            observed_step()
        np.exp(x)
    assert inner.events == TOLD
    assert outer.events == [*TOLD, "exp/1"]


def test_observing_leaves_the_mode_as_it_is() -> None:
    with Observing(Observer()):
        assert records()
        observed_step()
        with no_grad(), Observing(Observer()):
            assert not records()


def test_observer_of_a_decorated_function_is_told_of_every_call() -> None:
    diary = Diary()

    @Observing(diary)
    def down(n: int) -> None:
        np.exp(x)
        if n:
            down(n - 1)

    down(1)
    down(0)
    np.exp(x)
    assert diary.events == ["exp/1"] * 3


# -- Ctrl-C -------------------------------------------------------------------------------------

#: The files with blocks that switch something on and off.
SWITCHING = [
    "test_grad_mode.py", "grad_mode.py", "contextlib.py", "scopes.py", "backward.py", "anomaly.py",
    "listings.py", "tracing.py", "stepping.py", "why.py",
]  # fmt: skip


def f(x: Any) -> Any:
    return (np.exp(x) * x).sum()


def blocks() -> None:
    with no_grad():
        f(x)
        with enable_grad():
            f(x).backward()


@no_grad()
def decorated() -> None:
    f(x)


def generator() -> None:
    @no_grad()
    def numbers() -> Iterator[Any]:
        yield f(x)
        with enable_grad():
            yield f(x)

    list(numbers())


def context_manager() -> None:
    @contextlib.contextmanager
    def evaluation() -> Iterator[None]:
        with no_grad():
            yield

    with evaluation():
        f(x)


def recursion() -> None:
    mode = no_grad()

    @mode
    def inner(depth: int) -> None:
        if depth:
            inner(depth - 1)

    inner(3)


def anomaly() -> None:
    with detect_anomaly():
        f(x).backward()


def names() -> None:
    with named_scope("a"):
        f(x)


def listing() -> None:
    with debug.promotions(), debug.accumulations():
        f(x).backward()


def costs() -> None:
    with debug.ledger():
        f(x).backward()


def trace() -> None:
    with debug.tracing():
        f(x).backward()


def stepping() -> None:
    list(f(x).backward_steps())


def second_order() -> None:
    grad(lambda x: grad(f)(x).sum())(np.ones(2))
    hvp(f)(np.ones(2), np.ones(2))


def question() -> None:
    why(x, lambda: f(x))


@pytest.fixture
def few_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no live nodes searched for among the objects of all other tests, again and again."""
    monkeypatch.setattr(gc, "get_objects", list)


@pytest.mark.parametrize(
    "run",
    [
        blocks, decorated, generator, context_manager, recursion, anomaly, names, listing, costs,
        trace, stepping, second_order, question,
    ],
)  # fmt: skip
def test_interruption_anywhere_leaves_no_mode_on(run: Any, few_objects: None) -> None:
    n = 0
    for n in interruptions(run, *SWITCHING):
        assert records(), f"no_grad at point {n}"
        assert observer() is None, f"an observer at point {n}"
        assert not rule_is_recorded(), f"a recorded rule at point {n}"
        with no_grad():  # and what was entered is forgotten
            assert not grad_enabled()
        assert current_scope() is None, f"a scope at point {n}"
    assert n > 10


def test_interruption_inside_a_mode_leaves_that_mode_on() -> None:
    with no_grad():
        for n in interruptions(lambda: enable_grad()(f)(x), *SWITCHING):
            assert not records(), f"at point {n}"


def test_mode_whose_block_was_never_left_ends_with_its_last_reference() -> None:
    mode = no_grad()
    mode.__enter__()
    assert not records()
    del mode
    assert records()
    with no_grad():
        pass
    assert current_scope() is None
