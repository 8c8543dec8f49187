"""What people reported about schedules in the wild, with the right values as the frameworks' own runs give them, and each for its whole kind."""

import numpy as np
import pytest

from lr_explorer.controllers import CONTROLLERS
from lr_explorer.export import export_code
from lr_explorer.figures.schedule_curves import Curve, curves_figure
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.training import Training, used, warnings

# Relative tolerances here are as many digits as the frameworks' values were printed with.


def rates(name, steps, **values):
    return SCHEDULES.create(name, **values).values(steps)


def part(name, **values):
    return SCHEDULES.create(name, **values)


def at(curve, expected, rel=1e-5):
    """Compare the updates that are given with their rates."""
    assert {t: float(curve[t]) for t in expected} == pytest.approx(expected, rel=rel, abs=1e-12)


def says(sentences, *words):
    """Some one sentence holds all these words."""
    assert any(all(word in sentence for word in words) for sentence in sentences), sentences


# One-cycle.


def test_a_one_cycle_of_fifty_updates_has_fifty_rates_and_ends_at_its_lowest():
    """The rate after one call too many, which people plot, is higher again (pytorch#91765)."""
    curve = rates("one_cycle", 50, peak=0.01)
    assert curve.shape == (50,)
    at(curve, {0: 0.0004, 14: 0.01, 48: 2.01684e-05, 49: 4e-08})
    assert np.argmax(curve) == 14


@pytest.mark.parametrize("steps", [2, 3, 10, 33, 1000])
@pytest.mark.parametrize("pct_start", [0.0, 0.3, 0.77])
@pytest.mark.parametrize("curve", ["cos", "linear"])
def test_every_one_cycle_ends_with_its_last_update(steps, pct_start, curve):
    assert rates("one_cycle", steps, peak=1.0, pct_start=pct_start, anneal_strategy=curve)[-1] == pytest.approx(4e-6)


@pytest.mark.parametrize("calls", [11, 12, 100])
def test_a_loop_that_calls_a_one_cycle_too_often_is_warned(calls):
    """PyTorch accepts as many calls as there are steps and raises at the next (GrowSP#11, flair#2954, PiFold#6)."""
    training = Training(samples=calls, batch=1, epochs=1, total=10)
    says(warnings(part("one_cycle"), training), "ValueError", "call 11", "total_steps is 10")


def test_a_loop_that_calls_a_one_cycle_as_often_as_it_has_steps_is_not():
    assert not any("ValueError" in sentence for sentence in warnings(part("one_cycle"), Training(samples=10, batch=1, epochs=1, total=10)))


@pytest.mark.parametrize("three_phase", [False, True])
@pytest.mark.parametrize("curve", ["cos", "linear"])
@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (100, 0.01), (1, 1.0), (4, 0.25)])
def test_a_one_cycle_phase_of_no_width_is_over_at_once(steps, pct_start, curve, three_phase):
    """PyTorch divides by zero wherever share × steps is 1 (pytorch#180187)."""
    found = rates("one_cycle", steps, peak=0.1, pct_start=pct_start, anneal_strategy=curve, three_phase=three_phase)
    assert np.isfinite(found).all()
    assert found[0] == pytest.approx(0.1)
    assert (np.diff(found) < 0).all()


def test_a_one_cycle_of_two_updates_begins_past_its_peak():
    assert rates("one_cycle", 2, peak=1.0) == pytest.approx([0.811746, 4e-6], rel=1e-5)


def test_optax_rounds_the_peak_of_a_short_one_cycle_to_the_first_update():
    """optax#1403: with a fifth of three updates nothing is left of the rise."""
    found = rates("one_cycle", 3, peak=0.0366859, pct_start=0.2, convention="optax", final_div_factor=645_024.0)
    assert found == pytest.approx([0.0366859, 0.0275144, 0.0091715], rel=1e-5)


def test_one_cycles_of_two_and_three_phases_and_of_three_frameworks():
    """pytorch#40362, optax#1781: the last rate is the first one divided, or the peak divided, and here or one update later."""
    at(rates("one_cycle", 100, peak=1.0), {29: 1.0, 58: 0.63302, 99: 4e-6})
    at(rates("one_cycle", 100, peak=1.0, three_phase=True), {29: 1.0, 58: 0.04, 99: 4e-6})
    at(rates("one_cycle", 100, peak=1.0, convention="optax"), {0: 0.04, 30: 1.0, 99: 0.000507465})


