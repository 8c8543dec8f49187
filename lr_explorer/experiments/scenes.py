"""Short words for the scenarios that presets and claims are made of."""

from typing import Any

from lr_explorer.noise import Gaussian, Noise
from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.scenario import ARM_COLOURS, Arm, Scenario
from lr_explorer.schedules import SCHEDULES
from lr_explorer.start import Point, Start
from lr_explorer.surfaces import Surface


def arm(name: str, schedule: str, peak: float, optimizer: str | Optimizer = "sgd", rates: tuple[float, float] = (1.0, 1.0), **more: Any) -> Arm:
    """Return an arm; rates: multipliers of the coordinates' rates, more: the schedule's other parameters."""
    made = SCHEDULES.create(schedule, peak=peak, **more)
    rule = optimizer if isinstance(optimizer, Optimizer) else OPTIMIZERS.create(optimizer)
    return Arm(name, optimizer=rule, schedule=made, rate_x=rates[0], rate_y=rates[1])


def scene(surface: Surface, steps: int, noise: float | Noise, *arms: Arm, start: Start | None = None, replicate: int = 0) -> Scenario:
    """Return a scenario with the surface's own start unless another is given; noise: a kind, or the σ of Gaussian noise."""
    noise = noise if isinstance(noise, Noise) else Gaussian(sigma=noise)
    coloured = tuple(arm.with_values(colour=colour) for colour, arm in zip(ARM_COLOURS, arms, strict=False))
    start = start or Point(*surface.start)
    return Scenario(surface=surface, steps=steps, noise=noise, arms=coloured, start=start, replicate=replicate)
