"""Everything that is kept between script runs, keyed by canonical text; shared by all users, so nothing of one user's own goes in."""

import gc
from collections.abc import Callable
from urllib.parse import parse_qsl

import streamlit as st

from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, Observed, observe
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


@st.cache_data(max_entries=1024, show_spinner=False)
def observed(link: str, preset: str, first: int, last: int) -> tuple[Observed, ...]:
    """Return how the replicates first … last − 1 of the scenario ended, by the preset's measure; `link` is its canonical text."""
    measure = PRESETS[preset].measure if preset in PRESETS else DEFAULT_MEASURE
    return observe(Scenario.from_query(dict(parse_qsl(link))), measure, range(first, last))


@st.cache_data(max_entries=512, show_spinner=False)
def thumbnail(key: str, name: str, dark: bool, _draw: Callable[[], str]) -> str:
    """Return the small picture of the class called `name` of the kind `key`, as SVG."""
    return _draw()
