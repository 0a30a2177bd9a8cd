"""Reverse-mode automatic differentiation on NumPy.

These are the files in the order of their imports, each from those above it. It is also the order to
read them in; for the idea alone, read `op`, `backward`, a table in `rules/`, and `tensor`.

    errors, typing              exceptions and warnings; types for annotations
    broadcasting, sparse        broadcasting undone; gradients of a few rows of a table
    grad_mode, config, tree     recording on and off; the installation; nested containers
    operands                    the arrays that an operation accepts, and their conversion
    node, recorded              the graph; an array with its place in it
    changes, hooks, scopes      writes to recorded arrays, callbacks, named parts
    missing, signatures         names that a Tensor does not have; parameters of functions
    op, unrolled                operations; their calls on one and two inputs, made fast
    registry, arrays            the way into the tables; helpers of rules
    vjps, backward              the rules of one node, applied; the backward pass
    kernels/                    forward code that is more than a NumPy call
    rules/                      the gradients
    compositions/               NumPy functions in terms of others
    nondifferentiable           NumPy functions without a gradient
    protocols, seeds            NumPy's functions on a Tensor; where a backward pass starts
    pictures/, render           the content of a picture of the graph; Graphviz
    debug/                      reasons for missing gradients, NaN, memory and time
    operators, tensor           Python's operators on a Tensor; the class people write with
    ops                         network functions
    transforms/, gradcheck      `grad` and its family; numerical checks
    numpy/                      the namespace for code written for `import autograd.numpy`
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
    GradcheckError,
    GraphError,
    IndependentOutputWarning,
    NotDifferentiableError,
    RenderError,
    ShapeError,
)
from .grad_mode import enable_grad, grad_enabled, no_grad  # noqa: E402
from .gradcheck import gradcheck  # noqa: E402
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
            remedy = f"; write autograd.ops.{name}" if name in ops.__all__ else ""
            raise AttributeError(f"module 'autograd' has no attribute '{name}'{remedy}")
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
