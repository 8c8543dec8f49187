"""Maps over two numbers of a scenario: which numbers there are, what every cell is, and where theory's line lies."""

import numpy as np
import pytest

from lr_explorer.basins import basin_of
from lr_explorer.experiments.maps import (
    LINES,
    Span,
    axis_keys,
    changes,
    read_span,
    success_map,
    unvaried,
    usual_span,
    usual_spans,
)
from lr_explorer.experiments.measures import below, global_basin
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.maps import ink_on, success_figure
from lr_explorer.figures.theme import SHARE_SCALE
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.start import Point
from lr_explorer.statistics import wilson_interval
from lr_explorer.story import percent
from lr_explorer.surfaces import SURFACES
from lr_explorer.theory import escape_rate
from tests.helpers import arm

SHORT = Scenario(steps=60, arms=(arm(peak=0.1, name="One"), arm("cosine", peak=0.2, name="Two"), arm("cosine", "adam", name="Three")))
RATE, SIGMA = Span("arm*.schedule.peak", 0.05, 0.2), Span("noise.sigma", 1.0, 3.0)
FOUND = success_map(SHORT, (2, 1), (RATE, SIGMA), 3, global_basin(), 60)


# Axes


def test_axes_are_the_numbers_of_the_link_but_for_what_tells_replicates_apart():
    keys = axis_keys(SHORT, (0, 2))
    assert keys["noise.sigma"] == "Noise · Noise σ"
    assert keys["arm*.schedule.peak"] == "Every arm · Schedule · Peak rate"
    assert keys["arm3.optimizer.beta1"] == "3 Three · Optimizer · β₁"
    assert not {"seed", "replicate", "surface", "arm1.name", "arm2.schedule.peak", "arm*.optimizer.beta1"} & set(keys)


def test_a_part_within_a_part_is_named_with_all_that_it_is_in():
    scenario = Scenario(arms=(arm(name="One").with_values(schedule=SCHEDULES.create("forked")),))
    assert axis_keys(scenario, (0,))["arm1.schedule.trunk.floor"] == "1 One · Schedule · Trunk · Floor"


@pytest.mark.parametrize("preset", PRESETS)
def test_every_number_of_a_preset_has_a_name_of_its_own(preset):
    scenario = PRESETS[preset].scenario
    places = (0, 1) if len(scenario.arms) > 1 else (0,)
    keys = axis_keys(scenario, places)
    assert len(set(keys.values())) == len(keys)
    for span in usual_spans(scenario, places):
        assert read_span(str(span), scenario, places) == span


def test_every_number_has_a_range_that_its_link_reads():
    for key in axis_keys(SHORT, (2,)):
        span = usual_span(key, SHORT, 2)
        assert read_span(str(span), SHORT, (2,)) == span
        assert len(span.divided(SHORT, 5).values) > 1


def test_a_range_lies_around_the_scenarios_value_by_factors_or_evenly():
    rate, sigma = usual_spans(SHORT, (1, 0))
    assert (rate.key, rate.low, rate.high) == ("arm*.schedule.peak", 0.04, 1.0)
    assert (sigma.key, sigma.low, sigma.high) == ("noise.sigma", 0.5, 4.0)
    factors = np.array(rate.divided(SHORT, 5).values, dtype=float)
    np.testing.assert_allclose(factors[1:] / factors[:-1], 25**0.25, rtol=0.01)
    assert sigma.divided(SHORT, 8).values == ("0.5", "1", "1.5", "2", "2.5", "3", "3.5", "4")
    assert Span("steps", 10, 12).divided(SHORT, 8).values == ("10", "11", "12")


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("noise.sigma", "an axis is written KEY=LOW..HIGH, such as noise.sigma=0.5..2; got 'noise.sigma'"),
        ("seed=1..9", "'seed' is no number of this scenario and these arms that can be varied"),
        ("arm2.schedule.peak=0.1..1", "'arm2.schedule.peak' is no number of this scenario and these arms"),
        ("noise.sigma=2..1", "noise.sigma: a range rises; got 2 to 1"),
        ("noise.sigma=-1..1", "noise.sigma must be between 0 and 10000; got -1.0"),
        ("steps=1.5..9", "steps must be a whole number"),
    ],
)
def test_what_is_no_range_of_these_arms_is_told(written, says):
    with pytest.raises(ValueError, match=says):
        read_span(written, SHORT, (0, 2))


# Cells


