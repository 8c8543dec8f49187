"""The Compare page's figures: what they show is what was computed, and what does not fit their axes is not lost."""

import numpy as np
import pytest

from lr_explorer.experiments.crowd import Ending, crowd
from lr_explorer.experiments.fair import tune
from lr_explorer.experiments.measures import global_basin
from lr_explorer.figures.charts import log_bottom
from lr_explorer.figures.crowds import bands_figure, ends_figure, losses_by_rate_figure, repetitions_figure, success_by_rate_figure
from lr_explorer.figures.ends_map import contour, ends_map
from lr_explorer.figures.theme import ARM_SHADES, arm_dash, arm_marker
from lr_explorer.figures.wire import surface_payload
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.statistics import Interval, judge, statuses_sentence
from lr_explorer.surfaces import SURFACES
from tests.helpers import arm

DARK = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
DEFAULT = crowd(Scenario(steps=100), global_basin(), 100)
# On f = x²/2 + y²/2 a rate of 3 doubles the distance with every step, and a rate of 1 leads to the minimum at once.
BOWL = SURFACES.create("quadratic", lambda1=1.0, lambda2=1.0)
BURSTING = Scenario(surface=BOWL, noise=Gaussian(sigma=0.1), steps=60, arms=(arm(peak=0.1), arm(peak=3.0)))


def lines_of(figure):
    """Return the traces that show a value, without the edges of the faint areas."""
    return [trace for trace in figure.data if trace.hoverinfo != "skip"]


@DARK
@pytest.mark.parametrize("draw", [bands_figure, ends_figure])
def test_arms_are_told_apart_by_colour_dash_and_marker(draw, dark):
    lines = lines_of(draw(DEFAULT, dark=dark))
    assert [line.name for line in lines] == [mine.arm.name for mine in DEFAULT.arms]
    for place, (line, mine) in enumerate(zip(lines, DEFAULT.arms, strict=True)):
        assert line.line.color == line.marker.color == ARM_SHADES[mine.arm.colour].on(dark=dark)
        assert (line.line.dash, line.marker.symbol) == (arm_dash(place), arm_marker(place))


def test_bands_hold_the_middle_half_around_the_median_of_every_look():
    lower, upper, median = bands_figure(DEFAULT, dark=False).data[:3]
    assert upper.fill == "tonexty"
    for trace, place in ((lower, 1), (median, 2), (upper, 3)):
        assert list(trace.x) == list(DEFAULT.looks)
        assert np.array(trace.y) == pytest.approx(DEFAULT.arms[0].bands[place])


def test_a_distribution_ends_at_the_whole_and_is_half_at_the_median():
    for line, mine in zip(ends_figure(DEFAULT, dark=False).data, DEFAULT.arms, strict=True):
        assert list(line.x) == sorted(mine.loss)
        assert list(line.y) == pytest.approx(np.arange(1, 101) / 100)


def test_a_point_of_a_distribution_carries_the_replicate_that_ended_there_and_its_arm():
    for found in (DEFAULT, crowd(BURSTING, global_basin(), 64)):
        for place, (line, mine) in enumerate(zip(ends_figure(found, dark=False).data, found.arms, strict=True)):
            assert [mine.loss[replicate] for replicate, _ in line.customdata] == list(line.x)
            assert {where for _, where in line.customdata} <= {place}


def test_a_fork_is_marked_where_it_is():
    assert [shape.x0 for shape in bands_figure(DEFAULT, dark=False, fork=40).layout.shapes] == [40]
    assert not bands_figure(DEFAULT, dark=False).layout.shapes


def test_many_replicates_are_drawn_by_some_of_them():
    found = crowd(Scenario(steps=5), global_basin(), 1000)
    line = ends_figure(found, dark=False).data[0]
    assert len(line.x) == 400
    assert (line.y[0], line.y[-1]) == (0.001, 1.0)
    assert line.x[-1] == found.arms[0].loss.max()


def test_what_diverges_leaves_the_picture_and_squeezes_nothing():
    found = crowd(BURSTING, global_basin(), 64)
    assert np.isinf(found.arms[1].loss).all()
    figure = bands_figure(found, dark=False)
    start = found.arms[0].bands[2, 0]
    assert 10 ** figure.layout.yaxis.range[1] < 1e4 * start
    assert np.isnan(lines_of(figure)[1].y[-1])
    steady, burst = ends_figure(found, dark=False).data
    assert len(burst.x) == 0
    assert steady.y[-1] == 1


