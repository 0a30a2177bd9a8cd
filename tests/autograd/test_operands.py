"""Other people's arrays: the gradient of positions, or an error that says what to write.

Every check compares with the same program on plain NumPy arrays. pandas, xarray, dask and pint
are used where they are installed.
"""

from __future__ import annotations

import array
import importlib
import re
import tempfile
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import autograd
import autograd.numpy as anp
import nn
from autograd import GraphError, Tensor, grad, gradients
from autograd.errors import AutogradError
from autograd.node import ShapeDtype
from tests.autograd.test_rules import cotangent_for
from tests.cases import CASES, Case, each_row


def library(name: str) -> Any:
    """The module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


pd, xr, da, pint = map(library, ("pandas", "xarray", "dask.array", "pint"))
ABSENT = {
    name
    for name, found in (("pandas", pd), ("xarray", xr), ("dask", da), ("pint", pint))
    if found is None
}


def needs(library: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(library in ABSENT, reason=f"{library} is not installed")


X = np.array([1.5, -0.5, 2.0, 0.75])
Y = np.array([1.0, 0.5, 2.0, 5.0])
X2 = np.array([[0.5, -1.0, 2.0], [1.5, 0.25, -0.75], [1.0, 2.0, 3.0], [-0.5, 0.5, 1.25]])
Y2 = np.array([[1.0, 2.0, 0.5], [0.75, 1.25, 3.0], [2.0, 0.5, 1.5], [1.0, 0.5, 0.25]])


def series(values: Any) -> Any:
    """A Series in which no label is its own position."""
    return pd.Series(values, index=np.roll(np.arange(len(values)), 1))


def frame(values: Any) -> Any:
    rows, columns = (np.roll(np.arange(n), 1) for n in values.shape)
    return pd.DataFrame(values, index=rows, columns=columns)


def every_other(values: Any) -> Any:
    """Every second element masked."""
    return np.ma.masked_array(values, mask=np.arange(values.size).reshape(values.shape) % 2 == 1)


class Subclass(np.ndarray[Any, Any]):
    """An array whose elements are counted from the end: what a subclass may do."""

    def __getitem__(self, index: Any) -> Any:
        return np.asarray(self)[::-1][index]


def plain_parts(x: Any) -> Iterator[Any]:
    """The arrays in what a node keeps, also inside containers."""
    if isinstance(x, tuple | list):
        for part in x:
            yield from plain_parts(part)
    elif isinstance(x, dict):
        yield from plain_parts(list(x.values()))
    elif hasattr(x, "__array__") and not isinstance(x, np.generic | ShapeDtype):
        yield x


def assert_all_plain(out: Tensor) -> None:
    """Nothing that the graph of `out` keeps is anything but an array of NumPy's own type."""
    assert type(out.data) is np.ndarray
    nodes = [out.node] if out.node else []
    seen = set(nodes)
    for node in nodes:
        for kept in plain_parts([getattr(node, "saved", ()), getattr(node, "options", {})]):
            assert type(kept) is np.ndarray, f"{node} keeps a {type(kept).__name__}"
            assert kept.dtype.kind in "biufc"
        for parent in getattr(node, "parents", ()):
            if parent is not None and parent not in seen:
                seen.add(parent)
                nodes.append(parent)


def assert_as_with_arrays(function: Callable[..., Any], *given: Any, x: Any = X) -> None:
    """`function(tensor, *given)` has the value and the gradient that it has on NumPy arrays."""
    results = []
    for values in (given, [np.array(g) for g in given]):
        t = Tensor(x, requires_grad=True)
        out = function(t, *values)
        out = getattr(out, "variable", out)  # a DataArray may hold a Tensor
        out = out if isinstance(out, Tensor) else out.data
        assert isinstance(out, Tensor)
        assert out.requires_grad, "the graph was lost"
        assert_all_plain(out)
        out.backward(cotangent_for(out))
        results.append((out.data, t.grad))
        assert type(t.grad) is np.ndarray
    for found, expected in zip(*results, strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-13, atol=1e-14)


# -- every row, with every kind of array in every place -----------------------------------------


def pandas_of(values: Any) -> Any:
    return {1: series, 2: frame}.get(values.ndim, lambda _: None)(values)


def read_only(values: Any) -> Any:
    values.flags.writeable = False
    return values


