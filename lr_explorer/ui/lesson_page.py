"""The Lesson page's parts: what a teacher chooses, the link and its QR code, and the lesson as a class sees it."""

from collections.abc import Mapping
from functools import partial
from html import escape
from typing import Any
from urllib.parse import urlencode, urlsplit

import streamlit as st

from lr_explorer.claims import CLAIMS
from lr_explorer.figures.qr import MOST_PROJECTED
from lr_explorer.lessons import CARDS, EXPERIMENTS, PARTS, Control, Lesson, controls_of
from lr_explorer.params import Text
from lr_explorer.scenario import Scenario
from lr_explorer.ui import cached, claims_page, classroom, lab, playground, state
from lr_explorer.ui.address import show_address, show_share
from lr_explorer.ui.controls import control, show_controls
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.tables import arm_swatch, legend
from lr_explorer.ui.text import literal

# Readable as they are, in a query.
_PLAIN = ",:*"
_HERE_ALONE = ("localhost", "127.0.0.1", "::1", "0.0.0.0")
# Which of the figure's parts belong to what a teacher shows or hides.
_PART_OF = {"play": "bar", "curves": "curves", "values": "table"}

_STYLE = """
<style>
.st-key-making { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1.25fr); gap: 1rem 2rem; align-items: start; }
@media (max-width: 900px) { .st-key-making { grid-template-columns: minmax(0, 1fr); } }
.lrx-lesson { overflow-wrap: anywhere; }
.lrx-lesson h3 { font-size: 1.6rem; line-height: 1.25; padding: 0; margin: 0 0 0.5rem; }
.lrx-lesson p { font-size: 1.15rem; line-height: 1.45; white-space: pre-line; margin: 0; }
.st-key-class-controls-box { max-width: 44rem; }
</style>
"""


def is_for_class() -> bool:
    """Whether the page is opened by a class."""
    return state.lesson().audience == "class"


# The class


def lesson() -> None:
    """Show the lesson: title and question, then, once an answer was chosen, what happens."""
    st.html(_STYLE)
    made = state.lesson()
    question = f"<p>{escape(made.question)}</p>" if made.question else ""
    st.html(f'<div class="lrx-lesson"><h3>{escape(made.title)}</h3>{question}</div>')
    is_open = _predicted(made)
    if made.scenario:
        _scenario(made, is_open=is_open)
    if is_open and (cards := made.chosen("cards")):
        _card(cards, has_controls="knob" in made.chosen("shows"))


def _card(names: tuple[str, ...], *, has_controls: bool) -> None:
    """Show one of the lesson's cards, with a choice where there are several."""
    opened = lab.card()
    if opened not in names:
        opened = names[0]
        lab.open_card(opened)
    if len(names) > 1:
        st.session_state["lesson-card"] = opened
        st.pills(
            "Experiment",
            names,
            format_func=lambda name: literal(CARDS[name]),
            key="lesson-card",
            on_change=lambda: lab.open_card(st.session_state["lesson-card"]),
            required=True,
            wrap=True,
        )
    claim = CLAIMS[lab.current().claim]
    st.html(claims_page.STYLE)
    claims_page.title(claim)
    if opened in EXPERIMENTS:
        claims_page.shown(claim, EXPERIMENTS[opened], has_controls=has_controls)
    else:
        claims_page.tasks(claim, has_controls=has_controls, leads_on=False)


def _predicted(made: Lesson) -> bool:
    """Let an answer be chosen; return whether what happens may be shown."""
    if not made.choices:
        return True
    asked = (made.question, made.answers)
    with st.container(key="lesson-prediction"):
        if asked in st.session_state.get("predicted", {}):
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                with st.container(width="content"):
                    st.markdown(f"You predicted **{literal(st.session_state.predicted[asked])}**")
                st.button("Predict again", key="predict-again", on_click=_forget, args=(asked,))
            return True
        labels = [literal(answer) for answer in made.choices]
        chosen = st.radio("What do you expect?", range(len(labels)), format_func=labels.__getitem__, index=None, key="answer")
        answer = made.choices[chosen] if chosen is not None else ""
        st.button("Show what happens", key="predict", disabled=not answer, on_click=_predict, args=(asked, answer))
    return False


def _predict(asked: tuple[str, str], answer: str) -> None:
    st.session_state.predicted = {asked: answer}


