"""A fair fight: every arm's peak rate tuned with the same effort on seeds of its own, and all judged on others.

"Same peak" asks what a schedule does to a rate, "each tuned" what it is worth to somebody who tunes: the answers differ, and both are given.
"""

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lr_explorer.experiments.blocks import IsStopped, Progress, computed, parts, replicate_blocks
from lr_explorer.experiments.crowd import REPLICATES, Crowd, crowd_blocks, gathered, looks_of
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, Observed, observe
from lr_explorer.experiments.measures import Measure
from lr_explorer.experiments.seeds import Purpose, under
from lr_explorer.scenario import MAX_ARMS, Arm, Scenario
from lr_explorer.statistics import SMALLEST
from lr_explorer.story import told
from lr_explorer.theory import curvatures

Array = NDArray[np.float64]

TUNING_REPLICATES = 100
# Rates in a decade of the grid: neighbours differ by 21 %.
PER_DECADE = 12
# How far the grid reaches below and above the rates that theory and the scenario name. A grid that ends at the edge of stability would
# handicap schedules that may exceed it for a while: the best one-cycle on a quartic bowl peaks at 30 times 2/λ of its start.
_BELOW = 100.0
_ABOVE = 300.0
# What is below is no rate to start a search from: nothing moves.
_LEAST = 1e-12
# The largest stable η·λ of plain gradient descent, for arms of which none is known.
_USUAL_LIMIT = 2.0
# Starts that are looked at where replicates begin in different places.
_STARTS = 64


# What a peak is chosen by


@dataclass(frozen=True)
class Criterion:
    """What makes one peak better than another: `score` of a peak's replicates is the lower the better."""

    label: str
    score: Callable[[Observed], float]


def _quantile(seen: Observed, share: float) -> float:
    # A rank: interpolation would make NaN of infinity. What is below the smallest is rounding, and no reason to prefer a peak.
    return max(float(np.sort(seen.loss)[round(share * (len(seen.loss) - 1))]), SMALLEST)


def _failure(seen: Observed) -> float:
    return 1 - float(seen.hits.mean())


def _steady_median(seen: Observed) -> float:
    return _quantile(seen, 0.5) if _quantile(seen, 0.9) < np.inf else np.inf


CRITERIA = {
    "median": Criterion("lowest median of the final loss", partial(_quantile, share=0.5)),
    "steady": Criterion("lowest median of the final loss, of rates at which no more than a tenth of the replicates diverges", _steady_median),
    "success": Criterion("most replicates that succeed", _failure),
    "quantile90": Criterion("lowest 90 % quantile of the final loss", partial(_quantile, share=0.9)),
}


def usual_criterion(scenario: Scenario) -> Criterion:
    """Return what to tune by if nothing was asked for: success where runs may end at several minima, which a median hides, else the median.

    Told from the surface, before anything is run: a criterion that is chosen by its outcome favours somebody.
    """
    return CRITERIA["success" if len(scenario.surface.minima) > 1 else "median"]


# Tuning


@dataclass(frozen=True)
class RateCurve:
    """How one arm fared at every peak of the grid, under the tuning seed; arrays over the grid have the shape (rates,).

    quartiles: (3, rates) of the final loss above the lowest, infinite where so many diverged. diverged, success: shares of the replicates.
    scores: the criterion's, the lower the better. best: the place of the chosen peak; a tie goes to the lower median, then to the lower rate.
    """

    arm: Arm
    criterion: Criterion
    rates: Array
    quartiles: Array
    diverged: Array
    success: Array
    scores: Array

    @property
    def best(self) -> int:
        return int(np.lexsort((self.rates, self.quartiles[1], self.scores))[0])

    @property
    def peak(self) -> float:
        return float(self.rates[self.best])

    @property
    def tuned(self) -> Arm:
        """The arm with the chosen peak."""
        return with_peak(self.arm, self.peak)

    @property
    def is_at_edge(self) -> bool:
        """Whether the chosen peak is an end of the grid, beyond which a better one may lie."""
        return self.best in (0, len(self.rates) - 1)

    @property
    def warning(self) -> str:
        """A sentence if the chosen peak is an end of the grid, else nothing."""
        if not self.is_at_edge:
            return ""
        low, high = told(float(self.rates[0])), told(float(self.rates[-1]))
        return f"The best peak of {self.arm.name}, {told(self.peak)}, is the edge of the grid from {low} to {high}: a better one may lie beyond."