def memory_mapped(values: Any) -> Any:
    if not values.size:
        return None  # there is no map of nothing
    with tempfile.TemporaryFile() as file:
        mapped = np.memmap(file, values.dtype, "w+", shape=values.shape)
    mapped[...] = values
    return mapped


#: How to make each kind from a NumPy array; None where there is none of that shape.
KINDS: dict[str, Callable[[Any], Any]] = {
    "pandas": pandas_of,
    "read-only": read_only,
    "byte-swapped": lambda a: a.astype(a.dtype.newbyteorder()),
    "memory-mapped": memory_mapped,
    "subclass": lambda a: a.view(Subclass),
    "matrix": lambda a: a.view(np.matrix) if a.ndim == 2 else None,
}
if pd is None:
    del KINDS["pandas"]

#: What is refused: the kind, the beginning of the row's label, the place, the error, and why.
REFUSED: list[tuple[str, str, int, type[Exception], str]] = [
    ("pandas", "matmul-(", 0, GraphError, "pandas answers to `df @ t`, and asks for t's numbers"),
    ("pandas", "pinv of lower", 0, GraphError, "the same, inside"),
    ("pandas", "lstsq of lower", 0, GraphError, "the same, inside"),
    ("pandas", "updated-pair", 0, AssertionError, "`df[1, 2] = t` makes a column of objects"),
]


def refusal(kind: str, label: str, place: int) -> Any:
    for refused, beginning, at, error, _ in REFUSED:
        if (refused, at) == (kind, place) and label.startswith(beginning):
            return error
    return None


def outcome(row: Case, arrays: list[Any], constant: int | None) -> list[Any]:
    """The value, the gradients, and the gradients of a number computed from them.

    The operand at the place `constant` goes in as it is; without one, all are made into leaves.
    """
    inputs = [x if i == constant else Tensor(x, requires_grad=True) for i, x in enumerate(arrays)]
    leaves = [x for x in inputs if isinstance(x, Tensor) and x.requires_grad]
    out = row.function(*inputs)
    assert isinstance(out, Tensor)
    assert_all_plain(out)
    if not out.requires_grad:
        return [out.data]
    found = gradients(out, leaves, cotangent_for(out), create_graph=True)
    for g in found:
        assert_all_plain(g)
    result = [out.data, *(g.data for g in found)]
    recorded = [g for g in found if g.requires_grad]
    if recorded:
        result += gradients(sum(np.sum(g * g) for g in recorded), leaves)
    return result


def assert_same_outcome(row: Case, kind: str, place: int, constant: bool) -> None:
    arrays = row.inputs()
    odd = KINDS[kind](arrays[place].copy())
    if odd is None:
        return
    at = place if constant else None
    try:
        expected: Any = outcome(row, arrays, at)
    except (AutogradError, TypeError, ValueError):  # this operand of the row cannot be constant
        with pytest.raises((AutogradError, TypeError, ValueError, AttributeError)):
            outcome(row, [*arrays[:place], odd, *arrays[place + 1 :]], at)
        return
    found = outcome(row, [*arrays[:place], odd, *arrays[place + 1 :]], at)
    for f, e in zip(found, expected, strict=True):
        f, e = (np.asarray(getattr(x, "data", x)) for x in (f, e))
        assert (f.shape, f.dtype.newbyteorder("=")) == (e.shape, e.dtype.newbyteorder("="))
        np.testing.assert_allclose(f, e, rtol=1e-12, atol=1e-13, err_msg=kind)


def places_and_kinds(row: Case) -> list[tuple[int, str]]:
    return [(place, kind) for place in range(len(row.inputs())) for kind in KINDS]


@each_row
def test_leaf_of_another_kind_of_array_is_as_of_an_array(row: Case) -> None:
    for place, kind in places_and_kinds(row):
        assert_same_outcome(row, kind, place, constant=False)


@pytest.mark.parametrize(
    "row",
    [c for c in CASES if len(c.inputs()) > 1],
    ids=[c.label for c in CASES if len(c.inputs()) > 1],
)
def test_operand_of_another_kind_is_as_an_array(row: Case) -> None:
    for place, kind in places_and_kinds(row):
        error = refusal(kind, row.label, place)
        if error is None or KINDS[kind](row.inputs()[place]) is None:
            assert_same_outcome(row, kind, place, constant=True)
        else:
            with pytest.raises(error):
                assert_same_outcome(row, kind, place, constant=True)


