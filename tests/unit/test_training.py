"""A run in samples, batches and epochs, and what a loop makes of a schedule that counts otherwise."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES
from lr_explorer.training import MOST_UPDATES, UNITS, Training, continued, mistakes, plain, remarks, scaled_peak, tally, used, used_by, warnings

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


def made(name, **values):
    return SCHEDULES.create(name, **values)


def says(sentences, *words):
    return any(all(word in sentence for word in words) for sentence in sentences)


# Counting.


def test_the_last_batch_of_an_epoch_may_be_smaller():
    training = Training(samples=55_000, batch=32, epochs=10)
    assert (training.batches_per_epoch, training.updates) == (1719, 17_190)  # ceil(55000/32) × 10


def test_accumulated_batches_make_one_update_and_the_rest_of_an_epoch_another():
    assert Training(batches=1000, accumulation=4, epochs=1).updates == 250
    assert Training(batches=1001, accumulation=4, epochs=3).updates == 3 * 251


def test_given_updates_override_epochs():
    assert Training(max_steps=77, epochs=3).updates == 77


@pytest.mark.parametrize(("unit", "last"), [("step", 8), ("epoch", 2.0), ("sample", 8 * 20), ("token", 8 * 20 * 512)])
def test_positions_count_what_lies_before_an_update(unit, last):
    training = Training(samples=80, batch=10, accumulation=2, epochs=3, sequence=512)
    assert training.position(np.arange(9), unit)[-1] == last


def test_the_last_update_of_an_epoch_has_the_rest_of_the_samples():
    """Ten epochs of 50,000 samples are 500,000, whatever the batch; 391 batches of 128 would be 48 more each."""
    training = Training(samples=50_000, batch=128, epochs=10, sequence=4)
    assert training.position(np.array([390, 391, 3910]), "sample").tolist() == [390 * 128, 50_000, 500_000]
    assert training.position(np.array([3910]), "token")[0] == 2_000_000
    assert Training(samples=10, accumulation=10_000).samples_per_update == 10
    assert Training(batches=1000, batch=8).samples_per_epoch == 8000


def test_every_unit_of_the_axis_has_a_position():
    assert all(Training().position(np.array([0.0]), unit)[0] == 0 for unit in UNITS)


@given(st.builds(Training, batches=st.integers(1, 50), accumulation=st.integers(1, 7), epochs=st.integers(1, 5)))
def test_stepping_once_a_batch_is_a_loop_over_batches(training):
    """The places of the updates are those of a loop that is written out."""
    places, calls = [], 0
    for _ in range(training.epochs):
        for batch in range(1, training.batches + 1):
            if batch % training.accumulation == 0 or batch == training.batches:
                places.append(calls)
            calls += 1
    stepped = training.with_values(stepped="batch")
    assert stepped.place_of_updates().tolist() == places
    assert training.place_of_updates().tolist() == list(range(len(places)))
    assert stepped.calls == places[-1] + 1


# What the loop makes of a schedule.


@every_schedule
def test_a_loop_that_does_what_was_meant_runs_the_schedule_itself(name):
    np.testing.assert_array_equal(used(made(name), Training(batches=50, epochs=4)), made(name).values(200))


@every_schedule
@pytest.mark.parametrize("total", [1, 2, 60, 100])
def test_every_schedule_can_be_advanced_past_its_end(name, total):
    curve = continued(made(name), total, total + 37)
    np.testing.assert_array_equal(curve[:total], made(name).values(total))
    assert curve.shape == (total + 37,)
    assert (curve[~np.isnan(curve)] >= 0).all()


@every_schedule
def test_a_short_look_at_a_schedule_is_its_beginning(name):
    np.testing.assert_array_equal(continued(made(name), 100, 40), made(name).values(100)[:40])


def test_pytorchs_cosine_climbs_again_past_its_end_and_optaxs_stays():
    """CosineAnnealingLR(T_max=10) over 16 steps, run in torch (ivadomed#57); Optax and Keras are not 0 any more after the fall."""
    pytorch = continued(made("cosine", peak=0.0003), 10, 16)
    assert pytorch[[0, 5, 10, 15]] == pytest.approx([0.0003, 0.00015, 0, 0.00015], abs=1e-18)
    assert pytorch[11] == pytest.approx(7.342e-06, rel=1e-4)
    assert continued(made("cosine", past_end="hold"), 10, 16)[10:].max() == pytest.approx(0, abs=1e-18)


def test_a_one_cycle_past_its_end_has_one_rate_more_and_then_an_error():
    curve = continued(made("one_cycle"), 10, 14)
    assert np.isfinite(curve[:11]).all()
    assert np.isnan(curve[11:]).all()
    assert not np.isnan(continued(made("one_cycle", convention="optax"), 10, 14)).any()


def test_transformers_restarts_end_at_the_floor():
    assert continued(made("cosine_restarts", num_cycles=2, floor=0.25), 20, 25)[20:] == pytest.approx(0.1 * 0.25)


def test_a_per_step_schedule_advanced_once_per_epoch_looks_stuck():
    """OneCycleLR(max_lr=0.1, epochs=5, steps_per_epoch=1000) with a call per epoch, run in torch (pytorch#65417)."""
    lr = used(made("one_cycle", peak=0.1), Training(batches=1000, epochs=5, stepped="epoch"))
    assert lr[::1000] == pytest.approx([0.004, 0.00400011, 0.00400042, 0.00400095, 0.00400169], abs=5e-9)  # as many digits as were printed
    assert (lr[:1000] == lr[0]).all()


def test_totals_in_batches_and_in_updates():
    """1,000 batches, accumulation 4, linear from 1, run in transformers (accelerate#963)."""
    run = Training(batches=1000, accumulation=4, epochs=1)
    linear = made("linear", peak=1.0)
    assert used(linear, run)[-1] == pytest.approx(0.004)
    assert used(linear, run.with_values(total=1000))[-1] == pytest.approx(0.751)
    assert np.count_nonzero(used(linear, run.with_values(stepped="batch")) == 0) == 188


def test_an_arms_drop_is_part_of_its_curve():
    arm = Arm(schedule=made("constant", peak=1.0), drop_at=5, drop_factor=0.5)
    assert used_by(arm, plain(10)).tolist() == [1.0] * 5 + [0.5] * 5


def test_a_controllers_curve_is_not_known_beforehand():
    from lr_explorer.controllers import CONTROLLERS

    assert used_by(Arm(schedule=next(iter(CONTROLLERS.values()))()), plain(10)) is None


def test_a_run_too_long_to_draw_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="too long to be drawn"):
        used(made("linear"), Training(max_steps=MOST_UPDATES + 1))
    assert not Training(accumulation=100, max_steps=MOST_UPDATES, stepped="batch").can_be_drawn
    assert Training(max_steps=MOST_UPDATES).can_be_drawn


