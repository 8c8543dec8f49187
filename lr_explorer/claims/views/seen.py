"""What the views share: some replicates of the arms, the steps that are drawn, and how a run is summed up over replicates."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve
from lr_explorer.experiments.blocks import parts
from lr_explorer.experiments.fair import with_peak
from lr_explorer.scenario import MAX_ARMS, Scenario
from lr_explorer.simulate import ArmRun, simulate
from lr_explorer.statistics import wilson_interval

Array = NDArray[np.float64]

# Enough for a picture; the verdict has all of them.
_SHOWN = 200
_LOOKS = 200
# At each of many rates or distances.
TRIED = 100


def runs(result: Result) -> Iterator[tuple[int, Scenario, ArmRun]]:
    """Yield each arm's place over all scenarios, its scenario, and what its first replicates did."""
    place = 0
    for scenario in result.experiment.scenarios:
        for arm in simulate(scenario, min(_SHOWN, result.experiment.count), endings=False).arms:
            yield place, scenario, arm
            place += 1


def drawn(result: Result, most: int = _SHOWN) -> str:
    """Say how many replicates are drawn, where that is not all of them."""
    count = result.experiment.count
    return f" Drawn from the first {most} of {count:,} replicates." if count > most else ""


def at_rates(scenario: Scenario, rates: Array) -> Iterator[ArmRun]:
    """Yield what `TRIED` replicates of the scenario's first arm did at each of these peak rates."""
    for some in parts([with_peak(scenario.arms[0], rate) for rate in rates], MAX_ARMS):
        yield from simulate(scenario.with_values(arms=tuple(some)), TRIED, endings=False).arms


def shares(name: str, x: Array, hits: Sequence[NDArray[np.bool_]], arm: int = 0) -> Curve:
    """Return how many replicates said yes at each x, as marks with their intervals."""
    found = [wilson_interval(int(one.sum()), len(one)) for one in hits]
    y, low, high = (np.array([getattr(one, end) for one in found]) for end in ("estimate", "low", "high"))
    return Curve(name, x, y, arm, is_marks=True, low=low, high=high)


def looks(steps: int, *, log: bool = False) -> NDArray[np.int64]:
    """Return the steps that are drawn, 0 and the last among them; log: evenly spaced in their logarithm, from 1."""
    spaced = np.geomspace(1, steps, _LOOKS) if log else np.linspace(0, steps, min(_LOOKS, steps) + 1)
    return np.unique(spaced.round().astype(int))


def quartiles(values: Array) -> tuple[Array, Array, Array]:
    """Return the quartiles over the last axis, by rank, so that infinity stays what it is."""
    ranked = np.sort(values, axis=-1)
    low, middle, high = (ranked[..., round(share * (ranked.shape[-1] - 1))] for share in (0.25, 0.5, 0.75))
    return low, middle, high
