"""NumPy functions that are composed of others, one file per subject.

Their gradients follow from the rules of the functions that they call. Importing this package enters
them into the registry.
"""

from . import applying as applying
from . import arithmetic as arithmetic
from . import axes as axes
from . import calculus as calculus
from . import creation as creation
from . import cumulative as cumulative
from . import diagonals as diagonals
from . import einsum as einsum
from . import elementwise as elementwise
from . import fft as fft
from . import interpolation as interpolation
from . import joining as joining
from . import linalg as linalg
from . import masked as masked
from . import nan as nan
from . import norms as norms
from . import padding as padding
from . import polynomials as polynomials
from . import products as products
from . import quantiles as quantiles
from . import repeating as repeating
from . import selection as selection
from . import sorting as sorting
from . import splitting as splitting
from . import statistics as statistics
from . import ufunc_arguments as ufunc_arguments
from . import ufunc_methods as ufunc_methods
from . import windows as windows
from . import writing as writing
