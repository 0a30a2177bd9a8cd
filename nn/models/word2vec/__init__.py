"""word2vec: word vectors, learned from which words occur near each other.

The reading order: `full_softmax.py` (from first principles), `vocabulary.py`, `encoded.py` (a text
as numbers), `windows.py` (the pairs of words), `outputs.py` (negative sampling and hierarchical
softmax), `learner.py` (a training step), `workers.py` (several processes), `training.py` (`train`),
`checkpoint.py`, `parameters.py` (settings and tables), `predicting.py` and `model.py` (`Word2Vec`).
For the trained vectors: `lookup.py` (words and their vectors), `similarity.py` (nearest words),
`evaluation.py` (ratings and analogies), `formats.py` (files) and `keyed_vectors.py`
(`KeyedVectors`, which combines them). For those who know gensim: `gensim.py`.
"""

from .full_softmax import CBOW, SkipGram
from .keyed_vectors import KeyedVectors
from .lookup import UnknownWordError
from .model import Word2Vec
from .vocabulary import Vocabulary

__all__ = ["CBOW", "KeyedVectors", "SkipGram", "UnknownWordError", "Vocabulary", "Word2Vec"]
