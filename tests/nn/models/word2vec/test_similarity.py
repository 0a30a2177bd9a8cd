import numpy as np
import pytest

from autograd import ShapeError
from nn.models import KeyedVectors, UnknownWordError

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


@pytest.mark.parametrize("scale", [1e-30, 1e-20, 1e20, 1e30])
def test_vectors_whose_squares_leave_the_range_of_their_numbers_have_cosines(scale):
    wv = keyed_vectors()
    expected = KeyedVectors(wv.index_to_key, wv.vectors.astype(float))
    wv.vectors[::2] *= np.float32(scale)
    assert_close(wv.most_similar("king", topn=300), expected.most_similar("king", topn=300))
    assert wv.similarity("king", "man") == pytest.approx(expected.similarity("king", "man"))
    words = ["king", "man", "queen"]
    assert wv.doesnt_match(words) == expected.doesnt_match(words)


def test_vectors_of_small_integers_do_not_overflow():
    wv = keyed_vectors()
    vector = np.full(20, 100)
    expected = wv.similar_by_vector(vector.astype(float))
    assert_close(wv.similar_by_vector(vector.astype(np.int8)), expected)
    assert_close(wv.most_similar([vector.astype(np.int8)]), expected)


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


# -- gensim's names -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("positive", "negative"),
    [
        ([("king", 0.8), "woman"], [("man", -0.3)]),
        ([("king", 0.8), ("man", -1)], []),
        ([(0, 2), (np.arange(20.0), np.float32(0.1))], ["apple"]),
        ([3, "king"], [2]),
        (np.arange(60.0).reshape(3, 20), None),
    ],
)
def test_weighted_words_equal_gensims(positive, negative):
    wv = keyed_vectors()
    assert_close(wv.most_similar(positive, negative), gensims(wv).most_similar(positive, negative))


@pytest.mark.parametrize(
    "limits",
    [
        {"restrict_vocab": 5},
        {"restrict_vocab": 10**6},
        {"clip_start": 3},
        {"clip_start": 3, "clip_end": 50},
        {"clip_start": 190, "clip_end": 10**6},
        {"clip_start": 7, "clip_end": 3},
        {"clip_start": 50, "clip_end": 60, "restrict_vocab": 30},
    ],
)
def test_limits_of_most_similar_equal_gensims(limits):
    wv = keyed_vectors()
    for topn in (1, 5, 1000):
        ours = wv.most_similar(["king", "word50"], "man", topn, **limits)
        assert_close(ours, gensims(wv).most_similar(["king", "word50"], "man", topn, **limits))
    cosines = wv.most_similar("king", topn=None, **limits)
    theirs = gensims(wv).most_similar("king", topn=None, **limits)
    np.testing.assert_allclose(cosines, theirs, rtol=0, atol=1e-6)


def test_all_cosines_are_given_where_topn_is_none():
    wv = keyed_vectors()
    cosines = wv.most_similar("king", topn=None)
    assert cosines.shape == (209,)
    assert cosines.dtype == np.float32
    assert cosines[0] == pytest.approx(1)
    assert wv.most_similar("king", topn=np.uint8(0)) == []


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ({"topn": -1}, ValueError, r"topn \(=-1\) must be at least 0"),
        ({"topn": 2.5}, TypeError, r"topn \(=2.5\) must be an integer"),
        ({"restrict_vocab": 0}, ValueError, r"restrict_vocab \(=0\) must be at least 1"),
        ({"clip_start": -5}, ValueError, r"clip_start \(=-5\) must be at least 0"),
        ({"clip_end": -5}, ValueError, r"clip_end \(=-5\) must be at least 0"),
        ({"negative": [("man", 0.5)]}, ValueError, r"'man' in negative is 0.5, .*; write -0.5 to"),
        ({"negative": [("man", "x")]}, ValueError, r"weight of 'man' \(='x'\) must be"),
        ({"negative": [("man", np.nan)]}, ValueError, r"'man' \(=nan\) must be a finite number"),
        ({"negative": np.full(20, np.inf)}, ValueError, r"or have numbers that are not finite"),
        ({"negative": [("man", 1, 2)]}, ShapeError, r"\('man', 1, 2\) is neither a word nor"),
    ],
)
def test_arguments_of_most_similar_that_mean_nothing_are_refused(arguments, error, words):
    with pytest.raises(error, match=words):
        keyed_vectors().most_similar("king", **arguments)


