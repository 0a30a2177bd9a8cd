"""The in-place method of ufuncs that has a rule of its own: `np.add.at`, as a new array."""

from typing import Any

import numpy as np

from ..broadcasting import unbroadcast
from ..registry import rule
from ..typing import Array
from .indexing import getitem


def _added(x: Array, value: Array, index: Any) -> Array:
    y = np.copy(x)
    np.add.at(y, index, value)
    return y


added = rule(
    _added,
    lambda g, *_, index=None: g,
    lambda g, _, __, _value, index=None: unbroadcast(getitem(g, index=index), _value.shape),
    name="add.at",
)
