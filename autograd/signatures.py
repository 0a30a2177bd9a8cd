"""The reading of signatures: the inputs that a gradient rule reads, and the options of a call.

Read `op.py` next: its docstring explains how the parameters of a rule are named.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from typing import Any

import numpy as np

from .errors import NotDifferentiableError
from .missing import unexpected_keyword

NOTHING, SHAPE, ARRAY = 0, 1, 2  #: how much a rule reads of an input
NO_DEFAULT = inspect.Parameter.empty


class Reads:
    """How much a rule reads of the output and of each input, by the names of its parameters.

    Example:
        >>> reads = autograd.signatures.Reads(lambda g, _, x, _y: g * x)
        >>> reads.out, reads.level(0) == autograd.signatures.ARRAY
        (False, True)
    """

    __slots__ = ("any_option", "count", "inputs", "options", "out", "rest")

    def __init__(self, vjp: Callable[..., Any] | None) -> None:
        self.options: set[str] = set()
        self.any_option = vjp is None  #: whether it takes options that it does not name
        self.rest: int | None = None
        named: list[int] = []
        for p in inspect.signature(vjp).parameters.values() if vjp else ():
            if p.kind is p.VAR_POSITIONAL:
                self.rest = _level(p.name)
            elif p.kind is p.KEYWORD_ONLY or p.default is not p.empty:
                self.options.add(p.name)
            elif p.kind is p.VAR_KEYWORD:
                self.any_option = True
            else:
                named.append(_level(p.name))
        _g, out, *self.inputs = [*named, None, None][: max(len(named), 2)]
        self.out = (self.rest if out is None else out) == ARRAY
        #: The number of inputs that the rule takes: None for any number, -1 for an absent rule.
        self.count = -1 if vjp is None else None if self.rest is not None else len(self.inputs)

    def level(self, i: int) -> int:
        """Return how much the rule reads of input `i`: `NOTHING`, `SHAPE` or `ARRAY`."""
        return (self.inputs[i] if i < len(self.inputs) else self.rest) or NOTHING


def unkept_parameters(vjp: Callable[..., Any]) -> list[str]:
    """List the parameters of a rule for which it may get None, by their names.

    Example:
        >>> autograd.signatures.unkept_parameters(lambda g, _y, x, __: g * x)
        ['_y', '__']
    """
    _g, *named = positional_parameters(vjp)[0]
    out = [name for name in named[:1] if _level(name) != ARRAY]
    return out + [name for name in named[1:] if _level(name) == NOTHING]


def _level(name: str) -> int:
    if not name.strip("_"):
        return NOTHING
    return SHAPE if name.startswith("_") else ARRAY


ANY = "**"  #: among the names of parameters: there may be others

#: The `**kwargs` of NumPy functions, such as `np.clip`, are those of a ufunc.
_OF_UFUNCS = {"dtype": None, "casting": "same_kind", "order": "K", "subok": True, "where": True}


def positional_parameters(function: Callable[..., Any]) -> tuple[list[str], dict[str, Any]]:
    """List the positional parameters of a function, and the defaults of all parameters.

    Example:
        >>> autograd.signatures.positional_parameters(lambda x, axis=None: x)
        (['x', 'axis'], {'x': <class 'inspect._empty'>, 'axis': None})
    """
    try:
        parameters = inspect.signature(function).parameters.values()
    except ValueError:  # compiled without a signature, as ufuncs are before NumPy 2.4
        return [], {"where": True, ANY: None}
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in positional]
    names = ["shape" if n == "newshape" else n for n in names]  # for np.reshape in NumPy 2.0
    defaults = {ANY if p.kind is p.VAR_KEYWORD else p.name: p.default for p in parameters}
    if ANY in defaults and isinstance(function, type(np.clip)):
        del defaults[ANY]
        defaults |= _OF_UFUNCS
    return names, defaults


def check_keywords(name: str, given: Collection[str], known: Collection[str]) -> None:
    """Raise `TypeError` for a keyword that is not `known`, and suggest the intended one.

    Example:
        >>> try:
        ...     autograd.signatures.check_keywords("sum", ["axes"], ["axis"])
        ... except TypeError as error:
        ...     print(error)
        sum got an unexpected keyword argument 'axes'; NumPy's word for it is axis=
    """
    if ANY not in known:
        for key in given:
            if key not in known:
                raise unexpected_keyword(name, key, known)


def drop_defaults(
    name: str, options: dict[str, Any], known: Collection[str], defaults: dict[str, Any]
) -> None:
    """Remove options that are not `known` from `options`, if they only repeat a default.

    Raises:
        TypeError: An option is not among `defaults` either.
        NotDifferentiableError: An option has another value, which must not be ignored silently.

    Example:
        >>> options = {"axis": 0, "dtype": None}
        >>> autograd.signatures.drop_defaults("sum", options, ["axis"], {"dtype": None})
        >>> options
        {'axis': 0}
    """
    others = [key for key in options if key not in known]
    check_keywords(name, others, defaults)
    for key in others:
        value = options.pop(key)
        if value is None or value is np._NoValue or value is defaults.get(key):
            continue
        if key == "out":
            raise NotDifferentiableError(
                f"{name}: out= (an array of shape {np.shape(value)}) has no graph to record the "
                f"result in; leave it out and use what {name} returns"
            )
        raise NotDifferentiableError(
            f"{name}: no gradient rule honours {key}={value!r} (what is honoured: "
            f"{', '.join(sorted(known)) or 'no options'}); leave it out and write that step as an "
            f"operation of its own, or, in a rule of yours, name it among the parameters"
        )
