"""Effects against independent computations; what a card says follows from the run in front of the reader."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import binom, linregress

from lr_explorer.claims import CLAIMS
from lr_explorer.claims.base import Result, Tuned
from lr_explorer.claims.effects import Deviation, LowerLoss, MoreOften, Number, certain, mean, only, ratio, slope
from lr_explorer.claims.readings import floor_share, loss_trend, preconditioned_course
from lr_explorer.claims.views.losses import losses, phases
from lr_explorer.experiments.fair import with_peak
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.simulate import simulate
from lr_explorer.statistics import Interval, Status, Verdict, judge

RNG = np.random.default_rng(5)
SETTLE = CLAIMS["M1"]["same_peak"]


# Effects


def test_lower_loss_is_the_median_of_paired_decades_between_two_of_their_ranks():
    one, other = 10 ** RNG.normal(0, 1, 101), 10 ** RNG.normal(-1, 1, 101)
    found = LowerLoss().interval([one, other])
    ranked = np.sort(np.log10(one / other))
    assert found.estimate == pytest.approx(ranked[50])
    # The outermost ranks k and 101 − k + 1 between which the median lies with at least 95 %.
    k = int(binom.ppf(0.025, 101, 0.5))
    assert (found.low, found.high) == pytest.approx((ranked[k - 1], ranked[101 - k]))


def test_a_slope_is_that_of_least_squares_over_the_logarithms():
    rates = (0.01, 0.02, 0.05)
    readings = [rate**1.5 * 10 ** RNG.normal(0, 0.1, 7) for rate in rates]
    expected = [linregress(np.log10(rates), np.log10([reading[i] for reading in readings])).slope for i in range(7)]
    assert slope(readings, rates) == pytest.approx(expected)


def test_a_ratio_is_in_doublings():
    assert ratio([np.array([8.0, 1.0]), np.array([1.0, 4.0])]).tolist() == [3.0, -2.0]


@pytest.mark.parametrize(("bounds", "low", "status"), [
    ((35.0, 39.0), 0.0, Status.INCONCLUSIVE),
    ((37.4, 37.5), 0.5 / 38, Status.SUPPORTED),
    ((34.0, 34.2), 3.8 / 38, Status.REFUTED),
    ((45.0, 46.0), 7 / 38, Status.REFUTED),
])  # fmt: skip
def test_a_deviation_is_judged_by_how_far_the_whole_interval_is_from_what_is_predicted(bounds, low, status):
    effect = Deviation("sharpness", only, lambda values: Interval(float(np.mean(bounds)), *bounds, len(values)), predicted=38.0)
    found = effect.interval([np.zeros(9)])
    assert found.low == pytest.approx(low)
    assert judge(found, 0.05, needless=True).status is status


def test_what_is_certain_must_not_vary():
    assert certain(np.full(3, 0.5)).high == 0.5
    with pytest.raises(ValueError, match=r"certain: the values must not vary; they range over 0\.5"):
        certain(np.array([0.5, 1.0]))
    assert mean(np.full(5, 2.0)).low == 2.0


def test_the_sentence_has_the_effect_its_interval_the_margin_and_the_number_of_replicates():
    readings = [np.full(50, 1e-2) * 10 ** RNG.normal(0, 0.2, 50), np.full(50, 1e-3)]
    verdict = judge(LowerLoss().interval(readings))
    said = LowerLoss().sentence(verdict, ["A", "B"], "", readings)
    assert said.startswith("Supported: B ends lower than A.")
    assert "95 % interval" in said
    assert "50 pairs; margin 0.1 dex" in said
    shares = [np.repeat([True, False], [30, 20]), np.repeat([True, False], [5, 45])]
    effect = MoreOften("diverged")
    assert effect.sentence(judge(effect.interval(shares)), ["A", "B"], "", shares).endswith("A: 0.6; B: 0.1.")


# Readings


def test_a_trend_is_the_power_of_a_loss_that_follows_one():
    scenario = SETTLE.scenarios[0].with_values(steps=800)
    run = simulate(scenario, 2, endings=False).arms[0]
    t = np.arange(801.0)
    fake = replace(run, loss=np.stack([(t + 1e-9) ** -0.5, 3 * (t + 1e-9) ** -1.0], axis=1))
    assert loss_trend(scenario, fake, first=100) == pytest.approx([-0.5, -1.0], abs=0.01)


def test_the_floor_of_a_surface_without_one_is_refused():
    scenario = CLAIMS["M3"]["escape"].scenarios[0]
    with pytest.raises(
        ValueError, match="floor_share: needs a quadratic with Gaussian noise, or least squares in mini-batches; got double_well with gaussian"
    ):
        floor_share(scenario, simulate(scenario.with_values(steps=10), 1).arms[0])


def test_adams_scale_is_the_one_that_its_steps_were_divided_by():
    """Δx = −η·m̂/(√v̂ + ε): with β₁ = 0 and exact gradients the scale can be read off the steps."""
    scenario = CLAIMS["M2"]["edge_adam"].scenarios[0].with_values(steps=50)
    arm = scenario.arms[0].with_values(optimizer=OPTIMIZERS.create("adam", beta1=0.0, beta2=0.9))
    scenario = scenario.with_values(arms=(arm,))
    run = simulate(scenario, 3, endings=False).arms[0]
    surface, point = scenario.surface, run.path
    grads = np.moveaxis(surface.gradient(np.moveaxis(point[:-1], 1, 0)), 0, 1)
    scale = -run.lr[:, None, None] * grads / np.diff(point, axis=0)
    curved = np.array([1.0, 10.0])[:, None]
    expected = run.lr[:, None] * np.max(curved / scale, axis=1)
    assert preconditioned_course(scenario, run) == pytest.approx(expected, rel=1e-6)


# A run


def test_what_is_said_follows_the_experiment_in_front_of_the_reader():
    said = {sigma: SETTLE.but("x", "x", "x", Status.SUPPORTED, noise__sigma=sigma).result(1).sentence for sigma in (1.0, 0.0)}
    assert said[1.0].startswith("Supported: Cosine ends lower than Constant.")
    assert said[0.0].startswith("Reversed: the opposite of")
    fewer = replace(SETTLE, count=100).result(1).sentence
    assert "100 pairs" in fewer
    assert fewer != SETTLE.result(1).sentence


def test_the_same_seed_gives_the_same_result_whoever_computes_it_and_another_seed_another():
    with ThreadPoolExecutor(2) as threads:
        one, other = SETTLE.result(4), SETTLE.result(4, executor=threads)
    assert [reading.tolist() for reading in one.readings] == [reading.tolist() for reading in other.readings]
    assert one.verdict == other.verdict
    assert SETTLE.run(5).estimate != one.verdict.estimate


def test_an_untuned_experiment_runs_the_replicates_that_its_scenario_shows():
    """So that Playground and Compare, opened from a card, see the same runs."""
    result = SETTLE.result(9)
    scenario = result.experiment.scenarios[0]
    assert scenario.seed == 9
    shown = simulate(result.typical).arms
    for arm, reading in zip(shown, result.readings, strict=True):
        assert arm.final_loss[0] == reading[result.typical.replicate]


def test_a_tuned_experiment_is_judged_on_seeds_on_which_it_was_not_tuned():
    made = replace(CLAIMS["M1"]["tuned"], count=20, tuned=Tuned(count=10, per_decade=3))
    result = made.result(7)
    scenario = result.experiment.scenarios[0]
    assert scenario.seed == seed_for(7, Purpose.EVALUATION)
    assert [arm.schedule.peak for arm in scenario.arms] == [curve.peak for curve in result.curves]
    expected = simulate(made.scenarios[0].with_values(seed=scenario.seed, arms=scenario.arms), 20).arms
    assert [arm.final_loss.tolist() for arm in expected] == [reading.tolist() for reading in result.readings]


def test_the_typical_replicate_answers_as_most_do_for_every_arm():
    scenario = SETTLE.scenarios[0]
    yes = np.array([True, True, False, True, True])
    no = np.array([True, False, False, False, False])
    made = replace(SETTLE, count=5)
    assert Result(made, SETTLE.run(0), (yes, no)).typical.replicate == 1
    numbers = np.array([5.0, 1.0, 2.0, 3.0, 9.0])
    assert Result(made, SETTLE.run(0), (numbers, numbers)).typical.replicate == 3
    assert Result(made, SETTLE.run(0), (numbers, numbers)).typical.surface == scenario.surface


def test_replicates_with_a_value_of_their_own_are_single_runs():
    made = replace(CLAIMS["E3"]["fine_tuning"], count=4)
    result = made.result(2)
    draws = [made.member(result.experiment.scenarios[0], number).surface.draw for number in range(4)]
    assert draws == [1 + 2 * 4 + number for number in range(4)]
    for number in range(4):
        alone = simulate(made.member(result.experiment.scenarios[0], number), 1).arms
        assert [0.5 * np.sum((arm.final - 1) ** 2) for arm in alone] == pytest.approx([reading[number] for reading in result.readings])


def test_only_the_arm_with_a_ratio_is_tuned_over_ratios_and_at_45_degrees_the_best_is_none():
    made = CLAIMS["E3"]["rotated"]
    result = replace(made, count=20, tuned=replace(made.tuned, count=10, per_decade=4)).result(1)
    shared, each = result.experiment.scenarios[0].arms
    assert (shared.rate_x, shared.rate_y) == (each.rate_x, each.rate_y) == (1.0, 1.0)
    assert with_peak(shared, each.schedule.peak).schedule == each.schedule


# Pictures


def test_the_mean_loss_and_its_expectation_agree_where_theory_is_exact():
    result = SETTLE.result(3)
    curves = {curve.name: curve for curve in losses(result).curves}
    for name in SETTLE.names:
        measured, expected = curves[name], curves[f"{name}, theory"]
        # 200 replicates of a loss that scatters as widely as its mean: 7 % for one standard error.
        assert measured.y[-40:].mean() == pytest.approx(expected.y[-40:].mean(), rel=0.25)
        assert measured.y[0] == pytest.approx(expected.y[0], rel=0.3)


def test_the_map_of_noise_and_length_shows_where_the_reader_stands():
    quiet = SETTLE.but("x", "x", "x", Status.SUPPORTED, noise__sigma=0.01, steps=30)
    at = phases(quiet.result(0)).map
    assert at.mark == (0.01, 30)
    # With much noise the cosine wins at any length, with hardly any in few updates it does not.
    assert (at.values[:, -1] > 0).all()
    assert at.values[np.abs(at.y - 30).argmin(), 0] < 0.1


def test_a_verdict_carries_what_the_public_interface_promises():
    verdict = SETTLE.run(seed=0)
    assert isinstance(verdict, Verdict)
    assert verdict.low <= verdict.estimate <= verdict.high
    assert isinstance(Number("x", only).unit, str)
