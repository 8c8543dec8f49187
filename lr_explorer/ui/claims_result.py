"""What an experiment of a claim gave: the verdict against what was predicted, its knob, the typical run, the theory, how it was tuned."""

from collections.abc import Callable
from html import escape

import streamlit as st

from lr_explorer.claims import Claim, Experiment, Picture, Result
from lr_explorer.figures.claims import STATUS_LOOKS, THEORY_DASH, curve_colour, interval_figure, picture_figure
from lr_explorer.figures.crowds import losses_by_rate_figure, success_by_rate_figure
from lr_explorer.figures.theme import INK, PAGE
from lr_explorer.figures.wire import START_DASH, map_marks, run_payload
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.statistics import Status, Verdict
from lr_explorer.story import factors, told
from lr_explorer.ui import cached, lab
from lr_explorer.ui.cards import typeset
from lr_explorer.ui.parts import chart, is_dark
from lr_explorer.ui.player import show_player
from lr_explorer.ui.tables import arm_swatch, legend, point, swatch
from lr_explorer.ui.text import literal

_SHOWN = "shown-run"


def ran(claim: Claim, experiment: Experiment, knob: str) -> Result:
    """Return what an experiment gives with its knob at a value; from now on `has_run` says so."""
    seed = lab.current().lab_seed
    result = cached.claim_result(claim.id, lab.turned(experiment, knob), knob, seed)
    st.session_state.setdefault("ran", set()).add((claim.id, experiment.name, knob, seed))
    return result


def has_run(claim: Claim, experiment: Experiment) -> bool:
    """Whether the session has seen the experiment, with its knob as it comes, under the present seed."""
    return (claim.id, experiment.name, lab.usual_knob(experiment), lab.current().lab_seed) in st.session_state.get("ran", ())


def show(claim: Claim, experiment: Experiment, *, has_controls: bool = True, below: Callable[[Result], None] | None = None) -> None:
    """Run the open experiment and show what it gave; has_controls: with its knob and its seed. below: shows more below these."""
    verdict = st.container(border=True, key="verdict")
    if has_controls:
        _controls(experiment)
    with verdict:
        result = ran(claim, experiment, lab.current().knob)
        _verdict(claim, experiment, result)
    if below is not None:
        below(result)
    pictures = cached.claim_pictures(claim.id, result, lab.current().knob, lab.current().lab_seed)
    for place, picture in enumerate(pictures[:1]):
        _picture(place, picture, result)
    _typical(result)
    _theory(result)
    for place, picture in enumerate(pictures[1:], 1):
        _picture(place, picture, result)
    _tuning(result)


def badge(status: Status, *, dark: bool) -> str:
    """Return a status as a mark and a word on its colour."""
    mark, shade = STATUS_LOOKS[status]
    colours = f"background:{shade.on(dark=dark)};color:{PAGE.on(dark=dark)}"
    return f'<span class="lrx-status" style="{colours}"><span aria-hidden="true">{mark}</span> {status.value.capitalize()}</span>'


def bounds(verdict: Verdict) -> str:
    """Return the effect with its interval in few words."""
    return f"{told(verdict.estimate)} ({told(verdict.low)} to {told(verdict.high)})"


def against(text: str, predicted: Status, found: Status) -> str:
    """Say whether what was predicted, in these words, came out."""
    if found is Status.INCONCLUSIVE:
        return f"You predicted: “{literal(text)}”. This run cannot tell."
    return f"You predicted: “{literal(text)}”. **{'That is right.' if found is predicted else 'It came out otherwise.'}**"


# The verdict


def _verdict(claim: Claim, experiment: Experiment, result: Result) -> None:
    told_of = result.sentence.partition(":")[2].strip()
    st.html(f'<p class="lrx-verdict">{badge(result.verdict.status, dark=is_dark())}{escape(told_of[:1].upper() + told_of[1:])}</p>')
    if said := _against_prediction(claim, experiment, result.verdict):
        st.markdown(said)
    unit = result.experiment.effect.unit
    verdict = result.verdict
    alt = f"Effect {told(verdict.estimate)}, interval {told(verdict.low)} to {told(verdict.high)}, margin {told(verdict.margin)}, in {unit}."
    chart(interval_figure(verdict, unit, dark=is_dark()), "interval", alt)
    st.markdown(f"Grey: within the margin. {_sides(result.experiment)}")
    is_usual = lab.current().knob == lab.usual_knob(experiment)
    if is_usual and not result.as_expected:
        st.markdown(f"Expected was **{experiment.expected.value}**: this seed is one of the few that say otherwise. Try another.")
    if is_usual and experiment.why:
        st.markdown(f"**Why:** {literal(experiment.why)}")
    if claim.wording:
        st.markdown(f"**The wording:** {literal(claim.wording)}")


def _sides(experiment: Experiment) -> str:
    """Say what the two sides of the interval's axis mean."""
    found = experiment.effect.outcomes(experiment.names)
    unit = " One dex is a factor of ten." if experiment.effect.unit == "dex" else ""
    if Status.REVERSED not in found:
        return "To the left: as theory says; to the right: off it."
    return literal(f"To the right: {found[Status.SUPPORTED]}. To the left: {found[Status.REVERSED]}.{unit}")


