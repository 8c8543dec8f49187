"""Branches of a run: one arm up to some step, and from there at the rate in force, decaying, or restarted, on the same noise.

A rate is a pure function of the step, and noise is keyed by seed, replicate and step: branches that share the trunk's rates share its points
and its optimizer's state, too, to the last bit. Nothing has to be stored at the fork.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from lr_explorer.controllers import Controller
from lr_explorer.experiments.crowd import ArmCrowd, Comparison, Crowd, compare
from lr_explorer.scenario import ARM_COLOURS, Arm, Scenario
from lr_explorer.schedules.sequences import Forked
from lr_explorer.statistics import level_together

# The arms of `branched`, in their order: the trunk to its end, then each kind of branch.
PLANNED, CONSTANT, DECAY, RESTART = range(4)
_KINDS = ("constant", "decay", "restart")
# Which branch is claimed to fare better than which.
PAIRS = ((DECAY, CONSTANT), (RESTART, CONSTANT), (RESTART, DECAY), (DECAY, PLANNED))


def refusal(arm: Arm, steps: int) -> str:
    """Return why an arm of a run of `steps` updates has no branches, as a sentence; empty if it has."""
    if isinstance(arm.schedule, Controller):
        return (
            f"{arm.name} has no branches: {arm.schedule.label} sets the rate by what each run does, so there is no one rate in force to keep, "
            "and no plan to go on with."
        )
    if isinstance(arm.schedule, Forked):
        return f"{arm.name} is a branch already: fork the arm that it came from, or say its stages one after another as a Sequential."
    return "" if steps > 1 else "A run of one step has nowhere to fork."


def branched(scenario: Scenario, place: int, step: int, decay_shape: str = "linear") -> Scenario:
    """Return the scenario with four arms: the one at `place` as planned, and its branches from update `step` on.

    Constant keeps the rate that update `step` would have had; decay falls from it, and restart from the peak, to the schedule's floor over the
    rest of the run. A drop that comes later than the fork belongs to the plan; one that has come stays in force. ValueError with a sentence if
    the arm has no branches, or none at this step.
    """
    arm = scenario.arms[place]
    if why := refusal(arm, scenario.steps):
        raise ValueError(why)
    if not 1 <= step < scenario.steps:
        raise ValueError(f"branched: step must be between 1 and {scenario.steps - 1:,}, within the run; got {step}")
    trunk: Any = arm.schedule.with_values(peak=1.0)
    free = (colour for colour in ARM_COLOURS if colour != arm.colour)
    branches = [
        arm.with_values(
            name=f"{kind.capitalize()} from {step}",
            colour=next(free),
            schedule=Forked(peak=arm.schedule.peak, trunk=trunk, fork=step, branch=kind, decay_shape=decay_shape),
            drop_at=arm.drop_at if arm.drop_at <= step else 0,
        )
        for kind in _KINDS
    ]
    return scenario.with_values(arms=(arm, *branches))


@dataclass(frozen=True)
class Pair:
    """What is to be said of one branch, the contender, against another; no comparison where both have the same rates and are one run."""

    contender: ArmCrowd
    baseline: ArmCrowd
    comparison: Comparison | None


def level_of_each(level: float) -> float:
    """Return the level of each pair's intervals at which all claims together err no more often than one at `level`."""
    return level_together(len(PAIRS), level)


def compared(crowd: Crowd, level: float) -> list[Pair]:
    """Compare the branches of a crowd of `branched`, pair by pair, with all claims together at `level`."""
    return [_pair(crowd, crowd.arms[contender], crowd.arms[baseline], level_of_each(level)) for contender, baseline in PAIRS]


def _pair(crowd: Crowd, contender: ArmCrowd, baseline: ArmCrowd, level: float) -> Pair:
    steps = crowd.scenario.steps
    is_one_run = np.array_equal(contender.arm.rates(steps), baseline.arm.rates(steps))  # type: ignore[arg-type]
    return Pair(contender, baseline, None if is_one_run else compare(baseline, contender, level=level))
