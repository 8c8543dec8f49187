"""Our schedule-free and rate-free optimizers are Optax's: against a record, and with `-m oracle` against Optax itself."""

import numpy as np
import pytest

from lr_explorer.optimizers import OPTIMIZERS
from tests.parity import records
from tests.parity.optax_optimizers import CASES, FRAMEWORK, answer, path
from tests.parity.torch_optimizers import CASES as OPTIMIZER_CASES
from tests.parity.torch_optimizers import RECORDED, START

# Two orders of operations in double precision, over 200 updates; of the largest coordinate, since these methods mix what they add up.
TOLERANCE = 1e-12

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def compare(ours, theirs):
    """Compare points (2, steps, 2, lanes), relative to the largest coordinate of the lane so far."""
    size = np.maximum.accumulate(np.abs(theirs).max(axis=(0, 2)), axis=0)[:, None]
    assert (np.abs(ours - theirs) <= TOLERANCE * size).all()


def test_the_record_holds_the_cases_of_the_table():
    assert list(records.load(FRAMEWORK)) == [case.id for case in CASES]


def test_every_optimizer_is_compared_with_a_framework():
    assert {case.optimizer.name for case in (*OPTIMIZER_CASES, *CASES)} == set(OPTIMIZERS)


@each_case
def test_points_and_answers_are_those_recorded_from_optax(case):
    compare(path(case)[:, RECORDED], records.load(FRAMEWORK)[case.id].reshape(2, len(RECORDED), *START.shape))


@pytest.mark.oracle
@each_case
def test_points_and_answers_are_those_of_optax_itself(case):
    compare(path(case), answer(case))
