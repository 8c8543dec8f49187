"""The Compare page's map: how often runs succeed over two of the scenario's numbers, with the lines of theory."""

from functools import partial

import streamlit as st

from lr_explorer.experiments.crowd import csv_of
from lr_explorer.experiments.maps import (
    SuccessMap,
    Span,
    axis_keys,
    changes,
    number_at,
    read_span,
    success_map,
    unvaried,
    usual_span,
    usual_spans,
)
from lr_explorer.figures.maps import success_figure
from lr_explorer.story import told
from lr_explorer.ui import cached, compare_page, state
from lr_explorer.ui.compare_parts import chart, has_success, swatch_of
from lr_explorer.ui.parts import is_dark, view_choice
from lr_explorer.ui.tables import legend
from lr_explorer.ui.text import literal

_AXES = ("map_x", "map_y")


def escape_map() -> None:
    """Offer a map of success over two numbers of the scenario, and show it for as long as nothing else of the scenario changes."""
    st.markdown("#### Escape map")
    measure = cached.crowd_measure(state.view().preset)
    if not has_success():
        st.markdown("This surface has no isolated minimum that a run could reach, so there is no share to map.")
        return
    st.markdown(
        f"How often runs {measure.says.replace('reached', 'reach')}, over two of the scenario's numbers: each cell is an experiment of its own, with the same seed "
        "and the same noise. Click a cell to use it. Any other click stops the computation."
    )
    places = state.pair() if len(state.scenario().arms) > 1 else (0,)
    labels = axis_keys(state.scenario(), places)
    spans = _spans(places, labels)
    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        view_choice("map_cells")
        view_choice("map_n")
    cells, count = int(state.view().map_cells), int(state.view().map_n)
    try:
        of = unvaried(state.scenario(), spans, cells)
        found = compare_page.on_demand(
            "map", f"Map {cells} × {cells} cells", (spans, cells, count, places),
            partial(success_map, state.scenario().with_values(replicate=0), places, spans, cells, measure, count), of,
        )  # fmt: skip
    except ValueError as refusal:
        st.warning(literal(f"{refusal}"), icon=":material/warning:")
        return
    if found:
        _shown(found, places, spans, (labels[spans[0].key], labels[spans[1].key]))
