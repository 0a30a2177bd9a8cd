"""Neural networks, thin over `autograd`, with PyTorch's names.

    model = nn.MLP([64, 128, 10])                    or nn.Sequential(nn.Linear(64, 128), ...)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.functional.cross_entropy(model(images), labels)

The reading order: `module.py` (how parameters are found), `linear.py`, `losses.py`, `optim/`,
`schedules.py`, `training.py` (the loop), `models/`. `python -m nn mlp` trains a
network and draws it.
"""

import autograd as _autograd

if not all(hasattr(_autograd, name) for name in ("Op", "rule", "show_config")):
    raise ImportError(
        f"nn needs pullback's autograd, but `import autograd` found another package at "
        f"{getattr(_autograd, '__file__', None) or list(_autograd.__path__)}; install pullback in "
        f"a clean environment of its own (python -m venv), without the distribution 'autograd'"
    )

from . import data, functional, init, models, optim, schedules
from .activations import LogSoftmax, ReLU, Sigmoid, Softmax, Softplus, Tanh
from .checkpoint import CheckpointError, load, save
from .container import Flatten, ModuleDict, ModuleList, Sequential
from .data import DataLoader
from .embedding import Embedding
from .linear import Linear
from .losses import CrossEntropyLoss, MSELoss
from .models import MLP
from .module import Buffer, Module, Parameter, StateError
from .training import History, evaluate, fit

__all__ = [
    "MLP",
    "Buffer",
    "CheckpointError",
    "CrossEntropyLoss",
    "DataLoader",
    "Embedding",
    "Flatten",
    "History",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "StateError",
    "Tanh",
    "data",
    "evaluate",
    "fit",
    "functional",
    "init",
    "load",
    "models",
    "optim",
    "save",
    "schedules",
]