@each_row
def test_masked_operand_is_refused(row: Case) -> None:
    arrays = row.inputs()
    for place, values in enumerate(arrays):
        given = [*arrays[:place], every_other(values), *arrays[place + 1 :]]
        for constant in (None, place) if len(arrays) > 1 else (None,):
            with pytest.raises((AutogradError, TypeError, ValueError)):
                outcome(row, given, constant)


@each_row
def test_cotangent_of_another_kind_is_as_an_array(row: Case) -> None:
    leaves = [Tensor(x, requires_grad=True) for x in row.inputs()]
    out = row.function(*leaves)
    g = np.asarray(cotangent_for(out)).astype(out.dtype)
    expected = gradients(out, leaves, g, retain_graph=True)
    for kind in KINDS:
        odd = KINDS[kind](g.copy())
        if odd is None:
            continue
        found = gradients(out, leaves, odd, retain_graph=True)
        for f, e in zip(found, expected, strict=True):
            assert type(f) is type(e), kind
            np.testing.assert_allclose(f, e, rtol=1e-12, atol=1e-13, err_msg=kind)


# -- the rows of the list of faults -------------------------------------------------------------

MASKED_X = np.array([0.5, -1.0, 2.0, 3.0, -0.25])


def test_masked_array_on_the_left_is_refused_and_where_does_it() -> None:
    ma = np.ma.masked_array(MASKED_X, mask=[0, 1, 0, 0, 1])
    with pytest.raises(GraphError, match=r"np\.where\(mask, 0, t\).*filled\(0\)"):
        grad(lambda t: (ma * t).sum() + (t**2).sum())(MASKED_X)
    g = grad(lambda t: (ma.filled(0) * t).sum() + (t**2).sum())(MASKED_X)
    np.testing.assert_array_equal(g, [1.5, -2, 6, 9, -0.5])
    g = grad(lambda t: (ma.data * np.where(ma.mask, 0, t)).sum() + (t**2).sum())(MASKED_X)
    np.testing.assert_array_equal(g, [1.5, -2, 6, 9, -0.5])


MEETS_MASKED: dict[str, Callable[[Tensor, Any], Any]] = {
    "t * ma": lambda t, m: t * m,
    "ma * t": lambda t, m: m * t,
    "t - ma": lambda t, m: t - m,
    "ma - t": lambda t, m: m - t,
    "ma / t": lambda t, m: m / t,
    "ma ** t": lambda t, m: m**t,
    "ma @ t": lambda t, m: m @ t,
    "t @ ma": lambda t, m: t @ m,
    "ma > t": lambda t, m: m > t,
    "t > ma": lambda t, m: t > m,
    "ma == t": lambda t, m: m == t,
    "np.add": lambda t, m: np.add(m, t),
    "np.dot": lambda t, m: np.dot(m, t),
    "np.where": lambda t, m: np.where(m > 0, t, 0),
    "np.concatenate": lambda t, m: np.concatenate([m, t]),
    "np.stack": lambda t, m: np.stack([t, m]),
    "np.einsum": lambda t, m: np.einsum("i,i", t, m),
    "np.sum of a list": lambda t, m: np.sum([t, m]),
    "np.average": lambda t, m: np.average(t, weights=m),
    "np.clip": lambda t, m: np.clip(t, m, 9),
    "np.take": lambda t, m: np.take(t, m.astype(int) % 2),
    "t[ma]": lambda t, m: t[m > 0],
    "t[ma], integers": lambda t, m: t[np.ma.masked_array([0, 1], [True, False])],
    "t += ma": lambda t, m: _in_place(t, m),
    "t[:] = ma": lambda t, m: _assigned(t, slice(None), m),
    "t[ma] = 0": lambda t, m: _assigned(t, m > 0, 0.0),
    "Tensor(ma)": lambda t, m: Tensor(m),
    "t.data = ma": lambda t, m: setattr(Tensor(t.data), "data", m),
    "t.grad = ma": lambda t, m: setattr(t, "grad", m),
    "backward(ma)": lambda t, m: (t * 2).backward(m),
    "MSELoss": lambda t, m: nn.MSELoss()(t, m),
    "L1Loss": lambda t, m: nn.L1Loss()(t, m),
    "HuberLoss": lambda t, m: nn.HuberLoss()(t, m),
    "CrossEntropyLoss": lambda t, m: nn.CrossEntropyLoss()(t, np.ma.masked_array(1, True)),
    "NLLLoss": lambda t, m: nn.NLLLoss()(np.outer(t, X), np.ma.masked_array([0, 1, 2, 3], m > 1)),
    "CosineEmbeddingLoss": lambda t, m: nn.CosineEmbeddingLoss()(t, t, np.ma.masked_array(1, True)),
    "Embedding": lambda t, m: nn.Embedding(4, 2)(np.ma.masked_array([0, 1], [True, False])),
    "embedding": lambda t, m: autograd.ops.embedding(np.ma.masked_array([0, 1], [True, False]), t),
    "DataLoader": lambda t, m: nn.DataLoader(m, batch_size=2),
    "anp.array": lambda t, m: anp.array(m) * t,
    "anp.asarray of a list": lambda t, m: anp.asarray([m, m]) * t,
    "softmax": lambda t, m: autograd.ops.softmax(t * m),
    "grad": lambda t, m: grad(lambda u: (u * u).sum())(m),
    "vjp": lambda t, m: autograd.vjp(lambda u: u * u, t.data)[1](m),
}


