"""What became of a run, told from its path."""

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from lr_explorer.surfaces import Surface

Array = NDArray[np.float64]

DIVERGED_BEYOND = 1e6
# A loss above the lowest that is smaller counts as this: what lies below is rounding.
SMALLEST = 1e-30
# The last tenth of a run tells how it ended.
_TAIL = 0.1
# Distances are shares of the diagonal of the surface's box.
_AT_MINIMUM = 0.05
_AT_REST = 0.01
_STANDING = 0.001
_AROUND_MINIMUM = 0.15
# The means of the last two quarters lie this many spreads apart at most if a path stays where it is; on a straight line it is √3.
_SAME_PLACE = 1.2
# Share of the last half that a path spends nearest to one minimum if it hovers around that one.
_LOYAL = 0.9
# Points of the last half that are looked at for this.
_LOOKS = 50
# Mean cosine between consecutive updates below which a path goes back and forth; noise around a fixed point alone comes to −0.6.
_BACK_AND_FORTH = -0.75


class Outcome(Enum):
    """How a run ended; the value is the sentence that says it."""

    SETTLED = "settled at a minimum"
    HOVERS = "hovers around a minimum without settling"
    WANDERS = "wanders without settling"
    OSCILLATES = "oscillates across a valley"
    STALLED = "stands still away from any minimum that is marked"
    MOVING = "is still moving"
    DIVERGED = "diverged"
    LEFT = "left the known landscape"


@dataclass(frozen=True)
class Ends:
    """How each replicate of one arm ended; all arrays have the shape (replicates,).

    minimum: index into the surface's minima of the one it settled at or hovers around, −1 otherwise.
    reached_at: first step from which it stayed near the one it settled at, −1 otherwise.
    spread: root mean square distance of the last half's points from the minimum that they hover around, else from their mean.
    """

    outcome: NDArray[np.object_]
    minimum: NDArray[np.int64]
    reached_at: NDArray[np.int64]
    spread: Array


def ended_at(outcome: Outcome, diverged_at: int, steps: int) -> int:
    """Return the step at which a run ended early, −1 for never: one that left the landscape did so a step before it had no point any more."""
    if outcome is Outcome.LEFT:
        return int(diverged_at) - 1 if diverged_at >= 0 else steps
    return int(diverged_at)


def tail_of(path: Array) -> Array:
    """Return the last tenth of a path's points, at least two; the first axis is the step."""
    return path[-max(2, round(_TAIL * (len(path) - 1))) :]


def first_divergence(path: Array) -> NDArray[np.int64]:
    """Return the first step at which a point lies beyond 1e6 or is not finite, −1 where none does.

    path: shape (2, steps + 1, ...). Result: shape (...).
    """
    # Nearly always this settles it, at a fraction of the effort; NaN anywhere makes it false.
    if path.min() >= -DIVERGED_BEYOND and path.max() <= DIVERGED_BEYOND:
        return np.full(path.shape[2:], -1)
    # Written this way round, the comparison counts NaN as beyond.
    beyond = ~(np.maximum(np.abs(path[0]), np.abs(path[1])) <= DIVERGED_BEYOND)
    return np.where(beyond.any(axis=0), beyond.argmax(axis=0), -1)


