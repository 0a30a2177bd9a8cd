"""One row per differentiable operation and way of calling it: what it is, and where it is smooth.

    case(np.exp, lambda x: np.exp(x), real(2, 3))

The function is written with NumPy calls and runs on arrays and on Tensors alike; the domains say
which random inputs to draw. `tests/autograd/test_rules.py` feeds the rows to its generic checks,
and fails if a registered operation has no row.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from autograd import (
    Tensor,
    adaptive_avg_pool,
    arrays,
    avg_pool,
    batch_norm,
    conv,
    conv_transpose,
    cross_entropy,
    elu,
    embedding,
    erf,
    fixed_norm,
    gelu,
    gelu_tanh,
    group_norm,
    layer_norm,
    leaky_relu,
    linear,
    log_softmax,
    logsumexp,
    max_pool,
    relu,
    sigmoid,
    silu,
    softmax,
    softplus,
)
from autograd.rules import (
    activations,
    convolution,
    decompositions,
    elementwise,
    indexing,
    linalg,
    normalization,
    pooling,
    products,
    shapes,
    special,
)
from autograd.rules.embedding import lookup
from tests import rows_arrays, rows_linalg

Array = np.ndarray[Any, Any]
Domain = Callable[[np.random.Generator], Array]


@dataclass(frozen=True)
class Case:
    """A row: the operation that the registry knows, a function that calls it, its inputs.

    Rows of the tables in the files `rows_*.py` have no operation (None): their labels begin with
    the name of the NumPy function.
    """

    op: Any
    label: str
    function: Callable[..., Any]
    draw: Callable[[np.random.Generator], list[Any]]
    reference: Callable[..., Any]  #: the same on arrays; NumPy's own function where there is one
    keeps_float32: bool

    def inputs(self) -> list[Array]:
        """Float64 arrays, the same at every call."""
        generator = np.random.default_rng(sum(map(ord, self.label)))
        return [np.asarray(x) for x in self.draw(generator)]


CASES: list[Case] = []


def case(
    op: Any,
    function: Callable[..., Any],
    *domains: Domain,
    label: str = "",
    reference: Callable[..., Any] | None = None,
    keeps_float32: bool = True,
) -> None:
    name = getattr(op, "__name__", None) or op.name
    label = f"{name}-{label}" if label else name
    count = sum(c.label == label or c.label.startswith(label + "#") for c in CASES)
    label = f"{label}#{count + 1}" if count else label
    CASES.append(
        Case(
            op,
            label,
            function,
            lambda generator: [domain(generator) for domain in domains],
            reference or function,
            keeps_float32,
        )
    )


def table(rows: list[dict[str, Any]]) -> None:
    """Add the rows of another file, dictionaries of a name, a function and its inputs."""
    for row in rows:
        function = row["function"]
        wide = row.get("keeps_float32", True)
        CASES.append(Case(None, row["name"], function, row["inputs"], function, wide))


def each_row(check: Callable[[Case], None]) -> Callable[[list[Case]], None]:
    """Make a test of a check of one row, twenty rows in a test: each test costs some of the time.

    The row that fails is named in a note.
    """

    @pytest.mark.parametrize("rows", _GROUPS, ids=[f"{rows[0].label} ..." for rows in _GROUPS])
    def test(rows: list[Case]) -> None:
        for row in rows:
            try:
                check(row)
            except Exception as error:
                error.add_note(f"in the row {row.label}")
                raise

    test.__name__, test.__doc__, test.__module__ = check.__name__, check.__doc__, check.__module__
    return test


# -- domains ------------------------------------------------------------------------------------


def between(low: float, high: float, *shape: int) -> Domain:
    return lambda generator: generator.uniform(low, high, shape)


def real(*shape: int) -> Domain:
    """Numbers of both signs, at least 0.3 from zero, where the kinks of |x| and relu are."""
    return lambda generator: (
        generator.uniform(0.3, 1.8, shape) * generator.choice([-1.0, 1.0], shape)
    )


def positive(*shape: int) -> Domain:
    return between(0.4, 2.0, *shape)


def unit(*shape: int) -> Domain:
    return between(-0.8, 0.8, *shape)


def above_one(*shape: int) -> Domain:
    return between(1.3, 2.5, *shape)


def fractional(*shape: int) -> Domain:
    """Numbers well away from the integers and half-integers, where steps are."""
    return lambda generator: (
        generator.integers(-3, 3, shape) + generator.choice([0.25, 0.75], shape)
        + generator.uniform(-0.1, 0.1, shape)
    )  # fmt: skip


def divisor(*shape: int) -> Domain:
    """Of either sign, and so near to one that quotients of `fractional` numbers stay clear."""
    return lambda generator: (
        generator.uniform(0.98, 1.02, shape) * generator.choice([-1.0, 1.0], shape)
    )


def distinct(*shape: int) -> Domain:
    """Numbers at least 0.2 apart: no ties, and the same order after a small step."""
    n = int(np.prod(shape))
    return lambda generator: ((generator.permutation(n) - n // 2) * 0.2 + 0.05).reshape(shape)


def fixed(values: Any) -> Domain:
    return lambda generator: np.array(values, float)


# -- element by element -------------------------------------------------------------------------


#: The error function, one element at a time.
plain_erf: Callable[[Array], Array] = np.vectorize(math.erf, otypes=[float])


def unary(op: Any, domain: Callable[..., Domain], reference: Any = None) -> None:
    for shape in ((2, 3), (), (0, 2), (2, 1, 2)):
        label = "x".join(map(str, shape)) or "scalar"
        case(op, lambda x: op(x), domain(*shape), label=label, reference=reference)


_PAIRS = [
    ((2, 3), (2, 3)),
    ((2, 3), (3,)),
    ((2, 1), (1, 3)),
    ((), (2, 2)),
    ((3,), (2, 1, 3)),
    ((1, 1, 2), (2,)),
    ((), ()),
    ((0, 2), (2,)),
]


def binary(op: Any, domain_x: Callable[..., Domain], domain_y: Callable[..., Domain]) -> None:
    for a, b in _PAIRS:
        label = f"{a},{b}".replace(" ", "")
        case(op, lambda x, y: op(x, y), domain_x(*a), domain_y(*b), label=label)
    constant_y = domain_y(3)(np.random.default_rng(1)).astype(np.float32)
    constant_x = domain_x(3)(np.random.default_rng(2)).astype(np.float32)
    number_y = float(domain_y()(np.random.default_rng(3)))
    number_x = float(domain_x()(np.random.default_rng(4)))
    case(op, lambda x: op(x, constant_y), domain_x(2, 3), label="constant y")
    case(op, lambda y: op(constant_x, y), domain_y(2, 3), label="constant x")
    case(op, lambda x: op(x, number_y), domain_x(2, 3), label="number y")
    case(op, lambda y: op(number_x, y), domain_y(2, 3), label="number x")


def halves(*shape: int) -> Domain:
    """For the second of two numbers to compare: never within 0.1 of a `distinct` one."""
    return lambda generator: generator.integers(-3, 3, shape) * 0.2 + 0.15


# fmt: off
binary(np.add,          real,       real)
binary(np.subtract,     real,       real)
binary(np.multiply,     real,       real)
binary(np.true_divide,  real,       real)
binary(np.floor_divide, fractional, divisor)
binary(np.remainder,    fractional, divisor)
binary(np.power,        positive,   real)
binary(np.maximum,      distinct,   halves)
binary(np.minimum,      distinct,   halves)

unary(np.negative,   real)
unary(np.positive,   real)
unary(np.reciprocal, real)
unary(np.square,     real)
unary(np.sqrt,       positive)
unary(np.exp,        real)
unary(np.expm1,      real)
unary(np.log,        positive)
unary(np.log2,       positive)
unary(np.log10,      positive)
unary(np.log1p,      positive)
unary(np.sin,        real)
unary(np.cos,        real)
unary(np.tan,        unit)
unary(np.arcsin,     unit)
unary(np.arccos,     unit)
unary(np.arctan,     real)
unary(np.sinh,       real)
unary(np.cosh,       real)
unary(np.tanh,       real)
unary(np.arcsinh,    real)
unary(np.arccosh,    above_one)
unary(np.arctanh,    unit)
unary(np.sign,       real)
unary(np.floor,      fractional)
unary(np.ceil,       fractional)
unary(np.trunc,      fractional)
unary(np.rint,       fractional)
unary(np.absolute,   real)

unary(relu,     real, lambda x: np.maximum(x, 0))
unary(sigmoid,  real, lambda x: 1 / (1 + np.exp(-x)))
unary(softplus, real, lambda x: np.log(1 + np.exp(x)))
unary(silu,     real, lambda x: x / (1 + np.exp(-x)))
unary(erf,      real, plain_erf)
unary(gelu,     real, lambda x: x * (1 + plain_erf(x / 2**0.5)) / 2)
unary(gelu_tanh, real, lambda x:
      x * (1 + np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))) / 2)
unary(elu,      real, lambda x: np.where(x > 0, x, np.exp(x) - 1))
case(elu, lambda x: elu(x, alpha=0.7), real(2, 3), label="alpha",
     reference=lambda x: np.where(x > 0, x, 0.7 * (np.exp(x) - 1)))
unary(leaky_relu, real, lambda x: np.where(x > 0, x, 0.01 * x))
case(leaky_relu, lambda x: leaky_relu(x, negative_slope=0.2), real(2, 3), label="slope",
     reference=lambda x: np.where(x > 0, x, 0.2 * x))
case(activations.gated, lambda g, y: activations.gated(g, y), real(2, 3), positive(2, 3),
     reference=lambda g, y: g * (y != 0))
case(activations.gated, lambda x: activations.gated(x, np.maximum(x, 0)), real(2, 3),
     label="zeros", reference=lambda x: np.maximum(x, 0))

case(np.power, lambda x: x**2,               real(2, 3), label="square")
case(np.power, lambda x: x**3,               real(2, 3), label="cube")
case(np.power, lambda x: x**-1,              real(2, 3), label="negative exponent")
case(np.power, lambda x: x**0,               real(2, 3), label="exponent zero")
case(np.power, lambda x: x**1,               fixed([-1.0, 0.0, 2.0]), label="exponent one")
case(np.power, lambda x: x**2,               fixed([-1.0, 0.0, 2.0]), label="square at zero")
case(np.power, lambda x: x**0.5,             positive(2, 3), label="root")
case(np.power, lambda x: x**np.array([0, 1, 2]), real(2, 3), label="integer exponents",
     keeps_float32=False)
case(np.power, lambda x: x**np.float32(2),   real(2, 3), label="numpy scalar exponent")
case(np.power, lambda x: 2**x,               real(2, 3), label="number base")

case(np.where, lambda x, y: np.where([True, False, True], x, y), real(2, 3), real(3))
case(np.where, lambda x, y: np.where([[True], [False]], x, y), real(3), real(), label="wide mask")
case(np.where, lambda x: np.where(x > 0, x, 0.0),   real(2, 3), label="number")
case(np.where, lambda x: np.where(x > 0, 1.0, x * x), real(2, 3), label="number first")
case(np.where, lambda x: np.where(x > 0, np.sqrt(np.where(x > 0, x, 1)), x), real(2, 3),
     label="safe")
case(np.where, lambda x, y: np.where(np.zeros((0, 1), bool), x, y), real(3), real(), label="empty")

case(np.clip, lambda x: np.clip(x, -0.5, 0.7),         distinct(3, 3), label="numbers")
case(np.clip, lambda x: np.clip(x, None, 0.3),         distinct(3, 3), label="upper")
case(np.clip, lambda x: np.clip(x, -0.3, None),        distinct(3, 3), label="lower")
if hasattr(np, "unstack"):  # since NumPy 2.1, which also has these names of the bounds
    case(np.clip, lambda x: np.clip(x, min=-0.3, max=0.3), distinct(3, 3), label="keywords")
case(np.clip, lambda x, a, b: np.clip(x, a, b),
     distinct(3, 3), fixed([-0.5, 0.4, -0.1]), fixed([[0.7], [0.3], [-0.3]]), label="arrays")
case(np.clip, lambda x, a: np.clip(x, a, None),        distinct(2, 3), fixed(-0.1), label="low")
case(np.clip, lambda x, b: np.clip(x, None, b),        distinct(2, 3), fixed(-0.1), label="high")
case(np.clip, lambda a: np.clip(0.2, a, 1.0),          distinct(2, 3), label="constant",
     keeps_float32=False)
case(elementwise.clip_between, lambda x: np.clip(x, -0.4, 0.4), distinct(2, 3))

case(elementwise.astype, lambda x: x.astype(np.float64) * x, real(2, 3), keeps_float32=False)
case(elementwise.astype, lambda x: x.astype("f8").astype("f4").astype("f8") * 0 + x, real(2, 3),
     label="there and back", keeps_float32=False)

# -- reductions ---------------------------------------------------------------------------------

_REDUCTIONS = [
    ("all",      (2, 3),    {}),
    ("kept",     (2, 3),    {"keepdims": True}),
    ("0",        (2, 3),    {"axis": 0}),
    ("-1",       (2, 3),    {"axis": -1}),
    ("-1 kept",  (2, 3),    {"axis": -1, "keepdims": True}),
    ("(0,-1)",   (2, 3, 2), {"axis": (0, -1)}),
    ("(2,0)",    (2, 3, 2), {"axis": (2, 0), "keepdims": True}),
    ("1 of 3",   (2, 3, 2), {"axis": 1}),
    ("()",       (2, 3),    {"axis": ()}),
    ("scalar",   (),        {}),
    ("one",      (1,),      {"axis": 0}),
    ("batch 0",  (0, 3),    {"axis": 1}),
]
_SOME = [row for row in _REDUCTIONS if row[0] not in ("()", "scalar", "one")]


def reduction(op: Any, domain: Callable[..., Domain], rows: Any = _REDUCTIONS) -> None:
    for label, shape, options in rows:
        case(op, lambda x, o=options: op(x, **o), domain(*shape), label=label)


reduction(np.sum,  real)
reduction(np.mean, real)
reduction(np.max,  distinct)
reduction(np.min,  distinct)
reduction(np.prod, real)
reduction(np.var,  real)
reduction(np.std,  real, _SOME)

case(np.sum,  lambda x: np.sum(x, axis=0),         real(0, 3), label="of nothing")
case(np.prod, lambda x: np.prod(x, axis=0),        real(0, 3), label="of nothing")
case(np.sum,  lambda x: np.sum(x, dtype=float),    real(2, 3), label="dtype", keeps_float32=False)
case(np.mean, lambda x: np.mean(x, axis=0, dtype=float), real(2, 3), label="dtype",
     keeps_float32=False)
case(np.sum,  lambda x: np.add.reduce(x),          real(2, 3), label="add.reduce")
case(np.prod, lambda x: np.multiply.reduce(x, axis=1), real(2, 3), label="multiply.reduce")
case(np.max,  lambda x: np.maximum.reduce(x, axis=None), distinct(2, 3), label="maximum.reduce")
case(np.min,  lambda x: np.minimum.reduce(x, axis=(0, 1)), distinct(2, 3), label="minimum.reduce")
case(np.sum,  lambda x: x.sum(0),                  real(2, 3), label="method")
case(np.max,  lambda x: x.max(axis=1),             distinct(2, 3), label="method")
case(np.var,  lambda x: np.var(x, axis=0, ddof=1), real(3, 2), label="ddof")
case(np.std,  lambda x: np.std(x, ddof=1, keepdims=True), real(3, 2), label="ddof")
for zeros in ([0.0, 2.0, 3.0], [0.0, 0.0, 3.0], [0.0, 0.0, 0.0], [[0.0, 2.0], [1.5, -2.0]]):
    case(np.prod, lambda x: np.prod(x), fixed(zeros), label="zeros")
case(np.prod, lambda x: np.prod(x, axis=1, keepdims=True), fixed([[0.0, 2.0], [1.5, -2.0]]),
     label="zeros by row")
case(np.prod, lambda x: np.prod(x, axis=(0, 2)), fixed([[[0.0, 2], [1, 2]], [[3, 1], [2, 4]]]),
     label="zeros by two axes")
case(elementwise.kink, lambda y: elementwise.kink(y), real(3))

# -- shapes -------------------------------------------------------------------------------------

case(np.reshape, lambda x: np.reshape(x, (3, 2)),         real(2, 3))
case(np.reshape, lambda x: np.reshape(x, -1, order="F"),  real(2, 3), label="Fortran")
case(np.reshape, lambda x: x.reshape(3, -1),              real(2, 3), label="method")
case(np.reshape, lambda x: np.reshape(x, (3, 2), copy=True), real(2, 3), label="copy")
case(np.reshape, lambda x: x.reshape(()),                 real(1, 1), label="to scalar")
case(np.reshape, lambda x: np.reshape(x, (3, 0, 2)),      real(0, 3), label="empty")
case(np.ravel,   lambda x: np.ravel(x),                   real(2, 3))
case(np.ravel,   lambda x: np.ravel(x, order="F"),        real(2, 3), label="Fortran")
case(np.transpose, lambda x: np.transpose(x),             real(2, 3, 2))
case(np.transpose, lambda x: np.transpose(x, (1, -1, 0)), real(2, 3, 2), label="axes")
case(np.transpose, lambda x: x.T,                         real(2, 3), label="T")
case(np.transpose, lambda x: x.transpose(2, 0, 1),        real(2, 3, 2), label="method")
case(np.transpose, lambda x: np.transpose(x),             real(), label="scalar")
case(np.swapaxes,  lambda x: np.swapaxes(x, 0, -1),       real(2, 3, 2))
case(np.moveaxis,  lambda x: np.moveaxis(x, 0, -1),       real(2, 3, 2))
case(np.moveaxis,  lambda x: np.moveaxis(x, (0, 1), (-1, 0)), real(2, 3, 2), label="two")
case(np.expand_dims, lambda x: np.expand_dims(x, (0, -1)), real(2, 3))
case(np.squeeze,   lambda x: np.squeeze(x),               real(1, 3, 1))
case(np.squeeze,   lambda x: np.squeeze(x, axis=-1),      real(1, 3, 1), label="axis")
case(np.squeeze,   lambda x: np.squeeze(x, axis=0),       real(1, 2, 3), label="first")
case(np.broadcast_to, lambda x: np.broadcast_to(x, (4, 3)),    real(3))
case(np.broadcast_to, lambda x: np.broadcast_to(x, (2, 3, 2)), real(3, 1), label="middle")
case(np.broadcast_to, lambda x: np.broadcast_to(x, (2, 2)),    real(), label="scalar")
case(np.broadcast_to, lambda x: np.broadcast_to(x, (0, 3)),    real(1, 3), label="to nothing")

case(np.concatenate, lambda x, y: np.concatenate([x, y]),           real(2, 3), real(1, 3))
case(np.concatenate, lambda x, y: np.concatenate((x, y), axis=-1), real(2, 3), real(2, 1),
     label="-1")
case(np.concatenate, lambda x, y: np.concatenate([x, y], axis=None), real(2, 3), real(2),
     label="flat")
case(np.concatenate, lambda x: np.concatenate([x, np.ones((1, 3), "f4"), x]), real(2, 3),
     label="twice")
case(np.concatenate, lambda x: np.concatenate(x),                   real(2, 3), label="of rows")
case(np.concatenate, lambda x, y: np.concatenate([x, y]), real(0, 3), real(1, 3), label="empty")
case(shapes.join,    lambda x, y: np.concatenate([x, y]) ** 2,      real(2), real(3))
case(np.stack, lambda x, y: np.stack([x, y]),                       real(2, 3), real(2, 3))
case(np.stack, lambda x, y: np.stack([x, y, x], axis=-1), real(2, 3), real(2, 3), label="-1")
case(np.stack, lambda x, y: np.stack([x, y]),                       real(), real(), label="scalars")
case(np.split, lambda x: np.multiply(*np.split(x, 2)),              real(4, 3))
case(np.split, lambda x: np.split(x, [1, 3], axis=-1)[1] ** 2,      real(2, 4), label="middle")
case(np.array_split, lambda x: np.array_split(x, 2, axis=1)[0] ** 2, real(2, 5))
case(np.array_split, lambda x: np.array_split(x, 3)[2], real(2, 2), label="more than there is")
case(shapes.pieces,  lambda x: np.subtract(*np.array_split(x, 2)),  real(4))

# -- indexing -----------------------------------------------------------------------------------

_MASK = np.array([[True, False, True], [False, False, True]])
_INDICES: dict[str, Any] = {
    "integer":          1,
    "negative":         -1,
    "numpy integer":    np.int64(1),
    "pair":             (1, 2),
    "slice":            slice(0, 1),
    "negative step":    (slice(None), slice(None, None, -1)),
    "step":             (slice(None), slice(0, None, 2)),
    "None":             (None, slice(None), None, 0),
    "ellipsis":         (..., 1),
    "everything":       ...,
    "nothing":          (),
    "list":             [0, 0, 1],
    "array":            np.array([[1, 0], [1, 1]]),
    "negative array":   np.array([-1, 0, -1]),
    "zero-d array":     np.array(1),
    "arrays":           (np.array([0, 1, 0]), np.array([2, 2, 2])),
    "outer":            (np.array([[0], [1]]), np.array([0, 0, 1])),
    "array and slice":  (slice(None), [2, 0, 2]),
    "array and None":   (None, [1, 1]),
    "apart":            ([0, 1], None, [1, 1]),
    "mask":             _MASK,
    "row mask":         np.array([True, False]),
    "list mask":        [True, False],
    "row mask, tuple":  (np.array([True, False]),),
    "mask in tuple":    (slice(None), np.array([True, False, True])),
    "True":             True,
    "empty list":       np.array([], int),
    "empty slice":      slice(1, 1),
}  # fmt: skip
for name, index in _INDICES.items():
    case(indexing.getitem, lambda x, i=index: x[i], real(2, 3), label=name)
case(indexing.getitem, lambda x: x[[1, 2, 1]][:, None], real(3), label="vector")
case(indexing.getitem, lambda x: x[()],     real(), label="scalar")
case(indexing.scatter, lambda x: indexing.scatter(x, index=[0, 0, 2], shape=(4,)), real(3),
     label="repeated")
case(indexing.scatter, lambda x: indexing.scatter(x, index=slice(1, 3), shape=(4,)), real(2))
# Of a table that was computed: the gradient of a leaf's rows stands in test_sparse.py.
for indices in ([2, 0, 2], [[1, 1], [0, 3]], 3, np.empty((0, 2), int)):
    case(lookup, lambda w, i=indices: embedding(+w, i), real(4, 3))
case(lookup, lambda w: embedding(+w, [[2, 0], [1, 2]]), real(4), label="vector")
case(lookup, lambda w: embedding(w[1:] * w[:-1], [0, 1, 1]), real(3, 2), label="computed")


def written(x: Any, value: Any, index: Any) -> Any:
    x = x.copy()
    x[index] = value
    return x


for name, shape in {
    "integer": (3,), "pair": (), "slice": (1, 3), "negative step": (2, 3), "step": (2, 1),
    "ellipsis": (2,), "everything": (3,), "list": (3, 3), "array": (2, 1, 3), "arrays": (3,),
    "outer": (2, 3), "array and slice": (2, 3), "mask": (3,), "row mask": (1, 3),
    "empty list": (0, 3), "None": (1, 1, 1),
}.items():  # fmt: skip
    case(indexing.updated, lambda x, v, i=_INDICES[name]: written(x, v, i),
         real(2, 3), real(*shape), label=name)
case(indexing.updated, lambda x: written(x, 2.0, 0),                real(2, 3), label="number")
case(indexing.updated, lambda v: written(np.ones((2, 3), "f4") + 0 * v[0], v, 1), real(3),
     label="constant")
case(indexing.updated, lambda x, v: written(x, v, slice(None)),     real(2, 3), real(1, 1, 2, 3),
     label="leading ones")
case(indexing.updated, lambda x, v: written(x, v, ...),             real(), real(), label="scalar")

# -- products of matrices -----------------------------------------------------------------------

_PRODUCTS = [
    ((3,), (3,)), ((3,), (3, 2)), ((2, 3), (3,)), ((2, 3), (3, 2)), ((1, 3), (3, 1)),
    ((2, 0), (0, 3)), ((0, 2), (2, 3)),
]  # fmt: skip
_BATCHED = [
    ((2, 2, 3), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 3), (2, 3, 2)), ((3,), (2, 3, 2)),
    ((2, 2, 3), (3,)), ((2, 1, 2, 3), (3, 3, 1)), ((1, 2, 3), (2, 3, 2)), ((0, 2, 3), (3, 2)),
]  # fmt: skip
for a, b in _PRODUCTS + _BATCHED:
    label = f"{a},{b}".replace(" ", "")
    case(np.matmul, lambda x, y: np.matmul(x, y), real(*a), real(*b), label=label)
for a, b in [*_PRODUCTS, ((), (2, 3)), ((2, 3), ()), ((2, 2, 3), (3,)), ((2, 2, 3), (3, 2)),
             ((2, 3), (2, 3, 2)), ((3,), (2, 3, 2)), ((1, 2, 3), (2, 1, 3, 2)),
             ((2, 0), (2, 0, 3))]:  # fmt: skip
    label = f"{a},{b}".replace(" ", "")
    case(np.dot, lambda x, y: np.dot(x, y), real(*a), real(*b), label=label)
case(np.linalg.matmul, lambda x, y: np.linalg.matmul(x, y), real(2, 3), real(3, 2))
case(np.matmul, lambda x: x @ np.ones((3, 2), "f4"), real(2, 3), label="constant y")
case(np.matmul, lambda y: np.ones((2, 3), "f4") @ y, real(3, 2), label="constant x")
case(np.matmul, lambda x: x @ x.T,                   real(2, 3), label="with itself")

# -- networks -----------------------------------------------------------------------------------


def plain_softmax(x: Array, axis: Any = -1) -> Array:
    e = np.exp(x)
    return e / e.sum(axis=axis, keepdims=True)


def plain_logsumexp(x: Array, axis: Any = None, keepdims: bool = False) -> Array:
    return np.log(np.exp(x).sum(axis=axis, keepdims=keepdims))


def plain_cross_entropy(logits: Array, labels: Any) -> Array:
    p = plain_softmax(logits).reshape(-1, logits.shape[-1])
    return -np.mean(np.log(p[np.arange(len(p)), np.reshape(labels, -1)]))


for axis, shape in [(-1, (2, 3)), (0, (2, 3)), (1, (2, 3, 2)), (-1, (3,)), (-1, (0, 3))]:
    label = f"{axis} of {len(shape)}"
    case(softmax, lambda x, a=axis: softmax(x, axis=a), real(*shape), label=label,
         reference=lambda x, a=axis: plain_softmax(x, a))
    case(log_softmax, lambda x, a=axis: log_softmax(x, axis=a), real(*shape), label=label,
         reference=lambda x, a=axis: np.log(plain_softmax(x, a)))
for label, shape, options in _REDUCTIONS:
    case(logsumexp, lambda x, o=options: logsumexp(x, **o), real(*shape), label=label,
         reference=lambda x, o=options: plain_logsumexp(x, **o))

for label, shape in [("batch", (2, 3)), ("vector", (3,)), ("3 axes", (2, 2, 3)), ("empty", (0, 3))]:
    case(linear, lambda x, w, b: linear(x, w, b), real(*shape), real(2, 3), real(2), label=label,
         reference=lambda x, w, b: x @ w.T + b)
case(linear, lambda x, w: linear(x, w), real(2, 3), real(2, 3), label="no bias",
     reference=lambda x, w: x @ w.T)
case(cross_entropy, lambda x: cross_entropy(x, np.array([2, 0, 2, 1])), real(4, 3),
     reference=lambda x: plain_cross_entropy(x, [2, 0, 2, 1]))
case(cross_entropy, lambda x: cross_entropy(x, 1), real(3), label="one",
     reference=lambda x: plain_cross_entropy(x, 1))
case(cross_entropy, lambda x: cross_entropy(x, [1, 0]), real(2, 3), label="list",
     reference=lambda x: plain_cross_entropy(x, [1, 0]))
# fmt: on

# -- convolution --------------------------------------------------------------------------------


def plain_conv(x: Any, w: Any, stride: int = 1, padding: int = 0, dilation: int = 1) -> Any:
    """The definition: every output is the sum of a window times the kernel."""
    axes = w.ndim - 2
    x = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * axes)
    spans = [dilation * (k - 1) + 1 for k in w.shape[2:]]
    counts = [(n - span) // stride + 1 for n, span in zip(x.shape[2:], spans, strict=True)]
    y = np.zeros((len(x), len(w), *counts), x.dtype)
    for place in np.ndindex(*counts):
        window = [slice(i * stride, i * stride + n, dilation) for i, n in zip(place, spans)]  # noqa: B905
        part = x[(slice(None), slice(None), *window)]
        y[(..., *place)] = np.tensordot(part, w, [range(1, axes + 2)] * 2)
    return y


# fmt: off
_ONE = convolution.Windows((1,), ((1, 1),), (2,), 1)
_TWO = convolution.Windows((2, 1), ((1, 0), (0, 1)), (1, 1), 2)
case(convolution.convolve, lambda x, w, b: conv(x, w, b), real(2, 2, 4, 3), real(3, 2, 2, 2),
     real(3), reference=lambda x, w, b: plain_conv(x, w) + b[:, None, None])
case(convolution.convolve, lambda x, w: conv(x, w, stride=2, padding=1), real(1, 2, 4, 3),
     real(2, 2, 3, 2), label="stride", reference=lambda x, w: plain_conv(x, w, 2, 1))
case(convolution.convolve, lambda x, w: conv(x, w, dilation=2, padding=1), real(2, 1, 4),
     real(2, 1, 2), label="dilation", reference=lambda x, w: plain_conv(x, w, 1, 1, 2))
case(convolution.convolve, lambda x, w: conv(x, w, padding="same"), real(1, 4), real(2, 1, 3),
     label="one image", reference=lambda x, w: plain_conv(x[None], w, 1, 1)[0])
case(convolution.convolve, lambda x, w: conv(x, w, padding=(1, 0, 1)), real(1, 1, 2, 2, 1),
     real(1, 1, 2, 2, 2), label="three axes",
     reference=lambda x, w: plain_conv(x, w, 1, 1)[:, :, :, 1:-1])
case(convolution.convolve, lambda x, w: conv(x, w, groups=2), real(2, 4, 3), real(4, 2, 2),
     label="groups", reference=lambda x, w: np.concatenate(
         [plain_conv(x[:, :2], w[:2]), plain_conv(x[:, 2:], w[2:])], axis=1))
case(convolution.convolve, lambda x, w: conv(x, w), real(1, 9, 3), real(2, 9, 2), label="many",
     reference=plain_conv)
case(convolution.convolve, lambda x, w: conv(x, w), real(0, 2, 3), real(2, 2, 2), label="empty",
     reference=plain_conv)
case(convolution.convolve_transposed, lambda x, w, b: conv_transpose(x, w, b), real(2, 3, 2, 1),
     real(3, 2, 1, 2), real(2))
case(convolution.convolve_transposed, lambda y, w: convolution.convolve_transposed(
    y, w, size=(4,), windows=_ONE), real(2, 3, 4), real(3, 2, 2), label="dilation")
case(convolution.convolve_transposed, lambda y, w: convolution.convolve_transposed(
    y, w, size=(4, 2), windows=_TWO), real(2, 4, 2, 2), real(4, 1, 3, 2), label="groups")
case(convolution.correlate, lambda y, x: convolution.correlate(y, x, kernel=(2,), windows=_ONE),
     real(2, 3, 4), real(2, 2, 4))
case(convolution.correlate, lambda y, x: convolution.correlate(y, x, kernel=(3, 2), windows=_TWO),
     real(2, 4, 2, 2), real(2, 2, 4, 2), label="groups")
# fmt: on

# -- more functions of single elements ----------------------------------------------------------

# fmt: off
unary(np.exp2,     real)
unary(np.cbrt,     real)
unary(np.fabs,     real)
unary(np.radians,  real)
unary(np.deg2rad,  real)
unary(np.degrees,  real)
unary(np.rad2deg,  real)
unary(np.sinc,     real)
unary(np.nan_to_num, real)
# NumPy 2.5 warns where its own `fix` is called on arrays.
case(np.fix, lambda x: np.fix(x) if isinstance(x, Tensor) else np.trunc(x), fractional(2, 3))

binary(np.arctan2,     real,       real)
binary(np.hypot,       real,       real)
binary(np.logaddexp,   real,       real)
binary(np.logaddexp2,  real,       real)
binary(np.fmod,        fractional, divisor)
binary(np.fmax,        distinct,   halves)
binary(np.fmin,        distinct,   halves)
binary(np.copysign,    real,       real)
binary(np.heaviside,   real,       real)

case(np.ldexp,  lambda x: np.ldexp(x, [1, -2, 3]),               real(2, 3))
case(np.ldexp,  lambda x: np.ldexp(x, [[1], [-2]]),              real(3), label="stretched")
case(np.nan_to_num, lambda x: np.nan_to_num(x + np.array([0, np.nan], "f4"), nan=0.5), real(2),
     label="of NaN")
case(np.modf,   lambda x: np.multiply(*np.modf(x)),              fractional(2, 3))
case(np.divmod, lambda x, y: np.add(*np.divmod(x, y)),           fractional(2, 3), divisor(3))
case(np.float_power, lambda x, y: np.float_power(x, y),          positive(2, 3), real(3),
     keeps_float32=False)
case(np.float_power, lambda x: np.float_power(x, 2),             fixed([-1.0, 0.0, 2.0]),
     label="at zero", keeps_float32=False)
case(np.round,  lambda x: np.round(x, 1) * x,                    fixed([0.32, -1.57, 2.04]))
case(np.around, lambda x: np.around(x, decimals=0) * x,          fractional(2, 3))
case(np.sinc,   lambda x: np.sinc(x),                            fixed([-1e-3, 0.0, 1e-2, 1.0]),
     label="near zero")
case(special.cosine, lambda x, y: special.cosine(x, y),          real(2, 3), real(3))
case(special.sinc_derivative, lambda x: special.sinc_derivative(x, n=1), real(3))
case(np.linspace,  lambda a, b: np.linspace(a, b, 4),            real(), real())
case(np.linspace,  lambda a, b: np.linspace(a, b, 3, endpoint=False, axis=-1), real(2), real(2),
     label="axis")
case(np.logspace,  lambda a, b: np.logspace(a, b, 4),            unit(), unit())
case(np.geomspace, lambda a, b: np.geomspace(a, b, 4),           positive(), positive(),
     keeps_float32=False)
case(np.bincount,  lambda w: np.bincount([2, 0, 2], w, minlength=4), real(3), keeps_float32=False)
case(np.apply_along_axis, lambda x: np.apply_along_axis(lambda r: r * r.sum(), 1, x), real(2, 3))
case(np.apply_along_axis, lambda x: np.apply_along_axis(np.prod, 0, x), real(2, 3), label="0")
case(np.apply_over_axes, lambda x: np.apply_over_axes(np.sum, x * x, (0, -1)), real(2, 3, 2))
# fmt: on

# -- complex numbers, by their parts ------------------------------------------------------------


def parts(z: Any) -> Any:
    return np.stack([np.real(z), np.imag(z)])


def of_parts(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of one complex array as one of its real and its imaginary part."""
    return lambda x, y: function(x + 1j * y)


