"""JAX, compiled by `jax.jit` or not. Every step waits for its results."""

from typing import Any

import jax
import jax.numpy as np

from . import Step
from .written_out import Functions

jax.config.update("jax_enable_x64", True)  # float32 stays float32; without it, float64 does not


class _Functions(Functions):
    def conv2d(self, x: Any, weight: Any, bias: Any) -> Any:
        y = jax.lax.conv_general_dilated(x, weight, (1, 1), "VALID")
        return y + bias.reshape(-1, 1, 1)

    def max_pool2d(self, x: Any, size: int) -> Any:
        window = (1, 1, size, size)
        return jax.lax.reduce_window(x, -self.np.inf, jax.lax.max, window, window, "VALID")


def _arrays(tree: Any) -> Any:
    return jax.tree.map(np.asarray, tree)


class Engine:
    np = np
    F = _Functions(np)

    def __init__(self, jit: bool = True) -> None:
        self.jit = jax.jit if jit else lambda f, **options: f

    def gradient(
        self, function: Any, inputs: Any, constants: Any = (), cotangent: Any = None
    ) -> Step:
        def run(inputs: Any, constants: Any, seed: Any) -> Any:
            value, pull = jax.vjp(lambda *x: function(self, *x, *constants), *inputs)
            return [value, *pull(np.ones_like(value) if seed is None else seed)]

        compiled, arguments = self.jit(run), _arrays((inputs, constants, cotangent))
        return lambda _: jax.block_until_ready(compiled(*arguments))

    def train(self, loss: Any, arrays: Any, batches: Any, rate: float) -> Step:
        parameters, batches = _arrays((arrays, batches))

        def update(parameters: Any, *batch: Any) -> Any:
            value, slopes = jax.value_and_grad(lambda p: loss(self, p, *batch))(parameters)
            return value, [p - rate * slope for p, slope in zip(parameters, slopes, strict=True)]

        compiled = self.jit(update, donate_argnums=0)

        def step(i: int) -> Any:
            nonlocal parameters
            value, parameters = compiled(parameters, *batches[i % len(batches)])
            jax.block_until_ready(parameters)
            return value.item()

        return step

    descend = train

    def hvp(self, function: Any, x: Any, constants: Any, vector: Any) -> Step:
        def product(x: Any, constants: Any, vector: Any) -> Any:
            slope = jax.grad(lambda x: function(self, x, *constants))
            return jax.jvp(slope, (x,), (vector,))[1]

        compiled, arguments = self.jit(product), _arrays((x, constants, vector))
        return lambda _: [jax.block_until_ready(compiled(*arguments))]

    def jacobian(self, function: Any, x: Any, constants: Any) -> Step:
        def rows(x: Any, constants: Any) -> Any:
            return jax.jacrev(lambda x: function(self, x, *constants))(x)

        compiled, arguments = self.jit(rows), _arrays((x, constants))
        return lambda _: [jax.block_until_ready(compiled(*arguments))]
