"""Our loss-driven controllers are PyTorch's, Keras's and Transformers': against a record, and with `-m oracle` against the real ones."""

import numpy as np
import pytest

from tests.parity import records
from tests.parity.controller_cases import CASES, FRAMEWORK, LANES, STEPS, answer, losses, rates

each_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)


def test_the_record_holds_the_cases_of_the_table():
    assert list(records.load(FRAMEWORK)) == [case.id for case in CASES]


@each_case
def test_rates_are_those_recorded(case):
    # A product of up to a hundred factors.
    np.testing.assert_allclose(rates(case), records.load(FRAMEWORK)[case.id].reshape(STEPS, LANES), rtol=1e-13)


@pytest.mark.oracle
@each_case
def test_rates_are_those_of_the_framework_itself(case):
    np.testing.assert_allclose(rates(case), answer(case), rtol=1e-13)


def test_the_losses_have_what_makes_controllers_differ():
    falling, _, negative, broken = losses().T
    assert np.isnan(broken).any()
    assert not np.isnan(broken[:2]).any()
    assert (negative < 0).all()
    assert (np.diff(falling) > 0).any()
