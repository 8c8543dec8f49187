"""The Compare page's parts: how many replicates of which pair, the verdict, every arm's numbers and figures, and the fair fight."""

from collections.abc import Callable
from functools import partial
from typing import TypeVar

import streamlit as st

from lr_explorer.experiments.blocks import Ahead
from lr_explorer.experiments.crowd import REPETITIONS, ArmCrowd, Crowd, compare, crowd_blocks, crowd_csv, gathered, looks_of, repeated
from lr_explorer.experiments.fair import PER_DECADE, TUNING_REPLICATES, Fight, fair_fight, usual_criterion
from lr_explorer.experiments.pool import SHARED, WorkerLost
from lr_explorer.experiments.seeds import Purpose, seed_for
from lr_explorer.figures.crowds import bands_figure, ends_figure, losses_by_rate_figure, repetitions_figure, success_by_rate_figure
from lr_explorer.figures.ends_map import LOOKS, MOST, contour, ends_map
from lr_explorer.scenario import Scenario
from lr_explorer.statistics import LEVEL, level_of_look, mean_difference, mean_sentence, statuses_sentence
from lr_explorer.story import told
from lr_explorer.ui import cached, state
from lr_explorer.ui.compare_parts import count, has_success, median_of, swatch_of, watch
from lr_explorer.ui.parts import chart, is_dark, view_choice
from lr_explorer.ui.tables import crowd_table, glyph, legend, numbers_table
from lr_explorer.ui.text import literal

T = TypeVar("T")

# From so many replicates on one waits, and sees how far it is.
_MANY = 1000

_STYLE = """
<style>
:is([class*="-figures"], .st-key-fight-sides) {
  display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 1rem 1.5rem; align-items: start;
}
@media (max-width: 900px) { :is([class*="-figures"], .st-key-fight-sides) { grid-template-columns: minmax(0, 1fr); } }
@media (pointer: coarse) { [class*="st-key-pick-"] .nsewdrag { pointer-events: none !important; } } /* or no finger could scroll past */
[class*="st-key-watch-"] button { padding: 0.1rem 0.6rem; min-height: 1.75rem; }
@media (max-width: 640px) { [class*="st-key-watch-"] > :has(.lrx-legend) { width: 100%; flex-basis: 100%; } }
</style>
"""


def choices() -> None:
    """Let the number of replicates and the pair be chosen."""
    st.html(_STYLE)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        view_choice("n")
        if len(state.scenario().arms) > 1:
            _pair()


def _pair() -> None:
    labels = state.arm_labels()
    contender, baseline = state.pair()
    params = state.View.params()
    st.session_state["contender"], st.session_state["baseline"] = contender, baseline
    st.selectbox(
        f"{params['contender'].label}: does it fare better …",
        range(len(labels)),
        format_func=labels.__getitem__,
        key="contender",
        width=260,
        help=params["contender"].help,
        on_change=lambda: state.choose_contender(st.session_state["contender"]),
    )
    st.selectbox(
        f"… than the {params['baseline'].label.lower()}?",
        [place for place in range(len(labels)) if place != contender],
        format_func=labels.__getitem__,
        key="baseline",
        width=260,
        help=params["baseline"].help,
        on_change=lambda: state.choose_baseline(st.session_state["baseline"]),
    )


def ran() -> Crowd:
    """Return what the replicates of the scenario did."""
    # Which replicate the Playground shows changes nothing here.
    scenario, origin, replicates = state.scenario().with_values(replicate=0), state.origin(), count()
    measure, looks = cached.crowd_measure(origin), looks_of(scenario, replicates)
    is_long = replicates >= _MANY
    blocks = crowd_blocks(scenario, measure, replicates, looks)
    parts = []
    bar = st.empty()
    with Ahead(blocks, SHARED if is_long else None) as coming:
        for place in range(len(blocks)):
            if is_long:
                bar.progress(place / len(blocks), f"{replicates:,} replicates of each arm")
            # Touching the session lets Streamlit drop this run for a newer one.
            state.scenario()
            try:
                parts.append(cached.crowd_part(scenario, origin, replicates, place, coming.result))
            except WorkerLost as reason:
                bar.error(str(reason))
                st.stop()
    bar.empty()
    return gathered(scenario, measure, looks, parts)


