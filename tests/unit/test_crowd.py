"""A crowd's summaries are what its single runs say, however it is divided."""

import csv
import dataclasses
import io
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings

from lr_explorer.experiments.crowd import QUANTILES, ArmCrowd, compare, crowd, crowd_csv, looks_of, repeated
from lr_explorer.experiments.ensemble import ensemble
from lr_explorer.experiments.measures import below, global_basin
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.statistics import Status, median_interval, paired_losses
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, scenarios

BLOCKS, SIMULATE = (sys.modules[f"lr_explorer.{name}"] for name in ("experiments.blocks", "simulate"))
WELLS = Scenario(noise=Gaussian(sigma=2.0), arms=(arm("cosine", peak=0.13), arm(peak=0.02)), steps=150)
# x⁴ on a circle: at this rate some starts diverge, others do not.
BURSTING = Scenario(
    surface=SURFACES.create("quartic"), start=Circle(radius=4.0), noise=Gaussian(), arms=(arm(peak=0.135), arm("cosine", peak=0.01)), steps=100
)
SETTLING = Scenario(
    surface=SURFACES.create("quadratic", lambda1=0.5, lambda2=10.0),
    start=Circle(radius=4.0),
    noise=Gaussian(sigma=1.0),
    arms=(arm(peak=0.19), arm("cosine", peak=0.19)),
    steps=300,
)


def assert_same(one, other):
    """Assert that two crowds are equal to the bit."""
    np.testing.assert_array_equal(one.looks, other.looks)
    for mine, theirs in zip(one.arms, other.arms, strict=True):
        for field in dataclasses.fields(ArmCrowd):
            np.testing.assert_array_equal(getattr(mine, field.name), getattr(theirs, field.name), err_msg=field.name)


@pytest.mark.parametrize("scenario", [WELLS, BURSTING], ids=["wells", "bursting"])
def test_a_crowd_is_what_its_runs_are(scenario):
    found, run = crowd(scenario, below(0.05), 130, tolerance=0.1), simulate(scenario, 130)
    lowest = scenario.surface.lowest
    for mine, made in zip(found.arms, run.arms, strict=True):
        excess = made.loss - lowest
        np.testing.assert_array_equal(mine.loss, excess[-1])
        np.testing.assert_array_equal(mine.hits, excess[-1] < 0.05)
        np.testing.assert_array_equal(mine.final, made.final)
        np.testing.assert_array_equal(mine.diverged_at, made.diverged_at)
        times = [next((step for step, loss in enumerate(path) if loss <= 0.1), -1) for path in excess.T]
        assert mine.reached_at.tolist() == times
        for bands, step, gone in zip(mine.bands.T, found.looks, mine.gone, strict=True):
            ranked = sorted(excess[step])
            # Kept in 1,100ths of a decade.
            np.testing.assert_allclose(bands, [ranked[round(share * 129)] for share in QUANTILES], rtol=1.1e-3)
            assert gone == np.isinf(ranked).mean()


def test_without_a_tolerance_steps_are_counted_to_a_hundredth_of_the_loss_at_the_start():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    scenario = Scenario(surface=bowl, start=Circle(radius=2.0), noise=Gaussian(), arms=(arm(peak=0.1), arm(peak=0.0)), steps=50)
    near, never = crowd(scenario, count=7).arms
    # (1 − 0.1)^2t ≤ 0.01 from t = 21.9 on.
    assert near.reached_at.tolist() == [22] * 7
    assert (near.time.estimate, near.time.low, near.time.high) == (22, 22, 22)
    assert never.time.estimate == math.inf


def test_blocks_leave_the_crowd_as_it_is(monkeypatch):
    whole = [crowd(scenario, count=200) for scenario in (WELLS, BURSTING)]
    monkeypatch.setattr(BLOCKS, "_UPDATES", 1)
    for scenario, before in zip((WELLS, BURSTING), whole, strict=True):
        assert_same(crowd(scenario, count=200), before)


def test_runs_too_long_to_keep_64_of_them_are_told_in_full(monkeypatch):
    whole = crowd(BURSTING, count=100)
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 11 * 24 * 101 * 2)
    assert [len(block) for block in BLOCKS.replicate_blocks(BURSTING, 100)] == [8] * 12 + [4]
    assert_same(crowd(BURSTING, count=100), whole)


@given(scenarios())
@settings(max_examples=12)
def test_any_scenario_has_a_crowd_without_nan(drawn):
    for mine in crowd(drawn.with_values(steps=min(drawn.steps, 20)), count=3).arms:
        assert not np.isnan(mine.loss).any()
        assert not np.isnan(mine.bands).any()
        assert (mine.bands[1:] >= mine.bands[:-1]).all()
        assert mine.loss[mine.best] <= mine.loss[mine.typical] <= mine.loss[mine.worst]


def test_a_crowd_agrees_with_the_ensemble_of_the_same_replicates():
    for mine, summary in zip(crowd(BURSTING, count=100).arms, ensemble(BURSTING, replicates=100), strict=True):
        assert (mine.success.low, mine.success.high) == (summary.share_low, summary.share_high)
        assert int(mine.hits.sum()) == summary.hits
        assert mine.divergence.estimate == summary.diverged / 100


