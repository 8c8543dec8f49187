"""Where frameworks disagree with each other: the recorded sequences differ as our schedules' options and notes say."""

import numpy as np
import pytest

from lr_explorer.schedules import SCHEDULES
from tests.parity import keras_schedules, records
from tests.parity.schedule_cases import PEAK, key

CLOSE = {"rtol": 1e-12, "atol": 1e-13}


def recorded(framework, of, name, steps, **values):
    """Return what the framework answered to the case of this description."""
    return records.load(framework)[key(of, name, steps, **values)]


def test_keras_changes_a_piecewise_rate_one_update_later_than_pytorch_and_optax():
    drops = {"milestones": (3, 20), "gamma": 0.5}
    torch = recorded("torch", "MultiStepLR", "multistep", 40, **drops)
    optax = recorded("optax", "piecewise_constant_schedule", "multistep", 40, **drops, change="at")
    keras = recorded("keras", "PiecewiseConstantDecay", "multistep", 40, **drops, change="after")
    np.testing.assert_allclose(torch, optax, **CLOSE)
    np.testing.assert_allclose(keras[1:], torch[:-1], **CLOSE)
    assert torch[3] == keras[4] == PEAK * 0.5
    assert keras[3] == PEAK


def test_past_its_end_a_cosine_climbs_in_pytorch_and_transformers_and_stays_down_in_optax_and_keras():
    torch = recorded("torch", "CosineAnnealingLR", "cosine", 40, t_max=7, floor=0.0, past_end="rise")
    transformers = recorded("transformers", "cosine", "cosine", 40, t_max=7, warmup=0, past_end="rise")
    optax = recorded("optax", "cosine_decay_schedule", "cosine", 40, t_max=7, floor=0.0, past_end="hold")
    keras = recorded("keras", "CosineDecay", "cosine", 40, t_max=7, floor=0.0, past_end="hold")
    np.testing.assert_allclose(torch, transformers, **CLOSE)
    np.testing.assert_allclose(optax, keras, **CLOSE)
    np.testing.assert_allclose(torch[:8], optax[:8], **CLOSE)
    assert torch[14] == pytest.approx(PEAK)
    assert (optax[7:] < 1e-15).all()


@pytest.mark.parametrize(("pct_start", "peak_of_torch", "peak_of_optax"), [(0.3, 14, 15), (0.5, 24, 25)])
def test_a_one_cycle_peaks_and_ends_one_update_later_in_optax_than_in_pytorch(pct_start, peak_of_torch, peak_of_optax):
    torch = recorded("torch", "OneCycleLR", "one_cycle", 50, pct_start=pct_start, anneal_strategy="cos", three_phase=False)
    optax = recorded("optax", "cosine_onecycle_schedule", "one_cycle", 50, pct_start=pct_start, anneal_strategy="cos", convention="optax")
    assert (np.argmax(torch), np.argmax(optax)) == (peak_of_torch, peak_of_optax)
    # PyTorch ends with the last update, Optax one after it.
    assert torch[-1] == pytest.approx(PEAK / 25 / 1e4)
    assert optax[-1] > 100 * torch[-1]


def test_a_linear_one_cycle_has_two_phases_in_pytorch_and_three_in_optax():
    torch = recorded("torch", "OneCycleLR", "one_cycle", 50, pct_start=0.3, anneal_strategy="linear", three_phase=False)
    optax = recorded("optax", "linear_onecycle_schedule", "one_cycle", 50, pct_start=0.3, anneal_strategy="linear", convention="optax")
    slopes = [len(set(np.round(np.diff(rates), 9))) for rates in (torch, optax)]
    assert slopes == [2, 3]
    # Optax is back at its first rate after 85 % of the run.
    assert optax[42] == pytest.approx(optax[0])
    assert np.abs(torch - optax).max() > 0.1 * PEAK


def test_decay_steps_holds_the_warm_up_in_optax_and_leaves_it_out_in_keras():
    optax = recorded("optax", "warmup_cosine_decay_schedule", "cosine", 12, floor=0.0, exponent=1.0, warmup=2, warmup_start=0.0)
    # Both with decay_steps=12 and 2 updates of warm-up.
    keras = recorded("keras", "CosineDecay", "cosine", 12, warmup=2, t_max=12, past_end="hold")
    np.testing.assert_allclose(optax[:3], keras[:3], **CLOSE)
    assert (keras[3:] > optax[3:]).all()
    # Two updates fewer in Keras are the same.
    less = recorded("keras", "CosineDecay", "cosine", 12, warmup=2, warmup_start=0.0, floor=0.0)
    np.testing.assert_allclose(optax, less, **CLOSE)


