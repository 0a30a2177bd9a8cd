"""Recording: what a call keeps, what it refuses, and custom operations."""

from __future__ import annotations

import gc
import os
import pickle
import sys
import weakref
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import (
    GraphError,
    NotDifferentiableError,
    Op,
    ShapeError,
    Tensor,
    gradients,
    relu,
    rule,
)
from autograd.debug.words import code_at
from autograd.op import Node, ShapeDtype
from autograd.registry import REGISTRY


def leaf(*shape: int, seed: int = 0) -> Tensor:
    return Tensor(np.random.default_rng(seed).uniform(0.3, 0.9, shape), requires_grad=True)


def recorded(tensor: Tensor) -> tuple[Any, ...]:
    """What a node holds, by identity where that can be told."""
    node = tensor.node
    assert node is not None
    saved = tuple(x if isinstance(x, Node) or x is None else np.asarray(x) for x in node.saved)
    return node.op, node.parents, saved, node.options, node.shape, node.dtype, node.source()


def same(a: Any, b: Any) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, ShapeDtype) and not isinstance(a, Node):
        return type(b) is ShapeDtype and (a.shape, a.dtype) == (b.shape, b.dtype)
    return a is b


# -- the fast paths -----------------------------------------------------------------------------

_FAST = {op.name: op for op in REGISTRY.values() if isinstance(op, Op) and op.apply is not op}
_UNARY = [op for op in _FAST.values() if op.arity == 1 and op.name not in ("arccosh",)]
_BINARY = [op for op in _FAST.values() if op.arity == 2]


def outcome(op: Op, *inputs: Any) -> Any:
    """What the call gives; None where the function wants options, or inputs of other shapes."""
    try:
        with np.errstate(all="ignore"):
            return op(*inputs)
    except (TypeError, ValueError, IndexError, AttributeError):
        return None


@pytest.mark.parametrize("op", _UNARY, ids=lambda op: op.name)
def test_unary_fast_path_records_the_same_as_the_call(op: Op) -> None:
    for shape in ((2, 3), (1, 1)):
        x = leaf(*shape)
        slow = outcome(op, x)
        if not isinstance(slow, Tensor):  # several outputs, or a function that refuses these
            continue
        fast = op.apply(x)
        a, b = recorded(fast), recorded(slow)
        assert a[0] is b[0]
        assert a[1] == b[1] == (x.node,)
        assert all(map(same, a[2], b[2]))
        assert a[3:6] == b[3:6]
        np.testing.assert_array_equal(fast.data, slow.data)
        assert type(fast.data) is type(slow.data)


@pytest.mark.parametrize("op", _BINARY, ids=lambda op: op.name)
@pytest.mark.parametrize("kinds", ["tt", "ta", "at", "tn", "nt", "tl", "lt", "tc", "ct"])
def test_binary_fast_path_records_the_same_as_the_call(op: Op, kinds: str) -> None:
    def operand(kind: str, seed: int) -> Any:
        x = leaf(2, 2, seed=seed)
        return {
            "t": x, "a": x.data, "n": 2.0, "l": x.data.tolist(), "c": x.detach(),
        }[kind]  # fmt: skip

    x, y = operand(kinds[0], 1), operand(kinds[1], 2)
    slow = outcome(op, x, y)
    if not isinstance(slow, Tensor):
        return
    fast = op.apply(x, y)
    a, b = recorded(fast), recorded(slow)
    assert a[:2] == b[:2]
    assert len(a[2]) == len(b[2]) == 3
    assert all(map(same, a[2], b[2]))
    assert a[3:6] == b[3:6]
    np.testing.assert_array_equal(fast.data, slow.data)


def test_fast_paths_give_arrays_for_arrays_and_constants_for_constants() -> None:
    x = np.ones(3)
    assert type(_FAST["exp"].apply(x)) is np.ndarray
    assert type(_FAST["add"].apply(x, x)) is np.ndarray
    assert _FAST["exp"].apply(Tensor(x)).node is None
    assert _FAST["add"].apply(Tensor(x), x).node is None
    with autograd.no_grad():
        assert _FAST["exp"].apply(leaf(3)).node is None
        assert _FAST["add"].apply(leaf(3), x).node is None
        assert _FAST["add"](leaf(3), x).node is None


