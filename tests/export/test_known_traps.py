"""Traps that users of the frameworks fell into, with the right values: the code is run where it needs no framework, and read where it does."""

import os

import pytest

from lr_explorer.export import export_code
from lr_explorer.schedules import SCHEDULES
from tests.export.running import executed

os.environ.setdefault("KERAS_BACKEND", "torch")

every_torch = pytest.mark.parametrize("framework", ["torch", "transformers"])
every_framework = pytest.mark.parametrize("framework", ["torch", "keras", "optax", "transformers", "python"])
runs = pytest.mark.parametrize(
    "framework", ["python", *(pytest.param(name, marks=pytest.mark.oracle) for name in ("torch", "keras", "optax", "transformers"))]
)


def rates(framework, name, steps, **values):
    """Return the rates that the exported code leaves; single precision has seven digits."""
    if framework != "python":
        pytest.importorskip(framework)
    return executed(export_code(SCHEDULES.create(name, **values), steps, framework))["lr"]


@every_torch
@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (100, 0.01), (4, 1.0), (1, 1.0)])
def test_a_one_cycle_whose_phase_has_no_width_is_not_left_to_torch(framework, steps, pct_start):
    """PyTorch divides by zero where pct_start · steps is 1, and in the last call where pct_start is 1."""
    text = export_code(SCHEDULES.create("one_cycle", pct_start=pct_start), steps, framework)
    assert "OneCycleLR(" not in text
    assert "OneCycleLR would divide by zero" in text


@runs
@pytest.mark.parametrize(("steps", "pct_start"), [(2, 0.5), (10, 0.1), (100, 0.01), (2, 0.3)])
def test_a_tiny_one_cycle_runs_and_ends_at_its_final_rate(framework, steps, pct_start):
    found = rates(framework, "one_cycle", steps, peak=1.0, pct_start=pct_start)
    assert found[0] == pytest.approx(1.0 if pct_start * steps == 1 else 0.811746, abs=1e-6)
    assert found[-1] == pytest.approx(4e-6, abs=1e-7)


@runs
def test_a_one_cycle_holds_as_many_values_as_updates_and_ends_at_its_lowest(framework):
    found = rates(framework, "one_cycle", 50, peak=0.01)
    assert len(found) == 50
    assert [found[t] for t in (0, 14, 48, 49)] == pytest.approx([0.0004, 0.01, 2.01684e-05, 4e-08], rel=1e-5, abs=2e-9)


def test_a_share_of_the_cycle_is_exported_as_a_fraction():
    text = export_code(SCHEDULES.create("one_cycle", pct_start=0.3), 100, "torch")
    assert "pct_start=0.3" in text


@every_framework
@pytest.mark.parametrize("name", ["constant", "cosine", "exponential"])
def test_no_warm_up_leaves_no_trace_in_the_code(framework, name):
    """LinearLR(total_iters=0) stays at a third of the rate for ever."""
    text = export_code(SCHEDULES.create(name), 100, framework)
    assert "LinearLR(" not in text
    assert "warmup=" not in text
    assert "milestones" not in text


@runs
def test_no_warm_up_starts_at_the_peak(framework):
    assert rates(framework, "exponential", 4, peak=1.0, gamma=0.9) == pytest.approx([1, 0.9, 0.81, 0.729], abs=1e-6)


@runs
def test_cosine_climbs_again_past_t_max_where_it_is_asked_to(framework):
    found = rates(framework, "cosine", 16, peak=3e-4, t_max=10, past_end="rise")
    assert [found[t] for t in (0, 5, 10, 11, 15)] == pytest.approx([3e-4, 1.5e-4, 0, 7.342e-6, 1.5e-4], abs=1e-9)


@runs
def test_cosine_stays_down_past_t_max_where_it_is_asked_to(framework):
    found = rates(framework, "cosine", 16, peak=3e-4, t_max=10, past_end="hold")
    assert found[10:] == pytest.approx([0] * 6, abs=1e-10)


def test_what_does_not_stay_down_or_climb_is_not_used_for_it():
    rising, held = (SCHEDULES.create("cosine", t_max=10, past_end=end) for end in ("rise", "hold"))
    assert "CosineAnnealingLR(" in export_code(rising, 16, "torch")
    assert "CosineAnnealingLR(" not in export_code(held, 16, "torch")
    assert "CosineDecay(" not in export_code(rising, 16, "keras")
    assert "CosineDecay(" in export_code(held, 16, "keras")
    assert "cosine_decay_schedule(" not in export_code(rising, 16, "optax")
    assert "cosine_decay_schedule(" in export_code(held, 16, "optax")


def test_decay_steps_hold_the_warm_up_in_optax_and_leave_it_out_in_keras():
    schedule = SCHEDULES.create("cosine", peak=1.0, warmup=100)
    optax, keras = export_code(schedule, 1000, "optax"), export_code(schedule, 1000, "keras")
    assert "warmup_steps=100, decay_steps=steps" in optax
    assert "includes the warm-up" in optax
    assert "decay_steps=steps - 100" in keras
    assert "leaves the warm-up out" in keras


@runs
def test_cosine_with_warm_up_is_at_half_in_the_middle_of_what_follows(framework):
    found = rates(framework, "cosine", 1000, peak=1.0, warmup=100)
    assert [found[t] for t in (0, 50, 100, 550)] == pytest.approx([0, 0.5, 1, 0.5], abs=1e-6)


