"""What happened, in sentences computed from a run."""

import re
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lr_explorer.outcome import DIVERGED_BEYOND, Outcome, ended_at, tail_of
from lr_explorer.scenario import Arm
from lr_explorer.simulate import ArmRun, Run
from lr_explorer.surfaces import Minimum, Surface
from lr_explorer.theory import curvatures, steepest_axis

Array = NDArray[np.float64]


def told(value: float) -> str:
    """Return a number as people read it: three significant digits, a true minus sign, 1e−6 rather than 1e-06."""
    return re.sub(r"e([+-])0*", lambda match: f"e{match[1].strip('+')}", f"{value:.3g}").replace("-", "−")


def percent(share: float, digits: int = 1) -> str:
    """Return a share as people read it: 93.3 %."""
    return f"{100 * share:.{digits}f} %"


def at(point: Array | tuple[float, float]) -> str:
    """Return a point as (x, y), with 0 for less than half a thousandth."""
    x, y = (told(float(value) if abs(value) >= 5e-4 else 0.0) for value in point)
    return f"({x}, {y})"


def factors(arm: Arm) -> str:
    """Return what an arm multiplies its rate by on x and on y, as × (2, 0.5); nothing where that is 1 on both."""
    return "" if arm.rate_x == arm.rate_y == 1 else f"× ({told(arm.rate_x)}, {told(arm.rate_y)})"


def what_happened(run: Run) -> list[str]:
    """Return a few sentences for each arm about the first replicate shown.

    How far each coordinate went is told of all arms as soon as one of them treats its coordinates, which stand for layers, differently.
    """
    drifts = (_drift,) if any(_has_layers(arm) for arm in run.arms) else ()
    tellers = (_outcome, _averaged, _batch, _clipping, *drifts, _rate, _stability)
    return [" ".join(filter(None, (tell(run.scenario.surface, arm) for tell in tellers))) for arm in run.arms]


def _outcome(surface: Surface, arm: ArmRun) -> str:
    return _TOLD[arm.outcome[0]](surface, arm)


def _averaged(surface: Surface, arm: ArmRun) -> str:
    """Return where the average of the iterates ended, of an arm that has one."""
    if arm.averaged_final is None or arm.averaged_final_loss is None or arm.diverged_at[0] >= 0:
        return ""
    return f"Its {arm.arm.averaging.label.lower()} ends at {at(arm.averaged_final[:, 0])}: {_final_loss(surface, arm.averaged_final_loss[0])}."


def _batch(surface: Surface, arm: ArmRun) -> str:
    """Return what a growing batch costs: a comparison at equal updates would hide it."""
    multiples = arm.arm.batch.multiples(len(arm.lr))
    if multiples.max() == 1:
        return ""
    return f"Its batch schedule asks for up to {told(multiples.max())} times the first batch, in all {told(multiples.mean())} times its gradients."


def _clipping(surface: Surface, arm: ArmRun) -> str:
    """Return how often the gradient was clipped, of an arm that clips it."""
    if arm.clipped is None:
        return ""
    updates = arm.diverged_at[0] if arm.diverged_at[0] >= 0 else len(arm.path) - 1
    return f"Its gradient was clipped in {arm.clipped[0]} of {updates} updates."


def _has_layers(arm: ArmRun) -> bool:
    return arm.arm.freeze.is_on or arm.arm.rate_x != arm.arm.rate_y


def _drift(surface: Surface, arm: ArmRun) -> str:
    """Return how far each coordinate is from its start at the end, and which was frozen until when."""
    if arm.diverged_at[0] >= 0:
        return ""
    freeze, steps = arm.arm.freeze, len(arm.path) - 1
    until = [f", frozen until step {begin}" if 0 < begin < steps else ", frozen" if begin else "" for begin in freeze.begins(steps)]
    x, y = (told(float(far)) for far in np.abs(arm.final[:, 0] - arm.path[0, :, 0]))
    return f"Drift from the start: {x} along x{until[0]}; {y} along y{until[1]}."


def _rate(surface: Surface, arm: ArmRun) -> str:
    """Return how the schedule's rates are used, where that is not one for each update and the same for both coordinates."""
    own = f"On (x, y) its rate is the schedule's {factors(arm.arm)}." if factors(arm.arm) else ""
    return " ".join(filter(None, (own, arm.arm.optimizer.rate_note)))


def _settled(surface: Surface, arm: ArmRun) -> str:
    minimum = surface.minima[arm.ends.minimum[0]]
    away = told(np.hypot(*(arm.final[:, 0] - minimum.point)))
    since = arm.ends.reached_at[0]
    came = f"Reached {_named(surface, minimum)} by step {since} and stayed" if since else f"Stayed at {_named(surface, minimum)} throughout"
    return f"{came}, {away} away at the end: {_final_loss(surface, arm.final_loss[0])}."


def _hovers(surface: Surface, arm: ArmRun) -> str:
    minimum = surface.minima[arm.ends.minimum[0]]
    distance = told(arm.ends.spread[0])
    return (
        f"Hovers around {_named(surface, minimum)} at a typical distance of {distance} without settling: {_final_loss(surface, arm.final_loss[0])}."
    )


