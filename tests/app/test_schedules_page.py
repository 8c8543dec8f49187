"""The Schedules page as a session sees it, without a browser."""

import base64
import json
import math
from html import escape
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.export import FRAMEWORKS, checked_against, export_code
from lr_explorer.optimizers import OPTIMIZERS
from lr_explorer.registry import documentation
from lr_explorer.scenario import MAX_ARMS, RATES
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.training import SCALINGS, UNITS, Training
from lr_explorer.ui import cards, schedules_page, schedules_sections, state

ROOT = Path(__file__).parents[2]
CONTROLLERS = [name for name, cls in RATES.items() if not issubclass(cls, Schedule)]


def opened(**query: str) -> AppTest:
    """Open the page as the first one of a session."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update({key.replace("__", "."): value for key, value in query.items()})
    page.switch_page("pages/2_Schedules.py").run()
    assert not page.exception
    return page


def scenario_of(page):
    return page.session_state["scenario"]


def words_of(page):
    """Return what is read on the page, without the marks that keep it literal."""
    elements = (*page.markdown, *page.warning, *page.info, *page.success, *page.error)
    return " ".join(element.value for element in elements).replace("\\", "")


def html_of(page):
    return " ".join(element.proto.body for element in page.get("html"))


def array(value):
    """Return a figure's numbers, which travel as base64 where they are many."""
    if isinstance(value, dict):
        return np.frombuffer(base64.b64decode(value["bdata"]), dtype=np.dtype(value["dtype"]))
    return np.array([math.nan if number is None else number for number in value])


def curves_of(page):
    """Return what the large figure shows: positions and rates by name."""
    chart = next(chart for chart in page.get("plotly_chart") if "curves" in chart.proto.id)
    return {trace["name"]: (array(trace["x"]), array(trace["y"])) for trace in json.loads(chart.proto.spec)["data"]}


# Gallery.


def test_every_schedule_is_in_the_gallery_with_its_picture_formula_and_advice():
    page = opened()
    headings, words = {heading.value for heading in page.subheader}, words_of(page)
    pictures = [element.proto.body for element in page.get("html")]
    for cls in SCHEDULES.values():
        assert cls.label in headings
        assert documentation(cls) in words
        assert cls.source in words
        assert cls.use_when
        assert cls.use_when in words
        assert cls.watch_for
        assert cls.watch_for in words
        assert all(equation.replace("\\", "") in words for equation in cards.equations(cls.formula))
        assert any(f'alt="{escape(cls.label)}. ' in picture for picture in pictures)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("WSD", {"wsd"}),
        ("milestones", {"multistep"}),
        ("  ", set(RATES)),
        ("bert", {"linear"}),
        ("plateau", {"step", "tanh", "greedy", "reduce_on_plateau"}),
        ("no such thing", set()),
    ],
)
def test_the_search_finds_names_texts_and_parameters(words, names):
    found = set(schedules_sections.found(words, ()))
    assert names <= found
    assert found or not names
    page = opened()
    page.text_input(key="search").set_value(words).run()
    assert {heading.value for heading in page.subheader} == {RATES[name].label for name in found}


def test_the_filter_leaves_one_kind():
    page = opened()
    page.button_group(key="families").set_value(["Cycles"]).run()
    assert {heading.value for heading in page.subheader} == {cls.label for cls in SCHEDULES.values() if cls.family == "Cycles"}


# One of each family by default, and all of them in CI's second round.
_FIRST = {cls.family: name for name, cls in reversed(list(SCHEDULES.items())) if name != "cosine"}.values()


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in _FIRST else pytest.mark.slow) for name in SCHEDULES if name != "cosine"])
def test_one_click_puts_a_schedule_into_the_arm_and_stays_on_the_page(name):
    page = opened()
    before = scenario_of(page).arms
    page.button(key=f"put-{name}").click().run()
    assert not page.exception
    after = scenario_of(page).arms
    assert type(after[0].schedule).name == name
    assert after[0].schedule.peak == before[0].schedule.peak
    assert after[1:] == before[1:]
    assert "This is arm 1's schedule." in words_of(page)
    assert SCHEDULES[name].label in {heading.value for heading in page.subheader}


def test_it_goes_into_the_chosen_arm():
    page = opened()
    page.button_group(key="arm").set_value(2).run()
    page.button(key="put-wsd").click().run()
    assert [type(arm.schedule).name for arm in scenario_of(page).arms] == ["cosine", "constant", "wsd"]


# Curves.


