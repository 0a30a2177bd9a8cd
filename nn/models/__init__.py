"""Whole models, ready to train."""

from .cbow import CBOW, SkipGram
from .cnn import CNN
from .mlp import MLP
from .vectors import KeyedVectors, UnknownWordError
from .vocabulary import Vocabulary
from .word2vec import Word2Vec

__all__ = [
    "CBOW",
    "CNN",
    "MLP",
    "KeyedVectors",
    "SkipGram",
    "UnknownWordError",
    "Vocabulary",
    "Word2Vec",
]