# fmt: off
case(np.real,      of_parts(lambda z: np.real(z * z)),   real(2, 3), real(2, 3))
case(np.imag,      of_parts(lambda z: np.imag(z * z)),   real(2, 3), real(2, 3))
case(np.real,      lambda x: np.real(x) * x,             real(3), label="of reals")
case(np.imag,      lambda x: np.imag(x) + x,             real(3), label="of reals")
case(np.conjugate, of_parts(lambda z: parts(np.conj(z) * z * z)), real(3), real(3))
case(np.angle,     of_parts(np.angle),                   real(3), real(3))
case(np.angle,     of_parts(np.angle),                   real(2, 3), real(2, 3), label="matrix")
case(np.angle,     of_parts(lambda z: np.angle(z, deg=True)), real(3), real(3), label="degrees")
for name in ("exp", "sin", "cos", "tanh", "sqrt", "log", "square", "reciprocal", "absolute"):
    op = getattr(np, name)
    case(op, of_parts(lambda z, op=op: parts(op(z))), positive(3), positive(3), label="complex")
case(np.multiply,    of_parts(lambda z: parts(z * (z + 1))),  real(3), real(3), label="complex")
case(np.true_divide, of_parts(lambda z: parts(1 / (z + 2))),  real(3), real(3), label="complex")
case(np.power,       of_parts(lambda z: parts(z**3)),         real(3), real(3), label="complex")
case(np.matmul,      lambda x, y: parts((x + 1j * y) @ (y - 1j * x).T), real(2, 3), real(2, 3),
     label="complex")

