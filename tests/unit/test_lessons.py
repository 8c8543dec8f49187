"""A lesson is in its link and nowhere else: short enough for a QR code, and read back as it was."""

from io import BytesIO
from urllib.parse import parse_qsl, urlencode

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.qr import qr_code
from lr_explorer.lessons import CARDS, PARTS, Lesson, controls_of
from lr_explorer.links import Reader
from lr_explorer.scenario import Scenario
from tests.helpers import arm, scenarios, values_of

SCENARIO = Scenario()
CONTROLS = controls_of(SCENARIO)
KEYS = [f"lesson.{name}" for name in Lesson.params()] + ["changed.seed", "changed.", "changed.x"]
LINES = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), max_size=40)


def several(names, most=12):
    return st.lists(st.sampled_from(sorted(names)), max_size=most, unique=True)


@st.composite
def lessons(draw):
    """Draw a lesson about the default scenario."""
    made = Lesson(
        title=draw(values_of(Lesson.params()["title"])),
        question="\n".join(draw(st.lists(LINES, max_size=12))),
        answers="\n".join(draw(st.lists(LINES, max_size=6).filter(lambda lines: sum(map(bool, map(str.strip, lines))) != 1))),
        scenario=draw(st.booleans()),
    )
    for field, names in {"controls": CONTROLS, "shows": PARTS, "cards": CARDS}.items():
        made = made.with_chosen(field, draw(several(names)))
    return made


def read(query, scenario=SCENARIO):
    """Return the lesson, what a class has changed, and the complaints of a link."""
    reader = Reader(query)
    made = Lesson.read(reader, scenario)
    return made, made.read_changed(reader, scenario), reader.closing()


# The short link


@given(scenarios())
@settings(max_examples=8)
def test_a_scenario_survives_its_short_link_whatever_a_page_would_put_in_place_of_what_is_missing(scenario):
    query = scenario.to_brief_query()
    assert query.items() <= scenario.to_query().items()
    for fallback in (None, PRESETS["interpolation"].scenario):
        reader = Reader(query)
        assert Scenario.read(reader, fallback) == scenario
        assert reader.closing() == ()


def test_every_preset_fits_into_a_code_that_can_be_projected():
    made = Lesson(question="W" * 120, answers="The first\nThe second\nNeither")
    queries = [made.class_query(preset.scenario, {"preset": name}) for name, preset in PRESETS.items()]
    longest = max(map(urlencode, queries), key=len)
    assert qr_code(f"https://lr-explorer.example.org/Lesson?{longest}").is_readable_from_afar


def test_what_a_short_link_leaves_out_is_what_is_usual():
    query = Scenario(arms=(arm("cosine", peak=0.1, name="Only"), arm("constant", peak=0.2, momentum=0.9, name="Other"))).to_brief_query()
    assert {key: text for key, text in query.items() if key.startswith("arm")} == {
        "arm1.name": "Only",
        "arm1.schedule": "cosine",
        "arm2.name": "Other",
        "arm2.colour": "blue",
        "arm2.schedule.peak": "0.2",
        "arm2.optimizer.momentum": "0.9",
    }


# The lesson


def test_one_answer_is_no_choice_and_what_is_usually_empty_is_said_to_be_left_so():
    made, _, complaints = read({"lesson.title": "Kept", "lesson.answers": "Yes\n ", "lesson.question": "w" * 700})
    assert (made.title, made.answers, made.question) == ("Kept", "", "")
    too_long, too_few = complaints
    assert too_long.endswith(" (700 characters); it was left empty.")
    assert too_few == "answers must be at least two, one a line, or none; got one: 'Yes'; lesson.answers kept the default."


@given(lessons(), st.booleans())
@settings(max_examples=15)
def test_a_lesson_survives_the_address_bar(made, is_changed):
    wanted = {key: CONTROLS[key].param.format(CONTROLS[key].value) for key in made.chosen("controls")} if is_changed else {}
    link = urlencode(made.class_query(SCENARIO, {}) | Lesson.changed_query(wanted), safe=",:*")
    query = dict(parse_qsl(link, strict_parsing=True))
    reader = Reader(query)
    scenario = Scenario.read(reader)
    back = Lesson.read(reader, scenario)
    assert (back, scenario) == (made.with_values(audience="class"), SCENARIO)
    assert back.read_changed(reader, scenario) == wanted
    assert reader.closing() == ()


def test_a_lesson_that_nobody_began_adds_nothing_to_a_link():
    assert Lesson().to_query() == {}
    assert read({}) == (Lesson(), {}, ())


