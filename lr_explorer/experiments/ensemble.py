"""What many replicates of a scenario did."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.measures import Measure, descended
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import most_with_paths, simulate
from lr_explorer.surfaces import Surface

REPLICATES = 200
# What is counted where nothing else was asked. The basin alone would say yes to a run that stands on its rim.
DEFAULT_MEASURE = descended(0.01)


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
    return [
        (
            measure.holds(surface, arm),
            (arm.diverged_at >= 0) | np.isnan(arm.final_loss),
            _excess(surface, arm.final_loss),
            _excess(surface, np.empty(0) if arm.averaged_final_loss is None else arm.averaged_final_loss),
        )
        for arm in arms
    ]


def _excess(surface: Surface, loss: NDArray[np.float64]) -> NDArray[np.float64]:
    # A run that left the known landscape with its last update has a point, but no loss.
    return np.where(np.isnan(loss), np.inf, loss - surface.lowest)


def summarise(scenario: Scenario, blocks: Sequence[tuple[Observed, ...]]) -> tuple[Summary, ...]:
    """Summarise what was observed in one or more blocks of replicates."""
    return tuple(_summary(arm, parts) for arm, parts in zip(scenario.arms, zip(*blocks, strict=True), strict=True))


def wilson_interval(hits: int, total: int, level: float = 0.95) -> tuple[float, float]:
    """Return the interval of a share that was seen as `hits` of `total`, as fractions. Source: Wilson (1927).

    Written out, since scipy.stats has it too but takes half a second to import, on which the first picture of a session would wait.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    share, weight = hits / total, z * z / total
    middle = (share + weight / 2) / (1 + weight)
    reach = z * math.sqrt(share * (1 - share) / total + weight / (4 * total)) / (1 + weight)
    # At the ends the bound is the end itself, and rounding must not step over it.
    return (max(0.0, middle - reach) if hits else 0.0), (min(1.0, middle + reach) if hits < total else 1.0)


def _summary(arm: Arm, parts: Sequence[Observed]) -> Summary:
    hits, diverged, total = (int(sum(values)) for values in zip(*((p.hits.sum(), p.diverged.sum(), len(p.hits)) for p in parts), strict=True))
    share_low, share_high = wilson_interval(hits, total)
    averaged = np.concatenate([part.averaged for part in parts])
    loss = _quartiles(np.concatenate([part.loss for part in parts]))
    return Summary(arm, total, hits, share_low, share_high, diverged, loss, _quartiles(averaged) if len(averaged) else None)


def _quartiles(values: NDArray[np.float64]) -> tuple[float, float, float]:
    # Sorting keeps infinity last, where interpolation between quantiles would make NaN of it.
    ranked = np.sort(values)
    low, middle, high = (float(ranked[round(share * (len(ranked) - 1))]) for share in (0.25, 0.5, 0.75))
    return low, middle, high
