"""The words of a corpus with their counts, and what training samples from."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np


class Vocabulary:
    """The words of a corpus, the most frequent first; ties by first appearance.

    `words`: list of str. `counts`: int64. `index`: word to its number. `total`: sum of the counts.
    """

    def __init__(self, words: list[str], counts: Any) -> None:
        self.words = words
        self.counts = np.asarray(counts, np.int64)
        self.index = {word: i for i, word in enumerate(words)}
        self.total = int(self.counts.sum())

    def __len__(self) -> int:
        return len(self.words)

    @classmethod
    def build(
        cls,
        sentences: Iterable[Iterable[str]],
        min_count: int = 5,
        max_final_vocab: int | None = None,
    ) -> Vocabulary:
        """Count the words of `sentences`, and keep those with `min_count` or more."""
        counter: Counter[str] = Counter()
        for sentence in sentences:
            counter.update(sentence)
        kept = [(w, c) for w, c in counter.most_common(max_final_vocab) if c >= min_count]
        if not kept:
            raise ValueError(f"Vocabulary: no word occurs min_count (={min_count}) times")
        return cls([w for w, _ in kept], [c for _, c in kept])

    def encode(self, sentence: Iterable[str]) -> Any:
        """The numbers of the words (int32); unknown words are dropped."""
        index = self.index
        return np.array([index[w] for w in sentence if w in index], np.int32)

    def keep_probabilities(self, sample: float) -> Any:
        """How likely each word is kept by the subsampling of frequent words."""
        if sample == 0:
            return np.ones(len(self.words))
        ratio = sample * self.total / self.counts
        return np.minimum(np.sqrt(ratio) + ratio, 1)

    def noise(self, ns_exponent: float) -> Any:
        """The cumulative distribution of the negative samples."""
        cumulative = np.cumsum(self.counts.astype(float) ** ns_exponent)
        return cumulative / cumulative[-1]

    def huffman(self) -> tuple[list[Any], list[Any]]:
        """For each word its inner nodes from the root down, and the turns taken at them."""
        n = len(self.words)
        heap = [(int(c), i) for i, c in enumerate(self.counts)]
        heapq.heapify(heap)
        children: list[tuple[int, int]] = []
        while len(heap) > 1:
            (c, i), (d, j) = heapq.heappop(heap), heapq.heappop(heap)
            heapq.heappush(heap, (c + d, n + len(children)))
            children.append((i, j))
        points: list[Any] = [None] * n
        codes: list[Any] = [None] * n
        stack: list[tuple[int, list[int], list[bool]]] = [(heap[0][1], [], [])]
        while stack:
            node, path, turns = stack.pop()
            if node < n:
                points[node] = np.array(path, np.int32)
                codes[node] = np.array(turns, bool)
                continue
            left, right = children[node - n]
            stack.append((left, [*path, node - n], [*turns, False]))
            stack.append((right, [*path, node - n], [*turns, True]))
        return points, codes
