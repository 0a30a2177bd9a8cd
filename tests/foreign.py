"""An array type that is not NumPy's, for tests that rules never convert what they are given.

    x = ForeignArray(np.ones(3))
    np.exp(x)            a ForeignArray
    np.asarray(x)        raises TypeError

It holds a NumPy array where another library would hold memory of a GPU, and offers what arrays of
such libraries have in common: NumPy's protocols, operators, and a few attributes and methods.
Whatever NumPy's protocols hand over is computed, and the result wrapped.

NumPy's own arrays are refused as operands, as those libraries refuse them; only positions may be
one (`x[index]`, `np.take(x, index)`). Within `adopting_operands()` operands may be, too, for rows
that bring constants of their own.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from autograd.operands import register

_adopting: ContextVar[bool] = ContextVar("adopting", default=False)


class MixedArraysError(TypeError):
    """A NumPy array met a foreign one as an operand."""


@contextlib.contextmanager
def adopting_operands() -> Iterator[None]:
    """Let NumPy arrays be operands of foreign ones."""
    token = _adopting.set(True)
    try:
        yield
    finally:
        _adopting.reset(token)


#: Functions whose second argument is a place in the first: NumPy's arrays will do for it.
_TAKES_POSITIONS = {np.take}

#: Functions that bring values here, where `like=` is a foreign array.
_CREATE = {np.asarray, np.array}

#: Functions of which a list is an operand, and no axis or shape.
_TAKES_OPERANDS = {np.where}


@register
class ForeignArray(NDArrayOperatorsMixin):
    """An array that speaks NumPy's protocols, and is not one."""

    __slots__ = ("_held",)

    def __init__(self, held: Any) -> None:
        self._held = np.asarray(held)

    # -- NumPy's protocols ----------------------------------------------------------------------

    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError("a foreign array was converted to one of NumPy's")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if any(_is_unknown(x) for x in inputs):
            return NotImplemented
        if method not in ("__call__", "at") and ufunc not in (np.add, np.multiply):
            raise NotImplementedError(f"{ufunc.__name__}.{method} is not supported")
        out = options.pop("out", ())
        operands = (inputs[0], *inputs[2:]) if method == "at" else inputs
        for x in (*operands, *out):
            _refuse_numpy(ufunc.__name__, x, lists=True)
        if any(isinstance(x, np.ndarray) for x in out):
            raise TypeError(f"{ufunc.__name__}: a foreign result was to go into a NumPy array")
        if out:
            options["out"] = tuple(map(_held, out))
        result = getattr(ufunc, method)(*map(_held, inputs), **_held(options))
        return out[0] if len(out) == 1 else _wrapped(result)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if any(not issubclass(t, ForeignArray | np.ndarray) for t in types):
            return NotImplemented
        operands = [*args, *kwargs.values()]
        if function in _CREATE or function in _TAKES_POSITIONS:
            operands = operands[: function in _TAKES_POSITIONS]
        for x in operands:
            _refuse_numpy(function.__name__, x, lists=function in _TAKES_OPERANDS)
        return _wrapped(function(*_held(args), **_held(kwargs)))

    # -- what arrays of other libraries have, too -----------------------------------------------

    shape = property(lambda self: self._held.shape)
    dtype = property(lambda self: self._held.dtype)
    ndim = property(lambda self: self._held.ndim)
    size = property(lambda self: self._held.size)
    itemsize = property(lambda self: self._held.itemsize)
    T = property(lambda self: ForeignArray(self._held.T))

    @property
    def base(self) -> Any:
        """An array that owns the memory, where this one does not."""
        return None if self._held.base is None else ForeignArray(self._held.base)

    def astype(self, dtype: Any, copy: bool = True) -> ForeignArray:
        return ForeignArray(self._held.astype(dtype, copy=copy))

    def copy(self) -> ForeignArray:
        return ForeignArray(self._held.copy())

    def reshape(self, *shape: Any) -> ForeignArray:
        return ForeignArray(self._held.reshape(*shape))

    def sum(self, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> ForeignArray:
        return ForeignArray(self._held.sum(axis=axis, dtype=dtype, keepdims=keepdims))

    def max(self, axis: Any = None, keepdims: bool = False) -> ForeignArray:
        return ForeignArray(self._held.max(axis=axis, keepdims=keepdims))

    def min(self, axis: Any = None, keepdims: bool = False) -> ForeignArray:
        return ForeignArray(self._held.min(axis=axis, keepdims=keepdims))

    def mean(self, axis: Any = None, keepdims: bool = False) -> ForeignArray:
        return ForeignArray(self._held.mean(axis=axis, keepdims=keepdims))

    def item(self) -> Any:
        return self._held.item()

    def tolist(self) -> Any:
        return self._held.tolist()

    def get(self) -> Any:
        """A copy as a NumPy array: the explicit way to the host."""
        return self._held.copy()

    def __getitem__(self, index: Any) -> ForeignArray:
        return ForeignArray(self._held[_held(index)])

    def __setitem__(self, index: Any, value: Any) -> None:
        _refuse_numpy("setitem", value)
        self._held[_held(index)] = _held(value)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[ForeignArray]:
        return map(ForeignArray, self._held)

    def __bool__(self) -> bool:
        return bool(self._held)

    def __int__(self) -> int:
        return int(self._held)

    def __float__(self) -> float:
        return float(self._held)

    def __index__(self) -> int:
        return self._held.__index__()

    def __repr__(self) -> str:
        return f"ForeignArray({self._held!r})"


def _held(x: Any) -> Any:
    """Foreign arrays replaced by what they hold, also inside tuples, lists and dicts."""
    if isinstance(x, ForeignArray):
        return x._held
    if isinstance(x, tuple | list):
        return type(x)(map(_held, x))
    if isinstance(x, dict):
        return {k: _held(v) for k, v in x.items()}
    return x


def _wrapped(x: Any) -> Any:
    """NumPy's arrays and scalars as foreign arrays, also inside tuples (named ones too), lists."""
    if isinstance(x, np.ndarray | np.generic):
        return ForeignArray(x)
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*map(_wrapped, x))
    return type(x)(map(_wrapped, x)) if isinstance(x, tuple | list) else x


def _is_unknown(x: Any) -> bool:
    """Whether `x` is of a third kind of array, which can answer for itself."""
    return hasattr(x, "__array_ufunc__") and not isinstance(
        x, ForeignArray | np.ndarray | np.generic
    )


def _refuse_numpy(function: str, x: Any, lists: bool = False) -> None:
    if _adopting.get():
        return
    if isinstance(x, np.ndarray) or (lists and isinstance(x, list)):
        raise MixedArraysError(
            f"{function}: an operand is a {type(x).__name__}, among foreign arrays: {x!r}"
        )
    if isinstance(x, tuple | list):
        for part in x:
            _refuse_numpy(function, part)
