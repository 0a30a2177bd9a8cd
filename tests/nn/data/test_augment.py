import numpy as np
import pytest

from autograd import DTypeError, ShapeError
from nn.data import Compose, DataLoader, Normalize, RandomFlip, RandomShift

TRANSFORMS = [
    RandomShift(2),
    RandomFlip(),
    Normalize(0.5, 0.2),
    Compose([RandomShift(1), RandomFlip(), Normalize([0.1, 0.2, 0.3], [1, 2, 3])]),
]


def _images(n=6, channels=3, height=5, width=4, dtype=np.float32):
    return np.random.default_rng(0).random((n, channels, height, width)).astype(dtype)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [6, 0])
def test_transforms_keep_shape_and_dtype_and_leave_their_input_alone(transform, dtype, n):
    images = _images(n, dtype=dtype)
    before = images.copy()
    images.setflags(write=False)
    changed = transform(images, np.random.default_rng(1))
    assert changed.shape == images.shape
    assert changed.dtype == dtype
    assert changed.flags.writeable
    assert not np.shares_memory(changed, images)
    np.testing.assert_array_equal(images, before)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
def test_transforms_repeat_with_their_seed_and_need_none(transform):
    images = _images()
    first, second = (transform(images, np.random.default_rng(3)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert transform(images).shape == images.shape


def _shifted(image, down, right, fill):
    """By the definition, pixel by pixel."""
    result = np.full_like(image, fill)
    _, height, width = image.shape
    for y in range(height):
        for x in range(width):
            if 0 <= y - down < height and 0 <= x - right < width:
                result[:, y, x] = image[:, y - down, x - right]
    return result


@pytest.mark.parametrize(("pixels", "fill"), [(1, 0), (2, 0), (3, -1.5), (6, 0)])
def test_random_shift_moves_whole_images_by_all_distances_equally_often(pixels, fill):
    n = 3000
    image = _images(1)[0] + 1
    changed = RandomShift(pixels, fill)(np.stack([image] * n), np.random.default_rng(0))
    reach = range(-pixels, pixels + 1)
    expected = {
        (down, right): _shifted(image, down, right, fill).tobytes()
        for down in reach
        for right in reach
    }
    seen = [c.tobytes() for c in changed]
    assert set(seen) <= set(expected.values())
    if pixels <= 3:  # no distance empties the image, so all results differ
        counts = [seen.count(e) for e in expected.values()]
        mean = n / len(expected)
        assert max(abs(c - mean) for c in counts) < 5 * np.sqrt(mean)


def test_random_shift_by_nothing_is_the_identity():
    np.testing.assert_array_equal(RandomShift(0)(_images()), _images())


def test_random_shift_keeps_bytes():
    images = np.arange(2 * 9, dtype=np.uint8).reshape(2, 1, 3, 3)
    assert RandomShift(1)(images).dtype == np.uint8


@pytest.mark.parametrize("p", [0, 0.25, 1])
def test_random_flip_mirrors_the_stated_share(p):
    image = _images(1)[0]
    changed = RandomFlip(p)(np.stack([image] * 2000), np.random.default_rng(0))
    mirrored = np.array([np.array_equal(c, image[..., ::-1]) for c in changed])
    same = np.array([np.array_equal(c, image) for c in changed])
    assert (mirrored ^ same).all()
    assert abs(mirrored.mean() - p) <= 0.05 * (0 < p < 1)


def test_normalize_gives_each_channel_its_own_mean_and_std():
    images = _images(dtype=np.float64)
    mean, std = images.mean(axis=(0, 2, 3)), images.std(axis=(0, 2, 3))
    changed = Normalize(mean, std)(images)
    np.testing.assert_allclose(changed.mean(axis=(0, 2, 3)), 0, atol=1e-12)
    np.testing.assert_allclose(changed.std(axis=(0, 2, 3)), 1)
    np.testing.assert_allclose(Normalize(0.5, 2)(images), (images - 0.5) / 2)


def test_compose_runs_in_order_with_one_generator():
    shift, flip, norm = RandomShift(1), RandomFlip(), Normalize(1, 2)
    one, two = np.random.default_rng(0), np.random.default_rng(0)
    expected = norm(flip(shift(_images(), one), one), one)
    np.testing.assert_array_equal(Compose([shift, flip, norm])(_images(), two), expected)
    assert Compose([])(expected) is expected


def test_transforms_in_a_loader_repeat_with_the_loaders_seed():
    def epochs():
        loader = DataLoader(
            _images(), batch_size=4, transform=TRANSFORMS[-1], generator=np.random.default_rng(7)
        )
        return [np.concatenate([x for (x,) in loader]) for _ in range(2)]

    first, second = epochs(), epochs()
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(*first)


@pytest.mark.parametrize("transform", TRANSFORMS, ids=lambda t: type(t).__name__)
@pytest.mark.parametrize("shape", [(4,), (3, 5, 5), (64, 64)])
def test_transforms_of_other_shapes_raise(transform, shape):
    with pytest.raises(ShapeError, match=r"images must have the axes \(N, C, H, W\); got shape \("):
        transform(np.ones(shape))


def test_normalize_of_integers_raises():
    with pytest.raises(DTypeError, match=r"Normalize: images have dtype uint8; convert them t"):
        Normalize(0, 1)(np.ones((1, 1, 2, 2), np.uint8))


@pytest.mark.parametrize(("mean", "std"), [([1, 2], 1), (0, [1, 2])])
def test_normalize_of_other_channels_raises(mean, std):
    with pytest.raises(
        ShapeError, match=r"2 values of (mean|std) for images of 3 channels \(shape"
    ):
        Normalize(mean, std)(_images())


@pytest.mark.parametrize("std", [0, -1, [1, 0], float("nan")])
def test_normalize_with_a_std_that_is_not_above_0_raises(std):
    with pytest.raises(ValueError, match=r"Normalize: std \(=.*\) must be above 0"):
        Normalize(0, std)


def test_normalize_with_axes_raises():
    with pytest.raises(ShapeError, match=r"one axis; got shapes \(1, 2\) and \(\)"):
        Normalize([[1, 2]], 1)


def test_random_shift_by_a_negative_distance_raises():
    with pytest.raises(
        ValueError, match=r"RandomShift: pixels \(=-1\) must be an integer, at least 0"
    ):
        RandomShift(-1)


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_random_flip_with_no_probability_raises(p):
    with pytest.raises(ValueError, match=r"RandomFlip: p \(=.*\) must be from 0 to 1"):
        RandomFlip(p)