for name in ("fft", "ifft"):
    op = getattr(np.fft, name)
    case(op, lambda x, op=op: parts(op(x)),                     real(2, 4))
    case(op, of_parts(lambda z, op=op: parts(op(z))),           real(5), real(5), label="complex")
    case(op, lambda x, op=op: parts(op(x, n=3, axis=0)),        real(2, 2), label="longer")
    case(op, lambda x, op=op: parts(op(x, 2, norm="ortho")),    real(2, 3), label="shorter")
for n in (4, 5):
    for norm in (None, "ortho", "forward"):
        label = f"{n} {norm}"
        case(np.fft.rfft, lambda x, o=norm: parts(np.fft.rfft(x, norm=o)), real(2, n), label=label)
        case(np.fft.irfft, lambda x, y, n=n, o=norm: np.fft.irfft(x + 1j * y, n, norm=o),
             real(2, 3), real(2, 3), label=label)
case(np.fft.rfft,   lambda x: parts(np.fft.rfft(x, 5, axis=0)), real(3, 2), label="longer")
case(np.fft.rfft,   lambda x: parts(np.fft.rfft(x, 3)),         real(6), label="shorter")
case(np.fft.irfft,  of_parts(lambda z: np.fft.irfft(z, 3)),     real(4), real(4), label="shorter")
case(np.fft.irfft,  of_parts(lambda z: np.fft.irfft(z, 8, 0)),  real(3, 2), real(3, 2),
     label="longer")