def test_names_that_are_not_here_are_told_one_by_one_and_the_others_kept():
    query = {"lesson.controls": "noise.sigma, arm9.schedule.peak,seed", "lesson.shows": "curves,moon", "lesson.cards": "M1.tuned,M1.no_such,Z9.x"}
    made, _, complaints = read(query | {"lesson.title": "Kept"})
    assert made.chosen("controls") == ("noise.sigma", "seed")
    assert made.chosen("shows") == ("curves",)
    assert made.chosen("cards") == ("M1.tuned",)
    assert made.title == "Kept"
    assert complaints == (
        "lesson.controls: there is no 'arm9.schedule.peak' here; it was left out.",
        "lesson.shows: there is no 'moon' here; it was left out.",
        "lesson.cards: there is no 'M1.no_such' here; it was left out.",
        "lesson.cards: there is no 'Z9.x' here; it was left out.",
    )


@pytest.mark.parametrize(
    ("key", "text", "rule"),
    [
        ("title", "", "must be 1 to 80 printable characters"),
        ("question", "x" * 501, "must be 0 to 500 printable characters in at most 12 lines"),
        ("question", "\n" * 12, "must be 0 to 500 printable characters in at most 12 lines"),
        ("question", "right\u202eto left", "must be 0 to 500 printable characters in at most 12 lines"),
        ("answers", "a\nb\nc\nd\ne\nf\ng", "must be 0 to 600 printable characters in at most 6 lines"),
        ("audience", "everyone", "must be one of teacher, class"),
        ("scenario", "yes", "must be true or false"),
    ],
)
def test_a_bad_value_is_named_and_replaced_by_its_default(key, text, rule):
    made, _, (complaint,) = read({f"lesson.{key}": text, "lesson.controls": "seed"})
    assert complaint.startswith(f"lesson.{key} {rule}; got ")
    assert made == Lesson(controls="seed")


@given(
    st.dictionaries(st.sampled_from([f"lesson.{name}" for name in Lesson.params()] + ["changed.seed", "changed.", "changed.x"]), st.text(max_size=60))
)
@settings(max_examples=20)
def test_any_text_is_read_without_an_error(query):
    made, changed, complaints = read(query)
    assert read(made.to_query())[0] == made
    assert set(changed) <= {"seed"}
    assert all(len(complaint) < 2000 for complaint in complaints)


def test_a_class_changes_its_controls_and_nothing_else():
    query = {"lesson.controls": "noise.sigma,seed,arm*.optimizer", "changed.noise.sigma": "0.5", "changed.steps": "20", "changed.seed": "x"}
    _, changed, complaints = read(query | {"changed.arm*.optimizer": "adam"})
    assert changed == {"noise.sigma": "0.5", "arm*.optimizer": "adam"}
    assert complaints == (
        "changed.steps is no control of this lesson; it was left out.",
        "changed.seed: seed must be a whole number such as 100; got 'x'; the lesson's own value was kept.",
    )
    after = SCENARIO.edited(changed)
    assert after.noise.sigma == 0.5
    assert {arm.optimizer.name for arm in after.arms} == {"adam"}


def test_answers_have_letters_and_empty_lines_are_none():
    assert Lesson(answers=" Yes \n\nYes\n").choices == ["A: Yes", "B: Yes"]


# Controls


@given(scenarios())
@settings(max_examples=6)
def test_every_control_is_a_key_of_the_link_and_its_value_is_the_scenarios(scenario):
    query = scenario.to_query()
    for key, control in controls_of(scenario).items():
        texts = {query[one] for one in scenario.keys_of(key)}
        assert texts == {control.param.format(control.value)}


def test_controls_differ_in_their_labels():
    assert len({control.label for control in CONTROLS.values()}) == len(CONTROLS)


def test_what_arms_have_alike_can_be_changed_in_all_of_them_at_once():
    assert "arm*.optimizer.momentum" in CONTROLS
    # Their peaks differ, so that one slider could not show them.
    assert "arm*.schedule.peak" not in CONTROLS
    assert not any(key.startswith("arm*") for key in controls_of(Scenario(arms=(arm(),))))


# The code


def decoded(png):
    image = np.array(Image.open(BytesIO(png)).convert("L"))
    return [found.text for found in zxingcpp.read_barcodes(image, formats=zxingcpp.BarcodeFormat.QRCode)]


def test_a_code_says_the_link_when_it_is_read_again():
    link = "https://lr-explorer.example.org/Lesson?" + urlencode(
        Lesson(question="Größer?\nη > 2/λ", answers="Ja\nNein").class_query(PRESETS["adaptive"].scenario, {"preset": "adaptive"})
    )
    code = qr_code(link)
    assert decoded(code.files["png"]) == [link]
    assert b"<svg" in code.files["svg"]


def test_a_code_holds_what_the_standard_says_and_no_more():
    assert qr_code("x" * 2954) is None
    # 1,273 bytes are what version 25 holds at the lowest correction.
    assert qr_code("x" * 1273).is_readable_from_afar
    assert not qr_code("x" * 1274).is_readable_from_afar
