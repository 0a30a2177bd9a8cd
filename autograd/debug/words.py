"""The words of the debugging tools: for nodes, arrays, lines of code, and reasons."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType
from typing import Any

import numpy as np

from .. import scopes
from ..node import Leaf, Node, line_of, quoted_name, shown_files
from ..sparse import RowGradient
from ..typing import Array

_SHOWN = 4  # elements of an array
_LINE = re.compile(r"(.+)(?::| line )(\d+)(?: in .+)?$")  # as `node.line_in` writes it


@dataclass(frozen=True, repr=False)
class Why:
    """The answer of `why`: one reason, with further ones in `others`. Print it to read it all.

    Example:
        >>> x = Tensor(2.0, requires_grad=True)
        >>> answer = autograd.why(x, Tensor(3.0, requires_grad=True) * 2.0)
        >>> answer.kind
        'not used'
        >>> answer.reason
        'x is not used on any path to y'
    """

    kind: str  #: in a word or two: "detached", "no_grad", "dead", "not zero" and so on
    reason: str
    line: str = ""  #: 'file.py:12 in train'; empty where no line is to blame
    remedy: str = ""
    others: tuple[Why, ...] = field(default=())

    def __str__(self) -> str:
        lines = [self.reason]
        if self.line:
            lines += place(self.line).splitlines()
        if self.remedy:
            lines.append(f"Remedy: {self.remedy}")
        text = "\n  ".join(lines)
        return "\n".join([text, *(f"Also: {other}" for other in self.others)])

    __repr__ = __str__


def joined(reasons: Iterable[Why]) -> Why:
    """Return the first reason with the others after it, each once."""
    first, *others = dict.fromkeys(reasons)
    return replace(first, others=(*first.others, *others))


def name_of(node: Node) -> str:
    """Name a node: 'w' or 'a leaf of shape (3,)', or its operation."""
    if isinstance(node, Leaf):
        return node.name or f"a leaf of shape {node.shape}"
    return node.op.name


def origin(parent: Node | None) -> str:
    """Say where an input came from."""
    if parent is None:
        return "a constant"
    what = "leaf" if isinstance(parent, Leaf) else f"result of {parent.op.name}"
    return f"the {what}{quoted_name(parent)} ({parent.source()})"


def module_of(node: Node) -> str:
    """Return the module or named scope of an operation, as 'net.0 ReLU', or an empty text."""
    (scope,) = scopes.innermost([node.number])
    return scopes.titles([scope])[scope] if scope else ""


def in_module(node: Node) -> str:
    """Say which module or named scope an operation belongs to, to follow it in a sentence."""
    module = module_of(node)
    return f" (in {module})" if module else ""


def code_at(source: str) -> str:
    """Return the text of a line named in a message; empty where it is not found."""
    found = _LINE.match(source)
    if found is None:
        return ""
    return linecache.getline(shown_files.get(found[1], found[1]), int(found[2])).strip()


def place(source: str) -> str:
    """Write a source line on two lines: its place and its text."""
    code = code_at(source)
    return f"{source}\n    {code}" if code else source


def arrays_in(value: Array) -> list[Array]:
    """List the arrays of a cotangent: one, or one for each output of an operation."""
    if isinstance(value, list | tuple):
        return [a for part in value for a in arrays_in(part)]
    if isinstance(value, RowGradient):
        return [value.dense()]
    return [getattr(value, "_array", value)]


def norm(value: Array) -> float:
    """Compute the Euclidean norm over all elements, even where their squares underflow."""
    parts = [np.abs(a).astype(float) for a in arrays_in(value) if np.size(a)]
    largest = max((float(a.max()) for a in parts), default=0.0)
    if not largest or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(np.sum((a / largest) ** 2) for a in parts)))


def is_zero(value: Array) -> bool:
    """Tell whether every element of a cotangent is 0."""
    return not any(np.any(a) for a in arrays_in(value))


def spread(array: Array) -> str:
    """Describe the values of an array in a few words: 'all 0', or 'between -1 and 3'."""
    if not np.size(array):
        return "empty"
    if np.asarray(array).dtype.kind == "c":
        return f"of absolute values up to {np.abs(array).max():.4g}"
    low, high = np.min(array), np.max(array)
    if low == high:
        return f"{'all ' if np.size(array) > 1 else ''}{low:.4g}"
    return f"between {low:.4g} and {high:.4g}"


def summary(x: Array) -> str:
    """Describe the dtype, shape and range of an array, and count NaN, Inf and zeros."""
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


def glimpse(value: Array) -> str:
    """Describe the shape and norm of a cotangent, with its elements if there are few."""
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
    """Write a number with its noun, in the plural unless it is 1."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def formula(rule: Callable[..., Any]) -> str:
    """Return the text of a function: the body of a lambda, or the name and the line."""
    code = getattr(rule, "__code__", None)
    return getattr(rule, "__name__", repr(rule)) if code is None else _formula(code)


@functools.cache  # keyed by the code, which keeps no array alive
def _formula(code: CodeType) -> str:
    if code.co_name == "<lambda>":
        text = "".join(linecache.getlines(code.co_filename))
        spots = [(line, at) for line, _, at, _ in code.co_positions() if line and at]
        # One line may hold several lambdas.
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
    """Return the arrays that a rule reads, by the names of its parameters."""
    code = getattr(rule, "__code__", None)
    if code is None:
        names = list(inspect.signature(rule).parameters)
    else:  # the same names, a hundred times as fast
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
