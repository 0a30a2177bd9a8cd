"""NumPy functions that are composed of others, one file per subject.

Their gradients follow from the rules of the functions that they call. Importing this package enters
them into the registry.
"""

from . import einsum as einsum
from . import elementwise as elementwise
from . import linalg as linalg
from . import masked as masked
from . import nan as nan
from . import norms as norms
from . import products as products
from . import quantiles as quantiles
from . import statistics as statistics
from . import ufunc_arguments as ufunc_arguments
from . import ufunc_methods as ufunc_methods
