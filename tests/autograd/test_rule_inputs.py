"""Every rule on every kind of input: dtypes, NumPy scalars, nothing at all, and points of interest.

Limits that can be derived stand in `test_rule_limits.py`, and the values of PyTorch and JAX at the
same points in `test_against_torch.py` and `test_against_jax.py`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, elementwise_grad, grad, gradients
from autograd.node import LEAF
from autograd.op import OUTPUT, Op
from autograd.registry import REGISTRY
from autograd.vjps import conform
from tests.autograd.test_rule_calls import nodes_behind
from tests.autograd.test_rules import cotangent_for
from tests.cases import Case, each_row

INF, NAN = np.inf, np.nan
la = np.linalg

# -- NumPy scalars ------------------------------------------------------------------------------


@each_row
def test_cotangent_may_be_a_numpy_scalar(row: Case) -> None:
    """Arrays without axes become scalars in arithmetic, so that this is what rules are handed."""
    out = row.function(*(Tensor(x, requires_grad=True) for x in row.inputs()))
    for node in nodes_behind(out):
        if node.shape != () or node.op in (OUTPUT, LEAF) or node.dtype.kind == "O":
            continue
        g = node.dtype.type(1.3)
        rules = [node.op.joint] if node.op.joint else node.op.vjps
        for rule, parent in zip(rules, node.parents, strict=False):
            if rule is None or (parent is None and not node.op.joint):
                continue
            results = [rule(x, *node.saved, **node.options) for x in (g, np.asarray(g))]
            pairs = zip(*results, strict=True) if node.op.joint else [results]
            parents = node.parents if node.op.joint else [parent]
            for (of_scalar, of_array), p in zip(pairs, parents, strict=True):
                if p is not None:
                    np.testing.assert_array_equal(
                        conform(of_scalar, p, node.op), conform(of_array, p, node.op)
                    )


def test_imaginary_part_of_a_scalar() -> None:
    assert grad(lambda t: 2.0 * np.imag(np.exp(1j * t)))(0.3) == pytest.approx(2 * np.cos(0.3))
    assert grad(lambda t: 3.0 * np.real(1j * np.exp(1j * t)))(0.3) == pytest.approx(
        -3 * np.cos(0.3)
    )
    turned = lambda t: np.angle(np.exp(2j * t)) ** 2
    assert grad(turned)(0.3) == pytest.approx(8 * 0.3)
    assert grad(grad(turned))(0.3) == pytest.approx(8)


def test_rule_that_multiplies_by_an_imaginary_number_first() -> None:
    imaginary = autograd.rule(lambda z: z.imag, lambda g, *_: -1j * g)
    assert grad(lambda t: 2.0 * imaginary(np.exp(1j * t)))(0.3) == pytest.approx(2 * np.cos(0.3))


# -- dtypes -------------------------------------------------------------------------------------

#: Rows that a dtype says nothing about, by the beginning of their labels.
NOT_COMPARED: dict[Any, dict[str, str]] = {
    np.float16: {
        "norm -2": "the reciprocal of a small square: 4 digits are not enough",
        "std-0": "its second derivative is a difference of equal numbers, divided by one",
        "gradient": "differences of neighbours, divided by a step",
        "partition": "which element is chosen differs with rounding",
        "corrcoef": "differences of products that are nearly equal",
        "nanstd": "divided by a deviation near 0",
    },
    np.longdouble: {"partition": "the order within the parts is not defined"},
    np.complex128: {
        **dict.fromkeys(("eigh", "eig", "svd"), "the phases of complex vectors are not determined"),
        "erf-0x2": "the plain function of nothing takes numbers of any kind",
        "gelu-0x2": "the plain function of nothing takes numbers of any kind",
        "lstsq of lower rank": "the rank is decided by rounding",
        "softplus": "it refuses complex numbers: those it computes are not log(1 + exp(z))",
        "nan_to_num-of NaN": "it is not differentiable by the part that it replaces",
        "std-0": "at a deviation of 0",
    },
}
NOT_COMPARED[np.float32] = {"norm -2": NOT_COMPARED[np.float16]["norm -2"]}
NOT_COMPARED[np.complex64] = NOT_COMPARED[np.complex128]


def second_order(row: Case, arrays: list[Any], g: Any) -> tuple[list[Any], list[Any]]:
    """The first gradients, and those of their sum along a direction; by the cotangent, too."""
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    seed = Tensor(g, requires_grad=True)
    first = gradients(row.function(*leaves), leaves, seed, create_graph=True)
    directions = [np.linspace(0.5, 1.5, x.size).reshape(x.shape).astype(x.dtype) for x in arrays]
    slopes = [
        np.real(np.sum(f * d)) for f, d in zip(first, directions, strict=True) if f.requires_grad
    ]
    second = gradients(sum(slopes), [*leaves, seed]) if slopes else []
    return [f.data for f in first], second


@each_row
def test_gradients_have_the_dtype_and_its_precision(row: Case) -> None:
    for dtype in (np.float16, np.float32, np.longdouble, np.complex64):
        check_dtype(row, dtype)


def check_dtype(row: Case, dtype: Any) -> None:
    if any(row.label.startswith(label) for label in NOT_COMPARED[dtype]):
        return
    is_complex = np.dtype(dtype).kind == "c"
    wide = np.complex128 if is_complex else np.float64
    turn = 1 + 0.3j if is_complex else 1
    narrow = [np.asarray(x * turn, dtype) for x in row.inputs()]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            expected = row.reference(*narrow)
            row.reference(*(x.astype(wide) for x in narrow))
    except (TypeError, ValueError, RuntimeError, np.exceptions.ComplexWarning):
        with pytest.raises((TypeError, ValueError, RuntimeError, np.exceptions.ComplexWarning)):
            row.function(*(Tensor(x, requires_grad=True) for x in narrow)).backward()
        return  # NumPy has no such function of this dtype, and says so
    kind = row.function(
        *map(Tensor, narrow)
    ).dtype  # before 2.4 NumPy's own are wider here and there
    g = cotangent_for(expected).astype(kind)
    found = second_order(row, narrow, g)
    right = second_order(
        row, [x.astype(wide) for x in narrow], g.astype(np.result_type(kind, wide))
        if kind.kind == "c" else g.astype(float)
    )  # fmt: skip
    eps = max(float(np.finfo(dtype).eps), 1e-15)
    for order, (ours, theirs) in enumerate(zip(found, right, strict=True)):
        assert len(ours) == len(theirs)
        for a, b in zip(ours, theirs, strict=True):
            scale = max(1.0, float(np.abs(b).max(initial=0)))
            np.testing.assert_allclose(
                a.astype(wide), b, rtol=64 * eps, atol=(64, 512)[order] * eps * scale
            )
        for a, x in zip(ours, narrow, strict=False):
            assert a.dtype == x.dtype


@each_row
def test_gradients_of_complex_inputs_equal_differences(row: Case) -> None:
    if any(row.label.startswith(label) for label in NOT_COMPARED[np.complex128]):
        return
    arrays = [np.asarray(x * (1 + 0.3j)) for x in row.inputs()]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            g = cotangent_for(row.reference(*arrays))
    except (TypeError, ValueError, RuntimeError, np.exceptions.ComplexWarning):
        return  # NumPy has no such function; that ours refuses is tested above
    leaves = [Tensor(x, requires_grad=True) for x in arrays]
    found = gradients(np.real(np.sum(row.function(*leaves) * g)), leaves)
    generator = np.random.default_rng(2)
    directions = [generator.normal(size=(2, *x.shape)) for x in arrays]
    moves = [d[0] + 1j * d[1] for d in directions]
    ends = []
    for step in (-2e-5, -1e-5, 1e-5, 2e-5):
        moved = [np.asarray(x + step * d) for x, d in zip(arrays, moves, strict=True)]
        ends.append(float(np.real(np.sum(row.reference(*moved) * g))))
    expected = (ends[0] - 8 * ends[1] + 8 * ends[2] - ends[3]) / 12e-5
    slope = sum(float(np.real(np.sum(f * d))) for f, d in zip(found, moves, strict=True))
    assert slope == pytest.approx(expected, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("function", [np.max, np.min, np.amax, np.nanmax, np.nanmin])
def test_ties_are_counted_beyond_the_dtype(function: Any) -> None:
    n = 70_000
    slope = grad(function)(np.ones(n, np.float16))
    assert slope.dtype == np.float16
    np.testing.assert_array_equal(slope, np.full(n, 1 / n, np.float16))
    rows = grad(lambda x: np.sum(function(x, axis=0)))(np.ones((n, 2), np.float16))
    np.testing.assert_array_equal(rows, np.full((n, 2), 1 / n, np.float16))


def test_counts_of_reductions_do_not_overflow_in_float16() -> None:
    n = 70_000
    x = np.full(n, 500, np.float16)
    x[: n // 2] = 501
    np.testing.assert_array_equal(grad(np.mean)(x), np.full(n, 1 / n, np.float16))
    np.testing.assert_array_equal(grad(np.average)(x), np.full(n, 1 / n, np.float16))
    x -= 500  # NumPy's own sum of the others overflows
    deviation = x.astype(float) - 0.5
    np.testing.assert_allclose(grad(lambda x: np.var(x) * 1000)(x), 2000 / n * deviation, rtol=2e-3)
    np.testing.assert_allclose(
        grad(lambda x: np.std(x) * 1000)(x), 1000 / n * deviation / 0.5, rtol=2e-3
    )
    many = np.zeros((2, n), np.float16)
    one = grad(lambda x: autograd.softmax(x)[0, 0] * 1000)(many)
    assert one[0, 0] == pytest.approx(1000 / n, rel=2e-3)
    assert not one[1].any()


def test_counts_of_what_is_not_nan_do_not_overflow_in_float16() -> None:
    n = 70_000
    x = np.full(n, 0.5, np.float16)
    x[0] = NAN
    assert np.nanmean(Tensor(x)).item() == np.nanmean(x) == 0.5
    right = np.full(n, 1 / (n - 1), np.float16)
    right[0] = 0
    np.testing.assert_array_equal(grad(np.nanmean)(x), right)
    x[1:40_000] = 0.25
    assert np.nanvar(Tensor(x)).item() == pytest.approx(np.nanvar(x.astype(float)), rel=1e-2)
    slope = grad(lambda x: np.nanvar(x) * 1000)(x)
    deviation = x.astype(float) - np.nanmean(x.astype(float))
    np.testing.assert_allclose(slope[1:], 2000 / (n - 1) * deviation[1:], rtol=1e-2)
    assert slope[0] == 0


def test_sinc_in_float16() -> None:
    x = np.array([-2.5, -0.5, 0.0, 0.25, 1.0, 3.5, 1000.0], np.float16)
    for order in (1, 2):
        derivative = np.sinc
        for _ in range(order):
            derivative = elementwise_grad(derivative)
        found, right = derivative(x), derivative(x.astype(float))
        assert found.dtype == np.float16
        np.testing.assert_allclose(found, right, rtol=4e-3, atol=4e-3)


# -- nothing, one, and any layout ---------------------------------------------------------------

_SHAPES = ((), (0,), (1,), (1, 1), (0, 3), (3, 0), (2, 0, 3))


def elementwise_functions() -> list[Any]:
    return [
        (function, op.arity)
        for function, op in REGISTRY.items()
        if isinstance(op, Op) and op.elementwise and isinstance(function, np.ufunc)
        and function.nout == 1 and function is not np.ldexp
    ]  # fmt: skip


@pytest.mark.parametrize("shape", _SHAPES)
def test_elementwise_functions_of_nothing_and_of_one(shape: tuple[int, ...]) -> None:
    for function, arity in elementwise_functions():
        value = 1.5 if function is np.arccosh else 0.5
        leaves = [Tensor(np.full(shape, value), requires_grad=True) for _ in range(arity)]
        first = gradients(np.sum(function(*leaves)), leaves, create_graph=True)
        for g in first:
            assert g.shape == shape
            assert np.isfinite(g.data).all()
            if g.requires_grad:
                for h in gradients(np.sum(g), leaves, retain_graph=True):
                    assert h.shape == shape


def _last_two(function: Any, *args: Any) -> Any:
    return lambda a: function(a, *args, axis=(-2, -1))


OF_MATRICES: dict[str, Callable[[Any], Any]] = {
    "det": la.det, "inv": la.inv, "pinv": la.pinv, "cholesky": la.cholesky, "svdvals": la.svdvals,
    "eigvalsh": la.eigvalsh, "eigvals": la.eigvals, "norm": la.norm, "cond": la.cond,
    "trace": la.trace, "diagonal": la.diagonal, "triu": np.triu, "tril": np.tril,
    "slogdet": lambda a: la.slogdet(a)[1],
    "square of det": lambda a: la.det(a) ** 2,
    "solve": lambda a: la.solve(a, np.ones((*a.shape[:-1], 2))),
    "eigh": lambda a: la.eigh(a)[0], "eigh vectors": lambda a: la.eigh(a)[1],
    "svd": lambda a: la.svd(a)[1], "svd vectors": lambda a: la.svd(a, full_matrices=False)[0],
    "qr": lambda a: la.qr(a)[1], "q of qr": lambda a: la.qr(a)[0],
    "norm 1": _last_two(la.norm, 1), "norm 2": _last_two(la.norm, 2),
    "norm inf": _last_two(la.norm, INF), "norm nuc": _last_two(la.norm, "nuc"),
    "matrix_power": lambda a: la.matrix_power(a, 3),
    "matrix_power -2": lambda a: la.matrix_power(a, -2),
    "lstsq": lambda a: la.lstsq(a, np.ones(a.shape[0]))[0],
    "matmul": lambda a: a @ a, "kron": lambda a: np.kron(a, a),
    "einsum": lambda a: np.einsum("...ij,...jk->...ik", a, a),
    "vector_norm": lambda a: la.vector_norm(a, axis=-1),
    "vector_norm 3": lambda a: la.vector_norm(a, ord=3, axis=-1),
    "vector_norm inf": lambda a: la.vector_norm(a, ord=INF, axis=-1),
    "vector_norm -inf": lambda a: la.vector_norm(a, ord=-INF, axis=-1),
}  # fmt: skip

OF_AXES: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(np, name)
        for name in (
            "sum", "prod", "mean", "var", "std", "max", "min", "amax", "amin", "ptp", "nansum",
            "nanprod", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "median", "nanmedian",
        )
    },
    **{
        f"{name} {q}": lambda x, name=name, q=q, **how: getattr(np, name)(x, q, **how)
        for name in ("quantile", "percentile", "nanquantile", "nanpercentile")
        for q in (0.3, (0.2, 0.9))
    },
    "logsumexp": lambda x, **how: autograd.logsumexp(x, **how),
    "norm": la.norm, "vector_norm": la.vector_norm,
}  # fmt: skip


def compare_with_numpy(function: Any, x: Any) -> None:
    """NumPy's value with a gradient of the shape of `x`, at both orders; or an error as well."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of NumPy, about the mean of nothing
        leaf = Tensor(x, requires_grad=True)
        try:
            expected = function(x)
        except Exception:
            with pytest.raises(Exception):  # noqa: B017, PT011 - as NumPy has it
                function(leaf)
            return
        out = function(leaf)
        np.testing.assert_allclose(out.data, expected, rtol=1e-13)
        assert out.dtype == np.asarray(expected).dtype
        first = gradients(np.real(np.sum(out)), leaf, create_graph=True)
        assert first.shape == x.shape
        if first.requires_grad:
            assert gradients(np.sum(first), leaf).shape == x.shape


