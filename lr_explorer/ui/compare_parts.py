"""What the sections of the Compare page share: how many replicates, what counts as success, charts and the arms' swatches."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from lr_explorer.experiments.crowd import ArmCrowd
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.theme import ARM_SHADES, DASHES
from lr_explorer.scenario import Arm
from lr_explorer.story import told
from lr_explorer.ui import state
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.tables import swatch


def count() -> int:
    """Return how many replicates are run: one says all where nothing is random."""
    return int(state.view().n) if state.scenario().is_random else 1


def has_success() -> bool:
    """Whether there is something to reach: a minimum, or what the preset asks."""
    return bool(state.scenario().surface.minima) or state.view().preset in PRESETS


def chart(figure: go.Figure, key: str, alt: str, on_pick: Callable[..., object] | None = None) -> None:
    """Show a figure; on_pick: called before the next script run with the numbers that a clicked point carries."""
    picks: Any = {}
    if on_pick:
        # With selections Streamlit has a drag move the picture, unless there is nowhere to move it.
        figure.update_xaxes(fixedrange=True).update_yaxes(fixedrange=True)
        picks = {"on_select": lambda: _hand_on(key, on_pick), "selection_mode": "points"}
    with st.container(key=f"pick-{key}") if on_pick else nullcontext():
        st.plotly_chart(figure, width="stretch", theme=None, key=key, config={"displayModeBar": False}, alt=alt, **picks)


def _hand_on(key: str, on_pick: Callable[..., object]) -> None:
    """Call `on_pick` with the numbers of the point that the browser says was clicked, if it carries any; a click beside all says none."""
    for point in st.session_state[key]["selection"]["points"][:1]:
        numbers = point.get("customdata")
        if isinstance(numbers, list | tuple) and numbers and all(isinstance(number, int) for number in numbers):
            on_pick(*numbers)


def swatch_of(place: int, arm: Arm) -> str:
    """Return the arm's line and name, as its curves are drawn."""
    return swatch(arm.name, ARM_SHADES[arm.colour].on(dark=is_dark()), DASHES[place])


def median_of(arm: ArmCrowd) -> str:
    """Return the median of the final loss above the lowest in words."""
    return told(arm.quartiles[1]) if arm.quartiles[1] < float("inf") else DIVERGED


def watch(replicate: int, place: int) -> None:
    """Open a replicate in the Playground, with the same noise and the arm at `place` selected."""
    state.edit({"replicate": str(replicate)})
    state.select_arm(place)
    st.switch_page("app.py", query_params=state.query())