def _in_place(t: Any, value: Any) -> Tensor:
    u = t * 1.0
    u += value
    return u


def _assigned(t: Any, index: Any, value: Any) -> Tensor:
    u = t * 1.0
    u[index] = value
    return u


@pytest.mark.parametrize("name", MEETS_MASKED)
def test_masked_array_is_refused_with_the_remedy(name: str) -> None:
    t = Tensor(X, requires_grad=True)
    with pytest.raises(AutogradError) as caught:
        MEETS_MASKED[name](t, every_other(Y))
    assert "masked" in str(caught.value) or name == "np.sum of a list"
    assert re.search(r"np\.where\(mask, 0, t\)|\.filled\(|np\.stack", str(caught.value))


#: Functions of `numpy.ma` that take the tensor's numbers out, or do not know it.
OF_NUMPY_MA: dict[str, Callable[[Tensor], Any]] = {
    "array": lambda t: np.ma.array(t, mask=[1, 0, 0, 0]),
    "masked_array": lambda t: np.ma.masked_array(t),
    "asarray": lambda t: np.ma.asarray(t),
    "masked_where": lambda t: np.ma.masked_where([True, False, True, True], t),
    "masked_invalid": lambda t: np.ma.masked_invalid(t),
    "masked_less": lambda t: np.ma.masked_less(t, 1.0),
    "add": lambda t: np.ma.add(t, 1.0),
    "multiply": lambda t: np.ma.multiply(Y, t),
    "exp": lambda t: np.ma.exp(t),
    "sqrt": lambda t: np.ma.sqrt(t),
    "sum": lambda t: np.ma.sum(t),
    "mean": lambda t: np.ma.mean(t),
    "median": lambda t: np.ma.median(t),
    "average": lambda t: np.ma.average(t, weights=Y),
    "dot": lambda t: np.ma.dot(t, Y),
    "where": lambda t: np.ma.where([True, False, True, True], t, 0.0),
    "concatenate": lambda t: np.ma.concatenate([t, t]),
    "filled": lambda t: np.ma.filled(t, 0.0),
    "getdata": lambda t: np.ma.getdata(t),
    "cumsum": lambda t: np.ma.cumsum(t),
    "power": lambda t: np.ma.power(t, 2),
    "var": lambda t: np.ma.var(t),
}


@pytest.mark.parametrize("name", OF_NUMPY_MA)
def test_function_of_numpy_ma_says_what_to_write_instead(name: str) -> None:
    t = Tensor(X, requires_grad=True)
    with pytest.raises(AutogradError, match=r"np\.where\(mask, 0, t\).*m\.filled\(0\)"):
        OF_NUMPY_MA[name](t)


@needs("pandas")
def test_series_counts_by_position() -> None:
    y = pd.Series([1, 0, 2, 5], index=[3, 1, 0, 2])
    x = np.array([1.0, 2.0, 3.0, 4.0])
    for product in (lambda t: t * y, lambda t: y * t, lambda t: np.multiply(y, t)):
        g = grad(lambda t, f=product: f(t)[0] * 1.0)(x)
        np.testing.assert_array_equal(g, [1, 0, 0, 0])
    g = grad(lambda t: ((t - y) ** 2).mean())(x)
    np.testing.assert_array_equal(g, [0, 1, 0.5, -0.5])
    g = grad(lambda t: ((y - t) ** 2).mean())(x)
    np.testing.assert_array_equal(g, [0, 1, 0.5, -0.5])


