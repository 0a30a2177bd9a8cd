"""Why an operation gave NaN or infinity, and what to write instead.

Two tables, one of values and one of slopes. A row has the names of operations, a condition on the
numbers at the element in question, what is the matter, and the remedy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

_Row = tuple[str, Callable[..., Any], str, str]

_POSITIVE = (
    "keep its input positive, np.{name}(np.maximum(x, 1e-12)); also where np.where picks another "
    "value afterwards, np.{name}(np.where(x > 0, x, 1)): otherwise the gradient is NaN there"
)
_NONZERO = (
    "keep the denominator away from 0; also where np.where picks another value afterwards, "
    "a / np.where(b != 0, b, 1): otherwise the gradient is NaN there"
)
_CLIPPED = "clip its input: np.{name}(np.clip(x, -1, 1))"

#: Of values: conditions on (output, *inputs).
_VALUES: list[_Row] = [
    ("log log2 log10", lambda _, x: x < 0, "the logarithm of a negative number is NaN", _POSITIVE),
    ("log log2 log10", lambda _, x: x == 0, "the logarithm of 0 is -inf", _POSITIVE),
    ("log1p", lambda _, x: x <= -1, "log1p needs numbers above -1", "keep its input above -1"),
    ("sqrt", lambda _, x: x < 0, "the square root of a negative number is NaN", _POSITIVE),
    ("divide", lambda _, a, b: (a == 0) & (b == 0), "0 / 0 is NaN", _NONZERO),
    ("divide", lambda _, __, b: b == 0, "it divides by 0", _NONZERO),
    ("reciprocal", lambda _, x: x == 0, "it divides by 0", _NONZERO),
    ("power", lambda _, x, p: (x == 0) & (p < 0), "0 to a negative power divides by 0",
     "keep the base away from 0"),
    ("power", lambda y, x, _: (x < 0) & np.isnan(y),
     "a negative number to a power that is no integer is NaN", "keep the base positive"),
    ("arcsin arccos", lambda _, x: abs(x) > 1, "its input is not between -1 and 1", _CLIPPED),
    ("arctanh", lambda _, x: abs(x) >= 1, "its input is not between -1 and 1", _CLIPPED),
    ("arccosh", lambda _, x: x < 1, "its input is less than 1", "keep its input at least 1"),
    ("exp exp2 expm1 sinh cosh", lambda y, _: np.isinf(y),
     "the exponential of {x:.6g} is more than {largest:.4g}, the largest {dtype}",
     "subtract the largest exponent first, as softmax, log_softmax and logsumexp do"),
    ("add subtract", lambda y, *_: np.isnan(y), "inf - inf is NaN",
     "look where the infinities come from: detect_anomaly(inf=True)"),
    ("multiply", lambda y, *_: np.isnan(y), "0 * inf is NaN",
     "choose with np.where, in place of multiplying with a mask of 0 and 1"),
    ("softmax log_softmax", lambda y, *_: np.isnan(y), "a row may hold nothing but -inf",
     "leave at least one element of each row unmasked"),
]  # fmt: skip

#: Of slopes: conditions on (output, *inputs). In place of the remedy: which inputs are harmless.
_SLOPES: list[_Row] = [
    ("sqrt", lambda y, _: y == 0, "the slope of sqrt is infinite at 0", "x > 0"),
    ("cbrt", lambda y, _: y == 0, "the slope of cbrt is infinite at 0", "x != 0"),
    ("log log2 log10", lambda _, x: x == 0, "the slope of {name} is infinite at 0", "x > 0"),
    ("log1p", lambda _, x: x == -1, "the slope of log1p is infinite at -1", "x > -1"),
    ("power", lambda _, x, p: (x == 0) & (p < 1), "the slope of x**{p:g} is infinite at 0",
     "x > 0"),
    ("power", lambda _, x, __: x < 0, "the slope by the exponent needs a positive base", "x > 0"),
    ("divide", lambda _, __, b: b == 0, "the slope of a / b is infinite at b = 0", "b != 0"),
    ("reciprocal", lambda y, _: np.isinf(y), "the slope of 1 / x is infinite at 0", "x != 0"),
    ("arcsin arccos arctanh", lambda _, x: abs(x) == 1,
     "the slope of {name} is infinite at -1 and 1", "np.abs(x) < 1"),
    ("arccosh", lambda _, x: x == 1, "the slope of arccosh is infinite at 1", "x > 1"),
]  # fmt: skip

_WRITTEN = {  # with the input replaced where it is not harmless
    "divide": "a / np.where(b != 0, b, 1)",
    "power": "np.where(x > 0, x, 1)**p",
    "arccosh": "np.arccosh(np.where(x > 1, x, 2))",
}


def of_value(name: str, y: Any, inputs: Sequence[Any]) -> tuple[str, str]:
    """Why `name` gave the number `y` for these numbers, and the remedy."""
    why, remedy = _find(_VALUES, name, y, inputs)
    if not why and np.isinf(y) and all(np.all(np.isfinite(x)) for x in inputs):
        return overflow(y.dtype)
    return why, remedy


def overflow(dtype: Any) -> tuple[str, str]:
    """What to say of an infinity made of finite numbers."""
    return (
        f"the result is more than {np.finfo(dtype).max:.4g}, the largest {dtype}",
        "scale the numbers down, or compute in a wider dtype",
    )


def of_slope(name: str, g: Any, y: Any, inputs: Sequence[Any]) -> tuple[str, str]:
    """Why the slope of `name` times the cotangent `g` is not finite, and the remedy."""
    why, harmless = _find(_SLOPES, name, y, inputs)
    if not why:
        return "", ""
    safe = _safe(name, harmless)
    if g == 0:
        return (
            f"{why}, and the cotangent there is 0, because the value is not used: np.where picks "
            f"another one, or a mask of 0 multiplies it; 0 * inf is NaN",
            f"replace the input inside, so that {name} never sees what is not used: {safe}",
        )
    return why, f"keep the input away from there (add a small number), or replace it: {safe}"


def _safe(name: str, harmless: str) -> str:
    """How to write the operation with its input replaced where it is not harmless."""
    return _WRITTEN.get(name, f"np.{name}(np.where({harmless}, x, {0 if '<' in harmless else 1}))")


def _find(rows: list[_Row], name: str, y: Any, inputs: Sequence[Any]) -> tuple[str, str]:
    for names, condition, why, remedy in rows:
        if name in names.split() and condition(y, *inputs):
            dtype = np.dtype(getattr(y, "dtype", float))
            values = {"name": name, "x": inputs[0], "p": inputs[-1], "dtype": dtype}
            if dtype.kind in "fc":
                values["largest"] = np.finfo(dtype).max
            return why.format(**values), remedy.format(**values)
    return "", ""
