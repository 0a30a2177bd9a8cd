"""What a rule reads, and which options a call may have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import NotDifferentiableError, Tensor
from autograd.ops import logsumexp, softmax
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
    with pytest.raises(
        NotDifferentiableError,
        match=r"clip: out= .*has no graph to record the res",
    ):
        np.clip(x, 0, 1, out=np.zeros((2, 3)))
    with pytest.raises(NotDifferentiableError, match="leave it out and write that step"):
        np.clip(x, 0, 1, where=x.data > 0)


def test_option_at_its_default_is_accepted() -> None:
    x = leaf(2, 3)
    assert np.sum(x, None, None, None).shape == ()
    assert np.add(x, 1, where=True).shape == (2, 3)
    assert np.clip(x, 0, 1, casting="same_kind", where=True, dtype=None).shape == (2, 3)
    assert np.sum(x, axis=0, keepdims=np._NoValue).shape == (3,)


def test_out_is_refused_wherever_it_stands() -> None:
    x, out = leaf(2, 3), np.zeros((2, 3))
    words = r"out= \(an array of shape \(2, 3\)\) has no graph"
    for call in (
        lambda: np.clip(x, 0, 1, out=out),
        lambda: np.clip(x, 0, 1, out),
        lambda: np.dot(x, np.ones((3, 3)), out),
        lambda: np.cumsum(x, 0, None, out),
        lambda: np.stack([x[0], x[1]], 0, out),
        lambda: np.fft.fft2(x, None, (0, 1), None, out),
    ):
        with pytest.raises(NotDifferentiableError, match=words):
            call()
    assert np.dot(x, np.ones(3), None).shape == (2,)
    with pytest.raises(TypeError, match="positional argument"):
        x.dot(x, None, 5)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda t: t.sum(dim=1), r"sum got .* 'dim'; NumPy's word for it is axis="),
        (lambda t: t.mean(0, keepdim=True), r"mean got .* 'keepdim'; .* is keepdims="),
        (lambda t: t.max(axes=0), r"max got .* 'axes'; NumPy's word for it is axis="),
        (lambda t: t.std(unbiased=False), r"std got .* 'unbiased'; NumPy's word for it is ddof="),
        (lambda t: t.argmax(dim=0), r"argmax got .* 'dim'; NumPy's word for it is axis="),
        (lambda t: t.any(keepdim=True), r"any got .* 'keepdim'; .* is keepdims="),
        (lambda t: t.cumsum(dim=0), r"cumsum got .* 'dim'; NumPy's word for it is axis="),
        (lambda t: t.sort(dim=0), r"sort got .* 'dim'; NumPy's word for it is axis="),
        (lambda t: softmax(t, dim=1), r"softmax got .* 'dim'; NumPy's word for it is axis="),
        (lambda t: logsumexp(t, dim=1, keepdim=True), r"logsumexp got .* 'dim'; .* is axis="),
        (lambda t: t.repeat(2, axs=0), r"repeat got .* 'axs'; did you mean axis=\?"),
        (lambda t: t.swapaxes(0, axis3=1), r"swapaxes got .* 'axis3'; did you mean axis2=\?"),
        (lambda t: t.clip(0, maxx=1), r"clip got .* 'maxx'; did you mean max=\?"),
        (lambda t: np.clip(t, zzz=0), r"clip got .* 'zzz'; its parameters are a, a_min, a_max"),
        (lambda t: t.trace(nothing=1), r"'nothing'; its parameters are a, offset, axis1"),
    ],
)
def test_unknown_keyword_names_the_one_that_is_meant(
    call: Callable[[Tensor], Any], words: str
) -> None:
    with pytest.raises(TypeError, match=words):
        call(leaf(2, 3))