def test_source_is_the_line_of_the_caller() -> None:
    x = leaf(2)
    results = [x + 1, np.exp(x), x.sum(), np.concatenate([x, x]), x[0], x.reshape(2, 1), relu(x)]
    for result in results:
        assert result.node is not None
        assert result.node.source().endswith(
            f"test_op.py:{test_source_is_the_line_of_the_caller.__code__.co_firstlineno + 2} "
            f"in test_source_is_the_line_of_the_caller"
        )
    assert x.node is not None
    assert "in leaf" in x.node.source()


def test_source_is_without_the_folder_of_the_packages() -> None:
    node = leaf(2).node
    assert node is not None
    assert node.source().startswith(os.path.join("tests", "autograd", "test_op.py:"))
    assert code_at(node.source()).startswith("return Tensor(np.random.default_rng(seed)")


def test_source_in_a_notebook_is_the_cell(monkeypatch: pytest.MonkeyPatch) -> None:
    compiler = pytest.importorskip("IPython.core.compilerop").CachingCompiler()
    shell = SimpleNamespace(compile=compiler)
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    cell = (
        "import numpy as np\ndef f(x):\n    return np.exp(x)  # inside\ny = np.sin(f(x))  # out\n"
    )
    names: dict[str, Any] = {"x": leaf(2)}
    exec(compile(cell, compiler.cache(cell, 3), "exec"), names)
    outside = names["y"].node
    (inside,) = outside.parents
    assert outside.source() == "cell [3] line 4"
    assert inside.source() == "cell [3] line 3 in f"
    assert code_at(outside.source()).endswith("# out")
    assert code_at(inside.source()).endswith("# inside")


# -- what is kept -------------------------------------------------------------------------------


def kept(tensor: Tensor) -> list[Any]:
    assert tensor.node is not None
    return [x for x in tensor.node.saved if isinstance(x, np.ndarray)]


def test_kept_arrays_are_those_the_rules_name() -> None:
    a, b = leaf(3), leaf(3, seed=1)
    for sum_of_two in (
        a + b,
        a - b,
        a + 1,
        a + b.data,
        -a,
        a.sum(),
        a.mean(),
        a[0],
        a.reshape(3, 1),
    ):
        assert kept(sum_of_two) == []
    y = relu(a)
    assert len(kept(y)) == 1
    assert kept(y)[0] is y.data
    y = np.exp(a)
    assert kept(y)[0] is y.data
    assert len(kept(y)) == 1
    y = np.log(a)
    assert kept(y)[0] is a.data
    assert len(kept(y)) == 1


def test_kept_arrays_of_a_product_depend_on_who_wants_a_gradient() -> None:
    a, b = leaf(3), leaf(3, seed=1)
    assert [x is y for x, y in zip(kept(a * b), (a._array, b._array), strict=True)] == [True, True]
    b = b.detach()
    (only,) = kept(a * b)
    assert only is b._array
    (only,) = kept(b * a)
    assert only is b._array
    assert [x is b._array for x in kept(a / b)] == [True]
    x = Tensor(np.ones((4, 3)))
    (only,) = kept(autograd.linear(x, leaf(2, 3), leaf(2)))
    assert only is x._array


def test_kept_arrays_die_with_the_graph_and_the_others_at_once() -> None:
    gc.disable()
    try:
        a, b = leaf(3), leaf(3, seed=1)
        h = np.exp(a) + np.exp(b)
        total = weakref.ref(h.data)
        y = relu(h * 1.0)
        del h
        # Neither the sum nor the product by a number is read by any rule.
        assert total() is None
        result = weakref.ref(y.data)
        z = y.sum()
        del y
        assert result() is not None
        z.backward()
        assert result() is None
    finally:
        gc.enable()


