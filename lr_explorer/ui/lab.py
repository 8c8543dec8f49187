"""The claims page's part of a link and of a session: which experiment is open, its knob, the seed, and what the reader predicted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lr_explorer.claims import CLAIMS, Claim, Experiment
from lr_explorer.lessons import EXPERIMENTS
from lr_explorer.links import Reader
from lr_explorer.params import Described, choice, shortened, text, whole
from lr_explorer.statistics import Status

ALL = "all"
NONE = "none"
# Far below where the seeds of one purpose would run into those of another.
MOST_SEED = 999_999

# The claims whose experiments have cards; E6 asks its questions to a matrix of tasks and schedules.
CARDS: dict[str, Claim] = {name: claim for name, claim in CLAIMS.items() if isinstance(claim.experiments[0], Experiment)}

Place = tuple[str, str]  # a claim's id and an experiment's name


@dataclass(frozen=True)
class Lab(Described):
    """Which experiment of which claim is open, and under which master seed."""

    claim: str = choice(ALL, {ALL: "All claims"} | {name: name for name in CLAIMS}, "Claim", "The claim that is open.")
    experiment: str = text(NONE, "Experiment", "The experiment of the claim that is open, by its name.")
    knob: str = text(NONE, "Knob", "Where the experiment's knob stands.")
    lab_seed: int = whole(0, 0, MOST_SEED, "Seed", "Names the noise of every experiment on this page: the same seed gives the same verdicts.")


def read(reader: Reader) -> Lab:
    """Read the lab's part of a link; what does not go with the claim is named, and nothing else is lost."""
    asked = Lab(**reader.values("", Lab()))
    claim = CARDS.get(asked.claim)
    if claim is None:
        for name in ("experiment", "knob"):
            if getattr(asked, name) != NONE:
                reader.complain(f"{name} needs a claim of {', '.join(CARDS)}", "it was left out")
        return asked.with_values(experiment=NONE, knob=NONE)
    experiment = _experiment(claim, asked.experiment, reader)
    return asked.with_values(experiment=experiment.name, knob=_knob(experiment, asked.knob, reader))


def _experiment(claim: Claim, name: str, reader: Reader) -> Experiment:
    first = claim.experiments[0]
    if name == NONE:
        return first
    try:
        return claim[name]
    except KeyError as unknown:
        reader.complain(f"experiment: {unknown.args[0]}", f"{first.name} was used")
        return first


def _knob(experiment: Experiment, value: str, reader: Reader) -> str:
    known, usual = knob_values(experiment), usual_knob(experiment)
    if value in known or value == NONE:
        return value if value in known else usual
    rule = f"must be one of {', '.join(known)}; got {shortened(value)}" if known else f"is not in the experiment {experiment.name}"
    reader.complain(f"knob {rule}", f"{usual} was used")
    return usual


def knob_values(experiment: Experiment) -> Mapping[str, Any]:
    """Return the values of an experiment's knob by the texts that a link has for them; none if there is nothing to turn."""
    knob = experiment.knob
    return {} if knob is None or experiment.stands is None else {knob.spelled(value): value for value in knob.values}


def usual_knob(experiment: Experiment) -> str:
    """Return the text of where an experiment's knob stands as it comes."""
    return next((text for text, value in knob_values(experiment).items() if value == experiment.stands), NONE)


def experiment_at(origin: str) -> Experiment | None:
    """Return the experiment that a link calls, for instance, M1.tuned; None if there is none."""
    return EXPERIMENTS.get(origin)


def current() -> Lab:
    """Return what is open; a page has read the link before."""
    return st.session_state.lab


def change(**values: object) -> None:
    """Open something else, turn the knob or take another seed."""
    st.session_state.lab = current().with_values(**values)


def open_claim(name: str) -> None:
    """Open a claim with its first experiment, or the overview."""
    if name in CARDS:
        open_experiment(name, CARDS[name].experiments[0])
    else:
        change(claim=name, experiment=NONE, knob=NONE)


def open_experiment(claim: str, experiment: Experiment) -> None:
    """Open an experiment with its knob where it stands as it comes."""
    change(claim=claim, experiment=experiment.name, knob=usual_knob(experiment))


def turned(experiment: Experiment, value: str) -> Experiment:
    """Return the experiment with its knob at a value, as a link has it."""
    return experiment if value == usual_knob(experiment) else experiment.turned(knob_values(experiment)[value])


# What the reader predicted


@dataclass(frozen=True)
class Guess:
    """What was predicted of an experiment, None by a reader who only wanted to see, and where the knob stood."""

    status: Status | None
    knob: str


def guess(place: Place) -> Guess | None:
    """Return what was predicted of an experiment; None as long as it has not been."""
    return st.session_state.get("guesses", {}).get(place)


def predict(place: Place, status: Status | None) -> None:
    """Keep what is predicted of an experiment, for this session; from now on its result may be shown."""
    st.session_state.guesses = {place: Guess(status, current().knob)} | st.session_state.get("guesses", {})
