"""Whole models, ready to train."""

from .cnn import CNN
from .mlp import MLP
from .word2vec import CBOW, KeyedVectors, SkipGram, UnknownWordError, Vocabulary, Word2Vec

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
