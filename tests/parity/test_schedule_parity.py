"""Our schedules are the frameworks', update by update: against records, and with `-m oracle` against the frameworks themselves."""

import numpy as np
import pytest

from lr_explorer.schedules import SCHEDULES
from tests.parity import keras_schedules, records
from tests.parity.record import SCHEDULE_TABLES

# All that a framework calls by one name makes one test.
GROUPS = [(framework, of) for framework, table in SCHEDULE_TABLES.items() for of in dict.fromkeys(case.of for case in table.CASES)]
# Two orders of operations in double precision.
RELATIVE = 1e-12
# A cosine that ends near zero has lost the digits of the 1 that it subtracts. PyTorch computes most rates from the one before,
# so there a rate near zero keeps the roundings of all large ones.
OF_THE_PEAK = {"torch": 1e-12, "optax": 1e-15, "keras": 1e-15, "transformers": 1e-15}
# Not in the frameworks that are compared with: timm and papers.
WITHOUT_ORACLE = {"k_decay", "rex", "tanh", "noam", "chebyshev", "range_test", "forked"}

each_framework = pytest.mark.parametrize("framework", SCHEDULE_TABLES)
each_group = pytest.mark.parametrize(("framework", "of"), GROUPS)


def cases_of(framework, of):
    return [case for case in SCHEDULE_TABLES[framework].CASES if case.of == of]


def disagreements(cases, answers, relative, of_the_peak):
    """Return the ids of the cases whose rate of any update is not the framework's, with the update and both rates."""
    found = []
    for case, theirs in zip(cases, answers, strict=True):
        ours = case.ours()
        scale = 1.0 if case.quantity == "momentum" else case.schedule.peak
        bad = np.flatnonzero(~(np.abs(ours - theirs) <= relative * np.abs(theirs) + of_the_peak * scale))
        found += [f"{case.id}: update {t}: {float(ours[t])!r}, not {float(theirs[t])!r}" for t in bad[:1]]
    return found


@each_framework
def test_the_record_holds_the_cases_of_the_table(framework):
    ids = [case.id for case in SCHEDULE_TABLES[framework].CASES]
    assert list(records.load(framework)) == ids
    assert len(set(ids)) == len(ids)


def test_every_schedule_is_compared_with_a_framework_or_said_to_be_in_none():
    compared = {case.schedule.name for table in SCHEDULE_TABLES.values() for case in table.CASES}
    assert compared.isdisjoint(WITHOUT_ORACLE)
    assert compared | WITHOUT_ORACLE == set(SCHEDULES)


@each_group
def test_rates_are_those_recorded(framework, of):
    cases = cases_of(framework, of)
    recorded = records.load(framework)
    assert not disagreements(cases, [recorded[case.id] for case in cases], RELATIVE, OF_THE_PEAK[framework])


@pytest.mark.oracle
@each_group
def test_rates_are_those_of_the_framework_itself(framework, of):
    cases = cases_of(framework, of)
    answer = SCHEDULE_TABLES[framework].answer
    assert not disagreements(cases, [answer(case) for case in cases], RELATIVE, OF_THE_PEAK[framework])


@pytest.mark.oracle
@pytest.mark.parametrize("of", dict.fromkeys(case.of for case in keras_schedules.CASES))
def test_rates_of_keras_in_its_own_single_precision_are_ours_to_six_digits(of):
    cases = cases_of("keras", of)
    assert not disagreements(cases, [keras_schedules.answer(case, "float32") for case in cases], 0.0, 1e-6)


@pytest.mark.oracle
@each_framework
def test_every_schedule_of_the_framework_is_in_the_table(framework):
    """If this fails, the framework has a new one."""
    table = SCHEDULE_TABLES[framework]
    assert {case.of for case in table.CASES} == table.names()