def test_the_curves_are_the_schedules_values_at_one_peak_and_budget():
    page = opened(arm1__schedule="cosine", arm1__schedule__peak="0.3", steps="123", overlay=",".join(SCHEDULES))
    curves = curves_of(page)
    assert len(curves) == 1 + len(SCHEDULES)
    for name, cls in SCHEDULES.items():
        np.testing.assert_array_equal(curves[cls.label][0], np.arange(123))
        np.testing.assert_array_equal(curves[cls.label][1], SCHEDULES.create(name, peak=0.3).values(123))


def test_the_arms_are_drawn_as_they_are_or_at_one_peak():
    page = opened()
    arms = scenario_of(page).arms
    curves = curves_of(page)
    for number, arm in enumerate(arms, 1):
        np.testing.assert_array_equal(curves[f"{number} · {arm.name}"][1], arm.schedule.values(500))
    page.toggle(key="same_peak").set_value(True).run()
    assert {values[1].max() for values in curves_of(page).values()} == {arms[0].schedule.peak}


def test_curves_can_be_added_and_are_part_of_the_link():
    page = opened(overlay="none")
    assert len(curves_of(page)) == 1
    page.multiselect(key="overlay").set_value(["arm2", "linear"]).run()
    assert set(curves_of(page)) == {"1 · Cosine", "2 · Constant, high", "Linear decay"}
    assert page.session_state["view"].overlay == "arm2,linear"


def test_an_unknown_curve_in_a_link_is_named_and_the_rest_is_drawn():
    page = opened(overlay="linear,moon")
    assert "'moon'" in words_of(page)
    assert "Linear decay" in curves_of(page)


@pytest.mark.parametrize(("unit", "factor"), [("step", 1.0), ("epoch", 1 / 5), ("sample", 20.0), ("token", 20.0 * 7)])
def test_the_axis_counts_in_every_unit(unit, factor):
    page = opened(training__samples="100", training__batch="10", training__accumulation="2", training__sequence="7", overlay="none", axis=unit)
    assert set(UNITS) == {"step", "epoch", "sample", "token"}
    (x, _), *_ = curves_of(page).values()
    np.testing.assert_allclose(x, np.arange(500) * factor, rtol=1e-15)


def test_a_training_run_sets_the_length_and_how_the_schedule_is_advanced():
    page = opened(arm1__schedule="linear", arm1__schedule__peak="1.0", overlay="none", budget="training", training__batches="1000",
                  training__accumulation="4", training__epochs="1", training__total="1000")  # fmt: skip
    ((_, lr),) = curves_of(page).values()
    assert len(lr) == 250
    assert lr[-1] == pytest.approx(0.751)
    assert "total counts batches" in words_of(page)


def test_a_logarithmic_axis_marks_a_first_rate_of_zero():
    page = opened(arm1__schedule="linear", arm1__schedule__warmup="4", overlay="none")
    page.toggle(key="log").set_value(True).run()
    curves = curves_of(page)
    assert list(curves["1 · Arm 1: exactly 0"][0]) == [0]
    assert math.isnan(curves["1 · Arm 1"][1][0])
    assert "exactly 0" in words_of(page)


def test_the_table_tells_the_sum_the_first_the_peak_the_last_and_the_zeros():
    page = opened(arm1__schedule="linear", arm1__schedule__peak="1.0", arm1__schedule__warmup="4", steps="10", overlay="none")
    told = html_of(page)
    for cell in ('<td class="number">5</td>', '<td class="number">0.167</td>', "1 of 10"):  # 0 + ¼ + ½ + ¾ + 1 + 5/6 + … + 1/6 = 5
        assert cell in told


def test_a_name_that_looks_like_markup_is_shown_as_it_is():
    page = opened(arm1__name="<img src=x onerror=alert(1)>")
    assert "<img src=x" not in html_of(page)
    assert "&lt;img" in html_of(page)


@pytest.mark.parametrize("name", CONTROLLERS)
def test_a_controller_has_no_curve_and_says_so(name):
    page = opened(arm1__schedule=name)
    assert "decides the rate while the run goes on" in words_of(page)
    page.button_group(key="section").set_value("export").run()
    assert not page.exception


LONGER = {"budget": "training", "training__batches": "100", "training__epochs": "10"}


def test_a_formula_without_a_rate_somewhere_is_told():
    # Over the scenario's 500 steps this is a schedule; over a training run of 1,000 updates it is none.
    page = opened(arm1__schedule="lambda", arm1__schedule__expression="1 - t/600", overlay="none", **LONGER)
    assert "is negative" in words_of(page)


