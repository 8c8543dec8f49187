"""The section on schedules and tasks: nothing runs before it is asked for, numbers are those of the core, a task opens in Compare, and what was
chosen is in the link.
"""

from unittest.mock import patch

import pytest
from hypothesis import given
from streamlit.testing.v1 import AppTest

from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.experiments.task_matrix import SIZES, Size, task_matrix, trial
from lr_explorer.experiments.task_story import elsewhere_sentence, pair_sentences, winners_sentences
from lr_explorer.experiments.tasks import TASKS
from lr_explorer.links import Reader, spelled_briefly
from lr_explorer.ui import lab, matrix_section
from tests.helpers import things

QUICK = ("noisy_bowl", "funnel")
TINY = Size(tuning=3, held_out=100, per_decade=2)


def script():
    import streamlit as st

    from lr_explorer.ui import matrix_section, state

    state.scenario()
    if st.toggle("Shown", True, key="shown"):
        matrix_section.section()
    st.session_state.link = state.query()


def opened(**query):
    """Open the section as the first thing of a session."""
    page = AppTest.from_function(script, default_timeout=60)
    page.query_params.update({f"matrix.{name}": value for name, value in query.items()})
    page.run()
    assert not page.exception
    return page


@pytest.fixture
def quick(monkeypatch):
    """Let there be two quick tasks alone."""
    monkeypatch.setitem(SIZES, "small", TINY)
    # So little is computed here sooner than a process has started.
    monkeypatch.setattr(matrix_section, "SHARED", None)
    # Their order, in which menus and sentences have them, comes back too.
    with patch.dict(TASKS, {task: TASKS[task] for task in QUICK}, clear=True):
        yield


@pytest.fixture
def page(quick):
    """The section with two quick tasks, not run yet."""
    return opened()


def words_of(page):
    return " ".join(element.value.replace("\\", "") for element in page.markdown)


def choices_of(page):
    """Return what the link says of the section."""
    return {key: value for key, value in page.session_state["link"].items() if key.startswith("matrix.")}


def charts_of(page):
    return [chart.proto.id for chart in page.get("plotly_chart")]


def asked(page):
    page.button(key="matrix-run").click().run()
    assert not page.exception
    return page


def test_nothing_runs_before_it_is_asked_for_and_then_it_says_what_the_core_says(page):
    assert "7 schedules on 2 tasks" in words_of(page)
    assert charts_of(page) == []
    asked(page)
    assert len(charts_of(page)) == 3
    matrix = task_matrix(TINY, 1, tasks=QUICK)
    for sentence in (*winners_sentences(matrix), elsewhere_sentence(matrix)):
        assert sentence in words_of(page)
    # One schedule is never compared with itself.
    page.selectbox(key="matrix-one").set_value("cosine").run()
    assert page.selectbox(key="matrix-other").value == "constant"
    head, _ = pair_sentences(matrix, "cosine", "constant")
    assert head.split(":", 1)[1] in words_of(page)
    # Another seed is another experiment, which nobody has asked for yet.
    page.number_input(key="matrix-seed").set_value(2).run()
    assert not page.exception
    assert charts_of(page) == []


def test_a_task_is_looked_at_closely_and_opens_in_compare_with_the_tuned_schedules(page, monkeypatch):
    switched = []
    monkeypatch.setattr("streamlit.switch_page", lambda path, query_params: switched.append((path, query_params)))
    asked(page)
    page.selectbox(key="matrix-task").set_value("funnel")
    page.selectbox(key="matrix-schedule").set_value("one_cycle")
    page.button(key="matrix-select").click().run()
    assert not page.exception
    assert "the best of 70 configurations looks" in words_of(page)
    page.button(key="matrix-open").click().run()
    assert not page.exception
    scenario = page.session_state["scenario"]
    # The noise that judged them, so that Compare shows the same runs.
    assert scenario.seed == seed_for(1, Purpose.EVALUATION)
    assert scenario.arms[0].name == "One-cycle"
    assert {"Constant", "Cosine"} < {arm.name for arm in scenario.arms}
    assert scenario.arms[0].schedule.peak == trial("funnel", "one_cycle", TINY, 1).curve.peak
    ((path, query),) = switched
    assert path == "pages/3_Compare.py"
    assert (query["surface"], query["n"], query["contender"], query["baseline"]) == ("logcosh", "100", "1", "2")


