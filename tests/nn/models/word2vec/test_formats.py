import bz2
import gzip
import os
import re
import tracemalloc

import numpy as np
import pytest

from autograd import DTypeError
from nn.data import DataError
from nn.models import KeyedVectors

from .words import assert_equal, keyed_vectors

FORMS = pytest.mark.parametrize("binary", [False, True])


@FORMS
@pytest.mark.parametrize("name", ["v", "v.gz"])
def test_word2vec_files_are_read_again_exactly(tmp_path, binary, name):
    wv = keyed_vectors()
    wv.vectors[3] *= 1e-30
    wv.vectors[4] *= 1e30
    wv.save_word2vec_format(tmp_path / name, binary=binary)
    assert_equal(KeyedVectors.load_word2vec_format(tmp_path / name, binary=binary), wv)
    assert [p.name for p in tmp_path.iterdir()] == [name]
    content = (tmp_path / name).read_bytes()
    assert (content[:2] == b"\x1f\x8b") == name.endswith(".gz")
    if name.endswith(".gz"):
        assert content[4:8] == bytes(4)  # no time, so that equal vectors give equal files


@FORMS
@pytest.mark.parametrize("name", ["v", "v.gz"])
def test_word2vec_files_travel_to_gensim_and_back(tmp_path, binary, name):
    wv = keyed_vectors()
    theirs = pytest.importorskip("gensim.models").KeyedVectors
    wv.save_word2vec_format(tmp_path / name, binary=binary)
    moved = theirs.load_word2vec_format(str(tmp_path / name), binary=binary)
    assert moved.index_to_key == wv.index_to_key
    np.testing.assert_array_equal(moved.vectors, wv.vectors)
    moved.save_word2vec_format(str(tmp_path / f"back.{name}"), binary=binary)
    assert_equal(KeyedVectors.load_word2vec_format(tmp_path / f"back.{name}", binary=binary), wv)
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
    assert_equal(KeyedVectors.load_word2vec_format(tmp_path / "b", binary=True), text)


def test_numbers_that_contain_blanks_and_line_breaks_are_read(tmp_path):
    vectors = np.frombuffer(b" \n  \n\n\n   x\n" * 2, "<f4").reshape(2, 3).astype(np.float32)
    wv = KeyedVectors(["a", "b"], vectors)
    wv.save_word2vec_format(tmp_path / "b", binary=True)
    assert_equal(KeyedVectors.load_word2vec_format(tmp_path / "b", binary=True), wv)


@pytest.mark.parametrize("word", ["", "New York", "a\nb"])
def test_words_that_the_format_does_not_hold_are_refused(tmp_path, word):
    with pytest.raises(ValueError, match=re.escape(f"cannot hold the word {word!r}")):
        keyed_vectors(["a", word]).save_word2vec_format(tmp_path / "v")
    assert list(tmp_path.iterdir()) == []
    wv = keyed_vectors(["a", word])
    wv.save(tmp_path / "v.npz")
    assert_equal(KeyedVectors.load(tmp_path / "v.npz"), wv)


