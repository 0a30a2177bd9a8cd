"""The list of workloads. Each file behind it holds one function per engine."""

from . import adam, chain, cnn, embedding, footprint, layers, mlp, nielsen, nodes, word2vec
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
    "cnn": timed(
        "two convolutions, max-pool, two linear layers, batch 64 of 28x28, one step, float32",
        cnn.ENGINES,
        steps=1,
    ),
    "conv": timed(
        "convolution 32 -> 64, 3x3, batch 64 of 26x26, forward and backward, float32",
        layers.engines(lambda nn: nn.Conv2d(32, 64, 3), (32, 26, 26), (64, 24, 24)),
        steps=1,
    ),
    "relu": timed(
        "ReLU, 64 images of 64x24x24, forward and backward, float32",
        layers.engines(lambda nn: nn.ReLU(), (64, 24, 24), (64, 24, 24)),
        steps=4,
    ),
    "max-pool": timed(
        "max-pool 2x2, 64 images of 64x24x24, forward and backward, float32",
        layers.engines(lambda nn: nn.MaxPool2d(2), (64, 24, 24), (64, 12, 12)),
        steps=4,
    ),
    "batch-norm": timed(
        "batch-norm, 64 images of 64x24x24, forward and backward, float32",
        layers.engines(lambda nn: nn.BatchNorm2d(64), (64, 24, 24), (64, 24, 24)),
        steps=4,
    ),
    "adam": timed("one step of Adam, 1000x1000 parameters, float32", adam.ENGINES, steps=20),
    "embedding": Workload(
        "4,096 indices into tables 64 wide, forward, backward, one step of SGD, float32; in both "
        "tables as many distinct rows",
        embedding.ENGINES,
    ),
    "skip-gram": Workload(
        "word2vec, 1,000,000 words, 100 dimensions, window 5, 5 negatives, an epoch",
        word2vec.engines(sg=1),
        lasting=True,
    ),
    "cbow": Workload(
        "word2vec, 1,000,000 words, 100 dimensions, window 5, 5 negatives, an epoch",
        word2vec.engines(sg=0),
        lasting=True,
    ),
    "memory": Workload(
        "50 steps of mlp-784-512-512-10: peak memory beyond the import",
        footprint.memory(mlp.engines((784, 512, 512, 10), batch=128)),
    ),
    "cnn-memory": Workload(
        "50 steps of cnn: peak memory beyond the import", footprint.memory(cnn.ENGINES)
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