def _against_prediction(claim: Claim, experiment: Experiment, verdict: Verdict) -> str:
    """Say whether what was predicted came out."""
    guess = lab.guess((claim.id, experiment.name))
    if guess is None or guess.status is None:
        return ""
    text = lab.turned(experiment, guess.knob).outcomes[guess.status]
    if experiment.knob and guess.knob != lab.current().knob:
        return f"You predicted: “{literal(text)}”, for {literal(experiment.knob.label)} {literal(guess.knob)}."
    return against(text, guess.status, verdict.status)


def _controls(experiment: Experiment) -> None:
    """Show the knob and the seed."""
    values, now = lab.knob_values(experiment), lab.current()
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom", key="lab-controls"):
        if experiment.knob and values:
            st.session_state["knob"] = now.knob
            label = f"Turn the verdict: {literal(experiment.knob.label)}"
            st.select_slider(label, list(values), key="knob", on_change=_changed("knob"))
        seed = lab.Lab.params()["lab_seed"]
        st.session_state["lab_seed"] = now.lab_seed
        st.number_input(seed.label, 0, lab.MOST_SEED, step=1, key="lab_seed", help=seed.help, width=150, on_change=_changed("lab_seed"))
    if experiment.knob and values and experiment.knob.help:
        st.markdown(literal(experiment.knob.help))


def _changed(name: str) -> Callable[[], None]:
    return lambda: lab.change(**{name: st.session_state[name]})


# The typical run


def _typical(result: Result) -> None:
    """Play a run in which every arm does what most of its replicates do."""
    scenario = shown_run(result)
    st.markdown(f"**A typical run**, replicate {scenario.replicate} of {result.experiment.count:,}: each arm does what most do. Press play.")
    if len(result.runs) > 1:
        names = [literal(", ".join(arm.name for arm in one.arms)) for one in result.runs]
        choices = range(len(names))
        st.segmented_control("Run", choices, format_func=names.__getitem__, key=_SHOWN, default=0, required=True, label_visibility="collapsed")
    st.html(legend(_marks(scenario)))
    run = simulate(scenario)
    payload = run_payload(
        run,
        key=scenario.link,
        surface_key=cached.surface_key(scenario.surface),
        summary=" ".join(f"{arm.arm.name}: {arm.outcome[0].value}." for arm in run.arms),
        hidden=("start", "drop", "branch"),
    )
    show_player(cached.surface_bytes(scenario.surface), payload, key="lab-player")


def _marks(scenario: Scenario) -> list[str]:
    """Return what the map has besides the arms."""
    ink = INK.on(dark=is_dark())
    circle = [swatch("circle of all starts", ink, START_DASH)] if getattr(scenario.start, "radius", 0.0) else []
    return [*circle, *(point(name, ink, sign) for name, sign in map_marks(scenario.surface).items())]


def shown_run(result: Result) -> Scenario:
    """Return which of the typical runs is shown, where the experiment has several scenarios."""
    place = st.session_state.get(_SHOWN) or 0
    return result.runs[place] if place < len(result.runs) else result.runs[0]


# Theory and tuning


def _theory(result: Result) -> None:
    """Show what theory says."""
    made = result.experiment
    if made.theory:
        st.markdown("#### What theory says")
        st.markdown(typeset(made.theory.formula))
        st.markdown(f"{literal(made.theory.says)}  \n*{literal(made.theory.source)}*")


def _picture(place: int, picture: Picture, result: Result) -> None:
    """Show what was measured beside what theory predicts."""
    dark, arms = is_dark(), result.experiment.arms
    st.markdown(f"**{literal(picture.title)}**")
    marks = []
    for curve in picture.curves:
        colour = curve_colour(curve, arms, dark=dark)
        marks.append(point(curve.name, colour) if curve.is_marks else swatch(curve.name, colour, THEORY_DASH if curve.is_theory else ()))
    if marks:
        st.html(legend(marks))
    chart(picture_figure(picture, arms, dark=dark), f"picture-{place}", f"{picture.title}. {picture.says}")
    if picture.says:
        st.markdown(literal(picture.says))


def _tuning(result: Result) -> None:
    """Say which peaks were chosen and how each arm fared at every other."""
    if not result.curves:
        return
    for curve in result.curves:
        if curve.warning:
            st.warning(literal(curve.warning), icon=":material/warning:")
    chosen = "; ".join(f"{curve.arm.name} {told(curve.peak)} {factors(curve.arm)}".strip() for curve in result.curves)
    with st.expander(f"How the peaks were tuned: {literal(chosen)}", key="tuning"):
        st.markdown("Every peak of the grid, on seeds of their own; the large open marks are the chosen ones.")
        st.html(legend([arm_swatch(place, curve.arm, dark=is_dark()) for place, curve in enumerate(result.curves)]))
        draw = success_by_rate_figure if result.experiment.is_tuned_for_success else losses_by_rate_figure
        chart(draw(result.curves, dark=is_dark()), "by-rate", f"How every arm fared over the peak rate. Chosen: {chosen}.")