def test_files_that_cannot_be_written_leave_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "v.txt"
    path.write_text("old")

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        keyed_vectors().save_word2vec_format(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["v.txt"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is not in word2vec's format: its first line .*, but is ''"),
        (b"the 1 2\n", "is not in word2vec's format: .*, but is 'the 1 2'"),
        (b"0 5\n", "is not in word2vec's format"),
        (b"2 2\na 1 2\n", "is cut short: it ends at line 2, and announces 2 words"),
        (b"999999999999 2\na 1 2\n", "announces 999999999999 words"),
        (b"1 2", "is cut short: it ends at line 1, and announces 1 words"),
        (b"2 2\na 1 2\nb 1", "line 3 should be a word and 2 numbers, .*, but has 1 "),
        (b"1 2\na 1 2 3\n", "line 2 should be a word and 2 numbers, .*, but has 3 "),
        (b"1 2\na b 1 2\n", "line 2 should be a word and 2 numbers, .*, but has 3 "),
        (b"1 2\n 1 2\n", "line 2 should be a word and 2 numbers"),
        (b"1 2\na 1 x2\n", "line 2: could not convert string to float: b'x2'"),
        (b"1 2\na 1 nan\n", r"line 2 \('a'\) has a number that is not finite"),
        (b"1 2\na 1 1e99\n", r"line 2 \('a'\) has a number that is not finite"),
        (b"1 2\na 1 2", "line 2 does not end with a line break; either the file is cut"),
        (b"2 2\na 1 2\na 1 3\n", "line 3 repeats the word 'a'"),
        (b"1 2\na 1 2\nb 1 2\n", "goes on after the 1 words that it announces"),
        (b"1 2\n\xff 1 2\n", "line 2 has the byte 0xff, which is not utf8 there; pass"),
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
        (b"2 2\na " + ONE + b"a " + ONE, "word 2 repeats the word 'a'"),
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
    wv = keyed_vectors(["one", "two", "three"], size=3)
    for binary in (False, True):
        wv.save_word2vec_format(tmp_path / "v", binary=binary)
        content = (tmp_path / "v").read_bytes()
        for length in range(len(content)):
            (tmp_path / "v").write_bytes(content[:length])
            with pytest.raises(DataError):
                KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)


# -- what gensim reads and writes besides -------------------------------------------------------


@FORMS
@pytest.mark.parametrize("name", ["v.bz2", "v.gz", "v.txt"])
def test_counts_travel_to_gensim_and_back(tmp_path, binary, name):
    wv = keyed_vectors()
    theirs = pytest.importorskip("gensim.models").KeyedVectors
    wv.save_word2vec_format(tmp_path / name, tmp_path / f"counts.{name}", binary)
    paths = str(tmp_path / name), str(tmp_path / f"counts.{name}")
    moved = theirs.load_word2vec_format(*paths, binary)
    np.testing.assert_array_equal(moved.vectors, wv.vectors)
    assert [moved.get_vecattr(word, "count") for word in wv] == wv.counts.tolist()
    moved.save_word2vec_format(*paths, binary)
    again = KeyedVectors.load_word2vec_format(*paths, binary)
    assert_equal(again, wv)
    np.testing.assert_array_equal(again.counts, wv.counts)


def test_files_are_compressed_as_their_suffix_says(tmp_path):
    wv = keyed_vectors()
    for suffix, read in ((".bz2", bz2.decompress), (".gz", gzip.decompress), ("", bytes)):
        wv.save_word2vec_format(tmp_path / f"v{suffix}", tmp_path / f"c{suffix}")
        assert read((tmp_path / f"v{suffix}").read_bytes()).startswith(b"209 20\nking ")
        assert read((tmp_path / f"c{suffix}").read_bytes()).startswith(b"king 209\nqueen 208\n")
        (tmp_path / f"v{suffix}").rename(tmp_path / "any")  # read whatever it is called
        assert_equal(KeyedVectors.load_word2vec_format(tmp_path / "any"), wv)


def test_the_second_argument_is_not_taken_for_the_form(tmp_path):
    wv = keyed_vectors()
    for use in (wv.save_word2vec_format, KeyedVectors.load_word2vec_format):
        for value in (True, False):
            with pytest.raises(TypeError, match=rf"fvocab \(={value}\) must be .* binary=True"):
                use(tmp_path / "v", value)
    assert list(tmp_path.iterdir()) == []


def test_counts_that_are_not_known_are_not_written(tmp_path):
    wv = keyed_vectors()
    wv.counts = None
    with pytest.raises(ValueError, match=r"fvocab is for the counts, .* set wv\.counts"):
        wv.save_word2vec_format(tmp_path / "v", tmp_path / "counts")
    assert list(tmp_path.iterdir()) == []
    wv.counts = np.arange(209)
    with pytest.raises(FileNotFoundError):
        wv.save_word2vec_format(tmp_path / "missing" / "v", tmp_path / "counts")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        (b"a 3\n", r"counts: lacks the word 'b' of .*v"),
        (b"a 3\nb\n", "counts: line 2 is not a word and its count: 'b'"),
        (b"a 3\nb -1\n", "line 2 is not a word and its count: 'b -1'"),
        (b"a 3\nb 9999999999999999999\n", "line 2 is not a word and its count"),
        (b"a 3\nb 1.5\n", "line 2 is not a word and its count: 'b 1.5'"),
        (b"a 3\n\xff 1\n", "line 2 has the byte 0xff, which is not utf8"),
    ],
)
def test_malformed_counts_are_named(tmp_path, counts, words):
    (tmp_path / "v").write_bytes(b"2 1\na 1\nb 2\n")
    (tmp_path / "counts").write_bytes(counts)
    with pytest.raises(DataError, match=words):
        KeyedVectors.load_word2vec_format(tmp_path / "v", tmp_path / "counts")


