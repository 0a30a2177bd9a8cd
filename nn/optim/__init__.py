"""Optimisers: they change parameters by their gradients.

    optimizer = nn.optim.Adam(model.parameters(), lr=1e-3)
    optimizer.zero_grad()
    loss.backward()
    nn.optim.clip_grad_norm_(model.parameters(), max_norm=1.0)      where gradients explode
    optimizer.step()

The reading order: `base.py` (groups of parameters, state, saving), `sgd.py`, `adaptive.py`,
`lbfgs.py`, `clipping.py`. For schedules of the learning rate, see `nn/schedules.py`.
"""

from .adaptive import Adagrad, Adam, AdamW, RMSprop
from .base import Optimizer
from .clipping import clip_grad_norm_, clip_grad_value_
from .lbfgs import LBFGS
from .sgd import SGD

__all__ = [
    "LBFGS",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "Optimizer",
    "RMSprop",
    "clip_grad_norm_",
    "clip_grad_value_",
]
