"""Wells: a few separate minima that differ in depth or in width."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Bounds, Minimum, Surface, paired, symmetric
from lr_explorer.surfaces.search import newton


@SURFACES.register("double_well")
@dataclass(frozen=True)
class DoubleWell(Surface):
    """A shallow and a deep well side by side: noise kicks a run over the barrier at a large rate, and decay keeps it in the deep one."""

    label = "Double well"
    family = "Wells"
    teaches = "escape from a local minimum, annealing"
    formula = r"f = a\left(x^2 - 1\right)^2 + b\,x + \tfrac12 c\,y^2"
    source = "Kramers, Brownian motion in a field of force and the diffusion model of chemical reactions, Physica 7 (1940)."

    a: float = number(
        1.0, 0.2, 20.0, "Barrier", "Height of the barrier between the wells when there is no tilt.", symbol="a", scale="log", slider=(0.3, 5.0)
    )
    b: float = number(
        0.3, -2.0, 2.0, "Tilt", "Slope added along x; beyond 1.54 times the barrier only one well is left.", symbol="b", slider=(-1.0, 1.0)
    )
    c: float = number(1.0, 0.01, 100.0, "Curvature along y", "Curvature across the line of the wells.", symbol="c", scale="log", slider=(0.1, 20.0))

    @property
    def bounds(self) -> Bounds:
        return (-2.0, 2.0), (-2.0, 2.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        wells = _wells(self.b / (4.0 * self.a))
        return self.minima_at(np.array([wells, np.zeros(len(wells))]))

    @property
    def saddle(self) -> tuple[float, float] | None:
        """The top of the barrier between the wells; None when only one well is left."""
        wells = _wells(self.b / (4.0 * self.a))
        # The cubic has no square term, so its three roots add up to 0.
        return (-sum(wells), 0.0) if len(wells) == 2 else None

    @property
    def start(self) -> tuple[float, float]:
        deep, *shallow = (minimum.point[0] for minimum in self.minima)
        return (shallow[0] if shallow else -deep, 0.0)

    def value(self, point: Array) -> Array:
        x, y = point
        off = x * x - 1.0
        return self.a * off * off + self.b * x + 0.5 * self.c * y * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        grad = np.empty_like(point, dtype=float)
        grad[0] = 4.0 * self.a * x * (x * x - 1.0) + self.b
        grad[1] = self.c * y
        return grad

    def hessian(self, point: Array) -> Array:
        x, _ = point
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0] = 4.0 * self.a * (3.0 * x * x - 1.0)
        hess[1, 1] = self.c
        return hess


def _wells(tilt: float) -> tuple[float, ...]:
    """Return the minima of z⁴/4 − z²/2 + tilt·z, the deep one first; |tilt| below 6."""
    deep = -math.copysign(1.0, tilt)
    sides = (deep, -deep) if abs(tilt) < 2.0 / math.sqrt(27.0) else (deep,)
    return tuple(_outer_root(side, tilt) for side in sides)


def _outer_root(side: float, tilt: float) -> float:
    # From outside, where the cubic is monotone and curves away from 0, Newton's method approaches without overshooting.
    z = 2.0 * side
    for _ in range(60):
        z -= (z * z * z - z + tilt) / (3.0 * z * z - 1.0)
    return z


@SURFACES.register("twin_wells")
@dataclass(frozen=True)
class TwinWells(Surface):
    """A sharp and a flat well, equally deep behind one barrier: with noise, a rate above 2/λ of the sharp one leads to the flat one and stays."""

    label = "Sharp and flat well"
    family = "Wells"
    teaches = "a large rate prefers flat minima"
    formula = r"f = B\left((x/w)^2 - 1\right)^2 + \tfrac12 y^2,\quad w = w_- \text{ for } x < 0,\ w_+ \text{ otherwise}"
    source = "After Wu, Ma and E, How SGD selects the global minima in over-parameterized learning, NeurIPS (2018)."

    left: float = number(
        0.5, 0.2, 2.5, "Left width", "Distance of the left minimum from the barrier; its curvature is 8B/w².", symbol="w_-", scale="log"
    )
    right: float = number(
        2.0, 0.2, 2.5, "Right width", "Distance of the right minimum from the barrier; its curvature is 8B/w².", symbol="w_+", scale="log"
    )
    barrier: float = number(
        0.5, 0.01, 20.0, "Barrier", "Height of the barrier, the same from both wells.", symbol="B", scale="log", slider=(0.1, 5.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-3.0, 3.0), (-3.0, 3.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return Minimum((-self.left, 0.0), 0.0), Minimum((self.right, 0.0), 0.0)

    @property
    def start(self) -> tuple[float, float]:
        # Beside the sharper minimum, where even a run without noise moves.
        return (-0.9 * self.left if self.left <= self.right else 0.9 * self.right, 0.5)

    def value(self, point: Array) -> Array:
        x, y = point
        u = x / np.where(x < 0.0, self.left, self.right)
        off = u * u - 1.0
        return self.barrier * off * off + 0.5 * y * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        width = np.where(x < 0.0, self.left, self.right)
        u = x / width
        grad = np.empty_like(point, dtype=float)
        grad[0] = 4.0 * self.barrier * u * (u * u - 1.0) / width
        grad[1] = y
        return grad

    def hessian(self, point: Array) -> Array:
        x, _ = point
        width = np.where(x < 0.0, self.left, self.right)
        u = x / width
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0] = 4.0 * self.barrier * (3.0 * u * u - 1.0) / (width * width)
        hess[1, 1] = 1.0
        return hess


@SURFACES.register("styblinski_tang")
@dataclass(frozen=True)
class StyblinskiTang(Surface):
    """Four wells of three depths: from the worst, each barrier that is crossed improves the loss, and restarts collect good snapshots."""

    label = "Styblinski–Tang"
    family = "Wells"
    teaches = "restarts, snapshots, stepwise escape"
    formula = r"f = a\left(x^4 - 16x^2 + t\,x + y^4 - 16y^2 + t\,y\right)"
    source = (
        "Styblinski and Tang, Experiments in nonconvex optimization: stochastic approximation with function smoothing and simulated annealing, "
        "Neural Networks 3 (1990); there a = ½ and t = 5."
    )

    scale: float = number(
        0.02, 0.001, 1.0, "Scale", "Factor before the whole loss; 0.5 is the classical form.", symbol="a", scale="log", slider=(0.005, 0.5)
    )
    tilt: float = number(5.0, -30.0, 30.0, "Tilt", "Slope along both axes, which makes the wells unequal; 0 makes them equal.", symbol="t")

    @property
    def bounds(self) -> Bounds:
        return (-4.5, 4.5), (-4.5, 4.5)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # With x = √8·z the loss along one axis is a multiple of z⁴/4 − z²/2 + t/(64√2)·z.
        axis = math.sqrt(8.0) * np.array(_wells(self.tilt / (64.0 * math.sqrt(2.0))))
        return self.minima_at(np.stack(np.meshgrid(axis, axis, indexing="ij")).reshape(2, -1))

    @property
    def start(self) -> tuple[float, float]:
        return self.minima[-1].point

    def value(self, point: Array) -> Array:
        square = np.square(point)
        x, y = square * (square - 16.0) + np.multiply(self.tilt, point)
        return self.scale * (x + y)

    def gradient(self, point: Array) -> Array:
        return self.scale * ((4.0 * np.square(point) - 32.0) * point + self.tilt)

    def hessian(self, point: Array) -> Array:
        hess = np.zeros((2, *np.shape(point)))
        hess[0, 0], hess[1, 1] = self.scale * (12.0 * np.square(point) - 32.0)
        return hess


@SURFACES.register("himmelblau")
@dataclass(frozen=True)
class Himmelblau(Surface):
    """Four equally good minima around a hill: from near its top, a little noise decides which one is reached."""

    label = "Himmelblau"
    family = "Wells"
    teaches = "sensitivity: one loss, four different ends"
    formula = r"f = a\left[(x^2 + y - 11)^2 + (x + y^2 - 7)^2\right]"
    source = "Himmelblau, Applied Nonlinear Programming (1972); there a = 1."

    scale: float = number(
        0.01, 0.0001, 1.0, "Scale", "Factor before the whole loss; 1 is the classical form.", symbol="a", scale="log", slider=(0.001, 1.0)
    )

    @property
    def bounds(self) -> Bounds:
        return (-6.0, 6.0), (-6.0, 6.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        x = [3.0, -2.805118086952745, -3.779310253377747, 3.5844283403304917]
        y = [2.0, 3.131312518250573, -3.2831859912861696, -1.8481265269644036]
        return self.minima_at(np.array([x, y]))

    @property
    def start(self) -> tuple[float, float]:
        return (-0.3, -0.9)

    def value(self, point: Array) -> Array:
        x, y = point
        first, second = x * x + y - 11.0, x + y * y - 7.0
        return self.scale * (first * first + second * second)

    def gradient(self, point: Array) -> Array:
        x, y = point
        first = 2.0 * self.scale * (x * x + y - 11.0)
        second = 2.0 * self.scale * (x + y * y - 7.0)
        grad = np.empty_like(point, dtype=float)
        grad[0] = 2.0 * x * first + second
        grad[1] = 2.0 * y * second + first
        return grad

    def hessian(self, point: Array) -> Array:
        x, y = point
        hess = np.empty((2, *np.shape(point)))
        hess[0, 0] = self.scale * (12.0 * x * x + 4.0 * y - 42.0)
        hess[0, 1] = hess[1, 0] = 4.0 * self.scale * (x + y)
        hess[1, 1] = self.scale * (12.0 * y * y + 4.0 * x - 26.0)
        return hess


@SURFACES.register("six_hump_camel")
@dataclass(frozen=True)
class SixHumpCamel(Surface):
    """Six minima in three pairs of equal depth: two good ones in the middle, two poor ones on each slope."""

    label = "Six-hump camel"
    family = "Wells"
    teaches = "minima of three depths close together: escape, annealing"
    formula = r"f = \left(4 - 2.1x^2 + \tfrac13 x^4\right)x^2 + xy + 4\left(y^2 - 1\right)y^2"
    source = "Branin's camel function: Dixon and Szegő, Towards Global Optimisation 2 (1978)."

    bounds = ((-3.0, 3.0), (-2.0, 2.0))
    start = (1.6, 0.6)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return _camel_minima()

    def value(self, point: Array) -> Array:
        x, y = point
        xx, yy = x * x, y * y
        return xx * (4.0 + xx * (xx / 3.0 - 2.1)) + x * y + 4.0 * yy * (yy - 1.0)

    def gradient(self, point: Array) -> Array:
        x, y = point
        xx, yy = x * x, y * y
        return paired(point, x * (8.0 + xx * (2.0 * xx - 8.4)) + y, x + 8.0 * y * (2.0 * yy - 1.0))

    def hessian(self, point: Array) -> Array:
        x, y = point
        xx = x * x
        return symmetric(point, 8.0 + xx * (10.0 * xx - 25.2), 1.0, 48.0 * y * y - 8.0)


@lru_cache(maxsize=1)
def _camel_minima() -> tuple[Minimum, ...]:
    camel = SixHumpCamel()
    half = newton(camel, np.array([[0.0898, 1.7036, 1.6071], [-0.7127, -0.7961, 0.5687]]))
    return camel.minima_at(np.concatenate([half, -half], axis=1))


@SURFACES.register("three_hump_camel")
@dataclass(frozen=True)
class ThreeHumpCamel(Surface):
    """A deep well in the middle between two shallow ones: from outside, a small rate ends in the first well on the way."""

    label = "Three-hump camel"
    family = "Wells"
    teaches = "a local minimum on the way to the global one"
    formula = r"f = 2x^2 - 1.05x^4 + \tfrac16 x^6 + xy + y^2"
    source = "Dixon and Szegő, Towards Global Optimisation (1975)."

    bounds = ((-5.0, 5.0), (-5.0, 5.0))
    start = (-2.6, 3.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # y = −x/2 leaves x⁵ − 4.2x³ + 3.5x = 0.
        x = math.sqrt((4.2 + math.sqrt(3.64)) / 2.0) * np.array([0.0, -1.0, 1.0])
        return self.minima_at(np.array([x, -0.5 * x]))

    def value(self, point: Array) -> Array:
        x, y = point
        xx = x * x
        return xx * (2.0 + xx * (xx / 6.0 - 1.05)) + x * y + y * y

    def gradient(self, point: Array) -> Array:
        x, y = point
        xx = x * x
        return paired(point, x * (4.0 + xx * (xx - 4.2)) + y, x + 2.0 * y)

    def hessian(self, point: Array) -> Array:
        x, _ = point
        xx = x * x
        return symmetric(point, 4.0 + xx * (5.0 * xx - 12.6), 1.0, 2.0)


@SURFACES.register("branin")
@dataclass(frozen=True)
class Branin(Surface):
    """Three equally good minima along a bent valley: the start and the noise decide which one is reached."""

    label = "Branin"
    family = "Wells"
    teaches = "several equal ends, a bent valley"
    formula = r"f = \left(y - \tfrac{5.1}{4\pi^2}x^2 + \tfrac{5}{\pi}x - 6\right)^2 + 10\left(1 - \tfrac{1}{8\pi}\right)\cos x + 10"
    source = "Branin, Widely convergent method for finding multiple solutions of simultaneous nonlinear equations, IBM J. Res. Dev. 16 (1972)."

    bounds = ((-5.0, 10.0), (0.0, 15.0))
    start = (4.0, 13.0)

    @property
    def minima(self) -> tuple[Minimum, ...]:
        # cos x = −1 on the parabola where the square vanishes.
        return self.minima_at(np.array([[-math.pi, math.pi, 3.0 * math.pi], [12.275, 2.275, 2.475]]))

    def value(self, point: Array) -> Array:
        x, _ = point
        off, _ = self._bend(point)
        return off * off + _WAVE * np.cos(x) + 10.0

    def gradient(self, point: Array) -> Array:
        x, _ = point
        off, slope = self._bend(point)
        return paired(point, 2.0 * off * slope - _WAVE * np.sin(x), 2.0 * off)

    def hessian(self, point: Array) -> Array:
        x, _ = point
        off, slope = self._bend(point)
        return symmetric(point, 2.0 * slope * slope - 4.0 * _BEND * off - _WAVE * np.cos(x), 2.0 * slope, 2.0)

    @staticmethod
    def _bend(point: Array) -> tuple[Array, Array]:
        """Return the distance above the parabola and its derivative along x."""
        x, y = point
        return y - _BEND * x * x + 5.0 / math.pi * x - 6.0, 5.0 / math.pi - 2.0 * _BEND * x


_BEND = 5.1 / (4.0 * math.pi**2)
_WAVE = 10.0 * (1.0 - 1.0 / (8.0 * math.pi))