# Verdicts


def verdict(crowd: Crowd) -> None:
    """Say what the replicates allow to be said of the pair; plainly where there is no pair, or nothing to be uncertain of."""
    st.markdown("#### Verdict")
    if len(crowd.arms) == 1:
        st.markdown("There is one arm, so there is nothing to compare it with: add another in the Playground.")
        return
    if not crowd.scenario.is_random:
        st.markdown("Nothing is random here: every replicate does the same, and one run of each arm says all. There is no chance to judge.")
        return
    with st.container(border=True, key="verdict"):
        _verdict(crowd)
        st.markdown(
            f"Both arms saw the same noise: replicates 0 to {crowd.count - 1:,} of seed {crowd.scenario.seed:,}, which the Playground shows, too. "
            f"Every N has a share of its own in the {told(100 * (1 - LEVEL))} % of error, so that going on to a larger N after a look at this does "
            "not inflate it: that is why these intervals are wider than those of a single look."
        )


def _verdict(crowd: Crowd) -> None:
    """Say both verdicts on the pair, first the one that says more, and how pairs were counted."""
    contender, baseline = (crowd.arms[place] for place in state.pair())
    found = compare(baseline, contender, level=level_of_look(crowd.count, state.COUNTS))
    losses, shares = found.sentences(baseline.arm.name, contender.arm.name, crowd.measure.says)
    ordered = [shares, losses] if crowd.has_several_ends else [losses, shares]
    if not has_success():
        ordered = [losses, "No basin: this surface has no isolated minimum that a run could reach."]
    for sentence in ordered:
        status, rest = sentence.split(":", 1)
        st.markdown(f"**{status}:**{literal(rest)}")
    if crowd.has_several_ends:
        st.markdown("Replicates end in several basins: a median of losses hides in which, so the share comes first.")
    for note in found.notes:
        st.markdown(literal(note))


def again() -> None:
    """Offer the same comparison under other seeds: one of them may be lucky."""
    scenario = state.scenario().with_values(replicate=0)
    if len(scenario.arms) == 1 or not scenario.is_random:
        return
    contender, baseline = state.pair()
    measure = cached.crowd_measure(state.origin())
    found = on_demand(
        "again",
        f"Repeat it under {REPETITIONS} other seeds",
        (contender, baseline),
        partial(repeated, scenario, (baseline, contender), measure, count()),
    )
    if not found:
        return
    names = scenario.arms[contender].name, scenario.arms[baseline].name
    claims = {
        "shares": (f"{names[0]} {measure.says} more often than {names[1]}", "difference of the shares"),
        "losses": (f"{names[0]} ends lower than {names[1]}", "median difference in dex"),
    }
    st.markdown(
        f"Each line is one repetition's interval of {told(100 * LEVEL)} %, which is looked at once; the verdict's above, of "
        f"{told(100 * level_of_look(count(), state.COUNTS))} %, is wider, since one may go on to a larger N, and can leave open what these settle. "
        "Dashed lines are the margins on both sides. A full mark supports the claim; refuted means that there is no difference in its favour "
        "beyond the margin, reversed that there is one against it."
    )
    with st.container(key="again-figures"):
        for key, (claim, effect) in claims.items():
            if key == "losses" or has_success():
                verdicts = [getattr(repetition.comparison, key) for repetition in found]
                with st.container():
                    st.markdown(literal(f"“{claim}”: {statuses_sentence(verdicts)}"))
                    chart(repetitions_figure(verdicts, effect, dark=is_dark()), f"again-{key}", f"{claim}: {statuses_sentence(verdicts)}")


# Every arm