@pytest.mark.parametrize("name", OF_MATRICES)
def test_matrices_without_elements_give_what_numpy_gives(name: str) -> None:
    for shape in [(0, 0), (0, 2, 2), (3, 0, 0), (0, 3), (3, 0), (2, 0, 3), (0, 1, 1), (1, 1)]:
        compare_with_numpy(OF_MATRICES[name], np.full(shape, 0.7))


@pytest.mark.parametrize("name", OF_AXES)
def test_reductions_of_nothing_give_what_numpy_gives(name: str) -> None:
    for shape, how in [
        ((0,), {}), ((0,), {"axis": 0, "keepdims": True}), ((0, 3), {}), ((0, 3), {"axis": 0}),
        ((0, 3), {"axis": 1}), ((3, 0), {"axis": -1}), ((2, 0, 3), {"axis": (0, 1)}),
        ((2, 0, 3), {"axis": (0, 2)}), ((1,), {}), ((1, 3), {"axis": 0}), ((), {}),
    ]:  # fmt: skip
        compare_with_numpy(lambda x, how=how: OF_AXES[name](x, **how), np.full(shape, 0.7))


def test_determinant_of_no_rows_depends_on_nothing() -> None:
    assert grad(la.det)(np.ones((0, 0))).shape == (0, 0)
    assert grad(lambda a: np.sum(la.det(a)))(np.ones((3, 0, 0))).shape == (3, 0, 0)
    assert la.det(Tensor(np.ones((0, 0)), requires_grad=True)).item() == 1


