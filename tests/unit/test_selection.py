"""The best of many looks better than it is by as much as theory says, and what it is judged on had no part in choosing it."""

import sys
from itertools import combinations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from lr_explorer.experiments.fair import PER_DECADE
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.experiments.selection import COUNTS, configurations, pool, pool_blocks, pooled, selection
from lr_explorer.experiments.tasks import TASKS
from lr_explorer.simulate import simulate

BLOCKS = sys.modules["lr_explorer.experiments.blocks"]
RANDOM = np.random.default_rng(3)


def expected_largest(count):
    """Return the mean of the largest of so many independent standard normal numbers."""
    return quad(lambda x: x * count * norm.pdf(x) * norm.cdf(x) ** (count - 1), -10, 10)[0]


def test_among_equals_the_best_looks_better_by_the_largest_of_as_many_errors():
    # Pools of their own average out what is special about one.
    found = np.mean([selection(RANDOM.normal(scale=0.6, size=(20, 200)), (3, 10, 30), splits=20).optimism for _ in range(60)], axis=0)
    assert found == pytest.approx(0.6 * expected_largest(20) / np.sqrt([3, 10, 30]), rel=0.05)


def test_the_bound_is_the_one_of_normal_errors_and_holds():
    found = selection(RANDOM.normal(scale=0.6, size=(70, 300)))
    assert found.counts == COUNTS
    assert found.configurations == 70
    assert found.bound == pytest.approx(found.spread * np.sqrt(2 * np.log(70) / np.array(COUNTS)))
    # The largest of 70 sample spreads.
    assert (found.spread > 0.6).all()
    assert (found.spread < 0.75).all()
    assert (found.optimism < found.bound).all()
    assert (found.optimism > 0).all()


def test_where_one_is_far_better_than_all_others_nothing_is_lost_by_choosing():
    scores = RANDOM.normal(scale=0.1, size=(10, 60))
    scores[4] -= 5
    found = selection(scores, (3, 30), splits=200)
    assert found.regret.tolist() == [0, 0]
    assert found.optimism == pytest.approx([0, 0], abs=0.02)
    assert found.spread == pytest.approx(scores[4].std(ddof=1))


def test_means_over_many_splits_are_those_over_all_ways_to_choose():
    scores = RANDOM.normal(size=(3, 6))
    best = scores.mean(axis=1).argmin()
    optimism, regret = [], []
    for few in combinations(range(6), 2):
        rest = [place for place in range(6) if place not in few]
        chosen = scores[:, few].mean(axis=1).argmin()
        optimism.append(scores[chosen, rest].mean() - scores[chosen, few].mean())
        regret.append(scores[chosen, rest].mean() - scores[best, rest].mean())
    found = selection(scores, (2,), splits=6000)
    # 6,000 draws of values that spread by about 1.
    assert found.optimism == pytest.approx([np.mean(optimism)], abs=0.06)
    assert found.regret == pytest.approx([np.mean(regret)], abs=0.06)


def test_choosing_takes_at_least_one_replicate_and_leaves_one():
    for counts in ((0, 3), (3, 10)):
        with pytest.raises(ValueError, match=f"selection: counts must be between 1 and 9; got {counts[0]}, {counts[1]}"):
            selection(np.zeros((2, 10)), counts)


def test_configurations_are_the_schedules_around_their_peaks():
    arms = configurations("funnel", {"cosine": 0.1, "wsd": 0.4}, 3)
    assert [arm.schedule.name for arm in arms] == ["cosine"] * 3 + ["wsd"] * 3
    assert [arm.schedule.peak for arm in arms[3:]] == pytest.approx([0.4 / 10 ** (1 / PER_DECADE), 0.4, 0.4 * 10 ** (1 / PER_DECADE)])
    assert len(configurations("funnel", {"cosine": 0.1})) == 10


def test_a_pool_holds_the_logarithms_of_final_losses_and_what_diverges_counts_as_its_start():
    arms = configurations("quartic", {"constant": 0.12, "one_cycle": 1.0}, 4)
    found = pool("quartic", arms, 5, 40)
    assert found.shape == (8, 40)
    scenario = TASKS["quartic"].scenario.with_values(seed=seed_for(5, Purpose.EVALUATION))
    diverged = 0
    for arm, scores in zip(arms, found, strict=True):
        run = simulate(scenario.with_values(arms=(arm,)), 40).arms[0]
        is_gone = run.diverged_at >= 0
        diverged += is_gone.sum()
        # The quartic's lowest loss is 0.
        assert scores == pytest.approx(np.log10(np.where(is_gone, run.loss[0], run.final_loss)))
    assert 0 < diverged < 8 * 40


def test_blocks_are_put_together_in_their_order(monkeypatch):
    arms = configurations("exact_bowl", {"constant": 0.1, "cosine": 0.1, "wsd": 0.1}, 3)
    whole = pool("exact_bowl", arms, 1, 150)
    monkeypatch.setattr(BLOCKS, "_UPDATES", 1)
    blocks = pool_blocks("exact_bowl", arms, 1, 150)
    # Nine arms are two scenarios, and 150 replicates three groups.
    assert len(blocks) == 6
    assert np.array_equal(pooled(arms, 150, [block() for block in blocks]), whole)
    assert np.array_equal(pool("exact_bowl", arms, 1, 20), whole[:, :20])
