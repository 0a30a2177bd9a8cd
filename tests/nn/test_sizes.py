import numpy as np
import pytest

import nn

MAKE = {
    "Linear: in_features": lambda n: nn.Linear(n, 2),
    "Linear: out_features": lambda n: nn.Linear(2, n),
    "Conv1d: kernel_size": lambda n: nn.Conv1d(2, 2, n),
    "Conv2d: in_channels": lambda n: nn.Conv2d(n, 2, 3),
    "Conv2d: out_channels": lambda n: nn.Conv2d(2, n, 3),
    "Conv2d: kernel_size": lambda n: nn.Conv2d(2, 2, (3, n)),
    "Conv2d: groups": lambda n: nn.Conv2d(2, 2, 3, groups=n),
    "ConvTranspose2d: kernel_size": lambda n: nn.ConvTranspose2d(2, 2, n),
    "Embedding: num_embeddings": lambda n: nn.Embedding(n, 2),
    "Embedding: embedding_dim": lambda n: nn.Embedding(2, n),
    "DataLoader: batch_size": lambda n: nn.DataLoader(np.ones(3), batch_size=n),
}


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("size", [2.0, "2", None, True, np.array([2, 2])])
def test_size_that_is_no_integer_raises(name, size):
    with pytest.raises(TypeError, match=rf"^{name} \(=.*\) must be an integer$"):
        MAKE[name](size)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("size", [0, -1, np.int64(0)])
def test_size_below_1_raises(name, size):
    with pytest.raises(ValueError, match=rf"^{name} \(={size}\) must be at least 1$"):
        MAKE[name](size)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("size", [2, np.int32(2), np.uint8(1)])
def test_size_of_an_integer_of_numpy_is_taken(name, size):
    MAKE[name](size)
