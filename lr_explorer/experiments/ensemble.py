"""What many replicates of a scenario did."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.measures import Measure, descended
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import most_with_paths, simulate
from lr_explorer.statistics import wilson_interval
from lr_explorer.surfaces import Surface

REPLICATES = 200
# The share of the start's loss at which a run has come down, where nothing else was asked.
DESCENT = 0.01
# What is counted then. The basin alone would say yes to a run that stands on its rim.
DEFAULT_MEASURE = descended(DESCENT)


@dataclass(frozen=True)
class Summary:
    """What the replicates of one arm did.

    hits: for how many the measure holds; share_low, share_high: its 95 % Wilson interval. diverged: how many diverged.
    loss: quartiles (25, 50, 75 %) of the final loss above the surface's lowest, infinity standing for diverged replicates.
    averaged: the same of the arm's average; None without one. What left a known landscape counts as diverged.
    """

    arm: Arm
    replicates: int
    hits: int
    share_low: float
    share_high: float
    diverged: int
    loss: tuple[float, float, float]
    averaged: tuple[float, float, float] | None = None


@dataclass(frozen=True)
class Observed:
    """The ends of some replicates of one arm, each of shape (replicates,): does the measure hold, did it diverge, loss above the lowest.

    averaged: that loss of the arm's average; of an arm without one of shape (0,).
    """

    hits: NDArray[np.bool_]
    diverged: NDArray[np.bool_]
    loss: NDArray[np.float64]
    averaged: NDArray[np.float64]

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return several blocks of replicates as one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))


def ensemble(scenario: Scenario, measure: Measure | None = None, replicates: int = REPLICATES) -> tuple[Summary, ...]:
    """Run the scenario's first `replicates` replicates and summarise each arm; by DEFAULT_MEASURE unless another is given."""
    return summarise(scenario, [observe(scenario, measure or DEFAULT_MEASURE, range(replicates))])


def observe(scenario: Scenario, measure: Measure, replicates: Sequence[int]) -> tuple[Observed, ...]:
    """Run some replicates of the scenario and note for each arm how they ended."""
    # Some measures ask for the path, so no more at a time than have one.
    size = most_with_paths(scenario)
    parts = [_observe(scenario, measure, replicates[i : i + size]) for i in range(0, len(replicates), size)]
    return tuple(map(Observed.joined, zip(*parts, strict=True)))


def _observe(scenario: Scenario, measure: Measure, replicates: Sequence[int]) -> list[Observed]:
    surface = scenario.surface
    return [
        Observed(
            measure.holds(surface, arm),
            (arm.diverged_at >= 0) | np.isnan(arm.final_loss),
            above_lowest(surface, arm.final_loss),
            above_lowest(surface, np.empty(0) if arm.averaged_final_loss is None else arm.averaged_final_loss),
        )
        for arm in simulate(scenario, replicates, endings=False, paths=measure.needs_paths).arms
    ]


def above_lowest(surface: Surface, loss: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return losses above the surface's lowest, infinite where there is none: a run that left the landscape with its last update has a point."""
    excess = loss - surface.lowest
    np.copyto(excess, np.inf, where=np.isnan(excess))
    return excess


def summarise(scenario: Scenario, blocks: Sequence[tuple[Observed, ...]]) -> tuple[Summary, ...]:
    """Summarise what was observed in one or more blocks of replicates."""
    return tuple(_summary(arm, parts) for arm, parts in zip(scenario.arms, zip(*blocks, strict=True), strict=True))


def _summary(arm: Arm, parts: Sequence[Observed]) -> Summary:
    whole = Observed.joined(parts)
    hits, total = int(whole.hits.sum()), len(whole.hits)
    share = wilson_interval(hits, total)
    averaged = quartiles(whole.averaged) if len(whole.averaged) else None
    return Summary(arm, total, hits, share.low, share.high, int(whole.diverged.sum()), quartiles(whole.loss), averaged)


def quartiles(values: NDArray[np.float64]) -> tuple[float, float, float]:
    """Return three of the values, infinite ones among them: at 25, 50 and 75 % of their ranks."""
    # Sorting keeps infinity last, where interpolation between quantiles would make NaN of it.
    ranked = np.sort(values)
    low, middle, high = (float(ranked[round(share * (len(ranked) - 1))]) for share in (0.25, 0.5, 0.75))
    return low, middle, high
