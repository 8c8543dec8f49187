"""Wells of two: a wide bowl with two bell-shaped dents, each of its own depth and width."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from lr_explorer.params import number
from lr_explorer.surfaces.base import SURFACES, Array, Minimum, Surface, paired, symmetric


def _depth(default: float, side: str, symbol: str) -> Any:
    return number(default, 0.05, 20.0, f"Depth of the {side} dent", "How far it goes below the bowl.", symbol=symbol, scale="log", slider=(0.2, 5.0))


def _spread(default: float, side: str, symbol: str) -> Any:
    return number(
        default, 0.02, 4.0, f"Spread of the {side} dent",
        "Square of the distance at which it has 1/e of its depth; its curvature is about 2 · depth/spread.",
        symbol=symbol, scale="log", slider=(0.05, 4.0),
    )  # fmt: skip


@dataclass(frozen=True)
class TwoDents(Surface):
    """A bowl c·r² with two dents on the x axis: the base of the surfaces below, which choose its numbers."""

    family = "Wells"

    bowl: ClassVar[float]
    left_at: ClassVar[float]
    right_at: ClassVar[float]

    left_depth: float = _depth(1.0, "left", "a")
    left_spread: float = _spread(1.0, "left", "s")
    right_depth: float = _depth(1.0, "right", "b")
    right_spread: float = _spread(1.0, "right", "t")

    @property
    def minima(self) -> tuple[Minimum, ...]:
        return _minima_on_the_axis(self)

    def value(self, point: Array) -> Array:
        x, y = point
        return self.bowl * (x * x + y * y) - sum(bell for _, _, bell in self._dents(point))

    def gradient(self, point: Array) -> Array:
        x, y = point
        pull = [(away, 2.0 / spread * bell) for away, spread, bell in self._dents(point)]
        along_x = 2.0 * self.bowl * x + sum(away * strength for away, strength in pull)
        return paired(point, along_x, 2.0 * self.bowl * y + sum(y * strength for _, strength in pull))

    def hessian(self, point: Array) -> Array:
        _, y = point
        xx = yy = np.full(np.shape(y), 2.0 * self.bowl)
        xy = np.zeros(np.shape(y))
        for away, spread, bell in self._dents(point):
            strength, turn = 2.0 / spread * bell, 4.0 / spread**2 * bell
            xx, xy, yy = xx + strength - turn * away * away, xy - turn * away * y, yy + strength - turn * y * y
        return symmetric(point, xx, xy, yy)

    def _dents(self, point: Array) -> list[tuple[Array, float, Array]]:
        """Return for each dent the distance from it along x, its spread, and its depth at `point`."""
        x, y = point
        dents = (self.left_at, self.left_depth, self.left_spread), (self.right_at, self.right_depth, self.right_spread)
        return [(x - at, spread, depth * np.exp(-((x - at) * (x - at) + y * y) / spread)) for at, depth, spread in dents]


@lru_cache(maxsize=64)
def _minima_on_the_axis(surface: TwoDents) -> tuple[Minimum, ...]:
    """Return the minima: all lie on y = 0, since the slope along y has the sign of y."""
    low, high = np.linspace(*surface.bounds[0], 8001)[:-1], np.linspace(*surface.bounds[0], 8001)[1:]

    def slope(x: Array) -> Array:
        return surface.gradient(np.array([x, np.zeros_like(x)]))[0]

    valley = (slope(low) < 0) & (slope(high) >= 0)
    low, high = low[valley], high[valley]
    for _ in range(60):
        middle = 0.5 * (low + high)
        is_below = slope(middle) < 0
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return surface.minima_at(np.array([high, np.zeros_like(high)]))


_FORMULA = r"f = {c}r^2 - a\,e^{{-\left[(x {left})^2 + y^2\right]/s}} - b\,e^{{-\left[(x {right})^2 + y^2\right]/t}},\quad r^2 = x^2 + y^2"


@SURFACES.register("two_gaussians")
@dataclass(frozen=True)
class TwoGaussians(TwoDents):
    """Two dents of the same width in a bowl, the left one deeper: from the right one, a rate that decays too early stays there."""

    label = "Two Gaussians"
    teaches = "escape from a local minimum, annealing"
    formula = _FORMULA.format(c="", left="+ 1", right="- 1")
    source = "A test function of optimizer visualisers; with noise and a schedule, the smallest model of annealing."

    bounds = ((-2.0, 2.0), (-2.0, 2.0))
    start = (1.0, 0.0)
    bowl, left_at, right_at = 1.0, -1.0, 1.0

    left_depth: float = _depth(3.0, "left", "a")
    left_spread: float = _spread(0.2, "left", "s")
    right_depth: float = _depth(2.0, "right", "b")
    right_spread: float = _spread(0.2, "right", "t")


@SURFACES.register("narrow_well")
@dataclass(frozen=True)
class NarrowWell(TwoDents):
    """The best minimum is narrow, the next one wide: a warm start in the narrow one is lost at a large rate, however it decays later."""

    label = "Narrow global well"
    teaches = "when a large rate harms: a good start is thrown away"
    formula = _FORMULA.format(c="0.05\\,", left="+ 1.5", right="- 1.2")
    source = "After Keskar et al., On large-batch training for deep learning: generalization gap and sharp minima, ICLR (2017)."

    bounds = ((-3.0, 3.0), (-3.0, 3.0))
    start = (-1.489, 0.0)
    bowl, left_at, right_at = 0.05, -1.5, 1.2

    left_depth: float = _depth(1.2, "left", "a")
    left_spread: float = _spread(0.125, "left", "s")
    right_depth: float = _depth(0.8, "right", "b")
    right_spread: float = _spread(2.0, "right", "t")


@SURFACES.register("sharp_and_flat")
@dataclass(frozen=True)
class SharpAndFlat(TwoDents):
    """A sharp dent and a flat one, the sharp one deeper: a rate above 2/λ of the sharp one leaves it, and only the flat one holds it."""

    label = "Sharp against flat"
    teaches = "flat minima attract large rates even where they are worse"
    formula = _FORMULA.format(c="0.05\\,", left="+ 1.5", right="- 1.5")
    source = "After Hochreiter and Schmidhuber, Flat minima, Neural Computation 9 (1997)."

    bounds = ((-3.0, 3.0), (-3.0, 3.0))
    start = (-1.4, 0.1)
    bowl, left_at, right_at = 0.05, -1.5, 1.5

    left_depth: float = _depth(1.5, "left", "a")
    left_spread: float = _spread(0.125, "left", "s")
    right_depth: float = _depth(1.3, "right", "b")
    right_spread: float = _spread(1.62, "right", "t")
