"""The Schedules page's upper part – the curves, the arm's controls, the numbers – and the menu of the sections below it."""

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from lr_explorer.figures.schedule_curves import Curve, curves_figure
from lr_explorer.figures.theme import ARM_SHADES, DASHES
from lr_explorer.params import shortened
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.simulate import simulate
from lr_explorer.story import told
from lr_explorer.training import UNITS, Training, mistakes, plain, remarks, tally, used_by
from lr_explorer.ui import schedules_sections as sections
from lr_explorer.ui import state
from lr_explorer.ui.cards import STYLE
from lr_explorer.ui.controls import control, show_controls
from lr_explorer.ui.parts import arm_pills, is_dark, show_part, view_changed, view_choice
from lr_explorer.ui.tables import legend, numbers_table, swatch
from lr_explorer.ui.text import literal

ARMS = "arms"  # in the overlay's text: all arms, however many there are
_NONE = "none"

# The section's menu and the choices over the figure may be wider than a phone.
_STYLE = """
<style>
.st-key-curve-choices { row-gap: 0.25rem; }
@media (max-width: 640px) {
  .st-key-section button, .st-key-axis button, .st-key-budget button { padding: 0.25rem 0.45rem; }
}
</style>
"""

_SECTIONS: Mapping[str, Callable[[], None]] = {
    "gallery": sections.gallery,
    "training": sections.training_units,
    "paste": sections.paste,
    "export": sections.export_panel,
}


def bench() -> None:
    """Show the curves with the arm's controls beside them and what they come to below."""
    st.html(STYLE + _STYLE)
    run = counted_run()
    refusals: list[str] = []
    curves = _curves(run, refusals)
    with st.container(key="bench"):
        with st.container(key="watch"):
            _choices()
            _figure(curves, run, refusals)
        with st.container(key="tune"):
            _arm(run)
        with st.container(key="tell"):
            _concerns(run)
            _numbers(curves, run)


def section() -> None:
    """Show the menu of sections and the chosen one; only this is drawn, so that the page is quick."""
    chosen = st.session_state["section"] = state.view().section
    st.segmented_control(
        "Section",
        list(state.SECTIONS),
        format_func=state.SECTIONS.__getitem__,
        key="section",
        required=True,
        wrap=True,
        label_visibility="collapsed",
        on_change=lambda: state.edit_view(section=st.session_state["section"]),
    )
    _SECTIONS[chosen]()


def counted_run() -> Training:
    """Return the run that the curves are drawn for: the scenario's steps, each an update, or the training run."""
    return state.training() if state.view().budget == "training" else plain(state.scenario().steps)


def _choices() -> None:
    """Show what is drawn over what: the other curves, the length of the run, the axes."""
    _overlay()
    with st.container(key="curve-choices", horizontal=True, gap="medium", vertical_alignment="bottom"):
        view_choice("budget")
        view_choice("axis")
        with st.container(width="content", gap=None):
            for name, label in (("log", "Log rate"), ("same_peak", "Same peak")):
                st.session_state[name] = getattr(state.view(), name)
                st.toggle(label, key=name, on_change=view_changed(name), help=state.View.params()[name].help)


def _overlay() -> None:
    """Let the curves beside the arm's own be chosen: arms and any registered schedules."""
    arms = {f"arm{number}": f"arm {label}" for number, label in enumerate(state.arm_labels(), 1)}
    labels = arms | {name: cls.label for name, cls in SCHEDULES.items()}
    chosen, unknown = overlaid()
    st.session_state["overlay"] = chosen
    st.multiselect("Curves", list(labels), format_func=labels.__getitem__, key="overlay", on_change=_overlay_changed, placeholder="Add curves")
    if unknown:
        st.warning(literal(f"No curve is called {shortened(', '.join(unknown), 80)}; it was left out."), icon=":material/warning:")


def _overlay_changed() -> None:
    chosen = list(st.session_state["overlay"])
    every = [f"arm{number}" for number in range(1, len(state.scenario().arms) + 1)]
    if set(every) <= set(chosen):
        chosen = [ARMS, *(name for name in chosen if name not in every)]
    try:
        state.edit_view(overlay=",".join(chosen) or _NONE)
    except ValueError as refused:
        st.session_state.refusal = str(refused)


def overlaid() -> tuple[list[str], list[str]]:
    """Return what the overlay's text names – arm1, …, and registered names, each once – and what in it is unknown."""
    every = [f"arm{number}" for number in range(1, len(state.scenario().arms) + 1)]
    words = [word.strip() for word in state.view().overlay.split(",") if word.strip() and word.strip() != _NONE]
    names = list(dict.fromkeys(name for word in words for name in (every if word == ARMS else [word])))
    known = [name for name in names if name in every or name in SCHEDULES]
    # An arm that was removed is no mistake of anyone's.
    return known, [name for name in names if name not in known and not name.startswith("arm")]


