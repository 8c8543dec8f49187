"""Ripples: a bowl or cone under a regular pattern of local minima."""

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, searched_minima, symmetric
from lr_explorer.surfaces.search import newton


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
    tip, *others = surface.minima_at(newton(surface, points))
    return replace(tip, smooth=False), *others


@SURFACES.register("griewank")
@dataclass(frozen=True)
class Griewank(Surface):
    """Seventeen dips of almost equal depth in a bowl so wide that it hardly slopes: which dip is the best, the gradient does not tell."""

    label = "Griewank"
    family = "Ripples"
    teaches = "local minima nearly as good as the global one"
    formula = r"f = 1 + \tfrac{1}{4000}\left(x^2 + y^2\right) - \cos x\,\cos\tfrac{y}{\sqrt2}"
    source = "Griewank, Generalized descent for global optimization, J. Optimization Theory and Applications 34 (1981)."

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    start = (-8.0, 6.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return _griewank_minima()

    def value(self, point: Array) -> Array:
        x, y = point
        # 1 − cos a cos b = 2 sin²(a/2) + 2 cos a sin²(b/2), which keeps its digits near the minimum.
        dip, side = np.sin(np.multiply(0.5, x)), np.sin(0.5 * _ROOT * y)
        return (x * x + y * y) / 4000.0 + 2.0 * (dip * dip + np.cos(x) * side * side)

    def gradient(self, point: Array) -> Array:
        x, y = point
        across = _ROOT * y
        return paired(point, x / 2000.0 + np.sin(x) * np.cos(across), y / 2000.0 + _ROOT * np.cos(x) * np.sin(across))

    def hessian(self, point: Array) -> Array:
        x, y = point
        across = _ROOT * y
        both = np.cos(x) * np.cos(across)
        return symmetric(point, 0.0005 + both, -_ROOT * np.sin(x) * np.sin(across), 0.0005 + 0.5 * both)


_ROOT = math.sqrt(0.5)


@lru_cache(maxsize=1)
def _griewank_minima() -> tuple[Minimum, ...]:
    """Return the minima near the places where both cosines are 1 or both −1, and the corners, outside of which the next ones lie."""
    x, y = np.meshgrid(np.arange(-3.0, 4.0), np.arange(-2.0, 3.0))
    alike = (x + y) % 2 == 0
    surface = Griewank()
    inside = surface.minima_at(newton(surface, math.pi * np.array([x[alike], y[alike] / _ROOT])))
    corners = surface.minima_at(np.array([[-10.0, -10.0, 10.0, 10.0], [-10.0, 10.0, -10.0, 10.0]]))
    return *inside, *(replace(corner, interior=False) for corner in corners)


@SURFACES.register("levy13")
@dataclass(frozen=True)
class Levy13(Surface):
    """A bowl under ripples that grow with the distance: far out their slopes are hundreds of times as steep as the bowl itself."""

    label = "Lévy 13"
    family = "Ripples"
    teaches = "ripples that are worst far away: warm-up, then decay"
    formula = r"f = \sin^2 3\pi x + (x - 1)^2\left(1 + \sin^2 3\pi y\right) + (y - 1)^2\left(1 + \sin^2 2\pi y\right)"
    source = "Lévy and Montalvo, The tunneling algorithm for the global minimization of functions, SIAM J. Sci. Stat. Comput. 6 (1985)."
    undeclared = "about a thousand ripples"

    bounds = ((-10.0, 10.0), (-10.0, 10.0))
    minima = (Minimum((1.0, 1.0), 0.0),)
    start = (-4.0, 5.0)

    def value(self, point: Array) -> Array:
        x, y = point
        a, b, c = (np.square(np.sin(np.multiply(math.pi * times, at))) for times, at in ((3.0, x), (3.0, y), (2.0, y)))
        return a + (x - 1.0) * (x - 1.0) * (1.0 + b) + (y - 1.0) * (y - 1.0) * (1.0 + c)

    def gradient(self, point: Array) -> Array:
        x, y = point
        b, c = (np.square(np.sin(np.multiply(math.pi * times, y))) for times in (3.0, 2.0))
        off_x, off_y = x - 1.0, y - 1.0
        rise_x, rise_y, bend = (np.sin(np.multiply(math.pi * times, at)) for times, at in ((6.0, x), (6.0, y), (4.0, y)))
        return paired(
            point,
            3.0 * math.pi * rise_x + 2.0 * off_x * (1.0 + b),
            3.0 * math.pi * off_x * off_x * rise_y + 2.0 * off_y * (1.0 + c) + 2.0 * math.pi * off_y * off_y * bend,
        )

    def hessian(self, point: Array) -> Array:
        x, y = point
        b, c = (np.square(np.sin(np.multiply(math.pi * times, y))) for times in (3.0, 2.0))
        off_x, off_y = x - 1.0, y - 1.0
        sixth_x, sixth_y, fourth = np.multiply(6.0 * math.pi, x), np.multiply(6.0 * math.pi, y), np.multiply(4.0 * math.pi, y)
        return symmetric(
            point,
            18.0 * math.pi**2 * np.cos(sixth_x) + 2.0 * (1.0 + b),
            6.0 * math.pi * off_x * np.sin(sixth_y),
            18.0 * math.pi**2 * off_x * off_x * np.cos(sixth_y)
            + 2.0 * (1.0 + c)
            + 8.0 * math.pi * off_y * (np.sin(fourth) + math.pi * off_y * np.cos(fourth)),
        )


@SURFACES.register("rings")
@dataclass(frozen=True)
class Rings(Surface):
    """A dip with a ring around it, on a plate: from outside, the ring catches a run that is not carried over its brim.

    The middle is the tip of a very blunt cone. The gradient there is given as 0 and the Hessian as that along a ray, for all directions.
    """

    label = "Rings"
    family = "Ripples"
    teaches = "a ring of local minima around the global one"
    formula = r"f = -\frac{\sin r}{r} + 0.01 r^2,\quad r = 10\sqrt{x^2 + y^2} + 0.01"
    source = "A test function of optimizer visualisers, built on the sinc function; the 0.01 there keeps r from 0."
    undeclared = "a ring of radius 0.66"

    bounds = ((-1.0, 1.0), (-1.0, 1.0))
    minima = (Minimum((0.0, 0.0), 1e-6 - math.sin(0.01) / 0.01, smooth=False),)
    start = (-0.9, 0.55)

    def value(self, point: Array) -> Array:
        r = self._radius(point)
        return 0.01 * r * r - np.sin(r) / r

    def gradient(self, point: Array) -> Array:
        x, y = point
        r = self._radius(point)
        slope = 10.0 * (0.02 * r + (np.sin(r) / r - np.cos(r)) / r)
        return np.multiply(slope / np.maximum(np.hypot(x, y), _TINY), point)

    def hessian(self, point: Array) -> Array:
        x, y = point
        r, away = self._radius(point), np.hypot(x, y)
        safe = np.maximum(away, _TINY)
        curl = (np.sin(r) / r - np.cos(r)) / r
        along = 100.0 * (0.02 + np.sin(r) / r - 2.0 * curl / r)
        across = np.where(away > 0.0, 10.0 * (0.02 * r + curl) / safe, along)
        cos, sin = x / safe, y / safe
        return symmetric(point, across + (along - across) * cos * cos, (along - across) * cos * sin, across + (along - across) * sin * sin)

    @staticmethod
    def _radius(point: Array) -> Array:
        x, y = point
        return 10.0 * np.hypot(x, y) + 0.01


@SURFACES.register("eggholder")
@dataclass(frozen=True)
class Eggholder(Surface):
    """Dozens of deep pits without order, the deepest at the edge of the box, and yet deeper ones outside: no descent finds it but by luck.

    Along the lines x/2 + y + 47 = 0 and x = y + 47 the loss has cusps, where its slope is infinite; there the part that has the cusp is given
    the mean slope of both sides, 0.
    """

    label = "Eggholder"
    family = "Ripples"
    teaches = "luck, and how rarely it strikes: count replicates"
    formula = r"f = -(y + 47)\sin\sqrt{\left|\tfrac{x}{2} + y + 47\right|} - x \sin\sqrt{\left|x - y - 47\right|}"
    source = "Whitley et al., Evaluating evolutionary algorithms, Artificial Intelligence 85 (1996)."
    undeclared = "pits at the bottom of cusps"

    bounds = ((-512.0, 512.0), (-512.0, 512.0))
    start = (-100.0, -180.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return tuple(minimum for minimum in searched_minima(self) if minimum.smooth)

    def value(self, point: Array) -> Array:
        x, y = point
        height = y + 47.0
        return -height * np.sin(np.sqrt(np.abs(x / 2.0 + height))) - x * np.sin(np.sqrt(np.abs(x - height)))

    def gradient(self, point: Array) -> Array:
        x, y = point
        height = y + 47.0
        (u, u_slope, _), (v, v_slope, _) = _cusp(x / 2.0 + height), _cusp(x - height)
        return paired(point, -0.5 * height * u_slope - v - x * v_slope, -u - height * u_slope + x * v_slope)

    def hessian(self, point: Array) -> Array:
        x, y = point
        height = y + 47.0
        (_, u_slope, u_bend), (_, v_slope, v_bend) = _cusp(x / 2.0 + height), _cusp(x - height)
        return symmetric(
            point,
            -0.25 * height * u_bend - 2.0 * v_slope - x * v_bend,
            -0.5 * u_slope - 0.5 * height * u_bend + v_slope + x * v_bend,
            -2.0 * u_slope - height * u_bend - x * v_bend,
        )


def _cusp(u: Array) -> tuple[Array, Array, Array]:
    """Return sin √|u| with its first two derivatives, given as 0 at the cusp."""
    root = np.sqrt(np.abs(u))
    safe = np.where(root > 0.0, root, np.inf)
    sin, cos = np.sin(root), np.cos(root)
    return sin, np.sign(u) * cos / (2.0 * safe), -(sin + cos / safe) / (4.0 * safe * safe)