# Sentences.


@every_schedule
def test_a_plain_long_run_of_a_schedules_defaults_is_no_mistake(name):
    assert mistakes(made(name), plain(1000)) == []


@every_schedule
@pytest.mark.parametrize("stepped", ["update", "batch", "epoch"])
@pytest.mark.parametrize("total", [0, 1, 7, 5000])
def test_every_schedule_can_be_judged_in_every_loop(name, stepped, total):
    run = Training(batches=30, accumulation=4, epochs=5, stepped=stepped, total=total)
    assert all(sentence.endswith(".") for sentence in warnings(made(name, warmup=3), run))


def test_the_call_that_pytorch_refuses_is_named():
    """OneCycleLR(total_steps=10): the 11th call of step() raises (GrowSP#11)."""
    assert says(mistakes(made("one_cycle"), Training(max_steps=11, total=10)), "ValueError at call 11", "total_steps is 10")
    assert not mistakes(made("one_cycle"), Training(max_steps=10, total=10))


def test_stepping_per_epoch_is_told_with_the_peak_that_is_never_reached():
    found = mistakes(made("one_cycle", peak=0.1), Training(batches=1000, epochs=5, stepped="epoch"))
    assert says(found, "once per epoch", "5 times", "5,000 steps", "peak of 0.1 is never reached")


