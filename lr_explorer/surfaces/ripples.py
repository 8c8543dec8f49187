"""Ripples: a bowl or cone under a regular pattern of local minima."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface


@SURFACES.register("rastrigin")
@dataclass(frozen=True)
class Rastrigin(Surface):
    """A bowl under an egg carton of about a hundred local minima: noise and a large rate carry a run over the ripples, decay chooses one."""

    label = "Rastrigin"
    family = "Ripples"
    teaches = "many local minima: exploration, then decay"
    formula = r"f = 2A + x^2 + y^2 - A\left(\cos 2\pi x + \cos 2\pi y\right)"
    source = "Rastrigin, Systems of Extremal Control (1974); in this form Mühlenbein, Schomisch and Born, Parallel Computing 17 (1991)."

    amplitude: float = number(10.0, 0.0, 50.0, "Ripple height", "Amplitude of the ripples; 0 leaves the plain bowl.", symbol="A", slider=(0.0, 20.0))

    @property
    def bounds(self) -> Bounds:
        return (-5.12, 5.12), (-5.12, 5.12)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return _rastrigin_minima(self.amplitude)

    @property
    def start(self) -> tuple[float, float]:
        return (-4.4, 3.3)

    def value(self, point: Array) -> Array:
        # 1 − cos 2πx = 2 sin² πx, which keeps its digits near the minimum.
        x, y = np.square(point) + 2.0 * self.amplitude * np.square(np.sin(np.multiply(math.pi, point)))
        return x + y

    def gradient(self, point: Array) -> Array:
        return np.multiply(2.0, point) + 2.0 * math.pi * self.amplitude * np.sin(np.multiply(2.0 * math.pi, point))

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0], hess[1, 1] = 2.0 + 4.0 * math.pi**2 * self.amplitude * np.cos(np.multiply(2.0 * math.pi, point))
        return hess


@lru_cache(maxsize=64)
def _rastrigin_minima(amplitude: float) -> tuple[Minimum, ...]:
    """Return all pairs of the minima along one axis, x + πA sin 2πx = 0 with rising slope."""
    cell = np.arange(1.0, 6.0)
    # A cell's slope is lowest where the curvature changes sign; the cell has a minimum if the slope is negative there.
    ripple = math.pi * amplitude
    turn = math.acos(-1.0 / max(2.0 * math.pi * ripple, 1.0)) / (2.0 * math.pi)
    cell = cell[cell - turn < ripple * math.sin(2.0 * math.pi * turn)]
    # From the whole number Newton descends monotonically: between it and the minimum the slope is positive, rising and convex.
    x = cell
    for _ in range(60):
        x = x - (x + ripple * np.sin(2.0 * math.pi * x)) / (1.0 + 2.0 * math.pi * ripple * np.cos(2.0 * math.pi * x))
    axis = np.concatenate([-x[::-1], [0.0], x])
    return Rastrigin(amplitude).minima_at(np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1))


@SURFACES.register("ackley")
@dataclass(frozen=True)
class Ackley(Surface):
    """A rippled cone whose global minimum is its tip: the slope does not fade on the way there, so a constant rate never settles on it.

    At the tip the cone has no derivatives. The gradient there is given as 0 and the Hessian as that of the ripples alone.
    """

    label = "Ackley"
    family = "Ripples"
    teaches = "a minimum without a gradient: only decay arrives"
    formula = r"f = 20\left(1 - e^{-0.2\sqrt{(x^2 + y^2)/2}}\right) + e - e^{(\cos 2\pi x + \cos 2\pi y)/2}"
    source = "Ackley, A Connectionist Machine for Genetic Hillclimbing (1987)."

    @property
    def bounds(self) -> Bounds:
        return (-5.0, 5.0), (-5.0, 5.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return _ackley_minima()

    @property
    def start(self) -> tuple[float, float]:
        return (-3.6, 2.7)

    def value(self, point: Array) -> Array:
        # (cos 2πx + cos 2πy)/2 = 1 − sin² πx − sin² πy; with expm1 the value is exactly 0 at the tip.
        x, y = point
        u, v = np.sin(np.multiply(math.pi, point))
        return -20.0 * np.expm1(-_DECAY * np.hypot(x, y)) - math.e * np.expm1(-u * u - v * v)

    def gradient(self, point: Array) -> Array:
        x, y = point
        radius = np.hypot(x, y)
        u, v = np.sin(np.multiply(math.pi, point))
        cone = 20.0 * _DECAY * np.exp(-_DECAY * radius) / np.maximum(radius, _TINY)
        return np.multiply(cone, point) + math.pi * np.exp(1.0 - u * u - v * v) * np.sin(np.multiply(2.0 * math.pi, point))

    def hessian(self, point: Array) -> Array:
        x, y = point
        radius = np.hypot(x, y)
        safe = np.maximum(radius, _TINY)
        slope = 20.0 * _DECAY * np.exp(-_DECAY * radius)
        across = np.where(radius > 0.0, slope / safe, 0.0)
        along = -_DECAY * slope
        cos, sin = x / safe, y / safe
        u, v = np.sin(np.multiply(math.pi, point))
        ripple = math.pi**2 * np.exp(1.0 - u * u - v * v)
        sin_x, sin_y = np.sin(np.multiply(2.0 * math.pi, point))
        cos_x, cos_y = np.cos(np.multiply(2.0 * math.pi, point))
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0] = along * cos * cos + across * sin * sin + ripple * (2.0 * cos_x - sin_x * sin_x)
        hess[0, 1] = hess[1, 0] = (along - across) * cos * sin - ripple * sin_x * sin_y
        hess[1, 1] = along * sin * sin + across * cos * cos + ripple * (2.0 * cos_y - sin_y * sin_y)
        return hess


_DECAY = 0.2 / math.sqrt(2.0)
_TINY = 1e-300  # a radius to divide by at the tip


@lru_cache(maxsize=1)
def _ackley_minima() -> tuple[Minimum, ...]:
    """Return the tip and, near every other whole-number point, the local minimum that Newton's method reaches from there."""
    surface, whole = Ackley(), np.arange(-5.0, 6.0)
    points = np.stack(np.meshgrid(whole, whole, indexing="ij")).reshape(2, -1)
    for _ in range(20):
        step = np.linalg.solve(np.moveaxis(surface.hessian(points), -1, 0), surface.gradient(points).T[..., None])
        points = points - step[..., 0].T
    tip, *others = surface.minima_at(points)
    return replace(tip, smooth=False), *others
