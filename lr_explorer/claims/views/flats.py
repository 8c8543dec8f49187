"""Sharp and flat places: which rate leaves a well, and how long a plateau takes."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import TRIED, at_rates, drawn, looks, runs, shares
from lr_explorer.start import Circle
from lr_explorer.story import told
from lr_explorer.surfaces.flats import Plateau
from lr_explorer.theory import curvatures, plateau_time

_RATES = np.geomspace(0.02, 1.0, 16)
# Of the sharp well's limit, around which the share rises.
_NEAR = np.linspace(0.9, 1.15, 6)


def leaving(result: Result) -> Picture:
    """Draw how many runs of a constant rate end in another well than theirs against the rate, for each start, and how many diverge, beside 2/λ."""
    surface = result.experiment.scenarios[0].surface
    edges = sorted(2 / float(curvatures(surface, np.array(minimum.point))[1]) for minimum in surface.minima)
    rates = np.sort(np.concatenate([_RATES, edges[0] * _NEAR]))
    curves, told_of, place = [], [], 0
    for scenario in result.experiment.scenarios:
        tried = list(at_rates(scenario, rates))
        lost = np.array([np.mean(one.diverged_at >= 0) for one in tried])
        own = 2 / float(curvatures(surface, np.array([scenario.start.x, scenario.start.y]))[1])
        name = "From the sharp well" if own < np.mean(edges) else "From the flat well"
        left = shares(name, rates, [result.experiment.readings[0](scenario, one) for one in tried], place)
        curves += [
            left,
            Curve(f"{name}: diverged", rates, lost, place),
        ]
        told_of.append(f"{name} {_half(rates, left.y)}, and half of them diverge {_half(rates, lost)}")
        place += len(scenario.arms)
    lines = ((edges[0], "2/λ of the sharp well"), (edges[-1], "2/λ of the flat well"))
    said = f"Half of the runs end in the other well – {'; '.join(told_of)}. Theory: 2/λ is {told(edges[0])} and {told(edges[-1])}."
    said += f" A run that diverges is in neither well: marks fall where lines rise. {TRIED} runs at each rate."
    return Picture("Against the rate", "rate η", "share of the runs", said, tuple(curves), log_x=True, x_lines=lines)


def _half(rates: NDArray[np.float64], shares: NDArray[np.float64]) -> str:
    """Say from which of the rates on half of the runs do something."""
    return f"from η = {told(float(rates[np.argmax(shares >= 0.5)]))} on" if (shares >= 0.5).any() else "at none of these rates"


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
    said = f"Gradient flow needs Σ η = {told(needed)} from there; the rates add up to: {', '.join(told_of)}.{drawn(result)}"
    return Picture("How far they are", "step", "median distance from the minimum", said, tuple(curves), x_lines=tuple(lines))