# -- points of interest -------------------------------------------------------------------------
# Each row: a function, its inputs, the first derivatives of the sum by each input, and the second
# ones by the first input (None: not compared).


def of_complex(function: Any) -> Any:
    return lambda x, y: function(x + 1j * y)


# fmt: off
Row = tuple[str, Any, list[Any], list[Any], Any]
TABLE: list[Row] = [
    # NaN: nobody knows which element is the largest.
    ("max of NaN",      np.max,       [[1, NAN, 2]],      [[NAN] * 3],          None),
    ("min of NaN",      np.min,       [[NAN, 2]],         [[NAN] * 2],          None),
    ("amax of NaN",     np.amax,      [[NAN, 2]],         [[NAN] * 2],          None),
    ("ptp of NaN",      np.ptp,       [[NAN, 2]],         [[NAN] * 2],          None),
    ("maximum of NaN",  np.maximum,   [[NAN, 1, 2], [1, NAN, 3]],
                                      [[NAN, NAN, 0], [NAN, NAN, 1]],           None),
    ("minimum of NaN",  np.minimum,   [[NAN, 1, 2], [1, NAN, 3]],
                                      [[NAN, NAN, 1], [NAN, NAN, 0]],           None),
    ("fmax of NaN",     np.fmax,      [[NAN, 1, NAN], [1, NAN, NAN]],
                                      [[0, 1, NAN], [1, 0, NAN]],               None),
    ("clip NaN",        lambda x: np.clip(x, -1, 1), [[NAN, 2, 0]], [[NAN, 0, 1]], [0, 0, 0]),
    ("clip to NaN",     np.clip,      [[0., 1.], [NAN, 0], [2, NAN]],
                                      [[NAN, NAN], [NAN, NAN], [NAN, NAN]],     None),
    ("clip to inf",     np.clip,      [[0., 1.], [-INF, -INF], [INF, 0.5]],
                                      [[1, 0], [0, 0], [0, 1]],                 [0, 0]),
    ("relu of NaN",     autograd.relu, [[NAN, 0, 1]],     [[NAN, 0, 1]],        None),
    ("leaky_relu of NaN", autograd.leaky_relu, [[NAN, 0, 1]], [[NAN, 0.01, 1]], None),
    ("median of NaN",   np.median,    [[1, NAN, 3]],      [[0, 0, NAN]],        None),
    ("std of one",      np.std,       [3.5],              [0],                  0),
    ("std of ones",     lambda x: np.std(x, axis=1), [[[3.5], [1]]], [[[0], [0]]], [[0], [0]]),
    ("std kept", lambda x: np.std(x, axis=0, keepdims=True), [[[3.5, 1]]], [[[0, 0]]], [[0, 0]]),
    ("nanstd of one",   np.nanstd,    [[NAN, 2]],         [[0, 0]],             [0, 0]),
    ("std of equals",   np.std,       [[2, 2]],           [[0, 0]],             [NAN, NAN]),
    # Infinities: the limit.
    ("logaddexp",       np.logaddexp, [[INF, 1, -INF], [1, INF, -INF]],
                                      [[1, 0, 0], [0, 1, 0]],                   [0, 0, 0]),
    ("logaddexp2",      np.logaddexp2, [[INF, -INF], [1, 0]], [[1, 0], [0, 1]], [0, 0]),
    ("logsumexp", lambda x: autograd.logsumexp(x, axis=1),
     [[[INF, 0], [INF, INF], [-INF, -INF], [0, -INF]]],
                                      [[[1, 0], [NAN, NAN], [0, 0], [1, 0]]],   None),
    ("silu",            autograd.silu, [[-1e300, -INF, INF, 1e300]], [[0, 0, 1, 1]], [0, 0, 0, 0]),
    ("gelu",            autograd.gelu, [[-1e300, -INF, INF, 1e300]], [[0, 0, 1, 1]], [0, 0, 0, 0]),
    ("gelu_tanh", autograd.gelu_tanh, [[-1e300, -INF, INF, 1e300]], [[0, 0, 1, 1]], [0, 0, 0, 0]),
    ("hypot", np.hypot, [[INF, 1, -INF], [1, -INF, 2]], [[1, 0, -1], [0, -1, 0]], [0, 0, 0]),
    ("hypot huge", np.hypot, [[1e300, 1e-300], [1e300, 1e-300]], [[0.5**0.5] * 2] * 2, None),
    ("hypot beyond",    np.hypot,     [[1.7e308], [1.7e308]], [[0.5**0.5]] * 2,  None),
    ("hypot denormal",  np.hypot,     [[5e-324], [5e-324]], [[0.5**0.5]] * 2,    None),
    ("arctan2",         np.arctan2,   [[0., 1, 1e-300, 0], [1e-160, INF, 1e-300, -INF]],
                                      [[1e160, 0, 5e299, 0], [0, 0, -5e299, 0]], None),
    ("arccosh",         np.arccosh,   [[1e300, INF]],     [[1e-300, 0]],        [0, 0]),
    ("arcsinh",         np.arcsinh,   [[1e300, -INF]],    [[1e-300, 0]],        [0, 0]),
    ("arctan",          np.arctan,    [[INF, 1e155]],     [[0, 1e-310]],        [0, 0]),
    ("cbrt",            np.cbrt,      [[INF, 8.0]],       [[0, 1 / 12]],        [0, -1 / 144]),
    ("prod of inf",     np.prod,      [[INF, 2, 3]],      [[6, INF, INF]],      None),
    ("prod of tiny",    np.prod,      [[1e-200, 1e-200]], [[1e-200, 1e-200]],   [1, 1]),
    ("cumprod of inf",  np.cumprod,   [[2, INF]],         [[INF, 2]],           None),
    ("max of inf",      np.max,       [[INF, INF, 1]],    [[0.5, 0.5, 0]],      [0, 0, 0]),
    ("maximum of inf",  np.maximum,   [[INF, -INF], [INF, -INF]], [[0.5, 0.5]] * 2, [0, 0]),
    # Powers.
    ("inf ** 0",        np.power,     [[INF, -INF], [0, 0]], [[0, 0], [INF, NAN]], None),
    ("inf ** number 0", lambda x: x**0, [[INF, NAN, 0]],   [[0, 0, 0]],         [0, 0, 0]),
    ("0 ** y", np.power, [[0, 0, 0, 0], [0, 1, 2, 3]], [[0, 1, 0, 0], [0, 0, 0, 0]], [0, 0, 2, 0]),
    ("0 ** 1e300",      np.power,     [[0], [1e300]],     [[0], [0]],           [0]),
    ("x ** 1",          lambda x: x**1, [[0, INF, -2]],    [[1, 1, 1]],         [0, 0, 0]),
    ("x ** -1",         lambda x: x**-1, [[1e160, INF]],   [[0, 0]],            [0, 0]),
    # The origin: a cone has slope 0 by convention, and NaN at second order; an angle has none.
    ("hypot at 0",      np.hypot,     [[0], [0]],         [[0], [0]],           [NAN]),
    ("arctan2 at 0",    np.arctan2,   [[0], [0]],         [[NAN], [NAN]],           [NAN]),
    ("|z| at 0",        of_complex(np.abs), [[0], [0]],   [[0], [0]],           [NAN]),
    ("|z| at denormals", of_complex(np.abs), [[5e-324, 3e-310, 5e-324], [0, 4e-310, 5e-324]],
     [[1, 0.6, 0.5**0.5], [0, 0.8, 0.5**0.5]], None),
    ("|z| at inf", of_complex(np.abs), [[INF, 1e300], [1, 1e300]],
     [[1, 0.5**0.5], [0, 0.5**0.5]], None),
    ("angle at 0",      of_complex(np.angle), [[0], [0]], [[NAN], [NAN]],           [NAN]),
    ("angle of reals",  np.angle,     [[0, 1, -1]],       [[0, 0, 0]],          [0, 0, 0]),
    ("norm, huge",      la.norm,      [[3e200, -4e200]],  [[0.6, -0.8]],        None),
    ("norm, tiny",      la.norm,      [[3e-200, 4e-200]], [[0.6, 0.8]],         None),
    ("norm of rows",    lambda x: la.norm(x, axis=1), [[[3e-300, 4e-300], [0, 0], [3, 4]]],
     [[[0.6, 0.8], [0, 0], [0.6, 0.8]]], None),
    ("norm 3, huge",    lambda x: la.vector_norm(x, ord=3), [[1e200, 1e200]],
     [[4 ** (-1 / 3)] * 2], None),
    ("norm at 0",       la.norm,      [[0, 0]],           [[0, 0]],             [NAN, NAN]),
]
# fmt: on


