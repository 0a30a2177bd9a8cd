import gzip
import struct
import tracemalloc

import numpy as np
import pytest

import nn
from nn.data import DataError, idx_folder, read_idx

CODES = {"u1": 8, "i1": 9, "i2": 11, "i4": 12, "f4": 13, "f8": 14}


def idx(array, *, shape=None, kind=None):
    """The content of an IDX file; `shape` and `kind` for what its header shall say instead."""
    kind = kind or array.dtype.str[1:]
    shape = array.shape if shape is None else shape
    head = bytes([0, 0, CODES[kind], len(shape)]) + struct.pack(f">{len(shape)}I", *shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def write_set(folder, part, n, *, shape=(3, 2), suffix="", seed=0):
    draw = np.random.default_rng(seed)
    images = draw.integers(256, size=(n, *shape)).astype("u1")
    labels = draw.integers(10, size=n).astype("u1")
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        content = idx(array)
        path = folder / f"{part}-{name}-ubyte{suffix}"
        path.write_bytes(gzip.compress(content) if suffix else content)
    return images, labels


# -- read_idx -----------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3), (2, 3, 4), (), (0, 3), (1, 1, 1, 1)])
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read_idx_gives_the_array_back(tmp_path, kind, shape, pack):
    array = np.asarray(np.random.default_rng(0).integers(-120, 120, shape)).astype(kind)
    (tmp_path / "a").write_bytes(pack(idx(array)))
    read = read_idx(tmp_path / "a")
    np.testing.assert_array_equal(read, array, strict=True)
    assert read.dtype.isnative
    assert read.flags.writeable


def test_read_idx_takes_more_than_a_chunk_and_a_text_path(tmp_path):
    array = np.random.default_rng(0).random(400_000)
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx(array), 1))
    np.testing.assert_array_equal(read_idx(str(tmp_path / "a.gz")), array)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read_idx_cut_short_anywhere_raises(tmp_path, pack):
    path = tmp_path / "a"
    content = pack(idx(np.arange(6, dtype="i2").reshape(2, 3)))
    for length in range(len(content)):
        path.write_bytes(content[:length])
        with pytest.raises(DataError, match=r"a: .*(cut short|not an IDX file)"):
            read_idx(path)


def test_read_idx_says_what_is_missing(tmp_path):
    (tmp_path / "a").write_bytes(idx(np.zeros(6, "i2"), shape=(4, 2)))
    with pytest.raises(
        DataError, match=r"shape \(4, 2\) of 2-byte numbers, which is 16 bytes; 12 are there"
    ):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_read_idx_of_a_file_that_goes_on_raises(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(idx(np.zeros(6, "i2")) + b"\0"))
    with pytest.raises(DataError, match="goes on after the 12 bytes that its header announces"):
        read_idx(tmp_path / "a")


def test_read_idx_of_a_compressed_file_with_any_bit_flipped_never_gives_another_array(tmp_path):
    path = tmp_path / "a"
    array = np.arange(40, dtype="u1").reshape(5, 8)
    content = gzip.compress(idx(array))
    raised = 0
    for place in range(len(content)):
        for bit in range(8):
            flipped = bytearray(content)
            flipped[place] ^= 1 << bit
            path.write_bytes(flipped)
            try:
                read = read_idx(path)
            except DataError:
                raised += 1
            else:  # a date, for one
                np.testing.assert_array_equal(read, array, strict=True)
    assert raised > 0.8 * 8 * len(content)


