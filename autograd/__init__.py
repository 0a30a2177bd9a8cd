"""Reverse-mode automatic differentiation on NumPy.

The reading order: `op.py` (operations and their rules), `backward.py` (the backward pass),
`rules/` (the tables of gradients), `protocols.py` and `operators.py` (how NumPy's functions and
Python's operators get there), `tensor.py` (what people write with), `transforms.py` (gradients of
functions), `gradcheck.py` (numerical checks), `pictures/` and `render.py` (pictures).
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .config import __version__, keep_freed_memory, refuse_foreign_files, show_config

refuse_foreign_files()
keep_freed_memory()

from . import scopes  # noqa: E402
from .errors import (  # noqa: E402 - nothing of a mixed-up installation is to be imported
    AnomalyError,
    AutogradError,
    DTypeError,
    GraphError,
    IndependentOutputWarning,
    NotDifferentiableError,
    RenderError,
    ShapeError,
)
from .grad_mode import enable_grad, grad_enabled, no_grad  # noqa: E402
from .gradcheck import GradcheckError, gradcheck  # noqa: E402
from .hooks import RemovableHandle  # noqa: E402
from .op import Op  # noqa: E402
from .registry import implements, rule  # noqa: E402
from .rules.activations import (  # noqa: E402
    elu,
    erf,
    gelu,
    gelu_tanh,
    leaky_relu,
    relu,
    sigmoid,
    silu,
    softplus,
)
from .rules.convolution import conv, conv_transpose  # noqa: E402
from .rules.embedding import embedding  # noqa: E402
from .rules.neural import (  # noqa: E402
    cross_entropy,
    linear,
    log_softmax,
    logsumexp,
    softmax,
)
from .rules.normalization import (  # noqa: E402
    batch_norm,
    fixed_norm,
    group_norm,
    layer_norm,
)
from .rules.pooling import adaptive_avg_pool, avg_pool, max_pool  # noqa: E402
from .scopes import named_scope  # noqa: E402
from .sparse import RowGradient  # noqa: E402
from .tensor import Tensor, graph  # noqa: E402
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

if TYPE_CHECKING:
    from . import debug
    from .debug.anomaly import detect_anomaly
    from .debug.why import why
else:  # imported when they are first used: most programs need none of them

    def __getattr__(name: str) -> Any:
        if name not in ("debug", "detect_anomaly", "why"):
            raise AttributeError(f"module 'autograd' has no attribute '{name}'")
        debug = import_module(".debug", __name__)
        return debug if name == "debug" else getattr(debug, name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__all__ = [
    "AnomalyError",
    "AutogradError",
    "DTypeError",
    "GradcheckError",
    "GraphError",
    "IndependentOutputWarning",
    "NotDifferentiableError",
    "Op",
    "RemovableHandle",
    "RenderError",
    "RowGradient",
    "ShapeError",
    "Tensor",
    "__version__",
    "adaptive_avg_pool",
    "avg_pool",
    "batch_norm",
    "checkpoint",
    "conv",
    "conv_transpose",
    "cross_entropy",
    "debug",
    "detect_anomaly",
    "elementwise_grad",
    "elu",
    "embedding",
    "enable_grad",
    "erf",
    "fixed_norm",
    "gelu",
    "gelu_tanh",
    "grad",
    "grad_enabled",
    "gradcheck",
    "gradients",
    "graph",
    "group_norm",
    "hessian",
    "hvp",
    "implements",
    "jacobian",
    "jvp",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "max_pool",
    "named_scope",
    "no_grad",
    "relu",
    "rule",
    "scopes",
    "show_config",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "value_and_grad",
    "vjp",
    "why",
]
