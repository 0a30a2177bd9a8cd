"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .anomaly import detect_anomaly as detect_anomaly
from .listings import Finding as Finding
from .listings import accumulations as accumulations
from .listings import broadcasts as broadcasts
from .listings import promotions as promotions
from .reason import Why as Why
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
