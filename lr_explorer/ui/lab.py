"""The claims page's part of a link and of a session: which experiment is open, its knob, the seed, what is asked of the matrix of tasks and
schedules, and what the reader predicted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from lr_explorer.claims import CLAIMS, Claim, Experiment
from lr_explorer.experiments.task_matrix import SIZES
from lr_explorer.experiments.tasks import CONTENDERS, TASKS
from lr_explorer.lessons import EXPERIMENTS
from lr_explorer.links import Reader
from lr_explorer.params import Described, choice, shortened, text, whole
from lr_explorer.statistics import Status

ALL = "all"
NONE = "none"
# Far below where the seeds of one purpose would run into those of another.
MOST_SEED = 999_999
# What the matrix's keys begin with in a link.
MATRIX = "matrix."

# The claims whose experiments have cards; E6 asks its questions to a matrix of tasks and schedules.
CARDS: dict[str, Claim] = {name: claim for name, claim in CLAIMS.items() if isinstance(claim.experiments[0], Experiment)}

# What the schedules of the matrix are called.
NAMES = {name: contender.label for name, contender in CONTENDERS.items()}

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


# The matrix of tasks and schedules


@dataclass(frozen=True)
class Matrix(Described):
    """What is asked of the matrix of tasks and schedules, and what of it is looked at closely."""

    size: str = choice(
        "small",
        {name: name.capitalize() for name in SIZES},
        "Size",
        "A replicate is one run under noise of its own. Tuning replicates choose each schedule's peak rate; all schedules are judged on the "
        "held-out ones. What has been computed since the app started is not computed again.",
    )
    seed: int = whole(1, 0, MOST_SEED, "Master seed", "All noise comes from it. Another one repeats the whole experiment.")
    one: str = choice("constant", NAMES, "One schedule", "The schedule that is compared with another on every task.")
    other: str = choice("cosine", NAMES, "Another", "The schedule that it is compared with.")
    task: str = choice("noisy_bowl", {name: task.label for name, task in TASKS.items()}, "Task", "The task that is looked at closely.")
    schedule: str = choice("constant", NAMES, "Schedule", "The schedule that Compare shows on that task.")


def read_matrix(reader: Reader) -> Matrix:
    """Read what a link asks of the matrix; a schedule that is compared with itself is named."""
    asked = Matrix(**reader.values(MATRIX, Matrix()))
    if asked.other != asked.one:
        return asked
    used = next(name for name in NAMES if name != asked.one)
    reader.complain(f"{MATRIX}other must be another schedule than {MATRIX}one; got {shortened(asked.other)}", f"{used} was used")
    return asked.with_values(other=used)


def matrix() -> Matrix:
    """Return what is asked of the matrix; a page has read the link before."""
    return st.session_state.matrix


def change_matrix(**values: object) -> None:
    """Ask something else of the matrix; who takes the other schedule of the pair for the one makes them change places."""
    before, changed = matrix(), matrix().with_values(**values)
    st.session_state.matrix = changed.with_values(other=before.one) if changed.one == changed.other else changed


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
