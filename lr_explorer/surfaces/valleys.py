"""Valleys: a steep direction beside a nearly flat one along which the progress is made."""

import math
from dataclasses import dataclass

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, symmetric


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


@SURFACES.register("endless_river")
@dataclass(frozen=True)
class EndlessRiver(Surface):
    """A river that falls ever more gently and never ends: whoever travels farther ends lower, once the bounce between the banks is over."""

    label = "Endless river"
    family = "Valleys"
    teaches = "distance travelled against bounce between the banks"
    formula = r"f = h\,y^2 + s\,e^{-x/\ell}"
    source = "After Wen et al., Understanding warmup-stable-decay learning rates: a river valley loss landscape perspective (2024), arXiv 2410.05192."
    undeclared = "the river's end at infinity, where the loss tends to 0"

    hill: float = number(
        15.0, 0.1, 1000.0, "Steepness of the banks", "Half the curvature across; it limits the rate.", symbol="h", scale="log", slider=(1.0, 100.0)
    )
    height: float = number(4.0, 0.01, 100.0, "Height of the source", "Loss on the river at x = 0.", symbol="s", scale="log", slider=(0.1, 20.0))
    length: float = number(
        4.0, 0.5, 100.0, "Length", "Distance over which the river falls to 1/e of its height.", symbol=r"\ell", scale="log", slider=(1.0, 20.0)
    )

    bounds = ((-2.0, 18.0), (-2.0, 2.0))
    minima = ()
    start = (0.0, 1.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return self.hill * y * y + self.height * np.exp(np.divide(x, -self.length))

    def gradient(self, point: Array) -> Array:
        x, y = point
        return paired(point, -self.height / self.length * np.exp(np.divide(x, -self.length)), 2.0 * self.hill * y)

    def hessian(self, point: Array) -> Array:
        x, _ = point
        return symmetric(point, self.height / self.length**2 * np.exp(np.divide(x, -self.length)), 0.0, 2.0 * self.hill)


@SURFACES.register("goldstein_price")
@dataclass(frozen=True)
class GoldsteinPrice(Surface):
    """Four minima, at 3, 30, 84 and 840, at the bottom of walls that rise to a million: losses and slopes of very different size."""

    label = "Goldstein–Price"
    family = "Valleys"
    teaches = "gradients of very different size, a local minimum nearby"
    formula = (
        r"f = \left[1 + (w + 1)^2\left(19 - 14w + 3w^2\right)\right] \cdot \left[30 + v^2\left(18 - 16v + 3v^2\right)\right],"
        r"\quad w = x + y,\quad v = 2x - 3y"
    )
    source = "Goldstein and Price, On descent from local minima, Mathematics of Computation 25 (1971); there written out in x and y."

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    # A factor of w alone times one of v alone: stationary where w is −1, 1 or 2 and v is 0, 1 or 3; both factors are lowest at four of these.
    minima = (
        Minimum((0.0, -1.0), 3.0),
        Minimum((-0.6, -0.4), 30.0),
        Minimum((1.8, 0.2), 84.0),
        Minimum((1.2, 0.8), 840.0),
    )
    start = (-1.5, -1.5)

    def value(self, point: Array) -> Array:
        first, second, *_ = self._factors(point)
        return first * second

    def gradient(self, point: Array) -> Array:
        first, second, w, v = self._factors(point)
        along_w = 12.0 * (w + 1.0) * (w - 1.0) * (w - 2.0) * second
        along_v = 12.0 * v * (v - 1.0) * (v - 3.0) * first
        return paired(point, along_w + 2.0 * along_v, along_w - 3.0 * along_v)

    def hessian(self, point: Array) -> Array:
        first, second, w, v = self._factors(point)
        ww = 12.0 * (3.0 * w * w - 4.0 * w - 1.0) * second
        vv = 12.0 * (3.0 * v * v - 8.0 * v + 3.0) * first
        wv = 144.0 * (w + 1.0) * (w - 1.0) * (w - 2.0) * v * (v - 1.0) * (v - 3.0)
        return symmetric(point, ww + 4.0 * wv + 4.0 * vv, ww - wv - 6.0 * vv, ww - 6.0 * wv + 9.0 * vv)

    @staticmethod
    def _factors(point: Array) -> tuple[Array, Array, Array, Array]:
        x, y = point
        w, v = x + y, 2.0 * x - 3.0 * y
        first = 1.0 + (w + 1.0) * (w + 1.0) * (19.0 - 14.0 * w + 3.0 * w * w)
        return first, 30.0 + v * v * (18.0 - 16.0 * v + 3.0 * v * v), w, v


@SURFACES.register("dixon_price")
@dataclass(frozen=True)
class DixonPrice(Surface):
    """A horseshoe valley with a minimum in each arm: walls of curvature up to thousands around a floor of curvature 1."""

    label = "Dixon–Price"
    family = "Valleys"
    teaches = "ill-conditioning far out, two equal ends"
    formula = r"f = (x - 1)^2 + 2\left(2y^2 - x\right)^2"
    source = "Dixon and Price, The truncated Newton method for sparse unconstrained optimisation, J. Optimization Theory and Applications 60 (1989)."

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    start = (8.0, 0.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return self.minima_at(np.array([[1.0, 1.0], [-math.sqrt(0.5), math.sqrt(0.5)]]))

    def value(self, point: Array) -> Array:
        x, y = point
        off, wall = x - 1.0, 2.0 * y * y - x
        return off * off + 2.0 * wall * wall

    def gradient(self, point: Array) -> Array:
        x, y = point
        wall = 2.0 * y * y - x
        return paired(point, 2.0 * (x - 1.0) - 4.0 * wall, 16.0 * y * wall)

    def hessian(self, point: Array) -> Array:
        x, y = point
        return symmetric(point, 6.0, -16.0 * y, 96.0 * y * y - 16.0 * x)


@SURFACES.register("mccormick")
@dataclass(frozen=True)
class McCormick(Surface):
    """A slanting trough with a wave along it: two minima in the box, and beyond it ever lower ones."""

    label = "McCormick"
    family = "Valleys"
    teaches = "a wave in a valley: a large rate skips a minimum"
    formula = r"f = \sin(x + y) + (x - y)^2 - 1.5x + 2.5y + 1"
    source = "McCormick, Applied Nonlinear Programming, Theory and Algorithms, and Adorio's MVF library (2005)."

    bounds = ((-1.5, 4.0), (-3.0, 4.0))
    start = (3.5, 3.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # In s = x + y and d = x − y the loss is sin s + s/2 + (d − 1)²: d is 1 and cos s is −½ with a negative sine.
        s = 2.0 * math.pi / 3.0 * np.array([-1.0, 2.0])
        return self.minima_at(np.array([s + 1.0, s - 1.0]) / 2.0)

    def value(self, point: Array) -> Array:
        x, y = point
        return np.sin(x + y) + (x - y) * (x - y) - 1.5 * x + 2.5 * y + 1.0

    def gradient(self, point: Array) -> Array:
        x, y = point
        wave, across = np.cos(x + y), 2.0 * (x - y)
        return paired(point, wave + across - 1.5, wave - across + 2.5)

    def hessian(self, point: Array) -> Array:
        x, y = point
        wave = -np.sin(x + y)
        return symmetric(point, wave + 2.0, wave - 2.0, wave + 2.0)
