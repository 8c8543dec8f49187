"""The Lesson page as a session sees it, without a browser: the teacher's side and the class's."""

import json
from html import escape
from io import BytesIO
from pathlib import Path
from unittest.mock import patch
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
import zxingcpp
from PIL import Image
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from lr_explorer import lessons
from lr_explorer.claims import CLAIMS
from lr_explorer.experiments.task_matrix import SIZES, Size
from lr_explorer.experiments.tasks import TASKS
from lr_explorer.figures.qr import qr_code
from lr_explorer.figures.wire import unpack
from lr_explorer.scenario import Scenario
from lr_explorer.statistics import Status
from lr_explorer.ui import matrix_section
from lr_explorer.ui.frame import PAGES

ROOT = Path(__file__).parents[2]
HOSTILE = '<img src=x onerror="alert(1)"> **bold** $x^2$ :red[no] [a](javascript:alert(1)) &lt; `code`'
FEW = {"steps": "40", "arm1.name": "One", "arm2.name": "Two", "arm2.schedule.peak": "0.02"}
FEW_QUERY = Scenario.from_query(FEW).to_query()
CLASS = {"lesson.audience": "class"}
ANSWERS = {"lesson.question": "Which is lower?", "lesson.answers": "One\nTwo\nNeither"}


def opened(query):
    """Open the page as the first one of a session."""
    page = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    page.query_params.update(query)
    page.switch_page("pages/5_Lesson.py").run()
    assert not page.exception
    return page


def words_of(page):
    elements = (*page.markdown, *page.warning, *page.text)
    return " ".join(element.value for element in elements).replace("\\", "")


def html_of(page):
    return " ".join(element.proto.body for element in page.get("html"))


def component(page, name):
    return next(element.proto for element in page.get("bidi_component") if element.proto.component_name == f"lrx-{name}")


def controls_of(page):
    """Return the keys and texts of the sliders and menus that the class has."""
    found = [json.loads(element.proto.json) for element in page.get("bidi_component") if element.proto.component_name == "lrx-controls"]
    return {item["key"]: item["text"] for one in found for item in one["items"]}


def hidden_of(page):
    return set(unpack(component(page, "player").bytes)[0]["hidden"])


def address_of(page):
    return dict(parse_qsl(json.loads(component(page, "address").json)["query"]))


def shared_of(page):
    """Return the link to hand out and its query."""
    link = json.loads(component(page, "share").json)["link"]
    return link, dict(parse_qsl(urlsplit(link).query, strict_parsing=True))


# The class


def test_a_class_sees_the_lesson_and_no_way_into_other_pages():
    page = opened(FEW | CLASS | {"lesson.title": "Today", "lesson.controls": "noise.sigma", "lesson.shows": "none"})
    assert "<h3>Today</h3>" in html_of(page)
    assert not page.get("page_link")
    assert not page.sidebar.children
    assert not [box.label for box in (*page.selectbox, *page.multiselect, *page.text_input, *page.text_area)]
    assert set(controls_of(page)) == {"noise.sigma"}
    assert hidden_of(page) == {"bar", "curves", "table", "start", "drop", "branch"}
    assert "200 replicates" not in words_of(page)
    assert not any(label in words_of(page) for label in PAGES.values())


def test_what_the_teacher_shows_is_shown_and_its_handles_go_with_its_controls():
    shows = {"lesson.shows": "play,curves,values,story,replicates", "lesson.controls": "start.x,start.y,arm2.drop_at"}
    page = opened(FEW | CLASS | shows)
    assert hidden_of(page) == {"branch"}
    header, _ = unpack(component(page, "player").bytes)
    # The figure's own handle drops the rate of the one arm whose drop may be moved.
    assert header["selected"] == 1
    assert "What 200 replicates did" in words_of(page)
    assert "What happened" in words_of(page)
    assert hidden_of(opened(FEW | CLASS | shows | {"lesson.controls": "start.x,seed"})) == {"start", "drop", "branch"}


