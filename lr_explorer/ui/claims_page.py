"""The claims lab's parts: the overview, the prediction before anything is shown, and the experiments of the claim that is open."""

from collections.abc import Callable
from functools import partial
from html import escape

import streamlit as st

from lr_explorer.claims import CLAIMS, Claim, Experiment, Kind, Result
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.task_matrix import TaskMatrix
from lr_explorer.noise import Noise
from lr_explorer.scenario import Scenario
from lr_explorer.statistics import Status
from lr_explorer.story import told
from lr_explorer.ui import claims_result, lab, matrix_section, state
from lr_explorer.ui.claims_result import against, badge, bounds
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.player import hasten_player
from lr_explorer.ui.tables import arm_swatch, legend
from lr_explorer.ui.text import literal

# What the text says that reducing does, and what it says besides, by the first letter of the claims' ids.
_GROUPS = {"M": "What lowering the rate is said to do", "E": "Exceptions and alternatives"}

# Said where a prediction is asked.
_KEPT = "Your prediction is kept until you reload the page; no link holds it."

# The experiment that answers E6's question, and what its answers would mean.
_CHAMPION = "no_champion"
_CHAMPIONS = {Status.SUPPORTED: "No, none is", Status.REFUTED: "Yes, one is"}

STYLE = """
<style>
[class*="st-key-tiles-"] { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: 0.75rem; }
[class*="st-key-tile-"] :is(button, button > *) { height: 100%; justify-content: flex-start; align-items: flex-start; text-align: left; }
[class*="st-key-tile-"] :is(.stButton, .stTooltipIcon) { height: 100%; }
.st-key-lab { display: grid; grid-template-columns: minmax(0, 2.3fr) minmax(0, 1fr); gap: 1rem 2rem; align-items: start; }
@media (max-width: 900px) { .st-key-lab { grid-template-columns: minmax(0, 1fr); } }
.lrx-verdict { font-size: 1.05rem; line-height: 1.5; margin: 0; }
.lrx-status { display: inline-block; padding: 0.05rem 0.6rem; margin-right: 0.35rem; border-radius: 1rem; font-weight: 700; white-space: nowrap; }
.st-key-others :is([class*="st-key-open-"], [class*="st-key-to-"]) button {
  text-align: left; justify-content: flex-start; min-height: 1.75rem; padding: 0;
}
.st-key-others [class*="st-key-open-"] button p { font-size: 1rem; }
</style>
"""


def choice() -> None:
    """Let a claim be opened, or all of them be seen."""
    st.html(STYLE)
    params = lab.Lab.params()
    st.session_state["claim"] = lab.current().claim
    st.pills(
        params["claim"].label,
        [lab.ALL, *CLAIMS],
        format_func=lambda name: "All claims" if name == lab.ALL else name,
        key="claim",
        on_change=lambda: lab.open_claim(st.session_state["claim"]),
        label_visibility="collapsed",
        required=True,
        wrap=True,
    )


def overview() -> None:
    """Say what this page is, and show every claim, unless one is open."""
    if lab.current().claim != lab.ALL:
        return
    st.markdown(
        f"### {len(CLAIMS)} claims about lowering the learning rate\n"
        "Each is an experiment that can fail. **Choose a claim, predict what will come out, and let it run**: the verdict is computed in front of "
        "you, over hundreds of replicates, with its uncertainty – and beside it the conditions under which it turns round."
    )
    for letter, title in _GROUPS.items():
        claims = [claim for claim in CLAIMS.values() if claim.id.startswith(letter)]
        if claims:
            st.markdown(f"#### {title}")
            with st.container(key=f"tiles-{letter}"):
                for claim in claims:
                    _tile(claim)


def _tile(claim: Claim) -> None:
    st.button(
        f"**{claim.id} · {literal(claim.label)}**  \n{literal(claim.says)}",
        key=f"tile-{claim.id}",
        on_click=lab.open_claim,
        args=(claim.id,),
        width="stretch",
    )


def card() -> None:
    """Show the open claim: first what it says and what to predict, then, once that is done, what its experiment gives."""
    claim = CLAIMS.get(lab.current().claim)
    if claim is None:
        return
    # While the reader thinks about the prediction, the browser may fetch what the answer needs.
    hasten_player()
    title(claim)
    if claim.id not in lab.CARDS:
        tasks(claim)
        return
    experiment = claim[lab.current().experiment]
    with st.container(key="lab"):
        with st.container(key="result"):
            shown(claim, experiment, below=partial(_elsewhere, claim, experiment))
        with st.container(key="others"):
            _others(claim, experiment)


