"""word2vec: vectors of words, learned from which words stand near which.

The reading order: `full_softmax.py` (from first principles), `vocabulary.py`, `encoded.py` (a text
as numbers), `windows.py` (which words meet), `outputs.py` (what stands in for the softmax),
`row_updates.py` (the gradients), `learner.py` (a step), `workers.py` (many at once), `model.py`
(`Word2Vec`, which trains), with `settings.py`, `tables.py`, `predicting.py` and `checkpoint.py`.
What was learned: `lookup.py` (words and their vectors), `similarity.py` (nearest words),
`formats.py` (files), `evaluation.py` (how good the vectors are), `keyed_vectors.py` (all of it
together).
"""

from .full_softmax import CBOW, SkipGram
from .keyed_vectors import KeyedVectors
from .lookup import UnknownWordError
from .model import Word2Vec
from .vocabulary import Vocabulary

__all__ = ["CBOW", "KeyedVectors", "SkipGram", "UnknownWordError", "Vocabulary", "Word2Vec"]
