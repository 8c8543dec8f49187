"""The Compare page's map, without a browser."""

from streamlit.testing.v1 import AppTest

from lr_explorer.basins import basin_of
from lr_explorer.simulate import simulate
from lr_explorer.statistics import wilson_interval
from lr_explorer.story import percent
from tests.app.test_compare_page import charts_of, html_of, words_of

SMALL = {"steps": "60", "map_cells": "5", "map_n": "50", "map_x": "arm*.schedule.peak=0.05..0.2", "map_y": "noise.sigma=1..3"}


def section(**query):
    """Open the section alone, without what the page computes above it."""

    def script():
        from lr_explorer.ui import escape_map

        escape_map.escape_map()

    page = AppTest.from_function(script, default_timeout=60)
    page.query_params.update({key.replace("__", "."): value for key, value in (SMALL | query).items()})
    page.run()
    assert not page.exception
    return page


def mapped(page):
    page.button(key="map").click().run()
    assert not page.exception
    return page


def test_a_cell_is_chosen_used_and_the_map_stays():
    page = section()
    assert not charts_of(page)
    mapped(page)
    assert len(charts_of(page)) == 2
    assert "edge of stability" in html_of(page)
    assert "No cell is past the edge of stability." in words_of(page)
    page.selectbox(key="map-cell-x").set_value(3).run()
    page.selectbox(key="map-cell-y").set_value(4)
    page.button(key="use-cell").click().run()
    assert not page.exception
    scenario = page.session_state["scenario"]
    assert {arm.schedule.peak for arm in scenario.arms} == {0.141}
    assert len(charts_of(page)) == 2
    for arm in simulate(scenario, 50).arms[:2]:
        share = wilson_interval(int((basin_of(scenario.surface, arm.final) == 0).sum()), 50)
        gone = wilson_interval(int((arm.diverged_at >= 0).sum()), 50)
        for one in (share, gone):
            assert f"{percent(one.estimate)} ({percent(one.low)} – {percent(one.high)})</td>" in html_of(page)
    assert page.session_state["remembered"][0] == "the cell"


def test_another_number_brings_its_own_range_and_the_usual_axes_are_rate_and_noise():
    page = section(map_x="auto", map_y="auto")
    assert (page.selectbox(key="map_x-key").value, page.selectbox(key="map_y-key").value) == ("arm*.schedule.peak", "noise.sigma")
    page.selectbox(key="map_x-key").set_value("surface.b").run()
    assert page.session_state["view"].map_x == "surface.b=0.075..0.6"
    page.number_input(key="map_x-high").set_value(0.5).run()
    assert page.session_state["view"].map_x == "surface.b=0.075..0.5"


def test_an_axis_that_a_link_has_in_vain_is_told_and_the_other_is_kept():
    page = section(map_x="speed=1..2")
    says = "map_x: 'speed' is no number of this scenario and these arms that can be varied; arm*.schedule.peak=0.026..0.65 was used."
    assert says in words_of(page)
    assert page.selectbox(key="map_x-key").value == "arm*.schedule.peak"
    assert page.number_input(key="map_y-high").value == 3.0


def test_bad_choices_are_named_and_two_axes_of_one_number_are_refused():
    page = section(map_cells="7", map_x="noise.sigma=1..2")
    assert "map_cells must be one of 5, 8, 12; got '7'; 8 was used." in " ".join(page.session_state["complaints"])
    assert "noise.sigma is varied by two axes" in words_of(mapped(page))


def test_the_text_follows_what_is_counted_and_a_surface_without_a_minimum_has_no_map():
    assert "The share of replicates that diverged, over two" in words_of(section(preset="divergence"))
    page = section(surface="product")
    assert "no isolated minimum" in words_of(page)
    assert not page.button


def test_one_arm_without_noise_has_one_map_of_single_runs():
    page = mapped(section(arm1__optimizer="adam", noise__sigma="0", map_x="arm1.schedule.peak=0.01..0.1", map_y="start.x=-1..1"))
    assert len(charts_of(page)) == 1
    assert "of 1 run of each arm" in words_of(page)
    # Of Adam theory draws nothing.
    assert "edge of stability" not in html_of(page)
