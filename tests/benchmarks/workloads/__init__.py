"""The list of workloads. Each file behind it holds the forward code, and the work by hand."""

from ..measure import FLOAT64, Workload, family, timed
from . import (
    adam,
    chain,
    cnn,
    derivatives,
    elementwise,
    embedding,
    footprint,
    growth,
    layers,
    mlp,
    nielsen,
    recurrent,
    scalars,
    word2vec,
)

_PEERS = "pullback pytorch pytorch-bare jax hips mygrad tinygrad"
_SMALL = mlp.setups((784, 128, 10), 64, _PEERS)
_LARGE = mlp.setups((784, 512, 512, 10), 128, _PEERS)

WORKLOADS: dict[str, Workload] = {
    "chain": timed(
        "y = tanh(y * a + b), 100 times on 10 numbers, float64, sum, backward",
        chain.CHAIN,
        steps=30,
        per_step=chain.CHAIN_OPERATIONS,
        unit="µs per operation",
        tolerance=FLOAT64,
    ),
    "wide": timed(
        "256 terms tanh(x * a + b * i) on 10 numbers, float64, added up as a tree, backward",
        chain.WIDE,
        steps=10,
        per_step=chain.WIDE_OPERATIONS,
        unit="µs per operation",
        tolerance=FLOAT64,
    ),
    "scalars": timed(
        "a net of single numbers, 2-16-16-1, float64, forward and backward",
        scalars.ENGINES,
        steps=10,
        per_step=scalars.OPERATIONS,
        unit="µs per operation",
        tolerance=FLOAT64,
    ),
    "mlp-784-30-10": timed(
        "sigmoid, quadratic cost, batch 10, one step of SGD, float32", nielsen.ENGINES, steps=200
    ),
    "mlp-784-128-10": timed(
        "ReLU, cross-entropy, batch 64, one step of SGD, float32", _SMALL, steps=60
    ),
    "mlp-784-512-512-10": timed(
        "ReLU, cross-entropy, batch 128, one step of SGD, float32", _LARGE, steps=10
    ),
    "cnn": timed(
        "two convolutions, max-pool, two linear layers, batch 64 of 28x28, one step, float32",
        cnn.ENGINES,
        steps=4,
    ),
    "recurrent": timed(
        "a tanh cell, 8 inputs, 32 states, batch 16, 200 steps of time, one step of SGD, float32",
        recurrent.ENGINES,
        steps=3,
    ),
    "conv": timed(
        "convolution 32 -> 64, 3x3, batch 64 of 26x26, forward and backward, float32",
        layers.CONV,
        steps=4,
    ),
    "relu": timed(
        "ReLU, 64 images of 64x24x24, forward and backward, float32", layers.RELU, steps=4
    ),
    "max-pool": timed(
        "max-pool 2x2, 64 images of 64x24x24, forward and backward, float32",
        layers.MAX_POOL,
        steps=4,
    ),
    "batch-norm": timed(
        "batch-norm, 64 images of 64x24x24, forward and backward, float32",
        layers.BATCH_NORM,
        steps=4,
    ),
    "layer-norm": timed(
        "layer-norm, 256 rows of 512, forward and backward, float32", layers.LAYER_NORM, steps=20
    ),
    "cross-entropy": timed(
        "softmax cross-entropy, 256 rows of 1,000 classes, forward and backward, float32",
        layers.CROSS_ENTROPY,
        steps=20,
    ),
    "elementwise": family(
        "exp(-x * x) * tanh(x), forward and backward, float32",
        elementwise.ELEMENTWISE,
        elementwise.STEPS,
    ),
    "reductions": family(
        "means of rows and sums of columns, squared and added up, forward and backward, float32",
        elementwise.REDUCTIONS,
        elementwise.STEPS,
    ),
    "adam": timed("one step of Adam, 1000x1000 parameters, float32", adam.ENGINES, steps=20),
    "embedding": timed(
        "4,096 indices into a table of 10,000 rows 64 wide, one step of SGD, float32",
        embedding.setups(10_000),
        steps=20,
    ),
    "logistic": timed(
        "logistic regression by `grad`, 1,000 samples of 100 features, one step, float64",
        derivatives.LOGISTIC,
        steps=50,
        tolerance=FLOAT64,
    ),
    "hvp": timed(
        "the Hessian of that loss times a vector, float64",
        derivatives.HVP,
        steps=30,
        tolerance=FLOAT64,
    ),
    "jacobian": timed(
        "the Jacobian of tanh(A x), A 100x100, float64",
        derivatives.JACOBIAN,
        steps=5,
        tolerance=FLOAT64,
    ),
    "skip-gram": word2vec.workload("zipf", "1,000,000 Zipf", sg=1),
    "cbow": word2vec.workload("zipf", "1,000,000 Zipf", sg=0),
    "skip-gram-shakespeare": word2vec.workload("shakespeare", "Shakespeare's 200,000", sg=1),
    "cbow-shakespeare": word2vec.workload("shakespeare", "Shakespeare's 200,000", sg=0),
    "skip-gram-reference": word2vec.workload("reference", "the Python reference's 60,000", sg=1),
    "cbow-reference": word2vec.workload("reference", "the Python reference's 60,000", sg=0),
    "memory": Workload(
        "50 steps of mlp-784-512-512-10: peak memory beyond the import",
        footprint.memory(_LARGE),
    ),
    "cnn-memory": Workload(
        "50 steps of cnn: peak memory beyond the import", footprint.memory(cnn.ENGINES)
    ),
    "growth-depth": growth.DEPTH,
    "growth-width": growth.WIDTH,
    "growth-batch": growth.BATCH,
    "growth-vocabulary": growth.VOCABULARY,
    "growth-graph": growth.GRAPH,
    "growth-graph-no-collector": growth.GRAPH_NO_COLLECTOR,
    "import": Workload("time to import, once NumPy is there", footprint.IMPORTS),
    "size": Workload("what an installation brings", footprint.SIZES),
}
