"""What many replicates of a scenario did: bands of the loss over the steps, ends, times, basins, and which replicates to look at."""

import csv
import io
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cached_property, partial

import numpy as np
from numpy.typing import NDArray

from lr_explorer.basins import basin_of
from lr_explorer.experiments.blocks import IsStopped, Progress, computed, replicate_blocks
from lr_explorer.experiments.ensemble import DEFAULT_MEASURE, DESCENT, Observed, above_lowest, observe, quartiles
from lr_explorer.experiments.measures import Measure, basin_in
from lr_explorer.experiments.seeds import Purpose, under
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import ArmRun, simulate
from lr_explorer.statistics import (
    LEVEL,
    MARGIN,
    SMALLEST,
    Interval,
    Verdict,
    judge,
    loss_sentence,
    median_interval,
    newcombe_interval,
    paired_losses,
    share_sentence,
    wilson_interval,
)
from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

# Enough to tell 0.3 dex between pairs that spread by 0.85 dex in 95 % of all attempts.
REPLICATES = 400
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
# Bands are told at so many steps, at fewer where the losses of all replicates would take more memory than this.
MOST_LOOKS = 200
_LOOK_BYTES = 128 * 2**20
# A loss on its way is kept in 16 bits: how many 1,100ths of a decade it is above the smallest, exact to 0.1 %, up to 10²⁹.
_PER_DECADE = 1100
_DIVERGED = 65535
# A basin counts as one of several ends if so many of an arm's replicates end there.
_SEVERAL = 0.05


class Ending(StrEnum):
    """Where the gradient flow leads from a replicate's last point."""

    GLOBAL = "in the global basin"
    LOCAL = "in another basin"
    NONE = "in no basin"


@dataclass(frozen=True)
class Each:
    """What each replicate of an arm did, shape (replicates,).

    loss: the last one above the surface's lowest, infinite for a run that diverged. hits: does the measure hold. reached_at: the first step at
    which the loss was within the tolerance, −1 for never. basin: the minimum to which gradient flow leads from the end, −1 for none.
    final: the last points (2, replicates). diverged_at: −1 for never. averaged: the last loss above the lowest of the arm's average; (0,) of an
    arm without one.
    """

    loss: Array
    hits: NDArray[np.bool_]
    reached_at: Whole
    basin: Whole
    final: Array
    diverged_at: Whole
    averaged: Array


