"""The contract with `np.ndarray`: each of its names is on a Tensor, or refused with a remedy.

Each is called as NumPy's own signature allows, on arrays and on Tensors: the values must be equal,
the gradients those of central differences.
"""

from __future__ import annotations

import operator
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograd import (
    DTypeError,
    GraphError,
    NotDifferentiableError,
    ShapeError,
    Tensor,
    grad,
    gradcheck,
    no_grad,
    why,
)
from autograd.missing import ATTRIBUTES

Call = Callable[[Any], Any]

WIDE = np.array([[1.5, -0.7, 2.2], [0.4, -1.9, 0.9]])
SQUARE = np.array([[1.5, -0.7, 2.2], [0.4, -1.9, 0.9], [3.1, 0.2, -0.5]])
CUBE = np.linspace(-1.9, 2.1, 12).reshape(2, 3, 2) ** 3
NUMBER = np.array(1.3)
ROW = np.array([0.3, 1.2, -2.4, 0.8])
COMPLEX = WIDE + 1j * WIDE[::-1]

# fmt: off
#: Ways of calling what gradients pass through, with the arrays to call it on.
DIFFERENTIABLE: dict[str, list[tuple[Call, tuple[Any, ...]]]] = {
    "T":         [(lambda a: a.T, (WIDE, CUBE, NUMBER))],
    "mT":        [(lambda a: a.mT, (WIDE, CUBE))],
    "real":      [(lambda a: a.real, (WIDE, COMPLEX, NUMBER))],
    "imag":      [(lambda a: a.imag, (WIDE, COMPLEX))],
    "astype":    [(lambda a: a.astype(float), (WIDE,)),
                  (lambda a: a.astype("f8", "F", "safe", True, False), (WIDE,)),
                  (lambda a: a.astype(complex, order="C", casting="same_kind"), (WIDE,))],
    "choose":    [(lambda a: (a > 0).choose((a, a * 2)) if a is WIDE else
                   Tensor(WIDE > 0).choose((a, a * 2), None, "raise"), (WIDE,))],
    "clip":      [(lambda a: a.clip(-0.5, 1), (WIDE,)), (lambda a: a.clip(min=0), (WIDE,)),
                  (lambda a: a.clip(0.1, max=2), (WIDE,)), (lambda a: a.clip(None, 1), (ROW,)),
                  (lambda a: a.clip(-1, 1, None), (ROW, NUMBER))],
    "compress":  [(lambda a: a.compress([True, False], 0), (WIDE,)),
                  (lambda a: a.compress([0, 1, 1, 0, 1]), (WIDE,)),
                  (lambda a: a.compress(condition=[1, 1, 0], axis=-1, out=None), (WIDE,))],
    "conj":      [(lambda a: a.conj(), (WIDE, COMPLEX, NUMBER))],
    "conjugate": [(lambda a: a.conjugate(), (COMPLEX,))],
    "copy":      [(lambda a: a.copy(), (WIDE, NUMBER)), (lambda a: a.copy("F"), (WIDE,)),
                  (lambda a: a.copy(order="K"), (CUBE,))],
    "cumprod":   [(lambda a: a.cumprod(), (WIDE,)), (lambda a: a.cumprod(-1), (WIDE, CUBE)),
                  (lambda a: a.cumprod(axis=0, dtype=None, out=None), (WIDE,))],
    "cumsum":    [(lambda a: a.cumsum(), (WIDE, NUMBER)), (lambda a: a.cumsum(1), (WIDE, CUBE)),
                  (lambda a: a.cumsum(axis=-1, dtype=float), (WIDE,))],
    "diagonal":  [(lambda a: a.diagonal(), (WIDE, SQUARE, CUBE)),
                  (lambda a: a.diagonal(1, 1, 0), (WIDE, CUBE)),
                  (lambda a: a.diagonal(offset=-1, axis1=0, axis2=2), (CUBE,))],
    "dot":       [(lambda a: a.dot(a.T), (WIDE, SQUARE)), (lambda a: a.dot(2.0), (WIDE, NUMBER)),
                  (lambda a: a.dot(np.ones(3), None), (WIDE,))],
    "flatten":   [(lambda a: a.flatten(), (WIDE, CUBE, NUMBER)),
                  (lambda a: a.flatten("F"), (WIDE, CUBE)),
                  (lambda a: a.flatten(order="C"), (WIDE,))],
    "max":       [(lambda a: a.max(), (WIDE, NUMBER)), (lambda a: a.max(1), (WIDE,)),
                  (lambda a: a.max((0, 1), None, keepdims=True), (CUBE,))],
    "mean":      [(lambda a: a.mean(), (WIDE, COMPLEX)), (lambda a: a.mean(0, float), (WIDE,)),
                  (lambda a: a.mean(axis=-1, keepdims=True), (CUBE,))],
    "min":       [(lambda a: a.min(), (WIDE,)), (lambda a: a.min(axis=0, out=None), (WIDE,))],
    "prod":      [(lambda a: a.prod(), (WIDE,)), (lambda a: a.prod(1, None, None), (WIDE,))],
    "ravel":     [(lambda a: a.ravel(), (WIDE, NUMBER)), (lambda a: a.ravel("F"), (CUBE,)),
                  (lambda a: a.ravel(order="F"), (WIDE,))],
    "repeat":    [(lambda a: a.repeat(2), (WIDE, NUMBER)), (lambda a: a.repeat(3, 1), (WIDE,)),
                  (lambda a: a.repeat([2, 0, 1], axis=1), (WIDE,))],
    "reshape":   [(lambda a: a.reshape(3, 2), (WIDE,)), (lambda a: a.reshape((-1, 2)), (CUBE,)),
                  (lambda a: a.reshape(3, -1, order="F"), (WIDE,)),
                  (lambda a: a.reshape([6], order="C", copy=True), (WIDE,)),
                  (lambda a: a.reshape(6, copy=False), (WIDE,)),
                  (lambda a: a.reshape(1), (NUMBER,))],
    "round":     [(lambda a: a.round(), (WIDE * 1.03,)), (lambda a: a.round(1), (ROW * 1.03,)),
                  (lambda a: a.round(decimals=-1, out=None), (WIDE,))],
    "squeeze":   [(lambda a: a[None].squeeze(), (WIDE,)),
                  (lambda a: a[:, None].squeeze(1), (WIDE,)),
                  (lambda a: a[None, :, None].squeeze(axis=(0, 2)), (WIDE,))],
    "std":       [(lambda a: a.std(), (WIDE,)), (lambda a: a.std(1, None, None, 1), (WIDE,)),
                  (lambda a: a.std(axis=0, ddof=1, keepdims=True), (SQUARE,))],
    "sum":       [(lambda a: a.sum(), (WIDE, COMPLEX, NUMBER)), (lambda a: a.sum(0), (WIDE, CUBE)),
                  (lambda a: a.sum(-1, None, None, keepdims=True), (CUBE,))],
    "swapaxes":  [(lambda a: a.swapaxes(0, 1), (WIDE, CUBE)),
                  (lambda a: a.swapaxes(-1, 0), (CUBE,))],
    "take":      [(lambda a: a.take(3), (WIDE,)), (lambda a: a.take([0, 2, 2], 1), (WIDE, CUBE)),
                  (lambda a: a.take([[1, -1]], axis=0, out=None, mode="raise"), (WIDE,)),
                  (lambda a: a.take([7, -9], mode="wrap"), (WIDE,))],
    "trace":     [(lambda a: a.trace(), (WIDE, SQUARE, CUBE)),
                  (lambda a: a.trace(1, 0, 1), (SQUARE,)),
                  (lambda a: a.trace(offset=-1, axis1=1, axis2=0, dtype=None, out=None), (WIDE,))],
    "transpose": [(lambda a: a.transpose(), (WIDE, CUBE, NUMBER)),
                  (lambda a: a.transpose(None), (CUBE,)), (lambda a: a.transpose(2, 0, 1), (CUBE,)),
                  (lambda a: a.transpose((1, -1, 0)), (CUBE,)),
                  (lambda a: a.transpose([1, 0]), (WIDE,))],
    "var":       [(lambda a: a.var(), (WIDE, COMPLEX)),
                  (lambda a: a.var(0, None, None, 1), (SQUARE,)),
                  (lambda a: a.var(axis=1, ddof=1, keepdims=True), (WIDE,))],
    "flat":      [(lambda a: a.flat[4], (WIDE,)), (lambda a: a.flat[1:4], (WIDE,)),
                  (lambda a: sum(x * i for i, x in enumerate(a.flat)), (WIDE,))],
}