@needs("pandas")
def test_two_series_multiply_by_position_once_one_of_them_is_a_tensor() -> None:
    a = pd.Series([1.0, 2.0, 3.0], index=[0, 1, 2])
    b = pd.Series([10.0, 20.0, 30.0], index=[2, 1, 0])
    np.testing.assert_array_equal((Tensor(a) * b).data, [10, 40, 90])
    np.testing.assert_array_equal(grad(lambda t: (t * b).sum())(a), [10, 20, 30])
    np.testing.assert_array_equal(grad(lambda t: (b * t).sum())(a), [10, 20, 30])


# -- programs, with every kind of array ---------------------------------------------------------

#: Of a tensor of X's shape and what stands for Y: each has the value and gradient of arrays.
PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "t + y": lambda t, y: t + y,
    "t - y": lambda t, y: t - y,
    "t * y": lambda t, y: t * y,
    "t / y": lambda t, y: t / y,
    "t @ y": lambda t, y: t @ y,
    "t // y": lambda t, y: t // y,
    "y ** t": lambda t, y: y ** (t * t),
    "y - t": lambda t, y: y - t,
    "y * t": lambda t, y: y * t,
    "y / t": lambda t, y: y / t,
    "y @ t": lambda t, y: y @ t,
    "y % t": lambda t, y: y % t,
    "chained": lambda t, y: ((y - t) ** 2 * y).mean(),
    "np.add": lambda t, y: np.add(y, t),
    "np.maximum": lambda t, y: np.maximum(y, t),
    "np.arctan2": lambda t, y: np.arctan2(y, t),
    "np.dot": lambda t, y: np.dot(y, t),
    "np.outer": lambda t, y: np.outer(y, t),
    "np.add.outer": lambda t, y: np.add.outer(y, t),
    "np.einsum": lambda t, y: np.einsum("i,i->i", y, t),
    "np.tensordot": lambda t, y: np.tensordot(y, t, 1),
    "np.convolve": lambda t, y: np.convolve(y, t),
    "np.kron": lambda t, y: np.kron(y, t),
    "np.concatenate": lambda t, y: np.concatenate([y, t]),
    "np.stack": lambda t, y: np.stack([t, y]),
    "np.append": lambda t, y: np.append(y, t),
    "np.insert": lambda t, y: np.insert(t, 1, y),
    "np.clip": lambda t, y: np.clip(t, None, y),
    "np.where, condition": lambda t, y: np.where(y > 1, t, 0),
    "np.where, value": lambda t, y: np.where(t > 1, y, t),
    "np.select": lambda t, y: np.select([y > 1], [t], 0.5),
    "np.average, weights": lambda t, y: np.average(t, weights=y),
    "np.trapezoid, x": lambda t, y: np.trapezoid(t, x=y),
    "np.interp": lambda t, y: np.interp(t, np.arange(4.0), y),
    "np.polyval": lambda t, y: np.polyval(y, t),
    "np.bincount": lambda t, y: np.bincount((y - y + 1).astype(int), t),
    "t[y > 0.5]": lambda t, y: t[y > 0.5],
    "t[positions]": lambda t, y: t[(y > 1.0).astype(int)],
    "np.take": lambda t, y: np.take(t, (y > 1.0).astype(int)),
    "np.repeat": lambda t, y: np.repeat(t, (y > 1.0).astype(int)),
    "np.compress": lambda t, y: np.compress(y > 1.0, t),
    "t += y": _in_place,
    "t[:] = y": lambda t, y: _assigned(t, slice(None), y),
    "t[y > 1] = 0": lambda t, y: _assigned(t, y > 1, 0.0),
    "t[0:2] = y[0:2]": lambda t, y: _assigned(t, slice(0, 2), y[:2]),
    "t.dot": lambda t, y: t.dot(y),
    "comparison": lambda t, y: t * (t < y),
    "comparison, left": lambda t, y: t * np.less(y, t),
    "Tensor(y)": lambda t, y: Tensor(y) * t,
    "softmax": lambda t, y: autograd.ops.softmax(t * y),
    "sigmoid of y": lambda t, y: autograd.ops.sigmoid(y) * t,
    "MSELoss": lambda t, y: nn.MSELoss()(t, y),
    "L1Loss": lambda t, y: nn.L1Loss()(t, y),
    "HuberLoss": lambda t, y: nn.HuberLoss()(t, y),
    "BCEWithLogitsLoss": lambda t, y: nn.BCEWithLogitsLoss()(t, y > 1.0),
    "checkpoint": lambda t, y: autograd.checkpoint(lambda u: u * u * y)(t),
}