def test_bands_are_told_at_few_steps_where_there_are_many_replicates():
    long = Scenario(steps=5000)
    assert looks_of(long, 400)[[0, 1, -1]].tolist() == [0, 25, 5000]
    assert len(looks_of(long, 400)) == 200
    for count in (1, 10_000, 100_000, 10**7):
        looks = looks_of(long, count)
        assert (looks[0], looks[-1]) == (0, 5000)
        assert 2 * len(looks) * len(long.arms) * count <= 128 * 2**20 or len(looks) == 2
    assert looks_of(Scenario(steps=3), 10).tolist() == [0, 1, 2, 3]
    assert looks_of(long, 10, 2).tolist() == [0, 5000]


def test_the_typical_the_best_and_the_worst_replicate_are_those_by_rank():
    for mine in crowd(BURSTING, count=101).arms:
        ranked = sorted(mine.loss)
        assert mine.loss[mine.typical] == ranked[50]
        assert mine.loss[mine.best] == ranked[0]
        assert mine.loss[mine.worst] == ranked[-1]
    some = crowd(BURSTING, count=101).arms[0]
    gone = some.diverged_at[some.diverged_at >= 0]
    assert 0 < len(gone) < 101
    assert some.diverged_at[some.worst] == gone.min()


def test_a_replicate_of_a_crowd_can_be_watched_alone():
    mine = crowd(WELLS, count=50).arms[0]
    alone = simulate(WELLS.with_values(replicate=mine.typical)).arms[0]
    assert alone.final_loss[0] - WELLS.surface.lowest == mine.loss[mine.typical]


def test_ends_are_told_by_basin():
    found = crowd(WELLS, global_basin(), 200)
    for mine in found.arms:
        assert mine.in_basin(0).estimate == mine.success.estimate
        assert sum(mine.in_basin(place).estimate for place in (-1, 0, 1)) == pytest.approx(1)
    assert found.has_several_ends
    still = WELLS.with_values(noise=Gaussian(), start=Point(0.9, 0.0))
    assert not crowd(still, count=10).has_several_ends


def test_a_run_that_ends_outside_a_landscape_has_an_infinite_loss_and_never_nan():
    surface = SURFACES.create("trained_network")
    scenario = Scenario(surface=surface, start=Point(*surface.start), noise=Gaussian(sigma=30.0), arms=(arm(peak=1.0),), steps=1)
    mine = crowd(scenario, count=200).arms[0]
    assert not np.isnan(mine.loss).any()
    assert np.isinf(mine.loss).any()


def test_the_better_arm_is_supported_both_by_losses_and_by_shares():
    constant, cosine = crowd(SETTLING, below(0.01), 400).arms
    there, back = compare(constant, cosine), compare(cosine, constant)
    assert there.losses.status is there.shares.status is Status.SUPPORTED
    assert back.losses.status is back.shares.status is Status.REVERSED
    assert there.losses.interval == median_interval(np.log10(constant.loss) - np.log10(cosine.loss))
    assert there.shares.estimate == pytest.approx(cosine.hits.mean() - constant.hits.mean())
    assert there.notes == ()
    some, none = crowd(BURSTING, count=100).arms
    assert compare(some, none).notes == tuple(paired_losses(some.loss, none.loss).notes) != ()


def test_both_verdicts_are_told_of_the_same_arm():
    losses, shares = compare(*crowd(SETTLING, below(0.01), 400).arms).sentences("Constant", "Cosine", "ended within 0.01")
    assert losses.startswith("Supported: Cosine ends lower than Constant. Median difference Constant − Cosine: ")
    assert shares.startswith("Supported: Cosine ended within 0.01 more often than Constant. ")


def test_where_runs_end_in_several_basins_shares_tell_what_a_median_of_losses_hides():
    found = crowd(WELLS, below(0.2), 400)
    cosine, low = found.arms
    there = compare(low, cosine)
    assert found.has_several_ends
    assert there.losses.status is Status.REFUTED
    assert there.shares.status is Status.SUPPORTED


def test_a_repetition_is_the_comparison_under_another_seed():
    found = repeated(WELLS, (1, 0), below(0.2), 100, repetitions=3)
    assert [one.seed for one in found] == [seed_for(WELLS.seed, Purpose.EVALUATION, again) for again in (1, 2, 3)]
    for one in found:
        cosine, low = crowd(WELLS.with_values(seed=one.seed), below(0.2), 100).arms
        assert one.comparison == compare(low, cosine)
    assert len({one.comparison.losses.estimate for one in found}) == 3


def test_the_table_as_csv_has_a_row_for_each_arm_and_reads_back_exactly():
    scenario = Scenario(steps=60)
    quoted = scenario.arms[0].with_values(name='A, "quoted"')
    found = crowd(scenario.with_values(arms=(quoted, *scenario.arms[1:])), global_basin(), 40)
    rows = list(csv.DictReader(io.StringIO(crowd_csv(found))))
    assert [row["arm"] for row in rows] == ['A, "quoted"', *(arm.name for arm in scenario.arms[1:])]
    for row, mine in zip(rows, found.arms, strict=True):
        assert int(row["replicates"]) == 40
        assert float(row["success"]) == mine.hits.mean()
        assert float(row["success_low"]) == mine.success.low
        assert float(row["loss_50"]) == sorted(mine.loss)[round(0.5 * 39)]
        assert mine.loss[int(row["worst"])] == mine.loss.max()