def _curves(run: Training, refusals: list[str]) -> list[Curve]:
    """Return the selected arm's curve, then the others; what has none is told in `refusals`."""
    arms, selected = state.scenario().arms, state.selected_arm()
    names = [f"arm{selected + 1}", *(name for name in overlaid()[0] if name != f"arm{selected + 1}")]
    peak = arms[selected].schedule.peak
    free = len(arms)
    curves = []
    for name in names:
        is_arm = name.startswith("arm")
        place = int(name.removeprefix("arm")) - 1 if is_arm else free
        arm = arms[place] if is_arm else Arm(schedule=SCHEDULES.create(name, peak=peak))
        label = state.arm_labels()[place] if is_arm else SCHEDULES[name].label
        free += not is_arm
        if is_arm and state.view().same_peak:
            arm = arm.with_values(schedule=arm.schedule.with_values(peak=peak))
        if (lr := _rates(arm, label, run, refusals)) is not None:
            shade = ARM_SHADES[arm.colour] if is_arm else None
            curves.append(Curve(label, lr, place, is_main=place == selected, shade=shade))
    return curves


def _rates(arm: Arm, label: str, run: Training, refusals: list[str]) -> Any:
    try:
        lr = used_by(arm, run)
    except ValueError as refusal:
        refusals.append(f"{label}: {refusal}.")
        return None
    if lr is not None:
        return lr
    what = f"{label}: {type(arm.schedule).label} decides the rate while the run goes on"
    if state.view().budget == "training":
        refusals.append(f"{what}; with the scenario's steps as length its rate in the scenario's run is drawn.")
        return None
    refusals.append(f"{what}: what is drawn is its rate in the scenario's run.")
    return simulate(state.scenario().with_values(arms=(arm,))).arms[0].first_lr


def _figure(curves: list[Curve], run: Training, refusals: list[str]) -> None:
    view = state.view()
    for refusal in refusals:
        st.info(literal(refusal), icon=":material/info:")
    if not curves:
        return
    # Epochs, samples and tokens are those of Training units even while the run has the scenario's length.
    position = state.training().position(sections.updates_of(run), view.axis)
    st.html(legend([_swatch(curve) for curve in curves]))
    figure = curves_figure(curves, position, UNITS[view.axis], log=view.log, dark=is_dark())
    told_ends = "; ".join(f"{curve.name} from {told(curve.lr[0])} to {told(curve.lr[-1])}" for curve in curves)
    st.plotly_chart(
        figure,
        width="stretch",
        theme=None,
        key="curves",
        config={"displayModeBar": False},
        alt=f"Learning rate over {UNITS[view.axis]}: {told_ends}.",
    )


def _arm(run: Training) -> None:
    scenario, place = state.scenario(), state.selected_arm()
    arm_pills("Arm")
    show_part(f"arm{place + 1}.schedule", Arm.parts()["schedule"], scenario.arms[place].schedule, "schedule", warmup=(0, run.updates))
    if state.view().budget == "scenario":
        show_controls([control("steps", type(scenario).params()["steps"], scenario.steps)], state.edit, key="steps-controls")


def _concerns(run: Training) -> None:
    """Say what people get wrong with such a schedule in such a loop, as far as it is so here."""
    schedule = state.scenario().arms[state.selected_arm()].schedule
    if not isinstance(schedule, Schedule):
        return
    try:
        wrong, noted = mistakes(schedule, run), remarks(schedule, run)
    except ValueError:
        return  # told where the curve would be
    for sentence in wrong:
        st.warning(literal(sentence), icon=":material/warning:")
    for sentence in noted:
        st.info(literal(sentence), icon=":material/info:")


def _numbers(curves: list[Curve], run: Training) -> None:
    """Show each curve in numbers."""
    if not curves:
        return
    st.html(numbers_table(_HEAD, [(_swatch(curve), _cells(curve)) for curve in curves]))
    schedule = state.scenario().arms[state.selected_arm()].schedule
    momentum = schedule.momentum(min(run.updates, 20_000)) if isinstance(schedule, Schedule) else None
    if momentum is not None:
        st.markdown(f"It also moves the momentum, between {told(momentum.min())} and {told(momentum.max())}.")


def _swatch(curve: Curve) -> str:
    return swatch(curve.name, curve.colour.on(dark=is_dark()), DASHES[curve.dash_place % len(DASHES)])


_HEAD = ("Curve", "Ση", "first", "peak", "at update", "last", "at exactly 0")


def _cells(curve: Curve) -> list[str]:
    numbers = tally(curve.lr)
    return [
        *map(told, (numbers.total, numbers.first, numbers.peak)),
        f"{numbers.peak_at:,}",
        told(numbers.last),
        f"{numbers.zeros:,} of {len(curve.lr):,}",
    ]