def test_the_arm_is_edited_with_the_playgrounds_menu():
    page = opened()
    page.selectbox(key="schedule").set_value("one_cycle").run()
    assert type(scenario_of(page).arms[0].schedule).name == "one_cycle"
    assert "overwrites" in words_of(page)


# Training units.


def test_the_run_is_told_in_batches_and_updates():
    page = opened(section="training", training__samples="55000", training__batch="32", training__epochs="10")
    assert "17,190 updates" in words_of(page)
    assert "1,719 per epoch" in words_of(page)
    page.button(key="steps-from-training").click().run()
    assert scenario_of(page).steps == 17_190


def test_a_run_that_the_playground_cannot_hold_keeps_the_scenarios_steps():
    assert "at most 20,000 steps" in words_of(opened(section="training", training__epochs="1000"))


def test_a_run_that_is_too_long_to_draw_is_told():
    page = opened(section="training", budget="training", training__samples="1000000000", training__epochs="100000")
    assert "too long to be drawn" in words_of(page)


@pytest.mark.parametrize(("scaling", "factor"), [("linear", 4), ("sqrt", 2)])
def test_another_batch_size_scales_the_peak_at_a_click(scaling, factor):
    page = opened(section="training", arm1__schedule="cosine", arm1__schedule__peak="0.05")
    assert scaling in SCALINGS
    page.number_input(key="new-batch").set_value(512).run()
    page.button_group(key="scaling").set_value(scaling).run()
    page.button(key="apply-batch").click().run()
    assert not page.exception
    assert scenario_of(page).arms[0].schedule.peak == pytest.approx(0.05 * factor)
    assert page.session_state["training"].batch == 512


def test_another_batch_size_takes_along_what_counts_updates():
    """1,024 for 128: 49 updates an epoch for 391, and 500 × 490/3,910 = 62.7 of warm-up."""
    page = opened(section="training", arm1__schedule="cosine", arm1__schedule__warmup="500", budget="training")
    page.number_input(key="new-batch").set_value(1024).run()
    assert "Warm-up 500 → 63" in words_of(page)
    page.button(key="apply-batch").click().run()
    assert scenario_of(page).arms[0].schedule.warmup == 63
    assert page.session_state["training"].updates == 490
    assert not page.warning


def test_a_given_number_of_updates_is_divided_by_the_batch_too():
    page = opened(section="training", training__max_steps="1000", budget="training")
    page.number_input(key="new-batch").set_value(1024).run()
    assert "from 1,000 to 125 updates" in words_of(page)
    page.button(key="apply-batch").click().run()
    assert page.session_state["training"].updates == 125


def test_the_training_run_survives_its_link():
    page = opened(training__epochs="7", training__stepped="epoch", section="training", budget="training", axis="token", log="true")
    assert page.session_state["training"] == Training(epochs=7, stepped="epoch")
    address = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-address")
    assert all(text in address.proto.json for text in ("training.epochs=7", "axis=token", "log=true", "section=training"))


def test_a_bad_training_value_in_a_link_is_named_and_the_rest_is_kept():
    page = opened(training__epochs="many", training__batch="64")
    assert any("training.epochs must be a whole number" in text.value for text in page.text)
    assert page.session_state["training"] == Training(batch=64)


def test_an_untouched_training_run_makes_no_link_longer():
    address = next(element for element in opened().get("bidi_component") if element.proto.component_name == "lrx-address")
    assert "training." not in address.proto.json


# Pasted configurations.

ARGUMENTS = "TrainingArguments(learning_rate=2e-5, lr_scheduler_type='cosine', warmup_steps=10, max_steps=200)"


def pasted(text):
    page = opened(section="paste")
    page.text_area(key="pasted").set_value(text).run()
    assert not page.exception
    return page


def test_a_pasted_configuration_becomes_an_arm_and_its_curve_is_drawn():
    page = pasted(ARGUMENTS)
    page.button(key="paste-add").click().run()
    arm = scenario_of(page).arms[-1]
    assert (arm.name, type(arm.schedule).name, arm.schedule.peak, arm.schedule.warmup) == ("cosine (Transformers)", "cosine", 2e-5, 10)
    assert scenario_of(page).steps == 200
    np.testing.assert_array_equal(curves_of(page)[f"4 · {arm.name}"][1], arm.schedule.values(200))


def test_a_pasted_optimizer_goes_along_with_its_schedule():
    page = pasted("opt = AdamW(p, lr=3e-4, weight_decay=0.1)\ns = get_linear_schedule_with_warmup(opt, 100, 1000)")
    page.button(key="paste-add").click().run()
    assert scenario_of(page).arms[-1].optimizer == OPTIMIZERS.create("adamw", weight_decay=0.1)
    assert page.session_state["training"].updates == 1000
    assert not page.warning
    page.button_group(key="section").set_value("export").run()
    assert "torch.optim.AdamW(" in page.code[0].value


