"""A run is the same run whatever else is computed beside it; divergence is a result."""

import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings

import lr_explorer as lrx
from lr_explorer.averaging import AVERAGINGS
from lr_explorer.clipping import CLIPPINGS
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.noise import Gaussian
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle, Point
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm, scenarios

# The package's front door shows the function under the module's name.
SIMULATE = sys.modules["lr_explorer.simulate"]

ARMS = (
    arm("cosine", "adam", peak=0.1),
    arm("constant", "sgd", peak=0.05, momentum=0.9),
    arm("linear", "adam", peak=0.02, beta1=0.5),
    arm("exponential", "rmsprop", peak=0.02),
    arm("one_cycle", "adam", peak=0.1, amsgrad=True, weight_decay=0.01),
    arm("constant", "sgd", peak=0.3),
)


def scenario(surface="himmelblau", steps=300, arms=ARMS, **more):
    return Scenario(surface=SURFACES.create(surface), start=Circle(radius=1.5), noise=Gaussian(sigma=0.7), arms=arms, steps=steps, seed=5, **more)


def assert_same_run(one, other, columns=slice(None)):
    """Assert that the points, losses and ends of `one` are, bit for bit, those of the same replicates of `other`."""
    for mine, theirs in zip(one.arms, other.arms, strict=True):
        for name in ("path", "loss", "final", "final_loss", "diverged_at"):
            np.testing.assert_array_equal(getattr(mine, name), getattr(theirs, name)[..., columns], err_msg=name)
        for name in ("outcome", "minimum", "reached_at", "spread"):
            np.testing.assert_array_equal(getattr(mine.ends, name), getattr(theirs.ends, name)[..., columns], err_msg=name)


def test_a_run_has_the_shapes_that_notebooks_rely_on():
    run = lrx.simulate(scenario(steps=20), replicates=4)
    assert run.replicates.tolist() == run.shown.tolist() == [0, 1, 2, 3]
    for found, asked in zip(run.arms, ARMS, strict=True):
        assert found.arm is asked
        assert found.path.shape == (21, 2, 4)
        assert found.loss.shape == (21, 4)
        assert found.lr.shape == (20,)
        assert found.final.shape == (2, 4)
        assert found.outcome.shape == found.diverged_at.shape == found.final_loss.shape == (4,)
        np.testing.assert_array_equal(found.lr, asked.schedule.values(20))
        np.testing.assert_array_equal(found.path[-1], found.final)


def test_a_run_is_what_a_plain_loop_computes():
    """SGD with momentum under cosine on the default surface, once more in Python floats."""
    found = simulate(Scenario(noise=Gaussian(), start=Point(0.7, -0.4), arms=(arm("cosine", peak=0.1, momentum=0.9),), steps=50)).arms[0]
    x, y, u, v = 0.7, -0.4, 0.0, 0.0
    for t in range(50):
        gx, gy = 4 * x * (x * x - 1) + 0.3, y
        u, v = (gx, gy) if t == 0 else (0.9 * u + gx, 0.9 * v + gy)
        lr = 0.05 * (1 + np.cos(np.pi * t / 50))
        x, y = x - lr * u, y - lr * v
    # Fifty steps of a stable recurrence.
    np.testing.assert_allclose(found.final[:, 0], [x, y], rtol=1e-10)
    assert found.final_loss[0] == pytest.approx((x * x - 1) ** 2 + 0.3 * x + y * y / 2, rel=1e-10)


@pytest.mark.parametrize("place", range(len(ARMS)))
def test_an_arm_runs_as_if_it_were_alone(place):
    together, alone = simulate(scenario(), 5), simulate(scenario(arms=(ARMS[place],)), 5)
    np.testing.assert_array_equal(alone.arms[0].path, together.arms[place].path)
    np.testing.assert_array_equal(alone.arms[0].loss, together.arms[place].loss)


def test_the_order_of_arms_is_that_of_the_scenario():
    forward, backward = simulate(scenario(steps=50)), simulate(scenario(steps=50, arms=ARMS[::-1]))
    for one, other in zip(forward.arms, backward.arms[::-1], strict=True):
        assert one.arm == other.arm
        np.testing.assert_array_equal(one.path, other.path)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_replicate_runs_as_if_it_were_alone(surface):
    everyone = simulate(scenario(surface, steps=40), 100)
    for some in ([7], [99, 3, 64]):
        assert_same_run(simulate(scenario(surface, steps=40), some), everyone, some)
    assert_same_run(simulate(scenario(surface, steps=40, replicate=64)), everyone, [64])
    assert_same_run(simulate(scenario(surface, steps=40), 8), everyone, slice(8))


