"""IDX files: the format of MNIST's images and labels.

Such a file is two zero bytes, a code for the type of number, the number of axes, the length of
each axis in four bytes, and the elements; everything is big-endian. Source: Y. LeCun, C. Cortes,
C. Burges, The MNIST database of handwritten digits.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import IO, Any

import numpy as np

from .files import DataError, opened

Pair = tuple[Any, Any]

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_CHUNK = 1 << 20

#: Images and labels, to train on and to test with; each may have the suffix .gz.
TRAIN = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"
TEST = "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"


def read_idx(path: str | os.PathLike[str]) -> Any:
    """Read the array in an IDX file, which may be compressed by gzip or bzip2 (whatever its name).

    It needs no more memory than the content does, whatever the header announces.

    Args:
        path: The path of the file.

    Returns:
        An array of the file's shape and type of number.

    Raises:
        DataError: The file is cut short, continues after its end, is damaged, or is not an IDX
            file.
        OSError: The file cannot be opened.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "labels")
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 2, 7, 9]))
        ...     print(nn.data.read_idx(path))
        [7 9]
    """
    with opened(path) as file:
        return _parsed(file, path)


def idx_folder(folder: str | os.PathLike[str]) -> tuple[Pair, Pair]:
    """Read a folder of images like MNIST's: `(images, labels)` to train on, and the same held out.

    The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same with `t10k` to
    hold out, each as it is or with `.gz`. With only one of the two sets, its first four fifths are
    to train on and the rest is held out.

    Args:
        folder: The folder.

    Returns:
        `((images, labels), (test_images, test_labels))`, with images `(N, 1, H, W)` float32 from 0
        to 1, and int64 labels from 0 to 9.

    Raises:
        DataError: Files are missing, damaged, or do not fit together.

    Example:
        >>> import pathlib, tempfile
        >>> pixels = bytes([0, 0, 8, 3, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1, 0, 255, 0, 255, 0])
        >>> labels = bytes([0, 0, 8, 1, 0, 0, 0, 5, 0, 1, 2, 3, 4])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = pathlib.Path(folder, "train-images-idx3-ubyte").write_bytes(pixels)
        ...     _ = pathlib.Path(folder, "train-labels-idx1-ubyte").write_bytes(labels)
        ...     (images, labels), (test_images, test_labels) = nn.data.idx_folder(folder)
        >>> images.shape, test_labels
        ((4, 1, 1, 1), array([4]))
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
    """Return the names that no file in the folder has, with `.gz` or without."""
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
                f"{path}: holds {array.dtype} of shape {array.shape}; it should hold bytes (uint8) "
                f"with {axes} axes"
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


def _parsed(file: IO[bytes], path: str | os.PathLike[str]) -> Any:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _DTYPES:
        raise DataError(f"{path}: is not an IDX file; it begins with {head!r}")
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
