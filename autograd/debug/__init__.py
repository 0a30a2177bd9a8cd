"""Tools for finding out what went wrong: in values, gradients, memory and time."""

from .animation import animate as animate
from .ledger import Ledger as Ledger
from .ledger import ledger as ledger
from .ledger import live_nodes as live_nodes
from .reason import Why as Why
from .replay import Checked as Checked
from .replay import check_graph as check_graph
from .stepping import Contribution as Contribution
from .stepping import Step as Step
from .tracing import Trace as Trace
from .tracing import tracing as tracing
from .why import why as why