def test_fastais_one_cycle_ends_at_the_peak_divided():
    """One update past the last it is at a hundred-thousandth of the peak; the last update of a run lies just above it."""
    found = rates("one_cycle", 100, peak=1.0, pct_start=0.25, convention="fastai", final_div_factor=1e5)
    last = 1e-5 + (1 - 1e-5) * 0.5 * (1 + np.cos(np.pi * (0.99 - 0.25) / 0.75))
    at(found, {0: 0.04, 25: 1.0, 99: last}, rel=1e-12)


@pytest.mark.parametrize(("name", "field"), [("one_cycle", "pct_start"), ("slanted_triangular", "cut"), ("flat_cosine", "flat"), ("wsd", "decay")])
@pytest.mark.parametrize("percent", [30, 30.0, 1.5])
def test_a_share_in_per_cent_is_refused_with_a_sentence(name, field, percent):
    """PyTorch's name pct_start says per cent and means a fraction (pytorch#42447)."""
    with pytest.raises(ValueError, match=rf"{field} must be between 0 and 1; got {percent}"):
        SCHEDULES.create(name, **{field: percent})


def test_a_whole_share_of_one_is_a_fraction_too():
    """PyTorch refuses the integer 1."""
    assert part("one_cycle", pct_start=1).pct_start == 1.0


def test_groups_keep_their_own_peaks_in_a_one_cycle():
    """A single max_lr wipes the groups' rates out (pytorch#73305)."""
    for peak, start, end in ((1e-4, 4e-6, 4e-10), (1e-3, 4e-5, 4e-9)):
        found = rates("one_cycle", 100, peak=peak)
        assert [found[0], found.max(), found[-1]] == pytest.approx([start, peak, end])


# Cosine and its restarts.


def test_a_cosine_shorter_than_the_run_climbs_again_as_pytorchs_or_stays_down_as_keras():
    """ivadomed#57."""
    climbing = {"peak": 0.0003, "t_max": 10}
    at(rates("cosine", 16, **climbing), {0: 0.0003, 5: 0.00015, 10: 0.0, 11: 7.342e-06, 15: 0.00015}, rel=1e-4)
    at(rates("cosine", 91, peak=0.1, t_max=30), {30: 0.0, 60: 0.1, 90: 0.0})
    assert (rates("cosine", 16, **climbing, past_end="hold")[10:] == 0).all()
    says(warnings(part("cosine", **climbing), Training(samples=16, batch=1, epochs=1)), "climbs again")
    assert not any("climbs" in told for told in warnings(part("cosine", **climbing, past_end="hold"), Training(samples=16, batch=1, epochs=1)))


def test_a_first_cycle_of_one_update_restarts_at_updates_one_three_and_seven():
    """pytorch#23480."""
    found = rates("cosine_restarts", 9, peak=0.5, t_0=1, t_mult=2)
    assert found == pytest.approx([0.5, 0.5, 0.25, 0.5, 0.426777, 0.25, 0.073223, 0.5, 0.48097], abs=1e-6)


@pytest.mark.parametrize(("t_0", "t_mult"), [(1, 2), (5, 1), (3, 3), (10, 2)])
def test_every_restart_is_at_the_peak_and_the_update_before_it_the_lowest(t_0, t_mult):
    found = rates("cosine_restarts", 200, peak=0.5, t_0=t_0, t_mult=t_mult)
    restart, length = t_0, t_0 * t_mult
    while restart < 200:
        assert found[restart] == 0.5
        assert found[restart - 1] <= found[restart : restart + length].max()
        restart, length = restart + length, length * t_mult


def test_restarts_counted_in_epochs_move_within_an_epoch():
    """Ten epochs of four batches are forty updates, not a staircase of epochs (pytorch#69841)."""
    found = rates("cosine_restarts", 160, peak=0.1, t_0=40, t_mult=2)
    at(found, {round(epoch * 4): rate for epoch, rate in {9.75: 0.0001541333, 10: 0.1, 10.25: 0.0999615, 20.5: 0.046077, 30.25: 0.0999904}.items()})


