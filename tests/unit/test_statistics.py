"""Intervals are those of scipy and of the papers, pairs are counted as they should be, and verdicts follow the rule."""

import math
import subprocess
import sys

import numpy as np
import pytest
from scipy.stats import binom, binomtest, norm, quantile_test

from lr_explorer.statistics import (
    LOOKS,
    Interval,
    Status,
    Verdict,
    count_to_settle,
    dex,
    judge,
    level_of_look,
    loss_sentence,
    mean_difference,
    mean_interval,
    mean_sentence,
    median_interval,
    newcombe_interval,
    paired_losses,
    share_sentence,
    wilson_interval,
)

INF = math.inf


def bounds(interval):
    return interval.low, interval.high


# Shares


@pytest.mark.parametrize(("hits", "total"), [(0, 1), (0, 40), (1, 40), (7, 40), (20, 40), (40, 40), (99_999, 100_000)])
@pytest.mark.parametrize("level", [0.9, 0.95, 0.995])
def test_a_share_has_the_wilson_interval_of_scipy(hits, total, level):
    found = wilson_interval(hits, total, level)
    scipys = binomtest(hits, total).proportion_ci(level, method="wilson")
    assert bounds(found) == pytest.approx((scipys.low, scipys.high), rel=1e-12, abs=1e-15)
    assert (found.estimate, found.count, found.level) == (hits / total, total, level)


def answers(both, first, second, neither):
    """Return what two arms answered, given how often both, only one, only the other or neither said yes."""
    one = [True] * (both + first) + [False] * (second + neither)
    other = [True] * both + [False] * first + [True] * second + [False] * neither
    return np.array(one), np.array(other)


@pytest.mark.parametrize(
    ("table", "low", "high"),
    [
        # Newcombe (1998), table II, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((18, 12, 2, 18), 0.0562, 0.3290),
        ((53, 0, 0, 1), -0.0729, 0.0729),
        ((0, 30, 0, 0), 0.8395, 1.0),
        # Cavo et al. (2012), in Fagerland, Lydersen & Laake (2017), chapter 8.
        ((59, 6, 16, 80), -0.1186, -0.0046),
    ],
)
def test_a_difference_of_paired_shares_has_the_published_interval(table, low, high):
    found = newcombe_interval(*answers(*table))
    assert bounds(found) == pytest.approx((low, high), abs=5.1e-5)  # as many digits as are printed
    assert found.estimate == pytest.approx((table[1] - table[2]) / sum(table))


def test_exchanging_the_arms_exchanges_the_bounds_of_their_difference():
    one, other = answers(11, 23, 5, 2)
    there, back = newcombe_interval(one, other), newcombe_interval(other, one)
    assert bounds(there) == pytest.approx((-back.high, -back.low))


def test_all_yes_against_all_no_is_supported_from_a_hundred_pairs_on():
    found = newcombe_interval(*answers(0, 200, 0, 0))
    # Wilson's lower bound for 200 of 200 is n/(n + z²), and nothing is correlated here.
    missed = 1 - 200 / (200 + norm.ppf(0.975) ** 2)
    assert bounds(found) == pytest.approx((1 - math.hypot(missed, missed), 1.0))


# Medians


@pytest.mark.parametrize("count", [*range(1, 60), 100, 199, 200, 400, 1001, 10_000, 100_000])
@pytest.mark.parametrize("level", [0.95, 0.99])
def test_the_interval_of_a_median_is_the_narrowest_of_its_kind_that_holds_its_level(count, level):
    found = median_interval(np.arange(1, count + 1), level)
    if found.low == -INF:
        assert found.high == INF
        outside = 0
    else:
        outside = int(found.low)
        assert found.high == count + 1 - outside
    # It misses the median if fewer than `outside` values lie on one side of it.
    fair = binom(count, 0.5)
    assert outside == 0 or 1 - 2 * fair.cdf(outside - 1) >= level
    assert 1 - 2 * fair.cdf(outside) < level


@pytest.mark.parametrize("count", [11, 50, 401])
def test_the_interval_of_a_median_is_scipys(count):
    values = np.random.default_rng(count).standard_cauchy(count)
    scipys = quantile_test(values, p=0.5).confidence_interval(0.95)
    found = median_interval(values)
    assert bounds(found) == (scipys.low, scipys.high)
    assert found.estimate == np.median(values)


