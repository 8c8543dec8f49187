"""Every registered schedule keeps its promises; the tests walk the registry."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lr_explorer.schedules import SCHEDULES
from tests.helpers import things

STEPS = (1, 2, 3, 100)
WARMUPS = (0, 1, 2, 50, 99, 100, 101, 5000)

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def keeps_its_promises(schedule, steps):
    rates = schedule.values(steps)
    assert rates.shape == (steps,)
    assert rates.dtype == np.float64
    assert np.isfinite(rates).all()
    assert (rates >= 0).all()
    if schedule.stays_below_peak:
        # Roundings of a curve that touches its peak.
        assert (rates <= schedule.peak * (1 + 1e-12)).all()
    # floor + (1 − floor)·0 is the floor itself, up to rounding.
    assert (rates[schedule.warmup :] >= schedule.peak * schedule.floor * (1 - 1e-12)).all()
    rates[:] = -1.0  # whoever writes into the answer changes nobody else's
    again = schedule.values(steps)
    assert (again >= 0).all()
    np.testing.assert_array_equal(again, schedule.values(steps))


@every_schedule
@pytest.mark.parametrize("warmup", WARMUPS)
def test_rates_of_every_length_lie_between_the_floor_and_the_peak(name, warmup):
    for more in ({}, {"warmup_start": 0.3}, {"floor": 0.1}, {"floor": 1.0, "warmup_start": 1.0}, {"peak": 0.0}, {"peak": 1e6}):
        for steps in STEPS:
            keeps_its_promises(SCHEDULES.create(name, warmup=warmup, **more), steps)


@every_schedule
@given(data=st.data(), steps=st.integers(1, 300))
@settings(max_examples=50)
def test_rates_with_any_parameters_lie_between_the_floor_and_the_peak(name, data, steps):
    warmup = data.draw(st.integers(0, 400))
    keeps_its_promises(data.draw(things(SCHEDULES[name], warmup=warmup)), steps)


@pytest.mark.parametrize("name", ["linear", "cosine", "polynomial"])
@pytest.mark.parametrize("warmup", [0, 10])
def test_rates_that_fall_to_the_floor_reach_it_one_update_past_the_last(name, warmup):
    """The last value is what PyTorch's scheduler has at T_max − 1."""
    more = {"power": 1.0} if name == "polynomial" else {}
    rates = SCHEDULES.create(name, peak=2.0, floor=0.1, warmup=warmup, **more).values(100)
    left = 1 / (100 - warmup)
    share = 0.5 * (1 - np.cos(np.pi * left)) if name == "cosine" else left
    # The cosine near π loses half the digits of 1 + cos.
    assert rates[-1] == pytest.approx(2.0 * (0.1 + 0.9 * share), rel=1e-12)
    assert rates[-1] > 0.2


@every_schedule
def test_a_number_of_steps_that_is_none_is_refused_by_name(name):
    for steps in (0, -1, 1.5, True, False, float("nan"), float("inf"), "ten", None):
        with pytest.raises(ValueError, match=rf"{SCHEDULES[name].__name__}\.values: steps must be a whole number of at least 1; got"):
            SCHEDULES.create(name).values(steps)


@every_schedule
def test_whole_numbers_of_any_type_count_steps(name):
    schedule = SCHEDULES.create(name)
    for steps in (np.int64(7), np.float64(7), 7.0):
        np.testing.assert_array_equal(schedule.values(steps), schedule.values(7))


@every_schedule
@pytest.mark.parametrize("cooldown", [1, 4, 20, 1000])
@pytest.mark.parametrize("floor", [0.0, 0.02])
def test_cool_down_goes_from_the_rate_in_force_to_one_step_above_the_floor(name, cooldown, floor):
    schedule = SCHEDULES.create(name, peak=0.5, warmup=5, floor=floor)
    plain, cooled = schedule.values(40), schedule.with_values(cooldown=cooldown).values(40)
    length = min(cooldown, 35)
    np.testing.assert_array_equal(cooled[: 40 - length + 1], plain[: 40 - length + 1])
    low = 0.5 * floor
    left = 1 - np.arange(length) / length
    np.testing.assert_allclose(cooled[40 - length :], low + (plain[40 - length] - low) * left, rtol=1e-13, atol=1e-17)


@every_schedule
@pytest.mark.parametrize("warmup", [1, 4, 10])
def test_warm_up_rises_linearly_to_where_the_shape_begins(name, warmup):
    schedule = SCHEDULES.create(name, peak=0.5, warmup=warmup, warmup_start=0.2)
    rates = schedule.values(40)
    begins = rates[warmup]
    expected = [begins * (0.2 + 0.8 * t / warmup) for t in range(warmup)]
    np.testing.assert_allclose(rates[:warmup], expected, rtol=1e-14)


@every_schedule
def test_a_run_shorter_than_its_warm_up_is_the_beginning_of_that_warm_up(name):
    rates = SCHEDULES.create(name, peak=0.5, warmup=40).values(10)
    np.testing.assert_allclose(rates / rates[1], np.arange(10), rtol=1e-14)


@every_schedule
def test_doubling_the_peak_doubles_every_rate(name):
    once, twice = (SCHEDULES.create(name, peak=peak, warmup=3, floor=0.1).values(50) for peak in (0.25, 0.5))
    np.testing.assert_array_equal(2 * once, twice)


@every_schedule
def test_every_schedule_says_when_to_use_it_and_what_to_watch_for(name):
    cls = SCHEDULES[name]
    assert cls.family
    for said in (cls.use_when, cls.watch_for):
        assert said.endswith(".")
        assert len(said) > 30
    assert cls.use_when != cls.watch_for


@every_schedule
def test_whether_a_schedule_reaches_its_peak_is_as_it_declares(name):
    cls = SCHEDULES[name]
    if cls.reaches_peak:
        # A one-cycle's peak is between two updates.
        assert SCHEDULES.create(name, peak=1.0).values(300).max() == pytest.approx(1.0, rel=1e-3)


@every_schedule
@given(data=st.data(), steps=st.integers(1, 300))
@settings(max_examples=30)
def test_a_momentum_is_given_for_every_update_or_for_none(name, data, steps):
    momentum = data.draw(things(SCHEDULES[name])).momentum(steps)
    if momentum is not None:
        assert momentum.shape == (steps,)
        assert momentum.dtype == np.float64
        assert ((momentum >= -1e-12) & (momentum <= 1 + 1e-12)).all()
