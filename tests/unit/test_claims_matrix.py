"""What the last claim's experiments make of a matrix of tasks and schedules, on matrices made by hand."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import chi2, friedmanchisquare

from lr_explorer.claims import CLAIMS, e6
from lr_explorer.experiments.task_choice import resampled
from lr_explorer.statistics import Status

RNG = np.random.default_rng(8)
EXPERIMENTS = {made.name: made for made in CLAIMS["E6"].experiments}


def matrix(medians, spread=0.3, replicates=200):
    """Return what the experiments read of a matrix: losses around these medians, (tasks, schedules), in dex."""
    medians = np.asarray(medians, dtype=float)
    losses = 10 ** (medians[:, :, None] + RNG.normal(0, spread, (*medians.shape, replicates)))
    return SimpleNamespace(losses=losses, scores=np.log10(np.median(losses, axis=2)), seed=3)


def judged(name, *args, **kwargs):
    return EXPERIMENTS[name].judged(matrix(*args, **kwargs))


def test_a_schedule_that_is_best_everywhere_refutes_that_nobody_is():
    assert judged("no_champion", [[0, 1, 2], [0, 2, 1], [0, 1, 1]]).status is Status.REFUTED
    verdict = judged("no_champion", [[0, 1, 2], [1, 0, 2], [0.5, 0.5, 0]])
    # The first and the second are half behind on the third task and one on another; so each one's worst is 1.
    assert verdict.estimate == pytest.approx(1.0, abs=0.15)
    assert verdict.status is Status.SUPPORTED


def test_what_habit_costs_is_the_mean_loss_behind_the_best_by_the_others_ranks():
    # The first wins the first two, the second the last two: each task's others favour the wrong one of two.
    verdict = judged("habit", [[0, 1], [0, 1], [1, 0], [1, 0]], spread=0.05)
    assert verdict.estimate == pytest.approx(1.0, abs=0.05)
    assert judged("habit", [[0, 1]] * 4, spread=0.05).estimate == pytest.approx(0.0, abs=0.01)


def test_agreement_is_judged_against_what_friedmans_test_calls_chance():
    scores = RNG.normal(0, 1, (11, 7))
    verdict = judged("alike", scores, spread=1e-3)
    statistic, _ = friedmanchisquare(*scores.T)
    assert verdict.estimate == pytest.approx(statistic / (11 * 6), rel=1e-6)
    assert verdict.margin == pytest.approx(chi2.ppf(0.95, 6) / (11 * 6))
    assert judged("alike", [np.arange(7)] * 11, spread=1e-3).status is Status.SUPPORTED


def test_resampling_keeps_the_replicates_of_schedules_together():
    """Two schedules with the same losses stay equal in every resample, so the bounds of their difference are 0."""
    made = matrix([[0.0]], spread=1.0)
    twice = np.repeat(made.losses, 2, axis=1)
    bounds = resampled(twice, lambda scores: float(scores[0, 0] - scores[0, 1]), seed=1)
    assert (bounds.low, bounds.estimate, bounds.high) == (0.0, 0.0, 0.0)
    alone = resampled(twice, lambda scores: float(scores[0, 0]), seed=1)
    # The median of 200 normal numbers has a standard error of 1.2533/√200.
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * 1.2533 / 200**0.5, rel=0.35)


def test_a_question_runs_the_tasks_and_schedules_that_it_needs():
    made = replace(EXPERIMENTS["depends"], tasks=("quartic", "funnel"))
    verdict = made.run(5, size=e6.Size(10, 40, 6))
    # Where the curvature fades a constant rate wins, on a funnel that sharpens the cosine does.
    assert verdict.status is Status.SUPPORTED
    assert verdict.interval.count == 40