def arms(crowd: Crowd) -> None:
    """Show each arm in numbers, its typical, best and worst replicate to watch, and the table as a file."""
    if not crowd.scenario.is_random:
        rows = [(swatch_of(place, arm.arm), [median_of(arm)]) for place, arm in enumerate(crowd.arms)]
        st.html(numbers_table(["Arm", "final loss above the lowest"], rows))
        return
    st.markdown(f"#### What {crowd.count:,} replicates of each arm did")
    st.html(crowd_table(crowd, dark=is_dark(), tells_success=has_success()))
    st.markdown(
        f"Intervals hold the true share in {told(100 * LEVEL)} % of all attempts. {_how_counted()}"
        "Watch one of the replicates in the Playground, with the same noise: click on its point in the distribution or on the map below, or here."
    )
    number = st.number_input("Watch replicate", 0, crowd.count - 1, min(state.scenario().replicate, crowd.count - 1), key="watched", width=180)
    for place, arm in enumerate(crowd.arms):
        _watched(place, arm, number)
    st.download_button(
        "Download the table (CSV)", lambda: crowd_csv(crowd), "lr-explorer-comparison.csv", "text/csv", key="download-comparison", on_click="ignore"
    )


def _how_counted() -> str:
    """Say how success is counted here, where the Playground asks for more."""
    if not has_success() or cached.measure_of(state.origin()):
        return ""
    return "The basin alone counts here, since the losses stand beside it; the Playground also asks how low in it a run ended. "


def _watched(place: int, arm: ArmCrowd, number: int) -> None:
    with st.container(horizontal=True, gap="small", vertical_alignment="center", key=f"watch-{place + 1}"):
        with st.container(width=180):
            st.html(legend([swatch_of(place, arm.arm)]))
        for what, replicate in {"typical": arm.typical, "best": arm.best, "worst": arm.worst, "replicate": number}.items():
            if st.button(f"{what.capitalize()}: {replicate}", key=f"watch-{what}-{place + 1}"):
                watch(replicate, place)


def figures(crowd: Crowd) -> None:
    """Show the losses over the steps, and how the final ones are distributed."""
    st.html(legend([swatch_of(place, arm.arm) for place, arm in enumerate(crowd.arms)]))
    st.markdown(
        "Lines are medians, and the faint areas hold the middle half of the replicates." if crowd.scenario.is_random else "Each arm's only run."
    )
    medians = "; ".join(f"{arm.arm.name} {median_of(arm)}" for arm in crowd.arms)
    with st.container(key="compare-figures"):
        chart(bands_figure(crowd, dark=is_dark()), "bands", f"Loss above the lowest over the steps. Median at the end: {medians}.")
        if crowd.scenario.is_random:
            alt = f"Distribution of the final loss above the lowest. Median: {medians}."
            chart(ends_figure(crowd, dark=is_dark()), "ends", alt, on_pick=watch)
    if crowd.scenario.is_random and len(crowd.arms) > 1:
        contender, baseline = (crowd.arms[place] for place in state.pair())
        # Here, after the pictures, since the bootstrap's library takes half a second to import.
        st.markdown(literal(mean_sentence(mean_difference(baseline.loss, contender.loss), baseline.arm.name, contender.arm.name)))


def ends(crowd: Crowd) -> None:
    """Show where the replicates of the pair, or of the only arm, ended."""
    surface = crowd.scenario.surface
    if not crowd.scenario.is_random:
        return
    shown = "the first " if crowd.count > MOST else ""
    st.markdown(
        f"Where {shown}{min(crowd.count, MOST):,} replicates ended, by the minimum to which gradient flow leads from there; what ended outside the "
        "box is counted, but not drawn:"
    )
    picture = contour(cached.surface_bytes(surface), dark=is_dark())
    with st.container(key="ends-figures"):
        for place in state.pair() if len(crowd.arms) > 1 else (0,):
            arm = crowd.arms[place]
            endings = arm.endings(surface)
            counts = {ending: f"{those.sum():,} {ending.value}" for ending, those in endings.items()}
            marks = [glyph(LOOKS[ending][1], LOOKS[ending][2].on(dark=is_dark()), text) for ending, text in counts.items()]
            told_counts = ", ".join(counts.values())
            with st.container():
                st.html(legend([swatch_of(place, arm.arm), *marks]))
                figure = ends_map(picture, arm, endings, place, dark=is_dark())
                chart(figure, f"ends-map-{place + 1}", f"End points of {arm.arm.name}: {told_counts}.", on_pick=watch)


# The fair fight


