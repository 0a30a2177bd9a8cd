"""Every rule as it is called: what it may change, and that Tensors get what arrays get."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from autograd import NotDifferentiableError, Tensor, gradients
from autograd.node import LEAF, Node
from autograd.op import OUTPUT
from tests.autograd.test_rules import backward, cotangent_for, each_case
from tests.cases import Case

pytestmark = pytest.mark.filterwarnings("error")


@each_case
def test_recorded_gradients_equal_those_of_arrays(row: Case) -> None:
    arrays = row.inputs()
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    out = row.function(*leaves)
    g = cotangent_for(out)
    recorded = gradients(out, leaves, Tensor(g, requires_grad=True), create_graph=True)
    for r, plain in zip(recorded, backward(row, arrays, g), strict=True):
        np.testing.assert_allclose(r.data, plain, rtol=1e-12, atol=1e-12)


def nodes_behind(tensor: Tensor) -> list[Node]:
    found: list[Node] = [tensor.node] if tensor.node else []
    seen = set(found)
    for node in found:
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                found.append(parent)
    return found


def arrays_in(x: Any) -> Iterator[Any]:
    for part in x if isinstance(x, tuple | list) else [x]:
        if isinstance(part, tuple | list):
            yield from arrays_in(part)
        elif isinstance(part, np.ndarray):
            yield part


def fixed_cotangent(shape: tuple[int, ...], dtype: Any) -> Any:
    g = np.asarray(cotangent_for(np.empty(shape)), dtype)
    g.flags.writeable = False
    return g


@each_case
def test_rules_change_nothing_that_they_get(row: Case) -> None:
    out = row.function(*(Tensor(x, requires_grad=True) for x in row.inputs()))
    outputs: dict[Node, Any] = {}  # of operations with several of them
    for node in nodes_behind(out):
        if node.op is OUTPUT:
            outputs[node.parents[0]] = node.options["outputs"]  # type: ignore[index]
            continue
        if node.op is LEAF:
            continue
        g: Any = fixed_cotangent(node.shape, node.dtype) if node not in outputs else [
            fixed_cotangent(o.shape, o.dtype) for o in outputs[node]
        ]  # fmt: skip
        kept = list(arrays_in(node.saved))
        before = [x.copy() for x in kept]
        rules = [node.op.joint] if node.op.joint else node.op.vjps
        for rule, parent in zip(rules, node.parents, strict=False):
            if rule is None or (parent is None and not node.op.joint):
                continue
            try:
                found = rule(g, *node.saved, **node.options)
            except NotDifferentiableError:  # singular vectors that are not determined
                continue
            assert found is not None
        for x, b in zip(kept, before, strict=True):
            np.testing.assert_array_equal(x, b)
