import gzip
import json
import os
import re

import numpy as np
import pytest

import nn
from autograd import DTypeError, ShapeError
from nn.data import DataError
from nn.models import KeyedVectors, UnknownWordError

WORDS = ["king", "queen", "man", "woman", "King", "apple", "na\u00efve", "\u4f60\u597d", "don't"]
FORMS = pytest.mark.parametrize("binary", [False, True])


def _vectors(words=None, size=20, dtype=np.float32, seed=0):
    words = words or [*WORDS, *(f"word{i}" for i in range(200))]
    vectors = np.random.default_rng(seed).normal(size=(len(words), size)).astype(dtype)
    return KeyedVectors(words, vectors, np.arange(len(words), 0, -1))


def _gensim(ours):
    theirs = pytest.importorskip("gensim.models").KeyedVectors(ours.vectors.shape[1])
    theirs.add_vectors(ours.index_to_key, ours.vectors)
    return theirs


def _close(ours, theirs):
    assert [word for word, _ in ours] == [word for word, _ in theirs]
    np.testing.assert_allclose([c for _, c in ours], [c for _, c in theirs], rtol=0, atol=1e-6)


# -- looking up ---------------------------------------------------------------------------------


def test_vectors_are_found_by_their_words():
    wv = _vectors()
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
        use(_vectors(), "quen")
    with pytest.raises(KeyError, match=r"^the word 'zzz' has no vector$"):
        use(_vectors(), "zzz")


def test_what_is_no_word_is_refused():
    wv = _vectors()
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


# -- similarity ---------------------------------------------------------------------------------


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
    wv = _vectors(dtype=dtype)
    for topn in (1, 10, 150):
        ours = wv.most_similar(positive, negative, topn)
        _close(ours, _gensim(wv).most_similar(positive, negative, topn=topn))
        assert all(type(cosine) is float for _, cosine in ours)


def test_most_similar_gives_as_many_as_there_are():
    wv = _vectors()
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
    wv = _vectors()
    for positive, negative in (((), ()), (None, None), ("king", "king"), (np.zeros(20), ())):
        with pytest.raises(ValueError, match="got nothing to look for"):
            wv.most_similar(positive, negative)


def test_vectors_of_zeros_are_like_nothing():
    wv = KeyedVectors(["a", "b", "none"], np.array([[1.0, 0], [1, 1], [0, 0]], np.float32))
    assert wv.most_similar("a") == [("b", pytest.approx(0.5**0.5)), ("none", 0.0)]
    assert wv.similarity("a", "none") == 0


def test_similarities_equal_gensims():
    wv = _vectors()
    theirs = _gensim(wv)
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
    wv = _vectors()
    for use in (lambda: wv.doesnt_match([]), lambda: wv.n_similarity(["man"], []), lambda: wv[[]]):
        with pytest.raises(ValueError, match="got an empty list of words"):
            use()


# -- evaluation ---------------------------------------------------------------------------------

PAIRS = """# a heading
king\tqueen\t8.5
KING\tman\t6
woman apple 1.5
apple\tkingdom\t2

word1\tword2\t6
word3\tword4\t6
word5\tWord6\t0.25
"""


def test_word_pairs_equal_gensims(tmp_path):
    wv = _vectors()
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS)
    found = wv.evaluate_word_pairs(path)
    tabs = tmp_path / "tabs.tsv"
    tabs.write_text(PAIRS.replace(" apple ", "\tapple\t"))
    pearson, spearman, unknown = _gensim(wv).evaluate_word_pairs(str(tabs))
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert found.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert found.unknown == pytest.approx(unknown / 100) == pytest.approx(1 / 7)
    few = wv.evaluate_word_pairs(path, restrict_vocab=13)
    expected = _gensim(wv).evaluate_word_pairs(str(tabs), restrict_vocab=13)
    assert few.pearson == pytest.approx(expected[0][0], abs=1e-6)
    assert few.unknown == pytest.approx(3 / 7)


def test_word_pairs_that_people_rate_all_the_same_have_no_correlation(tmp_path):
    path = tmp_path / "pairs.tsv"
    path.write_text("king queen 1\nman woman 1\n")
    found = _vectors().evaluate_word_pairs(path)
    assert np.isnan(found.pearson)
    assert np.isnan(found.spearman)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("king queen 1\nWord 1 Word 2 Mean\n", "line 2 is not two words and a number"),
        ("king queen x\n", r"line 1 is not two words and a number: 'king queen x' \(a heading"),
        ("king queen 1\nking zzz 2\n", "has 1 pairs of known words, of 2"),
        ("", "has 0 pairs of known words, of 0"),
    ],
)
def test_word_pairs_that_are_none_are_named(tmp_path, text, words):
    path = tmp_path / "pairs.tsv"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        _vectors().evaluate_word_pairs(path)


