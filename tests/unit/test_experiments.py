"""Measures and ensembles count what they say they count."""

import math
import sys

import numpy as np
import pytest
from scipy.stats import binomtest

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.experiments.ensemble import ensemble
from lr_explorer.experiments.measures import (
    MEASURES,
    Measure,
    below,
    best_checkpoint,
    descended,
    diverged,
    farther_than,
    global_basin,
    left_start_basin,
    near_best,
)
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm

SIMULATE = sys.modules["lr_explorer.simulate"]
BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
WELLS = SURFACES.create("double_well")
NOISY = Scenario(noise=Gaussian(sigma=2.0), arms=(arm("cosine", peak=0.13), arm(peak=0.02)), steps=200)


@pytest.mark.parametrize("hits", [0, 1, 7, 20, 39, 40])
def test_shares_have_a_wilson_interval(hits):
    measure = Measure("are among the first", lambda surface, made: np.arange(len(made.final_loss)) < hits)
    (summary, _) = ensemble(NOISY.with_values(steps=2), measure, 40)
    assert (summary.hits, summary.replicates) == (hits, 40)
    interval = binomtest(hits, 40).proportion_ci(method="wilson")
    assert (summary.share_low, summary.share_high) == pytest.approx((interval.low, interval.high), rel=1e-12, abs=1e-15)


def test_quartiles_are_ranks_of_the_loss_above_the_lowest():
    summaries, run = ensemble(NOISY, replicates=41), simulate(NOISY, 41)
    for summary, made in zip(summaries, run.arms, strict=True):
        ranked = sorted(made.final_loss - WELLS.minima[0].value)
        # Of 41 values the 25, 50 and 75 % ranks are the 11th, 21st and 31st.
        assert summary.loss == (ranked[10], ranked[20], ranked[30])
        assert summary.diverged == 0
        assert summary.arm == made.arm


def test_diverged_replicates_count_as_infinite_losses():
    # x⁴ from far away: on a circle of radius 4 some starts diverge at this rate, others do not.
    scenario = Scenario(
        surface=SURFACES.create("quartic"), start=Circle(radius=4.0), noise=Gaussian(), arms=(arm(peak=0.135), arm(peak=1.0)), steps=100
    )
    some, every = ensemble(scenario, diverged(), 200)
    assert 0 < some.diverged < 200
    assert some.hits == some.diverged
    share = some.diverged / 200
    assert [math.isinf(loss) for loss in some.loss] == [share > 0.75, share > 0.5, share > 0.25]
    assert every.loss == (math.inf, math.inf, math.inf)
    assert every.diverged == every.hits == 200
    assert ensemble(scenario, below(1e9), 200)[1].hits == 0


def test_a_descent_into_the_global_basin_is_asked_for_unless_something_else_is():
    assert ensemble(NOISY, replicates=20) == ensemble(NOISY, descended(0.01), 20)


def test_a_run_on_the_rim_of_the_global_basin_has_not_descended():
    plateau = SURFACES.create("plateau")
    still, quick = arm(peak=0.0), arm(peak=0.3)
    scenario = Scenario(surface=plateau, start=Point(1.0, 0.0), noise=Gaussian(), arms=(still, quick), steps=200)
    assert [answer.hits for answer in ensemble(scenario, global_basin(), 1)] == [1, 1]
    assert [answer.hits for answer in ensemble(scenario, descended(0.01), 1)] == [0, 1]


def holds(measure, **more):
    """Return the measure's answers for each arm of one run: without noise on the tilted double well, unless told otherwise."""
    scenario = Scenario(**{"noise": Gaussian(), "start": Point(0.5, 0.5), "arms": (arm(peak=0.1),), "steps": 200} | more)
    return [bool(measure.holds(scenario.surface, made)[0]) for made in simulate(scenario).arms]


def test_descent_without_noise_ends_in_its_own_basin():
    for x, is_global in ((0.5, False), (-0.5, True)):
        start = Point(x, 0.5)
        assert holds(global_basin(), start=start) == [is_global]
        assert holds(near_best(1e-6), start=start) == [is_global]
        assert holds(below(1e-6), start=start) == [is_global]
        assert holds(left_start_basin(), start=start) == [False]


def test_the_global_basin_can_be_reached_without_resting_near_its_floor():
    few = {"start": Point(-0.5, 0.5), "steps": 2}
    assert holds(global_basin(), **few) == [True]
    assert holds(near_best(1e-6), **few) == [False]
    assert holds(near_best(10.0), **few) == [True]


