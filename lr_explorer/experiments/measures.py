"""Questions that a replicate answers with yes or no.

What answers them is made of functions of this module, so that a question can be sent to another process.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from lr_explorer.basins import basin_of
from lr_explorer.params import shortened
from lr_explorer.simulate import ArmRun
from lr_explorer.surfaces import Surface

Answers = NDArray[np.bool_]
DIVERGED = "diverged"


@dataclass(frozen=True)
class Measure:
    """A yes-or-no question: `says` completes "k of n replicates …"; `holds` answers it for all replicates, shape (replicates,).

    needs_paths: whether it asks for what lies between the first and the last point.
    """

    says: str
    holds: Callable[[Surface, ArmRun], Answers]
    needs_paths: bool = False


def global_basin() -> Measure:
    """Ask whether the end point drains into a global minimum."""
    return Measure("reached the global basin", _in_global_basin)


def near_best(excess: float) -> Measure:
    """Ask whether the run ended in the global basin within `excess` of the lowest loss."""
    return Measure(f"reached the global basin and ended within {excess:g} of its floor", partial(_near_best, excess=excess))


def descended(share: float) -> Measure:
    """Ask whether the run ended in the global basin with at most `share` of the start's loss above the lowest."""
    says = f"ended in the global basin with at most {100 * share:.0f} % of the loss at the start"
    return Measure(says, partial(_descended, share=share))


def below(excess: float) -> Measure:
    """Ask whether the final loss is within `excess` of the lowest."""
    return Measure(f"ended within {excess:g} of the lowest loss", partial(_ended_below, excess=excess))


def best_checkpoint(count: int, excess: float) -> Measure:
    """Ask whether one of `count` equally spaced checkpoints, the last at the end, is within `excess` of the lowest loss."""
    says = f"had one of {count} equally spaced checkpoints within {excess:g} of the lowest loss"
    return Measure(says, partial(_had_checkpoint_below, count=count, excess=excess), needs_paths=True)


def diverged() -> Measure:
    """Ask whether the run diverged."""
    return Measure(DIVERGED, _diverged)


def left_start_basin() -> Measure:
    """Ask whether the run ended in another basin than the one it started in."""
    return Measure("left the basin they started in", _left_start_basin)


def farther_than(axis: str, distance: float) -> Measure:
    """Ask whether the run ended more than `distance` from zero along `axis`."""
    return Measure(f"ended with |{axis}| above {distance:g}", partial(_farther_than, place="xy".index(axis), distance=distance))


MEASURES: dict[str, Callable[..., Measure]] = {
    made.__name__: made for made in (global_basin, near_best, descended, below, best_checkpoint, diverged, left_start_basin, farther_than)
}


def spellings() -> dict[str, str]:
    """Return what each measure asks, by how it is spelled."""
    return {_spelling(name): inspect.getdoc(made) or "" for name, made in MEASURES.items()}


def read_measure(written: str) -> Measure:
    """Return the measure that a text such as `global_basin` or `best_checkpoint:10,0.01` spells; ValueError if it spells none."""
    name, _, values = written.partition(":")
    items = [item.strip() for item in values.split(",")] if values else []
    if name not in MEASURES:
        raise ValueError(f"unknown measure {shortened(name)}; known: {', '.join(map(_spelling, MEASURES))}")
    parameters = inspect.signature(MEASURES[name]).parameters.values()
    try:
        return MEASURES[name](*(parameter.annotation(item) for parameter, item in zip(parameters, items, strict=True)))
    except ValueError as reason:
        raise ValueError(f"a measure is written {_spelling(name)}; got {shortened(written)}") from reason


def _spelling(name: str) -> str:
    values = ",".join(map(str.upper, inspect.signature(MEASURES[name]).parameters))
    return f"{name}:{values}" if values else name


def _near_best(surface: Surface, arm: ArmRun, excess: float) -> Answers:
    return _in_global_basin(surface, arm) & _below(surface, arm.final_loss, excess)


def _descended(surface: Surface, arm: ArmRun, share: float) -> Answers:
    return _in_global_basin(surface, arm) & (arm.final_loss - surface.lowest <= share * (surface.value(arm.start) - surface.lowest))


def _ended_below(surface: Surface, arm: ArmRun, excess: float) -> Answers:
    return _below(surface, arm.final_loss, excess)


def _had_checkpoint_below(surface: Surface, arm: ArmRun, count: int, excess: float) -> Answers:
    checkpoints = np.linspace(0, len(arm.lr), count + 1).round().astype(int)[1:]
    return np.asarray(_below(surface, arm.loss[checkpoints], excess).any(axis=0))


def _diverged(surface: Surface, arm: ArmRun) -> Answers:
    return arm.diverged_at >= 0


def _left_start_basin(surface: Surface, arm: ArmRun) -> Answers:
    ended = basin_in(surface, arm)
    return np.asarray((ended >= 0) & (ended != basin_of(surface, arm.start)))


def _farther_than(surface: Surface, arm: ArmRun, place: int, distance: float) -> Answers:
    return np.abs(arm.final[place]) > distance


def _in_global_basin(surface: Surface, arm: ArmRun) -> Answers:
    is_global = np.array([*map(surface.is_global, surface.minima), False])
    # basin_of answers −1 for "none", which is the False at the end.
    return is_global[basin_in(surface, arm)]


def basin_in(surface: Surface, arm: ArmRun) -> NDArray[np.int64]:
    """Return the basin in which each replicate of an arm ended, as the run says or else as the flow does."""
    return basin_of(surface, arm.final) if arm.basin is None else arm.basin


def _below(surface: Surface, loss: NDArray[np.float64], excess: float) -> Answers:
    return loss - surface.lowest < excess
