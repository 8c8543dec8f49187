"""What adaptive methods make of a rate, and where a periodic problem leads them."""

import numpy as np
from numpy.typing import NDArray

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.claims.views.seen import drawn, looks, quartiles, runs
from lr_explorer.experiments.ensemble import above_lowest
from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.simulate import ArmRun, simulate
from lr_explorer.statistics import SMALLEST
from lr_explorer.story import told
from lr_explorer.surfaces.bowls import Quadratic
from lr_explorer.surfaces.online import Reddi
from lr_explorer.theory import adagrad_rates, adaptive_floor, noise_floor, periodic_drift

Array = NDArray[np.float64]

_SHOWN = 100


def implied(result: Result) -> Picture:
    """Draw the rate that each arm really uses along the flat axis, |Δx| over |gradient|, beside the η/(σ√t) that noise alone makes of AdaGrad's."""
    scenario = result.experiment.scenarios[0]
    curves, told_of = [], []
    for place, arm in enumerate(simulate(scenario, min(_SHOWN, result.experiment.count), anatomy=True, endings=False).arms):
        steps = looks(scenario.steps - 1, log=True)
        assert arm.gradient is not None
        used = np.abs(np.diff(arm.path[:, 0], axis=0)[steps]) / np.maximum(np.abs(arm.gradient[steps, 0]), 1e-12)
        middle = np.median(used, axis=1)
        curves.append(Curve(arm.arm.name, steps + 1, middle, place))
        told_of.append(f"{arm.arm.name} from {told(float(middle[0]))} to {told(float(middle[-1]))}")
        noise = scenario.noise
        if arm.arm.optimizer.name == "adagrad" and isinstance(noise, Gaussian) and noise.sigma > 0:
            expected = adagrad_rates(arm.first_lr, noise.sigma, scenario.steps)
            curves.append(Curve(f"{arm.arm.name}, theory", steps + 1, np.maximum(expected[steps], 1e-12), place, is_theory=True))
    said = f"Median rate along x: {'; '.join(told_of)}.{drawn(result, _SHOWN)}"
    return Picture("The rate that is really used", "update", "|Δx| ÷ |gradient|", said, tuple(curves), log_x=True, log_y=True)


def trends(result: Result) -> Picture:
    """Draw the loss over a long run, on logarithmic axes, beside the floor that theory says for the rate."""
    curves, lines, means = [], [], []
    for place, scenario, arm in runs(result):
        steps = looks(scenario.steps, log=True)
        excess = np.maximum(above_lowest(scenario.surface, arm.loss[steps]), SMALLEST)
        low, middle, high = quartiles(excess)
        curves.append(Curve(arm.arm.name, steps, middle, place, low=low, high=high))
        if floor := _floor(scenario, arm.arm):
            lines.append((floor, f"mean floor of {arm.arm.optimizer.label} by theory"))
            means.append(f"{arm.arm.name} {told(float(excess[-1].mean()))}, by theory {told(floor)}")
    ends = "; ".join(f"{curve.name} {told(float(curve.y[-1]))}" for curve in curves)
    said = f"Median at the end: {ends}."
    if means:
        said += f" Theory's floor is a mean, which a few high losses lift above the median. Mean at the end: {'; '.join(means)}."
    said += drawn(result)
    return Picture("Loss over a long run", "step", "loss above the lowest", said, tuple(curves), log_x=True, log_y=True, y_lines=tuple(lines))


def _floor(scenario: Scenario, arm: Arm) -> float:
    """Return the mean loss at which an arm hovers by theory; 0 where theory has no floor for it."""
    surface, noise, peak = scenario.surface, scenario.noise, arm.schedule.peak
    if not isinstance(surface, Quadratic) or not isinstance(noise, Gaussian) or noise.sigma == 0 or arm.schedule.name != "constant":
        return 0.0
    both = surface.lambda1, surface.lambda2
    if arm.optimizer.name == "sgd":
        return noise_floor(both, peak, noise.sigma)
    beta1 = {"adam": getattr(arm.optimizer, "beta1", 0.0), "rmsprop": 0.0}.get(arm.optimizer.name)
    return 0.0 if beta1 is None else adaptive_floor(both, peak, noise.sigma, beta1)


def courses(result: Result) -> Picture:
    """Draw x over the steps of Reddi's problem, beside the drift of a period that theory says."""
    curves, told_of = [], []
    for place, scenario, arm in runs(result):
        steps = looks(scenario.steps)
        curves.append(Curve(arm.arm.name, steps, arm.path[steps, 0, 0], place))
        drift = _drift(scenario, arm)
        told_of.append(f"{arm.arm.name} drifts by {told(drift)} a period, to the {'right' if drift > 0 else 'left'}")
    surface = result.experiment.scenarios[0].surface
    better = surface.minima[0].point[0] if surface.minima else 0.0
    said = f"By theory, away from the walls: {'; '.join(told_of)}. The mean loss is lowest at x = {told(better)}."
    return Picture("Where they go", "step", "x", said, tuple(curves), y_lines=((better, "the better side"),))


def _drift(scenario: Scenario, arm: ArmRun) -> float:
    surface, rule = scenario.surface, arm.arm.optimizer
    assert isinstance(surface, Reddi)
    gradients = np.array([surface.large, *[-surface.small] * (surface.period - 1)])
    betas = rule.beta1, rule.beta2  # type: ignore[attr-defined]
    return float(arm.first_lr[-1] * periodic_drift(gradients, *betas, amsgrad=rule.amsgrad))  # type: ignore[attr-defined]