def test_a_cosine_resumed_in_the_middle_goes_on_where_it_was():
    """pytorch#65342, #60265, #29697: a fresh recursive scheduler starts from the full rate."""
    assert rates("cosine", 100, peak=0.001)[45:48] == pytest.approx([0.0005782172, 0.0005626666, 0.0005470542])


def test_the_cosine_drawn_is_the_formula_whatever_a_loop_does_to_the_rate():
    """A recursive one would follow a rate halved by hand after update 5, to 0.172746 at update 6 (pytorch#152081)."""
    at(rates("cosine", 11, peak=1.0, t_max=10), {6: 0.345492, 9: 0.0244717, 10: 0.0})


def test_another_total_rescales_a_cosine_and_a_shorter_one_climbs():
    """open_clip#413, OneTrainer#1604."""
    assert rates("cosine", 100, peak=1.0)[50] == pytest.approx(0.5)
    assert rates("cosine", 150, peak=1.0)[50] == pytest.approx(0.75)
    at(rates("cosine", 101, peak=1.0, t_max=60), {50: 0.0669873, 70: 0.0669873, 100: 0.75})


def test_the_last_rate_used_before_a_hard_restart_is_the_lowest():
    """Logs that hold the next step's rate show the peak there (transformers#35942, #28124)."""
    found = rates("cosine_restarts", 20, peak=1.0, t_0=10)
    at(found, {9: 0.0244717, 10: 1.0, 19: 0.0244717})


# Warm-up, and schedules one after another.


def test_three_constants_one_after_another_keep_their_own_rates():
    """threestudio#226."""
    three = [part("constant", peak=rate) for rate in (0.01, 0.001, 0.005)]
    found = SCHEDULES.create("sequential", peak=1.0, first=three[0], second=three[1], third=three[2], switch1=2, switch2=5).values(8)
    assert found == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.001, 0.005, 0.005, 0.005])


def test_a_warm_up_of_no_length_starts_at_the_peak():
    """pytorch#185872: milestones=[0]."""
    assert rates("exponential", 4, peak=1.0, gamma=0.9, warmup=0, warmup_start=0.1) == pytest.approx([1, 0.9, 0.81, 0.729])


def test_a_switch_before_the_warm_up_ends_jumps_and_is_told():
    rise, fall = part("constant", peak=1.0, warmup=5, warmup_start=0.1), part("exponential", peak=1.0, gamma=0.9)
    schedule = SCHEDULES.create("sequential", peak=1.0, first=rise, second=fall, switch1=3)
    assert schedule.values(6) == pytest.approx([0.1, 0.28, 0.46, 1.0, 0.9, 0.81])
    says(warnings(schedule, Training(samples=6, batch=1, epochs=1)), "jumps from 0.46 to 1")


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_of_no_length_is_as_good_as_none(name):
    """PyTorch's LinearLR(total_iters=0) stays at a third of the rate for ever (pytorch#193682)."""
    np.testing.assert_array_equal(rates(name, 30, warmup=0, warmup_start=1 / 3), rates(name, 30))


def test_the_examples_of_linear_and_constant_warm_ups():
    """pytorch#68058, oneflow#8343."""
    assert rates("constant", 6, peak=0.05, warmup=4, warmup_start=0.5) == pytest.approx([0.025, 0.03125, 0.0375, 0.04375, 0.05, 0.05])
    assert rates("piecewise", 6, peak=0.05, boundaries=(4,), factors=(0.5, 1.0)) == pytest.approx([0.025] * 4 + [0.05] * 2)
    # LinearLR from 0.1 to 0.9 of a rate of 0.1 is a warm-up to 0.09.
    assert rates("constant", 5, peak=0.09, warmup=3, warmup_start=1 / 9) == pytest.approx([0.01, 0.0366667, 0.0633333, 0.09, 0.09], rel=1e-5)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_warm_up_from_zero_moves_nothing_at_first_and_that_is_told(name):
    """transformers#34754, bert#1293."""
    schedule = part(name, warmup=4)
    assert schedule.values(10)[0] == 0
    says(warnings(schedule, Training(samples=10, batch=1, epochs=1)), "first update", "exactly 0")


