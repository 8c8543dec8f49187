"""Where Keras goes its own way, ours with its option go the same: against a record, and with `-m oracle` against Keras itself."""

import pytest

from tests.parity import records
from tests.parity.keras_optimizers import CASES, FRAMEWORK, answer, path
from tests.parity.test_optimizer_parity import compare_points
from tests.parity.torch_optimizers import RECORDED, START

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def test_the_record_holds_the_cases_of_the_table():
    assert list(records.load(FRAMEWORK)) == [case.id for case in CASES]


@each_case
def test_points_are_those_recorded_from_keras(case):
    compare_points(path(case), records.load(FRAMEWORK)[case.id].reshape(len(RECORDED), *START.shape), RECORDED)


@pytest.mark.oracle
@each_case
def test_points_are_those_of_keras_itself(case):
    points = path(case)
    compare_points(points, answer(case)[1:], list(range(1, len(points))))
