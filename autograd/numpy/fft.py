"""`numpy.fft`, under this name for code that imports it from here."""

from numpy.fft import *  # noqa: F403
