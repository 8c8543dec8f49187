"""The Compare page's map: how often runs succeed over two of the scenario's numbers, with the lines of theory."""

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import streamlit as st

from lr_explorer.experiments.crowd import csv_of
from lr_explorer.experiments.maps import (
    LINES,
    Span,
    SuccessMap,
    axis_keys,
    changes,
    number_at,
    read_span,
    success_map,
    unvaried,
    usual_span,
    usual_spans,
)
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.figures.maps import GONE, LINE_DASHES, success_figure
from lr_explorer.figures.theme import INK
from lr_explorer.story import percent, told
from lr_explorer.ui import cached, compare_page, state
from lr_explorer.ui.compare_parts import has_success, swatch_of
from lr_explorer.ui.parts import chart, is_dark, view_choice
from lr_explorer.ui.tables import glyph, legend, numbers_table, swatch
from lr_explorer.ui.text import literal

Spans = tuple[Span, Span]


def escape_map() -> None:
    """Offer a map of success over two numbers of the scenario, and show it for as long as nothing else of the scenario changes."""
    st.markdown("#### Escape map")
    if not has_success():
        st.markdown("This surface has no isolated minimum that a run could reach, so there is no share to map.")
        return
    scenario, measure = state.scenario().with_values(replicate=0), cached.crowd_measure(state.origin())
    st.markdown(
        f"The share of replicates that {measure.says}, over two of the scenario's numbers: every cell is an experiment of its own on the same "
        "noise. Any other click stops the computation."
    )
    places = state.pair() if len(scenario.arms) > 1 else (0,)
    labels = axis_keys(scenario, places)
    usual = usual_spans(scenario, places)
    spans = _axis("map_x", usual[0], places, labels), _axis("map_y", usual[1], places, labels)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        view_choice("map_cells")
        view_choice("map_n")
    cells, count = int(state.view().map_cells), int(state.view().map_n)
    compute = partial(success_map, scenario, places, spans, cells, measure, count)
    try:
        found = compare_page.on_demand(
            "map", f"Map {cells} × {cells} cells", (spans, cells, count, places), compute, of=unvaried(scenario, spans, cells)
        )
    except ValueError as refusal:
        st.warning(literal(str(refusal)), icon=":material/warning:")
        return
    if found:
        _shown(found, places, spans, (labels[spans[0].key], labels[spans[1].key]))


def _axis(name: str, usual: Span, places: Sequence[int], labels: Mapping[str, str]) -> Span:
    """Let an axis and its range be chosen, and return them; what a link has in vain is told."""
    scenario, written, title = state.scenario(), getattr(state.view(), name), state.View.params()[name].label
    try:
        span = usual if written == "auto" else read_span(written, scenario, places)
    except ValueError as refusal:
        st.warning(literal(f"{name}: {refusal}; {usual} was used."), icon=":material/warning:")
        span = usual
    param = number_at(span.key, scenario)
    kind = int if param.whole else float
    keys = f"{name}-key", f"{name}-low", f"{name}-high"
    st.session_state[keys[0]], st.session_state[keys[1]], st.session_state[keys[2]] = span.key, kind(span.low), kind(span.high)

    def chosen() -> None:
        state.edit_view(**{name: str(usual_span(st.session_state[keys[0]], state.scenario(), places[0]))})

    def ranged() -> None:
        state.edit_view(**{name: str(Span(span.key, st.session_state[keys[1]], st.session_state[keys[2]]))})

    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        st.selectbox(title, list(labels), format_func=labels.__getitem__, key=keys[0], width=320, on_change=chosen)
        for key, label in zip(keys[1:], ("from", "to"), strict=True):
            st.number_input(label, kind(param.low), kind(param.high), key=key, width=140, format="%d" if param.whole else "%.6g", on_change=ranged)
    return span


