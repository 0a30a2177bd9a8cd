"""Type aliases for annotations: the arrays that go in, and those that come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, Union

import numpy.typing as npt

if TYPE_CHECKING:
    from .tensor import Tensor

__all__ = ["Array", "ArrayLike"]

#: What a caller may pass: a number, an array, a nested list of numbers, or a Tensor.
ArrayLike: TypeAlias = Union[npt.ArrayLike, "Tensor"]

#: What rules and kernels work on: any array that speaks NumPy's protocols, such as an `ndarray`, a
#: Tensor, or an array of CuPy's. NumPy's stubs know only the first, so the checker is told nothing.
Array: TypeAlias = Any
