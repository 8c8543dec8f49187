"""The claims lab as a session sees it, without a browser."""

from dataclasses import replace
from html import escape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.claims import CLAIMS, Claim
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.experiments.task_matrix import SIZES, Size, task_matrix
from lr_explorer.experiments.tasks import TASKS
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.statistics import Status
from lr_explorer.story import told
from lr_explorer.ui import lab, state
from tests.app.test_compare_page import html_of, link_of, words_of

ROOT = Path(__file__).parents[2]
# What stands on the page as soon as something has been run.
RESULTS = ("Supported", "Refuted", "Reversed", "Inconclusive", "interval", "Why", "counter-example", "restored", "typical run", "expected")


def opened(**query: str) -> AppTest:
    """Open the page as the first one of a session."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update(query)
    page.switch_page("pages/4_Claims.py").run()
    assert not page.exception
    return page


def pressed(page, key):
    """Press a button and hand the page on."""
    page.button(key=key).click().run()
    assert not page.exception
    return page


def shown(**query: str) -> AppTest:
    """Open an experiment and ask to see it without a prediction."""
    return pressed(opened(**query), "predict-nothing")


def everything_on(page):
    """Return all text of the page, headings, labels and alternative texts of charts included."""
    labels = [element.label for kind in ("button", "button_group", "selectbox", "expander", "number_input") for element in getattr(page, kind)]
    charts = [str(chart.proto) for chart in page.get("plotly_chart")]
    return " ".join([words_of(page), html_of(page).rpartition("</style>")[2], *labels, *charts])


@pytest.fixture
def only(monkeypatch):
    """Let M1 have nothing but one experiment, which costs little."""

    def put(experiment):
        claim = CLAIMS["M1"]
        alone = Claim(claim.id, claim.label, claim.says, claim.question, (experiment,), claim.wording)
        for claims in (CLAIMS, lab.CARDS):
            monkeypatch.setitem(claims, "M1", alone)
        return experiment

    return put


# The overview


def test_the_overview_has_every_claim_with_what_it_says():
    page = opened()
    for claim in CLAIMS.values():
        label = page.button(key=f"tile-{claim.id}").label.replace("\\", "")
        assert claim.id in label
        assert claim.says in label
    pressed(page, "tile-M2")
    assert page.button_group(key="claim").value == "M2"
    assert "claim=M2" in link_of(page)
    assert not [button for button in page.button if button.key == "tile-M1"]


# Those that open alike are left to CI's second round.
@pytest.mark.parametrize("name", [name if name in ("M1", "E2") else pytest.param(name, marks=pytest.mark.slow) for name in lab.CARDS])
def test_every_card_opens_cold_by_its_link_and_shows_nothing_before_a_prediction(name):
    page = opened(claim=name)
    claim = CLAIMS[name]
    words = everything_on(page)
    assert claim.says in words
    assert claim.question in words
    for word in RESULTS:
        assert word not in words
    assert not page.get("plotly_chart")
    assert {button.label.replace("\\", "") for button in page.button} >= set(claim.experiments[0].outcomes.values())
    # What presets are called tells what comes out.
    assert not any(preset.label in words for preset in PRESETS.values())
    # Claims whose wording is wrong say so only once the reader has seen that it is.
    assert not claim.wording or claim.wording not in words


# The prediction and the verdict


def test_the_right_prediction_and_a_wrong_one_are_told_from_each_other():
    right = pressed(opened(claim="M2"), "predict-supported")
    assert "You predicted: “Constant more often”. **That is right.**" in words_of(right)
    wrong = pressed(opened(claim="M2"), "predict-refuted")
    assert "You predicted: “Both about as often”. **It came out otherwise.**" in words_of(wrong)


def test_a_prediction_is_kept_for_the_session():
    page = pressed(opened(claim="M2"), "predict-refuted")
    page.button_group(key="claim").set_value("E2").run()
    pressed(page, "predict-nothing")
    assert "You predicted" not in words_of(page)
    page.button_group(key="claim").set_value("M2").run()
    assert "You predicted: “Both about as often”" in words_of(page)


def test_where_a_prediction_is_asked_it_says_how_long_it_is_kept():
    for page in (opened(claim="M2"), opened(claim="E6")):
        assert "Your prediction is kept until you reload the page" in words_of(page)
    assert "reload" not in words_of(pressed(page, "predict-nothing"))


def test_the_marks_on_the_typical_run_are_named_and_so_are_the_rates_of_layers():
    page = shown(claim="E3")
    html = html_of(page)
    for name in ("circle of all starts", "start", "lowest minimum"):
        assert f"{name}</span>" in html
    assert "saddle</span>" not in html
    tuned = [curve.arm for curve in CLAIMS["E3"]["layers"].result(0).curves]
    assert tuned[1].rate_x != 1
    assert any(f"× ({told(tuned[1].rate_x)}, {told(tuned[1].rate_y)})" in box.label for box in page.expander)


def test_the_verdict_is_that_of_the_runs():
    page = shown(claim="M1", experiment="same_peak", lab_seed="7")
    scenario = CLAIMS["M1"]["same_peak"].scenarios[0].with_values(seed=7)
    one, other = (arm.final_loss for arm in simulate(scenario, 400).arms)
    median = np.median(np.log10(one) - np.log10(other))
    assert f"Median difference Constant − Cosine: {median:.3g} dex" in html_of(page)
    assert "400 pairs" in html_of(page)


@pytest.mark.parametrize(("sigma", "count"), [("0.5", 100), ("0.05", 150)])
def test_the_card_tells_the_numbers_of_the_experiment_that_there_is(only, sigma, count):
    original = CLAIMS["M1"]["same_peak"]
    changed = original.with_scenarios([original.scenarios[0].edited({"noise.sigma": sigma, "steps": "100"})])
    only(replace(changed, count=count, says="Something else ends lower", label="Another experiment"))
    page = shown(claim="M1")
    one, other = (arm.final_loss for arm in simulate(changed.scenarios[0].with_values(seed=0), count).arms)
    assert f"{np.median(np.log10(one) - np.log10(other)):.3g} dex" in html_of(page)
    assert f"{count} pairs" in html_of(page)
    assert f"Noise σ {sigma}; 100 updates; {count} replicates of each arm" in words_of(page)


@pytest.mark.slow
def test_another_seed_is_another_run_of_the_same_experiment():
    page = shown(claim="M1", experiment="same_peak")
    before = html_of(page)
    page.number_input(key="lab_seed").set_value(3).run()
    assert not page.exception
    assert "lab_seed=3" in link_of(page)
    assert html_of(page) != before
    assert html_of(page).count("Supported") == before.count("Supported")


@pytest.mark.slow
def test_an_experiment_that_comes_out_otherwise_than_expected_says_so(only):
    only(replace(CLAIMS["M1"]["same_peak"], expected=Status.REVERSED, count=100))
    assert "Expected was **reversed**" in words_of(shown(claim="M1"))


# The knob


def test_turning_the_noise_off_overturns_the_first_claim():
    page = pressed(opened(claim="M1"), "predict-supported")
    assert "Supported" in html_of(page)
    page.select_slider(key="knob").set_value("0").run()
    assert not page.exception
    verdict = html_of(page).rpartition('<p class="lrx-verdict">')[2]
    assert "Reversed" in verdict.partition("</p>")[0]
    assert "knob=0" in link_of(page)
    assert "You predicted: “Cosine ends lower”, for Noise σ 1." in words_of(page)
    # The list tells of the experiment as it comes.
    assert "Supported" in html_of(page)


def test_a_link_with_the_knob_turned_asks_about_that():
    page = opened(claim="M2", knob="0.19")
    assert page.session_state["lab"].knob == "0.19"
    pressed(page, "predict-refuted")
    assert "Both about as often”. **That is right.**" in words_of(page)


@pytest.mark.parametrize("experiment", [one for claim in lab.CARDS.values() for one in claim.experiments if one.knob], ids=lambda one: one.name)
def test_a_knob_stands_at_the_value_that_the_experiment_has(experiment):
    if experiment.stands is not None:
        assert lab.turned(experiment, lab.usual_knob(experiment)) is experiment
        assert experiment.turned(experiment.stands).scenarios == experiment.scenarios


# The link


def test_bad_values_of_a_link_are_named_and_the_rest_is_kept():
    words = words_of(opened(claim="M1", experiment="no_such", knob="7", steps="300", lab_seed="-1"))
    assert "claim M1 has no experiment 'no_such'" in words
    assert "tuned was used" in words
    assert "knob must be one of 0, 0.01, 0.03, 0.1, 0.3, 1, 3; got '7'; 1 was used." in words
    assert "lab_seed must be between 0 and 999999; got -1; 0 was used." in words
    page = opened(claim="M12", experiment="tuned", knob="1", origin="M1.nothing", steps="300")
    assert "claim must be one of all, M1" in words_of(page)
    assert "experiment needs a claim of M1, M2, M3, M4, M5, E1, E2, E3, E4, E5; it was left out." in words_of(page)
    assert "origin must name an experiment, such as M1.tuned; got 'M1.nothing'; none was used." in words_of(page)
    assert page.session_state["scenario"].steps == 300
    assert "knob is not in the experiment same_peak" in words_of(opened(claim="M1", experiment="same_peak", knob="3"))


def test_a_lab_that_nobody_opened_makes_no_link_longer():
    assert "lab_seed" not in link_of(opened())
    page = shown(claim="M2", knob="0.19", lab_seed="5")
    assert "claim=M2&experiment=stabilises&knob=0.19&lab_seed=5" in link_of(page)


# The other experiments of a claim


def test_all_experiments_of_a_claim_are_run_at_once_and_listed_with_their_verdicts():
    page = opened(claim="E2")
    assert "counter-example" not in words_of(page)
    pressed(page, "run-all")
    for experiment in CLAIMS["E2"].experiments[1:]:
        assert experiment.why in words_of(page)
    assert html_of(page).count("lrx-status") >= len(CLAIMS["E2"].experiments)
    assert words_of(page).count("A counter-example.") == 2
    pressed(page, "open-plateau")
    # It has been seen, so there is nothing left to predict.
    assert "Supported" in html_of(page).rpartition('<p class="lrx-verdict">')[2]


def test_a_counter_example_stands_beside_what_has_been_predicted_and_is_not_asked_any_more():
    page = opened(claim="E2")
    counter = CLAIMS["E2"]["low_rate"]
    assert counter.why not in words_of(page)
    pressed(page, "predict-supported")
    assert counter.why in words_of(page)
    pressed(page, "open-low_rate")
    assert "Refuted" in html_of(page).rpartition('<p class="lrx-verdict">')[2]
    assert "You predicted" not in words_of(page)


# Onward


@pytest.mark.slow
def test_the_typical_run_opens_in_the_playground_and_the_way_back_leads_to_the_card():
    page = shown(claim="M3")
    scenario = CLAIMS["M3"].experiments[0].result(0).typical
    pressed(page, "to-playground")
    assert page.session_state["scenario"] == scenario
    assert page.session_state["view"].origin == "M3.escape"
    page.switch_page("app.py").run()
    assert "M3 – Out of the shallow well" in words_of(page)
    pressed(page, "to-claim")
    assert page.session_state["lab"].experiment == "escape"
    page.switch_page("app.py").run()
    pressed(page, "undo")
    assert page.session_state["scenario"] == Scenario()


def test_a_link_that_names_an_experiment_and_nothing_else_opens_its_scenario():
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update({"origin": "M3.escape", "steps": "50"})
    page.run()
    assert page.session_state["scenario"] == CLAIMS["M3"]["escape"].scenarios[0].with_values(steps=50)


def test_a_preset_leads_to_the_card_of_its_claim():
    page = pressed(shown(claim="E2", experiment="plateau"), "to-playground")
    page.switch_page("app.py").run()
    page.button_group(key="presets").set_value("settle").run()
    assert page.session_state["view"].origin == lab.NONE
    pressed(page, "to-claim")
    assert (page.session_state["lab"].claim, page.session_state["lab"].experiment) == ("M1", "tuned")


def test_compare_judges_the_same_replicates_by_the_same_question():
    page = shown(claim="E2", experiment="out_of_flat")
    found = html_of(page)
    pressed(page, "to-compare")
    view = page.session_state["view"]
    assert (view.n, view.contender, view.baseline) == ("200", 1, 2)
    assert "Refuted" in found
    assert "η = 0.3 left the basin they started in more often than η = 0.02" in words_of(page)
    assert "200 pairs" in words_of(page)


@pytest.mark.slow
def test_compare_sees_the_tuned_peaks_on_the_evaluation_seed():
    page = pressed(shown(claim="M1"), "to-compare")
    scenario = page.session_state["scenario"]
    assert scenario.seed == seed_for(0, Purpose.EVALUATION)
    result = CLAIMS["M1"]["tuned"].result(0)
    assert [arm.schedule.peak for arm in scenario.arms] == [curve.peak for curve in result.curves]
    estimate = f"{result.verdict.estimate:.3g} dex"
    assert estimate in words_of(page)


def test_experiments_of_two_scenarios_play_either():
    page = shown(claim="E2")
    page.button_group(key="shown-run").set_value(1).run()
    assert not page.exception
    pressed(page, "to-playground")
    assert [arm.name for arm in page.session_state["scenario"].arms] == ["Runs from the flat well"]


def test_the_counts_of_compare_are_met_as_near_as_may_be():
    assert [state.nearest_count(count) for count in (60, 200, 300, 2400, 9000)] == ["100", "200", "200", "1000", "4000"]


# Many tasks at once


@pytest.mark.slow
def test_the_matrix_is_asked_every_question_once_a_prediction_is_made(monkeypatch):
    for task in set(TASKS) - {"noisy_bowl", "funnel"}:
        monkeypatch.delitem(TASKS, task)
    monkeypatch.setitem(SIZES, "small", Size(tuning=3, held_out=40, per_decade=2))
    page = opened(claim="E6")
    assert CLAIMS["E6"].question in words_of(page)
    assert not [button for button in page.button if button.key == "matrix-run"]
    pressed(page, "predict-refuted")
    assert "You predicted" not in words_of(page)
    pressed(page, "matrix-run")
    matrix = task_matrix(Size(tuning=3, held_out=40, per_decade=2), 1, tasks=tuple(TASKS))
    for name in ("depends", "no_champion", "habit", "alike"):
        verdict = CLAIMS["E6"][name].judged(matrix)
        asked = CLAIMS["E6"][name]
        says = f"{asked.says}: {told(verdict.estimate)} ({told(verdict.low)} to {told(verdict.high)}) {asked.effect}; margin {told(verdict.margin)}."
        assert escape(says) in html_of(page)
        reason = "Why" if verdict.status is asked.expected else "Why something else was expected"
        assert f"**{reason}:** {asked.why}" in words_of(page)
    assert "You predicted: “Yes, one is”" in words_of(page)


@pytest.mark.slow
def test_what_is_asked_of_the_matrix_survives_a_change_of_page():
    page = shown(claim="E6", **{"matrix.size": "full"})
    page.number_input(key="matrix-seed").set_value(7).run()
    assert "matrix.size=full&matrix.seed=7" in link_of(page)
    page.switch_page("pages/2_Schedules.py").run()
    assert not page.exception
    assert "matrix.size=full&matrix.seed=7" in link_of(page)
    page.switch_page("pages/4_Claims.py").run()
    assert not page.exception
    assert (page.button_group(key="matrix-size").value, page.number_input(key="matrix-seed").value) == ("full", 7)


@pytest.mark.slow
@pytest.mark.parametrize(("name", "experiment"), [(claim.id, one.name) for claim in lab.CARDS.values() for one in claim.experiments])
def test_every_experiment_is_shown_with_every_number_of_its_run(name, experiment):
    page = shown(claim=name, experiment=experiment)
    result = CLAIMS[name][experiment].result(0)
    assert escape(result.sentence.partition(". ")[2]) in html_of(page)
    assert len(page.get("plotly_chart")) == 1 + bool(result.curves) + len(result.experiment.pictures)
