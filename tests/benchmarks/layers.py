"""One layer, forward and backward, as it stands in the middle of a convolutional network."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .measure import Step

IMAGES = 64

#: Makes the layer from the package that it is given, `nn` or `torch.nn`: they share their names.
Layer = Callable[[Any], Any]
Shape = tuple[int, int, int]  # of one image: channels, height, width


def channels_last(x: Any) -> Any:
    """The same values; in memory the channels stand last, as our convolutions leave them."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(x, 1, -1)), -1, 1)


def _arrays(module: Any, inputs: Shape, outputs: Shape) -> tuple[Any, Any, list[Any]]:
    """Images, cotangents, and values for the parameters."""
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal((IMAGES, *shape), np.float32) for shape in (inputs, outputs))
    return x, g, [0.1 * rng.standard_normal(p.shape, np.float32) for p in module.parameters()]


def pullback(layer: Layer, inputs: Shape, outputs: Shape) -> Step:
    import nn
    from autograd import Tensor

    module = layer(nn)
    x, g, values = _arrays(module, inputs, outputs)
    images, g = channels_last(x), channels_last(g)
    for parameter, value in zip(module.parameters(), values, strict=True):
        parameter.data[...] = value

    def step(i: int) -> Any:
        x = Tensor._of(images, None)
        x.requires_grad = True
        module.zero_grad()
        module(x).backward(g)
        return x.grad[0, 0, :3, :3].sum()

    return step


def pytorch(layer: Layer, inputs: Shape, outputs: Shape, last: bool = False) -> Step:
    """`last`: with the layout that is faster for most layers, but not the usual one."""
    import torch

    module = layer(torch.nn)
    layout = torch.channels_last if last else torch.contiguous_format
    x, g, values = _arrays(module, inputs, outputs)
    images, g = (torch.from_numpy(a).contiguous(memory_format=layout) for a in (x, g))
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), values, strict=True):
            parameter.copy_(torch.from_numpy(value))
    module = module.to(memory_format=layout)

    def step(i: int) -> Any:
        x = images.detach().requires_grad_()
        module.zero_grad()
        module(x).backward(g)
        return x.grad[0, 0, :3, :3].sum().item()

    return step


def engines(layer: Layer, inputs: Shape, outputs: Shape) -> dict[str, Callable[[], Step]]:
    return {
        "pullback": partial(pullback, layer, inputs, outputs),
        "pytorch": partial(pytorch, layer, inputs, outputs),
        "pytorch-last": partial(pytorch, layer, inputs, outputs, last=True),
    }