#: Ways of changing an array in place.
IN_PLACE: dict[str, list[tuple[Call, tuple[Any, ...]]]] = {
    "fill":      [(lambda a: a.fill(a.ravel()[1]), (WIDE,)),
                  (lambda a: a.fill(2.0), (WIDE, NUMBER))],
    "partition": [(lambda a: a.partition(1), (WIDE, CUBE[:, ::-1])),
                  (lambda a: a.partition((0, 1), axis=0, kind="introselect", order=None), (WIDE,))],
    "put":       [(lambda a: a.put([0, 4], a[1, :2] * 2), (WIDE,)),
                  (lambda a: a.put([-1, 7], 3.0, mode="clip"), (WIDE,))],
    "sort":      [(lambda a: a.sort(), (WIDE, CUBE[:, ::-1])),
                  (lambda a: a.sort(0), (WIDE, SQUARE)),
                  (lambda a: a.sort(axis=-1, kind=None, order=None, stable=True), (SQUARE,))],
    "flat":      [(lambda a: a.flat.__setitem__(4, a[0, 0] * 3), (WIDE,)),
                  (lambda a: a.flat.__setitem__([0, -1], [1.0, 2.0]), (WIDE,)),
                  (lambda a: setattr(a, "flat", [1.0, 2.0]), (WIDE,)),
                  (lambda a: a.flat.__setitem__(slice(1, None, 2), a[0, :2] * 1), (WIDE,))],
}

