"""Whole networks, ready to train."""

from .cnn import CNN
from .mlp import MLP

__all__ = ["CNN", "MLP"]