def test_a_loss_of_exactly_the_lowest_has_a_place_at_the_axis_end():
    still = BURSTING.with_values(noise=Gaussian(sigma=0.0), arms=(arm(peak=1.0),))
    found = crowd(still, global_basin(), 1)
    figure = bands_figure(found, dark=False)
    low = 10 ** figure.layout.yaxis.range[0]
    assert lines_of(figure)[0].y[-1] == pytest.approx(low)
    assert low > 0


def test_a_logarithmic_axis_shows_eight_decades_at_most():
    assert log_bottom(np.array([0.0, 1e-3, 1.0])) == 5e-4
    assert log_bottom(np.array([1e-30, 1.0])) == 1e-8
    assert log_bottom(np.array([1e-30, 1e9]), highest=1.0) == 1e-8
    assert log_bottom(np.zeros(3)) > 0


def test_repetitions_are_intervals_from_the_top_and_infinite_ones_end_at_the_edge():
    bounds = [(0.3, 0.2, 0.5), (0.0, -0.4, 0.2), (np.inf, 0.3, np.inf)]
    verdicts = [judge(Interval(middle, low, high, 100)) for middle, low, high in bounds]
    assert statuses_sentence(verdicts) == "2 of 3 supported, 1 of 3 inconclusive."
    figure = repetitions_figure(verdicts, "median difference in dex", dark=False)
    marks = figure.data[0]
    assert list(marks.y) == [1, 2, 3]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]
    assert list(marks.marker.symbol) == ["circle", "circle-open", "circle"]
    assert list(marks.x - marks.error_x.arrayminus) == pytest.approx([0.2, -0.4, 0.3])
    assert list(marks.x[:2] + marks.error_x.array[:2]) == pytest.approx([0.5, 0.2])
    assert marks.x[2] == figure.layout.xaxis.range[1]
    assert [shape.x0 for shape in figure.layout.shapes] == [0.0, -0.1, 0.1]


@DARK
def test_end_points_lie_over_the_surface_each_with_the_mark_of_its_basin(dark):
    surface, mine = DEFAULT.scenario.surface, DEFAULT.arms[0]
    endings = mine.endings(surface)
    assert sum(those.sum() for those in endings.values()) == 100
    figure = ends_map(contour(surface_payload(surface, "surface"), dark=dark), mine, endings, 2, dark=dark)
    by_name = {trace.name: trace for trace in figure.data}
    # The lowest well of the two is the first.
    assert sorted(by_name[Ending.GLOBAL.value].x) == sorted(mine.final[0, mine.basin == 0])
    assert sorted(by_name[Ending.LOCAL.value].y) == sorted(mine.final[1, mine.basin == 1])
    for trace in figure.data:
        replicates, places = np.array(trace.customdata).T
        assert list(trace.x) == list(mine.final[0, replicates])
        assert set(places) == {2}
    assert len({trace.marker.symbol for trace in figure.data}) == len({trace.marker.color for trace in figure.data}) == len(figure.data)
    assert np.array([figure.layout.xaxis.range, figure.layout.yaxis.range]) == pytest.approx(np.array(surface.bounds))
    assert figure.layout.images[0].source.startswith("data:image/png;base64,")


@DARK
def test_the_chosen_peak_is_marked_where_its_arms_curve_is(dark):
    curves = tune(Scenario(steps=50), global_basin(), count=20, rates=np.geomspace(0.01, 0.15, 5))
    for draw, values in ((losses_by_rate_figure, lambda curve: curve.quartiles[1]), (success_by_rate_figure, lambda curve: curve.success)):
        figure = draw(curves, dark=dark)
        marks = [trace for trace in figure.data if trace.name.endswith(": chosen")]
        for mark, line, curve in zip(marks, lines_of(figure), curves, strict=True):
            assert mark.x[0] == curve.peak
            assert mark.y[0] == line.y[curve.best] == pytest.approx(values(curve)[curve.best])
            assert list(line.x) == list(curve.rates)
