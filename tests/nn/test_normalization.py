import numpy as np
import pytest

import nn
import nn.functional as F
from autograd import DTypeError, ShapeError, Tensor, gradients
from autograd.ops import group_norm, layer_norm

RANDOM = np.random.default_rng(0)


def channels_last(x):
    return np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)


def leaf_of(array):
    leaf = Tensor(array, requires_grad=True)
    leaf.data = array
    return leaf


LAYERS = {
    "batch": lambda **o: nn.BatchNorm2d(6, **o),
    "layer": lambda **o: nn.LayerNorm((6, 9, 8), **o),
    "last axis": lambda **o: nn.LayerNorm(8, **o),
    "group": lambda **o: nn.GroupNorm(3, 6, **o),
}
each_layer = pytest.mark.parametrize("name", LAYERS)


# -- numbers ------------------------------------------------------------------------------------


@each_layer
@pytest.mark.parametrize("mean", [0, 100, 1e4])
def test_float32_with_a_large_mean_keeps_its_digits(name, mean):
    x = (RANDOM.normal(size=(50, 6, 9, 8)) + mean).astype(np.float32)
    g = RANDOM.normal(size=x.shape).astype(np.float32)
    found, exact = (
        [y.data, *(np.asarray(d) for d in gradients(y, [leaf, *layer.parameters()], g))]
        for layer, leaf in (
            (LAYERS[name](), leaf_of(x)),
            (LAYERS[name](dtype=np.float64), leaf_of(x.astype(np.float64))),
        )
        for y in [layer(leaf)]
    )
    assert found[0].dtype == np.float32
    for f, e in zip(found, exact, strict=True):
        assert f.dtype == np.float32
        # float32 has numbers 0.001 apart at 1e4: so far the mean itself is rounded
        np.testing.assert_allclose(f, e, atol=(1e-5 + 2e-7 * mean) * np.abs(e).max())


def test_batch_norm_with_a_large_mean_is_as_good_as_its_input():
    x = (RANDOM.normal(size=(200, 2)) + 1e4).astype(np.float32)
    layer = nn.BatchNorm1d(2, momentum=1.0)
    y = layer(Tensor(x)).data
    wide = x.astype(np.float64)
    np.testing.assert_allclose(y, (wide - wide.mean(0)) / wide.std(0), atol=2e-5)
    np.testing.assert_allclose(layer.running_var.data, wide.var(0, ddof=1), rtol=1e-5)


def test_batch_norm_whose_first_example_is_far_from_the_others():
    x = RANDOM.normal(size=(200, 2, 3)).astype(np.float32)
    x[0] += 1e4
    layer = nn.BatchNorm1d(2, momentum=1.0)
    y = layer(Tensor(x)).data
    wide = x.astype(np.float64)
    centred = wide - wide.mean((0, 2), keepdims=True)
    np.testing.assert_allclose(y, centred / wide.std((0, 2), keepdims=True), atol=1e-5)
    x[0] -= 1e4 - 50  # and of little weight
    x = np.concatenate([x] + [x[1:]] * 50)
    wide = x.astype(np.float64)
    layer(Tensor(x))
    np.testing.assert_allclose(layer.running_var.data, wide.var((0, 2), ddof=1), rtol=1e-5)


def test_float16_does_not_overflow():
    x = (RANDOM.normal(size=(1000, 3)) * 10 + 300).astype(np.float16)
    for layer in (nn.BatchNorm1d(3, dtype=np.float16), nn.GroupNorm(1, 3, dtype=np.float16)):
        leaf = leaf_of(x)
        y = layer(leaf)
        y.backward(np.ones(y.shape))
        assert y.dtype == leaf.grad.dtype == np.float16
        assert np.isfinite(y.data).all()
        assert np.isfinite(leaf.grad).all()


def test_equal_numbers_become_the_bias():
    layer = nn.BatchNorm1d(2)
    layer.bias.data[...] = 3
    assert layer(np.full((5, 2), 7.0)).data.tolist() == [[3, 3]] * 5


# -- memory -------------------------------------------------------------------------------------


@each_layer
def test_layout_is_kept_whatever_the_cotangent_has(name):
    plain = RANDOM.normal(size=(70, 6, 9, 8))
    layer = LAYERS[name](dtype=np.float64)
    layer.weight.data[...] = RANDOM.normal(size=layer.weight.shape)
    g = RANDOM.normal(size=plain.shape)
    leaf = leaf_of(plain)
    expected = gradients(layer(leaf), [leaf, *layer.parameters()], g)
    for x in (plain, channels_last(plain), np.asfortranarray(plain)):
        leaf = leaf_of(x)
        y = layer(leaf)
        assert np.argsort(y.data.strides).tolist() == np.argsort(x.strides).tolist()
        for cotangent in (g, channels_last(g)):
            found = gradients(layer(leaf), [leaf, *layer.parameters()], cotangent)
            assert np.argsort(found[0].strides).tolist() == np.argsort(x.strides).tolist()
            for f, e in zip(found, expected, strict=True):
                np.testing.assert_allclose(f, e, rtol=1e-10, atol=1e-10)


@each_layer
def test_many_blocks_give_what_one_gives(name):
    x = RANDOM.normal(size=(3, 6, 9, 8))
    layer = LAYERS[name](dtype=np.float64)
    repeated = np.tile(x, (500, 1, 1, 1))
    np.testing.assert_allclose(layer(Tensor(repeated)).data[:3], layer(Tensor(x)).data, atol=1e-10)


# -- batch normalisation ------------------------------------------------------------------------


