"""Our optimizers are Optax's: against a record, and with `-m oracle` against Optax itself."""

import numpy as np
import pytest

from lr_explorer.optimizers import OPTIMIZERS
from tests.parity import records
from tests.parity.keras_optimizers import CASES as KERAS_CASES
from tests.parity.optax_optimizers import CASES, FRAMEWORK, answer, path
from tests.parity.test_optimizer_parity import TOLERANCE, compare_points
from tests.parity.test_written_down import WRITTEN_DOWN
from tests.parity.torch_optimizers import CASES as OPTIMIZER_CASES
from tests.parity.torch_optimizers import RECORDED, START, STEPS

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def compare(case, ours, theirs, steps):
    """Compare points (2, all steps, 2, lanes) with theirs at some steps, the start not among them.

    Methods that mix coordinates or points in what they add up are compared relative to the largest coordinate of the lane so far.
    """
    if not (case.optimizer.couples or case.optimizer.answers):
        compare_points(ours[0], theirs[0], steps)
    size = np.maximum.accumulate(np.abs(theirs).max(axis=(0, 2)), axis=0)[:, None]
    assert (np.abs(ours[:, steps] - theirs) <= TOLERANCE * size).all()


def test_the_record_holds_the_cases_of_the_table():
    assert list(records.load(FRAMEWORK)) == [case.id for case in CASES]


def test_every_optimizer_is_compared_with_a_framework():
    """With PyTorch, with Optax, with Keras, or, where none of them has it, with its paper's equations written down once more.

    The references are compared with SciPy and exact solutions.
    """
    references = {name for name, cls in OPTIMIZERS.items() if cls.is_reference}
    assert references | {case.optimizer.name for case in (*OPTIMIZER_CASES, *CASES, *KERAS_CASES)} | set(WRITTEN_DOWN) == set(OPTIMIZERS)


@each_case
def test_points_and_answers_are_those_recorded_from_optax(case):
    compare(case, path(case), records.load(FRAMEWORK)[case.id].reshape(2, len(RECORDED), *START.shape), RECORDED)


@pytest.mark.oracle
@each_case
def test_points_and_answers_are_those_of_optax_itself(case):
    compare(case, path(case), answer(case)[:, 1:], list(range(1, STEPS + 1)))
