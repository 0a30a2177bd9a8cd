"""`numpy.random`, under this name for code that imports it from here."""

from numpy.random import *  # noqa: F403