#: Other people's vectors of numbers: the library, and how to make one.
VECTORS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "Series": ("pandas", series),
    "Series of words": ("pandas", lambda a: pd.Series(a, index=list("wxyz"[: len(a)]))),
    "Series of Float64": ("pandas", lambda a: series(a).astype("Float64")),
    "Index": ("pandas", lambda a: pd.Index(a)),
    "pandas array": ("pandas", lambda a: pd.array(a)),
    "column": ("pandas", lambda a: pd.DataFrame({"a": a, "b": 0.0}, series(a).index)["a"]),
    "DataArray": ("xarray", lambda a: xr.DataArray(a, dims=["i"])),
    "labelled DataArray": ("xarray", lambda a: xr.DataArray(a, {"i": series(a).index}, ["i"])),
    "dask": ("dask", lambda a: da.from_array(a, chunks=2)),
    "memory map": ("", memory_mapped),
    "recarray": ("", lambda a: a.view(np.recarray)),
    "subclass": ("", lambda a: a.view(type("Plain", (np.ndarray,), {}))),
}

each_vector = pytest.mark.parametrize(
    "vector", [v for v, (library, _) in VECTORS.items() if library not in ABSENT]
)

#: Programs that raise instead, by kind of vector.
RAISES: dict[str, tuple[str, ...]] = {
    # pandas and xarray answer to `@` with what takes the tensor's numbers.
    **dict.fromkeys(("Series", "Series of words", "Series of Float64", "column"), ("y @ t",)),
    **dict.fromkeys(("DataArray", "labelled DataArray"), ("y @ t", "np.add.outer")),
    # An Index takes the numbers of what a ufunc gives it; with operators it lets tensors answer.
    "Index": ("np.add", "np.maximum", "np.arctan2"),
}


@each_vector
@pytest.mark.parametrize("program", PROGRAMS)
def test_program_on_another_vector_is_as_on_an_array(program: str, vector: str) -> None:
    given = VECTORS[vector][1](Y.copy())
    if program in RAISES.get(vector, ()):
        with pytest.raises((AutogradError, TypeError, NotImplementedError)):
            assert_as_with_arrays(PROGRAMS[program], given)
    else:
        assert_as_with_arrays(PROGRAMS[program], given)


LISTS: dict[str, Callable[[Any], Any]] = {
    "list": lambda a: a.tolist(),
    "tuple": lambda a: tuple(a.tolist()),
    "memoryview": memoryview,
    "array.array": lambda a: array.array("d", a),
}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "program",
    [
        *("t + y", "t - y", "t * y", "t @ y", "y - t", "y / t", "np.add", "np.dot", "np.stack"),
        *("t += y", "t[:] = y", "np.where, value", "np.clip", "Tensor(y)", "MSELoss", "t.dot"),
    ],
)
def test_program_on_a_sequence_is_as_on_an_array(program: str, name: str) -> None:
    assert_as_with_arrays(PROGRAMS[program], LISTS[name](Y.copy()))


@needs("pandas")
@pytest.mark.parametrize(
    "program",
    [
        lambda t, d: t @ d,
        lambda t, d: t[:, None] * d,
        lambda t, d: d - t[:, None],
        lambda t, d: (d * t[:, None]).sum(axis=0),
        lambda t, d: np.dot(t, d),
        lambda t, d: np.einsum("i,ij->j", t, d),
        lambda t, d: np.concatenate([t[:, None], d], axis=1),
        lambda t, d: np.where(d > 1, t[:, None], 0),
        lambda t, d: np.linalg.solve(
            d.T.to_numpy() @ d if hasattr(d, "to_numpy") else d.T @ d, t[:3]
        ),
        lambda t, d: nn.functional.linear(d, t[None, :3]),
        lambda t, d: nn.MSELoss()(np.outer(t, np.ones(3)), d),
        lambda t, d: nn.CrossEntropyLoss()(np.outer(t, np.arange(3.0)), d / d.sum().sum()),
    ],
)
def test_program_on_a_frame_is_as_on_an_array(program: Callable[..., Any]) -> None:
    assert_as_with_arrays(program, frame(Y2))


