"""NumPy functions that gradients cannot pass through, each with what to write instead."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import NotDifferentiableError

_NUMBER_OF_VALUES = "how many values it returns jumps with the input; "

# fmt: off
#: The remedies are the ends of error messages.
REFUSED: dict[Callable[..., Any], str] = {
    np.unique:         _NUMBER_OF_VALUES + "pick them by position: "
                       "t[np.unique(t.data, return_index=True)[1]]",
    np.unique_all:     _NUMBER_OF_VALUES + "call it on t.data, and pick the values by position: "
                       "t[indices]",
    np.unique_counts:  _NUMBER_OF_VALUES + "use np.unique(t.data, return_index=True, "
                       "return_counts=True), and t[indices] for the values",
    np.unique_inverse: _NUMBER_OF_VALUES + "use np.unique(t.data, return_index=True, "
                       "return_inverse=True), and t[indices] for the values",
    np.unique_values:  _NUMBER_OF_VALUES + "pick them by position: "
                       "t[np.unique(t.data, return_index=True)[1]]",
    np.union1d:        _NUMBER_OF_VALUES + "use np.concatenate, and pick the values by position",
    np.intersect1d:    _NUMBER_OF_VALUES + "pick the values by position: "
                       "t[np.intersect1d(t.data, u.data, return_indices=True)[1]]",
    np.setdiff1d:      _NUMBER_OF_VALUES + "pick the values by mask: t[~np.isin(t, u)]",
    np.setxor1d:       _NUMBER_OF_VALUES + "pick the values by mask: t[~np.isin(t, u)]",
    np.histogram:      "counts are constant between jumps; use np.histogram(t.data), or a smooth "
                       "kernel density; for weights that require a gradient "
                       "np.bincount(np.digitize(a, edges[1:-1]), weights=t)",
    np.histogram2d:    "counts are constant between jumps; use np.histogram2d on t.data",
    np.histogramdd:    "counts are constant between jumps; use np.histogramdd on t.data",
    np.i0:             "its derivative is the Bessel function i1, which NumPy lacks; use "
                       "scipy.special with autograd.rule(scipy.special.i0, ...)",
    np.frexp:          "its exponent is an integer; use np.log2, or np.frexp(t.data)",
    np.nextafter:      "it belongs to the representation of numbers; use it on t.data",
    np.spacing:        "it belongs to the representation of numbers; use it on t.data",
    np.real_if_close:  "whether its result is real depends on the values; use np.real",
    np.sort_complex:   "use np.sort",
    np.roots:          "use np.linalg.eigvals of the companion matrix",
    np.poly:           "build the coefficients with np.polymul",
    np.polydiv:        "use np.linalg.solve with the convolution matrix of the divisor",
    np.polyfit:        "use np.linalg.lstsq(np.vander(x, deg + 1), y)",
    np.is_busday:      "it takes dates, which carry no gradient",
    np.busday_count:   "it takes dates, which carry no gradient",
    np.busday_offset:  "it takes dates, which carry no gradient",
    np.datetime_as_string: "it takes dates, which carry no gradient",
}
# fmt: on


def refuse_out(function: str, out: Any) -> None:
    """Raise where a result was to be written into the array `out`."""
    if out is not None:
        raise NotDifferentiableError(
            f"{function}: out= (an array of shape {np.shape(out)}) has no graph to record the "
            f"result in; leave it out and use what {function} returns"
        )
