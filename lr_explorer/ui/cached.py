"""Everything that is kept between script runs, keyed by canonical text; shared by all users, so nothing of one user's own goes in."""

import gc

import streamlit as st

from lr_explorer.experiments.ensemble import Summary, ensemble
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.figures.wire import surface_payload
from lr_explorer.scenario import Scenario
from lr_explorer.surfaces import SURFACES


@st.cache_resource
def tuned_collector() -> None:
    """Take what is loaded out of the garbage collector's sight: Streamlit collects after every script run, and that costs 50 ms otherwise."""
    gc.collect()
    gc.freeze()


@st.cache_data(max_entries=64, show_spinner=False)
def surface_bytes(name: str, values: tuple[tuple[str, float], ...], key: str) -> bytes:
    """Return the drawn surface as it travels to the browser."""
    return surface_payload(SURFACES.create(name, **dict(values)), key)


@st.cache_data(max_entries=256, show_spinner=False)
def replicates(link: str, preset: str, _scenario: Scenario) -> tuple[Summary, ...]:
    """Return what the scenario's replicates did, by the preset's measure; `link` is the scenario's canonical text."""
    return ensemble(_scenario, PRESETS[preset].measure if preset in PRESETS else None)
