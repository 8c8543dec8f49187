"""Flats: places where the gradient nearly vanishes without a minimum there."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface


@SURFACES.register("saddle")
@dataclass(frozen=True)
class Saddle(Surface):
    """A saddle between two equal minima: from a start on the ridge y = 0 only noise leads away, and how soon depends on rate × γ."""

    label = "Saddle"
    family = "Flat places"
    teaches = "escape from a saddle needs noise and a large enough rate"
    formula = r"f = \tfrac12 x^2 + \tfrac{\gamma}{4}\left(y^2 - 1\right)^2"
    source = "Nesterov, Introductory Lectures on Convex Optimization (2004), example 1.2.2, with its negative curvature made adjustable."

    gamma: float = number(
        0.2, 0.001, 100.0, "Negative curvature", "Downward curvature along y at the saddle.", symbol=r"\gamma", scale="log", slider=(0.01, 10.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-2.5, 2.5), (-2.5, 2.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return Minimum((0.0, -1.0), 0.0), Minimum((0.0, 1.0), 0.0)

    @property
    def start(self) -> tuple[float, float]:
        return (2.0, 0.0)

    def value(self, point: Array) -> Array:
        x, y = point
        off = y * y - 1.0
        return 0.5 * x * x + 0.25 * self.gamma * off * off

    def gradient(self, point: Array) -> Array:
        x, y = point
        grad = np.empty_like(point, dtype=float)
        grad[0] = x
        grad[1] = self.gamma * y * (y * y - 1.0)
        return grad

    def hessian(self, point: Array) -> Array:
        _, y = point
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0] = 1.0
        hess[1, 1] = self.gamma * (3.0 * y * y - 1.0)
        return hess


@SURFACES.register("plateau")
@dataclass(frozen=True)
class Plateau(Surface):
    """A dip in a wide plateau: far out the slope fades as 1/r³, so a run needs a large rate for long, and one that decays early is stranded."""

    label = "Plateau"
    family = "Flat places"
    teaches = "early decay strands a run before it arrives"
    formula = r"f = \frac{r^2}{w^2 + r^2},\quad r^2 = x^2 + y^2"
    source = "Geman and McClure, Bayesian image analysis: an application to single photon emission tomography (1985)."

    width: float = number(
        1.0, 0.1, 10.0, "Width of the dip", "Radius at half the height; the curvature at 0 is 2/w².", symbol="w", scale="log", slider=(0.3, 3.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-5.0, 5.0), (-5.0, 5.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (Minimum((0.0, 0.0), 0.0),)

    @property
    def start(self) -> tuple[float, float]:
        return (-3.2, 2.4)

    def value(self, point: Array) -> Array:
        x, y = point
        rr = x * x + y * y
        return rr / (self.width * self.width + rr)

    def gradient(self, point: Array) -> Array:
        x, y = point
        ww = self.width * self.width
        total = x * x + y * y + ww
        return np.multiply(2.0 * ww / (total * total), point)

    def hessian(self, point: Array) -> Array:
        x, y = point
        ww = self.width * self.width
        total = x * x + y * y + ww
        pull = 2.0 * ww / (total * total)
        bend = -4.0 * pull / total
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0] = pull + bend * x * x
        hess[0, 1] = hess[1, 0] = bend * x * y
        hess[1, 1] = pull + bend * y * y
        return hess
