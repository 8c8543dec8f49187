"""Bowls: one minimum, and curvature that is constant, vanishing or saturating."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface


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
        return 0.5 * (xx * x * x + 2 * xy * x * y + yy * y * y)

    def gradient(self, point: Array) -> Array:
        x, y = point
        xx, xy, yy = self._matrix
        grad = np.empty_like(point, dtype=float)
        grad[0] = xx * x + xy * y
        grad[1] = xy * x + yy * y
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
