"""Tools for finding out what went wrong: in values, gradients, memory and time.

    autograd.why(w, loss)               why a gradient is missing or zero
    detect_anomaly()                    the operation that made the first NaN, arrays that changed
    promotions(), broadcasts(), accumulations(), untrained()    lines that are seldom meant
    tracing()                           watch a computation, also where it leaves the graph
    loss.backward_steps(), animate      the backward pass step by step, in words and moving
    check_graph(loss)                   every rule of a graph against differences
    ledger(), live_nodes()              memory and time by line, and who keeps graphs alive

They are built on `grad_mode.Observer`: who does not use them does not pay for them.
"""

from .animation import animate as animate
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
from .stepping import Contribution as Contribution
from .stepping import Step as Step
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
