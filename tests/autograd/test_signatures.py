"""What a rule reads, and which options a call may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import NotDifferentiableError, Tensor
from autograd.signatures import ARRAY, NOTHING, SHAPE, Reads, positional_parameters


def leaf(*shape: int) -> Tensor:
    return Tensor(np.full(shape, 0.5), requires_grad=True)


@pytest.mark.parametrize(
    ("vjp", "out", "levels", "count", "options"),
    [
        (lambda g, y, x: g, True, [ARRAY, NOTHING], 1, set()),
        (lambda g, _, _x, __: g, False, [SHAPE, NOTHING], 2, set()),
        (lambda g, *_: g, False, [NOTHING, NOTHING], None, set()),
        (lambda g, *_inputs: g, False, [SHAPE, SHAPE], None, set()),
        (lambda g, *inputs: g, True, [ARRAY, ARRAY], None, set()),
        (lambda g, _, x, *_rest: g, False, [ARRAY, SHAPE], None, set()),
        (lambda g, _, x, axis=None, **_o: g, False, [ARRAY, NOTHING], 1, {"axis"}),
        (None, False, [NOTHING, NOTHING], -1, set()),
    ],
)
def test_names_of_parameters_say_what_a_rule_reads(
    vjp: Callable[..., Any] | None, out: bool, levels: list[int], count: int, options: set[str]
) -> None:
    reads = Reads(vjp)
    assert reads.out is out
    assert [reads.level(0), reads.level(1)] == levels
    assert (reads.count, reads.options) == (count, options)


def test_positional_parameters_have_their_names_and_all_defaults() -> None:
    def function(a: Any, /, b: Any = 2, *, c: Any = 3) -> None:
        raise AssertionError

    names, defaults = positional_parameters(function)
    assert names == ["a", "b"]
    assert (defaults["b"], defaults["c"]) == (2, 3)


def test_option_not_named_by_the_rules_is_refused() -> None:
    x = leaf(2, 3)
    with pytest.raises(NotDifferentiableError, match="clip: no gradient rule honours dtype="):
        np.clip(x, 0, 1, dtype=np.float32)
    with pytest.raises(NotDifferentiableError, match="clip: no gradient rule honours out="):
        np.clip(x, 0, 1, out=np.zeros((2, 3)))
    with pytest.raises(NotDifferentiableError, match="leave it out and write that step"):
        np.clip(x, 0, 1, where=x.data > 0)


def test_option_at_its_default_is_accepted() -> None:
    x = leaf(2, 3)
    assert np.sum(x, None, None, None).shape == ()
    assert np.add(x, 1, where=True).shape == (2, 3)
    assert np.sum(x, axis=0, keepdims=np._NoValue).shape == (3,)
