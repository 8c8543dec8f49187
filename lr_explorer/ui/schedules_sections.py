"""The Schedules page's sections: the gallery, training units, a pasted configuration, and the code to take along."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from lr_explorer.configs import Configuration, read_configuration
from lr_explorer.controllers import Controller
from lr_explorer.export import checked_against, export_code, export_csv, export_json
from lr_explorer.registry import documentation
from lr_explorer.rescaling import differences, keeps_numbers, rescaled
from lr_explorer.scenario import MAX_ARMS, RATES, Arm, Scenario
from lr_explorer.schedules import Schedule
from lr_explorer.story import told
from lr_explorer.training import MOST_UPDATES, SCALINGS, Training, plain
from lr_explorer.ui import state
from lr_explorer.ui.cards import picture, typeset
from lr_explorer.ui.controls import control, show_controls
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.reference import CONTROLLER, SCHEDULE
from lr_explorer.ui.text import literal

_COLUMNS = 3
_MOST_STEPS = int(Scenario.params()["steps"].high)  # type: ignore[union-attr]

_EXAMPLE = """TrainingArguments(
    learning_rate=2e-5,
    lr_scheduler_type="cosine",
    warmup_ratio=0.05,
    num_train_epochs=3,
    per_device_train_batch_size=16,
    gradient_accumulation_steps=4,
)"""


def updates_of(run: Training) -> np.ndarray:
    """Return the numbers of a run's updates, from 0."""
    return np.arange(run.updates)


# --- gallery --------------------------------------------------------------------------------------------------------------------


def gallery() -> None:
    """Show every schedule and controller that the search and the filter leave, each with a button that gives it to the selected arm."""
    families = list(dict.fromkeys(cls.family for cls in RATES.values()))
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        words = st.text_input("Search", key="search", placeholder="restart, Keras, BERT, …", width=260)
        kinds = st.pills("Kind", families, key="families", selection_mode="multi", wrap=True)
    names = found(words, kinds)
    st.markdown(f"{len(names)} of {len(RATES)} schedules and controllers. {SCHEDULE.shows} {CONTROLLER.shows}")
    for first in range(0, len(names), _COLUMNS):
        for column, name in zip(st.columns(_COLUMNS), names[first : first + _COLUMNS], strict=False):
            with column:
                _card(RATES[name])


def found(words: str, families: Sequence[str]) -> list[str]:
    """Return the schedules and controllers of the families, all if none is named, whose texts hold every word."""
    wanted = words.lower().split()
    return [name for name, cls in RATES.items() if (not families or cls.family in families) and all(word in _text_of(cls).lower() for word in wanted)]


def _text_of(cls: type[Schedule] | type[Controller]) -> str:
    # What all have would be found in all.
    params = " ".join(f"{name} {param.label}" for name, param in cls.params().items() if name not in Schedule.params())
    return " ".join((cls.name, cls.label, cls.family, cls.also_called, documentation(cls), cls.use_when, cls.watch_for, cls.source, params))


def _card(cls: type[Schedule] | type[Controller]) -> None:
    place, kind = state.selected_arm(), CONTROLLER if issubclass(cls, Controller) else SCHEDULE
    with st.container(border=True, key=f"card-gallery-{cls.name}", height="stretch"):
        st.subheader(cls.label, anchor=cls.name)
        picture(kind, cls, dark=is_dark())
        st.markdown(f"{cls.family} · {literal(documentation(cls))}")
        st.markdown(typeset(cls.formula))
        facts = {"Use it when": cls.use_when, "Watch for": cls.watch_for, "Source": cls.source}
        st.markdown("  \n".join(f"**{heading}:** {literal(text)}" for heading, text in facts.items() if text))
        if type(kind.used) is cls:
            st.success(f"This is arm {place + 1}'s schedule.", icon=":material/check:")
            st.page_link("app.py", label="Watch it in the Playground", icon=":material/play_arrow:", query_params=state.query())
        else:
            st.button(f"Put it into arm {place + 1}", key=f"put-{cls.name}", on_click=state.edit, args=({kind.link_key: cls.name},), width="stretch")


# --- training units -------------------------------------------------------------------------------------------------------------


def training_units() -> None:
    """Show the run in samples, batches and epochs, what it comes to, and what another batch size would ask for."""
    training = state.training()
    settings, meaning = st.columns([1.2, 1], gap="large")
    with settings:
        controls = [control(f"training.{name}", param, getattr(training, name)) for name, param in Training.params().items()]
        show_controls(controls, _count, key="training-controls")
    with meaning:
        st.markdown(_in_words(training))
        _lengths(training)
        _what_if(training)


