"""PyTorch, eager. Forward code is `torch` and `torch.nn.functional`."""

from functools import partial
from types import SimpleNamespace
from typing import Any

import torch

from . import Step


class Engine:
    """`bare`: without its optimiser. `last`: images with the channels last in memory."""

    np = torch
    F = SimpleNamespace(**vars(torch.nn.functional))
    F.embedding = partial(torch.nn.functional.embedding, sparse=True)

    def __init__(self, bare: bool = False, last: bool = False) -> None:
        self.bare = bare
        self.layout = torch.channels_last if last else torch.contiguous_format

    def array(self, x: Any) -> Any:
        layout = self.layout if x.ndim == 4 else torch.contiguous_format
        return torch.from_numpy(x).contiguous(memory_format=layout)

    def leaf(self, x: Any) -> Any:
        return self.array(x).requires_grad_()

    def gradient(
        self, function: Any, inputs: Any, constants: Any = (), cotangent: Any = None
    ) -> Step:
        tensors = [self.leaf(x) for x in inputs]
        constants = [self.array(x) for x in constants]
        seed = None if cotangent is None else self.array(cotangent)

        def step(_: int) -> Any:
            for x in tensors:
                x.grad = None
            value = function(self, *tensors, *constants)
            value.backward(seed)
            return [value.detach(), *(x.grad for x in tensors)]

        return step

    def train(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        parameters = [self.leaf(x) for x in arrays]
        batches = [[self.array(x) for x in batch] for batch in batches]
        # foreach and fused are slower for few parameters, and not for sparse gradients
        optimizer = torch.optim.SGD(parameters, rate, foreach=False)

        def update() -> None:
            with torch.no_grad():
                for p in parameters:
                    p.add_(p.grad, alpha=-rate)
                    p.grad = None

        def step(i: int) -> Any:
            value = loss(self, parameters, *batches[i % len(batches)])
            value.backward()
            if self.bare:
                update()
            else:
                optimizer.step()
                optimizer.zero_grad()
            return value.item()

        return step

    descend = train

    def hvp(self, function: Any, x: Any, constants: Any, vector: Any) -> Step:
        x, vector, *constants = self.leaf(x), self.array(vector), *map(self.array, constants)

        def step(_: int) -> Any:
            value = function(self, x, *constants)
            (slope,) = torch.autograd.grad(value, x, create_graph=True)
            return list(torch.autograd.grad(slope, x, vector))

        return step

    def jacobian(self, function: Any, x: Any, constants: Any) -> Step:
        x, *constants = map(self.array, (x, *constants))
        jacobian = torch.func.jacrev(lambda x: function(self, x, *constants))
        return lambda _: [jacobian(x)]
