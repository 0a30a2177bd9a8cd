"""Parts of complex numbers, and the convention for complex gradients.

The gradient of a real L with respect to z = x + iy is dL/dx - i dL/dy. By this convention the rules
of holomorphic functions need no conjugates: that of exp is `g * exp(z)` for real and complex `z`
alike. The functions below are those that are not holomorphic. A real input gets the real part of
its cotangent. The angle of a complex 0 has no derivative: NaN; that of a real number is 0 or pi,
with gradient 0.
"""

import numpy as np

from ..registry import rule
from ..typing import Array
from .elementwise import kink


def _angle_vjp(g: Array, _: None, z: Array, deg: bool = False) -> Array:
    if z.dtype.kind != "c":
        return g * 0
    at_zero = z == 0
    turn = np.where(at_zero, np.nan, -1j / np.where(at_zero, 1, z))
    return (180 / np.pi if deg else 1) * g * (turn + kink(z))


# fmt: off
rule(np.real,      lambda g, *_: g,           elementwise=True)
rule(np.imag,      lambda g, *_: g * -1j,     elementwise=True)
rule(np.conjugate, lambda g, *_: np.conj(g))
rule(np.angle,     _angle_vjp,                elementwise=True)
# fmt: on
