import json
import os
import pickle
import sys
import types

import numpy as np
import pytest

import nn
from nn.data import DataError
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
    with pytest.raises(nn.CheckpointError, match=r"v.npz: holds weight, not word vectors"):
        KeyedVectors.load(path)
    words = np.frombuffer(b'["a"]', np.uint8)
    nn.save({"words": words, "vectors": np.ones((2, 3))}, path)
    with pytest.raises(nn.CheckpointError, match="1 words need vectors of shape"):
        KeyedVectors.load(path)
    path.write_bytes(b"no archive")
    with pytest.raises(nn.CheckpointError, match="is damaged"):
        KeyedVectors.load(path)


class _Trap:
    def __reduce__(self):
        return os.abort, ()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_gensims_say_how_to_bring_the_vectors(tmp_path, protocol, monkeypatch):
    trap = type("KeyedVectors", (), {"__module__": "gensim.models.keyedvectors"})
    module = types.ModuleType("gensim.models.keyedvectors")
    module.KeyedVectors = trap
    for name in ("gensim", "gensim.models"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, module.__name__, module)
    theirs = trap()
    theirs.trap = _Trap()
    (tmp_path / "model").write_bytes(pickle.dumps(theirs, protocol))
    remedy = r"model: is a pickle, as gensim's .* model\.wv\.save_word2vec_format.*here: Keyed"
    for read in (KeyedVectors.load, nn.Word2Vec.load, nn.load):
        with pytest.raises(nn.CheckpointError, match=remedy):
            read(tmp_path / "model")
    for binary in (True, False):
        with pytest.raises(DataError, match=remedy):
            KeyedVectors.load_word2vec_format(tmp_path / "model", binary=binary)


def test_what_gensim_saves_is_named(tmp_path):
    models = pytest.importorskip("gensim.models")
    model = models.Word2Vec([["a", "b"]], min_count=1, vector_size=4)
    for what in (model, model.wv):
        what.save(str(tmp_path / "model"))
        with pytest.raises(nn.CheckpointError, match=r"as gensim's .*save_word2vec_format"):
            KeyedVectors.load(tmp_path / "model")


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("name", ["v.txt", "v.gz"])
def test_files_of_word2vec_say_how_to_read_them(tmp_path, binary, name):
    keyed_vectors().save_word2vec_format(tmp_path / name, binary=binary)
    with pytest.raises(
        nn.CheckpointError, match=r"v\..*read it with KeyedVectors\.load_word2vec_form"
    ):
        KeyedVectors.load(tmp_path / name)
