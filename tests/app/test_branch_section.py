"""The Compare page's branches of a run, without a browser."""

import csv
import io

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.basins import basin_of
from lr_explorer.experiments.branches import branched
from lr_explorer.experiments.crowd import crowd_csv
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.statistics import wilson_interval
from lr_explorer.story import percent
from tests.app.test_compare_page import charts_of, html_of, opened, words_of

SHORT = {"steps": "120", "n": "100"}


def section(**query):
    """Open the section alone, without what the page computes above it."""

    def script():
        from lr_explorer.ui import branch_section

        branch_section.branches()

    page = AppTest.from_function(script, default_timeout=60)
    page.query_params.update({key.replace("__", "."): value for key, value in (SHORT | query).items()})
    page.run()
    assert not page.exception
    return page


def branch(page):
    page.button(key="branches").click().run()
    assert not page.exception
    return page


def test_branches_are_run_on_demand_and_their_shares_are_those_of_a_run_of_their_own():
    page = section(branch="40")
    assert not any("branch" in chart for chart in charts_of(page))
    branch(page)
    assert sum("branch-bands" in chart for chart in charts_of(page)) == 1
    scenario = page.session_state["scenario"]
    arms = simulate(branched(scenario, 0, 40), 100).arms
    is_global = basin_of(scenario.surface, arms[1].final) == 0
    share = wilson_interval(int(is_global.sum()), 100)
    assert f"<strong>{percent(share.estimate)}</strong> ({percent(share.low)} – {percent(share.high)})" in html_of(page)
    assert "Decay from 40 rather than Constant from 40" in html_of(page)
    assert "Margins: 0.1 of the replicates for how often, 0.1 dex for how low." in words_of(page)
    rows = list(csv.DictReader(io.StringIO(crowd_csv(page.session_state["branches-result"][1]))))
    assert [row["arm"] for row in rows] == ["Cosine", "Constant from 40", "Decay from 40", "Restart from 40"]
    lower = np.median(np.log10(arms[1].final_loss - scenario.surface.lowest) - np.log10(arms[2].final_loss - scenario.surface.lowest))
    assert f": {lower:.3g} (" in html_of(page).replace("−", "-")


def test_arm_step_and_shape_are_in_the_link_and_another_choice_takes_the_result_away():
    page = branch(section(branch="40"))
    page.number_input(key="branch-step").set_value(50).run()
    page.button_group(key="fall").set_value("cosine").run()
    page.button_group(key="arm").set_value(1).run()
    assert not page.exception
    view = page.session_state["view"]
    assert (view.branch, view.fall, view.arm) == (50, "cosine", 2)
    assert not any("branch" in chart for chart in charts_of(page))
    assert page.button(key="branches").label == "Branch it at step 50"
    branch(page)
    # A constant trunk keeps its rate, and so does its branch.
    assert html_of(page).count("the same rates: one and the same run") == 2
    assert "Restart from 50 rather than Decay from 50" in html_of(page)


def test_half_of_the_run_is_the_fork_until_one_is_chosen():
    page = section()
    assert page.number_input(key="branch-step").value == 60


def test_bad_values_of_a_link_are_named_and_a_fork_past_the_end_is_said():
    page = section(branch="-3", fall="steep")
    words = " ".join(page.session_state["complaints"])
    assert "branch must be between 0 and 20000; got -3; 0 was used." in words
    assert "fall must be one of linear, cosine, exponential, one_minus_sqrt; got 'steep'; linear was used." in words
    assert page.session_state["scenario"].steps == 120
    late = section(branch="700")
    assert late.session_state["complaints"] == ("branch must be at most 119, the last of 120 updates; got 700; 119 was used.",)
    assert late.number_input(key="branch-step").value == 119
    late.session_state["scenario"] = late.session_state["scenario"].with_values(steps=60)
    assert "Step 119 is no fork in a run of 60 updates: 59, the last one, was used." in words_of(late.run())


def test_a_controller_a_branch_and_a_run_of_one_step_say_why_they_have_none():
    assert "sets the rate by what each run does" in words_of(section(arm1__schedule="polyak"))
    assert "is a branch already" in words_of(section(arm1__schedule="forked"))
    page = section(steps="1")
    assert "nowhere to fork" in words_of(page)
    assert not [button for button in page.button if button.key == "branches"]
    assert "the schedule does nothing" in words_of(section(arm1__optimizer="rprop"))


@pytest.mark.slow
def test_branches_open_in_the_playground_as_a_scenario_of_their_own_and_can_be_undone():
    page = branch(opened(branch="40", fall="cosine", **SHORT))
    before = page.session_state["scenario"]
    page.button(key="open-branches").click().run()
    assert not page.exception
    assert page.session_state["scenario"] == branched(before, 0, 40, "cosine")
    assert Scenario.from_query(page.session_state["scenario"].to_query()) == page.session_state["scenario"]
    assert "Constant from 40" in words_of(page) + html_of(page)
    page.button(key="undo").click().run()
    assert page.session_state["scenario"] == before


def test_without_noise_each_branch_is_one_run_and_there_is_no_verdict():
    page = branch(section(branch="40", noise__sigma="0", start__x="0.3"))
    arms = simulate(branched(page.session_state["scenario"], 0, 40)).arms
    lowest = page.session_state["scenario"].surface.lowest
    assert html_of(page).count(f"{arms[2].final_loss[0] - lowest:.3g}") >= 1
    assert "rather than" not in html_of(page)
