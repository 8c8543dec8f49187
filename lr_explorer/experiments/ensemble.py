"""What many replicates of a scenario did."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.measures import Measure, descended
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import most_with_paths, simulate
from lr_explorer.statistics import wilson_interval

REPLICATES = 200
# What is counted where nothing else was asked. The basin alone would say yes to a run that stands on its rim.
DEFAULT_MEASURE = descended(0.01)


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


@dataclass(frozen=True)
class Observed:
    """The ends of some replicates of one arm, each of shape (replicates,): does the measure hold, did it diverge, loss above the lowest."""

    hits: NDArray[np.bool_]
    diverged: NDArray[np.bool_]
    loss: NDArray[np.float64]


def ensemble(scenario: Scenario, measure: Measure | None = None, replicates: int = REPLICATES) -> tuple[Summary, ...]:
    """Run the scenario's first `replicates` replicates and summarise each arm; by DEFAULT_MEASURE unless another is given."""
    return summarise(scenario, [observe(scenario, measure or DEFAULT_MEASURE, range(replicates))])


def observe(scenario: Scenario, measure: Measure, replicates: Sequence[int]) -> tuple[Observed, ...]:
    """Run some replicates of the scenario and note for each arm how they ended."""
    # Some measures ask for the path, so no more at a time than have one.
    size = most_with_paths(scenario)
    parts = [_observe(scenario, measure, replicates[i : i + size]) for i in range(0, len(replicates), size)]
    return tuple(Observed(*map(np.concatenate, zip(*blocks, strict=True))) for blocks in zip(*parts, strict=True))


def _observe(scenario: Scenario, measure: Measure, replicates: Sequence[int]) -> list[tuple[NDArray[Any], ...]]:
    surface = scenario.surface
    arms = simulate(scenario, replicates).arms
    return [(measure.holds(surface, arm), arm.diverged_at >= 0, arm.final_loss - surface.lowest) for arm in arms]


def summarise(scenario: Scenario, blocks: Sequence[tuple[Observed, ...]]) -> tuple[Summary, ...]:
    """Summarise what was observed in one or more blocks of replicates."""
    return tuple(_summary(arm, parts) for arm, parts in zip(scenario.arms, zip(*blocks, strict=True), strict=True))


def _summary(arm: Arm, parts: Sequence[Observed]) -> Summary:
    hits = int(sum(part.hits.sum() for part in parts))
    # Sorting keeps infinity last, where interpolation between quantiles would make NaN of it.
    ranked = np.sort(np.concatenate([part.loss for part in parts]))
    share = wilson_interval(hits, len(ranked))
    low, middle, high = (float(ranked[round(share * (len(ranked) - 1))]) for share in (0.25, 0.5, 0.75))
    diverged = int(sum(part.diverged.sum() for part in parts))
    return Summary(arm, len(ranked), hits, share.low, share.high, diverged, (low, middle, high))
