"""NumPy's functions for lists of tensors, which NumPy itself would take out of their graph."""

import functools
from collections.abc import Callable
from typing import Any

from ..op import joined

#: Functions that take a list for an array. NumPy hands them over for a Tensor, not for a list.
TAKES_LISTS = [
    *("sum", "prod", "max", "min", "amax", "amin", "ptp", "mean", "var", "std", "median"),
    *("nansum", "nanprod", "nanmax", "nanmin", "nanmean", "nanvar", "nanstd", "nanmedian"),
    *("average", "quantile", "percentile", "cumsum", "cumprod", "diff", "trapezoid"),
    *("dot", "vdot", "inner", "outer", "kron", "cross", "tensordot", "trace", "clip", "where"),
    *("reshape", "ravel", "transpose", "broadcast_to", "tile", "repeat", "diag", "flip", "roll"),
    "sort",
]


def taking_lists(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy's that joins the tensors in its arguments, where they are lists."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        args = tuple(joined(x) if type(x) in (list, tuple) else x for x in args)
        return function(*args, **options)

    return call
