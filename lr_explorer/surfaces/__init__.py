"""Loss surfaces, one family a file; a new file here is discovered by itself."""

from lr_explorer.registry import discover
from lr_explorer.surfaces.base import SURFACES, DataSurface, Minimum, Surface

__all__ = ["SURFACES", "DataSurface", "Minimum", "Surface"]

discover(__name__)
