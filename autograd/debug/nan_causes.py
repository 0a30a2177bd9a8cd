"""Causes of NaN and infinity, and their remedies: one table for values and one for slopes.

A row holds the names of operations, a condition on the numbers at the element in question, the
cause, and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .. import rules
from ..op import Op
from ..typing import Array

_Row = tuple[str, Callable[..., Any], str, str]

_POSITIVE = (
    "keep its input positive, np.{name}(np.maximum(x, {small})); also where np.where picks another "
    "value afterwards, np.{name}(np.where(x > 0, x, 1)): otherwise the gradient is NaN there"
)
_NOT_ZERO = "keep its input away from 0, np.{name}(np.where(x != 0, x, 1))"
_NONZERO = (
    "keep the denominator away from 0; also where np.where picks another value afterwards, "
    "a / np.where(b != 0, b, 1): otherwise the gradient is NaN there"
)
_CLIPPED = "clip its input, short of the ends: np.{name}(np.clip(x, -0.999, 0.999))"

#: For values: conditions on (output, *inputs).
_VALUES: list[_Row] = [
    ("log log2 log10", lambda _, x: x < 0, "the logarithm of a negative number is NaN", _POSITIVE),
    ("log log2 log10", lambda _, x: x == 0, "the logarithm of 0 is -inf", _POSITIVE),
    ("log1p", lambda _, x: x <= -1, "log1p needs numbers above -1", "keep its input above -1"),
    ("sqrt", lambda _, x: x < 0, "the square root of a negative number is NaN", _POSITIVE),
    ("divide", lambda _, a, b: (a == 0) & (b == 0), "0 / 0 is NaN", _NONZERO),
    ("divide remainder fmod", lambda _, __, b: b == 0, "it divides by 0", _NONZERO),
    ("reciprocal", lambda _, x: x == 0, "it divides by 0", _NONZERO),
    ("power", lambda _, x, p: (x == 0) & (p < 0), "0 to a negative power divides by 0",
     "keep the base away from 0"),
    ("power", lambda y, x, _: (x < 0) & np.isnan(y),
     "a negative number to a non-integer power is NaN", "keep the base positive"),
    ("arcsin arccos", lambda _, x: abs(x) > 1, "its input is not between -1 and 1", _CLIPPED),
    ("arctanh", lambda _, x: abs(x) >= 1, "its input is not between -1 and 1", _CLIPPED),
    ("arccosh", lambda _, x: x < 1, "its input is less than 1", "keep its input at least 1"),
    ("exp exp2 expm1 sinh cosh", lambda y, _: np.isinf(y),
     "the exponential of {x:.6g} is more than {largest:.4g}, the largest {dtype}",
     "subtract the largest exponent first, as softmax, log_softmax and logsumexp do, or use "
     "another function that avoids it: sigmoid, softplus, np.tanh, np.logaddexp"),
    ("add subtract", lambda y, *_: np.isnan(y), "inf - inf is NaN",
     "find where the infinities come from with detect_anomaly(inf=True)"),
    ("multiply", lambda y, *_: np.isnan(y), "0 * inf is NaN",
     "choose with np.where instead of multiplying by a mask of 0 and 1"),
    ("softmax log_softmax", lambda y, *_: np.isnan(y), "a row may hold nothing but -inf",
     "leave at least one element of each row unmasked"),
    ("mean std var", lambda y, x: np.isnan(y) & (x.size == 0), "it is taken over no elements",
     "look at the index or mask that left none"),
    ("std var", lambda y, _: np.isnan(y), "the number of elements minus ddof is 0",
     "give it more elements, or a smaller ddof"),
    ("slogdet", lambda y, _: np.isinf(y), "the matrix is singular: log(abs(det)) is -inf",
     "add a small multiple of np.eye(n)"),
]  # fmt: skip

#: For slopes: conditions on (output, *inputs). The last entry says which inputs are harmless.
_SLOPES: list[_Row] = [
    ("sqrt", lambda y, _: y == 0, "the slope of sqrt is infinite at 0", "x > 0"),
    ("cbrt", lambda y, _: y == 0, "the slope of cbrt is infinite at 0", "x != 0"),
    ("log log2 log10", lambda _, x: x == 0, "the slope of {name} is infinite at 0", "x > 0"),
    ("log1p", lambda _, x: x == -1, "the slope of log1p is infinite at -1", "x > -1"),
    ("power", lambda _, x, p: (x == 0) & (p < 1), "the slope of x**{p:g} is infinite at 0",
     "x > 0"),
    ("arctan2", lambda _, a, b: (a == 0) & (b == 0), "arctan2 has no slope at (0, 0)",
     "b != 0"),
    ("angle", lambda _, x: x == 0, "angle has no slope at 0", "x != 0"),
    ("power", lambda _, x, __: x < 0, "the slope in the exponent needs a positive base", "x > 0"),
    ("divide", lambda _, __, b: b == 0, "the slope of a / b is infinite at b = 0", "b != 0"),
    ("reciprocal", lambda y, _: np.isinf(y), "the slope of 1 / x is infinite at 0", "x != 0"),
    ("arcsin arccos arctanh", lambda _, x: abs(x) == 1,
     "the slope of {name} is infinite at -1 and 1", "np.abs(x) < 1"),
    ("arccosh", lambda _, x: x == 1, "the slope of arccosh is infinite at 1", "x > 1"),
]  # fmt: skip

_WRITTEN = {  # with harmful inputs replaced
    "divide": "a / np.where(b != 0, b, 1)",
    "arctan2": "np.arctan2(a, np.where((a != 0) | (b != 0), b, 1))",
    "power": "np.where(x > 0, x, 1)**p",
    "arccosh": "np.arccosh(np.where(x > 1, x, 2))",
}


#: Operations that turn finite numbers into an infinity only if the result is too large.
_ARITHMETIC = (
    "add subtract multiply divide square power sum prod cumsum cumprod mean matmul "
    "vecdot einsum tensordot linear astype convolve"
)

#: Operations whose gradients divide by differences, and the values that these are taken of.
_DIFFERENCES = {"eigh": "eigenvalues", "eig": "eigenvalues", "svd": "singular values"}


def of_value(op: Op, y: Array, inputs: Sequence[Array]) -> tuple[str, str]:
    """Explain why `op` gave the number `y` for these numbers, and name the remedy."""
    why, remedy = _find(_VALUES, op, y, inputs)
    if not why and np.isinf(y) and all(np.all(np.isfinite(x)) for x in inputs):
        return overflow(op, y.dtype)
    return why, remedy


def overflow(op: Op, dtype: np.dtype[Any]) -> tuple[str, str]:
    """Explain an infinity that came from finite numbers."""
    limit = f"is more than {np.finfo(dtype).max:.4g}, the largest {dtype}"
    if op.name in _ARITHMETIC.split() and _is_ours(op):
        return f"the result {limit}", "scale the numbers down, or compute in a wider dtype"
    return (
        f"a number on the way to it {limit}, or it divides by 0",
        "scale the numbers down or compute in a wider dtype, and keep denominators away from 0",
    )


def of_matrix_gradient(op: Op) -> tuple[str, str]:
    """Explain why the gradient of a decomposition may be NaN."""
    values = _DIFFERENCES.get(op.name)
    if values is None or not _is_ours(op):
        return "", ""
    return (
        f"two {values} may be equal: the gradient of the vectors divides by their difference",
        "use the values without the vectors, or add a small matrix that tells them apart",
    )


def of_slope(op: Op, g: Array, y: Array, inputs: Sequence[Array]) -> tuple[str, str]:
    """Explain why the slope of `op` times the cotangent `g` is not finite, with the remedy."""
    why, harmless = _find(_SLOPES, op, y, inputs)
    if not why:
        return "", ""
    name, safe = op.name, _safe(op.name, harmless)
    if g == 0:
        return (
            f"{why}, and the cotangent there is 0, because the value is not used: np.where picks "
            f"another one, or a mask of 0 multiplies it; 0 * inf is NaN",
            f"replace the input inside, so that {name} never sees what is not used: {safe}",
        )
    return why, f"keep the input away from there (add a small number), or replace it: {safe}"


def _safe(name: str, harmless: str) -> str:
    """Write the operation with harmful inputs replaced."""
    return _WRITTEN.get(name, f"np.{name}(np.where({harmless}, x, {0 if '<' in harmless else 1}))")


def _is_ours(op: Op) -> bool:
    """Tell whether the rules belong to this package: an operation of the user may have any name."""
    modules = (getattr(vjp, "__module__", "") for vjp in (op.joint, *op.vjps) if vjp is not None)
    return all(str(module).startswith(f"{rules.__name__}.") for module in modules)


def _find(rows: list[_Row], op: Op, y: Any, inputs: Sequence[Any]) -> tuple[str, str]:
    for names, condition, why, remedy in rows:
        if op.name in names.split() and _is_ours(op) and condition(y, *inputs):
            dtype = np.dtype(getattr(y, "dtype", float))
            values = {"name": op.name, "x": inputs[0], "p": inputs[-1], "dtype": dtype}
            values["small"] = "1e-4" if dtype == np.float16 else "1e-12"
            if dtype.kind in "fc":
                values["largest"] = np.finfo(dtype).max
            if any(np.iscomplexobj(x) for x in (y, *inputs)):  # which have no order
                remedy = _NOT_ZERO if remedy is _POSITIVE else remedy.replace("x > 0", "x != 0")
            return why.format(**values), remedy.format(**values)
    return "", ""
