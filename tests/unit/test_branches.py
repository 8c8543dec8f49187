"""Branches of a run: what they share with their trunk, and where they part."""

import re

import numpy as np
import pytest

from lr_explorer.controllers import CONTROLLERS
from lr_explorer.experiments.branches import CONSTANT, DECAY, PAIRS, PLANNED, RESTART, branched, compared
from lr_explorer.experiments.crowd import crowd
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.wrappers import WRAPPERS
from tests.helpers import arm

STEPS, FORK = 40, 17


def forked(optimizer="sgd", fork=FORK, steps=STEPS, **values):
    """Return a scenario of the branches of an arm; `values` go to the arm."""
    one = arm("cosine", optimizer, peak=0.1).with_values(**values)
    # Not at a minimum, where what hears no noise would stay.
    return branched(Scenario(start=Point(0.4, 0.5), arms=(arm(), one), steps=steps), 1, fork)


def same(one, other):
    np.testing.assert_array_equal(one.view(np.int64), other.view(np.int64))


def check_that_they_part_only_at_the_fork(scenario, fork=FORK):
    run = simulate(scenario, 3, anatomy=True)
    trunk = run.arms[PLANNED]
    for branch in run.arms[1:]:
        same(trunk.path[: fork + 1], branch.path[: fork + 1])
        same(trunk.memory[:fork], branch.memory[:fork])
        same(trunk.lr[:fork], branch.lr[:fork])
    assert len({branch.lr.tobytes() for branch in run.arms}) == 4
    return len({branch.path.tobytes() for branch in run.arms})


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_branches_are_their_trunk_to_the_bit_until_the_fork_and_then_differ(optimizer):
    # Rprop takes from the rate the length of its first step alone, and L-BFGS searches for the length of each.
    assert check_that_they_part_only_at_the_fork(forked(optimizer)) == (1 if optimizer in ("rprop", "lbfgs") else 4)


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_so_they_do_under_every_wrapper(wrapper):
    assert check_that_they_part_only_at_the_fork(forked(wrapper=WRAPPERS.create(wrapper))) == 4


@pytest.mark.parametrize(
    "schedule",
    [
        SCHEDULES.create("one_cycle", peak=0.1, cycle_momentum=True),
        SCHEDULES.create("cosine", peak=0.1, warmup=25, warmup_start=0.2),
        SCHEDULES.create("wsd", peak=0.1, decay=0.9, cooldown=5, floor=0.1),
        SCHEDULES.create("chained", peak=0.1),
    ],
    ids=lambda schedule: schedule.name,
)
def test_so_they_do_with_a_momentum_that_cycles_within_a_warm_up_and_of_a_composition(schedule):
    assert check_that_they_part_only_at_the_fork(forked("heavy_ball", schedule=schedule)) == 4


def test_a_branch_of_a_run_without_momentum_is_what_a_loop_by_hand_does_from_the_stored_point():
    """Gradient descent has no state but its point: its branch is a run of its own that begins there."""
    quiet = {"steps": STEPS, "noise": NOISES.create("gaussian", sigma=0.0)}
    run = simulate(branched(Scenario(**quiet), 0, FORK))
    point, rate = run.arms[PLANNED].path[FORK, :, 0], run.arms[PLANNED].lr[FORK]
    for _ in range(FORK, STEPS):
        point = point - rate * run.scenario.surface.gradient(point)
    np.testing.assert_array_equal(run.arms[CONSTANT].path[-1, :, 0], point)


def test_the_rates_go_on_from_that_of_the_forking_update_or_from_the_peak():
    rates = [one.rates(STEPS) for one in forked().arms]
    in_force = rates[PLANNED][FORK]
    assert (rates[CONSTANT][FORK:] == in_force).all()
    left = np.arange(STEPS - FORK, 0, -1) / (STEPS - FORK)
    np.testing.assert_allclose(rates[DECAY][FORK:], in_force * left, rtol=1e-14)
    np.testing.assert_allclose(rates[RESTART][FORK:], 0.1 * left, rtol=1e-14)


def test_a_drop_that_has_come_stays_and_a_later_one_belongs_to_the_plan():
    early, late = (forked(drop_at=at, drop_factor=0.5) for at in (5, 30))
    plain = forked().arms[CONSTANT].rates(STEPS)
    np.testing.assert_array_equal(early.arms[CONSTANT].rates(STEPS)[5:], 0.5 * plain[5:])
    np.testing.assert_array_equal(late.arms[CONSTANT].rates(STEPS), plain)
    assert late.arms[PLANNED].drop_at == 30


def test_branches_survive_their_link():
    scenario = forked("adam")
    assert Scenario.from_query(scenario.to_query()) == scenario


@pytest.mark.parametrize("controller", CONTROLLERS)
def test_a_controller_has_no_branches_and_is_told_why(controller):
    with pytest.raises(ValueError, match=f"{re.escape(CONTROLLERS[controller].label)} sets the rate by what each run does"):
        forked(schedule=CONTROLLERS.create(controller))


def test_what_else_has_no_branches():
    with pytest.raises(ValueError, match="Decay from 17 is a branch already"):
        branched(forked(), DECAY, 5)
    for step in (0, STEPS, 10**6):
        with pytest.raises(ValueError, match=f"step must be between 1 and 39, within the run; got {step}"):
            forked(fork=step)
    with pytest.raises(ValueError, match="nowhere to fork"):
        forked(fork=1, steps=1)


def test_several_claims_share_the_error_of_one():
    pairs = compared(crowd(forked(), count=100), 0.95)
    assert {pair.comparison.losses.interval.level for pair in pairs} == {1 - 0.05 / len(PAIRS)}
    assert (pairs[0].contender.arm.name, pairs[0].baseline.arm.name) == ("Decay from 17", "Constant from 17")
    lower = np.median(np.log10(pairs[0].baseline.loss) - np.log10(pairs[0].contender.loss))
    assert pairs[0].comparison.losses.estimate == pytest.approx(lower)
