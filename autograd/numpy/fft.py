"""The namespace of `numpy.fft`, for code that imports it from `autograd.numpy`."""

from numpy.fft import *  # noqa: F403
