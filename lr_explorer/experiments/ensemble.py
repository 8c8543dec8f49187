"""What many replicates of a scenario did."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import binomtest

from lr_explorer.experiments.measures import Measure, global_basin
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import ArmRun, simulate
from lr_explorer.surfaces import Surface

REPLICATES = 200


@dataclass(frozen=True)
class Summary:
    """What the replicates of one arm did.

    hits: for how many the measure holds; share_low, share_high: its 95 % Wilson interval. diverged: how many diverged.
    loss: quartiles (25, 50, 75 %) of the final loss above the surface's lowest, infinity standing for diverged replicates.
    """

    arm: Arm
    replicates: int
    hits: int
    share_low: float
    share_high: float
    diverged: int
    loss: tuple[float, float, float]


def ensemble(scenario: Scenario, measure: Measure | None = None, replicates: int = REPLICATES) -> tuple[Summary, ...]:
    """Run the scenario's first `replicates` replicates and summarise each arm; the measure is the global basin unless given."""
    run = simulate(scenario, replicates)
    return tuple(_summary(scenario.surface, arm, measure or global_basin()) for arm in run.arms)


def _summary(surface: Surface, arm: ArmRun, measure: Measure) -> Summary:
    total = len(arm.final_loss)
    hits = int(measure.holds(surface, arm).sum())
    interval = binomtest(hits, total).proportion_ci(method="wilson")
    # Sorting keeps infinity last, where interpolation between quantiles would make NaN of it.
    ranked = np.sort(arm.final_loss - surface.lowest)
    low, middle, high = (float(ranked[round(share * (total - 1))]) for share in (0.25, 0.5, 0.75))
    return Summary(arm.arm, total, hits, float(interval.low), float(interval.high), int((arm.diverged_at >= 0).sum()), (low, middle, high))