def _analogies(folder):
    """Words in rows, of which each is the first of its row plus the same steps; and questions."""
    draw = np.random.default_rng(4)
    rows, steps = draw.normal(size=(40, 1, 20)), draw.normal(size=(1, 4, 20))
    table = rows + steps + 0.7 * draw.normal(size=(40, 4, 20))
    words = [f"w{row}{form}" for row in range(40) for form in "abcd"]
    table = table.reshape(160, 20)
    near = table[1::4] + 0.1 * draw.normal(size=(40, 20))  # of the answers' words in upper case
    wv = KeyedVectors([*words, *(w.upper() for w in words[1::4])], np.concatenate([table, near]))
    text = ""
    for name, (one, other) in {"a to b": "ab", "c to d": "cd", "unknown": "xy"}.items():
        text += f": {name}\n"
        for _ in range(100):
            i, j = draw.choice(40, 2, replace=False)
            text += f"w{i}{one} W{i}{other.upper()} w{j}{one} w{j}{other}\n"
    path = folder / "questions.txt"
    path.write_text(text)
    return wv, path


@pytest.mark.parametrize("most", [300_000, 100])
def test_word_analogies_equal_gensims(tmp_path, most):
    wv, path = _analogies(tmp_path)
    score, sections = wv.evaluate_word_analogies(path, most)
    expected, theirs = _gensim(wv).evaluate_word_analogies(str(path), restrict_vocab=most)
    assert score == expected
    assert 0.2 < score < 0.9
    upper = [
        {
            key: value if isinstance(value, str) else [tuple(w.upper() for w in q) for q in value]
            for key, value in section.items()
        }
        for section in sections
    ]
    assert upper == theirs
    assert [s["section"] for s in sections] == ["a to b", "c to d", "unknown", "Total accuracy"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("king queen man woman\n", r"line 1 stands before the first `: section`: 'king queen"),
        (": s\nking queen man woman\n\nking queen man\n", "line 4 is not four words: 'king queen"),
        (": s\nking queen man zzz\n", "has no question whose words are all known, of 1"),
    ],
)
def test_word_analogies_that_are_none_are_named(tmp_path, text, words):
    path = tmp_path / "questions.txt"
    path.write_text(text)
    with pytest.raises(DataError, match=words):
        _vectors().evaluate_word_analogies(path)


# -- files --------------------------------------------------------------------------------------


def _equal(one, other):
    assert one.index_to_key == other.index_to_key
    np.testing.assert_array_equal(one.vectors, other.vectors)
    assert one.vectors.dtype == other.vectors.dtype