case(np.fft.hfft,   of_parts(np.fft.hfft),                      real(3), real(3))
case(np.fft.ihfft,  lambda x: parts(np.fft.ihfft(x)),           real(4))
for name in ("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn"):
    op = getattr(np.fft, name)
    case(op, lambda x, op=op: parts(op(x)),                     real(2, 3))
    case(op, lambda x, op=op: parts(op(x, s=(3, 2), axes=(1, 0))), real(2, 2), label="s, axes")
for name in ("irfft2", "irfftn"):
    op = getattr(np.fft, name)
    case(op, of_parts(op),                                      real(2, 3), real(2, 3))
    case(op, of_parts(lambda z, op=op: op(z, s=(2, 5), axes=(0, 1))), real(2, 3), real(2, 3),
         label="s")
case(np.fft.fftshift,  lambda x: np.fft.fftshift(x),            real(2, 3))
case(np.fft.ifftshift, lambda x: np.fft.ifftshift(x, axes=1),   real(2, 3))
# fmt: on

# -- polynomials --------------------------------------------------------------------------------

# fmt: off
case(np.polyval, lambda p, x: np.polyval(p, x), real(3), real(2, 2))
case(np.polyder, lambda p: np.polyder(p, 2),    real(4), keeps_float32=False)
case(np.polyint, lambda p: np.polyint(p),       real(3), keeps_float32=False)
case(np.polyadd, lambda p, q: np.polyadd(p, q), real(3), real(2))
case(np.polysub, lambda p, q: np.polysub(p, q), real(2), real(3))
case(np.polymul, lambda p, q: np.polymul(p, q), real(3), real(2))
# fmt: on