def test_every_cell_is_what_a_run_of_its_scenario_says_of_the_arms_that_are_compared():
    assert FOUND.swept.sweep.shape == (3, 3)
    place = (2, 1)
    there = SHORT.edited(changes(SHORT, (RATE, SIGMA), 3, place))
    assert [one.schedule.peak for one in there.arms] == [0.2] * 3
    assert there.noise.sigma == 2.0
    arms = simulate(there, 60).arms
    for index, number in enumerate((2, 1)):
        hits = basin_of(there.surface, arms[number].final) == 0
        np.testing.assert_array_equal(FOUND.swept.at(*place)[index].hits, hits)


def test_an_axis_of_one_arm_changes_that_arm_wherever_it_stands():
    own = Span("arm3.schedule.peak", 0.1, 0.4)
    found = success_map(SHORT, (2, 0), (own, SIGMA), 2, global_basin(), 10)
    assert [cell.arms[0].schedule.peak for cell in found.swept.sweep.scenarios] == [0.1, 0.1, 0.4, 0.4]
    assert changes(SHORT, (own, SIGMA), 2, (1, 0)) == {"arm3.schedule.peak": "0.4", "noise.sigma": "1"}


def test_two_axes_of_one_number_are_refused():
    with pytest.raises(ValueError, match="is varied by two axes"):
        success_map(SHORT, (0, 1), (RATE, Span("arm1.schedule.peak", 0.1, 0.2)), 2)


def test_where_no_cell_is_random_one_run_says_all():
    quiet = SHORT.with_values(noise=Gaussian(sigma=0.0))
    assert success_map(quiet, (0,), (Span("arm1.schedule.peak", 0.1, 0.2), Span("steps", 10, 20)), 2).swept.sweep.count == 1


def test_scenarios_that_differ_in_what_is_varied_alone_have_one_map():
    there = SHORT.edited(changes(SHORT, (RATE, SIGMA), 3, (2, 2)))
    assert there != SHORT
    assert unvaried(there, (RATE, SIGMA), 3) == unvaried(SHORT, (RATE, SIGMA), 3)


# Theory


@pytest.mark.parametrize(("optimizer", "edge"), [("sgd", 0.2), ("heavy_ball", 0.38)])
def test_the_edge_of_stability_lies_at_the_limit_over_the_largest_curvature(optimizer, edge):
    """Of gradient descent 2/λ, with momentum β = 0.9 2(1 + β)/λ; λ is 10."""
    bowl = SURFACES.create("quadratic", lambda1=1.0, lambda2=10.0)
    scenario = Scenario(surface=bowl, start=Point(1.0, 1.0), steps=5, arms=(arm("cosine", optimizer, peak=0.1),))
    spans = Span("arm1.schedule.peak", 0.1, 0.4), Span("noise.on_x", 1.0, 2.0)
    found = success_map(scenario, (0,), spans, 4, below(1.0), 1)
    rates = np.array(spans[0].divided(scenario, 4).values, dtype=float)
    np.testing.assert_allclose(found.theory[0][LINES[0]][:, 0], np.log(rates / edge), atol=1e-12)
    assert found.sentence(0, LINES[0]) == ""


def test_an_edge_that_is_not_on_the_map_is_told_and_so_is_one_that_is_not_known():
    for span, says in (
        (Span("arm1.schedule.peak", 1.0, 2.0), "Every cell is past the edge"),
        (Span("arm1.schedule.peak", 1e-3, 2e-3), "No cell is past the edge"),
    ):
        assert says in success_map(SHORT, (0,), (span, SIGMA), 2, count=2).sentence(0, LINES[0])
    assert FOUND.sentence(0, LINES[0]) == "For Three there is no edge of stability."
    assert FOUND.lines == LINES
    adam = success_map(SHORT, (2,), (Span("arm3.schedule.peak", 1.0, 2.0), SIGMA), 2, count=2)
    assert adam.lines == ()


