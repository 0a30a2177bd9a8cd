import numpy as np
import pytest

from autograd import DTypeError, ShapeError
from nn.models import KeyedVectors, UnknownWordError

from .words import keyed_vectors


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
        with pytest.raises(TypeError, match=r"is not a word|not iterable"):
            wv[value]
    with pytest.raises(ShapeError, match=r"3\.5 is neither a word nor a vector of 20 numbers"):
        wv.most_similar([3.5])
    with pytest.raises(ShapeError, match="nor a vector of 20 numbers"):
        wv.most_similar(np.ones(19))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((["a", "b"], np.ones((3, 2))), ShapeError, r"2 words .* \(2, size\), not \(3, 2\)"),
        ((["a"], np.ones(1)), ShapeError, r"not \(1,\)"),
        ((["a"], np.ones((1, 2)), [1, 2]), ShapeError, r"1 words need as many counts"),
        ((["a"], np.ones((1, 2), int)), DTypeError, "vectors must be floats, not int64"),
        ((["a", "b", "a"], np.ones((3, 2))), ValueError, "the word 'a' is there twice"),
        ((["a", 7], np.ones((2, 2))), TypeError, "word 1 is 7, not a str"),
    ],
)
def test_words_and_vectors_that_do_not_fit_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        KeyedVectors(*arguments)
