"""Landscapes: losses known on a grid, and a bicubic spline between its points."""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from lr_explorer import grids
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, find_minima, find_saddles, paired, symmetric

_USUAL_START = 0.2, 0.75  # shares of the box: off its middle, where a minimum often is


class Landscape(Surface):
    """A loss known on a grid alone: a spline inside its box, and nothing outside, where a run ends as having left the known landscape."""

    is_searched = True
    is_known_everywhere = False

    @property
    @abstractmethod
    def grid(self) -> grids.Grid:
        """The losses."""

    @property
    def bounds(self) -> Bounds:
        grid = self.grid
        return (float(grid.x[0]), float(grid.x[-1])), (float(grid.y[0]), float(grid.y[-1]))

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return self.grid.remembered("minima", lambda: find_minima(self))

    @property
    def saddles(self) -> tuple[tuple[float, float], ...]:
        return self.grid.remembered("saddles", lambda: find_saddles(self))

    @property
    def start(self) -> tuple[float, float]:
        return self.place(*_USUAL_START)

    def value(self, point: Array) -> Array:
        return self._spline(point, 0, 0)

    def gradient(self, point: Array) -> Array:
        return paired(point, self._spline(point, 1, 0), self._spline(point, 0, 1))

    def hessian(self, point: Array) -> Array:
        return symmetric(point, self._spline(point, 2, 0), self._spline(point, 1, 1), self._spline(point, 0, 2))

    def _spline(self, point: Array, along_x: int, along_y: int) -> Array:
        """Return a derivative of the spline of these orders, NaN outside the box."""
        x, y = np.asarray(point, dtype=float)
        (x0, x1), (y0, y1) = self.bounds
        is_known = (x >= x0) & (x <= x1) & (y >= y0) & (y <= y1)
        found = self.grid.spline.ev(np.where(is_known, y, y0), np.where(is_known, x, x0), dx=along_y, dy=along_x)
        return np.where(is_known, found, np.nan)


@SURFACES.register("trained_network")
@dataclass(frozen=True)
class TrainedNetwork(Landscape):
    """A slice of a real network's loss around its trained weights: a narrow basin, a bent ridge beside it, and slopes of every steepness.

    Two inputs, two hidden layers of 12 tanh units, trained to tell two spirals apart; the directions are random and scaled neuron by
    neuron. Only this slice is shown: in the other 203 dimensions the run stands still, and a real one would not.
    """

    label = "Trained network"
    family = "Networks"
    teaches = "how rough a real loss is beside the textbook's"
    formula = r"f(x, y) = L(w + x\,u + y\,v)"
    source = "docs/train_landscape.py, after Li et al., Visualizing the loss landscape of neural nets (2018), arXiv 1712.09913."
    start = (-0.9, 0.9)

    @property
    def grid(self) -> grids.Grid:
        return grids.network()
