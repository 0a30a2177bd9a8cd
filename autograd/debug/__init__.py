"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .anomaly import detect_anomaly as detect_anomaly
from .ledger import Ledger as Ledger
from .ledger import ledger as ledger
from .ledger import live_nodes as live_nodes
from .listings import Finding as Finding
from .listings import accumulations as accumulations
from .listings import broadcasts as broadcasts
from .listings import promotions as promotions
from .listings import untrained as untrained
from .reason import Why as Why
from .replay import Checked as Checked
from .replay import check_graph as check_graph
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