def test_neighbours_of_one_equal_gensims():
    wv = keyed_vectors()
    theirs = gensims(wv)
    vector = np.linspace(-1, 1, 20)
    for few in ({}, {"topn": 3}, {"topn": 4, "restrict_vocab": 20}):
        assert_close(wv.similar_by_word("man", **few), theirs.similar_by_word("man", **few))
        assert_close(wv.similar_by_key("man", **few), theirs.similar_by_key("man", **few))
        assert_close(wv.similar_by_vector(vector, **few), theirs.similar_by_vector(vector, **few))
    with pytest.raises(ShapeError, match="'man' is neither a word nor a vector"):
        wv.similar_by_vector("man")


@pytest.mark.filterwarnings("ignore:Call to deprecated")
@pytest.mark.parametrize(
    ("positive", "negative"),
    [("king", []), (["king", "woman"], "man"), (["king", "apple", "man"], ["woman", "queen"])],
)
def test_most_similar_cosmul_equals_gensims(positive, negative):
    wv = keyed_vectors(dtype=np.float64)
    theirs = gensims(wv)
    expected = theirs.most_similar_cosmul(positive, negative, topn=20)
    found = wv.most_similar_cosmul(positive, negative, topn=20)
    assert [word for word, _ in found] == [word for word, _ in expected]
    np.testing.assert_allclose([s for _, s in found], [s for _, s in expected], rtol=1e-5)
    scores = theirs.most_similar_cosmul(positive, negative, topn=None)
    np.testing.assert_allclose(
        wv.most_similar_cosmul(positive, negative, topn=None), scores, rtol=1e-5
    )
    first = wv.most_similar_cosmul(positive, negative, topn=None, restrict_vocab=30)
    np.testing.assert_allclose(first, scores[:30], rtol=1e-5)


def test_most_similar_cosmul_takes_vectors_of_any_length():
    wv = keyed_vectors()
    expected = wv.most_similar_cosmul(["king", "woman"], ["man"])
    given = wv.most_similar_cosmul([7 * wv["king"], wv["woman"]], [0.1 * wv["man"]], topn=13)
    others = [pair for pair in given if pair[0] not in ("king", "woman", "man")]
    assert_close(others[:10], expected)


def test_most_similar_cosmul_needs_a_positive_word():
    for positive in ((), None):
        with pytest.raises(ValueError, match="positive is empty; give at least one word"):
            keyed_vectors().most_similar_cosmul(positive, "king")
    with pytest.raises(ValueError, match=r"most_similar_cosmul: restrict_vocab \(=0\)"):
        keyed_vectors().most_similar_cosmul("king", restrict_vocab=0)


def test_distances_equal_gensims():
    wv = keyed_vectors()
    theirs = gensims(wv)
    near = {"rtol": 0, "atol": 1e-6}
    assert wv.distance("man", "king") == pytest.approx(theirs.distance("man", "king"), abs=1e-6)
    for one in ("man", 5, np.linspace(-1, 1, 20)):
        np.testing.assert_allclose(wv.distances(one), theirs.distances(one), **near)
        some = wv.distances(one, ["king", "apple"])
        np.testing.assert_allclose(some, theirs.distances(one, ["king", "apple"]), **near)
    for one, other in (("man", "king"), ("apple", "word7"), ("man", "man")):
        assert wv.closer_than(one, other) == theirs.closer_than(one, other)
        assert wv.rank(one, other) == theirs.rank(one, other)
    given = ["apple", "queen", "woman"]
    assert wv.most_similar_to_given("king", given) == theirs.most_similar_to_given("king", given)
    with pytest.raises(ValueError, match="got an empty list of words"):
        wv.most_similar_to_given("king", [])


def test_a_word_has_no_distance_from_itself():
    wv = keyed_vectors()
    assert all(wv.distance(word, word) == 0 for word in wv)
    assert wv.rank("man", "man") == 1
    nearest = wv.most_similar("man", topn=1)[0][0]
    assert wv.rank("man", nearest) == 1
    assert wv.rank("man", wv.most_similar("man", topn=7)[6][0]) == 7