def _wanders(surface: Surface, arm: ArmRun) -> str:
    half = arm.path[len(arm.path) // 2 :, :, 0]
    around = f"{told(arm.ends.spread[0])} (root mean square) around {at(half.mean(axis=0))} over the last half"
    return f"Wanders without settling, {around}: {_final_loss(surface, arm.final_loss[0])}."


def _oscillates(surface: Surface, arm: ArmRun) -> str:
    tail = tail_of(arm.path[..., 0])
    centre = tail.mean(axis=0)
    axis = steepest_axis(surface, centre)
    reach = np.abs((tail - centre) @ axis).max()
    sides = f"up to {told(reach)} to either side of {at(centre)}"
    return f"Oscillates across the valley along {_direction(axis)}, {sides}: {_final_loss(surface, arm.final_loss[0])}."


def _stalled(surface: Surface, arm: ArmRun) -> str:
    point = arm.path[-1, :, 0]
    low, high = curvatures(surface, point)
    # Newton's step leads to the stationary point, where there is one.
    to_stationary = np.hypot(*np.linalg.pinv(surface.hessian(point)) @ surface.gradient(point))
    near = to_stationary < 0.02 * surface.diagonal
    if near and surface.undeclared and low >= -1e-3 * high:
        why = f"at one of the minima that are not marked ({surface.undeclared})"
    elif near and low < 0 < high:
        why = "next to a saddle point"
    elif arm.first_lr[-1] < 0.01 * arm.first_lr.max():
        why = f"since its rate has fallen to {told(arm.first_lr[-1])}"
    else:
        why = "on a slope too flat for its rate"
    return f"Stands still at {at(point)} {why} (gradient {told(np.hypot(*surface.gradient(point)))}): {_final_loss(surface, arm.final_loss[0])}."


def _moving(surface: Surface, arm: ArmRun) -> str:
    tail = tail_of(arm.path[..., 0])
    moved = told(np.hypot(*(tail[-1] - tail[0])))
    time = f"the last {len(tail) - 1} steps" if len(tail) > 2 else "the last step"
    return f"Still moving at {at(tail[-1])}: {moved} in {time}; {_final_loss(surface, arm.final_loss[0])}."


def _diverged(surface: Surface, arm: ArmRun) -> str:
    step = arm.diverged_at[0]
    if step == 0:
        return "Diverged before the first step: the start lies beyond |x| = 1e6."
    before = told(np.hypot(*arm.path[step - 1, :, 0]))
    return f"Diverged at step {step}: |x| = {before} one step before, and after it beyond {told(DIVERGED_BEYOND)} or no number at all."


def _left(surface: Surface, arm: ArmRun) -> str:
    step = ended_at(Outcome.LEFT, arm.diverged_at[0], len(arm.path) - 1)
    return f"Left the known landscape at step {step}: at {at(arm.path[step, :, 0])} no loss is known, so the run ends there."


_TOLD: dict[Outcome, Callable[[Surface, ArmRun], str]] = {
    Outcome.SETTLED: _settled,
    Outcome.HOVERS: _hovers,
    Outcome.WANDERS: _wanders,
    Outcome.OSCILLATES: _oscillates,
    Outcome.STALLED: _stalled,
    Outcome.MOVING: _moving,
    Outcome.DIVERGED: _diverged,
    Outcome.LEFT: _left,
}


def _named(surface: Surface, minimum: Minimum) -> str:
    best = "the lowest minimum found" if surface.is_searched else "the global minimum"
    is_only = len(surface.minima) == 1 and not surface.is_searched
    kind = "the minimum" if is_only else best if surface.is_global(minimum) else "a local minimum"
    return f"{kind} {at(minimum.point)}"


def _final_loss(surface: Surface, loss: float) -> str:
    if not surface.minima:
        return f"final loss {told(loss)}"
    # Outside the box the loss may be lower than in it.
    side, where = ("above", "") if loss >= surface.lowest else ("below", " in the box")
    return f"final loss {told(abs(loss - surface.lowest))} {side} the lowest{' found' if surface.is_searched else where}"


def _direction(axis: Array) -> str:
    if np.abs(axis).max() > 0.999:
        return "xy"[int(np.argmax(np.abs(axis)))]
    return at(axis)


def _stability(surface: Surface, arm: ArmRun) -> str:
    """Return the largest η·λmax on the way, beside the limit where the optimizer has one; nothing where η is not the rate that acts."""
    optimizer = arm.arm.optimizer
    if optimizer.scales_rate or optimizer.is_reference or optimizer.rate_note:
        return ""
    point = np.moveaxis(arm.path[:-1, :, 0], 1, 0)
    with np.errstate(all="ignore"):
        products = arm.first_lr * curvatures(surface, point, arm.arm.multipliers(len(arm.path) - 1))[1]
    if not np.isfinite(products).any():
        return ""
    step = int(np.nanargmax(products))
    limit = arm.arm.stability_limit()
    beside = f"; stable below {told(limit)}" if limit is not None else ""
    return f"Largest η·λmax on the way: {told(products[step])} at step {step}{beside}."
