"""The check of a live graph: silent on every rule of the tables, and loud on a wrong one."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import GradcheckError, GraphError, Tensor, rule
from autograd.debug import check_graph, tracing
from autograd.op import Op
from autograd.registry import REGISTRY
from autograd.rules.products import matmul
from tests.cases import CASES, Case

pytestmark = pytest.mark.filterwarnings("ignore")  # some rows divide by zero on purpose

JUMPS = {"lstsq of lower rank"}  # where the rank changes, the function is not continuous


def leaf(*shape: int, dtype: Any = float) -> Tensor:
    values = np.random.default_rng(0).uniform(0.3, 1.5, shape)
    return Tensor(values, requires_grad=True, dtype=dtype)


def computed(row: Case) -> Tensor:
    y: Tensor = row.function(*(Tensor(x, requires_grad=True) for x in row.inputs()))
    return y


def test_no_rule_of_the_tables_is_found_wrong() -> None:
    rules = 0
    for row in CASES:
        if row.label not in JUMPS and computed(row).node is not None:
            rules += check_graph(lambda row=row: computed(row)).rules  # type: ignore[misc]
            check_graph(computed(row))
    assert rules > len(CASES)


@pytest.mark.parametrize("op", [REGISTRY[np.exp], REGISTRY[np.multiply], REGISTRY[np.sum], matmul])
@pytest.mark.parametrize("is_traced", [True, False])
def test_wrong_rule_is_named_with_its_line(
    op: Op, is_traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    right = op.vjps[0]
    assert right is not None
    wrong = [lambda *args, **options: right(*args, **options) * 1.001, *op.vjps[1:]]
    monkeypatch.setattr(op, "vjps", tuple(wrong))
    row = next(row for row in CASES if row.op is op.function)
    check = (lambda: computed(row)) if is_traced else computed(row)
    words = rf"rule of {op.name} for its input 0 is wrong.* at tests.cases"
    with pytest.raises(GradcheckError, match=words):
        check_graph(check)


def test_line_and_slopes_of_a_wrong_rule() -> None:
    cube = rule(lambda x: x**3, lambda g, _, x: 2 * g * x**2)
    x = leaf(5)
    y = (cube(np.exp(x)) * 2).sum()
    with pytest.raises(GradcheckError, match=r"test_check_graph.py:\d+ in test_line") as error:
        check_graph(y)
    words = re.split(r"gives? |,", str(error.value))
    found, expected = float(words[-3]), float(words[-1])
    assert found == pytest.approx(expected * 2 / 3)


def test_one_wrong_element_among_thousands_is_noticed() -> None:
    def vjp(g: Any, _: Any, x: Any) -> Any:
        slope = np.cos(x)
        slope[77] *= 1.1
        return g * slope

    with pytest.raises(GradcheckError, match="input 0 is wrong"):
        check_graph(lambda: rule(np.sin.__call__, vjp)(leaf(20000)))


def test_kink_is_told_from_a_wrong_rule() -> None:
    x = Tensor(np.array([0.0, 0.0, 1.0, -1.0, 2.0]), requires_grad=True)
    checked = check_graph(lambda: autograd.relu(x))
    assert [checked.rules, len(checked.kinks)] == [1, 1]
    assert "relu" in checked.kinks[0]
    assert checked.kinks[0].endswith("2 elements of its result")
    assert "at a kink: relu" in str(checked)
    wrong = rule(lambda x: np.maximum(x, 0), lambda g, y, x: g * (x >= 0) * (1 + (x == 2)))
    with pytest.raises(GradcheckError, match="input 0 is wrong"):
        check_graph(lambda: wrong(x))


def test_strong_curvature_is_no_kink() -> None:
    steep = rule(lambda x: np.sin(1e4 * x), lambda g, _, x: g * 2e4 * np.cos(1e4 * x))
    with pytest.raises(GradcheckError, match="input 0 is wrong"):
        check_graph(lambda: steep(leaf(5)))


def test_tie_of_maxima_is_a_kink() -> None:
    x = Tensor(np.ones((2, 3)), requires_grad=True)
    (kink,) = check_graph(lambda: x.max(axis=1).sum()).kinks
    assert kink.startswith("max, ")


def test_network_in_float32() -> None:
    generator = np.random.default_rng(0)
    net = nn.Sequential(
        nn.Conv2d(1, 4, 3, generator=generator),
        nn.BatchNorm2d(4),
        nn.GELU(),
        nn.Flatten(),
        nn.Linear(144, 5, generator=generator),
    )
    x = generator.normal(size=(4, 1, 8, 8)).astype(np.float32)
    checked = check_graph(lambda: nn.CrossEntropyLoss()(net(Tensor(x)), np.array([0, 1, 2, 3])))
    assert checked.kinks == checked.skipped == []
    # kernel, bias; images, weight, bias; gelu; reshape; inputs, weight, bias; logits
    assert checked.rules == 2 + 3 + 1 + 1 + 3 + 1
    assert str(checked) == "11 rules agree with differences"


def test_only_what_is_used_of_several_outputs_counts() -> None:
    x = Tensor(np.random.default_rng(0).normal(size=(4, 3, 2)) @ [1, 1j], requires_grad=True)
    assert check_graph(lambda: np.linalg.svd(x, full_matrices=False)[1].sum()).rules == 2
    checked = check_graph(lambda: np.real(np.linalg.svd(x, full_matrices=False)[0]).sum())
    assert "up to a phase only" in checked.skipped[0]


def test_what_is_skipped_is_told() -> None:
    x = leaf(3)
    (line,) = check_graph(lambda: autograd.checkpoint(np.exp)(x)).skipped
    assert line.startswith("checkpoint(exp), ")
    assert "not checked: checkpoint(exp)" in str(
        check_graph(lambda: autograd.checkpoint(np.exp)(x))
    )
    (line,) = check_graph(lambda: x / np.zeros(3)).skipped
    assert line.endswith("the result is not finite in float64")
    (line,) = check_graph(np.linalg.cholesky(np.eye(3) + leaf(3, 1) * leaf(3))).skipped
    assert "it cannot be computed again (Matrix is not positive definite)" in line


def test_freed_graph() -> None:
    x = leaf(3)
    y = (x * x).sum()
    y.backward()
    with pytest.raises(GraphError, match=r"multiply|sum.*was freed"):
        check_graph(y)
    with tracing():
        y = (x * x).sum()
        y.backward()
    assert check_graph(y).rules == 3


def test_no_graph() -> None:
    with pytest.raises(GraphError, match="y has no graph"):
        check_graph(Tensor(1.0))
    with pytest.raises(GraphError, match="y has no graph"):
        check_graph(lambda: None)  # type: ignore[arg-type,return-value]


def test_rows_of_a_table() -> None:
    table = Tensor(np.arange(8.0).reshape(4, 2), requires_grad=True)
    found = check_graph(lambda: (autograd.embedding(table, [0, 1, 1]) ** 2).sum())
    assert found == (3, [], [])


def test_rule_that_changes_what_it_is_given_is_named() -> None:
    def changes_g(g: Any, _: Any, x: Any) -> Any:
        g *= 2 * x
        return g

    def changes_x(g: Any, _: Any, x: Any) -> Any:
        x *= 2
        return g * x

    for vjp, what in ((changes_g, "its cotangent g"), (changes_x, "its input 0")):
        square = rule(lambda x: x * x, vjp, name="square")
        words = (
            f"check_graph: the rule of square for its input 0 changes {what} in place, which "
            f"others still need; compute a new array (g = g * 2, not g *= 2)"
        )
        with pytest.raises(GradcheckError, match=re.escape(words)):
            check_graph(lambda square=square: square(leaf(3)))  # type: ignore[misc]
