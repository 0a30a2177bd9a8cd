"""How the debugging tools speak of nodes, arrays and lines of code."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
from collections.abc import Callable, Sequence
from types import CodeType
from typing import Any

import numpy as np

from .. import scopes
from ..node import Leaf, Node, line_of, quoted_name, shown_files
from ..sparse import RowGradient

_SHOWN = 4  # elements of an array
_LINE = re.compile(r"(.+)(?::| line )(\d+)(?: in .+)?$")  # as `node.line_in` writes it


def name_of(node: Node) -> str:
    """'w' or 'a leaf of shape (3,)' for a leaf, the name of the operation for a result."""
    if isinstance(node, Leaf):
        return node.name or f"a leaf of shape {node.shape}"
    return node.op.name


def origin(parent: Node | None) -> str:
    """Where an input came from."""
    if parent is None:
        return "a constant"
    what = "leaf" if isinstance(parent, Leaf) else f"result of {parent.op.name}"
    return f"the {what}{quoted_name(parent)} ({parent.source()})"


def module_of(node: Node) -> str:
    """The module or named scope that an operation belongs to: 'net.0 ReLU', or empty."""
    (scope,) = scopes.innermost([node.number])
    return scopes.titles([scope])[scope] if scope else ""


def code_at(source: str) -> str:
    """The text of a line that a message shows; empty where it is not found."""
    found = _LINE.match(source)
    if found is None:
        return ""
    return linecache.getline(shown_files.get(found[1], found[1]), int(found[2])).strip()


def place(source: str) -> str:
    """A source line on two lines: where it is, and what it says."""
    code = code_at(source)
    return f"{source}\n    {code}" if code else source


def arrays_in(value: Any) -> list[Any]:
    """The arrays of a cotangent: one, or one for each output of an operation."""
    if isinstance(value, list | tuple):
        return [a for part in value for a in arrays_in(part)]
    if isinstance(value, RowGradient):
        return [value.dense()]
    return [getattr(value, "_array", value)]


def norm(value: Any) -> float:
    """The root of the sum of squares over all elements, also where their squares underflow."""
    parts = [np.abs(a).astype(float) for a in arrays_in(value) if np.size(a)]
    largest = max((float(a.max()) for a in parts), default=0.0)
    if not largest or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(np.sum((a / largest) ** 2) for a in parts)))


def is_zero(value: Any) -> bool:
    return not any(np.any(a) for a in arrays_in(value))


def spread(array: Any) -> str:
    """The values of an array in a few words: 'all 0', or 'between -1 and 3'."""
    if not np.size(array):
        return "empty"
    if np.asarray(array).dtype.kind == "c":
        return f"of absolute values up to {np.abs(array).max():.4g}"
    low, high = np.min(array), np.max(array)
    if low == high:
        return f"{'all ' if np.size(array) > 1 else ''}{low:.4g}"
    return f"between {low:.4g} and {high:.4g}"


def summary(x: Any) -> str:
    """The dtype, shape and range of an array, and how many elements are special."""
    text = f"{x.dtype} {x.shape}"
    sizes = np.abs(x) if x.dtype.kind == "c" else x
    finite = sizes[np.isfinite(x)]
    if finite.size:
        low, high = finite.min(), finite.max()
        text += f" from {low:.6g} to {high:.6g}" if low < high else f" of {low:.6g}"
        text += " in size" if x.dtype.kind == "c" else ""
    nans = np.count_nonzero(np.isnan(x))
    counts = [
        (nans, "NaN"),
        (np.count_nonzero(~np.isfinite(x)) - nans, "Inf"),
        (np.count_nonzero(x == 0), "zeros"),
    ]
    return text + "".join(f", {count} {what}" for count, what in counts if count)


def glimpse(value: Any) -> str:
    """Shape and norm of a cotangent, and its elements where they are few."""
    arrays = arrays_in(value)
    if len(arrays) > 1:
        return "one for each output: " + "; ".join(map(glimpse, arrays))
    (array,) = arrays
    if np.ndim(array) == 0:
        return f"{array:.6g}"
    text = f"shape {array.shape}, norm {norm(array):.4g}"
    if array.size <= _SHOWN:
        numbers = np.array2string(array, precision=4, separator=",")
        text += ": " + re.sub(r"\s*([\[\],])\s*", r"\1", numbers).replace(",", ", ")
    return text


def count(n: int, noun: str) -> str:
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def formula(rule: Callable[..., Any]) -> str:
    """The text of a function: what its lambda returns, or its name and where it stands."""
    code = getattr(rule, "__code__", None)
    return getattr(rule, "__name__", repr(rule)) if code is None else _formula(code)


@functools.cache  # of the code, which keeps nothing alive
def _formula(code: CodeType) -> str:
    if code.co_name == "<lambda>":
        text = "".join(linecache.getlines(code.co_filename))
        spots = [(line, at) for line, _, at, _ in code.co_positions() if line and at]
        # Several lambdas may begin on one line.
        found = ""
        for node in ast.walk(_parsed(text)):  # the outer before the inner
            if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno:
                body = node.body
                end = (body.end_lineno or 0, body.end_col_offset or 0)
                if spots and (body.lineno, body.col_offset) <= min(spots) <= end:
                    found = ast.unparse(body)
        if found:
            return found
    return f"{code.co_name}, {line_of(code.co_filename, code.co_firstlineno)}"


def values_of(rule: Callable[..., Any], saved: Sequence[Any]) -> dict[str, Any]:
    """The arrays that a rule reads, by the names that it has for them."""
    code = getattr(rule, "__code__", None)
    if code is None:
        names = list(inspect.signature(rule).parameters)
    else:  # the same, in a hundredth of the time
        names = list(code.co_varnames[: code.co_argcount])
    return {
        name: value
        for name, value in zip(names[1:], saved, strict=False)
        if not name.startswith("_") and isinstance(value, np.ndarray | np.generic | float | int)
    }


@functools.lru_cache(maxsize=8)
def _parsed(text: str) -> ast.AST:
    try:
        return ast.parse(text)
    except SyntaxError:  # a cell of a notebook with its magic commands
        return ast.Module([], [])
