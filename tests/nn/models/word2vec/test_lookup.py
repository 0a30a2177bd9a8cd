import copy
import pickle

import numpy as np
import pytest

from autograd import DTypeError, ShapeError
from nn.models import KeyedVectors, UnknownWordError
from nn.models.word2vec.gensim import ATTRIBUTES

from .words import assert_close, assert_equal, gensims, keyed_vectors


def test_vectors_are_found_by_their_words():
    wv = keyed_vectors()
    np.testing.assert_array_equal(wv["man"], wv.vectors[2])
    np.testing.assert_array_equal(wv[["woman", "king"]], wv.vectors[[3, 0]])
    assert "queen" in wv
    assert "duke" not in wv
    assert len(wv) == 209
    assert repr(wv) == "KeyedVectors(209 words x 20)"


def test_vectors_are_not_copied():
    vectors = np.ones((2, 3), np.float32)
    wv = KeyedVectors(["a", "b"], vectors)
    vectors[1] = 5
    assert wv["b"].tolist() == [5, 5, 5]
    assert wv.similarity("a", "b") == pytest.approx(1)
    vectors[1] = [1, -1, 0]  # nothing old is kept
    assert wv.similarity("a", "b") == 0
    assert wv.most_similar("a") == [("b", 0.0)]


@pytest.mark.parametrize(
    "use",
    [
        lambda wv, w: wv[w],
        lambda wv, w: wv[["king", w]],
        lambda wv, w: wv.most_similar(w),
        lambda wv, w: wv.most_similar("king", w),
        lambda wv, w: wv.similarity("king", w),
        lambda wv, w: wv.n_similarity(["king"], ["man", w]),
        lambda wv, w: wv.doesnt_match(["king", "man", w]),
    ],
)
def test_unknown_words_are_named_with_words_like_them(use):
    with pytest.raises(UnknownWordError, match=r"^the word 'quen' has no vector; did .* 'queen'"):
        use(keyed_vectors(), "quen")
    with pytest.raises(KeyError, match=r"^the word 'zzz' has no vector$"):
        use(keyed_vectors(), "zzz")


def test_what_is_no_word_is_refused():
    wv = keyed_vectors()
    for value in (None, 3.5, True, ["king", 3.5], [["king"]], slice(3)):
        with pytest.raises(TypeError, match="is neither a word"):
            wv[value]
    with pytest.raises(ShapeError, match=r"3\.5 is neither a word nor a vector of 20 numbers"):
        wv.most_similar([3.5])
    with pytest.raises(ShapeError, match="nor a vector of 20 numbers"):
        wv.most_similar(np.ones(19))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((["a", "b"], np.ones((3, 2))), ShapeError, r"2 words .* \(2, size\), not \(3, 2\)"),
        ((["a"],), TypeError, r"got no vectors; write .*, or KeyedVectors\(vector_size=100\)"),
        ((0,), ValueError, r"vector_size \(=0\) must be at least 1"),
        ((["a"], np.ones(1)), ShapeError, r"not \(1,\)"),
        ((["a"], np.ones((1, 2)), [1, 2]), ShapeError, r"1 words need as many counts"),
        ((["a"], np.ones((1, 2), int)), DTypeError, "vectors must be floats, not int64"),
        ((["a", "b", "a"], np.ones((3, 2))), ValueError, "the word 'a' occurs twice"),
        ((["a", 7], np.ones((2, 2))), TypeError, "word 1 is 7, not a str"),
    ],
)
def test_words_and_vectors_that_do_not_fit_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        KeyedVectors(*arguments)


def test_a_vector_size_that_is_not_that_of_the_vectors_is_refused():
    assert KeyedVectors(["a"], np.ones((1, 2)), vector_size=2).vector_size == 2
    with pytest.raises(ShapeError, match=r"vector_size \(=3\) is not the length .*, 2; leave it"):
        KeyedVectors(["a"], np.ones((1, 2)), vector_size=3)


