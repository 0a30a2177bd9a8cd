"""tinygrad, with its `TinyJit`, which replays a step's kernels. It compiles them with clang."""

from typing import Any

import numpy
from tinygrad import Device, Tensor, TinyJit
from tinygrad.helpers import Context
from tinygrad.nn.optim import SGD

from . import Step


class _Functions:
    relu = Tensor.relu
    sigmoid = Tensor.sigmoid
    conv2d = Tensor.conv2d
    cross_entropy = Tensor.sparse_categorical_crossentropy

    @staticmethod
    def linear(x: Any, weight: Any, bias: Any) -> Any:
        return x.linear(weight.T, bias)

    @staticmethod
    def mse_loss(x: Any, target: Any) -> Any:
        return (x - target).square().mean()

    @staticmethod
    def max_pool2d(x: Any, size: int) -> Any:
        return x.max_pool2d((size, size))

    @staticmethod
    def layer_norm(x: Any, shape: int, weight: Any, bias: Any) -> Any:
        return x.layernorm() * weight + bias


def _array(x: Any) -> Any:
    return Tensor(numpy.ascontiguousarray(x)).realize()


class Engine:
    np = Tensor
    F = _Functions

    def gradient(
        self, function: Any, inputs: Any, constants: Any = (), cotangent: Any = None
    ) -> Step:
        tensors = [_array(x) for x in inputs]
        constants = [_array(x) for x in constants]
        seed = None if cotangent is None else _array(cotangent)

        @TinyJit
        def run(*tensors: Any) -> Any:
            value = function(self, *tensors, *constants)
            results = [value, *value.gradient(*tensors, gradient=seed)]
            Tensor.realize(*results)
            return results

        def step(_: int) -> Any:
            results = run(*tensors)
            Device[Device.DEFAULT].synchronize()
            return results

        return step

    def train(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        parameters = [_array(x) for x in arrays]
        batches = [[_array(x) for x in batch] for batch in batches]
        optimizer = SGD(parameters, rate)

        @TinyJit
        def update(*batch: Any) -> Any:
            optimizer.zero_grad()
            value = loss(self, parameters, *batch)
            value.backward()
            return value.realize(*optimizer.schedule_step())

        def step(i: int) -> Any:
            with Context(TRAINING=1):
                return update(*batches[i % len(batches)]).item()

        return step
