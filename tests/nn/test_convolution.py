import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import ShapeError, Tensor


def ones(*shape):
    return np.ones(shape, np.float32)


def test_conv2d_computes_the_worked_example():
    layer = nn.Conv2d(1, 1, 2)
    layer.weight.data[...] = [[1, 2], [3, 4]]
    layer.bias.data[...] = 10
    image = np.arange(9, dtype=np.float32).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(layer(image).data, [[[[37, 47], [67, 77]]]])


@pytest.mark.parametrize(
    ("layer", "shape", "result"),
    [
        (nn.Conv1d(2, 3, 3), (5, 2, 9), (5, 3, 7)),
        (nn.Conv1d(2, 3, 3, padding="same"), (2, 9), (3, 9)),
        (nn.Conv2d(4, 6, (3, 1), 2, 1, groups=2), (5, 4, 9, 8), (5, 6, 5, 5)),
        (nn.Conv2d(4, 6, 3, dilation=2, padding="valid"), (4, 9, 8), (6, 5, 4)),
        (nn.Conv2d(2, 3, 3), (0, 2, 5, 5), (0, 3, 3, 3)),
        (nn.ConvTranspose2d(3, 2, 4, 2, 1), (5, 3, 7, 7), (5, 2, 14, 14)),
        (nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2), (4, 7, 7), (6, 14, 14)),
    ],
)
def test_shapes_and_dtypes(layer, shape, result):
    x = Tensor(ones(*shape), requires_grad=True)
    y = layer(x)
    assert y.shape == result
    y.sum().backward()
    for tensor in (y, x, *layer.parameters()):
        assert tensor.dtype == np.float32
    assert x.grad.shape == shape
    assert all(p.grad.shape == p.shape for p in layer.parameters())


def test_dtypes_are_promoted_as_numpy_does():
    x, weight, bias = ones(1, 1, 4, 4), ones(2, 1, 3, 3), ones(2)
    for wide in range(3):
        arrays = [a.astype(float) if i == wide else a for i, a in enumerate((x, weight, bias))]
        tensors = [Tensor(a, requires_grad=True) for a in arrays]
        y = F.conv2d(*tensors)
        assert y.dtype == np.float64
        y.sum().backward()
        assert [t.grad.dtype for t in tensors] == [a.dtype for a in arrays]


def test_values_do_not_depend_on_the_layout_in_memory():
    x = np.random.default_rng(0).normal(size=(3, 4, 7, 6))
    layer = nn.Conv2d(4, 5, 3, padding=1, dtype=np.float64)
    last = np.moveaxis(np.moveaxis(x, 1, -1).copy(), -1, 1)
    np.testing.assert_array_equal(layer(x).data, layer(last).data)
    np.testing.assert_allclose(layer(x).data, layer(np.asfortranarray(x)).data)


def test_many_images_agree_with_each_by_itself():
    x = np.random.default_rng(0).normal(size=(301, 3, 12, 12))
    layer = nn.Conv2d(3, 8, 3, dtype=np.float64)
    together = layer(x).data
    np.testing.assert_allclose(together[[0, 150, 300]], layer(x[[0, 150, 300]]).data, atol=1e-12)


def test_parameters_start_within_pytorchs_bounds_and_repeat_with_their_seed():
    a, b = (nn.Conv2d(16, 64, 5, generator=np.random.default_rng(3)) for _ in range(2))
    for path, array in a.state_dict().items():
        np.testing.assert_array_equal(array, b.state_dict()[path])
        assert 0.045 < np.abs(array).max() <= 0.05 + 1e-7


