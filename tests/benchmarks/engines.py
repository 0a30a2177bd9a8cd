"""The engines: which module each needs, and how it is told its number of threads."""

import importlib.util
import os
from collections.abc import Callable

#: Engine -> the module that must be there. "numpy" is the same work written by hand in NumPy.
ENGINES = {
    "pullback": "autograd",
    "pytorch": "torch",
    "pytorch-bare": "torch",
    "pytorch-fused": "torch",
    "pytorch-last": "torch",
    "gensim": "gensim",
    "numpy": "numpy",
}

#: Variables that hold a library back to some processor's kernels, or to repeatable ones.
PINS = (
    "ATEN_CPU_CAPABILITY",
    "DNNL_MAX_CPU_ISA",
    "MKL_CBWR",
    "MKL_DEBUG_CPU_TYPE",
    "MKL_ENABLE_INSTRUCTIONS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "ONEDNN_MAX_CPU_ISA",
    "OPENBLAS_CORETYPE",
)

THREADS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def installed(engine: str) -> bool:
    return importlib.util.find_spec(ENGINES[engine]) is not None


def environment(threads: int) -> dict[str, str]:
    """What a measuring process finds in its environment."""
    free = {k: v for k, v in os.environ.items() if k not in PINS}
    return free | dict.fromkeys(THREADS, str(threads))


def _torch_threads(threads: int) -> None:
    import torch

    torch.set_num_threads(threads)
    torch.set_num_interop_threads(threads)


#: For libraries that do not go by the variables alone.
SET_THREADS: dict[str, Callable[[int], None]] = {
    engine: _torch_threads for engine, module in ENGINES.items() if module == "torch"
}
