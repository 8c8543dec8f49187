"""Flats: places where the gradient nearly vanishes without a minimum there."""

import math
from dataclasses import dataclass

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, symmetric


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


@SURFACES.register("plain_saddle")
@dataclass(frozen=True)
class PlainSaddle(Surface):
    """The plainest saddle, without a floor: from the ridge y = 0 only noise leads away, and then the loss falls for ever."""

    label = "Plain saddle"
    family = "Flat places"
    teaches = "a stable and an unstable direction"
    formula = r"f = x^2 - y^2"
    source = (
        "The standard model of a saddle: second-order Taylor expansion, e.g. Lee et al., Gradient descent only converges to minimizers, COLT (2016)."
    )

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    minima = (Minimum((0.0, -2.0), -4.0, interior=False), Minimum((0.0, 2.0), -4.0, interior=False))
    start = (1.6, 0.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return x * x - y * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 2.0 * x, -2.0 * y)

    def hessian(self, point: Array) -> Array:
        return symmetric(point, 2.0, 0.0, -2.0)


@SURFACES.register("monkey_saddle")
@dataclass(frozen=True)
class MonkeySaddle(Surface):
    """A saddle with three ways down and no curvature at its middle, so that even the direction of escape is undecided there."""

    label = "Monkey saddle"
    family = "Flat places"
    teaches = "a stationary point without curvature: escape takes long"
    formula = r"f = x^3 - 3xy^2"
    source = "Hilbert and Cohn-Vossen, Anschauliche Geometrie (1932)."

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    minima = (
        Minimum((2.0, -2.0), -16.0, interior=False),
        Minimum((2.0, 2.0), -16.0, interior=False),
        Minimum((-2.0, 0.0), -8.0, interior=False),
    )
    start = (1.6, 0.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return x * (x * x - 3.0 * y * y)

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 3.0 * (x * x - y * y), -6.0 * x * y)

    def hessian(self, point: Array) -> Array:
        x, y = point
        return symmetric(point, 6.0 * x, -6.0 * y, -6.0 * x)


@SURFACES.register("pitchfork")
@dataclass(frozen=True)
class Pitchfork(Surface):
    """One valley that splits into two: below a = 0 the origin is a minimum, above it a saddle between two minima at y = ±√a."""

    label = "Pitchfork saddle"
    family = "Flat places"
    teaches = "how a minimum turns into a saddle"
    formula = r"f = x^2 - \tfrac{a}{2} y^2 + \tfrac14 y^4"
    source = "The potential of a pitchfork bifurcation: Strogatz, Nonlinear Dynamics and Chaos (1994), section 3.4."

    a: float = number(1.0, -2.0, 3.0, "Split", "Downward curvature along y at the origin; the minima lie √a away from it.", symbol="a")

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    start = (1.8, 0.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        if self.a <= 0:
            return (Minimum((0.0, 0.0), 0.0),)
        away = math.sqrt(self.a)
        return self.minima_at(np.array([[0.0, 0.0], [-away, away]]))

    def value(self, point: Array) -> Array:
        x, y = point
        yy = y * y
        return x * x - 0.5 * self.a * yy + 0.25 * yy * yy

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 2.0 * x, y * (y * y - self.a))

    def hessian(self, point: Array) -> Array:
        _, y = point
        return symmetric(point, 2.0, 0.0, 3.0 * y * y - self.a)


@SURFACES.register("easom")
@dataclass(frozen=True)
class Easom(Surface):
    """A needle in a plain: all but a spot of width 2 is flat to the last digit, and from there no gradient method can know where to go."""

    label = "Easom"
    family = "Flat places"
    teaches = "without a gradient no schedule helps"
    formula = r"f = -\cos x\,\cos y\; e^{-(x - \pi)^2 - (y - \pi)^2}"
    source = "Easom, A survey of global optimization techniques, thesis, University of Louisville (1990)."
    undeclared = "dips of less than 1e−11 on the plain"

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    start = (1.6, 4.4)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # Where tan t = −2t, t being the distance from π along an axis, both factors are extreme; beyond the first such t nothing shows.
        t = 1.8365972031521258
        x, y = np.meshgrid([-t, t], [-t, t])
        return self.minima_at(math.pi + np.array([[0.0, *x.flat], [0.0, *y.flat]]))

    def value(self, point: Array) -> Array:
        x, y = np.cos(point) * np.exp(-np.square(np.subtract(point, math.pi)))
        return -x * y

    def gradient(self, point: Array) -> Array:
        away = np.subtract(point, math.pi)
        bell = np.exp(-away * away)
        x, y = np.cos(point) * bell
        slope_x, slope_y = (np.sin(point) + 2.0 * away * np.cos(point)) * bell
        return paired(point, slope_x * y, slope_y * x)

    def hessian(self, point: Array) -> Array:
        away = np.subtract(point, math.pi)
        bell, sin, cos = np.exp(-away * away), np.sin(point), np.cos(point)
        x, y = cos * bell
        slope_x, slope_y = (sin + 2.0 * away * cos) * bell
        bend_x, bend_y = (3.0 * cos - 4.0 * away * sin - 4.0 * away * away * cos) * bell
        return symmetric(point, bend_x * y, -slope_x * slope_y, bend_y * x)


@SURFACES.register("flower")
@dataclass(frozen=True)
class Flower(Surface):
    """A bowl whose bottom is flat along a diagonal: across it the loss curves, along it only the fourth power of the distance is left."""

    label = "Flower"
    family = "Flat places"
    teaches = "the last stretch along a flat line takes longest"
    formula = r"f = x \sin y + y \sin x + x^2 + y^2"
    source = "A test function of optimizer visualisers; its lines of equal loss are petals."

    bounds = ((-6.0, 6.0), (-6.0, 6.0))
    minima = (Minimum((0.0, 0.0), 0.0),)
    start = (-4.5, 2.5)

    def value(self, point: Array) -> Array:
        x, y = point
        return x * np.sin(y) + y * np.sin(x) + x * x + y * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, np.sin(y) + y * np.cos(x) + 2.0 * x, x * np.cos(y) + np.sin(x) + 2.0 * y)

    def hessian(self, point: Array) -> Array:
        x, y = point
        return symmetric(point, 2.0 - y * np.sin(x), np.cos(x) + np.cos(y), 2.0 - x * np.sin(y))
