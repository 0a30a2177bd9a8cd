"""`numpy.linalg`, under this name for code that imports it from here."""

from numpy.linalg import *  # noqa: F403
