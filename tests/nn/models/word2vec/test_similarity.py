import numpy as np
import pytest

from nn.models import KeyedVectors

from .words import assert_close, gensims, keyed_vectors


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        (["king"], []),
        ("king", []),
        (["king", "woman"], ["man"]),
        ([], ["apple"]),
        (["king", "king", "man"], "queen"),
        (np.arange(20.0), []),
        ([np.arange(20.0), "king"], [np.ones(20)]),
    ],
)
def test_most_similar_equals_gensims(positive, negative, dtype):
    wv = keyed_vectors(dtype=dtype)
    for topn in (1, 10, 150):
        ours = wv.most_similar(positive, negative, topn)
        assert_close(ours, gensims(wv).most_similar(positive, negative, topn=topn))
        assert all(type(cosine) is float for _, cosine in ours)


def test_most_similar_gives_as_many_as_there_are():
    wv = keyed_vectors()
    assert len(wv.most_similar("king")) == 10
    assert len(wv.most_similar(["king", "king"], "man", topn=10**6)) == 207
    assert wv.most_similar("king", topn=0) == []
    assert "king" not in [word for word, _ in wv.most_similar("king", topn=208)]


def test_most_similar_of_many_words_gives_equals_in_their_order():
    vectors = np.random.default_rng(0).integers(-1, 2, (5000, 3)).astype(float)
    wv = KeyedVectors([f"w{i}" for i in range(5000)], vectors)
    units = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1)
    cosines = (units @ [1.0, 0, 0]).round(6)
    expected = [f"w{i}" for i in np.argsort(-cosines, kind="stable")]
    for topn in (1, 7, 3000, 5000):
        found = wv.most_similar(np.array([1.0, 0, 0]), topn=topn)
        assert [word for word, _ in found] == expected[:topn]


def test_most_similar_puts_vectors_without_a_direction_last():
    vectors = np.array([[1.0, 0], [np.nan, 0], [-1, 0], [1, 1]])
    found = KeyedVectors(list("abcd"), vectors).most_similar("a", topn=2)
    assert [word for word, _ in found] == ["d", "c"]


def test_most_similar_of_nothing_is_refused():
    wv = keyed_vectors()
    for positive, negative in (((), ()), (None, None), ("king", "king"), (np.zeros(20), ())):
        with pytest.raises(ValueError, match="got nothing to look for"):
            wv.most_similar(positive, negative)


def test_vectors_of_zeros_are_like_nothing():
    wv = KeyedVectors(["a", "b", "none"], np.array([[1.0, 0], [1, 1], [0, 0]], np.float32))
    assert wv.most_similar("a") == [("b", pytest.approx(0.5**0.5)), ("none", 0.0)]
    assert wv.similarity("a", "none") == 0


def test_similarities_equal_gensims():
    wv = keyed_vectors()
    theirs = gensims(wv)
    pick = np.random.default_rng(1)
    for _ in range(20):
        one, other = ([wv.index_to_key[i] for i in pick.integers(0, len(wv), n)] for n in (3, 5))
        expected = pytest.approx(theirs.similarity(one[0], other[0]), abs=1e-6)
        assert wv.similarity(one[0], other[0]) == expected
        assert wv.n_similarity(one, other) == pytest.approx(
            theirs.n_similarity(one, other), abs=1e-6
        )
        assert wv.doesnt_match(other) == theirs.doesnt_match(other)
    assert type(wv.similarity("man", "king")) is float
    assert wv.n_similarity("man", "king") == pytest.approx(wv.similarity("man", "king"))
    assert wv.similarity("man", "man") == pytest.approx(1)


def test_doesnt_match_finds_the_stranger():
    wv = KeyedVectors(list("abcd"), np.array([[1.0, 0], [1, 0.1], [-1, 0.2], [2, 0]]))
    assert wv.doesnt_match(list("abcd")) == "c"
    assert wv.doesnt_match(word for word in "dcb") == "c"


def test_no_words_are_refused():
    wv = keyed_vectors()
    for use in (lambda: wv.doesnt_match([]), lambda: wv.n_similarity(["man"], []), lambda: wv[[]]):
        with pytest.raises(ValueError, match="got an empty list of words"):
            use()