def test_a_schedule_counted_in_epochs_and_advanced_per_epoch_is_right():
    assert mistakes(made("cosine"), Training(batches=100, epochs=30, stepped="epoch", total=30)) == []


def test_a_total_in_batches_is_recognised():
    found = mistakes(made("linear", peak=1.0), Training(batches=1000, accumulation=4, epochs=1, total=1000))
    assert says(found, "total counts batches", "0.751", "Build it for 250 steps")


def test_stepping_after_every_batch_runs_out_after_a_quarter():
    found = mistakes(made("linear", peak=1.0), Training(batches=1000, accumulation=4, epochs=1, stepped="batch"))
    assert says(found, "188 of 250 updates run at rate 0", "250 times")


@pytest.mark.parametrize(("warmup", "says_so"), [(249, False), (250, True), (300, True)])
def test_a_warm_up_as_long_as_the_run_is_told(warmup, says_so):
    assert says(mistakes(made("cosine", warmup=warmup), plain(250)), "warm-up", "never begins") is says_so


def test_a_cosine_with_a_short_t_max_climbs_and_a_held_one_does_not():
    assert says(mistakes(made("cosine", t_max=10), plain(16)), "step 10", "climbs again")
    assert mistakes(made("cosine", t_max=10, past_end="hold"), plain(16)) == []
    assert mistakes(made("cosine", t_max=16), plain(16)) == []


@pytest.mark.parametrize(("name", "values"), [
    ("multistep", {"milestones": (50_000, 80_000)}), ("piecewise", {"boundaries": (50_000, 80_000), "factors": (1.0, 0.1, 0.01)}),
    ("step", {"step_size": 20_000}), ("cosine_restarts", {"t_0": 20_000}), ("cyclic", {"step_size_up": 20_000}), ("sequential", {"switch1": 20_000}),
])  # fmt: skip
def test_what_lies_beyond_the_run_is_told(name, values):
    assert says(mistakes(made(name, **values), Training(samples=55_000, batch=32, epochs=10)), "never reached", "17,190 steps")


def test_milestones_that_were_meant_in_epochs_are_recognised():
    run = Training(samples=50_000, batch=128, epochs=100)
    found = mistakes(made("multistep", milestones=(30, 60, 90)), run)
    assert says(found, "are epochs", f"{30 * 391:,}")
    assert mistakes(made("multistep", milestones=(30 * 391, 60 * 391)), run) == []


NINETY = Training(samples=50_000, batch=128, epochs=90)  # 35,190 updates, 391 an epoch


def test_a_step_size_in_epochs_that_is_counted_in_updates_is_told():
    """0.1 ^ 6 is a millionth: with a step of 30 it is reached after 180 updates, rounding aside, and after 330 drops nothing is left in float64."""
    found = mistakes(made("step", peak=0.1, step_size=30), NINETY)
    assert says(found, "multiplied by 0.1 every 30 updates", "of 35,190 updates", "last rate is 0", "If 30 epochs are meant, that is 11,730 updates")
    assert mistakes(made("step", peak=0.1, step_size=30 * 391), NINETY) == []
    assert mistakes(made("step", peak=0.1, step_size=30), NINETY.with_values(stepped="epoch", total=90)) == []


def test_a_gentle_step_size_in_epochs_is_told_too():
    assert says(mistakes(made("step", step_size=30, gamma=0.999), NINETY), "step size is 30 steps of 35,190", "11,730 in updates")


def test_a_factor_per_epoch_that_is_taken_per_update_is_told():
    """0.95^270 is just below a millionth: ln(10^-6) / ln(0.95) = 269.3."""
    found = mistakes(made("exponential", gamma=0.95), NINETY)
    assert says(found, "multiplied by 0.95 every update", "after 270 of 35,190", "If an epoch is meant, that is 391 updates")
    assert mistakes(made("exponential", gamma=0.95, decay_steps=391), NINETY) == []
    assert mistakes(made("exponential", gamma=0.95, floor=0.1), NINETY) == []