def _count(changes: dict[str, str]) -> None:
    """Change the run, and draw the curves for it: that is what one wants to see."""
    state.edit_training(changes)
    state.edit_view(budget="training")


def _in_words(training: Training) -> str:
    batches, updates = training.batches_per_epoch, training.updates_per_epoch
    tokens = f", {training.samples_per_update * training.sequence:,} tokens" if training.sequence > 1 else ""
    return (
        f"**{training.updates:,} updates**, {updates:,} per epoch from {batches:,} batches; {training.samples_per_update:,} samples{tokens} "
        f"per update. The schedule is built for {training.planned:,} steps; the loop needs {training.calls:,}."
    )


def _lengths(training: Training) -> None:
    """Offer to draw the curves for this run, and to run the scenario as long."""
    if state.view().budget != "training":
        st.button("Draw the curves for this run", key="use-training", on_click=lambda: state.edit_view(budget="training"))
    if training.updates > _MOST_STEPS:
        st.markdown(f"The Playground runs at most {_MOST_STEPS:,} steps, so the scenario keeps its {state.scenario().steps:,}.")
    elif training.updates != state.scenario().steps:
        label, change = f"Let the scenario run {training.updates:,} steps", {"steps": str(training.updates)}
        st.button(label, key="steps-from-training", on_click=state.edit, args=(change,))


def _what_if(training: Training) -> None:
    """Say what peak another batch size would ask for, and apply both at a click."""
    place = state.selected_arm()
    arm = state.scenario().arms[place]
    st.markdown("**What if the batch had another size?**")
    batch = int(st.number_input("New batch size", 1, 10_000_000, value=training.batch, key="new-batch", help="The accumulation stays as it is."))
    scaling = st.segmented_control("Scale the peak", list(SCALINGS), default="linear", format_func=SCALINGS.__getitem__, key="scaling", required=True)
    try:
        changed, run = rescaled(arm, training, batch, scaling or "linear")
    except ValueError as refusal:
        st.warning(literal(str(refusal)), icon=":material/warning:")
        return
    others = "; ".join([*differences(arm, changed), *differences(training.with_values(batch=batch), run)])
    st.markdown(
        f"The peak of arm {place + 1} goes from {told(arm.schedule.peak)} to **{told(changed.schedule.peak)}**, and the run from "
        f"{training.updates:,} to {run.updates:,} updates. {f'What counts them goes along: {literal(others)}. ' if others else ''}"
        f"{'The numbers in the typed formula stay as they are. ' if keeps_numbers(arm.schedule) and batch != training.batch else ''}"
        "Linear scaling is for SGD (Goyal et al., 2017), the square root for Adam (Malladi et al., 2022)."
    )
    st.button("Apply", key="apply-batch", on_click=_rescale, args=(changed, run), disabled=batch == training.batch)


def _rescale(changed: Arm, run: Training) -> None:
    place = state.selected_arm()
    state.set_training(run)
    state.edit_view(budget="training")
    state.put_arm(place, schedule=changed.schedule, drop_at=changed.drop_at, unfreeze_at=changed.unfreeze_at)
    # By its link key too, which takes the other arms' along where all have one peak.
    state.edit({f"arm{place + 1}.schedule.peak": repr(changed.schedule.peak)})


# --- pasted configuration -------------------------------------------------------------------------------------------------------


def paste() -> None:
    """Read a pasted configuration and offer its schedule as an arm."""
    # A widget's text is forgotten where the widget is not shown, as on another page.
    st.session_state.setdefault("pasted", st.session_state.get("kept_paste", ""))
    text = st.text_area(
        "A `TrainingArguments(…)` call, a PyTorch or Lightning scheduler, Lightning YAML, a timm command line or args.yaml. It is read, never run.",
        key="pasted",
        height=220,
        placeholder=_EXAMPLE,
    )
    st.session_state["kept_paste"] = text
    st.button("Read it", key="read")
    if not text.strip():
        return
    try:
        read = read_configuration(text, state.training())
    except ValueError as refusal:
        st.error(literal(str(refusal)), icon=":material/error:")
        return
    _findings(read)
    _adoption(read)


def _findings(read: Configuration) -> None:
    for heading, sentences in (("Understood", read.understood), ("Assumed", read.assumed), ("Not understood", read.missed)):
        if sentences:
            st.markdown(f"**{heading}**\n" + "\n".join(f"- {literal(sentence)}" for sentence in sentences))
    st.markdown(
        f"The schedule is {literal(type(read.schedule).label)}, counted over {read.steps:,} steps; the run has {read.training.updates:,} updates."
    )