def test_a_rate_of_exactly_zero_has_a_mark_of_its_own_on_a_logarithmic_axis():
    """transformers#34754: a line alone would leave the first update out without a word."""
    lr = rates("linear", 10, peak=1.0, warmup=4)
    figure = curves_figure([Curve("Linear", lr)], np.arange(10.0), "updates", log=True, dark=False)
    line, zeros = figure.data
    assert zeros.name == "Linear: exactly 0"
    assert list(zeros.x) == [0]
    assert np.isnan(line.y[0])
    np.testing.assert_array_equal(line.y[1:], lr[1:])
    # The mark stands at the bottom of the axis, inside it.
    low, high = figure.layout.yaxis.range
    assert low < np.log10(zeros.y[0]) < np.log10(line.y[1:].min()) < high


def test_a_linear_decay_behind_a_warm_up_of_four_updates():
    found = rates("linear", 10, peak=1.0, warmup=4)
    assert found == pytest.approx([0, 0.25, 0.5, 0.75, 1, 0.833333, 0.666667, 0.5, 0.333333, 0.166667], rel=1e-5)


def test_a_cosine_behind_a_warm_up_as_optax_and_keras_count_it():
    """decay_steps holds the warm-up in Optax and leaves it out in Keras (levanter#124, optax#835)."""
    at(rates("cosine", 1000, peak=1.0, warmup=100), {100: 1.0, 550: 0.5})
    of_keras = rates("cosine", 1101, peak=1.0, warmup=100, t_max=1000, past_end="hold")
    at(of_keras, {100: 1.0, 550: 0.578217, 600: 0.5, 1000: 0.0244718, 1100: 0.0})
    # With 900 Keras's is the first.
    np.testing.assert_array_equal(rates("cosine", 1000, peak=1.0, warmup=100, t_max=900), rates("cosine", 1000, peak=1.0, warmup=100))


@pytest.mark.parametrize("warmup", [0, 100])
def test_a_floor_is_a_fraction_of_the_peak(warmup):
    """As Keras's alpha, of the warm-up's target (keras#21772, #15288); a lowest rate of 1e-5 below a peak of 1e-3 is 0.01."""
    for floor, end in ((0.1, 1e-4), (1e-5, 1e-8), (0.01, 1e-5)):
        found = rates("cosine", warmup + 1001, peak=0.001, warmup=warmup, t_max=1000, past_end="hold", floor=floor)
        assert found[-1] == pytest.approx(end)


# Decays.


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"warmup": 100}, {100: 0.001, 400: 0.0005, 1600: 0.00025}),
        ({"warmup": 100, "timescale": 10_000}, {400: 0.0009853293, 10_100: 0.0007071068, 30_100: 0.0005}),
        ({"warmup": 0}, {10_000: 0.0007071068, 30_000: 0.0005}),
    ],
)
def test_the_time_scale_of_an_inverse_square_root_is_the_warm_up_unless_given(values, expected):
    """transformers#21495."""
    at(rates("inverse_sqrt", max(expected) + 1, peak=0.001, **values), expected)


def test_noam_by_name_and_as_a_typed_expression():
    """pytorch#45895: typed with the wrong sign it rises without end, and step 0 divides by zero."""
    expected = {1: 1.746928e-07, 4000: 0.0006987712, 16_000: 0.0003493856}
    at(rates("noam", 16_001, peak=1.0, model_dim=512, warmup=4000), expected)
    typed = "512**-0.5 * min(max(t, 1)**-0.5, t * 4000**-1.5)"
    at(rates("lambda", 16_001, peak=1.0, expression=typed), expected)


def test_a_typed_expression_that_divides_by_zero_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="expression"):
        rates("lambda", 10, expression="t**-0.5")


@pytest.mark.parametrize("floor", [10.0, 1.0001, -0.1])
@pytest.mark.parametrize("name", SCHEDULES)
def test_an_end_above_the_start_is_refused_with_a_sentence(name, floor):
    """Transformers refuses it too, Keras and Optax rise (transformers#6361, keras#18747)."""
    with pytest.raises(ValueError, match="floor must be between 0 and 1"):
        SCHEDULES.create(name, floor=floor)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [0, -62])
def test_a_run_of_no_length_is_refused_with_a_sentence(name, steps):
    """Lengths computed from an unknown data set (keras#18722)."""
    with pytest.raises(ValueError, match=f"steps must be a whole number of at least 1; got {steps}"):
        rates(name, steps)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_run_of_one_update_has_one_rate(name):
    found = rates(name, 1)
    assert found.shape == (1,)
    assert np.isfinite(found).all()


