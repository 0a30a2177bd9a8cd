"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .reason import Why as Why
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
