"""Arrays changed between the forward and the backward pass: the right gradient, or an error.

There is no third outcome. The gradient is that of the values at the time of the call.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd
import nn
from autograd import GraphError, Tensor, changes, no_grad
from autograd.backward import backward_pass
from autograd.changes import COPIED
from tests.autograd.test_rule_calls import nodes_behind
from tests.autograd.test_rules import cotangent_for
from tests.cases import Case, each_row

LARGE = (COPIED // 8 + 1,)


def leaf(*values: float) -> Tensor:
    return Tensor(np.array(values or (1.0, 2.0, 3.0)), requires_grad=True)


def scramble(array: Any) -> None:
    """Put other numbers of the same kind into an array."""
    if array.dtype.kind == "b":
        np.logical_not(array, out=array)
    elif array.dtype.kind in "iu":
        array[...] = np.roll(array.reshape(-1), 1).reshape(array.shape)
    else:
        array[...] = array * -1.37 + 0.61


# -- every operation ------------------------------------------------------------------------------


def outcome(row: Case, leaves: list[Tensor], out: Any, g: Any) -> list[Any] | None:
    """The gradients of the leaves, or None where the backward pass says that it cannot."""
    try:
        found = backward_pass([(out.node, g)])
    except GraphError as error:
        if "was changed" not in str(error):
            raise
        return None
    return [found.get(x.node, np.zeros_like(x._array)) for x in leaves]


def check(row: Case, inputs: list[Any], out: Any, expected: list[Any], may_raise: bool) -> None:
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    found = outcome(row, leaves, out, cotangent_for(out))
    assert found is not None or may_raise
    if found is not None:
        for f, e in zip(found, expected, strict=True):
            np.testing.assert_array_equal(f, e)


_WRITTEN = (
    *("updated", "put", "place", "copyto", "fill_diagonal", "interp, left and right"),
    *("full_like", "piecewise", "sum of some", "prod of some", "max of some", "min of some"),
    *("add.at", "subtract.at", "multiply.at", "maximum.at"),
)


@each_row
def test_constants_that_are_changed_give_the_gradient_of_the_call(row: Case) -> None:
    """One input is differentiated, all others are the caller's arrays, and are scrambled."""
    for position in range(len(row.inputs())):
        results = []
        for disturbed in (False, True):
            inputs: list[Any] = row.inputs()
            inputs[position] = Tensor(inputs[position], requires_grad=True)
            if row.label.startswith(_WRITTEN):
                break  # a plain array cannot take a tensor's value: that raises
            out = row.function(*inputs)
            if not isinstance(out, Tensor) or out.node is None:
                break
            for x in inputs if disturbed else ():
                if not isinstance(x, Tensor):
                    scramble(x)
            results.append((inputs, out))
        if len(results) == 2:
            (inputs, out), (others, disturbed_out) = results
            expected = outcome(row, [inputs[position]], out, cotangent_for(out))
            assert expected is not None
            check(row, others, disturbed_out, expected, may_raise=False)


@each_row
def test_data_that_is_written_to_gives_the_gradient_of_the_call_or_raises(row: Case) -> None:
    """`.data` is read before the call, or after it, and written to before the backward pass."""
    quiet = [Tensor(x, requires_grad=True) for x in row.inputs()]
    out = row.function(*quiet)
    expected = outcome(row, quiet, out, cotangent_for(out))
    assert expected is not None
    for is_before in (True, False):
        leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
        held = [x.data for x in leaves] if is_before else []
        out = row.function(*leaves)
        for array in held or [x.data for x in leaves]:
            scramble(array)
        check(row, leaves, out, expected, may_raise=not is_before)


@each_row
def test_results_that_are_written_to_give_the_gradient_of_the_call_or_raise(row: Case) -> None:
    quiet = [Tensor(x, requires_grad=True) for x in row.inputs()]
    out = row.function(*quiet)
    expected = outcome(row, quiet, out, cotangent_for(out))
    assert expected is not None
    leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
    out = row.function(*leaves)
    array = out.data
    if not array.flags.writeable:
        return  # such as a broadcast, of which NumPy guards the memory itself
    scramble(array)
    check(row, leaves, out, expected, may_raise=True)


