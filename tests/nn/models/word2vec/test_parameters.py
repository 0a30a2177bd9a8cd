"""The settings of word2vec, checked and compared with gensim's, and its tables."""

import copy
import inspect
import pickle

import numpy as np
import pytest

from nn.models.word2vec import Word2Vec
from nn.models.word2vec.gensim import ATTRIBUTES, PARAMETERS
from nn.models.word2vec.keyed_vectors import KeyedVectors

from .test_model import MORE, state
from .test_training import topics

ABC = [["a", "b", "c"] * 5]


class Watching:
    def on_train_end(self, model):
        pass


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"vector_size": 0}, "vector_size (=0) must be at least 1"),
        ({"window": 0}, "window (=0) must be at least 1"),
        ({"epochs": 0}, "epochs (=0) must be at least 1"),
        ({"epochs": -2}, "epochs (=-2) must be at least 1"),
        ({"negative": -1}, "negative (=-1) must be at least 0"),
        ({"min_count": -1}, "min_count (=-1) must be at least 0"),
        ({"max_final_vocab": 0}, "max_final_vocab (=0) must be at least 1"),
        ({"max_vocab_size": 0}, "max_vocab_size (=0) must be at least 1"),
        ({"workers": 0}, "workers (=0) must be at least 1"),
        ({"sorted_vocab": 3}, "sorted_vocab (=3) must be 0 or 1"),
        ({"seed": -1}, "seed (=-1) must be at least 0"),
        ({"sample": -1.0}, "sample (=-1.0) must not be negative"),
        ({"sample": float("nan")}, "sample (=nan) must be finite"),
        ({"alpha": float("nan")}, "alpha (=nan) must be finite"),
        ({"alpha": float("inf")}, "alpha (=inf) must be finite"),
        ({"min_alpha": float("nan")}, "min_alpha (=nan) must be finite"),
        ({"ns_exponent": float("nan")}, "ns_exponent (=nan) must be finite"),
        ({"sg": 2}, "sg (=2) must be 0 or 1"),
        ({"hs": "no"}, "hs (='no') must be 0 or 1"),
        ({"negative": 0}, "set hs=1, or negative to 5"),
        ({"alpha": 0, "min_alpha": 0}, "alpha (=0) must be positive"),
        ({"min_alpha": -1}, "min_alpha (=-1) must not be negative"),
        ({"alpha": 1e-5}, "alpha (=1e-05) must be positive, and not less than min_alpha (=0.0001)"),
    ],
)
def test_contradictory_options_are_refused(options, words):
    with pytest.raises(ValueError, match="Word2Vec") as caught:
        Word2Vec(**options)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "options",
    [
        {"vector_size": 10.0},
        {"window": "5"},
        {"epochs": True},
        {"min_count": None},
        {"negative": 5.0},
        {"seed": None},
        {"max_final_vocab": 1e3},
        {"max_vocab_size": "1000"},
        {"workers": 2.0},
        {"alpha": "0.1"},
        {"min_alpha": None},
        {"sample": True},
    ],
)
def test_options_of_another_type_are_refused(options):
    ((name, value),) = options.items()
    with pytest.raises(TypeError, match="must be a") as caught:
        Word2Vec(**options)
    assert f"Word2Vec: {name} (={value!r}) must be a" in str(caught.value)


@pytest.mark.parametrize(
    ("rates", "error", "words"),
    [
        ({"start_alpha": "0.1"}, TypeError, r"train: start_alpha \(='0.1'\) must be a number"),
        ({"end_alpha": float("nan")}, ValueError, r"train: end_alpha \(=nan\) must be finite"),
        ({"end_alpha": -1}, ValueError, r"train: end_alpha \(=-1\) must not be negative"),
        ({"start_alpha": 0.1, "end_alpha": 0.2}, ValueError,
         r"start_alpha \(=0.1\) must be positive, and not less than end_alpha \(=0.2\)"),
    ],
)  # fmt: skip
def test_rates_of_a_training_are_checked(rates, error, words):
    model = Word2Vec(vector_size=2)
    model.build_vocab(ABC)
    with pytest.raises(error, match=words):
        model.train(ABC, **rates)