def _adoption(read: Configuration) -> None:
    """Offer to make an arm of what was read, or to give it to the selected one."""
    fits = read.steps <= _MOST_STEPS
    offer = f"Let the scenario run {read.steps:,} steps, as this schedule counts"
    sets_steps = st.toggle(
        offer if fits else f"More than the {_MOST_STEPS:,} steps that the Playground runs", value=fits, disabled=not fits, key="paste-steps"
    )
    place = state.selected_arm()
    with st.container(horizontal=True, gap="small"):
        full = len(state.scenario().arms) == MAX_ARMS
        st.button("Add it as an arm", key="paste-add", type="primary", on_click=_adopt, args=(read, None, sets_steps), disabled=full)
        st.button(f"Put it into arm {place + 1}", key="paste-put", on_click=_adopt, args=(read, place, sets_steps))
    if full:
        st.markdown(f"There are {MAX_ARMS} arms already, the most there can be.")


def _adopt(read: Configuration, place: int | None, sets_steps: bool) -> None:
    """Give the schedule and the optimizer to an arm, a new one without a place, and count in the run that was read."""
    if place is None:
        state.add_arm()
        place = state.selected_arm()
        state.put_arm(place, name=read.name)
    state.put_arm(place, schedule=read.schedule, **({"optimizer": read.optimizer} if read.optimizer else {}))
    if sets_steps:
        state.edit({"steps": str(read.steps)})
    state.set_training(read.training)
    # Drawn alone: a rate of 2e-5 beside one of 0.1 is a line on the axis.
    state.edit_view(budget="training" if read.training.can_be_drawn else "scenario", overlay=f"arm{place + 1}")
    st.toast(f"Arm {place + 1} is now {literal(state.scenario().arms[place].name)}.", icon=":material/check:")


# --- export ---------------------------------------------------------------------------------------------------------------------


def export_panel() -> None:
    """Show the arm's schedule as code of a framework and as data, to copy and to download."""
    place = state.selected_arm()
    arm = state.scenario().arms[place]
    run = state.training() if state.view().budget == "training" else plain(state.scenario().steps)
    if not isinstance(arm.schedule, Schedule):
        st.info(f"{type(arm.schedule).label} decides the rate by what the run does, so there is no curve to export.")
        return
    if not run.can_be_drawn:
        st.info(
            f"A run of {run.updates:,} updates with a schedule of {run.planned:,} steps is too long to be written out here; "
            f"{MOST_UPDATES:,} are the most."
        )
        return
    framework = _framework()
    whole = st.toggle("With the arm's optimizer", key="export-optimizer", value=True)
    thing: Arm | Schedule = arm if whole else arm.schedule
    st.markdown(f"Arm {place + 1} {_stretch(run)} {literal(checked_against(arm.schedule, framework))}")
    try:
        arm.schedule.values(run.planned)
    except ValueError as refusal:  # no rates: neither code nor data
        st.warning(literal(str(refusal)), icon=":material/warning:")
        return
    _code(thing, run, framework)
    _data(thing, run)


def _stretch(run: Training) -> str:
    """Return what the exported steps are steps of."""
    if run.stepped == "epoch":
        return f"over {run.planned:,} epochs, the rate held for the {run.updates_per_step:,} updates of each."
    counted = " These are batches, as your loop calls scheduler.step(); CSV and JSON hold the rate of every update." if run.stepped == "batch" else ""
    return f"over {run.planned:,} steps.{counted}"


def _code(thing: Arm | Schedule, run: Training, framework: str) -> None:
    try:
        code = export_code(thing, run.planned, framework, per_epoch=run.updates_per_step)
    except ValueError as refusal:
        st.warning(literal(str(refusal)), icon=":material/warning:")
        return
    st.code(code, language="python", height="content")
    st.download_button("Download the code", code, f"schedule_{framework}.py", "text/x-python", key="download-code", on_click="ignore")


def _framework() -> str:
    """Show the menu of frameworks and return the chosen one, which the link keeps."""
    st.session_state["framework"] = state.view().framework
    st.segmented_control(
        "Framework",
        list(state.CODE),
        format_func=state.CODE.__getitem__,
        key="framework",
        required=True,
        wrap=True,
        on_change=lambda: state.edit_view(framework=st.session_state["framework"]),
    )
    return state.view().framework


def _data(thing: Arm | Schedule, run: Training) -> None:
    """Offer the rates as files, which are written when they are asked for."""
    with st.container(horizontal=True, gap="small"):
        st.download_button("CSV", lambda: export_csv(thing, run), "schedule.csv", "text/csv", key="download-csv", on_click="ignore")
        st.download_button("JSON", lambda: export_json(thing, run), "schedule.json", "application/json", key="download-json", on_click="ignore")
