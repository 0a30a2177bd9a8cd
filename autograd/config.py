"""Version and installation: this package, the NumPy and BLAS kernel under it, and memory.

Another distribution on PyPI also installs a package named `autograd`. If both are installed, their
files end up in one folder and neither works; the import is refused here.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import cache
from glob import glob
from typing import Any

import numpy as np

__version__ = "0.1.0"

_HERE = os.path.dirname(os.path.abspath(__file__))
_FOREIGN_FILES = ("core.py", "tracer.py", "extend.py", "differential_operators.py")
_PINS = ("OPENBLAS_CORETYPE", "MKL_ENABLE_INSTRUCTIONS", "NPY_DISABLE_CPU_FEATURES")
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def refuse_foreign_files(folder: str | os.PathLike[str] = _HERE) -> None:
    """Refuse to run among the files of another distribution named `autograd`.

    Args:
        folder: Where to look; default: where this package is.

    Raises:
        ImportError: `folder` holds modules that only the other distribution has.

    Example:
        >>> autograd.config.refuse_foreign_files()  # a clean installation
    """
    foreign = [name for name in _FOREIGN_FILES if os.path.exists(os.path.join(folder, name))]
    if foreign:
        raise ImportError(
            f"{folder} holds files of another distribution named 'autograd' "
            f"({', '.join(foreign)}) mixed with those of pullback; run "
            f"`pip uninstall autograd pullback`, delete the folder if it is still there, and "
            f"install pullback in an environment of its own"
        )


def show_config() -> None:
    """Print the versions and paths of this package and of NumPy, and the BLAS kernel in use.

    Environment variables that restrict BLAS or NumPy to older processor kernels get a warning.

    Example:
        >>> autograd.show_config()  # doctest: +ELLIPSIS
        pullback 0.1.0  (import autograd, from ...)
        python   ...
    """
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    lines = [
        f"pullback {__version__}  (import autograd, from {_HERE})",
        f"python   {platform.python_version()}  ({platform.machine()}, {os.cpu_count()} cores)",
        f"numpy    {np.__version__}  (from {os.path.dirname(np.__file__)})",
        f"BLAS     {blas['name']} {blas['version']}, kernel: {_blas_kernel() or 'unknown'}",
    ]
    lines += [f"threads  {v}={os.environ[v]}" for v in _THREADS if v in os.environ]
    lines += [
        f"warning  {v}={os.environ[v]} pins an instruction set: matrix products may run at a "
        f"fraction of this processor's speed; unset it"
        for v in _PINS
        if v in os.environ
    ]
    print("\n".join(lines))


def keep_freed_memory() -> bool:
    """Make the C library keep the memory of freed arrays for later ones.

    Each training step allocates the same large arrays as the step before. If their memory goes back
    to the system in between, the system must map and clear every page again, which can take longer
    than the arithmetic. `import autograd` calls this; in return, the process keeps the most memory
    that it has ever used at once.

    Returns:
        Whether it took effect: only with glibc, and only where no environment variable that begins
        with MALLOC_ or GLIBC_ sets the allocator already.

    Example:
        >>> kept = autograd.config.keep_freed_memory()
    """
    if sys.platform != "linux" or any(v.startswith(("MALLOC_", "GLIBC_")) for v in os.environ):
        return False
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "gnu_get_libc_version"):
        return False
    settings = ((_MMAP_THRESHOLD, 1 << 25), (_TRIM_THRESHOLD, 1 << 30))
    return all(libc.mallopt(name, size) == 1 for name, size in settings)


_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them


def _blas_kernel() -> str | None:
    """Ask the OpenBLAS in NumPy's wheel which kernel it chose for this processor."""
    get = _openblas("get_corename")
    if get is None:
        return None
    get.restype = ctypes.c_char_p
    name: bytes = get()
    return name.decode()


@cache
def _openblas(function: str) -> Any:
    """Find a function of the OpenBLAS in NumPy's wheel; its names differ between builds."""
    root = os.path.dirname(np.__file__)
    folders = [os.path.join(root, name) for name in ("../numpy.libs", ".dylibs", ".libs")]
    for folder, name in ((f, n) for f in folders for n in glob("*openblas*", root_dir=f)):
        library = ctypes.CDLL(os.path.join(folder, name))
        for prefix in ("scipy_", ""):
            for suffix in ("64_", ""):
                found = getattr(library, f"{prefix}openblas_{function}{suffix}", None)
                if found is not None:
                    return found
    return None
