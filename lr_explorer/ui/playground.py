"""The Playground's parts: set-up, presets, the arms' controls, the live figure and what it meant."""

from collections.abc import Callable, Collection

import streamlit as st

from lr_explorer.claims import CLAIMS
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, REPLICATES, summarise
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.animation import animation_html
from lr_explorer.figures.wire import run_payload
from lr_explorer.scenario import MAX_ARMS, Arm, Scenario
from lr_explorer.simulate import Run, simulate
from lr_explorer.story import what_happened
from lr_explorer.theory import calm_rate
from lr_explorer.ui import cached, lab, state
from lr_explorer.ui.branch_section import open_branches
from lr_explorer.ui.controls import control, show_controls
from lr_explorer.ui.parts import arm_pills, is_dark, kind_menu, rows, show_part
from lr_explorer.ui.player import show_player
from lr_explorer.ui.tables import story_table, summary_table
from lr_explorer.ui.text import literal

_BLOCK = 64  # replicates that are computed at a time


def set_up() -> None:
    """Show in the sidebar what is set before watching: surface, noise, steps, seed."""
    scenario, parts = state.scenario(), Scenario.parts()
    with st.sidebar:
        st.markdown("**Surface**")
        show_part("surface", parts["surface"], scenario.surface, "surface")
        st.markdown("**Noise and budget**")
        if len(parts["noise"].registry) > 1:
            kind_menu("noise", parts["noise"], scenario.noise)
        controls = rows("noise", scenario.noise) + [control(name, param, getattr(scenario, name)) for name, param in scenario.params().items()]
        show_controls(controls, state.edit, key="set-up-controls")
        st.button(
            "Re-roll the seed",
            key="reroll",
            on_click=state.reroll,
            icon=":material/casino:",
            width="stretch",
            help="Another seed: the same experiment with other noise.",
        )


def presets() -> None:
    """Show the presets, one click each, and what the chosen one claims."""
    chosen = state.view().preset
    st.session_state["presets"] = chosen if chosen in PRESETS else None
    st.pills(
        "Start from an experiment",
        list(PRESETS),
        format_func=lambda name: f"{PRESETS[name].claim} · {PRESETS[name].label}" if PRESETS[name].claim else PRESETS[name].label,
        key="presets",
        on_change=_open_chosen_preset,
        help="Each shows one claim about lowering the learning rate at work, or its limits. M1 to M5 say what reducing it does, E1 to E6 what else "
        "is said about it.",
    )
    # Always there, like the notices above.
    with st.container(key="claim"):
        _claim(chosen)
        _to_the_claim()
        if before := state.remembered():
            st.button(f"Undo: back to before {before}", key="undo", on_click=state.undo, icon=":material/undo:")


def _claim(chosen: str) -> None:
    if chosen in PRESETS:
        preset = PRESETS[chosen]
        changed = "" if state.scenario() == preset.scenario else " *You have changed it since.*"
        claim = f"**{preset.claim} – the claim:** " if preset.claim else "**The claim:** "
        st.markdown(f"{claim}{preset.says}  \n**Watch:** {preset.look}{changed}")


def _to_the_claim() -> None:
    """Where the scenario began with a claim, lead to its card."""
    origin = state.origin()
    claim, _, _ = (PRESETS[origin].claim if origin in PRESETS else origin).partition(".")
    if claim not in CLAIMS:
        return
    experiment = lab.experiment_at(origin)
    if experiment:
        st.markdown(f"**{claim} – {literal(experiment.label)}:** began as a run of this experiment.")
    if st.button(f"{claim} as an experiment that can fail", key="to-claim", icon=":material/science:"):
        if experiment:
            lab.open_experiment(claim, experiment)
        else:
            lab.open_claim(claim)
        st.switch_page("pages/4_Claims.py", query_params=state.query())


def figure(
    run: Run,
    *,
    selected: int | None = None,
    hidden: Collection[str] = (),
    on_edit: Callable[[dict[str, str]], None] = state.edit,
    is_flat: bool = False,
) -> None:
    """Show the run in the player; is_flat: from above, whatever the view."""
    scenario, view = run.scenario, state.view()
    surface = scenario.surface
    payload = run_payload(
        run,
        key=scenario.link,
        surface_key=cached.surface_key(surface),
        anatomy_arm=view.anatomy - 1 if 0 < view.anatomy <= len(run.arms) else None,
        selected=state.selected_arm() if selected is None else selected,
        view="2d" if is_flat else view.view,
        summary=" ".join(f"{arm.arm.name}: {arm.outcome[0].value}." for arm in run.arms),
        hidden=hidden,
    )
    show_player(cached.surface_bytes(surface), payload, on_edit, lambda chosen: state.edit_view(view=chosen), open_branches)


