"""Sharp and flat places: which rate leaves a well, and how long a plateau takes."""

import numpy as np

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import looks, runs
from lr_explorer.experiments.blocks import parts
from lr_explorer.scenario import MAX_ARMS
from lr_explorer.simulate import simulate
from lr_explorer.start import Circle
from lr_explorer.statistics import wilson_interval
from lr_explorer.story import told
from lr_explorer.surfaces.flats import Plateau
from lr_explorer.theory import curvatures, plateau_time

_TRIED = 100
_RATES = np.geomspace(0.02, 1.0, 18)


def leaving(result: Result) -> Picture:
    """Draw how many runs of a constant rate leave the well they start in against the rate, for each start, beside 2/λ of both wells."""
    curves, place = [], 0
    for scenario in result.experiment.scenarios:
        arm = scenario.arms[0]
        arms = [arm.with_values(schedule=arm.schedule.with_values(peak=float(rate))) for rate in _RATES]
        found = []
        for some in parts(arms, MAX_ARMS):
            tried = simulate(scenario.with_values(arms=tuple(some)), _TRIED, endings=False)
            hits = [result.experiment.readings[0](scenario, one) for one in tried.arms]
            found += [wilson_interval(int(one.sum()), len(one)) for one in hits]
        y, low, high = (np.array([getattr(one, end) for one in found]) for end in ("estimate", "low", "high"))
        curves.append(Curve(f"From ({scenario.start.x:g}, {scenario.start.y:g})", _RATES, y, place, is_marks=True, low=low, high=high))
        place += len(scenario.arms)
    surface = result.experiment.scenarios[0].surface
    edges = sorted(2 / float(curvatures(surface, np.array(minimum.point))[1]) for minimum in surface.minima)
    lines = ((edges[0], "2/λ of the sharp well"), (edges[-1], "2/λ of the flat well"))
    first = [f"{curve.name}: {told(float(curve.x[np.argmax(curve.y > 0.5)])) if (curve.y > 0.5).any() else 'none'}" for curve in curves]
    said = f"The lowest of these rates at which half of the runs leave – {'; '.join(first)}. Theory: {told(edges[0])} and {told(edges[-1])}."
    return Picture("Against the rate", "rate η", "share of the runs that leave", said, tuple(curves), log_x=True, x_lines=lines)


def arrivals(result: Result) -> Picture:
    """Draw the median distance from the dip over the steps, and the step at which gradient flow, which lives on the sum of the rates, arrives."""
    curves, lines, told_of = [], [], []
    for place, scenario, arm in runs(result):
        surface, start = scenario.surface, scenario.start
        assert isinstance(surface, Plateau)
        assert isinstance(start, Circle)
        steps = looks(scenario.steps)
        distance = np.median(np.hypot(*np.moveaxis(arm.path[steps], 1, 0)), axis=1)
        curves.append(Curve(arm.arm.name, steps, distance, place))
        needed = float(plateau_time(start.radius, surface.width / 2, surface.width))
        passed = np.cumsum(arm.first_lr)
        if passed[-1] >= needed:
            lines.append((int(np.argmax(passed >= needed)), f"{arm.arm.name}: arrival by theory"))
        told_of.append(f"{arm.arm.name} {told(float(passed[-1]))}")
    said = f"Gradient flow needs Σ η = {told(needed)} from there; the rates add up to: {', '.join(told_of)}."
    return Picture("How far they are", "step", "median distance from the minimum", said, tuple(curves), x_lines=tuple(lines))
