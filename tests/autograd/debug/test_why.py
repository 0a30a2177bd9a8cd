"""Why a gradient is missing: each cause is planted once, and the line that is named is the one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import Tensor, no_grad, why
from autograd.debug import tracing
from autograd.debug.words import code_at


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values or (0.5, -1.0, 2.0)), requires_grad=True)


# -- one cause each: the line with the mark is to be named --------------------------------------


def detached(w: Tensor, v: Tensor) -> Tensor:
    constant = (w * 2).detach()  # here
    return (constant + v).sum()


def data(w: Tensor, v: Tensor) -> Tensor:
    array = (w * 2).data  # here
    return (array + v).sum()


def data_copied(w: Tensor, v: Tensor) -> Tensor:
    array = (w * 2).data  # here
    return (Tensor(array) + v).sum()


def data_through_numpy(w: Tensor, v: Tensor) -> Tensor:
    array = np.exp(w.data)  # here
    return (array + v).sum()


def item(w: Tensor, v: Tensor) -> Tensor:
    scale = w.sum().item()  # here
    return (scale * v).sum()


def asarray(w: Tensor, v: Tensor) -> Tensor:
    array = np.asarray(w.detach())  # here
    return (array * v).sum()


def under_no_grad(w: Tensor, v: Tensor) -> Tensor:
    with no_grad():
        target = w * 2  # here
    return (target + v).sum()


def result_under_no_grad(w: Tensor, v: Tensor) -> Tensor:
    with no_grad():
        return (w + v).sum()  # here


def result_detached(w: Tensor, v: Tensor) -> Tensor:
    return (w * v).sum().detach()  # here


def compared(w: Tensor, v: Tensor) -> Tensor:
    correct = w > 0  # here
    return (correct * v).sum()


def compared_by_function(w: Tensor, v: Tensor) -> Tensor:
    correct = np.less(w, v)  # here
    return (correct * v).sum()


def condition(w: Tensor, v: Tensor) -> Tensor:
    chosen = np.where(w, v, 0)  # here
    return chosen.sum()


def integers(w: Tensor, v: Tensor) -> Tensor:
    counts = w.astype(int)  # here
    return (counts * v).sum()


def position(w: Tensor, v: Tensor) -> Tensor:
    best = np.argmax(w)  # here
    return v[best]


def rounded(w: Tensor, v: Tensor) -> Tensor:
    steps = np.round(w)  # here
    return (steps * v).sum()


def signs(w: Tensor, v: Tensor) -> Tensor:
    return (np.sign(w) * v).sum()  # here


def floor(w: Tensor, v: Tensor) -> Tensor:
    return (np.floor(w) * v).sum()  # here


def dead(w: Tensor, v: Tensor) -> Tensor:
    units = autograd.relu(w - 10)  # here
    return (units * v).sum()


def dead_where_read(w: Tensor, v: Tensor) -> Tensor:
    units = autograd.relu(w)  # here
    return units[1:2].sum()


def saturated_tanh(w: Tensor, v: Tensor) -> Tensor:
    units = np.tanh(w + 100)  # here
    return (units * v).sum()


def saturated_sigmoid(w: Tensor, v: Tensor) -> Tensor:
    units = autograd.sigmoid(w + 100)  # here
    return (units * v).sum()


def nearly_saturated(w: Tensor, v: Tensor) -> Tensor:
    units = autograd.sigmoid(w - 60)  # here
    return (units * v).sum()


def times_zero(w: Tensor, v: Tensor) -> Tensor:
    masked = w * np.zeros(3)  # here
    return (masked * v).sum()


def zero_weights(w: Tensor, v: Tensor) -> Tensor:
    hidden = np.zeros((4, 3)) @ w  # here
    return hidden.sum() + v.sum()


def other_branch(w: Tensor, v: Tensor) -> Tensor:
    chosen = np.where([True, True, True], v, w)  # here
    return chosen.sum()


def clipped(w: Tensor, v: Tensor) -> Tensor:
    bounded = np.clip(w + 10, -1, 1)  # here
    return (bounded * v).sum()


def smaller(w: Tensor, v: Tensor) -> Tensor:
    larger = np.maximum(w - 10, v)  # here
    return larger.sum()


def indexed_out(w: Tensor, v: Tensor) -> Tensor:
    both = np.concatenate([w, v])  # here
    return both[3:].sum()


def at_the_bottom(w: Tensor, v: Tensor) -> Tensor:
    square = (w - w.data) ** 2  # here
    return (square + v).sum()


def overwritten(w: Tensor, v: Tensor) -> Tensor:
    h = w * 2
    h[:] = v  # here
    return h.sum()


def to_the_power_of_zero(w: Tensor, v: Tensor) -> Tensor:
    ones = w ** np.zeros(3)  # here
    return (ones * v).sum()


def taken_away(w: Tensor, v: Tensor) -> Tensor:
    return (w * v - v * w).sum()  # here


def mean_taken_away(w: Tensor, v: Tensor) -> Tensor:
    centred = w - w.mean()  # here
    return centred.sum() + v.sum()


def sum_of_softmax(w: Tensor, v: Tensor) -> Tensor:
    shares = autograd.softmax(w)  # here
    return shares.sum() + v.sum()


def bias_before_normalisation(w: Tensor, v: Tensor) -> Tensor:
    x = np.random.default_rng(0).normal(size=(8, 3))
    z = x + w  # here
    return (nn.BatchNorm1d(3)(z) * x**2).sum() + v.sum()


CAUSES: list[tuple[Callable[[Tensor, Tensor], Tensor], str, str]] = [
    (detached, "detached", r"detach\(\)"),
    (data, ".data", "plain array"),
    (data_copied, ".data", r"Tensor\(...\) at"),
    (data_through_numpy, ".data", "may be why"),
    (item, r"item()", "Python number"),
    (asarray, "detached", "got a constant"),
    (under_no_grad, "no_grad", "multiply was computed under no_grad"),
    (result_under_no_grad, "no_grad", "add was computed under no_grad"),
    (result_detached, "detached", "the result is not in the graph"),
    (compared, "comparison", "np.greater"),
    (compared_by_function, "comparison", "np.less"),
    (condition, "no rule", "a mask"),
    (integers, "integers", r"astype\(int64\)"),
    (position, "constant", "np.argmax"),
    (rounded, "flat", "round is a step function"),
    (signs, "flat", "sign is a step function"),
    (floor, "flat", "floor is a step function"),
    (dead, "dead", "all 3 units are 0"),
    (dead_where_read, "dead", "33% of its 3 units are 0"),
    (saturated_tanh, "saturated", "outputs all 1"),
    (saturated_sigmoid, "saturated", "outputs all 1"),
    (nearly_saturated, "vanishing", "shrinks most in sigmoid"),
    (times_zero, "times zero", "its input 1 of shape"),
    (zero_weights, "times zero", "its input 0 of shape"),
    (other_branch, "masked", "the other branch at all 3"),
    (clipped, "not chosen", "inputs between 9 and 12"),
    (smaller, "not chosen", "maximum took the other"),
    (indexed_out, "not selected", "only 3 have an influence"),
    (at_the_bottom, "stationary", "base all 0, exponent 2"),
    (overwritten, "overwritten", "over all elements"),
    (to_the_power_of_zero, "stationary", "has the exponent 0"),
    (taken_away, "cancels", "cancel, to 0"),
    (mean_taken_away, "cancels", "from subtract"),
    (sum_of_softmax, "cancels", "softmax does not change"),
    (bias_before_normalisation, "cancels", "add up to zero on the way to input 1"),
]


@pytest.mark.parametrize(
    ("cause", "kind", "words"), CAUSES, ids=lambda c: getattr(c, "__name__", "")
)
def test_cause_and_line_are_named(
    cause: Callable[[Tensor, Tensor], Tensor], kind: str, words: str
) -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    found = why(w, lambda: cause(w, v))
    assert found.kind == kind
    assert code_at(found.line).endswith("# here")
    assert found.remedy
    assert re.search(words, found.reason), found.reason
    assert w.grad is None


@pytest.mark.parametrize(
    "cause", [c for c, kind, _ in CAUSES if c.__name__ != "data_through_numpy"]
)
def test_printing_a_reason_shows_the_line_and_the_remedy(cause: Any) -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    found = why(w, lambda: cause(w, v))
    text = str(found)
    assert "# here" in text
    assert f"in {cause.__name__}" in text
    assert found.remedy in text
    assert repr(found) == text


RECORDED = [c for c, kind, _ in CAUSES if kind in ("flat", "dead", "saturated", "times zero")]


@pytest.mark.parametrize("cause", RECORDED)
def test_cause_on_a_recorded_path_needs_no_trace(cause: Any) -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    y = cause(w, v)
    assert code_at(why(w, y).line).endswith("# here")
    y.backward()  # the graph is still there
    assert not w.grad.any()
    assert why(w, y).kind == "freed"


def test_trace_answers_after_the_backward_pass() -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    with tracing():
        y = dead(w, v)
        y.backward()
    assert why(w, y).kind == "dead"
    with pytest.raises(autograd.GraphError, match="freed"):
        y.backward()  # the question has not brought the graph back


# -- what x and y are ---------------------------------------------------------------------------


def test_result_that_is_no_leaf() -> None:
    w = leaf()
    hidden = w * 2
    found = why(hidden, (hidden * hidden).sum())
    assert found.kind == "not a leaf"
    assert found.reason.startswith("hidden.grad is None, because hidden is the result of multiply")
    assert "norm 9.165" in found.reason  # 4 w = (2, -4, 8)
    assert code_at(found.line) == "hidden = w * 2"
    assert "hidden.retain_grad()" in found.remedy


def test_constants() -> None:
    w, constant = leaf(), Tensor([1.0, 2.0, 3.0])
    y = (w * constant).sum()
    assert why(constant, y).kind == "not required"
    assert why(Tensor([1, 2]), y).kind == "integers"
    assert why(w, Tensor(2.0)).kind == "no graph"


def test_constant_in_a_trace_tells_what_made_it() -> None:
    w = leaf()
    with tracing():
        with no_grad():
            old = w * 2  # made
        y = (w * old).sum()
    found = why(old, y)
    assert found.kind == "no_grad"
    assert code_at(found.line) == "old = w * 2  # made"
    with tracing():
        fixed = w.detach()
        y = (w * fixed).sum()
    assert why(fixed, y).kind == "detached"


def test_leaf_made_after() -> None:
    w = leaf()
    y = (w * w).sum()
    late = leaf()
    assert why(late, y).kind == "made after"
    w = w - 0.1 * y.data
    found = why(w, y)
    assert found.kind == "made after"
    assert "with autograd.no_grad(): w -= ..." in found.remedy


def test_result_that_is_no_tensor() -> None:
    w = leaf()
    found = why(w, lambda: (w * w).sum().item())
    assert [found.kind, found.others[0].kind] == ["item()", "no tensor"]
    assert why(w, 3.0).kind == "no tensor"  # type: ignore[arg-type]


# -- no path ------------------------------------------------------------------------------------


def test_not_used() -> None:
    w, other = leaf(), leaf(1.0, 2.0)
    y = (w * w).sum()
    found = why(other, y)
    assert found.kind == "not used"
    assert found.reason == "other is not used on any path to y"
    assert "autograd.why(other, lambda:" in found.remedy
    text = why(other, lambda: (w * w).sum()).reason
    assert text == "other is not used on any path to y that the trace can follow"


def test_array_of_x_as_a_constant_is_seen_without_a_trace() -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    y = (w.detach() * v).sum()  # here
    found = why(w, y)
    assert found.kind == "detached"
    assert code_at(found.line).endswith("# here")


def test_copy_that_was_used_instead() -> None:
    w = leaf()
    copied = Tensor(w.data, requires_grad=True)
    found = why(w, (copied * copied).sum())
    assert found.kind == "a copy"
    assert "the same values" in found.reason


def test_used_before_it_required_a_gradient() -> None:
    w, v = Tensor([1.0, 2.0]), leaf(3.0, 4.0)
    with tracing():
        constant = w * 2
        w.requires_grad = True
        y = (constant * v).sum()
    assert why(w, y).kind == "not required"


def test_trace_of_something_else_is_not_evidence() -> None:
    w, v = leaf(), leaf(1.0, 2.0, 3.0)
    with tracing():
        w.sum().item()
    y = (v * v).sum()
    assert [why(w, y).kind, why(w, y).others] == ["not used", ()]


# -- on a path ----------------------------------------------------------------------------------


def test_gradient_that_is_there() -> None:
    w = leaf(3.0, 4.0)
    y = (w * w).sum()
    assert "not zero (shape (2,), norm 10: [6., 8.]); w.grad is None" in why(w, y).reason
    y.backward(retain_graph=True)
    assert why(w, y).reason.endswith("w.grad is there")
    assert w.grad.tolist() == [6, 8]
    w.grad[...] = 0
    assert "w.grad is zero, because backward() has not been called" in why(w, y).reason


def test_gradient_that_is_not_finite() -> None:
    w = leaf(0.0, 1.0)
    y = np.sqrt(w).sum()
    found = why(w, y)
    assert found.kind == "not finite"
    assert "in the rule of sqrt" in found.reason


def test_gradient_that_is_too_small_for_its_dtype() -> None:
    w = Tensor([1.0], requires_grad=True, dtype=np.float32)
    found = why(w, lambda: (w * np.float32(1e-30) * np.float32(1e-30)).sum())
    assert found.kind == "underflow"


def test_no_elements() -> None:
    w = Tensor(np.ones((0, 3)), requires_grad=True)
    assert why(w, (w * 2).sum()).reason == "w has no elements (shape (0, 3))"


def test_one_dead_unit() -> None:
    w = leaf(-1.0)
    found = why(w, autograd.relu(w))
    assert found.reason == "relu is dead: its only unit is 0, because no input is positive"


def test_two_causes_are_both_told() -> None:
    w, v = leaf(), leaf(1.0, -2.0, 3.0)
    found = why(w, lambda: floor(w, v) + dead(w, v))
    assert {found.kind, found.others[0].kind} == {"flat", "dead"}


def test_cotangent_that_is_zero() -> None:
    w = leaf()
    assert why(w, w * 2, grad=np.zeros(3)).kind == "seed"


def test_module_is_named() -> None:
    net = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1))
    x = np.ones((2, 3), np.float32)
    net[0].bias.data[...] = -100
    found = why(net[0].weight, lambda: net(Tensor(x)).sum())
    assert found.kind == "dead"
    assert "all 8 units are 0" in found.reason
    assert "(in 1 ReLU)" in found.reason


def test_bias_before_batch_norm_cancels_also_in_float32() -> None:
    generator = np.random.default_rng(0)
    net = nn.Sequential(nn.Conv2d(1, 3, 3, generator=generator), nn.BatchNorm2d(3))
    x, t = generator.normal(size=(2, 8, 1, 8, 8)).astype(np.float32)
    found = why(net[0].bias, lambda: (net(Tensor(x)) * t[:, :, 1:7, 1:7]).sum())
    assert found.kind == "cancels"
    assert "convolve add up to zero on the way to input 2" in found.reason
    assert found.others[-1].kind == "not zero"


def test_array_changed_since_then() -> None:
    w = leaf()
    hidden = w * 2
    y = (hidden * hidden).sum()
    with no_grad():
        hidden += 1
    assert why(w, y).kind == "changed"


def test_wrong_arguments() -> None:
    with pytest.raises(TypeError, match="x must be a Tensor, got ndarray"):
        why(np.ones(3), leaf())  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="let it return the loss"):
        why(leaf(), lambda: None)


def test_operations_on_what_is_empty() -> None:
    w = leaf()
    found = why(w, w[:0].sum())
    assert found.kind == "empty"
    assert found.reason == "input 0 of sum has no elements (shape (0,))"


def test_power_of_zero() -> None:
    w = leaf()
    assert why(w, (w**0).sum()).reason == "power has the exponent 0: x**0 is 1 everywhere"
    one = leaf(1.0)
    assert "slope 0 here: base 1" in why(one, (np.ones(1) ** one).sum()).reason


@pytest.mark.parametrize(
    "part",
    [
        lambda w: np.real(w * 1j).sum(),
        lambda w: np.abs(np.exp(1j * w)).sum(),
        lambda w: np.imag(np.fft.fft(w)[0]),
    ],
)
def test_parts_of_complex_numbers_at_right_angles(part: Any) -> None:
    w = leaf()
    assert why(w, part(w)).kind == "at right angles"


def test_sums_that_stay_the_same_are_not_taken_for_an_index() -> None:
    x = Tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    assert why(x, autograd.softmax(x)[0].sum()).kind == "cancels"


@pytest.mark.parametrize("at", ["leaf", "result", "output"])
def test_hook_that_makes_the_gradient_zero(at: str) -> None:
    w = leaf()
    y = (h := w * 2).sum()
    {"leaf": w, "result": h, "output": y}[at].register_hook(lambda g: g * 0)
    found = why(w, y)
    name = {"leaf": "w", "result": "multiply", "output": "sum"}[at]
    assert found.reason == f"a hook of {name} makes the gradient zero: g * 0"


def test_retained_gradients_stay() -> None:
    w = leaf()
    h = w * 2
    h.retain_grad()
    y = h.sum()
    why(w, y)
    assert h.grad is None