def _shown(found: SuccessMap, places: Sequence[int], spans: Spans, labels: tuple[str, str]) -> None:
    cell = st.session_state.get("map-cell")
    if cell is None or any(place >= len(axis.values) for place, axis in zip(cell, found.axes, strict=True)):
        cell = found.highest(0)
    says, arms = found.swept.sweep.measure.says, [state.scenario().arms[place] for place in places]
    for line, dash in zip(LINES, LINE_DASHES, strict=True):
        if line in found.lines:
            st.html(legend([f"{swatch(line.label, INK.on(dark=is_dark()), dash)} {escape(line.says)}"]))
    if any(one.divergence.estimate > 0.5 for arms_of in found.swept.cells for one in arms_of):
        st.html(legend([glyph(GONE, INK.on(dark=is_dark()), "on a cell: more than half of its runs diverged")]))
    with st.container(key="map-figures"):
        for arm, place in enumerate(places):
            best = found.swept.at(*found.highest(arm))[arm].success
            alt = f"Share of {arms[arm].name}'s replicates that {says} over {labels[0]} and {labels[1]}, at most {percent(best.estimate, 0)}."
            with st.container():
                st.html(legend([swatch_of(place, arms[arm])]))
                chart(success_figure(found, arm, labels, cell, dark=is_dark()), f"map-{arm + 1}", alt, on_pick=_choose)
                for note in filter(None, (found.sentence(arm, line) for line in found.lines)):
                    st.markdown(literal(note))
    _cell(found, cell, places, spans, labels)
    st.download_button(
        "Download the map (CSV)", lambda: csv_of(found.swept.rows()), "lr-explorer-map.csv", "text/csv", key="download-map", on_click="ignore"
    )


def _cell(found: SuccessMap, cell: tuple[int, int], places: Sequence[int], spans: Spans, labels: tuple[str, str]) -> None:
    """Let a cell be chosen without a click on the map, tell its shares, and offer its scenario."""
    count = found.swept.sweep.count
    st.markdown(f"**The framed cell**, of {count:,} {'replicates' if count > 1 else 'run'} of each arm: choose it here or by a click on the map.")
    st.session_state["map-cell-x"], st.session_state["map-cell-y"] = cell
    with st.container(horizontal=True, gap="small", vertical_alignment="bottom"):
        for name, label, axis in zip(("x", "y"), labels, found.axes, strict=True):
            values = [told(float(value)) for value in axis.values]
            st.selectbox(label, range(len(values)), format_func=values.__getitem__, key=f"map-cell-{name}", width=280, on_change=_chosen)
    says, rows = found.swept.sweep.measure.says, []
    for arm, place in enumerate(places):
        # One of them where divergence is what is asked.
        shares = {says: found.swept.at(*cell)[arm].success, DIVERGED: found.swept.at(*cell)[arm].divergence}
        texts = [percent(one.estimate) + (f" ({percent(one.low)} – {percent(one.high)})" if count > 1 else "") for one in shares.values()]
        rows.append((swatch_of(place, state.scenario().arms[place]), texts))
    st.html(numbers_table(["Arm", *dict.fromkeys((says, DIVERGED))], rows))
    with st.container(horizontal=True, gap="small"):
        st.button("Use this cell here", key="use-cell", on_click=_use, args=(spans, cell))
        if st.button("Open this cell in the Playground", key="open-cell"):
            _use(spans, cell)
            st.switch_page("app.py", query_params=state.query())


def _choose(across: int, upwards: int) -> None:
    st.session_state["map-cell"] = across, upwards


def _chosen() -> None:
    _choose(st.session_state["map-cell-x"], st.session_state["map-cell-y"])


def _use(spans: Spans, cell: tuple[int, int]) -> None:
    """Give the scenario the values of a cell."""
    state.remember("the cell")
    # Axes that nobody has chosen lie around the scenario's values, and would move with them.
    state.edit_view(map_x=str(spans[0]), map_y=str(spans[1]))
    state.edit(changes(state.scenario(), spans, int(state.view().map_cells), cell))