# -- pooling and normalisation ------------------------------------------------------------------

_3X3 = pooling._windows("rows", np.empty((1, 5, 5)), (3, 3), 2, 1, 1, False)
_PLACES = pooling._largest(np.random.default_rng(5).normal(size=(2, 2, 5, 5)), _3X3)[1]

# fmt: off
case(pooling.largest, lambda x: max_pool(x, (2, 2)),                    distinct(2, 2, 4, 4))
case(pooling.largest, lambda x: max_pool(x, (3, 2), (2, 1), 1),         distinct(1, 2, 5, 4),
     label="padding")
case(pooling.largest, lambda x: max_pool(x, (2, 2), (1, 3), dilation=2), distinct(2, 1, 4, 4),
     label="dilation, no batch")
case(pooling.largest, lambda x: max_pool(x, (2, 2), 2, ceil_mode=True), distinct(2, 5, 3),
     label="ceil_mode")
case(pooling.largest, lambda x: max_pool(x, (2,), 3),                   distinct(2, 2, 6),
     label="1-d, gaps")
case(pooling.largest, lambda x: max_pool(x, (2, 2)),                    distinct(0, 2, 4, 4),
     label="batch 0")
case(pooling.pick,     lambda x: pooling.pick(x, where=arrays.constant(_PLACES, x),
                                              windows=_3X3),            real(2, 2, 5, 5))