def test_nothing_of_what_happens_is_shown_before_an_answer_is_chosen():
    page = opened(FEW | CLASS | ANSWERS | {"lesson.controls": "seed", "view": "3d"})
    assert hidden_of(page) == {"paths", "bar", "curves", "table", "start", "drop", "branch"}
    assert unpack(component(page, "player").bytes)[0]["view"] == "2d"
    assert not controls_of(page)
    assert "200 replicates" not in words_of(page)
    assert page.button(key="predict").disabled
    page.radio(key="answer").set_value(1).run()
    page.button(key="predict").click().run()
    assert not page.exception
    assert "You predicted **B: Two**" in words_of(page)
    assert "paths" not in hidden_of(page)
    assert set(controls_of(page)) == {"seed"}
    assert "What 200 replicates did" in words_of(page)
    # What was chosen is the session's own.
    assert "Two" not in {text for key, text in address_of(page).items() if not key.startswith(("arm", "lesson."))}
    page.button(key="predict-again").click().run()
    assert "paths" in hidden_of(page)


def test_a_hostile_question_is_shown_as_it_was_typed():
    page = opened(FEW | CLASS | {"lesson.question": HOSTILE, "lesson.title": HOSTILE[:60], "lesson.answers": f"{HOSTILE}\nNo"})
    assert f"<p>{escape(HOSTILE)}</p>" in html_of(page)
    assert f"<h3>{escape(HOSTILE[:60])}</h3>" in html_of(page)
    assert "<img" not in html_of(page)
    label, _ = page.radio(key="answer").options
    assert label.replace("\\", "") == f"A: {HOSTILE}"
    # What markdown would read as its own is behind a backslash.
    for sign in ("<", "*", "$", ":", "[", "`", "&"):
        assert label.count(f"\\{sign}") == f"A: {HOSTILE}".count(sign)


def test_what_a_class_changes_stands_in_its_link_beside_the_lesson_and_can_be_taken_back():
    link = FEW | CLASS | {"lesson.controls": "noise.sigma,seed", "changed.noise.sigma": "0.25"}
    page = opened(link)
    assert controls_of(page) == {"noise.sigma": "0.25", "seed": "1"}
    assert address_of(page)["changed.noise.sigma"] == "0.25"
    header, _ = unpack(component(page, "player").bytes)
    assert header["id"] == Scenario.from_query(FEW | {"noise.sigma": "0.25"}).link
    again = opened(address_of(page))
    assert not again.warning
    assert controls_of(again) == controls_of(page)
    page.button(key="change-back").click().run()
    assert controls_of(page)["noise.sigma"] == FEW_QUERY["noise.sigma"]
    assert not [key for key in address_of(page) if key.startswith("changed.")]
    page.session_state["refused"] = {"noise.sigma": "a lot"}
    assert "a lot" in component(page.run(), "controls").json
    page.session_state["changed"] = {"noise.sigma": "0.25"}
    page.run().button(key="change-back").click().run()
    assert "a lot" not in component(page, "controls").json


def test_what_cannot_be_used_of_a_lessons_link_is_named_and_the_rest_is_kept():
    page = opened(FEW | CLASS | {"lesson.title": "Kept", "lesson.controls": "seed,wheels", "changed.steps": "9", "lesson.wings": "2"})
    words = words_of(page)
    assert "lesson.controls: there is no 'wheels' here; it was left out." in words
    assert "changed.steps is no control of this lesson; it was left out." in words
    assert "'lesson.wings' is not a setting here and was left out." in words
    assert set(controls_of(page)) == {"seed"}
    assert "Kept" in html_of(page)
    assert page.session_state["scenario"].steps == 40


def test_a_class_can_open_everything_in_a_tab_of_its_own():
    page = opened(FEW | CLASS | {"lesson.controls": "noise.sigma", "changed.noise.sigma": "0.25"})
    (link,) = page.get("link_button")
    assert link.proto.url.startswith("./?")
    whole = Scenario.from_query(dict(parse_qsl(link.proto.url.removeprefix("./?"))))
    assert whole == Scenario.from_query(FEW).edited({"noise.sigma": "0.25"})
    # All that its whole link holds, but for the version, the arms' names and what can only be uploaded.
    count = len(whole.to_query().keys() - {"v", "arm1.name", "arm2.name"})
    assert f"Of the {count} controls of this scenario it has 1." in words_of(page)