@pytest.mark.parametrize(("name", "values", "word"), [
    ("cosine_restarts", {"t_0": 10}, "first cycle is 10 steps"), ("cyclic", {"step_size_up": 5}, "rise of each cycle is 5 steps"),
    ("cosine", {"t_max": 90, "past_end": "hold"}, "half wave is 90 steps"),
])  # fmt: skip
def test_cycles_in_epochs_that_are_counted_in_updates_are_told(name, values, word):
    assert says(mistakes(made(name, **values), NINETY), word, "means epochs")
    assert not says(
        mistakes(made(name, **{key: 391 * value if isinstance(value, int) else value for key, value in values.items()}), NINETY), "epochs"
    )


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "values", "call"), [
    ("step", {"step_size": 30}, "StepLR(opt, 30)"), ("exponential", {"gamma": 0.95}, "ExponentialLR(opt, 0.95)"),
])  # fmt: skip
def test_what_is_said_of_the_last_rate_is_what_pytorch_has(name, values, call):
    torch = pytest.importorskip("torch")
    opt = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = eval(call, {"opt": opt} | vars(torch.optim.lr_scheduler))  # our own text, above
    for _ in range(NINETY.updates - 1):
        opt.step()
        scheduler.step()
    assert opt.param_groups[0]["lr"] < 1e-300
    assert says(mistakes(made(name, peak=0.1, **values), NINETY), "last rate is 0")


def test_a_second_part_that_begins_within_the_warm_up_is_told_with_its_jump():
    """LinearLR from .1 over 5, milestones=[3]: .46 jumps to 1, run in torch (pytorch#185872)."""
    schedule = made("sequential", peak=1.0, first=made("constant", peak=1.0, warmup=5, warmup_start=0.1),
                    second=made("exponential", peak=1.0, gamma=0.9), switch1=3)  # fmt: skip
    assert says(mistakes(schedule, plain(6)), "jumps from 0.46 to 1")


def test_a_noam_that_is_still_rising_is_told():
    assert says(mistakes(made("noam", warmup=4000), plain(500)), "4,000", "never begins")


@pytest.mark.parametrize(("name", "values", "word"), [("one_cycle", {}, "OneCycleLR"), ("cyclic", {}, "CyclicLR")])
def test_schedules_that_overwrite_the_optimizers_rate_say_so(name, values, word):
    assert says(remarks(made(name, **values), plain(1000)), word, "overwrites")


def test_optaxs_one_cycle_overwrites_nothing():
    assert remarks(made("one_cycle", convention="optax"), plain(1000)) == []


def test_a_first_update_at_rate_zero_is_told():
    assert says(remarks(made("linear", warmup=4), plain(10)), "first update", "exactly 0")
    assert remarks(made("linear", warmup=4, warmup_start=0.1), plain(10)) == []
    per_epoch = Training(batches=100, epochs=10, stepped="epoch", total=10)
    assert says(remarks(made("linear", warmup=4), per_epoch), "first 100 updates run", "exactly 0")


def test_a_run_without_any_rate_is_told_as_that():
    for schedule in (made("cosine", peak=0.0), made("lambda", expression="0")):
        found = remarks(schedule, plain(10))
        assert says(found, "Every update runs at a rate of exactly 0")
        assert not says(found, "The first update")


# Numbers.


def test_a_tally_counts_what_was_run():
    numbers = tally(np.array([0.0, 0.5, 1.0, 0.0, np.nan, np.nan]))
    assert (numbers.total, numbers.first, numbers.peak, numbers.peak_at, numbers.last, numbers.zeros) == (1.5, 0.0, 1.0, 2, 0.0, 2)


@pytest.mark.parametrize(("scaling", "factor"), [("linear", 4.0), ("sqrt", 2.0)])
def test_four_times_the_batch_asks_for_four_or_two_times_the_peak(scaling, factor):
    assert scaled_peak(0.1, 64, 256, scaling) == pytest.approx(0.1 * factor)
