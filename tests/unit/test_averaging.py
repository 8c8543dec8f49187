"""Averages stand beside the run and leave it alone."""

import numpy as np
import pytest

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.story import what_happened
from lr_explorer.surfaces import SURFACES

PATH = np.random.default_rng(0).normal(size=(2, 31, 3)).cumsum(axis=1)
NOISY = Scenario(surface=SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0), start=Point(3.0, 1.0), noise=Gaussian(sigma=1.0), steps=500)
ARM = Arm(schedule=SCHEDULES.create("constant", peak=0.1))
every_average = pytest.mark.parametrize("name", [name for name in AVERAGINGS if name != "none"])


def averaged(name, **values):
    return AVERAGINGS.create(name, **values).over(PATH)


def test_a_tail_average_is_the_mean_of_the_last_points():
    found = averaged("tail", share=0.4)
    # 0.4 of 30 updates are the last 12 points, from 19 on.
    np.testing.assert_array_equal(found[:, :19], PATH[:, :19])
    for t in (19, 20, 30):
        np.testing.assert_allclose(found[:, t], PATH[:, 19 : t + 1].mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize(("share", "first"), [(0.0, 30), (1.0, 1)])
def test_a_tail_is_at_least_the_last_point_and_at_most_all_but_the_start(share, first):
    np.testing.assert_allclose(averaged("tail", share=share)[:, -1], PATH[:, first:].mean(axis=1), rtol=1e-12)


def test_an_exponential_average_weighs_points_by_their_age():
    found = averaged("ema", decay=0.8)
    # As PyTorch's: the first update copies, so the start counts for nothing.
    weights = np.array([0.8**29, *(0.2 * 0.8 ** (30 - t) for t in range(2, 31))])
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(found[:, -1], np.einsum("t,ctr->cr", weights, PATH[:, 1:]), rtol=1e-12)
    np.testing.assert_array_equal(found[:, :2], PATH[:, :2])


def test_weight_averaging_takes_a_point_every_period_and_keeps_the_mean_between():
    found = averaged("swa", start=0.5, period=4)
    np.testing.assert_array_equal(found[:, :15], PATH[:, :15])
    np.testing.assert_array_equal(found[:, 15], PATH[:, 15])
    np.testing.assert_array_equal(found[:, 18], PATH[:, 15])
    np.testing.assert_allclose(found[:, 30], PATH[:, [15, 19, 23, 27]].mean(axis=1), rtol=1e-12)


def test_weight_averaging_that_begins_at_the_end_is_the_last_point():
    np.testing.assert_array_equal(averaged("swa", start=1.0)[:, -1], PATH[:, -1])


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "values", "updates"),
    [("ema", {"decay": 0.9}, range(1, 31)), ("tail", {"share": 0.4}, range(19, 31)), ("swa", {"period": 3}, range(22, 31, 3))],
)
def test_averages_are_those_of_torch(name, values, updates):
    import torch
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    model = torch.nn.Linear(2, 1, bias=False, dtype=torch.float64)
    average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(values["decay"]) if name == "ema" else None)
    found = averaged(name, **values)
    for t in range(1, 31):
        model.weight.data = torch.tensor(PATH[:, t, 0])[None]
        if t in updates:
            average.update_parameters(model)
            np.testing.assert_allclose(found[:, t, 0], average.module.weight.detach().numpy()[0], rtol=1e-12)


@every_average
def test_an_average_leaves_the_run_alone(name):
    plain = simulate(NOISY.with_values(arms=(ARM,)), 3).arms[0]
    beside = simulate(NOISY.with_values(arms=(ARM.with_values(averaging=AVERAGINGS.create(name)),)), 3).arms[0]
    for field in ("path", "loss", "lr", "final", "final_loss"):
        np.testing.assert_array_equal(getattr(plain, field), getattr(beside, field))
    assert plain.averaged_loss is None
    assert beside.averaged_path.shape == beside.path.shape
    np.testing.assert_array_equal(beside.averaged_path[-1], beside.averaged_final)
    np.testing.assert_array_equal(beside.averaged_loss[-1], beside.averaged_final_loss)
    np.testing.assert_array_equal(beside.averaged_loss, NOISY.surface.value(np.moveaxis(beside.averaged_path, 1, 0)))


@every_average
def test_an_average_lies_below_the_iterate_under_noise(name):
    found = simulate(NOISY.with_values(arms=(ARM.with_values(averaging=AVERAGINGS.create(name)),)), 200).arms[0]
    assert found.averaged_final_loss.mean() < 0.5 * found.final_loss.mean()


def test_the_mean_of_a_stationary_tail_has_the_variance_of_an_average_of_n():
    """The mean of n points of x ← (1 − ηλ)x − ησξ has variance σ²/(λ²n), whatever η: Polyak & Juditsky."""
    tail = ARM.with_values(averaging=AVERAGINGS.create("tail", share=0.8))
    found = simulate(NOISY.with_values(arms=(tail,), start=Point(0.0, 0.0), steps=2000), 400).arms[0]
    variance = (found.averaged_final**2).mean(axis=1)
    # 400 replicates know a variance to within 7 %; the bound of the tail's beginning adds a per cent.
    np.testing.assert_allclose(variance, [1 / 1600, 1 / 160_000], rtol=0.25)


def test_an_average_ends_where_the_run_does():
    arm = Arm(schedule=SCHEDULES.create("constant", peak=0.25), averaging=AVERAGINGS.create("swa", start=0.0, period=50))
    found = simulate(NOISY.with_values(arms=(arm,), steps=200), 2).arms[0]
    gone = found.diverged_at[0]
    assert gone > 0
    assert np.isnan(found.averaged_path[gone:, :, 0]).all()
    assert np.isposinf(found.averaged_loss[gone:, 0]).all()
    assert np.isfinite(found.averaged_loss[:gone, 0]).all()


def test_the_story_tells_where_the_average_ended():
    run = simulate(NOISY.with_values(arms=(ARM, ARM.with_values(averaging=AVERAGINGS.create("tail")))))
    plain, beside = what_happened(run)
    assert "average" not in plain
    assert "Its tail average ends at (" in beside


def test_averaging_is_part_of_the_link():
    scenario = NOISY.with_values(arms=(ARM.with_values(averaging=AVERAGINGS.create("ema", decay=0.95)),))
    query = scenario.to_query()
    assert (query["arm1.averaging"], query["arm1.averaging.decay"]) == ("ema", "0.95")
    assert Scenario.from_query(query) == scenario
    assert scenario.edited({"arm1.averaging": "none"}).arms[0] == ARM
