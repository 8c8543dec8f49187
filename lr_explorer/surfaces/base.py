"""What a loss surface is: value, gradient, Hessian, declared minima, bounds and source."""

import math
from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lr_explorer.params import Described
from lr_explorer.registry import Registry
from lr_explorer.surfaces import search

Array = NDArray[np.float64]
Bounds = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True)
class Minimum:
    """A declared minimum: `point` (x, y), `value`, and whether it lies inside the box (then the gradient vanishes there).

    smooth: false at the tip of a cone, where the loss has no gradient; the surface then answers with 0.
    """

    point: tuple[float, float]
    value: float
    interior: bool = True
    smooth: bool = True


class Surface(Described):
    """A loss f(x, y). A point has shape (2, ...), x then y, in units of length; all methods broadcast over the rest.

    family: heading in menus and reference. teaches: what it is good for, in a few words. undeclared: what else is lowest around itself
    without being declared – a line, a ring, a thousand ripples – in words. is_searched: the minima were found by a search of the box,
    not declared by theory. is_private: it holds data of one session's own, which no shared cache may keep. is_known_everywhere: there
    is no place without a loss, at which a run would end.
    """

    family: ClassVar[str] = ""
    teaches: ClassVar[str] = ""
    undeclared: ClassVar[str] = ""
    is_searched: ClassVar[bool] = False
    is_private: bool = False
    is_known_everywhere: bool = True

    @property
    @abstractmethod
    def bounds(self) -> Bounds:
        """The box ((x0, x1), (y0, y1)) that is drawn; runs may leave it."""

    @property
    @abstractmethod
    def minima(self) -> tuple[Minimum, ...]:
        """All local minima in the box, the lowest first, but for those that `undeclared` names."""

    @property
    @abstractmethod
    def start(self) -> tuple[float, float]:
        """A start (x, y) from which the surface shows what it teaches."""

    @property
    def domain(self) -> Bounds | None:
        """The box that every update is projected back into; None, as usual, if a run may go anywhere."""
        return None

    @abstractmethod
    def value(self, point: Array) -> Array:
        """Return the loss at `point`, shape (...)."""

    @abstractmethod
    def gradient(self, point: Array) -> Array:
        """Return the gradient at `point`: a new array of shape (2, ...), loss per unit of length."""

    @abstractmethod
    def hessian(self, point: Array) -> Array:
        """Return the second derivatives at `point`, shape (2, 2, ...)."""

    @property
    def saddles(self) -> tuple[tuple[float, float], ...]:
        """Stationary points in the box from which the loss falls on some sides and rises on others, as far as a search finds them."""
        return searched_saddles(self)

    def place(self, along_x: float, along_y: float) -> tuple[float, float]:
        """Return the point at these shares of the box."""
        (x0, x1), (y0, y1) = self.bounds
        return shortened(x0 + along_x * (x1 - x0)), shortened(y0 + along_y * (y1 - y0))

    @property
    def diagonal(self) -> float:
        """Length of the box's diagonal, the yardstick for distances on this surface."""
        (x0, x1), (y0, y1) = self.bounds
        return math.hypot(x1 - x0, y1 - y0)

    @property
    def lowest(self) -> float:
        """The least declared loss; 0 where no minimum is declared."""
        return self.minima[0].value if self.minima else 0.0

    def is_global(self, minimum: Minimum) -> bool:
        """Return whether no declared minimum lies lower."""
        return math.isclose(minimum.value, self.lowest, rel_tol=1e-9, abs_tol=1e-9)

    def holds(self, minimum: Minimum) -> bool:
        """Return whether a run can rest at a declared minimum: the edge of the box holds nobody, unless the updates are projected into it."""
        return minimum.interior or self.domain is not None

    def project(self, point: Array) -> None:
        """Move points (2, ...) outside the domain, if there is one, to the nearest of its points, in place."""
        for coordinate, (low, high) in zip(point, self.domain or (), strict=False):
            np.clip(coordinate, low, high, out=coordinate)

    def minima_at(self, points: Array) -> tuple[Minimum, ...]:
        """Return interior minima at `points`, shape (2, n), with their values, the lowest first."""
        values = self.value(points)
        order = np.argsort(values, kind="stable")
        return tuple(Minimum((float(x), float(y)), float(value)) for x, y, value in zip(*points[:, order], values[order], strict=True))


def find_minima(surface: Surface) -> tuple[Minimum, ...]:
    """Return the minima that a search of the box finds, the lowest first."""
    points, interior, smooth = search.minima(surface)
    found = zip(points.T, surface.value(points), interior, smooth, strict=True)
    return tuple(Minimum((float(x), float(y)), float(value), bool(inside), bool(has_slope)) for (x, y), value, inside, has_slope in found)


def find_saddles(surface: Surface) -> tuple[tuple[float, float], ...]:
    """Return the saddles that a search of the box finds."""
    return tuple((float(x), float(y)) for x, y in search.saddles(surface).T)


searched_minima = lru_cache(maxsize=64)(find_minima)
searched_saddles = lru_cache(maxsize=64)(find_saddles)


def shortened(value: float) -> float:
    """Return a coordinate without the digits that only rounding makes."""
    return float(f"{value:.10g}")


def paired(point: Array, x: Array | float, y: Array | float) -> Array:
    """Return a new array of the shape of `point` with these two coordinates."""
    pair = np.empty_like(point, dtype=float)
    pair[0], pair[1] = x, y
    return pair


def symmetric(point: Array, xx: Array | float, xy: Array | float, yy: Array | float) -> Array:
    """Return second derivatives at `point` as an array of shape (2, 2, ...)."""
    hess = np.empty((2, *np.shape(point)))
    hess[0, 0], hess[1, 1] = xx, yy
    hess[0, 1] = hess[1, 0] = xy
    return hess


class DataSurface(Surface):
    """A loss that is the mean of one loss for each row of data, so that a mini-batch of the rows has a gradient of its own."""

    @property
    @abstractmethod
    def rows(self) -> int:
        """How many rows there are."""

    @abstractmethod
    def batch_gradient(self, point: Array, rows: NDArray[np.integer[Any]]) -> Array:
        """Return the mean gradient of some rows at `point` (2, arms, replicates), as a new array of that shape.

        rows: each replicate's own, shape (batch, replicates), counted from 0.
        """


SURFACES: Registry[Surface] = Registry("surface")
