"""Vectors of words."""

from __future__ import annotations

from typing import Any


class KeyedVectors:
    """Words with their vectors and counts."""

    def __init__(self, words: list[str], vectors: Any, counts: Any) -> None:
        self.words = words
        self.vectors = vectors
        self.counts = counts
