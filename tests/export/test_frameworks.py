"""Exported code is run by the frameworks themselves: `-m oracle`, where they are installed."""

import os

import numpy as np
import pytest

from lr_explorer.export import export_code
from lr_explorer.schedules import SCHEDULES
from tests.export.running import cases, check, compare, executed

os.environ.setdefault("KERAS_BACKEND", "torch")

pytestmark = pytest.mark.oracle

every_schedule = pytest.mark.parametrize("name", SCHEDULES)


@pytest.mark.parametrize("framework", ["torch", "keras", "optax", "transformers"])
@every_schedule
def test_a_framework_gives_the_curve_at_every_length_and_setting(name, framework):
    pytest.importorskip(framework)
    for schedule, steps, expected in cases(name):
        check(schedule, steps, framework, expected)


@every_schedule
def test_optax_gives_the_curve_when_compiled_too(name):
    """As in training: the count is then an array whose value is not known, and divisions by constants are rewritten."""
    jax = pytest.importorskip("jax")
    seen = set()
    for schedule, steps, expected in cases(name):
        text = export_code(schedule, steps, "optax")
        # Compiling takes its time: of snippets that differ in their numbers alone one will do, and warm-up and cool-down are the same for all.
        outline = "".join(character for character in text if not character.isdigit())
        if steps < 100 or outline in seen or ((schedule.warmup or schedule.cooldown) and name != "linear"):
            continue
        seen.add(outline)
        rate = executed(text)["schedule"]
        found = jax.jit(jax.vmap(rate))(np.arange(steps))
        compare(schedule, steps, "optax", expected, np.asarray(found, dtype=float).tolist())


@pytest.mark.parametrize("framework", ["torch", "keras", "optax", "transformers"])
@every_schedule
def test_a_framework_holds_each_rate_for_an_epoch_where_the_schedule_counts_epochs(name, framework):
    pytest.importorskip(framework)
    for schedule in (SCHEDULES.create(name), SCHEDULES.create(name, warmup=3, floor=0.1)):
        text = export_code(schedule, 8, framework, per_epoch=3)
        compare(schedule, 24, framework, np.repeat(schedule.values(8), 3), executed(text)["lr"])


def test_compiled_optax_and_kerass_optimizer_count_epochs_too():
    jax, keras = pytest.importorskip("jax"), pytest.importorskip("keras")
    expected = np.repeat(0.05 * (1 + np.cos(np.pi * np.arange(10) / 10)), 391)
    cosine = SCHEDULES.create("cosine", peak=0.1)
    rate = executed(export_code(cosine, 10, "optax", per_epoch=391))["schedule"]
    np.testing.assert_allclose(np.asarray(jax.jit(jax.vmap(rate))(np.arange(3910))), expected, rtol=0, atol=1e-7)  # float32
    names = executed(export_code(cosine, 10, "keras", per_epoch=2))
    weight = keras.Variable(0.0)
    names["optimizer"].build([weight])
    found = []
    for _ in range(6):
        before = weight.value.item()
        names["optimizer"].apply([keras.ops.ones(())], [weight])
        found.append(before - weight.value.item())
    assert found == pytest.approx(expected[[0, 1, 391, 392, 782, 783]], abs=2e-7)  # float32 of a weight that grows to one


def test_a_stair_that_optax_itself_misses_when_compiled_is_not_missed():
    jax, optax = pytest.importorskip("jax"), pytest.importorskip("optax")
    theirs = jax.jit(optax.exponential_decay(1.0, 41, 0.5, staircase=True))
    assert float(theirs(41)) == 1.0, "Optax has changed: its own class can be exported for every length of stairs"
    ours = jax.jit(executed(export_code(SCHEDULES.create("step", peak=1.0, step_size=41, gamma=0.5), 100, "optax"))["schedule"])
    assert [float(ours(step)) for step in (40, 41, 82)] == [1.0, 0.5, 0.25]


def test_optax_moves_by_the_rate_that_the_list_says():
    """A gradient of one moves plain gradient descent by the rate."""
    pytest.importorskip("optax")
    names = executed(export_code(SCHEDULES.create("cosine", warmup=3, warmup_start=0.5), 10, "optax"))
    weights = np.float32(0)
    state = names["optimizer"].init(weights)
    for rate in names["lr"]:
        update, state = names["optimizer"].update(np.float32(1), state)
        assert -float(update) == pytest.approx(rate, abs=1e-8)


def test_keras_moves_by_the_rate_that_the_list_says():
    keras = pytest.importorskip("keras")
    for schedule in (
        SCHEDULES.create("cosine", warmup=3, warmup_start=0.5),
        SCHEDULES.create("rex", cooldown=3),
        SCHEDULES.create("multistep", milestones=(2, 5)),
    ):
        names = executed(export_code(schedule, 10, "keras"))
        weight = keras.Variable(0.0)
        names["optimizer"].build([weight])
        for rate in names["lr"]:
            before = weight.value.item()
            names["optimizer"].apply([keras.ops.ones(())], [weight])
            # Single precision of a weight that may have grown to one.
            assert before - weight.value.item() == pytest.approx(rate, abs=2e-7)


def test_a_keras_schedule_of_our_own_survives_being_saved():
    keras = pytest.importorskip("keras")
    names = executed(export_code(SCHEDULES.create("rex"), 10, "keras"))
    stored = keras.optimizers.schedules.serialize(names["schedule"])
    again = keras.optimizers.schedules.deserialize(stored)
    assert [float(again(step)) for step in range(10)] == names["lr"]


@pytest.mark.parametrize("name", ["cosine", "one_cycle", "rex", "cosine_restarts", "cyclic"])
@pytest.mark.parametrize("warmup", [0, 20])
def test_a_torch_run_resumed_with_both_states_goes_on_where_it_stopped(name, warmup):
    pytest.importorskip("torch")
    text = export_code(SCHEDULES.create(name, warmup=warmup), 100, "torch")
    whole, first = executed(text), executed(text.replace("range(steps)", "range(45)"))
    resumed = executed(text.replace("range(steps)", "range(0)"))
    resumed["optimizer"].load_state_dict(first["optimizer"].state_dict())
    resumed["scheduler"].load_state_dict(first["scheduler"].state_dict())
    found = []
    for _ in range(55):
        found.append(resumed["optimizer"].param_groups[0]["lr"])
        resumed["optimizer"].step()
        resumed["scheduler"].step()
    assert found == pytest.approx(whole["lr"][45:], rel=1e-12, abs=1e-13)