#: Ways of calling what gives plain arrays, numbers and bytes.
PLAIN: dict[str, list[Call]] = {
    "all":          [lambda a: a.all(), lambda a: (a > 0).all(1), lambda a: a.all(axis=0),
                     lambda a: a.all(keepdims=True)],
    "any":          [lambda a: a.any(), lambda a: a.any(axis=1, keepdims=True)],
    "argmax":       [lambda a: a.argmax(), lambda a: a.argmax(1), lambda a: a.argmax(axis=0)],
    "argmin":       [lambda a: a.argmin(), lambda a: a.argmin(-1, keepdims=True)],
    "argpartition": [lambda a: a.argpartition(1), lambda a: a.argpartition(0, axis=0)],
    "argsort":      [lambda a: a.argsort(), lambda a: a.argsort(0, "stable"),
                     lambda a: a.argsort(axis=-1, kind=None, order=None, stable=True)],
    "nonzero":      [lambda a: a.nonzero()],
    "searchsorted": [lambda a: a[1].searchsorted(0.5),
                     lambda a: a[1].searchsorted([0.1, 2], "right", [1, 0, 2])],
    "tolist":       [lambda a: a.tolist()],
    "tobytes":      [lambda a: a.tobytes(), lambda a: a.tobytes("F"),
                     lambda a: a.tobytes(order="A")],
    "item":         [lambda a: a[0, 0].item(), lambda a: a.item(4), lambda a: a.item(1, 2),
                     lambda a: a.item((0, 1))],
    "dumps":        [lambda a: pickle.loads(a.dumps())],
    "nbytes":       [lambda a: a.nbytes],
    "itemsize":     [lambda a: a.itemsize],
    "strides":      [lambda a: a.strides],
    "device":       [lambda a: a.device],
    "flags":        [lambda a: a.flags.c_contiguous, lambda a: a.T.flags["F"]],
    "shape":        [lambda a: a.shape],
    "size":         [lambda a: a.size],
    "ndim":         [lambda a: a.ndim],
    "dtype":        [lambda a: a.dtype],
}
# fmt: on

ELSEWHERE = {"data", "dump", "tofile"}  # tested below, and in test_tensor.py