@pytest.mark.parametrize("content", [b"\0\0\x0a\x01", b"\0\1\x08\x01", b"PK\3\4", b"<html>", b""])
def test_read_idx_of_another_file_raises(tmp_path, content):
    (tmp_path / "a").write_bytes(content + bytes(8) if content else b"")
    with pytest.raises(DataError, match="a: is not an IDX file; it begins with b'"):
        read_idx(tmp_path / "a")


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
@pytest.mark.parametrize("axes", [1, 3, 64, 65, 255])
def test_read_idx_that_announces_more_than_any_memory_raises(tmp_path, pack, axes):
    content = idx(np.zeros(9, "f8"), shape=(2**32 - 1,) * axes)
    (tmp_path / "a").write_bytes(pack(content))
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="cut short: its header announces"):
            read_idx(tmp_path / "a")
        assert tracemalloc.get_traced_memory()[1] < 10e6
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("shape", [(0, *[2**32 - 1] * 5), (1,) * 65])
def test_read_idx_of_a_shape_that_numpy_cannot_have_raises(tmp_path, shape):
    (tmp_path / "a").write_bytes(idx(np.zeros(int(np.prod(shape[:1])), "u1"), shape=shape))
    with pytest.raises(DataError, match=r"a: announces the shape \([01], "):
        read_idx(tmp_path / "a")


def test_read_idx_of_no_file_raises_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing"):
        read_idx(tmp_path / "nothing")


# -- idx_folder ---------------------------------------------------------------------------------


@pytest.mark.parametrize("suffixes", [("", ""), (".gz", ".gz"), ("", ".gz")])
def test_idx_folder_reads_both_sets(tmp_path, suffixes):
    sets = [
        write_set(tmp_path, "train", 7, suffix=suffixes[0], seed=1),
        write_set(tmp_path, "t10k", 4, suffix=suffixes[1], seed=2),
    ]
    for (images, labels), (pixels, digits) in zip(idx_folder(tmp_path), sets, strict=True):
        assert images.dtype == np.float32
        assert labels.dtype == np.int64
        assert images.shape == (len(pixels), 1, 3, 2)
        np.testing.assert_array_equal(images[:, 0], (pixels / 255).astype(np.float32))
        np.testing.assert_array_equal(labels, digits)


@pytest.mark.parametrize("part", ["train", "t10k"])
def test_idx_folder_splits_the_only_set(tmp_path, part):
    pixels, digits = write_set(tmp_path, part, 10)
    (images, labels), (test_images, test_labels) = nn.data.idx_folder(str(tmp_path))
    assert (len(images), len(test_images)) == (8, 2)
    together = np.concatenate([images, test_images])[:, 0] * 255
    np.testing.assert_array_equal(np.rint(together), pixels)
    np.testing.assert_array_equal(np.concatenate([labels, test_labels]), digits)


def test_idx_folder_without_files_raises(tmp_path):
    for folder in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(
            DataError, match=r"holds none of train-images-idx3-ubyte, .* \(or with \.gz"
        ):
            idx_folder(folder)


@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"])
def test_idx_folder_with_half_a_set_raises(tmp_path, name):
    write_set(tmp_path, "t10k", 4)
    write_set(tmp_path, "train", 4)
    (tmp_path / name).unlink()
    with pytest.raises(DataError, match=rf"lacks {name} \(or {name}\.gz\)"):
        idx_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        (
            "images-idx3",
            np.zeros((4, 6), "u1"),
            r"holds uint8 of shape \(4, 6\); it should hold",
        ),
        ("images-idx3", np.zeros((4, 3, 2), "i4"), r"holds int32 of shape \(4, 3, 2\); it should"),
        ("images-idx3", np.zeros((5, 3, 2), "u1"), r"has 5 images, and .*labels-idx1-ubyte 4 la"),
        (
            "labels-idx1",
            np.zeros((4, 1), "u1"),
            r"holds uint8 of shape \(4, 1\); it should hold",
        ),
        ("labels-idx1", np.array([0, 9, 10, 1], "u1"), r"has the label 10, which is not from 0"),
    ],
)
def test_idx_folder_with_the_wrong_things_in_its_files_raises(tmp_path, name, array, message):
    write_set(tmp_path, "train", 4)
    (tmp_path / f"train-{name}-ubyte").write_bytes(idx(array))
    with pytest.raises(DataError, match=message):
        idx_folder(tmp_path)


def test_idx_folder_with_images_of_two_sizes_raises(tmp_path):
    write_set(tmp_path, "train", 4)
    write_set(tmp_path, "t10k", 4, shape=(2, 2))
    with pytest.raises(
        DataError, match=r"training images of shape \(1, 3, 2\) and test images of shape \(1, 2, 2"
    ):
        idx_folder(tmp_path)