def test_a_card_asks_first_then_gives_its_verdict_and_leads_to_no_other_page():
    page = opened(CLASS | {"lesson.scenario": "false", "lesson.cards": "M2.far_quadratic,M2.far_quartic", "lesson.shows": "knob"})
    claim = CLAIMS["M2"]
    assert claim.label in words_of(page)
    assert not page.get("page_link")
    assert not page.get("plotly_chart")
    assert len(page.pills(key="lesson-card").options) == 2
    page.pills(key="lesson-card").set_value("M2.far_quartic").run()
    supported = page.button(key="predict-supported")
    assert supported.label.replace("\\", "") == claim["far_quartic"].outcomes[Status.SUPPORTED]
    supported.click().run()
    assert not page.exception
    assert "You predicted" in words_of(page)
    assert claim["far_quartic"].run().status.value.capitalize() in html_of(page)
    assert page.number_input(key="lab_seed")
    assert not [button.key for button in page.button if button.key.startswith(("to-", "open-", "run-"))]
    assert (address_of(page)["claim"], address_of(page)["experiment"]) == ("M2", "far_quartic")
    # The same link opens the same card, to be predicted anew.
    again = opened(address_of(page))
    assert again.pills(key="lesson-card").value == "M2.far_quartic"
    assert again.button(key="predict-supported")


@pytest.mark.parametrize("shows", ["knob", "none"])
def test_the_matrix_of_tasks_is_a_card_that_leads_to_no_other_page(shows, monkeypatch):
    monkeypatch.setitem(SIZES, "small", Size(tuning=3, held_out=100, per_decade=2))
    monkeypatch.setattr(matrix_section, "SHARED", None)
    given = CLASS | {"lesson.scenario": "false", "lesson.cards": "M2.far_quartic,E6", "lesson.shows": shows, "matrix.seed": "3"}
    with patch.dict(TASKS, {task: TASKS[task] for task in ("noisy_bowl", "funnel")}, clear=True):
        page = opened(given)
        page.pills(key="lesson-card").set_value("E6").run()
        assert not [button for button in page.button if button.key == "matrix-run"]
        page.button(key="predict-supported").click().run()
        assert bool(page.number_input) == (shows == "knob")
        page.button(key="matrix-run").click().run()
        assert not page.exception
        assert "Who wins where" in words_of(page)
        assert not [button.key for button in page.button if button.key.startswith(("to-", "open-", "matrix-open"))]
        address = address_of(page)
        assert (address["claim"], address["matrix.seed"]) == ("E6", "3")
        again = opened(address)
        assert again.pills(key="lesson-card").value == "E6"
        assert "Predict first" in words_of(again)


def test_what_is_asked_of_the_tasks_is_in_the_lessons_link_only_where_they_are_a_card():
    for cards, has in (("M2.far_quartic,E6", True), ("M2.far_quartic", False)):
        _, link = shared_of(opened({"lesson.cards": cards, "lesson.scenario": "false", "matrix.one": "wsd", "matrix.size": "full"}))
        assert ({"matrix.one", "matrix.size"} <= link.keys()) == has


@pytest.mark.slow
def test_a_card_without_its_knob_has_neither_that_nor_the_seed():
    page = opened(CLASS | {"lesson.scenario": "false", "lesson.cards": "M2.warmed_up", "lesson.shows": "none"})
    page.button(key="predict-nothing").click().run()
    assert not page.exception
    assert page.get("plotly_chart")
    assert not page.number_input
    assert not page.select_slider


def test_a_change_that_no_control_of_the_lesson_offers_is_not_made():
    def page():
        from lr_explorer.ui import classroom, state

        state.scenario()
        classroom.change({"steps": "9", "seed": "5"})

    opened_by = AppTest.from_function(page)
    opened_by.query_params.update(CLASS | {"lesson.controls": "seed,noise.sigma"})
    opened_by.run()
    assert not opened_by.exception
    assert opened_by.session_state["changed"] == {"seed": "5"}


# The teacher


@pytest.fixture
def address(monkeypatch):
    """Where the browser says that the page is."""
    found = "https://lr.example.org/app/Lesson"
    monkeypatch.setattr(ContextProxy, "url", property(lambda self: found))
    return found


