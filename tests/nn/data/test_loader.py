import numpy as np
import pytest

import nn
from autograd import DTypeError, ShapeError
from nn.data import DataError, DataLoader


def test_loader_yields_the_same_rows_of_every_array():
    x = np.arange(10)
    loader = DataLoader(x, x * 10, batch_size=4, generator=np.random.default_rng(0))
    batches = list(loader)
    assert [len(a) for a, _ in batches] == [4, 4, 2]
    assert len(loader) == 3
    assert all(np.array_equal(a * 10, b) for a, b in batches)
    seen = np.concatenate([a for a, _ in batches])
    assert sorted(seen) == list(x)
    assert list(seen) != list(x)


def test_loader_draws_a_new_order_each_time_and_repeats_with_its_seed():
    def two_epochs():
        loader = DataLoader(np.arange(20), batch_size=20, generator=np.random.default_rng(5))
        return [next(iter(loader))[0].tolist() for _ in range(2)]

    first, second = two_epochs()
    assert first != second
    assert two_epochs() == [first, second]


def test_loader_without_shuffling_keeps_the_order():
    loader = DataLoader([1, 2, 3], batch_size=2, shuffle=False)
    assert [a.tolist() for (a,) in loader] == [[1, 2], [3]]


def test_loader_can_drop_the_short_batch():
    loader = DataLoader(np.arange(10), batch_size=4, shuffle=False, drop_last=True)
    assert len(loader) == len(list(loader)) == 2
    assert len(DataLoader(np.arange(8), batch_size=4, drop_last=True)) == 2


def test_loader_of_an_empty_array_yields_nothing():
    assert list(DataLoader(np.empty((0, 3)), batch_size=4)) == []


def test_loader_without_generator_shuffles():
    (batch,) = next(iter(DataLoader(np.arange(100), batch_size=100)))
    assert sorted(batch) == list(range(100))


@pytest.mark.parametrize("arrays", [(np.ones(3), np.ones(4)), (np.ones(3), np.ones(())), (1,)])
def test_loader_of_different_lengths_raises(arrays):
    with pytest.raises(ShapeError, match=r"first axes of the arrays must have one length; got sha"):
        DataLoader(*arrays, batch_size=2)


def test_loader_of_nothing_raises():
    with pytest.raises(ValueError, match="DataLoader: got no arrays"):
        DataLoader(batch_size=2)


def test_loader_with_empty_batches_raises():
    with pytest.raises(ValueError, match=r"batch_size \(=0\) must be at least 1"):
        DataLoader(np.ones(3), batch_size=0)


def test_loader_of_a_batch_size_that_is_too_large_yields_one_batch():
    loader = DataLoader(np.arange(3), batch_size=100, shuffle=False)
    assert [a.tolist() for (a,) in loader] == [[0, 1, 2]]
    assert list(DataLoader(np.arange(3), batch_size=100, drop_last=True)) == []


@pytest.mark.parametrize("size", [2.0, "2", None])
def test_loader_of_a_batch_size_that_is_no_integer_raises(size):
    with pytest.raises(TypeError, match=rf"batch_size \(={size!r}\) must be an integer"):
        DataLoader(np.ones(3), batch_size=size)


@pytest.mark.parametrize("shuffle", [False, True])
def test_loader_transforms_the_first_array_of_each_batch(shuffle):
    x, y = np.arange(5.0), np.arange(5)
    drawn = []

    def transform(batch, generator):
        drawn.append(generator.random())
        return batch * 10

    generator = np.random.default_rng(2)
    loader = DataLoader(
        x, y, batch_size=2, shuffle=shuffle, transform=transform, generator=generator
    )
    batches = list(loader)
    assert all(np.array_equal(a, b * 10) for a, b in batches)
    np.testing.assert_array_equal(x, np.arange(5))
    other = np.random.default_rng(2)
    if shuffle:
        other.permutation(5)
    assert drawn == [other.random() for _ in range(3)]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_loader_that_checks_names_the_row_that_is_not_finite(bad):
    x, y = np.ones((10, 2, 2), np.float32), np.arange(10)
    x[7, 1, 0] = bad
    loader = DataLoader(y, x, batch_size=3, shuffle=False, check_finite=True)
    batches = iter(loader)
    next(batches)
    next(batches)
    with pytest.raises(
        DataError, match=rf"array 1 has {bad} in row 7 \(batch 2, its row 1; all counted from 0"
    ):
        next(batches)
    assert len(list(DataLoader(y, x, batch_size=3))) == 4


def test_loader_that_checks_finds_the_row_through_the_shuffling():
    x = np.ones(50)
    x[31] = np.nan
    generator = np.random.default_rng(0)
    place = np.random.default_rng(0).permutation(50).tolist().index(31)
    loader = DataLoader(x, batch_size=8, check_finite=True, generator=generator)
    batch, row = divmod(place, 8)
    with pytest.raises(DataError, match=rf"nan in row 31 \(batch {batch}, its row {row};"):
        list(loader)


def test_loader_that_checks_lets_finite_data_of_any_kind_pass():
    arrays = np.ones(4), np.ones(4, complex), np.ones(4, int), np.array(list("abcd"))
    assert len(list(DataLoader(*arrays, batch_size=2, check_finite=True))) == 2


def test_loader_of_a_tuple_raises():
    # Two arrays of one shape would be stacked, and the rows be the arrays.
    x = np.ones((4, 2))
    with pytest.raises(TypeError, match="DataLoader: got a tuple of arrays; pass each array by it"):
        nn.DataLoader((x, x), batch_size=2)


def test_loader_of_a_masked_array_names_it():
    masked = np.ma.array([1.0, 2.0], mask=[False, True])
    with pytest.raises(DTypeError, match=r"DataLoader: array 1 is a masked array, .*m\.filled"):
        DataLoader(np.ones(2), masked, batch_size=1)
