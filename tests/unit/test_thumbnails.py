"""The Reference's small pictures: there is one for everything registered, and it shows what was computed."""

import numpy as np
import pytest

from lr_explorer.averaging import AVERAGINGS
from lr_explorer.batches import BATCHES
from lr_explorer.controllers import CONTROLLERS
from lr_explorer.figures import thumbnails
from lr_explorer.figures.wire import surface_payload, unpack
from lr_explorer.noise import NOISES
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import STARTS
from lr_explorer.surfaces import SURFACES


def trace(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("name", SURFACES)
def test_a_surface_is_drawn_through_the_display_transform_of_the_player(name):
    surface = SURFACES.create(name)
    contour = trace(thumbnails.surface_thumbnail(surface, dark=False), "loss")
    header, arrays = unpack(surface_payload(surface, "any"))
    height = arrays["height"].reshape(header["shape"])
    np.testing.assert_array_equal(contour.z, height[::2, ::2])
    assert [contour.x[0], contour.x[-1], contour.y[0], contour.y[-1]] == [*surface.bounds[0], *surface.bounds[1]]


@pytest.mark.parametrize("name", SURFACES)
def test_every_declared_minimum_of_a_surface_is_marked_once(name):
    surface = SURFACES.create(name)
    marks = [
        (x, y)
        for mark in thumbnails.surface_thumbnail(surface, dark=True).data
        if mark.name in ("lowest", "minima")
        for x, y in zip(mark.x, mark.y, strict=True)
    ]
    assert sorted(marks) == sorted(minimum.point for minimum in surface.minima)


def test_the_lowest_minima_have_a_mark_of_their_own():
    well = SURFACES.create("double_well")
    lowest = trace(thumbnails.surface_thumbnail(well, dark=False), "lowest")
    assert (lowest.x[0], lowest.y[0]) == well.minima[0].point
    assert len(lowest.x) == 1


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_drawn_as_the_rates_of_all_updates(name):
    schedule = thumbnails.example_schedule(SCHEDULES[name])
    figure = thumbnails.schedule_thumbnail(schedule, thumbnails.SCHEDULE_STEPS, dark=False)
    lr = schedule.values(thumbnails.SCHEDULE_STEPS)
    np.testing.assert_array_equal(trace(figure, "rate").y, lr[schedule.warmup :])
    np.testing.assert_array_equal(trace(figure, "rate").x, np.arange(schedule.warmup, len(lr)))
    if schedule.warmup:
        np.testing.assert_array_equal(trace(figure, "warm-up").y, lr[: schedule.warmup + 1])


@pytest.mark.parametrize("name", SCHEDULES)
def test_an_example_schedule_reaches_its_peak_and_uses_the_defaults_otherwise(name):
    schedule = thumbnails.example_schedule(SCHEDULES[name])
    highest = schedule.values(thumbnails.SCHEDULE_STEPS).max()
    if name != "noam":
        assert highest == pytest.approx(schedule.peak, rel=1e-3)  # a one-cycle's peak is between two updates
    assert schedule.with_values(warmup=0) == SCHEDULES.create(name)
    ticks = thumbnails.schedule_thumbnail(schedule, thumbnails.SCHEDULE_STEPS, dark=False).layout.yaxis
    assert (ticks.tickvals[1], ticks.ticktext[1]) == ((highest, "top") if name == "noam" else (schedule.peak, "peak"))


def test_a_schedule_that_is_all_warm_up_is_drawn_too():
    figure = thumbnails.schedule_thumbnail(SCHEDULES.create("cosine", warmup=50), 20, dark=False)
    assert len(trace(figure, "warm-up").y) == 20
    assert len(trace(figure, "rate").y) == 0


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_controller_is_drawn_as_the_rates_that_it_chose(name):
    run = thumbnails.example_control(CONTROLLERS.create(name))
    drawn = trace(thumbnails.rate_thumbnail(run, dark=False), "rate")
    np.testing.assert_array_equal(drawn.y, run.arms[0].lr[:, 0])
    assert len(set(drawn.y)) > 2


@pytest.mark.parametrize("name", AVERAGINGS)
def test_an_average_is_drawn_as_the_loss_beside_that_of_the_iterate(name):
    run = thumbnails.example_average(AVERAGINGS.create(name))
    figure = thumbnails.average_thumbnail(run, dark=False)
    np.testing.assert_array_equal(trace(figure, "loss").y, np.log10(run.arms[0].loss[:, 0]))
    if name == "none":
        assert len(figure.data) == 1
    else:
        np.testing.assert_array_equal(trace(figure, "average").y, np.log10(run.arms[0].averaged_loss[:, 0]))


@pytest.mark.parametrize("name", BATCHES)
def test_a_batch_schedule_is_drawn_as_multiples_of_the_first_batch(name):
    batch = BATCHES.create(name)
    figure = thumbnails.batch_thumbnail(batch, 300, dark=False)
    np.testing.assert_array_equal(trace(figure, "batch").y, batch.multiples(300))


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_is_drawn_as_the_path_of_its_run(name):
    run = thumbnails.example_run(OPTIMIZERS.create(name))
    figure = thumbnails.path_thumbnail(run, dark=False)
    path = run.arms[0].path[:, :, 0]
    np.testing.assert_array_equal(trace(figure, "path").x, path[:, 0])
    np.testing.assert_array_equal(trace(figure, "path").y, path[:, 1])
    ends = trace(figure, "start and end")
    assert list(ends.x) == [path[0, 0], path[-1, 0]]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_optimizer_goes_down_the_ravine_at_its_suggested_peak(name):
    arm = thumbnails.example_run(OPTIMIZERS.create(name)).arms[0]
    assert arm.diverged_at[0] == -1
    assert arm.final_loss[0] < arm.loss[0, 0] / 3


def test_a_path_that_diverges_is_drawn_up_to_its_last_good_point():
    sgd = OPTIMIZERS.create("sgd")
    run = thumbnails.example_run(sgd)
    wild = run.scenario.arms[0].schedule.with_values(peak=10.0)
    run = simulate(run.scenario.with_values(arms=(run.scenario.arms[0].with_values(schedule=wild),)))
    last = run.arms[0].diverged_at[0] - 1
    assert last > 0
    assert trace(thumbnails.path_thumbnail(run, dark=False), "start and end").x[1] == run.arms[0].path[last, 0, 0]


@pytest.mark.parametrize("name", NOISES)
def test_a_noise_model_is_drawn_as_the_spread_of_one_update(name):
    run = thumbnails.example_noise(NOISES.create(name))
    drawn = trace(thumbnails.points_thumbnail(run, 1, dark=False), "replicates")
    np.testing.assert_array_equal([drawn.x, drawn.y], run.arms[0].path[1])
    assert np.ptp(drawn.x) > 0


@pytest.mark.parametrize("name", STARTS)
def test_a_start_is_drawn_as_the_first_points_of_many_replicates(name):
    start = STARTS.create(name)
    run = thumbnails.example_start(start)
    drawn = trace(thumbnails.points_thumbnail(run, 0, dark=False), "replicates")
    np.testing.assert_array_equal([drawn.x, drawn.y], start.points(run.scenario.seed, np.arange(thumbnails.REPLICATES)))


def test_the_dark_page_has_pictures_of_its_own():
    surface = SURFACES.create("himmelblau")
    light, dark = (trace(thumbnails.surface_thumbnail(surface, dark=dark), "loss") for dark in (False, True))
    assert light.colorscale != dark.colorscale
