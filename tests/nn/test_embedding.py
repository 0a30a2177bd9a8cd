import numpy as np
import pytest

import nn
from autograd import DTypeError, RowGradient


def test_embedding_gives_rows_and_trains_those():
    layer = nn.Embedding(6, 3, generator=np.random.default_rng(0))
    x = np.array([[1, 4], [1, 0]])
    y = layer(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.data, layer.weight.data[x])
    y.sum().backward()
    assert type(layer.weight.grad) is RowGradient
    np.testing.assert_array_equal(np.asarray(layer.weight.grad)[:, 0], [1, 2, 0, 0, 1, 0])
    nn.optim.SGD(layer.parameters(), lr=1).step()
    steps = np.array([[2, 1], [2, 1]], np.float32)[..., None]
    np.testing.assert_array_equal(layer(x).data, y.data - steps)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_embedding_starts_normal_and_repeats_with_its_seed(dtype):
    a, b = (nn.Embedding(200, 50, 7, dtype=dtype, generator=np.random.default_rng(3)) for _ in "ab")
    np.testing.assert_array_equal(a.weight.data, b.weight.data)
    assert a.weight.dtype == dtype
    assert abs(a.weight.data.astype(float).std() - 1) < 0.02
    np.testing.assert_array_equal(np.flatnonzero(~a.weight.data.any(axis=1)), [7])
    assert np.any(nn.Embedding(5, 5).weight.data != nn.Embedding(5, 5).weight.data)


@pytest.mark.parametrize("padding_idx", [2, -4])
def test_embedding_does_not_train_the_padding(padding_idx):
    layer = nn.Embedding(6, 3, padding_idx)
    layer([2, 2, 1]).sum().backward()
    np.testing.assert_array_equal(np.asarray(layer.weight.grad)[:, 0], [0, 1, 0, 0, 0, 0])
    assert repr(layer) == "Embedding(6 x 3, padding_idx=2)  18 parameters"
    again = nn.functional.embedding(np.array([2, 1]), layer.weight, padding_idx)
    layer.weight.grad = None
    again.sum().backward()
    np.testing.assert_array_equal(np.asarray(layer.weight.grad)[:, 0], [0, 1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 3), r"Embedding: num_embeddings \(=0\) must be at least 1"),
        ((3, 0), r"Embedding: embedding_dim \(=0\) must be at least 1"),
        ((3, 2, 3), r"Embedding: padding_idx \(=3\) must lie in -3\.\.2 for 3 rows"),
    ],
)
def test_embedding_of_wrong_sizes_raises(arguments, words):
    with pytest.raises(ValueError, match=words):
        nn.Embedding(*arguments)


def test_embedding_of_wrong_inputs_raises():
    layer = nn.Embedding(3, 2)
    with pytest.raises(ValueError, match=r"must lie in 0\.\.2 for 3 rows; got 3"):
        layer([1, 3])
    with pytest.raises(DTypeError, match="must be integers"):
        layer(np.ones(2))


@pytest.mark.parametrize("padding_idx", [None, 0, -1])
def test_embedding_agrees_with_torch(padding_idx):
    torch = pytest.importorskip("torch")
    generator = np.random.default_rng(0)
    for shape in ((), (7,), (4, 5), (2, 3, 4), (0,)):
        layer = nn.Embedding(6, 3, padding_idx, dtype=np.float64, generator=generator)
        theirs = torch.nn.Embedding(6, 3, padding_idx, dtype=torch.float64)
        theirs.load_state_dict({"weight": torch.from_numpy(layer.weight.data)})
        x = generator.integers(0, 6, shape)
        y, expected = layer(x), theirs(torch.tensor(x))
        np.testing.assert_array_equal(y.data, expected.detach().numpy())
        (y * y * y).sum().backward()
        (expected**3).sum().backward()
        np.testing.assert_allclose(layer.weight.grad, theirs.weight.grad.numpy(), rtol=1e-10)
