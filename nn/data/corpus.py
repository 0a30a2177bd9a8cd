"""Texts to learn words from: files read as a stream, and one that comes with Python."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from ..sizes import check_sizes
from .files import DataError, opened

_PIECE = 1 << 16  # bytes of a line that are read together
_LONGEST = 1 << 20  # characters of a word; longer ones are not text


class LineSentences:
    r"""The sentences in a text file: each line a sentence, as a list of words.

    Words are separated by white space. The file is UTF-8, and may be compressed by gzip or bzip2
    (whatever its name). It is read again, as a stream, at each iteration. Long lines give several
    sentences, so memory depends neither on the file nor on its lines.

    Args:
        source: The path of the file.
        max_sentence_length: The most words in a sentence.
        limit: The most lines to read (None: all).

    Raises:
        OSError: The file cannot be opened.
        DataError: The file cannot be read again (a pipe); or, while reading, it has bytes that are
            not UTF-8, or is a damaged archive.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = pathlib.Path(folder, "text")
        ...     _ = path.write_text("the cat\nthe dog\n")
        ...     print(list(nn.data.LineSentences(path)))
        [['the', 'cat'], ['the', 'dog']]
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        max_sentence_length: int = 10_000,
        limit: int | None = None,
    ) -> None:
        check_sizes("LineSentences", max_sentence_length=max_sentence_length)
        if limit is not None:
            check_sizes("LineSentences", limit=limit)
        if Path(source).exists() and not Path(source).is_file():
            remedy = "; for the files in it: PathLineSentences" * Path(source).is_dir()
            raise DataError(f"{source}: is not a file that can be read more than once{remedy}")
        open(source, "rb").close()  # only now, because opening a pipe waits for a writer
        self.source = source
        self.max_sentence_length = max_sentence_length
        self.limit = limit

    def __iter__(self) -> Iterator[list[str]]:
        most = self.max_sentence_length
        sentence: list[str] = []
        for words, ends in self._pieces():
            sentence += words
            while len(sentence) > most or (ends and sentence):
                yield sentence[:most]
                sentence = sentence[most:]

    def _pieces(self) -> Iterator[tuple[list[str], bool]]:
        """Yield the words of each piece of a line, and whether the line ends with it."""
        number, rest = 1, ""
        decode = codecs.getincrementaldecoder("utf-8")().decode
        with opened(self.source) as file:
            while (not self.limit or number <= self.limit) and (piece := file.readline(_PIECE)):
                ends = piece.endswith(b"\n")
                text = rest + _decoded(decode, piece, ends, self.source, number)
                words = text.split()
                # A word at the end of a piece may continue in the next one.
                rest = words.pop() if not ends and words and not text[-1].isspace() else ""
                if len(rest) > _LONGEST:
                    raise DataError(
                        f"{self.source}: line {number} has a word of more than a million letters"
                    )
                yield words, ends
                number += ends
            _decoded(decode, b"", True, self.source, number)
            yield rest.split(), True


class PathLineSentences:
    r"""The sentences in all files of a folder, sorted by file name.

    Files whose names begin with a dot are left out.

    Args:
        source: The folder, or a single file.
        max_sentence_length: As in `LineSentences`.
        limit: The most lines to read of each file (None: all).

    Raises:
        DataError: The folder has no files, or contains another folder. For the rest see
            `LineSentences`.

    Example:
        >>> import pathlib, tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     for name in ("b", "a"):
        ...         _ = pathlib.Path(folder, name).write_text(f"file {name}\n")
        ...     print(list(nn.data.PathLineSentences(folder)))
        [['file', 'a'], ['file', 'b']]
    """

    def __init__(
        self,
        source: str | os.PathLike[str],
        max_sentence_length: int = 10_000,
        limit: int | None = None,
    ) -> None:
        folder = Path(source)
        paths = [folder]
        if folder.is_dir():
            paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
        if not paths:
            raise DataError(f"{source}: is a folder without files")
        self.files = [LineSentences(path, max_sentence_length, limit) for path in paths]

    def __iter__(self) -> Iterator[list[str]]:
        return chain.from_iterable(self.files)


def lines(path: str | os.PathLike[str], encoding: str = "UTF-8") -> Iterator[tuple[int, str]]:
    """Yield the lines of a text, which may be compressed, with their numbers from 1."""
    decode = codecs.getincrementaldecoder(encoding)().decode
    with opened(path) as file:
        for number, line in enumerate(file, 1):
            yield number, _decoded(decode, line, True, path, number, encoding)


def _decoded(
    decode: Any,
    content: bytes,
    final: bool,
    path: str | os.PathLike[str],
    number: int,
    encoding: str = "UTF-8",
) -> str:
    try:
        text: str = decode(content, final)
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise DataError(
            f"{path}: line {number} has the byte 0x{byte:02x}, which is not {encoding} there; "
            f"convert the file to UTF-8"
        ) from error
    return text.removeprefix("\ufeff") if number == 1 else text


# -- English ------------------------------------------------------------------------------------

_END = re.compile(r"[.:;!?](?=\s|$)|\n\s*\n|^\s*(?=\* )", re.MULTILINE)
_MARKUP = re.compile(r"^[*=~^\-]+$|^\s*(>>>|\.\.\.).*$|^.*::=.*$|^\s+[|].*$", re.MULTILINE)
_WORD = re.compile(r"[a-z_][a-z_0-9]+|\ba\b")

_COMMON = """
a about above after again all also always am an and another any are art as at be because
been before being below between both but by can cannot come could dare did do does doing done
down each either else ere even ever every few for from further get give given go had has hast
hath have having he her here him himself his how however i if in instead into is it its itself
just last let like made make makes many may me might mine more most much must my myself need
neither never no none nor not now o of off often on once one only onto or other others our out
over own per rather said same see shall she should since so some such than that the thee their
them themselves then there therefore these they thine this those thou though through thus thy
tis to too two under unless until up upon us use used uses using very was we well were what
when where whether which while who whom whose why will with within without would yet you your
yourself
"""

#: Words that are frequent in every English text, whatever its subject.
FUNCTION_WORDS = frozenset(_COMMON.split())


def python_reference() -> list[list[str]]:
    """Return the sentences of Python's own language reference, about 60,000 words of English.

    Each is a list of words in lower case, without code and markup. The text depends on the version
    of Python.

    Raises:
        DataError: Python was installed without it.

    Example:
        >>> len(nn.data.python_reference()) > 1000
        True
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise DataError(
            "python_reference: this Python was installed without its module pydoc_data; give a "
            "text of your own"
        ) from error
    sentences = []
    for name in sorted(topics):
        for sentence in _END.split(_MARKUP.sub("", topics[name]).lower()):
            if words := _WORD.findall(sentence):
                sentences.append(words)
    return sentences
