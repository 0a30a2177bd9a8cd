import json

import numpy as np
import pytest

import nn
from nn.models import KeyedVectors

from .words import assert_equal, keyed_vectors


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_vectors_are_loaded(tmp_path, counted, dtype):
    wv = keyed_vectors(dtype=dtype)
    if not counted:
        wv.counts = None
    wv.save(tmp_path / "v.npz")
    again = KeyedVectors.load(tmp_path / "v.npz")
    assert_equal(again, wv)
    if counted:
        np.testing.assert_array_equal(again.counts, wv.counts)
    else:
        assert again.counts is None
    with np.load(tmp_path / "v.npz", allow_pickle=False) as file:
        assert json.loads(file["words"].tobytes()) == wv.index_to_key


def test_files_that_hold_no_vectors_are_refused(tmp_path):
    path = tmp_path / "v.npz"
    nn.save({"weight": np.ones(3)}, path)
    with pytest.raises(nn.CheckpointError, match=r"v.npz: holds weight, and no word vectors"):
        KeyedVectors.load(path)
    words = np.frombuffer(b'["a"]', np.uint8)
    nn.save({"words": words, "vectors": np.ones((2, 3))}, path)
    with pytest.raises(nn.CheckpointError, match="1 words need vectors of shape"):
        KeyedVectors.load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(nn.CheckpointError, match="is damaged"):
        KeyedVectors.load(path)
