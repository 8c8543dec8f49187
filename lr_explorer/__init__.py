"""LR Explorer: experiment with learning-rate schedules.

>>> import lr_explorer as lrx
>>> lrx.schedule("cosine", peak=0.1).values(steps=4).round(4).tolist()
[0.1, 0.0854, 0.05, 0.0146]
"""

from collections.abc import Mapping
from typing import Any

from lr_explorer.controllers import CONTROLLERS, Controller
from lr_explorer.export import export_code, export_csv, export_json
from lr_explorer.optimizers import OPTIMIZERS, Optimizer
from lr_explorer.outcome import Outcome
from lr_explorer.scenario import Arm, Scenario
from lr_explorer.schedules import SCHEDULES, Schedule
from lr_explorer.simulate import Run, simulate
from lr_explorer.surfaces import SURFACES, Surface

__all__ = [
    "Arm",
    "Outcome",
    "Run",
    "Scenario",
    "claims",
    "controller",
    "controllers",
    "export_code",
    "export_csv",
    "export_json",
    "optimizer",
    "optimizers",
    "schedule",
    "schedules",
    "simulate",
    "surface",
    "surfaces",
]


def schedule(name: str, **values: Any) -> Schedule:
    """Return the schedule called `name`; ValueError for an unknown name, parameter or value."""
    return SCHEDULES.create(name, **values)


def controller(name: str, **values: Any) -> Controller:
    """Return the loss-driven controller called `name`; ValueError for an unknown name, parameter or value."""
    return CONTROLLERS.create(name, **values)


def surface(name: str, **values: Any) -> Surface:
    """Return the surface called `name`; ValueError for an unknown name, parameter or value."""
    return SURFACES.create(name, **values)


def optimizer(name: str, **values: Any) -> Optimizer:
    """Return the optimizer called `name`; ValueError for an unknown name, parameter or value."""
    return OPTIMIZERS.create(name, **values)


def schedules() -> Mapping[str, type[Schedule]]:
    """Return every schedule's class by name, in the order of the menus."""
    return SCHEDULES


def controllers() -> Mapping[str, type[Controller]]:
    """Return every loss-driven controller's class by name, in the order of the menus."""
    return CONTROLLERS


def surfaces() -> Mapping[str, type[Surface]]:
    """Return every surface's class by name, in the order of the menus."""
    return SURFACES


def optimizers() -> Mapping[str, type[Optimizer]]:
    """Return every optimizer's class by name, in the order of the menus."""
    return OPTIMIZERS


def claims() -> Mapping[str, Any]:
    """Return every claim about reducing the learning rate by its id; `claim.experiments` are runs that can fail."""
    # Only who asks waits for them to be made.
    from lr_explorer.claims import CLAIMS

    return CLAIMS
