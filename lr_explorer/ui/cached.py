"""Everything that is kept between script runs, keyed by canonical text; shared by all users, but for what is made of one's own files."""

import gc
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lr_explorer.claims import Experiment, Picture, Result
from lr_explorer.experiments.crowd import CrowdPart
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, Observed, observe
from lr_explorer.experiments.measures import Measure, global_basin
from lr_explorer.experiments.presets import PRESETS
from lr_explorer.experiments.task_matrix import Trial
from lr_explorer.figures.qr import QrCode, qr_code
from lr_explorer.figures.wire import surface_payload
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import Run, simulate
from lr_explorer.surfaces import SURFACES, Surface
from lr_explorer.ui import lab


@st.cache_resource
def tuned_collector() -> None:
    """Take what is loaded out of the garbage collector's sight: Streamlit collects after every script run, and that costs 50 ms otherwise."""
    gc.collect()
    gc.freeze()


def surface_key(surface: Surface) -> str:
    """Return what tells a surface from every other."""
    return f"{type(surface).name} {sorted(surface.texts().items())}"


def surface_bytes(surface: Surface) -> bytes:
    """Return the drawn surface as it travels to the browser, under its key."""
    values = tuple((name, getattr(surface, name)) for name in surface.params())
    draw = _own_surface_bytes if surface.is_private else _surface_bytes
    return draw(type(surface).name, values, surface_key(surface))


def _draw(name: str, values: tuple[tuple[str, Any], ...], key: str) -> bytes:
    return surface_payload(SURFACES.create(name, **dict(values)), key)


_surface_bytes = st.cache_data(max_entries=64, show_spinner=False)(_draw)
_own_surface_bytes = st.cache_data(max_entries=8, show_spinner=False, scope="session")(_draw)


def measure_of(origin: str) -> Measure | None:
    """Return what is asked of every replicate by the preset or the experiment at which a scenario began; None if nothing is."""
    if origin in PRESETS:
        return PRESETS[origin].measure
    experiment = lab.experiment_at(origin)
    return experiment.measure if experiment else None


def observed(scenario: Scenario, origin: str, first: int, last: int) -> tuple[Observed, ...]:
    """Return how the replicates first … last − 1 of the scenario ended, by its origin's measure."""
    look = _own_observed if scenario.surface.is_private else _observed
    return look(scenario.link, origin, first, last)


def _look(link: str, origin: str, first: int, last: int) -> tuple[Observed, ...]:
    return observe(Scenario.from_query(dict(parse_qsl(link))), measure_of(origin) or DEFAULT_MEASURE, range(first, last))


_observed = st.cache_data(max_entries=1024, show_spinner=False)(_look)
_own_observed = st.cache_data(max_entries=64, show_spinner=False, scope="session")(_look)


def lesson_run(scenario: Scenario, anatomy: bool) -> Run:
    """Return the scenario's run; a class that opens one link computes it once."""
    return simulate(scenario, anatomy=anatomy) if scenario.surface.is_private else _run(scenario.link, anatomy)


@st.cache_resource(max_entries=32, show_spinner=False)
def _run(link: str, anatomy: bool) -> Run:
    return simulate(Scenario.from_query(dict(parse_qsl(link))), anatomy=anatomy)


@st.cache_data(max_entries=32, show_spinner=False)
def qr(link: str) -> QrCode | None:
    """Return the QR code of a link."""
    return qr_code(link)


def crowd_measure(origin: str) -> Measure:
    """Return what the Compare page counts as success: what the origin asks, and without that whether the end drains into a global minimum."""
    return measure_of(origin) or global_basin()


def crowd_part(scenario: Scenario, origin: str, count: int, place: int, compute: Callable[[int], tuple[CrowdPart, ...]]) -> tuple[CrowdPart, ...]:
    """Return the block at `place` of a crowd of `count` replicates of the scenario; `compute` returns it where it is not known yet."""
    known = _own_crowd_part if scenario.surface.is_private else _crowd_part
    return known(scenario.link, origin, count, place, compute)


def _run_part(link: str, origin: str, count: int, place: int, _compute: Callable[[int], tuple[CrowdPart, ...]]) -> tuple[CrowdPart, ...]:
    return _compute(place)


# A block takes about a megabyte.
_crowd_part = st.cache_data(max_entries=96, show_spinner=False)(_run_part)
_own_crowd_part = st.cache_data(max_entries=8, show_spinner=False, scope="session")(_run_part)


def claim_result(claim: str, experiment: Experiment, knob: str, seed: int) -> Result:
    """Return what an experiment of a claim gives under a master seed; knob: where it stands, which the experiment has been told already."""
    links = tuple(scenario.link for scenario in experiment.scenarios)
    return _claim_result((claim, experiment.name, knob, experiment.count), links, seed, experiment)


# Kept as it is: pickling would cost more than many an experiment, and nobody changes it.
@st.cache_resource(max_entries=256, show_spinner="Running the experiment …")
def _claim_result(key: tuple[str, str, str, int], links: tuple[str, ...], seed: int, _experiment: Experiment) -> Result:
    return _experiment.result(seed)


def claim_pictures(claim: str, result: Result, knob: str, seed: int) -> tuple[Picture, ...]:
    """Return what is drawn of an experiment's result; knob, seed: as in `claim_result`."""
    experiment = result.experiment
    links = tuple(scenario.link for scenario in experiment.scenarios)
    return _claim_pictures((claim, experiment.name, knob, experiment.count), links, seed, result)


@st.cache_resource(max_entries=64, show_spinner="Drawing what was measured …")
def _claim_pictures(key: tuple[str, str, str, int], links: tuple[str, ...], seed: int, _result: Result) -> tuple[Picture, ...]:
    return tuple(draw(_result) for draw in _result.experiment.pictures)


@st.cache_data(max_entries=1024, show_spinner=False)
def task_trial(task: str, contender: str, tuning: int, held_out: int, per_decade: int, seed: int, _compute: Callable[[], Trial]) -> Trial:
    """Return what came of one schedule on one task of the matrix; `_compute` returns it where it is not known yet."""
    return _compute()


@st.cache_data(max_entries=1024, show_spinner=False)
def selection_part(
    task: str, peaks: tuple[tuple[str, float], ...], seed: int, place: int, _compute: Callable[[], NDArray[np.float64]]
) -> NDArray[np.float64]:
    """Return the block at `place` of the configurations around these peaks of a task's schedules; `_compute` as in `task_trial`."""
    return _compute()


@st.cache_data(max_entries=512, show_spinner=False)
def thumbnail(key: str, name: str, dark: bool, _draw: Callable[[], str]) -> str:
    """Return the small picture of the class called `name` of the kind `key`, as SVG."""
    return _draw()
