"""Rules on arrays that are not NumPy's: the same values, and never a conversion.

A rule that calls `np.asarray`, or `np.arange` without `like=`, or asks for `np.ndarray`, computes
on the host what should stay with the other library, or fails there: here it fails as well.
"""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest

from autograd import Tensor, arrays, gradients
from tests.autograd.test_rules import cotangent_for
from tests.cases import CASES, Case
from tests.foreign import ForeignArray, MixedArraysError, adopting_operands

pytestmark = pytest.mark.filterwarnings("error")

each_case = pytest.mark.parametrize("row", CASES, ids=[c.label for c in CASES])


def operands_of(row: Case) -> Any:
    """Rows that bring NumPy arrays of their own to foreign ones may do so: rules may not."""
    try:
        row.reference(*map(ForeignArray, row.inputs()))
    except MixedArraysError:
        return adopting_operands()
    except (TypeError, AttributeError, NotImplementedError):  # what only Tensors can do
        pass
    return contextlib.nullcontext()


def first_order(row: Case, kind: Any) -> list[Any]:
    """The output and the gradients, on arrays of some kind."""
    leaves = [Tensor(kind(x), requires_grad=True) for x in row.inputs()]
    out = row.function(*leaves)
    out.backward(kind(cotangent_for(out)))
    return [out.data, *(leaf.grad for leaf in leaves)]


def second_order(row: Case, kind: Any) -> list[Any]:
    """The gradients of a number computed from the first gradients and the cotangent."""
    leaves = [Tensor(kind(x), requires_grad=True) for x in row.inputs()]
    out = row.function(*leaves)
    g = Tensor(kind(cotangent_for(out)), requires_grad=True)
    found = [x for x in gradients(out, leaves, g, create_graph=True) if x.requires_grad]
    if found:
        sum(np.sum(x * x * x) for x in found).backward()
    return [leaf.grad for leaf in (*leaves, g)]


def compare(row: Case, compute: Any) -> None:
    expected = compute(row, np.asarray)
    with operands_of(row):
        found = compute(row, ForeignArray)
    for f, e in zip(found, expected, strict=True):
        assert (f is None) == (e is None)
        if e is not None:
            assert type(f) is ForeignArray
            assert (f.shape, f.dtype) == (e.shape, e.dtype)
            np.testing.assert_allclose(f.get(), e, rtol=1e-13, atol=1e-14)


@each_case
def test_foreign_arrays_give_what_arrays_give(row: Case) -> None:
    compare(row, first_order)


@each_case
def test_foreign_arrays_give_what_arrays_give_at_second_order(row: Case) -> None:
    compare(row, second_order)


# -- the array type itself ----------------------------------------------------------------------


def test_foreign_array_is_not_converted() -> None:
    x = ForeignArray(np.ones(3))
    for convert in (np.asarray, np.array, np.ascontiguousarray, list(x).index):
        with pytest.raises((TypeError, ValueError)):
            convert(x)
    with pytest.raises(TypeError, match="was converted"):
        np.asarray([x, x])


def test_foreign_array_refuses_operands_of_numpy() -> None:
    x = ForeignArray(np.ones(3))
    for mix in (
        lambda: x + np.ones(3),
        lambda: np.ones(3) * x,
        lambda: np.where([True, False, True], x, x),
        lambda: np.concatenate([x, np.ones(3)]),
        lambda: np.add(x, x, out=np.ones(3)),
        lambda: x.__setitem__(0, np.array(1.0)),
    ):
        with pytest.raises(MixedArraysError, match="an operand is"):
            mix()
    with adopting_operands():
        assert (x + np.ones(3)).tolist() == [2, 2, 2]


def test_foreign_array_takes_positions_of_numpy() -> None:
    x = ForeignArray(np.arange(3.0))
    assert x[np.array([2, 0])].tolist() == [2, 0]
    assert np.take(x, np.array([2, 0])).tolist() == [2, 0]
    assert type(np.asarray([1, 2], like=x)) is ForeignArray


def test_constants_are_made_in_the_library_of_what_they_meet() -> None:
    for like in (ForeignArray(np.ones(3)), Tensor(ForeignArray(np.ones(3)), requires_grad=True)):
        made = arrays.constant(np.arange(2), like, np.float32)
        assert type(made) is ForeignArray
        assert (made.dtype, made.tolist()) == (np.float32, [0, 1])
    assert type(arrays.constant([1, 2], np.ones(3))) is np.ndarray
    assert type(arrays.constant([1, 2], 0.5)) is np.ndarray


def test_few_values_come_to_the_host() -> None:
    q = arrays.on_host(ForeignArray(np.array([0.25, 0.5], np.float32)))
    assert type(q) is np.ndarray
    assert (q.dtype, q.tolist()) == (np.float32, [0.25, 0.5])
    assert arrays.on_host(0.5).shape == ()


def test_inverse_order_undoes_a_transposition() -> None:
    x = np.empty((2, 3, 4))
    order = (2, 0, 1)
    assert x.transpose(order).transpose(arrays.inverse_order(order)).shape == x.shape


def test_foreign_array_reduces_by_sums_and_products_only() -> None:
    x = ForeignArray(np.arange(3.0))
    assert np.add.reduce(x).item() == 3
    with pytest.raises(NotImplementedError, match=r"maximum\.reduce"):
        np.maximum.reduce(x)
