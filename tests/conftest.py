"""The tests judge the `autograd` of this repository, and no other that may be installed."""

import os
from pathlib import Path

import pytest

# Tests run side by side: with several threads each, their matrix products wait for one another.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # NumPy reads it when it is imported

import autograd

_ROOT = Path(__file__).resolve().parent.parent


def refuse_foreign(path: Path) -> None:
    """Stop the run if `path`, where `autograd` was found, is not in this repository."""
    if _ROOT not in path.resolve().parents:
        pytest.exit(
            f"the tests of {_ROOT} found another `autograd` at {path}; run pytest from {_ROOT}, "
            f"or `pip uninstall autograd` and `pip install -e {_ROOT}`",
            returncode=3,
        )


refuse_foreign(Path(autograd.__file__))
