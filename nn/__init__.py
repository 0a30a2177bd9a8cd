"""Neural networks, thin over `autograd`, with PyTorch's names.

    model = nn.MLP([64, 128, 10])                    or nn.Sequential(nn.Linear(64, 128), ...)
    optimizer = nn.optim.SGD(model.parameters(), lr=0.1)
    loss = nn.functional.cross_entropy(model(images), labels)

    words = nn.Word2Vec(nn.data.LineSentences(path)).wv

The reading order: `module.py` (how parameters are found), `linear.py`, `losses/`, `optim/`,
`schedules.py`, `data/`, `training.py` (the loop), `models/`. `python -m nn mlp` trains a network
and draws it.

Parameters are float32 unless a layer's `dtype=` says otherwise, and a layer's output has the dtype
that NumPy promotes to: float64 inputs make a float32 network compute in float64, at about half the
speed. Convert them once: `images.astype(np.float32)`.
"""

import autograd as _autograd

if not all(hasattr(_autograd, name) for name in ("Op", "rule", "show_config")):
    raise ImportError(
        f"nn needs pullback's autograd, but `import autograd` found another package at "
        f"{getattr(_autograd, '__file__', None) or list(_autograd.__path__)}; install pullback in "
        f"a clean environment of its own (python -m venv), without the distribution 'autograd'"
    )

from . import data, functional, init, metrics, models, optim, schedules
from .activations import (
    ELU,
    GELU,
    LeakyReLU,
    LogSoftmax,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from .checkpoint import CheckpointError, load, save
from .container import Flatten, Identity, ModuleDict, ModuleList, Sequential
from .convolution import Conv1d, Conv2d, ConvTranspose2d
from .data import DataLoader
from .dropout import Dropout
from .embedding import Embedding
from .history import History
from .linear import Linear
from .losses import (
    BCEWithLogitsLoss,
    CosineEmbeddingLoss,
    CrossEntropyLoss,
    HingeEmbeddingLoss,
    HingeLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from .models import CNN, MLP, KeyedVectors, Word2Vec
from .module import Buffer, Module, Parameter, StateError
from .normalization import BatchNorm1d, BatchNorm2d, GroupNorm, LayerNorm
from .pooling import AdaptiveAvgPool2d, AvgPool1d, AvgPool2d, MaxPool1d, MaxPool2d
from .run import DivergedError, Run
from .training import evaluate, fit, predict

__all__ = [
    "CNN",
    "ELU",
    "GELU",
    "MLP",
    "AdaptiveAvgPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "Buffer",
    "CheckpointError",
    "Conv1d",
    "Conv2d",
    "ConvTranspose2d",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "DataLoader",
    "DivergedError",
    "Dropout",
    "Embedding",
    "Flatten",
    "GroupNorm",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "History",
    "HuberLoss",
    "Identity",
    "KLDivLoss",
    "KeyedVectors",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "Run",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "StateError",
    "Tanh",
    "Word2Vec",
    "data",
    "evaluate",
    "fit",
    "functional",
    "init",
    "load",
    "metrics",
    "models",
    "optim",
    "predict",
    "save",
    "schedules",
]
