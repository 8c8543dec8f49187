"""Questions that a replicate answers with yes or no."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.basins import basin_of
from lr_explorer.simulate import ArmRun
from lr_explorer.surfaces import Surface

Answers = NDArray[np.bool_]
DIVERGED = "diverged"


@dataclass(frozen=True)
class Measure:
    """A yes-or-no question: `says` completes "k of n replicates …"; `holds` answers it for all replicates, shape (replicates,)."""

    says: str
    holds: Callable[[Surface, ArmRun], Answers]


def global_basin() -> Measure:
    """Ask whether the end point drains into a global minimum."""
    return Measure("reached the global basin", _in_global_basin)


def near_best(excess: float) -> Measure:
    """Ask whether the run ended in the global basin within `excess` of the lowest loss."""
    return Measure(
        f"reached the global basin and ended within {excess:g} of its floor",
        lambda surface, arm: _in_global_basin(surface, arm) & _below(surface, arm.final_loss, excess),
    )


def descended(share: float) -> Measure:
    """Ask whether the run ended in the global basin with at most `share` of the start's loss above the lowest."""

    def holds(surface: Surface, arm: ArmRun) -> Answers:
        return _in_global_basin(surface, arm) & (arm.final_loss - surface.lowest <= share * (arm.loss[0] - surface.lowest))

    return Measure(f"ended in the global basin with at most {share:.0%} of the loss at the start", holds)


def below(excess: float) -> Measure:
    """Ask whether the final loss is within `excess` of the lowest."""
    return Measure(f"ended within {excess:g} of the lowest loss", lambda surface, arm: _below(surface, arm.final_loss, excess))


def best_checkpoint(count: int, excess: float) -> Measure:
    """Ask whether one of `count` equally spaced checkpoints, the last at the end, is within `excess` of the lowest loss."""

    def holds(surface: Surface, arm: ArmRun) -> Answers:
        checkpoints = np.linspace(0, len(arm.lr), count + 1).round().astype(int)[1:]
        return np.asarray(_below(surface, arm.loss[checkpoints], excess).any(axis=0))

    return Measure(f"had one of {count} equally spaced checkpoints within {excess:g} of the lowest loss", holds)


def diverged() -> Measure:
    """Ask whether the run diverged."""
    return Measure(DIVERGED, lambda surface, arm: arm.diverged_at >= 0)


def left_start_basin() -> Measure:
    """Ask whether the run ended in another basin than the one it started in."""

    def holds(surface: Surface, arm: ArmRun) -> Answers:
        ended = basin_of(surface, arm.final)
        return np.asarray((ended >= 0) & (ended != basin_of(surface, arm.path[0])))

    return Measure("left the basin they started in", holds)


def farther_than(axis: str, distance: float) -> Measure:
    """Ask whether the run ended more than `distance` from zero along `axis`."""
    return Measure(f"ended with |{axis}| above {distance:g}", lambda surface, arm: np.abs(arm.final["xy".index(axis)]) > distance)


def _in_global_basin(surface: Surface, arm: ArmRun) -> Answers:
    is_global = np.array([*map(surface.is_global, surface.minima), False])
    # basin_of answers −1 for "none", which is the False at the end.
    return is_global[basin_of(surface, arm.final)]


def _below(surface: Surface, loss: NDArray[np.float64], excess: float) -> Answers:
    return loss - surface.lowest < excess
