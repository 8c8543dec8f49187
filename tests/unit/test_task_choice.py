"""What follows from a matrix of tasks and schedules, held against scipy, against loops written out, and against small cases by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import friedmanchisquare

from lr_explorer.experiments.task_choice import (
    agreement,
    behind,
    cross_validated,
    dependence,
    near_best_everywhere,
    picks_from_elsewhere,
    ranks,
    regrets,
)
from lr_explorer.statistics import Interval, Status, level_together

INF = math.inf
# Three tasks, four schedules: the first wins the first task, the second the others; the last diverges on the first.
SCORES = np.array([[-3.0, -2.0, -1.0, INF], [-1.0, -4.0, -2.0, -3.0], [-2.0, -2.03, -2.0, 0.0]])
RANDOM = np.random.default_rng(5)


def interval(low, middle, high):
    return Interval(middle, low, high, 100)


# Who wins where


def test_schedules_are_ranked_from_the_lowest_loss_and_equal_ones_share_their_rank():
    assert ranks(SCORES).tolist() == [[1, 2, 3, 4], [4, 1, 3, 2], [2.5, 1, 2.5, 4]]
    assert behind(SCORES).tolist() == [[0, 1, 2, INF], [3, 0, 2, 1], [pytest.approx(0.03), 0, pytest.approx(0.03), 2.03]]


def test_a_schedule_is_near_the_best_everywhere_only_if_it_is_on_every_task():
    assert near_best_everywhere(SCORES).tolist() == [False] * 4
    assert near_best_everywhere(SCORES, tie=1.0).tolist() == [False, True, False, False]
    assert near_best_everywhere(SCORES[2:]).tolist() == [True, True, True, False]


@given(arrays(int, st.tuples(st.integers(2, 8), st.integers(3, 6)), elements=st.integers(-3, 3)))
@settings(max_examples=25)
def test_agreement_is_what_scipy_makes_of_the_same_ranks(whole):
    scores = whole.astype(float)
    if (np.ptp(scores, axis=1) == 0).all():
        assert (agreement(scores).w, agreement(scores).p) == (0, 1)
        return
    statistic, p = friedmanchisquare(*scores.T)
    tasks, contenders = scores.shape
    found = agreement(scores)
    # Kendall's W is Friedman's statistic over its largest value; rounding may leave a little below 0.
    assert found.w == pytest.approx(statistic / (tasks * (contenders - 1)), abs=1e-12)
    assert found.p == pytest.approx(p, abs=1e-9)


def test_ranks_agree_fully_or_not_at_all():
    same = np.array([[1.0, 2.0, 3.0], [10.0, 20.0, INF], [-3.0, -2.0, -1.0]])
    assert agreement(same).w == pytest.approx(1)
    assert agreement(np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 1.0]])).w == 0
    with pytest.raises(ValueError, match="agreement: scores must be of at least 2 tasks and 2 schedules; got 1 and 3"):
        agreement(same[:1])


# Whether one pair changes sides


@settings(max_examples=50)
@given(st.lists(st.lists(st.floats(-1, 1), min_size=3, max_size=3).map(sorted), min_size=1, max_size=6))
def test_a_pair_depends_on_the_task_if_one_interval_lies_beyond_the_margin_and_another_beyond_its_opposite(bounds):
    verdict = dependence([interval(*one) for one in bounds])
    lows, highs = [one[0] for one in bounds], [one[2] for one in bounds]
    assert (verdict.status is Status.SUPPORTED) == (any(low > 0.1 for low in lows) and any(high < -0.1 for high in highs))
    if verdict.status in (Status.REFUTED, Status.REVERSED):
        assert all(high < 0.1 for high in highs) or all(low > -0.1 for low in lows)


def test_the_effect_is_the_weaker_of_both_sides():
    intervals = [interval(0.3, 0.4, 0.6), interval(-2, -1, -0.5), interval(0.2, 0.5, 0.55), interval(-0.1, 0.0, 0.1)]
    verdict = dependence(intervals)
    assert (verdict.low, verdict.estimate, verdict.high) == (0.3, 0.5, 0.6)
    assert verdict.status is Status.SUPPORTED
    assert dependence(intervals[:1]).status is Status.REVERSED
    assert dependence([interval(0.3, 0.4, 0.6), interval(-0.05, 0.0, 0.08)]).status is Status.REFUTED
    assert dependence([interval(0.3, 0.4, 0.6), interval(-0.3, -0.2, 0.1)]).status is Status.INCONCLUSIVE
    assert dependence([interval(0.3, INF, INF), interval(-INF, -INF, -0.3)]).estimate == INF


def test_errors_of_intervals_that_hold_together_add_up_to_the_whole():
    assert 11 * (1 - level_together(11)) == pytest.approx(0.05)
    assert level_together(1, 0.9) == pytest.approx(0.9)


# Choosing by what won elsewhere


def test_a_winner_carried_to_another_task_is_behind_by_what_that_task_says():
    scores = RANDOM.normal(size=(5, 4))
    found = regrets(scores)
    for here in range(5):
        winner = min(range(4), key=lambda place: scores[here, place])
        for there in range(5):
            assert found[here, there] == scores[there, winner] - min(scores[there])
    assert np.diag(found).tolist() == [0] * 5
    assert regrets(SCORES).tolist() == [[0, 3, pytest.approx(0.03)], [1, 0, 0], [1, 0, 0]]


def test_what_won_elsewhere_is_chosen_without_a_look_at_the_task_itself():
    scores = RANDOM.normal(size=(6, 5))
    for task, pick in enumerate(picks_from_elsewhere(scores)):
        others = np.delete(scores, task, axis=0)
        ranked = others.argsort(axis=1).argsort(axis=1)
        assert ranked[:, pick].sum() == ranked.sum(axis=0).min()
        changed = scores.copy()
        changed[task] = changed[task, ::-1]
        assert picks_from_elsewhere(changed)[task] == pick
    assert picks_from_elsewhere(SCORES).tolist() == [1, 1, 1]
    # Elsewhere both are first once and second once; the second is less behind where it is not first.
    assert picks_from_elsewhere(np.array([[0.0, 5.0], [0.0, 0.1], [2.0, 0.0]])).tolist()[0] == 1
    with pytest.raises(ValueError, match="picks_from_elsewhere: scores must be of at least 2 tasks; got 1"):
        picks_from_elsewhere(SCORES[:1])


# Choosing by cross-validation


def test_each_fold_is_judged_by_the_schedule_that_the_others_choose():
    losses = 10 ** RANDOM.normal(size=(4, 23))
    found = cross_validated(losses, folds=4)
    for replicate in range(23):
        others = [other for other in range(23) if other % 4 != replicate % 4]
        medians = [np.median(np.log10(row[others])) for row in losses]
        assert found.losses[replicate] == losses[int(np.argmin(medians)), replicate]
    assert len(found.chosen) == 4


def test_a_fold_has_no_say_in_its_own_choice():
    losses = np.ones((2, 10))
    losses[0, ::2], losses[1, 1::2] = 0.1, 0.1
    # Fold 0 is best served by the first schedule, so the other fold chooses the second for it.
    found = cross_validated(losses, folds=2)
    assert found.chosen.tolist() == [1, 0]
    assert found.losses.tolist() == [1.0] * 10


def test_runs_that_diverge_are_no_obstacle_to_a_choice():
    losses = np.array([[INF] * 6, [0.1, INF, 0.2, 0.1, 0.3, 0.2]])
    found = cross_validated(losses, folds=3)
    assert found.chosen.tolist() == [1, 1, 1]
    assert found.losses.tolist() == losses[1].tolist()


@pytest.mark.parametrize("folds", [1, 7])
def test_folds_without_replicates_are_refused(folds):
    with pytest.raises(ValueError, match=f"cross_validated: folds must be between 2 and the 6 replicates; got {folds}"):
        cross_validated(np.ones((2, 6)), folds)