def test_pytorch_restarts_the_next_of_a_sequence_from_the_optimizers_rate():
    rates = next(case for name, case in records.load("torch").items() if "sequential steps=40" in name and "switch1=8 switch2=20" in name)
    assert rates[7] == pytest.approx(PEAK * 0.9**7)
    # Neither from where the first part ended nor at its own ninth value.
    assert rates[8] == pytest.approx(PEAK)
    assert rates[20] == pytest.approx(PEAK)


def test_constant_of_pytorch_is_a_warm_up_and_that_of_optax_is_constant():
    torch = recorded("torch", "ConstantLR", "piecewise", 40, boundaries=(5,), factors=(0.25, 1.0))
    assert torch.tolist() == [0.25 * PEAK] * 5 + [PEAK] * 35
    assert set(recorded("optax", "constant_schedule", "constant", 40)) == {PEAK}


def test_a_least_rate_lifts_the_warm_up_of_transformers_wsd_but_not_that_of_its_cosine():
    wsd = recorded(
        "transformers", "warmup_stable_decay", "wsd", 40,
        warmup=10, warmup_shape="linear", decay=0.25, decay_shape="cosine", floor=0.1, warmup_start=0.1,
    )  # fmt: skip
    cosine = recorded("transformers", "cosine_with_min_lr", "cosine", 12, num_cycles=0.5, floor=0.1, warmup=2)
    assert wsd[0] == pytest.approx(0.1 * PEAK)
    assert cosine[0] == 0.0


def test_one_warm_up_of_transformers_starts_above_zero_and_its_cosine_ends_at_the_floor_within_the_run():
    lifted = recorded("transformers", "cosine_warmup_with_min_lr", "cosine", 40, warmup=10, warmup_start=1 / 11, t_max=29, floor=0.1)
    usual = recorded("transformers", "cosine_with_min_lr", "cosine", 12, num_cycles=0.5, floor=0.1, warmup=11)
    assert usual[0] == 0.0
    assert lifted[0] == pytest.approx(PEAK / 11)
    assert lifted[-1] == pytest.approx(0.1 * PEAK)
    # Others are one update above it.
    assert recorded("torch", "CosineAnnealingLR", "cosine", 40, floor=0.1)[-1] > 0.1 * PEAK


def test_a_floor_is_squeezed_under_a_cosine_and_cuts_an_exponential_off():
    """What PyTorch calls eta_min and Keras alpha stretches the curve, what Optax calls end_value clips it."""
    squeezed = recorded("torch", "CosineAnnealingLR", "cosine", 40, floor=0.1)
    plain = recorded("torch", "CosineAnnealingLR", "cosine", 40, floor=0.0)
    np.testing.assert_allclose(squeezed, 0.1 * PEAK + 0.9 * plain, **CLOSE)
    cut = recorded("optax", "exponential_decay", "exponential", 40, gamma=0.5, decay_steps=7, staircase=False, floor=0.2)
    free = recorded("optax", "exponential_decay", "exponential", 40, gamma=0.5, decay_steps=7, staircase=False, floor=0.0)
    np.testing.assert_allclose(cut, np.maximum(free, 0.2 * PEAK), **CLOSE)


# What the user reads about each of them: (schedule, parameter or "" for its description, words).
TOLD = [
    ("multistep", "change", ("PyTorch", "Optax", "Keras")),
    ("piecewise", "change", ("PyTorch", "Optax", "Keras")),
    ("cosine", "past_end", ("PyTorch and Transformers rise", "Optax and Keras hold")),
    ("cosine", "", ("warmup_cosine_decay_schedule (decay_steps with the warm-up)", "CosineDecay (decay_steps without the warm-up")),
    ("cosine", "", ("cosine_warmup_with_min_lr", "floor is reached within the run")),
    ("one_cycle", "convention", ("pct_start · T − 1", "one update past the last")),
    ("one_cycle", "three_phase", ("Optax decides by the curve: linear has three phases",)),
    ("one_cycle", "final_div_factor", ("fastai", "the peak divided by this")),
    ("one_cycle", "", ("ignores the optimizer's rate", "refuses an update past the last", "divides by zero")),
    ("cyclic", "", ("overwrites the optimizer's rate", "optimizers without one refuse")),
    ("sequential", "", ("begins at its own peak",)),
    ("constant", "", ("ConstantLR is a warm-up",)),
    ("wsd", "", ("min_lr_ratio = floor, and warmup_start too", "begins within a warm-up")),
    ("polynomial", "", ("refuses an end above the start",)),
    ("polynomial", "cycle", ("Keras", "rounds up")),
    ("cosine_restarts", "cycle_decay", ("Keras", "timm")),
    ("chained", "", ("not this product",)),
    ("inverse_sqrt", "timescale", ("10,000 without one, as in Transformers",)),
    ("exponential", "", ("cut off below it, as Optax's end_value",)),
    ("constant", "warmup_start", ("Transformers starts at 0",)),
    ("constant", "floor", ("eta_min",)),
]


