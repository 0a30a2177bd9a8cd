import bz2
import gzip
import os
import sys
import tracemalloc

import pytest

from nn.data import DataError, LineSentences, PathLineSentences, python_reference

TEXT = "the  quick\tbrown fox\n\n jumps over\u00a0the lazy dog\r\nna\u00efve \u4f60\u597d\n \nend"
SENTENCES = [
    ["the", "quick", "brown", "fox"],
    ["jumps", "over", "the", "lazy", "dog"],
    ["na\u00efve", "\u4f60\u597d"],
    ["end"],
]


def _file(folder, content, name="corpus.txt"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_each_line_is_a_sentence_each_time(tmp_path):
    sentences = LineSentences(_file(tmp_path, TEXT))
    assert list(sentences) == SENTENCES
    assert list(sentences) == SENTENCES
    one, other = iter(sentences), iter(sentences)
    assert next(one) == next(other) == SENTENCES[0]


@pytest.mark.parametrize("name", ["corpus.txt.gz", "corpus.txt.bz2", "corpus.txt"])
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress])
def test_compressed_files_are_read_whatever_they_are_called(tmp_path, name, compress):
    assert list(LineSentences(_file(tmp_path, compress(TEXT.encode()), name))) == SENTENCES
    assert list(LineSentences(_file(tmp_path, compress(b"")))) == []


def test_text_that_begins_as_an_archive_may_is_text(tmp_path):
    for text in ("BZh9 is how bzip2 begins", "BZhelp", "B"):
        assert list(LineSentences(_file(tmp_path, text))) == [text.split()]


@pytest.mark.parametrize("text", ["", "\n\n", "a", "a\n", "a b\nc", TEXT])
@pytest.mark.parametrize("end", ["", "\n"])
def test_sentences_equal_gensims(tmp_path, text, end):
    gensim = pytest.importorskip("gensim.models.word2vec")
    path = _file(tmp_path, text + end)
    assert list(LineSentences(path)) == list(gensim.LineSentence(str(path)))


@pytest.mark.parametrize("words", [9_999, 10_000, 10_001, 25_000, 40_000])
def test_long_lines_are_cut_as_by_gensim(tmp_path, words):
    gensim = pytest.importorskip("gensim.models.word2vec")
    line = " ".join(f"w\u00f6rd{i}" for i in range(words))  # longer than a piece that is read
    path = _file(tmp_path, f"{line}\nnext line\n{line}")
    ours = list(LineSentences(path))
    assert ours == list(gensim.LineSentence(str(path)))
    assert max(map(len, ours)) <= 10_000
    assert [word for sentence in ours for word in sentence] == path.read_text("utf-8").split()


def test_sentences_are_as_long_as_asked(tmp_path):
    pieces = list(LineSentences(_file(tmp_path, "a b c d e\nf"), max_sentence_length=2))
    assert pieces == [["a", "b"], ["c", "d"], ["e"], ["f"]]
    with pytest.raises(ValueError, match=r"max_sentence_length \(=0\) must be at least 1"):
        LineSentences(tmp_path / "corpus.txt", 0)


@pytest.mark.parametrize("limit", [1, 2, 3, 5, 99, None])
@pytest.mark.parametrize("most", [2, 10_000])
def test_as_many_lines_are_read_as_asked(tmp_path, limit, most):
    path = _file(tmp_path, TEXT)
    sentences = LineSentences(path, most, limit)
    gensim = pytest.importorskip("gensim.models.word2vec")
    assert list(sentences) == list(sentences) == list(gensim.LineSentence(str(path), most, limit))


def test_limits_that_mean_nothing_are_refused(tmp_path):
    for kind in (LineSentences, PathLineSentences):
        with pytest.raises(ValueError, match=r"LineSentences: limit \(=0\) must be at least 1"):
            kind(_file(tmp_path, TEXT), limit=0)
        with pytest.raises(TypeError, match=r"LineSentences: limit \(=1.5\) must be an integer"):
            kind(_file(tmp_path, TEXT), limit=1.5)


# -- the files of a folder ----------------------------------------------------------------------


