"""What pullback has in common with HIPS autograd: their transforms have the same names.

`autograd` is the one or the other, whichever the engine's process finds.
"""

from typing import Any

import autograd

from . import Step


class ByTransforms:
    def descend(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        slopes_of = autograd.value_and_grad(lambda arrays, *batch: loss(self, arrays, *batch))

        def step(i: int) -> Any:
            value, slopes = slopes_of(arrays, *batches[i % len(batches)])
            for x, slope in zip(arrays, slopes, strict=True):
                x -= rate * slope
            return value

        return step

    def jacobian(self, function: Any, x: Any, constants: Any) -> Step:
        jacobian = autograd.jacobian(lambda x: function(self, x, *constants))
        return lambda _: [jacobian(x)]
