"""Losses, as functions and as modules, with PyTorch's names, argument orders and numbers.

`reduction` is 'mean' (one number, over all elements; the mean over the batch for labels), 'sum'
(one number) or 'none' (a loss for each element, or for each label). Inputs and targets have the
same shape: NumPy would broadcast (N, 1) against (N,) to (N, N), which trains something else and
tells nobody. Integer targets are converted to the input's dtype.

All raise `ShapeError` for shapes that do not fit and for the mean of an empty batch, `DTypeError`
for inputs that are not floating-point numbers, and `ValueError` for an unknown reduction. They
are finite in float32 for inputs of +-1000.
"""

from .distances import (
    HuberLoss,
    L1Loss,
    MSELoss,
    SmoothL1Loss,
    huber_loss,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from .labels import CrossEntropyLoss, NLLLoss, cross_entropy, nll_loss
from .margins import (
    CosineEmbeddingLoss,
    HingeEmbeddingLoss,
    HingeLoss,
    cosine_embedding_loss,
    hinge_embedding_loss,
    hinge_loss,
)
from .probabilities import (
    BCEWithLogitsLoss,
    KLDivLoss,
    binary_cross_entropy_with_logits,
    kl_div,
)

__all__ = [
    "BCEWithLogitsLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "HingeEmbeddingLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "NLLLoss",
    "SmoothL1Loss",
    "binary_cross_entropy_with_logits",
    "cosine_embedding_loss",
    "cross_entropy",
    "hinge_embedding_loss",
    "hinge_loss",
    "huber_loss",
    "kl_div",
    "l1_loss",
    "mse_loss",
    "nll_loss",
    "smooth_l1_loss",
]