case(pooling.put_back, lambda g: pooling.put_back(g, where=arrays.constant(_PLACES, g),
                                                  windows=_3X3),        real(2, 2, 3, 3))
case(pooling.mean, lambda x: avg_pool(x, (2, 2)),                       real(2, 2, 4, 4))
case(pooling.mean, lambda x: avg_pool(x, (3, 2), (2, 1), 1),            real(1, 2, 5, 4),
     label="padding")
case(pooling.mean, lambda x: avg_pool(x, (3, 2), 2, 1, True, False),    real(2, 5, 3),
     label="ceil_mode, no batch")
case(pooling.mean, lambda x: avg_pool(x, (2,), 3),                      real(2, 2, 6),
     label="1-d, gaps")
case(pooling.mean, lambda x: adaptive_avg_pool(x, (1, None)),           real(2, 2, 3, 4),
     label="adaptive")
case(pooling.mean, lambda x: adaptive_avg_pool(x, (3, 2)),              real(1, 2, 5, 5),
     label="adaptive uneven")
case(pooling.share, lambda g: pooling.share(g, windows=_3X3, layout=pooling.layout_of(
    arrays.constant(np.zeros((2, 2, 2, 2)), g))),                     real(2, 2, 3, 3))
case(normalization.batch_norm, lambda x, w, b: batch_norm(x, w, b),
     real(3, 2, 2, 2), real(2), real(2))
