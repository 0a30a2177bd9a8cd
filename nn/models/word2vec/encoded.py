"""A text as numbers of words, read once, and held in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from tempfile import SpooledTemporaryFile
from typing import Any

import numpy as np

from .vocabulary import refuse_text

#: About so many words are learned from at a time, at one learning rate, as gensim does.
CHUNK = 10_000

#: Bytes that are held in memory, 16 million words; what goes beyond is in a temporary file.
IN_MEMORY = 1 << 26


class Encoded:
    """The words of `sentences` that are in `index`, as their numbers, in chunks of whole sentences.

    Sentences of more than `CHUNK` words give several. `total`: how many words there are.
    `neighbours`: whether any sentence has two. `checksum`: of the numbers.

    Raises `TypeError` for a sentence that is a text.
    """

    def __init__(self, sentences: Iterable[Iterable[str]], index: dict[str, int]) -> None:
        self.total = self.checksum = 0
        self.neighbours = False
        self._sizes: list[tuple[int, int]] = []
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - closed with its last user
        held: list[list[str]] = []
        count = 0
        for part in _parts(sentences):
            if held and count + len(part) > CHUNK:
                self._add(held, index)
                held, count = [], 0
            held.append(part)
            count += len(part)
        self._add(held, index)

    def __len__(self) -> int:
        """The number of chunks."""
        return len(self._sizes)

    def chunks(self, first: int = 0) -> Iterator[tuple[Any, Any]]:
        """From the `first` on: the numbers of the words and, for each, that of its sentence."""
        self._file.seek(sum(4 * (words + sentences) for words, sentences in self._sizes[:first]))
        for words, sentences in self._sizes[first:]:
            place = self._file.tell()
            content = np.frombuffer(self._file.read(4 * (words + sentences)), np.int32)
            numbers, lengths = np.split(content, [words])
            yield numbers, np.repeat(np.arange(sentences), lengths)
            self._file.seek(place + content.nbytes)  # others may read between

    def _add(self, held: list[list[str]], index: dict[str, int]) -> None:
        numbers = np.fromiter(
            map(index.get, chain.from_iterable(held), repeat(-1)), np.int32, sum(map(len, held))
        )
        known = numbers >= 0
        ends = np.cumsum(np.fromiter(map(len, held), np.intp, len(held)))
        lengths = np.diff(np.append(0, np.cumsum(known))[ends], prepend=0).astype(np.int32)
        words = numbers[known]
        if len(words):
            self.total += len(words)
            self.neighbours |= int(lengths.max()) > 1
            self.checksum = zlib.crc32(words, self.checksum)
            self._sizes.append((len(words), len(lengths)))
            self._file.write(words.tobytes() + lengths.tobytes())


def _parts(sentences: Iterable[Iterable[str]]) -> Iterator[list[str]]:
    for number, sentence in enumerate(sentences):
        refuse_text(sentence, f"sentence {number} is")
        words = sentence if isinstance(sentence, list) else list(sentence)
        if len(words) <= CHUNK:
            yield words
        else:
            for first in range(0, len(words), CHUNK):
                yield words[first : first + CHUNK]
