"""Gradient-noise models, one family a file; a new file here is discovered by itself."""

from lr_explorer.noise.added import Gaussian
from lr_explorer.noise.base import NOISES, Noise
from lr_explorer.registry import discover

__all__ = ["NOISES", "Gaussian", "Noise"]

discover(__name__)