def _forget(asked: tuple[str, str]) -> None:
    del st.session_state.predicted[asked]


def _scenario(made: Lesson, *, is_open: bool) -> None:
    """Show the figure and what belongs to it; before the prediction the surface and the start alone."""
    scenario = classroom.scenario()
    shown, changeable = made.chosen("shows"), made.chosen("controls")
    selected = next((place for place in range(len(scenario.arms)) if f"arm{place + 1}.drop_at" in changeable), 0)
    handles = {"start": ("start.x", "start.y"), "drop": (f"arm{selected + 1}.drop_at",)}
    hidden = {part for name, part in _PART_OF.items() if name not in shown}
    hidden |= {"branch"} | {handle for handle, keys in handles.items() if not set(keys) <= set(changeable)}
    covered = set() if is_open else {"paths", "bar", "curves", "table", "drop", "start"}
    run = cached.lesson_run(scenario, anatomy=is_open and state.view().anatomy > 0)
    with st.container(key="lesson-figure"):
        if "table" in hidden | covered:
            st.html(legend([arm_swatch(place, arm, dark=is_dark()) for place, arm in enumerate(scenario.arms)]))
        playground.figure(run, selected=selected, hidden=hidden | covered, on_edit=classroom.change, is_flat=not is_open)
    if not is_open:
        return
    _controls(scenario, changeable)
    if "replicates" in shown:
        playground.replicates(scenario)
    if "story" in shown:
        playground.happened(run)


def _controls(scenario: Scenario, changeable: tuple[str, ...]) -> None:
    known = controls_of(scenario)
    rows = [
        control(key, one.param, one.value, slider=_slider(key, scenario), label=_label(key, one, scenario), refused=state.refused_text(key))
        for key in changeable
        # What is alike in all arms is no longer so once one of them was changed alone: the first one's value is shown then.
        if (one := known.get(scenario.keys_of(key)[0])) and _is_needed(key, one, known)
    ]
    if not rows:
        return
    with st.container(key="class-controls-box"):
        show_controls(rows, classroom.change, key="class-controls")
        st.button("Back to the lesson's values", key="change-back", on_click=classroom.change_back, disabled=not classroom.changes())


def _label(key: str, one: Control, scenario: Scenario) -> str:
    """Return a control's name, with its arm's where there are several."""
    if len(scenario.arms) == 1 or not key.startswith("arm"):
        return one.param.label
    return f"{'All arms' if key.startswith('arm*') else one.owners[0]}: {one.param.label}"


def _slider(key: str, scenario: Scenario) -> tuple[float, float] | None:
    """Return the part of a control's range that means something in this scenario, None for the usual one."""
    last = key.rpartition(".")[2]
    if key in ("start.x", "start.y"):
        return scenario.surface.bounds["xy".index(last)]
    return (0, scenario.steps) if last in ("warmup", "cooldown", "drop_at", "unfreeze_at") else None


def _is_needed(key: str, one: Control, known: Mapping[str, Control]) -> bool:
    """Whether a control does something, as the scenario is set up."""
    needs = getattr(one.param, "needs", "")
    switch = known.get(key.replace("arm*", "arm1", 1).removesuffix(key.rpartition(".")[2]) + needs)
    return not needs or switch is None or bool(switch.value)


def foot() -> None:
    """Say that this is a part of something, and lead to the whole, in a tab of its own."""
    made = state.lesson()
    with st.container(horizontal=True, gap="small", key="foot"):
        with st.expander("What can I not see?", key="unseen"):
            st.markdown(_unseen(made))
            # Another tab, so that the lesson stays as it is in this one; below the app's root, wherever that is.
            if made.scenario:
                st.link_button("Open it in the Playground", f"./?{urlencode(classroom.whole_query())}", icon=":material/open_in_new:")
            if card := classroom.card_query():
                st.link_button("Open the claim with all its experiments", f"./Claims?{urlencode(card)}", icon=":material/open_in_new:")
        show_address(urlencode(classroom.address(), safe=_PLAIN))