@dataclass(frozen=True)
class ArmCrowd(Each):
    """What the replicates of one arm did, each and together.

    bands: quantiles of the loss above the lowest over the steps looked at, (quantiles, looks), exact to 0.1 %, and infinite where so many had
    diverged. gone: the share that had diverged, (looks,).
    """

    arm: Arm
    bands: Array
    gone: Array

    @property
    def success(self) -> Interval:
        """The share for which the measure holds."""
        return wilson_interval(int(self.hits.sum()), len(self.hits))

    @property
    def divergence(self) -> Interval:
        """The share that diverged, or left the known landscape."""
        return wilson_interval(int(np.isinf(self.loss).sum()), len(self.loss))

    @property
    def time(self) -> Interval:
        """The median of the steps to the tolerance, infinite where fewer than half came so far."""
        return median_interval(np.where(self.reached_at < 0, np.inf, self.reached_at))

    @property
    def quartiles(self) -> tuple[float, float, float]:
        """The quartiles of the final loss above the lowest, infinite where so many diverged."""
        return quartiles(self.loss)

    @property
    def averaged_quartiles(self) -> tuple[float, float, float] | None:
        """The same of the arm's average, None for an arm without one."""
        return quartiles(self.averaged) if len(self.averaged) else None

    def in_basin(self, minimum: int) -> Interval:
        """Return the share that ended in the basin of a minimum, by its place among the surface's; −1: in none."""
        return wilson_interval(int((self.basin == minimum).sum()), len(self.basin))

    def endings(self, surface: Surface) -> dict[Ending, NDArray[np.bool_]]:
        """Return which replicates ended where on the surface, (replicates,) for each kind of end that occurred."""
        is_global = np.array([*map(surface.is_global, surface.minima), False])[self.basin]
        found = {Ending.GLOBAL: is_global, Ending.LOCAL: (self.basin >= 0) & ~is_global, Ending.NONE: self.basin < 0}
        return {ending: those for ending, those in found.items() if those.any()}

    @cached_property
    def _order(self) -> Whole:
        """The replicates from the lowest loss to the highest; of those that diverged the earliest is last."""
        return np.lexsort((-np.where(self.diverged_at < 0, np.inf, self.diverged_at), self.loss))

    @property
    def best(self) -> int:
        """The replicate that ended lowest."""
        return int(self._order[0])

    @property
    def typical(self) -> int:
        """The replicate in the middle: as many ended lower as higher, or one more."""
        return int(self._order[(len(self._order) - 1) // 2])

    @property
    def worst(self) -> int:
        """The replicate that diverged first, or else ended highest."""
        return int(self._order[-1])


@dataclass(frozen=True)
class Crowd:
    """What the replicates 0 … count − 1 of a scenario did; `looks` are the steps at which bands are told, `arms` in the scenario's order."""

    scenario: Scenario
    measure: Measure
    count: int
    looks: Whole
    arms: tuple[ArmCrowd, ...]

    @property
    def has_several_ends(self) -> bool:
        """Whether replicates end in several basins: the share of success then says more than a median of losses."""
        shares = np.array([[(arm.basin == place).mean() for place in range(len(self.scenario.surface.minima))] for arm in self.arms])
        return bool(np.sum((shares > _SEVERAL).any(axis=0)) > 1)


@dataclass(frozen=True)
class CrowdPart(Each):
    """Some replicates of one arm, with their losses at the steps looked at, in 16 bits, (looks, replicates)."""

    levels: NDArray[np.uint16]


def crowd(
    scenario: Scenario,
    measure: Measure = DEFAULT_MEASURE,
    count: int = REPLICATES,
    *,
    tolerance: float | None = None,
    most_looks: int = MOST_LOOKS,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> Crowd:
    """Run the replicates 0 … count − 1 of a scenario and tell what they did, in memory that does not grow with the steps.

    tolerance: the loss above the lowest to which steps are counted; by default a hundredth of that at each replicate's start.
    most_looks: at how many steps at most bands are told, at least 2. executor, progress, is_stopped: as in `blocks.computed`.
    """
    looks = looks_of(scenario, count, most_looks)
    blocks = crowd_blocks(scenario, measure, count, looks, tolerance)
    return gathered(scenario, measure, looks, computed(blocks, executor, progress, is_stopped))


def looks_of(scenario: Scenario, count: int, most: int = MOST_LOOKS) -> Whole:
    """Return the steps at which bands over `count` replicates are told: evenly spaced, the first and the last among them."""
    affordable = _LOOK_BYTES // (2 * len(scenario.arms) * count)
    looks = min(max(2, min(most, affordable)), scenario.steps + 1)
    return np.unique(np.linspace(0, scenario.steps, looks).round().astype(int))


def crowd_blocks(
    scenario: Scenario, measure: Measure, count: int, looks: Whole, tolerance: float | None = None
) -> list[Callable[[], tuple[CrowdPart, ...]]]:
    """Return what `crowd` computes as blocks, for `gathered` to put together in this order."""
    return [partial(_crowd_part, scenario, measure, numbers, looks, tolerance) for numbers in replicate_blocks(scenario, count)]


def _crowd_part(scenario: Scenario, measure: Measure, numbers: Sequence[int], looks: Whole, tolerance: float | None) -> tuple[CrowdPart, ...]:
    surface, arms = scenario.surface, simulate(scenario, numbers, endings=False).arms
    # Asked once for all arms: the flow takes many small strides, each with an effort of its own.
    basins = np.split(basin_of(surface, np.concatenate([arm.final for arm in arms], axis=1)), len(arms))
    return tuple(_part(surface, measure, replace(arm, basin=basin), looks, tolerance) for arm, basin in zip(arms, basins, strict=True))


def _part(surface: Surface, measure: Measure, arm: ArmRun, looks: Whole, tolerance: float | None) -> CrowdPart:
    excess = above_lowest(surface, arm.loss)
    enough = DESCENT * excess[0] if tolerance is None else tolerance
    is_near = excess <= enough
    return CrowdPart(
        loss=excess[-1].copy(),
        hits=measure.holds(surface, arm),
        reached_at=np.where(is_near.any(axis=0), is_near.argmax(axis=0), -1),
        basin=basin_in(surface, arm),
        final=arm.final,
        diverged_at=arm.diverged_at,
        averaged=above_lowest(surface, np.empty(0) if arm.averaged_final_loss is None else arm.averaged_final_loss),
        levels=_levels(excess[looks]),
    )


def _levels(excess: Array) -> NDArray[np.uint16]:
    decades = np.log10(np.maximum(excess, SMALLEST)) - np.log10(SMALLEST)
    return np.minimum(decades * _PER_DECADE + 0.5, _DIVERGED).astype(np.uint16)


def _losses(levels: NDArray[np.uint16]) -> Array:
    """Return the losses that levels stand for."""
    return np.where(levels == _DIVERGED, np.inf, SMALLEST * 10.0 ** (levels.astype(float) / _PER_DECADE))


def gathered(scenario: Scenario, measure: Measure, looks: Whole, results: Sequence[tuple[CrowdPart, ...]]) -> Crowd:
    """Put the results of `crowd_blocks`, in their order, together."""
    arms = tuple(_together(arm, parts) for arm, parts in zip(scenario.arms, zip(*results, strict=True), strict=True))
    return Crowd(scenario, measure, len(arms[0].loss), looks, arms)


def _together(arm: Arm, parts: Sequence[CrowdPart]) -> ArmCrowd:
    def joined(name: str) -> NDArray:
        return np.concatenate([getattr(part, name) for part in parts], axis=-1)

    levels = joined("levels")
    gone = (levels == _DIVERGED).mean(axis=-1)
    # Ranks rather than interpolation between them, which would make NaN of infinity.
    ranks = [round(share * (levels.shape[-1] - 1)) for share in QUANTILES]
    levels.sort(axis=-1)
    each = {field.name: joined(field.name) for field in fields(Each)}
    return ArmCrowd(**each, arm=arm, bands=_losses(levels[:, ranks].T), gone=gone)


def crowd_csv(crowd: Crowd) -> str:
    """Return a row for each arm as CSV: shares with their intervals, quartiles of the final loss, steps to the tolerance, replicates to see."""
    return csv_of([crowd_row(arm) for arm in crowd.arms])


def csv_of(rows: Sequence[dict[str, object]]) -> str:
    """Return rows of the same columns as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def crowd_row(arm: ArmCrowd) -> dict[str, object]:
    """Return an arm's numbers by their names, as tables have them."""
    found = {"success": arm.success, "diverged": arm.divergence, "steps": arm.time}
    bounds = {
        f"{name}{end}": getattr(interval, field)
        for name, interval in found.items()
        for end, field in {"": "estimate", "_low": "low", "_high": "high"}.items()
    }
    losses = dict(zip(("loss_25", "loss_50", "loss_75"), arm.quartiles, strict=True))
    return {"arm": arm.arm.name, "replicates": len(arm.loss), **bounds, **losses, "typical": arm.typical, "best": arm.best, "worst": arm.worst}


# Pairs of arms


@dataclass(frozen=True)
class Comparison:
    """What the same noise says of the claim that the other of two arms fares better than the one.

    losses: on its ending lower, by the median difference of the losses in dex; notes: how pairs were counted. shares: on its doing more often
    what the measure asks.
    """

    losses: Verdict
    notes: tuple[str, ...]
    shares: Verdict

    def sentences(self, one: str, other: str, says: str) -> tuple[str, str]:
        """Return both verdicts as sentences, given the arms' names and what the measure says."""
        return loss_sentence(self.losses, one, other), share_sentence(self.shares, other, one, says)


def compare(one: ArmCrowd | Observed, other: ArmCrowd | Observed, margin: float = MARGIN, level: float = LEVEL) -> Comparison:
    """Compare two arms of the same crowd. margin: in dex for losses, as a fraction for shares. level: of the intervals."""
    pairs = paired_losses(one.loss, other.loss, level)
    return Comparison(judge(pairs.interval, margin), tuple(pairs.notes), judge(newcombe_interval(other.hits, one.hits, level), margin))


REPETITIONS = 10


@dataclass(frozen=True)
class Repetition:
    """The same comparison under another seed."""

    seed: int
    comparison: Comparison


def repeated(
    scenario: Scenario,
    places: tuple[int, int],
    measure: Measure = DEFAULT_MEASURE,
    count: int = REPLICATES,
    *,
    repetitions: int = REPETITIONS,
    margin: float = MARGIN,
    executor: Executor | None = None,
    progress: Progress | None = None,
    is_stopped: IsStopped | None = None,
) -> tuple[Repetition, ...]:
    """Compare two arms of a scenario, by their places, once more under each of several other evaluation seeds."""
    pair = scenario.with_values(arms=tuple(scenario.arms[place] for place in places))
    again = [under(pair, Purpose.EVALUATION, repetition) for repetition in range(1, repetitions + 1)]
    ranges = replicate_blocks(pair, count)
    found = computed([partial(observe, one, measure, numbers) for one in again for numbers in ranges], executor, progress, is_stopped)
    made = []
    for place, one in enumerate(again):
        mine = found[place * len(ranges) : (place + 1) * len(ranges)]
        first, second = (Observed.joined(blocks) for blocks in zip(*mine, strict=True))
        made.append(Repetition(one.seed, compare(first, second, margin)))
    return tuple(made)
