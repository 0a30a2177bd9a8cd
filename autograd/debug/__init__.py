"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .anomaly import detect_anomaly as detect_anomaly
from .promotions import Promotion as Promotion
from .promotions import promotions as promotions