def title(claim: Claim) -> None:
    """Say what is claimed."""
    st.markdown(f"### {claim.id} · {literal(claim.label)}\n**The claim:** {literal(claim.says)}")


def shown(claim: Claim, experiment: Experiment, *, has_controls: bool = True, below: Callable[[Result], None] | None = None) -> None:
    """Ask for a prediction of the open experiment or, once there is one, show what it gives; has_controls, below: as in `claims_result.show`."""
    if lab.guess((claim.id, experiment.name)) is None:
        _ask(claim, experiment)
        return
    st.markdown(f"#### {literal(experiment.label)}")
    _setting(lab.turned(experiment, lab.current().knob))
    claims_result.show(claim, experiment, has_controls=has_controls, below=below)


# The prediction


def _ask(claim: Claim, experiment: Experiment) -> None:
    """Ask what will come out, before anything of it is computed."""
    made, place = lab.turned(experiment, lab.current().knob), (claim.id, experiment.name)
    with st.container(border=True, key="prediction"):
        st.markdown(f"**Predict first** – {literal(experiment.label)}")
        question = claim.question if experiment is claim.experiments[0] else f"True or not? {experiment.says}."
        st.markdown(f"#### {literal(question)}")
        with st.container(horizontal=True, gap="small"):
            for status, text in made.outcomes.items():
                st.button(literal(text), key=f"predict-{status.value}", on_click=lab.predict, args=(place, status))
            st.button("Just show me", key="predict-nothing", type="tertiary", on_click=lab.predict, args=(place, None))
        st.markdown(_KEPT)
        _setting(made)
        st.html(legend([arm_swatch(number, arm, dark=is_dark()) for scenario in made.scenarios for number, arm in enumerate(scenario.arms)]))


def _setting(experiment: Experiment) -> None:
    """Say what is run: where, under what noise, for how long, and how often."""
    scenes = {f"{scenario.surface.label}; {_noise(scenario.noise)}; {scenario.steps:,} updates" for scenario in experiment.scenarios}
    differ = ", each with a draw of its own" if experiment.own else ", all on the same noise" if experiment.scenarios[0].is_random else ""
    tuned = ", each arm's peak rate tuned on other seeds" if experiment.tuned else ""
    st.markdown(literal(f"{' – '.join(sorted(scenes))}; {experiment.count:,} replicates of each arm{differ}{tuned}."))


def _noise(noise: Noise) -> str:
    """Say what noise it is, by its first parameter and by those that are not as they come."""
    if not noise.is_random:
        return "no noise"
    values = [(param, getattr(noise, name)) for name, param in noise.params().items()]
    said = [(param.label, value) for place, (param, value) in enumerate(values) if place == 0 or value != param.default]
    told_of = [f"{label} {told(value) if isinstance(value, float) else value}" for label, value in said]
    return ", ".join([f"noise: {noise.label}", *told_of])


# The claim that is asked of many tasks at once


def tasks(claim: Claim, *, has_controls: bool = True, leads_on: bool = True) -> None:
    """Ask what will come out of many tasks, and show them, with the verdicts on all that is claimed of them.

    has_controls, leads_on: as in `matrix_section.section`.
    """
    place = (claim.id, _CHAMPION)
    guess = lab.guess(place)
    if guess is None:
        with st.container(border=True, key="prediction"):
            st.markdown(f"**Predict first**\n#### {literal(claim.question)}")
            with st.container(horizontal=True, gap="small"):
                for status, text in _CHAMPIONS.items():
                    st.button(text, key=f"predict-{status.value}", on_click=lab.predict, args=(place, status))
                st.button("Just show me", key="predict-nothing", type="tertiary", on_click=lab.predict, args=(place, None))
            st.markdown(_KEPT)
        return
    verdicts = st.container(key="verdicts")
    if (matrix := matrix_section.section(has_controls=has_controls, leads_on=leads_on)) is not None:
        with verdicts:
            _questions(claim, matrix, guess)


def _questions(claim: Claim, matrix: TaskMatrix, guess: lab.Guess) -> None:
    """Say what the tasks say to each question that is asked of all of them."""
    for experiment in claim.experiments:
        # What is asked of one task alone is offered below, on the task of one's choice.
        if len(experiment.tasks) == 1:
            continue
        verdict = experiment.judged(matrix)
        st.html(
            f'<p class="lrx-verdict">{badge(verdict.status, dark=is_dark())}{escape(experiment.says)}: '
            f"{escape(f'{bounds(verdict)} {experiment.effect}')}; margin {told(verdict.margin)}.</p>"
        )
        if experiment.name == _CHAMPION and guess.status is not None:
            st.markdown(against(_CHAMPIONS[guess.status], guess.status, verdict.status))
        reason = "Why" if verdict.status is experiment.expected else "Why something else was expected"
        st.markdown(f"**{reason}:** {literal(experiment.why)}")


