"""word2vec: word vectors, learned from which words occur near each other.

The reading order: `full_softmax.py` (from first principles), `vocabulary.py`, `encoded.py` (a text
as numbers), `windows.py` (the pairs of words), `outputs.py` (what replaces the softmax),
`row_updates.py` (applying the gradients), `learner.py` (a training step), `workers.py` (several
processes), `model.py` (`Word2Vec`), with `settings.py`, `tables.py`, `predicting.py` and
`checkpoint.py`. For the trained vectors: `lookup.py` (words and their vectors), `similarity.py`
(nearest words), `formats.py` (files), `evaluation.py` (how good the vectors are) and
`keyed_vectors.py` (`KeyedVectors`, which combines them).
"""

from .full_softmax import CBOW, SkipGram
from .keyed_vectors import KeyedVectors
from .lookup import UnknownWordError
from .model import Word2Vec
from .vocabulary import Vocabulary

__all__ = ["CBOW", "KeyedVectors", "SkipGram", "UnknownWordError", "Vocabulary", "Word2Vec"]
