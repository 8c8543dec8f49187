"""Surfaces as a session meets them: a menu by families, a formula that is typed, a file that is dropped."""

import json

import numpy as np
import pytest

from lr_explorer.grids import Grid, read_grid
from lr_explorer.surfaces import SURFACES
from lr_explorer.ui import parts
from tests.app.test_playground import opened, scenario_of, shown_run, warnings_of

AXIS = np.linspace(-1.0, 1.0, 5)
VALLEY = "x,y,loss\n" + "".join(f"{x},{y},{x * x + 4 * y * y}\n" for y in AXIS for x in AXIS)
FAR = "x,y,loss\n" + "".join(f"{x + 50},{y},{x * x + y * y}\n" for y in AXIS for x in AXIS)
NAME = read_grid(VALLEY.encode(), "valley.csv").name


def words_of(page):
    return " ".join(text.value for text in page.markdown)


def address_of(page):
    address = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-address")
    return json.loads(address.proto.json)["query"]


def dropped(page, text, name="valley.csv"):
    page.file_uploader(key="surface-data-file").upload(name, text.encode(), "text/csv")
    return page.run()


def test_the_menu_of_surfaces_keeps_families_together_and_names_them():
    menu = opened().selectbox(key="surface")
    families = [SURFACES[name].family for name in parts.by_family(SURFACES)]
    assert sorted(range(len(families)), key=lambda place: families.index(families[place])) == list(range(len(families)))
    assert "Rosenbrock · Valleys" in menu.options
    assert len(menu.options) == len(SURFACES) > 30


# The first of each family, and the last: those that are typed or dropped.
SEVERAL = {cls.family: name for name, cls in reversed(list(SURFACES.items()))} | {"typed": "formula", "dropped": "grid", "real": "trained_network"}


@pytest.mark.parametrize("name", SEVERAL.values())
def test_a_surface_opens_by_its_link_and_plays(name):
    page = opened(surface=name, steps="5")
    assert not page.exception
    assert not page.warning
    assert type(scenario_of(page).surface).name == name
    assert shown_run(page)[0]["surface"].startswith(name)


def test_a_typed_formula_is_echoed_and_kept_in_the_link():
    page = opened(surface="formula", **{"surface.expression": "x*x - 4x + abs(y)"})
    assert r"Read as $f(x, y) = x \cdot x - 4 \cdot x + \left|y\right|$" in words_of(page)
    assert "abs: at a kink" in words_of(page)
    assert "surface.expression=x%2Ax+-+4x+%2B+abs%28y%29" in address_of(page)


def test_a_formula_that_is_refused_says_why_and_keeps_the_rest():
    page = opened(surface="formula", seed="7", **{"surface.expression": "1/2x", "surface.width": "3.0"})
    assert "can be read in two ways" in warnings_of(page)
    assert (scenario_of(page).seed, scenario_of(page).surface.width) == (7, 3.0)


def test_a_dropped_grid_is_shown_named_in_the_link_and_said_to_stay_here():
    page = dropped(opened(surface="grid", steps="20"), VALLEY)
    assert not page.exception
    assert not page.warning
    surface = scenario_of(page).surface
    assert surface.data == NAME
    assert surface.bounds == ((-1.0, 1.0), (-1.0, 1.0))
    assert f"surface.data={NAME}" in address_of(page)
    assert "stays in this session" in words_of(page)
    assert page.selectbox(key="surface-data").options == ["a small trained network", "valley.csv"]
    # The next run, in a thread of its own, still knows it.
    page.button(key="reroll").click().run()
    assert not page.warning
    assert scenario_of(page).surface.data == NAME


def test_a_file_that_is_no_grid_is_told_with_its_row_and_changes_nothing():
    page = dropped(opened(surface="grid"), VALLEY.replace("0.5,0.0,0.25", "0.5,0.0,nan"))
    assert "valley.csv was not used: row 13: loss must be a finite number; got nan." in warnings_of(page).replace("\\", "")
    assert scenario_of(page).surface.data == "network"


def test_who_opens_the_link_without_the_file_is_asked_for_it_and_loses_nothing_else():
    link = {"surface": "grid", "surface.data": NAME, "steps": "77", "start.x": "0.25", "start.y": "-0.5", "arm1.schedule": "wsd"}
    page = opened(**link)
    assert not page.exception
    told = warnings_of(page).replace("\\", "")
    assert f"shows a file of its sender's own, {NAME}. Drop the same file here" in told
    assert "load the same file here" in told
    page = dropped(page, VALLEY, "renamed.csv")
    scenario = scenario_of(page)
    assert (scenario.surface.data, scenario.steps, scenario.start.x, scenario.start.y) == (NAME, 77, 0.25, -0.5)
    assert type(scenario.arms[0].schedule).name == "wsd"
    assert "sender" not in warnings_of(page)


def test_another_file_than_the_links_is_shown_but_said_to_be_another():
    page = dropped(opened(surface="grid", **{"surface.data": NAME}), FAR, "far.csv")
    assert "far.csv is shown, but it is not the file of the link" in warnings_of(page).replace("\\", "")


def test_a_start_off_the_new_grid_moves_onto_it():
    page = dropped(opened(surface="grid"), FAR)
    scenario = scenario_of(page)
    assert (scenario.start.x, scenario.start.y) == scenario.surface.start


def test_one_sessions_file_is_unknown_to_another():
    dropped(opened(surface="grid"), VALLEY)
    other = opened(surface="grid")
    assert other.selectbox(key="surface-data").options == ["a small trained network"]
    asked = opened(surface="grid", **{"surface.data": NAME})
    assert scenario_of(asked).surface.data == "network"


@pytest.mark.slow
def test_a_session_keeps_its_last_dozen_files():
    page = opened(surface="grid")
    for lift in range(14):
        lines = VALLEY.splitlines()
        page = dropped(page, "\n".join([*lines[:-1], f"1.0,1.0,{lift}"]), f"{lift}.csv")
    assert len(page.selectbox(key="surface-data").options) == 13
    assert scenario_of(page).surface.grid.label == "13.csv"
    assert not page.warning


def test_two_files_of_one_name_are_two_choices():
    page = dropped(dropped(opened(surface="grid"), VALLEY), FAR)
    first, *both = page.selectbox(key="surface-data").options
    assert first == "a small trained network"
    assert sorted(both) == sorted(f"valley.csv ({read_grid(text.encode(), '').name[-4:]})" for text in (VALLEY, FAR))


def test_a_grids_name_is_made_of_its_numbers_alone():
    assert Grid("other", AXIS, AXIS, AXIS**2 + 4 * AXIS[:, None] ** 2).name == NAME


def test_a_lesson_about_an_uploaded_surface_says_that_no_link_carries_it():
    page = opened(surface="grid")
    dropped(page, VALLEY)
    page.switch_page("pages/5_Lesson.py").run()
    assert not page.exception
    assert any("No link carries that" in warning.value for warning in page.warning)
