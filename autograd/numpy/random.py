"""The namespace of `numpy.random`, for code that imports it from `autograd.numpy`."""

from numpy.random import *  # noqa: F403
