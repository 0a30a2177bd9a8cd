"""Gradients of functions, and between tensors.

    grad(f)(x)                          the gradient of a scalar function
    grad(grad(f))(x)                    of a scalar: its second derivative, and so on
    jacobian(f)(x), hessian(f)(x)       all first, or second, derivatives
    hvp(f)(x, v)                        the Hessian times a vector, without the Hessian
    vjp(f, x), jvp(f, (x,), (v,))       cotangents pulled back, tangents pushed forward
    checkpoint(f)                       f, which keeps only its inputs and computes twice
    gradients(y, x)                     the gradient of a tensor with respect to others

Arguments may be arrays, or nested containers of arrays (`tree.py`); gradients come in the same
containers. They are plain arrays, unless something outside can still differentiate them (an
enclosing `grad` that is still running, or a Tensor that the function also uses): then they are
Tensors. The arguments of a call that is over are constants to all others.

Complex numbers: the derivative of an output u + iv with respect to a real x is du/dx + i dv/dx; the
gradient of a real f with respect to z = x + iy is df/dx - i df/dy, and a holomorphic function has
its derivative with respect to z.

`functions.py` and `products.py` hold the transforms, each a few lines around a `Call` (`calls.py`).
Read `gradcheck.py` next: the proof that a gradient is right.
"""

from .between import gradients as gradients
from .checkpoint import checkpoint as checkpoint
from .functions import elementwise_grad as elementwise_grad
from .functions import grad as grad
from .functions import hessian as hessian
from .functions import jacobian as jacobian
from .functions import value_and_grad as value_and_grad
from .products import hvp as hvp
from .products import jvp as jvp
from .products import vjp as vjp