case(normalization.batch_norm, lambda x: batch_norm(x, None, None, eps=0.1), real(6, 2),
     label="bare")
case(normalization.batch_norm, lambda x, w: batch_norm(x, w, None), real(2, 2, 3), real(2),
     label="no bias")
case(normalization.fixed_norm, lambda x, w, b: fixed_norm(
    x, w, b, mean=arrays.constant([0.5, 2.0], x, np.float32),
    var=arrays.constant([2.0, 0.3], x, np.float32)), real(3, 2, 2), real(2), real(2))
case(normalization.fixed_norm, lambda x: fixed_norm(
    x, None, None, mean=arrays.constant([0.5, 2.0], x, np.float32),
    var=arrays.constant([2.0, 0.3], x, np.float32)), real(5, 2), label="bare")
case(normalization.normalize, lambda x, w, b: layer_norm(x, (3, 2), w, b),
     real(2, 3, 2), real(3, 2), real(3, 2))
case(normalization.normalize, lambda x: layer_norm(x, (4,), eps=0.1),  real(4), label="bare")
case(normalization.normalize, lambda x, w: layer_norm(x, (3,), w),     real(2, 2, 3), real(3),
     label="no bias")
case(normalization.normalize, lambda x, w, b: group_norm(x, 2, w, b),
     real(2, 4, 2, 1), real(4), real(4), label="groups")
# fmt: on

# -- what only gradients call -------------------------------------------------------------------

# fmt: off
case(elementwise.zero_or_power, lambda x: elementwise.zero_or_power(x, p=2.5), positive(3))
case(linalg.cofactors,      lambda x: linalg.cofactors(x), real(3, 3))
case(decompositions.quotient, lambda x, y: decompositions.quotient(x, y), real(2, 3), positive(3))
case(indexing.overlap, lambda g: indexing.overlap(g, shape=(4, 3), window=(2,), axes=(0,)),
     real(3, 3, 2))
case(products.on_diagonal, lambda d: products.on_diagonal(d, shape=(2, 4, 3), offset=-1),
     real(2, 3))
# fmt: on

table(rows_linalg.ROWS)
table(rows_arrays.ROWS)

_GROUPS = [CASES[i : i + 20] for i in range(0, len(CASES), 20)]
