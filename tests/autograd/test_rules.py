"""Generic checks of every operation: the rows are in `tests/cases.py`."""

from __future__ import annotations

import functools
import importlib
import pkgutil
from typing import Any

import numpy as np
import pytest

import autograd.rules
from autograd import Tensor, gradcheck, gradients
from autograd.backward import backward_pass
from autograd.op import Node, Op
from autograd.registry import REGISTRY
from tests.cases import CASES, Case

pytestmark = pytest.mark.filterwarnings("error")

each_case = pytest.mark.parametrize("row", CASES, ids=[c.label for c in CASES])


def cotangent_for(out: Any, seed: int = 1) -> np.ndarray[Any, Any]:
    generator = np.random.default_rng(seed)
    signs = generator.choice([-1.0, 1.0], np.shape(out))
    return np.asarray(generator.uniform(0.5, 1.5, np.shape(out)) * signs)


def leaf_of(array: np.ndarray[Any, Any]) -> Tensor:
    """A leaf that holds this very array, with its strides and flags, and not a copy."""
    leaf = Tensor(array, requires_grad=True)
    leaf._array = array
    return leaf


def backward(row: Case, arrays: list[Any], g: Any) -> list[Any]:
    """The gradients at `arrays`; a cotangent `g` goes in as it is, strides and flags too."""
    leaves = [leaf_of(a) for a in arrays]
    out = row.function(*leaves)
    assert out.node is not None
    found = backward_pass([(out.node, g)])
    return [found.get(leaf.node, np.zeros_like(leaf.data)) for leaf in leaves]


def recorded_ops(tensor: Tensor) -> set[Op]:
    nodes: list[Node] = [tensor.node] if tensor.node else []
    seen = set(nodes)
    for node in nodes:
        for parent in node.parents:
            if parent is not None and parent not in seen:
                seen.add(parent)
                nodes.append(parent)
    return {node.op for node in nodes}


# -- the table itself ---------------------------------------------------------------------------


def all_operations() -> dict[str, Any]:
    """Everything differentiable, by name: the registry, and operations that NumPy has not."""
    found = {
        f"{getattr(function, '__module__', 'numpy')}.{function.__name__}": function
        for function in REGISTRY
    }
    registered = {id(op) for op in REGISTRY.values()}
    for module in pkgutil.iter_modules(autograd.rules.__path__):
        if module.name not in autograd.rules.__all__:
            continue  # a table that is not in use yet
        for name, value in vars(importlib.import_module(f"autograd.rules.{module.name}")).items():
            if isinstance(value, Op) and id(value) not in registered:
                found[f"{module.name}.{name}"] = value
    return found


@functools.cache
def used_operations() -> set[Op]:
    """The operations that rows without a declared one record, in gradients too."""
    found: set[Op] = set()
    for row in CASES:
        if row.op is None:
            leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
            out = row.function(*leaves)
            g = Tensor(cotangent_for(out), requires_grad=True)
            for tensor in (out, *gradients(out, leaves, g, create_graph=True)):
                found |= recorded_ops(tensor)
    return found


@pytest.mark.parametrize("name", all_operations())
def test_operation_has_a_row(name: str) -> None:
    operation = all_operations()[name]
    labels = {c.label.replace(",", " ").split()[0].split(".")[-1] for c in CASES if c.op is None}
    assert (
        any(c.op is operation for c in CASES)
        or name.split(".")[-1] in labels
        or (isinstance(operation, Op) and operation in used_operations())
    ), f"write a row in tests/cases.py for {name}"


@each_case
def test_row_records_its_operation(row: Case) -> None:
    op = REGISTRY.get(row.op, row.op)
    if isinstance(op, Op):
        out = row.function(*(Tensor(x, requires_grad=True) for x in row.inputs()))
        assert op in recorded_ops(out)


# -- values -------------------------------------------------------------------------------------


@each_case
def test_forward_equals_numpy(row: Case) -> None:
    arrays = row.inputs()
    expected = np.asarray(row.reference(*arrays))
    out = row.function(*map(Tensor, arrays))
    assert isinstance(out, Tensor)
    assert isinstance(out.data, np.ndarray)
    assert out.shape == expected.shape
    assert out.dtype == expected.dtype
    np.testing.assert_allclose(out.data, expected, rtol=1e-14, atol=1e-15)
    recorded = row.function(*(Tensor(x, requires_grad=True) for x in arrays))
    np.testing.assert_array_equal(recorded.data, out.data)
    assert isinstance(recorded.data, np.ndarray)


@each_case
def test_first_order_equals_differences_of_the_plain_function(row: Case) -> None:
    arrays = row.inputs()
    g = cotangent_for(row.reference(*arrays))

    def contracted(*moved: Any) -> Any:
        return np.sum(row.reference(*moved) * g)

    found = backward(row, arrays, g)
    step = 2e-4
    for position, x in enumerate(arrays):
        expected = np.zeros_like(x)
        for index in np.ndindex(x.shape):
            values = []
            for k in (-2, -1, 1, 2):
                moved = [a.copy() for a in arrays]
                moved[position][index] += k * step
                values.append(contracted(*moved))
            # Four points: the error is of order step**4.
            expected[index] = (values[0] - 8 * values[1] + 8 * values[2] - values[3]) / (12 * step)
        message = disagreement(row, position, found[position], expected)
        np.testing.assert_allclose(found[position], expected, rtol=1e-8, atol=1e-8, err_msg=message)


