"""What it takes to add an operation, and what is said where something is wrong or missing.

`np.cbrt` is taken out of the tables and added anew.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor
from autograd.registry import REGISTRY
from tests.autograd import test_coverage, test_rules
from tests.cases import CASES, Case

ROWS = [row for row in CASES if row.op is np.cbrt]


@pytest.fixture(autouse=True)
def without_cbrt() -> Iterator[None]:
    operation = REGISTRY.pop(np.cbrt)
    yield
    REGISTRY[np.cbrt] = operation


@pytest.fixture
def row() -> Case:
    return ROWS[0]


def add(vjp: Callable[..., Any]) -> None:
    autograd.rule(np.cbrt, vjp)


def test_one_line_is_enough(row: Case) -> None:
    add(lambda g, y, _: g * np.square(1 / y) / 3)
    test_coverage.test_function_that_numpy_hands_over_is_in_one_set("cbrt")
    test_rules.test_first_order_equals_differences_of_the_plain_function(row)
    test_rules.test_first_and_second_order_by_gradcheck(row)
    test_rules.test_float32_stays_float32(row)


def test_operation_without_a_rule_is_told_where_to_write_it() -> None:
    with pytest.raises(autograd.NotDifferentiableError, match=r"cbrt.*autograd\.rule"):
        np.cbrt(Tensor(8.0, requires_grad=True))
    with pytest.raises(AssertionError, match=r"numpy\.cbrt .* autograd/rules/ with rule"):
        test_coverage.test_function_that_numpy_hands_over_is_in_one_set("cbrt")


def test_operation_without_a_row_is_told_where_to_write_it(monkeypatch: Any) -> None:
    add(lambda g, y, _: g * np.square(1 / y) / 3)
    monkeypatch.setattr(test_rules, "CASES", [row for row in CASES if row.op is not np.cbrt])
    with pytest.raises(AssertionError, match=r"write a row in tests/cases\.py for numpy\.cbrt"):
        test_rules.test_operation_has_a_row("numpy.cbrt")


def test_wrong_factor_is_told_by_how_much(row: Case) -> None:
    add(lambda g, y, _: g / (2 * y * y))
    with pytest.raises(AssertionError, match=r"rule of cbrt for input 0 .* 1\.5 times the right"):
        test_rules.test_first_order_equals_differences_of_the_plain_function(row)
    with pytest.raises(autograd.GradcheckError, match="argument 0"):
        test_rules.test_first_and_second_order_by_gradcheck(row)


def test_wrong_sign_is_told(row: Case) -> None:
    add(lambda g, y, _: -g / (3 * y * y))
    with pytest.raises(AssertionError, match=r"rule of cbrt for input 0 .* -1 times the right"):
        test_rules.test_first_order_equals_differences_of_the_plain_function(row)


def test_wrong_number_of_parameters_is_told() -> None:
    with pytest.raises(TypeError, match=r"rule\(cbrt\): .* parameters \(g, out, \*inputs\)"):
        add(lambda g, y, x, _: g / (3 * y * y))


@pytest.mark.parametrize(
    ("vjp", "remedy"),
    [
        (lambda g, _y, _: g / (3 * _y * _y), "None for `_y`, `_`, .* without an underscore"),
        (lambda g, _, __: g / (3 * __ ** (2 / 3)), "None for `_`, `__`, .* without an underscore"),
        (lambda g, _, _x: g / (3 * np.cbrt(_x) ** 2), r"rename it \(_x to x\)"),
    ],
)
def test_name_of_a_parameter_that_is_not_kept_is_told(
    vjp: Callable[..., Any], remedy: str, row: Case
) -> None:
    add(vjp)
    with pytest.raises(TypeError) as caught:
        test_rules.test_first_order_equals_differences_of_the_plain_function(row)
    assert re.search(remedy, "\n".join([str(caught.value), *caught.value.__notes__]))
