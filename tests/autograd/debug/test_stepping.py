"""Steps of the backward pass, against a pass without steps and numbers by hand."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import autograd
from autograd import GraphError, Tensor
from autograd.debug.words import code_at, formula, glimpse
from autograd.registry import REGISTRY


def leaf(name: str, *values: float) -> Tensor:
    x = Tensor(np.array(values), requires_grad=True)
    x.name = name
    return x


def test_steps_by_hand() -> None:
    x, y = leaf("x", 2.0, 3.0), leaf("y", 5.0, 7.0)
    z = x * y
    total = (z + z).sum()  # total
    steps = list(total.backward_steps())
    assert [step.name for step in steps] == ["sum", "add", "multiply", "y", "x"]
    assert [step.number for step in steps] == [1, 2, 3, 4, 5]
    assert {step.total for step in steps} == {5}
    _, add, multiply, _, of_x = steps
    assert code_at(add.line).endswith("# total")
    assert [part.grad.tolist() for part in multiply.arrived] == [[1, 1], [1, 1]]
    assert multiply.grad.tolist() == [2, 2]
    assert [part.name for part in multiply.arrived] == ["add", "add"]
    assert [(part.name, part.rule) for part in multiply.sent] == [("x", "g * y"), ("y", "g * x")]
    assert [part.grad.tolist() for part in multiply.sent] == [[10, 14], [4, 6]]
    assert multiply.sent[0].values["y"].tolist() == [5, 7]
    assert of_x.is_leaf
    assert of_x.arrived[0].node is multiply.node
    assert x.grad.tolist() == [10, 14]


def test_printed_steps_read_like_a_lesson() -> None:
    x = leaf("x", 3.0)
    z = x * 2 - x  # z
    steps = z.sum().backward_steps()
    next(steps)
    subtract, multiply, end = map(str, steps)
    lines = subtract.splitlines()
    assert lines[0] == "step 2 of 4: subtract"
    assert lines[1].endswith("in test_printed_steps_read_like_a_lesson:  z = x * 2 - x  # z")
    assert lines[2] == "    arrived   shape (1,), norm 1: [1.]  from sum"
    assert lines[3:] == [
        "    rule      g  for input 0",
        "    sent      shape (1,), norm 1: [1.]  to multiply",
        "    rule      -g  for input 1",
        "    sent      shape (1,), norm 1: [-1.]  to x, a leaf",
    ]
    assert multiply.splitlines()[3:5] == [
        "    rule      g * y  for input 0",
        "              y is 2",
    ]
    assert end.splitlines()[0] == "step 4 of 4: leaf x"
    assert end.splitlines()[2:] == [
        "    arrived   shape (1,), norm 1: [1.], the sum of",
        "              shape (1,), norm 1: [-1.]  from subtract",
        "              shape (1,), norm 2: [2.]  from multiply",
        "    a leaf    this is added to its .grad",
    ]


def test_broadcasting_is_told() -> None:
    b = leaf("b", 1.0)
    (text,) = (str(s) for s in (np.ones((4, 3)) + b).sum().backward_steps() if s.name == "add")
    assert text.endswith("norm 12: [12.]  to b, a leaf, summed where it was broadcast")


def test_contributions_that_cancel_are_warned_of() -> None:
    x = leaf("x", 1.0, 2.0)
    *others, last = (x * 3 - x * 2.9999).sum().backward_steps()
    assert last.cancels
    assert not any(step.cancels for step in others)
    assert "warning   these cancel: their norms are 4.24, 4.24, that of their sum is 0.00014" in (
        str(last)
    )
    *_, last = (x * 3 - x * 2).sum().backward_steps()
    assert not last.cancels
    assert "warning" not in str(last)


def test_leaves_and_graph_are_those_of_backward() -> None:
    x = leaf("x", 1.0, 2.0)
    y = (np.exp(x) * x).sum()
    x.grad = np.array([10.0, 20.0])
    steps = y.backward_steps(retain_graph=True)
    assert x.grad.tolist() == [10, 20]  # nothing runs before the first step
    list(steps)
    expected = np.exp([1, 2]) * (1 + np.array([1, 2]))
    assert np.allclose(x.grad, np.array([10, 20]) + expected)
    list(y.backward_steps(2.0))
    assert np.allclose(x.grad, np.array([10, 20]) + 3 * expected)
    with pytest.raises(GraphError, match="freed"):
        list(y.backward_steps())


def test_several_outputs_and_joint_rules() -> None:
    x = leaf("x", 4.0, 9.0)
    first, second = np.split(x, 2)
    steps = list(np.concatenate([second, first * 2]).sum().backward_steps())
    assert [step.name for step in steps] == [
        "sum", "concatenate", "multiply", "output", "output", "split", "x",
    ]  # fmt: skip
    assert [g.tolist() for g in steps[5].grad] == [[2], [1]]
    assert "arrived   one for each output: shape (1,), norm 2: [2.]; shape (1,)" in str(steps[5])
    assert "_concatenate_vjp" in str(steps[1])
    assert x.grad.tolist() == [2, 1]


def test_a_pass_inside_a_pass() -> None:
    x = leaf("x", 1.0, 2.0)
    y = autograd.checkpoint(lambda x: np.exp(x) * x)(x * 1)
    names = [step.name for step in y.sum().backward_steps()]
    assert names[0] == "sum"
    assert names[-1] == "x"
    assert np.allclose(x.grad, np.exp([1, 2]) * [2, 3])


def test_formulas_of_rules() -> None:
    multiply = REGISTRY[np.multiply]
    assert isinstance(multiply, autograd.Op)
    assert [formula(rule) for rule in multiply.vjps if rule] == ["g * y", "g * x"]
    named = autograd.rule(np.cbrt.__call__, lambda g, y, _: g / (3 * y * y)).vjps[0]
    assert named is not None
    assert formula(named) == "g / (3 * y * y)"
    first, second = (lambda g, y: g + 1), (lambda g, y: g + 2)
    assert [formula(first), formula(second)] == ["g + 1", "g + 2"]
    assert formula(leaf).startswith("leaf, ")
    assert formula(eval("lambda g: g")).startswith("<lambda>, <string>:1")


def test_formula_of_a_lambda_inside_another() -> None:
    double = (lambda: autograd.rule(lambda x: x * 2, lambda g, *_: g * 2))()
    assert formula(double.vjps[0]) == "g * 2"


def test_arrays_are_printed_on_one_line() -> None:
    assert glimpse(np.ones((2, 2))) == "shape (2, 2), norm 2: [[1., 1.], [1., 1.]]"


def test_steps_of_a_long_graph_are_linear_in_its_nodes() -> None:
    def calls(length: int) -> int:
        y = leaf("x", 1.0)
        for _ in range(length):
            y = y * 1.0
        count = 0

        def add(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(add)
        try:
            steps = list(y.backward_steps())
        finally:
            sys.setprofile(None)
        assert len(steps) == length + 1
        return count

    few = calls(100)
    assert calls(1000) <= 10 * few
