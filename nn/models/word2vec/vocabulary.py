"""The words of a corpus with their counts, and the probabilities derived from them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

import numpy as np

from autograd.typing import ArrayLike

#: The answers of a `trim_rule`: let `min_count` decide, drop the word, or keep it.
RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = 0, 1, 2

TrimRule = Callable[[str, int, int], int]  #: from a word, its count, and `min_count`


class Vocabulary:
    """The words of a corpus, the most frequent first, with equal counts in order of appearance.

    (With `sorted_vocab=0`, all words are in order of appearance. Words added later are at the end.)

    Args:
        words: The words.
        counts: An integer of at least 1 for each word.

    Attributes:
        words: List of str.
        counts: int64, one for each word.
        index: Dict from words to their numbers.
        total: The sum of the counts.

    Raises:
        ValueError: A count is below 1, or there are not as many counts as words.

    Example:
        >>> vocabulary = nn.models.Vocabulary(["the", "cat"], [5, 2])
        >>> vocabulary.index["cat"], vocabulary.total
        (1, 7)
    """

    def __init__(self, words: Sequence[str], counts: ArrayLike) -> None:
        self.words = list(words)
        self.counts = np.asarray(counts, np.int64)
        self.index = {word: i for i, word in enumerate(self.words)}
        self.total = int(self.counts.sum())
        if self.counts.shape != (len(self.words),) or self.counts.min(initial=1) < 1:
            raise ValueError(
                f"Vocabulary: {len(self.words)} words need as many counts of at least 1; got "
                f"{counts!r:.60}"
            )

    @classmethod
    def build(
        cls,
        sentences: Iterable[Iterable[str]],
        min_count: int = 5,
        max_final_vocab: int | None = None,
    ) -> Vocabulary:
        """Count the words of `sentences` in one pass, and keep the frequent ones.

        Args:
            sentences: Lists of words.
            min_count: The least count of a word to keep.
            max_final_vocab: The most words to keep; words with equal counts stay or go together.

        Raises:
            TypeError: A sentence is not a list of words.
            ValueError: No word is left.

        Example:
            >>> text = [["the", "cat"], ["the", "dog"]]
            >>> nn.models.Vocabulary.build(text, min_count=2).words
            ['the']
        """
        return cls.from_counts(count_words(sentences).counts, min_count, max_final_vocab)

    @classmethod
    def from_counts(
        cls,
        counts: Mapping[str, int],
        min_count: int = 5,
        max_final_vocab: int | None = None,
        *,
        sorted_vocab: bool | int = True,
        trim_rule: TrimRule | None = None,
        known: Vocabulary | None = None,
    ) -> Vocabulary:
        """Make a vocabulary of the frequent words among those counted.

        Args:
            counts: The count of each word.
            min_count: The least count of a word to keep.
            max_final_vocab: The most words to keep; as in gensim, words with equal counts stay or
                go together.
            sorted_vocab: Put the most frequent first; otherwise keep the order.
            trim_rule: Called as `trim_rule(word, count, min_count)`; overrules the counts by
                returning `RULE_DISCARD` or `RULE_KEEP`.
            known: A vocabulary whose words all stay, in front, and whose counts are added.

        Raises:
            TypeError: A word is not a str, a count is not an integer, or `trim_rule` returns
                something else.
            ValueError: A count is below 1, or no word is left.

        Example:
            >>> nn.models.Vocabulary.from_counts({"cat": 2, "the": 5, "a": 1}, min_count=2).words
            ['the', 'cat']
        """
        if max_final_vocab is not None and max_final_vocab < 1:
            raise ValueError(f"Vocabulary: max_final_vocab (={max_final_vocab}) must be at least 1")
        _check_counts(counts)
        if not counts:
            raise ValueError("Vocabulary: the corpus is empty: it has no words")
        ordered = sorted(counts.items(), key=itemgetter(1), reverse=True)
        least = min_count
        if max_final_vocab is not None and max_final_vocab < len(ordered):
            least = max(least, ordered[max_final_vocab][1] + 1)
        kept = {
            word: count
            for word, count in (ordered if sorted_vocab else counts.items())
            if _stays(word, count, least, trim_rule)
        }
        if known is not None:
            added = {word: count for word, count in kept.items() if word not in known.index}
            now = zip(known.words, known.counts.tolist(), strict=True)
            kept = {word: count + counts.get(word, 0) for word, count in now} | added
        if not kept:
            raise ValueError(f"Vocabulary: {_why_none(ordered[0], min_count, least)}")
        return cls(list(kept), list(kept.values()))

    def __len__(self) -> int:
        return len(self.words)

    def __repr__(self) -> str:
        return f"Vocabulary({len(self):,} words, {self.total:,} in the corpus)"

    def encode(self, sentence: Iterable[str]) -> Any:
        """Return the numbers of the words (int32), without unknown words.

        Args:
            sentence: A list of words.

        Raises:
            TypeError: The sentence is a plain str.

        Example:
            >>> nn.models.Vocabulary(["the", "cat"], [5, 2]).encode(["a", "cat"])
            array([1], dtype=int32)
        """
        refuse_text(sentence)
        numbers = np.fromiter(map(self.index.get, sentence, repeat(-1)), np.int32)
        return numbers[numbers >= 0]

    def keep_probabilities(self, sample: float) -> Any:
        """Return the probability (float64) of keeping each word as frequent words are thinned out.

        For a word's count c, and t = `sample` times all counts, it is (sqrt(c / t) + 1) t / c, at
        most 1. Source: word2vec.c; the formula in Mikolov et al. 2013 (arXiv:1310.4546) is a
        different one.

        Args:
            sample: The share of the text above which words are thinned out. As in gensim, 0 keeps
                everything, and 1 or more is a count instead of a share.

        Raises:
            ValueError: `sample` is negative or not finite.

        Example:
            >>> nn.models.Vocabulary(["the", "cat"], [90, 10]).keep_probabilities(0.1).round(2)
            array([0.44, 1.  ])
        """
        if not 0 <= sample < math.inf:
            raise ValueError(f"keep_probabilities: sample (={sample}) must be 0 or positive")
        if sample == 0:
            return np.ones(len(self))
        threshold = sample * self.total if sample < 1 else int(sample * (3 + math.sqrt(5)) / 2)
        ratios = self.counts / threshold
        return np.minimum((np.sqrt(ratios) + 1) / ratios, 1)

    def noise(self, ns_exponent: float) -> Any:
        """Return the cumulative distribution (float64) of words by count^ns_exponent.

        `np.searchsorted(noise, generator.random(shape), side="right")` draws word numbers.

        Args:
            ns_exponent: The exponent; 0 draws all words equally often.

        Raises:
            ValueError: `ns_exponent` is not finite.

        Example:
            >>> nn.models.Vocabulary(["the", "cat"], [3, 1]).noise(1.0)
            array([0.75, 1.  ])
        """
        if not math.isfinite(ns_exponent):
            raise ValueError(f"noise: ns_exponent (={ns_exponent}) must be finite")
        logarithms = ns_exponent * np.log(self.counts)
        cumulative = np.cumsum(np.exp(logarithms - logarithms.max()))
        return cumulative / cumulative[-1]

    def huffman(self) -> tuple[Any, Any, Any]:
        """Return the path to each word in the Huffman tree.

        No other code has a smaller mean length for these counts. A lone word has an empty code.

        Returns:
            `depths`, the number of inner nodes on the path to each word; `points`, their numbers
            (int32, 0 to the number of words - 2), from the root down, for one word after another;
            and `codes`, the turn at each (bool).

        Example:
            >>> nn.models.Vocabulary(["the", "a", "cat"], [5, 2, 1]).huffman()[0]
            array([1, 2, 2])
        """
        count, root = len(self), 2 * len(self) - 2
        # Repeatedly join the two rarest nodes: words, or nodes that were joined before. Both lists
        # are in order, so the rarest node is the first of either; on a tie, the word.
        ascending = np.argsort(self.counts, kind="stable")
        words, counts = ascending.tolist(), self.counts[ascending].tolist()
        sums: list[int] = []
        taken: list[int] = []
        leaf = inner = 0
        for made in range(count - 1):
            total = 0
            for _ in range(2):
                if leaf < count and (inner == made or counts[leaf] <= sums[inner]):
                    taken.append(words[leaf])
                    total += counts[leaf]
                    leaf += 1
                else:
                    taken.append(count + inner)
                    total += sums[inner]
                    inner += 1
            sums.append(total)
        parents, turns = np.zeros(root + 1, np.int32), np.zeros(root + 1, bool)
        parents[taken] = np.arange(root) // 2
        turns[taken] = np.arange(root) % 2
        # Climb from all words at once, and write each path from its end.
        word: Any = np.arange(count)
        node = word
        depths = np.zeros(count, np.intp)
        climbed = []
        while (below := node < root).any():
            word, node = word[below], node[below]
            climbed.append((word, node))
            depths[word] += 1
            node = count + parents[node]
        ends = np.cumsum(depths)
        points, codes = np.empty(ends[-1], np.int32), np.empty(ends[-1], bool)
        for step, (word, node) in enumerate(climbed, 1):
            places = ends[word] - step
            points[places], codes[places] = parents[node], turns[node]
        return depths, points, codes


class Counted(NamedTuple):
    """The counts of a text: of each word, of its sentences, and of all its words."""

    counts: dict[str, int]
    sentences: int
    total: int


def count_words(
    sentences: Iterable[Iterable[str]],
    max_vocab_size: int | None = None,
    trim_rule: TrimRule | None = None,
) -> Counted:
    """Count the words of `sentences` in one pass.

    Args:
        sentences: Lists of words.
        max_vocab_size: Whenever there are more distinct words, the rarest are forgotten, as in
            gensim: first those with a count below 1, then those below 2, and so on.
        trim_rule: Called as in `Vocabulary.from_counts`; may keep words from being forgotten.

    Raises:
        TypeError: A sentence is not a list of words.
    """
    refuse_text(sentences, "sentences is")
    counter: Counter[str] = Counter()
    number, forgotten, least = -1, 0, 1
    for number, sentence in enumerate(sentences):
        refuse_text(sentence, f"sentence {number} is")
        try:
            counter.update(iter(sentence))  # of a mapping, the keys
        except TypeError as error:
            raise TypeError(
                f"sentence {number} (={sentence!r:.60}) is not a list of words ({error})"
            ) from error
        if max_vocab_size and len(counter) > max_vocab_size:
            before = counter.total()
            stay = {w: n for w, n in counter.items() if _stays(w, n, least, trim_rule)}
            counter = Counter(stay)
            forgotten += before - counter.total()
            least += 1
    return Counted(counter, number + 1, counter.total() + forgotten)


def _check_counts(counts: Mapping[str, int]) -> None:
    for word, count in counts.items():
        if not isinstance(word, str):
            raise TypeError(
                f"the corpus has the word {word!r:.60} ({type(word).__name__}); words must be str"
            )
        if not isinstance(count, int | np.integer) or isinstance(count, bool):
            raise TypeError(f"the count of {word!r:.60} (={count!r}) must be an integer")
        if count < 1:
            raise ValueError(f"the count of {word!r:.60} (={count}) must be at least 1")


def _stays(word: str, count: int, least: int, trim_rule: TrimRule | None) -> bool:
    if trim_rule is None:
        return count >= least
    answer = trim_rule(word, count, least)
    # True would count as RULE_DISCARD, though it is probably meant to keep the word.
    if isinstance(answer, bool) or answer not in (RULE_DEFAULT, RULE_DISCARD, RULE_KEEP):
        raise TypeError(
            f"trim_rule: returned {answer!r:.60} for the word {word!r:.60}; it must return "
            f"RULE_DEFAULT (0, min_count decides), RULE_DISCARD (1) or RULE_KEEP (2)"
        )
    return count >= least if answer == RULE_DEFAULT else answer == RULE_KEEP


def _why_none(first: tuple[str, int], min_count: int, least: int) -> str:
    word, count = first
    if count < min_count:
        return (
            f"min_count (={min_count}) leaves no words: the most frequent one, {word!r:.60}, has a "
            f"count of {count}"
        )
    if count < least:
        return (
            f"max_final_vocab leaves no words: more words than it allows have the largest count, "
            f"{count}, and equal counts stay or go together; give a larger one"
        )
    return "trim_rule leaves no words: it discards them all"


def refuse_text(value: object, what: str = "a sentence is") -> None:
    """Raise `TypeError` for a str or bytes."""
    if isinstance(value, str | bytes):
        raise TypeError(
            f"{what} the plain text {value!r:.60}, not a list: a corpus is a list of sentences, "
            f"and a sentence is a list of words, such as text.split(); to read a file, use "
            f"nn.data.LineSentences(path)"
        )