def derivatives_at(function: Any, inputs: list[Any]) -> tuple[list[Any], Any]:
    leaves = [Tensor(x, requires_grad=True, dtype=float) for x in inputs]
    with np.errstate(all="ignore"):
        first = gradients(np.sum(function(*leaves)), leaves, create_graph=True)
        second = np.zeros(leaves[0].shape)
        if first[0].requires_grad:
            second = gradients(np.sum(first[0]), leaves[0])
    return [g.data for g in first], second


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_derivatives_at_points_of_interest(row: Row) -> None:
    _, function, inputs, first, second = row
    found, found_second = derivatives_at(function, inputs)
    for ours, right in zip(found, first, strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-12, atol=1e-305)
    if second is not None:
        np.testing.assert_allclose(found_second, second, rtol=1e-12, atol=1e-300)


def test_mixed_derivative_of_a_power_is_the_same_in_either_order() -> None:
    for x, y in ((2.0, 0.0), (0.5, 0.0), (2.0, 1.0), (3.0, -1.0)):
        leaves = [Tensor(x, requires_grad=True), Tensor(y, requires_grad=True)]
        by_x, by_y = gradients(np.power(*leaves), leaves, create_graph=True)
        right = x ** (y - 1) * (1 + y * np.log(x))
        assert gradients(by_x, leaves[1], retain_graph=True) == pytest.approx(right, rel=1e-12)
        assert gradients(by_y, leaves[0]) == pytest.approx(right, rel=1e-12)