@pytest.mark.parametrize(("name", "values"), [("multistep", {"milestones": (50_000, 80_000)}), ("piecewise", {"boundaries": (50_000, 80_000)})])
def test_boundaries_in_samples_are_never_reached_and_that_is_told(name, values):
    """handson-ml3#206: ten epochs of 1,719 updates."""
    training = Training(samples=55_000, batch=32, epochs=10)
    assert (training.updates_per_epoch, training.updates) == (1719, 17_190)
    schedule = part(name, **values)
    assert np.ptp(schedule.values(training.updates)) == 0
    says(warnings(schedule, training), "(50,000, 80,000)", "reached", "17,190 steps")


# Cycles.


def test_a_cyclic_rate_with_its_momentum_running_the_other_way():
    """With Adam it is beta1 (pytorch#73910)."""
    schedule = part("cyclic", peak=1.0, base=0.1, step_size_up=4, cycle_momentum=True)
    assert schedule.values(9) == pytest.approx([0.1, 0.325, 0.55, 0.775, 1, 0.775, 0.55, 0.325, 0.1])
    assert schedule.momentum(9) == pytest.approx([0.9, 0.875, 0.85, 0.825, 0.8, 0.825, 0.85, 0.875, 0.9])
    assert part("cyclic").momentum(9) is None


def test_a_momentum_to_cycle_is_asked_of_an_optimizer_that_has_one():
    """Adagrad has neither momentum nor beta1: PyTorch refuses it too (pytorch#73910)."""
    schedule = part("cyclic", cycle_momentum=True)
    assert Arm(optimizer=OPTIMIZERS.create("adam"), schedule=schedule).momentum(9) is not None
    with pytest.raises(ValueError, match="cycle_momentum needs an optimizer with momentum or β₁, as in PyTorch; got AdaGrad"):
        Arm(optimizer=OPTIMIZERS.create("adagrad"), schedule=schedule)
    linked = Scenario.from_query({"arm1.optimizer": "adagrad", "arm1.schedule": "cyclic", "arm1.schedule.cycle_momentum": "true"})
    assert any("cycle_momentum needs an optimizer with momentum" in complaint for complaint in linked.complaints)


# Range tests.


def test_a_range_test_has_a_constant_ratio_and_both_ends():
    """Lightning#21931: the first rung was twice as wide. lr-finder#42, flair#986: dividing by n never reached the end."""
    found = rates("range_test", 10, peak=1.0, lowest=1e-3)
    assert found[:4] == pytest.approx([0.001, 0.00215443, 0.00464159, 0.01], rel=1e-5)
    np.testing.assert_allclose(found[1:] / found[:-1], 10 ** (1 / 3), rtol=1e-12)
    assert (found[0], found[-1]) == (0.001, 1.0)
    assert rates("range_test", 1, peak=1.0).tolist() == [1.0]


# Plateaus.


@pytest.mark.parametrize(
    ("convention", "cooldown", "cuts"),
    [
        ("torch", 0, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]),
        ("torch", 1, [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25]),
        ("keras", 0, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]),
        ("keras", 1, [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.125, 0.125, 0.0625]),
    ],
)
def test_patience_and_rest_of_a_plateau_as_pytorch_and_as_keras_count_them(convention, cooldown, cuts):
    """One epoch apart, and Keras's rest of one changes nothing (pytorch#2545, keras#3991)."""
    assert plateau(convention=convention, patience=2, cooldown=cooldown) == pytest.approx(cuts)


def test_keras_needs_one_more_of_patience_to_cut_where_pytorch_does():
    assert plateau(convention="keras", patience=3, cooldown=0) == plateau(convention="torch", patience=2, cooldown=0)


def plateau(**values):
    """Return the rate after each of ten epochs, the metric of which improves once."""
    controller = CONTROLLERS.create("reduce_on_plateau", peak=1.0, factor=0.5, every=1, **values)
    control = type(controller).begins([controller], (2, 1, 1), 0.0)
    # The loss before the first update is that of no epoch.
    losses = [2.0, 1.0, *[0.9] * 9]
    return [float(np.ravel(control.at(t, np.full((1, 1), loss), np.zeros((2, 1, 1))))[0]) for t, loss in enumerate(losses)][1:]


