"""Who is where over the steps: shares of the replicates in the good basin, beside the rates of escape that theory predicts."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import drawn, looks, runs
from lr_explorer.experiments.wells import well_rates
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.story import told
from lr_explorer.surfaces.flats import Saddle
from lr_explorer.surfaces.wells import DoubleWell
from lr_explorer.theory import crossed_share, saddle_time

Array = NDArray[np.float64]

# How far from the ridge counts as having left it.
_AWAY = 0.5


def wells(result: Result) -> Picture:
    """Draw the share of the replicates on the side of the deep well over the steps, beside the two-state master equation."""
    curves, ends = [], []
    for place, scenario, arm in runs(result):
        steps = looks(scenario.steps)
        share = _deep(scenario, arm.path[steps, 0])
        curves.append(Curve(arm.arm.name, steps, share, place))
        expected = _crossed(scenario, arm.arm)
        said = f"{arm.arm.name} {told(float(share[-1]))}"
        if expected is not None:
            curves.append(Curve(f"{arm.arm.name}, theory", steps, expected[steps], place, is_theory=True))
            said += f" (theory {told(float(expected[-1]))})"
        ends.append(said)
    return Picture("In the deep well", "step", "share of the replicates", f"At the end: {'; '.join(ends)}.{drawn(result)}", tuple(curves))


def _deep(scenario: Scenario, x: Array) -> Array:
    """Return the share of the replicates on the deep well's side of the barrier; x: (looks, replicates)."""
    surface = scenario.surface
    assert isinstance(surface, DoubleWell)
    top = surface.saddle[0] if surface.saddle else 0.0
    return np.mean(np.sign(x - top) == np.sign(surface.minima[0].point[0] - top), axis=1)


def _crossed(scenario: Scenario, arm: Arm) -> Array | None:
    """Return the probability of the deep well by theory, (steps + 1,), None where it says nothing."""
    found = well_rates(scenario, arm)
    return None if found is None else crossed_share(found.leaving, found.returning, float(found.is_deep))


def ridge(result: Result) -> Picture:
    """Draw the share of the replicates that have left the ridge of a saddle over the steps, and when theory expects half of a constant rate's."""
    curves, lines = [], []
    for place, scenario, arm in runs(result):
        surface, noise = scenario.surface, scenario.noise
        assert isinstance(surface, Saddle)
        assert isinstance(noise, Gaussian)
        steps = looks(scenario.steps)
        curves.append(Curve(arm.arm.name, steps, np.mean(np.abs(arm.path[steps, 1]) > _AWAY, axis=1), place))
        if arm.arm.schedule.name == "constant":
            time = float(saddle_time(-surface.gamma, arm.arm.schedule.peak, noise.sigma, _AWAY))
            lines.append((time, f"{arm.arm.name}, half by theory"))
    ends = "; ".join(f"{curve.name} {told(float(curve.y[-1]))}" for curve in curves)
    expected = "; ".join(f"{label} at step {told(time)}" if np.isfinite(time) else f"{label}: never" for time, label in lines)
    shown = tuple((time, label) for time, label in lines if np.isfinite(time) and time <= 3 * result.experiment.scenarios[0].steps)
    said = f"At the end: {ends}. {expected}.{drawn(result)}"
    return Picture("Away from the ridge", "step", "share of the replicates", said, tuple(curves), x_lines=shown)
