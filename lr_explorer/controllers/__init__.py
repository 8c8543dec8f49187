"""Loss-driven controllers; a new file here is discovered by itself."""

from lr_explorer.controllers.base import CONTROLLERS, Controller
from lr_explorer.registry import discover

__all__ = ["CONTROLLERS", "Controller"]

discover(__name__)