def test_the_line_of_escape_lies_where_a_constant_rate_has_led_half_of_the_runs_out():
    """Of two wells with rates k and k′ a share k/(k + k′)·(1 − e^(−(k + k′)T)) is in the other one after T updates, in closed form."""
    scenario = SHORT.with_values(steps=400, arms=SHORT.arms[:1])
    spans = Span("arm1.schedule.peak", 0.05, 0.1), Span("noise.sigma", 2.0, 4.0)
    found = success_map(scenario, (0,), spans, 4, count=1)
    surface = scenario.surface
    deep, shallow = (minimum.point for minimum in surface.minima)
    for cell, value in zip(found.swept.sweep.scenarios, found.theory[0][LINES[1]].ravel(), strict=True):
        rate, sigma = cell.arms[0].schedule.peak, cell.noise.sigma
        out, back = (float(escape_rate(surface, well, surface.saddle, rate, sigma)) for well in (shallow, deep))
        assert value == pytest.approx(out / (out + back) * (1 - np.exp(-400 * (out + back))) - 0.5, rel=1e-9)
    assert found.sentence(0, LINES[1]) == ""


@pytest.mark.slow
def test_below_the_edge_runs_escape_as_often_as_the_line_of_escape_has_it():
    """Where rates are small against the edge, theory and 400 replicates differ by less than a tenth; 12 cells."""
    scenario = Scenario(steps=500)
    found = success_map(scenario, (0, 1), (Span("arm*.schedule.peak", 0.03, 0.07), Span("noise.sigma", 2.0, 4.0)), 4, global_basin(), 400)
    for place in (0, 1):
        shares = found.swept.grid(lambda one: one.success.estimate, place)
        assert np.abs(shares - (found.theory[place][LINES[1]] + 0.5)).max() < 0.1
        assert shares.max() > 0.6


def test_past_the_edge_of_stability_there_is_no_line_of_escape_and_cells_say_how_many_diverged():
    scenario = SHORT.with_values(steps=60, arms=SHORT.arms[:1])
    found = success_map(scenario, (0,), (Span("arm1.schedule.peak", 0.05, 3.0), SIGMA), 4, global_basin(), 20)
    past, escape = found.theory[0][LINES[0]] > 0, found.theory[0][LINES[1]]
    assert past.any()
    assert not past.all()
    assert (np.isnan(escape) == past).all()
    gone = found.swept.grid(lambda one: np.isinf(one.loss).mean())
    assert gone.max() > 0.5 > gone.min()
    points = success_figure(found, 0, ("rate", "noise"), None, dark=True).data[-1]
    for place, text, hover in zip(points.customdata, points.text, points.hovertext, strict=True):
        assert text.endswith("✕") == (gone[tuple(place)] > 0.5)
        assert f"diverged: {percent(gone[tuple(place)])}" in hover


# The picture


def luminance(colour):
    """Return a colour's relative luminance, as WCAG has it."""
    channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


def on_scale(share, dark):
    """Return the colour of a share, as plotly interpolates it."""
    colours = np.array([[int(shade.on(dark=dark)[place : place + 2], 16) for place in (1, 3, 5)] for shade in SHARE_SCALE])
    return "#" + "".join(f"{round(np.interp(share, [0, 0.5, 1], channel)):02x}" for channel in colours.T)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_number_of_every_share_is_readable_on_its_cell(dark):
    for share in np.linspace(0, 1, 101):
        lights = sorted((luminance(ink_on(share, dark=dark)), luminance(on_scale(share, dark))))
        # On a colour halfway between ink and page neither can do better than about 4.
        assert (lights[1] + 0.05) / (lights[0] + 0.05) > 3.9


@pytest.mark.parametrize("place_of_arm", [0, 1])
def test_every_cell_tells_its_share_and_a_click_on_it_its_place(place_of_arm):
    figure = success_figure(FOUND, place_of_arm, ("rate", "noise"), (1, 2), dark=False)
    heat, points = figure.data[0], figure.data[-1]
    for place, text, hover, x, y in zip(points.customdata, points.text, points.hovertext, points.x, points.y, strict=True):
        hits = FOUND.swept.at(*place)[place_of_arm].hits
        assert (x, y) == tuple(place)
        assert heat.z[y][x] == hits.mean()
        assert text == f"{hits.mean():.0%}"
        share = wilson_interval(int(hits.sum()), 60)
        told_of = f"{percent(hits.mean())} ({percent(share.low)} – {percent(share.high)}) of 60<br>diverged: "
        assert hover.startswith(told_of)
    assert len({*points.text}) > 2
    assert list(figure.layout.xaxis.ticktext) == ["0.05", "0.1", "0.2"]
    assert list(figure.layout.yaxis.ticktext) == ["1", "2", "3"]
    assert {(shape.x0, shape.y1) for shape in figure.layout.shapes} == {(0.5, 2.5)}