# -- gensim's names -----------------------------------------------------------------------------


def test_numbers_stand_for_words():
    wv = keyed_vectors()
    for number in (2, np.int64(2), np.uint8(2)):
        np.testing.assert_array_equal(wv[number], wv["man"])
        assert wv.get_index(number) == 2
        assert number in wv
    np.testing.assert_array_equal(wv[[3, "king"]], wv[["woman", "king"]])
    np.testing.assert_array_equal(wv[np.arange(3)], wv.vectors[:3])
    assert wv.similarity(0, 1) == wv.similarity("king", "queen")
    assert wv.most_similar(0) == wv.most_similar("king")
    for number in (-1, 209, np.int64(10**12)):
        assert number not in wv
        with pytest.raises(UnknownWordError, match=f"no vector number {number}, only 0 to 208"):
            wv[number]


def test_words_are_found_by_gensims_names():
    wv = keyed_vectors()
    assert list(wv) == wv.index_to_key
    assert [wv.key_to_index[word] for word in wv] == list(range(209))
    assert wv.vector_size == 20
    assert wv.get_index("man") == 2
    assert wv.get_index("duke", 7) == wv.get_index(None, 7) == 7
    assert wv.has_index_for("man")
    for key in ("duke", 209, True, None, ["man"]):
        assert not wv.has_index_for(key)
        assert key not in wv
    with pytest.raises(TypeError, match="None is neither a word"):
        wv.get_index(None)
    np.testing.assert_array_equal(wv.get_vector("man"), wv.vectors[2])
    unit = wv.vectors / np.linalg.norm(wv.vectors, axis=1, keepdims=True)
    np.testing.assert_allclose(wv.get_vector("man", norm=True), unit[2], rtol=1e-6)
    np.testing.assert_allclose(wv.get_normed_vectors(), unit, rtol=1e-6)


def test_a_vector_cannot_be_changed_by_mistake():
    wv = keyed_vectors()
    vector = wv["king"]
    with pytest.raises(ValueError, match="read-only"):
        vector -= wv["man"]
    wv.vectors[0] = 1  # but shows what the table holds
    assert vector.tolist() == [1] * 20


def test_counts_are_found_by_their_words():
    wv = keyed_vectors()
    assert wv.get_vecattr("man", "count") == wv.get_vecattr(2, "count") == 207
    assert type(wv.get_vecattr("man", "count")) is int
    with pytest.raises(UnknownWordError, match="did you mean 'queen'"):
        wv.get_vecattr("quen", "count")
    with pytest.raises(KeyError, match=r"attr \(='tag'\) must be 'count'"):
        wv.get_vecattr("man", "tag")
    wv.counts = None
    with pytest.raises(KeyError, match=r"counts are not known; set wv\.counts, or read them"):
        wv.get_vecattr("man", "count")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("vocab", r"no vocab: write key_to_index, index_to_key, or get_vecattr\(word, 'count'\)"),
        ("index2word", "no index2word: write index_to_key"),
        ("init_sims", "leave it out"),
        ("wmdistance", "it needs optimal transport"),
        ("set_vecattr", r"set wv\.counts, an array"),
        ("most_simlar", "'KeyedVectors' object has no attribute 'most_simlar'"),
    ],
)
def test_names_that_are_not_here_say_what_to_write(name, words):
    assert not hasattr(keyed_vectors(), name)
    with pytest.raises(AttributeError, match=words) as caught:
        getattr(keyed_vectors(), name)
    assert caught.value.name == name


@pytest.mark.parametrize("name", sorted(ATTRIBUTES["KeyedVectors"]))
def test_names_that_are_refused_are_gensims(name):
    assert name not in dir(KeyedVectors)
    theirs = pytest.importorskip("gensim.models").KeyedVectors(2)
    assert name in {*dir(theirs), "syn0", "vectors_lockf"}  # the last is set by its Word2Vec


