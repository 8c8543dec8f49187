"""The Compare page as a session sees it, without a browser."""

from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.basins import basin_of
from lr_explorer.experiments.pool import WorkerLost
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.simulate import simulate
from lr_explorer.statistics import level_of_look, wilson_interval
from lr_explorer.story import percent, told
from lr_explorer.ui import compare_page, state

ROOT = Path(__file__).parents[2]
TWO = {"arm1__name": "Low", "arm1__schedule__peak": "0.02", "arm2__name": "High", "arm2__schedule__peak": "0.1"}


def opened(**query: str) -> AppTest:
    """Open the page as the first one of a session."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update({key.replace("__", "."): value for key, value in query.items()})
    page.switch_page("pages/3_Compare.py").run()
    assert not page.exception
    return page


def words_of(page):
    """Return what is read on the page, without the marks that keep it literal."""
    elements = (*page.markdown, *page.warning, *page.info, *page.text)
    return " ".join(element.value for element in elements).replace("\\", "")


def html_of(page):
    return " ".join(element.proto.body for element in page.get("html"))


def charts_of(page):
    return [chart.proto.id for chart in page.get("plotly_chart")]


def link_of(page):
    """Return the link that the page keeps in the address."""
    return page.get("bidi_component")[0].proto.json


def ends_of(page, count):
    """Return the final losses above the lowest of the first replicates by a run of their own, (arms, replicates), and their last points."""
    scenario = page.session_state["scenario"]
    arms = simulate(scenario, count).arms
    return np.array([arm.final_loss - scenario.surface.lowest for arm in arms]), np.array([arm.final for arm in arms])


# The verdict


def test_the_default_is_judged_by_the_share_first_since_its_ends_are_several():
    page = opened()
    assert page.button_group(key="n").value == "400"
    first, second, *_ = [element.value.replace("\\", "") for element in page.markdown if element.value.startswith("**")]
    assert "whether Cosine reached the global basin more often than Constant, high" in first
    assert "400 pairs" in first
    losses, _ = ends_of(page, 400)
    median = np.median(np.log10(losses[1]) - np.log10(losses[0]))
    assert f"Median difference Constant, high − Cosine: {median:.3g} dex" in second
    assert second.startswith("**Supported:** Cosine ends lower than Constant, high.")
    assert f"Difference of the mean losses Constant, high − Cosine: {np.mean(losses[1] - losses[0]):.3g} (" in words_of(page).replace("\\", "")


def test_shares_are_those_of_the_ends_beyond_the_hill_with_their_wilson_intervals():
    page = opened()
    # The two wells are told apart by x alone, and their border is the top of the hill between them.
    surface = page.session_state["scenario"].surface
    wells = sorted(minimum.point[0] for minimum in surface.minima)
    between = np.linspace(*wells, 10_001)
    hill = between[surface.value(np.stack([between, np.zeros_like(between)])).argmax()]
    is_right = surface.minima[0].point[0] > hill
    _, ends = ends_of(page, 400)
    for arm in (0, 1):
        share = wilson_interval(int(((ends[arm, 0] > hill) == is_right).sum()), 400)
        assert f"<strong>{percent(share.estimate)}</strong> ({percent(share.low)} – {percent(share.high)})" in html_of(page)


def test_an_open_verdict_says_how_many_pairs_would_settle_it():
    words = words_of(opened())
    assert "Inconclusive" in words
    assert "pairs would settle it in 80 % of all attempts" in words


def test_every_number_of_replicates_spends_its_share_of_the_error():
    levels = [level_of_look(count, state.COUNTS) for count in state.COUNTS]
    assert sum(1 - level for level in levels) == pytest.approx(0.05)
    page = opened(n="100", **TWO)
    assert f"{levels[0] * 100:.3g} % interval" in words_of(page)
    page.button_group(key="n").set_value("200").run()
    assert f"{levels[1] * 100:.3g} % interval" in words_of(page)
    assert "200 pairs" in words_of(page)


def test_many_replicates_are_run_in_several_blocks_and_are_the_first_ones_of_the_same_seed():
    page = opened(n="1000")
    losses, _ = ends_of(page, 1000)
    assert f"{np.median(np.log10(losses[1]) - np.log10(losses[0])):.3g} dex" in words_of(page)
    assert "replicates 0 to 999 of seed 1" in words_of(page)


def test_one_arm_has_nothing_to_be_compared_with():
    page = opened(arm1__name="Alone")
    assert "There is one arm" in words_of(page)
    assert "pairs" not in words_of(page)
    assert "Alone" in html_of(page)
    assert not [box for box in page.selectbox if box.key == "contender"]
    assert not [button for button in page.button if button.key == "fair-fight"]


def test_where_nothing_is_random_there_is_no_verdict_but_the_losses():
    page = opened(noise__sigma="0", **TWO)
    assert "Nothing is random here" in words_of(page)
    assert "interval" not in words_of(page)
    losses, _ = ends_of(page, 1)
    assert f"{losses[0, 0]:.3g}" in html_of(page)
    assert len(charts_of(page)) == 1


def test_a_surface_without_an_isolated_minimum_has_no_basin_to_reach():
    page = opened(surface="product", n="100", **TWO)
    assert "this surface has no isolated minimum" in words_of(page)
    assert "reached the global basin" not in words_of(page) + html_of(page)


def test_the_comparison_is_repeated_under_ten_other_seeds():
    page = opened(n="100", steps="100", **TWO)
    page.button(key="again").click().run()
    assert not page.exception
    assert sum("again" in chart for chart in charts_of(page)) == 2
    assert f"the verdict's above, of {told(100 * level_of_look(int(page.session_state['view'].n), state.COUNTS))} %" in words_of(page)
    words = words_of(page)
    assert "“Low ends lower than High”: " in words
    assert "of 10 " in words
    page.selectbox(key="contender").set_value(1).run()
    assert "“Low ends lower than High”: " not in words_of(page)


# The link


def test_bad_values_of_a_link_are_named_and_the_rest_is_kept():
    page = opened(n="250", contender="9", baseline="3", steps="300")
    words = words_of(page)
    assert "n must be one of 100, 200, 400, 1000, 4000; got '250'; 400 was used." in words
    assert "contender must be between 1 and 6; got 9; 1 was used." in words
    assert page.session_state["view"].n == "400"
    assert page.session_state["view"].baseline == 3
    assert page.session_state["scenario"].steps == 300


def test_the_pair_and_the_number_are_in_the_link():
    page = opened()
    page.selectbox(key="baseline").set_value(2).run()
    page.button_group(key="n").set_value("100").run()
    assert not page.exception
    assert "baseline=3" in link_of(page)
    assert "n=100" in link_of(page)
    assert "Constant, low − Cosine" in words_of(page)
    again = opened(baseline="3", n="100")
    assert "Constant, low − Cosine" in words_of(again)
    assert words_of(again) == words_of(page)


def test_choosing_the_baseline_as_contender_changes_their_roles():
    page = opened()
    page.selectbox(key="contender").set_value(1).run()
    assert (page.session_state["view"].contender, page.session_state["view"].baseline) == (2, 1)
    assert "Median difference Cosine − Constant, high" in words_of(page)


def test_an_arm_is_never_compared_with_itself():
    page = opened(contender="2", baseline="2", **TWO)
    assert "Median difference Low − High" in words_of(page)
    assert "baseline must be another arm than the contender; got 2; 1 was used." in page.session_state["complaints"]
    # Nobody wrote this baseline, so nobody is told.
    assert not opened(contender="2", **TWO).session_state["complaints"]


def test_arms_that_a_link_compares_and_the_scenario_has_not_are_named():
    page = opened(contender="6", baseline="6", n="100")
    assert "The basin alone counts here" in words_of(page)
    count = len(page.session_state["scenario"].arms)
    assert page.session_state["complaints"] == (
        f"contender must be one of the {count} arms; got 6; {count} was used.",
        f"baseline must be one of the {count} arms; got 6; 1 was used.",
    )
    assert (page.session_state["view"].contender, page.session_state["view"].baseline) == (count, 1)


# What every arm did


def test_the_worst_replicate_is_opened_in_the_playground_with_the_same_seed():
    page = opened()
    losses, _ = ends_of(page, 400)
    worst = int(losses[1].argmax())
    button = page.button(key="watch-worst-2")
    assert button.label == f"Worst: {worst}"
    button.click().run()
    assert not page.exception
    scenario = page.session_state["scenario"]
    assert (scenario.replicate, scenario.seed) == (worst, 1)
    assert page.session_state["view"].arm == 2
    assert page.get("bidi_component")
    assert simulate(scenario).arms[1].final_loss[0] - scenario.surface.lowest == losses[1, worst]


def test_the_end_points_of_the_pair_are_counted_by_their_basin():
    page = opened(n="200")
    _, ends = ends_of(page, 200)
    basin = basin_of(page.session_state["scenario"].surface, ends[0])
    assert f"{(basin == 0).sum()} in the global basin" in html_of(page)
    assert f"{(basin == 1).sum()} in another basin" in html_of(page)
    assert sum("ends-map" in chart for chart in charts_of(page)) == 2


def test_best_and_typical_are_the_lowest_and_the_one_in_the_middle():
    page = opened()
    losses, _ = ends_of(page, 400)
    ranked = losses[0].argsort()
    assert page.button(key="watch-best-1").label == f"Best: {ranked[0]}"
    assert page.button(key="watch-typical-1").label == f"Typical: {ranked[199]}"


def test_any_replicate_is_watched_by_its_number():
    page = opened(n="100", steps="100", **TWO)
    page.number_input(key="watched").set_value(37).run()
    button = page.button(key="watch-replicate-2")
    assert button.label == "Replicate: 37"
    button.click().run()
    assert not page.exception
    assert (page.session_state["scenario"].replicate, page.session_state["view"].arm) == (37, 2)


# The fair fight


def test_the_fair_fight_names_its_seeds_and_shows_both_answers_beside_each_other():
    page = opened(n="100", steps="100", **TWO)
    for purpose in Purpose:
        assert f"{seed_for(1, purpose):,}" in html_of(page)
    assert "Each tuned" not in words_of(page)
    page.button(key="fair-fight").click().run()
    assert not page.exception
    words = words_of(page)
    assert "Same peak: 0.02 for all" in words
    # Two arms that differ in nothing but the rate are one and the same as soon as both have one rate, or both the best.
    assert words.count("Median difference Low − High: 0 dex") + words.count("Median difference High − Low: 0 dex") == 2
    same, tuned = (page.session_state["fair-fight-result"][1].same, page.session_state["fair-fight-result"][1].tuned)
    assert {same.scenario.seed, tuned.scenario.seed} == {seed_for(1, Purpose.EVALUATION)}
    assert sum("by-rate" in chart for chart in charts_of(page)) == 2


@pytest.mark.slow
def test_a_fight_of_another_scenario_is_not_shown():
    page = opened(n="100", steps="100", **TWO)
    page.button(key="fair-fight").click().run()
    page.button_group(key="n").set_value("200").run()
    assert "Each tuned" not in words_of(page)
    page.button_group(key="n").set_value("100").run()
    assert "Each tuned" in words_of(page)


def test_a_fight_whose_processes_are_lost_is_answered_with_a_sentence(monkeypatch):
    def lost(*_, **__):
        raise WorkerLost("Two processes ended.")

    monkeypatch.setattr(compare_page, "fair_fight", lost)
    page = opened(n="100", steps="20", **TWO)
    page.button(key="fair-fight").click().run()
    assert not page.exception
    assert [error.value for error in page.error] == ["Two processes ended."]
    assert not page.button(key="fair-fight").disabled


def test_a_crowd_whose_processes_are_lost_is_answered_with_a_sentence(monkeypatch):
    class Losing(Executor):
        def submit(self, *_, **__):
            failed = Future()
            failed.set_exception(WorkerLost("Two processes ended."))
            return failed

    monkeypatch.setattr(compare_page, "SHARED", Losing())
    page = opened(n="1000", steps="20", **TWO)
    assert [error.value for error in page.error] == ["Two processes ended."]