def test_a_longer_run_begins_with_the_shorter_one():
    arms = (arm(peak=0.05), arm(optimizer="adam", peak=0.05))
    long = simulate(scenario(steps=600, arms=arms), 3)
    for steps in (1, 255, 256, 257):
        short = simulate(scenario(steps=steps, arms=arms), 3)
        for one, other in zip(short.arms, long.arms, strict=True):
            np.testing.assert_array_equal(one.path, other.path[: steps + 1])


@pytest.mark.parametrize("size", [1, 300_000])
def test_blocks_leave_the_run_as_it_is(size, monkeypatch):
    whole = simulate(scenario(), 9, anatomy=True)
    monkeypatch.setattr(SIMULATE, "_BLOCK_BYTES", size)
    cut = simulate(scenario(), 9, anatomy=True)
    assert_same_run(cut, whole)
    for one, other in zip(cut.arms, whole.arms, strict=True):
        np.testing.assert_array_equal(one.gradient, other.gradient)
        np.testing.assert_array_equal(one.memory, other.memory)
        np.testing.assert_array_equal(one.lr, other.lr)


@pytest.mark.parametrize("block", [1, 32 * 2**20])
def test_past_the_memory_budget_the_first_replicates_keep_their_paths_and_all_their_ends(block, monkeypatch):
    whole = simulate(scenario(), 9)
    monkeypatch.setattr(SIMULATE, "_BLOCK_BYTES", block)
    # A point and its loss are three floats.
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 4 * 3 * 8 * 301 * len(ARMS) + 5)
    short = simulate(scenario(), 9)
    assert short.replicates.tolist() == list(range(9))
    assert short.shown.tolist() == [0, 1, 2, 3]
    for one, other in zip(short.arms, whole.arms, strict=True):
        np.testing.assert_array_equal(one.path, other.path[..., :4])
        np.testing.assert_array_equal(one.loss, other.loss[..., :4])
        for name in ("final", "final_loss", "diverged_at", "outcome"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert one.ends.spread.shape == (9,)


# Between them they tell everything that is told of an arm.
TELLING = (
    arm("cosine", "adam", peak=0.1).with_values(averaging=AVERAGINGS.create("ema")),
    Arm(schedule=CONTROLLERS.create("reduce_on_plateau", peak=0.05)),
    arm("constant", "sgd", peak=0.3).with_values(clipping=CLIPPINGS.create("norm", max_norm=2.0)),
)
OF_ALL = ("start", "final", "final_loss", "diverged_at", "averaged_final", "averaged_final_loss", "clipped")
OF_THOSE_SHOWN = ("path", "loss", "averaged_path", "averaged_loss", "gradient", "memory")


def test_what_goes_with_a_path_is_told_of_the_replicates_that_have_one(monkeypatch):
    whole = simulate(scenario(arms=TELLING), 9, anatomy=True)
    # Two replicates in a block; a point and its loss are three floats, an average three more, and a controller has all arms' rates told.
    monkeypatch.setattr(SIMULATE, "_BLOCK_BYTES", 2 * 15 * 8 * 301)
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 5 * 15 * 8 * 301)
    short = simulate(scenario(arms=TELLING), 9, anatomy=True)
    assert short.shown.tolist() == [0, 1, 2, 3, 4]
    for one, other in zip(short.arms, whole.arms, strict=True):
        for name in OF_ALL:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        for name in OF_THOSE_SHOWN:
            mine, theirs = getattr(one, name), getattr(other, name)
            np.testing.assert_array_equal(mine, theirs if theirs is None else theirs[..., :5], err_msg=name)
    assert short.arms[1].lr.shape == (300, 5)
    np.testing.assert_array_equal(short.arms[1].lr, whole.arms[1].lr[:, :5])