def disagreement(row: Case, position: int, found: Any, expected: Any) -> str:
    """Say which rule to look at, and the factor by which it is wrong, if there is one."""
    name = row.op.__name__ if row.op else row.label
    message = f"the rule of {name} for input {position} disagrees with differences"
    compared = np.abs(expected) > 1e-6
    factors = found[compared] / expected[compared]
    if factors.size and np.max(np.abs(factors - np.mean(factors))) < 1e-5:
        message += f": it gives {np.mean(factors):.4g} times the right gradient; fix the factor"
    return message


@each_case
def test_first_and_second_order_by_gradcheck(row: Case) -> None:
    assert gradcheck(row.function, *row.inputs())


@each_case
def test_gradient_has_shape_and_dtype_of_input(row: Case) -> None:
    leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
    out = row.function(*leaves)
    for g in gradients(out, leaves, cotangent_for(out), create_graph=True):
        assert isinstance(g, Tensor)
    out.backward(cotangent_for(out))
    for leaf in leaves:
        assert type(leaf.grad) is np.ndarray
        assert leaf.grad.shape == leaf.shape
        assert leaf.grad.dtype == leaf.dtype
        assert leaf.grad.flags.writeable
        assert not np.shares_memory(leaf.grad, leaf.data)


@each_case
def test_float32_stays_float32(row: Case) -> None:
    arrays = row.inputs()
    narrow = [x.astype(np.float32) for x in arrays]
    out = row.function(*(Tensor(x, requires_grad=True) for x in narrow))
    assert out.dtype == (np.float32 if row.keeps_float32 else row.reference(*narrow).dtype)
    g = cotangent_for(out)
    expected = backward(row, arrays, g)
    found = backward(row, narrow, g.astype(out.dtype))
    for n, e in zip(found, expected, strict=True):
        assert n.dtype == np.float32
        np.testing.assert_allclose(n, e, rtol=3e-4, atol=3e-5)


# -- layouts ------------------------------------------------------------------------------------


def fortran(x: Any) -> Any:
    return np.array(x, order="F")


def negative(x: Any) -> Any:
    """The same values, with all strides negative."""
    return np.flip(np.flip(x).copy()) if x.ndim else x.copy()


def zero(x: Any) -> Any:
    """The values of the first row, at every row: a stride of zero."""
    return np.broadcast_to(x[:1].copy(), x.shape) if x.ndim else np.broadcast_to(x.copy(), ())


@each_case
def test_layouts_give_the_same_and_read_only_arrays_will_do(row: Case) -> None:
    for layout in (fortran, negative, zero):
        strided = [layout(x) for x in row.inputs()]
        contiguous = [np.array(x, order="C") for x in strided]
        try:
            out = row.function(*contiguous)
            strided_g = layout(cotangent_for(out))
            contiguous_g = np.array(strided_g, order="C")
            expected = backward(row, contiguous, contiguous_g)
        except (np.linalg.LinAlgError, RuntimeWarning):
            assert layout is zero  # not defined where all rows are the same
            continue
        for x in (*strided, strided_g):
            x.flags.writeable = False
        before = [x.copy() for x in (*strided, strided_g)]
        for g in (strided_g, contiguous_g):
            for found, e in zip(backward(row, strided, g), expected, strict=True):
                np.testing.assert_allclose(
                    found, e, rtol=1e-12, atol=1e-12, err_msg=f"{layout.__name__} strides"
                )
        for x, b in zip((*strided, strided_g), before, strict=True):
            np.testing.assert_array_equal(x, b)


# -- more axes and broadcasts than a table can list ---------------------------------------------


def test_broadcasts_at_random_have_gradients_that_sum_over_what_was_stretched() -> None:
    generator = np.random.default_rng(7)
    for _ in range(100):
        full = tuple(generator.integers(0, 4, generator.integers(0, 5)))
        shapes = []
        for _ in range(2):
            shape = tuple(1 if generator.random() < 0.4 else n for n in full)
            shapes.append(shape[generator.integers(0, len(full) + 1) :])
        x, y = (Tensor(generator.normal(size=s), requires_grad=True) for s in shapes)
        out = x * y
        g = generator.normal(size=out.shape)
        out.backward(g)
        for this, other in ((x, y), (y, x)):
            # The sum over every element of the output of g * other * d this / d this[index].
            position = np.broadcast_to(np.arange(this.size).reshape(this.shape), out.shape)
            expected = np.bincount(
                position.ravel(),
                weights=(g * np.broadcast_to(other.data, out.shape)).ravel(),
                minlength=this.size,
            )
            np.testing.assert_allclose(this.grad.ravel(), expected[: this.size], atol=1e-12)


@pytest.mark.parametrize("name", ["sum", "mean", "prod", "max", "min", "var", "std"])
def test_reductions_over_every_choice_of_axes(name: str) -> None:
    generator = np.random.default_rng(8)
    array = generator.permutation(24).reshape(2, 3, 4) * 0.1 + 0.05
    axes: list[Any] = [None, 0, 1, 2, -1, -2, -3, (0, 1), (1, 0), (0, -1), (1, 2), (0, 1, 2)]
    for axis in axes:
        for keepdims in (False, True):
            x = Tensor(array, requires_grad=True)
            out = getattr(np, name)(x, axis=axis, keepdims=keepdims)
            plain = getattr(np, name)(array, axis=axis, keepdims=keepdims)
            np.testing.assert_array_equal(out.data, plain)
            g = cotangent_for(out)
            out.backward(g)
            kept = np.reshape(g, np.sum(array, axis=axis, keepdims=True).shape)
            direction = generator.normal(size=array.shape)
            step = 1e-5
            up, down = (
                getattr(np, name)(array + s * direction, axis=axis, keepdims=True)
                for s in (step, -step)
            )
            expected = np.sum(kept * (up - down)) / (2 * step)
            assert np.sum(x.grad * direction) == pytest.approx(expected, rel=1e-6, abs=1e-6)