def test_running_averages():
    x = RANDOM.normal(size=(10, 3))
    layer = nn.BatchNorm1d(3, momentum=0.25, dtype=np.float64)
    layer(x)
    np.testing.assert_allclose(layer.running_mean.data, 0.25 * x.mean(0), rtol=1e-12)
    np.testing.assert_allclose(layer.running_var.data, 0.75 + 0.25 * x.var(0, ddof=1), rtol=1e-12)
    assert layer.num_batches_tracked.data == 1
    assert layer.num_batches_tracked.dtype == np.int64
    layer.eval()(x)
    assert layer.num_batches_tracked.data == 1


def test_momentum_none_averages_all_batches():
    xs = RANDOM.normal(size=(4, 10, 3))
    layer = nn.BatchNorm1d(3, momentum=None, dtype=np.float64)
    for x in xs:
        layer(x)
    np.testing.assert_allclose(layer.running_mean.data, xs.mean((0, 1)), rtol=1e-12)


def test_empty_batch_leaves_the_averages_alone():
    layer = nn.BatchNorm2d(3)
    x = Tensor(np.ones((0, 3, 2, 2)), requires_grad=True)
    y = layer(x)
    y.backward(np.ones(y.shape))
    assert y.shape == x.grad.shape == x.shape
    assert layer.weight.grad.tolist() == [0, 0, 0]
    assert layer.running_var.data.tolist() == [1, 1, 1]
    assert layer.num_batches_tracked.data == 0
    assert nn.BatchNorm2d(3, track_running_stats=False)(x).shape == x.shape


def test_averages_are_saved_and_not_trained():
    layer = nn.BatchNorm1d(2)
    names = ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    assert list(layer.state_dict()) == names
    assert [p for p, _ in layer.named_parameters()] == names[:2]
    bare = nn.BatchNorm1d(2, affine=False, track_running_stats=False)
    assert bare.state_dict() == {}
    np.testing.assert_allclose(bare.eval()(np.array([[1.0, 2], [3, 6]])), [[-1, -1], [1, 1]], 1e-4)


def test_functional_updates_plain_arrays():
    mean, var = np.zeros(2), np.ones(2)
    x = RANDOM.normal(size=(20, 2))
    F.batch_norm(x, mean, var, training=True, momentum=1.0)
    np.testing.assert_allclose(mean, x.mean(0))
    np.testing.assert_allclose(var, x.var(0, ddof=1))
    np.testing.assert_allclose(
        F.batch_norm(x, mean, var, eps=0), (x - x.mean(0)) / x.std(0, ddof=1), rtol=1e-10
    )


def test_layers_describe_themselves():
    assert repr(nn.BatchNorm2d(3)).startswith("BatchNorm2d(3, eps=1e-05, momentum=0.1)")
    assert repr(nn.LayerNorm(3, elementwise_affine=False)) == "LayerNorm((3,), eps=1e-05)"
    assert repr(nn.GroupNorm(2, 4, affine=False)) == (
        "GroupNorm(2 groups of 4 channels, eps=1e-05)"
    )


# -- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.BatchNorm1d(3)(np.ones((1, 3))),
         r"BatchNorm1d: training needs more than one value per channel.*\(1, 3\).*eval\(\)"),
        (lambda: F.batch_norm(np.ones((1, 3, 1)), None, None, training=True),
         "batch_norm: training needs more than one value per channel"),
        (lambda: nn.BatchNorm2d(3)(np.ones((2, 4, 5, 5))),
         r"BatchNorm2d\(num_features=3\) got an input of shape \(2, 4, 5, 5\); it takes "
         r"\(N, C, H, W\) with C = 3"),
        (lambda: nn.BatchNorm1d(3)(np.ones((2, 3, 5, 5))), r"takes \(N, C\) or \(N, C, L\)"),
        (lambda: F.batch_norm(np.ones((2, 3)), np.ones(2), np.ones(3)),
         r"batch_norm: mean must have shape \(3,\) for an input of shape \(2, 3\); got shape \(2,"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None, np.ones(2), training=True),
         r"batch_norm: weight must have shape \(3,\)"),
        (lambda: F.batch_norm(np.ones(3), None, None, training=True), "batch_norm"),
        (lambda: nn.LayerNorm((3, 4))(np.ones((2, 4, 3))),
         r"LayerNorm\(normalized_shape=\(3, 4\)\) got an input of shape \(2, 4, 3\)"),
        (lambda: layer_norm(np.ones((2, 3)), (4,)), r"layer_norm: the last axes of x must be "),
        (lambda: layer_norm(np.ones((2, 3)), (3,), np.ones(2)), "layer_norm: weight must have"),
        (lambda: nn.GroupNorm(2, 4)(np.ones((2, 6))), r"GroupNorm\(num_channels=4\) got an input"),
        (lambda: group_norm(np.ones((2, 5)), 2), r"multiple of num_groups \(=2\); got shape"),
    ],
)  # fmt: skip
def test_shapes_that_do_not_fit_are_refused(call, words):
    with pytest.raises(ShapeError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: nn.BatchNorm1d(0), r"BatchNorm1d: num_features \(=0\) must be at least 1"),
        (lambda: nn.LayerNorm(()), r"LayerNorm: normalized_shape \(=\(\)\)"),
        (lambda: nn.LayerNorm((2, 0)), "must hold sizes of at least 1"),
        (lambda: nn.GroupNorm(3, 4), r"GroupNorm: num_channels \(=4\) must be a multiple"),
        (lambda: F.batch_norm(np.ones((2, 3)), None, None),
         "batch_norm: evaluation needs running_mean and running_var"),
    ],
)  # fmt: skip
def test_arguments_out_of_range_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@each_layer
def test_integers_are_refused(name):
    with pytest.raises(DTypeError, match=r"_norm got an input of dtype int64; convert it to float"):
        LAYERS[name]()(np.ones((2, 6, 9, 8), np.int64))