def test_a_median_may_be_infinite_and_is_never_nan():
    assert median_interval([-INF] * 20 + [INF] * 20).estimate == 0
    assert median_interval([-INF] * 20 + [INF] * 20).low == -INF
    assert bounds(median_interval([INF] * 40)) == (INF, INF)
    few = median_interval([1.0] * 38 + [INF, -INF])
    assert (few.estimate, *bounds(few)) == (1, 1, 1)
    assert bounds(median_interval([1.0, 2.0, 3.0, 4.0, 5.0])) == (-INF, INF)
    assert bounds(median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])) == (1, 6)


@pytest.mark.parametrize("values", [[], [1.0, math.nan]])
def test_a_median_of_nothing_or_of_nan_is_refused(values):
    with pytest.raises(ValueError, match="median_interval: values must be at least one number, none NaN"):
        median_interval(values)


# Means


def test_a_mean_has_a_bootstrap_interval_as_wide_as_its_standard_error_says():
    values = np.random.default_rng(0).normal(3, 2, 1000)
    found = mean_interval(values)
    reach = 1.96 * values.std() / math.sqrt(1000)
    # 2,000 resamples tell a 2.5 % quantile to about 5 % of the reach.
    assert bounds(found) == pytest.approx((values.mean() - reach, values.mean() + reach), abs=0.1 * reach)
    assert found == mean_interval(values)
    assert found != mean_interval(values, seed=1)


def test_a_mean_with_an_infinite_value_says_nothing():
    assert mean_interval([1.0, INF]) == Interval(INF, -INF, INF, 2)
    assert mean_interval([1.0, INF, -INF]).estimate == 0
    assert judge(mean_interval([1.0, INF])).status is Status.INCONCLUSIVE


# Pairs


def test_pairs_of_losses_are_compared_in_decades():
    np.testing.assert_allclose(dex(np.array([1.0, 0.01, 3.0]), np.array([0.1, 1.0, 3.0])), [1, -2, 0])


def test_divergence_of_one_is_infinitely_worse_and_of_both_a_tie():
    one, other = np.array([INF, INF, 1.0, 1.0]), np.array([INF, 1.0, INF, 1.0])
    found = paired_losses(one, other)
    assert found.differences.tolist() == [0, INF, -INF, 0]
    assert (found.both_diverged, found.one_diverged, found.other_diverged, found.capped) == (1, 1, 1, 0)
    assert found.notes == [
        "Both diverged in 1 of 4 pairs, which count as ties.",
        "One of the two diverged in 2 of 4 pairs, which count as infinitely far apart.",
    ]


def test_losses_below_the_smallest_count_as_that_and_are_told_of():
    found = paired_losses(np.array([0.0, -1e-18, 1e-30, 1e-29]), np.array([1e-40, 1e-20, 1e-30, 1e-30]))
    np.testing.assert_allclose(found.differences, [0, -10, 0, 1])
    assert found.notes == ["In 2 of 4 pairs a loss less than 1e−30 above the lowest counts as 1e−30: what lies below is rounding."]


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [([1.0], [1.0, 2.0], "same replicates"), ([], [], "same replicates"), ([1.0, math.nan], [1.0, 1.0], "got NaN")],
)
def test_what_is_no_pair_is_refused(one, other, reason):
    with pytest.raises(ValueError, match=reason):
        paired_losses(np.array(one), np.array(other))


# Verdicts


@pytest.mark.parametrize(
    ("low", "high", "status", "needless"),
    [
        (0.11, 0.3, "supported", "refuted"),
        (0.1, 0.3, "inconclusive", "inconclusive"),
        (-0.3, 0.3, "inconclusive", "inconclusive"),
        (-INF, INF, "inconclusive", "inconclusive"),
        (-0.3, 0.1, "inconclusive", "inconclusive"),
        (-0.05, 0.05, "refuted", "supported"),
        (-0.3, 0.05, "refuted", "supported"),
        (-0.3, -0.1, "refuted", "supported"),
        (-0.3, -0.11, "reversed", "supported"),
        (INF, INF, "supported", "refuted"),
        (-INF, -INF, "reversed", "supported"),
    ],
)
def test_verdicts_follow_the_rule(low, high, status, needless):
    interval = Interval(0.0, low, high, 100)
    assert judge(interval).status == status
    assert judge(interval, needless=True).status == needless


def test_a_margin_below_zero_is_refused():
    with pytest.raises(ValueError, match="judge: margin must be at least 0; got -1"):
        judge(Interval(0, 0, 0, 1), -1)