def test_names_that_are_not_here_cannot_be_set():
    vectors = keyed_vectors()
    with pytest.raises(AttributeError, match="has no vectors_lockf: all words learn; write wv"):
        vectors.vectors_lockf = np.zeros(1)
    vectors.counts = [1] * len(vectors)  # as ever


def test_names_of_gensims_are_here_or_refused():
    theirs = dir(pytest.importorskip("gensim.models").KeyedVectors(2))
    # Its own affairs: room for words to come, log entries, documents, attributes of its files.
    own = {"add_lifecycle_event", "lifecycle_events", "log_accuracy", "log_evaluate_word_pairs"}
    own |= {"mapfile_path", "next_index", "similarity_unseen_docs"}
    names = {name for name in theirs if not name.startswith("_")} - own
    assert names - set(dir(keyed_vectors())) - set(ATTRIBUTES["KeyedVectors"]) == set()


def test_copies_are_vectors_too():
    wv = keyed_vectors()
    for other in (copy.deepcopy(wv), pickle.loads(pickle.dumps(wv))):
        assert_equal(other, wv)
        other["king"] = np.zeros(20)
        assert wv["king"].any()


# -- adding -------------------------------------------------------------------------------------


def test_words_are_added_as_by_gensim():
    wv = keyed_vectors()
    wv.counts = None
    theirs = gensims(wv)
    draw = np.random.default_rng(5)
    for keys, replace in (["duke", "man"], False), (["man", "earl", "duke"], True):
        more = draw.normal(size=(len(keys), 20))
        wv.add_vectors(keys, more, replace=replace)
        theirs.add_vectors(keys, more, replace=replace)
    wv[["earl", "baron"]] = theirs[["earl", "baron"]] = list(draw.normal(size=(2, 20)))
    wv["viscount"] = theirs["viscount"] = draw.normal(size=20)
    wv.add_vectors("count", draw.normal(size=20))
    theirs.add_vectors("count", wv["count"])
    assert wv.index_to_key == theirs.index_to_key
    assert wv.key_to_index == theirs.key_to_index
    assert wv.vectors.dtype == np.float32
    np.testing.assert_array_equal(wv.vectors, theirs.vectors)
    assert_close(wv.most_similar("earl"), theirs.most_similar("earl"))


def test_vectors_begin_without_words():
    for wv in (KeyedVectors(3), KeyedVectors(vector_size=3), KeyedVectors(vector_size=np.int64(3))):
        assert (len(wv), wv.vector_size, wv.vectors.dtype) == (0, 3, np.float32)
        assert wv.add_vector("a", [1, 2, 3]) == 0
        assert wv.add_vector("b", [1, 0, 0.5]) == 1
        assert wv.add_vector("a", [9, 9, 9]) == 0  # which keeps its vector
        assert wv.vectors.tolist() == [[1, 2, 3], [1, 0, 0.5]]
    wv = KeyedVectors([], np.zeros((0, 4)))
    assert wv.vector_size == 4
    assert wv.most_similar(np.ones(4)) == []
    wv.add_vectors([], np.zeros((0, 4)))
    assert len(wv) == 0


def test_counts_are_added_with_their_words():
    wv = keyed_vectors(["a", "b"], size=2)
    wv.add_vectors(["c"], [[1, 2]])
    assert wv.counts.tolist() == [2, 1, 0]
    wv.add_vectors(["a", "d"], np.ones((2, 2)), {"count": [7, 8]})
    assert wv.counts.tolist() == [2, 1, 0, 8]
    wv.add_vectors(["a", "d"], np.ones((2, 2)), {"count": [7, 9]}, replace=True)
    assert wv.counts.tolist() == [7, 1, 0, 9]
    wv = KeyedVectors(2)
    wv.add_vectors(["a"], [[1, 2]])
    assert wv.counts is None
    wv.add_vectors(["b"], [[1, 2]], {"count": [4]})
    assert wv.counts.tolist() == [0, 4]