def tuned() -> None:
    """Offer to tune every arm with the same effort, and show what came of it for as long as the scenario is the same."""
    scenario = state.scenario().with_values(replicate=0)
    if len(scenario.arms) == 1 or not scenario.is_random:
        return
    st.markdown("#### Fair fight")
    criterion = usual_criterion(scenario)
    st.markdown(
        f"At one rate that arm wins which the rate suits. Here every arm's peak is tuned with the same effort: {PER_DECADE} rates in a decade, "
        f"{TUNING_REPLICATES} replicates of each, chosen for the {criterion.label}. All are then judged on noise on which none was "
        "tuned. Any other click stops it."
    )
    seeds = {purpose: seed_for(scenario.seed, purpose) for purpose in Purpose}
    st.html(
        numbers_table(
            ["Seeds", "seed", "replicates of each arm"],
            [
                ("what you look at, and tune by hand on", [f"{seeds[Purpose.DISPLAY]:,}", f"{count():,}"]),
                ("tuning", [f"{seeds[Purpose.TUNING]:,}", f"{TUNING_REPLICATES:,} at each rate"]),
                ("evaluation", [f"{seeds[Purpose.EVALUATION]:,}", f"{count():,}"]),
            ],
        )
    )
    measure = cached.crowd_measure(state.origin())
    fight = on_demand("fair-fight", "Fight it out", (), partial(fair_fight, scenario, measure, criterion, count()))
    if fight:
        _result(fight)


def on_demand(key: str, label: str, what: tuple[object, ...], compute: Callable[..., T], of: Scenario | None = None) -> T | None:
    """Return what a button computes, for as long as the session has the same scenario and asks for the same; None before it is pressed.

    compute: is called with `executor` and `progress`. Another click ends the script's run in there, and what has been computed is dropped.
    of: what must be the same of the scenario, if not all of it.
    """
    asked = ((of or state.scenario()).with_values(replicate=0).link, state.origin(), count(), what)
    known, result = st.session_state.get(f"{key}-result", (None, None))
    if st.button(label, key=key, type="primary", disabled=known == asked):
        bar = st.empty()
        try:
            result = compute(executor=SHARED, progress=lambda done, total: bar.progress(done / total, label))
        except WorkerLost as reason:
            bar.error(str(reason))
            return None
        bar.empty()
        known = asked
        st.session_state[f"{key}-result"] = known, result
    return result if known == asked else None


def _result(fight: Fight) -> None:
    for warning in fight.warnings:
        st.warning(literal(warning), icon=":material/warning:")
    common = fight.same.scenario.arms[0].schedule.peak
    with st.container(key="fight-sides"):
        _side("same", f"Same peak: {told(common)} for all", fight.same)
        tuned = ", ".join(f"{curve.arm.name} {told(curve.peak)}" for curve in fight.curves)
        _side("tuned", f"Each tuned: {tuned}", fight.tuned)
    for sentence in fight.twins:
        st.markdown(literal(sentence))
    _sensitivity(fight)


def _side(key: str, title: str, crowd: Crowd) -> None:
    with st.container(border=True, key=f"fight-{key}"):
        st.markdown(f"**{literal(title)}**")
        _verdict(crowd)
        st.html(crowd_table(crowd, dark=is_dark(), tells_success=has_success()))


def _sensitivity(fight: Fight) -> None:
    """Show how each arm fared at every rate of the grid, on the tuning seed."""
    curves = fight.curves
    st.markdown(
        "**How much the rate matters**: every peak of the grid, on the tuning seed; the large open marks are the chosen ones, and the faint areas "
        "hold the middle half."
    )
    st.html(legend([swatch_of(place, curve.arm) for place, curve in enumerate(curves)]))
    chosen = "; ".join(f"{curve.arm.name} {told(curve.peak)}" for curve in curves)
    with st.container(key="fight-figures"):
        if has_success():
            chart(success_by_rate_figure(curves, dark=is_dark()), "success-by-rate", f"Share of success over the peak rate. Chosen: {chosen}.")
        chart(losses_by_rate_figure(curves, dark=is_dark()), "loss-by-rate", f"Final loss above the lowest over the peak rate. Chosen: {chosen}.")