def test_counts_of_more_words_than_are_read_are_no_matter(tmp_path):
    keyed_vectors(["a", "b", "c"]).save_word2vec_format(tmp_path / "v", tmp_path / "counts")
    few = KeyedVectors.load_word2vec_format(tmp_path / "v", tmp_path / "counts", limit=2)
    assert (few.index_to_key, few.counts.tolist()) == (["a", "b"], [3, 2])


@FORMS
def test_as_many_words_are_read_as_asked(tmp_path, binary):
    wv = keyed_vectors()
    wv.save_word2vec_format(tmp_path / "v", binary=binary)
    for limit in (1, 100, 209, 10**6):
        found = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, limit=limit)
        assert found.index_to_key == wv.index_to_key[:limit]
        np.testing.assert_array_equal(found.vectors, wv.vectors[:limit])
    content = (tmp_path / "v").read_bytes()
    (tmp_path / "v").write_bytes(content[: len(content) // 2])  # cut where it is not looked at
    assert len(KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, limit=90)) == 90
    with pytest.raises(ValueError, match=r"load_word2vec_format: limit \(=0\) must be at least 1"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, limit=0)


def test_files_without_a_header_are_read(tmp_path):
    wv = keyed_vectors()
    wv.save_word2vec_format(tmp_path / "v", write_header=False)
    assert (tmp_path / "v").read_bytes().startswith(b"king ")
    assert_equal(KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True), wv)


@pytest.mark.filterwarnings("ignore:Exception ignored", "ignore:unclosed file")  # it leaves it open
def test_files_without_a_header_travel_to_gensim(tmp_path):
    wv = keyed_vectors()
    wv.save_word2vec_format(tmp_path / "v", write_header=False)
    theirs = pytest.importorskip("gensim.models").KeyedVectors
    moved = theirs.load_word2vec_format(str(tmp_path / "v"), no_header=True)
    np.testing.assert_array_equal(moved.vectors, wv.vectors)


def test_words_of_glove_may_hold_blanks(tmp_path):
    """Its largest file has such words, and others that look like numbers."""
    text = "the 1 2\n. . . 3 4\n1 5 6\nat name@domain.com 7 8\n\u00a0 9 0\n"
    (tmp_path / "v").write_text(text, encoding="utf-8")
    found = KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True)
    assert found.index_to_key == ["the", ". . .", "1", "at name@domain.com", "\u00a0"]
    assert found.vectors.tolist() == [[1, 2], [3, 4], [5, 6], [7, 8], [9, 0]]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n", "line 1 should be a word and its numbers"),
        (b"a\n", "line 1 should be a word and its numbers, .*, but has 0"),
        (b"a 1 2\nb 1 2 3\n", r"line 2 should be a word and 2 numbers, .*, but has 3 "),
        (b"a 1 2\nb 1\n", r"line 2 should be a word and 2 numbers, .*, but has 1 "),
        (b"2 2\na 1 2\nb 1 2\n", r"line 2 .* is line 1 a header\? Then leave out no_header"),
        (b"a 1 2\nb 1 2", "line 2 does not end with a line break"),
        (b"a 1 2\nb 1 x\n", "line 2: could not convert string to float: b'x'"),
        (b"a 1 2\na 1 2\n", "line 2 repeats the word 'a'"),
    ],
)
def test_malformed_files_without_a_header_are_named_with_the_line(tmp_path, content, words):
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(DataError, match=words):
        KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=True)


def test_the_form_that_is_not_the_files_is_named(tmp_path):
    keyed_vectors().save_word2vec_format(tmp_path / "v", binary=True)
    with pytest.raises(
        DataError, match=r"line 2 should be a word .*; is it binary\? Then binary=Tr"
    ):
        KeyedVectors.load_word2vec_format(tmp_path / "v")
    keyed_vectors().save_word2vec_format(tmp_path / "v")
    for limit in (1, None):
        with pytest.raises(DataError, match=r"v: is text; leave out binary=True"):
            KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True, limit=limit)


def test_a_mark_of_the_byte_order_is_no_part_of_a_file(tmp_path):
    for content, no_header in ((b"1 2\na 1 2\n", False), (b"a 1 2\n", True)):
        (tmp_path / "v").write_bytes(b"\xef\xbb\xbf" + content)
        found = KeyedVectors.load_word2vec_format(tmp_path / "v", no_header=no_header)
        assert found.index_to_key == ["a"]


