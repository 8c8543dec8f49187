"""Our optimizers are PyTorch's, to the last digits: against a record, and with `-m oracle` against PyTorch itself."""

import numpy as np
import pytest

from tests.helpers import followed
from tests.parity import records
from tests.parity.torch_optimizers import CASES, FRAMEWORK, RECORDED, START, answer, gradients, path, rates

# Two orders of operations in double precision, over 200 updates.
TOLERANCE = 1e-12

each_optimizer = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def recorded(case):
    return records.load(FRAMEWORK)[case.id].reshape(len(RECORDED), *START.shape)


def compare_points(points, expected, steps):
    """Compare each coordinate, relative to itself or, where it is near zero, to the update that led there."""
    size = np.maximum(np.abs(points[1:]), np.abs(np.diff(points, axis=0)))
    assert (np.abs(points[steps] - expected) <= TOLERANCE * size[np.array(steps) - 1]).all()


def test_the_record_holds_the_cases_of_the_table():
    assert list(records.load(FRAMEWORK)) == [case.id for case in CASES]


@each_optimizer
def test_points_are_those_recorded_from_torch(case):
    compare_points(path(case), recorded(case), RECORDED)


@pytest.mark.oracle
@each_optimizer
def test_points_are_those_of_torch_itself(case):
    points = path(case)
    compare_points(points, answer(case)[1:], list(range(1, len(points))))


def test_arms_of_different_numbers_side_by_side_are_those_of_torch_too():
    """What is compared above runs alone; the same with arms stacked, as the simulation does it."""
    groups = {}
    for case in CASES:
        groups.setdefault((case.optimizer.name, case.optimizer.structure(), case.start.sum()), []).append(case)
    for cases in groups.values():
        points, _ = followed([case.optimizer for case in cases], rates(), gradients(), cases[0].start)
        for place, case in enumerate(cases):
            compare_points(points[:, :, place], recorded(case), RECORDED)
