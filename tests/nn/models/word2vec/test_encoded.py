"""A text as numbers, in chunks."""

import tempfile

import numpy as np
import pytest

from nn.models.word2vec import encoded
from nn.models.word2vec.encoded import encode


def chunks(text):
    return [(w.tolist(), s.tolist()) for w, s in (text.chunks[i] for i in range(len(text.chunks)))]


def test_chunks_keep_sentences_whole_and_drop_unknown_words(monkeypatch):
    monkeypatch.setattr(encoded, "CHUNK", 5)
    text = encode([s.split() for s in ("a b a", "", "x", "b x a", "a")], {"a": 0, "b": 1})
    assert chunks(text) == [([0, 1, 0], [0, 0, 0]), ([1, 0, 0], [0, 0, 1])]
    assert (text.total, text.neighbours) == (6, True)


def test_a_sentence_longer_than_a_chunk_is_cut(monkeypatch):
    monkeypatch.setattr(encoded, "CHUNK", 3)
    text = encode([["a"] * 7, ["b"]], {"a": 0, "b": 1})
    assert chunks(text) == [([0] * 3, [0] * 3), ([0] * 3, [0] * 3), ([0, 1], [0, 1])]


def test_sentences_may_be_any_iterables_of_words():
    index = {"a": 0, "b": 1}
    expected = encode([["a", "b"], ["b"]], index)
    for text in ([("a", "b"), ("b",)], (iter(s) for s in (["a", "b"], ["b"]))):
        found = encode(text, index)
        assert chunks(found) == chunks(expected)
        assert found[1:] == expected[1:]


@pytest.mark.parametrize("text", [[], [[]], [["x", "y"]]])
def test_a_text_without_known_words_has_no_chunks(text):
    found = encode(text, {"a": 0})
    assert (len(found.chunks), found.total, found.neighbours) == (0, 0, False)


def test_neighbours_are_known_words_of_one_sentence():
    assert not encode([["a", "x"], ["a"]], {"a": 0}).neighbours
    assert encode([["a", "x", "a"]], {"a": 0}).neighbours


def test_checksum_tells_texts_apart():
    index = {"a": 0, "b": 1}
    texts = [[["a", "b", "a"]], [["a", "a", "b"]], [["a", "b"], ["a"]], [["a", "b"]]]
    assert len({encode(text, index).checksum for text in texts}) == 4


def test_a_long_text_lies_in_a_file(monkeypatch):
    monkeypatch.setattr(encoded, "IN_MEMORY", 100)
    monkeypatch.setattr(encoded, "CHUNK", 10)
    text = encode([["a", "b"]] * 100, {"a": 0, "b": 1})
    assert text.chunks.file._rolled
    assert len(text.chunks) == 20
    np.testing.assert_array_equal(text.chunks[13][0], [0, 1] * 5)
    np.testing.assert_array_equal(text.chunks[2][1], np.repeat(np.arange(5), 2))


def test_a_sentence_that_is_a_text_is_refused():
    with pytest.raises(TypeError, match="sentence 1 is the plain text 'a b'"):
        encode([["a"], "a b"], {"a": 0})


def test_temporary_folder_that_cannot_be_written_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(encoded, "IN_MEMORY", 40)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "missing"))
    with pytest.raises(OSError, match=r"than 10 words is held in .*missing.*; set TMPDIR to a fol"):
        encode([["a"] * 20], {"a": 0})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ([["a", "b"], 3], r"sentence 1 \(=3\) is not a list of words"),
        ([["a"], None], r"sentence 1 \(=None\) is not"),
        (
            [[["a", "b"]]],
            r"something other than words \(.*'list'\): a corpus is a list of sentences",
        ),
    ],
)
def test_a_text_that_is_not_of_lists_of_words_is_refused(text, words):
    with pytest.raises(TypeError, match=words):
        encode(text, {"a": 0, "b": 1})