@pytest.mark.parametrize("name", ["build_vocab", "train"])
def test_a_corpus_is_given_in_one_way(name, tmp_path):
    model = Word2Vec(vector_size=2)
    model.build_vocab(ABC)
    with pytest.raises(TypeError, match=f"{name}: got neither of corpus_iterable and corpus_file"):
        getattr(model, name)()
    with pytest.raises(TypeError, match=f"{name}: got both of corpus_iterable and corpus_file; gi"):
        getattr(model, name)(ABC, tmp_path / "text")
    with pytest.raises(TypeError, match="Word2Vec: got both of sentences and corpus_file"):
        Word2Vec(ABC, tmp_path / "text")
    with pytest.raises(TypeError, match=rf"{name}: corpus_iterable \(=7\) must be a list of lists"):
        getattr(model, name)(7)
    with pytest.raises(FileNotFoundError):
        getattr(model, name)(corpus_file=tmp_path / "none")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"callbacks": [Watching()]}, "callbacks has no effect without sentences; pass it to"),
        ({"trim_rule": max}, "trim_rule has no effect without sentences; pass it to build"),
    ],
)
def test_what_needs_sentences_is_refused_without(options, words):
    with pytest.raises(TypeError, match=words):
        Word2Vec(**options)


# -- gensim's -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "name"),
    [(function, name) for function, names in PARAMETERS.items() for name in names],
)
def test_parameters_of_gensims_that_are_not_here_name_what_is(function, name):
    model = Word2Vec(vector_size=2)
    call = Word2Vec if function == "Word2Vec" else getattr(model, function)
    given = {"a": 5} if function == "build_vocab_from_freq" else ABC
    with pytest.raises(TypeError, match=f"^{function}: {name} is not here; [a-z]"):
        call(given, **{name: 1})
    with pytest.raises(TypeError, match=f"^{function}: got an unexpected argument 'layers'$"):
        call(given, layers=1)


def test_every_parameter_of_gensims_is_here_or_refused_by_name():
    gensim = pytest.importorskip("gensim.models")
    for function, refused in PARAMETERS.items():
        theirs, ours = (
            inspect.signature(kind if function == "Word2Vec" else getattr(kind, function))
            for kind in (gensim.Word2Vec, Word2Vec)
        )
        for name, parameter in theirs.parameters.items():
            if parameter.kind is not parameter.VAR_KEYWORD:
                assert (name in ours.parameters) != (name in refused), (function, name)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("most_similar", "; use model.wv.most_similar"),
        ("init_sims", r"; use model.wv.get_vector\(word, norm=True\)"),
        ("load", r"; use Word2Vec.load\(path\), which returns a model"),
        ("get_latest_training_loss", r"; use model.history.loss\[-1\]"),
        ("wv", r": it has no words yet; call build_vocab\(sentences\) first"),
        ("syn1", ": negative=5 and hs=0, or it has no words yet"),
        ("typo", "$"),
    ],
)
def test_attributes_that_are_not_here_name_what_is(name, words):
    model = Word2Vec()
    assert not hasattr(model, name)
    with pytest.raises(AttributeError, match=f"^Word2Vec has no attribute '{name}'{words}"):
        getattr(model, name)


def test_every_method_of_gensims_is_here_or_refused_by_name():
    gensim = pytest.importorskip("gensim.models")
    inner = {"add_lifecycle_event", "add_null_word", "seeded_vector"}
    for name in dir(gensim.Word2Vec):
        if not name.startswith("_") and name not in inner:
            known = name in ATTRIBUTES["Word2Vec"] or hasattr(KeyedVectors, name)
            assert hasattr(Word2Vec, name) or known, name


# -- tables -------------------------------------------------------------------------------------


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
