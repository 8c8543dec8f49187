"""Looks for the minima and saddles of a surface in its box: deterministic, and quick enough for a surface that was typed just now.

A grid of the box gives candidates; Newton's method makes them exact where the loss is smooth, a zoom where it has kinks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

GRID = 241
_SADDLE_GRID = 121  # a saddle is a place between others, so a coarser grid does
# What is searched at most: a formula may have more ripples than anybody wants to see marked.
MOST_MINIMA = 150
_MOST_CELLS = 2000
# Shares of the box.
_SAME = 1e-4
_RING = 2e-4
# Neighbours of a grid point: a zoom looks at them on ever finer grids.
_AROUND = np.stack(np.meshgrid([-1.0, 0.0, 1.0], [-1.0, 0.0, 1.0])).reshape(2, 1, 9)


def grid_of(surface: Any, points: int = GRID) -> Array:
    """Return points x points places of the box, shape (2, points, points), x along the last axis."""
    return np.stack(np.meshgrid(*(np.linspace(low, high, points) for low, high in surface.bounds)))


def newton(surface: Any, points: Array, steps: int = 30) -> Array:
    """Return where Newton's method for a vanishing gradient leads from `points`, shape (2, n)."""
    for _ in range(steps):
        points = points - newton_step(surface, points)
    return points


def newton_step(surface: Any, points: Array) -> Array:
    """Return Newton's step H⁻¹∇f at `points`, shape (2, n); 0 where the Hessian has no inverse."""
    grad, hess = surface.gradient(points), surface.hessian(points)
    det = hess[0, 0] * hess[1, 1] - hess[0, 1] * hess[1, 0]
    step = np.array([hess[1, 1] * grad[0] - hess[0, 1] * grad[1], hess[0, 0] * grad[1] - hess[1, 0] * grad[0]])
    return np.divide(step, det, out=np.zeros_like(step), where=np.isfinite(det) & (det != 0) & np.isfinite(step).all(axis=0))


def saddles(surface: Any) -> Array:
    """Return the saddles inside the box, shape (2, n): where both slopes change sign within a cell of the grid and Newton's method ends near."""
    grid = grid_of(surface, _SADDLE_GRID)
    with np.errstate(all="ignore"):
        gradient = surface.gradient(grid)
        corners = np.stack([gradient[:, :-1, :-1], gradient[:, 1:, :-1], gradient[:, :-1, 1:], gradient[:, 1:, 1:]])
        turns = ((corners.min(axis=0) <= 0) & (corners.max(axis=0) >= 0)).all(axis=0)
        cells = 0.5 * (grid[:, :-1, :-1] + grid[:, 1:, 1:])[:, turns][:, :_MOST_CELLS]
        found = newton(surface, cells)
        # Beyond a few cells from where it began, Newton's method was led astray.
        is_near = (np.abs(found - cells) <= 3 * _size(surface) / (_SADDLE_GRID - 1)).all(axis=0)
        # At a kink the slopes change sign too, but do not vanish.
        is_flat = np.hypot(*surface.gradient(found)) <= 1e-6 * np.nanmax(np.abs(gradient), initial=0.0, where=np.isfinite(gradient))
        found = found[:, is_near & is_flat & _is_inside(surface, found)]
        around = _ring(surface, found) - surface.value(found)
    slack = 1e-13 * (1 + np.abs(around).max(initial=0.0))
    return _distinct(surface, found[:, (around.min(axis=0) < -slack) & (around.max(axis=0) > slack)])


