"""Scopes: which one holds a number, and what is recorded."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, named_scope, scopes


@pytest.fixture
def recent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The scopes that are remembered: none at first."""
    empty: deque[tuple[int, int, str, str]] = deque(maxlen=scopes._recent.maxlen)
    monkeypatch.setattr(scopes, "_recent", empty)
    monkeypatch.setattr(scopes, "record", empty.append)
    return empty


def paths(*numbers: int) -> list[str]:
    found = scopes.innermost(numbers)
    return [
        "/".join(s.path for s in reversed(list(scope.outwards()))) if scope else ""
        for scope in found
    ]


def test_innermost_scope_of_each_number(recent: Any) -> None:
    recent += [(2, 4, "b", ""), (5, 7, "c", ""), (1, 9, "a", ""), (11, 13, "d", "")]
    assert paths(0, 3, 6, 8, 10, 12, 14) == ["", "a/b", "a/c", "a", "", "d", ""]
    assert paths(6) == ["a/c"]
    assert paths() == []


def test_scope_without_numbers_is_passed_over(recent: Any) -> None:
    recent += [(2, 3, "b", ""), (1, 9, "a", "")]
    assert paths(5, 6) == ["a", "a"]


def test_same_scope_for_all_numbers_in_it(recent: Any) -> None:
    recent += [(2, 4, "b", ""), (1, 9, "a", "")]
    inner, first, second = scopes.innermost([3, 5, 6])
    assert inner is not None
    assert first is second is inner.parent
    assert (inner.level, first.level) == (2, 1)


def test_scopes_that_overlap_are_nested_by_their_start(recent: Any) -> None:
    recent += [(1, 6, "a", ""), (3, 9, "b", "")]
    assert paths(2, 5, 8, 10) == ["a", "a/b", "a/b", ""]


def test_named_scope_holds_the_nodes_of_its_block(recent: Any) -> None:
    x = Tensor(1.0, requires_grad=True)
    with named_scope("outer"):
        y = np.exp(x)
        with named_scope("inner"):
            z = np.exp(y)
    end = np.exp(z)
    assert paths(*[t.node.number for t in (x, y, z, end)]) == ["", "outer", "outer/inner", ""]


def test_named_scope_decorates_a_function(recent: Any) -> None:
    @named_scope("double")
    def double(x: Any) -> Any:
        return x * 2

    y = double(double(Tensor(1.0, requires_grad=True)))
    assert paths(y.node.number) == ["double"]
    assert len(recent) == 2


def test_named_scope_that_an_exception_ends_is_forgotten(recent: Any) -> None:
    with pytest.raises(ZeroDivisionError), named_scope("outer"):
        1 / 0  # noqa: B018
    assert not recent


def test_error_names_the_innermost_scope_that_it_was_raised_in() -> None:
    with pytest.raises(KeyError) as info, named_scope("outer"), named_scope("inner"):
        raise KeyError("x")
    assert info.value.__notes__ == ["in the part inner"]
    error = KeyError("x")
    error.add_note("something else")
    scopes.failed(error, "0.fc", "Linear")
    assert error.__notes__ == ["something else", "in the part 0.fc Linear"]


def test_named_scope_refuses_what_is_no_name() -> None:
    with pytest.raises(TypeError, match="named_scope: name must be a string, got int"):
        named_scope(3).__enter__()  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="named_scope: name is empty; give the words"):
        named_scope("").__enter__()


def test_scopes_are_bounded_and_hold_no_arrays() -> None:
    for _ in range(20_000):
        scopes.record((scopes.next_number(), scopes.next_number(), "many", ""))
    assert len(scopes._recent) == 1 << 14
    assert {type(part) for scope in scopes._recent for part in scope} == {int, str}
