"""What a trace sees, and that it goes when it should."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd import Tensor, no_grad
from autograd.debug import tracing
from autograd.debug.tracing import latest_trace
from autograd.debug.words import code_at
from autograd.node import FREED


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values or (1.0, 2.0)), requires_grad=True)


def names(work: Any) -> list[str]:
    w = leaf()
    with tracing() as trace:
        work(w)
    return [event.name for event in trace.events]


def test_operations_and_exits_are_seen_in_their_order() -> None:
    assert names(lambda w: (w * 2).sum()) == ["multiply", "sum"]
    assert names(lambda w: w.data) == [".data"]
    assert names(lambda w: w.detach()) == ["detach()"]
    assert names(lambda w: w[0].item()) == ["getitem", "item()"]
    assert names(lambda w: w > 0) == ["np.greater"]
    assert names(lambda w: np.less_equal(w, 0)) == ["np.less_equal"]
    assert names(lambda w: np.argsort(w)) == ["np.argsort"]
    assert names(lambda w: np.logical_and.reduce(w)) == ["np.reduce"]
    assert names(lambda w: np.asarray(w.detach())) == ["detach()", "np.asarray"]
    assert names(lambda w: w.astype(int)) == ["astype(int64)"]
    assert names(lambda w: w.astype(np.float32)) == ["astype"]
    assert names(lambda w: Tensor(w.data)) == [".data", "Tensor(data)"]
    assert names(lambda w: np.unique(w.detach())) == ["detach()", "np.unique"]
    assert names(lambda w: np.divmod(w, 2)) == ["floor_divide", "remainder"]


def test_events_know_lines_nodes_and_whether_they_are_recorded() -> None:
    w = leaf()
    with tracing() as trace:
        y = w * 2  # first
        with no_grad():
            z = y + 1  # second
    first, second = trace.events
    assert [code_at(e.line).split("# ")[1] for e in trace.events] == ["first", "second"]
    assert [first.recording, second.recording] == [True, False]
    assert first.parents == [w.node, None]
    assert second.parents == [y.node, None]
    assert second.outputs[0] is z.data
    assert trace.users[id(y._array)] == [second]
    assert trace.makers[id(y._array)] == [first]


def test_view_is_known_by_what_it_is_a_view_of() -> None:
    w = leaf()
    with tracing() as trace:
        array = (w * 2).data[::-1]
        constant = Tensor(3.0) * array
    assert trace.key(array) == id(trace.events[0].outputs[0])
    assert trace.users[trace.key(array)][-1].outputs[0] is constant.data


def test_what_a_backward_pass_freed_comes_back_for_a_while() -> None:
    w = leaf()
    with tracing() as trace:
        y = (w * w).sum()
        y.backward()
    node = y.node
    assert node is not None
    assert node.parents is FREED
    with trace.unfreed():
        assert len(node.parents) == 1
        assert node.saved is not FREED
    assert node.parents is FREED


def test_latest_trace_is_kept_and_nothing_is_seen_outside() -> None:
    w = leaf()
    with tracing() as trace:
        pass
    w.data.sum()
    w.exp()
    assert trace.events == []
    assert latest_trace() is trace