@each_row
def test_index_and_other_options_are_kept_as_they_were(row: Case) -> None:
    """What nodes keep among their options is nobody else's array."""
    leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
    reachable: set[int] = set()
    for cell in getattr(row.function, "__closure__", None) or ():
        with contextlib.suppress(ValueError):
            reachable |= {id(x) for x in arrays_in(cell.cell_contents)}
    for node in nodes_behind(row.function(*leaves)):
        for key, value in node.options.items():
            if node.op.residual != key:
                assert all(id(x) not in reachable for x in arrays_in(value)), key


def arrays_in(value: Any) -> Iterator[Any]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from arrays_in(part)


# -- buffers --------------------------------------------------------------------------------------


def test_buffer_that_is_filled_again_gives_the_sum_of_all() -> None:
    x, buf = leaf(), np.zeros(3)
    loss: Any = 0.0
    for b in (1.0, 2.0, 3.0):
        buf[:] = b
        loss = loss + (x * buf).sum()
    loss.backward()
    np.testing.assert_array_equal(x.grad, [6, 6, 6])


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (lambda x, c: c @ x, [1, -1, 2]),
        (lambda x, c: np.where(c > 0, x, 0), [1, 0, 1]),
        (lambda x, c: np.maximum(x, c), [0.5, 1, 1]),
        (lambda x, c: x / c, [1, -1, 0.5]),
        (lambda x, c: x**c, [1, -0.25, 6]),
        (lambda x, c: x[c.view(int) % 2 == 0], [1, 1, 1]),
        (lambda x, c: np.einsum("i,i", x, c), [1, -1, 2]),
        (lambda x, c: autograd.ops.linear(c[None], x[None]), [1, -1, 2]),
        (lambda x, c: np.average(x, weights=np.abs(c)), [0.25, 0.25, 0.5]),
        (lambda x, c: np.multiply.outer(x, c), [2, 2, 2]),
        (lambda x, c: np.dot(x, c), [1, -1, 2]),
    ],
)
def test_constant_that_is_overwritten_is_the_one_of_the_call(
    record: Callable[..., Any], expected: Any
) -> None:
    x, c = leaf(), np.array([1.0, -1.0, 2.0])
    y = record(x, c)
    c[:] = 9.0
    y.sum().backward()
    np.testing.assert_allclose(x.grad, expected)


def test_index_that_is_changed_is_the_one_of_the_call() -> None:
    for index in (np.array([0, 2]), np.array([True, False, True]), [0, 2]):
        x = leaf()
        y = x[index]
        index[0] = not index[0]
        y.sum().backward()
        np.testing.assert_array_equal(x.grad, [1, 0, 1])
    x, rows, columns = leaf(1.0, 2.0, 3.0, 4.0), np.array([0, 1]), np.array([1, 1])
    y = x.reshape(2, 2)[rows, columns]
    columns[:] = 0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 0, 1])
    x, places = leaf(), np.array([2, 2])
    y = np.take(x, places)
    places[:] = 0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 0, 2])


def test_list_that_is_changed_is_the_one_of_the_call() -> None:
    x, c = leaf(), [1.0, -1.0, 2.0]
    y = x * c
    c[0] = 9.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, [1, -1, 2])