# Loops.


def test_a_one_cycle_advanced_once_per_epoch_looks_flat_and_that_is_told():
    """pytorch#65417, Lightning#6948."""
    training = Training(samples=1000, batch=1, epochs=6, total=5000, stepped="epoch")
    schedule = part("one_cycle", peak=0.1)
    per_epoch = used(schedule, training)[::1000]
    assert per_epoch == pytest.approx([0.004, 0.00400011, 0.00400042, 0.00400095, 0.00400169, 0.00400264], rel=2e-6)
    says(warnings(schedule, training), "once per epoch", "never reached")


def test_accumulation_counted_right_and_both_ways_wrong():
    """A thousand batches, four to an update (accelerate#963, #1160, diffusers#4387)."""
    schedule = part("linear", peak=1.0)
    right = Training(samples=1000, batch=1, epochs=1, accumulation=4)
    assert right.updates == 250
    assert used(schedule, right)[-1] == pytest.approx(0.004)
    assert not warnings(schedule, right)

    too_long = Training(samples=1000, batch=1, epochs=1, accumulation=4, total=1000)
    assert used(schedule, too_long)[-1] == pytest.approx(0.751)
    says(warnings(schedule, too_long), "250 times", "1,000 steps", "0.751")

    too_often = Training(samples=1000, batch=1, epochs=1, accumulation=4, total=250, stepped="batch")
    assert (used(schedule, too_often) == 0).sum() == 188
    says(warnings(schedule, too_often), "188 of 250")


# Exported code.


def executed(schedule, steps, framework):
    """Return the rates that the exported code collects."""
    names = {}
    exec(export_code(schedule, steps=steps, framework=framework), names)
    return names["lr"]


@pytest.mark.parametrize(("warmup", "left"), [(100, 900), (1, 999)])
def test_keras_code_leaves_the_warm_up_out_of_decay_steps(warmup, left):
    code = export_code(part("cosine", peak=1.0, warmup=warmup), steps=1000, framework="keras")
    assert f"decay_steps={left}" in code or f"decay_steps=steps - {warmup}" in code


def test_keras_code_has_the_floor_as_a_fraction():
    """A lowest rate of 1e-5 under a peak of 1e-3."""
    assert "alpha=0.01" in export_code(part("cosine", peak=0.001, floor=0.01), steps=1000, framework="keras")


def test_a_warm_up_of_no_length_is_left_out_of_pytorch_code():
    code = export_code(part("exponential", warmup=0, warmup_start=1 / 3), steps=30, framework="torch")
    assert "LinearLR" not in code
    assert "SequentialLR" not in code


def test_a_share_is_exported_as_a_fraction():
    assert "pct_start=0.3" in export_code(part("one_cycle", pct_start=0.3), steps=100, framework="torch")


@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (100, 0.01)])
def test_pytorch_code_of_a_phase_without_width_does_not_offer_what_divides_by_zero(steps, pct_start):
    code = export_code(part("one_cycle", pct_start=pct_start), steps=steps, framework="torch")
    assert "OneCycleLR(" not in code
    assert "divide by zero" in code


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "values", "steps"),
    [
        ("one_cycle", {"pct_start": 0.1}, 10),
        ("one_cycle", {"peak": 0.01}, 50),
        ("noam", {"warmup": 4000}, 100),
        ("exponential", {"warmup": 0, "warmup_start": 1 / 3}, 30),
        ("cosine", {"t_max": 10}, 16),
    ],
)
def test_pytorch_code_of_what_goes_wrong_in_the_wild_runs_and_gives_the_curve(name, values, steps):
    """Among them the loop that must not record the rate of one call too many, and Noam's step 0."""
    schedule = part(name, **values)
    found = executed(schedule, steps, "torch")
    assert found == pytest.approx(schedule.values(steps), rel=1e-12, abs=1e-12 * schedule.peak)


def test_plain_python_code_runs_and_gives_the_curve():
    for name in ("one_cycle", "noam", "cosine_restarts", "inverse_sqrt"):
        schedule = part(name, warmup=4)
        assert executed(schedule, 30, "python") == pytest.approx(schedule.values(30), rel=1e-12)
