import gzip
import os
import re

import numpy as np
import pytest

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
    with pytest.raises(ValueError, match=re.escape(f"does not hold the word {word!r}")):
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
    wv = keyed_vectors(["one", "two", "three"], size=3)
    for binary in (False, True):
        wv.save_word2vec_format(tmp_path / "v", binary=binary)
        content = (tmp_path / "v").read_bytes()
        for length in range(len(content)):
            (tmp_path / "v").write_bytes(content[:length])
            with pytest.raises(DataError):
                KeyedVectors.load_word2vec_format(tmp_path / "v", binary=binary)
