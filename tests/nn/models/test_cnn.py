import os

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import ShapeError


def test_default_is_lenet():
    model = nn.CNN()
    shapes = {name: p.shape for name, p in model.named_parameters()}
    assert shapes["features.0.weight"] == (6, 1, 5, 5)
    assert shapes["features.3.weight"] == (16, 6, 5, 5)
    widths = [s for name, s in shapes.items() if name.startswith("classifier") and "weight" in name]
    assert widths == [(120, 784), (84, 120), (10, 84)]
    assert model(np.zeros((2, 1, 28, 28), np.float32)).shape == (2, 10)


def test_odd_sizes_and_own_parts():
    model = nn.CNN((3, 9, 14), 4, channels=(5, 6, 7), hidden=(), kernel_size=3, activation=nn.Tanh)
    assert model.classifier[-1].weight.shape == (4, 7 * 1 * 1)
    assert model(np.zeros((2, 3, 9, 14), np.float32)).shape == (2, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"image": (28, 28)}, r"image \(=\(28, 28\)\) must be a shape \(channels, height, width\)"),
        ({"image": (1, 0, 28)}, r"image"),
        ({"image": (1, 8, 8), "channels": (2, 2, 2, 2)}, r"8x8 pixels cannot be halved 4 times"),
    ],
)
def test_images_that_cannot_be(arguments, message):
    with pytest.raises(ValueError, match=message):
        nn.CNN(**arguments)


def test_images_of_another_shape():
    with pytest.raises(ShapeError, match=r"CNN\(image=\(1, 28, 28\)\).*shape \(2, 28, 28\)"):
        nn.CNN()(np.zeros((2, 28, 28), np.float32))


# -- against PyTorch, on MNIST's test images ----------------------------------------------------
# MNIST=folder pytest -s tests/nn/test_cnn.py     with the folder of t10k-images-idx3-ubyte.gz

FOLDER = os.environ.get("MNIST")


@pytest.mark.skipif(not FOLDER, reason="MNIST= names no folder")
def test_mnist_is_read_as_well_as_by_pytorch():
    """The mean of three runs: rounding alone moves the accuracy of a single one by 0.2 %."""
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    found, expected = zip(*(accuracies(torch, seed) for seed in range(3)), strict=True)
    print("held-out accuracies", found, "PyTorch's", expected)
    assert min(found) >= 0.98
    assert abs(np.mean(found) - np.mean(expected)) <= 0.003


def accuracies(torch, seed):
    """Ours and PyTorch's after ten epochs, from the same weights, on the same batches."""
    (images, labels), test = nn.data.idx_folder(FOLDER)
    ours = nn.CNN(generator=np.random.default_rng(seed))
    theirs = torch.nn.Sequential(
        *(torch.nn.Conv2d(1, 6, 5, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
        *(torch.nn.Conv2d(6, 16, 5, padding="same"), torch.nn.ReLU(), torch.nn.MaxPool2d(2)),
        *(torch.nn.Flatten(), torch.nn.Linear(784, 120), torch.nn.ReLU()),
        *(torch.nn.Linear(120, 84), torch.nn.ReLU(), torch.nn.Linear(84, 10)),
    )
    with torch.no_grad():
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            b.copy_(torch.from_numpy(a.data))
    optimizer = nn.optim.SGD(ours.parameters(), 0.05, momentum=0.9)
    other = torch.optim.SGD(theirs.parameters(), 0.05, momentum=0.9)
    batches = nn.DataLoader(images, labels, batch_size=32, generator=np.random.default_rng(seed))
    for epoch in range(10):
        for group in (*optimizer.param_groups, *other.param_groups):
            group["lr"] = 0.05 * (1 + np.cos(np.pi * epoch / 10)) / 2
        for x, y in batches:
            optimizer.zero_grad()
            F.cross_entropy(ours(x), y).backward()
            optimizer.step()
            other.zero_grad()
            logits = theirs(torch.from_numpy(x))
            torch.nn.functional.cross_entropy(logits, torch.from_numpy(y)).backward()
            other.step()
    with torch.no_grad():
        read = theirs(torch.from_numpy(test[0])).argmax(1).numpy()
    found = np.mean(nn.predict(ours, test[0]).argmax(1) == test[1])
    return float(found), float(np.mean(read == test[1]))
