"""How close runs are to the edge of stability, and from where on they are beyond it."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.readings import final_sharpness, preconditioned_course
from lr_explorer.claims.views.seen import TRIED, at_rates, drawn, looks, quartiles, runs, shares
from lr_explorer.noise.added import Proportional
from lr_explorer.scenario import Scenario
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle
from lr_explorer.story import percent, told
from lr_explorer.surfaces.bowls import Quartic
from lr_explorer.theory import (
    almost_sure_edge,
    catapult_rates,
    curvatures,
    edge_curvature,
    mean_gradient_limit,
    proportional_edge,
    quartic_edge,
)

Array = NDArray[np.float64]

# Rates that are tried: how many, and how far they reach below and above the limits.
_TRIALS, _AROUND = 18, (0.8, 1.25)
_DISTANCES = np.linspace(0.5, 10.0, 20)


def gauge(result: Result) -> Picture:
    """Draw the rate times the largest curvature where a run is, over the steps, beside the limit of SGD, 2."""
    curves, crossed = [], []
    for place, scenario, arm in runs(result):
        steps = looks(scenario.steps - 1)
        sharpness = arm.first_lr[steps, None] * curvatures(scenario.surface, np.moveaxis(arm.path[steps], 1, 0))[1]
        low, middle, high = quartiles(np.where(np.isnan(sharpness), np.inf, np.maximum(sharpness, 1e-6)))
        ends = np.isfinite(middle)
        curves.append(Curve(arm.arm.name, steps[ends], middle[ends], place, low=low[ends], high=np.where(np.isinf(high), middle, high)[ends]))
        crossed.append(f"{arm.arm.name} {percent(float(np.mean(middle >= 2)), 0)}")
    said = "Above the line a run grows along its steepest direction. The median is above it in this share of the steps: "
    said += f"{', '.join(crossed)}.{drawn(result)}"
    return Picture("Rate × curvature", "step", "η·λ", said, tuple(curves), log_y=True, y_lines=((2.0, "limit of SGD, 2"),))


def adam_gauge(result: Result) -> Picture:
    """Draw Adam's rate times the curvature that it sees, over the steps, beside its limit."""
    curves, limits = [], set()
    for place, scenario, arm in runs(result):
        course = preconditioned_course(scenario, arm)
        steps = looks(scenario.steps - 1)
        low, middle, high = quartiles(course[steps])
        curves.append(Curve(arm.arm.name, steps, middle, place, low=low, high=high))
        limits.add(mean_gradient_limit(arm.arm.optimizer.beta1))  # type: ignore[attr-defined]
    said = f"The median ends at {told(float(curves[0].y[-1]))}; the limit for a scale that stands still is {', '.join(map(told, limits))}."
    said += drawn(result)
    lines = tuple((limit, f"limit, {told(limit)}") for limit in limits)
    return Picture("Rate × curvature as Adam sees it", "step", "η·λ of P⁻¹H", said, tuple(curves), log_y=True, y_lines=lines)


def over_rates(result: Result) -> Picture:
    """Draw how many runs of a constant rate answer yes to the experiment's question – grow, or diverge – against the rate, beside the limit."""
    scenario = result.experiment.scenarios[0]
    limits = _limits(scenario)
    (edge, _), *others = limits
    rates = np.geomspace(_AROUND[0] * min(limits)[0], _AROUND[1] * edge, _TRIALS)
    hits = [result.experiment.readings[0](scenario, one) for one in at_rates(scenario, rates)]
    curve = shares(scenario.arms[0].optimizer.label, rates, hits)
    first = rates[np.flatnonzero(curve.y > 0.5)[0]] if (curve.y > 0.5).any() else np.nan
    marks = tuple((one.schedule.peak, one.name) for one in scenario.arms)
    said = f"Half of the runs do so from η = {told(first)} on; theory: {told(edge)}. {TRIED} runs at each rate."
    said += "".join(f" The {label} is at {told(rate)}." for rate, label in others)
    return Picture("Against the rate", "rate η", "share of the runs that grow", said, (curve,), x_lines=(*limits, *marks))