def test_a_rate_too_high_for_a_well_leaves_its_basin():
    # The sharp well's curvature is 16: 0.15·16 > 2.
    sharp = {"surface": SURFACES.create("twin_wells"), "start": Point(-0.5, 0.0), "noise": Gaussian(sigma=0.5), "steps": 500}
    assert holds(left_start_basin(), arms=(arm(peak=0.15), arm(peak=0.05)), **sharp) == [True, False]


def test_a_diverged_run_has_reached_and_left_nothing():
    for measure in (global_basin(), near_best(1.0), below(1.0), best_checkpoint(4, 0.01), left_start_basin(), farther_than("x", 0.1)):
        assert holds(measure, surface=BOWL, start=Point(1.0, 1.0), arms=(arm(peak=10.0),), steps=40) == [False]
    assert holds(diverged(), surface=BOWL, start=Point(1.0, 1.0), arms=(arm(peak=10.0), arm(peak=0.01)), steps=40) == [True, False]


def test_distance_is_asked_along_its_axis():
    still = {"surface": BOWL, "start": Point(-3.0, 0.5), "arms": (arm(peak=0.0),), "steps": 5}
    assert [holds(farther_than(axis, distance), **still) for axis, distance in (("x", 2.9), ("x", 3.1), ("y", 0.4), ("y", 0.6))] == [
        [True],
        [False],
        [True],
        [False],
    ]


def test_the_best_of_several_checkpoints_counts():
    # y ← (1 − 0.15·10) y, so the loss falls fourfold at every step.
    scenario = Scenario(surface=BOWL, start=Point(0.0, 1.0), noise=Gaussian(), arms=(arm(peak=0.15),), steps=8)
    run = simulate(scenario)
    losses = run.arms[0].loss[:, 0]
    for excess in (losses[2], losses[4], losses[8]):
        # Checkpoints at steps 2, 4, 6 and 8; the start is none, and the loss falls.
        assert best_checkpoint(4, excess * 1.01).holds(BOWL, run.arms[0]).tolist() == [True]
    assert best_checkpoint(4, losses[8] * 0.99).holds(BOWL, run.arms[0]).tolist() == [False]
    # Rates up to 0.38 are unstable here: the loss rises and falls with the restarts.
    hot = simulate(scenario.with_values(arms=(arm("cosine_restarts", peak=0.38, t_0=4, t_mult=1),), steps=8))
    rises = hot.arms[0].loss[:, 0]
    best = min(rises[[2, 4, 6, 8]])
    assert best < rises[8]
    assert best_checkpoint(4, best * 1.01).holds(BOWL, hot.arms[0]).tolist() == [True]
    assert below(best * 1.01).holds(BOWL, hot.arms[0]).tolist() == [False]


@pytest.mark.parametrize("measure", [left_start_basin(), best_checkpoint(5, 0.05), global_basin(), below(0.05)])
def test_measures_count_every_replicate_even_where_memory_holds_few_paths(measure, monkeypatch):
    whole = ensemble(NOISY, measure, 50)
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 7 * 24 * 201 * 2)
    assert ensemble(NOISY, measure, 50) == whole
    assert 0 < whole[0].hits < 50


ASKED = [
    global_basin(),
    near_best(0.05),
    descended(0.01),
    below(0.05),
    best_checkpoint(5, 0.05),
    diverged(),
    left_start_basin(),
    farther_than("x", 1),
]


@pytest.mark.parametrize("measure", ASKED, ids=lambda measure: measure.says)
def test_a_measure_needs_no_paths_unless_it_says_so(measure):
    assert len(ASKED) == len(MEASURES)
    whole, bare = (simulate(NOISY, 50, endings=False, paths=paths).arms[0] for paths in (True, False))
    assert measure.holds(NOISY.surface, whole).shape == (50,)
    np.testing.assert_array_equal(measure.holds(NOISY.surface, bare), measure.holds(NOISY.surface, whole)[: 0 if measure.needs_paths else 50])


def test_an_average_is_summarised_beside_its_iterate():
    averaged = NOISY.with_values(arms=(NOISY.arms[1].with_values(averaging=AVERAGINGS.create("tail")), NOISY.arms[1]))
    (beside, alone), run = ensemble(averaged, replicates=41), simulate(averaged, 41)
    ranked = sorted(run.arms[0].averaged_final_loss - WELLS.minima[0].value)
    assert beside.averaged == (ranked[10], ranked[20], ranked[30])
    assert beside.loss == alone.loss
    assert alone.averaged is None
