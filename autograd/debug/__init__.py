"""Debugging tools for values, gradients, memory and time.

    autograd.why(w, loss)               why a gradient is missing or zero
    detect_anomaly()                    the operation that made the first NaN, arrays that changed
    promotions(), broadcasts(), accumulations(), untrained()    lines that are seldom intended
    tracing()                           watch a computation, even outside the graph
    loss.backward_steps(), animate      the backward pass step by step, in words or animated
    check_graph(loss)                   every rule in a graph against differences
    ledger(), live_nodes()              memory and time by line, and what keeps graphs alive

All of them are a `grad_mode.Observer`, so they cost nothing while they are not used. `why.py` finds
its answers in `exits.py` (where values leave the graph) and `zero_causes.py`, `anomaly.py` in
`nan_causes.py` and `changes.py`. `backward_pass.py` records a pass for several of them, and
`words.py` holds the words that all share.
"""

from .animation import animate as animate
from .anomaly import detect_anomaly as detect_anomaly
from .check_graph import Checked as Checked
from .check_graph import check_graph as check_graph
from .ledger import Ledger as Ledger
from .ledger import ledger as ledger
from .ledger import live_nodes as live_nodes
from .listings import Finding as Finding
from .listings import accumulations as accumulations
from .listings import broadcasts as broadcasts
from .listings import promotions as promotions
from .listings import untrained as untrained
from .stepping import Contribution as Contribution
from .stepping import Step as Step
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
from .words import Why as Why
