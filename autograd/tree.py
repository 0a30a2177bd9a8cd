"""Containers of arrays, nested as one likes: the arguments of functions to be differentiated.

Containers are tuples, lists and dicts, what is derived from them (named tuples, `defaultdict`,
`OrderedDict`, ...), `MappingProxyType`, and instances of dataclasses. Everything else is a leaf.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any

_MAPPINGS, _SEQUENCES = (dict, MappingProxyType), (tuple, list)


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in `tree` that is not a container, with its path: ('[0]["w"]', w)."""
    if hasattr(tree, "__array_function__"):  # the common case: it need not go through all others
        yield path, tree
    elif isinstance(tree, _MAPPINGS):
        for key, value in tree.items():
            yield from leaves(value, f"{path}[{key!r}]")
    elif isinstance(tree, _SEQUENCES):
        for i, value in enumerate(tree):
            yield from leaves(value, f"{path}[{i}]")
    elif _is_dataclass(tree):
        for field in dataclasses.fields(tree):
            yield from leaves(getattr(tree, field.name), f"{path}.{field.name}")
    else:
        yield path, tree


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """A tree of the same containers, with the next of `values` in place of each leaf.

    Of a container of a special type a copy is filled: no `__init__` runs, and what else it holds
    (the default of a `defaultdict`, attributes) is kept.
    """
    if hasattr(tree, "__array_function__"):
        return next(values)
    if isinstance(tree, _MAPPINGS):
        items = {key: rebuild(value, values) for key, value in tree.items()}
        if isinstance(tree, MappingProxyType):
            return MappingProxyType(items)
        if type(tree) is dict:
            return items
        filled: Any = copy.copy(tree)
        for key, value in items.items():
            filled[key] = value
        return filled
    if isinstance(tree, tuple):
        elements = [rebuild(value, values) for value in tree]
        # A named tuple takes its elements one by one, in a `__new__` that may be the user's.
        make = getattr(tree, "_make", None) or type(tree)
        return make(elements)
    if isinstance(tree, list):
        elements = [rebuild(value, values) for value in tree]
        if type(tree) is list:
            return elements
        filled = copy.copy(tree)
        filled[:] = elements
        return filled
    if _is_dataclass(tree):
        filled = copy.copy(tree)
        for field in dataclasses.fields(tree):
            part = rebuild(getattr(tree, field.name), values)
            object.__setattr__(filled, field.name, part)  # also where it is frozen
        return filled
    return next(values)


def tree_map(function: Callable[..., Any], tree: Any) -> Any:
    """`function` of every leaf, in the same containers."""
    return rebuild(tree, (function(leaf) for _, leaf in leaves(tree)))


def _is_dataclass(x: Any) -> bool:
    return hasattr(type(x), "__dataclass_fields__") and not hasattr(type(x), "__array__")
