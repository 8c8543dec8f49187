"""The Compare page's branches: one arm up to some step, and from there constant, decaying or restarted, on the same noise."""

from functools import partial
from html import escape

import streamlit as st

from lr_explorer.experiments.branches import CONSTANT, DECAY, PAIRS, branched, compared, level_of_each, refusal
from lr_explorer.experiments.crowd import Crowd, crowd, crowd_csv
from lr_explorer.figures.crowds import bands_figure
from lr_explorer.statistics import MARGIN, brief, level_of_look
from lr_explorer.story import told
from lr_explorer.ui import cached, compare_page, state
from lr_explorer.ui.compare_parts import count, has_success, median_of, swatch_of
from lr_explorer.ui.parts import arm_pills, chart, is_dark, view_choice
from lr_explorer.ui.tables import crowd_table, legend, numbers_table
from lr_explorer.ui.text import literal

# Run once, when one comes from the Playground for this section.
_SCROLL = """<script>document.querySelector(".st-key-branch")?.scrollIntoView({ block: "start" })</script>"""


def open_branches(step: int) -> None:
    """Lead to this section with the step filled in; the arm is the one that is selected."""
    state.edit_view(branch=step)
    st.session_state["came-to-branch"] = True
    st.switch_page("pages/3_Compare.py", query_params=state.query())


def branches() -> None:
    """Offer to fork an arm at a step, and show what its branches did for as long as the scenario is the same."""
    scenario, place = state.scenario().with_values(replicate=0), state.selected_arm()
    with st.container(key="branch"):
        st.markdown("#### Branch a run")
        st.markdown(
            "What to do from here: go on at this rate, anneal now, or raise the rate once more? Up to the fork all branches are one and the same "
            "run of each replicate, optimizer state and noise included; from there on only the rate differs. In the Playground, “Branch here” "
            "forks at the step shown."
        )
        arm_pills("Arm")
        if why := refusal(scenario.arms[place], scenario.steps):
            st.markdown(literal(why))
        else:
            _choices()
            _forked(place)
    if st.session_state.pop("came-to-branch", False):
        st.html(_SCROLL, unsafe_allow_javascript=True)


def _choices() -> None:
    steps, param = state.scenario().steps, state.View.params()["branch"]
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.session_state["branch-step"] = state.fork()
        st.number_input(
            param.label,
            1,
            steps - 1,
            key="branch-step",
            width=180,
            help=param.help,
            on_change=lambda: state.edit_view(branch=st.session_state["branch-step"]),
        )
        view_choice("fall")
    if state.view().branch >= steps:
        st.markdown(f"Step {state.view().branch:,} is no fork in a run of {steps:,} updates: {state.fork():,}, the last one, was used.")
    if note := state.scenario().arms[state.selected_arm()].optimizer.rate_note:
        st.markdown(literal(note))


def _forked(place: int) -> None:
    step, fall = state.fork(), state.view().fall
    forked = branched(state.scenario().with_values(replicate=0), place, step, fall)
    measure = cached.crowd_measure(state.origin())
    found = compare_page.on_demand("branches", f"Branch it at step {step:,}", (place, step, fall), partial(crowd, forked, measure, count()))
    if found:
        _told(found, step)


def _told(found: Crowd, step: int) -> None:
    st.html(legend([swatch_of(place, arm.arm) for place, arm in enumerate(found.arms)]))
    medians = "; ".join(f"{arm.arm.name} {median_of(arm)}" for arm in found.arms)
    alt = f"Loss above the lowest over the steps, one curve up to step {step} and four from there. Median at the end: {medians}."
    chart(bands_figure(found, dark=is_dark(), fork=step), "branch-bands", alt)
    if found.scenario.is_random:
        st.html(crowd_table(found, dark=is_dark(), tells_success=has_success()))
        _verdicts(found)
    else:
        st.html(
            numbers_table(["Branch", "final loss above the lowest"], [(swatch_of(i, arm.arm), [median_of(arm)]) for i, arm in enumerate(found.arms)])
        )
    with st.container(horizontal=True, gap="small"):
        if st.button("Open the branches in the Playground", key="open-branches", icon=":material/call_split:"):
            state.put_arms(found.scenario.arms, "the branches")
            state.edit_view(contender=DECAY + 1, baseline=CONSTANT + 1)
            st.switch_page("app.py", query_params=state.query())
        st.download_button(
            "Download the branches (CSV)",
            lambda: crowd_csv(found),
            "lr-explorer-branches.csv",
            "text/csv",
            key="download-branches",
            on_click="ignore",
        )


def _verdicts(found: Crowd) -> None:
    """Say what can be said of every pair of branches, and what it rests on."""
    level = level_of_look(found.count, state.COUNTS)
    titles = [*([f"{found.measure.says} more often"] if has_success() else []), "ends lower, in dex"]
    rows = []
    for pair in compared(found, level):
        claim = escape(f"{pair.contender.arm.name} rather than {pair.baseline.arm.name}")
        if pair.comparison is None:
            rows.append((claim, ["the same rates: one and the same run"] * len(titles)))
        else:
            verdicts = [*([pair.comparison.shares] if has_success() else []), pair.comparison.losses]
            rows.append((claim, [brief(verdict) for verdict in verdicts]))
    shares = f"{told(MARGIN)} of the replicates for how often, " if has_success() else ""
    st.markdown(f"Margins: {shares}{told(MARGIN)} dex for how low. Refuted means no difference in the claim's favour beyond the margin.")
    st.html(numbers_table(["Claim", *titles], rows))
    st.markdown(
        f"Effects with intervals of {told(100 * level_of_each(level))} %: the {len(PAIRS)} claims share the error of one. Where replicates end in "
        "several basins, a median of losses hides in which. Was the step chosen by looking at these very runs? Then re-roll the seed in the "
        "Playground and branch once more: what suits one noise need not suit another."
    )