def test_a_run_without_paths_tells_the_same_of_its_first_and_last_points():
    whole, bare = (simulate(scenario("rosenbrock", arms=(*TELLING, arm(peak=0.5))), 9, anatomy=True, paths=paths) for paths in (True, False))
    assert bare.shown.tolist() == []
    assert (whole.arms[3].diverged_at > 0).any()
    for one, other in zip(bare.arms, whole.arms, strict=True):
        for name in (*OF_ALL, "outcome"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
        assert {None if getattr(one, name) is None else getattr(one, name).shape[-1] for name in OF_THOSE_SHOWN} == {None, 0}
        np.testing.assert_array_equal(other.start, other.path[0])
    assert bare.arms[0].lr.tolist() == whole.arms[0].lr.tolist()
    assert bare.arms[1].lr.shape == (300, 0)


# Points of 4 arms and 9 replicates in hand at a time: two, as many as go into the steps evenly or not, and nearly all.
@pytest.mark.parametrize("in_hand", [1, 25, 7, 99])
def test_a_path_that_nobody_asks_for_is_computed_a_stretch_at_a_time(in_hand, monkeypatch):
    arms = (*TELLING[1:], arm("constant", "schedule_free_sgd", peak=0.1), arm("one_cycle", peak=0.01))
    whole = simulate(scenario("rosenbrock", arms=arms, steps=100), 9, endings=False)
    monkeypatch.setattr(SIMULATE, "_STRETCH", in_hand * 2 * len(arms) * 9)
    bare = simulate(scenario("rosenbrock", arms=arms, steps=100), 9, endings=False, paths=False)
    assert len(set(whole.arms[3].diverged_at)) > 3
    for one, other in zip(bare.arms, whole.arms, strict=True):
        for name in OF_ALL:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_last_loss_is_the_same_whether_or_not_a_path_is_kept(surface, monkeypatch):
    whole = simulate(scenario(surface, steps=20), 70)
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 1)
    last = simulate(scenario(surface, steps=20), 70)
    assert last.shown.tolist() == [0]
    for one, other in zip(last.arms, whole.arms, strict=True):
        np.testing.assert_array_equal(one.final_loss, other.final_loss)
        np.testing.assert_array_equal(one.ends.spread, other.ends.spread)


def test_threads_leave_the_run_as_it_is():
    """And one that diverges in a thread overflows there without a warning."""
    scenarios = [scenario("rosenbrock", steps=100, arms=(arm(peak=peak), arm(optimizer="adam"))) for peak in (1e-3, 1e6)] * 3
    alone = [simulate(each, 200) for each in scenarios]
    with ThreadPoolExecutor(3) as pool:
        for one, other in zip(pool.map(simulate, scenarios, [200] * len(scenarios)), alone, strict=True):
            assert_same_run(one, other)


def test_past_the_memory_budget_nothing_else_is_held(monkeypatch):
    monkeypatch.setattr(SIMULATE, "_BLOCK_BYTES", 10 * 3 * 8 * 301 * len(ARMS))
    monkeypatch.setattr(SIMULATE, "MEMORY_BUDGET", 3 * 8 * 301 * len(ARMS))
    tracemalloc.start()
    run = simulate(scenario(), 80)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert run.shown.tolist() == [0]
    # One path of each arm, and some hundred bytes for each replicate; all paths would be 3.5 MB.
    assert held < 5e5


@pytest.mark.parametrize("replicates", [0, -1, [], [-1, 3], [[1, 2]], 2.5, [0.5]])
def test_replicates_that_are_none_are_refused(replicates):
    with pytest.raises(ValueError, match="simulate: replicates must be at least one number, none below 0; got"):
        simulate(scenario(steps=2), replicates)


def test_anatomy_tells_what_each_update_saw_and_did():
    run = simulate(scenario(arms=(arm(peak=0.1, momentum=0.9),), steps=30), 3, anatomy=True).arms[0]
    assert run.gradient.shape == run.memory.shape == (30, 2, 3)
    np.testing.assert_allclose(np.diff(run.path, axis=0), -0.1 * run.memory, atol=1e-14)  # roundings of points of size 4
    np.testing.assert_allclose(run.memory[1:], 0.9 * run.memory[:-1] + run.gradient[1:], rtol=1e-12, atol=1e-14)
    assert simulate(scenario(steps=2)).arms[0].gradient is None


def test_rates_of_their_own_multiply_the_rate_of_each_coordinate():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    arms = tuple(Arm(rate_x=x, rate_y=y, schedule=arm(peak=0.1).schedule) for x, y in ((1.0, 1.0), (3.0, 0.5), (0.0, 2.0)))
    run = simulate(Scenario(surface=bowl, start=Point(1.0, 1.0), noise=Gaussian(), arms=arms, steps=10))
    for found in run.arms:
        # x ← (1 − ηλ)x, ten times.
        expected = [(1 - 0.1 * found.arm.rate_x) ** 10, (1 - 0.1 * found.arm.rate_y) ** 10]
        np.testing.assert_allclose(found.final[:, 0], expected, rtol=1e-12)


