"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .anomaly import detect_anomaly as detect_anomaly
from .promotions import Promotion as Promotion
from .promotions import promotions as promotions
from .reason import Why as Why
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
