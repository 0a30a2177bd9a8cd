"""Nested containers of arrays: what functions to be differentiated take and return.

Containers are tuples, lists and dicts, their subclasses (named tuples, `defaultdict`,
`OrderedDict`, ...), `MappingProxyType`, and instances of dataclasses. Everything else is a leaf.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import Any, TypeGuard

_MAPPINGS, _SEQUENCES = (dict, MappingProxyType), (tuple, list)


def leaves(tree: object, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield everything in `tree` that is not a container, with its path.

    Example:
        >>> list(autograd.tree.leaves([{"w": 1.0}, 2.0]))
        [("[0]['w']", 1.0), ('[1]', 2.0)]
    """
    if hasattr(tree, "__array_function__"):  # first, because it is the common case
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


def rebuild(tree: object, values: Iterator[Any]) -> Any:
    """Build a tree of the same containers, with the next of `values` in place of each leaf.

    A subclass of a container is copied and filled: its `__init__` does not run, and whatever else
    it holds (the default of a `defaultdict`, attributes) is kept.

    Example:
        >>> autograd.tree.rebuild({"a": 1, "b": (2, 3)}, iter("xyz"))
        {'a': 'x', 'b': ('y', 'z')}
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
            object.__setattr__(filled, field.name, part)  # it may be frozen
        return filled
    return next(values)


def tree_map(function: Callable[..., Any], tree: object) -> Any:
    """Apply `function` to every leaf, in the same containers.

    Example:
        >>> autograd.tree.tree_map(lambda x: 2 * x, {"a": 1, "b": (2, 3)})
        {'a': 2, 'b': (4, 6)}
    """
    return rebuild(tree, (function(leaf) for _, leaf in leaves(tree)))


def _is_dataclass(x: object) -> TypeGuard[Any]:
    return hasattr(type(x), "__dataclass_fields__") and not hasattr(type(x), "__array__")
