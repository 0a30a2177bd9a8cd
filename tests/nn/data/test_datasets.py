import hashlib
import http.server
import threading
import urllib.request

import numpy as np
import pytest

import nn
from nn.data import DataError, datasets

from .test_idx import write_set

NAMES = [f"{name}.gz" for name in (*datasets.TRAIN, *datasets.TEST)]


def _quiet(*_):
    pass


@pytest.fixture
def origin(tmp_path, monkeypatch):
    """A folder with small files of the right names, which a local server offers as MNIST."""
    folder = tmp_path / "origin"
    folder.mkdir()
    write_set(folder, "train", 6, suffix=".gz", seed=1)
    write_set(folder, "t10k", 4, suffix=".gz", seed=2)

    class Handler(http.server.SimpleHTTPRequestHandler):
        log_message = _quiet

        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        sums = {
            path.name.removesuffix(".gz"): hashlib.md5(path.read_bytes()).hexdigest()
            for path in folder.iterdir()
        }
        monkeypatch.setenv("no_proxy", "*")
        monkeypatch.setattr(datasets, "_MNIST_URL", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setattr(datasets, "_MNIST", sums)
        yield folder
        server.shutdown()
        thread.join()


def _held(folder):
    return sorted(path.name for path in folder.iterdir())


def test_mnist_downloads_what_is_missing_and_reads_it(tmp_path, origin):
    folder = tmp_path / "new" / "mnist"
    (images, labels), (test_images, test_labels) = nn.data.mnist(folder, download=True)
    assert _held(folder) == sorted(NAMES)
    (x, y), (test_x, test_y) = nn.data.idx_folder(origin)
    np.testing.assert_array_equal(images, x)
    np.testing.assert_array_equal(labels, y)
    np.testing.assert_array_equal(test_images, test_x)
    np.testing.assert_array_equal(test_labels, test_y)


def test_mnist_downloads_no_file_that_is_there(tmp_path, origin):
    folder = tmp_path / "mnist"
    folder.mkdir()
    write_set(folder, "train", 8)
    for name in datasets.TRAIN:
        (origin / f"{name}.gz").unlink()
    (images, _), _ = nn.data.mnist(folder, download=True)
    assert len(images) == 8
    assert _held(folder) == sorted([*datasets.TRAIN, *(f"{name}.gz" for name in datasets.TEST)])


def test_mnist_uses_no_network_when_all_is_there(origin, monkeypatch):
    monkeypatch.setattr(urllib.request, "urlopen", None)
    for download in (False, True):
        assert len(nn.data.mnist(origin, download=download)[0][0]) == 6


@pytest.mark.parametrize("function", [nn.data.mnist, nn.data.fashion_mnist])
def test_mnist_without_its_files_says_what_to_put_where(tmp_path, function):
    write_set(tmp_path, "t10k", 4)
    with pytest.raises(DataError) as caught:
        function(tmp_path)
    text = str(caught.value)
    assert text.startswith(
        f"{function.__name__}: files are missing; pass download=True, or put "
        f"train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz from https://"
    )
    assert text.endswith(f" into {str(tmp_path)!r}")
    assert "t10k" not in text


def _changed(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def _cut(path):
    path.write_bytes(path.read_bytes()[:-5])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_changed, "its MD5 sum is [0-9a-f]{32}, not [0-9a-f]{32}"),
        (_cut, "its MD5 sum is"),
        (lambda path: path.unlink(), "HTTP Error 404"),
    ],
)
def test_mnist_that_cannot_be_downloaded_whole_raises_and_leaves_nothing(
    tmp_path, origin, spoil, message
):
    folder = tmp_path / "mnist"
    spoil(origin / "t10k-images-idx3-ubyte.gz")
    with pytest.raises(
        DataError,
        match=rf"mnist: cannot download t10k-images-idx3-ubyte\.gz \({message}.*; put t10k-im",
    ):
        nn.data.mnist(folder, download=True)
    assert _held(folder) == sorted(
        f"{name}.gz" for name in datasets.TRAIN
    )  # those that came before


def test_mnist_of_a_server_that_never_ends_stops(tmp_path, origin, monkeypatch):
    monkeypatch.setattr(datasets, "_LARGEST", 10)
    with pytest.raises(DataError, match="it continues after 10 bytes"):
        nn.data.mnist(tmp_path / "mnist", download=True)
    assert _held(tmp_path / "mnist") == []


def test_mnist_without_a_network_says_what_to_put_where(tmp_path, monkeypatch):
    def fail(*_, **__):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(
        DataError, match=r"fashion_mnist: cannot download train-images.*no network.*put train-im"
    ):
        nn.data.fashion_mnist(tmp_path / "fashion", download=True)


def test_mnist_of_something_that_speaks_no_http_raises(tmp_path, origin, monkeypatch):
    def fail(*_, **__):
        raise http.client.BadStatusLine("SSH-2.0")

    monkeypatch.setattr(urllib.request, "urlopen", fail)
    with pytest.raises(DataError, match="BadStatusLine: SSH-2"):
        nn.data.mnist(tmp_path / "mnist", download=True)


def test_mnist_into_a_folder_that_cannot_be_made_raises(tmp_path, origin):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(DataError, match=r"cannot download train-images.*file"):
        nn.data.mnist(tmp_path / "file" / "mnist", download=True)


def test_tables_name_the_four_files():
    for table in (datasets._MNIST, datasets._FASHION):
        assert tuple(table) == datasets.TRAIN + datasets.TEST
        assert all(len(bytes.fromhex(md5)) == 16 for md5 in table.values())


def test_digits_are_split_and_scaled():
    (images, labels), (test_images, test_labels) = nn.data.digits()
    assert images.shape == (1437, 64)
    assert test_images.shape == (360, 64)
    assert labels.shape == (1437,)
    assert test_labels.shape == (360,)
    for x, y in ((images, labels), (test_images, test_labels)):
        assert x.dtype == np.float32
        assert y.dtype == np.int64
        assert x.min() == 0
        assert x.max() == 1
        assert set(y) == set(range(10))


def test_digits_are_the_same_every_time():
    first, second = nn.data.digits(), nn.data.digits()
    np.testing.assert_array_equal(first[0][0], second[0][0])


def test_digits_are_scikit_learns_in_another_order():
    sklearn = pytest.importorskip("sklearn.datasets")
    original = sklearn.load_digits()
    (a, la), (b, lb) = nn.data.digits()
    ours = np.column_stack([np.concatenate([a, b]) * 16, np.concatenate([la, lb])])
    theirs = np.column_stack([original.data, original.target])
    np.testing.assert_array_equal(
        ours[np.lexsort(ours.T)].astype(int), theirs[np.lexsort(theirs.T)].astype(int)
    )
