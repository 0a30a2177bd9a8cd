"""Nested tuples, lists and dicts of arrays: the arguments of functions to be differentiated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Everything in `tree` that is not a container, with its path: ('[0]["w"]', w)."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, f"{path}[{key!r}]")
    elif isinstance(tree, tuple | list):
        for i, value in enumerate(tree):
            yield from leaves(value, f"{path}[{i}]")
    else:
        yield path, tree


def rebuild(tree: Any, values: Iterator[Any]) -> Any:
    """A tree of the same containers, with the next of `values` in place of each leaf."""
    if isinstance(tree, dict):
        return type(tree)((key, rebuild(value, values)) for key, value in tree.items())
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):  # a named tuple
        return type(tree)(*(rebuild(value, values) for value in tree))
    if isinstance(tree, tuple | list):
        return type(tree)(rebuild(value, values) for value in tree)
    return next(values)


def tree_map(function: Callable[..., Any], tree: Any) -> Any:
    """`function` of every leaf, in the same containers."""
    return rebuild(tree, (function(leaf) for _, leaf in leaves(tree)))