def test_a_lesson_is_put_together_and_its_code_leads_the_class_to_it(address):
    page = opened(FEW)
    page.text_input(key="lesson-title").set_value("Saddles").run()
    page.text_area(key="lesson-question").set_value("Who leaves first?\nWhy?").run()
    page.text_area(key="lesson-answers").set_value("The high rate\nThe low one\n").run()
    page.multiselect(key="lesson-controls").set_value(["arm2.schedule.peak", "noise.sigma"]).run()
    page.multiselect(key="lesson-shows").set_value(["play", "story"]).run()
    assert not page.exception
    link, query = shared_of(page)
    assert link.startswith(f"{address}?v=1&")
    image = np.array(Image.open(BytesIO(qr_code(link).files["png"])).convert("L"))
    assert [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)] == [link]
    # The preview is what the class gets.
    lesson = opened(query)
    assert not lesson.warning
    assert lesson.session_state["scenario"] == Scenario.from_query(FEW)
    assert lesson.session_state["lesson"] == lessons.Lesson(
        audience="class",
        title="Saddles",
        question="Who leaves first?\nWhy?",
        answers="The high rate\nThe low one",
        controls="arm2.schedule.peak,noise.sigma",
        shows="play,story",
    )
    assert lesson.radio(key="answer").options == page.radio(key="answer").options


@pytest.mark.slow
def test_the_teachers_own_address_brings_the_lesson_back_on_every_page():
    page = opened(FEW | {"lesson.question": "Kept?", "lesson.controls": "seed"})
    query = address_of(page)
    assert (query["lesson.question"], query["lesson.controls"]) == ("Kept?", "seed")
    assert "lesson.audience" not in query
    page.switch_page("app.py").run()
    assert address_of(page)["lesson.question"] == "Kept?"


def test_trying_the_preview_changes_neither_the_playgrounds_scenario_nor_the_link():
    page = opened(FEW | {"lesson.controls": "seed", "changed.seed": "9"})
    assert controls_of(page) == {"seed": "9"}
    assert page.session_state["scenario"].seed == 1
    for query in (address_of(page), shared_of(page)[1]):
        assert not [key for key in query if key.startswith("changed.")]


def test_the_card_that_was_tried_in_the_preview_is_not_the_one_that_the_link_opens():
    page = opened({"lesson.cards": "M2.far_quadratic,M2.far_quartic", "lesson.scenario": "false"})
    page.pills(key="lesson-card").set_value("M2.far_quartic").run()
    assert shared_of(page)[1]["lesson.cards"] == "M2.far_quadratic,M2.far_quartic"
    assert "experiment" not in shared_of(page)[1]


def test_what_cannot_be_a_question_is_refused_in_words_and_stays_where_it_was_typed():
    page = opened(FEW)
    page.text_area(key="lesson-question").set_value("tab\there").run()
    assert "Lesson.question must be 0 to 500 printable characters in at most 12 lines; got" in words_of(page)
    assert page.text_area(key="lesson-question").value == "tab\there"
    assert page.session_state["lesson"].question == ""
    page.text_area(key="lesson-answers").set_value("Only this").run()
    assert "answers must be at least two, one a line, or none; got one: 'Only this'" in words_of(page)
    assert page.session_state["lesson"].answers == ""
    page.text_area(key="lesson-answers").set_value("This\nThat").run()
    page.text_area(key="lesson-question").set_value("no tab here").run()
    assert not page.warning
    assert page.session_state["lesson"].question == "no tab here"


@pytest.mark.slow
def test_a_link_that_no_code_can_hold_is_offered_alone(address):
    arms = {f"arm{i}.schedule": "drawn" for i in range(1, 7)} | {
        f"arm{i}.schedule.points": ", ".join(f"{j / 49:.6f}:{(50 - j) / 50:.4f}" for j in range(50)) for i in range(1, 7)
    }
    page = opened(arms | {"steps": "40"})
    assert "too long for a QR code" in words_of(page)
    assert json.loads(component(page, "share").json)["code"] == ""
    assert not page.get("download_button")
    assert Scenario.from_query(shared_of(page)[1]).arms == page.session_state["scenario"].arms


@pytest.mark.parametrize(("where", "is_told"), [("http://localhost:8501/Lesson", True), ("http://192.168.1.7:8501/Lesson", False)])
def test_an_address_that_nobody_else_can_open_is_told(monkeypatch, where, is_told):
    monkeypatch.setattr(ContextProxy, "url", property(lambda self: where))
    assert ("works on this machine alone" in words_of(opened(FEW))) is is_told