def test_shape_parameter_gives_shape_dtype_ndim_and_size_without_the_array() -> None:
    seen: list[Any] = []

    def vjp(g: Any, _: Any, _x: Any, _y: Any) -> Any:
        seen.extend([(s.shape, s.dtype, s.ndim, s.size) for s in (_x, _y)])
        return g * 1.0

    op = rule(lambda x, y: x + y, vjp, None)
    x = leaf(2, 3)
    op(x, np.ones((2, 3), np.float32)).backward(np.ones((2, 3)))
    assert seen == [((2, 3), np.float64, 2, 6), ((2, 3), np.float32, 2, 6)]


# -- arguments ----------------------------------------------------------------------------------


def test_arguments_too_many_twice_or_missing_are_refused() -> None:
    op = rule(lambda x, y, n=1: x * y * n, lambda g, _, x, y, n=1: g * y * n, None)
    x = leaf(2)
    with pytest.raises(TypeError, match="takes at most 3 arguments, got 4"):
        op(x, 1.0, 2, 3)
    with pytest.raises(TypeError, match="got two values for the argument 'x'"):
        op(x, 1.0, x=2)
    with pytest.raises(TypeError, match="misses its argument 'y'"):
        op(x)
    np.testing.assert_array_equal(op(x, 1.0, 3).data, op(y=1.0, x=x, n=3).data)


def test_rule_with_the_wrong_number_of_parameters_is_refused() -> None:
    with pytest.raises(TypeError, match=r"a rule takes 1 inputs after \(g, out\), but there are 2"):
        rule(lambda x, y: x + y, lambda g, _, x: g, lambda g, _, x: g)


def test_numpy_complaint_names_the_operation_and_the_shapes() -> None:
    with pytest.raises(ShapeError, match=r"add: .*\(inputs of shape \(2,\), \(3,\)\)"):
        leaf(2) + leaf(3)
    with pytest.raises(ShapeError, match=r"reshape: .*\(inputs of shape \(2,\)\)"):
        np.reshape(leaf(2), (3,))
    with pytest.raises(ShapeError, match=r"squeeze: .*\(inputs of shape \(2,\)\)"):
        np.squeeze(leaf(2), 0)
    shifted = rule(lambda x: x + np.ones(3), lambda g, *_: g)
    with pytest.raises(ShapeError, match=r"<lambda>: .*\(inputs of shape \(2,\)\)"):
        shifted.apply(leaf(2))


def test_complaint_names_leaves_that_have_names() -> None:
    w = leaf(2, 3)
    w.name = "fc.weight"
    with pytest.raises(
        ShapeError, match=r"matmul: Input .*\(inputs of shape .*\(2, 3\) 'fc.weight'"
    ):
        np.ones((4, 5)) @ w


@pytest.mark.parametrize(
    ("call", "error", "note"),
    [
        (lambda x: x[5], IndexError, "in getitem, whose inputs have the shapes (2, 3)"),
        (np.linalg.inv, np.linalg.LinAlgError, "in inv, whose inputs have the shapes (2, 3)"),
    ],
)
def test_complaint_of_another_kind_gets_a_note(call: Any, error: Any, note: Any) -> None:
    with pytest.raises(error) as info:
        call(leaf(2, 3))
    assert info.value.__notes__ == [note]


def test_complaint_of_the_engine_gets_no_note() -> None:
    def refuse(x: Any) -> Any:
        raise NotDifferentiableError("no")

    with pytest.raises(NotDifferentiableError) as info:
        rule(refuse, lambda g, *_: g)(leaf(2))
    assert not hasattr(info.value, "__notes__")


# -- custom operations --------------------------------------------------------------------------


def test_custom_operation_in_a_line() -> None:
    cube = rule(lambda x: x**3, lambda g, _, x: 3 * g * x**2)
    x = Tensor([2.0, -1.0], requires_grad=True)
    cube(x).backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [12, 3])
    np.testing.assert_array_equal(cube(np.array([2.0])), [8])
    assert autograd.gradcheck(cube, [0.5, 1.5])


