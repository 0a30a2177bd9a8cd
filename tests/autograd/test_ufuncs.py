"""Keyword arguments and methods of ufuncs, against NumPy and against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    NotDifferentiableError,
    Tensor,
    grad,
    gradcheck,
    gradients,
    no_grad,
)
from autograd.registry import REGISTRY
from tests.autograd.test_masked import differences

UFUNCS = [f for f in REGISTRY if isinstance(f, np.ufunc) and f.signature is None]
BINARY = sorted(
    {f for f in UFUNCS if (f.nin, f.nout) == (2, 1)} - {np.ldexp},  # which takes integers
    key=lambda f: f.__name__,
)
by_ufunc = pytest.mark.parametrize("ufunc", BINARY, ids=lambda f: f.__name__)

#: NumPy 2.4 forgets operands of these on its fast path: np.power.reduce([2.0, 3.0, 2.0])
#: is 4, and not 64.
FORGETFUL = (np.power, np.arctan2)
INDICES = [2, 0, 2, 3, 2]


def numbers(*shape: int) -> Any:
    return np.random.default_rng(sum(shape)).uniform(0.6, 1.6, shape)


def at(ufunc: np.ufunc) -> Callable[..., Any]:
    def changed(x: Any, v: Any) -> Any:
        x = x.copy()
        ufunc.at(x, INDICES, v)
        return x

    return changed


METHODS: dict[str, Callable[[np.ufunc], Callable[..., Any]]] = {
    "reduce": lambda f: lambda x: f.reduce(x),
    "reduce, axis": lambda f: lambda x: f.reduce(x, axis=-1, keepdims=True),
    "reduce, initial": lambda f: lambda x, v: f.reduce(x, 1, initial=v[0, 0]),
    "reduce, where": lambda f: lambda x, v: f.reduce(x, initial=v[0, 0], where=[True, False, True]),
    "reduce one": lambda f: lambda x: f.reduce(x[:1], 0),
    "accumulate": lambda f: lambda x: f.accumulate(x),
    "accumulate, axis": lambda f: lambda x: f.accumulate(x, axis=-1),
    "reduceat": lambda f: lambda x: f.reduceat(x, [0, 2, 1, 3]),
    "reduceat, axis": lambda f: lambda x: f.reduceat(x, [1, 0], axis=1),
    "outer": lambda f: lambda x, v: f.outer(v, x),
    "outer, dtype": lambda f: lambda x, v: f.outer(x, v, dtype=float, order="F"),
    "at": at,
    "call, dtype": lambda f: lambda x, v: f(x, v[0], dtype=np.float64, casting="safe"),
    "call, order": lambda f: lambda x, v: f(x, v[0], order="F", subok=False, where=True),
}


@by_ufunc
@pytest.mark.parametrize("method", METHODS)
def test_method_is_numpys_and_has_its_slope(ufunc: np.ufunc, method: str) -> None:
    if ufunc in FORGETFUL and method in ("reduce, axis", "reduce, initial", "reduceat, axis"):
        pytest.skip("NumPy's own result is wrong")
    call = METHODS[method](ufunc)
    arrays = [numbers(4, 3)]
    if call.__code__.co_argcount == 2:
        arrays.append(numbers(5, 3))
    expected = call(*arrays)
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    out = call(*leaves)
    assert isinstance(out, Tensor)
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_allclose(out.data, expected, rtol=1e-13)
    g = np.random.default_rng(3).normal(size=expected.shape)
    for i, found in enumerate(gradients(out, leaves, g)):
        slope = differences(
            lambda x, i=i: np.sum(g * call(*arrays[:i], x, *arrays[i + 1 :])), arrays[i]
        )
        if ufunc not in (np.floor_divide, np.remainder, np.fmod):  # which jump within the step
            np.testing.assert_allclose(found, slope, rtol=1e-6, atol=1e-8)
    assert gradcheck(call, *arrays)


@pytest.mark.parametrize("ufunc", [np.maximum, np.minimum])
def test_accumulated_extremum_gives_ties_to_the_first_and_keeps_nan(ufunc: np.ufunc) -> None:
    sign = 1 if ufunc is np.maximum else -1
    x = sign * np.array([1.0, 3.0, 3.0, 2.0, 4.0, 4.0])
    np.testing.assert_array_equal(
        grad(lambda t: np.sum(ufunc.accumulate(t) * np.arange(1.0, 7)))(x), [1, 9, 0, 0, 11, 0]
    )
    holed = np.array([1.0, np.nan, 5.0, np.nan])
    t = Tensor(holed, requires_grad=True)
    out = ufunc.accumulate(t)
    np.testing.assert_array_equal(out.data, ufunc.accumulate(holed))
    np.testing.assert_array_equal(gradients(out, t, np.ones(4)), [1, 3, 0, 0])


def test_reduce_of_logaddexp_is_stable() -> None:
    x = np.array([1000.0, 1000.0, -np.inf])
    t = Tensor(x, requires_grad=True)
    out = np.logaddexp.reduce(t)
    assert out.item() == np.logaddexp.reduce(x)
    np.testing.assert_allclose(gradients(out, t), [0.5, 0.5, 0])
    assert np.logaddexp.reduce(t[:0]).item() == -np.inf
    assert np.hypot.reduce(t[:0]).item() == 0


def test_long_reductions_and_accumulations_make_few_nodes() -> None:
    t = Tensor(np.linspace(0, 1, 1000), requires_grad=True)
    for out in (np.logaddexp.reduce(t), np.logaddexp.accumulate(t)):
        seen, todo = set(), [out.node]
        while todo:
            node = todo.pop()
            if node is not None and node not in seen:
                seen.add(node)
                todo.extend(node.parents)
        assert len(seen) < 100


def test_reduce_without_an_identity_raises_as_numpy_does() -> None:
    t = Tensor(numbers(2, 3), requires_grad=True)
    for call, words in (
        (
            lambda: np.subtract.reduce(t, axis=(0, 1)),
            "must meet in order, so it takes a single axis",
        ),
        (lambda: np.subtract.reduce(t[:0]), "nothing to reduce along axis=0 of shape"),
        (lambda: np.fmax.reduce(t[:0]), "nothing to reduce"),
        (lambda: np.logaddexp.reduce(t[:0], initial=None), "nothing to reduce"),
        (lambda: np.subtract.reduce(t, where=t.data > 1), "where= needs initial="),
        (lambda: np.add.reduce(t, axis=5), "axis 5 is out of"),
        (lambda: np.divide.reduce(t, axis=5), "axis 5 is out of"),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    with pytest.raises(IndexError, match="indices must be a list of numbers from 0 to 1"):
        np.add.reduceat(t, [0, 2])
    with pytest.raises(IndexError, match="got 1"):
        np.add.reduceat(t, 1)
    with pytest.raises(TypeError, match="takes an array with axes, got a scalar"):
        np.add.accumulate(t[0, 0])
    assert np.multiply.reduceat(t, []).shape == (0, 3)
    assert np.subtract.reduce(t[0, 0], axis=0).item() == t.data[0, 0]
    assert np.subtract.accumulate(t[:0]).shape == (0, 3)


# -- keyword arguments --------------------------------------------------------------------------


def test_where_of_a_call_is_refused_with_the_line_to_write() -> None:
    t, mask = Tensor(numbers(3), requires_grad=True), np.array([True, False, True])
    for call, words in (
        (lambda: np.add(t, 1, where=mask), r"add: where= leaves .* np\.where\(mask, np\.add\("),
        (lambda: np.exp(t, where=mask), r"exp: where= leaves"),
        (lambda: np.multiply.outer(t, t, where=mask), "multiply: where= leaves"),
    ):
        with pytest.raises(NotDifferentiableError, match=words):
            call()
    assert np.exp(t, where=True).requires_grad


def test_out_is_refused_also_by_position() -> None:
    t, a = Tensor(numbers(3), requires_grad=True), np.zeros(3)
    for call in (
        lambda: np.exp(t, a),
        lambda: np.add(t, 1, a),
        lambda: np.add.reduce(t, 0, None, a[:1]),
        lambda: np.add.accumulate(t, out=a),
    ):
        with pytest.raises(NotDifferentiableError, match="writing a tensor's value into an array"):
            call()
    assert not a.any()


def test_dtype_of_a_call_chooses_the_dtype_that_numpy_computes_in() -> None:
    x, y = np.array([1.0, 1e-9]), np.array([1.0, 1.0])
    t, u = Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)
    for options in (
        {"dtype": np.float32}, {"dtype": "f4", "casting": "unsafe"}, {"signature": "ff->f"},
        {"sig": (None, None, np.float32)}, {"dtype": complex}, {"dtype": None},
    ):  # fmt: skip
        out, expected = np.add(t, u, **options), np.add(x, y, **options)
        assert out.dtype == expected.dtype
        np.testing.assert_array_equal(out.data, expected)
        assert gradients(out, t, np.ones(2)).dtype == np.float64
        assert np.add(t, 1, **options).dtype == np.add(x, 1, **options).dtype
    n = Tensor(np.array([1, 2], np.int8))
    assert np.true_divide(n, 2, dtype=np.float32).dtype == np.float32
    for options in (
        {"dtype": int},
        {"dtype": "f4", "casting": "no"},
        {"casting": "no", "sig": "ff->f"},
    ):
        with pytest.raises(TypeError, match="Cannot cast ufunc 'add' input 0"):
            np.add(t, u, **options)


def test_axes_of_generalised_ufuncs() -> None:
    x, y, v = numbers(2, 3, 4), numbers(4, 3, 2), numbers(3)
    for call, arrays in (
        (lambda x, y: np.matmul(x, y, axes=[(1, 2), (0, 1), (0, 2)]), (x[..., :3], y[:3])),
        (lambda x, y: np.matmul(x, y, axes=[(0, 1), (-1, 0), (1, 0)]), (x[..., 0], x[:, :, 1])),
        (lambda x, y: np.matmul(x, y, casting="no"), (x[0], y[..., 0])),
        (lambda x, y: np.vecdot(x, y, axes=[1, 0]), (x, v)),
        (lambda x, y: np.vecdot(x, y, axes=[(1,), (0,), ()]), (x, v)),
        (lambda x, y: np.vecdot(x, y, axis=0), (x, x + 1)),
        (lambda x, y: np.vecdot(x, y, axis=1, keepdims=True), (x, x + 1)),
        (lambda x, y: np.vecdot(x, y, keepdims=True), (x, x + 1)),
    ):
        expected = call(*arrays)
        out = call(*map(Tensor, arrays))
        np.testing.assert_allclose(out.data, expected)
        assert gradcheck(call, *arrays)
    if hasattr(np, "matvec"):  # since NumPy 2.2
        assert gradcheck(lambda a, b: np.matvec(a, b, axes=[(1, 0), 0, 0]), x[..., 0], v[:2])
        assert gradcheck(lambda a, b: np.vecmat(a, b, axes=[0, (0, 1), -1]), v[:2], x[..., 0])


# -- in place -----------------------------------------------------------------------------------


def test_at_changes_a_tensor_as_assignment_does() -> None:
    x, v = np.arange(4.0), np.array([10.0, 20.0, 30.0])

    def f(x: Any, v: Any) -> Any:
        y = x * 2
        np.add.at(y, [0, 3, 0], v)
        np.multiply.at(y, (np.array([1, 1]),), 3)
        np.negative.at(y, slice(2, 4))
        np.maximum.at(y, [True, False, False, True], 1.0)
        return y * y

    np.testing.assert_allclose(f(Tensor(x), Tensor(v)).data, f(x, v))
    assert gradcheck(f, x, v)


@pytest.mark.parametrize("requires_grad", [False, True])
def test_at_of_constants_writes_into_the_tensor(requires_grad: bool) -> None:
    t = Tensor(np.zeros(3), requires_grad=requires_grad)
    with no_grad():
        np.add.at(t, [0, 0, 2], 1.0)
        np.power.at(t, 0, 3)
    np.testing.assert_array_equal(t.data, [8, 0, 1])
    assert t.requires_grad is requires_grad
    a = np.zeros(3)
    np.add.at(a, Tensor([1]).data, Tensor([2.0]))
    np.testing.assert_array_equal(a, [0, 2, 0])


def test_at_where_nothing_can_be_recorded_raises() -> None:
    t = Tensor(np.ones(3), requires_grad=True)
    for call, error, words in (
        (lambda: np.add.at(np.zeros(3), [0], t[:1]), NotDifferentiableError,
         r"numpy\.add\.at\(t, .*t is a plain array.*t = autograd\.Tensor\(t\)"),
        (lambda: np.add.at(t, [0], 1.0), GraphError, r"would change a leaf.*t = t\.copy\(\)"),
        (lambda: np.add.at(Tensor([1, 2]), [0], t[:1]), DTypeError, "float64 values do not fit"),
        (lambda: np.multiply.at(Tensor([1, 2]), [0], t[:1]), DTypeError, "float64 values"),
        (lambda: np.add.at(t * 1, [7], 1.0), IndexError, "out of bounds"),
    ):  # fmt: skip
        with pytest.raises(error, match=words):
            call()


# -- ufuncs of others ---------------------------------------------------------------------------


def test_ufunc_of_another_package_is_named_by_its_package() -> None:
    special = pytest.importorskip("scipy.special")
    t = Tensor(numbers(3), requires_grad=True)
    for call, words in (
        (lambda: special.gammaln(t), r"^scipy\.special\.gammaln has no gradient rule; .* teach it: "
         r"autograd\.rule\(scipy\.special\.gammaln, lambda g, out, x: g \* slope\(x\)\)"),
        (lambda: special.beta(t, 2.0), r"lambda g, out, x, y: g \* slope_x\(x, y\), lambda"),
        (lambda: special.betainc(t, t, 0.5), r"g \* slope_x3\(x1, x2, x3\)"),
        (lambda: special.beta.reduce(t), r"^scipy\.special\.beta\.reduce has .*special\.beta, lam"),
    ):  # fmt: skip
        with pytest.raises(NotDifferentiableError, match=words):
            call()


def test_ufunc_of_a_python_function_says_to_call_the_function() -> None:
    t = Tensor(numbers(3), requires_grad=True)
    with pytest.raises(NotDifferentiableError, match="apply the Python function itself"):
        np.frompyfunc(lambda x: 2 * x, 1, 1)(t)


def test_function_of_another_package_that_uses_the_protocol_is_named() -> None:
    t = Tensor(numbers(3), requires_grad=True)

    def smooth(x: Any) -> Any:
        return x.__array_function__(smooth, (type(x),), (x,), {})

    smooth.__module__ = "their.package"
    with pytest.raises(
        NotDifferentiableError, match=r"their\.package\.smooth has no gradient rule"
    ):
        smooth(t)
