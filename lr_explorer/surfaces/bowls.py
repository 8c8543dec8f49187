"""Bowls: one minimum, and curvature that is constant, vanishing or saturating."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, symmetric


@SURFACES.register("quadratic")
@dataclass(frozen=True)
class Quadratic(Surface):
    """A bowl with two constant curvatures, rotated against the axes if wished: its stability limit 2/λ and noise floor are known exactly."""

    label = "Quadratic bowl"
    family = "Bowls"
    teaches = "stability limit, noise floor, rotation"
    formula = r"f = \tfrac12\left(\lambda_1 u^2 + \lambda_2 v^2\right),\quad (u, v) = R(-\theta)\,(x, y)"
    source = "The standard model of a minimum: second-order Taylor expansion, e.g. Goh, Why Momentum Really Works, Distill (2017)."

    lambda1: float = number(
        0.5, 0.0, 1e4, "Curvature λ₁", "Curvature along the first principal axis.", symbol=r"\lambda_1", scale="log", slider=(0.01, 100.0)
    )
    lambda2: float = number(
        10.0, 0.0, 1e4, "Curvature λ₂", "Curvature along the second principal axis.", symbol=r"\lambda_2", scale="log", slider=(0.01, 100.0)
    )
    angle: float = number(0.0, -90.0, 90.0, "Rotation", "Angle of the first principal axis against the x axis.", unit="°", symbol=r"\theta")
    box: float = number(
        5.0, 0.001, 1e4, "Box", "Half the width of the square that is drawn, the yardstick of the sentences.", scale="log", slider=(0.05, 50.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-self.box, self.box), (-self.box, self.box)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # Without curvature along an axis, a whole line is lowest.
        return (Minimum((0.0, 0.0), 0.0),) if self.lambda1 and self.lambda2 else ()

    @property
    def start(self) -> tuple[float, float]:
        return (-0.8 * self.box, 0.2 * self.box)

    @cached_property
    def _matrix(self) -> tuple[float, float, float]:
        cos, sin = math.cos(math.radians(self.angle)), math.sin(math.radians(self.angle))
        xx = self.lambda1 * cos * cos + self.lambda2 * sin * sin
        yy = self.lambda1 * sin * sin + self.lambda2 * cos * cos
        return xx, (self.lambda1 - self.lambda2) * sin * cos, yy

    def value(self, point: Array) -> Array:
        x, y = point
        xx, xy, yy = self._matrix
        along = xx * x * x + yy * y * y
        # Along the axes, as nearly always, half of the work is none.
        return 0.5 * (along + 2 * xy * x * y if xy else along)

    def gradient(self, point: Array) -> Array:
        x, y = point
        xx, xy, yy = self._matrix
        grad = np.empty_like(point, dtype=float)
        np.multiply(xx, x, out=grad[0, ...])
        np.multiply(yy, y, out=grad[1, ...])
        if xy:
            grad[0] += xy * y
            grad[1] += xy * x
        return grad

    def hessian(self, point: Array) -> Array:
        xx, xy, yy = self._matrix
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0], hess[0, 1], hess[1, 0], hess[1, 1] = xx, xy, xy, yy
        return hess


@SURFACES.register("quartic")
@dataclass(frozen=True)
class Quartic(Surface):
    """A bowl whose curvature grows with the distance and vanishes at the minimum: a rate that is stable near it diverges from far away."""

    label = "Quartic bowl"
    family = "Bowls"
    teaches = "warm-up, a stability limit that depends on the distance"
    formula = r"f = \tfrac{a}{4}\left(x^4 + y^4\right)"
    source = "A uniformly convex function of degree four: Nesterov, Lectures on Convex Optimization (2018)."

    scale: float = number(
        1.0, 0.001, 1000.0, "Scale", "Factor before the whole loss; the curvature along x is 3ax².", symbol="a", scale="log", slider=(0.01, 100.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-4.5, 4.5), (-4.5, 4.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (Minimum((0.0, 0.0), 0.0),)

    @property
    def start(self) -> tuple[float, float]:
        return (-4.0, 1.0)

    def value(self, point: Array) -> Array:
        xx, yy = np.square(point)
        return 0.25 * self.scale * (xx * xx + yy * yy)

    def gradient(self, point: Array) -> Array:
        return self.scale * np.square(point) * point

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0], hess[1, 1] = 3 * self.scale * np.square(point)
        return hess


@SURFACES.register("power_bowl")
@dataclass(frozen=True)
class PowerBowl(Surface):
    """A bowl of any power from 2, where the curvature is the same everywhere, upwards: the higher, the more it flattens towards the minimum."""

    label = "Power bowl"
    family = "Bowls"
    teaches = "whether the curvature grows or fades on the way decides between decay and warm-up"
    formula = r"f = \tfrac1q\left(|x|^q + |y|^q\right)"
    source = "A uniformly convex function of degree q: Nesterov, Lectures on Convex Optimization (2018)."

    power: float = number(
        4.0, 2.0, 8.0, "Power q", "2: a round bowl of curvature 1; above, the curvature (q − 1)|x|^(q − 2) vanishes at the minimum.", symbol="q"
    )

    bounds = ((-4.5, 4.5), (-4.5, 4.5))
    minima = (Minimum((0.0, 0.0), 0.0),)
    start = (-4.0, 1.0)

    def value(self, point: Array) -> Array:
        x, y = np.abs(point) ** self.power
        return (x + y) / self.power

    def gradient(self, point: Array) -> Array:
        return np.sign(point) * np.abs(point) ** (self.power - 1.0)

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0], hess[1, 1] = (self.power - 1.0) * np.abs(point) ** (self.power - 2.0)
        return hess


@SURFACES.register("logcosh")
@dataclass(frozen=True)
class LogCosh(Surface):
    """A funnel with straight walls and a sharp bottom: no rate diverges, as no slope along an axis exceeds 1, but only one below 2/k rests."""

    label = "Log-cosh funnel"
    family = "Bowls"
    teaches = "flat far away and sharp at the minimum: late decay"
    formula = r"f = \frac1k\left(\ln\cosh kx + \ln\cosh ky\right)"
    source = "Green, Bayesian reconstructions from emission tomography data using a modified EM algorithm, IEEE Trans. Medical Imaging 9 (1990)."

    k: float = number(
        10.0, 0.1, 1000.0, "Sharpness", "Curvature at the minimum; 1/k is the width of the curved part.", symbol="k", scale="log", slider=(0.5, 100.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-9.0, 9.0), (-9.0, 9.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (Minimum((0.0, 0.0), 0.0),)

    @property
    def start(self) -> tuple[float, float]:
        return (-7.5, 3.0)

    def value(self, point: Array) -> Array:
        # ln cosh z = |z| + ln((1 + exp(−2|z|)) / 2), written so that it neither overflows far out nor loses its digits near 0.
        z = np.abs(np.multiply(self.k, point))
        x, y = z + np.log1p(0.5 * np.expm1(-2.0 * z))
        return (x + y) / self.k

    def gradient(self, point: Array) -> Array:
        return np.tanh(np.multiply(self.k, point))

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0], hess[1, 1] = self.k * (1.0 - np.square(self.gradient(point)))
        return hess


@SURFACES.register("booth")
@dataclass(frozen=True)
class Booth(Surface):
    """A tilted bowl, nine times as curved along one diagonal as along the other, with its minimum off the middle."""

    label = "Booth"
    family = "Bowls"
    teaches = "rates for a rotated bowl, momentum"
    formula = r"f = (x + 2y - 7)^2 + (2x + y - 5)^2"
    source = "Booth, Numerical Methods (1957); in this form Jamil and Yang, A literature survey of benchmark functions, IJMMNO 4 (2013)."

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    minima = (Minimum((1.0, 3.0), 0.0),)
    start = (-7.0, -2.0)

    def value(self, point: Array) -> Array:
        x, y = point
        first, second = x + 2.0 * y - 7.0, 2.0 * x + y - 5.0
        return first * first + second * second

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 10.0 * x + 8.0 * y - 34.0, 8.0 * x + 10.0 * y - 38.0)

    def hessian(self, point: Array) -> Array:
        return symmetric(point, 10.0, 8.0, 10.0)


@SURFACES.register("matyas")
@dataclass(frozen=True)
class Matyas(Surface):
    """A shallow bowl, 25 times as curved across the diagonal as along it: the rate that suits one direction does not suit the other."""

    label = "Matyas"
    family = "Bowls"
    teaches = "a slow direction that is no axis: momentum helps, rates per coordinate do not"
    formula = r"f = 0.26\left(x^2 + y^2\right) - 0.48\,xy"
    source = "Matyas, Random optimization, Automation and Remote Control 26 (1965); in this form Jamil and Yang (2013)."

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    minima = (Minimum((0.0, 0.0), 0.0),)
    start = (-8.0, -5.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return 0.26 * (x * x + y * y) - 0.48 * x * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 0.52 * x - 0.48 * y, 0.52 * y - 0.48 * x)

    def hessian(self, point: Array) -> Array:
        return symmetric(point, 0.52, -0.48, 0.52)


@SURFACES.register("trid")
@dataclass(frozen=True)
class Trid(Surface):
    """A gentle bowl, three times as curved across the diagonal as along it, with a negative least loss."""

    label = "Trid"
    family = "Bowls"
    teaches = "a least loss that is not 0"
    formula = r"f = (x - 1)^2 + (y - 1)^2 - xy"
    source = "Neumaier's test problems; in this form Adorio, MVF: Multivariate Test Functions Library in C (2005)."

    bounds = ((-4.0, 4.0), (-4.0, 4.0))
    minima = (Minimum((2.0, 2.0), -2.0),)
    start = (-3.0, 1.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return (x - 1.0) * (x - 1.0) + (y - 1.0) * (y - 1.0) - x * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, 2.0 * (x - 1.0) - y, 2.0 * (y - 1.0) - x)

    def hessian(self, point: Array) -> Array:
        return symmetric(point, 2.0, -1.0, 2.0)