def minima(surface: Any) -> tuple[Array, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the lowest minima in the box, shape (2, n), the lowest first, whether each lies inside it, and whether the gradient vanishes
    there but for what the edge of the box holds against.

    Places where the loss is as low along a whole line are left out.
    """
    grid = grid_of(surface)
    with np.errstate(all="ignore"):
        loss = np.nan_to_num(surface.value(grid), nan=np.inf, posinf=np.inf, neginf=-np.inf)
        padded = np.pad(loss, 1, constant_values=np.inf)
        neighbours = [padded[1 + i : 1 + i + GRID, 1 + j : 1 + j + GRID] for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
        dips = (loss <= np.min(neighbours, axis=0)) & np.isfinite(loss) & (loss < np.max(neighbours, axis=0))
        deepest = np.argsort(loss[dips], kind="stable")[:MOST_MINIMA]
        inner = grid[:, dips][:, deepest]
        found = _polished(surface, np.concatenate([_zoomed(surface, inner, np.ones_like(inner)), _edge_dips(surface, grid, loss)], axis=1))
        interior = _is_inside(surface, found)
        span = np.ptp(loss[np.isfinite(loss)])
        value = surface.value(found)
        rise, half_rise = (_ring(surface, found, share) - value for share in (1.0, 0.5))
        # Along a line of equal loss the ring is as low as its centre, but for rounding.
        is_lowest = ((rise > 1e-12 * np.abs(value) + 1e-15 * span) | ~np.isfinite(rise)).all(axis=0)
        # What leads far below all that the grid saw is no dip, but a pole.
        is_lowest &= ~_is_on_a_line(surface, found, 1e-10 * span) & (value >= loss[np.isfinite(loss)].min() - span)
        # Twice as far from the tip of a cone or from a kink, the loss is twice as high; from a smooth minimum four times at least.
        smooth = np.where(interior, np.nansum(rise, axis=0) > 3 * np.nansum(half_rise, axis=0), _is_level_along_edge(surface, found))
    order = np.flatnonzero(is_lowest)[np.argsort(value[is_lowest], kind="stable")]
    order = order[_first_of_each(surface, found[:, order])][:MOST_MINIMA]
    return found[:, order], interior[order], smooth[order]


def _pinned(surface: Any, points: Array, gradient: Array) -> NDArray[np.bool_]:
    """Return which coordinates of `points` the edge of the box holds, since the loss falls outwards."""
    low, high = _limits(surface)
    return ((points <= low) & (gradient > 0)) | ((points >= high) & (gradient < 0))


def _is_level_along_edge(surface: Any, points: Array) -> NDArray[np.bool_]:
    """Return at which points the gradient vanishes but for what the edge holds against."""
    grad, hess = surface.gradient(points), surface.hessian(points)
    free = np.hypot(*np.where(_pinned(surface, points, grad), 0.0, grad))
    return free <= 1e-6 * (1 + np.maximum(hess[0, 0] + hess[1, 1], 0) * _size(surface).max())


def _is_on_a_line(surface: Any, points: Array, slack: float) -> NDArray[np.bool_]:
    """Return which minima belong to a line of them: some way along the direction without curvature the loss is no higher, within `slack`."""
    value, hess = surface.value(points), np.moveaxis(surface.hessian(points), -1, 0)
    curvature, axes = np.linalg.eigh(np.nan_to_num(hess))
    is_singular = np.abs(curvature[:, 0]) <= 1e-6 * curvature[:, 1]
    along, across = axes[:, :, 0].T, axes[:, :, 1].T
    moved = points + 0.01 * _size(surface) * along
    for _ in range(10):  # the line may bend: back to its bottom
        moved = moved - (surface.gradient(moved) * across).sum(axis=0) / curvature[:, 1] * across
    return is_singular & (np.abs(surface.value(moved) - value) <= slack)


def _edge_dips(surface: Any, grid: Array, loss: Array) -> Array:
    """Return the places on the edges of the box that are lowest along their edge: beside one, in a valley that is narrower than a cell, the
    grid's next point inside may be lower though the loss rises inwards.
    """
    found = []
    for edge in (np.s_[0, :], np.s_[-1, :], np.s_[:, 0], np.s_[:, -1]):
        along = loss[edge]
        dips = np.flatnonzero((along[1:-1] < along[:-2]) & (along[1:-1] < along[2:]) & np.isfinite(along[1:-1])) + 1
        points = grid[:, *edge][:, dips][:, np.argsort(along[dips], kind="stable")[: MOST_MINIMA // 4]]
        moves = np.zeros_like(points)
        moves[0 if edge[1] == slice(None) else 1] = 1.0
        found.append(_zoomed(surface, points, moves))
    return np.concatenate(found, axis=1)


def _zoomed(surface: Any, points: Array, moves: Array) -> Array:
    """Return `points` moved to the lowest of their neighbours on grids that become finer until rounding; `moves` is 0 where they may not."""
    low, high = _limits(surface)
    reach = (moves * _size(surface))[:, :, None] / (GRID - 1)
    for _ in range(60):
        around = np.clip(points[:, :, None] + reach * _AROUND, low[:, :, None], high[:, :, None])
        loss = np.nan_to_num(surface.value(around), nan=np.inf)
        best = loss.argmin(axis=1)
        # Only a strictly lower place is a reason to leave the centre, which is number 4.
        best = np.where(loss[np.arange(len(best)), best] < loss[:, 4], best, 4)
        points = around[:, np.arange(len(best)), best]
        reach = reach * np.where(best == 4, 0.5, 1.0)[None, :, None]
    return points


def _polished(surface: Any, points: Array) -> Array:
    """Return `points` after Newton steps, each taken only where it is short and brings the gradient closer to 0; on the edge, along it."""
    low, high = _limits(surface)
    # A zoom comes to the edge but for rounding.
    grad, near = surface.gradient(points), 1e-9 * _size(surface)
    points = np.where((points <= low + near) & (grad > 0), low, np.where((points >= high - near) & (grad < 0), high, points))
    for _ in range(8):
        grad, hess = surface.gradient(points), surface.hessian(points)
        pinned = _pinned(surface, points, grad)
        along = np.stack([grad[0] / hess[0, 0], grad[1] / hess[1, 1]])
        step = np.where(pinned.any(axis=0), np.where(pinned, 0.0, along), newton_step(surface, points))
        moved = np.clip(points - np.nan_to_num(step, posinf=0.0, neginf=0.0), low, high)
        is_short = (np.abs(moved - points) <= 1e-3 * _size(surface)).all(axis=0)
        is_better = np.hypot(*np.where(pinned, 0.0, surface.gradient(moved))) < np.hypot(*np.where(pinned, 0.0, grad))
        points = np.where(is_short & is_better, moved, points)
    return points


def _ring(surface: Any, centres: Array, share: float = 1.0) -> Array:
    """Return the loss on a small ring around each centre, or on one of a share of its radius, shape (32, n), NaN outside the box."""
    angle = np.linspace(0.0, 2 * np.pi, 32, endpoint=False)[:, None]
    around = centres[:, None, :] + share * _RING * _size(surface)[:, :, None] * np.array([np.cos(angle), np.sin(angle)])
    low, high = _limits(surface)
    outside = ((around < low[:, :, None]) | (around > high[:, :, None])).any(axis=0)
    return np.where(outside, np.nan, surface.value(around))


def _distinct(surface: Any, points: Array) -> Array:
    return points[:, _first_of_each(surface, points)]


def _first_of_each(surface: Any, points: Array) -> NDArray[np.int64]:
    """Return the places of the points (2, n) that are not the same as an earlier one."""
    scaled = points / (_SAME * _size(surface))
    is_same = (np.abs(scaled[:, :, None] - scaled[:, None, :]) < 1).all(axis=0)
    return np.flatnonzero(~np.tril(is_same, -1).any(axis=1))


def _limits(surface: Any) -> tuple[Array, Array]:
    low, high = np.array(surface.bounds).T
    return low[:, None], high[:, None]


def _size(surface: Any) -> Array:
    low, high = _limits(surface)
    return high - low


def _is_inside(surface: Any, points: Array) -> NDArray[np.bool_]:
    low, high = _limits(surface)
    return np.all((points > low) & (points < high), axis=0)
