"""Operands: the inputs that an operation accepts, and the conversion of other libraries' arrays.

An operand is a number, a NumPy array, a Tensor, or an array of a library that is known to be
positional and to keep its type through NumPy's protocols (CuPy's, and those that `register` adds).
Any other object that holds numbers (a list, a pandas Series, an xarray DataArray) is converted
once, here: from then on positions count, not labels. If that would change its meaning, it
is refused with the line to write instead.

Read `op.py` next: it converts its inputs here.
"""

from __future__ import annotations

import sys
from array import array as array_of_numbers
from typing import Any, TypeVar

import numpy as np

from .errors import DTypeError, ShapeError

_T = TypeVar("_T", bound=type)

#: Types whose values cannot change, and which NumPy takes as they are; and that of None.
NUMBERS: frozenset[type] = frozenset(
    {bool, int, float, complex, np.bool_, type(None)}
    | {np.dtype(code).type for code in np.typecodes["AllInteger"] + np.typecodes["AllFloat"]}
)
PLAIN_OPTIONS = NUMBERS | {str, slice, type(Ellipsis)}
_KINDS = "fciub"

_BUFFERS = (memoryview, array_of_numbers)

_registered: set[type] = set()
_LIBRARIES = {"cupy"}


def register(cls: _T) -> _T:
    """Accept arrays of this class as they are; may be used as a decorator.

    They must be positional, as NumPy's are, and keep their type through `__array_ufunc__` and
    `__array_function__`.
    """
    _registered.add(cls)
    return cls


def is_array(x: Any) -> bool:
    """Whether `x` is a NumPy array, or one of a library that is accepted as it is."""
    cls = type(x)
    return cls is np.ndarray or cls in _registered or cls.__module__.split(".")[0] in _LIBRARIES


def as_array(x: Any) -> Any:
    """Convert an operand that is a number to an array."""
    return x if is_array(x) else np.asarray(x)


def operand(x: Any, function: str, place: int | str = "", anything: bool = False) -> Any:
    """`x` as an operation takes it: a number, None, or an array of numbers.

    With `anything`, for an input that never gets a gradient, objects that hold no numbers pass.
    Raises `DTypeError`, naming `function` and the `place` of the argument, for what is not an
    array of numbers, or is more than that: masked arrays, quantities with units, objects.
    """
    cls = type(x)
    if cls is np.ndarray:
        dtype = x.dtype
        if dtype.kind in _KINDS and dtype.isnative:
            return x
    elif cls in NUMBERS or is_array(x):
        return x
    array = _plain(x, function, place)
    if array.dtype.kind in _KINDS:
        return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))
    if anything:
        return x
    raise _holds_no_numbers(x, array, function, place)


def number(x: float, other: Any) -> Any:
    """A Python number beside a float64 array, as an array without axes.

    NumPy makes one of it at every call, which takes a third of a small operation; here it is made
    once. Beside other dtypes the number stays what it is, for it does not widen them.
    """
    if type(other) is not np.ndarray or other.dtype is not _FLOAT64 or not x:  # 0.0 == -0.0
        return x
    array = _numbers.get(x)
    if array is None:
        if len(_numbers) >= _MANY:
            _numbers.clear()
        array = _numbers[x] = np.array(x)
        array.setflags(write=False)
    return array


_FLOAT64 = np.dtype(np.float64)
_MANY = 1024
_numbers: dict[float, Any] = {}


def argument(x: Any, function: str, place: int | str = "") -> Any:
    """`x` as a NumPy function or an option takes it: containers and other objects stay.

    Arrays among them, also inside tuples, lists and dicts, become plain ones, whatever they hold.
    """
    cls = type(x)
    if cls in NUMBERS or cls is np.ndarray or cls is str:
        return x
    if cls in (tuple, list):
        parts = [argument(part, function, place) for part in x]
        same = all(a is b for a, b in zip(parts, x, strict=True))
        return x if same else cls(parts)
    if isinstance(x, dict):
        return {key: argument(value, function, place) for key, value in x.items()}
    if not (hasattr(cls, "__array__") or isinstance(x, _BUFFERS)) or isinstance(x, type):
        return x
    if is_array(x) or _is_ours(cls):
        return x
    array = _plain(x, function, place)
    if array.dtype.kind == "O":
        raise _holds_no_numbers(x, array, function, place)
    return array