#: Names of `np.ndarray` that a Tensor refuses: those of the memory itself.
REFUSED = {"base", "byteswap", "ctypes", "getfield", "resize", "setfield", "setflags", "to_device",
           "view"}  # fmt: skip

NAMES = [n for n in dir(np.ndarray) if not n.startswith("_") and hasattr(np.ones((1, 1)), n)]


def array_of(x: Any) -> Any:
    return x._array if isinstance(x, Tensor) else x


def rows(table: dict[str, Any]) -> list[Any]:
    return [
        pytest.param(call, x, id=f"{name}-{i}-{np.shape(x)}{'c' if np.iscomplexobj(x) else ''}")
        for name, calls in table.items()
        for i, (call, arrays) in enumerate(calls)
        for x in arrays
    ]


@pytest.mark.parametrize("name", NAMES)
def test_name_of_ndarray_is_here_or_refused_with_words(name: str) -> None:
    t = Tensor(SQUARE, requires_grad=True)
    is_tested = [name in table for table in (DIFFERENTIABLE | IN_PLACE, PLAIN, ELSEWHERE, REFUSED)]
    assert sum(is_tested) == 1, f"give ndarray.{name} a row in tests/autograd/test_methods.py"
    if name in REFUSED:
        assert not hasattr(t, name)
        with pytest.raises(AttributeError, match=f"no attribute '{name}'; ") as caught:
            getattr(t, name)
        assert str(caught.value).endswith(ATTRIBUTES[name])
    else:
        getattr(t, name)


@pytest.mark.parametrize(("call", "x"), rows(DIFFERENTIABLE))
def test_method_gives_what_numpys_gives_and_its_gradient(call: Call, x: Any) -> None:
    t = Tensor(x, requires_grad=True)
    out, expected = call(t), call(x)
    assert isinstance(out, Tensor)
    assert out.requires_grad
    assert (out.shape, out.dtype) == (expected.shape, expected.dtype)
    np.testing.assert_array_equal(out.data, expected)
    assert gradcheck(call, x)
    constant = call(Tensor(x))
    np.testing.assert_array_equal(array_of(constant), expected)
    assert not constant.requires_grad


@pytest.mark.parametrize(("call", "x"), rows(IN_PLACE))
def test_method_that_changes_an_array_changes_a_tensor(call: Call, x: Any) -> None:
    def changed(t: Any) -> Any:
        t = t * 1
        assert call(t) is None
        return t

    expected = np.array(x)
    call(expected)
    np.testing.assert_array_equal(changed(Tensor(x, requires_grad=True)).data, expected)
    assert gradcheck(lambda t: changed(t) ** 2 + t, x)
    for constant in (Tensor(x), Tensor(x, requires_grad=True)):
        array = constant.data
        with no_grad():
            call(constant)
        assert constant.data is array
        np.testing.assert_array_equal(array, expected)
    with pytest.raises(GraphError, match="would change a leaf that requires a gradient"):
        call(Tensor(x, requires_grad=True))


@pytest.mark.parametrize(
    "call", [pytest.param(c, id=f"{n}-{i}") for n, cs in PLAIN.items() for i, c in enumerate(cs)]
)
def test_method_without_a_gradient_gives_what_numpys_gives(call: Call) -> None:
    expected = call(WIDE)
    for t in (Tensor(WIDE), Tensor(WIDE, requires_grad=True), Tensor(WIDE, requires_grad=True) * 1):
        out = call(t)
        assert type(out) is type(expected)
        np.testing.assert_equal(out, expected)


def test_method_of_integers_gives_what_numpys_gives() -> None:
    a = np.array([[3, 1], [2, 2]])
    t = Tensor(a)
    for call in (
        lambda a: a.cumsum(0), lambda a: a.swapaxes(0, 1), lambda a: a.repeat(2),
        lambda a: a.copy(),
        lambda a: a.round(), lambda a: a.real, lambda a: a.conj(), lambda a: a.trace(),
        lambda a: a.flatten(), lambda a: a.choose([a, a, a, a]), lambda a: a.take([0]),
    ):  # fmt: skip
        np.testing.assert_array_equal(array_of(call(t)), call(a))
    t.sort()
    assert t.tolist() == [[1, 3], [2, 2]]