@pytest.mark.parametrize(("name", "parameter", "words"), TOLD)
def test_a_disagreement_is_told_where_the_user_meets_it(name, parameter, words):
    kind = SCHEDULES[name]
    text = kind.params()[parameter].help if parameter else f"{kind.watch_for} {kind.source}"
    assert all(word in text for word in words), text


# What no sequence can show: calls that one framework refuses and another takes.


def torch_rates(make, steps, peak=PEAK, optimizer="SGD"):
    """Return the rates of `steps` updates under the scheduler that `make` returns for an optimizer."""
    import torch

    made = getattr(torch.optim, optimizer)([torch.zeros(1, requires_grad=True)], lr=peak)
    scheduler, rates = make(torch.optim.lr_scheduler, made), []
    for _ in range(steps):
        rates.append(made.param_groups[0]["lr"])
        made.step()
        scheduler.step() if len(rates) < steps else None
    return rates


@pytest.mark.oracle
def test_transformers_refuses_a_polynomial_that_rises_and_keras_and_optax_do_it():
    import optax
    import torch
    from transformers import get_polynomial_decay_schedule_with_warmup

    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-4)
    with pytest.raises(ValueError, match="must be smaller than initial lr"):
        get_polynomial_decay_schedule_with_warmup(sgd, 0, 10, lr_end=1e-3)
    rises = [1e-4, 5.5e-4, 1e-3]
    assert [float(optax.polynomial_schedule(1e-4, 1e-3, 1.0, 10)(t)) for t in (0, 5, 10)] == pytest.approx(rises)
    with keras_schedules.imported("float64") as keras:
        rate = keras.optimizers.schedules.PolynomialDecay(1e-4, 10, 1e-3)
        assert [float(rate(t)) for t in (0, 5, 10)] == pytest.approx(rises)


@pytest.mark.oracle
def test_a_length_of_zero_is_refused_here_and_there_and_elsewhere_freezes_the_rate():
    """We refuse steps = 0 for every schedule, with a sentence."""
    import optax

    with pytest.raises(ZeroDivisionError):
        torch_rates(lambda torch, sgd: torch.CosineAnnealingLR(sgd, 0), 2)
    with pytest.raises(ValueError, match="positive decay_steps"):
        optax.cosine_decay_schedule(PEAK, 0)
    with keras_schedules.imported("float64") as keras, pytest.raises(ValueError, match="must be > 0"):
        keras.optimizers.schedules.CosineDecay(PEAK, 0)
    assert optax.exponential_decay(PEAK, 0, 0.5)(7) == PEAK
    # Silently stays at its start factor; a warm-up of no length belongs left out.
    assert torch_rates(lambda torch, sgd: torch.LinearLR(sgd, total_iters=0), 3) == pytest.approx([PEAK / 3] * 3)
    assert torch_rates(lambda torch, sgd: torch.PolynomialLR(sgd, 0), 3) == [PEAK] * 3


@pytest.mark.oracle
def test_a_warm_up_as_long_as_the_decay_is_refused_by_optax():
    import optax

    with pytest.raises(ValueError, match="positive decay_steps"):
        optax.warmup_cosine_decay_schedule(0.0, PEAK, 10, 10)


@pytest.mark.oracle
@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (100, 0.01)])
def test_pytorch_divides_by_a_one_cycle_phase_of_no_width(steps, pct_start):
    """If this fails, PyTorch has changed, and these belong into the table."""
    with pytest.raises(ZeroDivisionError):
        torch_rates(lambda torch, sgd: torch.OneCycleLR(sgd, PEAK, steps, pct_start=pct_start, cycle_momentum=False), 1)