def _is_ours(cls: type) -> bool:
    """Whether the class is that of Tensors or row gradients, which convert themselves."""
    return any(base.__module__.split(".")[0] == __package__ for base in cls.__mro__)


def _plain(x: Any, function: str, place: int | str) -> Any:
    """Convert `x` to a `np.ndarray`, or raise an error where that would change its meaning."""
    masked = sys.modules.get("numpy.ma")
    if masked is not None and isinstance(x, masked.MaskedArray):
        raise DTypeError(
            f"{_called(function, place)} is a masked array, whose mask would be lost in the "
            f"graph; say what counts in its place: `np.where(mask, 0, t)` with "
            f"`mask = np.ma.getmaskarray(m)` for the tensor, and `m.filled(0)` for the array"
        )
    for name, value in (("units", "magnitude"), ("unit", "value")):
        if hasattr(type(x), name) or (isinstance(x, np.ndarray) and hasattr(x, name)):
            value = value if hasattr(type(x), value) else "to_value()"
            raise DTypeError(
                f"{_called(function, place)} is a {type(x).__name__} with units, which would be "
                f"lost in the graph; convert it to the units that you mean, and pass its "
                f"numbers: `q.{value}`"
            )
    try:
        return np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"{_called(function, place)}: {error}") from error


def _called(function: str, place: int | str) -> str:
    """Name the argument for a message."""
    if place == "":
        return f"{function}: the operand"
    return f"{function}: input {place}" if isinstance(place, int) else f"{function}: `{place}`"


def _holds_no_numbers(x: Any, array: Any, function: str, place: int | str) -> DTypeError:
    what = "an array" if type(x) is np.ndarray else f"a {type(x).__name__}"
    return DTypeError(
        f"{_called(function, place)} is {what} of dtype {array.dtype}, which does not hold numbers "
        f"alone; {_remedy(x)}"
    )


def _remedy(x: Any) -> str:
    if hasattr(x, "toarray"):
        return "pass a dense array: `x.toarray()`"
    if isinstance(x, np.ndarray) and x.dtype.names:
        return "pass one of its fields: `x['name']`"
    if isinstance(x, np.ndarray | list | tuple):
        return "pass an array of numbers, such as `np.array(x, dtype=float)`"
    if hasattr(x, "to_numpy"):
        return "convert it first: `x.to_numpy(dtype=float)`"
    if hasattr(x, "__float__"):
        return "pass a number, such as `float(x)`"
    return "pass numbers, or arrays of numbers"


#: Who, of other libraries, may be asking for the array of a tensor, and what to write there.
_WAYS: dict[str, str] = {
    "numpy.ma": "numpy.ma cannot record what it does to a tensor; say what is to count in place of "
    "masked elements, with `np.where(mask, 0, t)` and `m.filled(0)`",
    "pandas": "pandas cannot record what it does to a tensor; pass its numbers, as in "
    "`df.to_numpy() @ t`",
    "scipy": "this function of SciPy works on arrays only; write it with NumPy's functions, or "
    "teach it with autograd.rule",
    "xarray": "this method of xarray asks for an array; use its arithmetic, or NumPy's functions "
    "on `da.data`",
    "dask": "dask cannot record what it does to a tensor; pass its numbers, as in "
    "`x.compute() * t`",
    "sklearn": "scikit-learn works on arrays only; pass `t.data` where no gradient is needed",
    "pint": "pass the numbers of a quantity, `q.magnitude`",
}


def way_of_caller(frame: Any) -> str:
    """Say what to write instead, if a known library is asking for an array; else ''."""
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        for library, way in _WAYS.items():
            if module == library or module.startswith(f"{library}."):
                return way
        if module.split(".")[0] not in ("numpy", __package__):
            return ""
        frame = frame.f_back
    return ""