def test_a_pasted_configuration_can_go_into_the_chosen_arm_and_leave_the_steps():
    page = pasted(ARGUMENTS)
    page.toggle(key="paste-steps").set_value(False).run()
    page.button(key="paste-put").click().run()
    assert len(scenario_of(page).arms) == 3
    assert scenario_of(page).arms[0].schedule.peak == 2e-5
    assert scenario_of(page).steps == 500


def test_a_pasted_text_is_still_there_after_a_look_elsewhere():
    page = pasted(ARGUMENTS)
    page.button_group(key="section").set_value("export").run()
    page.button_group(key="section").set_value("paste").run()
    assert page.text_area(key="pasted").value == ARGUMENTS
    page.switch_page("app.py").run()
    page.switch_page("pages/2_Schedules.py").run()
    assert page.text_area(key="pasted").value == ARGUMENTS
    page.text_area(key="pasted").set_value("").run()
    page.button_group(key="section").set_value("export").run()
    page.button_group(key="section").set_value("paste").run()
    assert page.text_area(key="pasted").value == ""


def test_what_was_understood_assumed_and_not_is_told():
    words = words_of(pasted("TrainingArguments(learning_rate=cfg.lr, output_dir='x')"))
    assert all(word in words for word in ("Understood", "Assumed", "50,000 samples", "Not understood", "`cfg.lr`", "output_dir"))


@pytest.mark.parametrize(("text", "sentence"), [
    ("colour: red", "None of these settings"), ("<script>alert(1)</script>", "Line 1"), ("x" * 200_000, "at most 100,000"),
    ("TrainingArguments(lr_scheduler_type='$x$')", "'$x$' is not known"),
])  # fmt: skip
def test_a_bad_text_is_answered_with_a_sentence(text, sentence):
    assert sentence in words_of(pasted(text))


def test_a_seventh_arm_is_not_offered():
    page = opened(section="paste", **{f"arm{number}__name": f"n{number}" for number in range(1, MAX_ARMS + 1)})
    page.text_area(key="pasted").set_value(ARGUMENTS).run()
    assert page.button(key="paste-add").disabled


# Export.


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_panel_shows_each_frameworks_code_and_what_it_was_checked_against(framework):
    page = opened(section="export", arm1__schedule="cosine", steps="100")
    page.button_group(key="framework").set_value(framework).run()
    assert not page.exception
    arm = scenario_of(page).arms[0]
    assert page.code[0].value == export_code(arm, 100, framework).strip()
    address = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-address")
    assert framework == "torch" or f"framework={framework}" in address.proto.json
    assert checked_against(arm.schedule, framework) in words_of(page)
    page.toggle(key="export-optimizer").set_value(False).run()
    assert page.code[0].value == export_code(arm.schedule, 100, framework).strip()


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_has_its_code_in_the_panel_or_a_sentence_why_not(name):
    page = opened(section="export", arm1__schedule=name)
    assert page.code or page.warning


def test_the_exported_schedule_is_as_long_as_the_run_that_is_drawn():
    page = opened(section="export", budget="training", training__batches="10", training__epochs="7")
    assert "over 70 steps" in words_of(page)


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_schedule_that_is_stepped_once_per_epoch_is_exported_so(framework):
    page = opened(section="export", budget="training", arm1__schedule="cosine", framework=framework, training__stepped="epoch", training__total="10")
    assert "over 10 epochs, the rate held for the 391 updates of each" in words_of(page)
    assert "updates_per_epoch" in page.code[0].value  # 10 epochs of 50,000 samples in batches of 128: 3,910 updates


def test_a_formula_without_rates_has_nothing_to_export():
    page = opened(section="export", arm1__schedule="lambda", arm1__schedule__expression="1 - t/600", **LONGER)
    assert "is negative" in words_of(page)
    assert not page.code


def test_a_schedule_that_is_too_long_is_not_written_out():
    assert "too long" in words_of(opened(section="export", budget="training", training__max_steps="1000000000000"))


# The page.


def test_the_sections_are_those_that_a_link_can_name():
    assert list(schedules_page._SECTIONS) == list(state.SECTIONS)


def test_the_page_carries_the_scenario():
    page = opened(steps="77", surface="himmelblau")
    assert scenario_of(page).steps == 77
    page.switch_page("app.py").run()
    assert scenario_of(page).steps == 77
