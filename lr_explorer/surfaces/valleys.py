"""Valleys: a steep direction beside a nearly flat one along which the progress is made."""

from dataclasses import dataclass

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface


@SURFACES.register("rosenbrock")
@dataclass(frozen=True)
class Rosenbrock(Surface):
    """A bent valley with steep walls and a nearly flat floor: the walls limit the rate, and at that rate the floor takes long."""

    label = "Rosenbrock"
    family = "Valleys"
    teaches = "ill-conditioning, momentum, a bent path"
    formula = r"f = (1 - x)^2 + b\left(y - x^2\right)^2"
    source = "Rosenbrock, An automatic method for finding the greatest or least value of a function, The Computer Journal 3 (1960)."

    b: float = number(
        100.0, 0.1, 1000.0, "Wall steepness", "Half the curvature of the walls; large means narrow.", symbol="b", scale="log", slider=(1.0, 200.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-2.0, 2.0), (-1.0, 3.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (Minimum((1.0, 1.0), 0.0),)

    @property
    def start(self) -> tuple[float, float]:
        return (-1.5, 2.0)

    def value(self, point: Array) -> Array:
        x, y = point
        off, wall = 1.0 - x, y - x * x
        return off * off + self.b * wall * wall

    def gradient(self, point: Array) -> Array:
        x, y = point
        push = 2.0 * self.b * (y - x * x)
        grad = np.empty_like(point, dtype=float)
        grad[0] = 2.0 * (x - 1.0 - push * x)
        grad[1] = push
        return grad

    def hessian(self, point: Array) -> Array:
        x, y = point
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0] = 2.0 + 4.0 * self.b * (3.0 * x * x - y)
        hess[0, 1] = hess[1, 0] = -4.0 * self.b * x
        hess[1, 1] = 2.0 * self.b
        return hess


@SURFACES.register("beale")
@dataclass(frozen=True)
class Beale(Surface):
    """A nearly flat floor between corners that rise to 180,000: a rate large enough for the floor diverges from the slopes."""

    label = "Beale"
    family = "Valleys"
    teaches = "gradients of very different size: clipping, adaptive steps"
    formula = r"f = (1.5 - x + xy)^2 + (2.25 - x + xy^2)^2 + (2.625 - x + xy^3)^2"
    source = "Beale, On an iterative method for finding a local minimum of a function of more than one variable, Princeton report 25 (1958)."

    @property
    def bounds(self) -> Bounds:
        return (-4.5, 4.5), (-4.5, 4.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (
            Minimum((3.0, 0.5), 0.0),
            Minimum((-4.5, 1.1864290570745077), 0.7620696508923159, interior=False),
            Minimum((0.023263909032894357, -4.5), 9.392948308870453, interior=False),
        )

    @property
    def start(self) -> tuple[float, float]:
        return (2.0, -1.5)

    def value(self, point: Array) -> Array:
        x, y = point
        first, second, third = 1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y * y * y
        return first * first + second * second + third * third

    def gradient(self, point: Array) -> Array:
        x, y = point
        yy = y * y
        # Each factor d(residual)/dx, then twice each residual.
        a, b, c = y - 1.0, yy - 1.0, yy * y - 1.0
        double = x + x
        first, second, third = double * a + 3.0, double * b + 4.5, double * c + 5.25
        grad = np.empty_like(point, dtype=float)
        grad[0] = a * first + b * second + c * third
        grad[1] = x * (first + (y + y) * second + 3.0 * yy * third)
        return grad

    def hessian(self, point: Array) -> Array:
        x, y = point
        yy = y * y
        a, b, c = y - 1.0, yy - 1.0, yy * y - 1.0
        first, second, third = 1.5 + x * a, 2.25 + x * b, 2.625 + x * c
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0] = 2.0 * (a * a + b * b + c * c)
        hess[0, 1] = hess[1, 0] = 2.0 * (first + x * a + 2.0 * y * (second + x * b) + 3.0 * yy * (third + x * c))
        hess[1, 1] = 2.0 * x * (x + 2.0 * second + 4.0 * x * yy + 6.0 * y * third + 9.0 * x * yy * yy)
        return hess


@SURFACES.register("river")
@dataclass(frozen=True)
class River(Surface):
    """A steep-sided river bed with a gentle, even slope: a large rate travels far along the river, a late short decay settles to its bed."""

    label = "River valley"
    family = "Valleys"
    teaches = "warm-up, stable phase, decay: early decay travels too little"
    formula = r"f = h\,y^2 + s\left(\sqrt{1 + (x - 6)^2} - 1\right)"
    source = "After Wen et al., Understanding warmup-stable-decay learning rates: a river valley loss landscape perspective (2024), arXiv 2410.05192."

    hill: float = number(
        10.0, 0.1, 1000.0, "Steepness of the banks", "Half the curvature across; it limits the rate.", symbol="h", scale="log", slider=(1.0, 100.0)
    )
    slope: float = number(
        0.2, 0.001, 10.0, "Slope of the river", "Gradient along the river, far from its end.", symbol="s", scale="log", slider=(0.01, 2.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-8.0, 8.0), (-8.0, 8.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return (Minimum((6.0, 0.0), 0.0),)

    @property
    def start(self) -> tuple[float, float]:
        return (-4.0, 1.0)

    def value(self, point: Array) -> Array:
        x, y = point
        ahead = x - 6.0
        square = ahead * ahead
        # √(1 + d²) − 1 without the cancellation near its end.
        return self.hill * y * y + self.slope * square / (1.0 + np.sqrt(1.0 + square))

    def gradient(self, point: Array) -> Array:
        x, y = point
        ahead = x - 6.0
        grad = np.empty_like(point, dtype=float)
        grad[0] = self.slope * ahead / np.sqrt(1.0 + ahead * ahead)
        grad[1] = 2.0 * self.hill * y
        return grad

    def hessian(self, point: Array) -> Array:
        x, _ = point
        ahead = x - 6.0
        square = 1.0 + ahead * ahead
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0] = self.slope / (square * np.sqrt(square))
        hess[1, 1] = 2.0 * self.hill
        return hess
