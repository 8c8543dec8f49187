"""Code to take along: a schedule, or an arm's schedule and optimizer, in the words of a framework; and its numbers as CSV and JSON."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lr_explorer.export import keras, optax, python, torch, transformers
from lr_explorer.export.cases import STEPS, variants
from lr_explorer.export.optimizers import KERAS, OPTAX, PARTS, TORCH, Lines
from lr_explorer.export.plain import NO_DROP, Drop
from lr_explorer.export.snippet import COLLECTING, OptimizerLines, comments
from lr_explorer.params import Described, shortened
from lr_explorer.scenario import Arm
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.training import Training, plain, used

__all__ = ["FRAMEWORKS", "checked_against", "export_code", "export_csv", "export_json"]


@dataclass(frozen=True)
class Framework:
    """A framework to export to.

    version: the one that the snippets are run with by the tests. tolerance: how far a rate may then be off, as a share of the peak.
    precision: what the framework computes a rate in. optimizers: by our name, the lines that make one; None has none at all.
    has_groups: whether parameters can have rates of their own in one optimizer; instead_of_groups: else, what to do.
    """

    label: str
    version: str
    tolerance: float
    precision: str
    export: Callable[..., str]
    optimizers: Mapping[str, Lines] | None = None
    has_groups: bool = False
    instead_of_groups: str = ""


FRAMEWORKS: Mapping[str, Framework] = {
    "torch": Framework("PyTorch", "2.13.0", 1e-12, "double precision", torch.export, TORCH, has_groups=True),
    "keras": Framework(
        "Keras",
        "3.15",
        1e-6,
        "single precision",
        keras.export,
        KERAS,
        instead_of_groups=": keras.optimizers.MultiOptimizer takes an optimizer for each part",
    ),
    "optax": Framework("Optax", "0.2.8", 1e-6, "single precision", optax.export, OPTAX, has_groups=True),
    "transformers": Framework("Transformers", "5.24", 1e-12, "double precision", transformers.export, TORCH, has_groups=True),
    "python": Framework("Python", "", 1e-12, "double precision", python.export),
}


def export_code(source: Schedule | Arm, steps: int, framework: str = "torch", *, per_epoch: int = 0) -> str:
    """Return source text for a run of `steps` updates: executing it leaves the list `lr`, lr[t] being the rate used by update t.

    per_epoch: where the schedule moves on once per epoch, the updates in one; `steps` are then epochs, and lr has steps · per_epoch rates.
    0: it moves on with every update.

    Of an arm with rates of their own for x and y, PyTorch's, Transformers' and Optax's code has two groups of parameters, and lr[t] is [x, y].
    source: a schedule, or an arm, whose optimizer's lines then go along. framework: torch, keras, optax, transformers or python.
    ValueError with a sentence if there is no such framework, or no way of saying the schedule or the optimizer in it.
    """
    chosen = _framework(framework)
    schedule, steps = _schedule_of(source), _checked(source, steps)
    if isinstance(per_epoch, bool) or not isinstance(per_epoch, int) or per_epoch < 0:
        raise ValueError(f"export_code: per_epoch must be a whole number of at least 0; got {per_epoch!r}")
    updates = steps * (per_epoch or 1)
    lines = _optimizer_lines(source, updates, chosen)
    text = chosen.export(schedule, steps, lines, _drop(source, steps, per_epoch or 1), per_epoch=per_epoch if per_epoch > 1 else 0)
    if schedule.momentum(steps) is not None and "cycle_momentum=True" not in text:
        note = comments(["This schedule also cycles the momentum, which is not part of this code."])
        text = text.replace(COLLECTING, "\n".join([*note, "", COLLECTING]))
    return text


def export_csv(source: Schedule | Arm, steps: int | Training) -> str:
    """Return the rate of every update as CSV, each in the shortest form that reads back exactly; with the momentum if that is cycled.

    steps: how many updates, or a run, whose loop says which step of the schedule each of its updates uses. An update that no rate is left for, after
    PyTorch's one-cycle has ended, has no row.
    """
    columns = _columns(source, steps)
    rows = zip(*columns.values(), strict=True)
    return "\n".join([",".join(["step", *columns]), *(",".join(map(repr, (step, *row))) for step, row in enumerate(rows))]) + "\n"


def export_json(source: Schedule | Arm, steps: int | Training) -> str:
    """Return the schedule with all its parameters and the rate of every update as JSON; `steps` as in `export_csv`."""
    columns = _columns(source, steps)
    return json.dumps({"schedule": _described(_schedule_of(source)), "steps": len(columns["lr"]), **columns}, indent=2) + "\n"


def checked_against(schedule: Schedule, framework: str) -> str:
    """Return a sentence that says what the tests compare such a snippet with."""
    chosen = _framework(framework)
    settings, lengths = len(list(variants(schedule.name))), f"{', '.join(map(str, STEPS[:-1]))} and {STEPS[-1]}"
    runner = f"{chosen.label} {chosen.version}" if chosen.version else chosen.label
    return (
        f"Checked: the snippets for {settings} settings of {SCHEDULES[schedule.name].label}, each for {lengths} updates, are run with {runner}; "
        f"every rate lies within {chosen.tolerance:g} of the peak of this curve ({chosen.precision})."
    )


def _framework(name: str) -> Framework:
    if name not in FRAMEWORKS:
        raise ValueError(f"unknown framework {shortened(name)}; known: {', '.join(FRAMEWORKS)}")
    return FRAMEWORKS[name]


def _schedule_of(source: Schedule | Arm) -> Schedule:
    schedule = source.schedule if isinstance(source, Arm) else source
    if not isinstance(schedule, Schedule):
        raise ValueError(f"{schedule.label} cannot be exported: it sets the rate by what the run does, so there is no curve to write down.")
    return schedule


def _checked(source: Schedule | Arm, steps: int) -> int:
    """Return the number of steps; ValueError if there are no rates for it."""
    return len(_schedule_of(source).values(steps))


def _columns(source: Schedule | Arm, steps: int | Training) -> dict[str, list[float]]:
    schedule = _schedule_of(source)
    run = steps if isinstance(steps, Training) else plain(_checked(source, steps))
    rates = used(schedule, run) if isinstance(steps, Training) else schedule.values(steps)
    rates = (rates * source.drops(len(rates)) if isinstance(source, Arm) else rates)[~np.isnan(rates)]
    momentum = schedule.momentum(run.planned)
    if momentum is None:
        return {"lr": rates.tolist()}
    # Past its end a cycle of the momentum stays where it ended.
    place = np.minimum(run.place_of_updates(), run.planned - 1)[: len(rates)]
    return {"lr": rates.tolist(), "momentum": momentum[place].tolist()}


def _drop(source: Schedule | Arm, steps: int, per_epoch: int) -> Drop:
    """Return an arm's drop, which counts updates, in steps of the schedule; ValueError if it comes between two of them."""
    if not isinstance(source, Arm) or not 0 < source.drop_at < steps * per_epoch:
        return NO_DROP
    if source.drop_at % per_epoch:
        raise ValueError(
            f"Arm.drop_at must be the first update of an epoch, a multiple of {per_epoch:,}, where the schedule moves on once per epoch; "
            f"got {source.drop_at:,}"
        )
    return Drop(source.drop_at // per_epoch, source.drop_factor)


def _optimizer_lines(source: Schedule | Arm, steps: int, framework: Framework) -> OptimizerLines | None:
    if not isinstance(source, Arm):
        return None
    optimizer, notes = source.optimizer, _notes(source, steps, framework)
    if framework.optimizers is None:
        return OptimizerLines("", (f"The optimizer, {optimizer.label}, is not part of this code.", *notes))
    if optimizer.name not in framework.optimizers:
        raise ValueError(
            f"{optimizer.label} cannot be exported to {framework.label}: there is no such optimizer of its own; export the schedule alone."
        )
    lines = framework.optimizers[optimizer.name](optimizer)
    return OptimizerLines(lines.code, (*lines.notes, *notes), (source.rate_x, source.rate_y) if framework.has_groups else (1.0, 1.0))


def _notes(arm: Arm, steps: int, framework: Framework) -> list[str]:
    """Return a sentence for everything about the arm that the code leaves out, with what to do instead where there is something."""
    notes = []
    if not framework.has_groups and (arm.rate_x, arm.rate_y) != (1, 1):
        multiplied = f"This arm multiplies the rate by {arm.rate_x:g} on x and {arm.rate_y:g} on y"
        notes.append(f"{multiplied}, which is not part of this code{framework.instead_of_groups}.")
    for part, name in ((arm.wrapper, "wraps its optimizer in"), (arm.clipping, "clips its gradient")):
        if part.name != "none":
            values = ", ".join(f"{key}={text}" for key, text in part.texts().items())
            how = PARTS.get((framework.label, part.name), "which is not part of this code")
            notes.append(f"This arm {name} {part.label} ({values}): {how.format(**{key: getattr(part, key) for key in part.params()})}.")
    if arm.freeze.is_on:
        begins = zip("xy", arm.freeze.begins(steps), strict=True)
        until = " and ".join(f"{axis} {'until update ' + str(begin) if begin < steps else 'throughout'}" for axis, begin in begins if begin)
        notes.append(f"This arm freezes {until}: give such parameters no gradient, as by requires_grad=False, for so long.")
    if arm.batch.name != "constant":
        notes.append(f"This arm's batch grows ({arm.batch.label}), which is not part of this code.")
    if arm.averaging.name != "none":
        notes.append(f"This arm also averages its iterates ({arm.averaging.label}), which is not part of this code.")
    return notes


def _described(thing: Described) -> dict[str, Any]:
    """Return a thing's kind, parameters and parts as plain values."""
    values = {name: getattr(thing, name) for name in thing.params()}
    return {"kind": thing.name} | values | {name: _described(getattr(thing, name)) for name in thing.parts()}
