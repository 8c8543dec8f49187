"""Tuning finds the best peak where theory knows it, says when it may lie beyond, and is judged on noise that it has not seen."""

import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings

from lr_explorer.experiments.blocks import Stopped
from lr_explorer.experiments.crowd import compare, crowd
from lr_explorer.experiments.ensemble import Observed, ensemble
from lr_explorer.experiments.fair import CRITERIA, PER_DECADE, at_same_peak, fair_fight, rate_grid, tune, usual_criterion, with_peak
from lr_explorer.experiments.measures import below, near_best
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import Status
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, scenarios
from tests.unit.test_crowd import BURSTING, assert_same

BLOCKS = sys.modules["lr_explorer.experiments.blocks"]
INF = np.inf


# The grid


def test_the_grid_reaches_far_past_stability_and_past_the_given_peaks():
    bowl = Scenario(surface=SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0), arms=(arm(peak=0.19), arm(peak=0.0001)))
    rates = rate_grid(bowl)
    # 2/λ is 0.2.
    assert rates[0] == pytest.approx(0.0001 / 100)
    assert rates[-1] == pytest.approx(0.2 * 300)
    assert np.diff(np.log10(rates)) == pytest.approx(1 / PER_DECADE, rel=0.02)


def test_the_grid_knows_the_curvature_of_the_start_and_of_the_minima():
    steep = Scenario(surface=SURFACES.create("quartic"), start=Point(4.0, 0.0), arms=(arm(peak=0.04),))
    # 3x² = 48 at the start, 0 at the minimum.
    assert rate_grid(steep)[-1] == pytest.approx(2 / 48 * 300)
    wells = Scenario(surface=SURFACES.create("twin_wells"), start=Point(2.0, 0.0), arms=(arm(peak=0.1),))
    assert rate_grid(wells)[-1] == pytest.approx(2 / 16 * 300, rel=1e-3)


def test_the_grid_knows_the_optimizers_limit_and_each_coordinates_rate():
    bowl = Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0), arms=(arm(peak=0.1, momentum=0.9),))
    assert rate_grid(bowl)[-1] == pytest.approx(2 * 1.9 * 300)
    slower = bowl.with_values(arms=(arm(peak=0.1).with_values(rate_x=0.25, rate_y=0.5),))
    assert rate_grid(slower)[-1] == pytest.approx(2 / 0.5 * 300)


def test_where_nothing_curves_and_no_peak_is_given_the_optimizers_own_is_the_middle():
    flat = Scenario(surface=SURFACES.create("quadratic", lambda1=0.0, lambda2=0.0), arms=(arm(peak=0.0),))
    rates = rate_grid(flat)
    assert (rates[0], rates[-1]) == pytest.approx((0.001, 30))


@given(scenarios())
@settings(max_examples=25)
def test_any_scenario_has_a_grid_of_rates_that_rise(drawn):
    rates = rate_grid(drawn)
    assert len(rates) >= 2
    assert (np.diff(rates) > 0).all()
    for made in drawn.arms:
        assert [with_peak(made, rate).schedule.peak for rate in rates[[0, -1]]] == rates[[0, -1]].tolist()


# Tuning


def test_without_noise_the_best_constant_rate_is_the_one_of_theory():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=3.0)
    scenario = Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=(arm(peak=0.01),), steps=30)
    (curve,) = tune(scenario, count=1)
    # 2/(λ₁ + λ₂) shrinks the slower coordinate fastest; neighbours on the grid differ by 21 %.
    assert 0.5 / 1.21 < curve.peak < 0.5 * 1.21
    assert not curve.is_at_edge
    assert curve.warning == ""
    assert curve.tuned == with_peak(scenario.arms[0], curve.peak)
    # Past 2/λ₂ it grows by |1 − 3η| a step; it diverges within 30 steps if (3η − 1)³⁰ exceeds 10⁶.
    assert curve.diverged.tolist() == (curve.rates > (1 + 10**0.2) / 3).astype(float).tolist()


def test_a_best_peak_at_the_edge_of_the_grid_is_flagged():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=3.0)
    scenario = Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=(arm(name="Low", peak=0.01),), steps=30)
    (curve,) = tune(scenario, count=1, rates=np.array([0.01, 0.1, 0.2]))
    assert curve.is_at_edge
    assert curve.warning == "The best peak of Low, 0.2, is the edge of the grid from 0.01 to 0.2: a better one may lie beyond."


def test_a_curve_is_what_an_ensemble_at_each_peak_says():
    rates = np.geomspace(0.005, 0.3, 8)
    measure = below(0.1)
    for curve in tune(BURSTING, measure, count=80, rates=rates):
        for place, rate in enumerate(rates):
            alone = BURSTING.with_values(arms=(with_peak(curve.arm, rate),), seed=seed_for(BURSTING.seed, Purpose.TUNING))
            (summary,) = ensemble(alone, measure, 80)
            assert tuple(curve.quartiles[:, place]) == pytest.approx(summary.loss)
            assert curve.diverged[place] == summary.diverged / 80
            assert curve.success[place] == summary.hits / 80


def seen(*losses):
    """Return what was observed of replicates with these losses; those below 0.1 succeed."""
    losses = np.array(losses, dtype=float)
    return Observed(losses < 0.1, np.isinf(losses), losses, np.empty(0))


def test_each_criterion_prefers_what_it_says():
    even, lucky, safe = seen(*[0.2] * 10), seen(*[0.01] * 6, *[INF] * 4), seen(*[0.09] * 7, *[0.5] * 3)
    best = {name: min((even, lucky, safe), key=criterion.score) for name, criterion in CRITERIA.items()}
    assert best["median"] is lucky
    assert best["success"] is safe
    assert best["steady"] is safe
    assert best["quantile90"] is even


