"""A refusal that `statistics.py` still writes by hand; `implements` does it for the others."""

from typing import Any

import numpy as np

from ..errors import NotDifferentiableError


def refuse_out(function: str, out: Any) -> None:
    """Raise where a result was to be written into the array `out`."""
    if out is not None:
        raise NotDifferentiableError(
            f"{function}: out= (an array of shape {np.shape(out)}) has no graph to record the "
            f"result in; leave it out and use what {function} returns"
        )