def rate_grid(scenario: Scenario, per_decade: int = PER_DECADE) -> Array:
    """Return the peaks that every arm of the scenario is tried at, rising evenly in their logarithm, shape (rates,).

    From a hundredth of the lowest to 300 times the highest of: each arm's peak, and its largest stable rate at the largest curvature of the
    start and the minima. All arms get the same grid, so that all are tuned with the same effort.
    """
    if per_decade < 1:
        raise ValueError(f"rate_grid: per_decade must be at least 1; got {per_decade}")
    named = [rate for arm in scenario.arms for rate in (arm.schedule.peak, largest_stable_rate(scenario, arm)) if _LEAST <= rate < np.inf]
    named = named or [arm.optimizer.suggested_peak for arm in scenario.arms]
    most = scenario.arms[0].schedule.params()["peak"].high  # type: ignore[union-attr]
    low, high = min(named) / _BELOW, min(max(named) * _ABOVE, most)
    return np.geomspace(low, high, max(2, round(per_decade * np.log10(high / low)) + 1))


def largest_stable_rate(scenario: Scenario, arm: Arm) -> float:
    """Return the largest stable rate of an arm where the surface curves most, at the start or a minimum; infinite if it curves nowhere."""
    surface = scenario.surface
    starts = scenario.start.points(scenario.seed, range(1 if scenario.start.is_fixed else _STARTS))
    points = np.concatenate([starts, np.array([minimum.point for minimum in surface.minima]).reshape(-1, 2).T], axis=1)
    with np.errstate(all="ignore"):
        found = curvatures(surface, points, (arm.rate_x, arm.rate_y))[1]
    largest = found[np.isfinite(found) & (found > 0)].max(initial=0.0)
    return float((arm.stability_limit() or _USUAL_LIMIT) / largest) if largest > _LEAST else np.inf


def with_peak(arm: Arm, peak: float) -> Arm:
    """Return the arm with another peak rate."""
    return arm.with_values(schedule=arm.schedule.with_values(peak=float(peak)))


