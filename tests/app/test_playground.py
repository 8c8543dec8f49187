"""The Playground as a session sees it, without a browser."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.wire import unpack
from lr_explorer.scenario import Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.simulate import simulate
from lr_explorer.ui import state
from lr_explorer.wrappers import WRAPPERS

ROOT = Path(__file__).parents[2]


def opened(**query: str) -> AppTest:
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update(query)
    return page.run()


def scenario_of(page: AppTest) -> Scenario:
    return page.session_state["scenario"]


def shown_run(page: AppTest) -> tuple[dict, dict]:
    """Return header and arrays of what the player was sent."""
    player = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-player")
    return unpack(player.proto.bytes)


def html_of(page: AppTest) -> str:
    return " ".join(element.proto.body for element in page.get("html"))


def warnings_of(page: AppTest) -> str:
    return " ".join([warning.value for warning in page.warning] + [text.value for text in page.text])


def test_the_first_visit_shows_the_default_scenario():
    page = opened()
    assert not page.exception
    assert scenario_of(page) == Scenario()
    assert not page.warning


def test_the_player_is_sent_what_the_simulation_computed():
    page = opened()
    header, arrays = shown_run(page)
    run = simulate(Scenario())
    assert [arm["name"] for arm in header["arms"]] == [arm.arm.name for arm in run.arms]
    for place, arm in enumerate(run.arms):
        assert arrays[f"x{place}"] == pytest.approx(arm.path[:, 0, 0], rel=1e-6, abs=1e-6)  # float32 on the wire
        assert arrays[f"lr{place}"] == pytest.approx(arm.lr, rel=1e-6)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_opens_with_its_claim_its_story_and_its_replicates(name):
    page = opened()
    page.pills(key="presets").set_value(name).run()
    assert not page.exception
    assert scenario_of(page) == PRESETS[name].scenario
    assert any(PRESETS[name].says in text.value for text in page.markdown)
    told = html_of(page)
    for arm in PRESETS[name].scenario.arms:
        assert arm.name.replace("&", "&amp;") in told
    if name == "wrong_way" or not PRESETS[name].scenario.is_random:
        assert any("Nothing is random here" in text.value for text in page.markdown)
    else:
        assert "of 200</strong>" in told


@pytest.mark.slow
@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_survives_its_link(name):
    link = PRESETS[name].scenario.to_query()
    page = opened(**link)
    assert not page.exception
    assert not page.warning
    assert scenario_of(page) == PRESETS[name].scenario


def test_a_preset_can_be_opened_by_its_name_alone():
    assert scenario_of(opened(preset="saddle")) == PRESETS["saddle"].scenario


def test_what_a_link_leaves_out_beside_a_presets_name_is_the_presets():
    scenario = scenario_of(opened(preset="settle", steps="50"))
    assert scenario == PRESETS["settle"].scenario.with_values(steps=50)


def test_a_changed_preset_says_so():
    page = opened()
    page.pills(key="presets").set_value("settle").run()
    page.button(key="reroll").click().run()
    assert any("changed it since" in text.value for text in page.markdown)


BAD_LINKS = {
    "unknown surface": ({"surface": "moon"}, "unknown surface 'moon'"),
    "not a number": ({"start.x": "nan"}, "start.x must be a number"),
    "out of range": ({"arm1.schedule": "cosine", "arm1.schedule.floor": "1e3"}, "arm1.schedule.floor must be between 0 and 1"),
    "decimal comma": ({"noise.sigma": "0,1"}, "noise.sigma must be a number"),
    "400 kB of text": ({"arm1.name": "x" * 400_000}, "arm1.name must be 1 to 40 printable characters"),
    "seven arms": ({f"arm{i}.name": f"arm {i}" for i in range(1, 8)}, "arm7 was left out"),
    "a key of nothing": ({"colour": "red"}, "'colour' is not a setting here"),
    "a script": ({"arm1.name": "<script>alert(1)</script>" * 3}, "arm1.name must be 1 to 40"),
    "a formula without a value": ({"arm1.schedule": "lambda", "arm1.schedule.expression": "1/t"}, "arm1.schedule"),
    "a page's key": ({"view": "4d"}, "view must be one of 2d, 3d"),
}


@pytest.mark.parametrize(("query", "sentence"), BAD_LINKS.values(), ids=BAD_LINKS)
def test_a_bad_link_opens_with_a_sentence_about_what_was_not_used_and_keeps_the_rest(query, sentence):
    page = opened(**query, steps="123", seed="7")
    assert not page.exception
    assert sentence in warnings_of(page)
    assert (scenario_of(page).steps, scenario_of(page).seed) == (123, 7)
    assert len(warnings_of(page)) < 5000


def test_complaints_can_be_dismissed():
    page = opened(surface="moon")
    page.button(key="dismiss").click().run()
    assert not page.warning


def test_another_surface_brings_its_own_parameters_and_start():
    page = opened()
    page.selectbox(key="surface").set_value("rosenbrock").run()
    scenario = scenario_of(page)
    assert type(scenario.surface).name == "rosenbrock"
    assert (scenario.start.x, scenario.start.y) == scenario.surface.start


def test_another_schedule_keeps_the_peak_and_the_warm_up():
    page = opened(**{"arm1.schedule": "cosine", "arm1.schedule.peak": "0.07", "arm1.schedule.warmup": "12"})
    page.selectbox(key="schedule").set_value("wsd").run()
    schedule = scenario_of(page).arms[0].schedule
    assert (type(schedule).name, schedule.peak, schedule.warmup) == ("wsd", 0.07, 12)


@pytest.mark.slow
def test_arms_can_be_added_duplicated_and_removed_up_to_six():
    page = opened(**{"arm1.name": "Only"})
    page.button(key="duplicate").click().run()
    assert [arm.name for arm in scenario_of(page).arms] == ["Only", "Only copy"]
    for _ in range(4):
        page.button(key="add").click().run()
    arms = scenario_of(page).arms
    assert len(arms) == 6
    assert len({arm.colour for arm in arms}) == 6
    assert page.button(key="add").disabled
    for _ in range(5):
        page.button(key="remove").click().run()
    assert len(scenario_of(page).arms) == 1
    assert page.button(key="remove").disabled


def test_arms_of_one_name_are_still_different_arms():
    page = opened(**{"arm1.name": "Twin", "arm2.name": "Twin", "arm2.schedule": "cosine"})
    page.button_group(key="arm").set_value(1).run()
    assert page.selectbox(key="schedule").value == "cosine"
    page.selectbox(key="schedule").set_value("linear").run()
    assert [type(arm.schedule).name for arm in scenario_of(page).arms] == ["constant", "linear"]


def test_one_switch_gives_all_arms_the_selected_peak():
    page = opened()
    page.toggle(key="one-peak").set_value(True).run()
    assert {arm.schedule.peak for arm in scenario_of(page).arms} == {Scenario().arms[0].schedule.peak}


def test_anatomy_sends_gradient_and_memory_of_the_chosen_arm():
    page = opened()
    page.selectbox(key="anatomy").set_value(2).run()
    header, arrays = shown_run(page)
    run = simulate(Scenario(), anatomy=True)
    assert header["anatomy"] == 1
    assert arrays["gradient"].reshape(2, -1)[0] == pytest.approx(run.arms[1].gradient[:, 0, 0], rel=1e-6, abs=1e-5)  # float32 on the wire


def test_the_address_holds_every_value_of_the_scenario_and_the_page():
    page = opened(steps="77", view="3d")
    address = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-address")
    assert "steps=77" in address.proto.json
    assert "view=3d" in address.proto.json
    assert all(key in address.proto.json for key in Scenario().to_query())


def test_a_re_roll_changes_the_seed_and_nothing_else():
    page = opened()
    page.button(key="reroll").click().run()
    scenario = scenario_of(page)
    assert scenario.with_values(seed=Scenario().seed) == Scenario()


def test_a_name_that_looks_like_markup_is_shown_as_it_is():
    page = opened(**{"arm1.name": "<img src=x onerror=alert(1)>"})
    assert "<img" not in html_of(page)
    assert "&lt;img" in html_of(page)


def test_another_optimizer_keeps_the_rate_and_offers_a_usual_one():
    page = opened(**{"arm1.schedule": "constant", "arm1.schedule.peak": "3.0"})
    page.selectbox(key="optimizer").set_value("rmsprop").run()
    assert scenario_of(page).arms[0].schedule.peak == 3.0
    page.button(key="usual-peak").click().run()
    assert scenario_of(page).arms[0].schedule.peak == type(scenario_of(page).arms[0].optimizer).suggested_peak


def test_what_stands_around_an_optimizer_is_chosen_from_menus_and_said_in_the_sentences():
    page = opened()
    assert page.selectbox(key="wrapper").options == [cls.label for cls in WRAPPERS.values()]
    page.selectbox(key="wrapper").set_value("lookahead").run()
    page.selectbox(key="clipping").set_value("norm").run()
    assert not page.exception
    arm = scenario_of(page).arms[0]
    assert (arm.wrapper.name, arm.clipping.name) == ("lookahead", "norm")
    assert "Its gradient was clipped in" in html_of(page)
    assert "Drift from the start" not in html_of(page)
    state_of_freezing = opened(**{"arm1.freeze_x": "true", "arm1.unfreeze_at": "40"})
    assert "along x, frozen until step 40;" in html_of(state_of_freezing)


def test_an_optimizer_that_a_wrapper_does_not_suit_is_refused_with_the_reason():
    page = opened(**{"arm1.wrapper": "sam"})
    page.selectbox(key="optimizer").set_value("lbfgs").run()
    assert scenario_of(page).arms[0].optimizer.name == "sgd"
    assert "SAM needs an optimizer that steps by the gradient that it is handed; got L-BFGS" in warnings_of(page)


def test_an_optimizer_with_noise_of_its_own_makes_replicates_differ():
    quiet = {"noise.sigma": "0.0", "arm1.optimizer": "sgld"}
    assert any("200 draws" in text.value for text in opened(**quiet).markdown)
    assert any("Nothing is random here" in text.value for text in opened(**(quiet | {"arm1.optimizer": "sgd"})).markdown)


def test_a_refused_edit_is_told_and_changes_nothing():
    def script():
        import streamlit as st

        from lr_explorer.ui import state

        state.scenario()
        state.edit({"steps": "many"})
        st.text(state.take_refusal())

    page = AppTest.from_function(script).run()
    assert "steps must be a whole number" in page.text[0].value
    assert scenario_of(page) == Scenario()


def test_a_text_that_is_refused_stays_in_its_field_until_something_is_changed():
    def script():
        import streamlit as st

        from lr_explorer.scenario import Scenario
        from lr_explorer.ui import state
        from lr_explorer.ui.parts import rows

        state.scenario()
        st.session_state.scenario = Scenario.from_query({"arm1.schedule": "lambda", "arm1.schedule.expression": "0.5^floor(t/30)"})
        for text in ("x", "1 - t/T"):
            state.edit({"arm1.schedule.expression": text})
            schedule = state.scenario().arms[0].schedule
            (row,) = (row for row in rows("arm1.schedule", schedule) if row["key"].endswith("expression"))
            st.json({"text": row["text"], "refused": row.get("refused"), "refusal": state.take_refusal()})

    refused, accepted = (json.loads(element.value) for element in AppTest.from_function(script).run().json)
    assert refused["text"] == "0.5^floor(t/30)"
    assert refused["refused"]["text"] == "x"
    assert refused["refused"]["says"].startswith("Formula must be a formula of t, T: ")
    assert "was used" not in refused["refusal"]
    assert accepted == {"text": "1 - t/T", "refused": None, "refusal": ""}


def test_a_preset_can_be_taken_back():
    page = opened(steps="77")
    page.pills(key="presets").set_value("saddle").run()
    assert scenario_of(page) == PRESETS["saddle"].scenario
    page.button(key="undo").click().run()
    assert scenario_of(page).steps == 77
    assert not any(button.key == "undo" for button in page.button)


def test_an_arm_that_is_called_after_its_schedule_is_called_after_the_next_one():
    page = opened()
    page.selectbox(key="schedule").set_value("one_cycle").run()
    assert scenario_of(page).arms[0].name == SCHEDULES["one_cycle"].label
    named = opened(**{"arm1.name": "Mine", "arm1.schedule": "cosine"})
    named.selectbox(key="schedule").set_value("linear").run()
    assert scenario_of(named).arms[0].name == "Mine"


def test_the_selected_arm_is_part_of_the_link():
    page = opened(arm="2")
    assert page.session_state["arm"] == 1
    address = next(element for element in page.get("bidi_component") if element.proto.component_name == "lrx-address")
    assert "&arm=2&" in f"&{address.proto.json}&"


def test_the_page_keys_are_not_the_scenarios():
    keys = [*Scenario().to_query(), *(prefix + name for prefix, added in state.ADDED for name in added.params())]
    assert len(set(keys)) == len(keys)


def test_another_surface_ends_the_mini_batches_of_data_that_it_has_not_and_says_so():
    page = opened(surface="iris_logistic", noise="minibatch", **{"noise.size": "9"})
    assert scenario_of(page).noise.size == 9
    page.selectbox(key="surface").set_value("beale").run()
    assert not page.exception
    assert type(scenario_of(page).surface).name == "beale"
    assert scenario_of(page).noise.is_silent
    assert "minibatch needs a surface with data" in page.warning[0].value
    assert "gaussian was used" in page.warning[0].value


def test_mini_batches_cannot_be_chosen_where_there_is_no_data():
    page = opened()
    page.selectbox(key="noise").set_value("minibatch").run()
    assert not page.exception
    assert scenario_of(page) == Scenario()
    assert "minibatch needs a surface with data" in page.warning[0].value
    page.selectbox(key="surface").set_value("iris_regression").run()
    page.selectbox(key="noise").set_value("minibatch").run()
    assert not page.warning
    assert type(scenario_of(page).noise).name == "minibatch"


def test_the_batch_schedule_of_an_arm_is_chosen_with_the_schedule_it_follows():
    page = opened()
    page.selectbox(key="batch").set_value("matched").run()
    page.selectbox(key="batch-of").set_value("step").run()
    assert not page.exception
    assert type(scenario_of(page).arms[0].batch.of).name == "step"
