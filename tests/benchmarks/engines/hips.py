"""HIPS autograd. In its process `autograd` is HIPS's, see `environment`; nothing of ours is."""

from typing import Any

import autograd
import autograd.numpy as np

from . import Step
from .written_out import Functions


class Engine:
    np = np
    F = Functions(np)

    def gradient(
        self, function: Any, inputs: Any, constants: Any = (), cotangent: Any = None
    ) -> Step:
        every = list(range(len(inputs)))
        pull_back = autograd.differential_operators.make_vjp(
            lambda *arrays: function(self, *arrays, *constants), every
        )

        def step(_: int) -> Any:
            pull, value = pull_back(*inputs)
            return [value, *pull(np.ones_like(value) if cotangent is None else cotangent)]

        return step

    def train(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        slopes_of = autograd.value_and_grad(lambda arrays, *batch: loss(self, arrays, *batch))

        def step(i: int) -> Any:
            value, slopes = slopes_of(arrays, *batches[i % len(batches)])
            for x, slope in zip(arrays, slopes, strict=True):
                x -= rate * slope
            return value

        return step

    descend = train

    def hvp(self, function: Any, x: Any, constants: Any, vector: Any) -> Step:
        product = autograd.differential_operators.hessian_vector_product(
            lambda x: function(self, x, *constants)
        )
        return lambda _: [product(x, vector)]

    def jacobian(self, function: Any, x: Any, constants: Any) -> Step:
        jacobian = autograd.jacobian(lambda x: function(self, x, *constants))
        return lambda _: [jacobian(x)]