def test_among_peaks_that_score_alike_the_lower_median_and_then_the_lower_rate_is_chosen():
    still = Scenario(surface=SURFACES.create("quadratic"), noise=Gaussian(), arms=(arm(peak=0.1),), steps=20)
    (curve,) = tune(still, below(1e9), CRITERIA["success"], count=1, rates=np.array([1e-3, 1e-2, 0.1]))
    assert curve.scores.tolist() == [0, 0, 0]
    assert curve.peak == 0.1
    (curve,) = tune(still.with_values(arms=(arm(peak=0.1).with_values(freeze_x=True, freeze_y=True),)), count=1, rates=np.array([0.1, 0.2]))
    assert curve.quartiles[1, 0] == curve.quartiles[1, 1]
    assert curve.peak == 0.1


def test_where_runs_may_end_at_several_minima_success_is_what_counts():
    assert usual_criterion(BURSTING) is CRITERIA["median"]
    assert usual_criterion(Scenario()) is CRITERIA["success"]
    (curve,) = tune(Scenario(arms=(arm(peak=0.1),), steps=5), count=2, rates=np.array([0.1, 0.2]))
    assert curve.criterion is CRITERIA["success"]


# The fight


SETTLE = PRESETS["settle"]


def test_the_fight_of_constant_and_cosine_ends_as_it_should():
    """Measured before, on other seeds: 1.98 dex [1.87, 2.11] at the same peak and 0.41 [0.29, 0.55] with each peak tuned."""
    fight = fair_fight(SETTLE.scenario.with_values(arms=SETTLE.scenario.arms[:2]), SETTLE.measure)
    same, tuned = (compare(*found.arms).losses for found in (fight.same, fight.tuned))
    assert same.status is tuned.status is Status.SUPPORTED
    assert 1.8 < same.estimate < 2.2
    assert 0.29 < tuned.estimate < 0.6
    assert fight.warnings == []


@pytest.mark.slow
def test_annealing_finds_the_better_of_two_wells_more_often_even_when_both_are_tuned():
    """Measured before, on other seeds: 0.71 [0.63, 0.76] with each peak tuned."""
    wells = SURFACES.create("double_well")
    arms = (arm(name="Constant", peak=0.01), arm("cosine", name="Cosine", peak=0.1))
    scenario = Scenario(surface=wells, start=Point(*wells.minima[1].point), noise=Gaussian(sigma=2.0), arms=arms, steps=2000)
    fight = fair_fight(scenario, near_best(0.05))
    found = compare(*fight.tuned.arms).shares
    assert found.status is Status.SUPPORTED
    assert 0.6 < found.estimate < 0.8
    assert fight.warnings == []


def test_what_is_tuned_is_judged_on_seeds_that_it_has_not_seen():
    scenario = BURSTING.with_values(arms=(arm(peak=0.02), arm("cosine", peak=0.5)))
    fight = fair_fight(scenario, count=70, tuning_count=20)
    seed = seed_for(scenario.seed, Purpose.EVALUATION)
    assert fight.same.scenario == at_same_peak(scenario).with_values(seed=seed)
    assert [made.schedule.peak for made in fight.same.scenario.arms] == [0.02, 0.02]
    assert [made.arm for made in fight.tuned.arms] == [curve.tuned for curve in fight.curves]
    assert fight.tuned.scenario.seed == seed != seed_for(scenario.seed, Purpose.TUNING)
    assert_same(fight.same, crowd(fight.same.scenario, count=70))
    assert_same(fight.tuned, crowd(fight.tuned.scenario, count=70))
    assert fair_fight(scenario, count=5, tuning_count=2, peak=0.03).same.scenario.arms[1].schedule.peak == 0.03


def test_arms_that_differ_in_their_peak_alone_are_told_to_be_one_once_tuned():
    arms = (arm(name="High", peak=0.2), arm(name="Low", peak=0.02), arm("cosine", name="Other", peak=0.2))
    fight = fair_fight(BURSTING.with_values(arms=arms), count=5, tuning_count=2, rates=np.array([0.05, 0.1]))
    assert fight.tuned.arms[0].loss.tolist() == fight.tuned.arms[1].loss.tolist()
    assert fight.twins == ["High and Low are one and the same arm once their peaks are tuned."]


def assert_same_fight(one, other):
    assert_same(one.same, other.same)
    assert_same(one.tuned, other.tuned)
    for mine, theirs in zip(one.curves, other.curves, strict=True):
        for name in ("rates", "quartiles", "diverged", "success", "scores"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name), err_msg=name)


@pytest.mark.slow
def test_other_processes_and_other_blocks_give_the_same_numbers_to_the_bit(monkeypatch):
    scenario = Scenario(
        start=Circle(x=0.5, radius=0.5), noise=Gaussian(sigma=2.0), arms=(arm("cosine", peak=0.13), arm(optimizer="adam", peak=0.02)), steps=60
    )
    more = {"count": 150, "tuning_count": 70, "rates": np.geomspace(0.01, 10, 7)}
    here = fair_fight(scenario, **more)
    monkeypatch.setattr(BLOCKS, "_UPDATES", 1)
    told = []
    # Forked processes would inherit locks that threads of this one hold.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        there = fair_fight(scenario, **more, executor=pool, progress=lambda done, total: told.append((done, total)))
    assert_same_fight(here, there)
    # Seven peaks are two scenarios for each arm, each of two blocks; both fights take three.
    assert told == [(done, 14) for done in range(1, 15)]


def test_a_fight_can_be_stopped():
    told = []
    with pytest.raises(Stopped):
        fair_fight(BURSTING, count=10, tuning_count=5, progress=lambda done, total: told.append(done), is_stopped=lambda: len(told) == 3)
    assert told == [1, 2, 3]
