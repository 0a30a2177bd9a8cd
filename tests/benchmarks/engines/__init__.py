"""The engines: what each needs, how it is told its number of threads, and its few verbs.

A file of this folder teaches the workloads one library. Its class `Engine` has

    np          the library's functions of arrays, under NumPy's names: `e.np.tanh(x)`
    F           those of networks, under PyTorch's: `e.F.linear(x, weight, bias)`
    gradient    one step is a function of arrays, forward and backward
    train       one step is a loss, its gradient and plain SGD
    descend     the same by `grad` where the library transforms functions
    hvp         one step is a Hessian-vector product
    jacobian    one step is a Jacobian

of which it leaves out what the library does not do. Forward code gets the engine as its first
argument. A step returns what it computed: `train` the loss, the others a list of arrays.
"""

import importlib
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]

#: One step of an engine's work; its argument counts 0, 1, 2, ... and chooses the batch.
Step = Callable[[int], Any]

#: Where `pip install --target` is to put HIPS autograd, whose name is that of our own package.
HIPS = Path(__file__).resolve().parents[1] / ".hips"


@dataclass(frozen=True)
class Library:
    """`file`: where its class is, with its `options`. `install`: the words that bring it."""

    module: str
    distribution: str
    file: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    install: str = "pip install -e '.[bench]'"


#: "numpy" is the same work written by hand: it stands in the workload's own file.
ENGINES = {
    "pullback": Library("autograd", "pullback", "pullback"),
    "pullback-workers": Library("autograd", "pullback"),
    "numpy": Library("numpy", "numpy"),
    "pytorch": Library("torch", "torch", "pytorch"),
    "pytorch-bare": Library("torch", "torch", "pytorch", {"bare": True}),
    "pytorch-fused": Library("torch", "torch", "pytorch"),
    "pytorch-last": Library("torch", "torch", "pytorch", {"last": True}),
    "jax": Library("jax", "jax", "jax"),
    "jax-eager": Library("jax", "jax", "jax", {"jit": False}),
    "hips": Library(
        "autograd", "autograd", "hips", install=f"pip install --target {HIPS} --no-deps autograd"
    ),
    "mygrad": Library("mygrad", "mygrad", "mygrad"),
    "tinygrad": Library(
        "tinygrad", "tinygrad", "tinygrad", install="pip install -e '.[bench]', and a clang"
    ),
    "micrograd": Library("micrograd", "micrograd", "micrograd"),
    "gensim": Library("gensim", "gensim"),
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
    "OPENBLAS_L2_SIZE",
    "XLA_FLAGS",
)

THREADS = (
    "BLIS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NPROC",  # JAX's
    "NUMEXPR_NUM_THREADS",
    "NUM_CPU_THREADS",  # tinygrad's
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def load(engine: str) -> Any:
    """The `Engine` of a library, which is imported now."""
    library = ENGINES[engine]
    return importlib.import_module(f".{library.file}", __package__).Engine(**library.options)


def installed(engine: str, hips: Path = HIPS) -> bool:
    if engine == "hips":
        return (hips / "autograd" / "core.py").exists()
    if engine == "tinygrad" and not shutil.which(os.environ.get("CC", "clang")):
        return False
    return importlib.util.find_spec(ENGINES[engine].module) is not None


def environment(engine: str, threads: int, hips: Path = HIPS) -> dict[str, str]:
    """What an engine's process finds in its environment; to be run by `python -P`.

    Modules are looked for in this repository first; for HIPS autograd in its own folder, before.
    """
    free = {k: v for k, v in os.environ.items() if k not in PINS}
    paths = [str(hips)] * (engine == "hips") + [str(ROOT), free.get("PYTHONPATH", "")]
    free["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    if threads == 1:
        free["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false"
    on_cpu = {"JAX_PLATFORMS": "cpu", "DEV": "CPU"}
    return free | on_cpu | dict.fromkeys(THREADS, str(threads))


def set_threads(engine: str, threads: int) -> None:
    """For libraries that do not go by the variables alone."""
    if ENGINES[engine].module == "torch":
        import torch

        torch.set_num_threads(threads)
        torch.set_num_interop_threads(threads)


def command(*arguments: str) -> list[str]:
    """This Python, which looks for modules where `environment` says only."""
    return [sys.executable, "-P", *arguments]
