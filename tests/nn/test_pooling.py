import pickle

import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import DTypeError, ShapeError, Tensor, gradients
from autograd.ops import adaptive_avg_pool, avg_pool, max_pool

RANDOM = np.random.default_rng(0)


def image(*shape, dtype=np.float64):
    return RANDOM.normal(size=shape).astype(dtype)


def channels_last(x):
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def leaf_of(array):
    leaf = Tensor(array, requires_grad=True)
    leaf.data = array
    return leaf


def gradient(function, x, g=None):
    leaf = leaf_of(np.asarray(x))
    y = function(leaf)
    y.backward(np.ones(y.shape) if g is None else np.asarray(g, float))
    return leaf.grad


# -- conventions --------------------------------------------------------------------------------


def test_first_of_equal_maxima_has_the_gradient():
    x = np.array([[[2.0, 3.0, 1.0, 1.0], [3.0, 3.0, 1.0, 1.0]]])
    found = gradient(nn.MaxPool2d(2), x, [[[5.0, 7.0]]])
    assert found.tolist() == [[[0, 5, 7, 0], [0, 0, 0, 0]]]


def test_window_of_nothing_but_minus_infinity_gives_its_gradient_to_an_element_of_the_image():
    x = np.full((1, 3, 3), -np.inf)
    pool = nn.MaxPool2d(3, stride=2, padding=1)
    assert np.all(pool(x) == -np.inf)
    assert gradient(pool, x).tolist() == [[[1, 1, 0], [1, 1, 0], [0, 0, 0]]]


def test_nan_wins_and_has_the_gradient():
    x = np.array([[[1.0, np.nan, 5.0, 6.0]]])
    pool = nn.MaxPool2d((1, 2))
    np.testing.assert_array_equal(pool(x), [[[np.nan, 6]]])
    assert gradient(pool, x).tolist() == [[[0, 1, 0, 1]]]


def test_padding_is_minus_infinity_for_the_maximum_and_zero_for_the_mean():
    x = np.full((1, 2, 2), -4.0)
    assert nn.MaxPool2d(2, padding=1)(x).tolist() == [[[-4, -4], [-4, -4]]]
    assert nn.AvgPool2d(2, padding=1)(x).tolist() == [[[-1, -1], [-1, -1]]]
    assert F.avg_pool2d(x, 2, padding=1, count_include_pad=False).tolist() == [[[-4, -4], [-4, -4]]]


def test_mean_of_equal_numbers_is_exact():
    x = np.full((1, 1, 21, 21), 0.1, np.float32)
    assert np.all(nn.AvgPool2d(7)(np.ones((1, 1, 21, 21))) == 1)
    np.testing.assert_allclose(nn.AdaptiveAvgPool2d(1)(x), 0.1, rtol=1e-6)


def test_mean_of_float16_does_not_overflow():
    assert nn.AdaptiveAvgPool2d(1)(np.full((1, 1, 300, 500), 500, np.float16)).item() == 500


def test_one_infinite_element_spoils_its_window_only():
    x = np.zeros((1, 4, 4))
    x[0, 0, 0] = np.inf
    assert nn.AvgPool2d(2)(x).tolist() == [[[np.inf, 0], [0, 0]]]
    assert adaptive_avg_pool(x, (3, 3))[0, 2].tolist() == [0, 0, 0]


def test_windows_of_more_than_a_byte_of_places():
    x = image(1, 1, 20, 20)
    x[0, 0, 19, 18] = 9
    found = gradient(nn.MaxPool2d(20), x)
    assert found.sum() == 1
    assert found.argmax() == x.argmax() > 255


# -- memory -------------------------------------------------------------------------------------

