"""A sample of the seeded faults; `python -m tests.faults` has them all."""

from __future__ import annotations

import numpy as np
import pytest

from autograd import Tensor
from tests import faults

EVERY = faults.every_fault()
SAMPLE = [fault for fault in EVERY[7 :: len(EVERY) // 20] if not faults.why_equivalent(fault)]


@pytest.mark.parametrize("fault", SAMPLE, ids=[fault.name for fault in SAMPLE])
def test_fault_is_noticed(fault: faults.Fault) -> None:
    assert faults.caught_by(fault) is not None


def test_fault_is_in_force_within_its_block_only() -> None:
    fault = next(f for f in EVERY if f.name == "multiply[0]: sign")
    rules = fault.op.vjps
    for expected, manager in ((-3.0, fault.in_force()), (3.0, pytest.MonkeyPatch.context())):
        with manager:
            x = Tensor(2.0, requires_grad=True)
            np.multiply(x, 3.0).backward()
            assert x.grad == expected
    assert fault.op.vjps is rules


def test_explanations_belong_to_faults_that_are_seeded() -> None:
    assert faults.EQUIVALENT.keys() <= {(f.op, f.place, f.kind) for f in EVERY}
    flat = {(f.op, f.place) for f in EVERY if f.kind == "slope of one"}
    assert flat == faults.FLAT
    assert {(f.op, f.place) for f in EVERY} >= faults.OF_VECTORS
    assert {f.op for f in EVERY} >= faults.MASKED | faults.COMPARING


def test_names_of_faults_are_distinct() -> None:
    assert len({fault.name for fault in EVERY}) == len(EVERY)