def test_method_with_out_is_refused_with_the_remedy() -> None:
    t, out = Tensor(SQUARE, requires_grad=True), np.zeros(3)
    words = r"out= \(an array of shape \(3,\)\) has no graph .*; leave it out and use what"
    for call in (
        lambda: t.sum(0, out=out), lambda: t.cumsum(0, None, out), lambda: t.max(0, out),
        lambda: t.take([0], 0, out), lambda: t.clip(0, 1, out), lambda: t.compress([1], 0, out),
        lambda: t.trace(out=out), lambda: t.mean(0, None, out), lambda: t.round(1, out),
        lambda: t.dot(t, out),
    ):  # fmt: skip
        with pytest.raises(NotDifferentiableError, match=words):
            call()
    np.testing.assert_array_equal(t.argmax(0, np.zeros(3, int)), SQUARE.argmax(0))


def test_flatten_and_reshape_with_copy_share_no_memory() -> None:
    c = Tensor(np.arange(4.0))
    for copied in (c.flatten(), c.reshape(4, copy=True), c.copy()):
        copied[0] = 9.0
    assert c[0] == 0
    with pytest.raises(ValueError, match="copy"):
        Tensor(WIDE).T.reshape(6, copy=False)


def test_sort_of_a_list_of_names_is_not_ours() -> None:
    t = Tensor(WIDE, requires_grad=True) * 1
    with pytest.raises(TypeError, match=r"sort got an unexpected keyword argument 'dim'.* axis="):
        t.sort(dim=0)
    with pytest.raises(ShapeError, match=r"sort\(\) in place: the result has shape \(6,\)"):
        t.sort(None)


def test_fill_takes_one_number() -> None:
    with pytest.raises(ShapeError, match=r"fill\(\) takes one number, got shape \(2,\); write t\["):
        Tensor(WIDE).fill([1.0, 2.0])


def test_files_of_a_tensor_are_those_of_its_array(tmp_path: Path) -> None:
    t = Tensor(WIDE, requires_grad=True)
    t.tofile(tmp_path / "numbers")
    np.testing.assert_array_equal(np.fromfile(tmp_path / "numbers"), WIDE.ravel())
    t.dump(tmp_path / "pickle")
    np.testing.assert_array_equal(pickle.loads((tmp_path / "pickle").read_bytes()), WIDE)


def test_tolist_is_seen_as_the_way_out_of_the_graph() -> None:
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = Tensor([1.0], requires_grad=True)
    told = str(why(x, lambda: (y * x.tolist()[0]).sum()))
    assert "tolist()" in told


@pytest.mark.parametrize("value", [1.5, np.array([[9.0]]), -0.7])
def test_in_looks_for_an_element(value: Any) -> None:
    assert (value in Tensor(WIDE, requires_grad=True)) is bool(value in WIDE)


def test_operators_of_bits_give_plain_arrays() -> None:
    mask, bits = np.array([True, False, True]), np.array([1, 2, 3])
    for call in (
        lambda m, b: ~m, lambda m, b: m & True, lambda m, b: True & m, lambda m, b: m | m,
        lambda m, b: m ^ mask, lambda m, b: mask ^ m, lambda m, b: b << 1, lambda m, b: 1 << b,
        lambda m, b: b >> 1, lambda m, b: 8 >> b, lambda m, b: [1, 1, 1] | b, lambda m, b: ~b,
    ):  # fmt: skip
        out, expected = call(Tensor(mask), Tensor(bits)), call(mask, bits)
        assert type(out) is np.ndarray
        assert out.dtype == expected.dtype
        np.testing.assert_array_equal(out, expected)
    with pytest.raises(TypeError, match="not supported for the input types"):
        Tensor(WIDE) & 1


@pytest.mark.parametrize(
    "change", [operator.iand, operator.ior, operator.ixor, operator.ilshift, operator.irshift]
)
def test_operator_of_bits_in_place_changes_the_tensor(change: Any) -> None:
    bits = Tensor([1, 2, 3])
    assert change(bits, 1) is bits
    np.testing.assert_array_equal(bits.data, change(np.array([1, 2, 3]), 1))
    with pytest.raises(TypeError, match="not supported for the input types"):
        change(bits, Tensor(1.0, requires_grad=True))


