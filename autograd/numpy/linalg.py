"""The namespace of `numpy.linalg`, for code that imports it from `autograd.numpy`."""

from numpy import linalg as _linalg
from numpy.linalg import *  # noqa: F403

from .lists import taking_lists

norm = taking_lists(_linalg.norm)
