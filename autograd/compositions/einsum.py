"""`np.einsum`: both ways of writing its subscripts."""

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..registry import CONSTANT, implements
from ..rules.einsum import einsum_of
from ..typing import Array

CONSTANT.add(np.einsum_path)

_LABELS = ascii_uppercase + ascii_lowercase  # NumPy's order: what is implied depends on it


@implements(np.einsum)
def einsum(*operands: Any, optimize: Any = False) -> Array:
    subscripts, *arrays = operands
    if not arrays:
        raise ShapeError(
            f"einsum: takes subscripts and an operand for each of their terms, got one argument of "
            f"type {type(subscripts).__name__}; write np.einsum('ij->ji', x)"
        )
    if not isinstance(subscripts, str):  # operand, its labels, operand, its labels, ..., output
        arrays = list(operands[: len(operands) // 2 * 2 : 2])
        subscripts = ",".join(map(_letters, operands[1::2]))
        if len(operands) % 2:
            subscripts += "->" + _letters(operands[-1])
    arrays = [x if hasattr(x, "shape") else np.asarray(x) for x in arrays]
    subscripts = subscripts.replace(" ", "")
    return einsum_of(len(arrays))(*arrays, subscripts=subscripts, optimize=optimize)


def _letters(labels: Sequence[Any]) -> str:
    return "".join("..." if k is ... else _LABELS[k] for k in labels)
