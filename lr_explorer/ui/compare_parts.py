"""What the sections of the Compare page share: how many replicates, what counts as success, and the arms' swatches."""

import streamlit as st

from lr_explorer.experiments.crowd import ArmCrowd
from lr_explorer.experiments.measures import DIVERGED
from lr_explorer.scenario import Arm
from lr_explorer.story import told
from lr_explorer.ui import cached, state
from lr_explorer.ui.parts import is_dark
from lr_explorer.ui.tables import arm_swatch


def count() -> int:
    """Return how many replicates are run: one says all where nothing is random."""
    return int(state.view().n) if state.scenario().is_random else 1


def has_success() -> bool:
    """Whether there is something to reach: a minimum, or what the preset or the experiment asks."""
    return bool(state.scenario().surface.minima) or cached.measure_of(state.origin()) is not None


def swatch_of(place: int, arm: Arm) -> str:
    """Return the arm's line and name, as its curves are drawn."""
    return arm_swatch(place, arm, dark=is_dark())


def median_of(arm: ArmCrowd) -> str:
    """Return the median of the final loss above the lowest in words."""
    return told(arm.quartiles[1]) if arm.quartiles[1] < float("inf") else DIVERGED


def watch(replicate: int, place: int) -> None:
    """Open a replicate in the Playground, with the same noise and the arm at `place` selected."""
    state.edit({"replicate": str(replicate)})
    state.select_arm(place)
    st.switch_page("app.py", query_params=state.query())