def test_replaced_vectors_stay_in_their_table():
    table = np.ones((2, 3), np.float32)
    wv = KeyedVectors(["a", "b"], table)
    wv["a"] = np.array([4, 5, 6])
    assert table.tolist() == [[4, 5, 6], [1, 1, 1]]
    assert wv.vectors is table


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (
            (["c"], np.ones((1, 3))),
            ShapeError,
            r"1 words need .* \(1, 2\), numbers, not float64 of",
        ),
        ((["c", "d"], [[1, 2], [1]]), ShapeError, r"2 words need vectors of shape \(2, 2\)"),
        (("c", [[1, 2], [3, 4]]), ShapeError, r"1 words .*, not int64 of shape \(2, 2\)"),
        (("c", ["x", "y"]), ShapeError, r"numbers, not <U1 of shape"),
        (("c", [True, False]), ShapeError, r"numbers, not bool of shape"),
        ((["c", "c"], np.ones((2, 2))), ValueError, "add_vectors: a word is given twice"),
        ((["c", 3], np.ones((2, 2))), TypeError, r"3 is not a word .* wv\.vectors\[number\] ="),
        ((["c"], np.ones((1, 2)), {"tag": [1]}), ValueError, "extras may only hold 'count', not t"),
        ((["c"], np.ones((1, 2)), {"count": [1, 2]}), ShapeError, "1 words need as many counts"),
    ],
)
def test_words_that_cannot_be_added_are_refused(arguments, error, words):
    wv = keyed_vectors(["a", "b"], size=2)
    before = wv.vectors.copy(), wv.counts.tolist()
    with pytest.raises(error, match=words):
        wv.add_vectors(*arguments, replace=True)
    assert wv.index_to_key == list(wv.key_to_index) == ["a", "b"]
    np.testing.assert_array_equal(wv.vectors, before[0])
    assert wv.counts.tolist() == before[1]


def test_vectors_for_all_equal_gensims():
    wv = keyed_vectors()
    words = ["man", "zzz", "king", "man", "apple"]
    found = wv.vectors_for_all(word for word in words)
    theirs = gensims(wv).vectors_for_all(words)
    assert found.index_to_key == theirs.index_to_key == ["man", "king", "apple"]
    np.testing.assert_array_equal(found.vectors, theirs.vectors)
    assert found.counts is None
    assert wv.vectors_for_all(words, copy_vecattrs=True).counts.tolist() == [207, 209, 204]
    found["man"] = np.zeros(20)
    assert wv["man"].any()
    assert len(wv.vectors_for_all(["zzz"])) == 0


@pytest.mark.parametrize("key", [1.0, b"king", np.True_, np.array(0), float("nan")])
def test_what_is_neither_word_nor_list_is_refused(key):
    wv = keyed_vectors()
    uses = [wv.__getitem__, wv.most_similar, wv.doesnt_match, wv.get_mean_vector]
    for use in [*uses, lambda key: wv.n_similarity("king", key)]:
        with pytest.raises(TypeError, match=r"KeyedVectors: .* is neither a word \(a str\), nor"):
            use(key)
    with pytest.raises(TypeError, match="KeyedVectors: None is neither a word"):
        wv[None]


def test_arrays_of_words_and_of_numbers_are_lists():
    wv = keyed_vectors()
    words = np.array(["king", "man", "apple"])
    assert wv.doesnt_match(words) == wv.doesnt_match(words.tolist())
    np.testing.assert_array_equal(wv[words], wv[words.tolist()])
    np.testing.assert_array_equal(wv[np.array([3, 0])], wv[[3, 0]])
    wv.add_vectors(np.array(["new", "newer"]), np.ones((2, 20)))
    assert wv.index_to_key[-2:] == ["new", "newer"]
