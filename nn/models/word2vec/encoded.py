"""A text as word numbers, read once and kept in a bounded amount of memory."""

from __future__ import annotations

import weakref
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NamedTuple

import numpy as np

from .vocabulary import refuse_text

#: The words that are trained on at a time, at one learning rate, about as many as in gensim.
CHUNK = 10_000

#: Bytes kept in memory, 4 million words; a larger text is in a temporary file.
IN_MEMORY = 1 << 24


class Chunks:
    """Chunks of a text in a file: `chunks[i]` is the number of each word, and that of its sentence.

    The file has the words, and then the length of each sentence, as int32.

    Attributes:
        places: For each chunk, its position in the file, and how many words and sentences it has.
    """

    def __init__(self, file: IO[bytes], places: list[tuple[int, int, int]]) -> None:
        self.file, self.places = file, places

    def __len__(self) -> int:
        return len(self.places)

    def __getitem__(self, i: int) -> tuple[Any, Any]:
        begin, words, sentences = self.places[i]
        self.file.seek(begin)
        content = np.frombuffer(self.file.read(4 * (words + sentences)), np.int32)
        numbers, lengths = np.split(content, [words])
        return numbers, np.repeat(np.arange(sentences), lengths)


class Encoded(NamedTuple):
    """A text as numbers.

    Attributes:
        chunks: Its parts.
        total: The number of its words.
        neighbours: Whether any sentence has two words.
        checksum: Of all the numbers.
    """

    chunks: Chunks
    total: int
    neighbours: bool
    checksum: int


def encode(sentences: Iterable[Iterable[str]], index: dict[str, int]) -> Encoded:
    """Convert the words of sentences to their numbers in `index`, and drop unknown words.

    A chunk has whole sentences; a sentence of more than `CHUNK` words is cut.

    Raises:
        TypeError: A sentence is a plain str, or not a list of words.
        OSError: The temporary folder is full.
    """
    file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed by the next line but one
    chunks = Chunks(file, [])
    weakref.finalize(chunks, file.close)
    neighbours, checksum = False, 0
    for held in _batches(sentences):
        size = sum(map(len, held))
        found = map(index.get, chain.from_iterable(held), repeat(-1))
        try:
            numbers = np.fromiter(found, np.int32, size)
        except TypeError as error:
            raise TypeError(
                f"a sentence has something other than words ({error}): a corpus is a list of "
                f"sentences, a sentence a list of words"
            ) from error
        known = numbers >= 0
        words = numbers[known]
        if len(words):
            ends = np.cumsum([len(sentence) for sentence in held])
            lengths = np.diff(np.append(0, np.cumsum(known))[ends], prepend=0)
            neighbours = neighbours or bool(lengths.max() > 1)
            content = np.concatenate([words, lengths.astype(np.int32)]).tobytes()
            checksum = zlib.crc32(content, checksum)
            chunks.places.append((file.tell(), len(words), len(lengths)))
            try:
                file.write(content)
            except OSError as error:
                raise OSError(
                    f"a text of more than {IN_MEMORY // 4:,} words is held in the temporary folder:"
                    f" {error}; set TMPDIR to a folder with more room"
                ) from error
    total = sum(words for _, words, _ in chunks.places)
    return Encoded(chunks, total, neighbours, checksum)


def _batches(sentences: Iterable[Iterable[str]]) -> Iterator[list[list[str]]]:
    held: list[list[str]] = []
    count = 0
    for number, sentence in enumerate(sentences):
        words = sentence if isinstance(sentence, list) else _words(sentence, number)
        for first in range(0, len(words), CHUNK):
            part = words if len(words) <= CHUNK else words[first : first + CHUNK]
            if count + len(part) > CHUNK:
                yield held
                held, count = [], 0
            held.append(part)
            count += len(part)
    if held:
        yield held


def _words(sentence: Any, number: int) -> list[str]:
    refuse_text(sentence, f"sentence {number} is")
    if not isinstance(sentence, Iterable):
        raise TypeError(f"sentence {number} (={sentence!r:.60}) is not a list of words")
    return list(sentence)