def test_centrality_equals_gensims():
    wv = keyed_vectors()
    words = ["king", "apple", "man", "queen"]
    for use_norm in (True, False):
        found = wv.rank_by_centrality(words, use_norm)
        expected = gensims(wv).rank_by_centrality(words, use_norm)
        assert_close([pair[::-1] for pair in found], [pair[::-1] for pair in expected])
    assert (
        wv.doesnt_match(words)
        == wv.rank_by_centrality(words)[-1][1]
        == wv.doesnt_match([0, 5, 2, 1])
    )


def test_relative_cosine_similarity_equals_gensims():
    wv = keyed_vectors()
    for topn in (1, 10):
        expected = gensims(wv).relative_cosine_similarity("king", "man", topn)
        assert wv.relative_cosine_similarity("king", "man", topn) == pytest.approx(expected)
    with pytest.raises(ValueError, match=r"relative_cosine_similarity: topn \(=0\)"):
        wv.relative_cosine_similarity("king", "man", 0)
    with pytest.raises(ValueError, match="no other word is like 'a'"):
        KeyedVectors(["a"], np.ones((1, 2))).relative_cosine_similarity("a", "a")


@pytest.mark.parametrize("pre_normalize", [True, False])
@pytest.mark.parametrize("post_normalize", [True, False])
@pytest.mark.parametrize("weights", [None, [1, 2, -3, 0.5], np.ones(4)])
def test_mean_vectors_equal_gensims(pre_normalize, post_normalize, weights):
    wv = keyed_vectors()
    for keys in (["king", "man", 3, "zzz"], [wv["king"], "man", "apple", np.arange(20.0)]):
        arguments = keys, weights, pre_normalize, post_normalize
        found = wv.get_mean_vector(*arguments)
        np.testing.assert_allclose(found, gensims(wv).get_mean_vector(*arguments), atol=1e-6)
        assert found.dtype == np.float32


def test_mean_vectors_of_nothing_are_refused():
    wv = keyed_vectors()
    with pytest.raises(ValueError, match="get_mean_vector: got an empty list of words"):
        wv.get_mean_vector([])
    with pytest.raises(ShapeError, match=r"2 words need as many weights, .* shape \(3,\)"):
        wv.get_mean_vector(["king", "man"], [1, 2, 3])
    with pytest.raises(UnknownWordError, match=r"none of the words \['zzz', 'yyy'\] has a vector"):
        wv.get_mean_vector(["zzz", "yyy"])
    with pytest.raises(UnknownWordError, match="the word 'zzz' has no vector"):
        wv.get_mean_vector(["king", "zzz"], ignore_missing=False)
    assert not wv.get_mean_vector(["king", "man"], [0, 0]).any()
    assert wv.get_mean_vector("king", pre_normalize=False).tolist() == wv["king"].tolist()


def test_neighbours_follow_the_table():
    """Similarities follow every change of the vectors: nothing is cached between calls."""
    wv = keyed_vectors()
    for change in (
        lambda: wv.vectors.__setitem__(slice(50, None), wv.vectors[50:] ** 2),
        lambda: wv.add_vectors(["duke"], wv.vectors[:1] + 0.1),
        lambda: setattr(wv, "vectors", wv.vectors[::-1]),
        lambda: wv.vectors.__imul__(np.linspace(1, 5, 20)),
    ):
        before = wv.most_similar("king", topn=3)
        change()
        fresh = KeyedVectors(wv.index_to_key, wv.vectors.copy())
        assert_close(wv.most_similar("king", topn=3), fresh.most_similar("king", topn=3))
        assert wv.most_similar("king", topn=3) != before


def test_words_given_are_never_answers_even_among_vectors_of_nan():
    wv = keyed_vectors(list("abcd"))
    wv.vectors[2] = np.nan
    assert [word for word, _ in wv.most_similar("a", topn=10)][2:] == ["c"]
    assert [word for word, _ in wv.most_similar_cosmul(["a", "b"], topn=2)] == ["d", "c"]