def test_hessian_of_a_radius_at_the_origin_does_not_exist() -> None:
    for radius in (
        lambda x: np.hypot(x[0], x[1]),
        lambda x: np.abs(x[0] + 1j * x[1]),
        lambda x: np.linalg.norm(x),
        lambda x: np.linalg.norm(x[0] + 1j * x[1]) if np.ndim(x[0]) else np.abs(x[0] - 1j * x[1]),
    ):
        assert grad(radius)(np.zeros(2)).tolist() == [0, 0]
        assert np.isnan(autograd.hessian(radius)(np.zeros(2))).all()
        away = autograd.hessian(radius)(np.array([3.0, 4.0]))
        np.testing.assert_allclose(away, [[16 / 125, -12 / 125], [-12 / 125, 9 / 125]], rtol=1e-12)


def test_points_of_interest_in_float32_and_float16() -> None:
    for dtype in (np.float16, np.float32):
        x = np.array([-INF, -1e4, 0, 1e4, INF], dtype)
        for function in (autograd.silu, autograd.gelu, autograd.gelu_tanh):
            slope = elementwise_grad(function)(x)
            assert slope.dtype == dtype
            np.testing.assert_array_equal(slope, [0, 0, 0.5, 1, 1])
            assert function(x)[0] == function(x)[1] == 0