def ends(surface: Surface, path: Array, diverged_at: NDArray[np.int64]) -> Ends:
    """Tell how each replicate of an arm ended.

    path: shape (steps + 1, 2, replicates), NaN from `diverged_at` on.
    """
    steps = len(path) - 1
    diagonal = surface.diagonal
    with np.errstate(invalid="ignore"):
        tail, half = tail_of(path), path[steps // 2 :]
        moves = np.diff(tail, axis=0)
        lengths = np.hypot(moves[:, 0], moves[:, 1])
        near = _nearest_minimum(surface, path[-1])
        tail_spread, middle = _spread(tail, _mean(tail)), _mean(half)
        is_calm = tail_spread <= _AT_REST * diagonal
        is_at_rest = _squares(path[-max(2, steps // 25) :], path[-1]).max(axis=0) <= (2 * _STANDING * diagonal) ** 2
        # Only of those that may have settled: the whole path is much to look at.
        since = np.full(diverged_at.shape, -1)
        # A slice is no copy.
        quiet = slice(None) if (is_calm | is_at_rest).all() else is_calm | is_at_rest
        since[quiet] = _stays_since(path[..., quiet], surface, near[quiet], _AT_MINIMUM * diagonal)
        settles = (since >= 0) & (is_at_rest | is_calm & (since <= steps - len(tail) + 1))
        hovered = _favourite_minimum(surface, half[:: max(1, len(half) // _LOOKS)])
        spread = _spread(half, middle)
        # The mean square distance from any point is that from the mean and the square of the distance to it.
        offset = np.hypot(spread, np.hypot(*(middle - _points_of(surface, hovered))))
        quarters = _mean(half[: len(half) // 2]), _mean(half[len(half) // 2 :])
        stays = np.hypot(*(quarters[0] - quarters[1])) <= _SAME_PLACE * spread

        turns = (_turning(moves, lengths) < _BACK_AND_FORTH) & (lengths.max(axis=0) > _AT_REST * diagonal)
        stands = (_mean(lengths) * len(lengths) < _STANDING * diagonal) | (tail_spread < _STANDING * diagonal)
        hovers = stays & (hovered >= 0) & (offset <= _AROUND_MINIMUM * diagonal)
    cases = (
        (_left(surface, path, diverged_at), Outcome.LEFT),
        (diverged_at >= 0, Outcome.DIVERGED),
        (turns, Outcome.OSCILLATES),
        (settles, Outcome.SETTLED),
        (stands, Outcome.STALLED),
        (hovers, Outcome.HOVERS),
        (stays & (spread > _AT_MINIMUM * diagonal), Outcome.WANDERS),
    )
    outcome = np.full(diverged_at.shape, Outcome.MOVING, dtype=object)
    for mask, value in reversed(cases):
        outcome[mask] = value
    settled, hovers = outcome == Outcome.SETTLED, outcome == Outcome.HOVERS
    return Ends(outcome, np.where(settled, near, np.where(hovers, hovered, -1)), np.where(settled, since, -1), np.where(hovers, offset, spread))


def _left(surface: Surface, path: Array, diverged_at: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which replicates ended because their last point has no loss: it is outside a landscape's grid, or where a formula has no value."""
    if surface.is_known_everywhere:
        return np.zeros(diverged_at.shape, dtype=bool)
    last = np.where(diverged_at < 0, len(path) - 1, diverged_at - 1)
    left = last >= 0
    with np.errstate(all="ignore"):
        left[left] = np.isnan(surface.value(path[last[left], :, left].T))
    return left


def _mean(values: Array) -> Array:
    """Return the mean over the first axis, of one replicate the same as among many: numpy adds up a single column in another order."""
    return values.mean(axis=0) if values.shape[-1] > 1 else np.cumsum(values, axis=0)[-1] / len(values)


def _spread(points: Array, mean: Array) -> Array:
    """Return the root mean square distance from the mean (2, replicates) of points (steps, 2, replicates)."""
    return np.sqrt(_mean(_squares(points, mean)))


def _squares(points: Array, centre: Array) -> Array:
    """Return squared distances (steps, replicates) of points (steps, 2, replicates) from a centre (2, replicates)."""
    # In place, and without the root that hypot takes twenty times as long for.
    total, along_y = points[:, 0] - centre[0], points[:, 1] - centre[1]
    np.multiply(total, total, out=total)
    np.multiply(along_y, along_y, out=along_y)
    return np.add(total, along_y, out=total)


def _nearest_minimum(surface: Surface, point: Array) -> NDArray[np.int64]:
    """Return the index of the nearest minimum that can hold a run, −1 on a surface without any; point: (2, ...)."""
    if not any(map(surface.holds, surface.minima)):
        return np.full(point.shape[1:], -1)
    distances = np.array([np.hypot(point[0] - m.point[0], point[1] - m.point[1]) + (0 if surface.holds(m) else np.inf) for m in surface.minima])
    # A diverged path has no nearest minimum; infinity keeps argmin from choosing NaN.
    return np.where(np.isnan(distances), np.inf, distances).argmin(axis=0)


def _favourite_minimum(surface: Surface, points: Array) -> NDArray[np.int64]:
    """Return the minimum that nearly all points (steps, 2, replicates) are nearest to, −1 where there is none such."""
    nearest = _nearest_minimum(surface, np.moveaxis(points, 1, 0))
    last = nearest[-1]
    return np.where((nearest == last).mean(axis=0) >= _LOYAL, last, -1)


def _points_of(surface: Surface, minimum: NDArray[np.int64]) -> Array:
    """Return the minima's points (2, replicates), NaN for −1."""
    return np.array([*(m.point for m in surface.minima), (np.nan, np.nan)]).T[:, minimum]


def _stays_since(path: Array, surface: Surface, minimum: NDArray[np.int64], radius: float) -> NDArray[np.int64]:
    """Return the first step from which each replicate stays within `radius` of its minimum, −1 if it ends outside."""
    outside = ~(_squares(path, _points_of(surface, minimum)) <= radius**2)
    last_outside = np.where(outside.any(axis=0), len(path) - 1 - outside[::-1].argmax(axis=0), -1)
    return np.where(last_outside == len(path) - 1, -1, last_outside + 1)


def _turning(moves: Array, lengths: Array) -> Array:
    """Return the mean cosine between consecutive moves: −1 for back and forth, 1 for straight on."""
    if len(moves) < 2:
        return np.ones(moves.shape[2:])
    products = lengths[:-1] * lengths[1:]
    dots = (moves[:-1] * moves[1:]).sum(axis=1)
    return _mean(np.where(products > 0, dots / np.where(products > 0, products, 1), 1.0))