def test_custom_rule_that_leaves_the_graph_raises_at_second_order() -> None:
    def vjp_on_data(g: Any, _: Any, x: Any) -> Any:
        return g * x.data

    def vjp_on_arrays(g: Any, _: Any, x: Any) -> Any:
        return np.array([3.0, 4.0])

    for vjp, words in (
        (vjp_on_data, "a gradient rule used `.data`"),
        (vjp_on_arrays, r"the rule of <lambda> left the graph \(it returned a plain array\)"),
    ):
        op = rule(lambda x: x**2, vjp)
        x, v = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0, 1.0], requires_grad=True)
        with pytest.raises(NotDifferentiableError, match=words):
            gradients(op(x), x, v, create_graph=True)
        with pytest.raises(NotDifferentiableError, match=words):
            gradients(op(x).sum(), x, create_graph=True)
    for leave in (lambda t: t.detach(), lambda t: np.asarray(t.item())):
        op = rule(lambda x: x**2, lambda g, _, x, leave=leave: 2 * g * leave(x))
        x = Tensor([1.0], requires_grad=True)
        with pytest.raises(NotDifferentiableError, match=r"a gradient rule used `\.data`"):
            gradients(op(x).sum(), x, create_graph=True)


def test_custom_rule_that_is_zero_is_a_tensor_at_second_order() -> None:
    flat = rule(lambda x: np.floor(x), lambda g, *_: np.zeros_like(g))
    x = Tensor([1.5, 2.0], requires_grad=True)
    found = gradients(flat(x).sum(), x, create_graph=True)
    assert isinstance(found, Tensor)
    np.testing.assert_array_equal(found.data, [0, 0])


def test_custom_rule_of_the_wrong_shape_is_an_internal_error() -> None:
    op = rule(lambda x: x * 1.0, lambda g, *_: np.concatenate([g, g]))
    x = leaf(2)
    words = r"the rule of <lambda> returned a gradient of shape \(4,\) for an input of shape \(2,\)"
    with pytest.raises(autograd.GraphError, match=words):
        op(x).backward(np.ones(2))


def test_joint_rule_gives_all_gradients_at_once() -> None:
    calls = []

    def vjp(g: Any, _: Any, *arrays: Any) -> list[Any]:
        calls.append(len(arrays))
        total = sum(arrays)
        return [2 * g * total if i != 1 else None for i in range(len(arrays))]

    square_of_sum = rule(lambda *arrays: sum(arrays) ** 2, joint=vjp)
    a, b, c = leaf(2), leaf(2, seed=1), leaf(2, seed=2)
    square_of_sum(a, b, c).backward(np.ones(2))
    assert calls == [3]
    np.testing.assert_allclose(a.grad, 2 * (a.data + b.data + c.data))
    np.testing.assert_array_equal(c.grad, a.grad)
    assert b.grad is None
    assert autograd.gradcheck(lambda x, y: square_of_sum(x, y[:2] * 0, y), a.data, c.data)


def test_residual_is_for_the_first_order_and_none_for_the_second() -> None:
    seen = []

    def forward(x: Any) -> tuple[Any, Any]:
        e = np.exp(x)
        return e.sum(), e

    def vjp(g: Any, _: Any, x: Any, e: Any = None) -> Any:
        seen.append(e is None)
        return g * (np.exp(x) if e is None else e)

    op = rule(forward, vjp, residual="e")
    x = leaf(3)
    y = op(x)
    assert op(x.data) == y.data
    first = gradients(y, x, retain_graph=True)
    assert seen == [False]
    second = gradients(y, x, create_graph=True)
    assert seen == [False, True]
    np.testing.assert_allclose(first, second.data)
    assert autograd.gradcheck(op, x.data)
    with pytest.raises(TypeError, match="forward got an unexpected keyword argument 'e'"):
        op(x, e=np.ones(3))


def test_residual_of_integers_stays_for_the_second_order() -> None:
    seen = []

    def vjp(g: Any, _: Any, _x: Any, order: Any = None) -> Any:
        seen.append(order.tolist())
        return g[np.argsort(order)]

    op = rule(lambda x: (np.sort(x), np.argsort(x)), vjp, residual="order")
    x = Tensor([3.0, 1.0, 2.0], requires_grad=True)
    for create_graph in (False, True):
        gradients(op(x), [x], np.array([1.0, 2.0, 3.0]), create_graph=create_graph)
    assert seen == [[1, 2, 0]] * 2