# Beside it


def _others(claim: Claim, opened: Experiment) -> None:
    """Show a counter-example with its own verdict, and all other experiments with what those gave that have been run; offer to run them all."""
    beside = _counter(claim, opened)
    if beside is not None:
        st.markdown(f"#### Beside it: {beside.kind.value}")
        with st.container(border=True, key=f"row-{beside.name}", gap="xsmall"), st.spinner("Running it …"):
            claims_result.ran(claim, beside, lab.usual_knob(beside))
            # What has been seen is not asked any more.
            lab.predict((claim.id, beside.name), None)
            _row(claim, beside, is_open=False)
    st.markdown(f"#### All {len(claim.experiments)} experiments on this claim\nOpen one and predict again, or see all verdicts at once.")
    if st.button(f"Run all {len(claim.experiments)}", key="run-all"):
        _run_all(claim)
    for experiment in claim.experiments:
        if experiment is not beside:
            with st.container(border=True, key=f"row-{experiment.name}", gap="xsmall"):
                _row(claim, experiment, is_open=experiment is opened)
    if lab.guess((claim.id, opened.name)) is not None:
        _presets(claim)


def _presets(claim: Claim) -> None:
    """Lead to what the Playground has of the claim; what the presets are called tells what comes out."""
    for name, preset in PRESETS.items():
        if preset.claim == claim.id and st.button(f"In the Playground: {preset.label}", key=f"to-{name}", type="tertiary"):
            state.open_preset(name)
            st.switch_page("app.py", query_params=state.query())


def _counter(claim: Claim, opened: Experiment) -> Experiment | None:
    """Return the first experiment that speaks against the open one, once that has been predicted; None if there is none."""
    if lab.guess((claim.id, opened.name)) is None:
        return None
    against = {Kind.COUNTER: (Kind.CLAIM, Kind.RESTORED)}.get(opened.kind, (Kind.COUNTER,))
    return next((one for one in claim.experiments if one.kind in against), None)


def _run_all(claim: Claim) -> None:
    bar = st.empty()
    for done, experiment in enumerate(claim.experiments):
        bar.progress(done / len(claim.experiments), literal(experiment.label))
        # Touching the session lets Streamlit drop this run for a newer one.
        state.scenario()
        claims_result.ran(claim, experiment, lab.usual_knob(experiment))
        lab.predict((claim.id, experiment.name), None)
    # What was asked above has been shown by now.
    st.rerun()


def _row(claim: Claim, experiment: Experiment, *, is_open: bool) -> None:
    if is_open:
        st.markdown(f"**{literal(experiment.label)}** (shown here)")
    else:
        label = f"**{literal(experiment.label)}**"
        st.button(label, key=f"open-{experiment.name}", type="tertiary", on_click=lab.open_experiment, args=(claim.id, experiment))
    st.markdown(f"{literal(experiment.says)}.")
    if not claims_result.has_run(claim, experiment):
        return
    result = claims_result.ran(claim, experiment, lab.usual_knob(experiment))
    st.html(f"{badge(result.verdict.status, dark=is_dark())} {escape(f'{result.experiment.effect.unit}: {bounds(result.verdict)}')}")
    # Of the open one the reason stands beside its verdict.
    st.markdown(f"*{experiment.kind.value.capitalize()}.* {'' if is_open else literal(experiment.why)}")


# Onward


def _elsewhere(claim: Claim, experiment: Experiment, result: Result) -> None:
    """Lead to the same run in the Playground and the same replicates on the Compare page."""
    run, origin = claims_result.shown_run(result), f"{claim.id}.{experiment.name}"
    with st.container(horizontal=True, gap="small", key="elsewhere"):
        if st.button("Open this run in the Playground", key="to-playground"):
            _open("app.py", run, origin)
        # Where every replicate has a landscape of its own, Compare would look at one of them only; without noise all are alike.
        if len(run.arms) > 1 and run.is_random and not experiment.own and st.button("Open its replicates in Compare", key="to-compare"):
            contender = experiment.effect.contender
            count = state.nearest_count(experiment.count)
            _open("pages/3_Compare.py", run, origin, n=count, contender=contender + 1, baseline=2 - contender)


def _open(page: str, run: Scenario, origin: str, **values: object) -> None:
    state.remember("the experiment")
    state.open_scenario(run, origin=origin, one_peak=False, **values)
    st.switch_page(page, query_params=state.query())
