"""The keyword arguments of ufuncs: `dtype`, `casting`, `signature`, `axes`, and those of memory."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..arrays import as_array
from ..errors import NotDifferentiableError
from ..registry import REGISTRY
from ..typing import Array


def call(ufunc: np.ufunc, *inputs: Array, **options: Any) -> Array:
    """`ufunc(*inputs, **options)` of Tensors.

    `dtype`, `casting` and `signature` choose the dtypes to compute in, as in NumPy, and raise its
    errors; `axes` of a generalised ufunc moves axes. The rest are options of the operation.
    """
    if options.pop("where", True) is not True:
        raise NotDifferentiableError(
            f"{ufunc.__name__}: where= leaves the other elements uninitialised; write "
            f"np.where(mask, np.{ufunc.__name__}(...), other), with a value for them"
        )
    options.pop("order", None)  # of memory: no value depends on it
    options.pop("subok", None)
    axes = options.pop("axes", None)
    if axes is not None:
        inputs = tuple(map(_to_the_end, inputs, axes))
    casting = options.pop("casting", "same_kind")
    signature = _loop(ufunc, options.pop("dtype", None), options.pop("signature", None))
    if signature is not None or casting != "same_kind":
        signature = signature or (None,) * ufunc.nargs
        inputs = tuple(x if isinstance(x, _NUMBERS) else as_array(x) for x in inputs)
        given = [type(x) if isinstance(x, _NUMBERS) else x.dtype for x in inputs]
        wanted = ufunc.resolve_dtypes(  # raises NumPy's own errors
            (*given, *(None,) * ufunc.nout), signature=signature, casting=casting
        )
        inputs = tuple(
            x if isinstance(x, _NUMBERS) or x.dtype == d else x.astype(d)
            for x, d in zip(inputs, wanted[: ufunc.nin], strict=True)
        )
    result = REGISTRY[ufunc](*inputs, **options)
    return result if axes is None else _from_the_end(ufunc, result, axes)


def _loop(ufunc: np.ufunc, dtype: Any, signature: Any) -> Any:
    """The dtypes that are asked for, of all operands; None where any will do."""
    if isinstance(signature, str):
        return tuple(signature.replace("->", ""))
    if signature is None and dtype is not None:
        return (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    return signature


_NUMBERS = (bool, int, float, complex)


def _to_the_end(x: Array, axes: int | Sequence[int]) -> Array:
    """Move these axes to the end, where a generalised ufunc reads its matrices and vectors."""
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    return np.moveaxis(x, axes, tuple(range(-len(axes), 0)))


def _from_the_end(ufunc: np.ufunc, result: Array, axes: Sequence[Any]) -> Array:
    if len(axes) == ufunc.nin:  # allowed where the result has no axes of its own
        return result
    last = axes[-1]
    last = (last,) if isinstance(last, int) else tuple(last)
    return np.moveaxis(result, tuple(range(-len(last), 0)), last)