@needs("pandas")
def test_frame_at_a_tensor_says_how_to_write_it() -> None:
    w = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    for multiply in (lambda: frame(Y2) @ w, lambda: frame(Y2).dot(w)):
        with pytest.raises(GraphError, match=re.escape("df.to_numpy() @ t")):
            multiply()
    out = frame(Y2).to_numpy() @ w
    out.backward(np.ones(4))
    np.testing.assert_allclose(w.grad, Y2.sum(axis=0))


@needs("pandas")
def test_positions_may_be_a_series_or_an_index() -> None:
    t = Tensor(X, requires_grad=True)
    for positions in (series([3, 1, 1]), pd.Index([3, 1, 1]), pd.array([3, 1, 1])):
        for taken in (t[positions], np.take(t, positions), t[(positions,)], t[1:][positions - 1]):
            np.testing.assert_array_equal(taken.data, X[[3, 1, 1]])
            assert_all_plain(taken)
            (g,) = gradients(taken, [t], [1.0, 10.0, 100.0])
            np.testing.assert_array_equal(g, [0, 110, 0, 1])
    table = Tensor(Y2, requires_grad=True)
    for rows in (series([2, 0]), pd.Index([2, 0])):
        np.testing.assert_array_equal(autograd.ops.embedding(rows, table).data, Y2[[2, 0]])
        np.testing.assert_array_equal(nn.Embedding(4, 3)(rows).shape, (2, 3))


@needs("pandas")
def test_positions_are_kept_as_they_were_when_the_call_was_recorded() -> None:
    positions = series([3, 1])
    t = Tensor(X, requires_grad=True)
    out = t[positions]
    assert_all_plain(out)
    np.testing.assert_array_equal(gradients(out, [t], np.ones(2))[0], [0, 1, 0, 1])


@needs("pandas")
def test_tensor_holds_a_plain_array_whatever_it_is_given() -> None:
    for make in (series, pd.Index, pd.array, every_plain_subclass):
        for t in (Tensor(make(Y.copy())), Tensor(make(Y.copy()), requires_grad=True)):
            assert type(t.data) is np.ndarray
            t.data = make(X.copy())
            assert type(t.data) is np.ndarray
            np.testing.assert_array_equal(t.data, X)
        t.grad = make(Y.copy())
        assert type(t.grad) is np.ndarray
        np.testing.assert_array_equal(t.grad, Y)


def every_plain_subclass(values: Any) -> Any:
    return memory_mapped(values).view(np.recarray)


@needs("pandas")
def test_transforms_take_series_and_give_arrays() -> None:
    x, v = series(X), series(Y)
    f = lambda t: (t**3 * v).sum()
    plain = lambda t: (t**3 * Y).sum()
    for found, expected in (
        (grad(f)(x), grad(plain)(X)),
        (autograd.value_and_grad(f)(x)[1], grad(plain)(X)),
        (autograd.hessian(f)(x), autograd.hessian(plain)(X)),
        (autograd.hvp(f)(x, v), autograd.hvp(plain)(X, Y)),
        (autograd.jacobian(lambda t: t * v)(x), np.diag(Y)),
        (autograd.vjp(lambda t: t * t, x)[1](v)[0], 2 * X * Y),
        (autograd.elementwise_grad(lambda t: t * t * v)(x), 2 * X * Y),
    ):
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, expected, rtol=1e-13)


# -- layers, losses and data --------------------------------------------------------------------


@needs("pandas")
def test_layers_take_frames() -> None:
    generator = np.random.default_rng(1)
    model = nn.Sequential(nn.Linear(3, 2, generator=generator), nn.Tanh())
    results = []
    for x, y in ((frame(Y2), frame(X2[:, :2])), (Y2, X2[:, :2])):
        loss = nn.MSELoss()(model(x), y)
        assert_all_plain(loss)
        results.append(gradients(loss, list(model.parameters())))
    for found, expected in zip(*results, strict=True):
        np.testing.assert_array_equal(found, expected)


