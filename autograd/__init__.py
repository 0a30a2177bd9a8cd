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

from . import ops, scopes  # noqa: E402
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
    "checkpoint",
    "debug",
    "detect_anomaly",
    "elementwise_grad",
    "enable_grad",
    "grad",
    "grad_enabled",
    "gradcheck",
    "gradients",
    "graph",
    "hessian",
    "hvp",
    "implements",
    "jacobian",
    "jvp",
    "named_scope",
    "no_grad",
    "ops",
    "rule",
    "scopes",
    "show_config",
    "value_and_grad",
    "vjp",
    "why",
]
