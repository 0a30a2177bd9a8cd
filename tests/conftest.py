"""The tests judge the `autograd` of this repository, and no other that may be installed."""

from pathlib import Path

import pytest

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
