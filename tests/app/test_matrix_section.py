"""The section on schedules and tasks: nothing runs before it is asked for, numbers are those of the core, and a task opens in Compare."""

import pytest
from streamlit.testing.v1 import AppTest

from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.experiments.task_matrix import SIZES, Size, task_matrix, trial
from lr_explorer.experiments.task_story import elsewhere_sentence, pair_sentences, winners_sentences
from lr_explorer.experiments.tasks import TASKS
from lr_explorer.ui import matrix_section

QUICK = ("exact_bowl", "funnel")
TINY = Size(tuning=3, held_out=100, per_decade=2)


def script():
    from lr_explorer.ui import matrix_section, state

    state.scenario()
    matrix_section.section()


@pytest.fixture
def page(monkeypatch):
    """The section with two quick tasks, not run yet."""
    for task in set(TASKS) - set(QUICK):
        monkeypatch.delitem(TASKS, task)
    monkeypatch.setitem(SIZES, "small", TINY)
    # So little is computed here sooner than a process has started.
    monkeypatch.setattr(matrix_section, "SHARED", None)
    opened = AppTest.from_function(script, default_timeout=60).run()
    assert not opened.exception
    return opened


def words_of(page):
    return " ".join(element.value.replace("\\", "") for element in page.markdown)


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
    page.selectbox(key="matrix-contender").set_value("one_cycle")
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