def _limits(scenario: Scenario) -> list[tuple[float, str]]:
    """Return the rates past which theory says that runs grow on a quadratic, first the one that decides over single runs, with their names."""
    surface, noise, arm = scenario.surface, scenario.noise, scenario.arms[0]
    flat, steep = map(float, curvatures(surface, np.zeros(2)))
    if isinstance(noise, Proportional):
        # What single runs do is known along one axis alone.
        assert flat == 0
        return [
            (almost_sure_edge(steep, noise.share), "limit of single runs"),
            (proportional_edge((flat, steep), noise.share), "limit of the mean square"),
        ]
    limit = arm.stability_limit()
    assert limit is not None
    return [(limit / steep, "limit by theory")]


def throws(result: Result) -> Picture:
    """Draw the curvature at which runs end against their constant rate, beside the largest that holds them, and where theory has them thrown."""
    scenario = result.experiment.scenarios[0]
    begin = curvatures(scenario.surface, np.array([scenario.start.x, scenario.start.y]))[1]
    lowest, highest = catapult_rates(float(begin))
    rates = np.geomspace(0.4 * lowest, 1.15 * highest, _TRIALS)
    tried = list(at_rates(scenario, rates))
    low, middle, high = quartiles(np.array([final_sharpness(scenario, arm) for arm in tried]))
    ends = np.isfinite(middle)
    curve = Curve(
        "Where runs end, median", rates[ends], middle[ends], is_marks=True, low=low[ends], high=np.where(np.isinf(high), middle, high)[ends]
    )
    held = Curve("Largest curvature that holds, 2/η", rates, edge_curvature(rates), is_theory=True)
    gone = [rate for rate, arm in zip(rates, tried, strict=True) if np.mean(arm.diverged_at >= 0) > 0.5]
    said = f"{TRIED} runs at each of {_TRIALS} rates. "
    said += f"Half of them or more diverge from η = {told(gone[0])} on." if gone else "Nowhere do half of them diverge."
    lines = (lowest, "2/λ of the start: thrown"), (highest, "4/λ: diverges")
    marks = tuple((one.schedule.peak, one.name) for one in scenario.arms)
    return Picture("Where the throw leads", "rate η", "curvature at the end", said, (curve, held), log_x=True, log_y=True, x_lines=(*lines, *marks))


def over_distances(result: Result) -> Picture:
    """Draw how many runs diverge against how far from the minimum they begin, beside the distance from which theory says so."""
    scenario = result.experiment.scenarios[0]
    hits = []
    for distance in _DISTANCES:
        away = scenario.with_values(start=Circle(x=0.0, y=0.0, radius=float(distance)))
        hits.append(result.experiment.readings[0](away, simulate(away, TRIED, endings=False).arms[0]))
    curve = shares(scenario.arms[0].schedule.label, _DISTANCES, hits)
    lines = _edges(scenario)
    said = f"{int(np.sum(curve.y > 0.5))} of {len(_DISTANCES)} distances are too far for half of the {TRIED} runs from each."
    if not lines:
        said += " Theory names no such distance here: the curvature does not grow with it."
    return Picture("Against the distance", "distance of the start from the minimum", "share of the runs that diverge", said, (curve,), x_lines=lines)


def _edges(scenario: Scenario) -> tuple[tuple[float, str], ...]:
    """Return the distances between which a start on an axis and one on the diagonal become unstable; none where the curvature does not grow."""
    surface, rate = scenario.surface, scenario.arms[0].schedule.peak
    if not isinstance(surface, Quartic):
        return ()
    on_axis = float(np.sqrt(quartic_edge(1.0, surface.scale) / rate))
    return (on_axis, "on an axis, by theory"), (on_axis * 2**0.5, "on the diagonal")