@pytest.mark.parametrize("truth", [0.2, 0.0])
def test_as_many_pairs_as_are_asked_for_settle_a_verdict_in_four_of_five_attempts(truth):
    shape = norm(truth, 0.85)
    small = judge(median_interval(shape.ppf((np.arange(100) + 0.5) / 100)))
    assert small.status is Status.INCONCLUSIVE
    count = count_to_settle(small)
    draws = shape.rvs((400, count), random_state=3)
    settled = np.mean([judge(median_interval(pairs)).status is not Status.INCONCLUSIVE for pairs in draws])
    # Ranks are whole numbers, so an interval of 100 is a little wider than one of many would suggest.
    assert 0.75 < settled < 0.92


def test_what_is_settled_or_on_the_margin_or_boundless_asks_for_no_number():
    for interval in (Interval(0.5, 0.4, 0.6, 100), Interval(0.1, 0.0, 0.2, 100), Interval(0.3, -INF, INF, 5), Interval(INF, 0.0, INF, 30)):
        assert count_to_settle(judge(interval)) is None


# Looks


def test_all_looks_together_spend_the_error_of_one():
    for looks in (LOOKS, (10, 20, 30), (100,), range(20, 401, 20)):
        levels = [level_of_look(count, looks) for count in looks]
        assert sum(1 - level for level in levels) == pytest.approx(0.05)
        assert all(0.95 <= level < 1 for level in levels)
    assert level_of_look(100, (100,)) == pytest.approx(0.95)


def test_the_error_spent_by_half_of_the_pairs_is_that_of_lan_and_demets():
    # 0.05·ln(1 + (e − 1)/2) = 0.0310, as in the tables of Pocock-like spending.
    assert 1 - level_of_look(50, (50, 100)) == pytest.approx(0.0310, abs=5e-5)


@pytest.mark.parametrize(("count", "looks"), [(150, (100, 200)), (100, (200, 100)), (100, (100, 100, 200))])
def test_a_look_that_was_not_planned_is_refused(count, looks):
    with pytest.raises(ValueError, match="level_of_look: count must be one of the looks"):
        level_of_look(count, looks)


# Sentences


def test_a_verdict_is_told_with_its_interval_and_margin():
    found = judge(Interval(0.41, 0.29, 0.55, 200))
    assert loss_sentence(found, "Constant", "Cosine") == (
        "Supported: Cosine ends lower than Constant. "
        "Median difference Constant − Cosine: 0.41 dex, a factor of 2.57 (95 % interval 0.29 to 0.55, 200 pairs; margin 0.1 dex)."
    )
    assert share_sentence(judge(Interval(-0.2, -0.3, -0.15, 200)), "A", "B", "reached the global basin") == (
        "Reversed: the opposite of “A reached the global basin more often than B” holds. "
        "Difference of the shares: −0.2 (95 % interval −0.3 to −0.15, 200 pairs; margin 0.1)."
    )


def test_an_open_verdict_says_what_would_settle_it():
    wide = judge(Interval(0.3, 0.0, 0.6, 100))
    # (0.3·(1 + 0.8416/1.96)/0.2)²·100 = 460
    assert loss_sentence(wide, "A", "B").endswith("about 460 pairs would settle it in 80 % of all attempts.")
    assert loss_sentence(judge(Interval(0.0, -INF, INF, 5)), "A", "B") == (
        "Inconclusive: whether B ends lower than A cannot be told yet. Median difference A − B: 0 dex "
        "(95 % interval −∞ to ∞, 5 pairs; margin 0.1 dex). How many pairs would settle it cannot be told from these."
    )


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("needless", [False, True])
def test_every_verdict_has_a_sentence_that_begins_with_it(status, needless):
    verdict = Verdict(status, Interval(0.0, -0.05, 0.05, 100), 0.1, needless)
    assert loss_sentence(verdict, "A", "B").startswith(f"{status.value.capitalize()}: ")
    assert share_sentence(verdict, "A", "B", "settled").startswith(f"{status.value.capitalize()}: ")


def test_statistics_come_without_the_slow_half_of_scipy():
    program = "import sys, lr_explorer.experiments.ensemble; print([name for name in ('scipy.stats', 'scipy.special') if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip() == "[]"


def test_a_difference_of_means_is_told_with_its_interval_unless_something_diverged():
    one, other = np.full(50, 3.0) + np.tile([-0.1, 0.1], 25), np.full(50, 1.0)
    said = mean_sentence(mean_difference(one, other), "A", "B")
    assert said.startswith("Difference of the mean losses A − B: 2 (95 % bootstrap interval 1.9")
    one[0] = np.inf
    assert mean_sentence(mean_difference(one, other), "A", "B") == "The means of A and B cannot be compared, since some of their replicates diverged."
