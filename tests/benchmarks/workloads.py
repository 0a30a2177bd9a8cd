"""The list of workloads. Each file behind it holds one function per engine."""

from . import chain, footprint, mlp, nielsen, nodes
from .measure import Workload, timed

WORKLOADS: dict[str, Workload] = {
    "chain": timed(
        "y = tanh(y * a + b), 100 times on 10 numbers, float64, sum, backward",
        chain.ENGINES,
        steps=30,
        per_step=chain.OPERATIONS,
        unit="µs per operation",
    ),
    "mlp-784-30-10": timed(
        "sigmoid, quadratic cost, batch 10, one step of SGD, float32", nielsen.ENGINES, steps=200
    ),
    "mlp-784-128-10": timed(
        "ReLU, cross-entropy, batch 64, one step of SGD, float32",
        mlp.engines((784, 128, 10), batch=64),
        steps=60,
    ),
    "mlp-784-512-512-10": timed(
        "ReLU, cross-entropy, batch 128, one step of SGD, float32",
        mlp.engines((784, 512, 512, 10), batch=128),
        steps=10,
    ),
    "memory": Workload(
        "50 steps of mlp-784-512-512-10: peak memory beyond the import",
        footprint.memory(mlp.engines((784, 512, 512, 10), batch=128)),
    ),
    "nodes": Workload(
        "chains of y = y * a on 10 numbers: build, backward, free",
        nodes.ENGINES,
    ),
    "import": Workload(
        "time to import, once NumPy is there",
        footprint.IMPORTS,
    ),
}
