"""Rates per coordinate: how round they can make a valley, and what a slow layer saves or costs."""

import numpy as np

from lr_explorer.claims.base import Result
from lr_explorer.claims.pictures import Curve, Picture
from lr_explorer.scenario import Arm
from lr_explorer.story import told
from lr_explorer.surfaces.bowls import Quadratic
from lr_explorer.surfaces.transfer import FineTuning
from lr_explorer.theory import best_condition, transfer_flip, transfer_loss

_ANGLES = np.linspace(0.0, 90.0, 91)
_SHIFTS = np.linspace(0.0, 1.5, 61)


def conditions(result: Result) -> Picture:
    """Draw the condition number that the best rates per coordinate leave, against the rotation, beside that of one rate for both."""
    surface = result.experiment.scenarios[0].surface
    assert isinstance(surface, Quadratic)

    def best(angle: float) -> float:
        return best_condition(surface.with_values(angle=float(angle)).hessian(np.zeros(2)))

    alone = max(surface.lambda1, surface.lambda2) / min(surface.lambda1, surface.lambda2)
    here = np.array([surface.angle]), np.array([best(surface.angle)])
    curves = (
        Curve("One rate for both", _ANGLES, np.full(_ANGLES.shape, alone), is_theory=True),
        Curve("The best rate for each", _ANGLES, np.array([best(angle) for angle in _ANGLES]), is_theory=True),
        Curve("Here", *here, is_theory=True, is_marks=True),
    )
    said = f"At {told(surface.angle)}° the best rates leave a condition number of {told(float(here[1][0]))} out of {told(alone)}."
    return Picture("How round the valley can be made", "rotation, degrees", "condition number", said, curves, log_y=True)


def transfers(result: Result) -> Picture:
    """Draw the expected loss on new rows of both arms against how far the task changed, with what was measured at this distance."""
    scenario = result.experiment.scenarios[0]
    surface = scenario.surface
    assert isinstance(surface, FineTuning)
    rows, steps = surface.rows, scenario.steps

    def expected(arm: Arm, shift: float) -> float:
        rate = arm.schedule.peak
        backbone = transfer_loss(shift, 1.0, rate * arm.rate_x, steps, rows, surface.error)
        return backbone + transfer_loss(1.0, 1.0, rate * arm.rate_y, steps, rows, surface.error)

    curves = []
    for place, (arm, reading) in enumerate(zip(scenario.arms, result.readings, strict=True)):
        curves.append(Curve(f"{arm.name}, theory", _SHIFTS, np.array([expected(arm, shift) for shift in _SHIFTS]), place, is_theory=True))
        mean, reach = float(reading.mean()), float(1.96 * reading.std() / np.sqrt(len(reading)))
        at = np.array([abs(surface.shift)])
        curves.append(Curve(arm.name, at, np.array([mean]), place, is_marks=True, low=np.array([mean - reach]), high=np.array([mean + reach])))
    rates = sorted(arm.schedule.peak * arm.rate_x for arm in scenario.arms)
    flip = transfer_flip(1.0, rates[0], rates[-1], steps, rows, surface.error)
    said = f"By theory the slow backbone pays below Δ = {told(flip)}; you are at {told(surface.shift)}."
    return Picture("Loss on new rows", "how far the task changed, Δ", "loss above the errors'", said, tuple(curves), x_lines=((flip, "flips here"),))