def test_nothing_is_kept_but_the_input_and_the_weight():
    layer = nn.Conv2d(2, 3, 3)
    x = Tensor(ones(1, 2, 5, 5), requires_grad=True)
    _, *inputs = layer(x).node.saved
    kept = [a for a in inputs if isinstance(a, np.ndarray)]
    assert all(any(a is b for b in (x.data, layer.weight.data)) for a in kept)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(0, 3, 3), r"Conv2d: in_channels \(=0\)"),
        (lambda: nn.Conv2d(3, 4, 3, groups=2), r"in_channels \(=3\).*multiples of groups \(=2\)"),
        (lambda: nn.Conv2d(4, 3, 3, groups=2), r"out_channels \(=3\).*multiples of groups \(=2\)"),
        (lambda: nn.Conv2d(4, 3, 3, groups=0), r"groups \(=0\)"),
        (lambda: nn.Conv2d(3, 4, 0), r"kernel_size \(=0\)"),
        (lambda: nn.Conv2d(3, 4, (3, 3, 3)), r"kernel_size \(=\(3, 3, 3\)\)"),
    ],
)
def test_settings_that_cannot_be(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(3, 4, 3, stride=0), r"stride \(=0\)"),
        (lambda: nn.Conv2d(3, 4, 3, stride=(1, 2, 3)), r"stride \(=\(1, 2, 3\)\).*or 2 of them"),
        (lambda: nn.Conv2d(3, 4, 3, dilation=-1), r"dilation \(=-1\)"),
        (lambda: nn.Conv2d(3, 4, 3, padding=-1), r"padding \(=-1\)"),
        (lambda: nn.Conv2d(3, 4, 3, padding=1.5), r"padding \(=1.5\)"),
        (lambda: nn.Conv2d(3, 4, 3, padding="full"), r"padding \(='full'\)"),
        (lambda: nn.Conv2d(3, 4, 3, stride=2, padding="same"), r"'same'.*stride is \(2, 2\)"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, output_padding=1), r"output_padding.*stride \(1, 1\)"),
        (lambda: nn.ConvTranspose2d(3, 4, 3, padding="same"), r"padding \(='same'\)"),
    ],
)
def test_settings_that_no_image_fits(make, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make()(ones(2, 3, 8, 8))


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Conv2d(3, 4, 3), (2, 1, 8, 8), r"Conv2d\(3 -> 4, 3x3\).*3 channels.*with 1 channels"),
        (nn.Conv2d(3, 4, 3), (2, 3, 2, 8), r"kernel \(3, 3\).*spans 3.*image \(2, 8\) has 2"),
        (nn.Conv2d(3, 4, 3, dilation=4), (2, 3, 8, 8), r"dilation \(4, 4\) spans 9"),
        (nn.Conv2d(3, 4, 3), (2, 8), r"axes \(N, channels, \*size\).*got \(2, 8\)"),
        (nn.Conv1d(3, 4, 3), (2, 2, 3, 8), r"Conv1d.*got \(2, 2, 3, 8\)"),
        (nn.ConvTranspose2d(3, 4, 3), (2, 4, 8, 8), r"ConvTranspose2d.*of 3 channels"),
        (nn.ConvTranspose2d(3, 4, 1, padding=4), (2, 3, 8, 8), r"size of the result.*at least 1"),
    ],
)
def test_images_that_do_not_fit(layer, shape, message):
    with pytest.raises(ShapeError, match=message):
        layer(ones(*shape))


def test_functions_check_the_weight():
    with pytest.raises(ShapeError, match=r"conv2d: weight must have 4 axes.*got shape \(3, 3\)"):
        F.conv2d(ones(1, 1, 4, 4), ones(3, 3))
    with pytest.raises(ShapeError, match=r"bias must have shape \(2,\); got \(3,\)"):
        F.conv2d(ones(1, 1, 4, 4), ones(2, 1, 3, 3), ones(3))
    with pytest.raises(ShapeError, match=r"none of them empty"):
        F.conv2d(ones(1, 1, 4, 4), ones(2, 1, 0, 3))


def test_repr_says_what_is_not_usual():
    assert repr(nn.Conv2d(3, 4, (3, 5), 2, 1, bias=False)).startswith(
        "Conv2d(3 -> 4, 3x5, stride=2, padding=1, bias=False)"
    )