def test_files_of_a_folder_are_read_in_their_order_as_by_gensim(tmp_path):
    _file(tmp_path, "third\nlast\n", "b.txt")
    _file(tmp_path, gzip.compress(b"second of many\nlines"), "a.txt.gz")
    _file(tmp_path, bz2.compress(b"first\n\n"), "Z.bz2")
    gensim = pytest.importorskip("gensim.models.word2vec")
    for most, limit in ((10_000, None), (2, 1)):
        sentences = PathLineSentences(tmp_path, most, limit)
        expected = list(gensim.PathLineSentences(str(tmp_path), most, limit))
        assert list(sentences) == list(sentences) == expected
    assert list(PathLineSentences(tmp_path))[:2] == [["first"], ["second", "of", "many"]]
    assert list(PathLineSentences(tmp_path / "b.txt")) == [["third"], ["last"]]


def test_hidden_files_of_a_folder_are_left_out(tmp_path):
    _file(tmp_path, "words", "a.txt")
    _file(tmp_path, b"\xff\xfe", ".DS_Store")
    assert list(PathLineSentences(tmp_path)) == [["words"]]


def test_folders_that_hold_no_files_are_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder without files"):
        PathLineSentences(tmp_path)
    with pytest.raises(FileNotFoundError, match="missing"):
        PathLineSentences(tmp_path / "missing")
    (tmp_path / "inner").mkdir()
    with pytest.raises(DataError, match="inner: is not a file that can be read more than once"):
        PathLineSentences(tmp_path)
    with pytest.raises(DataError, match="more than once; for the files in it: PathLineSentences"):
        LineSentences(tmp_path)


# -- damage -------------------------------------------------------------------------------------


def test_a_mark_of_the_byte_order_is_no_part_of_the_first_word(tmp_path):
    assert list(LineSentences(_file(tmp_path, "\ufeffone two\nthree"))) == [
        ["one", "two"],
        ["three"],
    ]


def test_a_file_of_one_line_takes_little_memory(tmp_path):
    path = _file(tmp_path, b"some words in a row " * 500_000)  # 10 MB
    tracemalloc.start()
    count = sum(map(len, LineSentences(path)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 2_500_000
    assert peak < 5e6


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"good\nb\xe4d line\n", r"corpus.txt: line 2 has the byte 0xe4, which is not UTF-8"),
        (b"good\nstops within \xe4\xbd", r"line 2 has the byte 0xe4, which is not UTF-8"),
        (b"x" * 70_000 + b" \xff\n", r"line 1 has the byte 0xff, which is not UTF-8"),
        ("text".encode("utf-16"), r"line 1 has the byte 0xff"),
        (b"x" * 2_000_000, "line 1 has a word of more than a million letters"),
        (gzip.compress(TEXT.encode(), mtime=0)[:-12], r"corpus.txt: is damaged, or cut short"),
        (bz2.compress(TEXT.encode())[:-12], r"corpus.txt: is damaged, or cut short"),
        (bz2.compress(TEXT.encode())[:20] + b"?" * 50, r"corpus.txt: is damaged, or cut short"),
        (
            gzip.compress(bytes(10_000), mtime=0)[:15] + b"??",
            r"corpus.txt: is damaged, or cut short",
        ),
    ],
)
def test_what_is_no_text_is_named_with_its_place(tmp_path, content, words):
    with pytest.raises(DataError, match=words):
        list(LineSentences(_file(tmp_path, content)))


def test_files_that_cannot_be_read_are_refused_at_once(tmp_path):
    with pytest.raises(FileNotFoundError, match="missing"):
        LineSentences(tmp_path / "missing")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", os.devnull):
        with pytest.raises(DataError, match="is not a file that can be read more than once"):
            LineSentences(path)


def test_python_reference_is_english():
    sentences = python_reference()
    assert 40_000 < sum(map(len, sentences)) < 120_000
    assert len(sentences) > 3_000
    assert all(sentences)
    words = [word for sentence in sentences for word in sentence]
    assert 2_000 < words.count("the") < 10_000
    assert all(word == word.lower() for word in words)
    assert python_reference() == sentences


def test_python_without_its_reference_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "pydoc_data.topics", None)
    with pytest.raises(DataError, match="this Python was installed without its module pydoc_data"):
        python_reference()