def arms(run: Run) -> None:
    """Show the arms, the controls of the selected one, and what all of them share."""
    scenario = run.scenario
    place = state.selected_arm()
    arm_pills("Arms")
    _offer_calm_rate(run, place)
    with st.container(key="arm-buttons", horizontal=True, gap="small"):
        full = len(scenario.arms) == MAX_ARMS
        st.button("Add", key="add", on_click=state.add_arm, disabled=full)
        st.button("Duplicate", key="duplicate", on_click=lambda: state.add_arm(like=scenario.arms[place]), disabled=full)
        st.button("Remove", key="remove", on_click=lambda: state.remove_arm(place), disabled=len(scenario.arms) == 1)
    _arm(scenario, place)
    st.session_state["one-peak"] = state.view().one_peak
    st.toggle("One peak rate for all arms", key="one-peak", on_change=lambda: state.share_peak(st.session_state["one-peak"]))
    _anatomy(scenario)
    with st.expander("Start", key="start-box"):
        x, y = scenario.surface.bounds
        show_part("start", Scenario.parts()["start"], scenario.start, "start", x=x, y=y)


def happened(run: Run) -> None:
    """Say in a sentence for each arm what happened."""
    st.markdown("#### What happened")
    st.html(story_table([arm.arm for arm in run.arms], what_happened(run), dark=is_dark()))


def replicates(scenario: Scenario) -> None:
    """Say what many replicates did, so that nobody is shown one lucky path."""
    origin = state.origin()
    measure = cached.measure_of(origin) or DEFAULT_MEASURE
    st.markdown(f"#### What {REPLICATES} replicates did")
    if not scenario.is_random:
        st.markdown("Nothing is random here: every replicate does what the figure shows.")
        return
    st.markdown(f"The same scenario with {REPLICATES} draws, numbered from 0 and computed just now; the figure shows number {scenario.replicate}.")
    blocks = []
    for first in range(0, REPLICATES, _BLOCK):
        # Touching the session lets Streamlit drop this run for a newer one: a slider that moves on is not kept waiting.
        state.scenario()
        blocks.append(cached.observed(scenario, origin, first, min(first + _BLOCK, REPLICATES)))
    gone = DIVERGED if scenario.surface.is_known_everywhere else f"{DIVERGED} or left"
    st.html(summary_table(summarise(scenario, blocks), measure.says, gone, dark=is_dark()))
    if measure is DEFAULT_MEASURE:
        st.markdown("The Compare page counts every run that ended in the global basin, however high in it: there the losses stand beside.")


def downloads(run: Run) -> None:
    """Offer the animation as a file."""
    st.download_button(
        "Download the animation (HTML)",
        data=lambda: animation_html(run),
        file_name="lr-explorer.html",
        mime="text/html",
        on_click="ignore",
        help="One file that plays anywhere, without a network (about 6 MB).",
    )


def played() -> Run:
    """Return the scenario's run, with its steps taken apart if that is to be shown."""
    return simulate(state.scenario(), anatomy=state.view().anatomy > 0)


def _offer_calm_rate(run: Run, place: int) -> None:
    """Where the selected arm diverged or left a landscape, offer a rate that is stable where it starts."""
    arm = run.arms[place]
    limit = arm.arm.stability_limit()
    rate = calm_rate(run.scenario.surface, arm.path[0, :, 0], limit) if limit is not None else None
    if arm.diverged_at[0] < 0 or rate is None or rate >= arm.arm.schedule.peak:
        return
    st.button(
        f"It {arm.outcome[0].value}: use {rate:g}, stable where it starts",
        key="calm-rate",
        on_click=state.edit,
        args=({f"arm{place + 1}.schedule.peak": repr(rate)},),
        icon=":material/healing:",
    )


def _arm(scenario: Scenario, place: int) -> None:
    arm, key = scenario.arms[place], f"arm{place + 1}"
    parts = Arm.parts()
    show_part(f"{key}.schedule", parts["schedule"], arm.schedule, "schedule", warmup=(0, scenario.steps))
    show_part(f"{key}.optimizer", parts["optimizer"], arm.optimizer, "optimizer")
    usual = arm.optimizer.suggested_peak
    if not usual / 10 <= arm.schedule.peak <= usual * 10:
        st.button(
            f"Use {usual:g}, a usual peak rate for {arm.optimizer.label}",
            key="usual-peak",
            on_click=state.edit,
            args=({f"{key}.schedule.peak": repr(usual)},),
        )
    with st.expander("Wrapper, clipping, batch, averaging, each coordinate's rate and freezing, drop, name, colour", key="arm-box"):
        for name in ("wrapper", "clipping", "batch", "averaging"):
            show_part(f"{key}.{name}", parts[name], getattr(arm, name), name)
        show_controls(rows(key, arm, drop_at=(0, scenario.steps), unfreeze_at=(0, scenario.steps)), state.edit, key="arm-controls")


def _anatomy(scenario: Scenario) -> None:
    labels = ["off", *state.arm_labels()]
    st.session_state["anatomy"] = min(state.view().anatomy, len(scenario.arms))
    st.selectbox(
        "Step anatomy",
        range(len(labels)),
        format_func=labels.__getitem__,
        key="anatomy",
        on_change=lambda: state.edit_view(anatomy=st.session_state["anatomy"]),
        help="Shows at the cursor the gradient, the optimizer's memory and the update that they make, as arrows with numbers.",
    )


def _open_chosen_preset() -> None:
    if st.session_state["presets"] is not None:
        state.open_preset(st.session_state["presets"])
