"""HIPS autograd. In its process `autograd` is HIPS's, see `environment`; nothing of ours is."""

from typing import Any

import autograd
import autograd.numpy as np

from . import Step
from .by_transforms import ByTransforms
from .written_out import Functions


class Engine(ByTransforms):
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

    train = ByTransforms.descend

    def hvp(self, function: Any, x: Any, constants: Any, vector: Any) -> Step:
        product = autograd.differential_operators.hessian_vector_product(
            lambda x: function(self, x, *constants)
        )
        return lambda _: [product(x, vector)]
