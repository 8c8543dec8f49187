"""What another batch size asks for: the same data, the same shares of the run."""

import numpy as np
import pytest

from lr_explorer.rescaling import differences, keeps_numbers, rescaled, stretched, with_batch
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES
from lr_explorer.training import Training, mistakes, used

RUN = Training(samples=50_000, batch=128, epochs=10)  # 3,910 updates


def test_warm_up_and_milestones_keep_their_share_of_the_run():
    """Batches of 1,024 are an eighth of the updates: 49 an epoch, 490 in all; 500 × 490/3910 = 62.7."""
    arm = Arm(schedule=SCHEDULES.create("multistep", peak=0.1, warmup=500, milestones=(1500, 3000)), drop_at=3900, unfreeze_at=100)
    changed, run = rescaled(arm, RUN, 1024, "linear")
    assert run.updates == 490
    assert changed.schedule.peak == pytest.approx(0.8)
    assert (changed.schedule.warmup, changed.schedule.milestones) == (63, (188, 376))
    assert (changed.drop_at, changed.unfreeze_at) == (489, 13)
    assert mistakes(changed.schedule, run) == []
    assert "Warm-up 500 → 63" in differences(arm, changed)
    assert not any("Peak" in sentence for sentence in differences(arm, changed))


def test_given_updates_totals_and_batches_see_the_same_data():
    """1,000 updates of 128 are 125 of 1,024."""
    run = with_batch(RUN.with_values(max_steps=1000, total=1000), 1024)
    assert (run.max_steps, run.total, run.updates) == (125, 125, 125)
    assert with_batch(Training(batches=1000, batch=32, epochs=2), 64).updates == 1000


def test_what_is_counted_in_epochs_stays():
    run = RUN.with_values(stepped="epoch", total=10)
    arm = Arm(schedule=SCHEDULES.create("cosine", warmup=2))
    changed, after = rescaled(arm, run, 1024, "sqrt")
    assert (changed.schedule.warmup, after.total) == (2, 10)
    assert changed.schedule.peak == pytest.approx(0.1 * 8**0.5)


def test_the_same_batch_changes_nothing():
    for name in SCHEDULES:
        arm = Arm(schedule=SCHEDULES.create(name, warmup=50))
        assert rescaled(arm, RUN, 128, "linear") == (arm, RUN)


# Chebyshev's rates are another list for every length.
@pytest.mark.parametrize("name", [name for name in SCHEDULES if name != "chebyshev"])
def test_a_schedule_that_is_stretched_has_the_same_rates_at_the_same_shares_of_the_run(name):
    schedule = SCHEDULES.create(name, warmup=40, cooldown=20)
    # One-cycles end with their last update, the others one past it.
    np.testing.assert_allclose(stretched(schedule, 2).values(800)[::2], schedule.values(400), rtol=0, atol=0.02 * schedule.peak)


def test_a_factor_per_update_becomes_one_per_share_of_the_run():
    """0.99^100 after 100 updates is what eight times fewer updates have to come to: 0.99^8 each."""
    changed = stretched(SCHEDULES.create("exponential", gamma=0.99), 1 / 8)
    assert (changed.decay_steps, changed.gamma) == (1, pytest.approx(0.99**8))
    assert stretched(SCHEDULES.create("inverse_time", decay_rate=0.02), 1 / 8).decay_rate == pytest.approx(0.16)
    assert stretched(SCHEDULES.create("cyclic", gamma=0.99), 0.5).gamma == pytest.approx(0.99**2)


def test_the_parts_of_a_composition_are_stretched_too():
    schedule = SCHEDULES.create("sequential", second=SCHEDULES.create("step", step_size=100), switch1=200)
    changed = stretched(schedule, 0.5)
    assert (changed.switch1, changed.second.step_size) == (100, 50)


def test_a_formula_with_numbers_is_known_to_keep_them():
    assert keeps_numbers(SCHEDULES.create("lambda", expression="1 - t/600"))
    assert not keeps_numbers(SCHEDULES.create("lambda", expression="cos(t/T)"))
    assert not keeps_numbers(SCHEDULES.create("cosine"))


def test_a_peak_out_of_range_is_refused_with_a_sentence():
    with pytest.raises(ValueError, match="peak must be between"):
        rescaled(Arm(schedule=SCHEDULES.create("cosine", peak=1e6)), RUN, 1024, "linear")


def test_the_run_of_another_batch_can_be_drawn():
    arm = Arm(schedule=SCHEDULES.create("one_cycle"))
    changed, run = rescaled(arm, RUN, 1024, "linear")
    assert used(changed.schedule, run).shape == (490,)
