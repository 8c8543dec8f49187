"""The lesson's part of a session: what a teacher makes of it, what a class has changed, and the links of both."""

from collections.abc import Mapping

import streamlit as st

from lr_explorer.lessons import EXPERIMENTS, Lesson
from lr_explorer.scenario import Scenario
from lr_explorer.ui import lab, state

# What of a view the figure, and what is counted of it, depend on.
_FIGURE = ("preset", "origin", "view", "anatomy")


def edit(**values: object) -> None:
    """Change the lesson; what is refused is told and changes nothing."""
    try:
        put(state.lesson().with_values(**values))
    except ValueError as refused:
        state.refuse(refused, {f"lesson.{name}": str(value) for name, value in values.items()})
        return
    st.session_state.pop("refused", None)


def put(made: Lesson) -> None:
    """Put another lesson in place of the one that is made."""
    st.session_state.lesson = made


# What a class has changed


def scenario() -> Scenario:
    """Return the scenario as the class has changed it, which never changes the session's own."""
    given = state.scenario()
    try:
        return given.edited(state.renamed(given, changes()))
    except ValueError:
        # Tried in a preview, and the teacher has meanwhile changed the scenario itself.
        change_back()
        return given


def changes() -> dict[str, str]:
    """Return what the class has changed of the scenario, by link key, as far as the lesson lets it."""
    allowed = state.lesson().chosen("controls")
    return {key: text for key, text in st.session_state.changed.items() if key in allowed}


def change(wanted: Mapping[str, str]) -> None:
    """Change values of the scenario for the class, of the controls that it has; what is refused is told and changes nothing."""
    # What is changed last comes last: it may speak of the same value, of one arm or of all.
    after = {key: text for key, text in changes().items() if key not in wanted}
    after |= {key: text for key, text in wanted.items() if key in state.lesson().chosen("controls")}
    try:
        state.scenario().edited(state.renamed(state.scenario(), after))
    except ValueError as refused:
        state.refuse(refused, wanted)
        return
    st.session_state.pop("refused", None)
    st.session_state.changed = after


def change_back() -> None:
    """Take back all that the class has changed, and what it typed in vain."""
    st.session_state.pop("refused", None)
    st.session_state.changed = {}


# Links


def query() -> dict[str, str]:
    """Return the keys and values of the link that opens the lesson for a class."""
    made = state.lesson()
    return made.class_query(state.scenario(), _figure_query()) | (lab.matrix_query() if set(made.chosen("cards")) - set(EXPERIMENTS) else {})


def address() -> dict[str, str]:
    """Return the keys and values of what a class has before it: the lesson with what was changed, and the card that is open."""
    return query() | Lesson.changed_query(changes()) | card_query()


def whole_query() -> dict[str, str]:
    """Return the keys and values under which the Playground opens what a class has before it."""
    return scenario().to_query() | _figure_query()


def card_query() -> dict[str, str]:
    """Return what tells the card of the lesson that is open, and how; nothing if none is."""
    return lab.current().texts() if lab.card() in state.lesson().chosen("cards") else {}


def _figure_query() -> dict[str, str]:
    """Return what the pages add to a scenario's link for its figure, where it is not as usual."""
    usual = state.View().texts()
    return {name: text for name, text in state.view().texts().items() if name in _FIGURE and text != usual[name]}
