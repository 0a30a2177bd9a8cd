"""Anomalies: who is blamed and who is not, what the message says, pictures, decorators."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import AnomalyError, Tensor, detect_anomaly, grad, gradients, no_grad, render, rule
from autograd.debug import promotions
from autograd.debug.words import name_of
from tests.autograd.test_rules import cotangent_for
from tests.cases import CASES

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")


def leaf(*values: float, dtype: Any = float) -> Tensor:
    tensor = Tensor(np.array(values, dtype), requires_grad=True)
    tensor.name = "x"
    return tensor


def message(program: Callable[[], Any], **options: Any) -> str:
    with pytest.raises(AnomalyError) as info, detect_anomaly(**options):
        program()
    return str(info.value)


def sound(program: Callable[[], Any], **options: Any) -> None:
    with detect_anomaly(**options):
        program()


# -- who is blamed ------------------------------------------------------------------------------


def test_only_the_first_operation_is_blamed() -> None:
    def program() -> None:
        y = np.log(leaf(1.0, -1.0))
        np.exp(np.tanh(y)).sum()

    assert message(program).startswith("detect_anomaly: log gave nan at [1], called at ")


def test_nothing_is_raised_outside_of_the_block() -> None:
    with detect_anomaly():
        pass
    np.log(leaf(-1.0)).sum().backward()


def test_block_ends_with_its_error() -> None:
    message(lambda: np.log(leaf(-1.0)))
    np.log(leaf(-1.0))


def test_infinities_of_constants_are_no_anomaly() -> None:
    causal = np.triu(np.full((3, 3), -np.inf), 1)

    def attention() -> None:
        q = Tensor(np.ones((3, 2)), requires_grad=True)
        scores = q @ q.T + causal
        y = autograd.softmax(np.where(causal < 0, -np.inf, scores)) @ q
        (np.maximum(y, -np.inf).sum() + np.max(scores)).backward()

    sound(attention)


def test_infinity_made_beside_one_of_a_constant_is_found() -> None:
    x = leaf(1.0, 800.0)
    text = message(lambda: np.exp(x) + np.array([np.inf, 0.0]))
    assert "exp gave inf at [1]" in text
    text = message(lambda: (x * 1e300) * np.array([np.inf, 1e10]))
    assert "multiply gave inf at [1]" in text


def test_infinities_pass_if_only_nan_is_looked_for() -> None:
    sound(lambda: (1 / leaf(0.0, 1.0)).sum(), inf=False)
    sound(lambda: np.sqrt(leaf(0.0)).sum().backward(), inf=False)
    text = message(lambda: np.subtract(np.exp(leaf(800.0)), np.inf), inf=False)
    assert re.search(r"subtract gave nan.*\n.*\n.*\n  input 0 \(exp\): float64 \(1,\), 1 Inf", text)


def test_large_numbers_whose_squares_overflow_are_no_anomaly() -> None:
    sound(lambda: (leaf(1e200, -1e300) * 1e5).sum().backward())
    sound(lambda: (leaf(6e4, dtype=np.float16) * 1).sum().backward())


def test_leaf_that_holds_infinity_is_blamed() -> None:
    assert "input 0 of multiply, the leaf 'x' " in message(lambda: leaf(1.0, np.inf) * 2)


def test_result_from_before_the_block_is_named() -> None:
    y = np.log(leaf(-1.0))  # before
    text = message(lambda: np.tanh(y))
    assert re.search(r"input 0 of tanh, the result of log \(.*test_anomaly.py:\d+ in test_", text)


def test_constant_with_nan_that_is_not_used_is_no_anomaly() -> None:
    data = np.array([1.0, np.nan])
    sound(lambda: (np.where(np.isnan(data), 0, data) * leaf(1.0, 2.0)).sum().backward())
    sound(lambda: np.where(np.isnan(data), leaf(1.0, 2.0), data)[1:].backward(np.ones(1)))


def test_results_of_several_outputs_and_of_no_grad_are_looked_at() -> None:
    both = rule(lambda x: (np.cos(x), np.log(x)), lambda g, *_: g[0])
    assert "gave nan" in message(lambda: both(leaf(-1.0)))
    with no_grad():
        assert "log gave nan" in message(lambda: np.log(leaf(-1.0)))


def test_cotangent_that_was_wrong_already_is_named() -> None:
    text = message(lambda: (leaf(1.0) * 2).backward(np.array([np.nan])))
    assert "the cotangent given for the output of multiply" in text


def test_sum_of_cotangents_that_overflows_is_named() -> None:
    def program(x: Tensor, y: Tensor) -> None:
        gradients([x * 1.0, y * 1.0], [x], [np.full(1, 1e308), np.full(1, 1e308)])

    x = leaf(1.0)
    assert re.search(
        r"added up on the way to leaf 'x'.* finite, but their sum", message(lambda: program(x, x))
    )
    h = x * 3
    assert "added up on the way to multiply" in message(lambda: program(h, h))


def test_hook_that_gives_nan_is_suspected() -> None:
    def program() -> None:
        h = leaf(1.0) * 2
        h.register_hook(lambda g: g * np.nan)
        h.sum().backward()

    text = message(program)
    assert "their sum, or what a hook made of it, is not" in text
    assert "look at what its hooks return" in text


def test_second_order_is_looked_at() -> None:
    sound(lambda: grad(grad(lambda x: x**3))(2.0))
    text = message(lambda: grad(grad(lambda x: np.sqrt(x) ** 3))(0.0))
    assert "called at" in text
    x = leaf(1.0, 0.0)
    text = message(lambda: gradients(np.sqrt(x).sum(), x, create_graph=True))
    assert "the gradient with respect to input 0 of sqrt is inf" in text


def test_gradients_of_rows_and_of_several_outputs_are_looked_at() -> None:
    table = leaf(1.0, 0.0)
    rows = autograd.embedding(table.reshape(2, 1), [0, 1])
    assert "of sqrt is inf" in message(lambda: np.sqrt(rows).sum().backward())

    def program() -> None:
        a, b = np.split(np.sqrt(leaf(0.0, 1.0)), 2)
        (a * 2 + b).sum().backward()

    assert "of sqrt is inf" in message(program)
    sound(lambda: autograd.embedding(leaf(1.0, 2.0).reshape(2, 1), [0, 1]).sum().backward())


def test_conventions_at_kinks_are_no_anomaly() -> None:
    x = Tensor(np.zeros(3), requires_grad=True)
    sound(lambda: np.linalg.norm(x).backward())
    sound(lambda: np.std(x).backward())
    sound(lambda: (x**2).sum().backward())
    sound(lambda: autograd.relu(x).sum().backward())


def test_operations_of_all_cases_are_no_anomalies() -> None:
    for row in CASES:
        if row.label.startswith("nan"):  # these put NaN into their inputs
            continue
        leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
        with detect_anomaly():
            out = row.function(*leaves)
            gradients(out, leaves, cotangent_for(out), create_graph=True)


# -- what the message says ----------------------------------------------------------------------


def test_message_tells_everything() -> None:
    x = leaf(1.0, -2.0, 0.0)
    text = message(lambda: np.log(x))
    assert re.fullmatch(
        r"detect_anomaly: log gave nan at \[1\], called at .*test_anomaly.py:\d+ in <lambda>\n"
        r"    text = message\(lambda: np.log\(x\)\)\n"
        r"  output: float64 \(3,\) of 0, 1 NaN, 1 Inf, 1 zeros; nan there\n"
        r"  input 0 \(leaf 'x'\): float64 \(3,\) from -2 to 1, 1 zeros; -2.0 there\n"
        r"  why: the logarithm of a negative number is NaN\n"
        r"  remedy: .*",
        text,
    )


def test_message_gives_the_element_before_the_sum_over_broadcast_axes() -> None:
    x = leaf(1.0, 0.0)
    powers = np.array([[2.0, 1.0], [2.0, 3.0], [3.0, 0.5]])
    text = message(lambda: (x**powers).sum().backward())
    assert "the gradient with respect to input 0 of power is inf at [1]" in text
    assert "input 0 (leaf 'x'): float64 (2,) from 0 to 1, 1 zeros; 0.0 there" in text
    assert "input 1 (constant): float64 (3, 2) from 0.5 to 3; 0.5 there" in text


def test_message_names_the_input_of_two_that_are_the_same() -> None:
    x = leaf(2.0, 0.0)
    assert "the gradient with respect to input 0 of arctan2 is nan" in message(
        lambda: np.arctan2(x, x).sum().backward()
    )


def test_message_of_a_gradient_that_overflows() -> None:
    text = message(lambda: (leaf(1e-300) * 1e300).backward(np.full(1, 1e10)))
    assert "the gradient with respect to input 0 of multiply is inf" in text
    assert "why: the result is more than 1.798e+308, the largest float64" in text
    text = message(lambda: (leaf(1e-300) * np.full(3, 1e308)).sum().backward())  # in the sum
    assert "the gradient with respect to input 0 of multiply is inf at [0];" in text
    assert "there" not in text


def test_message_names_the_module() -> None:
    class Rooted(nn.Module):
        def __init__(self) -> None:
            self.linear = nn.Linear(2, 2)

        def forward(self, x: Any) -> Any:
            return np.sqrt(self.linear(x) * 0)

    model = nn.Sequential(Rooted())
    x = np.ones((1, 2), np.float32)
    assert "\n  in: 0 Rooted\n" in message(lambda: model(x).sum().backward())
    model[0].linear.weight.data[:] = np.nan
    with pytest.raises(AnomalyError) as info, detect_anomaly():
        model(x)
    assert info.value.__notes__ == ["in the part 0.linear Linear"]


def test_message_of_a_rule_has_no_note_besides() -> None:
    with pytest.raises(AnomalyError) as info, detect_anomaly():
        np.sqrt(leaf(0.0)).backward(np.ones(1))
    assert not hasattr(info.value, "__notes__")


# -- the picture --------------------------------------------------------------------------------


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """How nodes are marked in the pictures that are drawn, by their names."""
    found = {}

    class Spy(render.Graph):
        def __init__(self, *outputs: Any, highlight: Any, **options: Any) -> None:
            found.update({name_of(node): look for node, look in highlight.items()})
            super().__init__(*outputs, highlight=highlight, **options)

    monkeypatch.setattr(render, "Graph", Spy)
    return found


def test_picture_shows_producer_and_propagators(tmp_path: Path, looks: dict[str, str]) -> None:
    x = leaf(1.0, 0.0)
    path = tmp_path / "nan.dot"
    text = message(lambda: np.sqrt(np.tanh(x)).sum().backward(), picture=path)
    assert text.endswith(f"\n  picture: {path}")
    assert looks == {"sqrt": "producer", "tanh": "propagator", "x": "propagator"}
    assert all(name in path.read_text() for name in ("sum", "sqrt", "tanh"))


def test_picture_of_the_forward_pass(tmp_path: Path, looks: dict[str, str]) -> None:
    path = tmp_path / "nan.dot"
    message(lambda: np.log(np.tanh(leaf(-1.0))), picture=path)
    assert looks == {"log": "producer"}
    assert all(name in path.read_text() for name in ("log", "tanh", "x"))
    message(lambda: leaf(np.nan) * 2, picture=path)
    assert looks == {"log": "producer", "x": "producer", "multiply": "propagator"}


def test_picture_that_cannot_be_written_hides_no_anomaly(tmp_path: Path) -> None:
    text = message(lambda: np.log(leaf(-1.0)), picture=tmp_path / "nan.bmp")
    assert "log gave nan" in text
    assert "picture: none, because render: 'nan.bmp'" in text


# -- blocks and decorators ----------------------------------------------------------------------


def test_decorator_watches_each_call() -> None:
    @detect_anomaly()
    def step(x: Tensor) -> Tensor:
        return np.log(x)

    assert step(leaf(1.0)).data == 0
    for _ in range(2):
        with pytest.raises(AnomalyError):
            step(leaf(-1.0))
    np.log(leaf(-1.0))


def test_decorator_takes_generators_that_interleave() -> None:
    @detect_anomaly()
    def steps() -> Generator[None, float, None]:
        while True:
            np.log(leaf((yield)))

    a, b = steps(), steps()
    next(a)
    next(b)
    a.send(1.0)
    np.log(leaf(-1.0))
    a.close()
    b.send(1.0)
    with pytest.raises(AnomalyError):
        b.send(-1.0)
    np.log(leaf(-1.0))


def test_blocks_in_each_other_are_both_told() -> None:
    with detect_anomaly(), promotions() as found:
        leaf(1.0, dtype=np.float32) * np.float64(2)
        with pytest.raises(AnomalyError):
            np.log(leaf(-1.0))
    assert len(found) == 1
    with promotions() as found, detect_anomaly():
        leaf(1.0, dtype=np.float32) * np.float64(2)
    assert len(found) == 1