def test_several_outputs_gather_their_cotangents() -> None:
    def vjp(g: Any, out: Any, _: Any) -> Any:
        return g[0] * out[1] - g[1] * out[0]

    both = rule(lambda x: (np.sin(x), np.cos(x)), vjp)
    for use in (lambda s, c: s * c, lambda s, c: s * 1.0, lambda s, c: c + c):
        assert autograd.gradcheck(lambda x, use=use: use(*both(x)), np.array([0.3, 0.8]))
    x = leaf(2)
    s, c = both(x)
    assert isinstance(s, Tensor)
    assert s.node is not c.node
    s.backward(np.ones(2), retain_graph=True)
    np.testing.assert_allclose(x.grad, np.cos(x.data))
    c.backward(np.ones(2))
    np.testing.assert_allclose(x.grad, np.cos(x.data) - np.sin(x.data))
    with autograd.no_grad():
        assert all(t.node is None for t in both(x))
    assert both(x.data)[0] is not None


def test_gradient_between_two_outputs_is_the_cotangent_itself() -> None:
    x = leaf(4)
    first, second = np.split(x, 2)
    g = gradients((first * 3).sum(), [first, second])
    np.testing.assert_array_equal(g[0], [3, 3])
    np.testing.assert_array_equal(g[1], [0, 0])


def test_operation_shows_its_name() -> None:
    assert repr(REGISTRY[np.exp]) == "<Op exp>"


def test_handles_teaches_a_composition(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REGISTRY, np.i0, None)  # so that it is as before afterwards

    @autograd.implements(np.i0)
    def i0(x: Any) -> Any:
        return 1 + x * x / 4

    x = Tensor([1.0, 2.0], requires_grad=True)
    np.i0(x).backward(np.array([3.0, 4.0]))
    np.testing.assert_array_equal(x.grad, [1.5, 4])
    with pytest.raises(TypeError, match="i0 got an unexpected keyword argument 'order'"):
        REGISTRY[np.i0](x, order=1)


def test_constants_return_plain_arrays() -> None:
    x = leaf(3)
    results = [
        np.argmax(x), np.isnan(x), np.sign(x) > 0, np.equal(x, x), np.any(x),
        np.logical_not(x), np.allclose(x, x), np.argsort(x), np.shape(x), np.ndim(x), np.size(x),
        np.result_type(x), np.array_str(x), np.zeros_like(x, int), np.searchsorted(x, 0.5),
    ]  # fmt: skip
    assert not any(isinstance(result, Tensor) for result in results)


def test_operations_of_numpy_are_pickled_by_name() -> None:
    operations = {id(op): op for op in REGISTRY.values() if isinstance(op, Op)}
    assert len(operations) > 100
    for op in operations.values():
        assert pickle.loads(pickle.dumps(op)) is op
    own = rule(lambda x: x * 2, lambda g, *_: g * 2)
    with pytest.raises(TypeError, match="cannot be pickled: it is not in the registry"):
        pickle.dumps(own)


def test_joint_rule_with_the_wrong_number_of_gradients_raises() -> None:
    op = rule(lambda x, y: x * y, joint=lambda g, _, x, y: [g * y])
    words = "the joint rule of <lambda> returned 1 gradients for 2 inputs; return one for each"
    with pytest.raises(autograd.GraphError, match=words):
        op(leaf(2), leaf(2)).backward(np.ones(2))


def test_a_rule_may_be_given_a_name() -> None:
    square = rule(lambda x: x * x, lambda g, _, x: 2 * g * x, name="square")
    assert repr(square) == "<Op square>"
    assert square.name == "square"


# -- rules that are wrong say so ----------------------------------------------------------------


def gradient_with(vjp: Any, forward: Any = lambda x: x * 1.0, **how: Any) -> Any:
    """What a leaf gets through an operation with this rule."""
    op = rule(forward, vjp, name="mine", **how)
    x = leaf(3)
    op(x).backward(np.ones(3))
    return x.grad