@pytest.mark.oracle
def test_a_call_too_many_gives_a_negative_rate_in_pytorchs_linear_one_cycle_and_another_raises():
    def make(torch, sgd):
        return torch.OneCycleLR(sgd, 0.1, 10, pct_start=0.3, anneal_strategy="linear", cycle_momentum=False)

    assert torch_rates(make, 11)[10] < 0
    with pytest.raises(ValueError, match="Tried to step 11 times"):
        torch_rates(make, 12)


@pytest.mark.oracle
@pytest.mark.parametrize("pct_start", [30, 1])
def test_pytorch_refuses_a_one_cycle_share_that_is_no_fraction_or_no_float(pct_start):
    with pytest.raises(ValueError, match="Expected float between 0 and 1 pct_start"):
        torch_rates(lambda torch, sgd: torch.OneCycleLR(sgd, PEAK, 10, pct_start=pct_start), 1)


@pytest.mark.oracle
def test_one_cycle_and_cyclic_ignore_the_optimizers_own_rate_in_pytorch():
    for make in (lambda torch, sgd: torch.OneCycleLR(sgd, 1.0, 10), lambda torch, sgd: torch.CyclicLR(sgd, 0.04, 1.0)):
        assert torch_rates(make, 1, peak=123.0) == pytest.approx([0.04])


@pytest.mark.oracle
def test_pytorch_cycles_the_momentum_of_no_optimizer_that_has_none():
    with pytest.raises(ValueError, match="must support momentum or beta1"):
        torch_rates(lambda torch, made: torch.CyclicLR(made, 0.1, 1.0), 1, optimizer="Adagrad")


@pytest.mark.oracle
def test_pytorchs_recursive_cosine_follows_a_rate_that_was_changed_by_hand_and_a_formula_does_not():
    """Ours is the formula: what it draws is what was planned."""
    import torch

    sgd = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler, rates = torch.optim.lr_scheduler.CosineAnnealingLR(sgd, 10), []
    for t in range(11):
        rates.append(sgd.param_groups[0]["lr"])
        if t == 5:
            sgd.param_groups[0]["lr"] /= 2
        sgd.step()
        scheduler.step()
    formula = 0.5 * (1 + np.cos(np.pi * np.arange(11) / 10))
    np.testing.assert_allclose(rates[:6], formula[:6], atol=1e-12)
    np.testing.assert_allclose(rates[6:], formula[6:] / 2, atol=1e-12)


@pytest.mark.oracle
def test_a_chain_of_pytorch_is_a_product_unless_a_part_has_a_least_rate():
    def chain(least):
        return lambda torch, sgd: torch.ChainedScheduler([torch.ConstantLR(sgd, 0.1, 5), torch.CosineAnnealingLR(sgd, 10, least)])

    def product(least):
        cosine = least + (PEAK - least) * 0.5 * (1 + np.cos(np.pi * np.arange(10) / 10))
        return cosine * np.where(np.arange(10) < 5, 0.1, 1.0)

    np.testing.assert_allclose(torch_rates(chain(0.0), 10), product(0.0), atol=1e-12)
    assert np.abs(torch_rates(chain(0.05), 10) - product(0.05)).max() > 0.01


@pytest.mark.oracle
def test_a_wsd_longer_than_its_run_jumps_in_transformers_and_falls_from_the_peak_here():
    from transformers import get_wsd_schedule

    theirs = torch_rates(lambda torch, sgd: get_wsd_schedule(sgd, 9, 6, num_training_steps=12, decay_type="linear"), 12)
    ours = SCHEDULES.create("wsd", peak=PEAK, warmup=9, decay=0.5).values(12)
    np.testing.assert_allclose(theirs[:9], ours[:9], **CLOSE)
    # The decay of six began at update 6, within the warm-up; ours takes the three updates that are left.
    np.testing.assert_allclose(theirs[9:], PEAK * np.array([3, 2, 1]) / 6, **CLOSE)
    np.testing.assert_allclose(ours[9:], PEAK * np.array([3, 2, 1]) / 3, **CLOSE)


@pytest.mark.oracle
def test_a_warm_up_of_no_length_holds_its_first_value_in_optax_and_is_left_out_here():
    import optax

    assert optax.warmup_constant_schedule(0.0, PEAK, 0)(7) == 0.0
    assert SCHEDULES.create("constant", peak=PEAK, warmup=0).values(8)[7] == PEAK
