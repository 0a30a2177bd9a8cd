"""Containers: modules made of modules, and the layers `Identity` and `Flatten`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar, overload

import numpy as np

from autograd import ShapeError, Tensor
from autograd.typing import ArrayLike

from .module import Module

T = TypeVar("T")


class ModuleList(Module):
    """Modules in a list, for a `forward` that loops over them itself.

    They are named '0', '1', ...; `len`, iteration, integer indices (to read and to replace), slices
    (to read: a container of the same modules) and `append` work as with a list.

    Args:
        modules: The modules.

    Raises:
        TypeError: A part is not a module.

    Example:
        >>> layers = nn.ModuleList([nn.Linear(3, 2), nn.ReLU()])
        >>> len(layers), layers[1]
        (2, ReLU)
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> None:
        """Add a module at the end.

        Example:
            >>> layers = nn.ModuleList()
            >>> layers.append(nn.ReLU())
            >>> len(layers)
            1
        """
        self._put(len(self), module)

    def _put(self, place: int, module: Module) -> None:
        if not isinstance(module, Module):
            raise TypeError(
                f"{type(self).__name__}: part {place} is {_described(module)}, not a Module; pass "
                f"instances (nn.ReLU())"
            )
        setattr(self, str(place), module)

    def __iter__(self) -> Iterator[Module]:
        return (part for part in vars(self).values() if isinstance(part, Module))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Module:
        parts = list(self)[index]
        return parts if isinstance(parts, Module) else self._holding(parts)

    def _holding(self, modules: list[Module]) -> ModuleList:
        return ModuleList(modules)

    def __setitem__(self, index: int, module: Module) -> None:
        self._put(range(len(self))[index], module)


class Sequential(ModuleList):
    """Modules applied one after the other: `Sequential(a, b)(x)` is `b(a(x))`.

    A slice is a `Sequential` too: `model[:2](x)` applies the first two.

    Args:
        *modules: The modules, in order.

    Raises:
        TypeError: A part is not a module, or its `forward` returned None.

    Example:
        >>> model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        >>> model(np.ones((5, 3))).shape
        (5, 2)
    """

    def __init__(self, *modules: Module) -> None:
        super().__init__(modules)

    def _holding(self, modules: list[Module]) -> ModuleList:
        return Sequential(*modules)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
            if x is None:
                raise TypeError(
                    f"Sequential: a {type(module).__name__} returned None; end its forward() with "
                    f"`return`"
                )
        return x


class ModuleDict(Module):
    """Modules by name.

    Reading, replacing, `in`, `len`, iteration over the names, `keys`, `values` and `items` work as
    with a dict.

    Args:
        modules: The modules by name.

    Raises:
        TypeError: A part is not a module, or a name is not a string.
        ValueError: A name is empty, contains a dot, or is an attribute of modules.

    Example:
        >>> heads = nn.ModuleDict({"a": nn.Linear(3, 2), "b": nn.ReLU()})
        >>> list(heads), heads["b"]
        (['a', 'b'], ReLU)
    """

    def __init__(self, modules: Mapping[str, Module] | None = None) -> None:
        for name, module in (modules or {}).items():
            self[name] = module

    def __setitem__(self, name: str, module: Module) -> None:
        if not isinstance(name, str) or not isinstance(module, Module):
            raise TypeError(
                f"ModuleDict: the part {name!r} is {_described(module)}; names must be "
                f"strings, and parts instances of modules (nn.ReLU())"
            )
        if not name or hasattr(type(self), name):
            raise ValueError(f"ModuleDict: {name!r} cannot be the name of a part; choose another")
        setattr(self, name, module)

    def __getitem__(self, name: str) -> Module:
        return dict(self.items())[name]

    def __contains__(self, name: object) -> bool:
        return name in dict(self.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __len__(self) -> int:
        return len(self.items())

    def keys(self) -> list[str]:
        """Return the names, in the order in which they were given.

        Example:
            >>> nn.ModuleDict({"act": nn.ReLU()}).keys()
            ['act']
        """
        return [name for name, _ in self.items()]

    def values(self) -> list[Module]:
        """Return the modules.

        Example:
            >>> nn.ModuleDict({"act": nn.ReLU()}).values()
            [ReLU]
        """
        return [module for _, module in self.items()]

    def items(self) -> list[tuple[str, Module]]:
        """Return pairs of name and module.

        Example:
            >>> nn.ModuleDict({"act": nn.ReLU()}).items()
            [('act', ReLU)]
        """
        return [(name, part) for name, part in vars(self).items() if isinstance(part, Module)]


class Identity(Module):
    """A layer that returns its input, to take the place of one that is left out.

    Example:
        >>> nn.Identity()(3)
        3
    """

    def forward(self, x: T) -> T:
        return x


class Flatten(Module):
    """A layer that joins all axes but the first: `(N, ...)` to `(N, features)`.

    Raises:
        ShapeError: The input has no axes.

    Example:
        >>> nn.Flatten()(np.ones((5, 2, 3))).shape
        (5, 6)
    """

    def forward(self, x: ArrayLike) -> Tensor:
        shape = np.shape(x)
        if not shape:
            raise ShapeError("Flatten got an input without axes; its first axis must be the batch")
        return np.reshape(x, (shape[0], math.prod(shape[1:])))  # type: ignore[return-value]


def _described(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"a {type(value).__name__}"