def tune(
    scenario: Scenario,
    measure: Measure = DEFAULT_MEASURE,
    criterion: Criterion | None = None,
    count: int = TUNING_REPLICATES,
    *,
    rates: Array | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> tuple[RateCurve, ...]:
    """Try every arm of the scenario at every peak of the grid, under the tuning seed, and tell how each fared.

    criterion: by default `usual_criterion`'s. count: replicates of each. rates: the grid, by default `rate_grid`'s. executor, progress,
    is_stopped: as in `blocks.computed`.
    """
    job = _Tuning(scenario, measure, rate_grid(scenario) if rates is None else rates, count)
    return job.curves(criterion or usual_criterion(scenario), computed(job.blocks(), executor, progress, is_stopped))


@dataclass(frozen=True)
class _Tuning:
    """The arms at every peak of a grid, a few peaks at a time as the arms of one scenario: so they share the noise and what it costs."""

    scenario: Scenario
    measure: Measure
    rates: Array
    count: int

    def _scenarios(self, arm: Arm) -> list[Scenario]:
        variants = [with_peak(arm, rate) for rate in self.rates]
        return [under(self.scenario.with_values(arms=tuple(some)), Purpose.TUNING) for some in parts(variants, MAX_ARMS)]

    def blocks(self) -> list[Callable[[], tuple[Observed, ...]]]:
        return [
            partial(observe, some, self.measure, numbers)
            for arm in self.scenario.arms
            for some in self._scenarios(arm)
            for numbers in replicate_blocks(some, self.count)
        ]

    def curves(self, criterion: Criterion, results: list[tuple[Observed, ...]]) -> tuple[RateCurve, ...]:
        """Return each arm's curve, given the results of all blocks in their order."""
        left = iter(results)
        made = []
        for arm in self.scenario.arms:
            seen: list[Observed] = []
            for some in self._scenarios(arm):
                mine = [next(left) for _ in replicate_blocks(some, self.count)]
                seen += map(Observed.joined, zip(*mine, strict=True))
            made.append(_curve(arm, self.rates, criterion, seen))
        return tuple(made)


def _curve(arm: Arm, rates: Array, criterion: Criterion, seen: list[Observed]) -> RateCurve:
    return RateCurve(
        arm,
        criterion,
        rates,
        quartiles=np.array([[_quantile(one, share) for one in seen] for share in (0.25, 0.5, 0.75)]),
        diverged=np.array([one.diverged.mean() for one in seen]),
        success=np.array([one.hits.mean() for one in seen]),
        scores=np.array([criterion.score(one) for one in seen]),
    )


# The fight


@dataclass(frozen=True)
class Fight:
    """The arms at one peak and each tuned, on seeds on which none was tuned; curves: how each fared over the grid of peaks."""

    curves: tuple[RateCurve, ...]
    same: Crowd
    tuned: Crowd

    @property
    def warnings(self) -> list[str]:
        """A sentence for each arm of which the best peak may lie beyond the grid."""
        return [curve.warning for curve in self.curves if curve.warning]

    @property
    def twins(self) -> list[str]:
        """A sentence for each group of arms that differ in nothing any more once their peaks are tuned."""
        alike: dict[Arm, list[str]] = {}
        for curve in self.curves:
            alike.setdefault(curve.tuned.with_values(name=Arm().name, colour=Arm().colour), []).append(curve.arm.name)
        return [f"{' and '.join(names)} are one and the same arm once their peaks are tuned." for names in alike.values() if len(names) > 1]


def at_same_peak(scenario: Scenario, peak: float | None = None) -> Scenario:
    """Return the scenario with one peak rate for all arms, by default the first arm's."""
    chosen = scenario.arms[0].schedule.peak if peak is None else peak
    return scenario.with_values(arms=tuple(with_peak(arm, chosen) for arm in scenario.arms))


def fair_fight(
    scenario: Scenario,
    measure: Measure = DEFAULT_MEASURE,
    criterion: Criterion | None = None,
    count: int = REPLICATES,
    *,
    peak: float | None = None,
    tuning_count: int = TUNING_REPLICATES,
    rates: Array | None = None,
    tolerance: float | None = None,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> Fight:
    """Tune every arm's peak on the tuning seed, then run all at one peak and each at its own on the evaluation seed.

    count, tuning_count: replicates for judging and for tuning. peak: the common one, by default the first arm's. criterion, rates, tolerance:
    as in `tune` and `crowd`. executor, progress, is_stopped: as in `blocks.computed`; progress counts the blocks of both stages.
    """
    job = _Tuning(scenario, measure, rate_grid(scenario) if rates is None else rates, tuning_count)
    same = under(at_same_peak(scenario, peak), Purpose.EVALUATION)
    looks = looks_of(same, count)
    before: list[Callable[[], Any]] = [*job.blocks(), *crowd_blocks(same, measure, count, looks, tolerance)]
    ranges = replicate_blocks(same, count)
    total = len(before) + len(ranges)
    first = computed(before, executor, _within(progress, 0, total), is_stopped)
    curves = job.curves(criterion or usual_criterion(scenario), first[: -len(ranges)])
    tuned = same.with_values(arms=tuple(curve.tuned for curve in curves))
    second = computed(crowd_blocks(tuned, measure, count, looks, tolerance), executor, _within(progress, len(before), total), is_stopped)
    return Fight(curves, gathered(same, measure, looks, first[-len(ranges) :]), gathered(tuned, measure, looks, second))


def _within(progress: Progress | None, before: int, total: int) -> Progress | None:
    """Return a report on one stage that counts what came before it, too."""
    return None if progress is None else lambda done, _: progress(before + done, total)
