"""IDX files: the format of MNIST's images and labels.

Such a file is two zero bytes, a code for the kind of number, the number of axes, the length of
each axis in four bytes, and the elements; all of it big-endian. Source: Y. LeCun, C. Cortes,
C. Burges, The MNIST database of handwritten digits.
"""

from __future__ import annotations

import gzip
import math
import os
import zlib
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from autograd import AutogradError

Pair = tuple[Any, Any]

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20

#: Images and labels, to train on and to test with; each may have the suffix .gz.
TRAIN = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


class DataError(AutogradError, ValueError):
    """Data are missing, damaged or not what they should be; the message says which."""


def read_idx(path: str | os.PathLike[str]) -> Any:
    """The array in an IDX file, which may be compressed by gzip (whatever it is called).

    Raises `DataError` for a file that is cut short, goes on after its end, is damaged or no IDX
    file, and `OSError` for one that cannot be opened. No more memory is taken than the file's
    content needs, whatever its header announces.
    """
    with open(path, "rb") as file:
        compressed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        if not compressed:
            return _parsed(file, path)
        try:
            with gzip.GzipFile(fileobj=file) as content:
                return _parsed(content, path)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise DataError(f"{path}: is damaged, or cut short ({error})") from error


def idx_folder(folder: str | os.PathLike[str]) -> tuple[Pair, Pair]:
    """Images like MNIST's in a folder: `(images, labels)` to train on, and the same held out.

    Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and both `t10k-...` to hold out,
    each as it is or with `.gz`. Where only one set of the two is there, its first four fifths are
    to train on and the rest is held out. Images are `(N, 1, H, W)` float32 from 0 to 1, with
    int64 labels from 0 to 9.

    Raises `DataError` for files that are missing, damaged, or do not fit together.
    """
    folder = Path(folder)
    sets = [_pair(folder, names) for names in (TRAIN, TEST) if missing(folder, names) != names]
    if not sets:
        raise DataError(
            f"idx_folder: {str(folder)!r} holds none of {', '.join(TRAIN + TEST)} (or with .gz)"
        )
    if len(sets) == 1:
        ((images, labels),) = sets
        n = len(labels) * 4 // 5
        return (images[:n], labels[:n]), (images[n:], labels[n:])
    train, test = sets
    if train[0].shape[1:] != test[0].shape[1:]:
        raise DataError(
            f"idx_folder: {str(folder)!r} has training images of shape {train[0].shape[1:]} and "
            f"test images of shape {test[0].shape[1:]}"
        )
    return train, test


def missing(folder: Path, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the names that no file in the folder has, with `.gz` or without."""
    return tuple(name for name in names if not _find(folder, name))


def _find(folder: Path, name: str) -> Path | None:
    paths = folder / name, folder / f"{name}.gz"
    return next((path for path in paths if path.is_file()), None)


def _pair(folder: Path, names: tuple[str, str]) -> Pair:
    paths = [path for name in names if (path := _find(folder, name))]
    if len(paths) < 2:
        (name,) = missing(folder, names)
        raise DataError(f"idx_folder: {str(folder)!r} lacks {name} (or {name}.gz)")
    pixels, labels = map(read_idx, paths)
    for path, array, axes in ((paths[0], pixels, 3), (paths[1], labels, 1)):
        if array.ndim != axes or array.dtype != np.uint8:
            raise DataError(
                f"{path}: holds {array.dtype} of shape {array.shape}, where bytes with {axes} "
                f"axes should be"
            )
    if len(pixels) != len(labels):
        raise DataError(
            f"{paths[0]}: has {len(pixels)} images, and {paths[1]} {len(labels)} labels"
        )
    if labels.max(initial=0) > 9:
        raise DataError(f"{paths[1]}: has the label {labels.max()}, which is not from 0 to 9")
    images = pixels[:, np.newaxis].astype(np.float32)
    images /= 255
    return images, labels.astype(np.int64)


def _parsed(file: BinaryIO | gzip.GzipFile, path: str | os.PathLike[str]) -> Any:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _DTYPES:
        raise DataError(f"{path}: is no IDX file; it begins with {head!r}")
    lengths = file.read(4 * head[3])
    if len(lengths) < 4 * head[3]:
        raise DataError(f"{path}: is cut short within its header")
    dtype = np.dtype(_DTYPES[head[2]])
    shape = tuple(np.frombuffer(lengths, ">u4").tolist())
    announced = math.prod(shape) * dtype.itemsize
    content = bytearray()
    while part := file.read(min(announced + 1 - len(content), _CHUNK)):
        content += part
    if len(content) < announced:
        raise DataError(
            f"{path}: is cut short: its header announces shape {shape} of {dtype.itemsize}-byte "
            f"numbers, which is {announced} bytes; {len(content)} are there"
        )
    if len(content) > announced:
        raise DataError(f"{path}: goes on after the {announced} bytes that its header announces")
    try:
        array = np.frombuffer(content, dtype).reshape(shape)
    except ValueError as error:  # more axes than NumPy has, or (0, 4294967295, 4294967295, ...)
        raise DataError(f"{path}: announces the shape {shape}: {error}") from error
    return array.astype(dtype.newbyteorder("="), copy=False)