def _unseen(made: Lesson) -> str:
    """Say what the lesson leaves out, in numbers."""
    said = ["This is a lesson: it shows what its teacher chose."]
    if made.scenario:
        hidden = [label[:1].lower() + label[1:] for name, label in PARTS.items() if name not in made.chosen("shows") and name != "knob"]
        controls = [key for key in controls_of(state.scenario()) if not key.startswith("arm*")]
        said.append(f"Of the {len(controls)} controls of this scenario it has {len(made.chosen('controls'))}.")
        said += [f"Hidden around the map: {'; '.join(hidden)}."] if hidden else []
    if cards := made.chosen("cards"):
        said.append(f"Of {len(CARDS)} experiments on claims it has {len(cards)}.")
    return " ".join(said)


# The teacher


def making() -> None:
    """Let the lesson be put together, and show it beside as the class will see it."""
    st.html(_STYLE)
    with st.container(key="making"):
        with st.container(key="choices"):
            _words()
            _contents()
            _share()
        with st.container(border=True, key="preview"):
            st.markdown("**As the class sees it**")
            lesson()


def _words() -> None:
    st.markdown("A link that shows one question and one experiment, and of all controls only those that you choose. It holds the whole lesson.")
    st.text_input(key="lesson-title", **_typed("title"))
    st.text_area(key="lesson-question", height=110, **_typed("question"))
    st.text_area(key="lesson-answers", height=110, **_typed("answers"))


def _typed(name: str) -> dict[str, Any]:
    """Return what the field of one of the lesson's texts is made with."""
    key, param = f"lesson-{name}", Lesson.params()[name]
    assert isinstance(param, Text)
    # What was refused stays where it was typed, to be mended.
    st.session_state[key] = state.refused_text(f"lesson.{name}") or getattr(state.lesson(), name)
    on_change = partial(_take, name, key)
    return {"label": param.label, "help": param.help, "max_chars": param.longest, "on_change": on_change}


def _take(name: str, key: str) -> None:
    classroom.edit(**{name: st.session_state[key].strip()})


def _contents() -> None:
    made, params = state.lesson(), Lesson.params()
    st.session_state["lesson-scenario"] = made.scenario
    st.toggle(
        params["scenario"].label,
        key="lesson-scenario",
        help=params["scenario"].help,
        on_change=lambda: classroom.edit(scenario=st.session_state["lesson-scenario"]),
    )
    if made.scenario:
        arms = ", ".join(arm.name for arm in state.scenario().arms)
        st.markdown(literal(f"{state.scenario().surface.label}; {arms}."))
        controls = {key: one.label for key, one in controls_of(state.scenario()).items()}
        _several("controls", controls)
    _several("shows", PARTS)
    _several("cards", CARDS)


def _several(field: str, labels: Mapping[str, str]) -> None:
    """Let several names be chosen for a list of the lesson."""
    key, param = f"lesson-{field}", Lesson.params()[field]
    st.session_state[key] = [name for name in state.lesson().chosen(field) if name in labels]
    st.multiselect(
        param.label,
        list(labels),
        format_func=labels.__getitem__,
        key=key,
        help=param.help,
        on_change=lambda: classroom.put(state.lesson().with_chosen(field, st.session_state[key])),
    )


def _share() -> None:
    """Show the class's link and its QR code, or say why there is none."""
    st.markdown("#### The lesson's link")
    address = st.context.url or ""
    link = f"{address}?{urlencode(classroom.query(), safe=_PLAIN)}"
    code = cached.qr(link)
    if state.lesson().scenario and state.scenario().surface.is_private:
        st.warning("The surface is a file of your own. No link carries that, so the class will see another one.", icon=":material/warning:")
    if urlsplit(address).hostname in _HERE_ALONE:
        st.warning(
            "The address of this page works on this machine alone. Open it under the name that the others reach it by, and the link follows.",
            icon=":material/warning:",
        )
    show_share(link, code.svg if code else "")
    if code is None:
        st.markdown(f"With {len(link):,} characters it is too long for a QR code, which holds 2,953: send the link, or show less in the lesson.")
        return
    st.markdown(f"{len(link):,} characters, QR version {code.version} of 40. What the link leaves out is at the default that its version has for it.")
    if not code.is_readable_from_afar:
        st.markdown(f"Above version {MOST_PROJECTED} a code is dense: let it fill the screen, and students come near.")
    with st.container(horizontal=True, gap="small"):
        for ending, kind in {"svg": "image/svg+xml", "png": "image/png"}.items():
            st.download_button(
                f"QR code as {ending.upper()}", code.files[ending], f"lesson.{ending}", kind, key=f"lesson-{ending}", on_click="ignore"
            )
