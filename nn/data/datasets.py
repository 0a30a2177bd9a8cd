"""Data sets: digits that come with the package, and MNIST's files, read from a folder.

    (images, labels), (test_images, test_labels) = nn.data.digits()
    (images, labels), (test_images, test_labels) = nn.data.mnist("mnist", download=True)

Nothing is downloaded unless asked for.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from ..checkpoint import written_whole
from .files import DataError
from .idx import TEST, TRAIN, Pair, idx_folder, missing

_TRAINING = 1437  # of the 1,797 digits: four fifths

_MNIST_URL = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_MNIST = {
    "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
}
_FASHION_URL = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/"
)
_FASHION = {
    "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
}
_LARGEST = 64 << 20  # bytes; the largest of these files has 26 million
_TIMEOUT = 30  # seconds without an answer


def digits() -> tuple[Pair, Pair]:
    """Return handwritten digits: `(images, labels)` to train on and `(images, labels)` held out.

    There are 1,437 and 360 images of 8x8 pixels, as `(N, 64)` float32 from 0 (paper) to 1 (ink),
    with int64 labels from 0 to 9. For convolutions: `images.reshape(-1, 1, 8, 8)`. The split is
    always the same: the first and the last images of the file, which was shuffled once. (In the
    original order, the last ones were written by other people than the first.)

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine
    Learning Repository, 1998, https://doi.org/10.24432/C50P49, licence CC BY 4.0.

    Example:
        >>> (images, labels), (test_images, test_labels) = nn.data.digits()
        >>> images.shape, test_labels.shape
        ((1437, 64), (360,))
    """
    path = Path(__file__).parent / "digits.npz"
    with np.load(path, allow_pickle=False) as file:
        images = file["images"].reshape(-1, 64).astype(np.float32)
        labels = file["labels"].astype(np.int64)
    images /= 16
    n = _TRAINING
    return (images[:n], labels[:n]), (images[n:], labels[n:])


def mnist(folder: str | os.PathLike[str], *, download: bool = False) -> tuple[Pair, Pair]:
    """Read MNIST's handwritten digits: 60,000 to train on, 10,000 held out.

    Source: Y. LeCun, C. Cortes, C. Burges, The MNIST database of handwritten digits.

    Args:
        folder: Holds the four files, compressed or not.
        download: Fetch missing files, and check their MD5 sums. Files that are there are not
            checked.

    Returns:
        `((images, labels), (test_images, test_labels))`.

    Raises:
        DataError: Files are missing, cannot be downloaded, or are damaged.

    Example:
        >>> train, held_out = nn.data.mnist("mnist", download=True)  # doctest: +SKIP
    """
    return _read("mnist", Path(folder), _MNIST_URL, _MNIST, download)


def fashion_mnist(folder: str | os.PathLike[str], *, download: bool = False) -> tuple[Pair, Pair]:
    """Read Fashion-MNIST, pictures of ten kinds of clothes, as `mnist` does.

    The files have the names of MNIST's, so give each data set a folder of its own. Source: H. Xiao,
    K. Rasul, R. Vollgraf, Fashion-MNIST, arXiv:1708.07747.

    Args:
        folder: Holds the four files, compressed or not.
        download: Fetch missing files, and check their MD5 sums. Files that are there are not
            checked.

    Returns:
        `((images, labels), (test_images, test_labels))`.

    Raises:
        DataError: Files are missing, cannot be downloaded, or are damaged.

    Example:
        >>> train, held_out = nn.data.fashion_mnist("fashion", download=True)  # doctest: +SKIP
    """
    return _read("fashion_mnist", Path(folder), _FASHION_URL, _FASHION, download)


def _read(
    function: str, folder: Path, url: str, sums: dict[str, str], download: bool
) -> tuple[Pair, Pair]:
    names = missing(folder, TRAIN + TEST)
    if names and not download:
        raise DataError(
            f"{function}: files are missing; pass download=True, or {_by_hand(folder, url)}"
        )
    for name in names:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _download(f"{url}{name}.gz", folder / f"{name}.gz", sums[name])
        except (OSError, DataError) as error:
            raise DataError(
                f"{function}: cannot download {name}.gz ({error}); {_by_hand(folder, url)}"
            ) from error
    return idx_folder(folder)


def _by_hand(folder: Path, url: str) -> str:
    names = ", ".join(f"{name}.gz" for name in missing(folder, TRAIN + TEST))
    return f"put {names} from {url} into {str(folder)!r}"


def _download(url: str, path: Path, md5: str) -> None:
    # Imported here, because they take long and few need them.
    from http.client import HTTPException
    from urllib.request import urlopen

    digest, size = hashlib.md5(usedforsecurity=False), 0
    try:
        with urlopen(url, timeout=_TIMEOUT) as answer, written_whole(path) as file:
            while part := answer.read(1 << 16):
                size += len(part)
                if size > _LARGEST:
                    raise DataError(f"it continues after {_LARGEST} bytes")
                digest.update(part)
                file.write(part)
            if digest.hexdigest() != md5:
                raise DataError(f"its MD5 sum is {digest.hexdigest()}, not {md5}")
    except HTTPException as error:  # not an OSError, unlike all other failures
        raise DataError(f"{type(error).__name__}: {error}") from error
