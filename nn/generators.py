"""The random number generators of a training run, found by the attributes that hold them."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from types import BuiltinFunctionType, MethodType, ModuleType

import numpy as np

from autograd import Tensor

_CLOSED = (np.ndarray, Tensor, str, bytes, int, float, type, ModuleType, BuiltinFunctionType)


def generators_in(root: object) -> dict[str, np.random.Generator]:
    """Find the generators that `root` holds, by the path to each.

    The search goes through attributes, the items of dicts, lists, tuples and sets, the object of
    a bound method, and the arguments of a `functools.partial`. It does not look into functions:
    a generator that only a closure, a default value or a global name holds is not found.

    Args:
        root: Any object, such as a model, or a dict of the objects that make up a run.

    Returns:
        Each generator once, under the shortest path that leads to it.

    Example:
        >>> model = nn.Sequential(nn.Linear(3, 2), nn.Dropout(0.5))
        >>> list(nn.generators.generators_in({"model": model}))
        ['model.1.generator']
    """
    found: dict[str, np.random.Generator] = {}
    seen: dict[int, object] = {}  # holds the values, so that no id is used again
    waiting: list[tuple[str, object]] = [("", root)]
    for place, value in waiting:
        if isinstance(value, _CLOSED) or value is None or id(value) in seen:
            continue
        seen[id(value)] = value
        if isinstance(value, np.random.Generator):
            found[place] = value
        else:
            waiting += [(f"{place}.{k}" if place else str(k), part) for k, part in _parts(value)]
    return found


def _parts(value: object) -> Iterable[tuple[object, object]]:
    if isinstance(value, dict):
        return list(value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return enumerate(value)
    if isinstance(value, MethodType):
        return [("self", value.__self__)]
    if isinstance(value, functools.partial):
        return [("function", value.func), ("args", value.args), ("keywords", value.keywords)]
    return list(getattr(value, "__dict__", {}).items())