def test_number_is_a_python_number() -> None:
    assert complex(Tensor(1 + 2j)) == 1 + 2j
    with pytest.raises(GraphError, match="out of its graph"):
        complex(Tensor(1j, requires_grad=True))


def test_matmul_in_place_is_recorded() -> None:
    def f(t: Any) -> Any:
        y = same = t * 1.0
        y @= t.T
        assert y is same
        return y

    np.testing.assert_array_equal(f(Tensor(SQUARE)).data, SQUARE @ SQUARE.T)
    assert gradcheck(f, SQUARE)


# -- conversion ---------------------------------------------------------------------------------


def test_astype_without_a_copy_returns_the_tensor_itself() -> None:
    t = Tensor(WIDE, requires_grad=True)
    assert t.astype(float, copy=False) is t
    assert t.astype(np.float32, copy=False).dtype == np.float32
    assert np.astype(t, float, copy=False) is t
    assert t.astype(float) is not t
    assert t.astype(float, order="F").data.flags.f_contiguous
    with pytest.raises(TypeError, match="according to the rule 'safe'"):
        t.astype(np.float32, casting="safe")
    with pytest.raises(TypeError, match="according to the rule 'same_kind'"):
        t.astype(int, casting="same_kind")


@pytest.mark.parametrize("dtype", [str, "S8", "M8[s]", "f4, i4"])
def test_astype_to_what_is_no_number_raises(dtype: Any) -> None:
    with pytest.raises(DTypeError, match=r"a tensor holds numbers; write t\.data\.astype\("):
        Tensor([1.0]).astype(dtype)


@pytest.mark.parametrize(
    "use",
    [
        np.sum, np.prod, np.max, lambda o: o @ o, lambda o: np.sum(np.exp(o)),
        lambda o: (o * 2 + o**2).sum(), lambda o: np.dot(o, [1, 2, 3]),
        lambda o: sum(o) * o[0], lambda o: np.cumsum(o)[1], lambda o: np.sort(o)[0],
        lambda o: np.stack(list(o)).std(),
    ],
)  # fmt: skip
def test_array_of_objects_keeps_the_graph(use: Call) -> None:
    x = np.array([0.5, 2.0, -1.5])
    assert gradcheck(lambda t: use(t.astype(object)), x)
    as_objects = grad(lambda t: use(t.astype(object)))(x)
    plain: Any = {np.max: np.max}.get(use, use)
    np.testing.assert_allclose(as_objects, grad(lambda t: plain(t))(x))


def test_array_of_objects_has_the_shape_of_the_tensor() -> None:
    for x in (WIDE, NUMBER, np.zeros((0, 2))):
        o = Tensor(x, requires_grad=True).astype(object)
        assert type(o) is np.ndarray
        assert o.dtype == object
        assert o.shape == x.shape
        assert all(isinstance(e, Tensor) and e.shape == () for e in o.ravel())


def test_array_of_objects_in_functions_without_a_rule_raises() -> None:
    o = Tensor([0.5, 2.0], requires_grad=True).astype(object)
    for call in (np.sin, np.arctan, np.floor, np.var, np.mean, np.isfinite, np.float64):
        with pytest.raises((TypeError, ValueError, GraphError)):
            call(o)


# -- attributes that are read only --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("shape", r"t = t\.reshape\(shape\)"), ("dtype", r"t = t\.astype\(dtype\)"),
        ("strides", r"t = t\.transpose\(axes\)"), ("real", r"t\[\.\.\.\] = value \+ 1j \* t\.imag"),
        ("imag", r"t\[\.\.\.\] = t\.real \+ 1j \* value"),
    ],
)  # fmt: skip
def test_assignment_to_an_attribute_is_refused_with_the_remedy(name: str, remedy: str) -> None:
    t = Tensor(WIDE, requires_grad=True) * 1
    with pytest.raises(
        AttributeError, match=rf"t\.{name} = \.\.\. is not supported; write {remedy}"
    ):
        setattr(t, name, (3, 2))
    assert t.shape == (2, 3)