LAYERS = [
    nn.MaxPool2d(2),
    nn.MaxPool2d(3, 2, 1),
    nn.AvgPool2d(2),
    nn.AvgPool2d(3, 1, 1),
    nn.AdaptiveAvgPool2d((3, 2)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_layout_is_kept_whatever_the_cotangent_has(layer):
    plain = image(70, 3, 12, 12)  # in more than one block
    for x in (plain, channels_last(plain), np.asfortranarray(plain)):
        leaf = leaf_of(x)
        y = layer(leaf)
        assert np.argsort(y.data.strides).tolist() == np.argsort(x.strides).tolist()
        g = image(*y.shape)
        expected = gradient(layer, plain, g)
        for cotangent in (g, channels_last(g)):
            (found,) = gradients(layer(leaf), [leaf], cotangent)
            np.testing.assert_array_equal(found, expected)
            assert np.argsort(found.strides).tolist() == np.argsort(x.strides).tolist()


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_blocks_are_independent(layer):
    x = image(40, 3, 96, 96, dtype=np.float32)
    for part in (slice(0, 1), slice(7, 9)):
        np.testing.assert_array_equal(layer(x)[part], layer(x[part]))


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_float32_stays(layer):
    x = Tensor(image(2, 3, 8, 8), requires_grad=True, dtype=np.float32)
    y = layer(x)
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == np.float32


def test_max_pool_keeps_one_byte_for_each_output():
    x = Tensor(image(2, 3, 8, 8), requires_grad=True)
    node = nn.MaxPool2d(2)(x).node
    kept = [a for a in (*node.saved, *node.options.values()) if isinstance(a, np.ndarray)]
    assert [(a.shape, a.dtype) for a in kept] == [((2, 3, 4, 4), np.uint8)]


# -- layers -------------------------------------------------------------------------------------


def test_layers_describe_themselves():
    assert repr(nn.MaxPool2d(2)) == "MaxPool2d(kernel_size=2, stride=2)"
    assert repr(nn.MaxPool1d(3, 2, 1, ceil_mode=True)) == (
        "MaxPool1d(kernel_size=3, stride=2, padding=1, ceil_mode=True)"
    )
    assert repr(nn.AvgPool2d((2, 3), count_include_pad=False)) == (
        "AvgPool2d(kernel_size=(2, 3), stride=(2, 3), count_include_pad=False)"
    )
    assert repr(nn.AdaptiveAvgPool2d((1, None))) == "AdaptiveAvgPool2d(output_size=(1, None))"


def test_layers_can_be_pickled():
    layer = pickle.loads(pickle.dumps(nn.MaxPool2d(3, 2)))
    x = image(1, 1, 7, 7)
    np.testing.assert_array_equal(layer(x), nn.MaxPool2d(3, 2)(x))


def test_adaptive_pool_keeps_an_axis_of_none():
    assert nn.AdaptiveAvgPool2d(None)(image(1, 2, 3, 4)).shape == (1, 2, 3, 4)
    assert nn.AdaptiveAvgPool2d((None, 1))(image(2, 3, 4)).shape == (2, 3, 1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: nn.MaxPool2d(0), r"MaxPool2d: kernel_size \(=0\) must be at least 1"),
        (lambda: nn.MaxPool2d(2.0), r"MaxPool2d: kernel_size \(=2.0\)"),
        (lambda: nn.MaxPool2d((2, 2, 2)), r"kernel_size \(=\(2, 2, 2\)\)"),
        (lambda: nn.AvgPool1d(2, 0), r"AvgPool1d: stride \(=0\) must be at least 1"),
        (lambda: nn.MaxPool2d(2, padding=-1), r"padding \(=-1\)"),
        (lambda: nn.MaxPool1d(2, dilation=0), r"dilation \(=0\)"),
        (lambda: nn.MaxPool2d(3, padding=2), r"padding \(=2\) must be at most half of the window"),
        (lambda: nn.AvgPool2d(2, padding=(0, 2)), "AvgPool2d: padding"),
        (lambda: nn.AdaptiveAvgPool2d(0), r"AdaptiveAvgPool2d: output_size \(=0\)"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), r"output_size \(=\(1, 2, 3\)\) must be"),
        (lambda: max_pool(image(1, 4, 4), (2, 2), stride=(1,)), r"max_pool: stride \(=\(1,\)\)"),
        (lambda: avg_pool(image(1, 4, 4), (2, 2), padding=2), r"avg_pool: padding \(=\(2, 2\)\)"),
        (lambda: adaptive_avg_pool(image(1, 4, 4), (2, 0)), r"output_size \(=\[2, 0\]\)"),
    ],
)
def test_sizes_out_of_range_are_refused(make, words):
    with pytest.raises((TypeError, ValueError), match=words):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "words"),
    [
        (nn.MaxPool2d(5), (1, 1, 4, 9), r"MaxPool2d\(kernel_size=5, stride=5\): max_pool: a window "
         r"that reaches over \(5, 5\) elements does not fit into images of \(4, 9\)"),
        (nn.MaxPool2d(3, dilation=3), (1, 6, 6), r"reaches over \(7, 7\)"),
        (nn.MaxPool2d(2, 1, 1, dilation=3), (1, 1, 1), "does not fit"),
        (nn.AvgPool2d(2), (1, 1, 0, 4), "does not fit"),
        (nn.AvgPool2d(2), (4, 4), r"takes an input of shape \(N, C, H, W\) or \(C, H, W\); got "
         r"shape \(4, 4\)"),
        (nn.MaxPool1d(2), (1, 1, 4, 4), r"takes an input of shape \(N, C, L\) or \(C, L\)"),
        (nn.AdaptiveAvgPool2d(1), (2, 2, 0, 3), "images without elements"),
        (nn.AdaptiveAvgPool2d(1), (3,), r"AdaptiveAvgPool2d\(output_size=1\): adaptive_avg_pool"),
    ],
)  # fmt: skip
def test_images_that_do_not_fit_are_refused(layer, shape, words):
    with pytest.raises(ShapeError, match=words):
        layer(np.zeros(shape))


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_images_of_integers_are_refused(layer):
    with pytest.raises(DTypeError, match=f"{type(layer).__name__}.*dtype uint8; convert it to flo"):
        layer(np.zeros((1, 1, 8, 8), np.uint8))


def test_ceil_mode_is_named():
    with pytest.raises(TypeError):
        nn.MaxPool2d(2, 2, 0, 1, True)  # PyTorch's fifth argument is another one


@pytest.mark.parametrize(
    ("pool", "name"),
    [(max_pool, "kernel_size"), (avg_pool, "kernel_size"), (adaptive_avg_pool, "output_size")],
)
def test_a_size_without_axes_is_refused(pool, name):
    with pytest.raises(TypeError, match=rf"{pool.__name__}: {name} \(=2\) must have a number for"):
        pool(np.ones((1, 1, 4, 4)), 2)