@pytest.mark.parametrize("create_graph", [False, True])
def test_rule_without_return_is_an_error_and_not_zero(create_graph: bool) -> None:
    def forgotten(g: Any, _: Any, x: Any) -> None:
        g * x

    op = rule(lambda x: x * x, forgotten, name="square")
    two = rule(lambda x, y: x * y, lambda g, _, __, y: g * y, lambda g, *_: None, name="product")
    x = leaf(3)
    words = (
        r"the rule of square returned nothing; end it with `return`, or pass None in place of the "
        r"rule of an input without a gradient"
    )
    with pytest.raises(GraphError, match=words) as raised:
        gradients(op(x).sum(), x, create_graph=create_graph)
    assert "in the backward pass of square((3,))" in raised.value.__notes__[0]
    with pytest.raises(GraphError, match="the rule of product for its input 1 returned nothing"):
        gradients(two(leaf(3), x).sum(), x, create_graph=create_graph)


@pytest.mark.parametrize("create_graph", [False, True])
def test_rule_that_returns_no_array_names_what_it_returned(create_graph: bool) -> None:
    for wrong, what in (
        (lambda g: [g], "a list of 1"),
        (lambda g: (g, g), "a tuple of 2"),
        (lambda g: "g", "a str"),
        (lambda g: {"x": g}, "a dict"),
        (lambda g: np.array(["a"]), "a ndarray"),
    )[: 4 if create_graph else 5]:  # an array has left the graph, whatever it holds
        op = rule(lambda x: x * 1.0, lambda g, *_, wrong=wrong: wrong(g), name="mine")
        x = leaf(3)
        words = f"the rule of mine returned {what}; it must return one array, of the shape of its"
        with pytest.raises(GraphError, match=words):
            gradients(op(x).sum(), x, create_graph=create_graph)


def test_rule_may_return_a_number_for_an_input_without_axes() -> None:
    double = rule(lambda x: 2 * x, lambda g, *_: 2.0 * float(g), name="double")
    x = Tensor(3.0, requires_grad=True)
    double(x).backward()
    assert x.grad == 2
    with pytest.raises(
        GraphError, match=r"gradient of shape \(\) for an input of shape \(3,\); fix"
    ):
        gradient_with(lambda g, *_: 0.0)


def test_rule_of_the_wrong_shape_names_its_input() -> None:
    op = rule(lambda x, y: x * y, lambda g, _, __, y: g * y, lambda g, *_: g[:2], name="mine")
    with pytest.raises(
        GraphError,
        match=r"the rule of mine for its input 1 returned a gradient of shape \(2,\) for an input "
        r"of shape \(3,\); fix the rule",
    ):
        op(leaf(3), leaf(3)).backward(np.ones(3))
    outer = rule(lambda x, y: x * y, lambda g, _, __, y: g * y, lambda g, _, x, __: g * x, name="o")
    with pytest.raises(GraphError, match="fix the rule, or say elementwise=True if the function b"):
        outer(leaf(2, 3), leaf(3)).backward(np.ones((2, 3)))


def test_elementwise_rule_that_is_transposed_is_an_error() -> None:
    for wrong in (lambda g: g.T, lambda g: g.sum(), lambda g: g[:, :1]):
        op = rule(lambda x: x * 1.0, lambda g, *_, w=wrong: w(g), elementwise=True, name="mine")
        with pytest.raises(GraphError, match="the rule of mine returned a gradient of shape"):
            op(leaf(2, 3)).backward(np.ones((2, 3)))