@given(scenarios())
@settings(max_examples=20)
def test_any_scenario_runs_to_an_end_that_has_a_name(drawn):
    scenario = drawn.with_values(steps=min(drawn.steps, 30))
    for found in simulate(scenario, 2).arms:
        gone = np.isnan(found.path).any(axis=1)
        assert all(isinstance(outcome, Outcome) for outcome in found.outcome)
        np.testing.assert_array_equal(gone.any(axis=0), found.diverged_at >= 0)
        assert np.isposinf(found.loss[gone]).all()
        # Where the path goes on the loss is the surface's, which may overflow far out.
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(found.loss[~gone], scenario.surface.value(np.moveaxis(found.path, 1, 0))[~gone], rtol=1e-12)


# Divergence


ROSENBROCK = Scenario(surface=SURFACES.create("rosenbrock"), start=Point(-1.2, 1.0), noise=Gaussian(), arms=(arm(peak=0.01),), steps=20)


def test_rosenbrock_from_its_classical_start_diverges_along_known_points():
    path = simulate(ROSENBROCK).arms[0].path[..., 0]
    # As many digits as are known by hand.
    np.testing.assert_allclose(path[1], [0.956, 1.88], rtol=1e-12)
    np.testing.assert_allclose(path[2], [4.651109, -0.052128], rtol=1e-5)
    np.testing.assert_allclose(path[3], [-398.858, 43.3178], rtol=1e-5)


def test_a_diverged_run_ends_at_its_last_good_point():
    x, y = -1.2, 1.0
    gone = 0
    while max(abs(x), abs(y)) <= 1e6:
        gone += 1
        wall = y - x * x
        x, y = x - 0.01 * (2 * (x - 1) - 400 * x * wall), y - 0.01 * 200 * wall
    found = simulate(ROSENBROCK).arms[0]
    assert found.diverged_at.tolist() == [gone] == [4]
    assert np.isfinite(found.path[:gone]).all()
    assert np.isnan(found.path[gone:]).all()
    assert np.isfinite(found.loss[:gone]).all()
    assert np.isposinf(found.loss[gone:]).all()
    assert np.isnan(found.final).all()
    assert found.final_loss.tolist() == [np.inf]
    assert found.outcome.tolist() == [Outcome.DIVERGED]


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_rate_of_a_million_overflows_without_a_warning(optimizer):
    found = simulate(Scenario(surface=SURFACES.create("rosenbrock"), arms=(arm(optimizer=optimizer, peak=1e6),), steps=50), 3, anatomy=True).arms[0]
    for place, gone in enumerate(found.diverged_at):
        assert np.isfinite(found.path[: gone if gone >= 0 else None, :, place]).all()
        if gone >= 0:
            assert np.isnan(found.gradient[gone:, :, place]).all()
    assert (found.diverged_at[0] > 0) or optimizer != "sgd"


def test_a_point_at_the_limit_is_not_beyond_it():
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
    # Rate 3 doubles |x|; powers of two are exact.
    found = simulate(Scenario(surface=bowl, start=Point(1e6 / 2**10, 0.0), noise=Gaussian(), arms=(arm(peak=3.0),), steps=20)).arms[0]
    assert found.path[10, 0, 0] == 1e6
    assert found.diverged_at.tolist() == [11]


def test_one_arm_that_diverges_leaves_the_others_alone():
    arms = (arm(peak=0.001), arm(peak=10.0), arm(optimizer="adam", peak=0.01))
    run = simulate(scenario("rosenbrock", arms=arms), 4)
    assert (run.arms[1].diverged_at > 0).all()
    for place in (0, 2):
        np.testing.assert_array_equal(run.arms[place].path, simulate(scenario("rosenbrock", arms=(arms[place],)), 4).arms[0].path)


def test_without_endings_a_run_is_the_same_and_says_that_it_has_none():
    told, untold = simulate(scenario(steps=50), 3), simulate(scenario(steps=50), 3, endings=False)
    for one, other in zip(told.arms, untold.arms, strict=True):
        np.testing.assert_array_equal(one.path, other.path)
        np.testing.assert_array_equal(one.final_loss, other.final_loss)
        with pytest.raises(ValueError, match=r"ArmRun\.ends: this run was simulated without endings"):
            _ = other.outcome