@needs("pandas")
@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(4, 2, generator=np.random.default_rng(1)),
        nn.LayerNorm(4),
        nn.GroupNorm(2, 4),
        nn.BatchNorm1d(4),
        nn.Dropout(0.0),
        nn.Sigmoid(),
        nn.GELU(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_layer_takes_a_frame_as_an_array(layer: Any) -> None:
    values = Y2.T.astype(np.float32)
    expected = layer(values)
    found = layer(frame(values))
    if isinstance(expected, Tensor):
        assert_all_plain(found)
    np.testing.assert_array_equal(
        getattr(found, "data", found), getattr(expected, "data", expected)
    )


@needs("pandas")
@pytest.mark.parametrize(
    ("loss", "target"),
    [
        (nn.CrossEntropyLoss(), np.array([2, 0, 1, 1])),
        (nn.NLLLoss(), np.array([2, 0, 1, 1])),
        (nn.CrossEntropyLoss(), Y2 / Y2.sum(axis=1, keepdims=True)),
        (nn.MSELoss(), Y2),
        (nn.L1Loss(), Y2),
        (nn.HuberLoss(), Y2),
        (nn.BCEWithLogitsLoss(), (Y2 > 1).astype(float)),
    ],
    ids=lambda value: type(value).__name__ if callable(value) else "target",
)
def test_targets_of_losses_may_be_labelled(loss: Any, target: Any) -> None:
    assert_as_with_arrays(loss, pandas_of(target), x=X2)


@needs("pandas")
def test_data_loader_serves_rows_of_frames() -> None:
    for x, y in nn.DataLoader(frame(Y2), series(X), batch_size=4, shuffle=False):
        np.testing.assert_array_equal(np.asarray(x), Y2)
        np.testing.assert_array_equal(np.asarray(y), X)


# -- libraries that hold a tensor, and units ----------------------------------------------------


def gradient_of_held(function: Callable[[Any], Any], x: Any = X) -> Any:
    """The gradient of the sum of a result, of which another library's array may hold the tensor."""
    t = Tensor(x, requires_grad=True)
    out = function(t)
    while not isinstance(out, Tensor):
        out = out.compute() if hasattr(out, "dask") else getattr(out, "magnitude", None) or out.data
    return gradients(out, [t], np.ones(out.shape))[0]


@needs("xarray")
def test_data_array_of_a_tensor_has_the_gradient_by_its_labels() -> None:
    held = lambda t: xr.DataArray(t, {"i": [3, 1, 0, 2]}, ["i"])
    other = xr.DataArray(Y, {"i": [0, 1, 2, 3]}, ["i"])
    np.testing.assert_array_equal(gradient_of_held(lambda t: held(t) * other), Y[[3, 1, 0, 2]])
    np.testing.assert_array_equal(gradient_of_held(lambda t: held(t).sel(i=[1, 2])), [0, 1, 0, 1])
    np.testing.assert_array_equal(
        gradient_of_held(lambda t: held(t).where(held(Y) > 1, 0.0)), [0, 0, 1, 1]
    )
    with pytest.raises(GraphError):
        held(Tensor(X, requires_grad=True)).values  # noqa: B018 - it computes


@needs("dask")
def test_dask_array_of_a_tensor_has_the_right_gradient() -> None:
    y = da.from_array(Y, chunks=2)
    np.testing.assert_array_equal(gradient_of_held(lambda t: t * y), Y)
    np.testing.assert_array_equal(gradient_of_held(lambda t: y * t), Y)
    np.testing.assert_array_equal(gradient_of_held(lambda t: da.from_array(t, chunks=2) * Y), Y)


@needs("pint")
def test_quantity_keeps_its_unit_or_is_refused() -> None:
    length = pint.UnitRegistry().Quantity(Y, "cm")
    t = Tensor(X, requires_grad=True)
    product = length * t
    assert str(product.units) == "centimeter"
    np.testing.assert_array_equal(gradients(product.magnitude, [t], np.ones(4))[0], Y)
    for meet in (
        lambda: t * length,
        lambda: np.stack([t, length]),
        lambda: Tensor(length),
        lambda: nn.MSELoss()(t, length),
        lambda: (t * 2).backward(length),
    ):
        with pytest.raises((AutogradError, pint.DimensionalityError)) as caught:
            meet()
        assert re.search(r"q\.magnitude|dimensionless", str(caught.value))
