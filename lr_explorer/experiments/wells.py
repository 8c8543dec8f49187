"""What theory expects of an arm between the two wells of a double well."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lr_explorer.noise import Gaussian
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.surfaces.wells import DoubleWell
from lr_explorer.theory import escape_rate

Array = NDArray[np.float64]


@dataclass(frozen=True)
class WellRates:
    """How often per update runs leave the shallow well and the deep one, (steps,) each, for `crossed_share`; is_deep: where they start."""

    leaving: Array
    returning: Array
    is_deep: bool


def well_rates(scenario: Scenario, arm: Arm) -> WellRates | None:
    """Return the rates of escape of an arm; None where theory has none: elsewhere, from several starts, or for another rule than plain SGD."""
    surface, noise, rates = scenario.surface, scenario.noise, arm.rates(scenario.steps)
    if not isinstance(surface, DoubleWell) or surface.saddle is None or not isinstance(noise, Gaussian) or not arm.is_plain or rates is None:
        return None
    if not scenario.start.is_fixed or (noise.on_x, noise.on_y) != (1.0, 1.0):
        return None
    deep, shallow = (minimum.point for minimum in surface.minima)
    leaving, returning = (escape_rate(surface, well, surface.saddle, rates, noise.sigma) for well in (shallow, deep))
    return WellRates(leaving, returning, bool(np.sign(scenario.start.x - surface.saddle[0]) == np.sign(deep[0] - surface.saddle[0])))
