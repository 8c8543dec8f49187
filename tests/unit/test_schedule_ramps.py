"""Warm-up and cool-down: their shapes, their lengths against the run's, and the momentum beside them."""

import math

import numpy as np
import pytest

from lr_explorer.schedules import SCHEDULES
from lr_explorer.schedules.base import RAMPS

CLOSE = {"rtol": 1e-13, "atol": 1e-15}
RISES = {
    "linear": lambda x: x,
    "cosine": lambda x: math.sin(math.pi * x / 2) ** 2,
    # A tenth of the way down the decade, shifted to begin at 0: timm's exponential decay, backwards.
    "exponential": lambda x: (10**x - 1) / 9,
    "one_minus_sqrt": lambda x: 1 - math.sqrt(1 - x),
}
every_ramp = pytest.mark.parametrize("ramp", RAMPS)


def constant(**values):
    return SCHEDULES.create("constant", **{"peak": 0.4} | values)


@every_ramp
@pytest.mark.parametrize("warmup", [1, 2, 7])
@pytest.mark.parametrize("start", [0.0, 0.3, 1.0])
def test_warm_up_rises_in_its_shape_from_its_start(ramp, warmup, start):
    rates = constant(warmup=warmup, warmup_shape=ramp, warmup_start=start).values(20)
    np.testing.assert_allclose(rates[:warmup], [0.4 * (start + (1 - start) * RISES[ramp](t / warmup)) for t in range(warmup)], **CLOSE)
    np.testing.assert_array_equal(rates[warmup:], 0.4)


@every_ramp
@pytest.mark.parametrize("warmup", [5, 6, 100])
def test_a_run_within_its_warm_up_sees_the_beginning_of_it(ramp, warmup):
    rates = constant(warmup=warmup, warmup_shape=ramp, cooldown=3).values(5)
    np.testing.assert_allclose(rates, [0.4 * RISES[ramp](t / warmup) for t in range(5)], **CLOSE)


@every_ramp
@pytest.mark.parametrize("cooldown", [1, 2, 7, 20])
@pytest.mark.parametrize("floor", [0.0, 0.25])
def test_cool_down_is_the_warm_up_mirrored_in_time(ramp, cooldown, floor):
    """Its first update has the full rate still, its last is one step above the floor."""
    rates = constant(cooldown=cooldown, cooldown_shape=ramp, floor=floor).values(20)
    expected = [0.4 * (floor + (1 - floor) * RISES[ramp](1 - t / cooldown)) for t in range(cooldown)]
    np.testing.assert_allclose(rates[20 - cooldown :], expected, **CLOSE)
    np.testing.assert_array_equal(rates[: 20 - cooldown + 1], 0.4)


@pytest.mark.parametrize("cooldown", [10, 11, 5000])
def test_a_cool_down_that_is_longer_than_what_follows_warm_up_takes_all_of_that(cooldown):
    rates = constant(warmup=10, cooldown=cooldown).values(20)
    np.testing.assert_allclose(rates, 0.4 * np.array([t / 10 for t in range(10)] + [1 - t / 10 for t in range(10)]), **CLOSE)


def test_a_run_of_one_update_keeps_its_rate_whatever_its_cool_down():
    assert constant(cooldown=50).values(1).tolist() == [0.4]


def test_cool_down_begins_at_the_rate_in_force():
    """Inverse square root with a linear cool-down, as vision transformers are trained."""
    plain = SCHEDULES.create("inverse_sqrt", peak=0.4, timescale=10, floor=0.05)
    rates = plain.with_values(cooldown=20).values(100)
    np.testing.assert_array_equal(rates[:81], plain.values(100)[:81])
    begins = 0.4 * math.sqrt(10 / 90)
    np.testing.assert_allclose(rates[80:], [0.02 + (begins - 0.02) * (1 - t / 20) for t in range(20)], **CLOSE)


def test_cool_down_after_a_constant_rate_is_wsd():
    cooled = constant(warmup=10, cooldown=20, cooldown_shape="one_minus_sqrt", floor=0.1).values(100)
    wsd = SCHEDULES.create("wsd", peak=0.4, warmup=10, decay=0.2, decay_shape="one_minus_sqrt", floor=0.1).values(100)
    np.testing.assert_allclose(cooled, wsd, **CLOSE)


@pytest.mark.parametrize("name", SCHEDULES)
def test_without_the_new_options_schedules_are_what_they_were(name):
    """Links from before spell no shape and no cool-down."""
    schedule = SCHEDULES.create(name)
    assert (schedule.warmup_shape, schedule.cooldown, schedule.cooldown_shape) == ("linear", 0, "linear")


CYCLING = {
    "one_cycle": {"cycle_momentum": True},
    "cyclic": {"cycle_momentum": True, "step_size_up": 4},
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_momentum_is_left_to_the_optimizer_unless_it_is_asked_for(name):
    assert SCHEDULES.create(name).momentum(50) is None


def test_momentum_of_a_cyclic_schedule_is_high_where_the_rate_is_low():
    """PyTorch's CyclicLR with Adam, base_lr 0.1, max_lr 1, step_size_up 4, as run."""
    schedule = SCHEDULES.create("cyclic", peak=1.0, base=0.1, **CYCLING["cyclic"])
    assert schedule.values(9) == pytest.approx([0.1, 0.325, 0.55, 0.775, 1, 0.775, 0.55, 0.325, 0.1], rel=1e-12)
    assert schedule.momentum(9) == pytest.approx([0.9, 0.875, 0.85, 0.825, 0.8, 0.825, 0.85, 0.875, 0.9], rel=1e-12)


@pytest.mark.parametrize("three_phase", [False, True])
def test_momentum_of_a_one_cycle_is_lowest_at_the_peak_and_high_at_both_ends(three_phase):
    schedule = SCHEDULES.create("one_cycle", three_phase=three_phase, **CYCLING["one_cycle"])
    momentum, rates = schedule.momentum(100), schedule.values(100)
    assert momentum[[0, 29, 99]] == pytest.approx([0.95, 0.85, 0.95], rel=1e-12)
    assert momentum.argmin() == rates.argmax() == 29
    if three_phase:
        # The last phase moves the rate alone.
        assert momentum[58:] == pytest.approx(0.95, rel=1e-12)


@pytest.mark.parametrize("name", CYCLING)
@pytest.mark.parametrize("steps", [1, 2, 3, 40])
@pytest.mark.parametrize("warmup", [0, 1, 39, 40, 100])
def test_momentum_has_a_value_for_every_update_and_waits_during_warm_up(name, steps, warmup):
    schedule = SCHEDULES.create(name, warmup=warmup, **CYCLING[name])
    momentum = schedule.momentum(steps)
    assert momentum.shape == (steps,)
    assert (momentum >= schedule.base_momentum - 1e-12).all()
    assert (momentum <= schedule.max_momentum + 1e-12).all()
    assert len(set(momentum[: min(warmup + 1, steps)])) <= 1


@pytest.mark.parametrize("name", CYCLING)
def test_a_number_of_steps_that_is_none_has_no_momentum(name):
    with pytest.raises(ValueError, match="steps must be a whole number of at least 1; got 0"):
        SCHEDULES.create(name, **CYCLING[name]).momentum(0)
