"""Optimizers; a new file here is discovered by itself."""

from lr_explorer.optimizers.base import OPTIMIZERS, Optimizer
from lr_explorer.registry import discover

__all__ = ["OPTIMIZERS", "Optimizer"]

discover(__name__)
