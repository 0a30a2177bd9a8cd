"""Functions that work element by element, with parameters that broadcast."""

import numpy as np

from ..registry import implements
from ..rules.elementwise import clip_between
from ..typing import Array


@implements(np.clip)
def clip(
    a: Array, a_min: Array = None, a_max: Array = None, *, min: Array = None, max: Array = None
) -> Array:
    return clip_between(a, a_min if min is None else min, a_max if max is None else max)
