"""NumPy's functions as operators and methods of a Tensor: `x + y`, `x += y`, `x[i] = y`, `x.sum()`.

They arrive at the same operations as `np.add(x, y)` does, and are recorded alike.

Read `tensor.py` next: the class that has them.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from .changes import note_change
from .errors import DTypeError, GraphError, ShapeError
from .grad_mode import grad_enabled
from .node import Argument, Leaf, call_site
from .op import Op
from .protocols import left, node_of, unwrap
from .registry import REGISTRY
from .rules.indexing import getitem, updated
from .signatures import check_keywords, positional_parameters

if TYPE_CHECKING:
    from .tensor import Tensor


def recorded(function: Callable[..., Any]) -> Callable[..., Any]:
    """The recorded form of a NumPy function of one or two inputs, ready to be a method."""
    operation = REGISTRY.get(function, function)
    return operation.apply if isinstance(operation, Op) else operation


def reflected(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same with its two inputs exchanged, as `__radd__` has them."""
    apply = recorded(function)
    return lambda y, x: apply(x, y)


def power(x: Any, y: Any, modulo: Any = None) -> Any:
    """`t**y`, and `pow(t, y)`. With a modulus Python raises, as for NumPy's arrays."""
    return _power(x, y) if modulo is None else NotImplemented


_power = recorded(np.power)


def plain(ufunc: np.ufunc, swapped: bool = False) -> Callable[..., Any]:
    """A ufunc whose results carry no gradient, `t < x` or `~t`: a plain array."""

    def compare(self: Tensor, *other: Any) -> Any:
        values = (*other, self) if swapped else (self, *other)
        result = ufunc(*[unwrap(x, ufunc.__name__) for x in values])
        return left(ufunc, values, result)

    return compare


def method(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function as a method: `t.sum(axis=0)` is `np.sum(t, axis=0)`."""

    name = function.__name__
    apply = REGISTRY.get(function) or _with_known_keywords(function)

    def method(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return apply(self, *args, **kwargs)

    method.__name__ = name
    method.__doc__ = f"`np.{name}`."
    return method


def _with_known_keywords(function: Callable[..., Any]) -> Callable[..., Any]:
    """A NumPy function without a gradient, which names the keyword that is meant."""
    known = positional_parameters(function)[1]

    def apply(*args: Any, **kwargs: Any) -> Any:
        check_keywords(function.__name__, kwargs, known)
        return function(*args, **kwargs)

    return apply


def leaving(name: str) -> Callable[..., Any]:
    """A method of the array that takes its numbers out of the graph, such as `t.tolist()`."""

    def leave(self: Tensor, *args: Any, **kwargs: Any) -> Any:
        return getattr(self._outside(f"{name}()"), name)(*args, **kwargs)

    leave.__name__ = name
    leave.__doc__ = f"`np.ndarray.{name}`, outside the graph."
    return leave


def of_array(name: str) -> property:
    """An attribute of the array that says how it lies in memory."""
    return property(lambda self: getattr(self._array, name), doc=f"`np.ndarray.{name}`.")


class Flat:
    """`t.flat`: the elements in their order, to read, to iterate over and to write."""

    __slots__ = ("_tensor",)

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def __len__(self) -> int:
        return self._tensor.size

    def __iter__(self) -> Iterator[Tensor]:
        return iter(np.ravel(self._tensor))

    def __getitem__(self, index: Any) -> Any:
        return np.ravel(self._tensor)[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        np.put(self._tensor, np.arange(len(self))[unwrap(index)], value)  # type: ignore[arg-type]


# -- in place -----------------------------------------------------------------------------------


def in_place(ufunc: np.ufunc) -> Callable[..., Any]:
    """`t += value` and its kind."""

    def update(self: Tensor, value: Any) -> Tensor:
        _change(
            self,
            f"{ufunc.__name__} in place",
            lambda: ufunc(self._array, unwrap(value, ufunc.__name__), out=self._array),
            lambda: recorded(ufunc)(self, value),
            value,
        )
        return self

    return update


def changing(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that changes the tensor: `t.sort()` is `t[...] = np.sort(t)`, as in NumPy."""

    def change(self: Tensor, *args: Any, **kwargs: Any) -> None:
        name = function.__name__
        check_keywords(name, kwargs, positional_parameters(function)[1])
        _change(
            self,
            f"{name}() in place",
            lambda: operator.setitem(self._array, ..., function(self._array, *args, **kwargs)),
            lambda: function(self, *args, **kwargs),
            None,
        )

    change.__name__ = function.__name__
    change.__doc__ = f"`np.{function.__name__}`, in place, as in NumPy."
    return change


def set_item(self: Tensor, index: Any, value: Any) -> None:
    """`t[index] = value`."""
    if _is_part(self, value) and grad_enabled():
        raise GraphError(
            "t[i] = x: t is a part of another tensor, which x would not reach; index that tensor "
            "itself (c[0, 1] = x in place of c[0][1] = x), or write into a copy, t = t.copy()"
        )
    _change(
        self,
        f"t[{'...' if index is Ellipsis else repr(index)}] = ...",
        lambda: operator.setitem(self._array, unwrap(index, "t[i]"), unwrap(value, "t[i] = x")),
        lambda: _updated(self, value, unwrap(index, "t[i]")),
        value,
    )


def _is_part(x: Tensor, value: Any) -> bool:
    """Whether `value` is to be recorded in a view of an array that is being filled by index."""
    if x.node is None:
        return node_of(value) is not None and _users(x._array) > _ONE_USER
    parents = x.node.parents if x.node.op is getitem else ()
    return any(p and p.op is updated for p in parents) and _users(x._array) > _ONE_USER


def _users(array: Any) -> int:
    """How many refer to the memory of a view, at least; 0 for an array with memory of its own."""
    owner = getattr(array, "base", None)
    return 0 if owner is None else sys.getrefcount(owner)


_ONE_USER = _users(np.empty(1)[:])  # the view itself


def _updated(x: Tensor, value: Any, index: Any) -> Tensor:
    if x.dtype.kind not in "fc":
        raise DTypeError(
            f"t[...] = value: a value that requires a gradient does not fit into a tensor of "
            f"dtype {x.dtype}; convert it first, t = t.astype(float)"
        )
    return updated(x, value, index=index)


def _change(
    x: Tensor, what: str, write: Callable[[], Any], compute: Callable[[], Tensor], value: Any
) -> None:
    """Change a tensor: its array where nothing is recorded, else its place in the graph."""
    if (x.node is None and node_of(value) is None) or not grad_enabled():
        write()
        note_change(x._array, *call_site())
        return
    if isinstance(x.node, Leaf) and not isinstance(x.node, Argument):
        raise GraphError(
            f"{what} would change a leaf that requires a gradient; do it inside "
            f"`with autograd.no_grad():`, or compute a new tensor (t = t + ...)"
        )
    result = compute()
    if result.shape != x.shape:
        raise ShapeError(f"{what}: the result has shape {result.shape}, not {x.shape}")
    if result.dtype != x.dtype:
        if not np.can_cast(result.dtype, x.dtype, "same_kind"):
            raise DTypeError(
                f"{what}: {result.dtype} values do not fit into a tensor of dtype "
                f"{x.dtype}; convert it first, t = t.astype({result.dtype})"
            )
        result = result.astype(x.dtype)
    is_retained = x.retains_grad
    x._array, x.node = result._array, result.node
    if is_retained:
        x.retain_grad()