@FORMS
def test_words_of_other_encodings_are_read(tmp_path, binary):
    keyed_vectors(["abc", "na\u00efve"]).save_word2vec_format(tmp_path / "v", binary=binary)
    content = (tmp_path / "v").read_bytes().replace("\u00ef".encode(), b"\xef")
    (tmp_path / "v").write_bytes(content)
    with pytest.raises(DataError, match=r"(line 3|word 2) has the byte 0xef.* pass the file's enc"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    for encoding, errors, word in (
        ("latin-1", "strict", "na\u00efve"),
        ("utf8", "replace", "na\ufffdve"),
        ("utf8", "ignore", "nave"),
    ):
        arguments = {"binary": binary, "encoding": encoding, "unicode_errors": errors}
        found = KeyedVectors.load_word2vec_format(tmp_path / "v", **arguments)
        assert found.index_to_key == ["abc", word]
        theirs = pytest.importorskip("gensim.models").KeyedVectors
        assert theirs.load_word2vec_format(str(tmp_path / "v"), **arguments).key_to_index == {
            "abc": 0,
            word: 1,
        }


def test_of_words_that_were_cut_alike_the_first_stays(tmp_path):
    (tmp_path / "v").write_bytes(b"3 1\na\xe3 1\na\xe4 2\nb 3\n")
    (tmp_path / "counts").write_bytes(b"a\xe3 9\na\xe4 8\nb 7\n")
    found = KeyedVectors.load_word2vec_format(
        tmp_path / "v", tmp_path / "counts", unicode_errors="ignore"
    )
    assert found.index_to_key == ["a", "b"]
    assert found.vectors.tolist() == [[1], [3]]
    assert found.counts.tolist() == [9, 7]


@FORMS
def test_vectors_are_read_as_the_numbers_asked_for(tmp_path, binary):
    wv = keyed_vectors(dtype=np.float64)
    wv.save_word2vec_format(tmp_path / "v", binary=binary)
    for dtype in (np.float16, "f4", np.float64):
        found = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, datatype=dtype)
        assert found.vectors.dtype == dtype
        exact = wv.vectors.astype(np.float32) if binary else wv.vectors
        np.testing.assert_array_equal(found.vectors, exact.astype(dtype))
    wv.vectors[1, 1] = 1e6
    wv.save_word2vec_format(tmp_path / "v", binary=binary)
    with pytest.raises(DataError, match=r"\('queen'\) has a number that is not finite"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, datatype=np.float16)
    with pytest.raises(DTypeError, match="datatype must be a float type, not int64"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary, datatype=np.int64)


def test_arguments_that_do_not_go_together_are_refused(tmp_path):
    keyed_vectors().save_word2vec_format(tmp_path / "v", binary=True)
    with pytest.raises(ValueError, match="no_header=True is for text, not for binary=True"):
        KeyedVectors.load_word2vec_format(tmp_path / "v", binary=True, no_header=True)
    with pytest.raises(ValueError, match="the binary format needs its header"):
        keyed_vectors().save_word2vec_format(tmp_path / "w", binary=True, write_header=False)
    for wrong in ({"encoding": "utf9"}, {"unicode_errors": "surender"}):
        with pytest.raises(LookupError, match="unknown"):
            KeyedVectors.load_word2vec_format(tmp_path / "v", **wrong)
    assert [path.name for path in tmp_path.iterdir()] == ["v"]


@pytest.mark.parametrize(("binary", "words", "besides"), [(False, 2000, 5e5), (True, 10_000, 3e6)])
def test_reading_takes_little_more_memory_than_the_vectors(tmp_path, binary, words, besides):
    wv = keyed_vectors([f"w{i}" for i in range(words)], size=300)
    wv.save_word2vec_format(tmp_path / "v", binary=binary)
    tracemalloc.start()
    found = KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert_equal(found, wv)
    assert found.vectors.flags.writeable
    assert peak < 1.4 * wv.vectors.nbytes + besides


def test_vectors_without_words_are_not_written(tmp_path):
    with pytest.raises(ValueError, match="save_word2vec_format: there are no words to write; us"):
        KeyedVectors(vector_size=4).save_word2vec_format(tmp_path / "vectors.txt")
    assert list(tmp_path.iterdir()) == []
