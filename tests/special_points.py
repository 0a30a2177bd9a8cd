"""Functions at zeros, infinities, NaN, huge and tiny numbers, to be compared with other engines.

    disagreements(theirs)      where their derivatives are not ours, by function and point

`theirs(name, points)` gives for each point the derivatives as `ours` does, up to `order`, or None
where they have no such function. Who is right stands in the table of the test that calls this.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

import autograd
from autograd import Tensor, gradients

INF, NAN = np.inf, np.nan
Point = tuple[float, ...]

#: Functions of one number and of two, by the names that NumPy and `autograd.ops` give them.
_UNARY = """
    reciprocal square sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin arccos
    arctan sinh cosh tanh arcsinh arccosh arctanh sign floor absolute relu sigmoid softplus silu
    gelu gelu_tanh elu leaky_relu erf
"""
_BINARY = """
    multiply true_divide power maximum minimum fmax hypot arctan2 logaddexp logaddexp2 copysign
"""
UNARY, BINARY = _UNARY.split(), _BINARY.split()
_ONE = (0.0, -0.0, INF, -INF, NAN, 1e300, -1e300, 1e-300, -1e-300, 1.0, -1.0, 30.0, -30.0)
_TWO = (0.0, INF, -INF, NAN, 1e300, -1e300, 1e-300, 1.0, -1.0, 2.0)


def points_of(name: str) -> list[Point]:
    return [(p,) for p in _ONE] if name in UNARY else list(itertools.product(_TWO, _TWO))


_OURS = {"gelu_tanh": lambda x: autograd.ops.gelu(x, "tanh")}


def ours(name: str, at: Point) -> list[float]:
    """The first derivatives, and the second ones of each."""
    function = _OURS.get(name) or getattr(autograd.ops, name, None) or getattr(np, name)
    leaves = [Tensor([p], requires_grad=True) for p in at]
    with np.errstate(all="ignore"):
        first = gradients(np.sum(function(*leaves)), leaves, create_graph=True)
        found = [g.item() for g in first]
        for g in first:
            if g.requires_grad:
                found += [h.item() for h in gradients(np.sum(g), leaves, retain_graph=True)]
            else:
                found += [0.0] * len(leaves)
    return found


def disagreements(
    theirs: Callable[[str, list[Point]], list[list[float]] | None], order: int = 2
) -> dict[tuple[str, Point], tuple[list[float], list[float]]]:
    found = {}
    for name in (*UNARY, *BINARY):
        points = points_of(name)
        results = theirs(name, points)
        for at, result in zip(points, results or (), strict=results is not None):
            mine = ours(name, at)[: None if order == 2 else len(at)]
            if not np.allclose(mine, result, rtol=1e-9, atol=1e-14, equal_nan=True):
                found[name, at] = (mine, result)
    return found


# -- the kinds of points that tables speak of ---------------------------------------------------


def has_nan(*at: Any) -> bool:
    return bool(np.isnan(at).any())


def has_inf(*at: Any) -> bool:
    return bool(np.isinf(at).any())


def is_finite(*at: Any) -> bool:
    return bool(np.isfinite(at).all())


def is_huge(*at: Any) -> bool:
    return max(map(abs, at)) >= 1e300


def has_zero(*at: Any) -> bool:
    return 0.0 in at


def is_origin(*at: Any) -> bool:
    return not any(at)


def is_tie(*at: Any) -> bool:
    return at[0] == at[1]


def is_negative(*at: Any) -> bool:
    return at[0] < 0


def is_tiny(*at: Any) -> bool:
    return min(map(abs, at)) <= 1e-300


Table = dict[str, list[tuple[Callable[..., bool], str]]]


def unexplained(found: dict[tuple[str, Point], Any], table: Table) -> list[str]:
    """Disagreements that the table does not speak of, and lines of it about none."""
    lines = {
        (name, kind.__name__): [at for n, at in found if n == name and kind(*at)]
        for name, rows in table.items()
        for kind, _ in rows
    }
    wrong = [f"{name}, {kind}: they agree there" for (name, kind), at in lines.items() if not at]
    for (name, at), (mine, theirs) in found.items():
        if not any(kind(*at) for kind, _ in table.get(name, [])):
            wrong.append(f"{name} at {at}: {mine} here, {theirs} there")
    return wrong
