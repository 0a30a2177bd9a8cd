"""An independent judge: first and second derivatives as PyTorch computes them, in float64."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import autograd
from autograd import Tensor, gradients
from tests import special_points as at

torch = pytest.importorskip("torch")
F = torch.nn.functional

GENERATOR = np.random.default_rng(21)


def real(*shape: int) -> Any:
    return GENERATOR.normal(size=shape) + 0.01


def positive(*shape: int) -> Any:
    return GENERATOR.uniform(0.3, 2.0, shape)


def unit(*shape: int) -> Any:
    return GENERATOR.uniform(-0.9, 0.9, shape)


Row = tuple[str, Callable[..., Any], Callable[..., Any], list[Any]]
A, B, V = (2, 3), (3, 2), (3,)
INDEX = torch.tensor([2, 0, 2])
# fmt: off
ROWS: list[Row] = [
    ("add", lambda x, y: x + y, lambda x, y: x + y, [real(*A), real(*V)]),
    ("subtract", lambda x, y: x - y, lambda x, y: x - y, [real(*A), real(2, 1)]),
    ("multiply", lambda x, y: x * y, lambda x, y: x * y, [real(*A), real(*V)]),
    ("divide", lambda x, y: x / y, lambda x, y: x / y, [real(*A), positive(*V)]),
    ("remainder", lambda x, y: x % y, lambda x, y: x % y, [real(*A), positive(*V)]),
    ("power", lambda x, y: x ** y, lambda x, y: x ** y, [positive(*A), real(*V)]),
    ("cube",       lambda x: x ** 3,               lambda x: x ** 3,               [real(*A)]),
    ("maximum", np.maximum, torch.maximum, [real(*A), real(*V)]),
    ("minimum", np.minimum, torch.minimum, [real(*A), real(*V)]),
    ("max tie",    lambda x: np.max(x, axis=1),    lambda x: torch.amax(x, 1),     [np.ones(A)]),
    ("clip",       lambda x: np.clip(x, -.5, .5),  lambda x: x.clip(-.5, .5),      [real(*A)]),
    ("where", lambda x, y: np.where(x.data > 0, x * y, y),
     lambda x, y: torch.where(x > 0, x * y, y), [real(*A), real(*V)]),
    *[(name, getattr(np, name), getattr(torch, name), [domain(*A)]) for name, domain in [
        ("negative", real), ("square", real), ("exp", real), ("expm1", real), ("sin", real),
        ("cos", real), ("tan", unit), ("arcsin", unit), ("arccos", unit), ("arctan", real),
        ("sinh", real), ("cosh", real), ("tanh", real), ("arcsinh", real), ("arctanh", unit),
        ("log", positive), ("log2", positive), ("log10", positive), ("log1p", positive),
        ("sqrt", positive), ("reciprocal", positive), ("absolute", real), ("sign", real),
        ("floor", real), ("ceil", real), ("trunc", real),
    ]],
    ("arccosh", np.arccosh, torch.arccosh, [positive(*A) + 1]),
    ("sum",        lambda x: np.sum(x, axis=0),    lambda x: x.sum(0),             [real(*A)]),
    ("mean",       lambda x: np.mean(x, axis=(0, 2)), lambda x: x.mean((0, 2)),    [real(2, 3, 2)]),
    ("max",        lambda x: np.max(x, axis=-1),   lambda x: torch.amax(x, -1),    [real(*A)]),
    ("min",        np.min,                         lambda x: torch.amin(x, (0, 1)), [real(*A)]),
    ("prod",       lambda x: np.prod(x, axis=1),   lambda x: torch.prod(x, 1),     [real(*A)]),
    ("prod zeros", np.prod, torch.prod, [np.array([0., 2, 0, 3])]),
    ("var",        lambda x: np.var(x, axis=0, ddof=1), lambda x: x.var(0),        [real(4, 3)]),
    ("std", lambda x: np.std(x, axis=1, keepdims=True),
     lambda x: x.std(1, correction=0, keepdim=True), [real(*A)]),
    ("reshape",    lambda x: np.reshape(x, (3, 2)), lambda x: x.reshape(3, 2),     [real(*A)]),
    ("transpose", lambda x: np.transpose(x, (2, 0, 1)), lambda x: x.permute(2, 0, 1),
     [real(2, 3, 2)]),
    ("swapaxes",   lambda x: np.swapaxes(x, 0, 2), lambda x: x.swapaxes(0, 2),     [real(2, 3, 2)]),
    ("moveaxis",   lambda x: np.moveaxis(x, 0, 2), lambda x: x.moveaxis(0, 2),     [real(2, 3, 2)]),
    ("broadcast", lambda x: np.broadcast_to(x, (4, 2, 3)), lambda x: x.broadcast_to(4, 2, 3),
     [real(2, 1)]),
    ("concatenate", lambda x, y: np.concatenate([x, y], axis=1), lambda x, y: torch.cat([x, y], 1),
     [real(*A), real(2, 2)]),
    ("stack", lambda x, y: np.stack([x, y], axis=1), lambda x, y: torch.stack([x, y], 1),
     [real(*A), real(*A)]),
    ("split", lambda x: np.multiply(*np.split(x, 2)), lambda x: torch.mul(*x.split(2)),
     [real(4, 3)]),
    ("index",      lambda x: x[[2, 0, 2]],         lambda x: x[INDEX],             [real(3, 2)]),
    ("slice",      lambda x: x[1:, ::2],           lambda x: x[1:, ::2],           [real(3, 4)]),
    ("mask",       lambda x: x[x.data > 0],        lambda x: x[x > 0],             [real(3, 4)]),
    ("matmul", lambda x, y: x @ y, lambda x, y: x @ y, [real(*A), real(*B)]),
    ("matmul 3-2", lambda x, y: x @ y, lambda x, y: x @ y, [real(4, 2, 3), real(*B)]),
    ("matmul 1-3", lambda x, y: x @ y, lambda x, y: x @ y, [real(3), real(2, 3, 2)]),
    ("matmul 4-3", lambda x, y: x @ y, lambda x, y: x @ y, [real(2, 1, 2, 3), real(2, 3, 2)]),
    ("dot", np.dot, torch.dot, [real(3), real(3)]),
    ("relu",       autograd.ops.relu,                  torch.relu,                     [real(*A)]),
    ("sigmoid",    autograd.ops.sigmoid,               torch.sigmoid,                  [real(*A)]),
    ("softplus",   autograd.ops.softplus,              F.softplus,                     [real(*A)]),
    ("softmax",    lambda x: autograd.ops.softmax(x, axis=0), lambda x: x.softmax(0),  [real(*A)]),
    ("log_softmax", autograd.ops.log_softmax,          lambda x: x.log_softmax(-1),    [real(*A)]),
    ("logsumexp", lambda x: autograd.ops.logsumexp(x, axis=(0, 1)), lambda x: x.logsumexp((0, 1)),
     [real(*A)]),
    ("linear", autograd.ops.linear, F.linear, [real(4, 3), real(2, 3), real(2)]),
    ("cross_entropy", lambda x: autograd.ops.cross_entropy(x, [2, 0, 2]),
     lambda x: F.cross_entropy(x, INDEX), [real(3, 4)]),
    ("network", lambda x, w, v: autograd.ops.sigmoid(np.tanh(x @ w) @ v).mean(),
     lambda x, w, v: torch.sigmoid(torch.tanh(x @ w) @ v).mean(),
     [real(4, 3), real(3, 3), real(3, 1)]),
]
# fmt: on


@pytest.mark.parametrize(
    ("ours", "theirs", "arrays"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_first_and_second_order_equal_torch(ours: Any, theirs: Any, arrays: list[Any]) -> None:
    xs = [Tensor(a, requires_grad=True) for a in arrays]
    ts = [torch.tensor(a, requires_grad=True) for a in arrays]
    y, t = ours(*xs), theirs(*ts)
    np.testing.assert_allclose(y.data, t.numpy(force=True), rtol=1e-10, atol=1e-10)

    generator = np.random.default_rng(5)
    g = generator.normal(size=y.shape)
    v, u = Tensor(g, requires_grad=True), torch.tensor(g, requires_grad=True)
    first = gradients(y, xs, v, create_graph=True)
    theirs_first = torch.autograd.grad(t, ts, u, create_graph=True)
    for a, b in zip(first, theirs_first, strict=True):
        np.testing.assert_allclose(a.data, b.numpy(force=True), rtol=1e-10, atol=1e-10)

    directions = [generator.normal(size=a.shape) for a in arrays]
    slope = sum(np.sum(a * d) for a, d in zip(first, directions, strict=True))
    theirs_slope = sum(
        (b * torch.tensor(d)).sum() for b, d in zip(theirs_first, directions, strict=True)
    )
    second = gradients(slope, [*xs, v])
    if theirs_slope.requires_grad:
        theirs_second = torch.autograd.grad(theirs_slope, [*ts, u], allow_unused=True)
    else:  # a step, whose gradient PyTorch makes of new zeros
        theirs_second = [None] * len(second)
    for a, b in zip(second, theirs_second, strict=True):
        expected = np.zeros_like(a) if b is None else b.numpy(force=True)
        np.testing.assert_allclose(a, expected, rtol=1e-10, atol=1e-10)


# -- zeros, infinities, NaN ---------------------------------------------------------------------

#: Where PyTorch 2.13 gives other first or second derivatives, who is right, and why.
DISAGREEMENTS: at.Table = {
    "arctan": [(at.has_inf, "0 is the limit of the second derivative; PyTorch: NaN (0 times inf)")],
    "arcsinh": [(at.has_inf, "as arctan")],
    "erf": [(at.has_inf, "as arctan")],
    "arccosh": [
        (at.has_inf, "as arctan"),
        (at.is_negative, "the value is NaN there; PyTorch's finite derivative is that of nothing"),
    ],
    "absolute": [(at.has_nan, "of NaN nobody knows the sign: NaN; PyTorch: 0")],
    "relu": [(at.has_nan, "nobody knows which side it is on: NaN; PyTorch: 1")],
    "leaky_relu": [(at.has_nan, "as relu; PyTorch: the slope of the negative side")],
    "elu": [
        (at.has_nan, "as relu; PyTorch: 1"),
        (at.is_origin, "the second derivative jumps from 1 to 0: the middle; PyTorch: 0"),
    ],
    "softplus": [(at.is_finite, "PyTorch takes it for x beyond 20; e**-30 is right")],
    "silu": [(at.has_inf, "the limits are 1 and 0; PyTorch: NaN (0 times inf)")],
    "gelu": [(at.is_huge, "the limits are 1 and 0; PyTorch: NaN (0 times inf)")],
    "gelu_tanh": [(at.is_huge, "the limits are 1 and 0; PyTorch: NaN (0 times inf)")],
    "power": [
        (at.has_zero, "at base 0 the exponent's derivative is 0, and so is the next one where the "
         "exponent is not small; PyTorch: NaN. At exponent 0 mixed derivatives are 1 / x"),
        (at.has_nan, "second derivatives at NaN are NaN; PyTorch: 0 in places"),
    ],
    "maximum": [(at.has_nan, "nobody knows which is larger: NaN; PyTorch: 1 for both")],
    "minimum": [(at.has_nan, "as maximum")],
    "fmax": [
        (at.is_tie, "ties are shared; PyTorch gives all to the first"),
        (at.has_nan, "of two NaN neither is chosen: NaN; PyTorch gives 1 to the first"),
    ],
    "hypot": [
        (at.is_origin, "0, as of every norm, with no second derivative; PyTorch: NaN"),
        (at.has_inf, "the limit is 1 for what is infinite and 0 for the other; PyTorch: NaN"),
    ],
    "arctan2": [
        (at.is_origin, "an angle has no derivative there: NaN; PyTorch: 0"),
        (at.has_inf, "the limit is 0; PyTorch: NaN (inf / inf)"),
        (at.is_tiny, "1 / r is finite; PyTorch's square of r is 0"),
    ],
    "logaddexp": [
        (at.has_inf, "the limit of second derivatives is 0; PyTorch: NaN"),
        (at.is_huge, "the same: e**1e300 overflows"),
    ],
    "logaddexp2": [
        (at.has_inf, "the limit of second derivatives is 0; PyTorch: NaN"),
        (at.is_huge, "the same: 2**1e300 overflows"),
    ],
    "copysign": [
        (at.has_zero, "second derivatives are 0, by the convention for |x|; PyTorch: NaN"),
        (at.has_inf, "it is as steep at infinity as anywhere: 1; PyTorch: NaN (inf / inf)"),
        (at.has_nan, "second derivatives of what is NaN; PyTorch: NaN in another place"),
    ],
}  # fmt: skip

_THEIRS = {
    "power": torch.pow, "softplus": F.softplus, "silu": F.silu, "gelu": F.gelu, "elu": F.elu,
    "leaky_relu": F.leaky_relu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"),
}  # fmt: skip


def of_torch(name: str, points: list[at.Point]) -> list[list[float]] | None:
    function = _THEIRS.get(name) or getattr(torch, name, None)
    if function is None:
        return None
    results = []
    for point in points:
        xs = [torch.tensor([p], dtype=torch.float64, requires_grad=True) for p in point]
        first = torch.autograd.grad(function(*xs).sum(), xs, create_graph=True)
        found = [g.item() for g in first]
        for g in first:
            second = [None] * len(xs)
            if g.requires_grad:
                second = torch.autograd.grad(g.sum(), xs, retain_graph=True, allow_unused=True)
            found += [0.0 if h is None else h.item() for h in second]
        results.append(found)
    return results


def test_special_points_disagree_with_torch_where_the_table_says_why() -> None:
    assert not at.unexplained(at.disagreements(of_torch), DISAGREEMENTS)