@pytest.mark.parametrize(
    "read",
    [
        lambda g, x: g * x, lambda g, x: x * g, lambda g, x: 2 * x * g, lambda g, x: -x, abs,
        lambda g, x: x**2, lambda g, x: g / x, lambda g, x: g @ x, lambda g, x: x[0],
        lambda g, x: g * np.exp(x), lambda g, x: np.sum(x) * g, lambda g, x: np.where(x > 0, g, 0),
        lambda g, x: np.asarray(x), lambda g, x: x.sum() * g, lambda g, x: x.T, lambda g, x: g > x,
        lambda g, x: np.zeros_like(x), lambda g, x: g * float(x), lambda g, x: list(x),
        lambda g, x: g * x.astype(float), lambda g, x: x.reshape(-1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("of_constant", [False, True])
def test_shape_parameter_read_as_an_array_says_to_rename_it(read: Any, of_constant: bool) -> None:
    words = r"its parameter begins with an underscore; rename it \(_x to x\), and the array is kept"
    if read is abs:
        read = lambda g, x: abs(x)
    if of_constant:
        op = rule(lambda x, y: x * y, lambda g, _, _x, _y: read(g, _y), None, name="mine")
        y = op(leaf(3), np.ones(3))
    else:
        y = rule(lambda x: x * 1.0, lambda g, _, _x: read(g, _x), name="mine")(leaf(3))
    with pytest.raises((TypeError, AttributeError), match=words) as raised:
        y.backward(np.ones(3))
    assert "in the backward pass of mine" in raised.value.__notes__[-1]


def test_shape_parameter_has_the_shape_also_by_numpy() -> None:
    found = gradient_with(lambda g, _, _x: g * (np.shape(_x) == (3,)) * np.ndim(_x) * np.size(_x))
    assert found.tolist() == [3, 3, 3]


def test_option_that_one_rule_does_not_name_is_refused_at_once() -> None:
    words = (
        r"rule\(mine\): the rule for input 1 does not name the options n, which another one names"
    )
    with pytest.raises(TypeError, match=words):
        rule(lambda x, y, n=1: x * y * n, lambda g, _, __, y, n=1: g * y * n,
             lambda g, _, x, __: g * x, name="mine")  # fmt: skip
    rule(lambda x, y, n=1: x * y * n, lambda g, _, __, y, n=1: g * y * n,
         lambda g, _, x, __, **options: g * x * options["n"], name="mine")  # fmt: skip


def test_option_that_no_rule_names_says_where_to_name_it() -> None:
    scaled = rule(lambda x, n=1: x * n, lambda g, *_: g, name="scaled")
    with pytest.raises(
        NotDifferentiableError, match=r"honours n=3 .*in a rule of yours, name it am"
    ):
        scaled(leaf(3), n=3)


@pytest.mark.parametrize("returned", ["list", "tuple"])
def test_forward_may_return_a_list_for_several_outputs(returned: str) -> None:
    kind = {"list": list, "tuple": tuple}[returned]
    both = rule(
        lambda x: kind([np.sin(x), np.cos(x)]),
        lambda g, out, _: g[0] * out[1] - g[1] * out[0],
        name="both",
    )
    assert all(isinstance(y, Tensor) for y in both(leaf(3)))
    assert autograd.gradcheck(lambda x: np.multiply(*both(x)), np.array([0.3, 0.8]))
    of_two = rule(lambda x, y: kind([x * y, x + y]), lambda g, _, __, y: g[0] * y + g[1],
                  lambda g, _, x, __: g[0] * x + g[1], name="of two")  # fmt: skip
    assert autograd.gradcheck(lambda x, y: np.multiply(*of_two(x, y)), np.ones(2), 2 * np.ones(2))


@pytest.mark.parametrize("arity", [1, 2])
def test_forward_that_returns_no_array_names_what_it_returned(arity: int) -> None:
    for wrong, what in ((None, "nothing"), ("a", "a str"), ({}, "a dict")):
        vjps = [lambda g, *_: g] * arity
        op = rule(lambda *_, wrong=wrong: wrong, *vjps, name="mine")
        words = (
            f"mine: the forward function returned {what}; it must return an array, or a tuple of"
        )
        with pytest.raises(TypeError, match=words):
            op(*[leaf(3)] * arity)
        with pytest.raises(TypeError, match=words):
            op.apply(*[leaf(3)] * arity)
    number = rule(lambda x: float(np.sum(x)), lambda g, _, x: g * np.ones_like(x), name="total")
    assert autograd.gradcheck(number, np.ones(3))


def test_forward_without_its_residual_is_refused() -> None:
    op = rule(lambda x: x * 1.0, lambda g, *_, rest=None: g, residual="rest", name="mine")
    words = (
        r"mine: with residual='rest' the forward function must return \(out, rest\), got a ndarra"
    )
    with pytest.raises(TypeError, match=words):
        op(leaf(2))


def test_joint_rule_that_returns_no_tuple_is_an_error() -> None:
    for wrong, what in ((lambda g: None, "nothing"), (lambda g: g, "a ndarray")):
        op = rule(lambda x, y: x * y, joint=lambda g, *_, w=wrong: w(g), name="mine")
        words = (
            f"the joint rule of mine returned {what}; it must return a tuple with the gradient of"
        )
        with pytest.raises(GraphError, match=words):
            op(leaf(2), leaf(2)).backward(np.ones(2))


def test_power_with_a_modulus_raises_as_numpy_does() -> None:
    for x in (leaf(3), np.ones(3)):
        with pytest.raises(TypeError, match=r"unsupported operand type\(s\) for \*\* or pow\(\)"):
            pow(x, 2, 3)
    x = leaf(3)
    np.testing.assert_array_equal(pow(x, 2).data, x.data**2)
    np.testing.assert_array_equal(pow(2, x).data, 2**x.data)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: autograd.fixed_norm(x, None, None), "fixed_norm: mean is None; pass an array"),
        (lambda x: autograd.fixed_norm(x, None, None, np.ones(2)), "fixed_norm: var is None; pass"),
        (lambda x: autograd.batch_norm(None, x, None), "batch_norm: x is None; pass an array"),
        (lambda x: autograd.layer_norm(None, (3,)), "layer_norm: x is None; pass an array"),
        (lambda x: autograd.layer_norm(x, None), "layer_norm: normalized_shape is None; pass"),
        (lambda x: autograd.group_norm(None, 2), "group_norm: x is None; pass an array"),
        (lambda x: autograd.linear(x, None), "linear: weight is None; pass an array"),
        (lambda x: autograd.linear(None, x), "linear: x is None; pass an array"),
        (lambda x: autograd.conv(x, None), "conv: weight is None; pass an array"),
        (lambda x: autograd.conv(None, x), "conv: x is None; pass an array"),
        (lambda x: autograd.conv_transpose(x, None), "conv_transpose: weight is None; pass an"),
        (lambda x: autograd.cross_entropy(x, None), "cross_entropy: labels is None; pass an array"),
        (lambda x: autograd.cross_entropy(None, [1]), "cross_entropy: logits is None; pass an"),
        (lambda x: autograd.max_pool(None, (2,)), "max_pool: x is None; pass an array"),
        (lambda x: autograd.embedding(None, [1]), "embedding: weight is None; pass an array"),
        (lambda x: autograd.embedding(x, None), "embedding: indices is None; pass an array"),
        (lambda x: np.linalg.solve(x[:, :2], None), "solve: b is None; pass an array"),
        (lambda x: x @ None, "matmul: x2 is None; pass an array"),
        (lambda x: x + None, "add: x2 is None; pass an array"),
    ],
)  # fmt: skip
def test_argument_that_is_none_is_named(call: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        call(leaf(2, 3))


def test_rule_made_anew_is_not_left_to_the_cycle_collector() -> None:
    def use() -> None:
        x = leaf(3)
        for op in (
            rule(lambda x: x**2, lambda g, _, x: 2 * g * x),
            rule(lambda x, y: x * y, lambda g, _, x, y: g * y, lambda g, _, x, y: g * x),
            rule(lambda x, i: x[i], lambda g, _, x, i: g + 0 * x, None),
            rule(lambda *xs: xs[0] * 2, joint=lambda g, _, *xs: [2 * g] + [None] * (len(xs) - 1)),
        ):
            args = (x, x)[: op.arity or 2] if None not in op.vjps else (x, np.arange(3))
            y = op(*args)
            np.testing.assert_array_equal(op.apply(*args).data, y.data)
            y.sum().backward()

    use()
    gc.collect()
    gc.disable()
    try:
        use()
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_op_has_no_other_attributes() -> None:
    with pytest.raises(AttributeError, match="'Op' object has no attribute 'aply'"):
        rule(lambda x: x, lambda g, *_: g).aply  # noqa: B018
