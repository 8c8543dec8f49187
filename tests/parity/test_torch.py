"""Our optimizers and schedules are PyTorch's, to the last digits: against a record, and with `-m oracle` against PyTorch itself."""

from functools import cache

import numpy as np
import pytest

from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.schedules import SCHEDULES
from tests.helpers import followed
from tests.parity.parity_cases import OPTIMIZER_CASES, RECORD, RECORDED, SCHEDULE_CASES, START, ScheduleCase, gradients, path, rates

# Two orders of operations in double precision, over 200 updates.
TOLERANCE = 1e-12

each_optimizer = pytest.mark.parametrize("case", OPTIMIZER_CASES, ids=lambda case: case.id)
each_schedule = pytest.mark.parametrize("case", SCHEDULE_CASES, ids=lambda case: case.id)


@cache
def record():
    """Return PyTorch's numbers by the id of their case."""
    with np.load(RECORD) as stored:
        ids, numbers = [str(name) for name in stored["ids"]], stored["numbers"]
    shapes = [(len(RECORDED), *START.shape)] * len(OPTIMIZER_CASES) + [(case.steps,) for case in SCHEDULE_CASES]
    parts = np.split(numbers, np.cumsum([int(np.prod(shape)) for shape in shapes])[:-1])
    return {name: part.reshape(shape) for name, part, shape in zip(ids, parts, shapes, strict=True)}


def compare_points(points, expected, steps):
    """Compare each coordinate, relative to itself or, where it is near zero, to the update that led there."""
    size = np.maximum(np.abs(points[1:]), np.abs(np.diff(points, axis=0)))
    assert (np.abs(points[steps] - expected) <= TOLERANCE * size[np.array(steps) - 1]).all()


def compare_rates(case, expected):
    # Relative to the peak: PyTorch computes cosine and linear rates from one another, so a rate near zero keeps the roundings of the large ones.
    np.testing.assert_allclose(case.schedule.values(case.steps), expected, rtol=0, atol=TOLERANCE * case.schedule.peak)


def test_the_record_holds_the_cases_of_the_table():
    assert list(record()) == [case.id for case in (*OPTIMIZER_CASES, *SCHEDULE_CASES)]


def test_every_optimizer_and_every_schedule_that_torch_has_is_a_case():
    assert {case.optimizer.name for case in OPTIMIZER_CASES} == set(OPTIMIZERS)
    # WSD is not PyTorch's; its closed form is tested by itself.
    assert {case.schedule.name for case in SCHEDULE_CASES} == set(SCHEDULES) - {"wsd"}


@each_optimizer
def test_points_are_those_recorded_from_torch(case):
    compare_points(path(case), record()[case.id], RECORDED)


@each_schedule
def test_rates_are_those_recorded_from_torch(case):
    compare_rates(case, record()[case.id])


@pytest.mark.oracle
@each_optimizer
def test_points_are_those_of_torch_itself(case):
    from tests.parity import record as torch_side

    compare_points(path(case), torch_side.path(case)[1:], list(range(1, len(path(case)))))


@pytest.mark.oracle
@each_schedule
def test_rates_are_those_of_torch_itself(case):
    from tests.parity import record as torch_side

    compare_rates(case, torch_side.values(case))


def test_arms_of_different_numbers_side_by_side_are_those_of_torch_too():
    """What is compared above runs alone; the same with arms stacked, as the simulation does it."""
    groups = {}
    for case in OPTIMIZER_CASES:
        groups.setdefault((case.optimizer.name, case.optimizer.structure(), case.start.sum()), []).append(case)
    for cases in groups.values():
        points, _ = followed([case.optimizer for case in cases], rates(), gradients(), cases[0].start)
        for place, case in enumerate(cases):
            compare_points(points[:, :, place], record()[case.id], RECORDED)


# Right values as PyTorch prints them.


def test_one_cycle_starts_at_a_25th_and_peaks_one_update_before_its_share():
    rates = SCHEDULES.create("one_cycle", peak=0.01).values(50)
    # As many digits as were printed.
    assert rates[[0, 14, 48, 49]] == pytest.approx([0.0004, 0.01, 2.01684e-05, 4e-08], rel=1e-5)


def test_one_cycle_of_two_updates_begins_past_its_peak():
    assert SCHEDULES.create("one_cycle", peak=1.0).values(2) == pytest.approx([0.811746, 4e-06], rel=1e-6)


def test_warm_restarts_double_their_cycle():
    rates = SCHEDULES.create("cosine_restarts", peak=0.5, t_0=1, t_mult=2).values(9)
    assert rates == pytest.approx([0.5, 0.5, 0.25, 0.5, 0.426777, 0.25, 0.073223, 0.5, 0.48097], abs=1e-6)


@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (1, 1.0), (4, 0.25)])
@pytest.mark.parametrize("three_phase", [False, True])
def test_a_phase_of_no_width_is_over_at_once(steps, pct_start, three_phase):
    """PyTorch divides by zero here."""
    rates = SCHEDULES.create("one_cycle", peak=0.1, pct_start=pct_start, three_phase=three_phase).values(steps)
    assert np.isfinite(rates).all()
    assert rates[0] == 0.1
    assert (np.diff(rates) < 0).all()


@pytest.mark.oracle
@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1)])
def test_torch_divides_by_a_phase_of_no_width(steps, pct_start):
    """If this fails, PyTorch has changed, and these belong into the table."""
    from tests.parity import record as torch_side

    with pytest.raises(ZeroDivisionError):
        torch_side.values(ScheduleCase("", SCHEDULES.create("one_cycle", pct_start=pct_start), steps))