@pytest.mark.parametrize(
    "write",
    [
        lambda a: a.__setitem__(slice(3, 9000), 0.0),
        lambda a: a.__setitem__(slice(None), a[::-1].copy()),
        lambda a: a.__setitem__(slice(None, None, 3), -5.0),
        lambda a: a.sort(),
        lambda a: np.random.default_rng(0).shuffle(a),
        lambda a: np.multiply(a, 2, out=a),
        lambda a: np.add.at(a, np.arange(7000), 1.0),
        lambda a: np.copyto(a[100:8000], 0.25),
        lambda a: a.reshape(48, -1)[7].fill(0.0),  # one row
        lambda a: a.reshape(-1, 128)[:, 6].fill(0.0),  # one column
    ],
)
@pytest.mark.parametrize("layout", ["whole", "strided", "fortran", "float32"])
def test_large_constant_that_is_changed_raises(write: Callable[..., Any], layout: str) -> None:
    rng = np.random.default_rng(1)
    n = 3 * (COPIED // 8)
    c = rng.normal(size=n).astype(np.float32 if layout == "float32" else np.float64)
    passed = {
        "whole": c,
        "strided": c[::2],
        "fortran": c.reshape(2, -1).T,
        "float32": c,
    }[layout]
    x = Tensor(rng.normal(size=passed.shape), requires_grad=True)
    y = (x * passed).sum()
    write(c)
    with pytest.raises(GraphError, match=r"changed by NumPy: its input 1, .*make that change"):
        y.backward()


def test_large_constant_that_is_used_again_and_put_back_is_no_change() -> None:
    c = np.ones(LARGE)
    x = Tensor(np.ones(LARGE), requires_grad=True)
    y = x * c
    c[:] = 5.0
    _ = x * c
    c[:] = 1.0
    y.sum().backward()
    np.testing.assert_array_equal(x.grad, 1)


def test_large_buffer_that_is_filled_again_raises_for_the_first_use() -> None:
    buf = np.ones(LARGE)
    x = Tensor(np.ones(LARGE), requires_grad=True)
    first = (x * buf).sum()
    buf[:] = 2.0
    second = (x * buf).sum()
    second.backward()
    np.testing.assert_array_equal(x.grad, 2)
    with pytest.raises(GraphError, match="changed by NumPy"):
        first.backward()


def test_large_buffer_that_changes_often_is_still_known_to_have_changed() -> None:
    buf = np.ones(LARGE)
    x = Tensor(np.ones(LARGE), requires_grad=True)
    first = (x * buf).sum()
    for i in range(40):
        buf[:] = i + 2.0
        _ = x * buf
    with pytest.raises(GraphError, match="changed by NumPy"):
        first.backward()


def test_large_array_that_is_changed_after_backward_is_let_be() -> None:
    buf = np.ones(LARGE)
    x = Tensor(np.ones(LARGE), requires_grad=True)
    for i in range(20):
        buf[:] = i
        (x * buf).sum().backward()
    np.testing.assert_array_equal(x.grad, 190)


# -- .data ----------------------------------------------------------------------------------------


def written_before(x: Tensor) -> Any:
    array = x.data
    y = np.square(x)
    array[0] = 100.0
    return y


def written_after(x: Tensor) -> Any:
    y = np.square(x)
    x.data[0] = 100.0
    return y


def written_through_a_view(x: Tensor) -> Any:
    array = x.data[:1]
    y = np.square(x)
    array[:] = 100.0
    return y


def view_is_recorded(x: Tensor) -> Any:
    y = np.square(x[::-1])
    x.data[0] = 100.0
    return y


def detached_is_written(x: Tensor) -> Any:
    other = x.detach()
    y = np.square(x)
    other.data[0] = 100.0
    return y


def detached_held_before(x: Tensor) -> Any:
    array = x.detach().data
    y = np.square(x)
    array[0] = 100.0
    return y


def result_is_written(x: Tensor) -> Any:
    y = np.exp(np.log(x) * 2)  # x squared
    y.data[0] = 100.0
    return y


def replaced_array_is_written(x: Tensor) -> Any:
    array = np.array([1.0, 2.0, 3.0])
    x.data = array
    y = np.square(x)
    array[0] = 100.0
    return y


def augmented(x: Tensor) -> Any:
    y = np.square(x)
    x.data *= 3
    return y


def out_of_a_ufunc(x: Tensor) -> Any:
    y = np.square(x)
    np.add(x.data, 1, out=x.data)
    return y


def asarray_of_a_constant(x: Tensor) -> Any:
    c = x.detach()
    y = x * c + 0.0
    np.asarray(c)[0] = 100.0
    return y * 2 - x * x.detach()


@pytest.mark.parametrize(
    "program",
    [
        written_before,
        written_after,
        written_through_a_view,
        view_is_recorded,
        detached_is_written,
        detached_held_before,
        result_is_written,
        replaced_array_is_written,
        augmented,
        out_of_a_ufunc,
    ],
)
@pytest.mark.parametrize("size", [3, LARGE[0]])
def test_data_that_is_written_to_is_noticed_or_harmless(
    program: Callable[..., Any], size: int
) -> None:
    values = np.resize([1.0, 2.0, 3.0], size)
    x = Tensor(values, requires_grad=True)
    if program is replaced_array_is_written and size != 3:
        return
    y = program(x)
    try:
        y.sum().backward()
    except GraphError as error:
        if "was changed by NumPy" not in str(error):
            raise
    else:
        np.testing.assert_allclose(x.grad, 2 * values)


def test_data_that_was_written_to_and_recorded_again_is_right() -> None:
    x = leaf()
    for value in (1.0, 2.0, 3.0):
        array = x.data
        array[:] = value
        np.square(x).sum().backward()
    np.testing.assert_array_equal(x.grad, 12)


def test_data_is_read_for_other_ends_without_an_error() -> None:
    """Printing, metrics and plots between forward and backward."""
    x = leaf()
    y = np.exp(x)
    kept = [x.data, y.data, x.data[1:], x.detach().data]
    loss = (y * x).sum()
    kept.append(loss.data)
    loss.backward()
    np.testing.assert_allclose(x.grad, np.exp([1, 2, 3]) * [2, 3, 4])


def test_optimizer_step_before_backward_raises() -> None:
    layer = nn.Linear(2, 2)
    optimizer = nn.optim.SGD(layer.parameters(), lr=0.1)
    layer(np.ones((4, 2), np.float32)).sum().backward()
    x = Tensor(np.ones((4, 2), np.float32), requires_grad=True)
    loss = (x @ layer.weight).sum()
    optimizer.step()
    with pytest.raises(GraphError, match=r"its input 1 'weight', .*as an optimizer's step"):
        loss.backward()


def test_training_by_hand_leaves_nothing_exposed() -> None:
    """Arrays that nobody holds any more cost nothing, and are as fast as before."""
    gc.collect()
    weights = [Tensor(np.ones((3, 3)), requires_grad=True) for _ in range(3)]
    for _ in range(3):
        x: Any = np.ones((2, 3))
        for w in weights:
            x = np.tanh(x @ w)
        x.sum().backward()
        for w in weights:
            w.data -= 0.1 * w.grad
            w.grad = None
    (weights[0] * 1.0).sum()
    ours = {id(w._array) for w in weights}
    assert not ours & changes.exposed.keys()
    node = (weights[0] * weights[1]).node
    assert node is not None
    assert node.saved[1] is weights[0]._array


def test_array_that_is_held_stays_exposed_until_it_is_let_go() -> None:
    x = leaf()
    held = x.data
    node = np.square(x).node
    assert node is not None
    assert node.saved[1] is not x._array
    del held
    node = np.square(x).node
    assert node is not None
    assert node.saved[1] is x._array


def test_view_that_is_held_keeps_its_tensor_exposed() -> None:
    x = leaf()
    held = x.data[1:]
    node = np.square(x).node
    assert node is not None
    assert node.saved[1] is not x._array
    del held
    y = x[1:]
    held = y.data
    node = np.square(y).node
    assert node is not None
    assert node.saved[1] is not y._array
    del held


def test_what_is_noted_dies_with_the_array() -> None:
    gc.disable()
    try:
        before = len(changes.exposed), len(changes._contents)
        x = Tensor(np.ones(LARGE), requires_grad=True)
        c = np.ones(LARGE)
        y = x * c
        held = x.data, y.data
        _ = y + 1.0
        assert (len(changes.exposed), len(changes._contents)) > before
        del x, c, y, held
        assert (len(changes.exposed), len(changes._contents)) == before
    finally:
        gc.enable()


def test_vjp_value_that_is_written_to_leaves_the_pullback_right() -> None:
    value, pullback = autograd.vjp(np.exp, np.array([0.0, 1.0]))
    expected = value.copy()
    value[:] = 7.0
    try:
        (g,) = pullback(np.ones(2))
    except GraphError as error:
        if "was changed" not in str(error):
            raise
    else:
        np.testing.assert_array_equal(g, expected)


def test_change_through_a_tensor_names_its_line() -> None:
    w = leaf()
    y = np.square(w)
    with no_grad():
        w *= 2
    with pytest.raises(GraphError, match=r"changed in place afterwards \(.*test_changes.py:\d+"):
        y.sum().backward()


@pytest.mark.parametrize("size", [3, LARGE[0]])
@pytest.mark.parametrize("when", ["before the first", "between"])
def test_constant_that_is_changed_around_a_recorded_pass(size: int, when: str) -> None:
    values = np.resize([1.0, 2.0, 3.0], size)
    x, c = Tensor(values, requires_grad=True), np.full(size, 2.0)
    y = (np.exp(x * 0.1) * c * x).sum()
    try:
        if when == "before the first":
            c[:] = 7.0
        (g,) = autograd.gradients(y, [x], create_graph=True)
        if when == "between":
            c[:] = 7.0
        (found,) = autograd.gradients(g.sum(), [x])
    except GraphError as error:
        if size == 3 or "was changed" not in str(error):
            raise
    else:
        expected = 2 * np.exp(values * 0.1) * (0.2 + 0.01 * values)
        np.testing.assert_allclose(found, expected)


def test_table_that_a_rule_of_ones_own_reads_is_the_one_of_its_call() -> None:
    table = np.array([1.0, 2.0, 3.0])
    scale = autograd.rule(lambda x: x * 5.0, lambda g, _, x: g * table * x)
    x = leaf(1.0, 1.0, 1.0)
    (g,) = autograd.gradients(scale(x).sum(), [x], create_graph=True)
    table[:] = 9.0
    (found,) = autograd.gradients(g.sum(), [x])
    np.testing.assert_array_equal(found, [1, 2, 3])


def test_table_that_a_hook_reads_is_the_one_of_its_call() -> None:
    table = np.array([1.0, 2.0, 3.0])
    x = leaf(1.0, 1.0, 1.0)
    h = x * x
    with h.register_hook(lambda g: g * table * x):
        (g,) = autograd.gradients((h * h).sum(), [x], create_graph=True)
    table[:] = 9.0
    (found,) = autograd.gradients(g.sum(), [x])  # of 4 table x^4
    np.testing.assert_allclose(found, [16, 32, 48])


# -- what an array held ---------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "f2", "f4", "f8", "g", "c8", "c16"])
@pytest.mark.parametrize("size", [0, 1, 7, 4093, 8 * 4093 + 5, 40_000])
def test_content_sees_each_element(dtype: str, size: int) -> None:
    x = np.zeros(size, dtype)
    before = changes.content(x)
    assert changes.content(x.copy()) == before
    for place in {0, 1, size // 2, size - 2, size - 1} if size > 2 else range(size):
        x[place] = 1
        assert changes.content(x) != before
        x[place] = 0
    assert changes.content(x) == before or dtype == "g"  # which has bytes that mean nothing


@pytest.mark.parametrize(
    "layout", [lambda x: x.T, lambda x: x[::2], lambda x: x[:, ::-3], lambda x: x[:, :1]]
)
def test_content_of_strided_arrays_sees_each_element(layout: Callable[..., Any]) -> None:
    x = layout(np.zeros((300, 300)))
    before = changes.content(x)
    for index in ((0, 0), (-1, -1), (x.shape[0] // 2, x.shape[1] // 3)):
        x[index] = 1
        assert changes.content(x) != before
        x[index] = 0
    assert changes.content(x) == before


def test_content_of_a_broadcast_array_is_that_of_its_memory() -> None:
    row = np.zeros(300)
    x = np.broadcast_to(row, (300, 300))
    before = changes.content(x)
    row[7] = 1
    assert changes.content(x) != before