# The link


def test_a_link_restores_what_was_chosen_and_runs_nothing_by_itself(quick):
    chosen = {"seed": "3", "one": "wsd", "other": "one_cycle", "task": "funnel", "schedule": "cosine"}
    page = opened(**chosen)
    assert charts_of(page) == []
    assert page.number_input(key="matrix-seed").value == 3
    asked(page)
    shown = {name: page.selectbox(key=f"matrix-{name}").value for name in chosen if name != "seed"}
    assert shown | {"seed": "3"} == chosen
    matrix = task_matrix(TINY, 3, tasks=QUICK)
    for sentence in (*winners_sentences(matrix), *(part.split(":", 1)[-1] for part in pair_sentences(matrix, "wsd", "one_cycle"))):
        assert sentence in words_of(page)
    assert choices_of(page) == {f"matrix.{name}": value for name, value in chosen.items()}


def test_what_was_chosen_goes_into_the_link_and_stays_while_the_section_is_not_drawn(page):
    assert choices_of(page) == {}
    page.button_group(key="matrix-size").set_value("full")
    page.number_input(key="matrix-seed").set_value(12).run()
    chosen = {"matrix.size": "full", "matrix.seed": "12"}
    assert choices_of(page) == chosen
    page.toggle(key="shown").set_value(False).run()
    assert not page.number_input
    assert choices_of(page) == chosen
    page.toggle(key="shown").set_value(True).run()
    assert not page.exception
    assert (page.button_group(key="matrix-size").value, page.number_input(key="matrix-seed").value) == ("full", 12)
    assert choices_of(page) == chosen


def test_a_schedule_taken_for_the_other_one_of_the_pair_changes_places_with_it(quick):
    page = asked(opened(one="wsd", other="cosine", task="funnel"))
    page.selectbox(key="matrix-one").set_value("cosine").run()
    assert not page.exception
    assert choices_of(page) == {"matrix.one": "cosine", "matrix.other": "wsd", "matrix.task": "funnel"}


def test_bad_values_of_a_link_are_named_and_the_rest_is_kept():
    page = opened(size="huge", seed="1000000", one="wsd", other="wsd", task="no_such", schedule="one_cycle", sise="full")
    names = ", ".join(lab.NAMES)
    assert page.session_state["complaints"] == (
        "matrix.size must be one of small, full; got 'huge'; small was used.",
        "matrix.seed must be between 0 and 999999; got 1000000; 1 was used.",
        f"matrix.task must be one of {', '.join(TASKS)}; got 'no_such'; noisy_bowl was used.",
        "matrix.other must be another schedule than matrix.one; got 'wsd'; constant was used.",
        "'matrix.sise' is not a setting here and was left out.",
    )
    assert choices_of(page) == {"matrix.one": "wsd", "matrix.other": "constant", "matrix.schedule": "one_cycle"}
    assert f"matrix.one must be one of {names}; got ''; constant was used." in opened(one="").session_state["complaints"]
    for seed in ("1.5", "-1", "nan", "9" * 500):
        (complaint,) = opened(seed=seed).session_state["complaints"]
        assert complaint.startswith("matrix.seed must be ")


@given(things(lab.Matrix))
def test_every_choice_survives_its_link(chosen):
    reader = Reader(spelled_briefly(lab.MATRIX, chosen, lab.Matrix()))
    read = lab.read_matrix(reader)
    if chosen.one != chosen.other:
        assert read == chosen
        assert reader.closing() == ()
    else:
        assert read == chosen.with_values(other=read.other)
        assert read.other != read.one
        assert len(reader.closing()) == 1
