"""The tables of a word2vec model under gensim's names, also where others change them."""

import copy
import pickle

import numpy as np
import pytest

from nn.models.word2vec import Word2Vec

from .test_model import MORE, state, topics


def test_tables_have_gensims_names_and_shapes():
    gensim = pytest.importorskip("gensim.models")
    for options in ({}, {"hs": 1, "negative": 0}, {"hs": 1}):
        ours, theirs = (kind(vector_size=3, **options) for kind in (Word2Vec, gensim.Word2Vec))
        for model in (ours, theirs):
            model.build_vocab(topics(60))
        assert ours.wv.vectors.shape == theirs.wv.vectors.shape
        for name in ("syn1neg", "syn1"):
            assert hasattr(ours, name) == hasattr(theirs, name)
            if hasattr(ours, name):
                assert getattr(ours, name).shape == getattr(theirs, name).shape


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))])
def test_copy_of_a_model_trains_on_as_it_would(copied):
    model = Word2Vec(topics(60), vector_size=4, hs=1)
    other = copied(model)
    for one in (model, other):
        one.train(topics(60), epochs=1)
    assert state(one)[0] == state(model)[0]
    assert isinstance(copied(Word2Vec(vector_size=4)), Word2Vec)


def test_tables_that_were_replaced_are_refused(tmp_path):
    def widen(model):
        model.wv["x"] = np.zeros(4)

    def replace(model):
        model.syn1neg = model.syn1neg.copy()

    def load(model):
        model.wv = Word2Vec(topics(60), vector_size=4).wv

    for change in (widen, replace, load):
        model = Word2Vec(topics(60), vector_size=4)
        change(model)
        for function, call in (
            ("train", lambda m=model: m.train(topics(60))),
            ("save", lambda m=model: m.save(tmp_path / "model")),
            ("build_vocab", lambda m=model: m.build_vocab(MORE, update=True)),
            ("predict_output_word", lambda m=model: m.predict_output_word(["a1"])),
        ):
            with pytest.raises(ValueError, match=rf"{function}: \w+ was replaced by another array"):
                call()
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("change", [{"vector_size": 5}, {"hs": 1}, {"hs": 1, "negative": 0}])
def test_settings_that_no_longer_fit_the_tables_are_refused(change):
    model = Word2Vec(topics(60), vector_size=4)
    vars(model).update(change)
    with pytest.raises(ValueError, match="train: vector_size, negative or hs has changed since"):
        model.train(topics(60))
    model.build_vocab(topics(60))
    model.train(topics(60))
