"""The ledger: bytes by hand, seconds by a clock that ticks at every look."""

from __future__ import annotations

import gc
import importlib
from itertools import count

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor
from autograd.debug import Ledger, ledger, live_nodes
from autograd.debug.words import code_at

SIZE = 1000 * 8


@pytest.fixture
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every look at the time takes one second."""
    module = importlib.import_module("autograd.debug.ledger")
    monkeypatch.setattr(module, "perf_counter", count().__next__)


def leaf(n: int = 1000) -> Tensor:
    return Tensor(np.linspace(0.1, 1, n), requires_grad=True)


def by_mark(costs: Ledger) -> dict[str, tuple[int, int, float, float]]:
    """The rows by the comment at the end of their lines."""
    return {code_at(row.line).rpartition("# ")[2]: row[1:] for row in costs.rows}


def step(w: Tensor, x: object) -> Tensor:
    y = np.exp(w)  # exp
    z = y * y  # square
    z = z * x  # scale
    z = np.tanh(z).reshape(10, 100)  # tanh
    z = z * z[::-1]  # view
    return z.sum()  # sum


def test_bytes_of_each_array_are_counted_once() -> None:
    w, x = leaf(), np.ones(1000)
    with ledger() as costs:
        step(w, x).backward()
    rows = by_mark(costs)
    assert {mark: row[0] for mark, row in rows.items()} == {
        "exp": 1, "square": 1, "scale": 1, "tanh": 2, "view": 2, "sum": 1,
    }  # fmt: skip
    assert {mark: row[1] for mark, row in rows.items()} == {
        "exp": SIZE,  # its output, which the square keeps too
        "square": 0,
        "scale": SIZE,  # the constant
        "tanh": SIZE,  # its output, of which the next line keeps two views
        "view": 0,
        "sum": 0,
    }


def test_bytes_without_a_backward_pass_and_of_several_steps() -> None:
    w, x = leaf(), np.ones(1000)
    with ledger() as costs:
        y = step(w, x)
    assert sum(row.kept for row in costs.rows) == 3 * SIZE
    assert len(costs.live) == 8
    del y
    with ledger() as costs:
        for _ in range(3):
            step(w, x).backward()
    assert sum(row.kept for row in costs.rows) == 3 * SIZE
    assert len(costs.live) == 0


def test_residuals_are_counted() -> None:
    w = leaf()
    with ledger() as costs:
        autograd.ops.gelu(w).sum().backward()
    assert sum(row.kept for row in costs.rows) == SIZE  # the input is a leaf


@pytest.mark.usefixtures("_clock")
def test_seconds() -> None:
    w = leaf()
    with ledger() as costs:
        y = np.exp(w)  # exp
        y = (y * y).sum()  # square
        y.backward()
        w.sum()  # after
    rows = by_mark(costs)
    assert {mark: row[2:] for mark, row in rows.items()} == {
        "exp": (0, 1),  # when it began is not known; one rule
        "square": (2, 3),  # two operations; the rules of sum and, twice, of multiply
        "after": (0, 0),  # what came before it was the backward pass
    }
    assert costs.rows[0].line.endswith("test_seconds")
    assert costs.seconds > 6


def test_savings_of_checkpoint() -> None:
    net = nn.Sequential(nn.Tanh(), nn.Tanh(), nn.Tanh())
    w = leaf()
    with ledger() as costs:
        hidden = np.exp(w)
        (net(hidden) * 2).sum().backward()
    saved = dict(costs.savings)
    assert saved["Sequential"] == 3 * SIZE
    assert saved["1 Tanh"] == SIZE

    def inner(x: Tensor) -> Tensor:
        return np.exp(x) * np.cos(x)

    with ledger() as costs:
        hidden = np.sin(w)
        (inner(hidden) * 2).sum().backward()
    saved = dict(costs.savings)
    (name,) = [name for name in saved if name.startswith("inner()")]
    assert saved[name] == 2 * SIZE  # exp and cos; the input stays, and the output is not kept


def test_text() -> None:
    w, x = leaf(), np.ones(1000)
    with ledger() as costs:
        step(w, x).backward()
    lines = str(costs).splitlines()
    assert lines[0].split() == ["line", "operations", "kept", "forward", "ms", "backward", "ms"]
    assert any("test_ledger.py" in line and "7.8 KiB" in line for line in lines)
    assert lines[8].startswith("total")
    assert lines[8].split()[1:4] == ["8", "23.4", "KiB"]
    assert str(costs) == repr(costs)
    with ledger() as costs:
        pass
    assert "total" in str(costs)


def test_graph_kept_over_steps_is_found_with_its_line() -> None:
    gc.collect()
    before = len(live_nodes())
    w = leaf()
    earlier = w * 2
    total = Tensor(0.0)
    losses = []
    start = autograd.scopes.next_number()
    for _ in range(4):
        loss = (w * w).sum()
        total = total + loss  # total
        losses.append((loss * 2).detach())
    del loss
    live = live_nodes(start)
    assert len(live) == 12
    assert len(live_nodes()) == before + 13
    del earlier
    assert len(live_nodes()) == before + 12
    (held,) = live.held
    assert code_at(held.line).endswith("# total")
    assert held[1:] == (1, 12, 0)
    assert "12 nodes alive, held by\n    1 result of" in str(live)
    total.backward()
    assert len(live_nodes(start)) == 0
    assert str(live_nodes(start)) == "no graph is alive"


def test_results_that_are_kept_one_by_one() -> None:
    w = leaf()
    losses = []
    start = autograd.scopes.next_number()
    for _ in range(3):
        hidden = np.exp(w)
        losses.append((hidden * hidden).sum())  # kept
    del hidden
    (held,) = live_nodes(start).held
    assert code_at(held.line).endswith("# kept")
    assert held[1:] == (3, 9, 3 * SIZE)


def test_questions_leave_no_graph_behind() -> None:
    w = leaf()
    start = autograd.scopes.next_number()
    autograd.why(w, lambda: (w * w).sum())
    autograd.debug.check_graph(lambda: (w * w).sum())
    assert len(live_nodes(start)) == 0


def test_block_that_raises_is_counted_up_to_there() -> None:
    y = np.exp(Tensor(np.ones(1000), requires_grad=True))
    with pytest.raises(AttributeError), ledger() as costs:
        y = (y * y).missing
    assert [row.kept for row in costs.rows] == [8000]
    assert costs.seconds > 0