@runs
@pytest.mark.parametrize("warmup", [10, 15])
def test_a_warm_up_as_long_as_the_run_or_longer_is_all_that_is_left(framework, warmup):
    """Optax refuses decay_steps of zero, and so does Keras."""
    assert rates(framework, "cosine", 10, peak=1.0, warmup=warmup) == pytest.approx([t / warmup for t in range(10)], abs=1e-6)


def test_a_boundary_is_written_one_earlier_for_keras():
    at = SCHEDULES.create("multistep", milestones=(100, 300))
    assert "milestones=[100, 300]" in export_code(at, 500, "torch")
    assert "{100: 0.1, 300: 0.1}" in export_code(at, 500, "optax")
    assert "boundaries=[99, 299]" in export_code(at, 500, "keras")
    after = at.with_values(change="after")
    assert "milestones=[101, 301]" in export_code(after, 500, "torch")
    assert "boundaries=[100, 300]" in export_code(after, 500, "keras")


@runs
def test_a_rate_drops_at_the_milestone_in_every_framework(framework):
    found = rates(framework, "multistep", 8, peak=1.0, milestones=(3, 3, 5))
    assert found == pytest.approx([1, 1, 1, 0.01, 0.01, 0.001, 0.001, 0.001], rel=1e-6)


def test_a_floor_is_a_fraction_where_the_framework_wants_one_and_a_rate_where_it_wants_that():
    schedule = SCHEDULES.create("cosine", peak=1e-3, floor=0.01)
    assert "eta_min=0.01 * peak" in export_code(schedule, 1000, "torch")
    assert "alpha=0.01" in export_code(schedule, 1000, "keras")
    assert "alpha=0.01" in export_code(schedule, 1000, "optax")
    assert "min_lr_rate=0.01" in export_code(schedule, 1000, "transformers")


@runs
def test_a_floor_of_a_hundredth_is_a_hundredth_of_the_peak_in_every_framework(framework):
    found = rates(framework, "cosine", 100, peak=1e-3, floor=0.01)
    assert min(found) == pytest.approx(1e-5 + 0.99e-3 * 2.467e-4, rel=1e-3)


@runs
def test_noam_does_not_divide_by_zero_at_step_0(framework):
    found = rates(framework, "noam", 4001, peak=1.0, warmup=4000) if framework == "python" else rates(framework, "noam", 5, peak=1.0, warmup=4000)
    assert found[0] == 0
    # Optax's warm-up is a difference from its end, in single precision.
    assert found[1] == pytest.approx(1.746928e-07, rel=1e-6, abs=1e-10)
    if framework == "python":
        assert found[4000] == pytest.approx(0.0006987712, rel=1e-6)


@runs
def test_a_typed_formula_that_passes_through_infinity_does_not_divide_by_zero(framework):
    """The paper's formula as people type it: at step 0 the first of the two is infinite and the second is 0."""
    found = rates(framework, "lambda", 100, peak=1.0, expression="512^-0.5 * min(t^-0.5, t * 4000^-1.5)")
    assert found[:2] == pytest.approx([0, 1.746928e-07], rel=1e-6)


@runs
def test_a_typed_formula_is_not_asked_for_what_lies_past_the_run(framework):
    """PyTorch computes the rate of the update after the last one, where this divides by zero."""
    assert rates(framework, "lambda", 4, peak=1.0, expression="1/(T - t)") == pytest.approx([0.25, 1 / 3, 0.5, 1], rel=1e-6)


@runs
def test_steps_are_updates_whatever_was_accumulated(framework):
    """1000 micro-batches in groups of four are 250 updates; the last one used is 1/250 of the peak."""
    found = rates(framework, "linear", 250, peak=1.0)
    assert len(found) == 250
    assert found[-1] == pytest.approx(0.004, abs=1e-6)


@runs
def test_three_constants_one_after_another_do_not_disturb_each_other(framework):
    parts = {place: SCHEDULES.create("constant", peak=peak) for place, peak in (("first", 1.0), ("second", 0.1), ("third", 0.5))}
    found = executed_rates(framework, SCHEDULES["sequential"](peak=0.01, **parts, switch1=2, switch2=5), 8)
    assert found == pytest.approx([0.01, 0.01, 0.001, 0.001, 0.001, 0.005, 0.005, 0.005], rel=1e-6)


def executed_rates(framework, schedule, steps):
    if framework != "python":
        pytest.importorskip(framework)
    return executed(export_code(schedule, steps, framework))["lr"]


@runs
def test_warm_restarts_meet_their_restarts(framework):
    found = rates(framework, "cosine_restarts", 9, peak=0.5, t_0=1, t_mult=2)
    assert found == pytest.approx([0.5, 0.5, 0.25, 0.5, 0.426777, 0.25, 0.073223, 0.5, 0.48097], abs=1e-6)


def test_keras_is_not_trusted_to_find_growing_cycles_by_a_logarithm():
    text = export_code(SCHEDULES.create("cosine_restarts", t_0=1, t_mult=7), 100, "keras")
    assert "CosineDecayRestarts(" not in text
    assert "can miss a restart" in " ".join(text.replace("#", "").split())


@runs
def test_a_drop_to_nothing_is_a_drop_to_nothing(framework):
    """Optax takes a decay rate of 0 for none."""
    assert rates(framework, "step", 5, peak=1.0, step_size=2, gamma=0.0) == pytest.approx([1, 1, 0, 0, 0], abs=1e-7)


@runs
@pytest.mark.parametrize("steps", [1, 2])
@pytest.mark.parametrize("name", SCHEDULES)
def test_runs_of_one_and_two_updates_work(framework, name, steps):
    assert len(rates(framework, name, steps)) == steps
