"""Reverse-mode automatic differentiation on NumPy.

The reading order: `op.py` (operations and their rules), `backward.py` (the backward pass),
`rules/` (the tables of gradients), `tensor.py` (what people write with), `transforms.py`
(gradients of functions), `gradcheck.py` (numerical checks), `render.py` (pictures).
"""

from .config import __version__, refuse_foreign_files, show_config

refuse_foreign_files()

from .errors import (  # noqa: E402 - nothing of a mixed-up installation is to be imported
    AutogradError,
    DTypeError,
    GraphError,
    NotDifferentiableError,
    RenderError,
    ShapeError,
)
from .grad_mode import enable_grad, grad_enabled, no_grad  # noqa: E402
from .gradcheck import GradcheckError, gradcheck  # noqa: E402
from .op import Op, handles, rule  # noqa: E402
from .rules.embedding import embedding  # noqa: E402
from .rules.neural import (  # noqa: E402
    cross_entropy,
    linear,
    log_softmax,
    logsumexp,
    relu,
    sigmoid,
    softmax,
    softplus,
)
from .sparse import RowGradient  # noqa: E402
from .tensor import Tensor  # noqa: E402
from .transforms import (  # noqa: E402
    checkpoint,
    elementwise_grad,
    grad,
    gradients,
    hessian,
    hvp,
    jacobian,
    jvp,
    value_and_grad,
    vjp,
)

__all__ = [
    "AutogradError",
    "DTypeError",
    "GradcheckError",
    "GraphError",
    "NotDifferentiableError",
    "Op",
    "RenderError",
    "RowGradient",
    "ShapeError",
    "Tensor",
    "__version__",
    "checkpoint",
    "cross_entropy",
    "elementwise_grad",
    "embedding",
    "enable_grad",
    "grad",
    "grad_enabled",
    "gradcheck",
    "gradients",
    "handles",
    "hessian",
    "hvp",
    "jacobian",
    "jvp",
    "linear",
    "log_softmax",
    "logsumexp",
    "no_grad",
    "relu",
    "rule",
    "show_config",
    "sigmoid",
    "softmax",
    "softplus",
    "value_and_grad",
    "vjp",
]
