"""This engine: forward code is NumPy's, and `nn.functional`."""

from typing import Any

import numpy

import autograd
import nn
from autograd import Tensor

from . import Step
from .by_transforms import ByTransforms


class Engine(ByTransforms):
    np = numpy
    F = nn.functional

    def gradient(
        self, function: Any, inputs: Any, constants: Any = (), cotangent: Any = None
    ) -> Step:
        tensors = [Tensor(x, requires_grad=True) for x in inputs]

        def step(_: int) -> Any:
            for x in tensors:
                x.grad = None
            value = function(self, *tensors, *constants)
            value.backward(cotangent)
            return [value.data, *(x.grad for x in tensors)]

        return step

    def train(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        parameters = [nn.Parameter(x) for x in arrays]
        optimizer = nn.optim.SGD(parameters, rate)

        def step(i: int) -> Any:
            value = loss(self, parameters, *batches[i % len(batches)])
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            return value.item()

        return step

    def hvp(self, function: Any, x: Any, constants: Any, vector: Any) -> Step:
        product = autograd.hvp(lambda x: function(self, x, *constants))
        return lambda _: [product(x, vector)]
