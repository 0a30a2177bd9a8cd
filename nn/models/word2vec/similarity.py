"""Similarities of words: the cosines of their vectors, and the nearest words."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from autograd import ShapeError
from autograd.typing import ArrayLike

from ...sizes import check_sizes
from .lookup import Key, Query, UnknownWordError, WordVectors, as_list, is_key, lengths, unit

_SCORED = 2048  # vectors at a time: few enough to stay in the cache between their two uses


class Similarities(WordVectors):
    """Word vectors with similarities; the base of `KeyedVectors`."""

    # -- nearest words --------------------------------------------------------------------------

    def most_similar(
        self,
        positive: Query = (),
        negative: Query = (),
        topn: int | None = 10,
        clip_start: int = 0,
        clip_end: int | None = None,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return the words nearest to the mean of some words, with their cosines, nearest first.

        Words, but not vectors, are first scaled to length 1. The given words are not among the
        answers. `most_similar(["king", "woman"], ["man"])` asks: man is to king as woman is to
        what?

        Args:
            positive: A word or vector, or a list of them. A list may hold tuples such as
                `("king", 0.8)`, with a weight.
            negative: The same, to be subtracted; weights must be negative.
            topn: The number of answers.
            clip_start: The number of the first word to search.
            clip_end: The number after the last word to search.
            restrict_vocab: Search only so many words, from the first.

        Returns:
            Pairs of word and cosine; with `topn=None`, an array of the cosines with all words
            searched.

        Raises:
            ValueError: Nothing is given, or the sum is zero or not finite.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.most_similar("king", topn=1)
            [('queen', 0.8)]
        """
        keys, weights = _weighted(positive, negative)
        mean: Any = self.get_mean_vector(keys, weights, ignore_missing=False) if keys else None
        if mean is None or not mean.any() or not np.isfinite(mean).all():
            raise ValueError(
                "most_similar: got nothing to look for: no words or vectors, or some that add up "
                "to zero, or have numbers that are not finite"
            )
        if restrict_vocab is not None:
            check_sizes("most_similar", restrict_vocab=restrict_vocab)
            clip_start, clip_end = 0, restrict_vocab
        check_sizes("most_similar", least=0, clip_start=clip_start)
        if clip_end is not None:
            check_sizes("most_similar", least=0, clip_end=clip_end)
        return self._nearest(self._cosines(mean, clip_start, clip_end), topn, keys, clip_start)

    def similar_by_word(
        self, word: Key, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return `most_similar` for one word.

        Args:
            word: A word, or its number.
            topn: As in `most_similar`.
            restrict_vocab: As in `most_similar`.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.similar_by_word("king", topn=1)
            [('queen', 0.8)]
        """
        return self.most_similar([word], topn=topn, restrict_vocab=restrict_vocab)

    similar_by_key = similar_by_word

    def similar_by_vector(
        self, vector: ArrayLike, topn: int | None = 10, restrict_vocab: int | None = None
    ) -> Any:
        """Return `most_similar` for one vector.

        Args:
            vector: `(vector_size,)`.
            topn: As in `most_similar`.
            restrict_vocab: As in `most_similar`.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.similar_by_vector(np.array([0.0, 2.0]), topn=1)
            [('apple', 1.0)]
        """
        return self.most_similar([self._vector(vector)], topn=topn, restrict_vocab=restrict_vocab)

    def most_similar_cosmul(
        self,
        positive: Query = (),
        negative: Query = (),
        topn: int | None = 10,
        restrict_vocab: int | None = None,
    ) -> Any:
        """Return `most_similar` with similarities that are multiplied, not added.

        The score of a word is the product of its similarities to `positive`, divided by the product
        of those to `negative`, each mapped from -1..1 to 0..1. So no single large similarity
        outweighs the others. Source: Levy and Goldberg 2014, equation 4.

        Args:
            positive: As in `most_similar`, without weights.
            negative: As in `most_similar`, without weights.
            topn: As in `most_similar`.
            restrict_vocab: As in `most_similar`.

        Raises:
            ValueError: `positive` is empty.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.most_similar_cosmul(["king"], ["apple"], topn=1)[0][0]
            'queen'
        """
        positive, negative = as_list(positive), as_list(negative)
        if not positive:
            raise ValueError("most_similar_cosmul: positive is empty; give at least one word")
        if restrict_vocab is not None:
            check_sizes("most_similar_cosmul", restrict_vocab=restrict_vocab)
        above, below = (
            np.prod(
                [(1 + self._cosines(self._one(item), 0, restrict_vocab)) / 2 for item in items],
                axis=0,
            )
            for items in (positive, negative)
        )
        return self._nearest(above / (below + 1e-6), topn, positive + negative)

    def most_similar_to_given(self, key1: Key, keys_list: Iterable[Key]) -> Key:
        """Return the word of `keys_list` that is nearest to `key1`.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.most_similar_to_given("king", ["queen", "apple"])
            'queen'
        """
        keys: list[Key] = as_list(keys_list)
        return keys[int(self._cosines_of(self._numbers(keys), self._one(key1)).argmax())]

    def closer_than(self, key1: Key, key2: Key) -> list[str]:
        """Return the words that are nearer to `key1` than `key2` is.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.closer_than("king", "apple")
            ['queen']
        """
        far = self.distances(key1)
        near = np.flatnonzero(far < far[self.get_index(key2)])
        return [self.index_to_key[i] for i in near if i != self.get_index(key1)]

    def rank(self, key1: Key, key2: Key) -> int:
        """Return the rank of `key2` among the words near `key1`: 1 for the nearest.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.rank("king", "apple")
            2
        """
        return len(self.closer_than(key1, key2)) + 1

    # -- similarities ---------------------------------------------------------------------------

    def similarity(self, w1: Key, w2: Key) -> float:
        """Return the cosine of two words' vectors, -1 to 1.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.similarity("king", "queen")
            0.8
        """
        one, other = (self.get_vector(word).astype(float) for word in (w1, w2))
        scale = math.sqrt((one @ one) * (other @ other))  # exactly 1 for a word with itself
        return float(one @ other) / scale if scale else 0.0

    def distance(self, w1: Key, w2: Key) -> float:
        """Return 1 minus the similarity of two words, 0 to 2.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.distance("king", "apple")
            1.0
        """
        return 1 - self.similarity(w1, w2)

    def distances(self, word_or_vector: Key | ArrayLike, other_words: Iterable[Key] = ()) -> Any:
        """Return the distances from a word or vector to other words.

        Args:
            word_or_vector: A word, its number, or a vector.
            other_words: Words; if empty, all of them.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.distances("king", ["king", "apple"])
            array([0., 1.])
        """
        vector, others = self._one(word_or_vector), as_list(other_words)
        return 1 - (
            self._cosines_of(self._numbers(others), vector) if others else self._cosines(vector)
        )

    def n_similarity(self, ws1: Iterable[Key], ws2: Iterable[Key]) -> float:
        """Return the cosine of the mean vectors of two lists of words.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> round(wv.n_similarity(["king", "queen"], ["apple"]), 3)
            0.316
        """
        one, other = (
            self.vectors[self._numbers(as_list(words))].mean(axis=0) for words in (ws1, ws2)
        )
        return float(unit(one) @ unit(other))

    def relative_cosine_similarity(self, wa: Key, wb: Key, topn: int = 10) -> float:
        """Return a similarity, divided by the sum of those of `wa` with its `topn` nearest words.

        For synonyms it is usually larger than 1 / `topn`. Source: Leeuwenberg et al. 2016.

        Raises:
            ValueError: That sum is zero.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.relative_cosine_similarity("king", "queen", topn=2)
            1.0
        """
        check_sizes("relative_cosine_similarity", topn=topn)
        total: float = sum(cosine for _, cosine in self.similar_by_word(wa, topn))
        if not total:
            raise ValueError(f"relative_cosine_similarity: no other word is like {wa!r}")
        return self.similarity(wa, wb) / total

    def rank_by_centrality(
        self, words: Iterable[Key], use_norm: bool = True
    ) -> list[tuple[float, str]]:
        """Return words with their similarities to the mean of all of them, the most similar first.

        Args:
            words: The words.
            use_norm: Scale the vectors to length 1 first.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> [word for _, word in wv.rank_by_centrality(["king", "queen", "apple"])]
            ['queen', 'king', 'apple']
        """
        numbers = self._numbers(as_list(words))
        vectors = unit(self.vectors[numbers]) if use_norm else self.vectors[numbers]
        near = vectors @ unit(vectors.mean(axis=0))
        return sorted(
            zip(near.tolist(), [self.index_to_key[i] for i in numbers], strict=True), reverse=True
        )

    def doesnt_match(self, words: Iterable[Key]) -> str:
        """Return the word that is least similar to the mean of all of them.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.doesnt_match(["king", "queen", "apple"])
            'apple'
        """
        return self.rank_by_centrality(words)[-1][1]

    def get_mean_vector(
        self,
        keys: Query,
        weights: ArrayLike | None = None,
        pre_normalize: bool = True,
        post_normalize: bool = False,
        ignore_missing: bool = True,
    ) -> Any:
        """Return the weighted mean of words and vectors.

        It is their weighted sum, divided by the sum of the absolute weights.

        Args:
            keys: Words, numbers of words, or vectors.
            weights: One number for each (default: 1).
            pre_normalize: Scale words (not vectors) to length 1 first.
            post_normalize: Scale the mean to length 1.
            ignore_missing: Ignore unknown words.

        Raises:
            ValueError: `keys` is empty.
            ShapeError: There are not as many weights as keys.
            UnknownWordError: No word is known, or any is unknown without `ignore_missing`.

        Example:
            >>> table = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
            >>> wv = nn.KeyedVectors(["king", "queen", "apple"], table)
            >>> wv.get_mean_vector(["king", "apple"])
            array([0.5, 0.5])
        """
        keys = as_list(keys)
        if not keys:
            raise ValueError("get_mean_vector: got an empty list of words")
        weights = np.ones(len(keys)) if weights is None else np.asarray(weights, float)
        if weights.shape != (len(keys),):
            raise ShapeError(
                f"get_mean_vector: {len(keys)} words need as many weights, not an array of shape "
                f"{weights.shape}"
            )
        total = np.zeros(self.vector_size, self.vectors.dtype)
        known = [not (ignore_missing and isinstance(key, str) and key not in self) for key in keys]
        if not any(known):
            raise UnknownWordError(f"get_mean_vector: none of the words {keys!r:.60} has a vector")
        for i in np.flatnonzero(known):
            total += weights[i] * self._one(keys[i], norm=pre_normalize)
        total /= np.abs(weights[known]).sum() or 1
        return unit(total) if post_normalize else total

    # -- cosines --------------------------------------------------------------------------------

    def _cosines(self, vector: Any, first: int = 0, end: int | None = None) -> Any:
        """Return the cosines of a vector with words `first` to `end`."""
        vectors, direction = self.vectors[first:end], unit(vector)
        cosines = np.empty(len(vectors), np.result_type(vectors, direction))
        for start in range(0, len(vectors), _SCORED):
            part = vectors[start : start + _SCORED]
            cosines[start : start + _SCORED] = part @ direction / lengths(part)
        return cosines

    def _cosines_of(self, numbers: list[int], vector: Any) -> Any:
        return unit(self.vectors[numbers]) @ unit(vector)

    def _nearest(self, scores: Any, topn: int | None, keys: list[Any], first: int = 0) -> Any:
        """Return the words with the largest scores, without `keys`; the scores begin at `first`."""
        if topn is None:
            return scores
        check_sizes("most_similar", least=0, topn=topn)
        numbers = {self.get_index(key) for key in keys if is_key(key)}
        given = [i - first for i in numbers if first <= i < first + len(scores)]
        topn = min(int(topn), len(scores) - len(given))
        if topn < 1:
            return []
        far = -scores
        far[given] = np.inf
        near = np.flatnonzero(~(far > np.partition(far, topn - 1)[topn - 1]))  # NaN is farthest
        near = np.setdiff1d(near, given, assume_unique=True)
        near = near[np.argsort(far[near], kind="stable")[:topn]]
        return [(self.index_to_key[first + i], float(scores[i])) for i in near]

    def _one(self, item: Any, norm: bool = False) -> Any:
        """Return the vector of a word, or a vector as it is."""
        if is_key(item):
            return self.get_vector(item, norm)
        return self._vector(item)

    def _vector(self, value: Any) -> Any:
        vector = np.asarray(value)
        if vector.shape != (self.vector_size,) or vector.dtype.kind not in "fiu":
            raise ShapeError(
                f"KeyedVectors: {value!r:.60} is neither a word nor a vector of "
                f"{self.vector_size} numbers"
            )
        return vector if vector.dtype.kind == "f" else vector.astype(float)


def _weighted(positive: Any, negative: Any) -> tuple[list[Any], list[float]]:
    """All keys, and their weights."""
    keys: list[Any] = []
    weights: list[float] = []
    for sign, items in ((1.0, as_list(positive)), (-1.0, as_list(negative))):
        for item in items:
            key, weight = item if isinstance(item, tuple) and len(item) == 2 else (item, sign)
            if not isinstance(weight, int | float | np.number) or not math.isfinite(weight):
                raise ValueError(
                    f"most_similar: the weight of {key!r:.60} (={weight!r:.60}) must be a finite "
                    f"number"
                )
            if weight > 0 > sign:
                raise ValueError(
                    f"most_similar: the weight of {key!r:.60} in negative is {weight}, which would "
                    f"add it; write {-weight} to subtract it"
                )
            keys.append(key)
            weights.append(float(weight))
    return keys, weights