@pytest.mark.parametrize("counted", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_vectors_are_loaded(tmp_path, counted, dtype):
    wv = _vectors(dtype=dtype)
    if not counted:
        wv.counts = None
    wv.save(tmp_path / "v.npz")
    again = KeyedVectors.load(tmp_path / "v.npz")
    _equal(again, wv)
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


@FORMS
@pytest.mark.parametrize("name", ["v", "v.gz"])
def test_word2vec_files_are_read_again_exactly(tmp_path, binary, name):
    wv = _vectors()
    wv.vectors[3] *= 1e-30
    wv.vectors[4] *= 1e30
    wv.save_word2vec_format(tmp_path / name, binary=binary)
    _equal(KeyedVectors.load_word2vec_format(tmp_path / name, binary=binary), wv)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    content = (tmp_path / name).read_bytes()
    assert (content[:2] == b"\x1f\x8b") == name.endswith(".gz")
    if name.endswith(".gz"):
        assert content[4:8] == bytes(4)  # no time, so that equal vectors give equal files


@FORMS
@pytest.mark.parametrize("name", ["v", "v.gz"])
def test_word2vec_files_travel_to_gensim_and_back(tmp_path, binary, name):
    wv = _vectors()
    theirs = pytest.importorskip("gensim.models").KeyedVectors
    wv.save_word2vec_format(tmp_path / name, binary=binary)
    moved = theirs.load_word2vec_format(str(tmp_path / name), binary=binary)
    assert moved.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(moved.vectors, wv.vectors)
    moved.save_word2vec_format(str(tmp_path / f"back.{name}"), binary=binary)
    _equal(KeyedVectors.load_word2vec_format(tmp_path / f"back.{name}", binary=binary), wv)
    if name == "v":
        assert (tmp_path / "back.v").read_bytes() == (tmp_path / "v").read_bytes()


def test_files_of_word2vec_c_are_read(tmp_path):
    """It writes a blank before the end of a line of text, and a line break after a vector."""
    (tmp_path / "t").write_bytes(b"2 2\nthe 1.5 -2 \nof 0.25 1e-3 \n")
    text = KeyedVectors.load_word2vec_format(tmp_path / "t")
    assert text.index_to_key == ["the", "of"]
    np.testing.assert_array_equal(text.vectors, np.array([[1.5, -2], [0.25, 1e-3]], np.float32))
    rows = [np.array(v, "<f4").tobytes() for v in text.vectors]
    (tmp_path / "b").write_bytes(b"2 2\nthe " + rows[0] + b"\nof " + rows[1] + b"\n")
    _equal(KeyedVectors.load_word2vec_format(tmp_path / "b", binary=True), text)


def test_numbers_that_contain_blanks_and_line_breaks_are_read(tmp_path):
    vectors = np.frombuffer(b" \n  \n\n\n   x\n" * 2, "<f4").reshape(2, 3).astype(np.float32)
    wv = KeyedVectors(["a", "b"], vectors)
    wv.save_word2vec_format(tmp_path / "b", binary=True)
    _equal(KeyedVectors.load_word2vec_format(tmp_path / "b", binary=True), wv)


@pytest.mark.parametrize("word", ["", "New York", "a\nb"])
def test_words_that_the_format_does_not_hold_are_refused(tmp_path, word):
    with pytest.raises(ValueError, match=re.escape(f"does not hold the word {word!r}")):
        _vectors(["a", word]).save_word2vec_format(tmp_path / "v")
    assert list(tmp_path.iterdir()) == []
    wv = _vectors(["a", word])
    wv.save(tmp_path / "v.npz")
    _equal(KeyedVectors.load(tmp_path / "v.npz"), wv)


def test_files_that_cannot_be_written_leave_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "v.txt"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        _vectors().save_word2vec_format(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["v.txt"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not in word2vec's format: its first line .*, and is ''"),
        (b"the 1 2\n", "is not in word2vec's format: .*, and is 'the 1 2'"),
        (b"0 5\n", "is not in word2vec's format"),
        (b"2 2\na 1 2\n", "is cut short: line 2 is its last, and it announces 2 words"),
        (b"999999999999 2\na 1 2\n", "it announces 999999999999 words"),
        (b"1 2", "is cut short: line 1 is its last, and it announces 1 words"),
        (b"2 2\na 1 2\nb 1", "line 3 should be a word and 2 numbers .*, and has 1 "),
        (b"1 2\na 1 2 3\n", "line 2 should be a word and 2 numbers .*, and has 3 "),
        (b"1 2\na b 1 2\n", "line 2 should be a word and 2 numbers .*, and has 3 "),
        (b"1 2\n 1 2\n", "line 2 should be a word and 2 numbers"),
        (b"1 2\na 1 x2\n", "line 2: could not convert string to float: b'x2'"),
        (b"1 2\na 1 nan\n", r"line 2 \('a'\) has a number that is not finite"),
        (b"1 2\na 1 1e99\n", r"line 2 \('a'\) has a number that is not finite"),
        (b"1 2\na 1 2", "line 2 has no line break: it is cut short, or lacks one at its end"),
        (b"2 2\na 1 2\na 1 3\n", "line 3 has the word 'a' for the second time"),
        (b"1 2\na 1 2\nb 1 2\n", "goes on after the 1 words that it announces"),
        (b"1 2\n\xff 1 2\n", "line 2 has the byte 0xff, which is not utf8 there; give"),
        (gzip.compress(b"2 2\na 1 2\nb 1 2\n", mtime=0)[:-9], "is damaged, or cut short"),
    ],
)
def test_malformed_text_files_are_named_with_the_line(tmp_path, content, words):
    (tmp_path / "v.txt").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        KeyedVectors.load_word2vec_format(tmp_path / "v.txt")
    assert str(tmp_path / "v.txt") in str(caught.value)


ONE, NAN = np.ones(2, "<f4").tobytes(), np.full(2, np.nan, "<f4").tobytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not in word2vec's format"),
        (b"\xff\xfe 2", "is not in word2vec's format"),
        (b"2 2\na " + ONE, "is cut short in word 2 of 2"),
        (b"2 2\na " + ONE + b"b " + ONE[:-1], "is cut short in word 2 of 2"),
        (b"999999999999 999999999999\na " + ONE, "is cut short in word 1 of 999999999999"),
        (b"1 2\n\xff " + ONE, "word 1 has the byte 0xff, which is not utf8"),
        (b"1 2\na " + NAN, r"word 1 \('a'\) has a number that is not finite"),
        (b"2 2\na " + ONE + b"a " + ONE, "word 2 has the word 'a' for the second time"),
        (b"1 2\na " + ONE + b"b " + ONE, "goes on after the 1 words that it announces"),
        (b"2 9\na 1 2\nb 1 2\n", "is cut short in word 1 of 2, or is text"),
    ],
)
def test_malformed_binary_files_are_named_with_the_word(tmp_path, content, words):
    (tmp_path / "v.bin").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        KeyedVectors.load_word2vec_format(tmp_path / "v.bin", binary=True)
    assert str(tmp_path / "v.bin") in str(caught.value)


def test_every_cut_through_a_file_is_noticed(tmp_path):
    wv = _vectors(["one", "two", "three"], size=3)
    for binary in (False, True):
        wv.save_word2vec_format(tmp_path / "v", binary=binary)
        content = (tmp_path / "v").read_bytes()
        for length in range(len(content)):
            (tmp_path / "v").write_bytes(content[:length])
            with pytest.raises(DataError):
                KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
