"""What happened, in sentences computed from a run."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lr_explorer.outcome import DIVERGED_BEYOND, Outcome, tail_of
from lr_explorer.simulate import ArmRun, Run
from lr_explorer.surfaces import Minimum, Surface
from lr_explorer.theory import curvatures, steepest_axis

Array = NDArray[np.float64]


def told(value: float) -> str:
    """Return a number as people read it: three significant digits, a true minus sign."""
    return f"{value:.3g}".replace("-", "−")


def at(point: Array | tuple[float, float]) -> str:
    """Return a point as (x, y), with 0 for less than half a thousandth."""
    x, y = (told(float(value) if abs(value) >= 5e-4 else 0.0) for value in point)
    return f"({x}, {y})"


def what_happened(run: Run) -> list[str]:
    """Return one or two sentences for each arm about the first replicate shown."""
    return [f"{_TOLD[arm.outcome[0]](run.scenario.surface, arm)} {_stability(run.scenario.surface, arm)}" for arm in run.arms]


def _settled(surface: Surface, arm: ArmRun) -> str:
    minimum = surface.minima[arm.ends.minimum[0]]
    away = told(np.hypot(*(arm.final[:, 0] - minimum.point)))
    since = arm.ends.reached_at[0]
    came = f"Reached {_named(surface, minimum)} by step {since} and stayed" if since else f"Stayed at {_named(surface, minimum)} throughout"
    return f"{came}, {away} away at the end: {_final_loss(surface, arm)}."


def _hovers(surface: Surface, arm: ArmRun) -> str:
    minimum = surface.minima[arm.ends.minimum[0]]
    distance = told(arm.ends.spread[0])
    return f"Hovers around {_named(surface, minimum)} at a typical distance of {distance} without settling: {_final_loss(surface, arm)}."


def _oscillates(surface: Surface, arm: ArmRun) -> str:
    tail = tail_of(arm.path[..., 0])
    centre = tail.mean(axis=0)
    axis = steepest_axis(surface, centre)
    reach = np.abs((tail - centre) @ axis).max()
    sides = f"up to {told(reach)} to either side of {at(centre)}"
    return f"Oscillates across the valley along {_direction(axis)}, {sides}: {_final_loss(surface, arm)}."


def _stalled(surface: Surface, arm: ArmRun) -> str:
    point = arm.path[-1, :, 0]
    low, high = curvatures(surface, point)
    # Newton's step leads to the stationary point, where there is one.
    to_stationary = np.hypot(*np.linalg.pinv(surface.hessian(point)) @ surface.gradient(point))
    near = to_stationary < 0.02 * surface.diagonal
    place = "next to a saddle point" if near and low < 0 < high else "on a slope too flat for its rate"
    return f"Stands still at {at(point)} {place} (gradient {told(np.hypot(*surface.gradient(point)))}): {_final_loss(surface, arm)}."


def _moving(surface: Surface, arm: ArmRun) -> str:
    tail = tail_of(arm.path[..., 0])
    moved = told(np.hypot(*(tail[-1] - tail[0])))
    return f"Still moving at {at(tail[-1])}: {moved} in the last {len(tail) - 1} steps; {_final_loss(surface, arm)}."


def _diverged(surface: Surface, arm: ArmRun) -> str:
    step = arm.diverged_at[0]
    if step == 0:
        return "Diverged before the first step: the start lies beyond |x| = 1e6."
    before = told(np.hypot(*arm.path[step - 1, :, 0]))
    return f"Diverged at step {step}: |x| = {before} one step before, and after it beyond {DIVERGED_BEYOND:.0e} or no number at all."


_TOLD: dict[Outcome, Callable[[Surface, ArmRun], str]] = {
    Outcome.SETTLED: _settled,
    Outcome.HOVERS: _hovers,
    Outcome.OSCILLATES: _oscillates,
    Outcome.STALLED: _stalled,
    Outcome.MOVING: _moving,
    Outcome.DIVERGED: _diverged,
}


def _named(surface: Surface, minimum: Minimum) -> str:
    kind = "the minimum" if len(surface.minima) == 1 else "the global minimum" if surface.is_global(minimum) else "a local minimum"
    return f"{kind} {at(minimum.point)}"


def _final_loss(surface: Surface, arm: ArmRun) -> str:
    if not surface.minima:
        return f"final loss {told(arm.final_loss[0])}"
    return f"final loss {told(arm.final_loss[0] - surface.lowest)} above the lowest"


def _direction(axis: Array) -> str:
    if np.abs(axis).max() > 0.999:
        return "xy"[int(np.argmax(np.abs(axis)))]
    return at(axis)


def _stability(surface: Surface, arm: ArmRun) -> str:
    """Return the largest η·λmax on the way, beside the limit where the optimizer has one."""
    point = np.moveaxis(arm.path[:-1, :, 0], 1, 0)
    with np.errstate(all="ignore"):
        products = arm.lr * curvatures(surface, point, (arm.arm.rate_x, arm.arm.rate_y))[1]
    if not np.isfinite(products).any():
        return ""
    step = int(np.nanargmax(products))
    limit = arm.arm.optimizer.stability_limit()
    beside = f"; stable below {told(limit)}" if limit is not None else ""
    return f"Largest η·λmax on the way: {told(products[step])} at step {step}{beside}."
