"""The predictions of a trained `Word2Vec`: words in a context, likelihoods of sentences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ...sizes import check_sizes
from .lookup import UnknownWordError
from .parameters import Parameters
from .vocabulary import refuse_text


class Predictions(Parameters):
    """The methods of `Word2Vec` that predict."""

    def predict_output_word(
        self, context_words_list: Iterable[str], topn: int = 10
    ) -> list[tuple[str, float]]:
        """Return the most likely words in a context, with their probabilities, likeliest first.

        The context's own words may be among them.

        Args:
            context_words_list: Words, or their numbers; unknown ones are ignored.
            topn: The number of answers.

        Raises:
            UnknownWordError: No word is known.
            ValueError: The model has `negative=0`.

        Example:
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(text, vector_size=4, min_count=1, sample=0, progress=False)
            >>> len(model.predict_output_word(["the", "sat"], topn=2))
            2
        """
        refuse_text(context_words_list, "predict_output_word: context_words_list is")
        check_sizes("predict_output_word", topn=topn)
        if not self.negative:
            raise ValueError(
                "predict_output_word: needs a model with negative words, and this one has "
                "negative=0; train one with negative=5"
            )
        tables = self.tables("predict_output_word")
        context = list(context_words_list)
        numbers = [self.wv.get_index(word) for word in context if word in self.wv]
        if not numbers:
            raise UnknownWordError(f"predict_output_word: no word of {context!r:.60} has a vector")
        hidden = tables["vectors"][numbers].sum(axis=0)
        if self.cbow_mean:
            hidden /= len(numbers)
        scores = tables["syn1neg"] @ hidden
        shares = np.exp(scores - scores.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")[:topn]
        return [(self.vocabulary.words[i], float(shares[i])) for i in order]

    def score(self, sentences: Iterable[Iterable[str]], total_sentences: int | None = None) -> Any:
        """Return the log-likelihood of each sentence (float64), summed over its pairs.

        Pairs are as in training, with the full `window`: with `sg`, each centre given each word
        near it, and otherwise each centre given all of them. Unknown words are ignored.

        Args:
            sentences: Lists of words.
            total_sentences: Score only this many.

        Raises:
            ValueError: The model has `hs=0`, and negative sampling gives no probabilities.

        Example:
            >>> text = [["the", "cat", "sat"], ["the", "dog", "sat"]] * 10
            >>> model = nn.Word2Vec(vector_size=4, min_count=1, sample=0, hs=1)
            >>> model.build_vocab(text)
            >>> model.score([["the", "cat"]]).round(2)
            array([-2.77])
        """
        refuse_text(sentences, "score: sentences is")
        if total_sentences is not None:
            check_sizes("score", total_sentences=total_sentences)
        if not self.hs:
            raise ValueError("score: needs a model with hs=1, and this one has hs=0")
        tables = self.tables("score")
        nodes = tables["syn1"]
        depths, points, codes = self.vocabulary.huffman()
        begins = np.cumsum(depths) - depths
        scores = []
        for sentence in islice(sentences, total_sentences):
            words = self.vocabulary.encode(sentence)
            total = 0.0
            for centres, predictors in self._predictors(tables["vectors"][words]):
                # One entry for each node on the path to each centre.
                depth = depths[words[centres]]
                of = np.repeat(np.arange(len(centres)), depth)
                first = begins[words[centres]] - np.cumsum(depth) + depth
                way = first[of] + np.arange(len(of))
                score = np.vecdot(nodes[points[way]], predictors[of])
                total -= float(np.logaddexp(0, np.where(codes[way], score, -score)).sum())
            scores.append(total)
        return np.array(scores)

    def _predictors(self, inputs: Any) -> Iterator[tuple[Any, Any]]:
        """Yield positions in a sentence, and the vectors that predict each, part by part."""
        n = len(inputs)
        sums, counts = np.zeros_like(inputs), np.zeros((n, 1), inputs.dtype)
        for offset in range(-min(self.window, n), min(self.window, n) + 1):
            centres = np.arange(max(-offset, 0), min(n - offset, n))
            if not offset:
                continue
            if self.sg:
                yield centres, inputs[centres + offset]
            else:
                sums[centres] += inputs[centres + offset]
                counts[centres] += 1
        if not self.sg:
            centres = np.flatnonzero(counts)
            yield centres, (sums / np.maximum(counts, 1) if self.cbow_mean else sums)[centres]
