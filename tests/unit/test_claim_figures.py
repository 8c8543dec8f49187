"""What a claim's card draws: plotted numbers are the verdict's and the picture's own, and nothing infinite reaches the drawing."""

import numpy as np
import pytest

from lr_explorer.claims import CLAIMS, Curve, Map, Picture
from lr_explorer.claims.views.axes import out_of_picture
from lr_explorer.figures.claims import curve_colour, interval_figure, picture_figure
from lr_explorer.figures.theme import ARM_SHADES, PAGE, QUIET
from lr_explorer.statistics import Interval, judge

ARMS = CLAIMS["M1"]["tuned"].arms
X = np.array([1.0, 10.0, 100.0])


def verdict(estimate, low, high, margin=0.1):
    return judge(Interval(estimate, low, high, 200), margin)


def test_the_interval_is_drawn_where_the_verdict_has_it_beside_both_margins():
    figure = interval_figure(verdict(0.4, 0.3, 0.55), "dex", dark=False)
    (mark,) = figure.data
    assert mark.x[0] == pytest.approx(0.4)
    assert mark.x[0] - mark.error_x.arrayminus[0] == pytest.approx(0.3)
    assert mark.x[0] + mark.error_x.array[0] == pytest.approx(0.55)
    assert {shape.x0 for shape in figure.layout.shapes if shape.type == "line"} == {-0.1, 0.0, 0.1}
    left, right = figure.layout.xaxis.range
    assert left < -0.1
    assert right > 0.55


@pytest.mark.parametrize("bounds", [(np.inf, 3.0, np.inf), (0.0, -np.inf, np.inf), (-np.inf, -np.inf, -np.inf), (0.0, 0.0, 0.0)])
def test_an_interval_without_end_ends_at_the_edge_of_the_drawing(bounds):
    figure = interval_figure(verdict(*bounds, margin=0.0), "dex", dark=True)
    (mark,) = figure.data
    drawn = [*mark.x, *mark.error_x.array, *mark.error_x.arrayminus, *figure.layout.xaxis.range]
    assert np.isfinite(drawn).all()
    assert figure.layout.xaxis.range[0] < figure.layout.xaxis.range[1]


def test_measured_curves_are_solid_and_theory_is_dashed_in_their_arms_colours():
    y = np.array([3.0, 2.0, 1.0])
    curves = (
        Curve("measured", X, y, arm=1, low=y - 0.5, high=y + 0.5),
        Curve("predicted", X, 2 * y, arm=1, is_theory=True),
        Curve("runs", X, y, is_marks=True),
    )
    figure = picture_figure(Picture("title", "x", "y", curves=curves, log_x=True, log_y=True), ARMS, dark=False)
    drawn = {trace.name: trace for trace in figure.data if "interval" not in trace.name}
    np.testing.assert_array_equal(drawn["measured"].y, y)
    np.testing.assert_array_equal(drawn["predicted"].y, 2 * y)
    assert drawn["measured"].line.dash is None
    assert drawn["predicted"].line.dash
    assert drawn["measured"].line.color == drawn["predicted"].line.color == ARM_SHADES[ARMS[1].colour].light
    assert curve_colour(curves[2], ARMS, dark=False) == QUIET.light
    assert drawn["runs"].mode == "markers"
    band = [trace for trace in figure.data if trace.name == "measured: interval"]
    np.testing.assert_array_equal([trace.y for trace in band], [y - 0.5, y + 0.5])
    assert figure.layout.xaxis.type == figure.layout.yaxis.type == "log"


def test_what_is_zero_has_no_place_on_a_logarithmic_axis_and_leaves_a_gap():
    curve = Curve("measured", X, np.array([1.0, 0.0, 0.1]), low=np.array([0.5, 0.0, -1.0]), high=np.array([2.0, 0.1, 0.2]))
    figure = picture_figure(Picture("title", "x", "y", curves=(curve,), log_y=True), ARMS, dark=False)
    low, _, line = figure.data
    assert np.isnan(line.y[1])
    assert (np.asarray(low.y) > 0).all()


