"""Whole networks, ready to train."""

from .mlp import MLP

__all__ = ["MLP"]
