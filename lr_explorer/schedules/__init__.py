"""Learning-rate schedules; a new file here is discovered by itself."""

from lr_explorer.registry import discover
from lr_explorer.schedules.base import SCHEDULES, Schedule

__all__ = ["SCHEDULES", "Schedule"]

discover(__name__)