@pytest.mark.parametrize("expected", [[10.0, 1e30, np.inf], [10.0, 1e-40, 0.0], [1e12, 1e12, 1e12]], ids=["explodes", "vanishes", "lies elsewhere"])
def test_theory_far_off_leaves_the_picture_and_not_what_was_measured(expected):
    measured = np.array([10.0, 1e-6, 1e-12])
    curves = (Curve("measured", X, measured, low=measured, high=np.full(3, np.inf)), Curve("expected", X, np.array(expected), is_theory=True))
    low, high = picture_figure(Picture("title", "x", "y", curves=curves, log_y=True), ARMS, dark=False).layout.yaxis.range
    assert low < -12
    assert high > 1
    assert high - low < 2 * 13
    assert out_of_picture(curves) == ["expected"]


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_the_axis_of_a_share_reaches_from_0_to_1_whatever_is_drawn(share):
    curve = Curve("measured", X, np.full(3, share))
    low, high = picture_figure(Picture("title", "x", "share of the replicates", curves=(curve,)), ARMS, dark=False).layout.yaxis.range
    assert -0.1 < low < 0
    assert 1 < high < 1.1


def test_a_short_logarithmic_axis_has_full_numbers_and_a_long_one_few_powers():
    short = Curve("measured", np.array([0.02, 0.1, 0.4]), np.array([1e-30, 1e-9, 1.0]))
    layout = picture_figure(Picture("title", "x", "y", curves=(short,), log_x=True, log_y=True), ARMS, dark=False).layout
    assert {"0.02", "0.05", "0.1", "0.2"} <= set(layout.xaxis.ticktext)
    assert list(map(float, layout.xaxis.ticktext)) == pytest.approx(layout.xaxis.tickvals)
    assert 30 / layout.yaxis.dtick < 10


def test_lines_stand_at_their_values_and_their_labels_at_the_same_place_of_a_logarithmic_axis():
    picture = Picture("title", "x", "y", log_x=True, x_lines=((10.0, "limit"),), y_lines=((0.5, "half"),))
    figure = picture_figure(picture, ARMS, dark=False)
    across, along = figure.layout.shapes
    assert (across.x0, across.x1, along.y0, along.y1) == (10.0, 10.0, 0.5, 0.5)
    limit, half = figure.layout.annotations
    assert (limit.text, limit.x) == ("limit", 1.0)
    assert (half.text, half.y) == ("half", 0.5)


def test_lines_at_one_value_share_a_label_and_labels_of_several_are_above_each_other():
    curve = Curve("measured", X, np.array([0.0, 1.0, 1.0]), is_marks=True)
    lines = ((50.0, "Constant"), (50.0, "Cosine"), (40.0, "limit"))
    layout = picture_figure(Picture("title", "x", "y", curves=(curve,), x_lines=lines), ARMS, dark=False).layout
    assert [note.text for note in layout.annotations] == ["Constant, Cosine", "limit"]
    assert {(note.y, note.yanchor) for note in layout.annotations} == {(1, "bottom")}
    assert layout.annotations[0].yshift != layout.annotations[1].yshift
    # The upper one's line, which crosses the lower label, is hidden behind it.
    assert {note.bgcolor for note in layout.annotations} == {PAGE.light}


@pytest.mark.parametrize("end", [0, 1])
def test_the_label_of_a_line_along_x_is_where_no_curve_is(end):
    x = np.linspace(0, 1, 50)
    curve = Curve("measured", x, np.where((x > 0.5) == end, 1.0, 0.0))
    (note,) = picture_figure(Picture("title", "x", "y", curves=(curve,), y_lines=((1.0, "limit"),)), ARMS, dark=False).layout.annotations
    assert note.x == 1 - end


def test_a_map_is_centred_at_zero_and_holds_the_readers_point():
    values = np.array([[-1.0, 0.0], [np.nan, 3.0]])
    figure = picture_figure(Picture("title", "x", "y", map=Map(X[:2], X[:2], values, "dex", mark=(1.0, 10.0))), ARMS, dark=True)
    heat, here = figure.data
    np.testing.assert_array_equal(heat.z, values)
    assert heat.zmin == -heat.zmax == -3
    assert (here.x[0], here.y[0]) == (1.0, 10.0)


def test_a_readers_point_that_a_map_has_no_place_for_is_at_its_nearest_edge():
    shown = Map(X[1:], X[:2], np.ones((2, 2)), "dex", mark=(0.0, 500.0))
    _, here = picture_figure(Picture("title", "x", "y", map=shown, log_x=True, log_y=True), ARMS, dark=False).data
    assert (here.x[0], here.y[0]) == (10.0, 10.0)
